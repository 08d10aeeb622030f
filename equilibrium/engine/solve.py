"""Safeguarded Newton for the mixed complementarity problem of a compiled model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

from equilibrium.engine.compile import Array, Compiled, Parameters, compile_model
from equilibrium.engine.evaluate import Evaluator, State
from equilibrium.engine.model import Model

DENSE_UP_TO = 400  # unknowns; above it the sparse factorisation is faster
LARGEST_LOG_STEP = 1.5


class EquilibriumError(ValueError):
    """No equilibrium was found; the message names the worst equation.

    Attributes
    ----------
    equation : name of the equation with the largest residual.
    residual : its relative residual.
    """

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

    def factorised(self) -> Callable[[Array], Array]:
        """Solve with the Jacobian of the complementarity system at the solution (implicit function theorem)."""
        phi, data, extra = _system(self.evaluator, self.state)
        del phi
        return _factorise(self.compiled, data, extra)


def _system(evaluator: Evaluator, state: State) -> tuple[Array, Array, Array]:
    """Complementarity residual, scaled Jacobian data and the diagonal-like extra on paired variables."""
    c, p = evaluator.c, evaluator.p
    f = state.residual
    data = evaluator.jacobian_data(state)
    rows = np.flatnonzero(c.pair >= 0)
    extra = np.zeros(c.n)  # added at (row, pair[row])
    phi = f.copy()
    if rows.size:
        var = c.pair[rows]
        value, slope_x, slope_f = _complementarity(state.x[var], p.lower[var], p.upper[var], f[rows])
        phi[rows] = value
        extra[rows] = slope_x
        factor = np.ones(c.n)
        factor[rows] = slope_f
        data = data * factor[c.structure_row]
    return phi, data, extra


def _fischer_burmeister(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """phi(a, b) = a + b - sqrt(a^2 + b^2), zero exactly where a >= 0, b >= 0, ab = 0; with its slopes."""
    root = np.hypot(a, b)
    safe = np.where(root > 0, root, 1.0)
    corner = 1.0 - np.sqrt(0.5)
    # a + b - root without cancellation where both are positive
    value = np.where((a > 0) & (b > 0), 2 * a * b / np.where(a + b + root > 0, a + b + root, 1.0), a + b - root)
    return value, np.where(root > 0, 1 - a / safe, corner), np.where(root > 0, 1 - b / safe, corner)


def _complementarity(x: Array, lower: Array, upper: Array, f: Array) -> tuple[Array, Array, Array]:
    """Reformulation of lower <= x <= upper with f >= 0 at the lower and f <= 0 at the upper bound.

    Where the bounds coincide the variable is fixed.  Returns value and slopes with respect to x and f.
    """
    fixed = lower == upper
    has_lower, has_upper = np.isfinite(lower) & ~fixed, np.isfinite(upper) & ~fixed
    value, slope_x, slope_f = f.copy(), np.zeros_like(f), np.ones_like(f)
    gap_up = np.where(has_upper, upper - x, 1.0)
    v, a, b = _fischer_burmeister(gap_up, -f)
    value = np.where(has_upper, -v, value)
    slope_x = np.where(has_upper, a, slope_x)
    slope_f = np.where(has_upper, b, slope_f)
    gap_low = np.where(has_lower, x - lower, 1.0)
    v, a, b = _fischer_burmeister(gap_low, value)
    slope_x = np.where(has_lower, a + b * slope_x, slope_x)
    slope_f = np.where(has_lower, b * slope_f, slope_f)
    value = np.where(has_lower, v, value)
    value = np.where(fixed, x - lower, value)
    return value, np.where(fixed, 1.0, slope_x), np.where(fixed, 0.0, slope_f)


def _factorise(c: Compiled, data: Array, extra: Array) -> Callable[[Array], Array]:
    rows = np.flatnonzero(extra)
    if c.n <= DENSE_UP_TO:
        matrix = np.zeros((c.n, c.n))
        matrix.flat[c.structure] = data
        matrix[rows, c.pair[rows]] += extra[rows]
        lu, pivots, info = linalg.lapack.dgetrf(matrix, overwrite_a=True)
        if info != 0:
            raise np.linalg.LinAlgError(str(info - 1))
        return lambda b: np.asarray(linalg.lapack.dgetrs(lu, pivots, b)[0])
    jacobian = sparse.csc_array((data, (c.structure_row, c.structure_col)), shape=(c.n, c.n))
    if rows.size:
        jacobian = (jacobian + sparse.csc_array((extra[rows], (rows, c.pair[rows])), shape=(c.n, c.n))).tocsc()
    try:
        factor = sparse_linalg.splu(jacobian)
    except RuntimeError as error:
        raise np.linalg.LinAlgError(str(error)) from error
    return lambda b: np.asarray(factor.solve(b))


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
) -> Solution:
    """Solve for the equilibrium.

    Parameters
    ----------
    model : the model, or its compiled form (which many solves may share).
    parameters : numbers to use; the benchmark's when None.
    start : starting point, shape ``(n,)``; the benchmark when None.
    tolerance : largest relative residual accepted.
    iterations : Newton iterations allowed; 0 asks whether the start is an equilibrium.

    Raises
    ------
    EquilibriumError
        when no point meets the tolerance; it names the worst equation.
    """
    compiled = compile_model(model) if isinstance(model, Model) else model
    parameters = compiled.default if parameters is None else parameters
    evaluator = Evaluator(compiled, parameters)
    x = np.array(compiled.start if start is None else start, dtype=float)
    _clip_into_bounds(compiled, parameters, x)
    with np.errstate(all="ignore"):
        return _newton(evaluator, x, tolerance, iterations)


def _clip_into_bounds(c: Compiled, p: Parameters, x: Array) -> None:
    b = c.bounded
    x[b] = np.clip(x[b], p.lower[b], p.upper[b])


def _newton(evaluator: Evaluator, x: Array, tolerance: float, iterations: int) -> Solution:
    c = evaluator.c
    state = evaluator.state(x)
    history: list[float] = []
    for count in range(iterations + 1):
        phi, data, extra = _system(evaluator, state)
        size = float(np.abs(phi).max())
        if size <= tolerance:
            return _solution(evaluator, state, phi, count)
        if count == iterations or not np.isfinite(size):
            break
        merit = float(phi @ phi)
        history.append(merit)
        if not np.isfinite(data).all():
            break
        try:
            step = _factorise(c, data, extra)(-phi)
        except np.linalg.LinAlgError:
            step = np.full(c.n, np.nan)
        if not np.isfinite(step).all():
            step = _regularised_step(c, data, extra, phi)
        ceiling = max(history[-5:])
        for share in _shares(c, state.x, step):
            trial = _move(c, evaluator.p, state.x, step, share)
            candidate = evaluator.state(trial)
            new_phi = _phi(evaluator, candidate)
            new_merit = float(new_phi @ new_phi)
            if np.isfinite(new_merit) and new_merit <= (1 - 1e-4 * share) * ceiling:
                state = candidate
                break
        else:
            break
    phi = _phi(evaluator, state)
    worst = int(np.nanargmax(np.abs(phi))) if np.isfinite(phi).any() else 0
    raise EquilibriumError(
        f"no equilibrium found after {len(history)} Newton steps: worst is the {c.equation_name(worst)} "
        f"with relative residual {phi[worst]:.3g} (tolerance {tolerance:g})",
        c.equation_name(worst),
        float(abs(phi[worst])),
    )


def _phi(evaluator: Evaluator, state: State) -> Array:
    c, p = evaluator.c, evaluator.p
    phi: NDArray[np.float64] = state.residual.copy()
    rows = np.flatnonzero(c.pair >= 0)
    if rows.size:
        var = c.pair[rows]
        phi[rows] = _complementarity(state.x[var], p.lower[var], p.upper[var], phi[rows])[0]
    return phi


def _shares(c: Compiled, x: Array, step: Array) -> Iterator[float]:
    largest = float(np.max(np.abs(step[c.positive] / x[c.positive]), initial=0.0))
    share = min(1.0, LARGEST_LOG_STEP / largest) if largest > 0 else 1.0
    for _ in range(14):
        yield share
        share /= 2


def _move(c: Compiled, p: Parameters, x: Array, step: Array, share: float) -> Array:
    new = x + share * step
    positive = c.positive
    new[positive] = x[positive] * np.exp(share * step[positive] / x[positive])
    b = c.bounded
    new[b] = np.clip(new[b], p.lower[b], p.upper[b])
    return new


def _regularised_step(c: Compiled, data: Array, extra: Array, phi: Array) -> Array:
    matrix = np.zeros((c.n, c.n))
    matrix.flat[c.structure] = data
    rows = np.flatnonzero(extra)
    matrix[rows, c.pair[rows]] += extra[rows]
    damping = 1e-8 * float(np.abs(matrix).max()) ** 2
    normal = matrix.T @ matrix
    normal.flat[c.diagonal] += damping
    return np.asarray(np.linalg.solve(normal, -(matrix.T @ phi)))


def _solution(evaluator: Evaluator, state: State, phi: Array, count: int) -> Solution:
    c = evaluator.c
    evaluator.state(state.x)  # the imbalance belongs to this very point
    worst = int(np.argmax(np.abs(phi)))
    return Solution(
        compiled=c,
        parameters=evaluator.p,
        x=state.x,
        residual=float(np.abs(phi).max()),
        worst=c.equation_name(worst),
        iterations=count,
        walras=float(abs(evaluator.imbalance)),
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
    smallest: float = 1 / 256,
) -> Solution:
    """Solve a large shock by homotopy: walk from ``origin`` (the benchmark) to ``parameters`` in adaptive steps.

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
    done, step = 0.0, 0.25
    x = compiled.start if start is None else start
    solution = solve(compiled, origin, x, tolerance=tolerance)
    while done < 1.0:
        target = min(1.0, done + step)
        try:
            solution = solve(compiled, origin.between(parameters, target), solution.x, tolerance=tolerance)
            done, step = target, step * 1.5
        except EquilibriumError as error:
            last, step = error, step / 2
            if step < smallest:
                raise EquilibriumError(
                    f"{last}; the path from the benchmark was walked to {done:.1%} of the shock",
                    last.equation,
                    last.residual,
                ) from last
    return solve(compiled, parameters, solution.x, tolerance=tolerance)
