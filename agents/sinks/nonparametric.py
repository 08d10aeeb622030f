"""Distances to the convex hull of the units, and the prices that support it: multiplier programmes.

For a unit (x, y, c) and direction (g, h), with weights v on inputs, u on output, q on CO2 and w for scale,

    minimise  v'x - u y + q c + w
    subject to  v'x_r - u y_r + q c_r + w >= 0 for every unit r,   u g + q h = 1,   v, u >= 0.

The least value is the inefficiency and q/u the shadow price. Constant returns to scale set w = 0, variable
returns leave it free. CO2 is weakly disposable (its row in the envelopment form is an equation), so q may be
negative, which is flagged; with `strong` disposability q >= 0.

The constraints are the same for every unit. So the corners already found are tried first, and from the best
of them the simplex method walks on: a few steps of 6 by 6 equations a unit instead of a programme from the
start. A corner is accepted only with its proof, the non-negative intensities of the envelopment form.

References
----------
Chung, Y. H., Färe, R. and Grosskopf, S. (1997): Productivity and undesirable outputs: a directional distance
function approach. Journal of Environmental Management 51(3): 229-240.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tanshi.agents.sinks.errors import ProgrammeError
from tanshi.market.orders import Floats, Ints

Returns = Literal["crs", "vrs"]
_ROUNDING = 1e-11
#: Errors of a sum of products, in their absolute values: a corner far out is known less exactly.
_OF_SUMS = 64 * np.finfo(np.float64).eps
#: An intensity counts as positive beyond this, in means of the data.
_POSITIVE = 1e-9
_MOST_STEPS = 2_000


@dataclass(frozen=True)
class Technology:
    """The cone of weights under which no unit makes a profit.

    Attributes
    ----------
    rows : (units + signs, weights) float
        Each row times the weights must not be negative. Weights: inputs, output, CO2 and, for variable
        returns, scale.
    units : int
        The first so many rows belong to units.
    variable : bool
        Whether there is a weight for scale.
    """

    rows: Floats
    units: int
    variable: bool

    @classmethod
    def of(cls, x: Floats, y: Floats, c: Floats, returns: Returns, strong: bool = False) -> Technology:
        """Build from units given in means of the data."""
        m = x.shape[1]
        variable = returns == "vrs"
        observed = np.column_stack([x, -y, c, *([np.ones(len(y))] if variable else [])])
        signs = np.eye(observed.shape[1])[: m + (2 if strong else 1)]
        return cls(np.vstack([observed, signs]), len(y), variable)


@dataclass(frozen=True)
class Corner:
    """An optimal corner.

    Attributes
    ----------
    value : float
        Least cost; minus infinity where a step without end lowers it.
    weights : (weights,) float
        At the corner, or at the last one before the step without end.
    intensities : (weights - 1,) float
        Multipliers of the binding rows, not negative where there is a least cost.
    binding : (weights - 1,) int
        Rows that hold the corner.
    """

    value: float
    weights: Floats
    intensities: Floats
    binding: Ints


class Walk:
    """The simplex method over the corners of one technology.

    Parameters
    ----------
    technology
    """

    def __init__(self, technology: Technology) -> None:
        self.technology = technology
        self.steps = 0
        self._seen: set[tuple[int, ...]] = set()
        self._weights = np.empty((0, technology.rows.shape[1]))
        self._bases = np.empty((0, technology.rows.shape[1] - 1), np.int64)

    def best(self, cost: Floats, scale: Floats) -> Corner:
        """Minimise ``cost @ weights`` over the technology with ``scale @ weights = 1``.

        Raises
        ------
        ProgrammeError
            Where the cost has no lower bound, or the units do not span the weights.
        """
        corner = self.descend(cost, scale, self._start(cost, scale))
        if not np.isfinite(corner.value):
            raise ProgrammeError("The distance has no lower bound: no mix of units reaches the direction.")
        key = tuple(sorted(map(int, corner.binding)))
        if key not in self._seen:
            self._seen.add(key)
            self._weights = np.vstack([self._weights, corner.weights])
            self._bases = np.vstack([self._bases, corner.binding])
        return corner

    def descend(self, cost: Floats, scale: Floats, basis: Ints, held: Ints | None = None) -> Corner:
        """Walk from a corner down to the least cost; rows `held` go on binding all the way."""
        rows = self.technology.rows
        size = rows.shape[1]
        fixed = np.isin(basis, held) if held is not None else np.zeros(size - 1, bool)
        still = 0
        for _ in range(_MOST_STEPS):
            try:
                inverse = np.linalg.inv(np.vstack([rows[basis], scale]))
            except np.linalg.LinAlgError:
                raise ProgrammeError("Units so alike that their corner cannot be told from a line.") from None
            multipliers = cost @ inverse
            zero = np.maximum(_ROUNDING, _OF_SUMS * (np.abs(cost) @ np.abs(inverse[:, :-1])))
            intensities = np.where(fixed | (np.abs(multipliers[:-1]) <= zero), 0.0, multipliers[:-1])
            leaving = int(np.argmin(intensities))
            if intensities[leaving] >= 0.0:
                return Corner(float(multipliers[-1]), inverse[:, -1], multipliers[:-1], basis)
            circling = still > size
            if circling:  # after steps without progress the lowest row goes first, which ends any circle
                below = np.flatnonzero(intensities < 0.0)
                leaving = int(below[np.argmin(basis[below])])
            entering, length = self._block(inverse[:, -1], inverse[:, leaving], basis, lowest=circling)
            if entering < 0:
                return Corner(-np.inf, inverse[:, -1], multipliers[:-1], basis)
            still = still + 1 if length <= _ROUNDING else 0
            basis = basis.copy()
            basis[leaving] = entering
            self.steps += 1
        raise ProgrammeError("The simplex method did not end within {most_steps} steps.", most_steps=_MOST_STEPS)

    def _block(self, weights: Floats, step: Floats, basis: Ints, *, lowest: bool = False) -> tuple[int, float]:
        """The first row met along a step, and how far it is; -1 where there is none."""
        rows = self.technology.rows
        change = rows @ step
        change[basis] = 0.0
        falling = np.flatnonzero(change < -1e-10 * max(1.0, float(np.abs(step).max())))
        if not len(falling):
            return -1, np.inf
        reach = np.maximum(rows[falling] @ weights, 0.0) / -change[falling]
        least = float(reach.min())
        tied = falling[reach <= least + 1e-12 * (1.0 + least)]
        if lowest:
            return int(tied.min()), least
        # Of rows met at once the steepest gives the best conditioned corner.
        return int(tied[np.argmin(change[tied])]), least

    def _start(self, cost: Floats, scale: Floats) -> Ints:
        """The best corner known so far for this unit, or a first one."""
        if len(self._weights):
            size = self._weights @ scale
            usable = size > 1e-9
            if usable.any():
                value = np.where(usable, (self._weights @ cost) / np.where(usable, size, 1.0), np.inf)
                return np.asarray(self._bases[int(np.argmin(value))], np.int64)
        return self._first(cost, scale)

    def _first(self, cost: Floats, scale: Floats) -> Ints:
        """Walk from inside the cone to a corner: down where possible, and stay on every row met."""
        rows, observed = self.technology.rows, self.technology.rows[: self.technology.units]
        size = rows.shape[1]
        inputs = size - (3 if self.technology.variable else 2)
        weights = np.zeros(size)
        weights[inputs : inputs + 2] = 1.0
        weights /= scale @ weights
        owing = -(observed[:, inputs:] @ weights[inputs:]) / observed[:, :inputs].sum(axis=1)
        weights[:inputs] = max(float(owing.max()), 0.0) + 1.0
        basis = np.empty(0, np.int64)
        while len(basis) < size - 1:
            held = np.vstack([rows[basis], scale])
            open_ = np.linalg.svd(held)[2][len(held) :]
            down = open_.T @ (open_ @ -cost)
            steps = [down] if np.abs(down).max() > 1e-10 else []
            steps += [sign * row for row in open_ for sign in (1.0, -1.0)]
            for step in steps:
                entering, length = self._block(weights, step, basis)
                if entering >= 0:
                    break
            else:
                raise ProgrammeError("The units do not differ enough: fewer different units than weights to be found.")
            weights = weights + length * step
            basis = np.append(basis, entering)
        return basis


@dataclass(frozen=True)
class Duals:
    """Distances and supporting prices of all units, in means of the data.

    Attributes
    ----------
    inefficiency : (units,) float
    low, high : (units,) float
        Least and greatest price q/u that supports the unit's projection; ``inf`` where u may be 0.
    steps : int
        Simplex steps in all.
    """

    inefficiency: Floats
    low: Floats
    high: Floats
    steps: int


def solve_duals(
    x: Floats,
    y: Floats,
    c: Floats,
    direction: Floats,
    returns: Returns = "vrs",
    *,
    strong: bool = False,
) -> Duals:
    """Solve the multiplier programme of every unit, and the range of prices where there are several.

    Parameters
    ----------
    x : (units, inputs) float
    y, c : (units,) float
        All in means of the data.
    direction : (2,) or (units, 2) float
        How much output rises and CO2 falls, for all units or for each.

    Raises
    ------
    ProgrammeError
        Where a programme has no solution.
    """
    walk = Walk(Technology.of(x, y, c, returns, strong))
    rows = walk.technology.rows
    n, m = x.shape
    along = np.broadcast_to(np.asarray(direction, np.float64), (n, 2))
    value, low, high = np.empty(n), np.empty(n), np.empty(n)
    for k in range(n):
        scale = np.zeros(rows.shape[1])
        scale[m : m + 2] = along[k]
        corner = walk.best(rows[k], scale)
        value[k] = corner.value
        if (corner.intensities > _POSITIVE).all() and corner.weights[m] > _ROUNDING:
            # Rows with a positive intensity bind in every optimal solution; here they leave only this one.
            low[k] = high[k] = corner.weights[m + 1] / corner.weights[m]
        else:
            low[k], high[k] = _range(walk, corner, m)
    return Duals(np.maximum(value, 0.0), low, high, walk.steps)


def _range(walk: Walk, corner: Corner, m: int) -> tuple[float, float]:
    """Least and greatest q/u over all optimal weights of a unit.

    They are the weights under which the rows with a positive intensity go on binding. First u is made as large
    as it gets, with all rows together adding up to 1, which keeps the weights bounded; then with u = 1 the walk
    goes to the least and the greatest q.
    """
    held = corner.binding[corner.intensities > _POSITIVE]
    by_output, by_co2 = np.eye(walk.technology.rows.shape[1])[m : m + 2]
    most = walk.descend(-by_output, walk.technology.rows.mean(axis=0), corner.binding, held)
    if most.weights[m] <= _ROUNDING:
        return np.inf, np.inf
    ends = [walk.descend(sign * by_co2, by_output, most.binding, held) for sign in (1.0, -1.0)]
    return ends[0].value, -ends[1].value
