"""Orders placed by hand replace a firm's own, hold for one period, and change nothing where nobody places any."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.period import one_period, open_period
from tanshi.simulator.run.seat import SeatError, Ticket, admitted, leave, place

SMALL = {"firms.number": 24, "years.end": 2024, "market.periods_per_year": 4, "banking.horizon": 0, "drift.mode": "ou"}


def market(periods: int = 4, **settings: object) -> CarbonMarket:
    found = CarbonMarket(load_scenario("S5", {**SMALL, **settings}))
    return found.run(until=periods)


def books(m: CarbonMarket) -> list[Any]:
    return [m.registry.held.tolist(), m.registry.cash.tolist(), [row["price"] for row in m.state.log.periods]]


def steel(m: CarbonMarket) -> int:
    return int(m.population.start[m.population.sectors.index("STEEL")])


@pytest.fixture(scope="module")
def opened() -> CarbonMarket:
    return market()


def test_looking_before_each_auction_and_leaving_again_changes_nothing() -> None:
    looked, ordinary = market(), market().run()
    while not looked.state.calendar.finished:
        place(looked.world, looked.state, steel(looked), [Ticket(1, 60.0, 500.0)])
        leave(looked.state, steel(looked))
        looked.step()
    assert books(looked) == books(ordinary)


def test_a_shock_is_announced_once_though_somebody_looks_before_the_auction() -> None:
    shock = {"shock.year": 2023, "shock.period": 3, "shock.cap_cut": 0.2}
    looked, ordinary = market(**shock), market(**shock).run()
    while not looked.state.calendar.finished:
        open_period(looked.world, looked.state)
        fresh = market(0, **shock)
        fresh.restore(looked.save())
        assert fresh.policy.shocked == looked.policy.shocked
        looked.step()
    assert books(looked) == books(ordinary)


def test_only_the_orders_placed_by_hand_are_the_firms() -> None:
    m = market(**{"firms.strategies": {"truthful": 1.0, "scheduled": 0.0}})  # who sells in any period
    row = steel(m)
    assert place(m.world, m.state, row, [Ticket(1, 600.0, 700.0), Ticket(1, 30.0, 900.0)]) == {}
    agreement = one_period(m.world, m.state).agreement
    own = agreement.orders.take(agreement.orders.account == row)
    assert own.price.tolist() == [60000, 3000]
    assert own.quantity.tolist() == [700, 900]
    assert agreement.clearing.filled[agreement.orders.account == row].tolist() == [700, 0]


def test_no_orders_keep_the_firm_out_for_one_period() -> None:
    m = market()
    row = steel(m)
    place(m.world, m.state, row, [])
    assert not (one_period(m.world, m.state).agreement.orders.account == row).any()
    assert (one_period(m.world, m.state).agreement.orders.account == row).any()


def test_who_places_the_firms_own_orders_gets_the_firms_own_outcome() -> None:
    """One round of the fixed point: over several the firm itself answers each trial price anew."""
    by_hand, itself = (market(**{"coupling.iterations": 1}) for _ in range(2))
    row, tick = steel(by_hand), by_hand.world.scenario.market.tick
    for _ in range(4):
        agreement = one_period(itself.world, itself.state).agreement
        own = agreement.orders.take(agreement.orders.account == row)
        assert len(own)
        tickets = [Ticket(int(s), round(p * tick, 2), float(q))
                   for s, p, q in zip(own.side, own.price, own.quantity, strict=True)]  # fmt: skip
        assert place(by_hand.world, by_hand.state, row, tickets) == {}
        by_hand.step()
        assert books(by_hand) == books(itself)


@pytest.mark.parametrize(
    ("tickets", "reason"),
    [
        ([Ticket(1, 50.005, 10)], "off-tick price: prices are multiples of 0.01 yuan/t"),
        ([Ticket(1, 50.0, 0.5)], "off-lot quantity: quantities are multiples of 1 t"),
        ([Ticket(1, 1000.01, 10)], "above the price ceiling: 1,000.00 yuan/t"),
        ([Ticket(1, -1.0, 10)], "negative price"),
        ([Ticket(1, 50.0, 0)], "quantity not positive"),
        ([Ticket(1, math.nan, 1)], "not a finite number"),
        ([Ticket(0, 50.0, 1)], "unknown side"),
        ([Ticket(1, 50.0, 1e12)], "more than all allowances of the year"),
        ([Ticket(-1, 50.0, 1e10)], "with it more would be offered than is held"),
        ([Ticket(1, 60.0, 5), Ticket(-1, 60.0, 5)], "it would trade with the firm's own order"),
    ],
)
def test_an_order_that_no_market_would_take_is_refused_with_the_reason(
    opened: CarbonMarket, tickets: list[Ticket], reason: str
) -> None:
    refused = place(opened.world, opened.state, steel(opened), tickets)
    assert list(refused) == [len(tickets) - 1]
    assert reason in refused[len(tickets) - 1]
    assert opened.state.market.by_hand == {}


def test_two_offers_may_not_sell_the_same_allowance() -> None:
    m = market()
    held = admitted(m.world, m.state, steel(m)).sellable
    assert place(m.world, m.state, steel(m), [Ticket(-1, 500.0, held), Ticket(-1, 400.0, 1)]).keys() == {1}
    assert place(m.world, m.state, steel(m), [Ticket(-1, 500.0, held)]) == {}


def test_the_coming_years_allowances_can_be_sold_in_its_first_auction() -> None:
    m = market()
    row = steel(m)
    before = int(m.registry.held[row])
    assert admitted(m.world, m.state, row).sellable > before


def test_a_run_saved_with_orders_on_the_table_goes_on_with_the_same_bytes() -> None:
    m = market()
    place(m.world, m.state, steel(m), [Ticket(1, 120.0, 700.0)])
    again = market(0)
    again.restore(m.save())
    assert books(again.run()) == books(m.run())


def test_a_price_collar_of_the_policy_binds_the_seat() -> None:
    m = market(**{"price.floor": 40.0, "price.ceiling": 90.0})
    bounds = admitted(m.world, m.state, steel(m))
    assert (bounds.lowest, bounds.highest) == (40.0, 90.0)
    assert "below the price floor: 40.00" in place(m.world, m.state, steel(m), [Ticket(1, 39.99, 1)])[0]


def test_who_cannot_trade_is_told_so() -> None:
    early, over, without = market(0), market(12), market(**{"market.mode": "equilibrium"})
    with pytest.raises(SeatError, match="does not trade in 2022"):
        place(early.world, early.state, steel(early), [])
    with pytest.raises(SeatError, match="over"):
        admitted(over.world, over.state, 0)
    with pytest.raises(SeatError, match="no auction"):
        admitted(without.world, without.state, 0)


def test_a_seat_in_a_venue_with_limits_of_the_day_is_bound_by_them() -> None:
    m = market(**{"market.venue": "listed_agreement"})
    bounds = admitted(m.world, m.state, steel(m))
    close = m.state.market.price
    assert bounds.lowest >= 0.9 * close - 0.01
    assert bounds.highest <= 1.1 * close + 0.01
    assert place(m.world, m.state, steel(m), [Ticket(1, round(close, 2), 10)]) == {}
    assert np.isfinite(one_period(m.world, m.state).agreement.price)
