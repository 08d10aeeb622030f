"""Every venue against its own rules, small books by hand and random books by definition."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi import market
from tanshi.market.block import BlockAgreement
from tanshi.market.continuous import ContinuousAuction
from tanshi.market.limits import Limits
from tanshi.market.listed import ListedAgreement, ListingError
from tanshi.market.matching import meet
from tanshi.market.mcafee import TradeReduction
from tanshi.market.one_way import OneWayAuction
from tanshi.market.orders import Orders, screen
from tanshi.market.registry import OverdrawnError, Registry, RegistryError
from tanshi.market.venue import Clearing, Venue
from tanshi.market.venues import VENUES, Day, VenueError, open_venue

CLOSE = 100
BLOCK = 100_000


def book(rows: list[tuple[int, int, int, int]]) -> Orders:
    """Orders from (account, side, price, quantity); they arrive in this sequence."""
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Orders(table[:, 0], table[:, 1].astype(np.int8), table[:, 2], table[:, 3], np.arange(len(table)))


def random_book(seed: int, orders: int, lots: int = 30) -> Orders:
    """Prices within and somewhat beyond China's limits around the close, repeated accounts, arrivals in disorder."""
    rng = np.random.default_rng(seed)
    side = rng.choice(np.array([1, -1], np.int8), orders)
    price = rng.integers(85, 116, orders)
    return Orders(rng.integers(0, 40, orders), side, price, rng.integers(1, lots, orders), rng.permutation(orders))


def fills_of(cleared: Clearing) -> list[tuple[int, int, int, int]]:
    fills = cleared.fills
    return list(
        zip(fills.buyer.tolist(), fills.seller.tolist(), fills.quantity.tolist(), fills.price.tolist(), strict=True)
    )


# Whatever the venue


@pytest.mark.parametrize("name", VENUES)
@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_venue_trades_at_a_loss_loses_lots_or_leaves_its_book_crossed(name: str, seed: int) -> None:
    large = name == "block_agreement"
    orders = random_book(seed, 100, 30 * (BLOCK if large else 1))
    venue = open_venue(name, Day(CLOSE))
    cleared = venue.clear(orders, np.random.default_rng(seed))
    fills = cleared.fills
    assert cleared.volume == fills.quantity.sum()
    assert (cleared.price is None) == (cleared.volume == 0)
    assert (fills.buyer != fills.seller).all()
    assert (fills.quantity > 0).all()
    assert (cleared.filled >= 0).all()
    assert (cleared.filled <= orders.quantity).all()
    proceeds = fills.price if fills.proceeds is None else fills.proceeds
    for side, owner, paid in ((1, fills.buyer, fills.price), (-1, fills.seller, proceeds)):
        traded = (orders.side == side) & (cleared.filled > 0)
        lots = np.bincount(owner, fills.quantity, 40)
        assert lots.tolist() == np.bincount(orders.account[traded], cleared.filled[traded], 40).tolist()
        # Of an account's filled lots, those up to each limit must not have gone for a worse price in all.
        worth = np.bincount(orders.account[traded], side * (cleared.filled * orders.price)[traded], 40)
        spent = np.bincount(owner, side * fills.quantity * paid, 40)
        assert (worth >= spent).all()
    bid, ask = cleared.interval
    if name in ("continuous", "listed_agreement", "block_agreement", "one_way_auction"):
        assert bid is None or ask is None or bid < ask


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_days_of_trade_at_every_venue_create_and_lose_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    registry = Registry(41, 2023, 2)
    registry.issue(np.arange(40), rng.integers(0, 300, 40) * BLOCK, 2023)
    registry.issue(np.arange(40), rng.integers(0, 100, 40), 2024)
    issued, close = registry.held.sum(), CLOSE
    for name in [*rng.permutation(list(VENUES)).tolist(), "listed_agreement", "continuous"]:
        orders = random_book(int(rng.integers(2**32)), 60, 10 * BLOCK if name == "block_agreement" else 200)
        gate = screen(orders, 40, holdings=registry.held[:40])
        cleared = open_venue(name, Day(close)).clear(gate.orders, rng)
        registry.settle(cleared.fills, house=40)
        registry.check()
        assert registry.held.sum() == issued
        assert registry.held.min() >= 0
        assert registry.cash.sum() == 0
        close = cleared.price or close
    assert (registry.rebuilt() == registry.state()["balances"]).all()


@pytest.mark.parametrize("name", VENUES)
def test_an_empty_book_and_a_one_sided_book_trade_nothing(name: str) -> None:
    rng = np.random.default_rng(1)
    for orders in (Orders.empty(), book([(0, 1, CLOSE, BLOCK)]), book([(0, -1, CLOSE, BLOCK)])):
        cleared = open_venue(name, Day(CLOSE)).clear(orders, rng)
        assert (cleared.price, cleared.volume, len(cleared.fills)) == (None, 0, 0)


