"""Allowances that live for some years: what would end unused is worth what it can still serve, and books are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.market.lives import alive, end_vintages, exchange_expiring
from tanshi.market.registry import Registry
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket

RATE = 0.08
EQUAL: dict[str, Any] = {
    "years.end": 2026, "firms.number": 24, "market.periods_per_year": 1, "drift.mode": "none",
    "firms.shock_sigma": 0.0, "firms.strategies": {"truthful": 1.0, "zic": 0.0, "zip": 0.0, "scheduled": 0.0},
    "firms.discount_rate": RATE, "firms.discount_sigma": 0.0, "firms.belief_sigma": 0.0, "firms.horizon_spread": 0.0,
    "market.tick": 1e-4, "coupling.adjustment_rate": None, "coupling.tolerance": 1e-4, "coupling.iterations": 60,
    "penalty.price": 2000.0, "banking.beyond": "end",
}  # fmt: skip
ALONE = {"market.mode": "equilibrium"}
MANY = {"banking.opening": 1.0, "cap.share": 0.62}
"""A year's emissions of old allowances, and caps that are far below: everybody wants to keep them."""


def ran(**changes: Any) -> CarbonMarket:
    fields = {name.replace("__", "."): value for name, value in changes.items()}
    model = CarbonMarket(load_scenario("S1", {**EQUAL, **fields})).run()
    model.registry.check()
    assert (model.registry.rebuilt() == model.registry.state()["balances"]).all()
    return model


def path(model: CarbonMarket) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prices, banks (Mt) and what ended (Mt) in the policy's years."""
    rows = [row for row in model.state.log.settlements if row["year"] > 2022]
    price = model.result().periods.query("year > 2022")["price"].to_numpy()
    return (
        price,
        np.array([row["banked_t"] for row in rows]) / 1e6,
        np.array([row.get("expired_t", 0) for row in rows]) / 1e6,
    )


def test_the_oldest_serve_first_so_that_a_bank_holds_the_youngest() -> None:
    # Two years of life, 100 t a year and 30 t of the year before: after the first year 130 t may be left, then 200 t.
    assert alive(np.array([30.0]), np.full(3, 100.0), 2).tolist() == [130.0, 200.0, 200.0]
    assert alive(np.zeros(0), np.array([100.0, 50.0]), 1).tolist() == [100.0, 50.0]


def test_allowances_end_unused_only_where_all_together_owe_fewer() -> None:
    # One firm holds 100 t in their last year and owes 20; the other holds 90 younger ones and owes 70.
    registry = Registry(3, 2021, 4)
    registry.issue([0], [100], 2021)
    registry.issue([1], [90], 2022)
    firms, due = np.arange(2), np.array([20, 70])
    registry.oblige(firms, due)
    assert exchange_expiring(registry, 2021, np.arange(3), firms, due) == 70
    registry.surrender(firms, due, latest=2022)
    assert end_vintages(registry, 2021).tolist() == [10, 0, 0]  # 100 t old, 90 t owed
    assert registry.holdings[1, :2].tolist() == [70, 20]  # who gave old ones has young ones
    registry.check()


def test_government_exchanges_none_of_what_it_still_has_to_sell() -> None:
    # A firm owes 60 t of younger allowances; another holds 40 old ones, and government 100.
    registry = Registry(3, 2021, 4)
    registry.issue([1, 2], [40, 100], 2021)
    registry.issue([0], [60], 2022)
    registry.oblige([0], [60])
    assert exchange_expiring(registry, 2021, np.arange(2), np.array([0]), np.array([60])) == 40
    assert registry.holdings[:2].tolist() == [[40, 0, 100], [20, 40, 0]]


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_a_price_rises_by_the_rate_unless_the_bank_is_empty_or_all_that_can_be_alive(alone: dict[str, Any]) -> None:
    found = ran(**MANY, **alone, banking__life=1)
    price, bank, _ = path(found)
    supply = np.array([found.state.policy.tonnes(year) for year in range(2023, 2027)])
    assert (bank <= supply * (1 + 1e-6)).all()
    full = bank >= supply * (1 - 1e-3)
    assert full[0]  # more is wanted than may be kept
    for t in range(3):
        waits = price[t + 1] / (1 + RATE)
        if full[t]:
            assert price[t] < waits
        elif bank[t] > 1e-3 * supply[t]:
            assert price[t] == pytest.approx(waits, rel=2e-3)
        else:
            assert price[t] > waits * (1 - 2e-3)
    unlimited = path(ran(**MANY, **alone))[0]
    assert price[0] < unlimited[0] - 1.0
    assert price[1] > unlimited[1] + 1.0


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_more_than_can_be_used_up_ends_and_is_worth_nothing_till_then(alone: dict[str, Any]) -> None:
    found = ran(**{**MANY, "banking.opening": 1.6}, **alone, banking__life=1)
    price, bank, ended = path(found)
    assert price[0] == pytest.approx(0.0, abs=0.01)
    assert ended[0] > 0.3 * found.state.policy.tonnes(2023)
    assert bank[0] == pytest.approx(found.state.policy.tonnes(2023), rel=1e-6)
    assert price[1] > 1.0


def test_firms_and_the_equilibrium_alone_come_to_the_same_prices() -> None:
    several, alone = (path(ran(**MANY, **mode, banking__life=1)) for mode in ({}, ALONE))
    np.testing.assert_allclose(several[0], alone[0], rtol=3e-3, atol=0.05)
    np.testing.assert_allclose(several[1], alone[1], rtol=5e-3, atol=0.2)


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_a_life_that_nobody_reaches_changes_nothing(alone: dict[str, Any]) -> None:
    plain, long = (ran(**{**MANY, "banking.opening": 0.2}, **alone, **life) for life in ({}, {"banking__life": 20}))
    assert plain.result().periods.equals(long.result().periods)
    assert plain.result().trades.equals(long.result().trades)


def test_a_vintage_serves_the_debts_of_its_years_wherever_their_deadlines_lie() -> None:
    # In quarters, due nine months after the year: what ends with a year ends when that year is settled.
    found = ran(**{**MANY, "banking.opening": 1.6}, banking__life=1, banking__beyond="last_rule",
                market__periods_per_year=4, compliance__deadline=9, years__end=2025, market__tick=0.01,
                coupling__tolerance=0.01)  # fmt: skip
    rows = {row["year"]: row for row in found.state.log.settlements}
    assert rows[2023]["expired_t"] > 0
    holdings = found.registry.holdings
    for year in (2021, 2022, 2023, 2024):
        assert holdings[year - found.registry.first_vintage].sum() == 0
    for row in rows.values():
        assert row["verified_t"] == row["surrendered_t"] + row["shortfall_t"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"banking.life": 0}, ">= 1"),
        ({"banking.life": 2, "banking.allowed": False}, "banking.allowed true beside a life"),
        ({"banking.life": 2, "cap.regime": "tps"}, "ELEC by output or emissions in 2023"),
        ({"banking.life": 2, "market.link.to": "price", "market.link.price": 60.0}, "a closed market"),
        ({"banking.life": 2, "economies": ["shanxi", "shandong"]}, "banking.life"),
    ],
)
def test_a_life_that_nobody_can_reckon_with_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario("S1", changes)
    assert words in str(refused.value)
