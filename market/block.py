"""Block agreement (大宗协议交易): two parties agree on a large trade at a price of their own.

Rules of the Shanghai Environment and Energy Exchange, Notice of 21 June 2021: a trade is of 100,000 t or more,
and its price within 30 % of the previous close of the listed agreements.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tanshi.market.crossing import point
from tanshi.market.limits import Limits, special_quotation
from tanshi.market.orders import Ints, Orders
from tanshi.market.sides import Side
from tanshi.market.venue import Clearing, Fills, Venue

LIMIT = 0.30
SMALLEST = 100_000  # t


@dataclass(frozen=True)
class BlockAgreement(Venue):
    """One day of negotiated trades.

    Whom a party meets is not public. Assumed: who values a block most meets who asks least for it, then the next
    two; they trade the smaller of the two amounts, if that is still a block, at the point k between their limits.
    The larger party looks for the next as long as a block is left.

    Attributes
    ----------
    close : int
        Previous close of the listed agreements, ticks; block trades do not move it.
    lot : float
        Tonnes in one lot.
    k : float
        Where between the two limits the parties agree: 0 at the seller's, 1 at the buyer's.
    size : int
        Smallest block, t.
    quotations : bool
        Whether without a trade the best order beyond the previous close is the price pointed to.
    """

    close: int
    lot: float = 1.0
    k: float = 0.5
    size: int = SMALLEST
    quotations: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.k <= 1.0:
            raise ValueError(f"block agreement: k is {self.k}, expected 0 to 1")

    @property
    def limits(self) -> Limits:
        """Admissible prices and sizes of the day."""
        return Limits.around(self.close, LIMIT, smallest=math.ceil(self.size / self.lot))

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the book; orders must have passed `tanshi.market.orders.screen`."""
        limits = self.limits
        good, refused = limits.sift(orders)
        bids = Side.of(orders, np.flatnonzero(good & (orders.side > 0)), descending=True)
        asks = Side.of(orders, np.flatnonzero(good & (orders.side < 0)), descending=False)
        left = orders.quantity.tolist()
        smallest = limits.smallest or 1
        buying, selling, lots = [], [], []
        i = j = 0
        while i < len(bids.rows) and j < len(asks.rows) and bids.price[i] >= asks.price[j]:
            buyer, seller = int(bids.rows[i]), int(asks.rows[j])
            part = min(left[buyer], left[seller])
            buying.append(buyer)
            selling.append(seller)
            lots.append(part)
            left[buyer] -= part
            left[seller] -= part
            i += left[buyer] < smallest
            j += left[seller] < smallest
        b, s, quantity = (np.array(column, np.int64) for column in (buying, selling, lots))
        price = self._agreed(orders.price[b], orders.price[s])
        fills = Fills(orders.account[b], orders.account[s], quantity, price)
        interval = (
            int(bids.price[i]) if i < len(bids.rows) else None,
            int(asks.price[j]) if j < len(asks.rows) else None,
        )
        mean = fills.mean_price
        filled = orders.quantity - np.array(left, np.int64)
        indicative = mean
        if indicative is None:
            indicative = special_quotation(self.close, *interval) if self.quotations else self.close
        return Clearing(mean, int(quantity.sum()), fills, interval, indicative, filled, refused)

    def _agreed(self, bid: Ints, ask: Ints) -> Ints:
        if not len(bid) or int(bid.max()) < 1 << 50:  # so few ticks that floats hold them exactly
            above = self.k * (bid - ask)
            agreed = np.asarray(ask + np.ceil(above - 0.5).astype(np.int64))
            near = np.abs(above % 1.0 - 0.5) <= 1e-15 * np.maximum(above, 1.0)  # half a tick, but for rounding
            for i in np.flatnonzero(near):
                agreed[i] = point(int(ask[i]), int(bid[i]), self.k)
            return agreed
        pairs = zip(ask.tolist(), bid.tolist(), strict=True)
        return np.array([point(low, high, self.k) for low, high in pairs], np.int64)