@pytest.mark.parametrize("name", VENUES)
def test_nobody_trades_with_itself(name: str) -> None:
    orders = book([(3, 1, CLOSE + 1, BLOCK), (3, -1, CLOSE - 1, BLOCK)])
    cleared = open_venue(name, Day(CLOSE, lot=2.0)).clear(orders, np.random.default_rng(1))
    assert cleared.volume == 0
    assert sum(cleared.refused.values()) >= 1


def test_an_unknown_venue_is_refused_by_name() -> None:
    with pytest.raises(VenueError, match="'bazaar' is unknown; known are call_auction, continuous"):
        open_venue("bazaar", Day(CLOSE))


@pytest.mark.parametrize("venue", [VENUES[name](Day(CLOSE)) for name in VENUES], ids=list(VENUES))
def test_the_same_seed_gives_the_same_fills(venue: Venue) -> None:
    orders = random_book(5, 300, 10 * BLOCK if isinstance(venue, BlockAgreement) else 30)
    one, two = (venue.clear(orders, np.random.default_rng(9)) for _ in range(2))
    assert fills_of(one) == fills_of(two)
    assert one.volume > 0


# Continuous double auction


def by_the_book(orders: Orders) -> list[tuple[int, int, int, int]]:
    """Price-time priority written out: look through all standing orders for the best, the earliest first."""
    standing: list[list[int]] = []
    fills = []
    for row in np.argsort(orders.time, kind="stable").tolist():
        side, price, left = int(orders.side[row]), int(orders.price[row]), int(orders.quantity[row])
        while left:
            others = [o for o in standing if o[1] == -side and (price - o[2]) * side >= 0]
            if not others:
                break
            best = min(others, key=lambda o: (side * o[2], o[4]))
            part = min(left, best[3])
            pair = (int(orders.account[row]), best[0])
            fills.append((*(pair if side > 0 else pair[::-1]), part, best[2]))
            left -= part
            best[3] -= part
            if not best[3]:
                standing.remove(best)
        if left:
            standing.append([int(orders.account[row]), side, price, left, len(standing) + row * 10**6])
            standing[-1][4] = int(orders.time[row])
    return fills


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), large=st.booleans())
def test_continuous_auction_is_price_time_priority_at_the_maker_s_price(seed: int, large: bool) -> None:
    orders = random_book(seed, 80)
    orders = Orders(np.arange(80), orders.side, orders.price * (10**9 if large else 1), orders.quantity, orders.time)
    assert fills_of(ContinuousAuction().clear(orders)) == by_the_book(orders)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), spread=st.sampled_from([5, 400, 10**7]), visible=st.sampled_from([5, 1 << 62]))
