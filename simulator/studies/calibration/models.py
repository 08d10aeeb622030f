"""The two models that a calibration asks: the equilibrium-only path with exact derivatives, and runs with firms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.errors import TanshiError
from tanshi.scenarios.draws import Factor, vary
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.targets import Target
from tanshi.scenarios.targets_load import Task
from tanshi.simulator.machine.progress import Report
from tanshi.simulator.studies.batches.workers import Pool, processors
from tanshi.simulator.studies.tangent import Direction, Series, path_of

Array = NDArray[np.float64]
Kind = str
"""How a column of derivatives was found: ``exact`` or ``differences``."""

STEP = 1e-3
"""Central differences on the smooth path, part of a parameter's range."""
WIDE_STEP = 0.05
"""Differences of whole runs, part of a parameter's range: wide against ticks and lots."""


class CalibrationFailed(TanshiError, ValueError):
    """The model has no solution where the search has to begin."""

    exit_code = 1


def scenarios_at(task: Task, theta: Array) -> dict[str, Scenario]:
    """The scenarios with the free parameters at ``theta`` (in the order of ``task.factors``)."""
    out = {}
    for name, base in task.scenarios.items():
        overrides: dict[str, Any] = {}
        for j, (factor, value) in enumerate(zip(task.factors, theta, strict=True)):
            if task.holds_in(j, name):
                overrides |= changes_of(factor, float(value), base)
        out[name] = vary(base, overrides)
    return out


Number = tuple[str, str, int]
"""A scenario's variable in a year."""


def numbers_of(target: Target) -> tuple[Number, ...]:
    """What a target reads: one number, or two of which it is the ratio."""
    own = (target.scenario, target.variable, target.year)
    against = target.against
    return (own,) if against is None else (own, (against.scenario, target.variable, against.year))


def changes_of(factor: Factor, value: float, base: Scenario) -> dict[str, Any]:
    """Field -> value that a parameter sets; nothing where it multiplies by 1."""
    if factor.draw.relative and value == 1.0:
        return {}
    return factor.overrides(value, base, _originals(base))


def _originals(base: Scenario) -> Mapping[str, float]:
    return {path: figure.value for path, figure in catalogue(base.economy).items()}


class PathModel:
    """Targets by the equilibrium-only path: fractions of a second, smooth, with exact derivatives where they exist."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.evaluations = 0

    def opening(self) -> Array:
        """Targets at the start; NaN where the path does not know a variable.

        Raises
        ------
        CalibrationFailed
            Where the path has no solution there.
        """
        return self._read(np.array(self.task.starts))

    def values(self, theta: Array) -> Array:
        """Targets at a point, shape ``(targets,)``; all NaN where the path has no solution."""
        try:
            return self._read(theta)
        except CalibrationFailed:
            return np.full(len(self.task.spec.targets), np.nan)

    def _read(self, theta: Array) -> Array:
        self.evaluations += 1
        try:
            paths = {name: path_of(s).values for name, s in scenarios_at(self.task, theta).items()}
        except EquilibriumError as error:
            raise CalibrationFailed(
                "no equilibrium at the starting values of the parameters: {error}", error=error
            ) from error
        return np.array([ratio(*(_at(paths, number) for number in numbers_of(t))) for t in self._targets])

    def jacobian(self, theta: Array, free: Sequence[int]) -> tuple[Array, list[Kind]]:
        """Derivatives of the targets, shape ``(targets, len(free))``, and how each column was found.

        A column is exact only where it is so for every scenario.
        """
        wanted = {str(j): self.task.factors[j] for j in free}
        slopes: dict[str, dict[str, Series]] = {}
        levels: dict[str, Series] = {}
        for name, scenario in scenarios_at(self.task, theta).items():
            base = self.task.scenarios[name]
            directions = {j: _direction(f, base) for j, f in wanted.items() if self.task.holds_in(int(j), name)}
            found = path_of(scenario, directions)
            slopes[name], levels[name] = found.slopes, found.values
        out, kinds = np.full((len(self._targets), len(free)), np.nan), []
        for k, j in enumerate(free):
            if all(str(j) in found for name, found in slopes.items() if self.task.holds_in(j, name)):
                moves = {name: found.get(str(j)) for name, found in slopes.items()}
                for i, t in enumerate(self._targets):
                    out[i, k] = _slope(levels, moves, numbers_of(t))
                kinds.append("exact")
            else:
                out[:, k] = self.difference(theta, j)
                kinds.append("differences")
        return out, kinds

    def difference(self, theta: Array, j: int) -> Array:
        """Derivatives to one parameter by a central difference within its range, shape ``(targets,)``."""
        low, high = self.task.factors[j].draw.uniform or (0.0, 0.0)
        up, down = theta.copy(), theta.copy()
        up[j] = min(theta[j] + STEP * (high - low), high)
        down[j] = max(theta[j] - STEP * (high - low), low)
        return np.asarray((self.values(up) - self.values(down)) / (up[j] - down[j]))

    @property
    def _targets(self) -> list[Any]:
        return list(self.task.spec.targets.values())


def ratio(own: float, other: float = 1.0) -> float:
    """A target's value from what it reads."""
    return own / other if other else math.nan


