"""A YAML file as plain values, each with the line it stands on.

Only what a person would write by hand is read: mappings, lists, texts, numbers, true, false and null. Tags
and aliases are refused, so that no file can name code to run or unfold into more than it says. The file is
read to its end, and everything wrong with its form is reported at once.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tanshi.errors import Message, both
from tanshi.scenarios.by_year import is_by_year
from tanshi.scenarios.errors import Problem, UserError, did_you_mean, shorten, visible

LARGEST_FILE = 1_000_000
"""Bytes; a scenario has a few thousand."""

Keys = tuple[str, ...]
_CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Mark:
    """Where a value was written: a file and its line, or an option of the command line without one."""

    file: str
    line: int | None = None


@dataclass
class Document:
    """What a file says.

    Parameters
    ----------
    values
        Field -> value, nested as in the file.
    marks
        Path of keys -> place of that key; the empty path is the file itself.
    problems
        All that is wrong with the file's form.
    """

    values: dict[str, Any] = field(default_factory=dict)
    marks: dict[Keys, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_document(path: Path, label: str) -> Document:
    """Read a file whose top level is a mapping.

    Parameters
    ----------
    path
        File to read.
    label
        The file's name in messages.

    Returns
    -------
    Document
        With `problems` where the file cannot be read or is not plain YAML; nothing is raised for either.
    """
    document = Document(marks={(): Mark(label)})

    def refuse(expected: str, got: str, line: int | None = None, hint: str = "") -> Document:
        document.problems.append(Problem(expected, got, label, line, hint=hint))
        return document

    try:
        size = path.stat().st_size
        if not path.is_file():
            return refuse("a YAML file", "a folder" if path.is_dir() else "no regular file")
        if size > LARGEST_FILE:
            return refuse(
                Message("a YAML file of at most {largest_file:,} bytes", largest_file=LARGEST_FILE),
                Message("{size:,} bytes", size=size),
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        beside = [str(other.name) for other in path.parent.glob("*.y*ml")]
        return refuse("a YAML file", "no file of that name", hint=did_you_mean(path.name, beside))
    except OSError as error:
        return refuse("a YAML file that can be read", (error.strerror or str(error)).lower())
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        hint = "Is it a YAML file, saved as UTF-8?"
        return refuse("text in UTF-8", Message("the byte 0x{value:02x}", value=raw[error.start]), line, hint)

    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ReusedAnchorWarning)
            root = yaml.compose(text)
    except ReusedAnchorWarning as error:
        name, *lines = re.findall(r"(?<=anchor ')[^']*|(?<=line )\d+", str(error))
        return refuse(
            "each anchor once",
            Message("&{name} on lines {lines}", name=name, lines=both(lines)),
            int(lines[-1]),
        )
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = Message("an error: {error}", error=error.problem or error.context)
        hint = "YAML indents with spaces, not tabs." if "\\t" in said else ""
        return refuse("valid YAML", said, mark.line + 1 if mark else None, hint)
    except YAMLError as error:
        return refuse("valid YAML", Message("an error: {error}", error=str(error).splitlines()[0]))
    except RecursionError:
        return refuse("a few levels of nesting", "thousands")

    if root is None:
        return refuse("fields such as `extends: S1`", "an empty file")
    if not isinstance(root, MappingNode):
        what = "a list" if isinstance(root, SequenceNode) else Message("the text {text}", text=shorten(root.value))
        return refuse("fields such as `extends: S1`", what, root.start_mark.line + 1)
    document.values = _Reading(document, yaml, label).mapping(root, ())
    return document


def flow_value(text: str, label: str) -> Any:
    """A list or a group of fields written on one line, such as ``[a, b]`` or ``{2023: 66}``, as plain data.

    Parameters
    ----------
    label
        Where it was said.

    Raises
    ------
    UserError
        Where it cannot be read.
    """
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, RecursionError, ValueError):
        problem = Problem("a list such as [a, b], or fields such as {2023: 66}", shorten(text), label)
        raise UserError("The setting cannot be read.", [problem]) from None


def names_in(folder: Path) -> tuple[str, ...]:
    """Names of the YAML files that come with the program in a folder."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def named_document(name_or_path: str | Path, folder: Path, kind: str) -> tuple[Path, Document]:
    """Read a file of a kind, such as a sweep, given by its path or, where it comes with the program, by its name.

    A name that means nothing is a problem of the document, as is a file that cannot be read.
    """
    reference, known = str(name_or_path), names_in(folder)
    path = folder / f"{reference}.yaml" if reference in known else Path(reference)
    if path.suffix in (".yaml", ".yml"):
        return path, read_document(path, path.name if path.parent == folder else reference)
    expected = Message("a ready-made {kind} ({known}) or a YAML file", kind=kind, known=", ".join(known))
    return path, Document(problems=[Problem(expected, repr(reference), hint=did_you_mean(reference, known))])


