"""Bids and offers: what they add up to, and the price a call auction makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.agents.abatement import Demand, Position, Tangent, demand, emission_rate
from tanshi.agents.population import Population, PopulationError, build
from tanshi.agents.strategies import Situation, arrivals, next_step, place_orders, price_levels
from tanshi.agents.strategies.schedule import step_orders
from tanshi.agents.strategies.zic import zic_limits
from tanshi.market.call_auction import CallAuction
from tanshi.market.orders import Floats, Ints, Orders, own_crossing, screen
from tanshi.market.registry import Registry
from tanshi.market.venue import Clearing

SEED = 11
COUNTS = {"ELEC": 40, "STEEL": 25, "NMM": 15}
EMISSIONS = np.array([310.0, 62.0, 41.0])  # Mt/yr at 60 yuan/t
SLOPE = np.array([-0.42, -0.05, -0.03])
PENALTY = 400.0


def line(price: float) -> Tangent:
    """The economy: emissions on a straight line, seen from a trial price."""
    return Tangent(price, EMISSIONS + SLOPE * (price - 60.0), SLOPE)


def competitive_price(cap: float) -> float:
    """The price in yuan/t at which the line's emissions in Mt equal the cap, within floor and penalty."""
    return float(np.clip(60.0 + (cap - EMISSIONS.sum()) / SLOPE.sum(), 0.0, PENALTY))


def holdings_of(firms: Population, cap: float, allocation: str, lot: float) -> Ints:
    """Hand out the cap in lots by past emissions, by lot of the dice, or to one sector alone."""
    weights = {
        "grandfathered": firms.shares()[0] * EMISSIONS[firms.sector],
        "scattered": np.random.default_rng(3).pareto(1.0, len(firms)),
        "one sector": (firms.sector == 1).astype(float),
    }[allocation]
    return np.asarray(np.floor(weights / weights.sum() * cap * 1e6 / lot), np.int64)


def situation_at(firms: Population, price: float, holdings: Ints, tick: float, lot: float, step: float) -> Situation:
    need = demand(firms, line(price), Position(np.zeros(len(firms)), 1.0, (holdings * lot).astype(float)))
    levels = price_levels(price / tick, step / tick, 0, round(PENALTY / tick))
    account = np.arange(len(firms))
    return Situation(account, need, holdings, levels, arrivals(firms.draws(SEED, 1)), tick, lot)


def compete(firms: Population, holdings: Ints, tick: float, lot: float, start: float = 60.0) -> Clearing:
    """Clear again and again on a ladder that closes in on the last price."""
    price, step, cleared = start, 5.0, None
    while cleared is None or step > tick / 2:
        situation = situation_at(firms, price, holdings, tick, lot, step)
        orders = place_orders(firms, situation, firms.draws(SEED, 1))
        checked = screen(orders, len(firms), lowest=0, highest=round(PENALTY / tick))
        assert not checked.refused
        cleared = CallAuction().clear(orders)
        assert not cleared.refused
        assert cleared.indicative is not None
        found = cleared.indicative * tick
        price, step = found, next_step(step, found - price)
    return cleared


@pytest.mark.parametrize("allocation", ["grandfathered", "scattered", "one sector"])
@pytest.mark.parametrize("cap", [411.0, 400.0, 370.0])
def test_truthful_call_auction_finds_the_competitive_price_whatever_the_allocation(cap: float, allocation: str) -> None:
    firms = build(COUNTS, SEED)
    tick, lot = 1e-8, 1e-4
    cleared = compete(firms, holdings_of(firms, cap, allocation, lot), tick, lot)
    assert cleared.price is not None
    assert cleared.price * tick == pytest.approx(competitive_price(cap), rel=1e-9)


@pytest.mark.parametrize("allocation", ["grandfathered", "scattered", "one sector"])
def test_with_the_market_s_own_tick_and_lot_the_price_is_within_one_tick(allocation: str) -> None:
    firms = build(COUNTS, SEED)
    cleared = compete(firms, holdings_of(firms, 400.0, allocation, 1.0), 0.01, 1.0)
    assert cleared.price is not None
    assert abs(cleared.price * 0.01 - competitive_price(400.0)) <= 0.01 + 1e-9


