"""What static elimination leaves over: one dense matrix, or more pivots in an order of little fill and a smaller one.

A large model is mostly sparse even then: regions meet in a few markets, periods in their neighbours.  A search at the
benchmark (Markowitz counts, pivots large enough in their row) orders as many pivots as are worth it; what every later
factorisation does with each number is then known beforehand, and the rest is dense.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from tanshi.numerics.compiled import compiled

Array = NDArray[np.float64]
Index = NDArray[np.int64]

WORTH = 9.0  # products in a dense matrix that take as long as one in a sparse one
SMALL = 120  # unknowns: below it a dense matrix is always faster
MOST_PRODUCTS = 20_000_000
FULL = 0.25  # of all places: a matrix in which no order is of little fill
SOUND = 0.05  # of the largest entry of its row: a pivot
GROWTH = 1e8  # of an entry when its row is divided by the pivot

Solver = Callable[[Array], Array]
Factorised = tuple[Solver, Callable[[], Array]]


class Dense:
    """The rest as one dense matrix, column by column as LAPACK wants it."""

    def __init__(self, m: int) -> None:
        self.m, self.slots = m, m * m

    def factorise(self, values: Array) -> Factorised:
        """Solver and pivots of the matrix with these values."""
        return _dense(values, self.m)


def _dense(values: Array, m: int) -> Factorised:
    lu, order, info = linalg.lapack.dgetrf(values.reshape(m, m).T, overwrite_a=True)
    if info != 0:
        raise np.linalg.LinAlgError(f"singular at unknown {info - 1}")
    return (lambda b: linalg.lapack.dgetrs(lu, order, b)[0]), lu.diagonal


class Plan(NamedTuple):
    """Pivots in their order, and the slots of all numbers that each of them touches."""

    pivot: Index  # (pivots,) slot of each
    row: Index
    col: Index
    across_first: Index  # (pivots + 1,)
    across: Index  # slots of the rest of each pivot's row
    across_col: Index
    down_first: Index
    down: Index  # slots of the rest of each pivot's column
    down_row: Index
    target: Index  # slots that the products go to, pivot by pivot, down first


class Sparse:
    """More pivots in an order of little fill, and a dense rest.

    Parameters
    ----------
    plan
        The pivots.
    m
        Size of the matrix.
    slots
        Numbers kept, fill included.
    left
        Slots of the dense rest, with their rows and columns in it.
    """

    def __init__(self, plan: Plan, m: int, slots: int, left: tuple[Index, Index, Index]) -> None:
        self.plan, self.m, self.slots = plan, m, slots
        self.left, row, col = left
        self.core_row = np.setdiff1d(np.arange(m), plan.row)
        self.core_col = np.setdiff1d(np.arange(m), plan.col)
        self.q = self.core_row.size
        rank_row, rank_col = np.zeros(m, dtype=np.int64), np.zeros(m, dtype=np.int64)
        rank_row[self.core_row], rank_col[self.core_col] = np.arange(self.q), np.arange(self.q)
        self.left_place = rank_col[col] * self.q + rank_row[row]

    def factorise(self, values: Array) -> Factorised:
        """Solver and pivots of the matrix with these values; ``values`` is written over.

        Raises
        ------
        ZeroDivisionError
            where a pivot has become too small for the order.
        """
        plan = self.plan
        if not _eliminate(plan, values):
            raise ZeroDivisionError
        core = np.zeros(self.q * self.q)
        core[self.left_place] = values[self.left]
        inner, diagonal = _dense(core, self.q) if self.q else ((lambda b: b), lambda: np.empty(0))

        def solve(b: Array) -> Array:
            work = _down(plan, values, b)
            x = np.empty(self.m)
            x[self.core_col] = inner(work[self.core_row])
            _up(plan, values, work, x)
            return x

        return solve, lambda: np.concatenate([values[plan.pivot], diagonal()])


@compiled
def _eliminate(
    plan: Plan,
    values: Array,
) -> bool:
    """Carry out the pivots in place; False where one is too small."""
    at = 0
    for k in range(plan.pivot.size):
        size = values[plan.pivot[k]]
        if size == 0.0:
            return False
        for a in range(plan.across_first[k], plan.across_first[k + 1]):
            values[plan.across[a]] /= size
            if not abs(values[plan.across[a]]) < GROWTH:
                return False
        for d in range(plan.down_first[k], plan.down_first[k + 1]):
            factor = values[plan.down[d]]
            for a in range(plan.across_first[k], plan.across_first[k + 1]):
                values[plan.target[at]] -= factor * values[plan.across[a]]
                at += 1
    return True


@compiled
def _down(
    plan: Plan,
    values: Array,
    b: Array,
) -> Array:
    """Right-hand sides after all pivots; those of pivot rows are divided by their pivots."""
    work = b.copy()
    for k in range(plan.pivot.size):
        mine = work[plan.row[k]] / values[plan.pivot[k]]
        work[plan.row[k]] = mine
        for d in range(plan.down_first[k], plan.down_first[k + 1]):
            work[plan.down_row[d]] -= values[plan.down[d]] * mine
    return work


@compiled
def _up(
    plan: Plan,
    values: Array,
    work: Array,
    x: Array,
) -> None:
    """Unknowns of the pivots from those of the rest, in place."""
    for k in range(plan.pivot.size - 1, -1, -1):
        total = work[plan.row[k]]
        for a in range(plan.across_first[k], plan.across_first[k + 1]):
            total -= values[plan.across[a]] * x[plan.across_col[a]]
        x[plan.col[k]] = total


def arrange(row: Index, col: Index, values: Array, m: int, allowed: NDArray[np.bool_]) -> Dense | Sparse:
    """The faster way to factorise a matrix with this pattern.

    Parameters
    ----------
    row, col
        Positions of the non-zeros, which are the first slots.
    values
        At the benchmark, unknowns counted in their own size.
    m
        size.
    allowed
        Rows that may give a pivot, shape ``(m,)``.
    """
    if m < SMALL or row.size > FULL * m * m:
        return Dense(m)
    search = _Search(row, col, values, m, allowed)
    search.run()
    dense = m**3 / 3 / WORTH
    sparse = search.products + (m - len(search.order)) ** 3 / 3 / WORTH
    return search.result() if sparse < 0.8 * dense else Dense(m)


class _Search:
    """Pivots by ascending Markowitz count, with the values that the benchmark gives them on the way."""

    def __init__(self, row: Index, col: Index, values: Array, m: int, allowed: NDArray[np.bool_]) -> None:
        self.m, self.allowed = m, allowed
        self.rows: list[dict[int, float]] = [{} for _ in range(m)]
        self.cols: list[set[int]] = [set() for _ in range(m)]
        self.slot: dict[tuple[int, int], int] = {}
        for k, (i, j, value) in enumerate(zip(row.tolist(), col.tolist(), values.tolist(), strict=True)):
            self.rows[i][j] = value
            self.cols[j].add(i)
            self.slot[i, j] = k
        self.order: list[tuple[int, int]] = []
        self.across: list[list[int]] = []
        self.down: list[list[int]] = []
        self.target: list[Index] = []
        self.products = 0

    def _best(self, i: int) -> tuple[int, int]:
        """Cost and column of the cheapest sound pivot of a row; no column where there is none."""
        mine = self.rows[i]
        if not mine:
            return 0, -1
        limit = SOUND * max(abs(v) for v in mine.values())
        width = len(mine) - 1
        best, at = 0, -1
        for j, value in mine.items():
            if abs(value) >= limit and value != 0.0:
                cost = width * (len(self.cols[j]) - 1)
                if at < 0 or cost < best:
                    best, at = cost, j
        return best, at

    def run(self) -> None:
        """Take pivots while each is worth it."""
        heap = [(*self._best(i)[:1], i) for i in range(self.m) if self.allowed[i]]
        heapq.heapify(heap)
        while heap and self.products < MOST_PRODUCTS:
            believed, i = heapq.heappop(heap)
            cost, j = self._best(i)
            if j < 0:
                continue
            if cost > believed:
                heapq.heappush(heap, (cost, i))
                continue
            left = self.m - len(self.order)
            if cost * WORTH > left * left:
                break
            self._take(i, j)

    def _take(self, i: int, j: int) -> None:
        mine = self.rows[i]
        pivot = mine.pop(j)
        across = list(mine)
        down = sorted(self.cols[j] - {i})
        target = np.empty(len(across) * len(down), dtype=np.int64)
        at = 0
        shares = [(k, mine[k] / pivot) for k in across]
        for r in down:
            other = self.rows[r]
            factor = other.pop(j)
            for k, share in shares:
                if k in other:
                    other[k] -= factor * share
                else:
                    other[k] = -factor * share
                    self.cols[k].add(r)
                    self.slot[r, k] = len(self.slot)
                target[at] = self.slot[r, k]
                at += 1
        for k in across:
            self.cols[k].discard(i)
        self.cols[j] = set()
        self.rows[i] = {}
        self.order.append((i, j))
        self.across.append(across)
        self.down.append(down)
        self.target.append(target)
        self.products += at

    def result(self) -> Sparse:
        """The plan in arrays."""
        slots = self.slot
        pairs = list(zip(self.order, self.across, self.down, strict=True))
        plan = Plan(
            pivot=_index(slots[i, j] for i, j in self.order),
            row=_index(i for i, _ in self.order),
            col=_index(j for _, j in self.order),
            across_first=np.cumsum([0, *(len(a) for a in self.across)]),
            across=_index(slots[i, k] for (i, _), across, _ in pairs for k in across),
            across_col=_index(k for across in self.across for k in across),
            down_first=np.cumsum([0, *(len(d) for d in self.down)]),
            down=_index(slots[r, j] for (_, j), _, down in pairs for r in down),
            down_row=_index(r for down in self.down for r in down),
            target=np.concatenate(self.target) if self.target else np.empty(0, dtype=np.int64),
        )
        rest = [(slots[i, j], i, j) for i, mine in enumerate(self.rows) for j in mine]
        left = (_index(s for s, _, _ in rest), _index(i for _, i, _ in rest), _index(j for _, _, j in rest))
        return Sparse(plan, self.m, len(slots), left)


def _index(values: object) -> Index:
    return np.fromiter(values, dtype=np.int64)  # type: ignore[call-overload, no-any-return]
