"""When allowances are sold does not move their price, and at what least price they are sold does, by their number."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket

SMALL: dict[str, Any] = {
    "years.end": 2024, "firms.number": 40, "market.periods_per_year": 4, "drift.mode": "none", "banking.horizon": 0,
    "cap.tightness": 0.05, "cap.decline": 0.03, "allocation.auctioned_share": 0.3, "auctions.months": [1, 7],
    "coupling.adjustment_rate": None,
}  # fmt: skip
ALONE = {"market.mode": "equilibrium", "market.periods_per_year": 1}


@cache
def _ran(*changes: tuple[str, Any]) -> CarbonMarket:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in changes}
    model = CarbonMarket(load_scenario("S1", {**SMALL, **plain})).run()
    model.registry.check()
    assert (model.registry.rebuilt() == model.registry.state()["balances"]).all()
    return model


def ran(**changes: Any) -> CarbonMarket:
    return _ran(*((k.replace("__", "."), tuple(v) if isinstance(v, list) else v) for k, v in changes.items()))


def prices(model: CarbonMarket) -> list[float]:
    """Of the policy's periods."""
    table = model.result().periods
    return list(table[table["year"] > 2022]["price"])


@pytest.mark.parametrize("months", [[1, 4, 7, 10], [3, 6, 9, 12], [12]])
def test_firms_wait_for_auctions_to_come_and_the_price_is_that_of_january(months: list[int]) -> None:
    calendar = {"auctions__months": months, "allocation__auctioned_share": 0.8, "market__periods_per_year": 12}
    later, january = ran(**calendar), ran(**{**calendar, "auctions__months": [1]})
    assert prices(later) == pytest.approx(prices(january), rel=0.01)
    sold = [row["auctioned_t"] for row in later.state.log.settlements if row["year"] > 2022]
    caps = [int(np.rint(later.state.policy.caps(y) * 1e6).sum()) for y in (2023, 2024)]
    assert sold == pytest.approx([0.8 * cap for cap in caps], rel=1e-6)
    fills = later.result().trades.query("seller_sector == 'GOV' and quantity_t > 1000")
    assert sorted(fills["period"].unique()) == months


STEPS: list[dict[str, Any]] = [
    {"auctions__reserve_price": 150.0, "auctions__unsold": "cancel"},
    {"containment__first__at": 60.0, "containment__first__share": 0.02},
    {"containment__first__at": 100.0, "containment__first__share": 0.05},
    {"containment__first__at": 80.0, "containment__first__share": 0.01,
     "containment__second__at": 105.0, "containment__second__amount": 2.0},
    {"containment__withhold__at": 150.0, "containment__withhold__share": 0.05},
    {"containment__third__at": 90.0},
]  # fmt: skip


@pytest.mark.parametrize("rule", STEPS, ids=lambda rule: " ".join(rule))
def test_supply_in_steps_comes_to_the_equilibrium_that_the_economy_finds_alone(rule: dict[str, Any]) -> None:
    firms, alone = ran(**rule), ran(**rule, **{k.replace(".", "__"): v for k, v in ALONE.items()})
    for year, price in zip((2023, 2024), prices(alone), strict=True):
        row = firms.result().periods.query(f"year == {year}")
        assert row["price"].tolist() == pytest.approx([price] * 4, abs=0.05)
    caps = [model.result().series("Carbon Market|Cap").loc[[2023, 2024]].to_numpy() for model in (firms, alone)]
    assert caps[0] == pytest.approx(caps[1], rel=1e-4)


def test_tiers_sell_no_more_than_the_stability_reserve_holds_and_firms_know_it() -> None:
    """New entrants leave it some 29 Mt a year; each of two tiers could take all. In December as in January."""
    fed: dict[str, Any] = {"new_entrants__share": 0.05, "new_entrants__left_over": "stability",
                           "stability_reserve__on": True, "stability_reserve__scale": 0.01}  # fmt: skip
    for tier, trigger in (("first", 70.0), ("second", 80.0)):
        fed |= {f"containment__{tier}__at": trigger, f"containment__{tier}__amount": 40.0}
        fed |= {f"containment__{tier}__from_reserve": True}
    december, january = ran(auctions__months=[12], **fed), ran(auctions__months=[1], **fed)
    for model in (december, january):
        rows = model.state.log.settlements
        assert all(row["reserve_t"] >= 0 for row in rows)
        assert 0 < rows[-1]["beyond_cap_t"] <= rows[-1]["left_over_t"]["stability"]
    assert prices(december) == pytest.approx(prices(january), rel=0.01)


def test_a_reserve_price_holds_and_what_nobody_pays_goes_where_the_rule_says() -> None:
    for fate in ("cancel", "next", "same_year", "reserve", "again"):
        model = ran(auctions__reserve_price=150.0, auctions__unsold=fate)
        fills = model.result().trades.query("seller_sector == 'GOV'")
        assert fills["price"].min() >= 150.0
        held = int(model.registry.held[model.world.government])
        last = model.state.log.settlements[-1]
        assert (last["reserve_t"] > 0) == (fate == "reserve")
        assert (sum(row.get("withheld_t", 0) for row in model.state.log.settlements) > 0) == (fate in
            ("cancel", "same_year"))  # fmt: skip
        if fate in ("cancel", "same_year", "reserve"):
            assert held == 0
    # What is rolled into 2024 lowers its price, which stays at the reserve.
    assert prices(ran(auctions__reserve_price=150.0, auctions__unsold="next"))[-1] == pytest.approx(150.0, abs=0.02)


def test_firms_who_plan_foresee_the_steps_of_coming_years() -> None:
    # At a ceiling of 90 yuan nobody banks.
    model = ran(banking__horizon=8, containment__third__at=90.0)
    assert max(prices(model)) == pytest.approx(90.0, abs=0.05)
    assert [g for g in model.result().periods["plan_gap"].dropna() if g > 1e-3] == []
    tier, free = (
        ran(banking__horizon=8, **rule)
        for rule in ({"containment__first__at": 100.0, "containment__first__share": 0.05}, {})
    )
    # Five per cent more every year from 100 yuan on: all of it is sold, and the price lies above the trigger.
    assert 100.0 < np.mean(prices(tier)) < np.mean(prices(free))
    assert [row["beyond_cap_t"] for row in tier.state.log.settlements][1:] == pytest.approx(
        [0.05 * 1e6 * tier.state.policy.caps(y).sum() for y in (2023, 2024)], rel=1e-6
    )  # fmt: skip
