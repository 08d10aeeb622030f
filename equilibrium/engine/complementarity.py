"""The mixed complementarity problem as a system of equations, by one of two rules.

A variable between bounds is complementary to its row: the row is at least zero where the variable is at its lower
bound, at most zero at its upper one, and zero between them.  Where the bounds coincide the variable is fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, isfinite, nan, sqrt
from typing import Any, NamedTuple

import numpy as np

from tanshi.equilibrium.engine.structure import Array, Index
from tanshi.numerics.compiled import compiled, part


class Conditions(NamedTuple):
    """The system at one point.

    Attributes
    ----------
    phi
        By equation; zero in equilibrium.
    of_variable, of_equation
        Slopes of the paired rows in their variable and in their equation.
    size
        Of the largest element of ``phi``, NaN where one is.
    """

    phi: Array
    of_variable: Array
    of_equation: Array
    size: float


Rule = Callable[[Index, Index, Array, Array, Array, Array], Conditions]
"""Turns (paired rows, their variables, lower and upper bounds, x, residuals) into equations."""


@compiled
def _smooth_minimum(a: float, b: float) -> tuple[float, float, float]:
    """phi(a, b) = a + b - sqrt(a^2 + b^2), zero exactly where a >= 0, b >= 0, ab = 0; with its slopes."""
    root = hypot(a, b)
    if root == 0.0:
        corner = 1.0 - sqrt(0.5)
        return 0.0, corner, corner
    # without cancellation where both are positive
    value = 2.0 * a * b / (a + b + root) if a > 0.0 and b > 0.0 else a + b - root
    return value, 1.0 - a / root, 1.0 - b / root


@part
def size_of(phi: Any) -> float:
    """Of the largest element, NaN where one is."""
    size, numbers = 0.0, True
    for value in phi:
        size = max(size, abs(value))
        numbers &= value == value
    return size if numbers else nan


@part
def smooth(
    rows: Any, variables: Any, lower: Any, upper: Any, x: Any, f: Any, phi: Any, of_variable: Any, of_equation: Any
) -> None:
    """Smooth equations and their slopes, of real parts, in the last three."""
    for row in range(f.size):
        phi[row] = f[row]
    for k in range(rows.size):
        at, value, slope_x, slope_f = variables[k], f[rows[k]].real, 0.0, 1.0
        here, least, most = x[at].real, lower[at].real, upper[at].real
        if least == most:
            value, slope_x, slope_f = here - least, 1.0, 0.0
        else:
            if isfinite(most):
                value, slope_x, slope_f = _smooth_minimum(most - here, -value)
                value = -value
            if isfinite(least):
                value, a, b = _smooth_minimum(here - least, value)
                slope_x, slope_f = a + b * slope_x, b * slope_f
        phi[rows[k]], of_variable[k], of_equation[k] = value, slope_x, slope_f


@compiled
def fischer_burmeister(rows: Index, variables: Index, lower: Array, upper: Array, x: Array, f: Array) -> Conditions:
    """Smooth equations (Fischer and Burmeister's function, at both bounds where there are two).

    A state holds them already.
    """
    phi, of_variable, of_equation = np.empty(f.size), np.empty(rows.size), np.empty(rows.size)
    smooth(rows, variables, lower, upper, x, f, phi, of_variable, of_equation)
    return Conditions(phi, of_variable, of_equation, size_of(phi))


@compiled
def projection(rows: Index, variables: Index, lower: Array, upper: Array, x: Array, f: Array) -> Conditions:
    """``x`` less the projection of ``x - f`` on its bounds: piecewise linear, an active set.

    Its merit has other stationary points than the smooth equation's: where one stalls the other often passes.
    """
    phi, of_variable, of_equation = f.copy(), np.zeros(rows.size), np.ones(rows.size)
    for k in range(rows.size):
        row, at = rows[k], variables[k]
        bound = f[row]
        if x[at] - f[row] <= lower[at]:
            bound = x[at] - lower[at]
        elif x[at] - f[row] >= upper[at]:
            bound = x[at] - upper[at]
        else:
            continue
        phi[row], of_variable[k], of_equation[k] = bound, 1.0, 0.0
    return Conditions(phi, of_variable, of_equation, size_of(phi))
