"""Rules of a period worked out by hand on two or three numbers: what is kept, what is offered again, what is owed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tanshi.market.containment import Step
from tanshi.market.orders import BUY, SELL, Orders
from tanshi.market.sales import Sales
from tanshi.market.side_by_side import SideBySide
from tanshi.market.vintages import OpenYear
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ahead.joint import supply_outside
from tanshi.simulator.run.ground.border import rest_of_nation
from tanshi.simulator.run.public.auctions import after_sales, release_by_past_prices
from tanshi.simulator.run.waiting import booked, open_obligations, put_off

LINK = {"to": "supply", "emissions": {2023: 1000}, "cap": {2023: 950}, "response": 0.002}


def test_what_the_rest_of_the_nation_means_to_bank_it_does_not_sell() -> None:
    """It holds 100 Mt, has emitted 10 and keeps 7: half a year before its end it can spare 83 less half a year's."""
    world: Any = SimpleNamespace(agents_trade=False, open=True, scenario=load_scenario("S1", {"market.link": LINK}))
    across = SimpleNamespace(held=100.0, emitted=10.0)

    def sold(outlook: object) -> float:
        state: Any = SimpleNamespace(year=2023, market=SimpleNamespace(across=across, outlook=outlook))
        return supply_outside(world, state, 60.0, 0.5)[0]

    half = 0.5 * rest_of_nation(world.scenario.market.link, 2023).emissions(60.0)
    assert half < 500.0  # at 60 yuan it emits less than the 1,000 Mt it would
    assert sold(SimpleNamespace(outside=7.0)) == pytest.approx(100.0 - 10.0 - 7.0 - half)
    assert sold(None) == pytest.approx(100.0 - 10.0 - half)


def test_what_nobody_bought_is_spread_over_as_many_auctions_as_the_rule_says() -> None:
    """Four auctions of 10 t; the first sells nothing: 5 t more at each of the next two, none at the last."""
    rules = {"auctions.months": [1, 4, 7, 10], "auctions.unsold": "next", "auctions.unsold_over": 2}
    world: Any = SimpleNamespace(
        periods_per_year=4, scenario=load_scenario("S1", {**rules, "allocation.auctioned_share": 0.1})
    )
    sales = Sales(offers=np.full(4, 10, np.int64))
    state: Any = SimpleNamespace(period=0, market=SimpleNamespace(sales=sales))
    after_sales(world, state, [Step("base", 100, 10)], {})
    assert state.market.sales.offers.tolist() == [10, 15, 15, 10]


def test_what_is_still_owed_in_allowances_is_less_by_what_credits_cover() -> None:
    """10 t emitted, 4 of them covered by credits, 3 t put off; and a year of 5 t: 11 t of allowances are owed."""
    first = OpenYear(2022, 12, np.array([10]), np.array([4]), np.array([3]))
    second = OpenYear(2023, 24, np.array([5]), np.array([0]), np.array([-1]))
    state: Any = SimpleNamespace(firms=[None], market=SimpleNamespace(open=(first, second)))
    assert booked(state).tolist() == [15]
    assert open_obligations(state).tolist() == [11]
    assert put_off(state).tolist() == [2]


@pytest.mark.parametrize(("now", "released"), [(25.0, True), (23.0, False)])
def test_a_tier_by_past_prices_opens_where_the_last_mean_is_above_its_multiple(now: float, released: bool) -> None:
    """Article 29a in two and four quarters: after a year at 10 yuan, 2.4 times that is 24; 5 of 6 Mt are in reserve."""
    rules = {"over_months": 6, "of_months": 12, "multiple": 2.4, "amount": 6.0, "from_reserve": True}
    changes = {"auctions.months": [1, 7], "stability_reserve.on": True, "containment.first": rules}
    world: Any = SimpleNamespace(periods_per_year=4, government=9, scenario=load_scenario("S1", changes))
    sales = Sales(offers=np.zeros(4, np.int64), left=np.array([0, 6, 0, 0]))
    issued: list[tuple[int, int, int]] = []
    state: Any = SimpleNamespace(
        year=2025, number=13, period=1,
        policy=SimpleNamespace(started=lambda year: True),
        registry=SimpleNamespace(issue=lambda *given: issued.append(given)),
        market=SimpleNamespace(sales=sales, reserve=5),
        log=SimpleNamespace(periods=[{"price": price} for price in (10.0,) * 4 + (now,) * 2]),
    )  # fmt: skip
    release_by_past_prices(world, state)
    assert issued == ([(9, 5, 2025)] if released else [])
    assert state.market.reserve == (0 if released else 5)
    assert state.market.sales.offers.tolist() == ([0, 0, 5, 0] if released else [0, 0, 0, 0])  # July comes next


def test_blocks_are_taken_off_a_buyers_dearest_orders_and_a_sellers_cheapest() -> None:
    """At 10, who has agreed on 4: of bids of 3 at 12 and 3 at 11 the dearer goes first; a bid at 9 is none."""
    bids = Orders(np.array([0, 0, 0]), np.full(3, BUY), np.array([11, 12, 9]), np.array([3, 3, 5]), np.zeros(3, int))
    assert SideBySide._taken(bids, BUY, 10, np.array([4])).tolist() == [1, 3, 0]
    asks = Orders(np.array([0, 0]), np.full(2, SELL), np.array([9, 7]), np.array([3, 3]), np.zeros(2, int))
    assert SideBySide._taken(asks, SELL, 10, np.array([4])).tolist() == [1, 3]
