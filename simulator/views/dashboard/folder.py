"""A folder of results as the dashboard sees it: which runs it can show, and what there is to say about the rest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from tanshi.errors import Message
from tanshi.language import mark, say
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.reading import FORMAT, RECORD, read_record
from tanshi.simulator.results.store import FAILED, TABLES, names_in
from tanshi.simulator.results.tables import PERIOD_COLUMNS, TRADE_COLUMNS, RunResult
from tanshi.simulator.studies.batches.compact import DATASET, KIND, SEVERAL, fills_of, gathered, kind_of
from tanshi.simulator.studies.sweeps.sweep import PLAN
from tanshi.simulator.views.dashboard.provinces import MARKET, REGION, Provinces

NAMED = 5
"""Runs named one by one in a note."""
MANY = 1_000
"""Runs beyond which it is worth to gather their tables before they are looked at."""
RECORDS = 256
"""Records of runs held at once; those of thousands are more than a page needs."""


class NothingToShow(StoreError):
    """A folder without results; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Run:
    """One finished run.

    Parameters
    ----------
    name
        Its folder within the batch.
    kind
        What its scenario calls itself and what kind of model it is, `kind_of`.
    code
        Hash of the program that made it.
    trades
        Rows of its table of fills.
    part
        Whether it is one province of a run of several, laid out by itself.
    """

    name: str
    folder: Path
    scenario: str
    seed: int
    kind: Mapping[str, Any]
    code: str
    trades: int
    part: bool = False

    @property
    def title(self) -> str:
        """The scenario's title, or its name."""
        return str(self.kind["title"] or self.scenario)

    @property
    def age(self) -> int:
        """Changes when the run is made again.

        Raises
        ------
        NothingToShow
            Where it is not there any more.
        """
        try:
            return self.folder.stat().st_mtime_ns
        except OSError as error:
            raise NothingToShow(
                "the run {name} is gone: its folder {folder} is not there any more", name=self.name, folder=self.folder
            ) from error

    @property
    def said(self) -> dict[str, Any]:
        """What of its parameters the words under a chart need."""
        return {
            "economy": self.kind["economy"],
            "market": {"mode": self.kind["mode"]},
            "banking": {"horizon": self.kind["ahead"]},
            "drift": {"mode": self.kind["drift"]},
        }

    @property
    def parameters(self) -> dict[str, Any]:
        """All its parameters, read where they are asked for."""
        return dict(_record(self.folder, self.age).get("parameters", {}))

    @property
    def market(self) -> tuple[dict[str, Any], str]:
        """Parameters of what was run, and the region of it that this is: of a run of one province its own, and none."""
        record = _record(self.folder, self.age)
        return dict(record.get(MARKET) or record.get("parameters", {})), str(record.get(REGION, ""))

    @property
    def meta(self) -> dict[str, Any]:
        """What its record says of how it went."""
        record = _record(self.folder, self.age)
        return {**record.get("meta", {}), **{key: record.get(key) for key in ("id", "data", "code", "versions")}}

    def light(self, annual: pd.DataFrame, periods: pd.DataFrame | None = None) -> RunResult:
        """The run as a result without its fills, for the views that only compare years and periods."""
        return RunResult(
            self.scenario, self.seed, annual,
            pd.DataFrame(columns=list(PERIOD_COLUMNS)) if periods is None else periods,
            pd.DataFrame(columns=list(TRADE_COLUMNS)), self.parameters, self.meta,
        )  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """What a folder holds.

    Parameters
    ----------
    runs
        Finished runs, in the manifest's order.
    notes
        What is missing, failed or of another version, a sentence each.
    sweep
        Whether the folder is a sweep's.
    mark
        Changes when a run is added or taken away.
    gathered
        Whether ``dataset/`` holds the tables of all its runs as they are now.
    provinces
        Where its runs of several provinces are laid out.
    """

    folder: Path
    runs: tuple[Run, ...]
    notes: tuple[str, ...]
    sweep: bool
    mark: tuple[int, int]
    gathered: bool = False
    provinces: Provinces = field(default_factory=Provinces, compare=False)

    @property
    def scenarios(self) -> dict[str, list[Run]]:
        """Runs of each scenario, in order."""
        out: dict[str, list[Run]] = {}
        for run in self.runs:
            out.setdefault(run.scenario, []).append(run)
        return out

    def run(self, name: object) -> Run:
        """The run of a name, by default the first; a name never becomes a path.

        Raises
        ------
        NothingToShow
            Where the batch has no such run.
        """
        if name is None:
            return self.runs[0]
        for run in self.runs:
            if run.name == name:
                return run
        raise NothingToShow("{name} holds no run of that name; choose one from the list", name=self.folder.name)


