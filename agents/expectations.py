"""What firms expect of the price, and what a later price is worth today."""

from __future__ import annotations

import numpy as np

from tanshi.market.orders import Floats


def adapt(expected: Floats, observed: float, weight: float) -> Floats:
    """Move expected prices part of the way to the price just seen (adaptive expectations).

    Parameters
    ----------
    expected : (firms,) float
        Yuan/t.
    observed : float
        Yuan/t.
    weight : float
        0 never learns, 1 expects today's price.

    References
    ----------
    Nerlove (1958), Adaptive expectations and cobweb phenomena, Quarterly Journal of Economics 72:227-240.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"expectations: weight is {weight}, expected 0 to 1")
    return np.asarray(expected + weight * (observed - expected))


def present_value(price: Floats, discount_rate: Floats, years: float) -> Floats:
    """Return what a price some years ahead is worth today, yuan/t."""
    return np.asarray(price / (1.0 + discount_rate) ** years)