@dataclass
class _Reading:
    """Turns the nodes of one file into values, noting every line and every problem."""

    document: Document
    yaml: Any
    label: str
    seen: set[int] = field(default_factory=set)

    def refuse(self, expected: str, got: str, node: Node, path: Keys, hint: str = "") -> None:
        line = node.start_mark.line + 1
        problem = Problem(expected, got, self.label, line, ".".join(path), hint)
        self.document.problems.append(problem)

    def mapping(self, node: MappingNode, path: Keys) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.refuse("a field's name", "a list or mapping before the colon", key_node, path)
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key_node.tag == _CORE + "merge":
                self.refuse("plain fields", "the merge key <<", key_node, path, "Use `extends` instead.")
                continue
            if key in values:
                first = self.document.marks[here].line
                again = key_node.start_mark.line + 1
                self.refuse(
                    "each field once",
                    Message("it twice, on lines {first} and {again}", first=first, again=again),
                    key_node,
                    here,
                )
                continue
            self.document.marks[here] = Mark(self.label, key_node.start_mark.line + 1)
            values[key] = self.value(value_node, here)
        return values

    def value(self, node: Node, path: Keys) -> Any:
        if id(node) in self.seen:
            # The node carries the place of the anchor; the mistake stands where the alias is.
            at = self.document.marks.get(path, Mark(self.label))
            got = Message("an alias to line {line}", line=node.start_mark.line + 1)
            hint = Message("Write it out, or use `extends`.")
            problem = Problem("plain values", got, at.file, at.line, ".".join(path), hint)
            self.document.problems.append(problem)
            return None
        self.seen.add(id(node))
        kind = str(node.tag).removeprefix(_CORE)
        if isinstance(node, MappingNode) and kind == "map":
            return self.mapping(node, path)
        if isinstance(node, SequenceNode) and kind == "seq":
            return [self.value(item, (*path, str(i))) for i, item in enumerate(node.value)]
        if isinstance(node, ScalarNode) and kind in ("str", "null", "timestamp"):
            if visible(node.value) != node.value:
                self.refuse("a text without control characters", shorten(node.value), node, path)
                return None
            return None if kind == "null" else node.value
        if isinstance(node, ScalarNode) and kind in ("bool", "int", "float"):
            try:
                found = getattr(self.yaml.constructor, f"construct_yaml_{kind}")(node)
                float(found)
                return found
            except (ValueError, KeyError, IndexError, OverflowError):  # such as `!!int ""`, or a number beyond any
                self.refuse(Message("a value that is a YAML {kind}", kind=kind), shorten(node.value), node, path)
                return None
        tag = kind if kind == node.tag else f"!!{kind}"
        self.refuse(
            "plain values without tags",
            Message("the tag {tag}", tag=tag),
            node,
            path,
            Message("Tags are never followed."),
        )
        return None


ONE_WORD: Mapping[Keys, str] = {("shocks",): "drivers", ("market", "link"): "to"}
"""Groups that may be written as one word, and the field it stands for: ``shocks: estimated``."""
ANEW: Mapping[Keys, str] = {("market", "link"): "to"}
"""Groups that are said anew as a whole by whoever says the field named: nothing of what lies below stays."""


ALTERNATIVES: tuple[tuple[Keys, tuple[tuple[str, ...], ...]], ...] = (
    (("cap",), (("tightness", "decline", "over_allocation"), ("share", "tonnes", "growth", "cut"))),
    (("cap",), (("regime",), ("kind",))),
)
"""Groups in which one rule may be said in several ways: who says it in one takes the others away from below."""
SECTORS = ("ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR")
ELSEWHERE: tuple[tuple[Keys, Keys], ...] = tuple((("coverage", s), ("sectors", s, "status")) for s in SECTORS)
"""Rules that may be said in either of two groups, alike."""


