"""Where a book crosses, who is served there and who crosses itself, against the definitions written out lot by lot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi import market
from tanshi.market.crossing import cross, serve
from tanshi.market.orders import BUY, SELL, Ints, OrderError, Orders, own_crossing, screen
from tanshi.market.quality import competitive_surplus
from tanshi.market.sides import pair, pooled
from tanshi.market.venues import VENUES, Day, open_venue

KERNELS = (
    (market.crossing, "span"), (market.crossing, "lay"), (market.crossing, "beside"), (market.crossing, "crossing_of"),
    (market.crossing, "served"), (market.orders, "marked_of"), (market.orders, "faults_of"),
    (market.sides, "total_of"), (market.sides, "pair"), (market.quality, "value_of"),
)  # fmt: skip


@contextmanager
def uncompiled() -> Iterator[None]:
    """Every kernel of the market as plain Python."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in KERNELS:
            patch.setattr(module, name, getattr(module, name).py_func)
        yield


def random_book(seed: int, n: int, spread: int, most: int, sides: tuple[int, ...] = (1, -1)) -> Orders:
    rng = np.random.default_rng(seed)
    side = rng.choice(np.array(sides, np.int8), n)
    return Orders(
        rng.integers(0, 1 + n // 2, n), side, rng.integers(0, spread, n), rng.integers(1, most + 1, n),
        rng.integers(0, 10, n),
    )  # fmt: skip


BOOKS = st.builds(
    random_book,
    st.integers(0, 2**32),
    st.integers(0, 40),
    st.sampled_from([1, 5, 300, 10**5, 10**7, 2**58]),
    st.sampled_from([1, 50, 2**55]),
    st.sampled_from([(1, -1), (1, -1), (1,), (-1,)]),
)


def limit_of(side: list[tuple[int, int]], lot: int) -> int | None:
    """Limit of the lot with this number among (limit, lots), best first."""
    upto = list(accumulate(lots for _, lots in side))
    return next((limit for (limit, _), end in zip(side, upto, strict=True) if 1 <= lot <= end), None)


def by_the_lot(orders: Orders) -> tuple[int, int | None, int | None, int | None, int | None]:
    """The largest m with b_m >= a_m, and b_m, a_m, b_{m+1}, a_{m+1}, from both sides sorted."""
    rows = list(zip(orders.side.tolist(), orders.price.tolist(), orders.quantity.tolist(), strict=True))
    bids = sorted(((p, q) for s, p, q in rows if s > 0), reverse=True)
    asks = sorted((p, q) for s, p, q in rows if s < 0)
    volume = 0
    for end in {*accumulate(q for _, q in bids), *accumulate(q for _, q in asks)}:
        bid, ask = limit_of(bids, end), limit_of(asks, end)
        if bid is not None and ask is not None and bid >= ask:
            volume = max(volume, end)
    return (volume, *(limit_of(side, lot) for lot in (volume, volume + 1) for side in (bids, asks)))


def numbers(orders: Orders) -> tuple[int, int | None, int | None, int | None, int | None]:
    found = cross(orders)
    return found.volume, found.bid, found.ask, found.next_bid, found.next_ask


@settings(max_examples=500, deadline=None)
@given(BOOKS)
def test_the_crossing_holds_the_last_lots_that_trade_and_the_first_that_do_not(orders: Orders) -> None:
    assert numbers(orders) == by_the_lot(orders)


def test_quantities_near_the_largest_number_cross_exactly() -> None:
    account, side = np.arange(4), np.array([1, 1, -1, -1], np.int8)
    orders = Orders(account, side, np.array([9, 8, 7, 10]), np.array([2**62, 2**61, 2**62 + 5, 1]), account)
    assert numbers(orders) == by_the_lot(orders) == (2**62 + 5, 8, 7, 8, 10)


@settings(max_examples=60, deadline=None)
@given(BOOKS)
def test_compiled_and_plain_kernels_give_the_same(orders: Orders) -> None:
    def everything() -> list[object]:
        found, gate = cross(orders), screen(orders, 5, lowest=2, highest=10**6)
        out: list[object] = [numbers(orders), own_crossing(orders).tolist(), gate.refused, gate.rows.tolist()]
        if found.volume:
            filled, excess, last = serve(orders, orders.quantity, found)
            sides = [pooled(orders, filled, side) for side in (BUY, SELL)]
            pieces = market.sides.pair(sides[0][1], sides[1][1])
            out += [filled.tolist(), excess, last.tolist(), *(c.tolist() for c in (*sides[0], *sides[1], *pieces))]
            if orders.price.max() < 10**6 and orders.quantity.max() < 100:
                out.append(competitive_surplus(orders))
        return out

    compiled = everything()
    with uncompiled():
        assert everything() == compiled


@settings(max_examples=200, deadline=None)
@given(BOOKS)
def test_orders_without_lots_count_for_nothing(orders: Orders) -> None:
    kept = np.arange(len(orders)) % 3 > 0
    whole, part = cross(orders, np.where(kept, orders.quantity, 0)), cross(orders.take(kept))
    assert whole == part


@settings(max_examples=200, deadline=None)
@given(BOOKS)
def test_serving_fills_both_sides_and_one_of_them_exactly(orders: Orders) -> None:
    found = cross(orders)
    if found.volume == 0:
        return
    filled, excess, last = serve(orders, orders.quantity, found)
    bought, sold = (int(filled[orders.side == side].sum()) for side in (BUY, SELL))
    assert (bought, sold) == (found.volume + max(excess, 0), found.volume + max(-excess, 0))
    limit = found.bid if excess > 0 else found.ask
    longer = BUY if excess > 0 else SELL
    expected = np.flatnonzero((orders.price == limit) & (orders.side == longer)) if excess else []
    assert last.tolist() == list(expected)


@settings(max_examples=200, deadline=None)
@given(BOOKS)
def test_the_largest_surplus_is_that_of_the_lots_that_trade(orders: Orders) -> None:
    if orders.price.max(initial=0) > 10**7 or orders.quantity.max(initial=0) > 50:
        return
    side = {s: np.sort(np.repeat(orders.price, orders.quantity * (orders.side == s))) for s in (BUY, SELL)}
    volume = cross(orders).volume
    assert competitive_surplus(orders) == (side[BUY][::-1][:volume] - side[SELL][:volume]).sum()


@settings(max_examples=300, deadline=None)
@given(BOOKS)
def test_an_account_that_crosses_itself_keeps_the_side_of_its_earliest_order(orders: Orders) -> None:
    expected = np.zeros(len(orders), np.bool_)
    for owner in set(orders.account.tolist()):
        rows = np.flatnonzero(orders.account == owner)
        first = rows[np.argsort(orders.time[rows], kind="stable")][0]
        same = [row for row in rows if orders.side[row] == orders.side[first]]
        best = max(int(orders.side[row] * orders.price[row]) for row in same)
        for row in set(rows.tolist()) - set(same):
            expected[row] = orders.side[first] * orders.price[row] <= best
    assert own_crossing(orders).tolist() == expected.tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 9), max_size=8), st.lists(st.integers(1, 9), max_size=8))
