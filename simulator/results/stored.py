"""Many runs on disk as one: read when they are looked at, their tables gathered without making a run of each.

Opening a batch of thousands costs a look at each record; a table of all of them costs one pass over its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.reading import RECORD, check_finished, read_arrow, read_json, read_record
from tanshi.simulator.results.store import TABLES, read_run
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import CATALOGUE, COMPARISONS, OPTIONAL

if TYPE_CHECKING:
    import pyarrow as pa

READERS = 4
"""Threads that read files; Arrow lets them."""


@dataclass(frozen=True)
class Label:
    """What tells a stored run from the others, read from its record."""

    scenario: str
    seed: int
    id: str
    code: str


def check_runs(places: Iterable[Path]) -> None:
    """Read every table of some runs whole.

    Raises
    ------
    StoreError
        Naming the first that is not the one its record describes, or has what no run writes.
    """
    for place in places:
        record = read_record(place)
        for name in TABLES:
            table = _table(place, record, name)
            if name == "annual":
                _check_years(place / f"{name}.parquet", table.to_pandas())


def _table(place: Path, record: Mapping[str, Any], name: str) -> pa.Table:
    """One table of a run, held against the hash in its record."""
    known = record.get("tables", {}).get(name, {}).get("sha256", "")
    return read_arrow(place / f"{name}.parquet", TABLES[name], sha256=known)


def _check_years(path: Path, table: pd.DataFrame) -> None:
    """Refuse a run's table of years out of which rows were taken, or in which one stands twice."""
    needed = set(CATALOGUE) - COMPARISONS - OPTIONAL
    regions = [own for _, own in table.groupby("region")]
    whole = bool(regions)
    for own in regions:
        names, rows = set(own["variable"]), own[["variable", "year"]].drop_duplicates()
        whole &= needed <= names and len(own) == len(rows) == len(names) * own["year"].nunique()
    if not whole:
        raise StoreError("{path} is broken: rows of it are missing, or there twice", path=path)


class StoredRuns(Sequence[RunResult]):
    """Finished runs of a folder, each read when it is first asked for, without its fills.

    Parameters
    ----------
    places
        Folder of each run.

    Raises
    ------
    StoreError
        Where a record cannot be read, is of another format or not of a finished run.
    """

    def __init__(self, places: Sequence[Path], labels: Sequence[Label] | None = None) -> None:
        self.places = tuple(places)
        self.labels = tuple(map(_label, places)) if labels is None else tuple(labels)
        self._read: dict[int, RunResult] = {}

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, number: int) -> RunResult: ...

    @overload
    def __getitem__(self, number: slice) -> StoredRuns: ...

    def __getitem__(self, number: int | slice) -> RunResult | StoredRuns:
        if isinstance(number, slice):
            return StoredRuns(self.places[number], self.labels[number])
        at = range(len(self.places))[number]
        if at not in self._read:
            self._read[at] = read_run(self.places[at], trades=False)
        return self._read[at]

    def __iter__(self) -> Iterator[RunResult]:
        return (self[n] for n in range(len(self)))

    def of(self, scenario: str) -> StoredRuns:
        """The runs of one scenario."""
        chosen = [n for n, label in enumerate(self.labels) if label.scenario == scenario]
        return StoredRuns([self.places[n] for n in chosen], [self.labels[n] for n in chosen])

    def tables(self, name: str) -> list[pa.Table]:
        """One table of every run, in order, each held against the hash in its record.

        Raises
        ------
        StoreError
            Naming the first file that is not the one its record describes.
        """
        with ThreadPoolExecutor(READERS) as pool:
            return list(pool.map(lambda place: _table(place, read_json(place / RECORD), name), self.places))

    def frame(self, name: str) -> pd.DataFrame:
        """One table of all runs, one below the other, with the run's number in the column ``_number``."""
        import pyarrow as pa

        tables = self.tables(name)
        table = pa.concat_tables([t.replace_schema_metadata(None) for t in tables], promote_options="default")
        frame: pd.DataFrame = table.to_pandas()
        frame["_number"] = np.repeat(np.arange(len(tables)), [len(t) for t in tables])
        return frame

    def annual(self) -> tuple[list[str], list[int], np.ndarray[Any, np.dtype[np.float64]]]:
        """All annual values.

        Returns
        -------
        tuple
            Variables, years, and values (runs, years, variables), NaN where a run has none.
        """
        tables = self.tables("annual")
        first = tables[0]
        alike = all(
            len(t) == len(first) and t["variable"].equals(first["variable"]) and t["year"].equals(first["year"])
            for t in tables
        )
        if alike:
            names = list(dict.fromkeys(first["variable"].to_pylist()))
            years = list(dict.fromkeys(first["year"].to_pylist()))
            if len(first) == len(names) * len(years):
                values = np.stack([t["value"].to_numpy() for t in tables])
                return names, years, values.reshape(len(tables), len(names), len(years)).swapaxes(1, 2)
        names = list(dict.fromkeys(name for t in tables for name in t["variable"].to_pylist()))
        years = sorted({year for t in tables for year in t["year"].to_pylist()})
        row, column = {year: n for n, year in enumerate(years)}, {name: n for n, name in enumerate(names)}
        values = np.full((len(tables), len(years), len(names)), np.nan)
        for number, t in enumerate(tables):
            at = [row[year] for year in t["year"].to_pylist()], [column[name] for name in t["variable"].to_pylist()]
            values[(number, *at)] = t["value"].to_numpy()
        return names, years, values


def _label(place: Path) -> Label:
    record = read_json(place / RECORD)
    check_finished(record, place)
    try:
        return Label(str(record["scenario"]), int(record["seed"]), str(record["id"]), str(record["code"]))
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("{path} is broken: {error}", path=place / RECORD, error=error) from error
