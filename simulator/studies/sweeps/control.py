"""The equilibrium model as a control variate: a cheap run at many points makes a sweep's means as sharp as more runs.

The traditional model (one equilibrium a year, no firms, no drift) costs a small part of a hybrid run and moves with it
from point to point. Where its mean over many points is known, the hybrid's mean over few is corrected by what the few
points happen to have too much or too little of:

    mean(y, n) - b (mean(x, n) - mean(x, m)),   b = cov(x, y) / var(x),   m > n.

The variance falls from s2/n to s2 ((1 - r2)/n + r2/m), r the correlation: the gain, measured on the very sample.

References
----------
Peherstorfer, B., Willcox, K. and Gunzburger, M. (2016): Optimal model management for multifidelity Monte Carlo
estimation. SIAM Journal on Scientific Computing 38.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.errors import Message
from tanshi.language import mark, say
from tanshi.scenarios.draws import vary
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.sweep_load import Plan, plan_from
from tanshi.simulator.results.reading import read_record
from tanshi.simulator.results.store import CLOCK, names_in
from tanshi.simulator.studies.batches.execute import Progress
from tanshi.simulator.studies.sweeps.growth import VARIABLES
from tanshi.simulator.studies.sweeps.outcomes import read_outcomes
from tanshi.simulator.studies.sweeps.sweep import read_plan, run_sweep

Array = NDArray[np.float64]
FOLDER = "control"
CHEAP = {"market.mode": "equilibrium", "drift.mode": "none", "banking.horizon": 0}
LOOKED_AT = 50
"""Runs of each kind whose processor time is taken."""


@dataclass(frozen=True)
class Controlled:
    """The mean of one output of one scenario, without and with the control variate.

    Parameters
    ----------
    points, more
        Points of the sweep, and of the cheap model (the sweep's among them).
    mean, error
        Over the sweep's points, with its standard error.
    controlled, controlled_error
        The same with the control variate.
    explained
        Square of the correlation of the two models over the points.
    """

    scenario: str
    output: str
    points: int
    more: int
    mean: float
    error: float
    controlled: float
    controlled_error: float
    explained: float

    @property
    def gain(self) -> float:
        """How many times as many runs of the sweep would be needed for so small an error."""
        return (self.error / self.controlled_error) ** 2 if self.controlled_error > 0 else math.inf


@dataclass(frozen=True)
class Control:
    """All means, and what a run of each model costs in processor time, s."""

    means: Sequence[Controlled]
    whole_seconds: float
    cheap_seconds: float

    def gain_for_cost(self, one: Controlled) -> float:
        """The gain over as much processor time spent on more runs of the sweep itself."""
        spent = one.points * self.whole_seconds
        return one.gain * spent / (spent + one.more * self.cheap_seconds)


def control(
    folder: Path,
    times: int,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Control:
    """Run the equilibrium model at a finished sweep's points and many more, and correct its means.

    The cheap runs lie in ``control/`` and are gone on with; more of them are added where more are asked.

    Parameters
    ----------
    times
        Cheap points for each of the sweep's.

    Raises
    ------
    UserError
        Where the sweep's design is no sequence, or no scenario has firms.
    IncompleteStudy, StoreError
        As `tanshi.simulator.studies.sweeps.outcomes.read_outcomes`.
    """
    plan, outcomes = read_outcomes(folder)
    if plan.spec.design.method != "qmc":
        problem = Problem("a sweep of the qmc design", plan.spec.design.method, "--control")
        raise UserError("The equilibrium model cannot be laid beside the sweep.", [problem])
    cheap = cheap_plan(plan, times)
    outcome = run_sweep(cheap, folder / FOLDER, workers=workers, scheduler=scheduler, progress=progress)
    for name, reason in outcome.failed.items():
        got = Message("{name}: {reason}", name=name, reason=reason)
        raise UserError("The equilibrium model fails at a point.", [Problem("an equilibrium at every point", got)])
    _, beside = read_outcomes(folder / FOLDER)
    found = []
    for scenario in cheap.scenarios:
        for output in plan.spec.outputs:
            y, x = (_by_point(table, scenario.name, output) for table in (outcomes, beside))
            if y is not None and x is not None and len(x) > len(y):
                found.append(_controlled(scenario.name, output, y, x))
    return Control(found, _seconds(folder), _seconds(folder / FOLDER))


def cheap_plan(plan: Plan, times: int) -> Plan:
    """The same sweep by the equilibrium model, with so many times its points.

    Raises
    ------
    UserError
        Where no scenario has firms.
    """
    whole = [scenario for scenario in plan.scenarios if scenario.market.mode != "equilibrium"]
    if not whole:
        problem = Problem("a scenario with firms", "the equilibrium model itself", "--control")
        raise UserError("The equilibrium model cannot be laid beside the sweep.", [problem])
    data = plan.as_data()
    data["scenarios"] = [vary(scenario, CHEAP).model_dump(mode="json") for scenario in whole]
    spec = data["spec"]
    spec["design"]["samples"] = times * plan.spec.design.samples
    spec["seeds"] = spec["seeds"][:1]  # it draws nothing
    names = {scenario.name for scenario in whole}
    spec["outputs"] = {name: one for name, one in spec["outputs"].items() if one["against"] in {"", *names}}
    return plan_from(data, VARIABLES)


def _by_point(outcomes: pd.DataFrame, scenario: str, output: str) -> Array | None:
    if output not in outcomes:
        return None
    rows = outcomes[outcomes["scenario"] == scenario]
    values = rows.groupby("point", sort=True)[output].mean().to_numpy(dtype=np.float64)
    return values if np.isfinite(values).all() else None


def _controlled(scenario: str, output: str, y: Array, x: Array) -> Controlled:
    n, m = len(y), len(x)
    own = x[:n]
    spread = float(y.var(ddof=1))
    moves = np.ptp(own) > 1e-12 * max(1.0, float(np.abs(own).max())) and spread > 0
    r2 = float(np.corrcoef(own, y)[0, 1] ** 2) if moves else 0.0
    slope = float(np.cov(own, y, ddof=1)[0, 1] / own.var(ddof=1)) if moves else 0.0
    corrected = float(y.mean() - slope * (own.mean() - x.mean()))
    variance = spread * ((1.0 - r2) / n + r2 / m)
    return Controlled(
        scenario, output, n, m, float(y.mean()), math.sqrt(spread / n), corrected, math.sqrt(variance), r2
    )  # fmt: skip


def _seconds(folder: Path) -> float:
    clocks = [read_record(folder / name).get(CLOCK, {}) for name in names_in(folder)[:LOOKED_AT]]
    return statistics.fmean(float(clock.get("processor_seconds", math.nan)) for clock in clocks)


def control_table(found: Control) -> pd.DataFrame:
    """A row a scenario and output."""
    return pd.DataFrame(
        [{**one.__dict__, "gain": one.gain, "gain_for_cost": found.gain_for_cost(one)} for one in found.means]
    )


def control_words(found: Control, folder: Path) -> str:
    """What the control variate brings, in sentences."""
    units = read_plan(folder).spec.outputs
    told = mark("The equilibrium model costs {cheap:.3f} s of processor time a run, the sweep's {whole:.2f} s.")
    lines = [say(told, cheap=found.cheap_seconds, whole=found.whole_seconds)]
    told = mark(
        "{scenario}, {output} ({variable}): mean {mean:,.5g} with a standard error of {error:.2g}; with the"
        " equilibrium model at {points} points {controlled:,.5g} with {less:.2g}. It explains {share:.1f} % of the"
        " variance, which is worth {gain:.1f} times the runs, {worth:.1f} times for what it costs."
    )
    for one in found.means:
        numbers = {"mean": one.mean, "error": one.error, "points": one.more, "controlled": one.controlled,
                   "less": one.controlled_error, "share": 100 * one.explained, "gain": one.gain,
                   "worth": found.gain_for_cost(one)}  # fmt: skip
        variable = units[one.output].variable
        lines.append(say(told, scenario=one.scenario, output=one.output, variable=variable, **numbers))
    return "\n".join(lines)
