"""A calibration's file: every mistake at once, each with its line, before anything runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tanshi.scenarios.calibrated import FILE, calibrated
from tanshi.scenarios.document import names_in
from tanshi.scenarios.economy import ECONOMIES
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Dynamics
from tanshi.scenarios.targets_load import CALIBRATIONS, CalibrationError, load_calibration
from tanshi.simulator.results.variables import CATALOGUE

VARIABLES = ("Price|Carbon", "Energy Consumption")
TARGET = "  price: {scenario: S5, variable: Price|Carbon, year: 2025, value: 100.0, tolerance: 0.05, source: print}\n"
FREE = "  cap.decline: {lower: 0.0, upper: 0.09, source: law}\n"
WHOLE = "targets:\n" + TARGET + "parameters:\n" + FREE

MISTAKES = {
    "a parameter without a range": (WHOLE.replace("lower: 0.0, upper: 0.09, ", ""), 4, "cap.decline.lower", "nothing"),
    "a parameter without a source": (WHOLE.replace(", source: law", ""), 4, "cap.decline.source", "nothing"),
    "a range upside down": (WHOLE.replace("upper: 0.09", "upper: -1.0"), 4, "cap.decline.upper", "-1"),
    "a range outside the schema": (WHOLE.replace("upper: 0.09", "upper: 1.5"), 4, "cap.decline", "1.5"),
    "a range outside the published one": (
        WHOLE + "  economy.elasticities.STEEL.armington: {lower: 0.1, upper: 2.0, source: law}\n",
        5, "STEEL.armington", "0.1",
    ),
    "a start outside its range": (WHOLE.replace("upper: 0.09", "upper: 0.09, start: 0.2"), 4, "start", "0.2"),
    "a parameter that is no number": (
        WHOLE + "  firms.number: {lower: 100.0, upper: 200.0, source: law}\n", 5, "firms.number", "whole",
    ),
    "an unknown field": (WHOLE.replace("cap.decline", "cap.declin"), 4, "cap.declin", "declin"),
    "two parameters that set the same": (
        WHOLE + "  mine: {fields: [cap.decline], lower: 0.0, upper: 0.1, source: law}\n", 5, "mine", "cap.decline",
    ),
    "an unknown variable": (WHOLE.replace("Price|Carbon", "Price|Carbn"), 2, "price.variable", "Carbn"),
    "a year that is not run": (WHOLE.replace("2025", "2041"), 2, "price.year", "2041"),
    "an unknown scenario": (WHOLE.replace("S5", "S9"), 2, "price.scenario", "S9"),
    "no tolerance": (WHOLE.replace("tolerance: 0.05", "tolerance: 0.0"), 2, "price.tolerance", "0"),
    "targets that contradict each other": (
        WHOLE.replace(TARGET, TARGET + TARGET.replace("price:", "again:").replace("100.0", "120.0")),
        3, "again.value", "120, and 100 by price",
    ),
    "a word too many": (WHOLE.replace("source: print", "source: print, weight: 2"), 2, "price.weight", "weight"),
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_every_mistake_is_named_with_its_line_and_field(mistake: str, file: Path) -> None:
    text, line, field, got = MISTAKES[mistake]
    file.write_text(text)
    with pytest.raises(CalibrationError) as refused:
        load_calibration(file, VARIABLES)
    [problem, *_] = refused.value.problems
    assert problem.line == line
    assert field in problem.field
    assert got in str(problem)


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    file.write_text(WHOLE.replace("2025", "2041").replace("Price|Carbon", "Price").replace("upper: 0.09", "upper: 7.0"))
    with pytest.raises(CalibrationError, match="3 problems"):
        load_calibration(file, VARIABLES)


@pytest.mark.parametrize("name", ["paper", "shanxi_2022"])
def test_ready_made_calibrations_have_no_more_parameters_than_targets_and_a_source_for_every_range(name: str) -> None:
    assert names_in(CALIBRATIONS) == ("paper", "shanxi_2022")
    task = load_calibration(name, CATALOGUE)
    assert len(task.factors) <= len(task.spec.targets)
    assert all(len(free.source) > 20 for free in task.spec.parameters.values())
    assert not any("nonfossil" in path for factor in task.factors for path in factor.fields)


def test_the_economy_is_fitted_to_what_was_observed_and_to_nothing_of_the_paper() -> None:
    targets = load_calibration("shanxi_2022", CATALOGUE).spec.targets.values()
    assert all(target.year <= 2023 and "Huo" not in target.source for target in targets)


RATIO = """
targets:
  ratio: {scenario: S5, variable: "Price|Carbon", year: 2025, value: 0.9, tolerance: 0.1, source: a wish,
          against: {scenario: S1, year: 2024}}
