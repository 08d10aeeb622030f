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
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg

from tanshi.equilibrium.engine.parted import SMALL as LEAST
from tanshi.equilibrium.engine.parted import Parted, parted
from tanshi.equilibrium.engine.schur import SOUND, Dense, Sparse, arrange
from tanshi.numerics.compiled import compiled
from tanshi.numerics.views import Table, narrowed, packed, unpacked

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Place = NDArray[np.uint32]

LARGEST_GROWTH = 1e6  # of an entry when its row is divided by the pivot
FILL = 4000  # largest number of products that one pivot may cost


class Positions(NamedTuple):
    """Where everything stands that the elimination of pivots touches."""

    pivot_entry: Place  # non-zeros
    across: Place  # non-zeros in pivot rows, kept columns
    across_pivot: Place
    across_col: Place
    down: Place  # non-zeros in kept rows, pivot columns
    down_pivot: Place
    down_row: Place
    core: Place  # non-zeros in kept rows, kept columns
    core_place: Place
    product_place: Place
    product_down: Place
    product_across: Place
    pivot_row: Place
    pivot_col: Place
    kept_row: Place
    kept_col: Place
    unit: Array
    unit_entry: Array


class Reduced(NamedTuple):
    """What a reduction leaves beside the Schur complement."""

    pivots: Array
    across: Array  # rows of pivots, divided by them
    down: Array  # columns of pivots


REDUCED = len(Positions._fields)


class Pivots(NamedTuple):
    """Positions in long arrays, and where each field lies in them, those of `Reduced` too."""

    wholes: tuple[NDArray[np.uint32], NDArray[np.float64]]
    table: Table


class Factor:
    """A factorised matrix: called with a right-hand side, it solves."""

    def __init__(self, n: int, solve: Callable[[Array], Array], pivots: Callable[[], Array]) -> None:
        self.n, self._solve, self._pivots = n, solve, pivots

    def __call__(self, b: Array) -> Array:
        """The unknowns for a right-hand side, shape ``(n,)``."""
        b = np.ascontiguousarray(b, dtype=np.float64)
        if b.shape != (self.n,):  # compiled loops look at no bounds
            raise ValueError(f"a right-hand side has shape {b.shape}; the matrix has {self.n} rows")
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
        self.n, self.row, self.col, self.unit_entry = n, row, col, unit[col]
        sized = data * self.unit_entry
        largest = np.zeros(n)
        np.maximum.at(largest, row, np.abs(sized))
        sound = (np.abs(sized) >= SOUND * largest[row]) & (sized != 0) & pivoting[row]
        pivots = _choose(row, col, n, sound)
        pivot_row = np.array([i for i, _ in pivots], dtype=np.int64)
        pivot_col = np.array([j for _, j in pivots], dtype=np.int64)
        p = len(pivots)
        kept_row, kept_col = np.setdiff1d(np.arange(n), pivot_row), np.setdiff1d(np.arange(n), pivot_col)
        self.m = n - p
        row_rank, col_rank = np.full(n, -1), np.full(n, -1)
        row_rank[kept_row], col_rank[kept_col] = np.arange(self.m), np.arange(self.m)
        row_pivot, col_pivot = np.full(n, -1), np.full(n, -1)
        row_pivot[pivot_row], col_pivot[pivot_col] = np.arange(p), np.arange(p)
        of_row, of_col = row_pivot[row], col_pivot[col]
        core = np.flatnonzero((of_row < 0) & (of_col < 0))  # D: kept rows, kept columns
        pivot = np.flatnonzero((of_row >= 0) & (of_col >= 0))
        pivot_entry = np.empty(p, dtype=np.int64)
        pivot_entry[of_row[pivot]] = pivot
        across = np.flatnonzero((of_row >= 0) & (of_col < 0))  # A: pivot rows, kept columns
        down = np.flatnonzero((of_row < 0) & (of_col >= 0))  # C: kept rows, pivot columns
        across_pivot, down_pivot = of_row[across], of_col[down]
        across_col, down_row = col_rank[col[across]], row_rank[row[down]]
        order = np.argsort(across_pivot, kind="stable")
        first = np.searchsorted(across_pivot[order], np.arange(p + 1))
        counts = first[down_pivot + 1] - first[down_pivot]
        product_down = np.repeat(np.arange(down.size), counts)
        within = np.arange(product_down.size) - np.repeat(np.cumsum(counts) - counts, counts)
        product_across = order[first[down_pivot[product_down]] + within]
        empty = _at(np.empty(0, np.int64))
        positions = Positions(
            pivot_entry=_at(pivot_entry),
            across=_at(across),
            across_pivot=_at(across_pivot),
            across_col=_at(across_col),
            down=_at(down),
            down_pivot=_at(down_pivot),
            down_row=_at(down_row),
            core=_at(core),
            core_place=empty,
            product_place=empty,
            product_down=_at(product_down),
            product_across=_at(product_across),
            pivot_row=_at(pivot_row),
            pivot_col=_at(pivot_col),
            kept_row=_at(kept_row),
            kept_col=_at(kept_col),
            unit=unit,
            unit_entry=self.unit_entry,
        )
        self.unit, self.worked = unit, p + across.size + down.size
        core_place = col_rank[col[core]] * self.m + row_rank[row[core]]
        product_place = across_col[product_across] * self.m + down_row[product_down]
        self.rest, self.positions = self._arranged(data, pivoting[kept_row], positions, core_place, product_place)

    def _arranged(
        self, data: Array, pivoting: NDArray[np.bool_], p: Positions, core_place: Index, product_place: Index
    ) -> tuple[Dense | Parted | Sparse, Pivots]:
        """How what is left is factorised, chosen by its pattern and its numbers in the benchmark; positions for that.

        The places are those of what is left in a dense matrix, column by column.
        """
        dense = partial(_packed, p, core_place, product_place)
        if self.m < LEAST or not np.isfinite(data).all():
            return Dense(self.m), dense()
        found, slot = np.unique(np.concatenate([core_place, product_place]), return_inverse=True)
        sparse = _packed(p, slot[: core_place.size], slot[core_place.size :])
        sound, _, values = self._reduced(data, sparse, found.size)
        if not sound or not values.size:
            return Dense(self.m), dense()
        row, col = found % self.m, found // self.m
        rest = arrange(row, col, values, self.m, pivoting)
        if isinstance(rest, Sparse):
            return rest, sparse
        two = parted(row, col, values, self.m)
        if two is None:
            return rest, dense()
        return two, _packed(p, two.places(core_place), two.places(product_place))

    def _reduced(self, data: Array, positions: Pivots, slots: int) -> tuple[bool, Array, Array]:
        """Whether all pivots are sound; they, their rows and columns; and the Schur complement."""
        work, core = np.empty(self.worked), np.empty(slots)
        return _reduce(positions, data, work, core), work, core

    def factorise(self, data: Array) -> Factor:
        """Factorise the matrix with values ``data`` (aligned with the pattern); returns its solve.

        Raises
        ------
        numpy.linalg.LinAlgError
            for a singular matrix.
        """
        sound, work, core = self._reduced(data, self.positions, self.rest.slots)
        if not sound or not core.size:
            return self._whole(data)
        try:
            inner, diagonal = self.rest.factorise(core)
        except ZeroDivisionError:
            return self._whole(data)
        positions = self.positions

        def solve(b: Array) -> Array:
            reduced, right = _forward(positions, work, b)
            return _back(positions, work, reduced, inner(right))

        return Factor(self.n, solve, diagonal)

    def _whole(self, data: Array) -> Factor:
        matrix = sparse.csc_array((data * self.unit_entry, (self.row, self.col)), shape=(self.n, self.n))
        try:
            factor = sparse_linalg.splu(matrix)
        except RuntimeError as error:
            raise np.linalg.LinAlgError(str(error)) from error
        return Factor(
            self.n, lambda b: np.asarray(factor.solve(b)) * self.unit, lambda: np.asarray(factor.U.diagonal())
        )


