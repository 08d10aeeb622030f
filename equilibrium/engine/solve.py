"""From a model to its equilibrium: several starts and rules, each a safeguarded Newton."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from tanshi.equilibrium.engine.admissible import check_search, numbers_of, point_of
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
        return with_warning(solve_quietly(compiled, parameters, start, tolerance, iterations, near, corners))


def solve_quietly(
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
    found = solve_quietly(other, p, x, tolerance, iterations, corners=True)
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


def with_warning(solution: Solution) -> Solution:
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
