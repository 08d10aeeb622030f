"""The two sides of a book, best price first, and what venues ask of them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from market.orders import Ints, Orders


@dataclass(frozen=True)
class Side:
    """One side of the book, best price first and by row at equal price.

    `rank` is the distance from the best price in ticks, `total` the cumulated lots.
    """

    rows: Ints
    price: Ints
    rank: Ints
    total: Ints

    @staticmethod
    def of(orders: Orders, rows: Ints, *, descending: bool) -> Side:
        """Return the side made of some rows, bids descending and asks ascending; given order decides at one price."""
        price = orders.price[rows]
        if not len(rows):
            return Side(rows, price, price, price)
        best = int(price.max() if descending else price.min())
        order, rank = ascending(best - price if descending else price - best)
        rows = rows[order]
        return Side(rows, best - rank if descending else best + rank, rank, np.cumsum(orders.quantity[rows]))

    def position(self, lot: int) -> int:
        """Return the place of the order that holds the lot with this number, counted from 1."""
        return int(np.searchsorted(self.total, lot))

    def at(self, lot: int) -> int | None:
        """Return the price of the lot with this number; None where there is no such lot."""
        if lot < 1 or not len(self.total) or lot > self.total[-1]:
            return None
        return int(self.price[self.position(lot)])


def ascending(values: Ints) -> tuple[Ints, Ints]:
    """Return the stable ascending order of non-negative values, and the values in that order."""
    bits = len(values).bit_length()
    if int(values.max()) < 1 << (62 - bits):
        # Sorting values that carry their own row is several times faster than argsort.
        key = (values << bits) | np.arange(len(values))
        key.sort()
        return key & ((1 << bits) - 1), key >> bits
    order = np.argsort(values, kind="stable")
    return order, values[order]


def pooled(account: Ints, time: Ints, lots: Ints) -> tuple[Ints, Ints]:
    """Add lots up by account; return accounts in order of arrival, and their lots."""
    size = int(account.max()) + 1
    total, arrival = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(total, account, lots)
    arrival[account[::-1]] = time[::-1]  # that of its best order
    who = np.flatnonzero(total)
    who = who[ascending(arrival[who] - arrival[who].min())[0]]
    return who, total[who]


def largest_volume(bids: Side, asks: Side) -> int:
    """Return the largest m with b_m >= a_m, by bisection over the cumulated lots of each side."""
    if not len(bids.total) or not len(asks.total):
        return 0
    most = min(int(bids.total[-1]), int(asks.total[-1]))

    def apart(lot: int) -> bool:
        return bool(bids.price[bids.position(lot)] < asks.price[asks.position(lot)])

    def last_together(total: Ints) -> int:
        ends = int(np.searchsorted(total, most, "right"))
        place = bisect_left(range(ends), True, key=lambda end: apart(int(total[end])))
        return int(total[place - 1]) if place else 0

    return max(last_together(bids.total), last_together(asks.total))


def crosses_itself(orders: Orders, bids: Side, asks: Side) -> bool:
    """Tell whether some account's best bid reaches its own best ask."""
    if not len(bids.rows) or not len(asks.rows):
        return False
    size = int(orders.account.max()) + 1
    best_bid = np.full(size, np.iinfo(np.int64).min)
    best_ask = np.full(size, np.iinfo(np.int64).max)
    # Worst first: of repeated accounts the last assignment, the best price, stays.
    best_bid[orders.account[bids.rows[::-1]]] = bids.price[::-1]
    best_ask[orders.account[asks.rows[::-1]]] = asks.price[::-1]
    return bool((best_bid >= best_ask).any())


def pair(bought: Ints, sold: Ints) -> tuple[Ints, Ints, Ints]:
    """Lay both sides' lots along one line and cut it wherever either side changes hands.

    Returns
    -------
    buyer, seller : places in `bought` and `sold`
    quantity : lots of each piece
    """
    ends = np.concatenate((np.cumsum(bought) << 1, (np.cumsum(sold) << 1) | 1))
    ends.sort(kind="stable")  # two sorted runs: a merge
    is_sale = ends & 1
    quantity = np.diff(ends >> 1, prepend=0)
    piece = quantity > 0
    sales_before = np.cumsum(is_sale) - is_sale
    buys_before = np.arange(len(ends)) - sales_before
    return buys_before[piece], sales_before[piece], quantity[piece]
