"""Rules of government's own auctions: Guangdong's limit on a bidder, Shanghai's obliged firms, all or nothing.

Government is account 9; lots of 1,000 t, prices in ticks of 0.01 yuan.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshi.market.call_auction import CallAuction
from tanshi.market.orders import BUY, SELL, Orders
from tanshi.market.primary import PrimaryAuction
from tanshi.market.venue import Clearing

GOVERNMENT, RESERVE = 9, 1609
"""Guangdong, third auction of 2016's allowances (27 March 2017): 500,000 t, at least 16.09 yuan, half for one firm."""


def book(bids: list[tuple[int, int, int]], asks: list[tuple[int, int, int]]) -> Orders:
    """Account, ticks and lots of each order."""
    rows = [(a, BUY, p, q) for a, p, q in bids] + [(a, SELL, p, q) for a, p, q in asks]
    account, side, price, quantity = (np.array(column) for column in zip(*rows, strict=True))
    return Orders(account, side.astype(np.int8), price, quantity, np.arange(len(rows)))


def auction(most: int | None = None, barred: int | None = None, whole: int = 0) -> PrimaryAuction:
    limits = None if most is None else np.full(10, most)
    if limits is not None and barred is not None:
        limits[barred] = 0
    return PrimaryAuction(CallAuction(0.5, "price_time"), np.array([GOVERNMENT]), limits, whole)


def from_government(found: Clearing) -> dict[int, int]:
    fills = found.fills
    mine = fills.seller == GOVERNMENT
    return {int(a): int(fills.quantity[mine & (fills.buyer == a)].sum()) for a in np.unique(fills.buyer[mine])}


def test_one_bidder_takes_half_of_guangdongs_auction_and_the_rest_goes_to_others() -> None:
    # One bids for all 500 lots at 20 yuan, one for 300 at 17: half each in place of 500 and none.
    found = auction(250).clear(book([(0, 2000, 500), (1, 1700, 300)], [(GOVERNMENT, RESERVE, 500)]))
    assert from_government(found) == {0: 250, 1: 250}
    assert found.volume == 500
    plain = auction().clear(book([(0, 2000, 500), (1, 1700, 300)], [(GOVERNMENT, RESERVE, 500)]))
    assert from_government(plain) == {0: 500}


def test_what_nobody_else_wants_stays_with_government() -> None:
    found = auction(250).clear(book([(0, 2000, 500), (1, 1700, 100)], [(GOVERNMENT, RESERVE, 500)]))
    assert from_government(found) == {0: 250, 1: 100}
    assert found.volume == 350


def test_a_large_bidder_buys_the_rest_of_firms_that_sell_at_the_same_price() -> None:
    # 300 lots of firm 2 are offered beside: whom they come from is nobody's loss, and the price is what it was.
    orders = book([(0, 2000, 500), (1, 1700, 300)], [(GOVERNMENT, RESERVE, 500), (2, 1650, 300)])
    limited, free = auction(250).clear(orders), auction().clear(orders)
    assert limited.price == free.price
    assert from_government(limited) == {0: 250, 1: 250}
    for side in ("buyer", "seller"):
        each = [np.bincount(getattr(x.fills, side), x.fills.quantity, 10).tolist() for x in (limited, free)]
        assert each[0] == each[1]


def test_what_firms_sell_is_beyond_the_limit_and_goes_to_who_bids_most() -> None:
    # Firm 2 sells 100 lots beside government's 500: the dearest bidder buys 250 of government and these, in place of
    # the next one, whose 250 are government's.
    orders = book([(0, 2000, 500), (1, 1900, 400)], [(GOVERNMENT, RESERVE, 500), (2, 1650, 100)])
    found = auction(250).clear(orders)
    assert found.filled.tolist() == [350, 250, 500, 100]
    assert from_government(found) == {0: 250, 1: 250}


def test_of_several_bids_the_dearest_are_served_up_to_the_limit_of_each_bidder() -> None:
    # 800 lots for two bidders of at most 250 each: one has bid for 200 at 17 and 200 at 20 yuan, one for 300 at 19.
    orders = book([(0, 1700, 200), (0, 2000, 200), (1, 1900, 300)], [(GOVERNMENT, RESERVE, 800)])
    assert auction(250).clear(orders).filled.tolist() == [50, 200, 250, 500]


def test_only_obliged_firms_buy_in_shanghai() -> None:
    # Account 3 has no obligation: it bids most, and gets what firm 2 sells alone.
    orders = book([(3, 3000, 400), (0, 2500, 300)], [(GOVERNMENT, 2400, 300), (2, 2400, 400)])
    found = auction(300, barred=3).clear(orders)
    assert from_government(found) == {0: 300}
    assert np.bincount(found.fills.buyer, found.fills.quantity).tolist() == [300, 0, 0, 400]


@pytest.mark.parametrize(("wanted", "sold"), [(4_474, 0), (4_475, 4_475), (9_000, 4_475)])
def test_new_zealands_auction_sells_all_or_nothing(wanted: int, sold: int) -> None:
    # Units that are bid for at 64 dollars or above take all that is offered, or the auction declines.
    found = auction(whole=4_475).clear(book([(0, 6_500, wanted), (1, 6_300, 5_000)], [(GOVERNMENT, 6_400, 4_475)]))
    assert found.volume == sold


def test_what_bidders_take_of_firms_does_not_count_as_sold_by_government() -> None:
    # 200 units are bid for, 60 of them served by a firm that asks less: government would sell 140 of its 200.
    orders = book([(0, 6_500, 200)], [(GOVERNMENT, 6_400, 200), (2, 6_300, 60)])
    found = auction(whole=200).clear(orders)
    assert (found.volume, from_government(found)) == (60, {})


def test_where_the_auction_declines_firms_trade_with_one_another() -> None:
    orders = book([(0, 6_500, 100)], [(GOVERNMENT, 6_400, 200), (2, 6_450, 60)])
    found = auction(whole=200).clear(orders)
    assert (found.volume, from_government(found)) == (60, {})
    assert found.filled.tolist() == [60, 0, 60]


ORDERS = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 40), st.integers(1, 50)), min_size=1, max_size=12)


@given(bids=ORDERS, asks=ORDERS, offered=st.integers(1, 80), most=st.integers(1, 60))
def test_no_limit_is_passed_and_no_lot_is_lost(
    bids: list[tuple[int, int, int]], asks: list[tuple[int, int, int]], offered: int, most: int
) -> None:
    orders = book(bids, [(GOVERNMENT, 5, offered), *((a + 10, p, q) for a, p, q in asks)])
    limits = np.full(18, most)
    found = PrimaryAuction(CallAuction(0.5, "price_time"), np.array([GOVERNMENT]), limits).clear(orders)
    assert all(lots <= most for lots in from_government(found).values())
    fills = found.fills
    for side, account in ((BUY, fills.buyer), (SELL, fills.seller)):
        rows = orders.side == side
        served = np.bincount(orders.account[rows], found.filled[rows], 18)
        assert served.tolist() == np.bincount(account, fills.quantity, 18).tolist()
    assert (found.filled <= orders.quantity).all()
    assert int(fills.quantity.sum()) == found.volume
