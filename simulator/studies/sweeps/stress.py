"""A policy under stress: where over uncertain ranges it misses its targets, and the nearest policy that holds.

Three sweeps in one folder, each gone on with when killed. ``policy`` runs the scenarios' own rules over the uncertain
parameters. Where a scenario does not hold often enough, ``search`` moves the levers with the uncertainties, surfaces
fitted to it say which setting nearest to the scenario's own would hold, and ``nearest`` runs that setting over the very
points of ``policy``: what the surfaces promise is believed only when the model has shown it.

References
----------
Lempert, R. J., Popper, S. W. and Bankes, S. C. (2003): Shaping the Next One Hundred Years. RAND.
Kasprzyk, J. R. et al. (2013): Many objective robust decision making for complex environmental systems undergoing
change. Environmental Modelling & Software 42.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.errors import Message
from tanshi.scenarios.draws import Factor, current_value, vary
from tanshi.scenarios.errors import Problem, UserError, did_you_mean
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep_load import Plan, plan_from
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.studies.batches.execute import Progress
from tanshi.simulator.studies.sweeps.conditions import Condition
from tanshi.simulator.studies.sweeps.growth import VARIABLES
from tanshi.simulator.studies.sweeps.outcomes import read_outcomes
from tanshi.simulator.studies.sweeps.rules import Box, find_boxes, say
from tanshi.simulator.studies.sweeps.surface import Surface, fit
from tanshi.simulator.studies.sweeps.sweep import run_sweep

Array = NDArray[np.float64]
Predicted = Callable[[Array], Array]
"""An output at (points, parameters) of the unit cube."""
ROUNDS = 4
"""Settings that are tried on the model for one scenario."""
CANDIDATES = 2048
"""Settings of the levers that are looked at on the surfaces."""
AT_ONCE = 64


class StressFailed(StoreError):
    """Runs failed, so that nothing can be said of the policy."""

    exit_code = 1


@dataclass(frozen=True)
class Miss:
    """How often a scenario misses a target over the uncertain points, with Wilson's 95 % interval, and where."""

    scenario: str
    target: str
    points: int
    missed: int
    low: float
    high: float
    boxes: Sequence[Box]

    @property
    def share(self) -> float:
        """Part of the points at which it misses."""
        return self.missed / self.points


@dataclass(frozen=True)
class Nearest:
    """The nearest setting of the levers that was found for a scenario.

    Parameters
    ----------
    own, setting
        Lever -> value of the scenario, and of the setting.
    distance
        Between the two, in parts of the levers' ranges (root of squares).
    promised, shown
        Share of the points at which all targets are met: on the surfaces, and in the runs.
    holds
        Whether the runs meet them as often as was asked.
    explained
        Output -> part of the variance that its surface predicts of points left out.
    """

    scenario: str
    own: Mapping[str, Any]
    setting: Mapping[str, Any]
    distance: float
    promised: float
    shown: float
    holds: bool
    explained: Mapping[str, float]


@dataclass(frozen=True)
class Stress:
    """What became of the scenarios."""

    plan: Plan
    uncertain: tuple[Factor, ...]
    hold: float
    misses: Sequence[Miss]
    nearest: Sequence[Nearest]
    impossible: Mapping[str, str]


def read_levers(plan: Plan, names: Sequence[str]) -> tuple[Factor, ...]:
    """The parameters that a policy sets.

    Raises
    ------
    UserError
        Where one is none of the sweep's, is no number, sets several fields, or none is left uncertain.
    """
    known = {factor.name: factor for factor in plan.factors}
    problems = []
    for name in names:
        if name not in known:
            expected = Message("one of the parameters {known}", known=", ".join(known))
            problems.append(Problem(expected, repr(name), "--lever", hint=did_you_mean(name, list(known))))
        elif known[name].choices or known[name].draw.relative or len(known[name].fields) != 1:
            problems.append(Problem("a range of one field as a lever", name, "--lever"))
    if not problems and len(set(names)) == len(known):
        problems.append(Problem("a parameter that is uncertain", "levers only", "--lever"))
    if problems:
        raise UserError("The policy's levers cannot be read.", problems)
    return tuple(known[name] for name in dict.fromkeys(names))


