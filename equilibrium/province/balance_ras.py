"""Biproportional balancing (RAS) of a non-negative table to given row and column totals.

Cells that must not move are kept out by the caller: fixed energy cells are subtracted from the totals first,
so that what is left is a plain RAS problem with the signs of its prior.

References
----------
Bacharach, M. (1970). Biproportional Matrices and Input-Output Change. Cambridge University Press.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tanshi.errors import Message, TanshiError, row_of


class NoBalance(TanshiError, ValueError):
    """The prior's pattern of zeros and the totals do not fit together."""


def ras(
    prior: pd.DataFrame,
    row_totals: pd.Series,
    column_totals: pd.Series,
    tolerance: float = 1e-13,
    rounds: int = 20_000,
) -> pd.DataFrame:
    """Scale rows and columns of a non-negative prior until both sets of totals hold.

    Parameters
    ----------
    prior
        Non-negative table; zeros stay zero.
    row_totals, column_totals
        Totals to reach, same labels as the prior, same sum, not negative.
    tolerance
        Largest accepted row error relative to the table's total (columns are exact after the last scaling).

    Returns
    -------
    pandas.DataFrame
        The balanced table. It minimises the cross-entropy to the prior under the totals.

    Raises
    ------
    NoBalance
        If totals are negative, their sums differ, or the iteration does not converge; culprits are named.
    """
    values = prior.to_numpy(dtype=float).copy()
    rows = row_totals.reindex(prior.index).to_numpy(dtype=float)
    columns = column_totals.reindex(prior.columns).to_numpy(dtype=float)
    for totals, names, kind in ((rows, prior.index, Message("row")), (columns, prior.columns, Message("column"))):
        bad = [f"{name} ({value:.6g})" for name, value in zip(names, totals, strict=True) if not value >= 0]
        if bad:
            raise NoBalance("a {kind} total is missing or negative: {bad}", kind=kind, bad=", ".join(bad))
    if (values < 0).any():
        i, j = np.argwhere(values < 0)[0]
        raise NoBalance(
            "the prior is negative in row {index}, column {columns}", index=prior.index[i], columns=prior.columns[j]
        )
    total = max(rows.sum(), columns.sum())
    if abs(rows.sum() - columns.sum()) > 1e-9 * total:
        raise NoBalance("rows sum to {rows:.9g}, columns to {columns:.9g}", rows=rows.sum(), columns=columns.sum())
    empty_rows = np.flatnonzero((rows > 0) & (values.sum(axis=1) == 0))
    empty_columns = np.flatnonzero((columns > 0) & (values.sum(axis=0) == 0))
    dead = [Message("row {row}", row=prior.index[int(i)]) for i in empty_rows]
    dead += [Message("column {column}", column=prior.columns[int(j)]) for j in empty_columns]
    if dead:
        raise NoBalance("no positive prior cell for a positive total: {dead}", dead=row_of(dead))
    for _ in range(rounds):
        sums = values.sum(axis=1)
        values *= np.divide(rows, sums, out=np.zeros_like(rows), where=sums > 0)[:, None]
        sums = values.sum(axis=0)
        values *= np.divide(columns, sums, out=np.zeros_like(columns), where=sums > 0)[None, :]
        error = np.abs(values.sum(axis=1) - rows)
        if error.max() <= tolerance * total:
            return pd.DataFrame(values, index=prior.index, columns=prior.columns)
    worst = int(error.argmax())
    name = prior.index[worst]
    raise NoBalance(
        "no balance after {rounds} rounds; row {name} is off by {error:.6g}",
        rounds=rounds,
        name=name,
        error=error[worst],
    )
