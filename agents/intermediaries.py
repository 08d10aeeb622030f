"""Intermediaries: traders without obligations, who buy low and sell high against what they expect."""

from __future__ import annotations

import numpy as np

from tanshi.agents.abatement import Demand
from tanshi.market.orders import Floats, Ints


def inventory_demand(held: Ints, capacity: Floats, worth: Floats, width: float, price: float) -> Demand:
    """Return what intermediaries want to buy or sell around a trial price.

    They keep half their capacity in stock at the price they expect, all of it at half of `width` below that price,
    nothing at half of `width` above it, and in proportion between. Nobody goes short.

    Parameters
    ----------
    held : (m,) int64
        Tonnes.
    capacity : (m,) float
        Tonnes.
    worth : (m,) float
        Expected price, yuan/t.
    width : float
        Part of the expected price.
    price : float
        Trial price, yuan/t.
    """
    zero = np.zeros(len(held))
    slope = -capacity / (width * np.maximum(worth, 1.0))
    return Demand(price, -held.astype(np.float64), zero, zero, zero, 0.5 * capacity + slope * (price - worth), slope)
