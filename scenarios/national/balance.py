"""Whether a table's rows and columns add up to gross output, and where not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem
from tanshi.scenarios.national.cells import Array
from tanshi.scenarios.national.words import FINAL, TRADE, VALUE_ADDED

BALANCE = 1e-3
"""Largest accepted difference of a row or column, as a share of the sector's gross output."""
SINGLY = 3
"""So many sectors that do not balance are named one by one; more are one line."""


@dataclass(frozen=True)
class Gap:
    """What is missing or too much in the rows or columns of a table.

    Parameters
    ----------
    sums, gaps
        Of every sector; gaps are nan where a cell was not read.
    allowed
        Largest accepted gap of every sector.
    """

    sums: Array
    gaps: Array
    allowed: Array

    @property
    def wrong(self) -> NDArrayInt:
        """Sectors that do not balance."""
        return np.flatnonzero(np.abs(np.nan_to_num(self.gaps)) > self.allowed)


NDArrayInt = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


def rows_gap(use: pd.DataFrame, final: pd.DataFrame, rounding: float, without: tuple[str, ...] = ()) -> Gap:
    """Uses, with exports and less imports, against gross output."""
    columns = [c for c in (*FINAL, *TRADE) if c in final and c not in without]
    signs = np.array([-1.0 if c in ("import", "inflow") else 1.0 for c in columns])
    values = final[columns].to_numpy(dtype=float)
    terms = (use.to_numpy() != 0.0).sum(axis=1) + (values != 0.0).sum(axis=1) + 1
    return _gap(use.to_numpy().sum(axis=1) + values @ signs, final["output"].to_numpy(dtype=float), rounding, terms)


def columns_gap(use: pd.DataFrame, added: pd.DataFrame, output: pd.Series, rounding: float) -> Gap:
    """Inputs and value added against gross output."""
    paid = added.loc[list(VALUE_ADDED)].to_numpy(dtype=float)
    terms = (use.to_numpy() != 0.0).sum(axis=0) + (paid != 0.0).sum(axis=0) + 1
    return _gap(use.to_numpy().sum(axis=0) + paid.sum(axis=0), output.to_numpy(dtype=float), rounding, terms)


def _gap(sums: Array, output: Array, rounding: float, terms: Array) -> Gap:
    size = np.abs(np.nan_to_num(output))
    allowed = np.maximum.reduce([BALANCE * size, np.full(len(size), 1e-6 * size.sum()), rounding * terms])
    return Gap(np.asarray(sums, dtype=float), np.asarray(sums - output, dtype=float), allowed)


def one_cell(rows: Gap, columns: Gap) -> tuple[int, int] | None:
    """The one flow whose row and column miss gross output by as much, where all others fit: it is what is wrong.

    Parameters
    ----------
    rows, columns
        Gaps of both; a sector's own use of its goods is left out, since its gross output may be wrong as well.
    """
    if rows.wrong.size != 1 or columns.wrong.size != 1 or rows.wrong[0] == columns.wrong[0]:
        return None
    i, j = int(rows.wrong[0]), int(columns.wrong[0])
    return (i, j) if bool(np.isclose(rows.gaps[i], columns.gaps[j], rtol=1e-3)) else None


def coefficients(spent: Array, output: Array) -> bool:
    """Whether a table holds shares of gross output: every column adds up to one, whatever its gross output.

    Examples
    --------
    >>> coefficients(np.array([1.0, 1.0, 0.999]), np.array([90.0, 500.0, 7.0]))
    True
    """
    ones = np.abs(spent - 1.0) < 0.01
    return bool(ones.mean() > 0.8 and (np.abs(output - 1.0) > 0.01).mean() > 0.5)


def gap_problems(gap: Gap, names: list[str], output: Array, factor: float, what: str, file: str, hint: str,
                 lines: list[int | None], singly: int = SINGLY) -> list[Problem]:  # fmt: skip
    """Sectors whose sums are not their gross output: singly while few, else one line for all."""
    wrong = gap.wrong
    said = [
        "{sum:.6g}, {size:.4g} {much}{share}".format(
            sum=gap.sums[n] * factor,
            size=abs(gap.gaps[n]) * factor,
            much="too much" if gap.gaps[n] > 0 else "too little",
            share=f", {gap.gaps[n] / output[n]:+.2%}" if output[n] else "",
        )
        for n in wrong
    ]
    if len(wrong) <= singly:
        return [
            Problem(
                Message("{what} ({output:.6g} yi yuan)", what=what, output=output[n] * factor),
                got,
                file,
                lines[n],
                names[n],
                hint,
            )
            for n, got in zip(wrong, said, strict=True)
        ]
    worst = int(np.argmax(np.abs(gap.gaps[wrong])))
    n = wrong[worst]
    expected = Message("{what} in every sector", what=what)
    got = Message(
        "{number_of_wrong} of {number_of_names} that differ, most {names}: {said}",
        number_of_wrong=len(wrong),
        number_of_names=len(names),
        names=names[n],
        said=said[worst],
    )
    return [
        Problem(
            expected,
            Message("{got} (gross output {output:.6g} yi yuan)", got=got, output=output[n] * factor),
            file,
            hint=hint,
        )
    ]
