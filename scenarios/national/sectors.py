"""Which row belongs to which column, and which rows are of imports."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem
from tanshi.scenarios.national.frame import Frame, is_number
from tanshi.scenarios.national.labels import Heading, folds, is_code
from tanshi.scenarios.national.numbers import nothing
from tanshi.scenarios.national.sheet import listed
from tanshi.scenarios.national.words import fold

ALIKE = 0.75
"""So alike must two names be that stand for one sector in row and column."""


@dataclass
class Lines:
    """Columns or rows of a table, sorted.

    Parameters
    ----------
    sectors
        Places with what they say, in their order.
    roles
        Places by role.
    unknown
        Places after the first role that are neither.
    """

    sectors: list[tuple[int, Heading]] = field(default_factory=list)
    roles: dict[str, list[int]] = field(default_factory=dict)
    unknown: list[tuple[int, Heading]] = field(default_factory=list)


def sort_lines(frame: Frame, across: bool) -> Lines:
    """Part columns (``across``) or rows into sectors, which stand first, roles, and what is not known."""
    lines, cells = Lines(), frame.sheet.cells
    headings = frame.columns if across else frame.rows
    names: set[str] = set()
    for place, said in headings.items():
        line = [row[place] for row in cells[frame.top :]] if across else list(cells[place][frame.left :])
        filled = any(is_number(c) for c in line)
        written = any(c.strip() for c in line)
        if said.role:
            if written:
                lines.roles.setdefault(said.role, []).append(place)
        elif said.total or not written:
            continue
        elif not said.words or (lines.roles and not (folds(said.words) & names)):
            if filled:
                lines.unknown.append((place, said))
        elif not lines.roles and not filled and not across and _no_flows(line):
            continue  # a note or a banner in a line of its own
        else:
            names |= folds(said.words)
            lines.sectors.append((place, said))
    return lines


def _no_flows(line: list[str]) -> bool:
    """Whether a row without numbers is empty, or has a word or two and nothing that stands for zero."""
    written = [c for c in line if c.strip()]
    return len(written) <= 2 and not any(nothing(c) for c in written)


@dataclass
class Matched:
    """Rows of every sector, in the order of the columns.

    Parameters
    ----------
    labels
        Of every sector.
    columns
        Places of the columns.
    home
        Rows of home-made goods, or of all goods where nothing is said.
    bought
        Rows of imported goods, empty where the table does not part them.
    """

    labels: list[tuple[str, ...]]
    columns: list[int]
    home: list[int]
    bought: list[int]


def match(frame: Frame, rows: Lines, columns: Lines, file: str) -> tuple[Matched | None, list[Problem]]:
    """Give every column its rows by name, else by code, else by place and likeness."""
    if not rows.sectors or not columns.sectors:
        expected = "a row for every sector above the rows of value added"
        return None, [Problem(expected, "none", file, field="sectors")]
    known = [folds(said.words) for _, said in columns.sectors]
    blocks: dict[str, dict[int, list[int]]] = {}
    lost: list[Heading] = []
    labels: dict[int, tuple[str, ...]] = {}
    order = -1
    for place, said in rows.sectors:
        if said.origin == "both" and any(s.origin in ("domestic", "imported") for _, s in rows.sectors):
            continue
        at = _column_of(said, known, order)
        if at is None:
            at = _by_bare_code(said, columns.sectors)
        if at is None and len(rows.sectors) == len(columns.sectors):
            at = _alike(said, columns.sectors, order + 1)
        if at is None:
            lost.append(said)
            continue
        order = at
        labels.setdefault(at, said.words)
        blocks.setdefault(said.origin, {}).setdefault(at, []).append(place)
    problems = _lost(lost, "column", "row", file)
    missing = [columns.sectors[n][1] for n in range(len(known)) if n not in labels]
    problems += _lost(missing, "row", "column", file)
    if problems:
        return None, problems
    home, bought, more = _origins(frame, blocks, len(known), columns.roles.get("output", []), labels, file)
    if more:
        return None, more
    every = [labels[n] for n in range(len(known))]
    return Matched(every, [place for place, _ in columns.sectors], home, bought), []


def _column_of(said: Heading, known: list[frozenset[str]], before: int) -> int | None:
    """The column with most labels in common; of several the next in order."""
    own = folds(said.words)
    names = {f for f in own if not f.isdigit()}
    score = [(len(names & k) * 10 + len(own & k), -((n - before - 1) % len(known)), n) for n, k in enumerate(known)]
    best = max(score)
    return best[2] if best[0] > 0 else None


_CLASS = re.compile(r"^(?:CPA|TTL|DOM|IMP)_|^D(?=\d)")


def _by_bare_code(said: Heading, columns: list[tuple[int, Heading]]) -> int | None:
    """The one column whose code is the row's but for a word of the kind of table: ``TTL_24A`` and ``D24A``."""
    own = {_CLASS.sub("", word) for word in said.words if is_code(word)}
    found = [n for n, (_, c) in enumerate(columns) if own & {_CLASS.sub("", word) for word in c.words if is_code(word)}]
    return found[0] if len(found) == 1 else None


