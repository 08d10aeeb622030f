"""Homotopy: a large shock in steps, from an equilibrium that is known to one that is too far for Newton's method."""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine.admissible import check_share, numbers_of, point_of
from tanshi.equilibrium.engine.compile import compile_model
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.engine.model import Model
from tanshi.equilibrium.engine.solution import EquilibriumError, Solution
from tanshi.equilibrium.engine.solve import solve_quietly, with_warning
from tanshi.equilibrium.engine.structure import Array, Parameters
from tanshi.errors import Message
from tanshi.numerics.threads import one_thread

MOST_LEAPS = 4
STEP_ITERATIONS = 25  # on a short step Newton is soon there or never


def solve_by_steps(
    compiled: Model | Compiled,
    parameters: Parameters,
    *,
    origin: Parameters | None = None,
    start: Array | None = None,
    tolerance: float = 1e-10,
    smallest: float = 1 / 2048,
    corners: bool = True,
) -> Solution:
    """Solve a large shock by homotopy: adaptive steps from ``origin`` (the benchmark) to ``parameters``.

    Where the branch of equilibria ends the walk leaps ahead and goes on from where it lands. ``corners`` as in
    ``solve``.

    Raises
    ------
    ModelError
        for parameters, an origin, a start or a smallest step without meaning.
    EquilibriumError
        when even steps of ``smallest`` fail; the message says how far the path was walked.
    """
    compiled = compile_model(compiled) if not isinstance(compiled, Compiled) else compiled
    parameters = numbers_of(compiled, parameters)
    origin = compiled.default if origin is None else numbers_of(compiled, origin)
    check_share(smallest)
    with one_thread():
        return with_warning(_by_steps(compiled, parameters, origin, start, tolerance, smallest, corners))


def _by_steps(
    compiled: Compiled,
    parameters: Parameters,
    origin: Parameters,
    start: Array | None,
    tolerance: float,
    smallest: float,
    corners: bool,
) -> Solution:
    """At once where Newton's method arrives, by homotopy where not, and last with what may stand still."""
    try:
        return solve_quietly(compiled, parameters, start, tolerance)
    except EquilibriumError as error:
        if error.final:
            raise
    try:
        return _walked(compiled, parameters, origin, start, tolerance, smallest)
    except EquilibriumError as error:
        if not corners:
            raise
        try:
            return solve_quietly(compiled, parameters, start, tolerance, corners=True)
        except EquilibriumError as other:
            raise (other if other.worthless else error) from None


def _walked(
    compiled: Compiled,
    parameters: Parameters,
    origin: Parameters,
    start: Array | None,
    tolerance: float,
    smallest: float,
) -> Solution:
    """The equilibrium at the end of the path from ``origin``."""
    done, step, leaps = 0.0, 0.25, 0
    x = point_of(compiled, start)
    try:
        solution = solve_quietly(compiled, origin, x, tolerance)
    except EquilibriumError:
        origin = _owning_what_is_used(compiled, origin, x)
        solution = solve_quietly(compiled, origin, x, tolerance)
    while done < 1.0:
        target = min(1.0, done + step)
        try:
            here = origin.between(parameters, target)
            solution = solve_quietly(compiled, here, solution.x, tolerance, STEP_ITERATIONS)
            done, step = target, step * 1.5
            continue
        except EquilibriumError as error:
            last, step = error, step / 2
        if step >= smallest:
            continue
        landed = _leap(compiled, origin, parameters, done, solution, tolerance) if leaps < MOST_LEAPS else None
        if landed is None:
            raise EquilibriumError(
                Message(
                    "{last}; the path from the benchmark was walked to {done:.1%} of the shock", last=last, done=done
                ),
                last.equation,
                last.residual,
            ) from last
        (done, solution), step, leaps = landed, 1 / 32, leaps + 1
    return solve_quietly(compiled, parameters, solution.x, tolerance)


def _owning_what_is_used(c: Compiled, p: Parameters, x: Array) -> Parameters:
    """Parameters whose endowments are what the start uses: a place to begin for a model written with other ones."""
    with np.errstate(all="ignore"):
        state = Evaluator(c, p).state(x)
    left = state.residual * c.scale
    left[c.numeraire_row] = float(np.real(state.imbalance)) * c.numeraire_size
    plain = c.endow_aux_var < 0
    owned = np.zeros(c.n)
    np.add.at(owned, c.endow_price_var[plain], p.endowment[plain])
    share = np.where(owned > np.abs(left), 1.0 - left / np.where(owned > 0, owned, 1.0), 1.0)
    q = p.copy()
    q.endowment[plain] *= share[c.endow_price_var[plain]]
    return q


def _leap(
    compiled: Compiled, origin: Parameters, parameters: Parameters, done: float, here: Solution, tolerance: float
) -> tuple[float, Solution] | None:
    """An equilibrium beyond the point where a branch of equilibria ends or turns back, with how far it lies."""
    for length in (1 / 64, 1 / 8, 1.0):
        target = min(1.0, done + length)
        p = origin.between(parameters, target)
        ceiling = here.x.copy()
        held = compiled.bounded & np.isfinite(p.upper)
        ceiling[held] = p.upper[held]
        for start in (here.x, compiled.start, ceiling):
            try:
                return target, solve_quietly(compiled, p, start, tolerance, STEP_ITERATIONS)
            except EquilibriumError:
                continue
    return None
