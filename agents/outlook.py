"""What firms expected of the years ahead when they last planned."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """What firms expected of the years ahead when they last planned (`tanshi.simulator.run.ahead.outlook`).

    Attributes
    ----------
    year : int
        The first year of the plan.
    price, bank, carry : (years,) float
        Mean price of each year (yuan/t), bank at its end (Mt), and the rate at which that is carried over.
    horizons : (k,) int64
        Years that firms look ahead, ascending.
    following : (k,) float
        Price of the second year that firms of each horizon expect, yuan/t; 0 for those who do not look at it.
    gap : float
        Relative move of prices in the plan's last step; above the tolerance where it did not converge.
    iterations : int
        Paths of the economy that it took.
    at, emissions, slope : (years,) float
        What the years were found to emit (`tanshi.simulator.run.ahead.foresight.Foreseen`).
    felt : (drivers,) float
        Mt a year that those who trade emit more for each driver's logarithm, at the same price; empty where nothing
        strays (`tanshi.simulator.run.ahead.surprises`).
    low, high : (years,) float
        Least and most that could be banked, Mt; empty likewise.
    outside : float
        Mt that the rest of the nation plans to bank at the end of the first year, beside the province's `bank`.
    """

    year: int
    price: Array
    bank: Array
    carry: Array
    horizons: NDArray[np.int64]
    following: Array
    gap: float
    iterations: int
    at: Array
    emissions: Array
    slope: Array
    outside: float = 0.0
    felt: Array = field(default_factory=lambda: np.zeros(0))
    low: Array = field(default_factory=lambda: np.zeros(0))
    high: Array = field(default_factory=lambda: np.zeros(0))
