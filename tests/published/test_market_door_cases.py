"""The literature's markets through the library's public door alone, as somebody from outside would write them."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.market import (
    CallAuction,
    Clearing,
    Day,
    Fills,
    Market,
    OrderBook,
    Orders,
    Registry,
    from_yuan,
    linear_curves,
    open_venue,
    screen,
    solve,
    step_curves,
)
from tests.published.test_market_cases import BASELINE, BUYERS, COST, REQUIRED_ABATEMENT, SELLERS, WIDTH


def book(bids: list[tuple[float, int, int]], asks: list[tuple[float, int, int]], tick: float = 1.0) -> Orders:
    """Orders of (price, quantity, time), each from an account of its own."""
    rows = np.array([*bids, *asks], np.float64)
    side = np.repeat([1, -1], [len(bids), len(asks)])
    times = rows[:, 2].astype(np.int64)
    sent = from_yuan(np.arange(len(rows)), side, rows[:, 0], rows[:, 1], times, accounts=99, tick=tick)
    assert not sent.refused
    return sent.orders


def lots_of(cleared: Clearing) -> list[int]:
    return [int(lots) for lots in cleared.filled]


# Call auctions with ties: the largest volume, then the least imbalance, then the point k of the interval that the best
# rejected orders leave (Wilson 1985, Econometrica 53:1101-1115); small books, solved by hand.


@pytest.mark.parametrize(("ties", "served"), [("price_time", [5, 1, 6]), ("pro_rata", [3, 3, 6])])
def test_at_one_price_the_earlier_is_served_first_or_all_in_proportion(ties: str, served: list[int]) -> None:
    venue = open_venue("call_auction", Day(close=10, ties=ties))  # type: ignore[arg-type]
    cleared = venue.clear(book([(10, 5, 1), (10, 5, 2)], [(10, 6, 3)]))
    assert (cleared.price, cleared.volume, lots_of(cleared)) == (10, 6, served)


@pytest.mark.parametrize(("k", "price"), [(0.0, 8.0), (0.5, 10.0), (1.0, 12.0)])
def test_a_lone_pair_shares_what_lies_between_its_limits(k: float, price: float) -> None:
    cleared = open_venue("call_auction", Day(close=10, k=k)).clear(book([(12, 10, 1)], [(8, 10, 2)]))
    assert (cleared.price, cleared.volume, cleared.interval) == (price, 10, (8, 12))


@pytest.mark.parametrize(("k", "price"), [(0.0, 10.0), (0.5, 10.5), (1.0, 11.0)])
def test_those_who_do_not_trade_narrow_the_price(k: float, price: float) -> None:
    orders = book([(12, 10, 1), (10, 5, 2)], [(8, 10, 3), (11, 5, 4)], tick=0.5)
    cleared = CallAuction(k=k).clear(orders)
    assert cleared.price is not None
    assert (cleared.price * 0.5, cleared.volume) == (price, 10)


def test_orders_that_do_not_meet_make_no_price() -> None:
    cleared = CallAuction().clear(book([(9, 5, 1)], [(10, 5, 2)]))
    assert (cleared.price, cleared.volume, len(cleared.fills)) == (None, 0, 0)


# McAfee (1992), A dominant strategy double auction, Journal of Economic Theory 56:434-450; unit orders. The first four
# books are those of the documentation of erelsgl/auctions (mcafee_protocol.py), the fifth is that of its demonstration.


@pytest.mark.parametrize(
    ("bids", "asks", "trades", "pays", "gets"),
    [
        ([9], [4], 0, None, None),
        ([9, 8], [4], 0, None, None),
        ([9, 8], [4, 3], 1, 8.0, 4.0),
        ([9, 4], [8, 3], 1, 6.0, 6.0),
        ([17, 14, 13, 9, 6], [1, 4, 5, 8, 11], 4, 8.5, 8.5),
    ],
)
def test_mcafees_auction_gives_up_one_trade_or_none(
    bids: list[int], asks: list[int], trades: int, pays: float | None, gets: float | None
) -> None:
    orders = book([(b, 1, i) for i, b in enumerate(bids)], [(a, 1, i + 9) for i, a in enumerate(asks)], tick=0.5)
    cleared = open_venue("mcafee", Day(close=10)).clear(orders)
    assert cleared.volume == len(cleared.fills) == trades
    if trades:
        fills = cleared.fills
        received = fills.price if fills.proceeds is None else fills.proceeds
        assert set((fills.price * 0.5).tolist()) == {pays}
        assert set((received * 0.5).tolist()) == {gets}


# China's national market: Shanghai Environment and Energy Exchange, notice of 21 June 2021. Listed agreements lie
# within 10 % of the previous close and below 100,000 t, block agreements within 30 % and from 100,000 t on; what is
# bought today may not be sold today. A close of 52.78 yuan is that of the market's first week.

CLOSE = Day(close=5278)


def listed(price: int, lots: int) -> Clearing:
    """A buyer and a seller at one limit, in hundredths of a yuan and tonnes."""
    orders = book([(price, lots, 1)], [(price, lots, 2)])
    return open_venue("listed_agreement", CLOSE).clear(orders, np.random.default_rng(1))


@pytest.mark.parametrize(("price", "trades"), [(4750, False), (4751, True), (5805, True), (5806, False)])
def test_a_listed_agreement_stays_within_ten_per_cent_of_the_close(price: int, trades: bool) -> None:
    cleared = listed(price, 1000)
    assert (cleared.volume > 0) == trades
    assert bool(cleared.refused) != trades


@pytest.mark.parametrize(("lots", "trades"), [(99_999, True), (100_000, False)])
def test_a_listed_order_is_below_a_hundred_thousand_tonnes(lots: int, trades: bool) -> None:
    assert (listed(5278, lots).volume > 0) == trades


@pytest.mark.parametrize(
    ("price", "lots", "trades"),
    [(6861, 100_000, True), (6862, 100_000, False), (3695, 100_000, True), (5278, 99_999, False)],
)
def test_a_block_is_of_a_hundred_thousand_tonnes_and_within_thirty_per_cent(
    price: int, lots: int, trades: bool
) -> None:
    orders = book([(price, lots, 1)], [(price, lots, 2)])
    assert (open_venue("block_agreement", CLOSE).clear(orders, np.random.default_rng(1)).volume > 0) == trades


def test_the_close_is_the_mean_of_the_days_trades_by_volume_or_yesterdays() -> None:
    orders = book([(5200, 300, 3), (5300, 100, 4)], [(5200, 300, 1), (5300, 100, 2)])
    cleared = open_venue("listed_agreement", CLOSE).clear(orders, np.random.default_rng(1))
    assert (cleared.volume, cleared.price) == (400, 5225)
    quiet = open_venue("listed_agreement", CLOSE).clear(book([(5200, 1, 1)], []), np.random.default_rng(1))
    assert (quiet.price, quiet.pointed) == (None, 5278)


def test_what_is_bought_today_is_not_sold_today() -> None:
    registry = Registry(3, 2021, 1)
    registry.issue([0], [500], 2021)
    today = registry.held.copy()
    one, zero = np.array([1]), np.array([0])
    registry.settle(Fills(one, zero, np.array([200]), np.array([5278])))
    resale = Orders(one, np.array([-1], np.int8), np.array([5300]), np.array([200]), zero)
    refused = screen(resale, holdings=today, accounts=3).refused
    assert sum(refused.values()) == 1
    assert not screen(resale, holdings=registry.held, accounts=3).refused  # tomorrow


# Two firms of a textbook exercise, marginal costs 240 - 2e and 120 - e, 60 t each.


def test_two_firms_and_who_gains_what() -> None:
    firms = linear_curves([120, 120], [2, 1], ["A", "B"])
    day = Market(firms, [60, 60]).trade()
    assert (day.price, day.volume, day.emissions.tolist()) == (80.0, 20.0, [80.0, 40.0])
    alone = firms.expense(np.array([60.0, 60.0]))
    assert alone.tolist() == [3600.0, 1800.0]
    assert (alone - day.cost).tolist() == [400.0, 200.0]
    assert solve(firms, [120.0]).price.tolist() == pytest.approx([80.0], abs=1e-9)


# Montgomery (1972), Markets in licenses and efficient pollution control programs, Journal of Economic Theory
# 5:395-418: one price and one pattern of abatement whatever the allocation. Twenty firms of five steps, drawn at
# random; price and cost of the least-cost programme by linear programming (HiGHS).

FIRMS = step_curves(BASELINE, WIDTH, COST)
CAP = sum(BASELINE) - REQUIRED_ABATEMENT


def test_the_benchmark_is_the_least_cost_programme() -> None:
    least = solve(FIRMS, [CAP])
    assert least.price.tolist() == pytest.approx([41.39], abs=1e-9)
    assert float(least.cost.sum()) == pytest.approx(9571.3331, abs=1e-6)


@pytest.mark.parametrize("allocation", ["proportional", "equal", "one firm", "random"])
def test_any_allocation_comes_to_the_least_cost(allocation: str) -> None:
    weights = {
        "proportional": np.array(BASELINE),
        "equal": np.ones(20),
        "one firm": np.eye(20)[4],
        "random": np.random.default_rng(11).pareto(1.0, 20),
    }[allocation]
    market = Market(FIRMS, weights / weights.sum() * CAP, lot=0.01)
    day = market.trade()
    assert day.price == pytest.approx(41.39, abs=0.01)
    abated = FIRMS.baseline - day.emissions
    assert float(FIRMS.expense(abated).sum()) == pytest.approx(9571.3331, rel=1e-4)
    market.registry.check()


# Rubin (1996), A model of intertemporal emission trading, banking, and borrowing, Journal of Environmental Economics
# and Management 31:269-286: marginal cost 100 - e, caps 90 and 50, 5 % interest.


def test_a_bank_lets_the_price_grow_at_the_rate_of_interest() -> None:
    found = solve(linear_curves([100.0], [1.0]), [90.0, 50.0], rate=0.05)
    assert found.price == pytest.approx([29.26829268292683, 30.731707317073173], abs=1e-6)
    assert found.emissions.ravel() == pytest.approx([70.73170731707317, 69.26829268292683], abs=1e-6)
    assert found.bank == pytest.approx([19.268292682926827, 0.0], abs=1e-6)
    year = [float(solve(linear_curves([100.0], [1.0]), [cap]).price[0]) for cap in (90.0, 50.0)]
    assert year == pytest.approx([10.0, 50.0])


# Smith (1962), An experimental study of competitive market behavior, Journal of Political Economy 70:111-137, test 1.


def test_smiths_first_test_comes_to_two_dollars_and_all_of_the_surplus() -> None:
    ones = np.ones(22, np.int64)
    side = np.repeat(np.array([1, -1], np.int8), 11)
    cleared = CallAuction().clear(Orders(np.arange(22), side, np.concatenate((BUYERS, SELLERS)), ones, np.arange(22)))
    assert (cleared.price, cleared.volume) == (200, 6)
    assert int((BUYERS[cleared.fills.buyer] - SELLERS[cleared.fills.seller - 11]).sum()) == 750


def test_a_live_book_trades_at_the_price_of_who_was_there_first() -> None:
    live = OrderBook()
    live.add(0, 1, 200, 5)
    live.add(1, 1, 205, 5)
    _, trades = live.add(2, -1, 200, 7)
    assert [(t.buyer, t.quantity, t.price) for t in trades] == [(1, 5, 205), (0, 2, 200)]
