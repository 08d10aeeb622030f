"""Uniform-price call auction (sealed double auction, one price for all).

The k-rule is that of Chatterjee and Samuelson (1983, Operations Research 31:835-851) for one pair and of
Wilson (1985, Econometrica 53:1101-1115) for a book: the price is the point k of the interval of prices that
balance it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from market.apportion import apportion
from market.orders import Ints, Orders, own_crossing
from market.sides import Side, crosses_itself, largest_volume, pair, pooled
from market.venue import Clearing, Fills

Ties = Literal["price_time", "pro_rata", "random"]


class AuctionError(ValueError):
    """A call auction set up or called in a way its rules do not cover."""


@dataclass(frozen=True)
class CallAuction:
    """Clear a book at one price.

    Number the lots of the bids from the highest price down, b_1 >= b_2 >= ..., and those of the asks from the
    lowest up. The volume m is the largest with b_m >= a_m, which is the maximum of min(demand, supply) over
    prices. The interval of prices is [max(a_m, b_{m+1}), min(b_m, a_{m+1})]: the accepted orders' margin
    tightened by the best rejected orders. It is the closure of the prices of maximal volume and then least
    imbalance, and it collapses to one price wherever one side has to be rationed. Within it the price is
    low + k (high - low), rounded to the nearest tick, half a tick down.

    Only one side can be rationed, at the clearing price. Each account's lots are pooled, and buyers and
    sellers are laid side by side in order of arrival; under a uniform price who meets whom moves no money.

    Orders with which an account would trade with itself are refused (see `market.orders.own_crossing`).

    Parameters
    ----------
    k : float
        0 gives the whole interval to buyers, 1 to sellers.
    ties : 'price_time' | 'pro_rata' | 'random'
        Who is served at the margin: the earlier order, all in proportion (largest remainder), or by lot.

    Raises
    ------
    AuctionError
        For k outside [0, 1], an unknown tie rule, or random ties without a generator.
    """

    k: float = 0.5
    ties: Ties = "price_time"

    def __post_init__(self) -> None:
        if not 0.0 <= self.k <= 1.0:
            raise AuctionError(f"call auction: k is {self.k}, expected 0 to 1")
        if self.ties not in ("price_time", "pro_rata", "random"):
            raise AuctionError(
                f"call auction: tie rule {self.ties!r} is none of price_time, pro_rata, random"
            )

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the book; orders must have passed `market.orders.screen`."""
        if self.ties == "random" and rng is None:
            raise AuctionError("call auction: random ties need a random generator")
        bids = Side.of(orders, np.flatnonzero(orders.side > 0), descending=True)
        asks = Side.of(orders, np.flatnonzero(orders.side < 0), descending=False)
        refused: dict[str, int] = {}
        if crosses_itself(orders, bids, asks):
            own = own_crossing(orders)
            refused["own orders cross"] = int(own.sum())
            bids = Side.of(orders, np.flatnonzero((orders.side > 0) & ~own), descending=True)
            asks = Side.of(orders, np.flatnonzero((orders.side < 0) & ~own), descending=False)
        volume = largest_volume(bids, asks)
        low = max((p for p in (asks.at(volume), bids.at(volume + 1)) if p is not None), default=None)
        high = min((p for p in (bids.at(volume), asks.at(volume + 1)) if p is not None), default=None)
        indicative = self._price(low, high)
        filled = np.zeros(len(orders), np.int64)
        if volume == 0 or indicative is None:
            return Clearing(None, 0, Fills.none(), (low, high), indicative, filled, refused)
        buying, bought = self._serve(bids, volume, orders.time, rng)
        selling, sold = self._serve(asks, volume, orders.time, rng)
        filled[buying], filled[selling] = bought, sold
        buyers, bought = pooled(orders.account[buying], orders.time[buying], bought)
        sellers, sold = pooled(orders.account[selling], orders.time[selling], sold)
        buyer, seller, quantity = pair(bought, sold)
        price = np.full(len(quantity), indicative, np.int64)
        fills = Fills(buyers[buyer], sellers[seller], quantity, price)
        return Clearing(indicative, volume, fills, (low, high), indicative, filled, refused)

    def _price(self, low: int | None, high: int | None) -> int | None:
        if low is None or high is None:
            return high if low is None else low
        return low + math.ceil(self.k * (high - low) - 0.5)

    def _serve(
        self, side: Side, volume: int, time: Ints, rng: np.random.Generator | None
    ) -> tuple[Ints, Ints]:
        """Return the rows served, best price first, and the lots each gets."""
        marginal = side.position(volume)
        first = int(np.searchsorted(side.rank, side.rank[marginal], "left"))
        last = int(np.searchsorted(side.rank, side.rank[marginal], "right"))
        rows, lots = side.rows[:last], np.diff(side.total[:last], prepend=0)
        left = volume - (int(side.total[first - 1]) if first else 0)
        if int(side.total[last - 1]) > volume:
            lots[first:] = self._ration(lots[first:], left, time[rows[first:]], rng)
        served = lots > 0
        return rows[served], lots[served]

    def _ration(self, lots: Ints, left: int, time: Ints, rng: np.random.Generator | None) -> Ints:
        if self.ties == "pro_rata":
            return apportion(left, lots)
        if self.ties == "random" and rng is not None:
            turn = rng.permutation(len(lots))
        else:
            turn = np.argsort(time, kind="stable")
        upto = np.minimum(np.cumsum(lots[turn]), left)
        result = np.empty_like(lots)
        result[turn] = np.diff(upto, prepend=0)
        return result
