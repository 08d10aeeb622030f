"""Whole numbers up to the limit of 64 bits: nothing wraps, nothing is rounded away, nobody is favoured."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tanshi.market.block import BlockAgreement
from tanshi.market.call_auction import CallAuction
from tanshi.market.ledger import RegistryError
from tanshi.market.orders import Orders
from tanshi.market.pay_as_clear import PayAsClear
from tanshi.market.registry import Registry
from tanshi.market.venue import Fills

LARGEST = 2**63 - 1


def stocked(**options: object) -> Registry:
    """A registry whose account 0 holds 100 allowances and 100 credits and owes 50; account 1 is rich in 2025's."""
    registry = Registry(3, 2023, 4, **options)  # type: ignore[arg-type]
    registry.issue(0, 100, 2023)
    registry.issue(1, 2**61, 2025)
    registry.issue_offsets(0, 100)
    registry.oblige(0, 50)
    registry.endow(1, 1000)
    return registry


def fill(price: object, quantity: object = 3, **more: object) -> Fills:
    one = np.array([1])
    return Fills(one, 0 * one, np.array([quantity]), np.array([price]), **more)  # type: ignore[arg-type]


TWICE = [LARGEST, LARGEST]
WRAPPING: dict[str, Callable[[Registry], None]] = {
    "transfer": lambda r: r.transfer([0, 0], [1, 1], TWICE),
    "transfer four times": lambda r: r.transfer([0] * 4, [1] * 4, [2**62] * 4),
    "transfer_offsets": lambda r: r.transfer_offsets([0, 0], [1, 1], TWICE),
    "cancel": lambda r: r.cancel([0, 0], TWICE),
    "expire": lambda r: r.expire([0, 0], TWICE, 2023),
    "surrender": lambda r: r.surrender([0, 0], TWICE),
    "surrender_offsets": lambda r: r.surrender_offsets([0, 0], TWICE),
    "extinguish": lambda r: r.extinguish([0, 0], TWICE),
    "settle for nothing": lambda r: r.settle(
        Fills(np.array([1, 1]), np.array([0, 0]), np.array(TWICE), np.array([0, 0]))
    ),
    "settle large lots": lambda r: r.settle(fill(0, 2**53)),
    "unsigned": lambda r: r.transfer(0, 1, np.array([2**63 + 5], np.uint64)),
    "issue over all vintages": lambda r: r.issue(1, 2**62, 2024),
}


@pytest.mark.parametrize("name", list(WRAPPING))
def test_amounts_that_64_bits_cannot_add_up_are_refused_and_move_nothing(name: str) -> None:
    registry = stocked(lot=2**12 if name == "settle large lots" else 1)
    with pytest.raises(RegistryError):
        WRAPPING[name](registry)
    registry.check()
    assert registry.obligations.tolist() == [50, 0, 0]
    assert registry.offsets.tolist() == [100, 0, 0]
    assert registry.holdings[0, 0] == 100
    assert (registry.held >= 0).all()


@pytest.mark.parametrize("price", [1.5, 0.5, np.nan, -5, 2.0**53])
def test_a_price_that_is_no_whole_number_of_ticks_settles_nothing(price: float) -> None:
    registry = stocked()
    with pytest.raises(RegistryError):
        registry.settle(fill(price))
    for proceeds in (-7, 0.5):
        with pytest.raises(RegistryError):
            registry.settle(fill(0, proceeds=np.array([proceeds])), house=2)
    assert registry.cash.tolist() == [0, 1000, 0]
    assert registry.held.tolist() == [100, 2**61, 0]
    assert (registry.rebuilt().sum(axis=1) == 0).all()


AMOUNTS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 1, 40, 2**60, 3 * 2**61, LARGEST])), max_size=5)


@settings(max_examples=300, deadline=None)
@given(AMOUNTS, st.sampled_from(["transfer", "cancel", "surrender", "extinguish", "oblige", "issue"]))
def test_the_registry_agrees_with_exact_arithmetic(rows: list[tuple[int, int]], name: str) -> None:
    registry = stocked()
    accounts, amounts = [a for a, _ in rows], [n for _, n in rows]
    exact = [sum(n for a, n in rows if a == account) for account in range(3)]
    there = {"transfer": [100, 2**61, 0], "cancel": [100, 2**61, 0], "surrender": [50, 0, 0], "extinguish": [50, 0, 0]}
    possible = all(x <= y for x, y in zip(exact, there.get(name, [2**62 - 200] * 3), strict=True))
    possible &= name != "issue" or 100 + 2**61 + sum(exact) <= 2**62
    possible &= name != "oblige" or 50 + sum(exact) <= 2**62
    arguments = {"transfer": (accounts, [2] * len(rows), amounts), "issue": (accounts, amounts, 2024)}
    given_ = arguments.get(name, (accounts, amounts))
    columns = [np.array(column, np.int64) if isinstance(column, list) else column for column in given_]
    if possible:
        getattr(registry, name)(*columns)
    else:
        with pytest.raises(RegistryError):
            getattr(registry, name)(*columns)
    registry.check()
    assert (registry.rebuilt() == registry._balances).all()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**62 - 1), st.integers(0, 2**62 - 1), st.floats(0, 1))
