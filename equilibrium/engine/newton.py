"""Safeguarded Newton for the mixed complementarity problem: one start, one rule, an equilibrium or a named failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.complementarity import Conditions, Rule
from tanshi.equilibrium.engine.diagnose import failure
from tanshi.equilibrium.engine.eliminate import Factor
from tanshi.equilibrium.engine.evaluate import Evaluator, State
from tanshi.equilibrium.engine.solution import Solution, conditions, elimination, system
from tanshi.equilibrium.engine.specific import apart, put_right, rents_of_markets
from tanshi.equilibrium.engine.structure import Array, Parameters

LARGEST_LOG_STEP = 1.5
FAST = 0.1  # a step that shrinks the residual to this part of it: the same factorisation serves once more
CREEPING = 1e-2  # relative residual above which plant of its own is looked at once more after a step
WALRAS = 1e-8  # largest relative imbalance of the numeraire's market, the one that is left out


def clip_into_bounds(c: Compiled, p: Parameters, x: Array) -> None:
    """Move every bounded variable into its bounds, in place."""
    held = c.paired_var
    x[held] = np.minimum(np.maximum(x.take(held), p.lower.take(held)), p.upper.take(held))


def approach(
    evaluator: Evaluator,
    state: State,
    at: Conditions,
    solver: Callable[[Array], Array],
    rule: Rule,
    tolerance: float,
) -> tuple[State, Conditions]:
    """Simplified Newton: steps with a factorisation at hand while each makes the residual ten times smaller."""
    size = _size(at)
    while size > tolerance:
        candidate = evaluator.state(_move(evaluator.c, evaluator.p, state.x, solver(-at.phi), 1.0))
        new = conditions(evaluator, candidate, rule)
        smaller = _size(new)
        if not smaller <= FAST * size:
            break
        state, at, size = candidate, new, smaller
    return state, at


def _size(at: Conditions) -> float:
    return float(np.abs(at.phi).max())


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
        phi, size = at.phi, _size(at)
        if size <= tolerance and abs(state.imbalance) <= WALRAS:
            weakest = np.nan if not history else 0.0 if last is None else last.weakest
            return _solution(evaluator, state, phi, count, weakest, apart)
        if count == iterations or not np.isfinite(size):
            break
        data = system(evaluator, state, at)
        merit = float(phi @ phi)
        history.append(merit)
        if not np.isfinite(data).all():
            break
        solver: Factor | None = None
        step = np.full(c.n, np.nan)
        with suppress(np.linalg.LinAlgError):
            solver = elimination(c).factorise(data)
            step = solver(-phi)
        if not np.isfinite(step).all():
            solver, step = None, _regularised_step(c, data, phi)
        last, apart = solver, size
        ceiling = max(history[-5:])
        for share in _shares(c, state.x, step):
            trial = _move(c, evaluator.p, state.x, step, share)
            candidate = evaluator.state(trial)
            new = conditions(evaluator, candidate, rule)
            new_merit = float(new.phi @ new.phi)
            if np.isfinite(new_merit) and new_merit <= (1 - 1e-4 * share) * ceiling:
                state, at = candidate, new
                break
        else:
            break
        if solver is not None and _size(at) <= FAST * size:
            state, at = approach(evaluator, state, at, solver, rule, tolerance)
        if _size(at) > (CREEPING if share >= 1.0 else tolerance):
            state, at = _with_own_plant(evaluator, state, at, rule)
        if rents and _size(at) > tolerance:
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
    new = x + share * step
    mine = c.logarithmic
    at = x.take(mine)
    new[mine] = at * np.exp(share * step.take(mine) / at)
    clip_into_bounds(c, p, new)
    return new


def _regularised_step(c: Compiled, data: Array, phi: Array) -> Array:
    matrix = np.zeros((c.n, c.n))
    matrix.flat[c.structure] = data
    damping = 1e-8 * float(np.abs(matrix).max()) ** 2
    normal = matrix.T @ matrix
    normal.flat[c.diagonal] += damping
    return np.asarray(np.linalg.solve(normal, -(matrix.T @ phi)))


def _solution(evaluator: Evaluator, state: State, phi: Array, count: int, weakest: float, apart: float) -> Solution:
    c = evaluator.c
    worst = int(np.argmax(np.abs(phi)))
    return Solution(
        compiled=c,
        parameters=evaluator.p,
        x=state.x,
        residual=float(np.abs(phi).max()),
        worst=c.equation_name(worst),
        iterations=count,
        walras=float(abs(state.imbalance)),
        evaluator=evaluator,
        state=state,
        weakest=weakest,
        apart=apart,
    )
