"""Runs of several provinces in one market, for pages that look at one region: each laid out as a run of its own.

A page asks for the tables of a run by its folder. What a market of several provinces stores holds all of them, so each
province's part is written once to a temporary folder, in the form of a run of that province alone, and nothing is
added up over provinces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Lock
from typing import Any
from weakref import finalize

from tanshi.language import say, translate
from tanshi.simulator.machine.disk import write_table
from tanshi.simulator.results.columns import about
from tanshi.simulator.results.identity import plain
from tanshi.simulator.results.reading import RECORD
from tanshi.simulator.results.store import TABLES, read_run
from tanshi.simulator.results.tables import RunResult

MARKET, REGION = "market_of", "region"
"""What the record of a part holds besides: the parameters of the run of all provinces, and which one it is."""


@dataclass
class Provinces:
    """The parts of runs of several provinces laid out so far; they go when this does."""

    home: Path | None = None
    known: dict[tuple[Path, int], list[Path]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def of(self, place: Path, record: Mapping[str, Any]) -> list[Path]:
        """The folders of a stored run's provinces, in the order of its regions.

        Parameters
        ----------
        record
            What the run's record says.

        Raises
        ------
        StoreError
            Where its tables are gone or broken.
        """
        key = place, (place / RECORD).stat().st_mtime_ns
        with self.lock:  # a page asks several questions at once
            if key not in self.known:
                if self.home is None:
                    self.home = Path(mkdtemp(prefix="tanshi-provinces-"))
                    finalize(self, rmtree, self.home, ignore_errors=True)
                into = self.home / hashlib.sha256(f"{key}".encode()).hexdigest()[:16]
                whole = read_run(place)
                self.known[key] = [_lay_out(whole, region, record, into, place.name) for region in whole.regions]
            return self.known[key]

    def close(self) -> None:
        """Take the laid out parts away."""
        if self.home is not None:
            rmtree(self.home, ignore_errors=True)
        self.home, self.known = None, {}


def _lay_out(whole: RunResult, region: str, record: Mapping[str, Any], into: Path, name: str) -> Path:
    word = region.rpartition("|")[2]
    called = say("{scenario}: {province}", scenario=whole.scenario, province=translate(word))
    part = whole.of(region, called)
    place = into / f"{name}-{word.replace(' ', '_')}"
    place.mkdir(parents=True, exist_ok=True)
    tables = {}
    for table, columns in TABLES.items():
        path, frame = place / f"{table}.parquet", getattr(part, table)
        write_table(path, frame, columns, about(map(str, frame.columns)))
        tables[table] = {"rows": len(frame), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    own = {"scenario": called, "parameters": dict(part.parameters), "meta": dict(part.meta), "tables": tables}
    of = {MARKET: dict(whole.parameters), REGION: region}
    (place / RECORD).write_text(json.dumps(plain({**record, **own, **of}), ensure_ascii=False), encoding="utf-8")
    return place
