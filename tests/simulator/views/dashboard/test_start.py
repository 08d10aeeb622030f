"""Runs started from the page: checked as files are, watched, cancelled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshi.scenarios.errors import ScenarioError, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.results.store import read_run
from tanshi.simulator.views.dashboard.edit import checked, scenario_text
from tanshi.simulator.views.dashboard.pages.start import standing, wrong
from tanshi.simulator.views.dashboard.runs import RunFromPage, clear_unfinished
from tests.simulator.views.dashboard.words import words

FAST = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0, "drift.mode": "none"}


@pytest.fixture
def runs() -> Iterator[RunFromPage]:
    made = RunFromPage()
    yield made
    made.cancel()


def wait(runs: RunFromPage, state: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while runs.standing.state != state and time.monotonic() < end:
        time.sleep(0.05)
    assert runs.standing.state == state, runs.standing


def test_fields_that_are_empty_stay_as_in_the_scenario() -> None:
    scenario, text, problems = checked("S4", {"cap.tightness": "", "price.floor": "  "})
    assert problems == {}
    assert scenario == load_scenario("S4").model_copy(update={"name": "S4-edited", "title": ""})
    assert text.startswith("extends: S4")


def test_what_is_typed_is_read_as_in_a_file() -> None:
    texts = {"cap.tightness": "0.08", "price.ceiling": "null", "shock.sectors": "[PAPER, AIR]", "shock.year": "2025"}
    scenario, _, problems = checked("S1", {**texts, "banking.allowed": "false", "name": "mine"})
    assert problems == {}
    assert scenario is not None
    assert (scenario.name, scenario.cap.tightness, scenario.banking.allowed) == ("mine", 0.08, False)
    assert scenario.shock.sectors == ["PAPER", "AIR"]


def test_every_mistake_stands_beside_its_field() -> None:
    texts = {
        "cap.tightness": "5 percent",
        "firms.number": "3",
        "coverage.STEEL": "tradign",
        "years.end": "2020",
        "price.floor": "10",
    }
    scenario, _, problems = checked("S1", texts)
    assert scenario is None
    assert set(problems) == {"cap.tightness", "coverage.STEEL", "years.end", "firms.number"}
    assert "a number" in problems["cap.tightness"]
    assert "Did you mean trading?" in problems["coverage.STEEL"]


def test_what_keeps_a_run_from_starting_is_said_in_one_place() -> None:
    assert wrong({}, 3) == ""
    assert wrong({"firms.number": "expected ..."}, 1) == "1 field cannot be used; see beside firms.number."
    assert wrong({}, None) == "Seeds: expected a whole number from 1 to 50."
    both = wrong({"": "the file: expected ...", "seed": "expected ..."}, 51)
    assert both.startswith("2 fields cannot be used; see beside seed. the file: expected")
    assert both.endswith("from 1 to 50.")


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system [ls]", "&a [*a]", "{a: {b: c}}", "1: 2: 3", "\u0000"]
)
def test_what_is_no_value_is_a_problem_and_never_run(text: str) -> None:
    scenario, _, problems = checked("S1", {"cap.tightness": text})
    assert scenario is None
    assert problems


def test_no_file_is_read_but_the_library(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="expected one of S1"):
        scenario_text(str(tmp_path / "x.yaml"), {})
    assert checked("../../etc/passwd", {})[0] is None


def test_a_name_cannot_leave_the_folder() -> None:
    assert "name" in checked("S1", {"name": "../out"})[2]


def test_a_run_is_started_watched_and_finished(runs: RunFromPage, tmp_path: Path) -> None:
    scenario = load_scenario("S5", FAST)
    now = runs.start(scenario, tmp_path)
    with pytest.raises(UserError, match="one run at a time"):
        runs.start(scenario, tmp_path)
    assert "running" in words(standing(now)) or "starting" in words(standing(now))
    wait(runs, "finished")
    assert now.folder is not None
    assert (now.done, now.total) == (4, 4)
    assert read_run(now.folder / "S5").series("Price|Carbon").size == 2
    assert "is finished" in words(standing(runs.standing))


def test_a_run_that_fails_says_why(runs: RunFromPage, tmp_path: Path) -> None:
    runs.start(load_scenario("S5", {**FAST, "economy": "nowhere"}), tmp_path)
    wait(runs, "failed")
    assert "nowhere" in words(standing(runs.standing))


def test_a_cancelled_run_leaves_nothing(runs: RunFromPage, tmp_path: Path) -> None:
    now = runs.start(load_scenario("S5", {"market.periods_per_year": 52}), tmp_path)
    end = time.monotonic() + 60
    while now.done == 0 and time.monotonic() < end:
        time.sleep(0.05)
    runs.cancel()
    assert now.state == "cancelled"
    assert now.folder is not None
    assert not now.folder.exists()
    assert "cancelled" in words(standing(now))


def test_cancelling_keeps_what_is_finished(batch_folder: Path, tmp_path: Path) -> None:
    clear_unfinished(batch_folder)
    assert (batch_folder / "S1-seed1").is_dir()
    clear_unfinished(tmp_path / "gone")
