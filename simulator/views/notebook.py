"""Runs as objects for notebooks and scripts: labelled pandas tables, figures, and a look that says what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator import model
from tanshi.simulator.results.iamc import iamc_table
from tanshi.simulator.results.quality import MEASURES, yearly_quality
from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import CATALOGUE
from tanshi.simulator.studies.batches.batch import run_key, with_seeds
from tanshi.simulator.studies.compiling import compile_in_sight
from tanshi.simulator.views.charts.plots import Plots
from tanshi.simulator.views.reports.folder import Folder, open_folder

DIGITS = "{:.2f}".format
"""How numbers of a table of headlines are written."""
SHOWN = {
    "Price|Carbon": "price, yuan/t",
    "Carbon Market|Trading Volume": "volume, Mt",
    "Emissions|CO2": "CO2, Mt",
    "Energy Consumption": "energy, Mtce",
    "GDP|MER": "GDP, bn yuan",
}
LABELS = ("scenario", "seed")


def simulate(
    scenario: str | Path | Mapping[str, Any], *, seed: int | None = None, seeds: int = 1, **overrides: Any
) -> Results:
    """Run a scenario in this process and return its results; nothing is written.

    Parameters
    ----------
    scenario
        A built-in name such as ``S5``, a YAML file, or what such a file would say as a dictionary with ``extends``:
        ``{"extends": "S5", "name": "mine", "cap": {"tightness": 0.08}}``; dotted names do as well.
    seed
        Seed of every random stream; by default the scenario's.
    seeds
        How many seeds to run, counted from it.
    **overrides
        Fields of the scenario, nested or dotted: ``firms={"number": 50}``, ``**{"firms.number": 50}``.

    Returns
    -------
    Results
        One run a seed.

    Raises
    ------
    UserError
        Where the scenario is wrong: every problem with field, what was expected, what was given.
    EquilibriumError
        Where the economy has no equilibrium.

    Examples
    --------
    >>> from tanshi.simulator import simulate
    >>> result = simulate("S1", seed=1, years={"end": 2022}, firms={"number": 16}, market={"periods_per_year": 1})
    >>> result.scenarios, result.annual.index.tolist()
    (['S1'], [2022])
    """
    if seeds < 1:
        raise UserError("There is nothing to run.", [Problem("seeds of at least 1", str(seeds))])
    chosen = load(scenario, overrides)
    if seed is not None:
        overrides = {**overrides, "seed": int(seed)}
        chosen = load(scenario, overrides)
    compile_in_sight()
    return Results(tuple(_run(one) for one in with_seeds(chosen, seeds).values()))


def load(scenario: str | Path | Mapping[str, Any], overrides: Mapping[str, Any]) -> Scenario:
    """The scenario that `simulate` runs; parameters and errors as there."""
    if not isinstance(scenario, Mapping):
        return load_scenario(scenario, _dotted(overrides))
    fields = dict(scenario)
    base = fields.pop("extends", None)
    if not isinstance(base, str | Path):
        problem = Problem("the scenario that it extends, such as 'extends': 'S5'", repr(base), field="extends")
        raise UserError("The dictionary makes no scenario.", [problem])
    named = {"name": f"{Path(base).stem}-changed", "title": "", **fields}
    return load_scenario(base, {**_dotted(named), **_dotted(overrides)})


def _dotted(fields: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested fields as dotted names; the economy's figures keep their own paths."""
    out: dict[str, Any] = {}
    for key, value in fields.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and name != "figures":
            out |= _dotted(value, f"{name}.")
        else:
            out[name] = value
    return out


def _run(scenario: Scenario) -> RunResult:
    result = model.simulate(scenario)
    key = run_key(scenario)
    meta = {**result.meta, "id": key.id, "data": key.data, "code": key.code}
    return RunResult(
        result.scenario, result.seed, result.annual, result.periods, result.trades, result.parameters, meta
    )


def open_results(folder: Path | str) -> Results:
    """Read what a command left in a folder: one run, a batch, or a sweep.

    Raises
    ------
    UserError, StoreError
        Where the folder is missing, empty, foreign, or its runs are not finished or broken.
    """
    found = open_folder(folder)
    return Results(found.runs, found)


