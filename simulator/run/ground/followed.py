"""An economy that follows generated series: three shifts a year, solved once, before any policy is new.

Of each year three things are asked of the equilibrium under the benchmark's policy: that those who trade emit what was
generated for them at the generated price (so that a cap of these tonnes brings that price), that they make what was
generated, and that the output of all sectors that can be covered is what was generated. Three shifts answer
(`tanshi.equilibrium.province.shifts`): productivity, energy efficiency and demand outside. The square system is solved
by Newton's method with exact derivatives from the implicit function theorem. The shifts become part of how the economy
grows, and stay when a policy comes: it then answers as it would, from the world of the series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.engine.sensitivity import STEP, along
from tanshi.equilibrium.province.dynamics import Growth, advance
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.shifts import ARRAYS, INSTRUMENTS, shift
from tanshi.errors import Message
from tanshi.scenarios.schema import Closure, Dynamics, Scenario
from tanshi.simulator.drift.state import Array
from tanshi.simulator.run.ground.annual import (
    Baseline,
    annual_path,
    carry,
    frozen_baseline,
    frozen_regime,
    growing_on,
)
from tanshi.simulator.run.ground.economy import economy, province
from tanshi.simulator.run.ground.series import Series, SeriesError, output_weights, trading

MOST = 0.5
"""Largest shift of each instrument in all, a logarithm: beyond it the economy would be another one."""
EXACT = 1e-11
"""Relative distance from the series at which a year is met."""
UNMET = 1e-8
"""The same at which it is given up, where steps no longer help."""
ROUNDS, HALVINGS = 25, 10
TARGETS = (Message("emissions at its price"), Message("output"), Message("output of all sectors"))
NAMES = (Message("productivity"), Message("energy efficiency"), Message("demand outside"))


@dataclass(frozen=True)
class Followed:
    """A world without new policy that follows series.

    Attributes
    ----------
    series : Series
    shifts : tuple
        By year of the series, the shifts in all since the benchmark, logarithms in the order of `INSTRUMENTS`.
    missed : float
        Largest relative distance from the series that was left.
    """

    series: Series
    shifts: tuple[tuple[float, ...], ...]
    missed: float

    @property
    def prices(self) -> Mapping[int, float]:
        """Year -> yuan/t without new policy."""
        return dict(zip(self.series.years, self.series.price, strict=True))

    def growing(self, growth: Growth) -> Growth:
        """Growth with the shifts in it."""
        whole = np.array(self.shifts)
        steps = np.diff(whole, axis=0, prepend=np.zeros((1, len(INSTRUMENTS))))
        return replace(
            growth, shifts={y: tuple(step) for y, step in zip(self.series.years, steps.tolist(), strict=True)}
        )

    def told(self) -> dict[str, object]:
        """The series and the shifts, for a run's record."""
        series, years = self.series, [str(year) for year in self.series.years]
        columns = {
            "price": series.price, "emissions": series.emissions, "output": series.output,
            "whole_output": series.whole_output, **dict(zip(INSTRUMENTS, zip(*self.shifts, strict=True), strict=True)),
        }  # fmt: skip
        return {
            "trajectories": {name: dict(zip(years, values, strict=True)) for name, values in columns.items()}
            | {"missed": self.missed, "silent": series.silent}
        }


@dataclass(frozen=True, eq=False)
class _Met:
    """An equilibrium, and the logarithms by which its readings differ from what is wanted."""

    solution: Solution
    miss: Array


def follow(
    name: str, closure: Closure, dynamics: Dynamics, series: Series, changes: Mapping[str, float] | None = None
) -> Followed:
    """Find the shifts under which an economy follows series; kept by value.

    Raises
    ------
    SeriesError
        Naming economy, year and instrument, where the series cannot be met within `MOST`.
    """
    return _follow(name, closure, dynamics, series, tuple(sorted((changes or {}).items())))


@lru_cache(maxsize=16)
def _follow(
    name: str, closure: Closure, dynamics: Dynamics, series: Series, changes: tuple[tuple[str, float], ...]
) -> Followed:
    model, accounts = province(name, closure, dict(changes))
    first, built = series.years[0] - 1, economy(name, dict(changes))
    growth = built.growth(dynamics, first, series.years[-1], carried=True)
    regime = frozen_regime(model, dict(zip(series.years, series.price, strict=True)))
    p, start = carry(model, growth, built.base_year, first)
    regime(p, first)
    solution = model.solve(p, start)
    whole, found, missed = np.zeros(len(INSTRUMENTS)), [], 0.0
    for place, year in enumerate(series.years):
        p = advance(model, p, Flows(solution.state.flow, solution.x), solution, growth, year - 1)
        regime(p, year)
        wanted = np.array([series.emissions[place], series.output[place], series.whole_output[place]])
        step, p, solution, gap = _meet(model, accounts, p, solution.x, wanted, whole, f"{name}, {year}")
        whole, missed = whole + step, max(missed, gap)
        found.append(tuple(whole.tolist()))
    return Followed(series, tuple(found), missed)