def test_price_is_the_dual_of_least_cost_abatement() -> None:
    # Optimal if and only if every firm's marginal abatement cost equals one price and the cap is used up.
    firms = build(COUNTS, SEED)
    tick, lot, cap = 1e-6, 1e-2, 400.0
    held = holdings_of(firms, cap, "scattered", lot)
    registry = Registry(len(firms), 2023, 1)
    registry.issue(np.arange(len(firms)), held, 2023)
    cleared = compete(firms, held, tick, lot)
    assert cleared.price is not None
    registry.settle(cleared.fills)
    registry.check()
    price = cleared.price * tick
    after = demand(firms, line(price), Position(np.zeros(len(firms)), 1.0, (registry.held * lot).astype(float)))
    # A firm with little to abate turns the rounding of one lot into a visible price; weigh by its slope.
    gap = (after.marginal_cost(0.0, PENALTY) - price) * after.slope
    assert (np.abs(gap) <= np.abs(after.slope) * tick + lot).all()
    total = firms.total(emission_rate(firms, line(price), price)).sum()
    assert total == pytest.approx(cap, rel=1e-9)


@pytest.mark.parametrize("start", [0.0, 3.0, 399.0])
def test_ladder_finds_the_price_from_any_start(start: float) -> None:
    firms = build(COUNTS, SEED)
    held = holdings_of(firms, 380.0, "scattered", 1e-4)
    cleared = compete(firms, held, 1e-8, 1e-4, start)
    assert cleared.price is not None
    assert cleared.price * 1e-8 == pytest.approx(competitive_price(380.0), rel=1e-9)


def test_slack_cap_lets_the_price_fall_to_the_floor_and_an_impossible_one_drives_it_to_the_penalty() -> None:
    firms = build(COUNTS, SEED)
    for allocation in ("grandfathered", "scattered"):
        slack = compete(firms, holdings_of(firms, 460.0, allocation, 1.0), 0.01, 1.0)
        tight = compete(firms, holdings_of(firms, 200.0, allocation, 1.0), 0.01, 1.0)
        assert (slack.indicative, tight.indicative) == (0, round(PENALTY / 0.01))