def test_compiled_and_plain_matching_give_the_same_meetings(seed: int, spread: int, visible: int) -> None:
    rng = np.random.default_rng(seed)
    n = 1500
    side = rng.choice(np.array([1, -1], np.int8), n)
    price = rng.integers(1, spread, n)
    orders = Orders(np.arange(n), side, price, rng.integers(1, 50, n), np.arange(n))
    turn = rng.permutation(n)
    compiled = meet(orders, visible, turn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(market.matching, "meet_all", market.matching.meet_all.py_func)  # type: ignore[attr-defined]
        plain = meet(orders, visible, turn)
    for column in ("taker", "maker", "lots", "left", "withdrawn"):
        assert np.array_equal(getattr(plain, column), getattr(compiled, column))
    assert (plain.best_bid, plain.best_ask) == (compiled.best_bid, compiled.best_ask)


def test_the_maker_s_price_is_paid_and_the_rest_stands() -> None:
    orders = book([(0, -1, 12, 5), (1, -1, 11, 5), (2, -1, 11, 5), (3, 1, 12, 12)])
    cleared = ContinuousAuction().clear(orders)
    assert fills_of(cleared) == [(3, 1, 5, 11), (3, 2, 5, 11), (3, 0, 2, 12)]
    assert cleared.interval == (None, 12)
    assert cleared.price == 11  # (10 x 11 + 2 x 12) / 12 = 11.17


# McAfee (1992), Journal of Economic Theory 56:434-450. The first four markets are those of the auctions library
# (erelsgl/auctions, mcafee_protocol.py), the fifth is that of its demonstration, solved by hand.

MCAFEE = [
    ([9], [4], 0, None, None),
    ([9, 8], [4], 0, None, None),
    ([9, 8], [4, 3], 1, 8.0, 4.0),
    ([9, 4], [8, 3], 1, 6.0, 6.0),
    ([17, 14, 13, 9, 6], [1, 4, 5, 8, 11], 4, 8.5, 8.5),
]


@pytest.mark.parametrize(("bids", "asks", "trades", "pays", "gets"), MCAFEE)
def test_trade_reduction_gives_mcafee_s_prices(
    bids: list[int], asks: list[int], trades: int, pays: float | None, gets: float | None
) -> None:
    half = [(i, 1, 2 * b, 1) for i, b in enumerate(bids)] + [(20 + i, -1, 2 * a, 1) for i, a in enumerate(asks)]
    cleared = TradeReduction().clear(book(half))
    assert cleared.volume == trades
    if trades:
        fills = cleared.fills
        proceeds = fills.price if fills.proceeds is None else fills.proceeds
        assert set((fills.price / 2).tolist()) == {pays}
        assert set((proceeds / 2).tolist()) == {gets}


@settings(max_examples=300, deadline=None)
@given(
    bids=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    asks=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    who=st.integers(0, 9),
    lie=st.integers(1, 12),
)
def test_under_trade_reduction_no_misstatement_of_a_lot_s_worth_pays(
    bids: list[int], asks: list[int], who: int, lie: int
) -> None:
    def gain(stated: list[int], me: int) -> int:
        rows = [(i, 1 if i < len(bids) else -1, 2 * p, 1) for i, p in enumerate(stated)]
        fills = TradeReduction().clear(book(rows)).fills
        proceeds = fills.price if fills.proceeds is None else fills.proceeds
        mine = 2 * (bids + asks)[me]
        bought = int((mine - fills.price[fills.buyer == me]).sum())
        return bought + int((proceeds[fills.seller == me] - mine).sum())

    me = who % len(bids + asks)
    stated = bids + asks
    stated[me] = lie
    assert gain(stated, me) <= gain(bids + asks, me)


def test_what_buyers_pay_beyond_the_sellers_proceeds_goes_to_the_house() -> None:
    registry = Registry(5, 2023, 1)
    registry.issue([2, 3], [1, 1], 2023)
    cleared = TradeReduction().clear(book([(0, 1, 9, 1), (1, 1, 8, 1), (2, -1, 4, 1), (3, -1, 3, 1)]))
    with pytest.raises(RegistryError, match="need a house"):
        registry.settle(cleared.fills)
    registry.settle(cleared.fills, house=4)
    registry.check()
    assert registry.cash.tolist() == [-8, 0, 0, 4, 4]


# China's listed agreement


def test_price_limits_are_rounded_inward_to_the_tick() -> None:
    # The national market's first day closed at 51.23, its third at 52.78: 47.51 to 58.05 the day after.
    assert Limits.around(5278, 0.1) == Limits(4751, 5805)
    assert Limits.around(5123, 0.1) == Limits(4611, 5635)
    assert Limits.around(5000, 0.3) == Limits(3500, 6500)


def test_listed_agreement_refuses_what_its_rules_exclude_and_counts_it() -> None:
    orders = book([(0, 1, 89, 1), (1, -1, 111, 1), (2, 1, 100, BLOCK), (3, 1, 100, BLOCK - 1), (4, -1, 100, 10)])
    cleared = ListedAgreement(CLOSE).clear(orders, np.random.default_rng(1))
    assert cleared.refused == {
        "below the price limit": 1, "above the price limit": 1, "larger than the venue admits": 1,
    }  # fmt: skip
    assert fills_of(cleared) == [(3, 4, 10, 100)]


@pytest.mark.parametrize(
    ("rows", "close"),
    [
        ([(0, 1, 110, 5), (1, 1, 104, 5)], 110),  # buyers alone, at the limit
        ([(0, -1, 90, 5), (1, 1, 88, 5)], 90),  # an offer below the close, and a bid out of bounds
        ([(0, 1, 95, 5), (1, -1, 105, 5)], CLOSE),  # both sides on their own side of the close: no news
        ([], CLOSE),
    ],
)
def test_without_a_trade_the_best_order_beyond_the_close_is_the_new_one_where_the_rule_says_so(
    rows: list[tuple[int, int, int, int]], close: int
) -> None:
    stands, moves = (ListedAgreement(CLOSE, choice="earliest", quotations=rule) for rule in (False, True))
    assert stands.indicate(book(rows)) == CLOSE
    assert moves.indicate(book(rows)) == close
    traded = book([(0, 1, 108, 5), (1, -1, 103, 5), (2, 1, 109, 5)])
    assert stands.indicate(traded) == moves.indicate(traded) == 108


def test_a_taker_reaches_five_levels_and_its_rest_is_not_listed_across_the_sixth() -> None:
    rows = [(i, -1, 101 + i, 1) for i in range(7)] + [(9, 1, 110, 7)]
    cleared = ListedAgreement(CLOSE).clear(book(rows), np.random.default_rng(1))
    assert [price for *_, price in fills_of(cleared)] == [101, 102, 103, 104, 105]
    assert cleared.refused == {"crosses listings beyond the five best levels": 1}
    assert cleared.interval == (None, 106)


def test_at_one_price_the_taker_may_choose_anyone_but_never_a_worse_price() -> None:
    rows = [(i, -1, 100, 1) for i in range(10)] + [(10, -1, 101, 1), (11, 1, 101, 1)]
    chosen = {
        fills_of(ListedAgreement(CLOSE).clear(book(rows), np.random.default_rng(seed)))[0][1] for seed in range(200)
    }
    assert chosen == set(range(10))
    first = ListedAgreement(CLOSE, choice="earliest").clear(book(rows))
    assert fills_of(first) == [(11, 0, 1, 100)]
    with pytest.raises(ListingError, match="need a random generator"):
        ListedAgreement(CLOSE).clear(book(rows))


def test_close_is_the_volume_weighted_mean_and_without_trade_the_previous_close() -> None:
    venue = ListedAgreement(CLOSE)
    traded = venue.clear(book([(0, -1, 98, 30), (1, -1, 102, 10), (2, 1, 102, 40)]), np.random.default_rng(1))
    assert venue.next_close(traded) == 99
    idle = venue.clear(book([(0, -1, 105, 30), (1, 1, 95, 10)]), np.random.default_rng(1))
    assert venue.next_close(idle) == idle.indicative == CLOSE


def test_allowances_bought_today_are_not_sold_today() -> None:
    registry = Registry(3, 2023, 1)
    registry.issue(0, 10, 2023)
    orders = book([(0, -1, 100, 10), (1, 1, 100, 10), (1, -1, 101, 10), (2, 1, 101, 10)])
    cleared = ListedAgreement(CLOSE).clear(orders, np.random.default_rng(1))
    assert fills_of(cleared) == [(1, 0, 10, 100), (2, 1, 10, 101)]
    with pytest.raises(OverdrawnError, match="account 1 has allowances of 0, 10 asked"):
        registry.settle(cleared.fills)
    assert registry.held.tolist() == [10, 0, 0]


# Block agreement


def test_block_trades_are_large_and_within_thirty_percent() -> None:
    rows = [
        (0, 1, 131, BLOCK), (1, 1, 130, BLOCK - 1), (2, 1, 120, 3 * BLOCK), (3, -1, 69, BLOCK),
        (4, -1, 100, 2 * BLOCK + 5), (5, -1, 110, BLOCK),
    ]  # fmt: skip
    cleared = BlockAgreement(CLOSE).clear(book(rows))
    assert fills_of(cleared) == [(2, 4, 2 * BLOCK + 5, 110)]
    assert cleared.refused == {
        "below the price limit": 1, "above the price limit": 1, "smaller than the venue admits": 1,
    }  # fmt: skip
    # What is left to the buyer, 99,995 t, is no block any more.
    assert cleared.filled.tolist() == [0, 0, 2 * BLOCK + 5, 0, 2 * BLOCK + 5, 0]


# One-way auction


@pytest.mark.parametrize(("pricing", "prices"), [("uniform", [105, 105]), ("as_bid", [110, 105])])
def test_one_seller_sells_to_the_highest_bidders(pricing: str, prices: list[int]) -> None:
    rows = [(9, -1, 90, 10), (0, 1, 105, 6), (1, 1, 110, 6), (2, 1, 100, 6), (3, 1, 89, 6)]
    cleared = OneWayAuction(pricing).clear(book(rows))  # type: ignore[arg-type]
    assert fills_of(cleared) == [(1, 9, 6, prices[0]), (0, 9, 4, prices[1])]


def test_a_later_seller_finds_the_bids_the_earlier_ones_left() -> None:
    rows = [(8, -1, 90, 5), (9, -1, 90, 5), (0, 1, 110, 5), (1, 1, 100, 5)]
    assert fills_of(OneWayAuction().clear(book(rows))) == [(0, 8, 5, 110), (1, 9, 5, 100)]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_bids_refused_by_a_one_way_auction_are_no_better_than_those_served(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bids = [(i, 1, int(rng.integers(90, 120)), int(rng.integers(1, 9))) for i in range(12)]
    cleared = OneWayAuction("as_bid").clear(book([(50, -1, 100, 30), *bids]))
    prices = cleared.fills.price
    assert all(first >= second for first, second in pairwise(prices.tolist()))
    assert cleared.volume == min(30, sum(q for _, _, p, q in bids if p >= 100))
