"""What the targets of a calibration say about its parameters, from the derivatives at the point found.

Scaled as in the least squares: a singular value of 1 means that moving the parameters by half a range along its
direction moves the targets by one tolerance.  Below that the targets are silent about the direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Array = NDArray[np.float64]

SILENT = 1.0
"""Singular values below this determine nothing within the ranges."""
MENTIONED = 0.3
"""Smallest weight of a parameter in a direction that is worth naming."""


@dataclass(frozen=True)
class Identifiability:
    """Singular values and directions of the scaled derivatives.

    Attributes
    ----------
    values
        All singular values, largest first, padded with zeros to the number of parameters.
    directions
        Shape ``(parameters, parameters)``, one a row; each parameter's weight.
    determined
        Share of each parameter, 0 to 1, that lies in directions which the targets determine.
    """

    values: Array
    directions: Array
    determined: Array

    @property
    def rank(self) -> int:
        """Directions that the targets determine."""
        return int((self.values > SILENT).sum())

    def weak(self, names: Sequence[str]) -> list[str]:
        """The silent directions in words, such as ``0.71 a - 0.71 b``."""
        return [describe(self.directions[k], names) for k in range(self.rank, len(self.values))]


def identifiability(scaled: Array) -> Identifiability:
    """Analyse scaled derivatives, shape ``(targets, parameters)``.

    Examples
    --------
    Two parameters that do the same are one direction that matters and one that does not:

    >>> found = identifiability(np.array([[5.0, 5.0], [3.0, 3.0]]))
    >>> found.rank, found.weak(["a", "b"])
    (1, ['0.71 a - 0.71 b'])
    """
    n = scaled.shape[1]
    _, values, directions = np.linalg.svd(scaled, full_matrices=True)
    values = np.concatenate([values, np.zeros(max(0, n - values.size))])[:n]
    # A direction has no sign of its own: let its largest weight be positive.
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(n), largest])[:, None]
    determined = (directions[values > SILENT] ** 2).sum(axis=0)
    return Identifiability(values, directions, determined)


def describe(direction: Array, names: Sequence[str]) -> str:
    """A direction as a sum of its larger weights."""
    order = np.argsort(-np.abs(direction), kind="stable")
    parts = [k for k in order if abs(direction[k]) >= MENTIONED] or [int(order[0])]
    words = [f"{'-' if direction[k] < 0 else '+'} {abs(direction[k]):.2f} {names[k]}" for k in parts]
    return " ".join(words).removeprefix("+ ")


def profile(scaled: Array, distance: Array, low: Array, high: Array) -> Array:
    """How far each parameter can go while all others adjust and every target stays within its tolerance.

    By the derivatives at the point found: two linear programmes a parameter.

    Parameters
    ----------
    scaled
        (targets, parameters), derivatives of distances to moves.
    distance
        (targets,), distances at the point, in tolerances.
    low, high
        (parameters,), how far each may move from the point.

    Returns
    -------
    (parameters, 2), lowest and highest move; NaN where the targets are not met to begin with and cannot be.
    """
    limit = np.maximum(1.0, np.abs(distance))  # of a target that is missed, it must not get worse
    above, below = limit - distance, limit + distance
    rows, right = np.vstack([scaled, -scaled]), np.concatenate([above, below])
    out = np.full((scaled.shape[1], 2), np.nan)
    for j in range(scaled.shape[1]):
        cost = np.zeros(scaled.shape[1])
        for end, sign in enumerate((1.0, -1.0)):
            cost[j] = sign
            found = linprog(cost, A_ub=rows, b_ub=right, bounds=list(zip(low, high, strict=True)), method="highs")
            if found.x is not None:
                out[j, end] = found.x[j]
    return out
