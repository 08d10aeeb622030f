"""A sweep on disk: gone on with, compacted, asked, analysed, and refused where it is not whole."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli.app import main
from tanshi.simulator.results import store
from tanshi.simulator.studies.batches import batch, execute
from tanshi.simulator.studies.batches.batch import fill_folder, run_batch
from tanshi.simulator.studies.batches.compact import compact, standing
from tanshi.simulator.studies.batches.execute import StudyStopped
from tanshi.simulator.studies.batches.lock import FolderInUse, only_one_in
from tanshi.simulator.studies.query import QueryError, query
from tanshi.simulator.studies.sweeps.analyse import analyse
from tanshi.simulator.studies.sweeps.conditions import parse_condition
from tanshi.simulator.studies.sweeps.outcomes import IncompleteStudy
from tanshi.simulator.studies.sweeps.sweep import Sweeping, open_sweep, run_sweep
from tanshi.simulator.views.dashboard.folder import open_batch
from tanshi.simulator.views.dashboard.tables import Tables
from tests.simulator.studies.conftest import SWEEP, contents


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep, computed in this process; tests that change it take a copy."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "small.yaml").write_text(SWEEP)
    outcome = run_sweep(open_sweep(folder / "small.yaml"), folder / "out", workers=1)
    assert (outcome.done, outcome.failed) == (12, {})
    return folder / "out"


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def test_every_point_is_run_for_every_scenario(finished: Path) -> None:
    design = pd.read_parquet(finished / "design.parquet")
    assert list(design["run"]) == [f"{s}-p{n}" for s in ("S1", "S5") for n in range(1, 7)]
    for row in design.to_dict("records"):
        parameters = store.read_record(finished / row["run"])["parameters"]
        assert parameters["cap"]["tightness"] == row["cap.tightness"]
        assert parameters["firms"]["cost_sigma"] == row["firms.cost_sigma"]
        assert parameters["seed"] == row["seed"] == 1


def test_seeds_and_scenarios_have_names_of_their_own(sweep_file: Path) -> None:
    sweep_file.write_text(SWEEP + "seeds: [3, 7]\n")
    runs = Sweeping(open_sweep(sweep_file)).runs
    assert len(runs) == 24
    assert list(runs)[:2] == ["S1-p1-seed3", "S1-p1-seed7"]
    assert runs["S5-p2-seed7"].seed == 7
    assert runs["S5-p2-seed7"].cap == runs["S5-p2-seed3"].cap
    assert runs["S5-p2-seed7"].cap.tightness == runs["S1-p2-seed7"].cap.tightness  # the drawn value


def test_an_irrelevant_parameter_moves_nothing_at_all(tmp_path: Path) -> None:
    """Common random numbers: points that differ only by what has no effect are equal to the last bit."""
    (tmp_path / "s.yaml").write_text(
        SWEEP.replace("[S1, S5]", "[S1]")
        .replace("firms.cost_sigma: {uniform: [0.0, 1.0]}", "coverage.AIR: {values: [none, allocated]}")
        .replace("{method: lhs, samples: 6}", "{method: grid, levels: 2}")
    )
    run_sweep(open_sweep(tmp_path / "s.yaml"), tmp_path / "out", workers=1)
    result = analyse(tmp_path / "out")
    price = next(f for f in result.findings if f.output == "price")
    swings = {s.parameter: s.high - s.low for s in price.swings}
    by_air = price.values[np.lexsort((result.unit[:, 1], result.unit[:, 0]))].reshape(2, 2)
    assert by_air[:, 0].tolist() == by_air[:, 1].tolist()
    assert swings["coverage.AIR"] == pytest.approx(0.0, abs=1e-9)
    assert swings["cap.tightness"] > 1.0


def test_finished_runs_are_kept_and_missing_ones_made_anew_with_the_same_bytes(copy: Path) -> None:
    before = contents(copy)
    shutil.rmtree(copy / "S1-p3")
    (copy / ".S5-p1.0badcafe.part").mkdir()
    kept = (copy / "S5-p2" / "run.json").stat().st_mtime_ns
    assert main(["sweep", str(copy), "--workers", "1"]) == 0
    assert contents(copy) == before
    assert (copy / "S5-p2" / "run.json").stat().st_mtime_ns == kept
    assert not list(copy.glob(".*.part"))


def test_two_processes_write_the_same_bytes_as_one(finished: Path, sweep_file: Path, tmp_path: Path) -> None:
    run_sweep(open_sweep(sweep_file), tmp_path / "two", workers=2)
    assert contents(tmp_path / "two") == contents(finished)


def test_the_dataset_holds_every_row_once_and_is_the_same_again(copy: Path) -> None:
    rows = compact(copy)
    first = contents(copy)
    trades = sum(len(pd.read_parquet(p)) for p in copy.glob("S*/trades.parquet"))
    assert rows["trades"] == trades == len(pd.read_parquet(copy / "dataset" / "trades.parquet"))
    runs = pd.read_parquet(copy / "dataset" / "runs.parquet")
    assert (runs["status"] == "finished").all()
    assert {"cap.tightness", "worst_residual", "point"} <= set(runs.columns)
    compact(copy)
    assert contents(copy) == first


def test_questions_are_answered_alike_with_and_without_a_dataset(copy: Path) -> None:
    sql = "select run, sum(quantity_t)::bigint as t from trades group by run order by run"
    before = query(copy, sql)
    compact(copy)
    pd.testing.assert_frame_equal(query(copy, sql), before)
    table = pd.read_parquet(copy / "S1-p2" / "trades.parquet")
    assert int(before.set_index("run")["t"]["S1-p2"]) == int(table["quantity_t"].sum())
    with pytest.raises(QueryError, match="cannot be answered"):
        query(copy, "selec 1")
    shutil.rmtree(copy / "S1-p3")
    assert main(["sweep", str(copy), "--workers", "1"]) == 0
    pd.testing.assert_frame_equal(query(copy, sql), before)  # not from the dataset gathered before


def test_outcomes_are_the_runs_own_numbers(finished: Path) -> None:
    result = analyse(finished, [parse_condition("price > 70", ["price", "cumulative"])])
    rows = result.outcomes.set_index("run")
    annual = pd.read_parquet(finished / "S5-p4" / "annual.parquet").set_index(["variable", "year"])["value"]
    assert rows.loc["S5-p4", "price"] == annual["Price|Carbon", 2023]
    assert rows.loc["S5-p4", "cumulative"] == annual["Emissions|CO2", 2023]  # of the policy's one year
    best = next(f for f in result.findings if (f.scenario, f.output) == ("S1", "price")).ranked("rank_correlation")
    assert best[0].parameter == "cap.tightness"
    assert best[0].value > 0.8


def test_the_command_writes_tables_and_figures(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(copy), "--where", "price > 70"]) == 0
    said = capsys.readouterr().out
    assert "S1, price: median" in said
    assert "S1, price > 70" in said
    names = {path.name for path in (copy / "analysis").iterdir()}
    assert {"indices.csv", "tornado.csv", "outputs.csv", "rules.csv", "points.csv", "S1-price.png"} <= names
    assert len(pd.read_csv(copy / "analysis" / "points.csv")) == 12


def test_a_sweep_with_holes_is_not_analysed(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy / "S1-p3")
    record = store.read_record(copy / "S5-p1")
    key = store.RunKey("S5", record["parameters"], record["seed"], record["data"], record["code"])
    shutil.rmtree(copy / "S5-p1")
    store.record_failure(copy / "S5-p1", key, "no equilibrium found", traceback="Traceback: here")
    with pytest.raises(IncompleteStudy) as caught:
        analyse(copy)
    for part in ("1 runs failed", "1 are missing", "S5-p1 failed: no equilibrium", "missing: S1-p3", "tanshi sweep"):
        assert part in str(caught.value)
    assert main(["analyse", str(copy)]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main(["sweep", str(copy), "--workers", "1"]) == 0
    assert len(standing(copy).finished) == 12


def test_a_failed_run_is_recorded_with_its_parameters_and_traceback_and_the_others_go_on(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tanshi.simulator.stepping import Run

    shutil.rmtree(copy / "S1-p3")
    shutil.rmtree(copy / "S1-p5")
    tightness = store.read_record(copy / "S5-p3")["parameters"]["cap"]["tightness"]
    result = Run.result

    def sometimes(self: Run) -> Any:
        if self.world.scenario.cap.tightness == tightness:
            raise ZeroDivisionError("division by zero")
        return result(self)

    monkeypatch.setattr(Run, "result", sometimes)
    assert main(["sweep", str(copy), "--workers", "1"]) == 1
    said = capsys.readouterr().out
    assert "11 runs finished, 10 of which were there already" in said
    assert "1 failed" in said
    assert "S1-p3: ZeroDivisionError: division by zero" in said
    record = store.read_record(copy / "S1-p3.failed")
    assert record["parameters"]["cap"]["tightness"] == tightness
    assert "in sometimes" in (copy / "S1-p3.failed" / "traceback.txt").read_text()
    assert (copy / "S1-p5").is_dir()
    monkeypatch.undo()
    assert main(["sweep", str(copy), "--workers", "1"]) == 0
    assert not (copy / "S1-p3.failed").exists()


def test_results_of_another_version_of_the_program_are_refused_and_kept(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(copy)
    monkeypatch.setattr(batch, "code_version", lambda: "feedfacefeedface")
    assert main(["sweep", str(copy), "--workers", "1"]) == 2
    said = capsys.readouterr().err
    assert "12 runs made by another version of the program" in said
    assert "--overwrite" in said
    assert contents(copy) == before


def test_another_sweep_in_the_folder_is_refused(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(SWEEP.replace("samples: 6", "samples: 5"))
    before = contents(copy)
    with pytest.raises(store.RunExists, match="holds another sweep"):
        run_sweep(open_sweep(other), copy)
    assert contents(copy) == before


def test_two_batches_do_not_share_a_folder(copy: Path) -> None:
    with only_one_in(copy), pytest.raises(FolderInUse, match="another batch is running"):
        run_sweep(open_sweep(copy), copy)


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EACCES], ids=["disk full", "no permission"])
def test_a_disk_that_refuses_stops_the_sweep_and_loses_nothing(
    copy: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    before = contents(copy)
    for name in ("S1-p2", "S1-p4", "S5-p6"):
        shutil.rmtree(copy / name)
    replace, made = os.replace, []

    def refuse(source: Any, target: Any) -> None:
        if Path(source).is_dir():  # a run's folder: the first is put in its place, the second is not
            if made:
                raise OSError(fault, os.strerror(fault))
            made.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StudyStopped, match=f"{os.strerror(fault)}.*1 of 3 runs were finished"):
        run_sweep(open_sweep(copy), copy, workers=1)
    assert not list(copy.glob(".*.part"))
    assert standing(copy).missing == ["S1-p4", "S5-p6"]
    monkeypatch.undo()
    run_sweep(open_sweep(copy), copy, workers=1)
    assert contents(copy) == before


def test_a_dataset_that_cannot_be_written_leaves_the_earlier_one(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compact(copy)
    before = contents(copy)

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tanshi.simulator.studies.batches.compact._write", full)
    with pytest.raises(store.StoreError, match="No space left on device"):
        compact(copy)
    assert contents(copy) == before
    assert not [p for p in copy.iterdir() if p.name.endswith((".part", ".old"))]


def test_a_point_that_makes_no_scenario_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        SWEEP.replace("firms.cost_sigma: {uniform: [0.0, 1.0]}", "price.floor: {uniform: [0.0, 80.0]}").replace(
            "cap.tightness: {uniform: [0.0, 0.12]}", "price.ceiling: {uniform: [40.0, 90.0]}"
        )
    )
    with pytest.raises(UserError, match=r"makes no scenario of S1.*\n.*a ceiling not below the floor.*So drawn: price"):
        run_sweep(open_sweep(tmp_path / "s.yaml"), tmp_path / "out", workers=1)
    assert not (tmp_path / "out").exists()


def test_what_is_no_sweep_is_said(tmp_path: Path, finished: Path) -> None:
    for call in (lambda: analyse(tmp_path), lambda: compact(tmp_path), lambda: query(tmp_path, "select 1")):
        with pytest.raises(store.StoreError, match="holds no"):
            call()


def test_a_batch_of_seeds_has_a_folder_each_and_bands(tmp_path: Path) -> None:
    plan = open_sweep(_file(tmp_path))
    result = run_batch(plan.scenarios[:1], tmp_path / "out", seeds=3, workers=1)
    assert [run.seed for run in result.runs] == [1, 2, 3]
    assert {p.name for p in (tmp_path / "out").glob("S1*")} == {"S1-seed1", "S1-seed2", "S1-seed3"}
    table = pd.read_csv(tmp_path / "out" / "iamc.csv").set_index(["Scenario", "Variable"])["2023"]
    traded = "Carbon Market|Trading Volume"  # the price of a year by itself is hardly a matter of chance
    volumes = [table[f"S1 (seed {n})", traded] for n in (1, 2, 3)]
    assert table["S1 (median)", traded] == pytest.approx(np.median(volumes))
    assert table["S1 (lowest)", traded] == pytest.approx(min(volumes))
    assert len(set(volumes)) == 3
    one = run_batch([plan.scenarios[0]], tmp_path / "one", workers=1)
    assert (tmp_path / "one" / "S1").is_dir()
    pd.testing.assert_frame_equal(one.runs[0].annual, result.runs[0].annual)


def _file(folder: Path) -> Path:
    (folder / "small.yaml").write_text(SWEEP)
    return folder / "small.yaml"


def test_years_beyond_the_economys_paths_are_refused_before_anything_runs(tmp_path: Path) -> None:
    scenario = open_sweep(_file(tmp_path)).scenarios[0]
    far = scenario.model_copy(update={"years": replace_years(scenario, 2061)})
    with pytest.raises(UserError, match="no non-fossil power path"):
        fill_folder({"S1": far}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def replace_years(scenario: Any, end: int) -> Any:
    return scenario.years.model_copy(update={"end": end})


def test_code_of_a_worker_must_be_that_of_the_study(tmp_path: Path) -> None:
    scenario = open_sweep(_file(tmp_path)).scenarios[0]
    key = replace(batch.run_key(scenario), code="0123456789abcdef")
    tasks = [execute.Task(name, scenario, key, tmp_path / name) for name in ("S1", "S2")]
    (word,) = execute._in_worker(tuple(tasks))  # what stops all is said once, and the rest left alone
    assert "another version of the program" in word.stop
    assert not list(tmp_path.glob("S?"))


def test_runs_of_one_bundle_in_a_row_go_to_one_worker_and_others_by_themselves(tmp_path: Path) -> None:
    scenario = open_sweep(_file(tmp_path)).scenarios[0]
    key = batch.run_key(scenario)
    tasks = [
        execute.Task(name, scenario, key, tmp_path / name, bundle=bundle)
        for name, bundle in (("a", "1"), ("b", "1"), ("c", ""), ("d", ""), ("e", "2"), ("f", "1"))
    ]
    assert [[task.name for task in group] for group in execute._bundles(iter(tasks))] == [
        ["a", "b"], ["c"], ["d"], ["e"], ["f"],
    ]  # fmt: skip


def test_a_folder_whose_name_looks_like_a_pattern_is_read_and_not_one_that_would_fit(copy: Path) -> None:
    """DuckDB takes [ab] for a choice of signs: a batch of that name beside one that fits it."""
    strange, other = (copy.parent / name for name in ("runs [12]", "runs 1"))
    shutil.copytree(copy, strange)
    shutil.copytree(copy, other)
    for file in other.glob("*/annual.parquet"):
        pd.read_parquet(file).assign(value=-1.0).to_parquet(file)
    asked = "select sum(value) as total from annual"
    expected = float(query(copy, asked)["total"].iloc[0])
    assert float(query(strange, asked)["total"].iloc[0]) == pytest.approx(expected)
    compact(strange)
    assert pd.read_parquet(strange / "dataset" / "annual.parquet")["value"].sum() == pytest.approx(expected)
    assert float(query(strange, asked)["total"].iloc[0]) == pytest.approx(expected)
    for folder in (strange, copy):  # gathered, and run by run
        assert (Tables().bands(open_batch(folder))["middle"] != -1.0).any()
