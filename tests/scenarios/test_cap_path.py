"""A cap by year in a scenario's file: one statement a year, nothing missing, one message a mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario


def read(folder: Path, cap: str, **overrides: object) -> Scenario:
    path = folder / "mine.yaml"
    path.write_text(f"extends: S5\ncap:\n  {cap}\n", encoding="utf-8")
    return load_scenario(path, {name.replace("__", "."): value for name, value in overrides.items()})


def caps(scenario: Scenario, *years: int) -> list[float | None]:
    amounts = [scenario.cap.amount(year, scenario.policy_start) for year in years]
    return [None if amount is None else round(amount.value, 10) for amount in amounts]


def test_a_value_holds_until_the_next_year_named(tmp_path: Path) -> None:
    assert caps(read(tmp_path, "share: {2023: 1.0, 2026: 0.7}"), 2023, 2025, 2026, 2040) == [1.0, 1.0, 0.7, 0.7]


def test_equal_steps_lead_from_one_year_named_to_the_next(tmp_path: Path) -> None:
    even = read(tmp_path, "share: {2023: 1.0, 2026: 0.7, between: even}")
    assert caps(even, 2023, 2024, 2025, 2026, 2027) == [1.0, 0.9, 0.8, 0.7, 0.7]


def test_growth_and_one_off_cuts_follow_the_last_year_named(tmp_path: Path) -> None:
    path = read(tmp_path, "tonnes: {2023: 200}\n  growth: {2025: -0.1}\n  cut: {2026: 0.5}")
    assert caps(path, 2023, 2024, 2025, 2026, 2027) == [200, 200, 180, 81, 72.9]


@pytest.mark.parametrize(
    "said", ["{value: 0.9, between: even}", "{2023: 0.9, between: even}", "0.9", "{value: 0.9, growth: -0.02}"]
)
def test_a_rule_that_is_written_out_is_read_back_as_it_was(said: str, tmp_path: Path) -> None:
    scenario = read(tmp_path, f"share: {said}")
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


def test_a_path_takes_the_place_of_an_inherited_decline_and_is_taken_away_by_one(tmp_path: Path) -> None:
    assert caps(read(tmp_path, "share: 0.9"), 2023, 2030) == [0.9, 0.9]
    assert caps(read(tmp_path, "share: 0.9", cap__tightness=0.2, cap__decline=0.5), 2023, 2024) == [0.8, 0.4]


def test_a_path_is_one_statement_and_an_override_names_single_years_of_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: S5\ncap: {share: {2023: 0.9, 2025: 0.5}}\n", encoding="utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: base.yaml\ncap: {share: {2023: 0.8}}\n", encoding="utf-8")
    assert caps(load_scenario(mine), 2023, 2025) == [0.8, 0.8]
    assert caps(load_scenario(mine, {"cap.share.2025": 0.7}), 2023, 2025) == [0.8, 0.7]


def test_a_path_as_plain_data_reads_back_the_same(tmp_path: Path) -> None:
    scenario = read(tmp_path, "share: {from: 2023, value: 0.9, growth: -0.02}\n  by_sector: {STEEL: {2024: 0.8}}")
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


@pytest.mark.parametrize(
    ("cap", "field", "said"),
    [
        ("share: {2025: 0.9}", "share", "got none for 2023"),
        ("tonnes: {2024: 200}", "tonnes", "got none for 2023"),
        ("growth: {2028: -0.03}", "growth", "got none for 2023"),
        ("share: {2020: 0.95, 2023: 0.9}", "share.2020", "years of the policy, from 2023 on"),
        ("share: {2023: 0.9, 2066: 0.8}", "share.2066", "a year from 2002 to 2060"),
        ("share: {2023: 0.9, 2026: 0.95}", "share.2026", "got 0.95 in 2026 after 0.9"),
        ("share: {2023: 0.9, 2023: 0.8}", "share.2023", "it twice"),
        ("share: {2023: 0.9, 02023: 0.8}", "share.02023", "2023 twice"),
        ("share: {2023: 0.9, 2024: a bit less}", "share.2024", "a number"),
        ("share: {2023: 0.9, 2024: 0.8}\n  tonnes: {2024: 200}", "share", "got both for 2024"),
        ("share: {2023: 0.9, 2025: 0.8}\n  cut: {2025: 0.1}", "cut.2025", "for 2025"),
        ("tightness: 0.1\n  share: 0.9", "share", "got tightness and share"),
        ("regime: tps\n  kind: absolute", "kind", "got regime and kind"),
        ("kind: {2024: absolute}", "kind", "got none for 2023"),
        ("tonnes: 200\n  kind: intensity", "tonnes", "tonnes under a standard in 2023"),
        ("tonnes: 10\n  by_sector: {ELEC: 8, STEEL: 9}", "by_sector", "got 17 Mt"),
        ("share: 0.9\n  of_year: 2050", "of_year", "a year of the run, 2022 to 2030"),
    ],
)
def test_a_mistake_in_a_path_is_one_message_with_its_line(tmp_path: Path, cap: str, field: str, said: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(tmp_path, cap)
    (problem,) = refused.value.problems
    assert problem.field == f"cap.{field}"
    assert problem.line in (3, 4)
    assert said in str(problem)


def test_a_path_may_rise_where_that_is_said(tmp_path: Path) -> None:
    assert caps(read(tmp_path, "share: {2023: 0.9, 2026: 1.1}\n  may_rise: true"), 2026) == [1.1]