@dataclass(frozen=True, repr=False)
class Results:
    """One run or several of them, as tables and figures.

    Attributes
    ----------
    runs
        Each run as the simulator returns it (`tanshi.simulator.results.tables.RunResult`).
    folder
        Where they were read from; None for runs of this session.
    """

    runs: tuple[RunResult, ...]
    folder: Folder | None = field(default=None)

    # -- tables --------------------------------------------------------------------------------------------

    @property
    def annual(self) -> pd.DataFrame:
        """A column a variable, a row a year (of several runs: scenario, seed and year); units in `units`."""
        parts = [_wide(run) for run in self.runs]
        table = pd.concat(parts) if parts else pd.DataFrame()
        table.attrs["units"] = self.units.to_dict()
        return table if len(self.runs) > 1 else table.droplevel(list(LABELS))

    @property
    def periods(self) -> pd.DataFrame:
        """A row a market period, with price (yuan/t), volume (t) and the state, by year and period."""
        return self._labelled([run.periods for run in self.runs], ["year", "period"])

    @property
    def trades(self) -> pd.DataFrame:
        """A row a fill: buyer, seller, their sectors, price (yuan/t), tonnes."""
        whole = [run.trades if len(run.trades) else self._fills(run) for run in self.runs]
        return self._labelled(whole, [])

    @property
    def quality(self) -> pd.DataFrame:
        """A row a year: how well the market worked, its liquidity, concentration and network (`MEASURES`)."""
        whole = [run if len(run.trades) else replace(run, trades=self._fills(run)) for run in self.runs]
        found = [yearly_quality(run).reset_index().assign(scenario=run.scenario, seed=run.seed) for run in whole]
        table = self._labelled(found, ["year"])
        table.attrs["meaning"] = dict(MEASURES)
        return table

    @property
    def units(self) -> pd.Series[str]:
        """Unit of every variable of `annual`."""
        names: list[str] = list(self.runs[0].annual["variable"].unique()) if self.runs else []
        return pd.Series({name: CATALOGUE[name].unit for name in names if name in CATALOGUE}, name="unit", dtype=str)

    @property
    def meaning(self) -> pd.Series[str]:
        """What every variable of `annual` counts."""
        return pd.Series({name: CATALOGUE[name].meaning for name in self.units.index}, name="meaning", dtype=str)

    @property
    def iamc(self) -> pd.DataFrame:
        """All runs in the wide form of the integrated-assessment community."""
        return iamc_table(list(self.runs))

    @property
    def parameters(self) -> pd.DataFrame:
        """A row a field of the scenario, a column a scenario."""
        return pd.DataFrame({run.scenario: pd.Series(_dotted(run.parameters), dtype=object) for run in self.runs})

    # -- choosing ------------------------------------------------------------------------------------------

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios."""
        return list(dict.fromkeys(run.scenario for run in self.runs))

    @property
    def seeds(self) -> list[int]:
        """Seeds of the runs."""
        return sorted({run.seed for run in self.runs})

    def __getitem__(self, scenario: str) -> Results:
        found = tuple(run for run in self.runs if run.scenario == scenario)
        if not found:
            problem = Problem(Message("one of {scenarios}", scenarios=", ".join(self.scenarios)), repr(scenario))
            raise UserError("There is no such scenario among the results.", [problem])
        return Results(found, self.folder)

    def __add__(self, other: Results) -> Results:
        return Results((*self.runs, *other.runs))

    def __len__(self) -> int:
        return len(self.runs)

    # -- looks ---------------------------------------------------------------------------------------------

    @property
    def plot(self) -> Plots:
        """The figures of these results: ``result.plot.price()`` and so on; ``result.plot`` alone lists them."""
        return Plots(self.runs)

    def __repr__(self) -> str:
        return (
            f"{self._head()}\n{self._summary().to_string(float_format=DIGITS)}"
            if self.runs
            else "Results: no finished run"
        )

    def _repr_html_(self) -> str:
        if not self.runs:
            return "<p>Results: no finished run</p>"
        return f"<p><b>{escape(self._head())}</b></p>{self._summary().to_html(float_format=DIGITS)}"

    def _head(self) -> str:
        if len(self.runs) == 1:
            run = self.runs[0]
            title = f": {run.title}" if run.title != run.scenario else ""
            return f"{run.scenario}{title}, seed {run.seed}"
        return f"{len(self.runs)} runs: {', '.join(self.scenarios[:8])}; seeds {', '.join(map(str, self.seeds[:8]))}"

    def _summary(self) -> pd.DataFrame:
        """Headline variables: all years of one run, first and last year of several."""
        table = self.annual[list(SHOWN)]
        if len(self.runs) > 1:
            ends = table.index.get_level_values("year")
            table = table[(ends == ends.min()) | (ends == ends.max())].head(24)
        table = table.copy()
        table.columns = pd.Index(SHOWN.values())
        return table

    def _labelled(self, tables: Sequence[pd.DataFrame], index: list[str]) -> pd.DataFrame:
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*LABELS, *index])
        if len(self.runs) == 1:
            table = table.drop(columns=list(LABELS))
            return table.set_index(index) if index else table
        return table.set_index([*LABELS, *index])

    def _fills(self, run: RunResult) -> pd.DataFrame:
        """The fills of a run that was read without them."""
        place = self.folder.place_of(run) if self.folder is not None else None
        return read_run(place).trades if place is not None else run.trades


def _wide(run: RunResult) -> pd.DataFrame:
    table = run.annual.pivot(index="year", columns="variable", values="value")
    table = table[list(run.annual["variable"].unique())]
    return pd.concat({(run.scenario, run.seed): table}, names=list(LABELS)).rename_axis(columns=None)
