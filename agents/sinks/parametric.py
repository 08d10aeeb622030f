"""The quadratic directional output distance function, fitted by one linear programme.

    D(x, y, c) = a0 + a'x + b1 y + g1 c + x'A x / 2 + b2 y^2 / 2 + g2 c^2 / 2 + d'x y + n'x c + m y c

in means of the data. The coefficients make the sum of all units' distances least, subject to the properties
asked for. Equations (translation) are taken out beforehand, so that the programme holds only what is free.

Rows are generated: the programme is solved with a part of the units' constraints, those it violates are
added, and so on until none is. The last solution then solves the whole programme. Its coefficients are the
exact solution of the rows that bind, not the solver's rounded one.

References
----------
Aigner, D. J. and Chu, S. F. (1968): On estimating the industry production function. American Economic Review
58(4): 826-839.
Färe, R., Grosskopf, S., Noh, D.-W. and Weber, W. (2005): Characteristics of a polluting technology: theory
and practice. Journal of Econometrics 126(2): 469-492.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from scipy.optimize import linprog

from tanshi.agents.sinks.errors import ProgrammeError
from tanshi.errors import Message, either
from tanshi.market.orders import Floats, Ints, Mask

#: A constraint counts as violated, and a distance as positive, beyond this, in means of the data.
TOLERANCE = 1e-9
OUTPUTS: tuple[Literal["y", "c"], ...] = ("y", "c")
_FIRST_ROWS, _MOST_ROUNDS, _MOST_ADDED = 400, 60, 300


@dataclass(frozen=True)
class Properties:
    """What the distance function is asked to obey.

    Parameters
    ----------
    translation : bool
        Moving a unit along the direction lowers its distance by as much, everywhere (the definition of a
        directional distance function). Without it only at the mean of the data, which fixes the scale; such a
        function is for comparison.
    monotone_outputs : bool
        At every unit the distance does not rise with output and does not fall with CO2.
    monotone_inputs : bool
        At every unit the distance does not fall with any input.
    null_joint : bool
        Output without CO2 is not feasible: D(x, y, 0) <= 0 at every unit. (The literature asks for less than
        0; a linear programme knows no strict inequality.)
    """

    translation: bool = True
    monotone_outputs: bool = True
    monotone_inputs: bool = True
    null_joint: bool = False


@dataclass(frozen=True)
class QuadraticDistance:
    """A fitted function.

    Attributes
    ----------
    coefficients : (terms,) float
        In the order of `terms`.
    inputs : int
        Number of inputs.
    free : (terms, k) float
        Directions in which the coefficients can move without any change in the programme's objective; no
        column where the solution is unique.
    rounds : int
        Programmes solved until no row was violated.
    """

    coefficients: Floats
    inputs: int
    free: Floats
    rounds: int

    def value(self, x: Floats, y: Floats, c: Floats) -> Floats:
        """Distance at each unit."""
        return _terms(x, y, c) @ self.coefficients

    def slopes(self, x: Floats, y: Floats, c: Floats) -> tuple[Floats, Floats]:
        """Derivatives to output and to CO2 at each unit."""
        return slope_terms(x, y, c, "y") @ self.coefficients, slope_terms(x, y, c, "c") @ self.coefficients

    def named(self) -> dict[str, float]:
        """Coefficients by the name of their term."""
        return dict(zip(terms(self.inputs), map(float, self.coefficients), strict=True))


def terms(inputs: int) -> list[str]:
    """Names of the function's terms for a number of inputs.

    Examples
    --------
    >>> terms(1)
    ['1', 'x1', 'y', 'c', 'x1*x1', 'x1*y', 'x1*c', 'y*y', 'y*c', 'c*c']
    """
    first = [*(f"x{k + 1}" for k in range(inputs)), "y", "c"]
    return ["1", *first, *(f"{one}*{two}" for one, two in combinations_with_replacement(first, 2))]


def _terms(x: Floats, y: Floats, c: Floats) -> Floats:
    z = np.column_stack([x, y, c])
    pairs = combinations_with_replacement(range(z.shape[1]), 2)
    second = [z[:, i] * z[:, j] * (0.5 if i == j else 1.0) for i, j in pairs]
    return np.column_stack([np.ones(len(z)), z, *second])


def _by(variable: int, x: Floats, y: Floats, c: Floats) -> Floats:
    """Derivatives of all terms to one variable: inputs, then output, then CO2."""
    z = np.column_stack([x, y, c])
    nothing = np.zeros(len(z))
    first = [np.full(len(z), float(k == variable)) for k in range(z.shape[1])]
    second = []
    for i, j in combinations_with_replacement(range(z.shape[1]), 2):
        second.append(z[:, j] if i == variable else z[:, i] if j == variable else nothing)
    return np.column_stack([nothing, *first, *second])


def slope_terms(x: Floats, y: Floats, c: Floats, of: Literal["y", "c"]) -> Floats:
    """Derivative of each term to output or CO2, a row per unit."""
    return _by(x.shape[1] + (of == "c"), x, y, c)


def fit(
    x: Floats,
    y: Floats,
    c: Floats,
    direction: tuple[float, float] = (1.0, 1.0),
    properties: Properties | None = None,
) -> QuadraticDistance:
    """Fit the function to units given in means of the data.

    Parameters
    ----------
    x : (units, inputs) float
    y, c : (units,) float
    direction
        How much output rises and CO2 falls, both not negative and one greater than 0.

    Raises
    ------
    ProgrammeError
        Where no function has all the properties asked for; says which of them stand in each other's way.
    """
    asked = properties or Properties()
    try:
        return _fit(x, y, c, direction, asked)
    except ProgrammeError as error:
        raise ProgrammeError(
            "{error}. {diagnose}.", error=error, diagnose=_diagnose(x, y, c, direction, asked)
        ) from None


def _fit(x: Floats, y: Floats, c: Floats, direction: tuple[float, float], asked: Properties) -> QuadraticDistance:
    particular, basis = _solve_equations(x, y, c, direction, asked.translation)
    rows, bounds = _constraints(x, y, c, asked)
    least = bounds - rows @ particular
    rows = rows @ basis
    goal = _terms(x, y, c).mean(axis=0) @ basis
    scale = np.maximum(np.abs(rows).max(axis=1), 1e-12)
    rows, least = rows / scale[:, None], least / scale
    chosen = np.zeros(len(rows), bool)
    chosen[:: max(1, len(rows) // _FIRST_ROWS)] = True
    rounds = 0
    while True:
        rounds += 1
        which = np.flatnonzero(chosen)
        found = linprog(
            goal, A_ub=-rows[which], b_ub=-least[which], bounds=(None, None), method="highs-ds",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )  # fmt: skip
        if found.status == 3 and not chosen.all():
            _add(chosen, np.flatnonzero(~chosen), 4 * len(which))
            continue
        if found.status != 0:
            raise ProgrammeError("The quadratic distance function cannot be fitted ({why})", why=_why(found.status))
        solution, weights = _polish(rows[which], least[which], np.asarray(found.x), -found.ineqlin.marginals)
        short = least - rows @ solution
        missing = np.flatnonzero((short > TOLERANCE) & ~chosen)
        if not len(missing) or rounds == _MOST_ROUNDS:
            break
        _add(chosen, missing[np.argsort(-short[missing], kind="stable")], _MOST_ADDED)
    if len(missing):
        raise ProgrammeError("The quadratic distance function cannot be fitted (rows never came to an end)")
    free = _free(goal, rows, least, solution, rows[which], weights)
    return QuadraticDistance(particular + basis @ solution, x.shape[1], basis @ free, rounds)


def _add(chosen: Mask, candidates: Ints, number: int) -> None:
    step = max(1, len(candidates) // max(number, 1)) if number > _MOST_ADDED else 1
    chosen[candidates[::step][:number]] = True


def _why(status: int) -> str:
    if status == 2:
        return Message("no function has all the properties")
    if status == 3:
        return Message("its distances have no lower bound")
    return Message("the solver stopped with status {status}", status=status)


def _solve_equations(
    x: Floats, y: Floats, c: Floats, direction: tuple[float, float], translation: bool
) -> tuple[Floats, Floats]:
    """One solution of the translation equations and a basis of all changes that keep them."""
    names = terms(x.shape[1])
    along, against = direction
    if translation:
        # The derivative along the direction, -1 everywhere: its constant, and its slope in each variable.
        variables = [*(f"x{k + 1}" for k in range(x.shape[1])), "y", "c"]
        left = np.zeros((1 + len(variables), len(names)))
        left[0, names.index("y")], left[0, names.index("c")] = along, -against
        for row, name in enumerate(variables, start=1):
            for other, step in (("y", along), ("c", -against)):
                term = f"{name}*{other}" if f"{name}*{other}" in names else f"{other}*{name}"
                left[row, names.index(term)] += step
    else:
        one = np.ones((1, 1))
        at_mean = (x.mean(axis=0, keepdims=True), y.mean() * one[0], c.mean() * one[0])
        left = along * slope_terms(*at_mean, "y") - against * slope_terms(*at_mean, "c")
    right = np.zeros(len(left))
    right[0] = -1.0
    particular = np.linalg.lstsq(left, right, rcond=None)[0]
    *_, rotation = np.linalg.svd(left)
    return particular.astype(np.float64), rotation[len(left) :].T.astype(np.float64)


def _constraints(x: Floats, y: Floats, c: Floats, asked: Properties) -> tuple[Floats, Floats]:
    """Rows and their lower bounds, unit by unit within each property."""
    blocks = [_terms(x, y, c)]
    if asked.monotone_outputs:
        blocks += [-slope_terms(x, y, c, "y"), slope_terms(x, y, c, "c")]
    if asked.monotone_inputs:
        blocks += [_by(k, x, y, c) for k in range(x.shape[1])]
    if asked.null_joint:
        blocks.append(-_terms(x, y, np.zeros_like(c)))
    # Interleaved, so that any stride through the rows meets every property and unit.
    rows = np.stack(blocks, axis=1).reshape(-1, blocks[0].shape[1])
    return rows, np.zeros(len(rows))


def _polish(rows: Floats, least: Floats, solution: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Solve the binding rows exactly; keep the solver's answer where that is no better."""
    weights = np.maximum(weights, 0.0)
    slack = rows @ solution - least
    binding = np.flatnonzero((weights > 1e-9) | (slack < 1e-8))
    exact = solution + np.linalg.lstsq(rows[binding], least[binding] - rows[binding] @ solution, rcond=1e-11)[0]
    worst = max(float(np.max(least - rows @ exact, initial=0.0)), 0.0)
    better = worst <= max(1e-10, -float(slack.min()))
    return (exact if better else solution).astype(np.float64), weights


