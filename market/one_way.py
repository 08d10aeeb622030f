"""One-way auction (单向竞价): one seller, many bidders.

Rules for the management of carbon emission trading (trial), Ministry of Ecology and Environment, 2021: a participant
applies to sell, the exchange announces it, and qualified bidders quote within a set time. The rules leave the price
to the exchange; both usual ones are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tanshi.market.orders import Ints, Orders, own_crossing
from tanshi.market.sides import Side, ascending
from tanshi.market.venue import Clearing, Fills, Venue

Pricing = Literal["uniform", "as_bid"]


@dataclass(frozen=True)
class OneWayAuction(Venue):
    """Sell each seller's offer to the highest bidders.

    Every seller holds an auction of its own, in order of arrival, among the bids that are left. An offer's limit is
    its reserve price; offers at several prices make a rising reserve. At equal price the earlier bid is served first.

    Attributes
    ----------
    pricing : 'uniform' | 'as_bid'
        All winners of an auction pay its lowest winning bid, or each pays its own.
    """

    pricing: Pricing = "uniform"

    def __post_init__(self) -> None:
        if self.pricing not in ("uniform", "as_bid"):
            raise ValueError(f"one-way auction: pricing {self.pricing!r} is none of uniform, as_bid")

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Hold the auctions; orders must have passed `tanshi.market.orders.screen`."""
        own = own_crossing(orders)
        refused = {"own orders cross": int(own.sum())} if own.any() else {}
        buying = np.flatnonzero((orders.side > 0) & ~own)
        bids = Side.of(orders, buying[np.argsort(orders.time[buying], kind="stable")], descending=True)
        offers = self._offers(orders, np.flatnonzero((orders.side < 0) & ~own))
        left = orders.quantity.tolist()
        price = bids.price.tolist()
        rows = bids.rows.tolist()
        pays: list[int] = []
        b_rows, s_rows, lots = [], [], []
        i = first = 0
        seller = -1
        for offer, account, reserve in zip(
            offers.tolist(), orders.account[offers].tolist(), orders.price[offers].tolist(), strict=True
        ):
            if account != seller:
                self._price(pays, first)
                seller, first = account, len(pays)
            while i < len(rows) and left[offer] and price[i] >= reserve:
                part = min(left[offer], left[rows[i]])
                b_rows.append(rows[i])
                s_rows.append(offer)
                lots.append(part)
                pays.append(price[i])
                left[offer] -= part
                left[rows[i]] -= part
                i += left[rows[i]] == 0
        self._price(pays, first)
        b, s, quantity, paid = (np.array(column, np.int64) for column in (b_rows, s_rows, lots, pays))
        fills = Fills(orders.account[b], orders.account[s], quantity, paid)
        filled = orders.quantity - np.array(left, np.int64)
        open_bid = price[i] if i < len(rows) else None
        asked = orders.price[offers[filled[offers] < orders.quantity[offers]]]
        open_ask = int(asked.min()) if len(asked) else None
        mean = fills.mean_price
        return Clearing(mean, int(quantity.sum()), fills, (open_bid, open_ask), mean, filled, refused)

    def _price(self, pays: list[int], first: int) -> None:
        """Set one auction's price in what its winners pay."""
        if self.pricing == "uniform" and len(pays) > first:
            pays[first:] = [pays[-1]] * (len(pays) - first)

    @staticmethod
    def _offers(orders: Orders, rows: Ints) -> Ints:
        """Return offers by seller in order of arrival, each seller's by reserve price."""
        if not len(rows):
            return rows
        arrival = np.full(int(orders.account.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(arrival, orders.account[rows], orders.time[rows])
        rows = rows[ascending(orders.price[rows] - orders.price[rows].min())[0]]
        account = orders.account[rows]
        return np.asarray(rows[np.lexsort((account, arrival[account]))])
