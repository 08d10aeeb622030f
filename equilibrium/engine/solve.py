"""Safeguarded Newton for the mixed complementarity problem of a compiled model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine.admissible import check_parameters
from tanshi.equilibrium.engine.compile import Array, Compiled, Parameters, compile_model
from tanshi.equilibrium.engine.complementarity import Conditions, Rule, fischer_burmeister, projection
from tanshi.equilibrium.engine.eliminate import Elimination
from tanshi.equilibrium.engine.evaluate import Evaluator, State
from tanshi.equilibrium.engine.model import Model

LARGEST_LOG_STEP = 1.5
MOST_LEAPS = 4
FAST = 0.1  # a step that shrinks the residual to this part of it: the same factorisation serves once more
STEP_ITERATIONS = 25  # on a short step Newton is soon there or never
WALRAS = 1e-8  # largest relative imbalance of the numeraire's market, the one that is left out


class EquilibriumError(ValueError):
    """No equilibrium was found; the message names the worst equation.

    Attributes
    ----------
    equation : name of the equation with the largest residual.
    residual : its relative residual.
    """

    exit_code = 1

    def __init__(self, message: str, equation: str = "", residual: float = inf) -> None:
        super().__init__(message)
        self.equation, self.residual = equation, residual


class _Names(dict[str, float]):
    """A mapping from names to numbers that prints compactly."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{k}: {v:.6g}" for k, v in self.items()) + "}"


@dataclass(frozen=True)
class Solution:
    """An equilibrium with the evidence that it is one.

    Attributes
    ----------
    x : all variables, in the compiled model's order.
    residual : largest relative residual of the complementarity system.
    worst : name of the equation that has it.
    iterations : Newton iterations used.
    walras : relative imbalance of the numeraire's market, the one equation left out.
    """

    compiled: Compiled
    parameters: Parameters
    x: Array
    residual: float
    worst: str
    iterations: int
    walras: float
    evaluator: Evaluator
    state: State

    @property
    def level(self) -> dict[str, float]:
        """Activity levels by name."""
        return _Names(zip(self.compiled.activities, self.x[self.compiled.level_slice].tolist(), strict=True))

    @property
    def price(self) -> dict[str, float]:
        """Commodity prices by name."""
        return _Names(zip(self.compiled.commodities, self.x[self.compiled.price_slice].tolist(), strict=True))

    @property
    def income(self) -> dict[str, float]:
        """Consumers' incomes by name."""
        return _Names(zip(self.compiled.consumers, self.x[self.compiled.income_slice].tolist(), strict=True))

    @property
    def auxiliary(self) -> dict[str, float]:
        """Auxiliary variables by name."""
        return _Names(zip(self.compiled.auxiliaries, self.x[self.compiled.aux_slice].tolist(), strict=True))

    @property
    def real(self) -> dict[str, float]:
        """Consumers' real demand (welfare), 1 in the benchmark."""
        return _Names(zip(self.compiled.consumers, self.state.real.tolist(), strict=True))

    def unit(self, owner: str, leaf: str, side: str = "inputs") -> float:
        """Quantity of a leaf per unit of its activity or of real demand."""
        return float(self.state.quantity[self.compiled.leaf_at[(owner, side, leaf)]])

    def flow(self, owner: str, leaf: str, side: str = "inputs") -> float:
        """Quantity of a leaf at the solution."""
        return float(self.state.flow[self.compiled.leaf_at[(owner, side, leaf)]])

    def index(self, owner: str, node: str, side: str = "inputs") -> float:
        """Price index of a named nest, 1 in the benchmark."""
        c = self.compiled
        return float(np.exp(self.state.log_item[c.n_leaves + c.node_at[(owner, side, node)]]))

    def system_jacobian(self) -> Array:
        """Jacobian of the complementarity system at the solution, dense."""
        c = self.compiled
        at = _conditions(self.evaluator, self.state, fischer_burmeister)
        matrix = np.zeros((c.n, c.n))
        matrix.flat[c.structure] = _system(self.evaluator, self.state, at)
        return matrix

    @cached_property
    def solver(self) -> Callable[[Array], Array]:
        """Solver with the complementarity system's Jacobian at the solution (implicit function theorem)."""
        at = _conditions(self.evaluator, self.state, fischer_burmeister)
        return _elimination(self.compiled).factorise(_system(self.evaluator, self.state, at))


