"""Least squares of a calibration: bounded, on the path first, then corrected on full runs.

Everything is in units that compare: a parameter in half widths of its range from its start, a target's distance in its
tolerance.  Minimised is the sum of squares of the distances and, with a small weight, of the parameters' moves.

References
----------
Branch, M. A., Coleman, T. F. and Li, Y. (1999): A subspace, interior, and conjugate gradient method for large-scale
bound-constrained minimization problems. SIAM Journal on Scientific Computing 21, 1-23 (`scipy.optimize.least_squares`).
Broyden, C. G. (1965): A class of methods for solving nonlinear simultaneous equations. Mathematics of Computation 19.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, lsq_linear

from tanshi.scenarios.targets_load import Task
from tanshi.simulator.studies.calibration.models import CalibrationFailed, PathModel, RunModel

Array = NDArray[np.float64]
Note = Callable[[str, Array], None]

CLOSE = 0.1
"""The correction ends where every distance is below this part of its tolerance."""
MOST_CORRECTIONS = 8
ENOUGH = 1e-3
"""A step that lowers the sum of squares by less is the last."""


@dataclass(frozen=True)
class Scaling:
    """Between the calibration's own units and those of the least squares."""

    start: Array
    half: Array
    low: Array
    high: Array
    value: Array
    weight: Array
    pull: float

    @staticmethod
    def of(task: Task) -> Scaling:
        """The scaling of a calibration's parameters and targets."""
        ranges = np.array([f.draw.uniform for f in task.factors], dtype=float)
        targets = list(task.spec.targets.values())
        value = np.array([t.value for t in targets])
        size = np.where(value != 0.0, np.abs(value), 1.0)
        return Scaling(
            start=np.array(task.starts),
            half=(ranges[:, 1] - ranges[:, 0]) / 2,
            low=ranges[:, 0],
            high=ranges[:, 1],
            value=value,
            weight=1.0 / (np.array([t.tolerance for t in targets]) * size),
            pull=task.spec.pull,
        )

    def distance(self, values: Array) -> Array:
        """Distance of every target in its tolerance; below 1 in size it is met."""
        return np.asarray((values - self.value) * self.weight)

    def move(self, theta: Array) -> Array:
        """Parameters in half widths of their ranges from their starts."""
        return np.asarray((theta - self.start) / self.half)

    def scaled(self, jacobian: Array, free: Sequence[int]) -> Array:
        """Derivatives of distances to moves."""
        return np.asarray(jacobian * self.weight[:, None] * self.half[list(free)])

    def within(self, theta: Array) -> Array:
        """The nearest point inside all ranges."""
        return np.asarray(np.clip(theta, self.low, self.high))


def fit_path(
    model: PathModel, scaling: Scaling, free: Sequence[int], begin: Array, note: Note, precision: float = 1e-6
) -> Array:
    """Meet the targets that the equilibrium-only path knows.

    Parameters
    ----------
    begin
        Where the search begins; those not free stay there.
    precision
        Relative change of the sum of squares at which it ends.

    Returns
    -------
    theta : shape ``(parameters,)``.

    Raises
    ------
    CalibrationFailed
        Where the path has no solution at the start.
    """
    columns = list(free)
    known = np.isfinite(model.opening())
    if not known.any():  # nothing but variables of the firms' market
        return begin.copy()

    def theta_of(u: Array) -> Array:
        theta = begin.copy()
        theta[columns] = scaling.start[columns] + u * scaling.half[columns]
        return scaling.within(theta)

    def distances(u: Array) -> Array:
        values = model.values(theta_of(u))
        r = scaling.distance(values)[known]
        if np.isfinite(r).all():
            note("path", values)
        return np.concatenate([r, scaling.pull * u])

    def slopes(u: Array) -> Array:
        jacobian, _ = model.jacobian(theta_of(u), columns)
        rows = scaling.scaled(jacobian, columns)[known]
        return np.vstack([rows, scaling.pull * np.eye(len(columns))])

    bounds = (scaling.move(scaling.low)[columns], scaling.move(scaling.high)[columns])
    first = np.clip(scaling.move(begin)[columns], *bounds)
    found = least_squares(distances, first, slopes, bounds, "trf", ftol=precision, xtol=1e-6, gtol=1e-6, max_nfev=30)
    return theta_of(found.x)


def correct(
    model: RunModel, scaling: Scaling, free: Sequence[int], theta: Array, jacobian: Array, note: Note
) -> tuple[Array, Array]:
    """Gauss-Newton on full runs from the path's point: its derivatives at first, Broyden's updates after.

    Where a step does not help, and for variables that the path does not know, derivatives come from differences of
    full runs.

    Parameters
    ----------
    jacobian
        The path's derivatives at ``theta``, shape ``(targets, len(free))``.

    Returns
    -------
    theta : the best point found; values : its targets.

    Raises
    ------
    CalibrationFailed
        Where the runs fail at the path's point.
    """
    columns = list(free)
    values = model.values([theta])[0]
    if not np.isfinite(values).all():
        raise CalibrationFailed("the runs with firms fail where the search begins: {failed}", failed=model.failed)
    note("runs", values)
    fresh = not np.isfinite(jacobian).all()
    if fresh:
        jacobian = model.jacobian(theta, values, columns)
    for _ in range(MOST_CORRECTIONS):
        if np.abs(scaling.distance(values)).max() <= CLOSE or not np.isfinite(jacobian).all():
            break
        better = _step(model, scaling, columns, theta, values, jacobian, note)
        if better is None:
            if fresh:
                break
            jacobian, fresh = model.jacobian(theta, values, columns), True
            continue
        new, new_values = better
        moved = (new - theta)[columns]
        missed = new_values - values - jacobian @ moved
        size = moved / scaling.half[columns]
        jacobian = jacobian + np.outer(missed, size / scaling.half[columns] / float(size @ size))
        slow = _cost(scaling, columns, theta, values) - _cost(scaling, columns, new, new_values) < ENOUGH
        theta, values = new, new_values
        if slow and fresh:
            break
    return theta, values


def _cost(scaling: Scaling, columns: list[int], theta: Array, values: Array) -> float:
    pulled = scaling.pull * scaling.move(theta)[columns]
    return float((scaling.distance(values) ** 2).sum() + pulled @ pulled)


def _step(
    model: RunModel,
    scaling: Scaling,
    columns: list[int],
    theta: Array,
    values: Array,
    jacobian: Array,
    note: Note,
) -> tuple[Array, Array] | None:
    """One bounded Gauss-Newton step, halved until it helps; None where it does not."""
    u = scaling.move(theta)[columns]
    rows = np.vstack([scaling.scaled(jacobian, columns), scaling.pull * np.eye(len(columns))])
    right = -np.concatenate([scaling.distance(values), scaling.pull * u])
    low, high = scaling.move(scaling.low)[columns] - u, scaling.move(scaling.high)[columns] - u
    step = lsq_linear(rows, right, bounds=(np.minimum(low, -1e-12), np.maximum(high, 1e-12)), tol=1e-12).x
    cost = _cost(scaling, columns, theta, values)
    for share in (1.0, 0.5, 0.25):
        new = theta.copy()
        new[columns] += share * step * scaling.half[columns]
        new = scaling.within(new)
        if np.abs(scaling.move(new - theta + scaling.start)).max() < 1e-6:
            return None
        new_values = model.values([new])[0]
        new_cost = _cost(scaling, columns, new, new_values)
        if np.isfinite(new_cost) and new_cost < cost:
            note("runs", new_values)
            return new, new_values
    return None
