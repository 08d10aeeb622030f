"""A sector's timetable in a scenario file: what is said holds, what is missing or doubled is one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario


def read(folder: Path, text: str, **overrides: object) -> Scenario:
    path = folder / "mine.yaml"
    path.write_text(f"extends: S1\n{text}\n", encoding="utf-8")
    return load_scenario(path, {name.replace("__", "."): value for name, value in overrides.items()})


def test_a_status_by_year_takes_the_place_of_coverage_and_the_other_way_round(tmp_path: Path) -> None:
    timed = read(tmp_path, "sectors: {STEEL: {status: {2025: trading}}}")
    assert [timed.statuses(year)["STEEL"] for year in (2024, 2025)] == ["none", "trading"]
    assert timed.ever("trading") == ("ELEC", "STEEL")
    again = read(tmp_path, "sectors: {STEEL: {status: {2025: trading}}}", coverage__STEEL="allocated")
    assert again.statuses(2024)["STEEL"] == "allocated"


def test_a_timetable_as_plain_data_reads_back_the_same(tmp_path: Path) -> None:
    scenario = read(tmp_path, "sectors: {ELEC: {method: benchmark, classes: {coal_I: {2023: 0.996, 2025: 0.99}}}}")
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("sectors: {STEEL: {status: {2024: trades}}}", "STEEL.status.2024", "one of none, allocated, trading"),
        ("sectors: {STEEL: {method: verified}}", "STEEL.method", "a sector that never does"),
        ("sectors: {ELEC: {method: {2025: benchmark}}}", "ELEC.method", "none for 2023"),
        ("sectors: {ELEC: {method: {2023: benchmark, 02023: band}}}", "ELEC.method.02023", "2023 twice"),
        ("sectors: {ELEC: {method: band}}", "ELEC.limits.slope", "a slope"),
        ("sectors: {ELEC: {method: benchmark, benchmark: {2025: 0.9}}}", "ELEC.benchmark", "none for 2023"),
        ("sectors: {ELEC: {method: verified, benchmark: 0.9}}", "ELEC.benchmark", "a method that uses a benchmark"),
        ("sectors: {ELEC: {in_advance: 1.2}}", "ELEC.in_advance", "a number >= 0 and <= 1"),
        ("sectors: {STEAL: {status: trading}}", "STEAL", "Did you mean STEEL?"),
        ("sectors: {STEEL: {classes: {coal_I: 0.9}}}", "STEEL.classes", "the field 'classes'"),
        (
            "coverage: {STEEL: trading}\nsectors: {STEEL: {status: {2024: trading}}}",
            "STEEL.status",
            "coverage.STEEL and sectors.STEEL.status",
        ),
    ],
)
def test_a_mistake_in_a_timetable_is_one_message_with_its_line(
    tmp_path: Path, text: str, field: str, said: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(tmp_path, text)
    (problem,) = refused.value.problems
    assert problem.field == f"sectors.{field}"
    assert problem.line in (2, 3)
    assert said in str(problem)


def test_methods_of_sectors_and_a_shock_in_the_middle_of_a_year_are_refused_together(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no shock beside methods"):
        read(tmp_path, "sectors: {ELEC: {method: benchmark}}\nshock: {year: 2025, cap_cut: 0.1}")
