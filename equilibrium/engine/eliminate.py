"""Static elimination: what a pattern alone allows to solve by substitution is taken out before the solve.

In an economy many equations tie a handful of unknowns: a supplier's zero-profit condition gives its good's price,
the market of what only one buyer uses gives that buyer's level.  A greedy search over the pattern of the Jacobian
(Markowitz counts) picks pivots that do not touch each other, so that their block is diagonal; what is left is dense,
or sparse once more (``schur``).  A pivot that turns out too small sends the solve to the whole matrix.

Reference: Markowitz, H. M. (1957), The elimination form of the inverse and its application to linear programming,
Management Science 3, 255-269.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg

from tanshi.equilibrium.engine.parted import SMALL as LEAST
from tanshi.equilibrium.engine.parted import Parted, parted
from tanshi.equilibrium.engine.schur import SOUND, Dense, Sparse, arrange
from tanshi.numerics.compiled import compiled

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LARGEST_GROWTH = 1e6  # of an entry when its row is divided by the pivot
FILL = 4000  # largest number of products that one pivot may cost


class Factor:
    """A factorised matrix: called with a right-hand side, it solves."""

    def __init__(self, solve: Callable[[Array], Array], pivots: Callable[[], Array]) -> None:
        self._solve, self._pivots = solve, pivots

    def __call__(self, b: Array) -> Array:
        """The unknowns for a right-hand side."""
        return self._solve(b)

    @cached_property
    def weakest(self) -> float:
        """Smallest pivot over the largest one; near zero where the matrix is close to singular."""
        size = np.abs(self._pivots())
        return float(size.min() / size.max()) if size.size else 1.0


class Elimination:
    """Pivots of a pattern, and the positions of everything that their elimination touches.

    Parameters
    ----------
    row, col
        Positions of the non-zeros, shape ``(nnz,)``.
    n
        Size of the matrix.
    data
        Values in the benchmark, shape ``(nnz,)``; a pivot is large in its row.
    unit
        Sizes of the unknowns, in which they are counted, so that one of 1e-12 is not taken for nothing.
    pivoting
        Rows that may give a pivot, shape ``(n,)``: those that no complementarity switches off.
    """

    def __init__(self, row: Index, col: Index, n: int, data: Array, unit: Array, pivoting: NDArray[np.bool_]) -> None:
        self.unit, self.unit_entry = unit, unit[col]
        data = data * self.unit_entry
        largest = np.zeros(n)
        np.maximum.at(largest, row, np.abs(data))
        sound = (np.abs(data) >= SOUND * largest[row]) & (data != 0) & pivoting[row]
        self.n, self.row, self.col = n, row, col
        pivots = _choose(row, col, n, sound)
        self.pivot_row = np.array([i for i, _ in pivots], dtype=np.int64)
        self.pivot_col = np.array([j for _, j in pivots], dtype=np.int64)
        p = len(pivots)
        self.kept_row = np.setdiff1d(np.arange(n), self.pivot_row)
        self.kept_col = np.setdiff1d(np.arange(n), self.pivot_col)
        self.m = n - p
        row_rank, col_rank = np.full(n, -1), np.full(n, -1)
        row_rank[self.kept_row], col_rank[self.kept_col] = np.arange(self.m), np.arange(self.m)
        row_pivot, col_pivot = np.full(n, -1), np.full(n, -1)
        row_pivot[self.pivot_row], col_pivot[self.pivot_col] = np.arange(p), np.arange(p)
        of_row, of_col = row_pivot[row], col_pivot[col]
        self.core = np.flatnonzero((of_row < 0) & (of_col < 0))  # D: kept rows, kept columns
        self.core_col, self.core_row = col_rank[col[self.core]], row_rank[row[self.core]]
        pivot = np.flatnonzero((of_row >= 0) & (of_col >= 0))
        self.pivot_entry = np.empty(p, dtype=np.int64)
        self.pivot_entry[of_row[pivot]] = pivot
        self.across = np.flatnonzero((of_row >= 0) & (of_col < 0))  # A: pivot rows, kept columns
        self.down = np.flatnonzero((of_row < 0) & (of_col >= 0))  # C: kept rows, pivot columns
        self.across_pivot, self.down_pivot = of_row[self.across], of_col[self.down]
        self.across_col, self.down_row = col_rank[col[self.across]], row_rank[row[self.down]]
        order = np.argsort(self.across_pivot, kind="stable")
        first = np.searchsorted(self.across_pivot[order], np.arange(p + 1))
        counts = first[self.down_pivot + 1] - first[self.down_pivot]
        self.product_down = np.repeat(np.arange(self.down.size), counts)
        within = np.arange(self.product_down.size) - np.repeat(np.cumsum(counts) - counts, counts)
        self.product_across = order[first[self.down_pivot[self.product_down]] + within]
        self.product_place = self.across_col[self.product_across] * self.m + self.down_row[self.product_down]
        self._arrange(data, pivoting)

    def _arrange(self, data: Array, pivoting: NDArray[np.bool_]) -> None:
        """Choose how what is left is factorised, by its pattern and its numbers in the benchmark."""
        places = np.concatenate([self.core_col * self.m + self.core_row, self.product_place])
        found, slot = np.unique(places, return_inverse=True)
        self.rest: Dense | Parted | Sparse = Dense(self.m)
        self.core_place, self.product_place = places[: self.core.size], places[self.core.size :]
        if self.m < LEAST or not np.isfinite(data).all():
            return
        sparse_core, sparse_products = slot[: self.core.size], slot[self.core.size :]
        _, _, _, values = self._reduced(data, sparse_core, sparse_products, found.size)
        if not values.size:
            return
        row, col = found % self.m, found // self.m
        self.rest = arrange(row, col, values, self.m, pivoting[self.kept_row])
        if isinstance(self.rest, Dense):
            self.rest = parted(row, col, values, self.m) or self.rest
        if isinstance(self.rest, Sparse):
            self.core_place, self.product_place = sparse_core, sparse_products
        elif isinstance(self.rest, Parted):
            self.core_place, self.product_place = map(self.rest.places, (self.core_place, self.product_place))

    def _reduced(
        self, data: Array, core_place: Index, product_place: Index, slots: int
    ) -> tuple[Array, Array, Array, Array]:
        return _reduce(
            data,
            self.pivot_entry,
            self.across,
            self.across_pivot,
            self.down,
            self.core,
            core_place,
            product_place,
            self.product_down,
            self.product_across,
            slots,
        )

    def factorise(self, data: Array) -> Factor:
        """Factorise the matrix with values ``data`` (aligned with the pattern); returns its solve.

        Raises
        ------
        numpy.linalg.LinAlgError
            for a singular matrix.
        """
        data = data * self.unit_entry
        pivots, across, down, core = self._reduced(data, self.core_place, self.product_place, self.rest.slots)
        if not core.size:
            return self._whole(data)
        try:
            inner, diagonal = self.rest.factorise(core)
        except ZeroDivisionError:
            return self._whole(data)

        def solve(b: Array) -> Array:
            b = np.asarray(b, dtype=np.float64)
            reduced, right = _forward(b, pivots, self.pivot_row, self.kept_row, down, self.down_row, self.down_pivot)
            kept = inner(right)
            x = _back(reduced, kept, self.pivot_col, self.kept_col, across, self.across_pivot, self.across_col)
            return x * self.unit

        return Factor(solve, diagonal)

    def _whole(self, data: Array) -> Factor:
        matrix = sparse.csc_array((data, (self.row, self.col)), shape=(self.n, self.n))
        try:
            factor = sparse_linalg.splu(matrix)
        except RuntimeError as error:
            raise np.linalg.LinAlgError(str(error)) from error
        return Factor(lambda b: np.asarray(factor.solve(b)) * self.unit, lambda: np.asarray(factor.U.diagonal()))


@compiled
def _reduce(
    data: Array,
    pivot_entry: Index,
    across_entry: Index,
    across_pivot: Index,
    down_entry: Index,
    core_entry: Index,
    core_place: Index,
    product_place: Index,
    product_down: Index,
    product_across: Index,
    size: int,
) -> tuple[Array, Array, Array, Array]:
    """Pivots, their rows divided by them, their columns, and the Schur complement.

    The complement has no elements where a pivot is too small to divide by.
    """
    pivots, across, down = np.empty(pivot_entry.size), np.empty(across_entry.size), np.empty(down_entry.size)
    for k in range(pivots.size):
        pivots[k] = data[pivot_entry[k]]
    for k in range(down.size):
        down[k] = data[down_entry[k]]
    for k in range(across.size):
        across[k] = data[across_entry[k]] / pivots[across_pivot[k]]
        if not abs(across[k]) < LARGEST_GROWTH:
            size = 0
    for k in range(pivots.size):
        if pivots[k] == 0.0:
            size = 0
    core = np.zeros(size)
    if size:
        for k in range(core_entry.size):
            core[core_place[k]] += data[core_entry[k]]
        for k in range(product_place.size):
            core[product_place[k]] -= down[product_down[k]] * across[product_across[k]]
    return pivots, across, down, core


@compiled
def _forward(
    b: Array, pivots: Array, pivot_row: Index, kept_row: Index, down: Array, down_row: Index, down_pivot: Index
) -> tuple[Array, Array]:
    """Right-hand sides of the eliminated rows and of the rest."""
    reduced, right = np.empty(pivot_row.size), np.empty(kept_row.size)
    for k in range(reduced.size):
        reduced[k] = b[pivot_row[k]] / pivots[k]
    for k in range(right.size):
        right[k] = b[kept_row[k]]
    for k in range(down.size):
        right[down_row[k]] -= down[k] * reduced[down_pivot[k]]
    return reduced, right


@compiled
def _back(
    reduced: Array,
    kept: Array,
    pivot_col: Index,
    kept_col: Index,
    across: Array,
    across_pivot: Index,
    across_col: Index,
) -> Array:
    """All unknowns from those of the dense rest."""
    x = np.empty(reduced.size + kept.size)
    for k in range(across.size):
        reduced[across_pivot[k]] -= across[k] * kept[across_col[k]]
    for k in range(kept.size):
        x[kept_col[k]] = kept[k]
    for k in range(reduced.size):
        x[pivot_col[k]] = reduced[k]
    return x


def _choose(row: Index, col: Index, n: int, sound: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pivots by ascending Markowitz count whose rows and columns do not meet each other's."""
    in_row = np.bincount(row, minlength=n)
    in_col = np.bincount(col, minlength=n)
    cost = (in_row[row] - 1) * (in_col[col] - 1)
    by_row: list[list[int]] = [[] for _ in range(n)]
    by_col: list[list[int]] = [[] for _ in range(n)]
    for i, j in zip(row.tolist(), col.tolist(), strict=True):
        by_row[i].append(j)
        by_col[j].append(i)
    row_free, col_free = np.ones(n, dtype=bool), np.ones(n, dtype=bool)  # may still become a pivot
    taken_row, taken_col = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    pivots: list[tuple[int, int]] = []
    for k in np.argsort(cost, kind="stable"):
        i, j = int(row[k]), int(col[k])
        if cost[k] > FILL:
            break
        if not sound[k] or not (row_free[i] and col_free[j]) or taken_row[i] or taken_col[j]:
            continue
        pivots.append((i, j))
        taken_row[i], taken_col[j] = True, True
        row_free[by_col[j]] = False  # another pivot row must not hold this column
        col_free[by_row[i]] = False  # nor another pivot column this row
    return pivots
