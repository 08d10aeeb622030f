"""Looking ahead: Rubin's condition between bounds, against other algorithms; who carries a bank, and at what rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from tanshi.agents.bank import CarryCurve, Temper, common_part, market_carry, wanted_bank
from tanshi.agents.planning import Plan, PlanningError, Prospect, plan, tangent_path

YEARS = 6


def prospect(caps: list[float] | np.ndarray, opening: float = 0.0, **more: object) -> Prospect:
    n = len(caps)
    columns = {"low": np.zeros(n), "high": np.full(n, np.inf), "carry": np.full(n, 0.08)}
    return Prospect(np.asarray(caps, float), opening, **{**columns, **more})  # type: ignore[arg-type]


def broken_by(made: Plan, known: Prospect) -> float:
    """How far a plan is from the condition: prices against rates where the bank is within its bounds, or at one."""
    gain = (1 + made.carry[:-1]) * made.price[:-1] - made.price[1:]
    bank = made.bank[:-1]
    slack = 1e-7
    low, high = bank <= known.low[:-1] + slack, bank >= known.high[:-1] - slack
    worst = np.where(low & high, 0.0, np.where(low, -gain, np.where(high, gain, np.abs(gain))))
    return float(max(worst.max(initial=0.0), (known.low - made.bank).max(), (made.bank - known.high).max()))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_with_straight_lines_the_plan_is_the_cheapest_way_through_the_years(seed: int, bounded: bool) -> None:
    """Another algorithm: the discounted cost of all years, minimised over emissions and banks by SLSQP."""
    rng = np.random.default_rng(seed)
    wants, steep = rng.uniform(90, 110, YEARS), rng.uniform(0.5, 2.0, YEARS)
    caps, opening = rng.uniform(45, 90, YEARS), float(rng.choice([0.0, 15.0]))
    high = np.full(YEARS, 12.0 if bounded else np.inf)
    known = prospect(caps, opening, high=np.maximum(high, 0.0))
    price, bank = tangent_path(known, wants, -steep, np.zeros(YEARS))
    discount = 1.08 ** -np.arange(YEARS)

    def banks(e: np.ndarray) -> np.ndarray:
        return opening + np.cumsum(caps - e)

    limits = [{"type": "ineq", "fun": banks}]
    if bounded:
        limits.append({"type": "ineq", "fun": lambda e: 12.0 - banks(e)})
    found = minimize(
        lambda e: float((discount * (wants - e) ** 2 / (2 * steep)).sum()),
        np.minimum(caps, wants), jac=lambda e: -discount * (wants - e) / steep, bounds=[(0, w) for w in wants],
        constraints=limits, method="SLSQP", options={"ftol": 1e-15, "maxiter": 1000},
    )  # fmt: skip
    if not found.success or price.min() < 0.05:
        return
    np.testing.assert_allclose((wants - found.x) / steep, price, rtol=2e-4, atol=2e-3)
    np.testing.assert_allclose(banks(found.x), bank, atol=5e-3)


def remembering(seed: int, memory: float = 0.06):  # type: ignore[no-untyped-def]
    """Years whose emissions fall with their own price and with all prices before it, convex in each."""
    rng = np.random.default_rng(seed)
    wants = 600 * np.cumprod(rng.uniform(0.98, 1.05, YEARS))

    def answer(price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        before, emitted, slope = 0.0, np.empty(len(price)), np.empty(len(price))
        for t, p in enumerate(price):
            emitted[t] = wants[t] * np.exp(-memory * before) * (1 + p / 50) ** -0.2
            slope[t] = -0.2 * emitted[t] / (50 + p)
            before = 0.7 * before + 0.3 * np.log1p(p / 50)
        return emitted, slope

    return answer


def shooting(known: Prospect, answer, ceiling: float = 1e4) -> tuple[np.ndarray, list[int]]:  # type: ignore[no-untyped-def]
    """Segment by segment, the first price of each shot at through the whole path to where the bank runs out."""
    caps, years = known.supply, len(known.supply)
    price, start, held, ends = np.zeros(years), 0, known.opening, []
    while start < years:
        best = (-1.0, start)
        for end in range(start, years):

            def left(first: float, start: int = start, end: int = end, held: float = held) -> float:
                path = price.copy()
                path[start : end + 1] = first * 1.08 ** np.arange(end + 1 - start)
                return held + float((caps - answer(path)[0])[start : end + 1].sum())

            first = brentq(left, 1e-9, ceiling, xtol=1e-12, rtol=1e-14) if left(1e-9) < 0 else 0.0
            best = max(best, (first, end))
        first, end = best
        price[start : end + 1] = first * 1.08 ** np.arange(end + 1 - start)
        ends.append(end)
        start, held = end + 1, 0.0
    return price, ends


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("opening", [0.0, 40.0])
def test_years_that_remember_earlier_prices_are_planned_as_by_shooting(seed: int, opening: float) -> None:
    rng = np.random.default_rng(100 + seed)
    known, answer = prospect(600 * np.cumprod(rng.uniform(0.93, 1.01, YEARS)), opening), remembering(seed)
    made = plan(known, answer, np.full(YEARS, 60.0), tolerance=1e-12)
    price, _ = shooting(known, answer)
    np.testing.assert_allclose(made.price, price, rtol=1e-8)
    assert broken_by(made, known) < 1e-6


def test_the_corner_where_the_bank_runs_out_is_found() -> None:
    known, answer = prospect([520.0, 430.0, 640.0, 600.0, 480.0, 500.0]), remembering(3)
    made = plan(known, answer, np.full(YEARS, 60.0), tolerance=1e-12)
    price, ends = shooting(known, answer)
    assert len(ends) > 1
    np.testing.assert_allclose(made.price, price, rtol=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 60), st.floats(5, 80), st.floats(0.0, 0.3))
def test_the_condition_holds_between_any_bounds_and_where_the_rate_depends_on_the_bank(
    seed: int, opening: float, high: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    known = prospect(560 * np.cumprod(rng.uniform(0.9, 1.03, YEARS)), opening, high=np.full(YEARS, high))
    asked, weight = 1.0 + 0.08 * np.exp(spread * rng.standard_normal(40)), rng.uniform(1, 5, 40)
    calm = Temper(10.0, 0.25, 0.25)
    curve = CarryCurve.of(asked, weight, calm)

    def carried(bank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rate, steep = curve.at(bank / 600.0)
        return rate, steep / 600.0

    rates = None if spread < 0.05 else carried
    made = plan(known, remembering(seed), np.full(YEARS, 60.0), tolerance=1e-10, rates=rates)
    if made.gap > 1e-10:
        return  # not converged, and it says so
    assert broken_by(made, known) < 1e-5
    if rates is not None:
        np.testing.assert_allclose(made.carry, market_carry(asked, weight, calm)(made.bank / 600.0), atol=2e-4)
    left = np.append(opening, made.bank[:-1]) + known.supply - made.emissions
    kept = made.price > 1e-6  # at a price of nothing a surplus beyond the limit lapses
    np.testing.assert_allclose(left[kept], made.bank[kept], atol=1e-4)


def test_most_plans_converge() -> None:
    far = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        known = prospect(560 * np.cumprod(rng.uniform(0.9, 1.03, YEARS)), 20.0)
        far += plan(known, remembering(seed), np.full(YEARS, 60.0), tolerance=1e-8).gap > 1e-8
    assert far == 0


def test_rubin_1996_two_periods() -> None:
    """Marginal costs 100 - e, caps 90 and 50, 5 %: closed form; without banking 10 and 50."""
    line = lambda p: (100.0 - p, np.full(len(p), -1.0))  # noqa: E731
    made = plan(prospect([90.0, 50.0], carry=np.full(2, 0.05)), line, np.full(2, 40.0))
    assert made.price.tolist() == pytest.approx([29.26829268292683, 30.731707317073173], abs=1e-9)
    assert made.bank.tolist() == pytest.approx([19.268292682926827, 0.0], abs=1e-9)
    shut = plan(prospect([90.0, 50.0], high=np.zeros(2)), line, np.full(2, 40.0))
    assert shut.price.tolist() == pytest.approx([10.0, 50.0], abs=1e-9)


def test_a_shorter_sight_means_lower_prices_and_smaller_banks_early_and_later_catching_up() -> None:
    """Quemin and Trotignon (2021): the signatures of a horizon that rolls on."""
    caps, answer = 600 * 0.95 ** np.arange(YEARS), remembering(1)
    far = plan(prospect(caps), answer, np.full(YEARS, 60.0), tolerance=1e-10)
    seen, price, bank, held = [], [], [], 0.0
    for year in range(YEARS):  # looks one year further each year, and lives the first year of each plan
        ahead = min(2, YEARS - year - 1) + 1

        def on_from(p: np.ndarray, year: int = year) -> tuple[np.ndarray, np.ndarray]:
            emitted, slope = answer(np.append(seen, p))
            return emitted[year:], slope[year:]

        made = plan(prospect(caps[year : year + ahead], held), on_from, np.full(ahead, 60.0), tolerance=1e-10)
        price.append(float(made.price[0]))
        held = float(made.bank[0])
        bank.append(held)
        seen.append(price[-1])
    assert price[0] < far.price[0]
    assert bank[0] < far.bank[0]
    assert max(np.diff(np.log(price))) > np.log(1.08) + 1e-3  # catching up: faster than the rate
    assert price[-1] > far.price[-1]


# Who carries the bank


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 0.5), st.floats(1.0, 50.0), st.floats(0.05, 1.0))
def test_at_the_markets_rate_firms_together_want_just_what_there_is(
    seed: int, banked: float, aversion: float, limit: float
) -> None:
    rng = np.random.default_rng(seed)
    n = 30
    size, asked = rng.uniform(1, 9, n), 1.0 + rng.uniform(0.02, 0.2, n)
    calm = Temper(aversion, 0.25, limit)
    rate = float(market_carry(asked, size, calm)(np.array([banked]))[0])
    following, price = 100.0, 100.0 / (1.0 + rate)
    wish = wanted_bank(banked * size, size, following / asked, price, calm)
    held = np.clip(wish.level, wish.least, wish.most).sum()
    # A firm's demand is a straight line in the price, the market's rate solves it in their ratio: the same price.
    assert held == pytest.approx(banked * size.sum(), rel=1e-6, abs=1e-6)
    assert asked.min() - 1.0 - 1e-9 <= rate <= asked.max() - 1.0 + 1e-9


def test_equal_firms_carry_at_their_own_rate_and_without_aversion_the_most_patient_carries_all() -> None:
    size, bank = np.ones(50), np.array([0.0, 0.1, 0.3])
    assert market_carry(np.full(50, 1.07), size, Temper(5.0, 0.3, 1.0))(bank) == pytest.approx(0.07, rel=1e-12)
    asked = 1.0 + np.linspace(0.03, 0.13, 50)
    bold = market_carry(asked, size, Temper(1e-9, 0.3, 1e6))(bank)
    assert bold == pytest.approx(0.03, abs=1e-6)
    timid = market_carry(asked, size, Temper(1e6, 0.3, 1e6))(bank)
    assert timid == pytest.approx([0.03, 0.08, 0.08], abs=1e-6)
    calm = market_carry(asked, size, Temper(10.0, 0.25, 0.25))(np.linspace(0, 0.4, 30))
    assert (np.diff(calm) >= -1e-12).all()  # the larger the bank, the less patient its marginal holder


def test_what_a_firm_wants_slopes_within_its_limits() -> None:
    one, calm = np.ones(1), Temper(10.0, 0.25, 0.25)
    held = []
    for price in (40.0, 79.0, 80.0, 81.0, 150.0):
        wish = wanted_bank(10 * one, 100 * one, 80 * one, price, calm)
        held.append(float(np.clip(wish.level, wish.least, wish.most)[0]))
    assert held == [35.0, pytest.approx(12.0), 10.0, pytest.approx(8.0), 0.0]
    nothing = wanted_bank(10 * one, 100 * one, 0 * one, 5.0, calm)
    assert np.clip(nothing.level, nothing.least, nothing.most)[0] == 0.0


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 0.6), st.floats(0.02, 0.5), st.integers(0, 1000))
def test_disagreement_alone_moves_no_bank_though_nobody_keeps_less_than_nothing(
    banked: float, spread: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    size, own = rng.lognormal(0.0, 1.0, 80), spread * rng.standard_normal(80)
    value, calm = 80.0 * np.exp(0.02 * rng.standard_normal(80)), Temper(10.0, 0.25, 0.25)

    def together(beliefs: np.ndarray) -> float:
        wish = wanted_bank(banked * size, size, value * np.exp(beliefs), 80.0, calm)
        return float(np.clip(wish.level, wish.least, wish.most).sum())

    common = common_part(own, banked * size, size, value, 80.0, calm)
    plain = together(np.zeros(80))
    assert together(own - common) == pytest.approx(plain, rel=1e-6, abs=1e-6)
    if banked == 0.0:
        assert common > 0.0  # pessimists have nothing to sell: left alone, beliefs would raise the bank
        assert together(own) > plain


def test_contradictions_are_refused() -> None:
    with pytest.raises(PlanningError, match="equally many years"):
        Prospect(np.ones(3), 0.0, np.zeros(2), np.ones(3), np.zeros(3))
    with pytest.raises(PlanningError, match="lowest bank"):
        prospect([1.0], low=np.ones(1), high=np.zeros(1))
    with pytest.raises(PlanningError, match="-100 %"):
        prospect([1.0], carry=np.full(1, -1.5))


def test_a_cap_that_no_price_meets_stands_at_the_ceiling() -> None:
    line = lambda p: (100.0 - 0.1 * p, np.full(len(p), -0.1))  # noqa: E731
    made = plan(prospect([120.0, 10.0], ceiling=50.0), line, np.full(2, 40.0))
    assert made.price.tolist() == pytest.approx([50.0 / 1.08, 50.0])
    assert made.bank[-1] == 0.0


def test_expectations_that_do_not_converge_say_so() -> None:
    wild = lambda p: (100.0 + 60.0 * np.sin(p), np.full(len(p), -0.01))  # noqa: E731
    made = plan(prospect([100.0, 90.0]), wild, np.full(2, 40.0), iterations=5)
    assert made.iterations == 5
    assert made.gap > 1e-6


def test_what_government_sells_at_a_price_holds_it_as_far_as_it_goes() -> None:
    # Rubin's two years, emissions 100 - p under 90 and 50 at 5 %: 29.27 and 30.73, 60 in all. At 28 in the second year
    # ten more are there, and 5.33 of them are wanted at that price; of half a one at 30 all.
    def made(*steps: tuple[float, float]) -> Plan:
        known = prospect([90.0, 50.0], carry=np.full(2, 0.05), steps=((), tuple(steps)))
        return plan(known, lambda p: (100.0 - p, np.full(2, -1.0)), np.full(2, 20.0),
                    rates=lambda bank: (np.full(2, 0.05), np.zeros(2)))  # fmt: skip

    assert made((28.0, 10.0)).price == pytest.approx([28 / 1.05, 28.0])
    sold = 200.0 - made((30.0, 0.5)).price.sum() - 140.0
    assert sold == pytest.approx(0.5)
    both = made((25.0, 1.0), (29.0, 5.0))
    assert both.price == pytest.approx([29 / 1.05, 29.0])
    assert 1.0 < 200.0 - both.price.sum() - 140.0 < 6.0


def test_two_periods_with_a_reserve_by_hand() -> None:
    """Rubin's two years, where a part of what is banked is taken out of the second year's supply.

    100 - p under 90 and 50 at 5 %: with b = 90 - (100 - p) banked and p_2 = 1.05 p, the second year has 50 + (1 - t) b,
    so p = (50 + 10 (1 - t)) / (1.05 + 1 - t). Where all of the bank above 5 is taken, 5 of it are left.
    """
    base = Prospect(np.array([90.0, 50.0]), 0.0, np.zeros(2), np.full(2, np.inf), np.full(2, 0.05))

    def emits(prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 100.0 - prices, np.full(2, -1.0)

    def takes(part: float, above: float) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
        return lambda bank: (
            np.array([0.0, part * max(bank[0] - above, 0.0)]),
            np.array([0.0, part if bank[0] > above else 0.0]),
        )

    for part in (0.24, 0.5, 1.0):
        found = plan(replace(base, reserve=takes(part, 0.0)), emits, np.full(2, 20.0))
        assert found.price[0] == pytest.approx((50.0 + 10.0 * (1.0 - part)) / (2.05 - part), abs=1e-6)
        assert found.price[1] == pytest.approx(1.05 * found.price[0], abs=1e-6)
    found = plan(replace(base, reserve=takes(1.0, 5.0)), emits, np.full(2, 20.0))
    assert found.price[1] == pytest.approx(45.0, abs=1e-6)
    assert found.bank[0] == pytest.approx(45.0 / 1.05 - 10.0, abs=1e-6)


def test_what_a_reserve_is_known_to_take_is_a_smaller_supply() -> None:
    """Two statements of one thing: eight taken whatever is banked, and eight less from the start."""
    base = Prospect(np.array([90.0, 50.0]), 0.0, np.zeros(2), np.full(2, np.inf), np.full(2, 0.05))

    def emits(prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 100.0 - prices, np.full(2, -1.0)

    taking = replace(base, reserve=lambda bank: (np.array([0.0, 8.0]), np.zeros(2)))
    smaller = replace(base, supply=np.array([90.0, 42.0]))
    start = np.full(2, 20.0)
    asked = plan(smaller, emits, start).price
    np.testing.assert_allclose(plan(taking, emits, start).price, asked, atol=1e-6)
    np.testing.assert_allclose(plan(taking.less_reserve(np.zeros(2)), emits, start).price, asked, atol=1e-6)
