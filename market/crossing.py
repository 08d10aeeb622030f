"""Where the demand and supply of a book cross, found without sorting it.

Let B(p) be the lots bid for at p or more and A(p) the lots asked at p or less. At the lowest price p* with
A(p*) >= B(p* + 1) supply covers all demand above it. There the largest volume m that one price allows is traded: below
p* supply is the shorter side and falls, above it demand is, so that m = min(A(p*), B(p*)).

Number the lots of the bids from the highest price down and those of the asks from the lowest up. Lots m and m + 1 of
either side lie at p* or at the limit next to it, since A(p* - 1) and B(p* + 1) are m at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from tanshi.market.orders import Ints, Orders
from tanshi.numerics.compiled import compiled

BELOW, ABOVE = -(1 << 63), (1 << 63) - 1
"""Prices that stand for none, below and above all others."""
BUCKETS = 1024
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Crossing:
    """The largest volume, and the limits of the last lots that trade and of the first that do not.

    Attributes
    ----------
    volume : int
        Lots.
    bid, ask : int | None
        Ticks; limits of the bid and the ask that hold the last lot to trade, None without trade.
    next_bid, next_ask : int | None
        Ticks; limits of the next lot of each side, None where there is none.
    """

    volume: int
    bid: int | None
    ask: int | None
    next_bid: int | None
    next_ask: int | None

    @property
    def interval(self) -> tuple[int | None, int | None]:
        """Lowest and highest price, ticks, that the lots which trade accept and the others do not better."""
        low = max((p for p in (self.ask, self.next_bid) if p is not None), default=None)
        high = min((p for p in (self.bid, self.next_ask) if p is not None), default=None)
        return low, high


def point(low: int, high: int, k: float) -> int:
    """Return the price a part k of the way from one price to another, ticks, half a tick down.

    Exact whatever the prices: 64-bit ticks exceed what a float tells apart.

    Examples
    --------
    >>> point(10, 13, 0.5), point(2**61, 2**61 + 3, 1.0) - 2**61
    (11, 3)
    """
    return low + math.ceil(Fraction(k) * (high - low) - HALF)


def cross(orders: Orders, lots: Ints | None = None) -> Crossing:
    """Return where a book crosses.

    Parameters
    ----------
    orders : Orders
    lots : (n,) int64 | None
        Lots that count of each order, by default all of it.
    """
    volume, *limits = crossing_of(orders.side, orders.price, orders.quantity if lots is None else lots)
    return Crossing(volume, *(None if price in (BELOW, ABOVE) else price for price in limits))


def serve(orders: Orders, lots: Ints, found: Crossing) -> tuple[Ints, int, Ints]:
    """Fill every order that is at or better than its side's last limit to trade, of which there must be some.

    One side at most is filled beyond the volume, since m is B or A at its last limit.

    Returns
    -------
    filled : (n,) int64
        Lots.
    excess : int
        Lots filled beyond the volume: of bids if positive, of asks if negative.
    last : int64 array
        Rows at the limit of the side with an excess; none without.
    """
    assert found.bid is not None
    assert found.ask is not None
    return served(orders.side, orders.price, lots, found.bid, found.ask)


@compiled
def crossing_of(side: Any, price: Any, lots: Any) -> tuple[int, int, int, int, int]:
    """Return the volume and the four limits of `Crossing`, BELOW or ABOVE for what there is not.

    p* is looked for in a range of prices divided into equal buckets, then in the bucket where it lies, until a bucket
    is one tick.
    """
    if len(price) == 0:
        return 0, BELOW, BELOW, BELOW, BELOW
    first, last = span(price)
    over, under = 0, 0  # lots bid for above the range, and asked below it
    while True:
        shift = 0
        while (last - first) >> shift >= BUCKETS:
            shift += 1
        bids, asks = lay(side, price, lots, first, last, shift)
        over += bids.sum()
        for bucket in range(BUCKETS):
            over -= bids[bucket]
            if under + asks[bucket] >= over:
                break
            under += asks[bucket]
        first += bucket << shift
        last = first + min(last - first, (1 << shift) - 1)
        if shift == 0:
            break
    bought, sold = over + bids[bucket], under + asks[bucket]  # B(p*), A(p*)
    volume = min(bought, sold)
    bid_below, bid_above, ask_below, ask_above = beside(side, price, lots, first)
    bid, ask = BELOW, ABOVE
    if volume > 0:
        bid = first if volume > over else bid_above
        ask = first if volume > under else ask_below
    return volume, bid, ask, first if bought > volume else bid_below, first if sold > volume else ask_above


@compiled
def span(price: Any) -> tuple[int, int]:
    """Return the lowest and the highest price."""
    first, last = price[0], price[0]
    for row in range(len(price)):
        first = min(first, price[row])
        last = max(last, price[row])
    return first, last


@compiled
def lay(side: Any, price: Any, lots: Any, first: int, last: int, shift: int) -> tuple[Ints, Ints]:
    """Return the lots bid and asked in each bucket of 2^shift ticks from the first to the last price."""
    lying = np.zeros(2 * BUCKETS, np.int64)  # bids before asks: no branch on the side, which may be random
    for row in range(len(price)):
        if first <= price[row] <= last:
            lying[((price[row] - first) >> shift) + (0 if side[row] > 0 else BUCKETS)] += lots[row]
    return lying[:BUCKETS], lying[BUCKETS:]


@compiled
def beside(side: Any, price: Any, lots: Any, at: int) -> tuple[int, int, int, int]:
    """Return the bid limits next below and above a price, and those of asks."""
    bid_below, bid_above, ask_below, ask_above = BELOW, ABOVE, BELOW, ABOVE
    for row in range(len(price)):  # choices without a branch: so the compiler takes several orders at a time
        limit, buys = price[row], side[row] > 0
        above, below = (lots[row] > 0) & (limit > at), (lots[row] > 0) & (limit < at)
        bid_below = max(bid_below, limit if below & buys else BELOW)
        bid_above = min(bid_above, limit if above & buys else ABOVE)
        ask_below = max(ask_below, limit if below & (not buys) else BELOW)
        ask_above = min(ask_above, limit if above & (not buys) else ABOVE)
    return bid_below, bid_above, ask_below, ask_above


@compiled
def served(side: Any, price: Any, lots: Any, bid: int, ask: int) -> tuple[Ints, int, Ints]:
    """Return what `serve` does."""
    filled = np.zeros(len(price), np.int64)
    excess = 0
    for row in range(len(price)):
        at_least = price[row] >= bid if side[row] > 0 else price[row] <= ask
        filled[row] = lots[row] if at_least else 0
        excess += side[row] * filled[row]
    last, standing = np.empty(len(price) if excess else 0, np.int64), 0
    if excess:
        longer, limit = (1, bid) if excess > 0 else (-1, ask)
        for row in range(len(price)):
            if price[row] == limit and side[row] == longer and lots[row] > 0:
                last[standing] = row
                standing += 1
    return filled, excess, last[:standing]
