"""Safeguarded Newton for the mixed complementarity problem: one start, one rule, an equilibrium or a named failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.complementarity import Conditions, Rule
from tanshi.equilibrium.engine.diagnose import failure
from tanshi.equilibrium.engine.eliminate import Factor
from tanshi.equilibrium.engine.evaluate import Evaluator, State
from tanshi.equilibrium.engine.solution import Solution, conditions, elimination
from tanshi.equilibrium.engine.specific import apart, put_right, rents_of_markets
from tanshi.equilibrium.engine.structure import Array, Index, Parameters
from tanshi.numerics.compiled import compiled, part

LARGEST_LOG_STEP = 1.5
FAST = 0.1  # a step that shrinks the residual to this part of it: the same factorisation serves once more
CREEPING = 1e-2  # relative residual above which plant of its own is looked at once more after a step
WALRAS = 1e-8  # largest relative imbalance of the numeraire's market, the one that is left out


def clip_into_bounds(c: Compiled, p: Parameters, x: Array) -> None:
    """Move every bounded variable into its bounds, in place."""
    held = c.paired_var
    x[held] = np.minimum(np.maximum(x.take(held), p.lower.take(held)), p.upper.take(held))


@part
def _clip(x: Array, held: Index, lower: Array, upper: Array) -> None:
    """Nothing becomes of what is not a number."""
    for i in held:
        if x[i] < lower[i]:
            x[i] = lower[i]
        if x[i] > upper[i]:
            x[i] = upper[i]


@compiled
def _moved(
    x: Array, step: Array, share: float, grown: Array, logarithmic: Index, held: Index, lower: Array, upper: Array
) -> Array:
    """The point a share of a step on; some variables grow by a factor instead; all within bounds."""
    new = np.empty(x.size)
    for i in range(x.size):
        new[i] = x[i] + share * step[i]
    for k in range(grown.size):
        new[logarithmic[k]] = x[logarithmic[k]] * grown[k]
    _clip(new, held, lower, upper)
    return new


def approach(
    evaluator: Evaluator,
    state: State,
    at: Conditions,
    solver: Callable[[Array], Array],
    rule: Rule,
    tolerance: float,
) -> tuple[State, Conditions]:
    """Simplified Newton: steps with a factorisation at hand while each makes the residual ten times smaller."""
    size = at.size
    while size > tolerance:
        candidate = evaluator.state(_move(evaluator.c, evaluator.p, state.x, solver(-at.phi), 1.0))
        new = conditions(evaluator, candidate, rule)
        smaller = new.size
        if not smaller <= FAST * size:
            break
        state, at, size = candidate, new, smaller
    return state, at


def newton(
    evaluator: Evaluator, state: State, tolerance: float, iterations: int, rule: Rule, rents: bool = False
) -> Solution:
    """Newton from ``state`` under one rule of complementarity, with a line search that may pass over small hills.

    Parameters
    ----------
    rents
        After each step, rents of plant that runs for next to nothing are told by their own markets.

    Raises
    ------
    EquilibriumError
        where the steps allowed do not end in an equilibrium.
    """
    c = evaluator.c
    at = conditions(evaluator, state, rule)
    history: list[float] = []
    last: Factor | None = None
    apart = 0.0  # residual of the point that was factorised last
    for count in range(iterations + 1):
        phi, size = at.phi, at.size
        if size <= tolerance and abs(state.imbalance) <= WALRAS:
            weakest = np.nan if not history else 0.0 if last is None else last.weakest
            return _solution(evaluator, state, at, count, weakest, apart)
        if count == iterations or not isfinite(size):
            break
        data, finite = evaluator.system(state, at.of_variable, at.of_equation)
        merit = float(phi @ phi)
        history.append(merit)
        if not finite:
            break
        solver: Factor | None = None
        try:
            solver = elimination(c).factorise(data)
            step = solver(-phi)
        except np.linalg.LinAlgError:
            solver = None
        if solver is None or not np.isfinite(step).all():
            solver, step = None, _regularised_step(c, data, phi)
        last, apart = solver, size
        ceiling = max(history[-5:])
        for share in _shares(c, state.x, step):
            trial = _move(c, evaluator.p, state.x, step, share)
            candidate = evaluator.state(trial)
            new = conditions(evaluator, candidate, rule)
            new_merit = float(new.phi @ new.phi)
            if isfinite(new_merit) and new_merit <= (1 - 1e-4 * share) * ceiling:
                state, at = candidate, new
                break
        else:
            break
        if solver is not None and at.size <= FAST * size:
            state, at = approach(evaluator, state, at, solver, rule, tolerance)
        if at.size > (CREEPING if share >= 1.0 else tolerance):
            state, at = _with_own_plant(evaluator, state, at, rule)
        if rents and at.size > tolerance:
            state, at = _closer(evaluator, state, at, rents_of_markets(evaluator, state), rule)
    raise failure(evaluator, state, at.phi, len(history), tolerance)


def _with_own_plant(evaluator: Evaluator, state: State, at: Conditions, rule: Rule) -> tuple[State, Conditions]:
    """The state with plant of its own put right, where that brings it closer to an equilibrium."""
    plant = apart(evaluator.c, state.x, at)
    if not plant.size:
        return state, at
    return _closer(evaluator, state, at, put_right(evaluator, state, plant), rule)


def _closer(evaluator: Evaluator, state: State, at: Conditions, there: State, rule: Rule) -> tuple[State, Conditions]:
    """The other state where that is closer to an equilibrium."""
    new = conditions(evaluator, there, rule)
    return (there, new) if float(new.phi @ new.phi) < float(at.phi @ at.phi) else (state, at)


def _shares(c: Compiled, x: Array, step: Array) -> Iterator[float]:
    largest = float(np.abs(step.take(c.logarithmic) / x.take(c.logarithmic)).max(initial=0.0))
    share = min(1.0, LARGEST_LOG_STEP / largest) if largest > 0 else 1.0
    for _ in range(14):
        yield share
        share /= 2


def _move(c: Compiled, p: Parameters, x: Array, step: Array, share: float) -> Array:
    mine = c.logarithmic
    grown = step.take(mine)
    grown *= share
    grown /= x.take(mine)
    np.exp(grown, grown)
    return _moved(x, step, share, grown, mine, c.paired_var, p.lower, p.upper)


def _regularised_step(c: Compiled, data: Array, phi: Array) -> Array:
    matrix = np.zeros((c.n, c.n))
    matrix.flat[c.structure] = data
    damping = 1e-8 * float(np.abs(matrix).max()) ** 2
    normal = matrix.T @ matrix
    normal.flat[c.diagonal] += damping
    return np.asarray(np.linalg.solve(normal, -(matrix.T @ phi)))


def _solution(evaluator: Evaluator, state: State, at: Conditions, count: int, weakest: float, apart: float) -> Solution:
    c = evaluator.c
    return Solution(
        compiled=c,
        parameters=evaluator.p,
        x=state.x,
        residual=at.size,
        row=int(np.abs(at.phi).argmax()),
        iterations=count,
        walras=float(abs(state.imbalance)),
        evaluator=evaluator,
        state=state,
        weakest=weakest,
        apart=apart,
    )
