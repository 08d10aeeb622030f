"""Units as people give them: a value in another unit is told, a unit that stands twice is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tanshi.agents.sinks.errors import SinksError
from tanshi.agents.sinks.survey import draw_survey
from tanshi.agents.sinks.units import out_of_scale, read_units


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    size = np.exp(rng.normal(8.0, 1.2, 60))  # firms of very different size
    made = {q: np.round(size * np.exp(rng.normal(0.0, 0.4, 60)), 2) for q in ("capital", "labour", "intermediate")}
    return pd.DataFrame(made).assign(
        output=2.0 * size, co2=5.0 * size, unit=[f"u{k}" for k in range(60)], sector=["A", "B"] * 30, year=2012
    )


def test_large_and_small_firms_are_in_one_unit(survey: pd.DataFrame) -> None:
    assert out_of_scale(read_units(survey)) == []


@pytest.mark.parametrize(("column", "factor"), [("co2", 1e6), ("output", 1e-6), ("capital", 1e4), ("labour", 1e5)])
def test_a_value_in_another_unit_is_told_with_its_row_and_column(
    survey: pd.DataFrame, column: str, factor: float
) -> None:
    table = survey.astype({column: float})
    middle = int((table[column] - table[column].median()).abs().idxmin())
    table.loc[middle, column] *= factor
    told = out_of_scale(read_units(table))
    assert len(told) == 1
    assert f"Row {middle}: {column}" in told[0]


@pytest.mark.parametrize("part", ["half", "all"])
def test_half_of_a_column_or_all_of_it_in_another_unit_is_told(survey: pd.DataFrame, part: str) -> None:
    table = survey.astype({"co2": float})
    table.loc[: 29 if part == "half" else 59, "co2"] *= 1e6
    told = out_of_scale(read_units(table))
    assert any("Is co2 in t" in line for line in told)
    assert any(line.startswith("30 of 60 values of co2") for line in told) == (part == "half")


def test_cells_that_are_wrong_in_one_way_are_one_message(survey: pd.DataFrame) -> None:
    table = survey.astype({"co2": object, "labour": object})
    table["co2"], table.loc[3, "labour"] = "n.a.", "-3"
    with pytest.raises(SinksError) as caught:
        read_units(table)
    assert len(caught.value.faults) == 2


def test_one_unit_written_in_two_ways_stands_twice(survey: pd.DataFrame) -> None:
    twice = pd.concat([survey, survey.iloc[[4]].assign(unit="U4")], ignore_index=True)
    with pytest.raises(SinksError, match="stand twice"):
        read_units(twice)


def test_a_unit_that_stands_twice_in_a_year_is_refused_with_both_rows(survey: pd.DataFrame) -> None:
    twice = pd.concat([survey, survey.iloc[[4]]], ignore_index=True)
    with pytest.raises(SinksError) as caught:
        read_units(twice)
    fault = caught.value.faults[0]
    assert (fault.row, "row 4" in fault.hint) == (60, True)
    other_year = pd.concat([survey, survey.iloc[[4]].assign(year=2013)], ignore_index=True)
    assert len(read_units(other_year)) == 61


def test_the_made_up_survey_is_neither() -> None:
    assert len(read_units(draw_survey())) > 100
