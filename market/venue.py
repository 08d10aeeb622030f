"""The contract of every venue: orders in, one clearing out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from market.orders import Ints, Orders


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
    """

    buyer: Ints
    seller: Ints
    quantity: Ints
    price: Ints

    def __len__(self) -> int:
        return len(self.quantity)

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
    """

    price: int | None
    volume: int
    fills: Fills
    interval: tuple[int | None, int | None]
    indicative: int | None
    filled: Ints
    refused: Mapping[str, int] = field(default_factory=dict)


class Venue(Protocol):
    """A trading mechanism."""

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the orders; `rng` is used only where the mechanism's rules draw lots."""
        ...
