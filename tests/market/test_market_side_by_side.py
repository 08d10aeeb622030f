"""Blocks beside a main venue: one price, no tonne twice, sizes and prices as the rule has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.market.orders import BUY, SELL, Orders
from tanshi.market.side_by_side import SideBySide
from tanshi.market.venue import Clearing
from tanshi.market.venues import Day, open_venue
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario

BLOCK = 100_000


def book(*rows: tuple[int, int, int, int]) -> Orders:
    account, side, price, lots = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Orders(account, side.astype(np.int8), price, lots, np.arange(len(rows)))


def cleared(orders: Orders, share: float, close: int = 100, venue: str = "call_auction") -> Clearing:
    return open_venue(venue, Day(close, blocks=share)).clear(orders, np.random.default_rng(0))


def test_large_parties_agree_on_their_share_and_trade_the_rest_in_the_auction() -> None:
    # 300,000 t against 200,000 and 120,000: 80 % are 240,000 against 160,000 and 96,000, too small for a block.
    orders = book((0, BUY, 110, 300_000), (1, SELL, 90, 200_000), (2, SELL, 95, 120_000), (3, BUY, 99, 20_000))
    found = cleared(orders, 0.8)
    fills = found.fills
    assert found.blocks == 1
    assert (fills.buyer[0], fills.seller[0], fills.quantity[0]) == (0, 1, 160_000)
    assert found.volume == fills.quantity.sum() == 320_000
    assert found.filled.tolist() == [300_000, 200_000, 120_000, 20_000]
    whole = open_venue("call_auction", Day(100)).clear(orders)
    assert found.price == whole.price == fills.price[0]


def test_a_block_keeps_to_thirty_per_cent_around_the_close() -> None:
    # All would trade at 200 or more; the last close was 100.
    orders = book((0, BUY, 260, 300_000), (1, SELL, 120, 300_000), (2, BUY, 240, 200_000), (3, SELL, 200, 200_000))
    found = cleared(orders, 1.0)
    assert found.blocks >= 1
    assert (found.fills.price[: found.blocks] == 130).all()
    assert set(found.fills.seller[: found.blocks].tolist()) == {1}  # the other asks for more than a block may cost


def test_without_large_parties_there_are_no_blocks() -> None:
    orders = book((0, BUY, 110, 99_999), (1, SELL, 90, 300_000))
    found = cleared(orders, 1.0)
    assert found.blocks == 0
    assert found.volume == 99_999


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from((BUY, SELL)),
            st.integers(60, 140),
            st.integers(1, 9).map(lambda n: n * 40_000),
        ),
        min_size=1,
        max_size=24,
    ),
    st.floats(0.05, 1.0),
)
def test_blocks_move_neither_price_nor_volume_of_an_auction(
    rows: list[tuple[int, int, int, int]], share: float
) -> None:
    rows = [(account + 10 * (side == SELL), side, price, lots) for account, side, price, lots in rows]
    orders = book(*rows)
    found, alone = cleared(orders, share), open_venue("call_auction", Day(100)).clear(orders)
    assert found.pointed == alone.pointed or found.price == alone.price
    assert found.volume == alone.volume == found.fills.quantity.sum()
    for side, account in ((BUY, found.fills.buyer), (SELL, found.fills.seller)):
        mine = orders.side == side
        traded = np.bincount(account, found.fills.quantity, 20)
        assert (traded == np.bincount(orders.account[mine], found.filled[mine], 20)).all()
        assert (found.filled <= orders.quantity).all()
    block = found.fills.quantity[: found.blocks]
    assert (block >= BLOCK).all()
    assert ((found.fills.price[: found.blocks] >= 70) & (found.fills.price[: found.blocks] <= 130)).all()


def test_blocks_beside_blocks_are_refused() -> None:
    with pytest.raises(UserError, match=r"market\.blocks"):
        load_scenario("S5", {"market.venue": "block_agreement", "market.blocks": 0.8})


def test_a_venue_with_blocks_has_the_limits_of_the_main_venue() -> None:
    venue = open_venue("listed_agreement", Day(5278, blocks=0.8))
    assert isinstance(venue, SideBySide)
    assert venue.limits is not None
    assert venue.limits.highest == 5805
