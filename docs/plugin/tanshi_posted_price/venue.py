"""A venue: everyone who accepts a posted price trades at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.market.orders import Orders
from tanshi.market.sides import pair
from tanshi.market.venue import Clearing, Fills, Venue
from tanshi.market.venues import Day


@dataclass(frozen=True)
class PostedPrice(Venue):
    """Everyone who accepts yesterday's close trades at it, first come first served.

    Attributes
    ----------
    day : Day
        What a venue knows when it opens.
    """

    day: Day
    uniform = True
    """All pay one price: an order's limit does not set what its owner pays."""

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Clear a book at the posted price."""
        posted = self.day.close
        turn = np.argsort(orders.time, kind="stable")
        bids = turn[(orders.side[turn] > 0) & (orders.price[turn] >= posted)]
        asks = turn[(orders.side[turn] < 0) & (orders.price[turn] <= posted)]
        volume = int(min(orders.quantity[bids].sum(), orders.quantity[asks].sum()))
        filled = np.zeros(len(orders), np.int64)
        for rows in (bids, asks):
            filled[rows] = np.diff(np.minimum(np.cumsum(orders.quantity[rows]), volume), prepend=0)
        buyer, seller, lots = pair(filled[bids], filled[asks])
        price = np.full(len(lots), posted)
        fills = Fills(orders.account[bids][buyer], orders.account[asks][seller], lots, price)
        return Clearing(posted if volume else None, volume, fills, (None, None), posted, filled)