def _at(places: Index) -> Place:
    return narrowed(places, "uint32")


def _packed(positions: Positions, core_place: Index, product_place: Index) -> Pivots:
    """Positions in long arrays, and the lengths of what is worked out by them."""
    positions = positions._replace(core_place=_at(core_place), product_place=_at(product_place))
    (places, sizes), rows = packed([positions], ("uint32", "float64"))
    lengths = np.array([positions.pivot_row.size, positions.across.size, positions.down.size])
    rows += np.column_stack([np.cumsum(lengths) - lengths, lengths]).ravel().tolist()
    return Pivots((places, sizes), np.array(rows, dtype=np.int64))


@compiled
def _reduce(at: Pivots, data: Array, work: Array, core: Array) -> bool:
    """Pivots, their rows divided by them, their columns, in ``work``; the Schur complement in ``core``.

    False where a pivot is too small to divide by.
    """
    p = unpacked(Positions, at.wholes, at.table, 0)
    pivots, across, down = unpacked(Reduced, (work,), at.table, REDUCED)
    for k in range(pivots.size):
        pivots[k] = data[p.pivot_entry[k]] * p.unit_entry[p.pivot_entry[k]]
        if pivots[k] == 0.0:
            return False
    for k in range(down.size):
        down[k] = data[p.down[k]] * p.unit_entry[p.down[k]]
    for k in range(across.size):
        across[k] = data[p.across[k]] * p.unit_entry[p.across[k]] / pivots[p.across_pivot[k]]
        if not abs(across[k]) < LARGEST_GROWTH:
            return False
    for k in range(core.size):
        core[k] = 0.0
    for k in range(p.core.size):
        core[p.core_place[k]] += data[p.core[k]] * p.unit_entry[p.core[k]]
    for k in range(p.product_place.size):
        core[p.product_place[k]] -= down[p.product_down[k]] * across[p.product_across[k]]
    return True


@compiled
def _forward(at: Pivots, work: Array, b: Array) -> tuple[Array, Array]:
    """Right-hand sides of the eliminated rows and of the rest."""
    p = unpacked(Positions, at.wholes, at.table, 0)
    pivots, _, down = unpacked(Reduced, (work,), at.table, REDUCED)
    reduced, right = np.empty(p.pivot_row.size), np.empty(p.kept_row.size)
    for k in range(reduced.size):
        reduced[k] = b[p.pivot_row[k]] / pivots[k]
    for k in range(right.size):
        right[k] = b[p.kept_row[k]]
    for k in range(down.size):
        right[p.down_row[k]] -= down[k] * reduced[p.down_pivot[k]]
    return reduced, right


@compiled
def _back(at: Pivots, work: Array, reduced: Array, kept: Array) -> Array:
    """All unknowns from those of the rest."""
    p = unpacked(Positions, at.wholes, at.table, 0)
    across = unpacked(Reduced, (work,), at.table, REDUCED).across
    x = np.empty(reduced.size + kept.size)
    for k in range(across.size):
        reduced[p.across_pivot[k]] -= across[k] * kept[p.across_col[k]]
    for k in range(kept.size):
        x[p.kept_col[k]] = kept[k]
    for k in range(reduced.size):
        x[p.pivot_col[k]] = reduced[k]
    for k in range(x.size):
        x[k] *= p.unit[k]
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
