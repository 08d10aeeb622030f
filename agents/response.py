"""A sector's emissions at any price: a monotone curve through the economy's answers and slopes at a few prices.

Cubic Hermite pieces between the prices that were asked for, exact there in value and slope; slopes are lowered where a
piece would otherwise rise again (Fritsch and Carlson 1980, Monotone piecewise cubic interpolation, SIAM Journal on
Numerical Analysis 17:238-246). A sector that emits more at a higher price, because the economy moves demand to it, has
no abatement curve there: from the middle price outwards its curve stays level until it falls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.market.orders import Floats

STEEPEST = 3.0
"""Radius in which slopes over the secant keep a piece monotone."""


@dataclass(frozen=True)
class ResponseCurve:
    """Emissions of several sectors over the price.

    Attributes
    ----------
    prices : (n,) float
        Ascending, yuan/t, at least two.
    emissions, slope : (n, sectors) float
        Mt/yr and Mt/yr per yuan/t at these prices, monotone (see `of`).
    """

    prices: Floats
    emissions: Floats
    slope: Floats

    @staticmethod
    def of(prices: Floats, emissions: Floats, slope: Floats, middle: int) -> ResponseCurve:
        """Return the monotone curve through the answers at some prices.

        Parameters
        ----------
        prices : (n,) float
            Ascending.
        emissions, slope : (n, sectors) float
            As the economy answers.
        middle : int
            Which of them the curve has to meet in any case, as the market's own price.

        Raises
        ------
        ValueError
            For fewer than two prices or prices that do not ascend.
        """
        if len(prices) < 2 or (np.diff(prices) <= 0).any():
            raise ValueError("response curve: at least two ascending prices are needed")
        level = emissions.astype(np.float64).copy()
        level[middle:] = np.minimum.accumulate(level[middle:], axis=0)
        level[middle::-1] = np.maximum.accumulate(level[middle::-1], axis=0)
        tilt = np.where(level == emissions, np.minimum(slope, 0.0), 0.0)
        secant = np.diff(level, axis=0) / np.diff(prices)[:, None]
        for k in range(len(prices) - 1):
            flat = secant[k] >= 0.0
            tilt[k][flat] = tilt[k + 1][flat] = 0.0
            safe = np.where(flat, -1.0, secant[k])
            reach = np.hypot(tilt[k] / safe, tilt[k + 1] / safe)
            cut = np.where(flat | (reach <= STEEPEST), 1.0, STEEPEST / np.maximum(reach, 1e-300))
            tilt[k], tilt[k + 1] = tilt[k] * cut, tilt[k + 1] * cut
        return ResponseCurve(np.asarray(prices, np.float64), level, tilt)

    def at(self, price: Floats | float) -> Floats:
        """Return emissions, (..., sectors), Mt/yr, at some prices; level beyond the prices that were asked for."""
        p = np.clip(np.asarray(price, np.float64), self.prices[0], self.prices[-1])
        k = np.clip(np.searchsorted(self.prices, p, side="right") - 1, 0, len(self.prices) - 2)
        width = self.prices[k + 1] - self.prices[k]
        t = ((p - self.prices[k]) / width)[..., None]
        w = width[..., None]
        u = 1.0 - t
        return np.asarray(
            u * u * (1.0 + 2.0 * t) * self.emissions[k]
            + t * t * (3.0 - 2.0 * t) * self.emissions[k + 1]
            + t * u * w * (u * self.slope[k] - t * self.slope[k + 1])
        )
