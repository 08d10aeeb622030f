"""Results that were cut, changed by hand or lost in part: every reader names the file, and shows what is left."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.stored import _check_years
from tanshi.simulator.results.variables import CATALOGUE, COMPARISONS, OPTIONAL
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.query import query
from tanshi.simulator.studies.sweeps.analyse import analyse
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep
from tanshi.simulator.views.dashboard.app import draw
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import open_batch
from tanshi.simulator.views.dashboard.tables import Tables
from tanshi.simulator.views.reports.folder_report import folder_report
from tests.simulator.studies.conftest import SWEEP

SMALL = SWEEP.replace("[S1, S5]", "[S1]").replace("samples: 6", "samples: 3")
VICTIM = "S1-p2"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "small.yaml").write_text(SMALL)
    run_sweep(open_sweep(folder / "small.yaml"), folder / "out", workers=1)
    return folder / "out"


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))

    return apply


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in random.Random(1).sample(range(len(content)), 20):
        content[place] ^= 0xFF
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def reframed(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """A table written by hand; a run's record is given its hash too, so that only the columns tell."""
    change(pd.read_parquet(path)).to_parquet(path)
    if (path.parent / "run.json").is_file():
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        edited(lambda record: record["tables"][path.stem].update(sha256=found))(path.parent / "run.json")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


ANY = {"lost": Path.unlink, "cut": cut, "flipped": flipped, "empty": emptied, "a folder": folder_instead}
TEXT: dict[str, Callable[[Path], None]] = {
    "deep": lambda path: path.write_text("[" * 100_000) and None,
    "a list": lambda path: path.write_text("[]") and None,
    "null": lambda path: path.write_text("null") and None,
}
RECORD: dict[str, Callable[[Path], None]] = {
    "seed null": edited(lambda r: r.update(seed=None)),
    "seed too long for a table": edited(lambda r: r.update(seed=10**400)),
    "iterations too long for a table": edited(lambda r: r["meta"].update(iterations=10**400)),
    "seed text": edited(lambda r: r.update(seed="one")),
    "no seed": edited(lambda r: r.pop("seed")),
    "tables null": edited(lambda r: r.update(tables=None)),
    "a table null": edited(lambda r: r["tables"].update(annual=None)),
    "no tables": edited(lambda r: r.pop("tables")),
    "meta null": edited(lambda r: r.update(meta=None)),
    "meta of texts": edited(lambda r: r["meta"].update(worst_residual="x", iterations=[])),
    "no parameters": edited(lambda r: r.pop("parameters")),
    "parameters a list": edited(lambda r: r.update(parameters=[1])),
    "scenario a number": edited(lambda r: r.update(scenario=5)),
    "status odd": edited(lambda r: r.update(status="dreamt")),
    "another format": edited(lambda r: r.update(format=99)),
    "format text": edited(lambda r: r.update(format="1")),
    "versions null": edited(lambda r: r.update(versions=None)),
}
MANIFEST: dict[str, Callable[[Path], None]] = {
    "runs a list": edited(lambda r: r.update(runs=[])),
    "ids numbers": edited(lambda r: r.update(runs=dict.fromkeys(r["runs"], 1))),
    "a way out": edited(lambda r: r["runs"].update({"../../etc": "x"})),
}
PLAN: dict[str, Callable[[Path], None]] = {
    "no spec": edited(lambda r: r.pop("spec")),
    "scenarios null": edited(lambda r: r.update(scenarios=None)),
    "no name": edited(lambda r: r.pop("name")),
}
TABLE: dict[str, Callable[[Path], None]] = {
    "without a column": lambda path: reframed(path, lambda frame: frame.drop(columns=frame.columns[2])),
    "without rows": lambda path: reframed(path, lambda frame: frame.iloc[:0]),
}
DAMAGE = [
    *((f"{VICTIM}/{name}", kind, do) for name in ("run.json", "annual.parquet", "periods.parquet", "trades.parquet")
      for kind, do in ANY.items()),
    *(("design.parquet", kind, do) for kind, do in TABLE.items()),
    ("design.parquet", "no points", lambda path: reframed(path, lambda frame: frame.assign(point=np.nan))),
    (f"{VICTIM}/annual.parquet", "without a column", TABLE["without a column"]),
    *((name, kind, do) for name in ("design.parquet", "sweep.json", "manifest.json") for kind, do in ANY.items()),
    *((name, kind, do) for name in (f"{VICTIM}/run.json", "sweep.json", "manifest.json") for kind, do in TEXT.items()),
    *((f"{VICTIM}/run.json", kind, do) for kind, do in RECORD.items()),
    *(("manifest.json", kind, do) for kind, do in MANIFEST.items()),
    *(("sweep.json", kind, do) for kind, do in PLAN.items()),
]  # fmt: skip
READERS: dict[str, Callable[[Path], object]] = {
    "analyse": analyse,
    "compact": compact,
    "query": lambda folder: query(folder, "select count(*) from annual"),
    "report": folder_report,
    "dashboard": lambda folder: Tables().bands(open_batch(folder)),
    "page": lambda folder: Tables().results(open_batch(folder)),
}


def refusal(read: Callable[[Path], object], folder: Path) -> str | None:
    """What a reader says where it refuses a folder, None where it reads it; any other error is a defect."""
    try:
        read(folder)
    except (StoreError, UserError) as told:
        return str(told)
    return None


@pytest.mark.parametrize(("name", "kind", "damage"), DAMAGE, ids=[f"{name} {kind}" for name, kind, _ in DAMAGE])
def test_every_reader_says_in_one_message_what_is_broken(
    whole: Path, tmp_path: Path, name: str, kind: str, damage: Callable[[Path], None]
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "out"))
    damage(folder / name)
    for reader, read in READERS.items():
        said = refusal(read, folder)
        assert said is None or any(word in said for word in (name, Path(name).name, VICTIM)), f"{reader}: {said}"


def test_a_gathered_table_with_gaps_counts_as_none(whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "out"))
    compact(folder)
    before = {run.name: run.scenario for run in open_batch(folder).runs}
    path = folder / "dataset" / "runs.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("economy")
    pq.write_table(table.set_column(place, "economy", pa.nulls(len(table), pa.string())), path)
    assert {run.name: run.scenario for run in open_batch(folder).runs} == before


@pytest.mark.parametrize("kind", [*RECORD, *TEXT, "cut", "empty"])
def test_the_dashboard_shows_the_good_runs_and_names_the_bad_one(whole: Path, tmp_path: Path, kind: str) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "out"))
    (RECORD | TEXT | ANY)[kind](folder / VICTIM / "run.json")
    batch = open_batch(folder)
    shown = {run.name for run in batch.runs}
    assert {"S1-p1", "S1-p3"} <= shown
    if VICTIM not in shown:
        assert any(VICTIM in note for note in batch.notes)
    page = str(draw(Desk(folder, tmp_path), "/", None, ""))
    assert "defect" not in page


def test_a_row_in_place_of_another_is_found() -> None:
    names = sorted(set(CATALOGUE) - COMPARISONS - OPTIONAL)
    table = pd.DataFrame([("China|Shanxi", name, year, 1.0) for name in names for year in (2022, 2023)])
    table.columns = ["region", "variable", "year", "value"]
    _check_years(Path("annual.parquet"), table)
    table.iloc[0] = table.iloc[1]
    with pytest.raises(StoreError, match="rows of it are missing, or there twice"):
        _check_years(Path("annual.parquet"), table)
