"""Rules of Korea and the United Kingdom in runs: what is carried by sales, lent by allowances, fined and released."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tanshi.market.banking import borrowing, carry_over
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.public.auctions import triggered
from tanshi.simulator.run.rules import carry_limit, fine, net_sales

SMALL: dict[str, Any] = {
    "years.end": 2024, "firms.number": 40, "market.periods_per_year": 2, "drift.mode": "none", "banking.horizon": 0,
    "banking.opening": 0.1, "price.floor": 100.0,
}  # fmt: skip
KOREA: dict[str, Any] = {
    "banking.carry_base": 0, "banking.carry_at": [], "banking.carry_past": 1,
    "banking.carry_multiple": {"2023": 3.0, "2024": 5.0},
}  # fmt: skip


def fills(year: int, buyer: int, seller: int, tonnes: int) -> dict[str, np.ndarray]:
    row = {"year": year, "buyer": buyer, "seller": seller, "quantity_t": tonnes}
    return {name: np.array([value]) for name, value in row.items()}


def test_only_the_sales_of_as_many_years_count_as_the_rule_says() -> None:
    # Firm 0 sells firm 1 40,000 t in 2023 and 10,000 t in 2024, and buys 4,000 t back then.
    log = [fills(2022, 1, 0, 7), fills(2023, 1, 0, 40_000), fills(2024, 1, 0, 10_000), fills(2024, 0, 1, 4_000)]
    state: Any = SimpleNamespace(
        year=2024, policy=SimpleNamespace(started=lambda year: year > 2022), registry=SimpleNamespace(accounts=3),
        log=SimpleNamespace(trades=log),
    )  # fmt: skip

    def sold(past: int, upto: int | None = None) -> list[int]:
        world: Any = SimpleNamespace(scenario=load_scenario("S1", {**KOREA, "banking.carry_past": past}))
        return [int(units) for units in net_sales(world, state, upto)]

    assert sold(1) == [6_000, -6_000, 0]
    assert sold(2) == sold(9) == [46_000, -46_000, 0]  # what was sold before the policy does not count
    assert sold(1, upto=2023) == [40_000, -40_000, 0]


def test_korea_lets_a_firm_keep_five_times_what_it_sold_and_into_phase_two_a_tenth_of_a_year() -> None:
    # 2024: 6,000 t sold net: 30,000 t. 2017: 20,000 t and a tenth of 1,234,567 t: 143,456 t.
    assert carry_over(np.array([50_000]), np.array([6_000]), 0, 5.0).tolist() == [30_000]
    kept = carry_over(np.array([200_000]), np.array([0]), 20_000, 0.0, 0.1, np.array([1_234_567.0]))
    assert kept.tolist() == [143_456]


def test_what_firms_keep_at_a_years_end_is_three_and_then_five_times_what_each_has_sold() -> None:
    model = CarbonMarket(load_scenario("S1", {**SMALL, **KOREA}))
    world, state = model.world, model.state
    rows = []
    while not state.calendar.finished:
        model.step()
        if state.period == 0:
            rows.append((state.year, state.registry.held[: world.firms].copy()))
    trades = model.result().trades
    for year, multiple in ((2023, 3), (2024, 5)):
        settled = next(row for row in state.log.settlements if row["year"] == year)
        of_year = trades[trades["year"] == year]
        sold = of_year.groupby("seller")["quantity_t"].sum()
        bought = of_year.groupby("buyer")["quantity_t"].sum()
        net = sold.sub(bought, fill_value=0).clip(lower=0)
        assert settled["banked_t"] <= multiple * net.sum()
        assert settled["expired_t"] > 0


def test_korea_lends_a_part_of_next_years_allowances_and_no_more_than_the_gap() -> None:
    # 15 % of 1,000,000 t are 150,000 t; of a gap of 100,000 t all of it, of 400,000 t 150,000 t.
    gap, owed, coming = np.array([100_000, 400_000]), np.full(2, 1_200_000), np.full(2, 1_000_000)
    assert borrowing(gap, owed, 0.15, 0.0, coming).tolist() == [100_000, 150_000]


def test_firms_borrow_of_next_years_allowances_by_the_year() -> None:
    rule = {"banking.borrow_share": {"2023": 0.1, "2024": 0.0}, "banking.borrow_of": "allocation",
            "banking.borrow_threshold": 0.0, "market.venue": "block_agreement", "price.floor": 0.0,
            "banking.opening": 0.0, "years.end": 2025}  # fmt: skip
    model = CarbonMarket(load_scenario("S1", {**SMALL, **rule})).run()
    lent = {row["year"]: row["borrowed_t"] for row in model.state.log.settlements}
    assert 0 < lent[2023] <= 0.1 * float(model.state.policy.caps(2024).sum()) * 1e6
    assert lent[2024] == 0


@pytest.mark.parametrize(
    ("month", "mean", "expected"),
    [(1, 9_000.0, 27_000.0), (3, 11_000.0, 33_000.0), (12, 50_000.0, 100_000.0)],
)
def test_koreas_fine_is_three_times_the_mean_price_and_at_most_a_hundred_thousand_won(
    month: int, mean: float, expected: float
) -> None:
    rule = {"penalty.multiple": {"2023": 3.0}, "penalty.of_months": float(month), "penalty.most": 100_000.0,
            "market.tick": 1.0}  # fmt: skip
    world: Any = SimpleNamespace(periods_per_year=12, scenario=load_scenario("S1", rule))
    older = [{"volume_t": 10, "turnover_yuan": 10.0 * 1.0}] * 12
    last = [{"volume_t": 10, "turnover_yuan": 10.0 * mean}] * month
    state: Any = SimpleNamespace(
        policy=SimpleNamespace(started=lambda year: True), log=SimpleNamespace(periods=[*older, *last], closing=[]),
        market=SimpleNamespace(price=0.0),
    )  # fmt: skip
    assert fine(world, state, 2024) == expected


KINGDOM = {"containment.first": {
    "multiple": {"2021": 2.0, "2022": 2.5, "2023": 3.0}, "over_months": {"2021": 3, "2022": 3, "2023": 6},
    "of_months": 24, "every_month": True, "amount": 1.0,
}}  # fmt: skip


@pytest.mark.parametrize(
    ("year", "recent", "released"),
    [
        (2021, (21.0, 21.0, 21.0), True),
        (2021, (90.0, 19.0, 90.0), False),  # a mean far above, and one month that is not
        (2022, (24.0,) * 3, False),
        (2022, (26.0,) * 3, True),
        (2023, (31.0,) * 3, False),  # six months from 2023 on
        (2023, (31.0,) * 6, True),
    ],
)
def test_the_united_kingdoms_mechanism_asks_for_months_in_a_row(
    year: int, recent: tuple[float, ...], released: bool
) -> None:
    # Two years at 10 pounds: above 20, from 2022 on above 25 for three months, from 2023 on above 30 for six.
    tier = load_scenario("S1", KINGDOM).containment.first
    rows = [{"price": price} for price in (*(10.0,) * 27, *recent)]
    assert triggered(tier, rows, year, 12) is released


def test_a_carry_over_limit_of_a_part_of_the_years_allowances_needs_no_sale() -> None:
    rule = {"banking.carry_base": 20_000, "banking.carry_at": [], "banking.carry_multiple": 0.0,
            "banking.carry_part": {"2023": 0.1, "2024": 0.0}}  # fmt: skip
    world: Any = SimpleNamespace(scenario=load_scenario("S1", rule))
    state: Any = SimpleNamespace(
        firms=[0], year=2023, policy=SimpleNamespace(started=lambda year: True),
        registry=SimpleNamespace(accounts=2),
        market=SimpleNamespace(net_sold=np.zeros(2, int), granted=np.array([500_000]), late=np.zeros(1, bool)),
    )  # fmt: skip
    for year, kept in ((2023, [70_000, 5]), (2024, [20_000, 5])):
        state.year = year
        found = carry_limit(world, state, np.array([100_000, 5]))
        assert found is not None
        assert found.tolist() == kept
