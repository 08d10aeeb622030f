"""Double auction with trade reduction: honest bids pay, at the price of one trade.

McAfee (1992), A dominant strategy double auction, Journal of Economic Theory 56:434-450.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.market.crossing import cross
from tanshi.market.orders import BUY, SELL, Orders, own_crossing
from tanshi.market.sides import Side, pair, pooled
from tanshi.market.venue import Clearing, Fills, Venue


@dataclass(frozen=True)
class TradeReduction(Venue):
    """Clear a book so that nobody gains by misstating a single lot's worth.

    Number lots as in the call auction, b_1 >= b_2 >= ..., a_1 <= a_2 <= ..., m the largest number with b_m >= a_m.
    If p = (b_{m+1} + a_{m+1}) / 2 lies within [a_m, b_m], all m lots trade at p, rounded to the tick. Otherwise the
    two orders that hold lot m do not trade; the others do, buyers paying b_m and sellers receiving a_m, and the
    difference stays with the house (`tanshi.market.registry.Registry.settle` books it).

    With orders of one lot this is McAfee's mechanism. With larger orders the marginal order goes as a whole, since
    its owner could move the price for its other lots; where the two sides then differ in size, the longer one is
    cut back at its worst orders, the later one first.
    """

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the book; orders must have passed `tanshi.market.orders.screen`."""
        own = own_crossing(orders)
        refused = {"own orders cross": int(own.sum())} if own.any() else {}
        bids = _by_time(orders, np.flatnonzero((orders.side > 0) & ~own), descending=True)
        asks = _by_time(orders, np.flatnonzero((orders.side < 0) & ~own), descending=False)
        found = cross(orders, np.where(own, 0, orders.quantity))
        m, (low, high) = found.volume, found.interval
        middle = low if high is None else high if low is None else (low + high) // 2
        filled = np.zeros(len(orders), np.int64)
        nothing = Clearing(None, 0, Fills.none(), found.interval, middle, filled, refused)
        if m == 0:
            return nothing
        ask, next_bid, bid, next_ask = found.ask, found.next_bid, found.bid, found.next_ask
        assert ask is not None
        assert bid is not None
        common = None
        if next_bid is not None and next_ask is not None and 2 * ask <= next_bid + next_ask <= 2 * bid:
            common = (next_bid + next_ask) // 2
        if common is None:
            m = min(_without_marginal(bids, m), _without_marginal(asks, m))
            if m == 0:
                return nothing
        pays, gets = (bid, ask) if common is None else (common, common)
        for side in (bids, asks):
            filled[side.rows] = np.diff(np.minimum(side.total, m), prepend=0)
        buyers, bought = pooled(orders, filled, BUY)
        sellers, sold = pooled(orders, filled, SELL)
        buyer, seller, quantity = pair(bought, sold)
        price = np.full(len(quantity), pays)
        proceeds = None if pays == gets else np.full(len(quantity), gets)
        fills = Fills(buyers[buyer], sellers[seller], quantity, price, proceeds)
        return Clearing(pays, m, fills, found.interval, (pays + gets) // 2, filled, refused)


def _by_time(orders: Orders, rows: np.ndarray[tuple[int], np.dtype[np.int64]], *, descending: bool) -> Side:
    """Return a side by price, by time at equal price."""
    return Side.of(orders, rows[np.argsort(orders.time[rows], kind="stable")], descending=descending)


def _without_marginal(side: Side, lot: int) -> int:
    """Return the lots ahead of the order that holds a lot."""
    place = side.position(lot)
    return int(side.total[place - 1]) if place else 0
