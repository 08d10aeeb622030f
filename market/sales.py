"""What government still has to sell: the state of a year's auctions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


def _none(length: int) -> NDArray[np.int64]:
    return np.zeros(length, np.int64)


@dataclass(frozen=True)
class Sales:
    """Auctions of a year.

    Attributes
    ----------
    offers : (periods,) int64
        t to be auctioned in each market period of the year, whatever the price; empty before the first year.
    left : (4,) int64
        t that may still be withheld, and that each tier of `tanshi.scenarios.containment.TIERS` still has.
    sold : int
        t auctioned this year, of what was to be auctioned.
    before : int
        The same of the year before.
    beyond : int
        t sold out of tiers this year.
    withheld : int
        t cancelled this year because nobody paid their trigger or reserve price.
    released : int
        Number of the period in which a tier by past prices was last released; -1 before.
    """

    offers: NDArray[np.int64] = field(default_factory=lambda: _none(0))
    left: NDArray[np.int64] = field(default_factory=lambda: _none(4))
    sold: int = 0
    before: int = 0
    beyond: int = 0
    withheld: int = 0
    released: int = -1
