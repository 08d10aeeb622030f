"""One mutant: a line of a function and what it is changed into."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

LIST = Path(__file__).with_name("mutants.csv")


class StaleMutant(ValueError):
    """A mutant whose line is no longer in the product."""


@dataclass(frozen=True)
class Mutant:
    """A wrong line.

    Attributes
    ----------
    name : how it is called.
    room : the part of the house it is in, such as ``market``.
    file, function : where; a method as ``Class.method``.
    before, after : the line without its indentation, right and wrong.
    nth : which of the function's lines with this text, counted from 1.
    origin : ``drawn`` by the rule of ``draw.py``, or ``chosen``.
    tests : files or tests of pytest that must kill it, parted by spaces.
    equivalent : why nothing could notice it; empty where something must.
    """

    name: str
    room: str
    file: str
    function: str
    before: str
    after: str
    nth: int
    origin: str
    tests: str
    equivalent: str = ""

    def apply(self, source: str) -> str:
        """The file's text with this change.

        Raises
        ------
        StaleMutant
            Where the function or the line is not there.
        """
        lines = source.splitlines(keepends=True)
        for name, node in functions(ast.parse(source)):
            if name != self.function:
                continue
            found = [n for n in range(node.lineno - 1, node.end_lineno or 0) if lines[n].strip() == self.before]
            if len(found) < self.nth:
                break
            place = found[self.nth - 1]
            lines[place] = lines[place].replace(self.before, self.after)
            return "".join(lines)
        raise StaleMutant(f"{self.name}: {self.file} has no such line in {self.function}: {self.before}")


def functions(tree: ast.AST, above: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of a module with its name, methods as ``Class.method``; a function inside one belongs to it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, f"{above}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield f"{above}{node.name}", node


def read_mutants(path: Path = LIST) -> list[Mutant]:
    """The list, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Mutant(**(row | {"nth": int(row["nth"])})) for row in csv.DictReader(file)]


def write_mutants(mutants: list[Mutant], path: Path = LIST) -> None:
    """Write the list."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [field.name for field in fields(Mutant)]
        writer.writerow(names)
        writer.writerows([getattr(one, name) for name in names] for one in mutants)


def stale(mutants: list[Mutant], root: Path) -> list[str]:
    """What is wrong with mutants whose lines are no longer in the product, a sentence each."""
    told = []
    for one in mutants:
        try:
            one.apply((root / one.file).read_text(encoding="utf-8"))
        except (StaleMutant, FileNotFoundError) as error:
            told.append(str(error))
    return told
