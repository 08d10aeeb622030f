"""The registry: nothing is created, lost or negative, and a refusal moves nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.market.call_auction import CallAuction
from tanshi.market.ledger import (
    AmountError,
    CapacityError,
    OverdrawnError,
    RegistryError,
    UnbalancedError,
    UnknownAccountError,
)
from tanshi.market.orders import Orders
from tanshi.market.registry import Registry
from tanshi.market.venue import Fills

ACCOUNTS, FIRST, VINTAGES = 4, 2023, 3


def fills(*rows: tuple[int, int, int, int]) -> Fills:
    """Fills from (buyer, seller, quantity, price)."""
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Fills(*table.T)


def stocked(**options: object) -> Registry:
    """Return a registry in which account 0 holds 10 of 2023 and 20 of 2024, and account 1 holds 5 of 2024."""
    registry = Registry(ACCOUNTS, FIRST, VINTAGES, **options)  # type: ignore[arg-type]
    registry.issue(0, 10, 2023)
    registry.issue([0, 1], [20, 5], 2024)
    return registry


ACCOUNT = st.integers(-1, ACCOUNTS)
AMOUNT = st.integers(-1, 40)
YEAR = st.integers(FIRST - 1, FIRST + VINTAGES)
MANY = st.lists(st.tuples(ACCOUNT, ACCOUNT, AMOUNT, st.integers(0, 30)), max_size=4)
OPERATION: st.SearchStrategy[Callable[[Registry], None]] = st.one_of(
    st.builds(lambda a, n, v: lambda r: r.issue(a, n, v), ACCOUNT, AMOUNT, YEAR),
    st.builds(lambda a, b, n: lambda r: r.transfer(a, b, n), ACCOUNT, ACCOUNT, AMOUNT),
    st.builds(lambda rows: lambda r: r.settle(fills(*rows)), MANY),
    st.builds(lambda a, b, n: lambda r: r.pay(a, b, n), ACCOUNT, ACCOUNT, AMOUNT),
    st.builds(lambda a, n: lambda r: r.endow(a, n), ACCOUNT, AMOUNT),
    st.builds(lambda a, n: lambda r: r.oblige(a, n), ACCOUNT, AMOUNT),
    st.builds(lambda a, n, v: lambda r: r.surrender(a, n, v), ACCOUNT, AMOUNT, YEAR),
    st.builds(lambda a, n: lambda r: r.extinguish(a, n), ACCOUNT, AMOUNT),
    st.builds(lambda a, n: lambda r: r.cancel(a, n), ACCOUNT, AMOUNT),
    st.builds(lambda a, n, v: lambda r: r.cancel(a, n, v), ACCOUNT, AMOUNT, YEAR),
    st.builds(lambda a, n, v: lambda r: r.expire(a, n, v), ACCOUNT, AMOUNT, YEAR),
    st.builds(lambda a, n: lambda r: r.issue_offsets(a, n), ACCOUNT, AMOUNT),
    st.builds(lambda a, b, n: lambda r: r.transfer_offsets(a, b, n), ACCOUNT, ACCOUNT, AMOUNT),
    st.builds(lambda a, n: lambda r: r.surrender_offsets(a, n), ACCOUNT, AMOUNT),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(OPERATION, min_size=20, max_size=60), st.lists(st.booleans(), min_size=4, max_size=4))
def test_any_sequence_of_operations_keeps_the_books(
    operations: list[Callable[[Registry], None]], overdraft: list[bool]
) -> None:
    registry = stocked(overdraft=overdraft)
    for operation in operations:
        before = registry.state()
        try:
            operation(registry)
        except RegistryError:
            after = registry.state()
            assert all(np.array_equal(before[name], after[name]) for name in before)
        registry.check()
        totals = registry.totals()
        away = totals["surrendered"] + totals["cancelled"] + totals["expired"]
        assert (totals["issued"] == totals["held"] + away).all()
        assert (registry.holdings >= 0).all()
    assert (registry.rebuilt() == registry.state()["balances"]).all()
    again = Registry.restore(registry.state())
    assert all(np.array_equal(value, again.state()[name]) for name, value in registry.state().items())


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(("price_time", "pro_rata", "random")), st.integers(1, 100))
def test_settling_an_auction_moves_exactly_its_volume_and_turnover(seed: int, ties: str, lot: int) -> None:
    rng = np.random.default_rng(seed)
    n = 30
    registry = Registry(n, FIRST, 1, lot=lot)
    side = np.where(rng.random(n) < 0.5, 1, -1)
    lots = rng.integers(1, 1000, n)
    registry.issue(np.arange(n), np.where(side < 0, lots, 0) * lot, FIRST)
    orders = Orders(np.arange(n), side.astype(np.int8), rng.integers(4000, 6000, n), lots, np.arange(n))
    cleared = CallAuction(ties=ties).clear(orders, rng)  # type: ignore[arg-type]
    before = registry.held
    registry.settle(cleared.fills)
    registry.check()
    assert (registry.held - before == side * cleared.filled * lot).all()
    assert (registry.cash == -side * cleared.filled * lot * (cleared.price or 0)).all()


def test_oldest_vintage_is_delivered_first() -> None:
    registry = stocked()
    registry.settle(fills((2, 0, 8, 50), (3, 0, 6, 50)))
    # Ten of 2023 are gone: eight to the first buyer, two to the second, who gets four of 2024 beside.
    assert registry.holdings.tolist() == [[0, 0, 8, 2], [16, 5, 0, 4], [0, 0, 0, 0]]
    assert registry.cash.tolist() == [700, 0, -400, -300]


def test_a_vintage_can_be_cancelled_before_those_that_are_older() -> None:
    registry = stocked()
    registry.cancel([0, 0], [15, 4], first=FIRST + 1)  # of 10 and 20
    assert registry.holdings[:, 0].tolist() == [10, 1, 0]
    registry.cancel(0, 4, first=FIRST + 1)
    assert registry.holdings[:, 0].tolist() == [7, 0, 0]
    with pytest.raises(OverdrawnError, match="allowances of 7, 8 asked"):
        registry.cancel(0, 8, first=FIRST + 1)
    registry.check()


def test_transfer_beyond_the_balance_is_refused_as_a_whole() -> None:
    registry = stocked()
    with pytest.raises(OverdrawnError, match="account 1 has allowances of 5, 6 asked") as caught:
        registry.transfer([0, 1, 1], [2, 2, 3], [10, 3, 3])
    assert caught.value.accounts.tolist() == [1]
    assert registry.held.tolist() == [30, 5, 0, 0]


def test_nobody_sells_on_what_the_same_clearing_brought() -> None:
    registry = stocked()
    with pytest.raises(OverdrawnError, match="account 2"):
        registry.settle(fills((2, 0, 10, 50), (3, 2, 10, 50)))
    assert registry.held.tolist() == [30, 5, 0, 0]


def test_buyer_without_overdraft_must_have_the_cash() -> None:
    registry = stocked(overdraft=[True, True, False, True])
    registry.endow(2, 499)
    with pytest.raises(OverdrawnError, match="account 2 has cash of 499, 500 asked"):
        registry.settle(fills((2, 0, 10, 50)))
    registry.endow(2, 1)
    registry.settle(fills((2, 0, 10, 50)))
    assert registry.cash.tolist() == [500, 0, 0, 0]


def test_surrender_takes_the_oldest_vintage_and_no_future_one() -> None:
    registry = stocked()
    registry.oblige(0, 25)
    with pytest.raises(OverdrawnError, match="allowances of 10, 25 asked"):
        registry.surrender(0, 25, latest=2023)
    registry.surrender(0, 25, latest=2024)
    assert registry.holdings[:, 0].tolist() == [0, 5, 0]
    assert registry.obligations[0] == 0
    with pytest.raises(OverdrawnError, match="obligation of 0, 1 asked"):
        registry.surrender(0, 1)


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (lambda r: r.transfer(9, 0, 1), UnknownAccountError),
        (lambda r: r.transfer(0, -1, 1), UnknownAccountError),
        (lambda r: r.issue(0, -1, 2023), AmountError),
        (lambda r: r.issue(0, 1.5, 2023), AmountError),
        (lambda r: r.issue(0, float("nan"), 2023), AmountError),
        (lambda r: r.issue(0, 1, 2022), RegistryError),
        (lambda r: r.issue(0, 2**63 - 1, 2023), CapacityError),
        (lambda r: r.settle(fills((2, 0, 10, 2**60))), CapacityError),
        (lambda r: r.pay(0, 1, 2**63 - 1), CapacityError),
        (lambda r: r.endow([0, 1], [2**62, 2**62]), CapacityError),
    ],
)
def test_operations_that_make_no_sense_are_refused_by_kind(
    operation: Callable[[Registry], None], error: type[RegistryError]
) -> None:
    registry = stocked()
    before = registry.state()["balances"]
    with pytest.raises(error):
        operation(registry)
    assert (registry.state()["balances"] == before).all()


def test_tampered_state_is_not_restored() -> None:
    state = stocked().state()
    state["balances"] = state["balances"].copy()
    state["balances"][0, 0] += 1
    with pytest.raises(UnbalancedError, match="vintage 2023 does not sum to zero but to 1"):
        Registry.restore(state)
