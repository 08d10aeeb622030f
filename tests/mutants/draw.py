"""Draw mutants by a rule, so that nobody chooses those that tests already kill.

Every arithmetic sign, comparison, ``and``/``or``, minimum and maximum, and every number in the body of a function is a
place; what stands there has one wrong neighbour (+ and -, * and /, < and <=, n and n + 1 ...). The places of a room are
put in the order of a hash of seed, file, function and line, and the first are taken.

    python -m tests.mutants.draw --seed 1 --each 8          prints a list in the form of mutants.csv
"""

from __future__ import annotations

import argparse
import ast
import csv
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from tests.mutants.mutant import Mutant, functions

ROOT = Path(__file__).parents[2]
ROOMS = {
    "agents": "agents",
    "market": "market",
    "engine": "equilibrium/engine",
    "province": "equilibrium/province",
    "run": "simulator/run",
    "results": "simulator/results",
    "drift": "simulator/drift",
    "scenarios": "scenarios",
    "studies": "simulator/studies",
}
SIGNS: dict[type, tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "floor": "ceil", "ceil": "floor"}
SMALL = 1e-5
"""Numbers below are tolerances and guards against nothing: half as much again changes no economics."""
SILENT = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Subscript, ast.AnnAssign)
"""What is not looked into: messages, checks of ourselves, positions in arrays and annotations of types."""


def places(source: str) -> Iterator[tuple[str, int, str, str]]:
    """Function, line (from 1), the line and the wrong line, for every place of a module."""
    lines = source.splitlines()
    for name, function in functions(ast.parse(source)):
        for row, start, end, new in _inside(function, lines):
            line = lines[row - 1]
            yield name, row, line.strip(), (line[:start] + new + line[end:]).strip()


def _inside(node: ast.AST, lines: list[str]) -> Iterator[tuple[int, int, int, str]]:
    body = node.body[1:] if _has_docstring(node) else node.body if isinstance(node, ast.FunctionDef) else None
    for child in ast.iter_child_nodes(node) if body is None else body:
        if isinstance(child, SILENT):
            continue
        yield from _changes(child, lines)
        yield from _inside(child, lines)


def _has_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None


def _changes(node: ast.AST, lines: list[str]) -> Iterator[tuple[int, int, int, str]]:
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        if not any(isinstance(side, ast.JoinedStr | ast.List) or _is_text(side) for side in (node.left, node.right)):
            yield from _between(node.left, node.right, type(node.op), lines)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SIGNS:
        yield from _between(node.left, node.comparators[0], type(node.ops[0]), lines)
    elif isinstance(node, ast.BoolOp):
        yield from _between(node.values[0], node.values[1], type(node.op), lines)
    elif isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in NAMES and node.func.end_col_offset is not None and node.func.end_lineno == node.func.lineno:
            end = _column(lines, node.func.lineno, node.func.end_col_offset)
            yield node.func.lineno, end - len(called), end, NAMES[called]
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.end_col_offset is not None:
        if 0 < node.value < SMALL:
            return
        new = node.value + 1 if isinstance(node.value, int) else (1.5 * node.value or 1.0)
        start = _column(lines, node.lineno, node.col_offset)
        yield node.lineno, start, _column(lines, node.lineno, node.end_col_offset), repr(new)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _between(left: ast.expr, right: ast.expr, kind: type, lines: list[str]) -> Iterator[tuple[int, int, int, str]]:
    if left.end_lineno != right.lineno or left.end_col_offset is None:
        return
    old, new = SIGNS[kind]
    start = _column(lines, right.lineno, left.end_col_offset)
    place = lines[right.lineno - 1].find(old, start, _column(lines, right.lineno, right.col_offset))
    if place >= 0:
        yield right.lineno, place, place + len(old), new


def _column(lines: list[str], row: int, offset: int) -> int:
    """A column in signs from one in bytes."""
    return len(lines[row - 1].encode()[:offset].decode())


def drawn(room: str, seed: int, number: int, root: Path = ROOT) -> list[Mutant]:
    """The first mutants of a room in the order of their hashes, no two on one line."""
    found: list[tuple[str, Mutant]] = []
    for path in sorted((root / ROOMS[room]).rglob("*.py")):
        file = path.relative_to(root).as_posix()
        source = path.read_text(encoding="utf-8")
        seen: dict[tuple[str, str], list[int]] = {}
        for function, row, before, after in places(source):
            rows = seen.setdefault((function, before), [])
            if row not in rows:
                rows.append(row)
            nth = rows.index(row) + 1
            key = hashlib.sha256(f"{seed} {file} {function} {nth} {before} {after}".encode()).hexdigest()
            found.append((key, Mutant(f"{room}-{key[:6]}", room, file, function, before, after, nth, "drawn", "")))
    out: list[Mutant] = []
    for _, mutant in sorted(found, key=lambda pair: pair[0]):
        if len(out) < number and all((mutant.function, mutant.before) != (m.function, m.before) for m in out):
            out.append(mutant)
    return out


def main() -> None:
    """Print a list."""
    words = argparse.ArgumentParser(description="Draw mutants of every room by a rule.")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--each", type=int, default=8, help="mutants a room")
    words.add_argument("rooms", nargs="*", default=list(ROOMS))
    given = words.parse_args()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([field.name for field in fields(Mutant)])
    for room in given.rooms:
        for one in drawn(room, given.seed, given.each):
            writer.writerow([getattr(one, field.name) for field in fields(Mutant)])


if __name__ == "__main__":
    main()