parameters:
  cap.growth.2026: {scenarios: [S5], lower: -0.09, upper: -0.005, start: -0.03, source: a law}
set: {cap.share: {"2023": 0.99}, cap.growth: {"2024": -0.01, "2026": -0.02}}
"""


def test_a_target_may_be_a_ratio_and_a_parameter_a_year_of_one_scenario(file: Path) -> None:
    file.write_text(RATIO)
    task = load_calibration(file, CATALOGUE)
    assert set(task.scenarios) == {"S1", "S5"}
    assert (task.holds_in(0, "S5"), task.holds_in(0, "S1")) == (True, False)


@pytest.mark.parametrize(
    ("wrong", "by", "told"),
    [
        ("year: 2024}", "year: 2041}", "against.year"),
        ("scenarios: [S5]", "scenarios: [S4]", "scenarios that targets name"),
        ("cap.growth.2026: {", "cap.growht.2026: {", "a field of the scenario"),
        ("upper: -0.005", "upper: 0.5", "a cap that does not rise"),
    ],
)
def test_a_wrong_ratio_scenario_or_year_is_told(file: Path, wrong: str, by: str, told: str) -> None:
    file.write_text(RATIO.replace(wrong, by))
    with pytest.raises(CalibrationError, match=told):
        load_calibration(file, CATALOGUE)


def test_a_calibration_starts_from_what_was_assumed_not_from_the_last_one(file: Path) -> None:
    file.write_text(WHOLE.replace("cap.decline", "dynamics.productivity_growth"))
    task = load_calibration(file, VARIABLES)
    assert task.starts == (Dynamics().productivity_growth,)
    assert load_scenario("S5").dynamics.productivity_growth != Dynamics().productivity_growth


@pytest.fixture
def region(tmp_path: Path) -> Path:
    place = tmp_path / "region"
    shutil.copytree(ECONOMIES / "shanxi_2022", place)
    (place / FILE).write_text(
        "field,value,start,low,high,status,source\n"
        "dynamics.aeei,0.0123,0.01,0,0.09,calibrated,a fit\n"
        "economy.elasticities.STEEL.fuels,0.77,1,0.25,2,calibrated,a fit\n"
    )
    return place


def test_fitted_values_hold_where_a_scenario_says_nothing(region: Path, tmp_path: Path) -> None:
    silent, loud = tmp_path / "silent.yaml", tmp_path / "loud.yaml"
    silent.write_text(f"extends: S5\neconomy: {region}\n")
    loud.write_text(f"extends: S5\neconomy: {region}\ndynamics: {{aeei: 0.05}}\n")
    assert load_scenario(silent).dynamics.aeei == 0.0123
    assert load_scenario(silent).figures == {"economy.elasticities.STEEL.fuels": 0.77}
    assert load_scenario(loud).dynamics.aeei == 0.05
    assert load_scenario(loud, {"dynamics.aeei": 0.01}).dynamics.aeei == 0.01


def test_a_broken_file_of_fitted_values_is_refused_with_its_line(region: Path, tmp_path: Path) -> None:
    text = (region / FILE).read_text()
    (region / FILE).write_text(text.replace("0.0123", "0.5"))
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"extends: S5\neconomy: {region}\n")
    with pytest.raises(ScenarioError, match=r"calibrated\.csv:2: value: expected a value of its range, 0 to 0\.09"):
        load_scenario(mine)
    (region / FILE).write_text(text.replace("dynamics.aeei", "dynamics.aee"))
    with pytest.raises(ScenarioError, match=r"calibrated\.csv:2: dynamics\.aee"):
        load_scenario(mine)


def test_fitted_values_of_the_built_in_economy_lie_in_their_ranges() -> None:
    rows = calibrated("shanxi_2022")
    assert {row.field for row in rows} == {"dynamics.productivity_growth"}  # the only one that a year determines
    assert all(row.low < row.value < row.high for row in rows)
