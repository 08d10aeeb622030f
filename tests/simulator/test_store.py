"""A run's folder is there whole or not at all, the same bytes for the same run, never lost by accident."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.machine.disk import StoreError, write_file, write_table
from tanshi.simulator.results import store
from tanshi.simulator.results.identity import RunKey, versions
from tanshi.simulator.results.store import (
    RunExists,
    claim,
    claim_batch,
    read_run,
    record_failure,
    write_run,
)
from tanshi.simulator.results.tables import RunResult
from tests.simulator.made_up import run

TABLES = ("annual.parquet", "periods.parquet", "trades.parquet")


def key(name: str = "S1", seed: int = 1, **changes: Any) -> RunKey:
    return RunKey(name, {"name": name, "firms": {"number": 600}} | changes, seed, data="d" * 16, code="c" * 16)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_two_runs_with_the_same_results_write_the_same_bytes(tmp_path: Path) -> None:
    write_run(tmp_path / "a", run(), key(), clock={"seconds": 1.0})
    write_run(tmp_path / "b", run(), key(), clock={"seconds": 2.0})
    for table in TABLES:
        assert (tmp_path / "a" / table).read_bytes() == (tmp_path / "b" / table).read_bytes()
    records = [store.read_record(tmp_path / name) for name in "ab"]
    assert records[0].pop("clock") != records[1].pop("clock")
    assert records[0] == records[1]


def test_another_seed_writes_other_bytes(tmp_path: Path) -> None:
    write_run(tmp_path / "a", run(seed=1), key(seed=1))
    write_run(tmp_path / "b", run(seed=2), key(seed=2))
    for table in TABLES:
        assert (tmp_path / "a" / table).read_bytes() != (tmp_path / "b" / table).read_bytes()


def test_tables_carry_no_metadata_and_do_not_depend_on_the_frames_index_or_column_order(
    tmp_path: Path,
) -> None:
    import pyarrow.parquet as pq

    trades = run().trades
    write_table(tmp_path / "a.parquet", trades, required=store.TABLES["trades"])
    shuffled = trades[list(reversed(trades.columns))].set_index(np.arange(len(trades)) + 5)
    shuffled["buyer_sector"] = shuffled["buyer_sector"].astype("category")
    write_table(tmp_path / "b.parquet", shuffled, required=store.TABLES["trades"])
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert pq.read_schema(tmp_path / "a.parquet").metadata is None


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    result = run("S4", 7)
    write_run(tmp_path / "S4", result, RunKey("S4", result.parameters, 7, "d", "c"))
    back = read_run(tmp_path / "S4")
    assert (back.scenario, back.seed, back.title, back.coverage) == ("S4", 7, result.title, result.coverage)
    assert back.meta["worst_walras"] == result.meta["worst_walras"]
    for name in ("annual", "periods", "trades"):
        one, other = getattr(back, name), getattr(result, name)
        assert list(one.columns) == list(other.columns)
        for column in one.columns:
            assert one[column].tolist() == other[column].tolist()


def test_a_year_without_trades_is_an_empty_table_of_the_same_columns(tmp_path: Path) -> None:
    full = run()
    result = RunResult("S1", 1, full.annual, full.periods, full.trades.iloc[:0])
    write_run(tmp_path / "S1", result, key())
    back = read_run(tmp_path / "S1").trades
    assert len(back) == 0
    assert list(back.columns) == list(store.TABLES["trades"])


def test_the_id_follows_parameters_seed_data_and_code_and_nothing_else() -> None:
    base = RunKey("S1", {"a": 1, "b": np.float64(0.5)}, 1, "d", "c")
    assert base.id == RunKey("S1", {"b": 0.5, "a": 1}, 1, "d", "c").id
    others = [
        RunKey("S1", {"a": 2, "b": 0.5}, 1, "d", "c"),
        RunKey("S1", {"a": 1, "b": 0.5}, 2, "d", "c"),
        RunKey("S1", {"a": 1, "b": 0.5}, 1, "e", "c"),
        RunKey("S1", {"a": 1, "b": 0.5}, 1, "d", "f"),
        RunKey("S2", {"a": 1, "b": 0.5}, 1, "d", "c"),
    ]
    assert len({base.id, *(other.id for other in others)}) == 6


def test_a_record_names_the_versions_that_computed(tmp_path: Path) -> None:
    write_run(tmp_path / "S1", run(), key())
    record = store.read_record(tmp_path / "S1")
    assert record["versions"] == versions()
    assert record["versions"]["numpy"] == np.__version__
    assert {"python", "scipy", "mesa", "torch"} <= set(record["versions"])
    assert record["status"] == "finished"


def test_a_finished_run_of_the_same_id_is_kept(tmp_path: Path) -> None:
    write_run(tmp_path / "S1", run(), key(), clock={"seconds": 1.0})
    before = snapshot(tmp_path)
    assert claim(tmp_path / "S1", key().id)
    write_run(tmp_path / "S1", run(), key(), overwrite=True, clock={"seconds": 2.0})
    assert snapshot(tmp_path) == before


def test_another_run_in_the_place_is_refused_and_untouched_unless_overwritten(tmp_path: Path) -> None:
    write_run(tmp_path / "S1", run(), key())
    before = snapshot(tmp_path)
    with pytest.raises(RunExists, match="--overwrite"):
        write_run(tmp_path / "S1", run(seed=2), key(seed=2))
    assert snapshot(tmp_path) == before
    write_run(tmp_path / "S1", run(seed=2), key(seed=2), overwrite=True)
    assert read_run(tmp_path / "S1").seed == 2
    assert [p.name for p in tmp_path.iterdir()] == ["S1"]


def test_a_folder_that_is_no_runs_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "S1").mkdir()
    (tmp_path / "S1" / "thesis.docx").write_text("years of work")
    with pytest.raises(RunExists, match=r"thesis\.docx"):
        write_run(tmp_path / "S1", run(), key(), overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunExists, match="is a file"):
        claim(tmp_path / "file", key().id, overwrite=True)
    assert (tmp_path / "S1" / "thesis.docx").read_text() == "years of work"


def test_a_batch_keeps_what_is_finished_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    ids = {name: key(name).id for name in ("S1", "S2")}
    assert claim_batch(tmp_path / "new", ids) == set()
    write_run(tmp_path / "S1", run(), key("S1"))
    (tmp_path / "iamc.csv").write_text("")
    (tmp_path / "figures").mkdir()
    assert claim_batch(tmp_path, ids) == {"S1"}
    (tmp_path / "holiday.jpg").write_text("")
    with pytest.raises(RunExists, match=r"holiday\.jpg"):
        claim_batch(tmp_path, ids)
    assert claim_batch(tmp_path, ids, overwrite=True) == {"S1"}


@pytest.mark.parametrize("step", ["trades.parquet", "run.json", "rename"])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, earlier: bool
) -> None:
    if earlier:
        write_run(tmp_path / "S1", run(), key())
    before = snapshot(tmp_path)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "run.json":
        monkeypatch.setattr(store, "_write_record", full)
    elif step == "trades.parquet":
        write = write_table
        monkeypatch.setattr(store, "write_table", lambda p, f, *more: (full if p.name == step else write)(p, f, *more))
    else:
        rename = os.replace
        monkeypatch.setattr(os, "replace", lambda a, b: full() if str(a).endswith(".part") else rename(a, b))
    with pytest.raises(StoreError, match="No space left on device"):
        write_run(tmp_path / "S1", run(seed=2), key(seed=2), overwrite=True)
    assert snapshot(tmp_path) == before
    assert [p.name for p in tmp_path.iterdir()] == (["S1"] if earlier else [])


def test_an_interrupted_write_leaves_the_earlier_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path / "S1", run(), key())
    before = snapshot(tmp_path)
    rename = os.replace

    def interrupted(source: Any, target: Any) -> None:
        if str(source).endswith(".part"):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_run(tmp_path / "S1", run(seed=2), key(seed=2), overwrite=True)
    assert snapshot(tmp_path) == before


def test_results_under_a_file_are_refused_with_a_clear_word(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write results to"):
        write_run(tmp_path / "file" / "S1", run(), key())
    with pytest.raises(StoreError, match="cannot write"):
        write_file(tmp_path / "file" / "iamc.csv", b"")


def test_a_failed_run_is_recorded_beside_earlier_results_and_forgotten_after_success(tmp_path: Path) -> None:
    write_run(tmp_path / "S1", run(), key())
    before = snapshot(tmp_path / "S1")
    record_failure(tmp_path / "S1", key(tightness=0.1), "no equilibrium: C_STEEL, residual 0.3")
    record_failure(tmp_path / "S2", key("S2"), "no equilibrium")
    assert snapshot(tmp_path / "S1") == before
    assert store.read_record(tmp_path / "S1.failed")["error"] == "no equilibrium: C_STEEL, residual 0.3"
    assert store.read_record(tmp_path / "S2.failed")["error"] == "no equilibrium"
    with pytest.raises(StoreError, match="status failed"):
        read_run(tmp_path / "S2.failed")
    write_run(tmp_path / "S2", run("S2"), key("S2"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["S1", "S1.failed", "S2"]


def test_a_table_cut_short_is_found_out(tmp_path: Path) -> None:
    write_run(tmp_path / "S1", run(), key())
    path = tmp_path / "S1" / "trades.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match="changed or cut short"):
        read_run(tmp_path / "S1")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00"])
def test_a_broken_record_is_named_and_not_overwritten_unasked(tmp_path: Path, content: bytes) -> None:
    write_run(tmp_path / "S1", run(), key())
    (tmp_path / "S1" / "run.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"run\.json is broken"):
        read_run(tmp_path / "S1")
    with pytest.raises(RunExists, match="unreadable"):
        claim(tmp_path / "S1", key().id)
    assert not claim(tmp_path / "S1", key().id, overwrite=True)


def test_a_table_with_a_missing_or_unfitting_column_is_refused(tmp_path: Path) -> None:
    trades = run().trades
    with pytest.raises(StoreError, match="missing columns quantity_t"):
        write_table(tmp_path / "trades.parquet", trades.drop(columns="quantity_t"), store.TABLES["trades"])
    half: pd.DataFrame = trades.assign(quantity_t=trades["quantity_t"] + 0.5)
    with pytest.raises(StoreError, match="column quantity_t: not int64"):
        write_table(tmp_path / "trades.parquet", half, store.TABLES["trades"])


def test_numbers_without_a_json_form_stay_readable_in_the_record(tmp_path: Path) -> None:
    full = run()
    meta = {
        "gap": float("nan"),
        "worst": np.float64(1e-12),
        "by_year": {2023: np.arange(2)},
        "path": Path("x"),
    }
    write_run(tmp_path / "S1", RunResult("S1", 1, full.annual, full.periods, full.trades, meta=meta), key())
    text = (tmp_path / "S1" / "run.json").read_text(encoding="utf-8")
    assert json.loads(text)["meta"] == {
        "gap": "nan",
        "worst": 1e-12,
        "by_year": {"2023": [0, 1]},
        "path": "x",
    }
