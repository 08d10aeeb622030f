"""Docstrings are numpydoc as griffe reads it for the guide: what it cannot parse, or would read wrongly, is refused.

python tools/docstrings.py

An entry is ``name`` or ``name : type`` with its words indented below; words in the place of the type are refused, and
so are parameters that the signature does not have.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import griffe

ROOM = Path(__file__).resolve().parents[1]
READ = (griffe.DocstringSectionKind.parameters, griffe.DocstringSectionKind.attributes)
NAMES = r"(float|int|int64|int8|str|bool|bytes|array|object|callable|dict|list|tuple|None|[A-Z]\w*|[a-z]\w*\.\w+)"
SHAPE = r"\([^()]*\)"
TYPE = re.compile(
    rf"({NAMES}(\[.*\])?|{SHAPE}|'\w+'|\{{.*\}})(,? ?(\||or|of|,|in|to|{SHAPE}|'\w+'|t|t/yr|yuan|yuan/t"
    rf"|optional|twice|number of firms|share of firms|sector|strategy|{NAMES}(\[.*\])?))*"
    r"|(mapping|sequence) of .{1,50}"
)
"""A type as these docstrings write it, with a shape or a unit."""


class Heard(logging.Handler):
    """What griffe says of a docstring."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.said.append(record.getMessage())


def objects(holder: griffe.Object) -> Iterator[griffe.Object]:
    """A module, class or function and whatever it holds itself."""
    yield holder
    for member in holder.members.values():
        if isinstance(member, griffe.Object):
            yield from objects(member)


def faults() -> Iterator[str]:
    """What is wrong with the docstrings of the product."""
    heard = Heard()
    logger = logging.getLogger("griffe")
    logger.addHandler(heard)
    logger.propagate = False
    package = griffe.load("tanshi", search_paths=[ROOM], extensions=griffe.load_extensions())
    for item in objects(cast(griffe.Object, package)):
        if item.docstring is None:
            continue
        for section in griffe.parse_numpy(item.docstring):
            if section.kind not in READ:
                continue
            for entry in section.value:
                told = entry.annotation
                if isinstance(told, str) and not TYPE.fullmatch(told):
                    yield f"{item.relative_filepath}:{item.lineno}: {entry.name}: {told!r} is no type"
    yield from heard.said


def main() -> int:
    """Print what is wrong; returns how much."""
    found = [*faults()]
    for fault in found:
        print(fault)
    return len(found)


if __name__ == "__main__":
    sys.exit(bool(main()))
