"""Learning and scheduled firms, intermediaries and sizes of orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.agents.abatement import Position, Tangent, demand
from tanshi.agents.intermediaries import inventory_demand
from tanshi.agents.population import Population, build
from tanshi.agents.strategies import Situation, arrivals, place_orders, price_levels
from tanshi.agents.strategies.hesitant import least_worth, uncertain_part
from tanshi.agents.strategies.scheduled import urgency
from tanshi.agents.strategies.sizing import as_blocks, in_parts
from tanshi.agents.strategies.zip import learn
from tanshi.market.call_auction import CallAuction
from tanshi.market.continuous import ContinuousAuction
from tanshi.market.orders import Orders
from tanshi.market.venue import Venue

COUNTS = {"ELEC": 60, "STEEL": 40}
EMISSIONS = np.array([310.0, 62.0])
SLOPE = np.array([-0.42, -0.05])
BAND = (4200, 7800)


def situation(firms: Population, period: int, *, patience: float = 1.0, urgent: float = 1.0) -> Situation:
    """Half the firms hold twice what the others do; together they hold what is emitted at 60 yuan/t."""
    weights = firms.shares()[0] * EMISSIONS[firms.sector] * np.where(np.arange(len(firms)) % 2, 0.7, 1.3)
    held = np.rint(weights / weights.sum() * EMISSIONS.sum() * 1e6).astype(np.int64)
    need = demand(firms, Tangent(60.0, EMISSIONS, SLOPE), Position(np.zeros(len(firms)), 1.0, held.astype(float)))
    return Situation(
        np.arange(len(firms)), need, held, price_levels(6000, 50, 0, 40000), arrivals(firms.draws(3, period)),
        band=BAND, patience=patience, urgency=urgent, quote=firms.quote,
    )  # fmt: skip


def zip_periods(venue: Venue, periods: int) -> tuple[list[int], list[int]]:
    firms = build(COUNTS, 3, strategies={"zip": 1.0})
    prices, volumes = [], []
    for period in range(periods):
        orders = place_orders(firms, situation(firms, period), firms.draws(3, period))
        cleared = venue.clear(orders)
        assert cleared.indicative is not None
        prices.append(cleared.indicative)
        volumes.append(cleared.volume)
        learn(firms, orders, cleared.indicative * 0.01, 0.01, firms.draws(3, period))
    return prices, volumes


@pytest.mark.parametrize("venue", [CallAuction(), ContinuousAuction()], ids=["call", "continuous"])
def test_learning_firms_bring_the_price_to_the_competitive_one(venue: Venue) -> None:
    prices, volumes = zip_periods(venue, 60)
    assert abs(np.mean(prices[-20:]) - 6000) < 300
    assert min(volumes) > 0


def test_learning_narrows_the_quotes_around_the_price() -> None:
    firms = build(COUNTS, 3, strategies={"zip": 1.0})
    width = []
    for period in range(40):
        orders = place_orders(firms, situation(firms, period), firms.draws(3, period))
        price = CallAuction().clear(orders).indicative
        assert price is not None
        width.append(float(np.abs(orders.price - price).mean()))
        learn(firms, orders, price * 0.01, 0.01, firms.draws(3, period))
    assert np.mean(width[-5:]) < 0.5 * width[0]


def test_a_learning_firm_never_quotes_lots_beyond_their_worth() -> None:
    firms = build(COUNTS, 3, strategies={"zip": 1.0})
    firms.quote = np.random.default_rng(1).uniform(20, 120, len(firms))
    now = situation(firms, 1)
    orders = place_orders(firms, now, firms.draws(3, 1))
    wanted = np.diag(now.demand.take(orders.account).at(orders.price * 0.01))
    assert (orders.quantity <= orders.side * wanted + 0.5).all()
    assert (orders.quantity > 0).all()
    offered = orders.side < 0
    assert (orders.quantity[offered] <= now.holdings[orders.account[offered]]).all()


def test_at_the_last_chance_a_learning_firm_quotes_its_limit() -> None:
    firms = build(COUNTS, 3, strategies={"zip": 1.0})
    now = situation(firms, 1, patience=0.0)
    orders = place_orders(firms, now, firms.draws(3, 1))
    limit = now.demand.marginal_cost(BAND[0] * 0.01, BAND[1] * 0.01)[orders.account]
    assert orders.price * 0.01 == pytest.approx(limit, abs=0.0051)


def test_firms_that_do_not_learn_keep_no_quotes() -> None:
    firms = build(COUNTS, 3)
    orders = place_orders(firms, situation(firms, 0), firms.draws(3, 0))
    learn(firms, orders, 60.0, 0.01, firms.draws(3, 0))
    assert (firms.quote == -1.0).all()


def test_scheduled_firms_gather_before_the_deadline() -> None:
    covered, done = [], 0.0
    for month in range(12):
        done += (1.0 - done) * urgency(month / 12, (month + 1) / 12, 3.0)
        covered.append(done)
    assert covered == pytest.approx([((m + 1) / 12) ** 3 for m in range(12)])
    assert covered[-1] == 1.0
    assert covered[-1] - covered[8] == pytest.approx(1 - 0.75**3)  # 58 % of the year in its last quarter
    assert urgency(0.25, 0.5, 0.0) == 1.0
    assert urgency(0.0, 1 / 12, 0.0) == 1.0


def test_scheduled_firms_bid_the_truthful_schedule_times_their_urgency() -> None:
    firms, same = build(COUNTS, 3), build(COUNTS, 3, strategies={"scheduled": 1.0})
    whole = place_orders(firms, situation(firms, 0), firms.draws(3, 0))
    part = place_orders(same, situation(same, 0, urgent=0.25), same.draws(3, 0))
    for side in (1, -1):
        total, some = (int(o.quantity[o.side == side].sum()) for o in (whole, part))
        assert some == pytest.approx(0.25 * total, abs=len(firms))
    assert CallAuction().clear(part).price == pytest.approx(CallAuction().clear(whole).price, abs=5)


def test_hesitant_firms_bring_what_is_certain_and_all_of_it_at_the_last_chance() -> None:
    firms, same = build(COUNTS, 3), build(COUNTS, 3, strategies={"hesitant": 1.0})
    whole = place_orders(firms, situation(firms, 0), firms.draws(3, 0))
    unsure = np.full(len(firms), 2000.0)
    early = replace(situation(same, 0, patience=0.5), unsure=unsure)
    some = place_orders(same, early, same.draws(3, 0))
    for side in (1, -1):
        mine, all_ = (
            np.bincount(o.account[o.side == side], o.quantity[o.side == side], len(firms)) for o in (some, whole)
        )
        assert mine == pytest.approx(np.maximum(all_ - 2000, 0), abs=1)
    at_last = place_orders(same, replace(early, patience=0.0), same.draws(3, 0))
    assert at_last.quantity.sum() == whole.quantity.sum()
    dear = place_orders(same, replace(early, least=np.full(len(firms), np.inf)), same.draws(3, 0))
    assert not len(dear)  # no amount is worth the trade


def test_the_less_is_left_of_the_year_the_less_is_uncertain_and_waits() -> None:
    known = [uncertain_part(0.05, 0.8, left, 12) for left in range(12)]
    assert known == sorted(known)
    assert known[0] == 0.0
    assert uncertain_part(0.05, 0.8, 51, 52) == pytest.approx(known[11], rel=0.1)  # weeks or months
    least = least_worth(1000.0, np.array([1e5, 1e6]), 80.0, 0.625, 1 / 12)
    assert least[1] / least[0] == pytest.approx(10**0.5)
    assert least_worth(4000.0, np.array([1e6]), 80.0, 0.625, 1 / 12)[0] == pytest.approx(2 * least[1])


def test_intermediaries_buy_low_sell_high_and_never_short() -> None:
    held, capacity, worth = np.array([0, 500, 1000]), np.full(3, 1000.0), np.full(3, 60.0)
    wants = inventory_demand(held, capacity, worth, 0.5, 58.0)
    assert wants.at(60.0) == pytest.approx([500.0, 0.0, -500.0])
    assert wants.at(45.0) == pytest.approx([1000.0, 500.0, 0.0])
    assert wants.at(75.0) == pytest.approx(-held)
    assert wants.at(90.0) == pytest.approx(-held)
    prices = np.linspace(20, 120, 50)
    assert (np.diff(wants.at(prices), axis=0) <= 0).all()


# Orders of the sizes a venue admits

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from((1, -1)), st.integers(1, 20), st.integers(1, 1000)),
    min_size=1,
    max_size=20,
)


def book(rows: list[tuple[int, int, int, int]]) -> Orders:
    table = np.array(rows, np.int64)
    return Orders(table[:, 0], table[:, 1].astype(np.int8), table[:, 2], table[:, 3], np.arange(len(table)))


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, largest=st.integers(1, 300))
def test_parts_of_an_order_are_small_enough_and_add_up(rows: list[tuple[int, int, int, int]], largest: int) -> None:
    orders = book(rows)
    parts = in_parts(orders, largest)
    assert parts.quantity.max() <= largest
    assert parts.quantity.min() >= 1
    assert np.bincount(parts.time, parts.quantity).tolist() == orders.quantity.tolist()
    assert (np.bincount(parts.time) == -(-orders.quantity // largest)).all()


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, smallest=st.integers(1, 1500))
def test_a_block_is_large_and_worth_its_limit_to_the_last_lot(
    rows: list[tuple[int, int, int, int]], smallest: int
) -> None:
    orders = book(rows)
    blocks = as_blocks(orders, smallest)
    keys = blocks.account * 2 + (blocks.side > 0)
    assert len(np.unique(keys)) == len(keys)
    for i in range(len(blocks)):
        mine = (orders.account == blocks.account[i]) & (orders.side == blocks.side[i])
        good = mine & ((orders.price - blocks.price[i]) * blocks.side[i] >= 0)
        assert smallest <= blocks.quantity[i] <= orders.quantity[good].sum()
        assert 2 * blocks.quantity[i] >= orders.quantity[mine].sum()