def stress(
    plan: Plan,
    targets: Sequence[Condition],
    out: Path,
    *,
    levers: Sequence[Factor] = (),
    hold: float = 0.9,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Stress:
    """Run a plan's scenarios over its uncertain parameters and hold them against targets.

    Parameters
    ----------
    targets
        What must hold.
    levers
        Parameters that a policy sets, from `read_levers`; the others are uncertain.
    hold
        Share of the points at which all targets must be met.

    Raises
    ------
    StressFailed
        Where runs fail.
    """
    how: dict[str, Any] = {"workers": workers, "scheduler": scheduler, "progress": progress}
    names = {lever.name for lever in levers}
    own = _without(plan, names)
    _, outcomes = _swept(own, out / "policy", how)
    misses = [
        _miss(scenario.name, target, own.factors, rows)
        for scenario in plan.scenarios
        for rows in [_of(outcomes, scenario.name, targets)]
        if rows is not None
        for target in targets
    ]
    weak = [s for s in plan.scenarios if (rows := _of(outcomes, s.name, targets)) is not None
            and _all_met(rows, targets).mean() < hold]  # fmt: skip
    nearest: list[Nearest] = []
    impossible: dict[str, str] = {}
    if levers and weak:
        _, searched = _swept(plan, out / "search", how)
        for scenario in weak:
            found = _search(plan, own, scenario, levers, targets, searched, hold, out, how)
            if isinstance(found, Nearest):
                nearest.append(found)
            else:
                impossible[scenario.name] = found
    return Stress(plan, own.factors, hold, misses, nearest, impossible)


def _swept(plan: Plan, folder: Path, how: Mapping[str, Any], *, anew: bool = False) -> tuple[Plan, pd.DataFrame]:
    outcome = run_sweep(plan, folder, overwrite=anew, **how)
    for name, reason in outcome.failed.items():
        raise StressFailed(
            "{count} runs in {folder} failed; {name}: {reason}",
            count=len(outcome.failed),
            folder=folder,
            name=name,
            reason=reason,
        )
    return read_outcomes(folder)


def _without(plan: Plan, levers: set[str], scenarios: Sequence[Scenario] | None = None) -> Plan:
    """The plan with the levers where the scenarios have them, or other scenarios have put them."""
    data = plan.as_data()
    spec = data["spec"]
    spec["parameters"] = {name: draw for name, draw in spec["parameters"].items() if name not in levers}
    spec["constraints"] = [one.text for one in plan.constraints if not levers & set(one.parameters)]
    if scenarios is not None:
        data["scenarios"] = [scenario.model_dump(mode="json") for scenario in scenarios]
    return plan_from(data, VARIABLES)


def _of(outcomes: pd.DataFrame, scenario: str, targets: Sequence[Condition]) -> pd.DataFrame | None:
    """Outcomes of one scenario by point, means over the seeds; None where it does not make a target's output."""
    needed = list(dict.fromkeys(name for target in targets for name in target.outputs))
    rows = outcomes[outcomes["scenario"] == scenario]
    drawn = [name for name in rows if str(name).startswith("u:")]
    table: pd.DataFrame = rows.groupby("point", sort=True)[[*drawn, *needed]].mean()
    return None if table[needed].isna().any(axis=None) else table


def _all_met(rows: pd.DataFrame, targets: Sequence[Condition]) -> NDArray[np.bool_]:
    values = {str(name): rows[name].to_numpy(dtype=np.float64) for name in rows}
    return np.asarray(np.all([target(values) for target in targets], axis=0), dtype=np.bool_)


def _miss(scenario: str, target: Condition, factors: Sequence[Factor], rows: pd.DataFrame) -> Miss:
    from scipy.stats import binomtest

    missed = ~_all_met(rows, [target])
    unit = rows[[f"u:{f.name}" for f in factors]].to_numpy(dtype=np.float64)
    boxes = find_boxes(unit, missed, [len(f.choices) for f in factors])
    ends = binomtest(int(missed.sum()), len(rows)).proportion_ci(method="wilson")
    return Miss(scenario, str(target), len(rows), int(missed.sum()), float(ends.low), float(ends.high), boxes)


# -- the nearest policy --------------------------------------------------------------------------------------------


def _search(
    plan: Plan,
    own: Plan,
    scenario: Scenario,
    levers: Sequence[Factor],
    targets: Sequence[Condition],
    searched: pd.DataFrame,
    hold: float,
    out: Path,
    how: Mapping[str, Any],
) -> Nearest | str:
    """The nearest setting that the runs show to hold, the best that was tried, or why there is none."""
    rows = _of(searched, scenario.name, targets)
    if rows is None:
        return Message("it does not make a target's output")
    surfaces = _surfaces(plan, rows, targets)
    if surfaces is None:
        told = "{count} points are too few to fit the targets' outputs; give more --samples"
        return Message(told, count=len(rows))
    original = {path: figure.value for path, figure in catalogue(scenario.economy).items()}
    start = np.array([_place(lever, current_value(scenario, lever.fields[0], original)) for lever in levers])
    asked, best = hold, None
    off = dict.fromkeys(surfaces, 0.0)
    for number in range(1, ROUNDS + 1):
        seen: dict[str, Predicted] = {name: _moved(surface, off[name]) for name, surface in surfaces.items()}
        place, promised = nearest_setting(plan.factors, levers, seen, targets, start, asked)
        if place is None:
            return best or Message("no setting of its levers is expected to hold as often")
        values = {lever.name: lever.quantile(float(u)) for lever, u in zip(levers, place, strict=True)}
        changes: dict[str, Any] = {}
        for lever in levers:
            changes |= lever.overrides(values[lever.name], scenario, original)
        tried = _without(own, set(), [*_others(own, scenario, targets), vary(scenario, changes)])
        # Another share to hold, or more points, lead to another setting: it takes the place of the one before.
        _, outcomes = _swept(tried, out / f"nearest-{scenario.name}-{number}", how, anew=True)
        verified = _of(outcomes, scenario.name, targets)
        shown = float(_all_met(verified, targets).mean()) if verified is not None else math.nan
        found = Nearest(
            scenario.name,
            {lever.name: current_value(scenario, lever.fields[0], original) for lever in levers},
            values,
            float(np.sqrt(((place - start) ** 2).sum())),
            promised,
            shown,
            shown >= hold,
            {name: surface.explained for name, surface in surfaces.items()},
        )
        if found.holds:
            return found
        best = found if best is None or found.shown > best.shown else best
        # The surfaces promise too much: they are moved to what was just seen, and a little more is asked of them.
        if verified is not None:
            unit = _unit_at(plan.factors, levers, place, verified)
            off = {name: off[name] + float((verified[name] - of(unit)).mean()) for name, of in seen.items()}
        asked = min(asked + 1.0 / len(rows), 1.0)
    return best or Message("no setting was tried")


def _moved(surface: Surface, by: float) -> Predicted:
    return lambda unit: np.asarray(surface(unit) + by, dtype=np.float64)


def _unit_at(factors: Sequence[Factor], levers: Sequence[Factor], place: Array, rows: pd.DataFrame) -> Array:
    """Places in the unit cube of runs at one setting of the levers."""
    fixed = {lever.name: float(u) for lever, u in zip(levers, place, strict=True)}
    columns = [
        np.full(len(rows), fixed[f.name]) if f.name in fixed else rows[f"u:{f.name}"].to_numpy(dtype=np.float64)
        for f in factors
    ]
    return np.column_stack(columns)


def _others(plan: Plan, scenario: Scenario, targets: Sequence[Condition]) -> list[Scenario]:
    """Scenarios that the targets' outputs are laid against."""
    named = {plan.spec.outputs[name].against for target in targets for name in target.outputs} - {"", scenario.name}
    return [other for other in plan.scenarios if other.name in named]


def _surfaces(plan: Plan, rows: pd.DataFrame, targets: Sequence[Condition]) -> dict[str, Surface] | None:
    unit = rows[[f"u:{f.name}" for f in plan.factors]].to_numpy(dtype=np.float64)
    found: dict[str, Surface] = {}
    for name in dict.fromkeys(name for target in targets for name in target.outputs):
        surface = fit(unit, rows[name].to_numpy(dtype=np.float64), [len(f.choices) for f in plan.factors])
        if surface is None:
            return None
        found[name] = surface
    return found


def _place(factor: Factor, value: float) -> float:
    """Where in its range a value lies, 0 to 1; at the nearer end where it lies outside."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if factor.quantile(middle) < value else (low, middle)
    return (low + high) / 2


def nearest_setting(
    factors: Sequence[Factor],
    levers: Sequence[Factor],
    surfaces: Mapping[str, Predicted],
    targets: Sequence[Condition],
    start: Array,
    hold: float,
    points: int = 512,
) -> tuple[Array | None, float]:
    """The setting of the levers nearest to a start at which, on the surfaces, the targets are met often enough.

    Parameters
    ----------
    factors
        All parameters, in the surfaces' order; those that are no levers are uncertain.
    start
        (levers,), in parts of their ranges.
    hold
        Share of the uncertain points at which all targets must be met.

    Returns
    -------
    tuple
        The setting, None where none holds, and the share at which the targets are met there, or at best.
    """
    from scipy.stats import qmc

    columns = [factors.index(lever) for lever in levers]
    rest = [n for n in range(len(factors)) if n not in columns]
    unit = np.zeros((points, len(factors)))
    unit[:, rest] = qmc.Sobol(len(rest), scramble=True, seed=np.random.default_rng(1)).random(points)

    def share(settings: Array) -> Array:
        everything = np.repeat(unit[None], len(settings), axis=0)
        everything[:, :, columns] = settings[:, None, :]
        flat = everything.reshape(-1, len(factors))
        values = {name: surface(flat) for name, surface in surfaces.items()}
        met = np.all([target(values) for target in targets], axis=0)
        return np.asarray(met.reshape(len(settings), points).mean(axis=1), dtype=np.float64)

    grid = qmc.Sobol(len(levers), scramble=True, seed=np.random.default_rng(2)).random(CANDIDATES)
    grid = np.vstack([start[None], grid])
    grid = grid[np.argsort(((grid - start) ** 2).sum(axis=1), kind="stable")]
    best = 0.0
    for block in np.array_split(grid, math.ceil(len(grid) / AT_ONCE)):
        shares = share(block)
        best = max(best, float(shares.max()))
        good = np.flatnonzero(shares >= hold)
        if len(good):
            return _drawn_back(start, block[good[0]], hold, share)
    return None, best


def _drawn_back(start: Array, place: Array, hold: float, share: Any) -> tuple[Array, float]:
    """The first place on the way from the start at which it holds, found by halving."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        holds = float(share((start + middle * (place - start))[None])[0]) >= hold
        low, high = (low, middle) if holds else (middle, high)
    found = start + high * (place - start)
    return found, float(share(found[None])[0])


def tables(result: Stress) -> dict[str, pd.DataFrame]:
    """Misses, where they lie, and the nearest policies, as tables."""
    misses = pd.DataFrame(
        [
            {"scenario": m.scenario, "target": m.target, "points": m.points, "missed": m.missed, "share": m.share,
             "low": m.low, "high": m.high}
            for m in result.misses
        ]
    )  # fmt: skip
    where = pd.DataFrame(
        [
            {"scenario": m.scenario, "target": m.target, "rule": say(box, result.uncertain), "points": box.points,
             "missed_inside": box.density, "of_all_misses": box.coverage}
            for m in result.misses
            for box in m.boxes
        ],
        columns=["scenario", "target", "rule", "points", "missed_inside", "of_all_misses"],
    )  # fmt: skip
    nearest = pd.DataFrame(
        [
            {"scenario": n.scenario, "lever": lever, "own": n.own[lever], "nearest": n.setting[lever],
             "distance": n.distance, "promised": n.promised, "shown": n.shown, "holds": n.holds}
            for n in result.nearest
            for lever in n.setting
        ],
        columns=["scenario", "lever", "own", "nearest", "distance", "promised", "shown", "holds"],
    )  # fmt: skip
    return {"misses": misses, "where": where, "nearest": nearest}
