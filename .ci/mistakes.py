"""The words of what is said of a person's mistakes, read off the source: templates, and phrases that fill their fields.

    python .ci/mistakes.py

prints every phrase that stands in a field as plain text, and would be said in English whatever is spoken.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.messages import PLACES, family, name_of, nodes, passing_on, sources, told

CODE = re.compile(r"-.*|[\w.-]+|\W*")
"""Names, options and signs among the texts, which stay as they are."""
PHRASES = {"Problem": slice(0, 2), "Fault": slice(1, 3), "Message": slice(0, 1)}
"""What else is said, and which of its arguments in order are templates; of an error of ours it is the first."""
NO_FIELDS = {"accounts", "code", "equation", "final", "problems", "residual", "worthless", *PLACES}
"""Named arguments of errors and phrases that are no fields of a template."""
SINGLE = {
    "belief", "both", "column", "falls", "less", "loss", "none", "nothing", "numbers", "positive", "profit", "row",
    "sheet", "text", "thousands",
}  # fmt: skip
"""Single words that are no codes."""
PLAIN = {
    "market/law/china.py": "rules have names in the table of the plans",
    "simulator/cli/params.py": "a command to type",
    "simulator/machine/examine.py": "commands to type",
    "simulator/own_region/official.py": "a file's name",
    "simulator/results/costs.py": "a variable's name",
    "simulator/studies/validation/beside.py": "names of published series",
}
"""Files whose plain texts in fields are names, and of what."""
PUT_TOGETHER = "\0"
"""Marks a text that is put together of pieces, so that no catalogue can hold it."""


@dataclass(frozen=True)
class Text:
    """One text of the source that ends up in a message."""

    words: str
    file: str
    line: int
    field: bool
    """Whether it fills a field as plain text, so that no translation is asked for."""


def is_word(text: str) -> bool:
    """Whether a text is words, rather than a code, an option or a name."""
    bare = re.sub(r"\{[^{}]*\}", "", text)
    return text in SINGLE or (not CODE.fullmatch(text) and re.search(r"[^\W\d_]{2,}", bare) is not None)


@cache
def texts() -> tuple[Text, ...]:
    """Every text in messages of the product, in the order of its files."""
    found: list[Text] = []
    trees = sources()
    errors = family(trees)
    spoken = dict.fromkeys(errors, slice(0, 1)) | PHRASES
    passed, templates_alone = passing_on(trees, spoken), passing_on(trees, spoken, fields=False)
    top = {name: _assigned(tree.body) for name, tree in trees.items()}
    shared = {word: values for own in top.values() for word, values in own.items() if word.isupper()}
    inside: dict[int, dict[str, list[ast.expr]]] = {}
    answers = {name: _answers(tree) for name, tree in trees.items()}
    for name, tree in trees.items():
        outside = _imported(tree, answers) | answers[name] | shared | top[name]
        for scope, call in _calls(tree):
            called = name_of(call)
            words = told(call, spoken, templates_alone[name], fields=False)
            fills = [w for w in told(call, spoken, passed[name]) if all(w is not one for one in words)]
            if called in spoken:
                own = {id(k.value) for k in call.keywords if k.arg in NO_FIELDS}
                fills = [w for w in fills if id(w) not in own]
            if not words and not fills:
                continue
            if id(scope) not in inside:
                inside[id(scope)] = _assigned(nodes(scope)) if scope is not tree else {}
            here = outside | inside[id(scope)]
            for node, field in [*((w, False) for w in words), *((w, True) for w in fills)]:
                found += [Text(text, name, line, field) for text, line in _said(node, here, spoken, frozenset())]
    return tuple(found)


def _imported(tree: ast.Module, answers: dict[str, dict[str, list[ast.expr]]]) -> dict[str, list[ast.expr]]:
    """What the functions give back that a file imports from others of ours."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tanshi"):
            place = node.module.removeprefix("tanshi.").replace(".", "/")
            own = answers.get(f"{place}.py") or answers.get(f"{place}/__init__.py") or answers.get(f"tanshi/{place}.py")
            found |= {f"{a.name}()": own[f"{a.name}()"] for a in node.names if own and f"{a.name}()" in own}
    return found


