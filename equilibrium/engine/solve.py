"""From a model to its equilibrium: several starts and rules, each a safeguarded Newton; homotopy for what is far."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from tanshi.equilibrium.engine.admissible import check_search, check_share, numbers_of, point_of
from tanshi.equilibrium.engine.compile import compile_model
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.complementarity import Rule, fischer_burmeister, projection
from tanshi.equilibrium.engine.diagnose import broke, on_the_edge, undetermined
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.engine.model import Model
from tanshi.equilibrium.engine.newton import approach, clip_into_bounds, newton
from tanshi.equilibrium.engine.released import counted_in_incomes, honouring, with_corners
from tanshi.equilibrium.engine.solution import EquilibriumError, Solution, conditions, elimination, system
from tanshi.equilibrium.engine.specific import apart, put_right, specific
from tanshi.equilibrium.engine.starts import rivals_turned, scattered
from tanshi.equilibrium.engine.structure import Array, Parameters
from tanshi.errors import Message, row_of, said
from tanshi.numerics.threads import one_thread

MOST_LEAPS = 4
STEP_ITERATIONS = 25  # on a short step Newton is soon there or never
WEAKEST = 1e-12  # a pivot smaller than this part of the largest: is some unknown undetermined?
NEARLY = 100.0  # a pivot smaller than so many residuals may be nothing but the distance to the solution
WORTHLESS = 1e-9  # of the dearest price


class UndeterminedWarning(UserWarning):
    """An equilibrium in which some levels or prices can move without any equation noticing."""


def solve(
    model: Model | Compiled,
    parameters: Parameters | None = None,
    start: Array | None = None,
    *,
    tolerance: float = 1e-10,
    iterations: int = 60,
    near: Solution | None = None,
    corners: bool = True,
) -> Solution:
    """Solve for the equilibrium.

    Parameters
    ----------
    model
        The model, or its compiled form (which many solves may share).
    parameters
        Numbers to use; the benchmark's when None.
    start
        Starting point, shape ``(n,)``; the benchmark when None.
    tolerance
        Largest relative residual accepted.
    iterations
        Newton iterations allowed; 0 asks whether the start is an equilibrium.
    near
        An equilibrium of the same compiled model that should lie close by: its factorised Jacobian is tried first.
    corners
        Where no equilibrium is found in which every activity runs and every good has a price, look for one in
        which activities shut down and goods are free, declared so or not.

    Raises
    ------
    ModelError
        for parameters or a start without meaning; it names the account.
    EquilibriumError
        when no point meets the tolerance; it names the worst equation, or the consumer with less than nothing to spend.
    """
    compiled = compile_model(model) if not isinstance(model, Compiled) else model
    with one_thread():
        return _told(_solved(compiled, parameters, start, tolerance, iterations, near, corners))


def _solved(
    compiled: Compiled,
    parameters: Parameters | None,
    start: Array | None,
    tolerance: float,
    iterations: int = 60,
    near: Solution | None = None,
    corners: bool = False,
) -> Solution:
    """What ``solve`` finds, without a word on what can move in it: an equilibrium on the way, perhaps."""
    check_search(compiled, tolerance, iterations, near)
    parameters = numbers_of(compiled, compiled.default if parameters is None else parameters)
    x = point_of(compiled, start)
    compiled = honouring(compiled, parameters)
    with np.errstate(all="ignore"):
        solution = _found(compiled, parameters, x, tolerance, iterations, near, corners)
        return _accepted(solution, near is None or near.compiled is not compiled)


def _found(
    c: Compiled, p: Parameters, x: Array, tolerance: float, iterations: int, near: Solution | None, corners: bool
) -> Solution:
    """The first that succeeds of the ways to look for an equilibrium; the first one's failure where none does."""
    evaluator = Evaluator(c, p)
    try:
        return _newton_from(evaluator, x, tolerance, iterations, fischer_burmeister, near, own=iterations > 0)
    except EquilibriumError as error:
        if iterations == 0 or error.final or not np.isfinite(x).all():
            raise
        first = error
    for attempt in _other_ways(c, p, x, tolerance, iterations, corners):
        try:
            return attempt()
        except EquilibriumError as error:
            first = error if error.worthless else first
    raise first


def _newton_from(
    evaluator: Evaluator,
    x: Array,
    tolerance: float,
    iterations: int,
    rule: Rule,
    near: Solution | None = None,
    own: bool = False,
    rents: bool = False,
) -> Solution:
    x = np.array(x, dtype=float)
    if x.shape == evaluator.c.start.shape:
        clip_into_bounds(evaluator.c, evaluator.p, x)
    state = evaluator.state(x)
    at = conditions(evaluator, state, rule)
    if near is not None:
        state, at = approach(evaluator, state, at, lambda b: near.solver(b), rule, tolerance)
    if own and (plant := apart(evaluator.c, state.x, at)).size:
        state = put_right(evaluator, state, plant)
    return newton(evaluator, state, tolerance, iterations, rule, rents)


