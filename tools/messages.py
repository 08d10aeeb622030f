"""Messages to people are templates with named fields, so that they can be translated: no text is put together in them.

python tools/messages.py

Refused are f-strings with words in them, sums of texts, ``%`` and ``.format`` where an error that a person can mend is
made (a class that comes from ``TanshiError``), and in a `Problem`, a `Fault` or a `Message`. The same holds for what is
given to a function that passes it on to one of these, however many functions lie between: there, f-strings of several
words are refused (those without a blank are names of files).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Container, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOM = Path(__file__).resolve().parents[1]
FOLDERS = ("numerics", "scenarios", "market", "equilibrium", "agents", "simulator")
PHRASES = {"Problem": slice(0, 2), "Fault": slice(1, 3), "Message": slice(None)}
"""What else is said, and which of its arguments in order are words rather than places."""
TEMPLATES = {"expected", "got", "hint"}
"""Named arguments that are words of their own, where others fill the fields of a template."""
PLACES = {"file", "line", "field", "column", "row"}
WORD = re.compile(r"[^\W\d_]{2,}")

EXCEPTIONS: dict[str, int] = {}
"""Files with messages still put together, and how many: the list only grows shorter."""


def sources() -> dict[str, ast.Module]:
    """The product's files, each by its name in the repository."""
    paths = [path for folder in FOLDERS for path in sorted((ROOM / folder).rglob("*.py"))]
    paths += sorted((ROOM / "tanshi").glob("*.py"))
    return {path.relative_to(ROOM).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All that a part of the source is made of."""
    return tuple(ast.walk(tree))


def family(trees: dict[str, ast.Module], *roots: str) -> set[str]:
    """The names of all classes that come from these, by default `TanshiError`, themselves among them."""
    parents: dict[str, set[str]] = {}
    for tree in trees.values():
        for node in nodes(tree):
            if isinstance(node, ast.ClassDef):
                named = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                parents.setdefault(node.name, set()).update(named)
    found = set(roots or ("TanshiError",))
    while more := {name for name, over in parents.items() if over & found} - found:
        found |= more
    return found


def put_together(node: ast.AST, spoken: Container[str]) -> bool:
    """Whether a text with words in it is put together here."""
    match node:
        case ast.Call(func=ast.Name(id=called)) if called in spoken:
            return False  # judged by itself
        case ast.JoinedStr(values=parts) if _words(*parts):
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod(), right=right) if _words(left, right):
            return True
        case ast.Call(func=ast.Attribute(value=text, attr="format")) if _words(text):
            return True
    return any(put_together(part, spoken) for part in ast.iter_child_nodes(node))


def sentence(node: ast.AST) -> bool:
    """Whether an f-string of several words stands here, outside a message's own fields."""
    match node:
        case ast.Call(func=ast.Name(id="Message")):
            return False
        case ast.JoinedStr(values=parts):
            return _words(*parts) and any(isinstance(n, ast.Constant) and " " in str(n.value) for n in parts)
    return any(sentence(part) for part in ast.iter_child_nodes(node))


Places = dict[str, dict[str, int]]
"""Name of a function to those of its arguments that end up in a message, and their places; -1 where it is named."""


def passing_on(trees: dict[str, ast.Module], spoken: Mapping[str, slice], *, fields: bool = True) -> dict[str, Places]:
    """By file, the functions that it defines or imports and that put arguments of theirs into messages.

    Without ``fields``, only what becomes a template counts, not what fills the fields of one.
    """
    defined = {
        name: [n for n in nodes(tree) if isinstance(n, ast.FunctionDef) and not n.name.startswith("__")]
        for name, tree in trees.items()
    }
    calls = {
        id(f): [(name_of(n), n) for n in nodes(f) if isinstance(n, ast.Call)] for fs in defined.values() for f in fs
    }
    imported = {
        name: {alias.name for n in nodes(tree) if isinstance(n, ast.ImportFrom) for alias in n.names}
        for name, tree in trees.items()
    }
    found: dict[str, Places] = {name: {} for name in trees}
    while True:
        anywhere: Places = {function: places for own in found.values() for function, places in own.items()}
        seen = {
            name: {function: places for function, places in anywhere.items() if function in imported[name]} | own
            for name, own in found.items()
        }
        new: dict[str, Places] = {name: {} for name in trees}
        for name, functions in defined.items():
            for f in functions:
                for called, call in calls[id(f)]:
                    if called not in spoken and called not in seen[name]:
                        continue
                    for argument, place in _own(f, told(call, spoken, seen[name], fields=fields)):
                        new[name].setdefault(f.name, {})[argument] = place
        if new == found:
            return seen
        found = new


def _own(function: ast.FunctionDef, words: list[ast.expr]) -> Iterator[tuple[str, int]]:
    """Arguments of a function that stand among these words as they are, and their places."""
    given = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    shift = 1 if given[:1] in (["self"], ["cls"]) else 0
    places = {a: i - shift for i, a in enumerate(given)} | {a.arg: -1 for a in function.args.kwonlyargs}
    for word in words:
        if isinstance(word, ast.Name) and word.id in places and word.id not in PLACES:
            yield word.id, places[word.id]


def name_of(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ast.unparse(call.func).rpartition(".")[2]


def told(
    call: ast.Call, spoken: Mapping[str, slice], passed: Mapping[str, Mapping[str, int]], *, fields: bool = True
) -> list[ast.expr]:
    """The arguments of a call that end up in a message; none where it makes none."""
    called = name_of(call)
    if called in spoken:
        named = [k for k in call.keywords if k.arg not in PLACES]
        return call.args[spoken[called]] + [k.value for k in named if fields or k.arg in TEMPLATES]
    match call.func:
        case ast.Name() | ast.Attribute(value=ast.Name(id="self" | "cls")):
            mine = passed.get(called, {})
        case _:  # a method of anything: a name says too little
            mine = {}
    return [a for i, a in enumerate(call.args) if i in mine.values()] + [
        k.value for k in call.keywords if k.arg in mine
    ]


def _words(*nodes: ast.expr) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) and WORD.search(n.value) for n in nodes)


def faults(trees: dict[str, ast.Module]) -> Iterator[tuple[str, int]]:
    """File and line of every message that is put together."""
    spoken = dict.fromkeys(family(trees), slice(None)) | PHRASES
    passed = passing_on(trees, spoken)
    for name, tree in trees.items():
        for node in nodes(tree):
            if not isinstance(node, ast.Call):
                continue
            called = name_of(node)
            words = told(node, spoken, passed[name])
            if any(put_together(word, spoken) if called in spoken else sentence(word) for word in words):
                yield name, node.lineno


def main() -> int:
    """Print what is put together beyond the list, and what stands on the list without need; returns how many."""
    found: dict[str, list[int]] = {}
    for name, line in faults(sources()):
        found.setdefault(name, []).append(line)
    wrong = 0
    for name, lines in found.items():
        if len(lines) > EXCEPTIONS.get(name, 0):
            wrong += 1
            where = ", ".join(map(str, sorted(set(lines))))
            print(f"{name}: lines {where}: a message put together; write a template with named fields (tanshi.errors)")
    for name, many in EXCEPTIONS.items():
        if len(found.get(name, [])) < many:
            wrong += 1
            print(f"{name}: {len(found.get(name, []))} left of {many}; say so in tools/messages.py")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main()))