def _meet(
    model: Province, accounts: PhysicalAccounts, p: Parameters, start: Array, wanted: Array, before: Array, where: str
) -> tuple[Array, Parameters, Solution, float]:
    """Newton's method on one year's shifts."""
    logs, at = np.zeros(len(INSTRUMENTS)), _tried(model, accounts, p, np.zeros(len(INSTRUMENTS)), start, wanted)
    if at is None:
        raise SeriesError("{where}: at the price that the drift generated the economy has no equilibrium", where=where)
    for _ in range(ROUNDS):
        if np.abs(at.miss).max() <= EXACT:
            break
        step: Array = np.linalg.solve(_slopes(model, accounts, at.solution), -at.miss).astype(np.float64)
        _within(before + logs + step, where)
        nearer = _nearer(model, accounts, p, logs, step, at, wanted)
        if nearer is None:
            break
        logs, at = nearer
    gap = float(np.abs(at.miss).max())
    if gap > UNMET:
        raise SeriesError(
            "{where}: the economy does not reach the drift's series of {target}: a part of {gap:.2g} is left; choose "
            "drift.initial nearer to 1, or drift.input state",
            where=where,
            target=TARGETS[int(np.abs(at.miss).argmax())],
            gap=gap,
        )
    return logs, at.solution.parameters, at.solution, gap


def _nearer(
    model: Province, accounts: PhysicalAccounts, p: Parameters, logs: Array, step: Array, at: _Met, wanted: Array
) -> tuple[Array, _Met] | None:
    """The step, or the largest half of a half of it that comes nearer; None where none does."""
    for halvings in range(HALVINGS):
        trial = logs + 0.5**halvings * step
        found = _tried(model, accounts, p, trial, at.solution.x, wanted)
        if found is not None and np.abs(found.miss).max() < np.abs(at.miss).max():
            return trial, found
    return None


def _tried(
    model: Province, accounts: PhysicalAccounts, p: Parameters, logs: Array, start: Array, wanted: Array
) -> _Met | None:
    """The equilibrium under some shifts, and how far it is from what is wanted; None where there is none."""
    at = p.copy()
    shift(model, at, logs)
    try:
        solution = model.solve(at, start)
    except EquilibriumError:
        return None
    return _Met(solution, np.log(_readings(model, accounts, solution) / wanted))


def _readings(model: Province, accounts: PhysicalAccounts, solution: Solution) -> Array:
    """What the series are compared with: emissions (Mt/yr) and output of those that trade, output of all."""
    emitted = float(model.coverable_emissions(solution)[trading(model)].sum())
    made = output_weights(model) @ accounts.coverable_outputs(Flows(solution.state.flow, solution.x))
    return np.array([emitted, *made])


def _slopes(model: Province, accounts: PhysicalAccounts, solution: Solution) -> Array:
    """Derivatives of the logarithms of the readings to the shifts, (targets, instruments)."""
    p = solution.parameters
    directions = []
    for place in range(len(INSTRUMENTS)):
        q = replace(p, **{name: getattr(p, name).astype(complex) for name in ARRAYS})
        logs = np.zeros(len(INSTRUMENTS), complex)
        logs[place] = 1j * STEP
        shift(model, q, logs)
        directions.append(q)
    columns = []
    for state in along(solution, directions):
        flow, levels = np.asarray(state.flow.imag / STEP), np.asarray(state.x.imag / STEP)
        made = output_weights(model) @ accounts.coverable_outputs(Flows(flow, levels))
        columns.append([model.coverable_change(flow, levels)[trading(model)].sum(), *made])
    return np.asarray(np.array(columns).T / _readings(model, accounts, solution)[:, None])


def _within(whole: Array, where: str) -> None:
    """Refuse shifts that make the economy another one.

    Raises
    ------
    SeriesError
        Naming the instrument.
    """
    place = int(np.abs(whole).argmax())
    if not abs(whole[place]) <= MOST:
        raise SeriesError(
            "{where}: the economy follows the drift's series only with a shift of {name} by a factor of {factor:.3g}, "
            "beyond {low:.2f} to {high:.2f}; choose drift.initial nearer to 1, or drift.input state",
            where=where,
            name=NAMES[place],
            factor=float(np.exp(whole[place])),
            low=float(np.exp(-MOST)),
            high=float(np.exp(MOST)),
        )


def baseline_of(scenario: Scenario, followed: Followed | None = None, beyond: int = 0) -> Baseline:
    """The path on which a scenario's caps are measured, in its own world or in that of series; kept by value.

    Parameters
    ----------
    beyond
        Years after the last one, in which growth goes on.
    """
    s, years = scenario, scenario.years
    if followed is None:
        return frozen_baseline(s.economy, s.closure, s.dynamics, years.start, years.end, s.figures, beyond)
    return _without_policy(s.economy, s.closure, s.dynamics, followed, tuple(sorted(s.figures.items())), beyond)


@lru_cache(maxsize=16)
def _without_policy(
    name: str,
    closure: Closure,
    dynamics: Dynamics,
    followed: Followed,
    changes: tuple[tuple[str, float], ...],
    beyond: int,
) -> Baseline:
    model, accounts = province(name, closure, dict(changes))
    years, built = followed.series.years, economy(name, dict(changes))
    first, last, base = years[0] - 1, years[-1], built.base_year
    grown = growing_on(built.growth(dynamics, first, last, carried=True), last + beyond)
    path = annual_path(
        model,
        accounts,
        followed.growing(grown),
        range(base, last + beyond + 1),
        frozen_regime(model, followed.prices),
        sure=last,
    )
    return Baseline.of(model, path[first - base :], followed.prices)
