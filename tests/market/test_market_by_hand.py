"""Two firms and numbers worked out by hand: what each rule of the market comes to."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.market.banking import borrowing
from tanshi.market.block import BlockAgreement
from tanshi.market.competitive import solve
from tanshi.market.compliance import settle_year
from tanshi.market.curves import Curves, linear_curves
from tanshi.market.law import china
from tanshi.market.ledger import UnknownAccountError, accounts_of, asked_of
from tanshi.market.limits import Limits
from tanshi.market.listed import ListedAgreement
from tanshi.market.mcafee import TradeReduction
from tanshi.market.offsets import usable
from tanshi.market.orders import Orders, _beyond
from tanshi.market.quality import log_returns, value_of
from tanshi.market.registry import Registry
from tanshi.market.stability import StabilityReserve
from tanshi.market.trading import Market


def book(*rows: tuple[int, int, int, int]) -> Orders:
    """Orders of (account, side, ticks, lots), one after another."""
    account, side, price, lots = (np.array(column) for column in zip(*rows, strict=True))
    return Orders(account, side.astype(np.int8), price, lots, np.arange(len(rows)))


def test_a_block_is_traded_a_quarter_of_the_way_up_from_the_seller() -> None:
    # The buyer pays up to 120, the seller asks 80: k = 1/4 of the way from the seller's price is 90.
    venue = BlockAgreement(100, k=0.25)
    cleared = venue.clear(book((0, 1, 120, 100_000), (1, -1, 80, 100_000)))
    assert (cleared.price, cleared.volume) == (90, 100_000)
    assert (cleared.fills.buyer.tolist(), cleared.fills.seller.tolist()) == ([0], [1])


def test_bids_are_no_asks() -> None:
    # Two who bid and nobody who asks: no trade by any venue.
    two = book((0, 1, 120, 100_000), (1, 1, 100, 100_000))
    assert BlockAgreement(100).clear(two).volume == 0
    assert TradeReduction().clear(two).volume == 0
    assert BlockAgreement(100).clear(two).interval == (120, None)


def test_an_order_of_no_side_is_no_ask() -> None:
    # A seat left empty has side 0: it neither buys nor sells.
    empty = book((0, 1, 120, 100_000), (1, 0, 80, 100_000))
    assert BlockAgreement(100).clear(empty).volume == 0


def test_an_order_of_no_side_is_no_bid_in_mcafee_s_auction() -> None:
    # Lots b 120, 110 and a 80, 90; with (100 + 100) / 2 from the third ones all four trade at 100.
    rows = [(0, 1, 120, 1), (1, 1, 110, 1), (2, 1, 100, 1), (3, -1, 80, 1), (4, -1, 90, 1), (5, -1, 100, 1)]
    plain = TradeReduction().clear(book(*rows))
    with_empty = TradeReduction().clear(book(*rows, (6, 0, 130, 5)))
    assert with_empty.volume == plain.volume
    assert with_empty.filled.tolist() == [*plain.filled.tolist(), 0]


def test_what_abating_costs_is_the_area_under_the_curve() -> None:
    # Cost rises from 0 to 40 over the first 20 t, from 40 to 100 over the next 20 t: 30 t cost 400 + 10 (40 + 70) / 2.
    curves = Curves(np.array([50.0]), np.array([[0.0, 20.0, 40.0]]), np.array([[0.0, 40.0, 100.0]]))
    assert curves.expense([20.0]).tolist() == [400.0]
    assert curves.expense([30.0]).tolist() == [950.0]
    assert curves.expense([40.0]).tolist() == [1800.0]


def test_a_step_that_is_partly_taken_is_taken_in_one_part_by_both_firms() -> None:
    # Both firms emit 100 t and can abate 50 t at 60 yuan/t. A cap of 150 t asks for half of it from each.
    step = [[0.0, 0.0, 50.0]], [[0.0, 60.0, 60.0]]
    curves = Curves(np.full(2, 100.0), np.repeat(step[0], 2, axis=0), np.repeat(step[1], 2, axis=0))
    found = solve(curves, [150.0])
    assert float(found.price[0]) == pytest.approx(60.0)
    assert found.emissions[0].tolist() == pytest.approx([75.0, 75.0])


def test_offers_beyond_all_that_could_be_are_refused_every_one() -> None:
    # Four offers of 2^62 lots from an account that holds 10: their sum would be 2^64, which 64 bits count as nothing.
    offers = book(*[(0, -1, 50, 2**62)] * 4)
    assert _beyond(offers, np.arange(4), np.array([10])).tolist() == [0, 1, 2, 3]
    # Two offers of 2^62 and 1: more than 2^62 together.
    offers = book((0, -1, 50, 2**62), (0, -1, 50, 2**62), (0, -1, 50, 1))
    assert _beyond(offers, np.arange(3), np.array([10])).tolist() == [0, 1, 2]


def test_a_close_of_nothing_leaves_no_price_but_nothing() -> None:
    assert Limits.around(0, 0.1) == Limits(0, 0, None, None)


def test_sums_beyond_what_an_account_can_hold_are_given_as_more_than_that() -> None:
    asked = asked_of(np.array([0, 0, 0, 1]), np.array([2**62, 2**62, 2**62, 7]), 2)
    assert asked.tolist() == [2**62 + 1, 7]


def test_returns_need_prices_above_nothing_and_no_more() -> None:
    assert log_returns([0.5, 1.0]).tolist() == pytest.approx([np.log(2.0)])
    with pytest.raises(ValueError, match="positive prices"):
        log_returns([1.0, 0.0])


def test_what_both_sides_of_a_book_are_worth() -> None:
    # A bid for 2 lots at 30 and an ask of 5 lots at 10.
    assert value_of(np.array([1, -1]), np.array([30, 10]), np.array([2, 5])) == (60.0, 50.0)


def test_a_truthful_firm_bids_for_each_lot_once() -> None:
    # A emits 120 t, its cost 2 (120 - e): at 0, 40, 80 yuan/t it would emit 120, 100, 80 t. It holds 60 t, so that it
    # wants 60 lots at 0, 40 at 40 and 20 at 80: 20 bids at each level. B holds what it emits at 80, and sells 60 there.
    market = Market(linear_curves([120.0, 120.0], [2.0, 1.0], ["A", "B"]), [60.0, 100.0], tick=1.0)
    orders = market.orders(np.array([0, 40, 80]))
    mine = orders.take(np.flatnonzero(orders.account == 0))
    assert list(zip(mine.side, mine.price, mine.quantity, strict=True)) == [(1, 0, 20), (1, 40, 20), (1, 80, 20)]
    other = orders.take(np.flatnonzero(orders.account == 1))
    assert list(zip(other.side, other.price, other.quantity, strict=True)) == [(1, 0, 20), (-1, 40, 20), (-1, 80, 40)]


def test_credits_serve_the_year_s_obligation_and_no_older_debt() -> None:
    # A firm owes 1,000 t of last year and 1,000 t of this one; it has 200 credits, of which 5 % of this year's 1,000 t
    # may be used: 50. Of the rest, 1,950 t, it holds 500.
    registry = Registry(2, 2024, 3)
    registry.issue([0], [500], 2025)
    registry.issue_offsets([0], [200])
    registry.oblige([0], [1000])
    done = settle_year(
        registry, 2025, np.array([0]), np.array([1000]), penalty=3, government=1, extinguishes=False, offset_share=0.05
    )
    assert (done.offsets.tolist(), done.surrendered.tolist()) == ([50], [550])
    assert (done.shortfall.tolist(), done.debt.tolist()) == ([1450], [1450])
    assert registry.cash.tolist() == [-4350, 4350]
    assert registry.offsets.tolist() == [150, 0]


def test_a_payment_ends_the_debt_only_where_the_rules_say_so() -> None:
    debts = []
    for extinguishes in (True, False):
        registry = Registry(2, 2025, 2)
        done = settle_year(
            registry, 2025, np.array([0]), np.array([10]), penalty=1, government=1, extinguishes=extinguishes
        )
        debts.append(done.debt.tolist())
    assert debts == [[0], [10]]


def test_a_gap_of_just_the_threshold_may_be_borrowed_for() -> None:
    # "10 % or more": gaps of 10,000 t, 9,999 t and 10,001 t of 100,000 t owed.
    gaps = np.array([10_000, 9_999, 10_001])
    assert borrowing(gaps, np.full(3, 100_000), 0.5, 0.1).tolist() == [5_000, 0, 5_000]


def test_a_capped_gap_is_a_part_of_what_was_emitted() -> None:
    # 1,000 t emitted, 500 t free: at most 500 + 200 of emissions, not 500 + 100 of what was free.
    assert china.settle(2021, [china.Unit("coal_I", verified=1000)], [500]).owed == 700


def test_sellers_too_see_five_levels() -> None:
    # Six bids of one lot at 105 to 100, then one who would sell six at 100: the sixth level is out of its sight.
    bids = [(k, 1, 105 - k, 1) for k in range(6)]
    cleared = ListedAgreement(100, choice="earliest").clear(book(*bids, (6, -1, 100, 6)))
    assert cleared.volume == 5
    assert cleared.filled.tolist() == [1, 1, 1, 1, 1, 0, 5]
    # The same for buyers.
    asks = [(k, -1, 100 + k, 1) for k in range(6)]
    assert ListedAgreement(100, choice="earliest").clear(book(*asks, (6, 1, 105, 6))).volume == 5


def test_a_small_market_s_reserve_keeps_little() -> None:
    # The European reserve keeps 400 million; a market a tenth of the size 40 million.
    assert StabilityReserve(0.1).invalid(50_000_000) == 10_000_000
    assert StabilityReserve(0.1).invalid(40_000_000) == 0
    assert StabilityReserve().invalid(50_000_000) == 0


def test_an_account_below_the_first_is_no_account() -> None:
    with pytest.raises(UnknownAccountError, match="account -1 is not one of 0 to 2"):
        accounts_of([-1, 2], 3)
    with pytest.raises(UnknownAccountError, match="account 3 is not one of 0 to 2"):
        accounts_of([0, 3], 3)


def test_credits_cover_at_most_the_whole_obligation() -> None:
    assert usable(np.array([100]), np.array([500]), 1.0).tolist() == [100]
    for share in (1.2, -0.1):
        with pytest.raises(ValueError, match="expected 0 to 1"):
            usable(np.array([100]), np.array([500]), share)
