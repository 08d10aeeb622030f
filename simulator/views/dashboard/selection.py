"""What is laid side by side: scenarios or single runs of any folder, each under a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from tanshi.language import say
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow, Run
from tanshi.simulator.views.dashboard.tables import Tables

BETWEEN = "::"
"""Between a folder and what is chosen of it, in an address."""


@dataclass(frozen=True)
class Entry:
    """One line of a comparison.

    Parameters
    ----------
    label
        How it is called, unlike any other beside it.
    batch, runs
        Its folder, and its runs in it: all of a scenario, or one.
    """

    label: str
    batch: Batch
    runs: tuple[Run, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What is the same as long as its numbers are."""
        return self.label, self.batch.folder, self.batch.mark, tuple(run.name for run in self.runs)

    @property
    def scenario(self) -> str:
        """The scenario of its runs."""
        return self.runs[0].scenario

    @property
    def whole(self) -> bool:
        """Whether these are all runs of the scenario in its folder."""
        return len(self.runs) == len(self.batch.scenarios[self.scenario])

    @property
    def files(self) -> list[Path]:
        """Its tables by year."""
        return [run.folder / "annual.parquet" for run in self.runs]

    @property
    def seeds(self) -> frozenset[int]:
        """Seeds of its runs; fewer than runs where something else differs between them, as in a sweep."""
        return frozenset(run.seed for run in self.runs)


def offered(batch: Batch, *, single: bool) -> dict[str, str]:
    """What may be chosen of a folder, by its name in an address: its scenarios, and its runs where there are several.

    Parameters
    ----------
    single
        Whether runs are offered one by one as well.
    """
    out = {_name(batch, name): f"{batch.folder.name}: {name}" for name in batch.scenarios}
    if single:
        several = [run for runs in batch.scenarios.values() if len(runs) > 1 for run in runs]
        out |= {_name(batch, run.name): f"{batch.folder.name}: {_run(run)}" for run in several}
    return out


def folder_of(name: str) -> str:
    """The folder out of a name of `offered`."""
    return name.rpartition(BETWEEN)[0]


def entries(desk: Desk, batch: Batch, own: Sequence[str], beside: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """What is to be shown, in order, and what is wrong with the rest, in words.

    Parameters
    ----------
    own
        Scenarios of the batch.
    beside
        Names of `offered`, of any folder.
    """
    found: list[tuple[str, Batch, tuple[Run, ...]]] = [
        (name, batch, tuple(runs)) for name, runs in batch.scenarios.items() if name in own
    ]
    problems = []
    for name in dict.fromkeys(beside):
        folder, _, what = name.rpartition(BETWEEN)
        try:
            other = desk.batch(folder)
            if what in other.scenarios:
                found.append((what, other, tuple(other.scenarios[what])))
            else:
                run = other.run(what)
                found.append((_run(run), other, (run,)))
        except NothingToShow as error:
            problems.append(str(error))
    return _named(found), problems


def _named(found: Iterable[tuple[str, Batch, tuple[Run, ...]]]) -> list[Entry]:
    """Entries with their folder's name where another folder has the same, and a number where even that is no help."""
    listed = list(found)
    names = [name for name, _, _ in listed]
    out: dict[str, Entry] = {}
    for name, batch, runs in listed:
        label = name if names.count(name) == 1 else say("{name} in {folder}", name=name, folder=batch.folder.name)
        if any(entry.batch.folder == batch.folder and entry.runs == runs for entry in out.values()):
            continue
        number = 2
        while label in out:
            label = f"{name} ({number})"
            number += 1
        out[label] = Entry(label, batch, runs)
    return list(out.values())


def _name(batch: Batch, what: str) -> str:
    return f"{batch.folder}{BETWEEN}{what}"


def _run(run: Run) -> str:
    return say("{scenario}, seed {seed}", scenario=run.scenario, seed=run.seed)


def _rows(tables: Tables, entry: Entry, variables: Sequence[str]) -> pd.DataFrame:
    """Annual values of an entry's runs; a batch is read once for all of its scenarios."""
    if not entry.whole:
        return tables.some(entry.key, entry.files, variables)
    rows = tables.compared(entry.batch, variables)
    return rows[rows["scenario"] == entry.scenario]


def bands(tables: Tables, chosen: Sequence[Entry], variables: Sequence[str]) -> pd.DataFrame:
    """Median and band of the variables by entry and year: ``scenario, variable, year, low, middle, high``."""

    def make(entry: Entry) -> pd.DataFrame:
        own = tables.bands_within(_rows(tables, entry, variables))
        return own[["variable", "year", "low", "middle", "high"]].assign(scenario=entry.label)

    return _joined([tables.kept(("bands of", entry.key, tuple(variables)), partial(make, entry)) for entry in chosen])


def differences(
    tables: Tables, chosen: Sequence[Entry], base: Entry, variables: Sequence[str], *, percent: bool
) -> pd.DataFrame:
    """How far the entries are from one of them, as `bands`: seed by seed where both have the same, else by medians.

    Parameters
    ----------
    percent
        In per cent of the reference rather than in units.
    """
    reference = bands(tables, [base], variables).set_index(["variable", "year"])["middle"]
    frames = []
    for entry in chosen:
        if entry == base:
            continue
        if entry.seeds == base.seeds and len(entry.seeds) == len(entry.runs) == len(base.runs):
            asked = ("paired", entry.key, base.key, tuple(variables), percent)
            own = tables.kept(asked, partial(_paired, tables, entry, base, variables, percent=percent))
        else:
            own = bands(tables, [entry], variables).set_index(["variable", "year"])
            there = reference.reindex(own.index)
            middle = own["middle"] - there
            own = pd.DataFrame({"middle": 100.0 * middle / there if percent else middle}).dropna().reset_index()
            own = own.assign(low=own["middle"], high=own["middle"])
        frames.append(own[["variable", "year", "low", "middle", "high"]].assign(scenario=entry.label))
    return _joined(frames)


def _paired(tables: Tables, entry: Entry, base: Entry, variables: Sequence[str], *, percent: bool) -> pd.DataFrame:
    return tables.paired(_rows(tables, entry, variables), _rows(tables, base, variables), percent=percent)


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    columns = ["variable", "year", "low", "middle", "high", "scenario"]
    kept = [frame for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=columns)


def results(tables: Tables, chosen: Sequence[Entry]) -> list[RunResult]:
    """The entries' runs under the entries' names, without fills."""
    out = []
    for entry in chosen:
        names = {run.name for run in entry.runs}
        every = zip(entry.batch.runs, tables.results(entry.batch), strict=True)
        for light in (light for run, light in every if run.name in names):
            named = light.annual.assign(scenario=entry.label)
            title = light.parameters.get("title") or light.scenario
            out.append(
                replace(light, scenario=entry.label, annual=named, parameters={**light.parameters, "title": title})
            )
    return out