def complementarity_slopes(solution: Solution) -> tuple[NDArray[np.int64], Array, Array]:
    """Rows that are complementary to a variable, and the slopes of their conditions in variable and equation."""
    at = _conditions(solution.evaluator, solution.state, fischer_burmeister)
    return solution.compiled.paired_row, at.of_variable, at.of_equation


def _conditions(evaluator: Evaluator, state: State, rule: Rule) -> Conditions:
    c, p = evaluator.c, evaluator.p
    return rule(c.paired_row, c.paired_var, p.lower, p.upper, state.x, state.residual)


def _system(evaluator: Evaluator, state: State, at: Conditions) -> Array:
    """Values of the complementarity system's Jacobian at ``compiled.structure``."""
    c = evaluator.c
    data = evaluator.jacobian_data(state)
    if c.paired_row.size:
        data[c.paired_entry] *= at.of_equation.take(c.paired_entry_row)
        data[c.pair_entry] += at.of_variable
    return data


def _elimination(c: Compiled) -> Elimination:
    """The model's elimination, chosen once from its benchmark: what was solved before has no say in it."""
    if c.elimination is None:
        data = np.abs(Evaluator(c, c.default).jacobian_data(Evaluator(c, c.default).state(c.start)))
        largest = np.zeros(c.n)
        np.maximum.at(largest, c.structure_row, data)
        switched = c.pair[c.structure_row] >= 0  # a complementarity row may turn into a bound
        sound = (data >= 0.05 * largest[c.structure_row]) & (data > 0) & ~switched
        c.elimination = Elimination(c.structure_row, c.structure_col, c.n, sound)
    return c.elimination


def jacobian(evaluator: Evaluator, state: State) -> Array:
    """The Jacobian of the raw equations as a dense array, for checks."""
    c = evaluator.c
    matrix = np.zeros((c.n, c.n))
    matrix.flat[c.structure] = evaluator.jacobian_data(state)
    return matrix


def solve(
    model: Model | Compiled,
    parameters: Parameters | None = None,
    start: Array | None = None,
    *,
    tolerance: float = 1e-10,
    iterations: int = 60,
    near: Solution | None = None,
) -> Solution:
    """Solve for the equilibrium.

    Parameters
    ----------
    model : the model, or its compiled form (which many solves may share).
    parameters : numbers to use; the benchmark's when None.
    start : starting point, shape ``(n,)``; the benchmark when None.
    tolerance : largest relative residual accepted.
    iterations : Newton iterations allowed; 0 asks whether the start is an equilibrium.
    near : an equilibrium of the same compiled model that should lie close by: its factorised Jacobian is tried first.

    Raises
    ------
    ModelError
        for parameters without meaning; it names the account.
    EquilibriumError
        when no point meets the tolerance; it names the worst equation.
    """
    compiled = compile_model(model) if isinstance(model, Model) else model
    parameters = compiled.default if parameters is None else parameters
    check_parameters(compiled, parameters)
    evaluator = Evaluator(compiled, parameters)
    x = np.array(compiled.start if start is None else start, dtype=float)
    _clip_into_bounds(compiled, parameters, x)
    with np.errstate(all="ignore"):
        state = evaluator.state(x)
        if near is not None:
            at = _conditions(evaluator, state, fischer_burmeister)
            state, _ = _approach(evaluator, state, at, lambda b: near.solver(b), fischer_burmeister, tolerance)
        try:
            return _newton(evaluator, state, tolerance, iterations, fischer_burmeister)
        except EquilibriumError:
            if iterations == 0 or not compiled.bounded.any():
                raise
            try:
                return _newton(evaluator, state, tolerance, iterations, projection)
            except EquilibriumError:
                pass
            raise


def _clip_into_bounds(c: Compiled, p: Parameters, x: Array) -> None:
    held = c.paired_var
    x[held] = np.minimum(np.maximum(x.take(held), p.lower.take(held)), p.upper.take(held))


