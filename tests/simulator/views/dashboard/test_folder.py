"""Folders that hold something else than a finished batch: each gets a clear message, none stops the dashboard."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.reading import or_broken
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.views.dashboard.app import draw
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow, batches_below, newest, open_batch
from tanshi.simulator.views.dashboard.parts import told
from tanshi.simulator.views.dashboard.tables import Tables
from tests.simulator.views.dashboard.words import words


@pytest.fixture
def copy(batch_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(batch_folder, tmp_path / "copy"))


def change(run: Path, **values: object) -> None:
    record = json.loads((run / "run.json").read_text()) | values
    (run / "run.json").write_text(json.dumps(record))


def test_a_batch_is_read_in_the_order_in_which_it_was_asked_for(batch_folder: Path) -> None:
    found = open_batch(batch_folder)
    assert [run.name for run in found.runs] == ["S1-seed1", "S1-seed2", "S5-seed1", "S5-seed2"]
    assert found.notes == ()
    assert not found.sweep


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(NothingToShow, match=r"is empty; `tanshi run --out"):
        open_batch(tmp_path)


def test_a_foreign_folder_is_told_from_results(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(NothingToShow, match="holds no run of this program"):
        open_batch(tmp_path)


def test_a_folder_that_is_gone_and_a_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(NothingToShow, match="is not there"):
        open_batch(tmp_path / "gone")
    (tmp_path / "file").write_text("x")
    with pytest.raises(NothingToShow, match="is a file"):
        open_batch(tmp_path / "file")


def test_results_of_another_format_are_left_out_and_named(copy: Path) -> None:
    change(copy / "S1-seed2", format=2)
    found = open_batch(copy)
    assert "S1-seed2" not in [run.name for run in found.runs]
    assert "S1-seed2 has format 2, this version of the program reads 1" in " ".join(found.notes)


def test_results_of_another_version_are_shown_with_a_note(copy: Path) -> None:
    change(copy / "S1-seed2", code="0000")
    found = open_batch(copy)
    assert len(found.runs) == 4
    assert found.notes[0].startswith("1 of 4 runs were made by another version")


def test_a_half_finished_batch_shows_what_there_is(copy: Path) -> None:
    shutil.rmtree(copy / "S5-seed2")
    found = open_batch(copy)
    assert len(found.runs) == 3
    assert "Half-finished: 1 of 4 runs are not there yet (S5-seed2)" in found.notes[0]


def test_a_failed_run_is_named_with_its_reason(copy: Path) -> None:
    (copy / "S5-seed2").rename(copy / "S5-seed2.failed")
    change(copy / "S5-seed2.failed", status="failed", error="no equilibrium in 2027")
    assert "S5-seed2: no equilibrium in 2027" in " ".join(open_batch(copy).notes)


def test_a_run_without_a_table_and_one_with_a_broken_record_are_left_out(copy: Path) -> None:
    (copy / "S1-seed1" / "trades.parquet").unlink()
    (copy / "S1-seed2" / "run.json").write_text("{")
    found = open_batch(copy)
    assert [run.name for run in found.runs] == ["S5-seed1", "S5-seed2"]
    assert "S1-seed1 lacks trades.parquet" in " ".join(found.notes)


def test_a_folder_deleted_while_it_is_open_is_said_on_the_page(copy: Path) -> None:
    desk = Desk(copy, copy.parent)
    assert "Carbon price" in words(draw(desk, "/", None, ""))
    shutil.rmtree(copy)
    page = told(lambda: draw(desk, "/", None, ""))()
    assert "is not there (any more)" in words(page)


def test_a_table_cut_short_is_said_on_the_page(copy: Path) -> None:
    path = copy / "S1-seed1" / "annual.parquet"
    path.write_bytes(path.read_bytes()[:100])
    desk = Desk(copy, copy.parent)
    assert "annual.parquet is no table" in words(told(lambda: draw(desk, "/", None, ""))())


def test_the_newest_results_are_shown_first(batch_folder: Path, copy: Path) -> None:
    assert newest(copy.parent) == copy
    assert batches_below(copy.parent / "nowhere") == []
    assert Desk(None, copy.parent).default() == str(copy)


def test_only_folders_of_the_list_are_opened(desk: Desk) -> None:
    for name in ("/etc", "../small", "nothing"):
        with pytest.raises(NothingToShow, match="not among the folders of results"):
            desk.batch(name)


def test_a_run_of_any_other_name_is_refused(desk: Desk) -> None:
    with pytest.raises(NothingToShow, match="no run of that name"):
        desk.batch(None).run("../../etc")


def test_every_page_without_results_has_a_message(tmp_path: Path) -> None:
    desk = Desk(None, tmp_path)
    assert "There are no results below" in words(told(lambda: draw(desk, "/", None, ""))())
    assert "Start the run" in words(draw(desk, "/start", None, ""))
    assert "There is no such page" in words(draw(desk, "/nowhere", None, ""))


def test_a_gathered_batch_shows_the_same_without_its_runs_being_opened(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_batch(copy)
    bands, paths = shown(before)
    compact(copy)
    monkeypatch.setattr("tanshi.simulator.views.dashboard.folder.read_record", None)  # no record is read
    after = open_batch(copy)
    assert after.gathered
    assert after.runs == before.runs
    assert after.notes == before.notes
    same_bands, same_paths = shown(after)
    pd.testing.assert_frame_equal(same_bands, bands)
    pd.testing.assert_frame_equal(same_paths, paths)


def test_a_run_that_changed_since_it_was_gathered_is_read_again(copy: Path) -> None:
    compact(copy)
    change(copy / "S1-seed2", format=2)
    found = open_batch(copy)
    assert not found.gathered
    assert "S1-seed2" not in [run.name for run in found.runs]
    assert "S1-seed2 has format 2" in " ".join(found.notes)


def shown(batch: Batch) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = Tables()
    return tables.bands(batch), tables.price_paths(batch)


@pytest.mark.parametrize("spoilt", ["no GDP", "an hour for a year"])
def test_a_table_changed_by_somebody_who_put_its_hash_right_is_named(spoilt: str, copy: Path) -> None:
    """What no run writes is told with the table's name, wherever a page stops at it."""
    path = copy / "S5-seed1" / "annual.parquet"
    table = pd.read_parquet(path)
    if spoilt == "no GDP":
        table = table[~table["variable"].str.startswith("GDP|")]
    else:
        table["year"] = "x"
    table.to_parquet(path)
    record = json.loads((path.parent / "run.json").read_text())
    record["tables"]["annual"] = {"rows": len(table), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    change(path.parent, **record)
    desk = Desk(copy, copy.parent)
    with pytest.raises(StoreError, match=r"S5-seed1/annual\.parquet is broken"):
        draw(desk, "/", None, "")
    desk.close()


def test_a_mistake_of_ours_is_not_laid_on_the_tables() -> None:
    with pytest.raises(KeyError), or_broken(lambda: None):
        raise KeyError("ours")