def replaced(path: Keys, said: Iterable[str]) -> set[str]:
    """Fields of a group that say a rule in another way than those that are said.

    Examples
    --------
    >>> sorted(replaced(("cap",), ["share"]))
    ['decline', 'over_allocation', 'tightness']
    """
    others: set[str] = set()
    for group, ways in ALTERNATIVES:
        told = [way for way in ways if group == path and set(way) & set(said)]
        others |= {field for way in ways if told and way not in told for field in way}
    return others


def twice(document: Document) -> list[Problem]:
    """Rules that one file says in two ways, a problem each."""
    found = []
    for path, ways in ALTERNATIVES:
        group: Any = document.values
        for key in path:
            group = group.get(key) if isinstance(group, Mapping) else None
        if not isinstance(group, Mapping):
            continue
        told = [next(field for field in way if field in group) for way in ways if set(way) & set(group)]
        if len(told) > 1:
            here = (*path, told[1])
            at = document.marks.get(here, Mark(""))
            got = Message("{one} and {other}", one=told[0], other=told[1])
            hint = Message("Leave {other} or {one} out.", one=told[0], other=told[1])
            found.append(Problem("one statement of the rule", got, at.file, at.line, ".".join(here), hint))
    for one, other in ELSEWHERE:
        if _has(document.values, one) and _has(document.values, other):
            at = document.marks.get(other, Mark(""))
            got = Message("{one} and {other}", one=".".join(one), other=".".join(other))
            found.append(Problem("one statement of the rule", got, at.file, at.line, ".".join(other)))
    return found


def said_once(values: Mapping[str, Any]) -> dict[str, Any]:
    """A complete scenario as a file can say it: of a rule's several ways the one that it is said in.

    A stored run holds all fields, the ways that say nothing as null among them.

    Examples
    --------
    >>> said_once({"cap": {"tightness": 0.0, "share": None, "regime": "absolute", "kind": "intensity"}})
    {'cap': {'tightness': 0.0, 'kind': 'intensity'}}
    """
    out = deepcopy(dict(values))
    for path, (usual, other) in ALTERNATIVES:
        group: Any = out
        for key in path:
            group = group.get(key, {})
        said = [name for name in other if group.get(name) is not None]
        for name in usual if said else ():
            group.pop(name, None)
        for name in set(other) - set(said):
            group.pop(name, None)
    for one, other in ELSEWHERE:
        group = out
        for key in other:
            group = group.get(key) if isinstance(group, dict) else None
        _drop(out, other if group is None else one)
    return out


def _has(values: Mapping[str, Any], path: Keys) -> bool:
    group: Any = values
    for key in path:
        if not isinstance(group, Mapping) or key not in group:
            return False
        group = group[key]
    return True


def _drop(values: dict[str, Any], path: Keys) -> None:
    if _has(values, path):
        group: Any = values
        for key in path[:-1]:
            group = group[key]
        del group[path[-1]]


def overlay(base: Document, values: Mapping[str, Any], marks: Mapping[Keys, Mark], *, into_paths: bool = False) -> None:
    """Lay values over a document, group by group; what is replaced takes its place's mark with it.

    Parameters
    ----------
    into_paths
        Whether single years are laid over a rule by year, which otherwise is one statement and replaced as a whole.
    """

    def lay(into: dict[str, Any], over: Mapping[str, Any], path: Keys) -> None:
        for other in replaced(path, over):
            into.pop(other, None)
        for key, value in over.items():
            here = (*path, key)
            if is_by_year(value) and not into_paths:
                into[key] = dict(value)
                base.marks |= {k: mark for k, mark in marks.items() if k[: len(here)] == here}
                continue
            if here in ONE_WORD and isinstance(value, str):
                value = {ONE_WORD[here]: value}
            if isinstance(value, Mapping):
                before = None if ANEW.get(here) in value else into.get(key)
                if not isinstance(before, dict):
                    into[key] = {ONE_WORD[here]: before} if here in ONE_WORD and isinstance(before, str) else {}
                lay(into[key], value, here)
            else:
                into[key] = value
            if here in marks:
                base.marks[here] = marks[here]

    for pair in ELSEWHERE:
        for said, other in (pair, pair[::-1]):
            if _has(values, said):
                _drop(base.values, other)
    lay(base.values, values, ())
