"""A finished sweep grows: only what is new is computed, what was there stays as it was, and nobody could tell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi import open_results
from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli.app import main
from tanshi.simulator.results.store import RunExists, read_manifest
from tanshi.simulator.studies.batches.compact import compact, standing
from tanshi.simulator.studies.query import query
from tanshi.simulator.studies.sweeps.analyse import analyse, tables
from tanshi.simulator.studies.sweeps.design import NoPoints
from tanshi.simulator.studies.sweeps.growth import CannotGrow, grow
from tanshi.simulator.studies.sweeps.sweep import Sweeping, open_sweep, run_sweep
from tests.simulator.studies.conftest import contents

ROOT = Path(__file__).parents[3]
TINY = """
scenarios: [S1]
set: {years.end: 2023, firms.number: 24, market.periods_per_year: 1, drift.mode: none, banking.horizon: 0}
parameters:
  cap.tightness: {uniform: [0.0, 0.12]}
  firms.cost_sigma: {uniform: [0.0, 1.0]}
design: {method: qmc, samples: 4}
outputs:
  price: {variable: Price|Carbon}
  cumulative: {variable: Emissions|CO2, over: sum}
"""


def write(path: Path, text: str = TINY) -> Path:
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    run_sweep(open_sweep(write(folder / "tiny.yaml")), folder / "out", workers=1)
    return folder / "out"


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "copy", copy_function=shutil.copy2))


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.glob("*-p*/*")
    }


def assert_grown(folder: Path, before: dict[str, tuple[int, int]], fresh: Path) -> None:
    """The old files are the same files, and everything else is as in a sweep that was so large from the first."""
    now = stamps(folder)
    assert {name: now[name] for name in before} == before
    assert contents(folder) == contents(fresh)
    assert standing(folder).missing == []
    for name, table in tables(analyse(fresh)).items():
        pd.testing.assert_frame_equal(tables(analyse(folder))[name], table, check_exact=True)


def test_more_points_and_seeds_are_added_to_those_that_are_there(copy: Path, tmp_path: Path) -> None:
    before = stamps(copy)
    assert main(["sweep", str(copy), "--samples", "8", "--seeds", "3", "--workers", "1"]) == 0
    text = TINY.replace("samples: 4", "samples: 8") + "seeds: [1, 2, 3]\n"
    run_sweep(open_sweep(write(tmp_path / "tiny.yaml", text)), tmp_path / "fresh", workers=1)
    assert len(before) == 4 * 4
    assert len(read_manifest(copy)["runs"]) == 24
    assert_grown(copy, before, tmp_path / "fresh")


@pytest.mark.study
def test_sixty_four_points_grow_to_twice_as_many_and_by_two_seeds(tmp_path: Path) -> None:
    sizes = {"old": 64, "fresh": 128}
    for name, size in sizes.items():
        seeds = "seeds: [1, 2, 3]\n" if name == "fresh" else ""
        file = write(tmp_path / "tiny.yaml", TINY.replace("samples: 4", f"samples: {size}") + seeds)
        run_sweep(open_sweep(file), tmp_path / name, workers=2)
    before = stamps(tmp_path / "old")
    plan = grow(open_sweep(tmp_path / "old"), samples=128, seeds=3)
    outcome = run_sweep(plan, tmp_path / "old", workers=2)
    assert (outcome.done, outcome.kept) == (3 * 128, 64)
    assert_grown(tmp_path / "old", before, tmp_path / "fresh")


@pytest.mark.parametrize(
    ("design", "grown"),
    [
        ("{method: sobol, samples: 2}", "{method: sobol, samples: 4}"),
        ("{method: sobol, samples: 2}", "{method: sobol, samples: 2, second_order: true}"),
        ("{method: morris, samples: 2}", "{method: morris, samples: 3}"),
        ("{method: grid, levels: 2}", "{method: grid, levels: 3}"),
    ],
)
def test_a_larger_design_holds_every_run_of_the_smaller(design: str, grown: str, tmp_path: Path) -> None:
    from tanshi.simulator.studies.batches.batch import run_key

    text = TINY.replace("{method: qmc, samples: 4}", "{}")
    plans = [open_sweep(write(tmp_path / "a.yaml", text.replace("{}", words))) for words in (design, grown)]
    old, new = ({run_key(one, "code").id for one in Sweeping(plan).runs.values()} for plan in plans)
    assert old <= new  # some of these designs meet a point twice


def test_a_grid_with_more_levels_keeps_its_runs_in_their_folders(tmp_path: Path) -> None:
    text = TINY.replace("{method: qmc, samples: 4}", "{method: grid, levels: 2}")
    run_sweep(open_sweep(write(tmp_path / "a.yaml", text)), tmp_path / "out", workers=1)
    before = stamps(tmp_path / "out")
    larger = open_sweep(write(tmp_path / "a.yaml", text.replace("levels: 2", "levels: 3")))
    run_sweep(larger, tmp_path / "out", workers=1)
    now = stamps(tmp_path / "out")
    assert {name: now[name] for name in before} == before
    assert len(now) == 9 * 4
    run_sweep(larger, tmp_path / "fresh", workers=1)
    grown, fresh = (tables(analyse(tmp_path / name)) for name in ("out", "fresh"))
    for name in ("indices", "tornado", "outputs"):
        pd.testing.assert_frame_equal(grown[name], fresh[name], check_exact=True)
    pd.testing.assert_frame_equal(grown["points"].drop(columns="run"), fresh["points"].drop(columns="run"))


def test_outputs_scenarios_and_a_title_are_added_without_computing_what_is_there(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stamps(copy)
    assert main(["sweep", str(copy), "--add", "gdp=GDP|MER@2022", "--workers", "1"]) == 0
    assert stamps(copy) == before
    assert "gdp" in analyse(copy).outcomes
    assert main(["sweep", str(copy), "--add", "S3", "--dry-run"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "S1: 0 runs to compute, 4 are there" in said
    assert "S3: 4 runs to compute, 0 are there" in said
    assert stamps(copy) == before
    assert main(["sweep", str(copy), "--add", "S3", "--workers", "1"]) == 0
    assert "8 runs finished, 4 of which were there already, 0 failed" in " ".join(capsys.readouterr().out.split())
    now = stamps(copy)
    assert {name: now[name] for name in before} == before
    assert set(analyse(copy).outcomes["scenario"]) == {"S1", "S3"}


def test_a_changed_range_is_named_and_a_new_sweep_offered(copy: Path, tmp_path: Path) -> None:
    before = contents(copy)
    other = write(tmp_path / "b.yaml", TINY.replace("[0.0, 0.12]", "[0.0, 0.2]") + "seeds: [2]\n")
    with pytest.raises(RunExists) as caught:
        run_sweep(open_sweep(other), copy)
    for part in ("parameters.cap.tightness.uniform", "[0.0, 0.12]", "[0.0, 0.2]", "seeds", "--out", "new sweep"):
        assert part in str(caught.value)
    assert contents(copy) == before


def test_what_cannot_grow_says_so(tmp_path: Path) -> None:
    plan = open_sweep(write(tmp_path / "a.yaml", TINY.replace("qmc", "lhs")))
    with pytest.raises(CannotGrow, match=r"No Latin hypercube holds a smaller one\..*qmc"):
        grow(plan, samples=8)
    plan = open_sweep(write(tmp_path / "a.yaml"))
    for wrong, said in (
        ({"samples": 2}, "only grows"), ({"more": ["S1"]}, "does not hold yet"), ({"more": ["S9"]}, "S1, S2"),
        ({"more": ["x=Price"]}, "annual variable"), ({"more": ["x=Price|Carbon@soon"]}, "a year"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said):
            grow(plan, **wrong)
    with pytest.raises(CannotGrow, match="only grows"):
        grow(grow(plan, seeds=2), seeds=1)


@pytest.mark.parametrize("method", ["qmc", "lhs", "morris"])
def test_a_file_gives_way_to_another_size_and_a_folder_does_not(
    method: str, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "tiny.yaml", TINY.replace("qmc", method) + "seeds: [3, 5]\n")
    for size, seeds in ((2, 1), (8, 3)):
        plan = grow(open_sweep(file), samples=size, seeds=seeds, begun=False)
        assert plan.spec.design.samples == size
        assert plan.spec.seeds == [3, 5, 6][:seeds]
    assert main(["sweep", str(write(file)), "--samples", "2", "--out", str(copy), "--workers", "1"]) == 2
    assert "4 samples as before" in " ".join(capsys.readouterr().err.split())


def test_a_sweep_put_in_anothers_place_keeps_what_is_the_same_and_all_count_alike(copy: Path, tmp_path: Path) -> None:
    before = stamps(copy)
    other = write(tmp_path / "b.yaml", TINY.replace("samples: 4", "samples: 2") + "seeds: [1, 2]\n")
    outcome = run_sweep(open_sweep(other), copy, overwrite=True, workers=1)
    assert outcome.done == 4
    now = stamps(copy)
    assert {name: at for name, at in now.items() if name in before} == {
        name: at for name, at in before.items() if name.startswith(("S1-p1/", "S1-p2/"))
    }
    compact(copy)
    counted = query(copy, "select count(distinct run) as n from annual")["n"][0]
    assert len(open_results(copy)) == len(standing(copy).finished) == len(read_manifest(copy)["runs"]) == counted == 4
    assert len(analyse(copy).outcomes) == 4


def test_runs_can_be_asked_for_before_anything_is_gathered(copy: Path) -> None:
    sql = 'select run, seed, status, "cap.tightness" as t from runs order by point'
    loose = query(copy, sql)
    assert loose["status"].tolist() == ["finished"] * 4
    assert loose["t"].is_unique
    compact(copy)
    pd.testing.assert_frame_equal(query(copy, sql), loose, check_dtype=False)
    os.utime(copy / "manifest.json")
    pd.testing.assert_frame_equal(query(copy, sql), loose, check_dtype=False)


def test_a_batch_with_more_seeds_keeps_the_first(tmp_path: Path) -> None:
    from tanshi.simulator.studies.batches.batch import run_batch

    scenarios = open_sweep(write(tmp_path / "a.yaml")).scenarios
    run_batch(scenarios, tmp_path / "out", workers=1)
    first = (tmp_path / "out" / "S1" / "run.json").stat().st_mtime_ns
    result = run_batch(scenarios, tmp_path / "out", seeds=2, workers=1)
    assert [run.seed for run in result.runs] == [1, 2]
    assert (tmp_path / "out" / "S1" / "run.json").stat().st_mtime_ns == first
    assert set(read_manifest(tmp_path / "out")["runs"]) == {"S1", "S1-seed2"}


FLOOR = TINY.replace("firms.cost_sigma: {uniform: [0.0, 1.0]}", "price.floor: {uniform: [0.0, 80.0]}").replace(
    "cap.tightness: {uniform: [0.0, 0.12]}", "price.ceiling: {uniform: [40.0, 90.0]}"
)


@pytest.mark.parametrize("method", ["qmc", "morris", "lhs", "grid"])
def test_points_that_do_not_meet_a_constraint_are_left_out_and_counted(method: str, tmp_path: Path) -> None:
    text = FLOOR.replace("qmc, samples: 4", f"{method}, samples: 40") + "constraints: [price.floor <= price.ceiling]\n"
    drawn = Sweeping(open_sweep(write(tmp_path / "a.yaml", text)))
    table = drawn.design_table()
    assert (table["price.floor"] <= table["price.ceiling"]).all()
    assert drawn.drawn.left_out > 0
    size = {"qmc": 40, "morris": 40 * 3, "lhs": 40 - drawn.drawn.left_out, "grid": 16 - drawn.drawn.left_out}
    assert len(table) == size[method]
    # Half of the floors from 0 to 80 lie below a ceiling from 40; of the others a part: 1 - (40 * 40 / 2) / (80 * 50).
    if method == "qmc":
        assert len(table) / (len(table) + drawn.drawn.left_out) == pytest.approx(0.8, abs=0.06)
        assert np.array_equal(Sweeping(grow(drawn.plan, samples=80)).unit[:40], drawn.unit)


def test_a_constraint_that_nothing_meets_or_that_says_nothing_is_refused(tmp_path: Path) -> None:
    plan = open_sweep(write(tmp_path / "a.yaml", FLOOR + "constraints: [price.floor >= 2 * price.ceiling + 1]\n"))
    with pytest.raises(NoPoints, match=r"0 of 4096 drawn.*price\.floor >= 2"):
        run_sweep(plan, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    for wrong, said in (
        ("price.flor <= price.ceiling", "Did you mean price.floor"), ("price.floor", "a comparison"),
        ("1 < 2", "a comparison"), ("price.floor == 3", "a comparison"), ("print(price.floor) < 1", "a comparison"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said):
            open_sweep(write(tmp_path / "a.yaml", FLOOR + f"constraints: [{wrong}]\n"))
    with pytest.raises(UserError, match="vary independently"):
        open_sweep(write(tmp_path / "a.yaml", FLOOR.replace("qmc", "sobol") + "constraints: [price.floor <= 9]\n"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes through /proc")
def test_a_sweep_killed_while_it_grows_goes_on_and_leaves_the_old_as_it_was(copy: Path, tmp_path: Path) -> None:
    before = stamps(copy)
    command = [sys.executable, str(ROOT / "run.py"), "sweep", str(copy), "--samples", "9", "--workers", "2"]
    for _ in range(2):
        there = len(list(copy.glob("*-p*/run.json")))
        growing = subprocess.Popen(
            command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 120
        while len(list(copy.glob("*-p*/run.json"))) < there + 2 and time.monotonic() < end:
            time.sleep(0.01)
        growing.kill()
        growing.wait()
        command = [sys.executable, str(ROOT / "run.py"), "sweep", str(copy), "--workers", "1"]
    assert main(["sweep", str(copy), "--workers", "1"]) == 0
    fresh = open_sweep(write(tmp_path / "tiny.yaml", TINY.replace("samples: 4", "samples: 9")))
    run_sweep(fresh, tmp_path / "fresh", workers=1)
    assert_grown(copy, before, tmp_path / "fresh")
