"""What is refused at the gate, and that it is counted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tanshi.market.orders import OrderError, Orders, from_yuan, screen


def test_every_bad_order_is_counted_under_its_fault_and_the_good_one_stands() -> None:
    rows = [
        (0, 1, 50.00, 10.0),
        (0, 1, math.nan, 10.0),
        (0, 1, 50.00, math.inf),
        (0, 1, 50.005, 10.0),
        (0, 1, -1.00, 10.0),
        (0, 1, 0.00, 10.0),
        (0, 1, 50.00, 0.0),
        (0, 1, 50.00, -3.0),
        (0, 1, 50.00, 0.5),
        (7, 1, 50.00, 10.0),
        (-1, 1, 50.00, 10.0),
        (0, 0, 50.00, 10.0),
        (0, 1, 900.00, 10.0),
    ]
    account, side, price, quantity = (list(column) for column in zip(*rows, strict=True))
    result = from_yuan(account, side, price, quantity, range(len(rows)), accounts=3, highest=50000)
    assert result.refused == {
        "not a finite number": 2,
        "off-tick price": 1,
        "negative price": 1,
        "zero price": 1,
        "quantity not positive": 2,
        "off-lot quantity": 1,
        "unknown account": 2,
        "unknown side": 1,
        "above the price ceiling": 1,
    }
    assert result.rows.tolist() == [0]
    assert (result.orders.price.tolist(), result.orders.quantity.tolist()) == ([5000], [10])


@pytest.mark.parametrize("tick", [0.01, 0.1, 1e-6])
def test_prices_on_tick_survive_their_division_by_the_tick(tick: float) -> None:
    ticks = np.arange(1, 20001)
    ones = np.ones(len(ticks), np.int64)
    result = from_yuan(ones, ones, ticks * tick, ones, ones, accounts=2, tick=tick)
    assert result.refused == {}
    assert (result.orders.price == ticks).all()


def test_surplus_may_be_offered_for_nothing_only_where_the_floor_is_zero() -> None:
    one = np.ones(1, np.int64)
    free = Orders(one, -one.astype(np.int8), 0 * one, one, one)
    assert screen(free, 2).refused == {"zero price": 1}
    assert screen(free, 2, lowest=0).refused == {}


def test_unequal_columns_and_fractions_are_no_orders() -> None:
    one = np.ones(1, np.int64)
    with pytest.raises(OrderError, match="quantity has shape"):
        Orders(one, one.astype(np.int8), one, np.ones(2, np.int64), one)
    with pytest.raises(OrderError, match="price is float64"):
        Orders(one, one.astype(np.int8), np.array([1.5]), one, one)


def test_offers_beyond_what_an_account_holds_are_refused_in_order_of_arrival() -> None:
    orders = Orders(
        np.array([0, 0, 0, 1, 0]), np.array([-1, -1, 1, -1, -1], np.int8), np.full(5, 50), np.array([6, 5, 99, 7, 10]),
        np.array([2, 1, 0, 0, 3]),
    )  # fmt: skip
    gate = screen(orders, 2, holdings=np.array([12, 6]))
    assert gate.refused == {"beyond what the account holds": 2}
    assert gate.rows.tolist() == [0, 1, 2]
    huge = Orders(np.zeros(3, int), -np.ones(3, np.int8), np.full(3, 50), np.full(3, 2**62), np.arange(3))
    assert screen(huge, 2, holdings=np.array([12, 6])).refused == {"beyond what the account holds": 3}
