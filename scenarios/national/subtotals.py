"""Rows and columns of a table that are sums of sectors beside them, as of whole industries, found by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tanshi.errors import Message
from tanshi.scenarios.national.cells import Array, Cells
from tanshi.scenarios.national.frame import Frame
from tanshi.scenarios.national.labels import Heading, folds
from tanshi.scenarios.national.numbers import Mark
from tanshi.scenarios.national.sectors import Lines
from tanshi.scenarios.national.sheet import listed

FEWEST = 5
"""Cells beside 0 that a row must have, and the sum of those beside it must meet, to be taken for their sum."""


def without_subtotals(frame: Frame, rows: Lines, columns: Lines, decimal: Mark) -> tuple[Lines, Lines, list[str]]:
    """Rows and columns without those that are the sum of others just above or below (left or right), and a note.

    A sum that stands among the rows alone, or among rows and columns, is left out; one that another line of the same
    name says to be a sector is kept.
    """
    if not rows.sectors or not columns.sectors:
        return rows, columns, []
    down, across = [p for p, _ in rows.sectors], [p for p, _ in columns.sectors]
    more = [p for places in columns.roles.values() for p in places]
    below = [p for places in rows.roles.values() for p in places]
    cells = Cells(frame.sheet, decimal)
    sums_down = _sums(np.nan_to_num(cells.block(down, [*across, *more])), cells.rounding)
    sums_across = _sums(np.nan_to_num(cells.block([*down, *below], across)).T, cells.rounding)
    out_rows = _agreed(rows.sectors, sums_down, columns.sectors, sums_across)
    out_columns = _agreed(columns.sectors, sums_across, rows.sectors, sums_down)
    told = dict.fromkeys(" ".join(said.words) for _, said in (*out_rows, *out_columns))
    left_out = Message("Sums of sectors were left out: {names}.", names=listed(map(repr, told)))
    notes: list[str] = [left_out] if told else []
    return _kept(rows, out_rows), _kept(columns, out_columns), notes


def _sums(values: Array, rounding: float) -> set[int]:
    """Lines of a matrix that are the sum of at least two lines just before or just behind them."""
    found: set[int] = set()
    size = np.abs(values)
    for n in range(len(values)):
        if (values[n] != 0.0).sum() < FEWEST:
            continue
        for step in (-1, 1):
            total, terms = np.zeros(values.shape[1]), 0
            k = n + step
            while 0 <= k < len(values):
                if k not in found:
                    total = total + values[k]
                    terms += bool(size[k].any())
                close = np.abs(total - values[n]) <= 1e-6 * size[n] + rounding * (terms + 1)
                if terms >= 2 and close.all():
                    found.add(n)
                    break
                k += step
            if n in found:
                break
    return found


def _agreed(
    lines: Sequence[tuple[int, Heading]], sums: set[int], others: Sequence[tuple[int, Heading]], there: set[int]
) -> list[tuple[int, Heading]]:
    """Sums that have no line of their name on the other side, or one that is a sum as well."""
    plain = [folds(said.words) for n, (_, said) in enumerate(others) if n not in there]
    return [lines[n] for n in sorted(sums) if not any(folds(lines[n][1].words) & names for names in plain)]


def _kept(lines: Lines, out: Sequence[tuple[int, Heading]]) -> Lines:
    gone = {place for place, _ in out}
    return replace(lines, sectors=[one for one in lines.sectors if one[0] not in gone])