@example(0, 60, 0.925)  # 55.5 in floats, a little more exactly
def test_a_price_within_an_interval_is_exact_at_any_number_of_ticks(one: int, other: int, k: float) -> None:
    low, high = sorted((one, other))
    book = Orders(np.array([0, 1]), np.array([1, -1], np.int8), np.array([high, low]), np.array([1, 1]), np.arange(2))
    price = CallAuction(k).clear(book).price
    assert price is not None
    assert low <= price <= high
    exact = low + Fraction(k) * (high - low)
    assert abs(price - exact) <= Fraction(1, 2)
    parties = np.array([low]), np.array([high])
    assert BlockAgreement(0, k=k)._agreed(parties[1], parties[0]).tolist() == [price]


def test_the_mean_of_prices_far_apart_is_exact() -> None:
    fills = Fills(*(np.array([0, 0]),) * 2, np.array([2**40, 2**40]), np.array([0, 2**60]))
    assert fills.mean_price == 2**59


@pytest.mark.parametrize("lots", [1, 10])
def test_what_proportion_leaves_over_favours_no_row(lots: int) -> None:
    """By lot where lots are drawn, and else by arrival; three equal bids get the same over many books."""
    accounts, side, price = np.arange(4), np.array([1, 1, 1, -1], np.int8), np.full(4, 10)
    drawn, by_time = np.zeros(3), np.zeros(3)
    auction = CallAuction(0.5, "pro_rata")
    for seed in range(900):
        rng = np.random.default_rng(seed)
        size = np.array([lots] * 4)
        drawn += auction.clear(Orders(accounts, side, price, size, np.zeros(4, int)), rng).filled[:3]
        time = np.append(rng.permutation(3), 0)
        first = auction.clear(Orders(accounts, side, price, size, time))
        by_time += first.filled[:3]
        assert first.filled[int(np.argmin(time[:3]))] == -(-lots // 3)
    for given_ in (drawn, by_time):
        assert given_.sum() == 900 * lots
        np.testing.assert_allclose(given_, 300 * lots, atol=75)  # binomial, s.d. 14.1: a miss is five s.d. away


def test_pay_as_clear_is_the_highest_accepted_ask() -> None:
    """Merit order with inelastic demand: 60 MW of demand, offers 30 at 10, 20 at 25, 40 at 40: all are paid 40."""
    demand = Orders(
        np.array([0, 1, 2, 3]), np.array([1, -1, -1, -1], np.int8), np.array([3000, 10, 25, 40]),
        np.array([60, 30, 20, 40]), np.zeros(4, int),
    )  # fmt: skip
    cleared = PayAsClear().clear(demand)
    assert (cleared.price, cleared.volume) == (40, 60)
    assert cleared.filled.tolist() == [60, 30, 20, 10]
    scarce = Orders(
        np.array([0, 1, 2]),
        np.array([1, 1, -1], np.int8),
        np.array([90, 70, 20]),
        np.array([5, 5, 5]),
        np.zeros(3, int),
    )
    assert PayAsClear().clear(scarce).price == 20  # the bid of 70 goes unserved and raises nothing
    assert CallAuction(k=0.0).clear(scarce).price == 70  # ... but is the lowest price that balances the book


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6))
def test_pay_as_clear_trades_what_the_call_auction_trades(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 12
    orders = Orders(
        np.arange(n), rng.choice([-1, 1], n).astype(np.int8), rng.integers(1, 9, n), rng.integers(1, 5, n), np.arange(n)
    )
    ours, theirs = PayAsClear().clear(orders), CallAuction().clear(orders)
    assert (ours.volume, ours.filled.tolist()) == (theirs.volume, theirs.filled.tolist())
    sold = orders.price[(orders.side < 0) & (ours.filled > 0)]
    assert ours.price == (int(sold.max()) if len(sold) else None)
    assert PayAsClear().indicate(orders) == ours.pointed