def _other_ways(
    c: Compiled, p: Parameters, x: Array, tolerance: float, iterations: int, corners: bool
) -> Iterator[Callable[[], Solution]]:
    """Ways to look again where the first failed, the cheaper ones first."""
    evaluator = Evaluator(c, p)
    if specific(c).leaf.size:
        yield partial(_newton_from, evaluator, x, tolerance, iterations, fischer_burmeister)
    if c.bounded.any():
        yield partial(_newton_from, evaluator, x, tolerance, iterations, projection)
    if specific(c).leaf.size:
        yield partial(_newton_from, evaluator, x, tolerance, iterations, fischer_burmeister, rents=True)
    if not corners:
        return
    for prices in (False, True):
        wider = with_corners(c, prices)
        if wider is c:
            continue
        there = Evaluator(wider, p)
        for rule in (fischer_burmeister, projection):
            yield partial(_newton_from, there, x, tolerance, iterations, rule)
    yield partial(_in_incomes, c, p, x, tolerance, iterations)
    c = with_corners(c, False)
    for point in (*rivals_turned(c, x), *scattered(c, x)):
        for rule in (fischer_burmeister, projection):
            yield partial(_newton_from, Evaluator(c, p), point, tolerance, iterations, rule)


def _in_incomes(c: Compiled, p: Parameters, x: Array, tolerance: float, iterations: int) -> Solution:
    """The equilibrium counted in the income of the richest consumer, told in the numeraire again.

    The market of the numeraire is the one that is left out. Where it is worth next to nothing the others may nearly
    clear while it does not, and Newton runs away along them.
    """
    other = counted_in_incomes(c)
    if other is c:
        raise EquilibriumError("the numeraire is an income already")
    found = _solved(other, p, x, tolerance, iterations, corners=True)
    worth = float(found.x[c.numeraire_row])
    if worth < WORTHLESS * float(found.x[c.price_slice].max()):
        name = c.model.numeraire
        raise EquilibriumError(
            Message(
                "no equilibrium in units of '{name}': there is more of it than anybody needs, and it is worth nothing. "
                "Name another commodity, or a consumer, as numeraire",
                name=name,
            ),
            c.equation_name(c.numeraire_row),
            worthless=True,
        )
    there = found.x.copy()
    for part in (c.price_slice, c.income_slice):
        there[part] *= c.numeraire_price / worth
    return _newton_from(Evaluator(with_corners(c, True), p), there, tolerance, iterations, projection)


def _accepted(solution: Solution, look: bool) -> Solution:
    """The solution once nobody in it spends less than nothing and its auxiliaries are determined.

    ``look`` : whether a solution that took no step of its own is examined for what is undetermined.
    """
    c = solution.compiled
    poor = broke(c, solution.state)
    if poor:
        raise EquilibriumError(Message("no equilibrium: {poor}", poor=poor), poor, 0.0)
    weakest = solution.weakest
    if look and not weakest > NEARLY * solution.apart:  # singular here, perhaps, but not where it was factorised
        try:
            weakest = solution.solver.weakest
        except np.linalg.LinAlgError:
            weakest = 0.0
    loose: tuple[str, ...] = ()
    limit = max(WEAKEST, NEARLY * solution.residual) if look else WEAKEST
    if not (weakest > limit or np.isnan(weakest)):
        loose = undetermined(solution)
    elif look and (edge := on_the_edge(solution)) is not None:
        data = system(solution.evaluator, solution.state, edge)
        try:
            weakest = elimination(c).factorise(data).weakest
        except np.linalg.LinAlgError:
            weakest = 0.0
        loose = () if weakest > WEAKEST else undetermined(solution, edge)
    if not loose:
        return solution
    free = [name for name in loose if name.startswith("auxiliary")]
    tied = {name.split(" ")[0] for name in loose}  # activities that earn the same at the same prices share the market
    if free and not ("level" in tied and "price" not in tied):
        told = Message("nothing determines the {name}: it can move without any equation noticing", name=free[0])
        if len(loose) > 1:
            told = Message(
                "nothing determines the {name}: it can move without any equation noticing, together with the {others}",
                name=free[0],
                others=row_of([n for n in loose[:5] if n != free[0]]),
            )
        raise EquilibriumError(told, free[0], solution.residual)
    return replace(solution, undetermined=loose)


def _told(solution: Solution) -> Solution:
    """The solution, with a warning where it is one of many."""
    loose = solution.undetermined
    if loose:
        warnings.warn(
            said(
                Message(
                    "this equilibrium is one of many: {unknowns} can move together without any equation noticing",
                    unknowns=row_of([*loose[:6], *(["..."] if len(loose) > 6 else [])]),
                )
            ),
            UndeterminedWarning,
            stacklevel=3,
        )
    return solution


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
        return _told(_by_steps(compiled, parameters, origin, start, tolerance, smallest, corners))


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
        return _solved(compiled, parameters, start, tolerance)
    except EquilibriumError as error:
        if error.final:
            raise
    try:
        return _walked(compiled, parameters, origin, start, tolerance, smallest)
    except EquilibriumError as error:
        if not corners:
            raise
        try:
            return _solved(compiled, parameters, start, tolerance, corners=True)
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
        solution = _solved(compiled, origin, x, tolerance)
    except EquilibriumError:
        origin = _owning_what_is_used(compiled, origin, x)
        solution = _solved(compiled, origin, x, tolerance)
    while done < 1.0:
        target = min(1.0, done + step)
        try:
            here = origin.between(parameters, target)
            solution = _solved(compiled, here, solution.x, tolerance, STEP_ITERATIONS)
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
    return _solved(compiled, parameters, solution.x, tolerance)


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
                return target, _solved(compiled, p, start, tolerance, STEP_ITERATIONS)
            except EquilibriumError:
                continue
    return None