def _answers(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What each function gives back, under its name with brackets."""
    return {
        f"{f.name}()": [n.value for n in nodes(f) if isinstance(n, ast.Return) and n.value is not None]
        for f in nodes(tree) if isinstance(f, ast.FunctionDef) and f.returns is not None
        and "str" in ast.unparse(f.returns)
    }  # fmt: skip


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call with the function in which it stands."""
    waiting: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.Call):
            yield scope, node
        if isinstance(node, ast.FunctionDef) and scope is tree:
            scope = node
        waiting += ((child, scope) for child in ast.iter_child_nodes(node))


def _assigned(among: Sequence[ast.AST]) -> dict[str, list[ast.expr]]:
    """What is given to each name among these statements."""
    found: dict[str, list[ast.expr]] = {}
    for node in among:
        if isinstance(node, ast.For | ast.comprehension):
            _run_through(node, found)
            continue
        match node:
            case ast.Assign(targets=[ast.Name(id=word)], value=value):
                found.setdefault(word, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=word), value=ast.expr() as value):
                found.setdefault(word, []).append(value)
            case ast.NamedExpr(target=ast.Name(id=word), value=value):
                found.setdefault(word, []).append(value)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=value):
                for target, one in _taken_apart(names, value):
                    found.setdefault(target, []).append(one)
    return found


def _run_through(node: ast.For | ast.comprehension, found: dict[str, list[ast.expr]]) -> None:
    """What the names of a loop take, where it runs over rows that are written out."""
    over = found.get(node.iter.id, []) if isinstance(node.iter, ast.Name) else [node.iter]
    whole = node.target.elts if isinstance(node.target, ast.Tuple) else None
    for rows in over:
        if isinstance(rows, ast.Tuple | ast.List):
            for row in rows.elts:
                for word, one in _taken_apart(whole or [node.target], row if whole else ast.Tuple([row])):
                    found.setdefault(word, []).append(one)


def _taken_apart(names: list[ast.expr], value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match value:
        case ast.IfExp(body=one, orelse=other):
            yield from _taken_apart(names, one)
            yield from _taken_apart(names, other)
        case ast.Tuple(elts=parts) if len(parts) == len(names):
            yield from ((n.id, p) for n, p in zip(names, parts, strict=True) if isinstance(n, ast.Name))


def _said(
    node: ast.expr, known: dict[str, list[ast.expr]], spoken: dict[str, slice], seen: frozenset[str]
) -> Iterator[tuple[str, int]]:
    """The texts that an expression may be, with their lines; those of a message inside are told by itself."""
    match node:
        case ast.Constant(value=str(words)):
            yield words, node.lineno
        case ast.JoinedStr(values=parts) if _sentence(parts):
            yield PUT_TOGETHER + ast.unparse(node), node.lineno
        case ast.IfExp(body=one, orelse=other):
            yield from _said(one, known, spoken, seen)
            yield from _said(other, known, spoken, seen)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _said(value, known, spoken, seen)
        case ast.Name(id=word) if word in known and word not in seen:
            for value in known[word]:
                yield from _said(value, known, spoken, seen | {word})
        case ast.Call(func=ast.Name(id=word)) if word not in spoken and f"{word}()" in known and word not in seen:
            for value in known[f"{word}()"]:
                yield from _said(value, known, spoken, seen | {word})
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _said(left, known, spoken, seen)
            yield from _said(right, known, spoken, seen)
        case (
            ast.Subscript(value=ast.Name() | ast.Dict() as table)
            | ast.Call(func=ast.Attribute(value=ast.Name() | ast.Dict() as table, attr="get"))
        ):
            for held in known.get(table.id, []) if isinstance(table, ast.Name) else [table]:
                match held:
                    case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
                        for value in values:
                            yield from _said(value, known, spoken, seen)


def unspoken() -> Iterator[Text]:
    """Texts that no catalogue is asked for: phrases that fill a field as they are, and what is put together."""
    for one in texts():
        plain = one.field and is_word(one.words) and (" " in one.words or one.words in SINGLE)
        if (plain or one.words.startswith(PUT_TOGETHER)) and one.file not in PLAIN:
            yield one


def _sentence(parts: list[ast.expr]) -> bool:
    words = " ".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
    return re.search(r"[^\W\d_]{2,}", words) is not None


def main() -> int:
    """Print the phrases that stand in fields as plain text; returns how many."""
    found = list(unspoken())
    for one in found:
        print(f"{one.file}:{one.line}: {one.words!r} is said in English whatever is spoken: write a Message")
    return len(found)


if __name__ == "__main__":
    sys.exit(bool(main()))
