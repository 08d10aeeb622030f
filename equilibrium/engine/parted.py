"""A dense matrix in two parts, where many of its rows see hardly more unknowns than there are such rows.

At constant returns to scale what an activity earns nothing beyond its cost says of prices alone: these rows see prices,
and the rows of the markets see prices and levels.  Two factorisations of half the size cost a quarter of the whole one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SMALL, LARGE = 128, 500  # unknowns: below it one factorisation is always faster, above it the search takes too long
SEEDS = 8  # rows from which a first block is grown
WORTH = 0.6  # of the products of one factorisation: what two may cost
TALL = 1e4  # multiples of an own unknown that one of the border may stand for


class Parted:
    """Rows and unknowns in an order in which the first block is square and what stands beside it narrow.

    Parameters
    ----------
    rows, columns
        Rows and unknowns, shape ``(m,)``: first those of the first block, then, among the unknowns, the border.
    own, border
        Size of the first block, and how many other unknowns its rows see.
    """

    def __init__(self, rows: Index, columns: Index, own: int, border: int) -> None:
        self.m = rows.size
        self.slots = self.m * self.m
        self.rows, self.columns, self.own, self.border = rows, columns, own, border
        self.row_at, self.column_at = np.argsort(rows), np.argsort(columns)

    def places(self, places: Index) -> Index:
        """Where entries stand here that stand at ``places`` of the matrix, column by column."""
        return self.column_at[places // self.m] * self.m + self.row_at[places % self.m]

    def factorise(self, values: Array) -> tuple[Callable[[Array], Array], Callable[[], Array]]:
        """Solver and pivots of the matrix with these values.

        Raises
        ------
        ZeroDivisionError
            where a block is singular, or the first one close to it: the whole matrix need not be.
        """
        own, border, matrix = self.own, self.border, values.reshape(self.m, self.m).T
        below = matrix[own:, :own]
        first, first_order = _factorised(matrix[:own, :own])
        across = linalg.lapack.dgetrs(first, first_order, matrix[:own, own : own + border])[0]
        if not np.abs(across).max(initial=0.0) < TALL:
            raise ZeroDivisionError
        rest = np.array(matrix[own:, own:], order="F")
        rest[:, :border] -= below @ across
        second, second_order = _factorised(rest)

        def solve(b: Array) -> Array:
            b = b[self.rows]
            reduced = linalg.lapack.dgetrs(first, first_order, b[:own])[0]
            kept = linalg.lapack.dgetrs(second, second_order, b[own:] - below @ reduced)[0]
            x = np.empty(self.m)
            x[self.columns[:own]] = reduced - across @ kept[:border]
            x[self.columns[own:]] = kept
            return x

        return solve, lambda: np.concatenate([first.diagonal(), second.diagonal()])


def _factorised(block: Array) -> tuple[Array, NDArray[np.int32]]:
    lu, order, info = linalg.lapack.dgetrf(block)
    if info != 0:
        raise ZeroDivisionError
    return lu, order


def parted(row: Index, col: Index, values: Array, m: int) -> Parted | None:
    """The two parts of a matrix with this pattern and, at the benchmark, these values; None where they do not pay."""
    if not SMALL <= m <= LARGE:
        return None
    there = np.zeros((m, m), dtype=np.float32)
    there[row, col] = 1.0
    best, found = WORTH * m**3 / 3, None
    for seed in np.linspace(0, m - 1, SEEDS).astype(int):
        rows, seen = _beside(there, int(seed))
        own = np.arange(1, m + 1)
        border, rest = seen - own, m - own
        cost = own**3 / 3 + own * border * (own + rest) + rest**3 / 3
        cost = np.where((border >= 0) & (rest > 0), cost, np.inf)
        if cost.min() < best:
            best, found = float(cost.min()), (rows, int(cost.argmin()) + 1)
    if found is None:
        return None
    rows, size = found
    columns = np.flatnonzero(there[rows[:size]].any(axis=0))
    matrix = np.zeros((m, m))
    np.add.at(matrix, (row, col), values)
    _, order = linalg.qr(matrix[np.ix_(rows[:size], columns)], mode="r", pivoting=True)
    chosen, beside = np.sort(order[:size]), np.sort(order[size:])
    others = np.setdiff1d(np.arange(m), columns)
    return Parted(rows, np.concatenate([columns[chosen], columns[beside], others]), size, beside.size)


def _beside(there: NDArray[np.float32], seed: int) -> tuple[Index, Index]:
    """Rows from one on, always the one next that adds the fewest unknowns, and how many are seen by then."""
    m = len(there)
    rows, seen = np.empty(m, dtype=np.int64), np.empty(m, dtype=np.int64)
    unseen, taken = np.ones(m, dtype=np.float32), np.zeros(m, dtype=bool)
    at = seed
    for k in range(m):
        rows[k], taken[at] = at, True
        unseen[there[at] > 0] = 0.0
        seen[k] = m - int(unseen.sum())
        at = int(np.where(taken, np.inf, there @ unseen).argmin())
    return rows, seen