def _free(goal: Floats, rows: Floats, least: Floats, solution: Floats, held: Floats, weights: Floats) -> Floats:
    """Directions along which the optimum has an extent; the columns are orthonormal.

    Rows with a positive weight bind in every optimal solution. Where they fix all coefficients there is one
    solution; else each direction they leave open is followed to both ends over the rows near binding.
    """
    strict = held[weights > 1e-9 * max(1.0, float(weights.max(initial=0.0)))]
    fixed = np.vstack([strict, goal[None, :]])
    _, sizes, rotation = np.linalg.svd(fixed)
    rank = int((sizes > 1e-9 * sizes[0]).sum())
    if rank == len(solution):
        return np.empty((len(solution), 0))
    open_ = rotation[rank:].T
    moved = rows @ open_
    slack = np.maximum(rows @ solution - least, 0.0)
    kept = []
    for k in range(open_.shape[1]):
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(open_.shape[1])
            aim[k] = sign
            end = linprog(aim, A_ub=-moved, b_ub=slack, bounds=(-1e3, 1e3), method="highs-ds")
            ends.append(float(np.asarray(end.x)[k]) if end.status == 0 else 0.0)
        if ends[1] - ends[0] > 1e-6:
            kept.append(k)
    return open_[:, kept]


def _diagnose(x: Floats, y: Floats, c: Floats, direction: tuple[float, float], asked: Properties) -> str:
    """Say which single property must go for the programme to have a solution."""
    helps = []
    for field in fields(asked):
        if field.name == "translation" or not getattr(asked, field.name):
            continue
        try:
            _fit(x, y, c, direction, replace(asked, **{field.name: False}))
        except ProgrammeError:
            continue
        helps.append(field.name)
    if not helps:
        return Message("Giving up a single property does not help: check the units and the direction")
    return Message("It has a solution without {properties}", properties=either(helps))
