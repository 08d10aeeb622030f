"""Abatement investment that cannot be undone, and what waiting is worth.

A firm may once cut part of its emissions for good by building something. Under certainty it builds when a year's saving
covers a year's cost. Where the price is uncertain and the building cannot be sold, waiting has a value, and the price
has to exceed that cost by a multiple: Dixit and Pindyck (1994), Investment under uncertainty, Princeton University
Press, ch. 5.
"""

from __future__ import annotations

import math

import numpy as np

from tanshi.market.orders import Floats, Mask


def annuity(rate: Floats | float, years: float) -> Floats:
    """Return the yearly payment that one yuan invested asks for over a life of some years.

    Examples
    --------
    >>> round(float(annuity(0.08, 20)), 5)
    0.10185
    """
    rate = np.asarray(rate, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        paid = rate / (1.0 - (1.0 + rate) ** -years)
    return np.where(rate > 0, paid, 1.0 / years)


def option_multiple(rate: float, drift: float, volatility: float) -> float:
    """Return how far the price must exceed the cost of a year before building beats waiting.

    beta / (beta - 1), with beta the positive root of s^2 b (b - 1) / 2 + a b - r = 0, for a price that follows a
    geometric Brownian motion with drift a and volatility s, discounted at r.

    Raises
    ------
    ValueError
        If the price grows as fast as it is discounted: then nobody ever builds.

    Examples
    --------
    Dixit and Pindyck's own: r = 0.04, no drift, s = 0.2.

    >>> round(option_multiple(0.04, 0.0, 0.2), 9)
    2.0
    """
    if drift >= rate:
        raise ValueError(f"investment: the price's drift {drift} must be below the discount rate {rate}")
    if volatility <= 0:
        return 1.0 if drift <= 0 else rate / (rate - drift)
    half = drift / volatility**2 - 0.5
    beta = -half + math.sqrt(half**2 + 2.0 * rate / volatility**2)
    return beta / (beta - 1.0)


def invest(built: Mask, cost: Floats, expected_price: Floats, option_value: float) -> Mask:
    """Return who has built after this year's decisions; nobody tears down.

    Parameters
    ----------
    built : (firms,) bool
    cost : (firms,) float
        Yearly cost of a tonne abated, yuan/t: investment times `annuity`, and running cost.
    expected_price : (firms,) float
        Yuan/t.
    option_value : float
        Multiple of the cost that the price must reach, at least 1; 1 knows no value of waiting, see
        `option_multiple` for what uncertainty makes of it.
    """
    if option_value < 1.0:
        raise ValueError(f"investment: the option value is {option_value}, expected 1 or more")
    return np.asarray(built | (expected_price >= option_value * cost))
