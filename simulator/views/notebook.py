"""Runs as objects for notebooks and scripts: labelled pandas tables, figures, and a look that says what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tanshi.errors import Message, TanshiError
from tanshi.language import say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator import stepping
from tanshi.simulator.results.iamc import iamc_table
from tanshi.simulator.results.quality import MEASURES, yearly_quality
from tanshi.simulator.results.reading import read_about, read_frame, read_record
from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.stored import StoredRuns
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.together import apart, several
from tanshi.simulator.results.variables import KNOWN
from tanshi.simulator.studies.batches.batch import fill_folder, run_key, with_seeds
from tanshi.simulator.studies.compiling import compile_in_sight
from tanshi.simulator.studies.sweeps.sweep import DESIGN
from tanshi.simulator.views.charts.plots import Plots
from tanshi.simulator.views.reports.exports import dataset_of, free_file, write_netcdf, write_workbook
from tanshi.simulator.views.reports.folder import Folder, open_folder

if TYPE_CHECKING:
    import xarray as xr

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
    scenario: str | Path | Mapping[str, Any] | Sequence[str | Path | Mapping[str, Any]],
    *,
    seed: int | None = None,
    seeds: int | Sequence[int] = 1,
    workers: int | None = 1,
    **overrides: Any,
) -> Results:
    """Run scenarios and return their results; nothing is left on disk.

    Parameters
    ----------
    scenario
        A built-in name such as ``S5``, a YAML file, or what such a file would say as a dictionary with ``extends``:
        ``{"extends": "S5", "name": "mine", "cap": {"tightness": 0.08}}``; dotted names do as well. Or a list of them.
    seed
        Seed of every random stream; by default the scenario's.
    seeds
        How many seeds to run, counted from it, or a list of them.
    workers
        Processes; None for one a processor. One computes in this process. The results are the same.
    **overrides
        Fields of the scenario, nested or dotted: ``firms={"number": 50}``, ``**{"firms.number": 50}``.

    Returns
    -------
    Results
        One run a scenario and seed.

    Raises
    ------
    UserError
        Where a scenario is wrong: every problem with field, what was expected, what was given.
    EquilibriumError
        Where the economy has no equilibrium.
    ComputationFailed
        Where a run of other processes failed, with its reason.

    Examples
    --------
    >>> from tanshi.simulator import simulate
    >>> result = simulate("S1", seed=1, years={"end": 2022}, firms={"number": 16}, market={"periods_per_year": 1})
    >>> result.scenarios, result.annual.index.tolist()
    (['S1'], [2022])
    """
    several = [scenario] if isinstance(scenario, str | Path | Mapping) else list(scenario)
    if not several:
        raise UserError("There is nothing to run.", [Problem("at least one scenario", "an empty list")])
    if seeds < 1 if isinstance(seeds, int) else not len(seeds):
        raise UserError("There is nothing to run.", [Problem("seeds of at least 1", str(seeds))])
    if seed is not None:
        overrides = {**overrides, "seed": int(seed)}
    chosen = [load(one, overrides) for one in several]
    compile_in_sight()
    if workers == 1:
        return Results(tuple(_run(one) for base in chosen for one in with_seeds(base, seeds).values()))
    return Results(_among_workers(chosen, seeds, workers))


class ComputationFailed(TanshiError, RuntimeError):
    """A run of another process failed."""


def _among_workers(chosen: Sequence[Scenario], seeds: int | Sequence[int], workers: int | None) -> Sequence[RunResult]:
    """The runs, computed by other processes in a folder that is gone afterwards."""
    runs = dict(one for n, base in enumerate(chosen) for one in _numbered(n, with_seeds(base, seeds)))
    with TemporaryDirectory(prefix="tanshi-") as folder:
        outcome = fill_folder(runs, Path(folder), workers=workers)
        for name, reason in outcome.failed.items():
            told = "{scenario}, seed {seed}: {reason}"
            raise ComputationFailed(told, scenario=runs[name].name, seed=runs[name].seed, reason=reason)
        return tuple(read_run(Path(folder) / name) for name in runs)


def _numbered(number: int, runs: Mapping[str, Scenario]) -> Iterator[tuple[str, Scenario]]:
    return ((f"{number}-{name}", scenario) for name, scenario in runs.items())


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
    result = stepping.simulate(scenario)
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
        Each run as the simulator returns it (`tanshi.simulator.results.tables.RunResult`); of a large batch each is
        read when it is looked at.
    folder
        Where they were read from; None for runs of this session.
    """

    runs: Sequence[RunResult]
    folder: Folder | None = field(default=None)

    # -- tables --------------------------------------------------------------------------------------------

    @property
    def annual(self) -> pd.DataFrame:
        """A column a variable, a row a year; units in `units`.

        Of several runs scenario and seed come into the index, of a sweep the point and its drawn values too; of several
        provinces that trade together the region, since nothing is added up over them unasked.
        """
        if isinstance(self.runs, StoredRuns) and not self._several:
            names, years, values = self.runs.annual()
            table = pd.DataFrame(values.reshape(-1, len(names)), columns=pd.Index(names))
            counts = [len(years)] * len(self.runs)
            table.index = self._index(counts, pd.Series(np.tile(years, len(self.runs)), name="year"))
        else:
            parts = [_wide(run, self._several) for run in self.runs]
            table = pd.concat(parts) if parts else pd.DataFrame()
            if len(parts) > 1:
                more = [pd.Series(table.index.get_level_values(str(name)), name=name) for name in table.index.names]
                table.index = self._index([len(part) for part in parts], *more)
        table.attrs["units"] = self.units.to_dict()
        return table

    @property
    def periods(self) -> pd.DataFrame:
        """A row a market period, with price (yuan/t), volume (t) and the state, by year and period."""
        return self._below("periods", ["year", "period"])

    @property
    def trades(self) -> pd.DataFrame:
        """A row a fill: buyer, seller, their sectors, price (yuan/t), tonnes."""
        return self._below("trades", [])

    @property
    def quality(self) -> pd.DataFrame:
        """A row a year: how well the market worked, its liquidity, concentration and network (`MEASURES`)."""
        runs = [run if len(run.trades) else replace(run, trades=self._fills(run)) for run in self.runs]
        whole = apart(runs)
        found = [yearly_quality(run).reset_index().assign(scenario=run.scenario, seed=run.seed) for run in whole]
        table = (Results(tuple(whole)) if len(whole) > len(runs) else self)._labelled(found, ["year"])
        table.attrs["meaning"] = dict(MEASURES)
        return table

    @property
    def units(self) -> pd.Series[str]:
        """Unit of every variable of `annual`."""
        first = {name: n for n, (name, _) in reversed(list(enumerate(self._told())))}  # of each scenario
        names = dict.fromkeys(name for n in sorted(first.values()) for name in self.runs[n].annual["variable"].unique())
        return pd.Series({name: KNOWN[name].unit for name in names if name in KNOWN}, name="unit", dtype=str)

    @property
    def meaning(self) -> pd.Series[str]:
        """What every variable of `annual` counts."""
        return pd.Series({name: KNOWN[name].meaning for name in self.units.index}, name="meaning", dtype=str)

    @property
    def iamc(self) -> pd.DataFrame:
        """All runs in the wide form of the integrated-assessment community."""
        return iamc_table(list(self.runs))

    @property
    def parameters(self) -> pd.DataFrame:
        """A row a field of the scenario, a column a run; runs of different scenarios are called by theirs."""
        if isinstance(self.runs, StoredRuns):
            given = [read_record(place)["parameters"] for place in self.runs.places]
        else:
            given = [run.parameters for run in self.runs]
        named = self._labels()["scenario"]
        names = list(named) if named.is_unique else self._names()
        return pd.DataFrame(
            {name: pd.Series(_dotted(fields), dtype=object) for name, fields in zip(names, given, strict=True)}
        )

    @property
    def design(self) -> pd.DataFrame:
        """A row a run: scenario, seed, and of a sweep the point and its drawn values; units in ``attrs``."""
        table = self._labels()
        table.index = pd.Index(self._names(), name="run")
        if self.folder is not None and self.folder.sweep:
            table.attrs["columns"] = read_about(self.folder.path / DESIGN)
        return table

    def to_xarray(self) -> xr.Dataset:
        """All annual values along scenario, point (of a sweep), seed and year, with units and meanings.

        Drawn values lie along the point. Needs the extra ``netcdf``.
        """
        labels = self._labels()
        table = self.annual
        if len(self.runs) == 1:
            table = pd.concat({tuple(labels[name].iloc[0] for name in LABELS): table}, names=list(LABELS))
        drawn = labels.drop(columns=["scenario", "seed"])
        points = drawn.drop_duplicates("point").set_index("point") if "point" in drawn else drawn
        keep = [name for name in table.index.names if name in (*LABELS, "point", "region", "year")]
        table = table.droplevel([name for name in table.index.names if name not in keep])
        about = self.design.attrs.get("columns", {})
        return dataset_of(table, points, about)

    def to_netcdf(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write `to_xarray` to a netCDF file.

        Raises
        ------
        UserError
            Where the file is there already and `overwrite` was not asked, or the extra ``netcdf`` is missing.
        """
        return write_netcdf(self.to_xarray(), free_file(path, overwrite=overwrite), overwrite=overwrite)

    def to_excel(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write annual values, the design and what the variables mean as the sheets of a workbook.

        Raises
        ------
        UserError
            Where the file is there already and `overwrite` was not asked, a table is longer than a sheet, or the
            extra ``excel`` is missing.
        """
        words = pd.DataFrame({"variable": self.units.index, "unit": self.units, "meaning": self.meaning})
        sheets = {"annual": self.annual.reset_index(), "design": self.design.reset_index(), "variables": words}
        return write_workbook(sheets, path, overwrite=overwrite)

    # -- choosing ------------------------------------------------------------------------------------------

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios."""
        return list(dict.fromkeys(name for name, _ in self._told()))

    @property
    def seeds(self) -> list[int]:
        """Seeds of the runs."""
        return sorted({seed for _, seed in self._told()})

    def __getitem__(self, scenario: str) -> Results:
        found: Sequence[RunResult]
        if isinstance(self.runs, StoredRuns):
            found = self.runs.of(scenario)
        else:
            found = tuple(run for run in self.runs if run.scenario == scenario)
        if not found:
            problem = Problem(Message("one of {scenarios}", scenarios=", ".join(self.scenarios)), repr(scenario))
            raise UserError("There is no such scenario among the results.", [problem])
        return Results(found, self.folder)

    def of(self, region: str) -> Results:
        """What one region saw of the runs, in the form of runs of that region alone."""
        return Results(tuple(run.of(region) for run in self.runs))

    @property
    def _several(self) -> bool:
        return several(self.runs)

    def __add__(self, other: Results) -> Results:
        return Results((*self.runs, *other.runs))

    def __len__(self) -> int:
        return len(self.runs)

    # -- looks ---------------------------------------------------------------------------------------------

    @property
    def plot(self) -> Plots:
        """The figures of these results: ``result.plot.price()`` and so on; ``result.plot`` alone lists them."""
        return Plots(apart(self.runs, translate) if self._several else self.runs)

    def __repr__(self) -> str:
        return (
            f"{self._head()}\n{self._summary().to_string(float_format=DIGITS)}"
            if self.runs
            else say("Results: no finished run")
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
            kept = [name for name in table.index.names if name in (*LABELS, "point", "region", "year")]
            table = table.droplevel([name for name in table.index.names if name not in kept])
            ends = table.index.get_level_values("year")
            table = table[(ends == ends.min()) | (ends == ends.max())].head(24)
        table = table.copy()
        table.columns = pd.Index(SHOWN.values())
        return table

    # -- which run is which --------------------------------------------------------------------------------

    def _told(self) -> list[tuple[str, int]]:
        """Scenario and seed of each run."""
        runs = self.runs.labels if isinstance(self.runs, StoredRuns) else self.runs
        return [(run.scenario, run.seed) for run in runs]

    def _names(self) -> list[str]:
        """Name of each run: of its folder, where it has one."""
        if isinstance(self.runs, StoredRuns):
            return [place.name for place in self.runs.places]
        places = [self.folder.place_of(run) if self.folder is not None else None for run in self.runs]
        return [
            place.name if place is not None else f"{run.scenario}-seed{run.seed}"
            for place, run in zip(places, self.runs, strict=True)
        ]

    def _labels(self) -> pd.DataFrame:
        """A row a run: scenario, seed, and of a sweep the point and the drawn values."""
        table = pd.DataFrame(self._told(), columns=list(LABELS))
        if self.folder is None or not self.folder.sweep:
            return table
        design = read_frame(self.folder.path / DESIGN, ("run", "scenario", "point", "seed")).set_index("run")
        drawn = [str(name) for name in design if str(name) not in LABELS and not str(name).startswith("u:")]
        kept: pd.DataFrame = design[["scenario", "point", "seed", *drawn[1:]]]
        return kept.loc[self._names()].reset_index(drop=True)

    def _index(self, counts: Sequence[int], *more: pd.Series[Any]) -> pd.MultiIndex:
        """Labels of so many rows of each run, and what tells the rows of a run apart."""
        labels = self._labels()
        rows = labels.iloc[np.repeat(np.arange(len(labels)), counts)].reset_index(drop=True)
        return pd.MultiIndex.from_frame(pd.concat([rows, *(one.reset_index(drop=True) for one in more)], axis=1))

    def _below(self, name: str, index: list[str]) -> pd.DataFrame:
        """One of the runs' tables, those of all runs one below the other."""
        if isinstance(self.runs, StoredRuns):
            table = self.runs.frame(name)
            counts = np.bincount(table.pop("_number"), minlength=len(self.runs)).tolist()
            table = table.drop(columns=list(LABELS))
            table.index = self._index(counts, *(table[key] for key in index))
            return table.drop(columns=index)
        if name == "trades":
            return self._labelled([run.trades if len(run.trades) else self._fills(run) for run in self.runs], index)
        return self._labelled([getattr(run, name) for run in self.runs], index)

    def _labelled(self, tables: Sequence[pd.DataFrame], index: list[str]) -> pd.DataFrame:
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*LABELS, *index])
        table = table.drop(columns=list(LABELS))
        if len(self.runs) == 1:
            return table.set_index(index) if index else table
        table.index = self._index([len(one) for one in tables], *(table[key] for key in index))
        return table.drop(columns=index)

    def _fills(self, run: RunResult) -> pd.DataFrame:
        """The fills of a run that was read without them."""
        place = self.folder.place_of(run) if self.folder is not None else None
        return read_run(place).trades if place is not None else run.trades


def _wide(run: RunResult, several: bool = False) -> pd.DataFrame:
    keys = ["region", "year"] if several else "year"
    table = run.annual.pivot(index=keys, columns="variable", values="value")
    return table[list(run.annual["variable"].unique())].rename_axis(columns=None)
