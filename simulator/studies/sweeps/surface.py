"""A response surface of one output: what a sample says of each parameter once the others are held fixed.

A sum of orthonormal terms on the unit cube, fitted by least squares: Legendre's polynomials of first and second degree
of each number, contrasts of each list, and products of two parameters' first terms. Since the terms are orthonormal,
each coefficient's square is a share of the variance (polynomial chaos), less what noise alone would give it. The mean
of the output at the ends of a range, the others averaged out, is the tornado: means over the points of a sample mislead
where the design moves several parameters together.

References
----------
Sudret, B. (2008): Global sensitivity analysis using polynomial chaos expansions. Reliability Engineering and System
Safety 93.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SPARE = 1.3
"""Points for each term that a fit must have at least."""
FIFTH = 0.2
"""Part of the range at each end whose mean the tornado shows."""
TRUSTED = 0.8
"""Part of the variance of points left out that a surface must predict before shares are read off it."""


@dataclass(frozen=True)
class Term:
    """A product of basis functions: (parameter, number of its function) for one parameter or two."""

    of: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Surface:
    """A fitted surface.

    Parameters
    ----------
    choices
        Number of values of each parameter's list, 0 for numbers.
    terms
        Beside the constant.
    coefficients
        Of 1 and the terms.
    errors
        Their standard errors.
    explained
        Part of the variance it predicts for points left out one at a time; may be negative.
    """

    choices: tuple[int, ...]
    terms: tuple[Term, ...]
    coefficients: Array
    errors: Array
    explained: float

    def __call__(self, unit: Array) -> Array:
        """The surface at (points, parameters)."""
        return np.asarray(_columns(unit, self.terms, self.choices) @ self.coefficients, dtype=np.float64)

    def shares(self) -> tuple[Array, Array]:
        """First-order and total share of the variance by parameter, each (parameters,).

        Noise in the coefficients is taken off, so that a parameter without effect has none on average.
        """
        size = len(self.choices)
        first, total = np.zeros(size), np.zeros(size)
        squares = np.maximum(self.coefficients[1:] ** 2 - self.errors[1:] ** 2, 0.0)
        for term, square in zip(self.terms, squares, strict=True):
            owners = {parameter for parameter, _ in term.of}
            for owner in owners:
                total[owner] += square
                first[owner] += square if len(owners) == 1 else 0.0
        variance = float(squares.sum())
        return (first / variance, total / variance) if variance > 0 else (first, total)

    def ends(self, parameter: int) -> tuple[float, float]:
        """Mean of the output in the lowest and in the highest fifth of one range, or at a list's ends.

        All other parameters are averaged out.
        """
        count = self.choices[parameter]
        grid = (np.arange(20) + 0.5) / 20 * FIFTH
        low, high = (np.array([0.0]), np.array([1.0])) if count else (grid, 1.0 - grid)
        return tuple(self._alone(parameter, u) for u in (low, high))  # type: ignore[return-value]

    def choice_means(self, parameter: int) -> Array:
        """Mean of the output at each value of a list, the others averaged out."""
        count = self.choices[parameter]
        return np.array([self._alone(parameter, np.array([(n + 0.5) / count])) for n in range(count)])

    def _alone(self, parameter: int, u: Array) -> float:
        unit = np.zeros((len(u), len(self.choices)))
        unit[:, parameter] = u
        mean = np.full(len(u), self.coefficients[0])
        for term, coefficient in zip(self.terms, self.coefficients[1:], strict=True):
            if all(owner == parameter for owner, _ in term.of):
                mean = mean + coefficient * _columns(unit, [term], self.choices)[:, 1]
        return float(mean.mean())


def fit(unit: Array, outcome: Array, choices: Sequence[int] | None = None) -> Surface | None:
    """Fit the richest surface that the points allow; None where they do not allow even a plane.

    Parameters
    ----------
    unit
        (points, parameters), in [0, 1].
    choices
        Number of values of each parameter's list, 0 (the default) for numbers.
    """
    kinds = tuple(choices) if choices is not None else (0,) * unit.shape[1]
    found = [
        surface
        for terms in _candidates(kinds)
        if len(unit) >= SPARE * (len(terms) + 1) and (surface := _fit(unit, outcome, terms, kinds)) is not None
    ]
    return max(found, key=lambda surface: surface.explained, default=None)


def _candidates(choices: tuple[int, ...]) -> Iterator[tuple[Term, ...]]:
    """Sets of terms, the richest first: with products, curved, and a plane."""
    own = [[(i, n) for n in range(count - 1 if count else 2)] for i, count in enumerate(choices)]
    curved = [Term((one,)) for functions in own for one in functions]
    first = [functions if choices[i] else functions[:1] for i, functions in enumerate(own)]
    products = [Term((a, b)) for one, other in combinations(first, 2) for a in one for b in other]
    plane = [Term((one,)) for functions in first for one in functions]
    yield (*curved, *products)
    yield tuple(curved)
    yield tuple(plane)


def _fit(unit: Array, outcome: Array, terms: Sequence[Term], choices: tuple[int, ...]) -> Surface | None:
    columns = _columns(unit, terms, choices)
    coefficients, _, rank, _ = np.linalg.lstsq(columns, outcome, rcond=None)
    if rank < columns.shape[1]:
        return None
    q, r = np.linalg.qr(columns)
    leverage = np.clip((q**2).sum(axis=1), 0.0, 1.0 - 1e-9)
    residual = outcome - columns @ coefficients
    inverse = np.linalg.inv(r)
    noise = float((residual**2).sum()) / max(len(outcome) - columns.shape[1], 1)
    errors = np.sqrt(noise * (inverse**2).sum(axis=1))
    total = float(((outcome - outcome.mean()) ** 2).sum())
    left_out = float(((residual / (1.0 - leverage)) ** 2).sum())
    explained = 1.0 - left_out / total if total > 0 else 0.0
    return Surface(choices, tuple(terms), np.asarray(coefficients, dtype=np.float64), errors, explained)


def _columns(unit: Array, terms: Sequence[Term], choices: Sequence[int]) -> Array:
    made: dict[tuple[int, int], Array] = {}

    def basis(parameter: int, number: int) -> Array:
        key = (parameter, number)
        if key not in made:
            made[key] = _basis(unit[:, parameter], number, choices[parameter])
        return made[key]

    columns = [np.ones(len(unit))]
    for term in terms:
        column = np.ones(len(unit))
        for parameter, number in term.of:
            column = column * basis(parameter, number)
        columns.append(column)
    return np.column_stack(columns)


def _basis(u: Array, number: int, count: int) -> Array:
    """The numbered orthonormal function of one parameter: Legendre's on [0, 1], or Helmert's contrast of a list."""
    if not count:
        x = 2.0 * u - 1.0
        return np.asarray(np.sqrt(3.0) * x if number == 0 else np.sqrt(5.0) * (1.5 * x**2 - 0.5), dtype=np.float64)
    chosen = np.minimum((u * count).astype(np.int64), count - 1)
    contrast = np.zeros(count)
    contrast[: number + 1], contrast[number + 1] = 1.0, -(number + 1.0)
    contrast *= np.sqrt(count / (contrast**2).sum())
    return contrast[chosen]