def _alike(said: Heading, columns: list[tuple[int, Heading]], at: int) -> int | None:
    if not 0 <= at < len(columns):
        return None
    ratio = max(
        (SequenceMatcher(None, fold(a), fold(b)).ratio() for a in said.words for b in columns[at][1].words), default=0.0
    )
    return at if ratio >= ALIKE else None


def _lost(lost: list[Heading], there: str, here: str, file: str) -> list[Problem]:
    """One line a sector while they are few, else one line for all."""
    names = [" ".join(said.words) for said in lost]
    if len(names) <= 3:
        wanted = "a {there} for the sector of the {here} {name!r}"
        return [
            Problem(Message(wanted, there=Message(there), here=Message(here), name=n), "none", file, field=n)
            for n in names
        ]
    expected = Message("a {there} for the sector of every {here}", there=Message(there), here=Message(here))
    return [
        Problem(
            expected,
            Message(
                "none for {number_of_names} of them: {listed}",
                number_of_names=len(names),
                listed=listed(map(repr, names)),
            ),
            file,
            field="sectors",
        )
    ]


def _origins(
    frame: Frame,
    blocks: dict[str, dict[int, list[int]]],
    n: int,
    output: list[int],
    labels: dict[int, tuple[str, ...]],
    file: str,
) -> tuple[list[int], list[int], list[Problem]]:
    """Rows of home-made and of imported goods."""
    origins = set(blocks)
    if origins <= {"", "domestic", "both"} or origins == {"imported"}:
        merged: dict[int, list[int]] = {}
        for block in blocks.values():
            for at, places in block.items():
                merged.setdefault(at, []).extend(places)
        if all(len(merged.get(at, [])) == 1 for at in range(n)):
            return [merged[at][0] for at in range(n)], [], []
        if all(len(merged.get(at, [])) == 2 for at in range(n)):
            first, second = ([merged[at][k] for at in range(n)] for k in (0, 1))
            return _by_output(frame, first, second, output, file)
        twice = [" ".join(labels[at]) for at in range(n) if len(merged.get(at, [])) > 1]
        problem = Problem(
            "every sector once", Message("more than one row for {listed}", listed=listed(twice)), file, field="sectors"
        )
        return [], [], [problem]
    home = {at: places for o in ("", "domestic") for at, places in blocks.get(o, {}).items()}
    bought = blocks.get("imported", {})
    if len(home) == n and all(len(v) == 1 for v in (*home.values(), *bought.values())):
        return [home[at][0] for at in range(n)], [bought[at][0] if at in bought else -1 for at in range(n)], []
    got = Message(
        "{number_of_home} rows of home-made and {number_of_bought} of imported goods for {n} sectors",
        number_of_home=len(home),
        number_of_bought=len(bought),
        n=n,
    )
    return [], [], [Problem("rows of home-made and of imported goods for every sector", got, file, field="sectors")]


def _by_output(
    frame: Frame, first: list[int], second: list[int], output: list[int], file: str
) -> tuple[list[int], list[int], list[Problem]]:
    """Of two blocks without a word on origin, the one that has gross output is home-made."""
    made = [
        any(
            is_number(frame.sheet.cells[i][j]) and frame.sheet.cells[i][j].strip("0.,-") != ""
            for i in b
            for j in output
        )
        for b in (first, second)
    ]
    if made[0] != made[1]:
        return (first, second, []) if made[0] else (second, first, [])
    hint = "Write 国产品 or 进口品 (domestic, imported) beside the rows, or put one of them in a sheet of its own."
    got = "two rows for each; imports seem to stand apart"
    return [], [], [Problem("every sector once", got, file, field="sectors", hint=hint)]