@dataclass
class Shelf:
    """Batches read so far, each until its folder changes."""

    held: dict[Path, Batch] = field(default_factory=dict)
    provinces: Provinces = field(default_factory=Provinces)

    def open(self, folder: Path) -> Batch:
        """The batch in a folder as it is now.

        Raises
        ------
        NothingToShow
            As `open_batch`.
        """
        known = self.held.get(folder)
        if known is None or known.mark != mark_of(folder):
            self.held.pop(folder, None)
            known = self.held[folder] = open_batch(folder, self.provinces)
        return known

    def close(self) -> None:
        """Take away what was laid out."""
        self.held.clear()
        self.provinces.close()


def mark_of(folder: Path) -> tuple[int, int]:
    """A mark that changes when runs come or go: they are renamed into the folder."""
    try:
        found = folder.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_ino


def open_batch(folder: Path, provinces: Provinces | None = None) -> Batch:
    """Read what a folder holds, without its tables; of a run of several provinces each is a run.

    Parameters
    ----------
    provinces
        Where runs of several provinces are laid out; None for a place that goes with the batch.

    Raises
    ------
    NothingToShow
        Where there is no folder, or no finished run in it.
    """
    if not folder.exists():
        raise NothingToShow("the folder {folder} is not there (any more)", folder=folder)
    if not folder.is_dir():
        raise NothingToShow("{folder} is a file; give the folder of a batch, such as results/<time>", folder=folder)
    mark = mark_of(folder)
    provinces = provinces or Provinces()
    notes: list[str] = []
    there = sorted(p.parent.name for p in folder.glob(f"*/{RECORD}") if p.parent.name[0] != ".")
    there = [name for name in there if name != DATASET]
    try:
        wanted = names_in(folder)
    except StoreError as error:
        wanted = list(dict.fromkeys(name.removesuffix(FAILED) for name in there))
        notes = [say("The list of this batch's runs cannot be read: {error}.", error=error)]
    found = set(there)
    names = [name for run in wanted for name in (run, f"{run}{FAILED}") if name in found]
    known, alone = _gathered(folder)
    runs: list[Run] = []
    failed: list[str] = []
    odd: list[str] = []
    for name in names:
        if name in known:
            runs.append(known[name])
            continue
        try:
            found_here, problem = _read(folder / name, provinces)
        except StoreError as error:
            found_here, problem = [], f"{name}: {error}"
        if found_here:
            runs += found_here
        elif name.endswith(FAILED):
            failed.append(problem)
        else:
            odd.append(problem)
    missing = [name for name in wanted if name not in found and f"{name}{FAILED}" not in found]
    if not runs:
        raise NothingToShow(_nothing(folder, there, failed, odd, missing))
    notes += _notes(runs, wanted, failed, odd, missing)
    whole = alone and len(runs) == len(known)
    if len(runs) > MANY and not whole and not any(run.part for run in runs):
        notes.append(
            say(
                "{count:,} runs are read one by one; `tanshi compact {folder}` gathers them, and pages open faster.",
                count=len(runs),
                folder=folder,
            )
        )
    return Batch(folder, tuple(runs), tuple(notes), (folder / PLAN).is_file(), mark, whole, provinces)


def _gathered(folder: Path) -> tuple[dict[str, Run], bool]:
    """Runs that the gathered table of runs describes: ten thousand of them without opening their records."""
    try:
        rows, alone = gathered(folder)
    except StoreError:
        return {}, False  # every run says by itself what it is
    one_province = {name: row for name, row in rows.items() if SEVERAL not in row["economy"]}
    runs = {
        name: Run(
            name, folder / name, row["scenario"], row["seed"], {k: row[k] for k in KIND}, row["code"], row["fills"]
        )
        for name, row in one_province.items()
    }
    return runs, alone and len(runs) == len(rows)


@lru_cache(RECORDS)
def _record(place: Path, age: int) -> Mapping[str, Any]:
    return read_record(place)


