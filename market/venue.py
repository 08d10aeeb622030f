"""The contract of every venue: orders in, one clearing out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from tanshi.market.orders import Ints, Orders


@dataclass(frozen=True)
class Fills:
    """Trades, one row a fill.

    Attributes
    ----------
    buyer, seller : (m,) int64
        Registry accounts.
    quantity : (m,) int64
        Lots, positive.
    price : (m,) int64
        Ticks paid per unit.
    proceeds : (m,) int64 | None
        Ticks the seller receives per unit where that is less than what the buyer pays; the rest goes to whoever
        runs the venue. None: all of the price.
    """

    buyer: Ints
    seller: Ints
    quantity: Ints
    price: Ints
    proceeds: Ints | None = None

    def __len__(self) -> int:
        return len(self.quantity)

    @property
    def mean_price(self) -> int | None:
        """Volume-weighted mean of the prices paid, in ticks, half a tick down; None without trade.

        Examples
        --------
        >>> two = np.array([1, 2])
        >>> Fills(two, two, np.array([3, 1]), np.array([10, 14])).mean_price
        11
        """
        volume = int(self.quantity.sum())
        if not volume:
            return None
        # Distances from the lowest price keep the products within 64 bits.
        low = int(self.price.min())
        away = self.price - low
        if int(away.max()) * volume < 1 << 63:
            paid = int((away * self.quantity).sum())
        else:
            paid = sum(d * n for d, n in zip(away.tolist(), self.quantity.tolist(), strict=True))
        return low - (-(2 * paid - volume) // (2 * volume))

    @staticmethod
    def none() -> Fills:
        """Return an empty set of fills."""
        empty = np.zeros(0, np.int64)
        return Fills(empty, empty, empty, empty)


@dataclass(frozen=True)
class Clearing:
    """What a venue made of a book.

    Attributes
    ----------
    price : int | None
        Ticks; None where nothing traded.
    volume : int
        Lots traded.
    fills : Fills
        Who bought from whom.
    interval : tuple[int | None, int | None]
        Every price in ticks that balances the book, ends included; None where the book leaves an end open.
    indicative : int | None
        Ticks; the price, or without trade the price the book points to: between best bid and best ask, or the
        only side's best order. None for an empty book.
    filled : (n,) int64
        Lots filled of each order given.
    refused : Mapping[str, int]
        Reason -> number of orders the venue itself refused.
    blocks : int
        Number of fills, the first ones, that were agreed as blocks beside the venue.
    """

    price: int | None
    volume: int
    fills: Fills
    interval: tuple[int | None, int | None]
    indicative: int | None
    filled: Ints
    refused: Mapping[str, int] = field(default_factory=dict)
    blocks: int = 0

    @property
    def pointed(self) -> int | None:
        """Ticks; the price, or without trade the price the book points to."""
        return self.indicative if self.price is None else self.price


class Venue(Protocol):
    """A trading mechanism."""

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the orders; `rng` is used only where the mechanism's rules draw lots."""
        ...

    def indicate(self, orders: Orders, rng: np.random.Generator | None = None) -> int | None:
        """Return the price that `clear` would find, or without trade the price the book points to; None if to none."""
        return self.clear(orders, rng).pointed