def _approach(
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
        new = _conditions(evaluator, candidate, rule)
        smaller = _size(new)
        if not smaller <= FAST * size:
            break
        state, at, size = candidate, new, smaller
    return state, at


def _size(at: Conditions) -> float:
    return float(np.abs(at.phi).max())


def _newton(evaluator: Evaluator, state: State, tolerance: float, iterations: int, rule: Rule) -> Solution:
    c = evaluator.c
    at = _conditions(evaluator, state, rule)
    history: list[float] = []
    for count in range(iterations + 1):
        phi, size = at.phi, _size(at)
        if size <= tolerance and abs(state.imbalance) <= WALRAS:
            return _solution(evaluator, state, phi, count)
        if count == iterations or not np.isfinite(size):
            break
        data = _system(evaluator, state, at)
        merit = float(phi @ phi)
        history.append(merit)
        if not np.isfinite(data).all():
            break
        solver: Callable[[Array], Array] | None = None
        step = np.full(c.n, np.nan)
        try:
            solver = _elimination(c).factorise(data)
            step = solver(-phi)
        except np.linalg.LinAlgError:
            pass
        if not np.isfinite(step).all():
            solver, step = None, _regularised_step(c, data, phi)
        ceiling = max(history[-5:])
        for share in _shares(c, state.x, step):
            trial = _move(c, evaluator.p, state.x, step, share)
            candidate = evaluator.state(trial)
            new = _conditions(evaluator, candidate, rule)
            new_merit = float(new.phi @ new.phi)
            if np.isfinite(new_merit) and new_merit <= (1 - 1e-4 * share) * ceiling:
                state, at = candidate, new
                break
        else:
            break
        if solver is not None and _size(at) <= FAST * size:
            state, at = _approach(evaluator, state, at, solver, rule, tolerance)
    phi = at.phi
    if float(np.abs(phi).max()) <= tolerance:  # where prices explode, small gaps elsewhere add up to a large one here
        name = c.equation_name(c.numeraire_row).replace("numeraire price", "market")
        raise EquilibriumError(
            f"no equilibrium found after {len(history)} Newton steps: all other equations hold, but the {name} is out "
            f"of balance by {float(abs(state.imbalance)):.3g}",
            name,
            float(abs(state.imbalance)),
        )
    worst = int(np.nanargmax(np.abs(phi))) if np.isfinite(phi).any() else 0
    raise EquilibriumError(
        f"no equilibrium found after {len(history)} Newton steps: worst is the {c.equation_name(worst)} "
        f"with relative residual {phi[worst]:.3g} (tolerance {tolerance:g})",
        c.equation_name(worst),
        float(abs(phi[worst])),
    )


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
    _clip_into_bounds(c, p, new)
    return new


def _regularised_step(c: Compiled, data: Array, phi: Array) -> Array:
    matrix = np.zeros((c.n, c.n))
    matrix.flat[c.structure] = data
    damping = 1e-8 * float(np.abs(matrix).max()) ** 2
    normal = matrix.T @ matrix
    normal.flat[c.diagonal] += damping
    return np.asarray(np.linalg.solve(normal, -(matrix.T @ phi)))


def _solution(evaluator: Evaluator, state: State, phi: Array, count: int) -> Solution:
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
    )


def solve_by_steps(
    compiled: Compiled,
    parameters: Parameters,
    *,
    origin: Parameters | None = None,
    start: Array | None = None,
    tolerance: float = 1e-10,
    smallest: float = 1 / 2048,
) -> Solution:
    """Solve a large shock by homotopy: adaptive steps from ``origin`` (the benchmark) to ``parameters``.

    Where the branch of equilibria ends the walk leaps ahead and goes on from where it lands.

    Raises
    ------
    EquilibriumError
        when even steps of ``smallest`` fail; the message says how far the path was walked.
    """
    origin = compiled.default if origin is None else origin
    try:
        return solve(compiled, parameters, start, tolerance=tolerance)
    except EquilibriumError as error:
        last = error
    done, step, leaps = 0.0, 0.25, 0
    x = compiled.start if start is None else start
    solution = solve(compiled, origin, x, tolerance=tolerance)
    while done < 1.0:
        target = min(1.0, done + step)
        try:
            here = origin.between(parameters, target)
            solution = solve(compiled, here, solution.x, tolerance=tolerance, iterations=STEP_ITERATIONS)
            done, step = target, step * 1.5
            continue
        except EquilibriumError as error:
            last, step = error, step / 2
        if step >= smallest:
            continue
        landed = _leap(compiled, origin, parameters, done, solution, tolerance) if leaps < MOST_LEAPS else None
        if landed is None:
            raise EquilibriumError(
                f"{last}; the path from the benchmark was walked to {done:.1%} of the shock",
                last.equation,
                last.residual,
            ) from last
        (done, solution), step, leaps = landed, 1 / 32, leaps + 1
    return solve(compiled, parameters, solution.x, tolerance=tolerance)


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
                return target, solve(compiled, p, start, tolerance=tolerance, iterations=STEP_ITERATIONS)
            except EquilibriumError:
                continue
    return None
