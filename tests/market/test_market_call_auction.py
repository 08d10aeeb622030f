"""The uniform-price call auction against its definition."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.market.call_auction import AuctionError, CallAuction
from tanshi.market.orders import Orders
from tanshi.market.venue import Clearing


def book(rows: list[tuple[int, int, int, int]]) -> Orders:
    """Orders from (account, side, price, quantity); they arrive in this sequence."""
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Orders(table[:, 0], table[:, 1].astype(np.int8), table[:, 2], table[:, 3], np.arange(len(table)))


SIDE = st.sampled_from((1, -1))
BOOKS = st.lists(st.tuples(st.integers(0, 5), SIDE, st.integers(1, 12), st.integers(1, 9)), max_size=14).map(book)
APART = st.lists(st.tuples(SIDE, st.integers(1, 12), st.integers(1, 9)), max_size=14).map(
    lambda rows: book([(account, *row) for account, row in enumerate(rows)])
)
AUCTIONS = st.builds(
    CallAuction,
    k=st.sampled_from((0.0, 0.3, 0.5, 1.0)),
    ties=st.sampled_from(("price_time", "pro_rata", "random")),
)


def clear(auction: CallAuction, orders: Orders, seed: int = 1) -> Clearing:
    return auction.clear(orders, np.random.default_rng(seed))


def demand_and_supply(orders: Orders, price: Fraction) -> tuple[int, int]:
    buying, selling = orders.side > 0, orders.side < 0
    demand = sum(int(q) for p, q in zip(orders.price[buying], orders.quantity[buying], strict=True) if p >= price)
    supply = sum(int(q) for p, q in zip(orders.price[selling], orders.quantity[selling], strict=True) if p <= price)
    return demand, supply


@settings(max_examples=600, deadline=None)
@given(AUCTIONS, APART)
def test_volume_is_the_largest_any_single_price_allows(auction: CallAuction, orders: Orders) -> None:
    best = max(min(demand_and_supply(orders, Fraction(p))) for p in range(14))
    assert clear(auction, orders).volume == best


@settings(max_examples=600, deadline=None)
@given(AUCTIONS, APART)
def test_price_lies_in_the_closure_of_least_imbalance_among_prices_of_largest_volume(
    auction: CallAuction, orders: Orders
) -> None:
    cleared = clear(auction, orders)
    if cleared.price is None:
        return
    # Quarter ticks reach into every open interval between two neighbouring limit prices.
    grid = [Fraction(i, 4) for i in range(4 * 14)]
    sides = {price: demand_and_supply(orders, price) for price in grid}
    most = max(min(pair) for pair in sides.values())
    widest = [price for price in grid if min(sides[price]) == most]
    least = min(abs(sides[price][0] - sides[price][1]) for price in widest)
    balanced = [price for price in widest if abs(sides[price][0] - sides[price][1]) == least]
    low, high = cleared.interval
    assert low is not None
    assert high is not None
    quarter = Fraction(1, 4)
    assert min(balanced) - quarter <= low <= cleared.price <= high <= max(balanced) + quarter
    assert min(sides[Fraction(cleared.price)]) == most


@settings(max_examples=400, deadline=None)
@given(AUCTIONS, BOOKS)
def test_nobody_trades_at_a_loss_to_its_limit_nor_more_than_it_offered(auction: CallAuction, orders: Orders) -> None:
    cleared = clear(auction, orders)
    filled = cleared.filled
    assert ((filled >= 0) & (filled <= orders.quantity)).all()
    if cleared.price is not None:
        assert (orders.price[(orders.side > 0) & (filled > 0)] >= cleared.price).all()
        assert (orders.price[(orders.side < 0) & (filled > 0)] <= cleared.price).all()
        assert (cleared.fills.price == cleared.price).all()


@settings(max_examples=400, deadline=None)
@given(AUCTIONS, BOOKS)
def test_every_lot_bought_is_a_lot_sold_and_fills_agree_with_orders(auction: CallAuction, orders: Orders) -> None:
    cleared = clear(auction, orders)
    fills = cleared.fills
    assert (fills.quantity > 0).all()
    assert fills.quantity.sum() == cleared.volume
    for side, party in ((1, fills.buyer), (-1, fills.seller)):
        by_order, by_fill = np.zeros(6 + 14, np.int64), np.zeros(6 + 14, np.int64)
        rows = orders.side == side
        np.add.at(by_order, orders.account[rows], cleared.filled[rows])
        np.add.at(by_fill, party, fills.quantity)
        assert (by_order == by_fill).all()


@settings(max_examples=400, deadline=None)
@given(AUCTIONS, APART)
def test_book_left_over_is_not_crossed(auction: CallAuction, orders: Orders) -> None:
    left = orders.quantity - clear(auction, orders).filled
    bids = orders.price[(orders.side > 0) & (left > 0)]
    asks = orders.price[(orders.side < 0) & (left > 0)]
    assert not len(bids) or not len(asks) or bids.max() < asks.min()


@settings(max_examples=400, deadline=None)
@given(AUCTIONS, BOOKS)
def test_no_account_trades_with_itself_nor_stands_on_both_sides(auction: CallAuction, orders: Orders) -> None:
    cleared = clear(auction, orders)
    assert not set(cleared.fills.buyer.tolist()) & set(cleared.fills.seller.tolist())


@settings(max_examples=200, deadline=None)
@given(APART, st.sampled_from(("pro_rata", "random", "price_time")))
def test_tie_rule_moves_neither_price_nor_volume(orders: Orders, ties: str) -> None:
    other = clear(CallAuction(ties=ties), orders)  # type: ignore[arg-type]
    reference = clear(CallAuction(), orders)
    assert (other.price, other.volume, other.interval) == (
        reference.price,
        reference.volume,
        reference.interval,
    )


def test_account_that_crosses_itself_keeps_the_side_on_which_it_spoke_first() -> None:
    orders = book([(0, -1, 10, 5), (0, 1, 12, 5), (1, 1, 11, 3), (0, 1, 9, 2)])
    cleared = CallAuction().clear(orders)
    assert cleared.refused == {"own orders cross": 1}
    assert cleared.filled.tolist() == [3, 0, 3, 0]


def test_a_pair_of_accounts_trades_in_one_fill_and_pairs_follow_arrival() -> None:
    orders = book([(3, 1, 12, 2), (1, 1, 11, 4), (3, 1, 10, 3), (2, -1, 8, 5), (0, -1, 9, 4)])
    fills = CallAuction().clear(orders).fills
    trades = list(zip(fills.buyer.tolist(), fills.seller.tolist(), fills.quantity.tolist(), strict=True))
    assert trades == [(3, 2, 5), (1, 0, 4)]


def test_surplus_that_finds_no_buyer_holds_the_price_at_the_lowest_ask() -> None:
    # Short firms bid up to 40, long firms offer more than that at the floor of 2.
    cleared = CallAuction().clear(book([(0, 1, 40, 5), (1, -1, 2, 20)]))
    assert (cleared.price, cleared.volume) == (2, 5)


def test_shortage_that_finds_no_seller_drives_the_price_to_the_highest_bid() -> None:
    cleared = CallAuction().clear(book([(0, 1, 40, 50), (1, -1, 2, 20)]))
    assert (cleared.price, cleared.volume) == (40, 20)


@pytest.mark.parametrize(
    ("rows", "indicative"),
    [([], None), ([(0, -1, 3, 5)], 3), ([(0, 1, 90, 5)], 90), ([(0, 1, 8, 5), (1, -1, 12, 5)], 10)],
)
def test_book_without_trade_has_no_price_but_may_point_to_one(
    rows: list[tuple[int, int, int, int]], indicative: int | None
) -> None:
    cleared = CallAuction().clear(book(rows))
    assert (cleared.price, cleared.volume, len(cleared.fills)) == (None, 0, 0)
    assert cleared.indicative == indicative


def test_half_a_tick_goes_to_the_buyers() -> None:
    cleared = CallAuction(k=0.5).clear(book([(0, 1, 11, 1), (1, -1, 10, 1)]))
    assert cleared.interval == (10, 11)
    assert cleared.price == 10


def test_random_ties_depend_on_the_seed_and_serve_everyone_in_turn() -> None:
    orders = book([*((account, 1, 10, 1) for account in range(10)), (10, -1, 10, 3)])
    auction = CallAuction(ties="random")
    assert (clear(auction, orders, 3).filled == clear(auction, orders, 3).filled).all()
    served = sum(clear(auction, orders, seed).filled[:10] for seed in range(400))
    assert (np.abs(served - 120) < 45).all()  # binomial, s.d. 9.2: a miss is five s.d. away


def test_pro_rata_is_exact_where_products_exceed_64_bits() -> None:
    large = 3 * 10**12
    orders = book([(0, 1, 10, large), (1, 1, 10, 2 * large), (2, -1, 10, 2 * large)])
    assert CallAuction(ties="pro_rata").clear(orders).filled.tolist() == [
        2 * large // 3,
        2 * large - 2 * large // 3,
        2 * large,
    ]


def test_prices_too_wide_to_pack_clear_the_same_as_narrow_ones() -> None:
    narrow = book([(0, 1, 12, 10), (1, 1, 10, 5), (2, -1, 8, 10), (3, -1, 11, 5)])
    wide = Orders(narrow.account, narrow.side, narrow.price * 2**58, narrow.quantity, narrow.time)
    a, b = CallAuction(k=0.0).clear(narrow), CallAuction(k=0.0).clear(wide)
    assert b.price == (a.price or 0) * 2**58
    assert (a.filled == b.filled).all()


def test_impossible_rules_are_refused() -> None:
    with pytest.raises(AuctionError, match="expected 0 to 1"):
        CallAuction(k=1.5)
    with pytest.raises(AuctionError, match="first_come"):
        CallAuction(ties="first_come")  # type: ignore[arg-type]
    with pytest.raises(AuctionError, match="random generator"):
        CallAuction(ties="random").clear(Orders.empty())
