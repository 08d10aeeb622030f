"""What was wrong with the standard, classes, welfare, border, costs and 2022: the table says what was found."""

from __future__ import annotations

from functools import cache

import pytest

from tanshi.simulator.studies.validation.point import Point
from tanshi.simulator.studies.validation.policy import points
from tanshi.simulator.studies.welfare.abatement_cost import CHEAP, CHOICES, DEAR, SHIPPED, TOGETHER, curves, published

MET = {1, 3, 8, 9, 12}
"""Points of which at least one row is met; a standard tightened year by year still ends at the penalty (2)."""


@cache
def found() -> tuple[Point, ...]:
    return tuple(points())


def test_every_point_has_what_would_count_before_and_after() -> None:
    assert {p.number for p in found()} == {1, 2, 3, 8, 9, 12}
    for p in found():
        assert p.mended
        assert p.before
        assert p.after
        assert "nan" not in p.after


def test_the_standard_the_rankings_the_border_and_2022_are_mended() -> None:
    for number in MET:
        assert any(p.met for p in found() if p.number == number), number
    assert all(p.met for p in found() if p.number in (1, 3, 12))


def test_structural_choices_make_abatement_dearer_or_cheaper_as_they_are_said_to() -> None:
    falls = {one.choice: one.falls[110.0] for one in curves(prices=(110.0,))}
    assert set(falls) == set(CHOICES)
    assert falls[TOGETHER] == min(falls.values())
    for choice in DEAR:
        assert falls[choice] <= falls[SHIPPED] + 1e-9, choice
    for choice in CHEAP:
        assert falls[choice] >= falls[SHIPPED] - 1e-9, choice


def test_published_costs_carry_source_and_status() -> None:
    table = published()
    assert table["source"].str.len().gt(10).all()
    assert set(table["status"]) <= {"verified", "recalled"}
    assert (table["price_low"] <= table["price_high"]).all()
    cut = table[table["cut_percent"].notna()]
    assert cut["price_low"].min() == pytest.approx(110.0)