def _read(place: Path, provinces: Provinces) -> tuple[list[Run], str]:
    record = read_record(place)
    if record.get("status") != "finished":
        return (
            [],
            f"{place.name.removesuffix('.failed')}: {str(record.get('error') or say('no reason given')).strip()}",
        )
    if record.get("format") != FORMAT:
        told = mark("{name} has format {theirs}, this version of the program reads {ours}")
        return [], say(told, name=place.name, theirs=record.get("format"), ours=FORMAT)
    absent = [table for table in TABLES if not os.path.isfile(f"{place}/{table}.parquet")]  # of thousands of runs
    if absent:
        return [], say("{name} lacks {tables}.parquet", name=place.name, tables=", ".join(absent))
    if record.get("parameters", {}).get("economies"):
        return [_run(part, read_record(part), part=True) for part in provinces.of(place, record)], ""
    return [_run(place, record)], ""


def _run(place: Path, record: Mapping[str, Any], *, part: bool = False) -> Run:
    kind, fills = kind_of(record.get("parameters", {})), fills_of(record)
    return Run(place.name, place, str(record["scenario"]), int(record["seed"]), kind, str(record["code"]), fills, part)


def _notes(
    runs: Sequence[Run], wanted: Sequence[str], failed: Sequence[str], odd: Sequence[str], missing: Sequence[str]
) -> list[str]:
    from tanshi.simulator.studies.batches.execute import code_version

    notes = []
    if missing:
        notes.append(
            say(
                "Half-finished: {missing} of {wanted} runs are not there yet ({names}); the same command goes on with"
                " them.",
                missing=len(missing),
                wanted=len(wanted),
                names=_some(missing),
            )
        )
    if failed:
        words = say("{count} runs failed and have no results. {names}.", count=len(failed), names=_some(failed, "; "))
        if len(failed) == 1:
            words = say("1 run failed and has no results. {names}.", names=_some(failed, "; "))
        notes.append(words)
    if odd:
        words = say("{count} runs cannot be shown. {names}.", count=len(odd), names=_some(odd, "; "))
        notes.append(words if len(odd) > 1 else say("1 run cannot be shown. {names}.", names=odd[0]))
    now = code_version()
    other = [run for run in runs if run.code != now]
    if other:
        notes.append(
            say(
                "{count} of {whole} runs were made by another version of the program: shown as stored; order books and"
                " flows are found again if prices still come out the same.",
                count=len(other),
                whole=len(runs),
            )
        )
    return notes


def _nothing(
    folder: Path, there: Sequence[str], failed: Sequence[str], odd: Sequence[str], missing: Sequence[str]
) -> str:
    if failed or odd or missing:
        parts = [say("{count} failed: {which}", count=len(failed), which=_some(failed, "; "))] * bool(failed)
        parts += [say("{count} cannot be read: {which}", count=len(odd), which=_some(odd, "; "))] * bool(odd)
        parts += [say("{count} not there yet: {which}", count=len(missing), which=_some(missing))] * bool(missing)
        return Message("{folder} holds no finished run ({why})", folder=folder, why=". ".join(parts))
    if any(folder.iterdir()):
        told = "{folder} holds no run of this program; give the folder of a batch, such as results/<time>"
        return Message(told, folder=folder)
    return Message("{folder} is empty; `tanshi run --out {folder}` fills it", folder=folder)


def _some(words: Sequence[str], joint: str = ", ") -> str:
    more = say(" and {count} more", count=len(words) - NAMED) if len(words) > NAMED else ""
    return joint.join(words[:NAMED]) + more


def newest(root: Path) -> Path | None:
    """The folder below `root` in which a batch was last begun; None where there is none."""
    return next(iter(batches_below(root)), None)


def batches_below(root: Path, most: int = 50) -> list[Path]:
    """Folders below `root` that hold a batch, the newest first."""
    try:
        found = [(path.stat().st_mtime_ns, path) for path in root.iterdir() if _is_batch(path)]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)[:most]]


def _is_batch(path: Path) -> bool:
    return path.is_dir() and path.name[0] != "." and ((path / "manifest.json").is_file() or _has_run(path))


def _has_run(path: Path) -> bool:
    return next(path.glob(f"*/{RECORD}"), None) is not None
