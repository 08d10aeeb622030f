"""Uniform-price call auction (sealed double auction, one price for all).

The k-rule is that of Chatterjee and Samuelson (1983, Operations Research 31:835-851) for one pair and of
Wilson (1985, Econometrica 53:1101-1115) for a book: the price is the point k of the interval of prices that
balance it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tanshi.errors import TanshiError
from tanshi.market.apportion import apportion
from tanshi.market.crossing import Crossing, cross, point, serve
from tanshi.market.orders import BUY, SELL, Ints, Orders, own_crossing
from tanshi.market.sides import pair, pooled
from tanshi.market.venue import Clearing, Fills, Venue

Ties = Literal["price_time", "pro_rata", "random"]


class AuctionError(TanshiError, ValueError):
    """A call auction set up or called in a way its rules do not cover."""


@dataclass(frozen=True)
class CallAuction(Venue):
    """Clear a book at one price.

    Number the lots of the bids from the highest price down, b_1 >= b_2 >= ..., and those of the asks from the
    lowest up. The volume m is the largest with b_m >= a_m, which is the maximum of min(demand, supply) over
    prices. The interval of prices is [max(a_m, b_{m+1}), min(b_m, a_{m+1})]: the accepted orders' margin
    tightened by the best rejected orders. It is the closure of the prices of maximal volume and then least
    imbalance, and it collapses to one price wherever one side has to be rationed. Within it the price is
    low + k (high - low), rounded to the nearest tick, half a tick down.

    Only one side can be rationed, at the clearing price. Each account's lots are pooled, and buyers and
    sellers are laid side by side in order of arrival; under a uniform price who meets whom moves no money.

    Orders with which an account would trade with itself are refused (see `tanshi.market.orders.own_crossing`).

    Parameters
    ----------
    k : float
        0 gives the whole interval to buyers, 1 to sellers.
    ties : 'price_time' | 'pro_rata' | 'random'
        Who is served at the margin: the earlier order, all in proportion (largest remainder; equal remainders go by
        lot where there is a generator, else to the earlier order), or by lot.

    Raises
    ------
    AuctionError
        For k outside [0, 1], an unknown tie rule, or random ties without a generator.
    """

    k: float = 0.5
    ties: Ties = "price_time"

    def __post_init__(self) -> None:
        if not 0.0 <= self.k <= 1.0:
            raise AuctionError("call auction: k is {k}, expected 0 to 1", k=self.k)
        if self.ties not in ("price_time", "pro_rata", "random"):
            raise AuctionError(
                "call auction: tie rule {ties!r} is none of price_time, pro_rata, random", ties=self.ties
            )

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the book; orders must have passed `tanshi.market.orders.screen`."""
        if self.ties == "random" and rng is None:
            raise AuctionError("call auction: random ties need a random generator")
        lots, refused = _admitted(orders)
        found = cross(orders, lots)
        price = self._price(found)
        if found.volume == 0 or price is None:
            filled = np.zeros(len(orders), np.int64)
            return Clearing(None, 0, Fills.none(), found.interval, price, filled, refused)
        filled = self._serve(orders, lots, found, rng)
        buyers, bought = pooled(orders, filled, BUY)
        sellers, sold = pooled(orders, filled, SELL)
        buyer, seller, quantity = pair(bought, sold)
        fills = Fills(buyers[buyer], sellers[seller], quantity, np.full(len(quantity), price, np.int64))
        return Clearing(price, found.volume, fills, found.interval, price, filled, refused)

    def indicate(self, orders: Orders, rng: np.random.Generator | None = None) -> int | None:
        """Return the price that `clear` would find; nobody is served."""
        return self._price(cross(orders, _admitted(orders)[0]))

    def _price(self, found: Crossing) -> int | None:
        low, high = found.interval
        if low is None or high is None:
            return high if low is None else low
        return point(low, high, self.k)

    def _serve(self, orders: Orders, lots: Ints, found: Crossing, rng: np.random.Generator | None) -> Ints:
        """Return the lots each order gets: those better than the last to trade all of theirs, the last what is left."""
        filled, excess, last = serve(orders, lots, found)
        if excess:
            standing = lots[last]
            filled[last] = self._ration(standing, int(standing.sum()) - abs(excess), orders.time[last], rng)
        return filled

    def _ration(self, lots: Ints, left: int, time: Ints, rng: np.random.Generator | None) -> Ints:
        drawn = rng is not None and self.ties != "price_time"
        turn = rng.permutation(len(lots)) if drawn and rng is not None else np.argsort(time, kind="stable")
        if self.ties == "pro_rata":
            shared = np.empty_like(lots)
            shared[turn] = apportion(left, lots[turn])
            return shared
        upto = np.minimum(np.cumsum(lots[turn]), left)
        result = np.empty_like(lots)
        result[turn] = np.diff(upto, prepend=0)
        return result


def _admitted(orders: Orders) -> tuple[Ints, dict[str, int]]:
    """Return the lots that count of each order, none of those refused, and how many are refused for which reason."""
    own = own_crossing(orders)
    if not own.any():
        return orders.quantity, {}
    return np.where(own, 0, orders.quantity), {"own orders cross": int(own.sum())}