def test_withholding_a_tenth_of_the_bids_lowers_the_price() -> None:
    firms = build(COUNTS, SEED)
    held = holdings_of(firms, 400.0, "scattered", 1.0)
    orders = place_orders(
        firms, situation_at(firms, competitive_price(400.0), held, 0.01, 1.0, 2.0), firms.draws(SEED, 1)
    )
    fewer = np.where(orders.side > 0, orders.quantity * 9 // 10, orders.quantity)
    whole = CallAuction().clear(orders)
    part = CallAuction().clear(replace(orders, quantity=fewer).take(fewer > 0))
    assert whole.price is not None
    assert part.price is not None
    assert part.price < whole.price - 100


WANTED = st.lists(st.lists(st.integers(-50, 50), min_size=5, max_size=5), min_size=1, max_size=4).map(
    lambda rows: -np.sort(-np.array(rows, np.int64), axis=1).T
)


@settings(max_examples=300, deadline=None)
@given(WANTED)
def test_orders_of_a_schedule_add_up_to_what_is_wanted_at_every_level(wanted: Ints) -> None:
    level = np.array([10, 20, 30, 40, 50])[:, None]
    firms = np.arange(wanted.shape[1])
    orders = step_orders(firms, wanted, level, level, firms)
    assert (orders.quantity > 0).all()
    assert not own_crossing(orders).any()
    for j, price in enumerate(level[:, 0]):
        for firm in firms:
            mine = orders.account == firm
            bids = orders.quantity[mine & (orders.side > 0) & (orders.price >= price)].sum()
            asks = orders.quantity[mine & (orders.side < 0) & (orders.price <= price)].sum()
            assert bids - asks == wanted[j, firm]


def book(strategy: str, holdings_scale: float = 1.0) -> tuple[Orders, Situation]:
    firms = build(COUNTS, SEED, strategies={strategy: 1.0})
    held = (holdings_of(firms, 400.0, "scattered", 1.0) * holdings_scale).astype(np.int64)
    situation = situation_at(firms, 60.0, held, 0.01, 1.0, 1.0)
    return place_orders(firms, situation, firms.draws(SEED, 5)), situation


@pytest.mark.parametrize("strategy", ["truthful", "zic"])
def test_nobody_offers_more_than_it_holds(strategy: str) -> None:
    firms = build(COUNTS, SEED, strategies={strategy: 1.0})
    held = np.full(len(firms), 1000, np.int64)
    # A large entitlement still to come makes everyone want to sell more than is there to deliver.
    need = demand(firms, line(60.0), Position(np.zeros(len(firms)), 1.0, held.astype(float), entitlement=1e9))
    levels = price_levels(6000, 100, 0, 40000)
    situation = Situation(np.arange(len(firms)), need, held, levels, np.zeros(len(firms), np.int64))
    orders = place_orders(firms, situation, firms.draws(SEED, 5))
    offered = np.zeros(len(firms), np.int64)
    np.add.at(offered, orders.account[orders.side < 0], orders.quantity[orders.side < 0])
    assert (offered == held).all()


def test_zi_c_never_bids_above_nor_offers_below_what_its_lots_are_worth() -> None:
    orders, situation = book("zic")
    limits = orders.price * 0.01
    for firm in range(0, sum(COUNTS.values()), 7):
        for side in (1, -1):
            mine = (orders.account == firm) & (orders.side == side)
            for price in limits[mine]:
                reach = orders.quantity[mine & ((limits - price) * side >= 0)].sum()
                wanted = side * situation.demand.at(price)[firm]
                # All it would trade at this price or better, it truly wants there (half a lot of rounding).
                assert reach <= wanted + 0.5 + 1e-6


def test_zi_c_limits_spread_over_the_whole_range_they_are_allowed() -> None:
    u = np.linspace(0, 1, 1001)[:-1]
    bid, ask = zic_limits(np.full(1000, 60), 10, 100, u, u)
    assert (bid.min(), bid.max(), ask.min(), ask.max()) == (10, 60, 60, 100)
    assert np.bincount(bid)[10:61].std() < 1


def test_repeated_clearing_in_a_period_meets_the_same_luck_and_the_next_period_another() -> None:
    firms = build(COUNTS, SEED, strategies={"zic": 1.0})
    held = holdings_of(firms, 400.0, "scattered", 1.0)
    coarse, fine = (situation_at(firms, 60.0, held, 0.01, 1.0, step) for step in (10.0, 0.1))
    first, again, later = (
        place_orders(firms, situation, firms.draws(SEED, period))
        for situation, period in ((coarse, 5), (fine, 5), (coarse, 6))
    )
    assert (first.price == again.price).all()
    assert not np.array_equal(first.price, later.price)


def test_mixed_population_bids_each_by_its_own_strategy_and_only_where_admitted() -> None:
    firms = build(COUNTS, SEED, strategies={"truthful": 0.5, "zic": 0.5})
    held = holdings_of(firms, 400.0, "scattered", 1.0)
    situation = situation_at(firms, 60.0, held, 0.01, 1.0, 1.0)
    steel = np.flatnonzero(firms.sector == 1)
    orders = place_orders(firms, situation, firms.draws(SEED, 5), active=steel)
    assert set(orders.account.tolist()) == set(steel.tolist())
    truthful = np.isin(orders.account, np.flatnonzero(firms.strategy == 0))
    assert np.isin(orders.price[truthful], situation.levels).all()
    assert not np.isin(orders.price[~truthful], situation.levels).all()


def test_unknown_strategy_is_refused_by_name() -> None:
    firms = build(COUNTS, SEED, strategies={"clairvoyant": 1.0})
    situation = situation_at(firms, 60.0, np.zeros(len(firms), np.int64), 0.01, 1.0, 1.0)
    with pytest.raises(PopulationError, match="'clairvoyant' is unknown; known are truthful, zic"):
        place_orders(firms, situation, firms.draws(SEED, 5))


def test_ladder_stays_within_its_limits_and_has_no_repetition() -> None:
    assert price_levels(100.0, 10.0, 0, 200, reach=2).tolist() == [
        0,
        20,
        60,
        80,
        90,
        100,
        110,
        120,
        140,
        180,
        200,
    ]
    assert price_levels(100.0, 0.01, 98, 103).tolist() == [98, 99, 100, 101, 103]
    assert price_levels(-5.0, 1.0, 0, 3, reach=2).tolist() == [0, 3]
    with pytest.raises(ValueError, match="lowest 5 exceeds"):
        price_levels(1.0, 1.0, 5, 3)


def test_nobody_emits_less_than_nothing() -> None:
    steep: Floats = np.array([-10.0])
    flat = np.zeros(1)
    one = Demand(0.0, flat, flat, np.array([100.0]), steep, flat, flat)
    assert one.at(np.array([0.0, 5.0, 10.0, 20.0]))[:, 0].tolist() == [100, 50, 0, 0]
