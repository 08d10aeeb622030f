"""What the page of validation says: points met and missed, and the observed years."""

from __future__ import annotations

import pytest

from tanshi.simulator.studies.validation.accounts import capital_over_output, points
from tanshi.simulator.studies.validation.observed import COMPARED, confronted, observed, path, series
from tanshi.simulator.studies.validation.page import validation_page
from tanshi.simulator.studies.validation.point import Point
from tanshi.simulator.studies.validation.tried import MADE, outputs_tried


@pytest.fixture(scope="module")
def rows() -> list[Point]:
    return points()


def test_every_observed_figure_has_a_status_and_a_source() -> None:
    table = observed()
    assert set(table["status"]) <= {"verified", "derived", "recalled", "estimate"}
    assert table["source"].str.len().gt(10).all()
    assert all(series(c.observed) for c in COMPARED)


def test_the_years_known_are_met_where_nothing_was_fitted_to_them_but_for_power_use_of_2024() -> None:
    """Product, thermal power and power use, none of which set a parameter; the good year fitted makes 2024 too fast."""
    seen = confronted()
    own = seen[(seen["used"] == "validated") & seen["quantity"].str.contains("GDP|thermal|electricity consumption")]
    missed = own[~own["met"]]
    assert len(own) == 5
    assert list(zip(missed["quantity"], missed["year"], strict=True)) == [
        ("electricity consumption (whole society)", 2024)
    ]
    assert missed["difference"].iloc[0] == pytest.approx(0.033, abs=0.002)


def test_what_is_missed_in_2024_comes_from_outputs_that_fell() -> None:
    """Where coal, coke, steel, building materials and metals make what they made, power use of 2024 is met as well."""
    seen = confronted().set_index(["quantity", "year"])
    assert abs(seen.loc[("electricity consumption (whole society)", 2024), "held"]) < 0.01
    free = seen[(seen["used"] == "validated") & seen["held"].notna()]
    assert len(free) == 5
    assert (free["held"].abs() < 0.03).all()


def test_coal_of_2030_is_that_of_the_plan_and_clean_power_its_capacity_times_hours() -> None:
    year = path()[2030]
    assert 1200 < year["coal"] < 1400
    assert year["clean"] == pytest.approx(257.0, rel=0.02)
    assert year["gas away"] == pytest.approx(0.0, abs=1e-9)


def test_no_end_of_a_range_mends_the_outputs_that_are_missed_and_each_turn_helps() -> None:
    """What the page says was tried: outside demand, construction's turn, shrinking plant and slow growth, and all."""
    (_, shipped), *others = outputs_tried()
    assert min(shipped[key] for key in MADE) > 0.05
    for what, off in others:
        assert all(off[key] <= shipped[key] + 1e-6 for key in MADE), what
    assert min(others[-1][1][key] for key in MADE) > 0.05


def test_the_benchmarks_investment_replaces_what_wears_out_and_lets_capital_grow() -> None:
    """By 4.5 % a year: of what is built 5 + 4.5 % of one stock, or 8 + 4.5 % of a smaller one."""
    assert capital_over_output(0.05) * 9.5 == pytest.approx(capital_over_output(0.08) * 12.5)


def test_points_are_measured_not_declared(rows: list[Point]) -> None:
    """Every point of the accounts has its number before and after, and what misses is said."""
    assert {p.number for p in rows} == {0, 4, 5, 6, 7, 10, 11, 13}
    assert all(p.after and p.before and p.mended for p in rows)
    assert all(p.met for p in rows if p.number in (0, 4, 5, 6, 10, 13)), [p for p in rows if not p.met]


def test_the_page_tells_what_is_missed(rows: list[Point]) -> None:
    page = validation_page()
    assert all(p.what in page for p in rows)
    assert page.count("**missed**") >= sum(not p.met for p in rows)
    assert max(line.count("|") for line in page.splitlines()) <= 12
