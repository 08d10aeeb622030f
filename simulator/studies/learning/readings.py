"""Two readings of "the network's series are the input of the equilibrium model", side by side.

`state`: the drift carries the state between auctions, and the drivers enter the economy. `trajectories`: the network's
series come first, the economy follows them without new policy, and a policy is answered from there; the equilibrium
alone reads them as the first paper does, with one equilibrium a year, or firms trade in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.preparation import TrainingError
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.studies.batches.batch import Progress, run_batch
from tanshi.simulator.studies.batches.execute import code_version

NAMES = ("S1", "S5")
STARTS = (0.8, 1.0, 1.25)
"""Initial prices of the series over the economy's own."""

VARIABLES = ("Price|Carbon", "Emissions|CO2", "GDP|MER")
_ALONE: Mapping[str, object] = {"market.mode": "equilibrium", "banking.horizon": 0}
_SERIES: Mapping[str, object] = {"drift.input": "trajectories"}

READINGS: Mapping[str, Mapping[str, object]] = {
    "no drift": {"drift.mode": "none"},
    "state": {},
    **{f"trajectories, price x {start:g}": {**_SERIES, "drift.initial.price": start} for start in STARTS},
    "equilibrium alone": {**_ALONE, "drift.mode": "none"},
    "equilibrium alone, trajectories": {**_ALONE, **_SERIES},
}


@dataclass(frozen=True)
class Readings:
    """What both readings come to.

    Attributes
    ----------
    values
        Scenario, reading, variable, unit, year, value.
    series
        Reading, year, and of the generated series: price, emissions, output; of the economy: the three shifts.
    missed
        Largest relative distance at which the economy follows the series.
    """

    values: pd.DataFrame
    series: pd.DataFrame
    missed: float


def readings(
    out: Path,
    names: Sequence[str] = NAMES,
    *,
    progress: Progress | None = None,
    overrides: Mapping[str, object] | None = None,
    workers: int | None = None,
) -> Readings:
    """Run scenarios in every reading; finished runs in ``out`` are kept.

    Raises
    ------
    TrainingError
        Where a run found no equilibrium, or no economy follows the series.
    """
    runs, labels = [], {}
    for name in names:
        for number, (reading, fields) in enumerate(READINGS.items()):
            label = f"{name}-reading-{number}"
            labels[label] = (name, reading)
            runs.append(_named(name, label, {**dict(overrides or {}), **fields}))
    made = run_batch(runs, out / "readings" / code_version(), progress=progress, workers=workers).whole(TrainingError)
    told = [(*labels[run.scenario], run) for run in made]
    values = pd.concat([_values(name, reading, run) for name, reading, run in told], ignore_index=True)
    followed = {reading: run.meta["trajectories"] for _, reading, run in told if "trajectories" in run.meta}
    missed = max((float(one["missed"]) for one in followed.values()), default=0.0)
    return Readings(values, pd.concat([_series(*item) for item in followed.items()], ignore_index=True), missed)


def _named(name: str, label: str, fields: Mapping[str, object]) -> Scenario:
    return load_scenario(name, {**fields, "name": label})


def _values(name: str, reading: str, run: RunResult) -> pd.DataFrame:
    own = run.annual[run.annual["variable"].isin(VARIABLES)][["variable", "unit", "year", "value"]]
    return own.assign(scenario=name, reading=reading)


def _series(reading: str, told: Mapping[str, Any]) -> pd.DataFrame:
    columns = {name: values for name, values in told.items() if isinstance(values, Mapping)}
    table = pd.DataFrame(columns)
    return table.rename_axis("year").reset_index().assign(reading=reading)
