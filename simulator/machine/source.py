"""What of the program's source can move a number: its words, without comments, docstrings and layout.

A run is known by the code that computed it.  A comment, a better sentence or another line break must not orphan a
sweep that took a night, and the same code must have the same mark in a checkout, installed, and on every Python.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tanshi.simulator.machine.places import ROOMS, package_file, room

Line = list[str]
PACKAGE = "tanshi"
UNHASHED = frozenset({"tanshi.version"})
"""Versions are recorded with a run; they say nothing of what it computes."""

# Python's own tokenizer takes a second for all of the program, and divides f-strings by another rule in each version.
_WORDS = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
  | (?P<text> [rRuUbBfF]{0,2} (?: \"\"\"(?:\\.|[^\\])*?\"\"\" | \'\'\'(?:\\.|[^\\])*?\'\'\'
                              | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
  | (?P<joined> \\\n )
  | (?P<end> \n )
  | (?P<blank> [ \t\f]+ )
  | (?P<word> \w+ | [^\w\s] )
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Module:
    """What matters of one file.

    Attributes
    ----------
    words : bytes
        Its statements.
    imports : tuple[str, ...]
        Modules of this program that it names in its imports.
    """

    words: bytes
    imports: tuple[str, ...]


def statements(source: str) -> Iterator[Line]:
    r"""The words of each logical line, without comments, docstrings and what only a type checker reads.

    A deeper block begins with the word ``{`` alone and ends with ``}``.

    Examples
    --------
    >>> list(statements('def f(x):  # twice\n    "Twice."\n    return (2 *\n        x)\n'))
    [['def', 'f', '(', 'x', ')', ':'], ['{'], ['return', '(', '2', '*', 'x', ')'], ['}']]
    """
    skipped = 0  # depth inside a block for type checkers
    waiting = False
    for line in _lines(source):
        if line == ["{"] and (waiting or skipped):
            skipped, waiting = skipped + 1, False
        elif skipped:
            skipped -= line == ["}"]
        elif line == ["if", "TYPE_CHECKING", ":"]:
            waiting = True
        elif not all(_is_text(word) for word in line):
            yield line


def _lines(source: str) -> Iterator[Line]:
    """Logical lines, and the blocks that begin and end between them."""
    blocks = [0]
    line: Line = []
    depth = margin = 0
    fresh = True
    for found in _WORDS.finditer(source + "\n"):
        kind, word = found.lastgroup, found[0]
        if kind == "blank":
            margin = len(word) if fresh else margin
        elif kind == "end":
            if line and not depth:
                yield line
                line = []
            fresh, margin = not line, 0
        elif kind in ("word", "text"):
            if fresh:
                if margin > blocks[-1]:
                    blocks.append(margin)
                    yield ["{"]
                while margin < blocks[-1]:
                    blocks.pop()
                    yield ["}"]
                fresh = False
            depth += (word in "([{") - (word in ")]}")
            line.append(word)
    yield from (["}"] for _ in blocks[1:])


def _is_text(word: str) -> bool:
    return re.match(r"[rRuUbBfF]{0,2}['\"]", word) is not None


@lru_cache
def module(path: Path) -> Module:
    """What matters of a file."""
    lines = list(statements(path.read_text(encoding="utf-8")))
    words = "\n".join("\0".join(line) for line in lines).encode()
    # A package's face looks names up when they are asked for; a run asks for none.
    named = () if path.name == "__init__.py" else lines
    inside = {name for line in named for name in _imported(line)}
    top = 0
    for line in lines:
        top += (line == ["{"]) - (line == ["}"])
        inside |= set(_imported(line)) if top == 0 else set()
    return Module(words, tuple(sorted(inside)))


def _imported(line: Line) -> Iterator[str]:
    """Names in an import of this program's own modules; what is imported from a module may be one itself."""
    if line[0] == "from" and line[1] == PACKAGE:
        at = line.index("import")
        origin = "".join(line[1:at])
        yield origin
        names = [word for word in line[at + 1 :] if word not in "(),"]
        renamed = {i + 1 for i, word in enumerate(names) if word == "as"}
        for i, word in enumerate(names):
            if word != "as" and i not in renamed:
                yield f"{origin}.{word}"
    elif line[0] == "import" and PACKAGE in line:
        for part in " ".join(line[1:]).split(","):
            name = part.split(" as ")[0].replace(" ", "")
            if name.split(".")[0] == PACKAGE:
                yield name


def file_of(name: str) -> Path | None:
    """The file of a module of this program; None where the name is no module."""
    parts = name.split(".")
    if len(parts) < 2:
        return None
    try:
        if (single := package_file(f"{PACKAGE}.{parts[1]}")).name != "__init__.py":
            return single if len(parts) == 2 else None
        place = single.resolve().parent.joinpath(*parts[2:])
    except ModuleNotFoundError:
        return None
    for found in (place / "__init__.py", place.with_name(f"{place.name}.py") if len(parts) > 2 else place):
        if found.is_file():
            return found
    return None


def reached(start: Iterable[str]) -> Mapping[str, Path]:
    """All modules of this program that some modules import, they themselves included, and the packages around them."""
    found: dict[str, Path] = {}
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        path = None if name in found or name in UNHASHED else file_of(name)
        if path is None:
            continue
        found[name] = path
        parts = name.split(".")
        waiting += [".".join(parts[:n]) for n in range(2, len(parts))]
        waiting += module(path).imports
    return dict(sorted(found.items()))


def source_hash(start: Iterable[str]) -> str:
    """Sixteen hexadecimal digits of all that some modules and those they import say."""
    digest = hashlib.sha256()
    for name, path in reached(start).items():
        digest.update(f"{name}\0".encode() + module(path).words + b"\1")
    return digest.hexdigest()[:16]


def remembered_hash(start: Iterable[str], kept: Path) -> str:
    """`source_hash`, looked up where no file of the program has changed since it was last worked out.

    Reading all sources takes four tenths of a second, which every command and worker would spend.

    Parameters
    ----------
    kept
        File that remembers the hash with the sizes and times of the sources; a cache that may go at any time.
    """
    names = sorted(start)
    digest = hashlib.sha256("\0".join(names).encode())
    files = [path for name in ROOMS for path in room(name).rglob("*.py")]
    for path in sorted([*files, *package_file(PACKAGE).parent.glob("*.py")]):
        found = path.stat()
        digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\0".encode())
    key = digest.hexdigest()
    try:
        known, _, value = kept.read_text(encoding="utf-8").partition(" ")
    except OSError:
        known = value = ""
    if known == key and re.fullmatch(r"[0-9a-f]{16}", value):
        return value
    from tanshi.simulator.machine.disk import StoreError, write_file  # tables; a hash alone needs none

    value = source_hash(names)
    with suppress(StoreError):  # what cannot be kept is worked out every time
        write_file(kept, f"{key} {value}".encode())
    return value


def words_hash(sources: Iterable[str]) -> str:
    """The same of some texts."""
    lines = (line for source in sources for line in statements(source))
    return hashlib.sha256("\n".join("\0".join(line) for line in lines).encode()).hexdigest()[:16]


def folder_hash(folder: Path) -> str:
    """The same of a package of somebody else's: the words of its Python files, and the bytes of all others."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        made = any(part == "__pycache__" or part.startswith(".") for part in name.parts)
        if path.is_file() and not made and path.suffix not in (".pyc", ".pyo"):
            content = module(path).words if path.suffix == ".py" else path.read_bytes()
            digest.update(f"{name.as_posix()}\0".encode() + content + b"\1")
    return digest.hexdigest()[:16]
