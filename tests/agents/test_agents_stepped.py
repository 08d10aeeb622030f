"""A supply that rises in steps of the price, met over years between which allowances are banked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.agents.planning import Prospect, plan, tangent_path
from tanshi.agents.stepped import Ahead, stepped_path

RATE = 0.06
YEARS = st.integers(1, 6)
STEP = st.tuples(st.floats(5.0, 80.0), st.floats(0.5, 30.0))


def ahead(supply: list[float], steps: list[list[tuple[float, float]]]) -> Ahead:
    """Emissions 100 - p in every year."""
    n = len(supply)
    ones = np.ones(n)
    rising = tuple(tuple(sorted(of_year)) for of_year in steps)
    return Ahead(np.array(supply), np.zeros(n), ones * np.inf, ones * 100.0, -ones, np.zeros(n), ones * (1 + RATE), 0.0,
                 1000.0, rising)  # fmt: skip


def test_one_year_by_hand() -> None:
    # 60 at any price and 20 from 30 on: at 30 the 70 that are emitted take ten of them.
    price, bank = stepped_path(ahead([60.0], [[(30.0, 20.0)]]), 0.0)
    assert (price[0], bank[0]) == pytest.approx((30.0, 0.0), abs=1e-5)
    # 5 from 30 on are not enough: 65 are emitted at 35.
    assert stepped_path(ahead([60.0], [[(30.0, 5.0)]]), 0.0)[0][0] == pytest.approx(35.0)


def test_two_years_by_hand() -> None:
    # 90 and 50 at 6 %: p + 1.06 p = 60. Ten more from 28 on in the second year: it stands there, the first below it.
    assert stepped_path(ahead([90.0, 50.0], [[], []]), 0.0)[0] == pytest.approx([60 / 2.06, 63.6 / 2.06])
    price, bank = stepped_path(ahead([90.0, 50.0], [[], [(28.0, 10.0)]]), 0.0)
    assert price == pytest.approx([28 / 1.06, 28.0])
    assert bank == pytest.approx([90 - (100 - 28 / 1.06), 0.0], abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(data=st.data(), years=YEARS, opening=st.floats(0.0, 60.0))
def test_nobody_gains_by_another_year_and_what_is_sold_is_what_its_price_says(
    data: st.DataObject, years: int, opening: float
) -> None:
    supply = data.draw(st.lists(st.floats(20.0, 110.0), min_size=years, max_size=years))
    steps = data.draw(st.lists(st.lists(STEP, max_size=3), min_size=years, max_size=years))
    known = ahead(supply, steps)
    price, bank = stepped_path(known, opening)
    before = np.append(opening, bank[:-1])
    sold = bank - before - (known.supply - (100.0 - price))
    for year in range(years):
        least = sum(amount for trigger, amount in known.steps[year] if trigger < price[year] - 1e-5)
        most = sum(amount for trigger, amount in known.steps[year] if trigger <= price[year] + 1e-5)
        if price[year] > 1e-6:
            assert least - 1e-5 <= sold[year] <= most + 1e-5
        assert bank[year] >= -1e-6
    for now, later, kept in zip(price, price[1:], bank, strict=False):
        assert later <= (1 + RATE) * now + 1e-6  # else more would be kept
        if kept > 1e-5:
            assert later == pytest.approx((1 + RATE) * now, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(supply=st.lists(st.floats(20.0, 99.0), min_size=1, max_size=8), opening=st.floats(0.0, 60.0))
def test_without_steps_it_is_the_path_along_tangents(supply: list[float], opening: float) -> None:
    known, n = ahead(supply, [[] for _ in supply]), len(supply)
    plain = Prospect(known.supply, opening, known.low, known.high, np.full(n, RATE), 0.0, 1000.0)
    expected = tangent_path(plain, known.emissions, known.slope, known.at)
    for found, told in zip(stepped_path(known, opening), expected, strict=True):
        assert found == pytest.approx(told, abs=1e-6)


@pytest.mark.parametrize(("rise", "free"), [(1.06, 620.0), (1.08, 620.0), (1.08, 600.0)])
def test_a_plan_settles_where_triggers_rise_about_as_fast_as_a_bank_is_carried(rise: float, free: float) -> None:
    # Newton's method alone went round in circles here: what it came to was off by 40 to 100 % of the price.
    n = 9
    steps = tuple(((19.0 + 4.0 * t, 560.0 - 19.0 * t), (110.0 * rise**t, 60.0), (170.0 * rise**t, 50.0))
                  for t in range(n))  # fmt: skip
    known = Prospect(np.zeros(n), 0.0, np.zeros(n), np.full(n, np.inf), np.full(n, 0.08), 0.0, 1000.0, steps)
    emits = free - 4.0 * np.arange(n)
    made = plan(known, lambda p: (emits - 0.34 * p, np.full(n, -0.34)), np.full(n, 100.0), tolerance=1e-4,
                rates=lambda bank: (0.08 + 1e-5 * bank, np.full(n, 1e-5)))  # fmt: skip
    assert made.gap < 1e-4
    sold = made.bank - np.append(0.0, made.bank[:-1]) + emits - 0.34 * made.price
    for year, of_year in enumerate(steps):
        least = sum(amount for trigger, amount in of_year if trigger < made.price[year] - 0.01)
        most = sum(amount for trigger, amount in of_year if trigger <= made.price[year] + 0.01)
        assert least - 0.01 <= sold[year] <= most + 0.01
