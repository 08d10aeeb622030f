"""Orders as a struct of arrays, and the gate that refuses bad ones with counted reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tanshi.errors import TanshiError
from tanshi.numerics.compiled import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

BUY, SELL = 1, -1
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1
"""Below and above all prices and times."""


class OrderError(TanshiError, ValueError):
    """Arrays that cannot be orders at all: unequal lengths or a type that is not a whole number."""


@dataclass(frozen=True)
class Orders:
    """A book of limit orders, one row an order.

    Attributes
    ----------
    account : (n,) int64
        Registry account of the owner, 0-based.
    side : (n,) int8
        +1 to buy, -1 to sell.
    price : (n,) int64
        Limit price in ticks.
    quantity : (n,) int64
        Lots.
    time : (n,) int64
        Arrival; the smaller goes first at equal price, the row decides at equal time.

    Raises
    ------
    OrderError
        If lengths differ or a column is not whole numbers.
    """

    account: Ints
    side: npt.NDArray[np.int8]
    price: Ints
    quantity: Ints
    time: Ints

    def __post_init__(self) -> None:
        length = len(self.account)
        for name, dtype in _COLUMNS.items():
            column = np.asarray(getattr(self, name))
            if column.shape != (length,):
                raise OrderError(
                    "orders: {name} has shape {shape}, expected ({length},)",
                    name=name,
                    shape=column.shape,
                    length=length,
                )
            if column.dtype != dtype:
                if column.size and column.dtype.kind not in "iu":
                    raise OrderError("orders: {name} is {dtype}, expected whole numbers", name=name, dtype=column.dtype)
                object.__setattr__(self, name, column.astype(dtype))
            else:
                object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.account)

    def take(self, rows: Ints | Mask) -> Orders:
        """Return the chosen rows, in that order."""
        return Orders(*(getattr(self, name)[rows] for name in _COLUMNS))

    @staticmethod
    def empty() -> Orders:
        """Return a book without orders."""
        none = np.zeros(0, np.int64)
        return Orders(none, none.astype(np.int8), none, none, none)

    @staticmethod
    def join(books: Sequence[Orders]) -> Orders:
        """Return one book with the rows of all, in sequence."""
        books = [book for book in books if len(book)]
        if len(books) < 2:
            return books[0] if books else Orders.empty()
        return Orders(*(np.concatenate([getattr(book, name) for book in books]) for name in _COLUMNS))


_COLUMNS: dict[str, npt.DTypeLike] = {
    "account": np.dtype(np.int64),
    "side": np.dtype(np.int8),
    "price": np.dtype(np.int64),
    "quantity": np.dtype(np.int64),
    "time": np.dtype(np.int64),
}


@dataclass(frozen=True)
class Screened:
    """Orders that passed the gate, and how many were refused for which reason.

    Attributes
    ----------
    orders : Orders
        The admitted rows, in their original sequence.
    refused : dict[str, int]
        Reason -> number of orders; an order is counted once, under its first fault.
    good : (n,) bool
        Whether each order of the input was admitted.
    """

    orders: Orders
    refused: dict[str, int]
    good: Mask

    @property
    def rows(self) -> Ints:
        """Rows of the input that were admitted, (m,)."""
        return np.flatnonzero(self.good)


def _sift(length: int, faults: Sequence[tuple[str, Mask]]) -> tuple[Mask, dict[str, int]]:
    """Return the rows without fault and the count by first fault."""
    good = np.ones(length, np.bool_)
    refused: dict[str, int] = {}
    for reason, fault in faults:
        count = int(np.count_nonzero(good & fault))
        if count:
            refused[reason] = count
            good &= ~fault
    return good, refused


def screen(
    orders: Orders, accounts: int, lowest: int = 1, highest: int | None = None, holdings: Ints | None = None
) -> Screened:
    """Refuse orders that no venue may see.

    Parameters
    ----------
    orders : Orders
        What participants sent.
    accounts : int
        Number of accounts in the registry; others are unknown.
    lowest, highest : int
        Admissible limit prices in ticks, both included. A market whose price floor is zero passes 0, so that
        unsold surplus can be offered for nothing; otherwise a price of zero is refused.
    holdings : (accounts,) int64 | None
        Lots each account can deliver, as held when the venue opens. Offers are taken in order of arrival (time, then
        row); those with which an account would have offered more are refused.
    """
    above = HIGHEST - 1 if highest is None else min(highest, HIGHEST - 1)  # the very highest stands for no price
    below = min(max(lowest, LOWEST), HIGHEST)
    good, count = faults_of(orders.account, orders.side, orders.price, orders.quantity, accounts, below, above)
    refused = {reason: int(n) for reason, n in zip(FAULTS, count, strict=True) if n}
    if holdings is not None:
        beyond = _beyond(orders, np.flatnonzero(good & (orders.side < 0)), holdings)
        if len(beyond):
            refused["beyond what the account holds"] = len(beyond)
            good[beyond] = False
    return Screened(orders.take(good) if refused else orders, refused, good)


FAULTS = (
    "unknown account",
    "unknown side",
    "negative price",
    "zero price",
    "below the price floor",
    "quantity not positive",
    "above the price ceiling",
)


@compiled
def faults_of(
    account: Any, side: Any, price: Any, quantity: Any, accounts: int, lowest: int, highest: int
) -> tuple[Mask, Ints]:
    """Return which orders are without fault, and how many have which of `FAULTS` first."""
    good, count, faulty = np.ones(len(account), np.bool_), np.zeros(len(FAULTS), np.int64), 0
    for row in range(len(account)):  # the usual case, without a branch: so the compiler takes several at a time
        faulty += (account[row] < 0) | (account[row] >= accounts) | ((side[row] != BUY) & (side[row] != SELL))
        faulty += (price[row] < lowest) | (price[row] < 0) | (price[row] > highest) | (quantity[row] <= 0)
    if not faulty:
        return good, count
    for row in range(len(account)):
        if not 0 <= account[row] < accounts:
            found = 0
        elif side[row] != BUY and side[row] != SELL:
            found = 1
        elif price[row] < 0:
            found = 2
        elif price[row] == 0 and lowest > 0:
            found = 3
        elif price[row] < lowest:
            found = 4
        elif quantity[row] <= 0:
            found = 5
        elif price[row] > highest:
            found = 6
        else:
            continue
        good[row] = False
        count[found] += 1
    return good, count


def _beyond(orders: Orders, asks: Ints, holdings: Ints) -> Ints:
    """Return the offers, among these rows, with which an account would have offered more than it holds."""
    rows = asks[np.lexsort((orders.time[asks], orders.account[asks]))]
    account, lots = orders.account[rows], orders.quantity[rows]
    if not len(rows):
        return rows
    if float(lots.astype(np.float64).sum()) > 2.0**62:  # clip what no account holds, lest the sum wrap
        lots = np.minimum(lots, int(holdings.max(initial=0)) + 1)
    first = np.searchsorted(account, account)
    upto = np.cumsum(lots)
    offered = upto - (upto[first] - lots[first])
    return rows[offered > holdings[account]]


def from_yuan(
    account: npt.ArrayLike,
    side: npt.ArrayLike,
    price: npt.ArrayLike,
    quantity: npt.ArrayLike,
    time: npt.ArrayLike,
    *,
    accounts: int,
    tick: float = 0.01,
    lot: float = 1.0,
    lowest: int = 1,
    highest: int | None = None,
) -> Screened:
    """Turn prices in yuan/t and quantities in tonnes into orders, refusing what is not on tick and lot.

    Nothing is rounded on the participant's behalf: 50.005 yuan at a tick of 0.01 is refused as off-tick.

    Parameters
    ----------
    account, side, time
        (n,) whole numbers
    price : (n,) float, yuan/t
    quantity : (n,) float, t
    accounts : int
        Number of accounts in the registry.
    tick : float
        Yuan/t.
    lot : float
        Tonnes.
    lowest, highest : int
        As in `screen`, in ticks.
    """
    ticks = np.atleast_1d(np.asarray(price, np.float64)) / tick
    lots = np.atleast_1d(np.asarray(quantity, np.float64)) / lot
    bad_number = ~(np.isfinite(ticks) & np.isfinite(lots)) | (np.abs(ticks) > 2**53) | (np.abs(lots) > 2**53)
    ticks, lots = np.where(bad_number, 1.0, ticks), np.where(bad_number, 1.0, lots)
    good, refused = _sift(
        len(ticks),
        [
            ("not a finite number", bad_number),
            ("negative price", ticks < 0),
            ("off-tick price", _between(ticks)),
            ("off-lot quantity", _between(lots) & (lots > 0)),
        ],
    )
    rows = np.flatnonzero(good)
    book = Orders(
        np.atleast_1d(np.asarray(account))[rows],
        np.atleast_1d(np.asarray(side))[rows],
        np.rint(ticks[rows]).astype(np.int64),
        np.rint(lots[rows]).astype(np.int64),
        np.atleast_1d(np.asarray(time))[rows],
    )
    rest = screen(book, accounts, lowest, highest)
    for reason, count in rest.refused.items():
        refused[reason] = refused.get(reason, 0) + count
    good[rows] = rest.good
    return Screened(rest.orders, refused, good)


def _between(steps: Floats) -> Mask:
    """Tell which values are not whole, allowing for what division by the tick costs in floating point."""
    slack = 1e-6 + 4 * np.finfo(np.float64).eps * np.abs(steps)
    return np.asarray(np.abs(steps - np.rint(steps)) > slack)


def accounts_in(orders: Orders) -> int:
    """Return how many accounts the orders' numbers span, from 0.

    Raises
    ------
    OrderError
        For a negative account, which `screen` would have refused.
    """
    if orders.account.min(initial=0) < 0:
        raise OrderError(
            "orders: account {least} is negative; `screen` refuses such orders", least=int(orders.account.min())
        )
    return int(orders.account.max(initial=-1)) + 1


def own_crossing(orders: Orders) -> Mask:
    """Tell which orders would trade with the same account's other orders.

    An account whose highest bid reaches its own lowest ask keeps the side on which it spoke first (time, then
    row); its orders on the other side that cross the kept side are marked. What remains of an account never
    crosses itself, so at a uniform price it can only buy or only sell.
    """
    accounts = accounts_in(orders)
    return marked_of(orders.account, orders.side, orders.price, orders.time, accounts)


@compiled
def marked_of(account: Any, side: Any, price: Any, time: Any, accounts: int) -> Mask:
    """Mark the orders of `own_crossing`."""
    marked = np.zeros(len(account), np.bool_)
    bid, ask = np.full(accounts, LOWEST), np.full(accounts, HIGHEST)
    for row in range(len(account)):
        owner = account[row]
        if side[row] > 0:
            bid[owner] = max(bid[owner], price[row])
        elif side[row] < 0:
            ask[owner] = min(ask[owner], price[row])
    if not (bid >= ask).any():
        return marked
    spoke, kept = np.full(accounts, HIGHEST), np.zeros(accounts, np.int8)
    for row in range(len(account)):
        if time[row] < spoke[account[row]] or kept[account[row]] == 0:
            spoke[account[row]], kept[account[row]] = time[row], side[row]
    for row in range(len(account)):
        owner = account[row]
        if bid[owner] >= ask[owner] and side[row] != kept[owner]:
            marked[row] = price[row] <= bid[owner] if kept[owner] > 0 else price[row] >= ask[owner]
    return marked