def test_buyers_and_sellers_meet_lot_by_lot(bought: list[int], sold: list[int]) -> None:
    volume = min(sum(bought), sum(sold))
    buyer, seller, quantity = pair(np.array(bought, np.int64), np.array(sold, np.int64))
    pieces: list[list[int]] = [np.repeat(places, quantity).tolist() for places in (buyer, seller)]
    assert pieces[0] == np.repeat(np.arange(len(bought)), bought).tolist()[:volume]
    assert pieces[1] == np.repeat(np.arange(len(sold)), sold).tolist()[:volume]
    assert len({*zip(buyer.tolist(), seller.tolist(), strict=True)}) == len(quantity)


def test_accounts_come_in_the_order_in_which_their_best_filled_orders_arrived() -> None:
    account, price, time = np.array([0, 1, 0, 2, 1]), np.array([9, 8, 9, 8, 9]), np.array([7, 1, 5, 6, 4])
    orders = Orders(account, np.ones(5, np.int8), price, np.full(5, 10), time)
    who, lots = pooled(orders, np.array([1, 2, 3, 0, 4]), BUY)
    assert (who.tolist(), lots.tolist()) == ([1, 0], [6, 4])
    nobody: tuple[Ints, Ints] = pooled(Orders.empty(), np.zeros(0, np.int64), SELL)
    assert [len(column) for column in nobody] == [0, 0]


@pytest.mark.parametrize("name", sorted(VENUES))
@pytest.mark.parametrize("seed", range(8))
def test_a_venue_indicates_the_price_at_which_it_clears(name: str, seed: int) -> None:
    orders = random_book(seed, 6 * seed, 100, 50)
    orders = Orders(orders.account, orders.side, orders.price + 950, orders.quantity, orders.time)
    venue = open_venue(name, Day(close=1000))
    cleared = venue.clear(orders, np.random.default_rng(seed))
    expected = cleared.indicative if cleared.price is None else cleared.price
    assert venue.indicate(orders, np.random.default_rng(seed)) == expected


def book(*rows: tuple[int, int, int]) -> Orders:
    """Orders of accounts of their own: side, price, lots."""
    side, price, lots = (np.array(column) for column in zip(*rows, strict=True))
    n = np.arange(len(rows))
    return Orders(n, side.astype(np.int8), price, lots, n)


@pytest.mark.parametrize("huge", [1, 1 << 52, 1 << 55, 1 << 57])
def test_what_a_huge_order_cannot_trade_is_worth_nothing(huge: int) -> None:
    assert competitive_surplus(book((BUY, 110, 3), (SELL, 100, 2 + huge))) == 30.0
    assert competitive_surplus(book((SELL, 100, 3), (BUY, 110, 2 + huge))) == 30.0


def test_prices_at_the_end_of_the_range_are_counted_to_the_end() -> None:
    high = (1 << 63) - (1 << 52)
    orders = screen(book((BUY, high - 1, 5), (SELL, high - 3000, 5), (SELL, 7, 2)), 3).orders
    assert cross(orders).volume == 5
    assert screen(book((BUY, (1 << 63) - 1, 5)), 1).refused == {"above the price ceiling": 1}
    assert screen(book((BUY, 5, 5)), 1, lowest=-(10**20), highest=10**20).refused == {}


def test_a_negative_account_that_nobody_screened_is_refused() -> None:
    orders = Orders(
        np.array([-1, -2]), np.array([1, -1], np.int8), np.array([9, 8]), np.array([1, 1]), np.array([0, 1])
    )
    with pytest.raises(OrderError, match="account -2 is negative"):
        VENUES["call_auction"](Day(9, 0.5, "price_time", 1.0)).clear(orders)
