"""A calibration from its file to what was found: rounds of fitting, then what the targets say about the parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tanshi.language import mark
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.targets import Target
from tanshi.scenarios.targets_load import Task, load_calibration
from tanshi.simulator.machine.progress import Report
from tanshi.simulator.results.variables import CATALOGUE, COMPARISONS
from tanshi.simulator.studies.calibration.fit import MOST_CORRECTIONS, Scaling, correct, fit_path
from tanshi.simulator.studies.calibration.identifiability import Identifiability, identifiability, profile
from tanshi.simulator.studies.calibration.models import Kind, PathModel, RunModel

Array = NDArray[np.float64]

VARIABLES = tuple(name for name in CATALOGUE if name not in COMPARISONS)
FINE, ROUGH = 1e-6, 0.05
"""Precision of the path's fit: on its own, and where full runs correct it anyway."""
EDGE = 1e-3
"""Part of a range within which a parameter counts as at its bound."""


@dataclass(frozen=True)
class Tried:
    """Targets at one point of the search."""

    round: int
    model: str
    values: Array


@dataclass(frozen=True)
class Calibrated:
    """What a calibration found.

    Attributes
    ----------
    task
        The file it answers.
    free
        Parameters that moved, as places in ``task.factors``; without those that were not needed.
    theta
        All parameters at the point found, or the nearest reached.
    values
        The targets there, by full runs (mean over seeds), or by the path alone where ``whole`` is false.
    spread
        Their standard deviation over seeds.
    path_values
        The targets there by the equilibrium-only path; NaN where it does not know the variable.
    path_slopes
        Derivatives of the path, (targets, free), and how each column was found, ``kinds``.
    slopes
        Derivatives of full runs by differences, same shape; those of the path where ``whole`` is false.
    """

    task: Task
    free: tuple[int, ...]
    theta: Array
    values: Array
    spread: Array
    path_values: Array
    path_slopes: Array
    kinds: tuple[Kind, ...]
    slopes: Array
    whole: bool
    tried: tuple[Tried, ...] = field(default=())
    runs: int = 0

    @property
    def scaling(self) -> Scaling:
        """Units in which parameters and targets compare."""
        return Scaling.of(self.task)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets in the file's order."""
        return tuple(self.task.spec.targets.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return tuple(self.task.factors[j].name for j in self.free)

    @property
    def distances(self) -> Array:
        """Distance of every target in its tolerance."""
        return self.scaling.distance(self.values)

    @property
    def met(self) -> bool:
        """Whether every target lies within its tolerance."""
        return bool(np.abs(self.distances).max() <= 1.0)

    @property
    def at_bounds(self) -> dict[str, str]:
        """Free parameters at an end of their range -> which end."""
        s, out = self.scaling, {}
        for j in self.free:
            near = 2 * s.half[j] * EDGE
            if self.theta[j] - s.low[j] <= near:
                out[self.task.factors[j].name] = "lower"
            elif s.high[j] - self.theta[j] <= near:
                out[self.task.factors[j].name] = "upper"
        return out

    @property
    def identified(self) -> Identifiability:
        """What the targets determine at the point found."""
        return identifiability(self.scaling.scaled(self.slopes, self.free))

    @property
    def intervals(self) -> Array:
        """(free, 2): values of each parameter at which all targets can be kept within tolerance by the others."""
        s, columns = self.scaling, list(self.free)
        half, here = s.half[columns], self.theta[columns]
        low, high = (s.low[columns] - here) / half, (s.high[columns] - here) / half
        moves = profile(s.scaled(self.slopes, columns), self.distances, low, high)
        return np.asarray(here[:, None] + moves * half[:, None])


def open_calibration(name: str, overrides: dict[str, object] | None = None) -> Task:
    """Read a calibration, with the variables that a run reports.

    Raises
    ------
    tanshi.scenarios.targets_load.CalibrationError
        With everything wrong in the file.
    """
    return load_calibration(name, VARIABLES, overrides)


def check_on_path(task: Task, path: PathModel) -> None:
    """Refuse targets that the equilibrium path alone does not have, before anything is fitted to them.

    Raises
    ------
    UserError
        Naming them.
    CalibrationFailed
        Where the path has no solution at the start.
    """
    lacking = [
        t for t, value in zip(task.spec.targets.items(), path.opening(), strict=True) if not math.isfinite(value)
    ]
    if lacking:
        hint = "Leave the target out, or calibrate on full runs: without --equilibrium-only."
        problems = [
            Problem("a variable of the economy or the price of a carbon market", target.variable,
                    field=f"targets.{name}", hint=hint)
            for name, target in lacking
        ]  # fmt: skip
        raise UserError("The equilibrium path alone does not know a target.", problems)


def calibrate(
    task: Task, *, whole: bool = True, workers: int | None = None, progress: Report | None = None
) -> Calibrated:
    """Choose the free parameters so that the targets are met.

    Parameters
    ----------
    whole
        Correct the path's answer on full runs with firms; false: the equilibrium-only path is the model.
    workers
        Processes for the runs.

    Returns
    -------
    The point found, met or not: where the targets cannot be met it is the nearest point reached.

    Raises
    ------
    CalibrationFailed
        Where the model has no solution where the search begins.
    UserError
        Where ``whole`` is false and the path does not know a target.
    """
    scaling, path = Scaling.of(task), PathModel(task)
    if not whole:
        check_on_path(task, path)
    tried: list[Tried] = []
    needed = [j for j, free in enumerate(task.spec.parameters.values()) if not free.only_if_needed]
    everything = list(range(len(task.factors)))
    rounds = [needed, everything] if 0 < len(needed) < len(everything) else [everything]
    theta, values, free = scaling.start, np.full(len(task.spec.targets), np.nan), rounds[0]

    def note(model: str, found: Array) -> None:
        tried.append(Tried(number + 1, model, found))
        if progress is not None and model == "path":
            progress(mark("equilibrium path"), min(len(tried), 30), 30)

    # Derivatives of whole runs are wanted after the last round, and may be before: the bar allows for both.
    most = len(task.scenarios) * len(task.spec.seeds) * (MOST_CORRECTIONS + 2 * len(rounds[-1]))
    with RunModel(task, workers, progress, most) as runs:
        for number, free in enumerate(rounds):
            if number == 0 or not whole:
                theta = fit_path(path, scaling, free, theta, note, ROUGH if whole else FINE)
                values = path.values(theta)
            if whole:
                slopes, _ = path.jacobian(theta, free)
                theta, values = correct(runs, scaling, free, theta, slopes, note)
            if np.abs(scaling.distance(values)).max() <= 1.0:
                break
        theta = _round(theta, scaling, free)
        path_values = path.values(theta)
        path_slopes, kinds = path.jacobian(theta, free)
        if whole:
            values = runs.values([theta])[0]
            slopes = runs.jacobian(theta, values, free)
        else:
            values, slopes = path_values, path_slopes
        runs.finish()
        return Calibrated(
            task, tuple(free), theta, values, runs.spread, path_values, path_slopes, tuple(kinds), slopes, whole,
            tuple(tried), runs.runs,
        )  # fmt: skip


def _round(theta: Array, scaling: Scaling, free: list[int]) -> Array:
    """The point in numbers that a person would write: about four digits of each range."""
    out = theta.copy()
    for j in free:
        step = 10.0 ** math.floor(math.log10(scaling.half[j] / 1000))
        out[j] = float(f"{round(theta[j] / step) * step:.10g}")
    return scaling.within(out)