def _at(paths: Mapping[str, Series], number: Number) -> float:
    scenario, variable, year = number
    return paths[scenario].get(variable, {}).get(year, math.nan)


def _slope(levels: Mapping[str, Series], moves: Mapping[str, Series | None], read: Sequence[Number]) -> float:
    """Derivative of a target along a direction; a scenario in which the parameter does not hold stays where it is."""
    found = [0.0 if moves[s] is None else (moves[s] or {}).get(v, {}).get(y, math.nan) for s, v, y in read]
    if len(read) == 1:
        return found[0]
    own, other = (_at(levels, number) for number in read)
    return ratio(found[0] - own / other * found[1], other)


def _direction(factor: Factor, base: Scenario) -> Direction:
    """Change of every field per unit of a parameter: fields are the value, or the value times what was there."""
    one, two = (factor.overrides(v, base, _originals(base)) for v in (1.0, 2.0))
    return {path: two[path] - one[path] for path in one}


# -- full runs ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """One run to be made, and which of its numbers are wanted."""

    place: tuple[int, int]  # point, seed
    scenario: Scenario
    wanted: tuple[tuple[int, int, str, int], ...]  # target, its first or second number, variable, year


@dataclass(frozen=True)
class Answer:
    """A run's numbers, or why there are none."""

    order: Order
    values: tuple[float, ...]
    failed: str = ""


def fill_order(order: Order) -> Answer:
    """Run a scenario and read the wanted numbers; an economy without equilibrium gives none."""
    from tanshi.simulator.stepping import simulate

    try:
        result = simulate(order.scenario)
    except EquilibriumError as error:
        return Answer(order, tuple(math.nan for _ in order.wanted), str(error))
    series = {variable: result.series(variable) for _, _, variable, _ in order.wanted}
    return Answer(order, tuple(float(series[v].get(year, math.nan)) for _, _, v, year in order.wanted))


class RunModel:
    """Targets by full runs with firms, drift and market, mean over the seeds; every point has the same seeds.

    Parameters
    ----------
    workers
        processes; one computes in this process.
    most
        Runs that there may be, for the progress bar.
    """

    def __init__(self, task: Task, workers: int | None = None, report: Report | None = None, most: int = 1) -> None:
        self.task, self.report, self.most = task, report, most
        self.count = workers or processors()
        self.runs = 0
        self.spread = np.zeros(len(task.spec.targets))
        self.failed = ""
        self._pool: Pool | None = None

    def __enter__(self) -> RunModel:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    def values(self, points: Sequence[Array]) -> Array:
        """Targets at several points, shape ``(points, targets)``; NaN where an economy has no equilibrium."""
        seeds = self.task.spec.seeds
        orders = []
        for p, theta in enumerate(points):
            for name, scenario in scenarios_at(self.task, theta).items():
                wanted = tuple(
                    (i, part, variable, year)
                    for i, t in enumerate(self.task.spec.targets.values())
                    for part, (owner, variable, year) in enumerate(numbers_of(t))
                    if owner == name
                )
                orders += [
                    Order((p, k), scenario.model_copy(update={"seed": seed}), wanted) for k, seed in enumerate(seeds)
                ]
        read = np.full((len(points), len(seeds), len(self.task.spec.targets), 2), np.nan)
        read[:, :, [t.against is None for t in self.task.spec.targets.values()], 1] = 1.0
        for answer in self._answers(orders):
            p, k = answer.order.place
            for (i, part, _, _), value in zip(answer.order.wanted, answer.values, strict=True):
                read[p, k, i, part] = value
            self.failed = answer.failed or self.failed
        out = read[..., 0] / read[..., 1]
        if len(points) == 1 and len(seeds) > 1:
            self.spread = np.std(out[0], axis=0, ddof=1)
        return np.asarray(out.mean(axis=1))

    def jacobian(self, theta: Array, values: Array, free: Sequence[int]) -> Array:
        """Derivatives by one-sided differences toward the middle of each range, shape ``(targets, len(free))``."""
        points, steps = [], []
        for j in free:
            low, high = self.task.factors[j].draw.uniform or (0.0, 0.0)
            step = WIDE_STEP * (high - low) * (1.0 if theta[j] <= (low + high) / 2 else -1.0)
            point = theta.copy()
            point[j] += step
            points.append(point)
            steps.append(step)
        return np.asarray((self.values(points) - values).T / np.array(steps))

    def _answers(self, orders: Sequence[Order]) -> Sequence[Answer]:
        if self.count <= 1:
            return [self._tell(fill_order(order)) for order in orders]
        if self._pool is None:
            self._pool = Pool(self.count, None)
        try:
            futures = [self._pool.submit(fill_order, order) for order in orders]
            return [self._tell(future.result()) for future in as_completed(futures)]
        except BrokenExecutor as error:
            problem = Problem("enough memory for the runs", "a worker process that was killed", hint="Fewer --workers.")
            raise UserError("The calibration was stopped.", [problem]) from error

    def _tell(self, answer: Answer) -> Answer:
        self.runs += 1
        if self.report is not None:
            self.report("runs with firms", min(self.runs, self.most), self.most)
        return answer

    def finish(self) -> None:
        """Fill the bar: no more runs are needed."""
        if self.report is not None and self.runs:
            self.report("runs with firms", self.most, self.most)
