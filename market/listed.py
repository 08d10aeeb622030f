"""Listed agreement (挂牌协议交易), the main way of trading in China's national market.

A participant lists an order; others take it at its price. Rules of the Shanghai Environment and Energy Exchange,
Notice on the national carbon emission trading of 21 June 2021 (关于全国碳排放权交易相关事项的公告), under the Rules for
the management of carbon emission trading (trial), Ministry of Ecology and Environment, 2021:

- a single order is below 100,000 t;
- prices within 10 % of the previous close;
- the five best price levels of the other side are shown, and taken from at the listed price, the best price first;
  among orders at one price the taker may choose, so time gives no priority;
- the close is the volume-weighted mean of the day's listed trades; without a trade, the previous close;
- allowances bought today may not be sold today.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tanshi.errors import TanshiError
from tanshi.market.continuous import outcome
from tanshi.market.limits import Limits, special_quotation
from tanshi.market.matching import meet
from tanshi.market.orders import Orders
from tanshi.market.venue import Clearing, Venue

LIMIT = 0.10
BELOW = 100_000  # t; a single order must be smaller
LEVELS = 5

Choice = Literal["any", "earliest"]


class ListingError(TanshiError, ValueError):
    """A listed agreement called in a way its rules do not cover."""


@dataclass(frozen=True)
class ListedAgreement(Venue):
    """One day of listed agreements.

    Each arriving order takes from the five best levels of the other side as far as its own price allows, and is
    listed with what is left. What still crosses listings beyond the fifth level is taken back, not listed, so the
    book never stands crossed. No same-day resale needs no rule here: the registry delivers only what a seller held
    when the day began (`tanshi.market.registry.Registry.settle`), and `tanshi.market.orders.screen` refuses offers
    beyond that.

    Attributes
    ----------
    close : int
        Previous close, ticks.
    lot : float
        Tonnes in one lot.
    choice : 'any' | 'earliest'
        Whom a taker chooses at one price: anyone, drawn at random, or who listed first.
    quotations : bool
        Whether without a trade the best order beyond the previous close is the new one (`special_quotation`).
    """

    close: int
    lot: float = 1.0
    choice: Choice = "any"
    quotations: bool = False

    @property
    def limits(self) -> Limits:
        """Admissible prices and sizes of the day."""
        return Limits.around(self.close, LIMIT, largest=int(-(-BELOW // self.lot)) - 1)

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the book; orders must have passed `tanshi.market.orders.screen`.

        Raises
        ------
        ListingError
            If takers choose at random and no generator is given.
        """
        if self.choice == "any" and rng is None:
            raise ListingError("listed agreement: takers who choose anyone need a random generator")
        good, refused = self.limits.sift(orders)
        kept = np.flatnonzero(good)
        admitted = orders.take(kept)
        preference = rng.permutation(len(kept)) if self.choice == "any" and rng is not None else None
        met = meet(admitted, LEVELS, preference)
        if met.withdrawn.any():
            refused["crosses listings beyond the five best levels"] = int(met.withdrawn.sum())
        cleared = outcome(orders, admitted, kept, met, refused)
        # What a listing asks is no price until somebody takes it.
        return replace(cleared, indicative=self.next_close(cleared))

    def next_close(self, clearing: Clearing) -> int:
        """Return the day's close in ticks: the mean of its trades; without one by the rule for days without a trade."""
        if clearing.price is not None:
            return clearing.price
        return special_quotation(self.close, *clearing.interval) if self.quotations else self.close
