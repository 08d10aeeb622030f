"""Scores of forecasts: root mean square error, continuous ranked probability score, block-bootstrap intervals.

A single forecast becomes a distribution by the errors that its method made on training runs ("dressing"), so that
every method is judged by the same rule.

References
----------
Gneiting, T. and Raftery, A. E. (2007): Strictly proper scoring rules, prediction, and estimation. Journal of the
American Statistical Association 102(477), 359-378.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.simulator.drift.state import Array

_QUANTILES = (np.arange(40) + 0.5) / 40


@dataclass(frozen=True)
class Scores:
    """Squared errors and CRPS (n, k) of one method, NaN where there is no forecast."""

    squares: Array
    crps: Array

    @property
    def count(self) -> int:
        """Forecast origins with at least one value."""
        return int((~np.isnan(self.squares)).any(axis=1).sum())

    @property
    def rmse(self) -> float:
        """Root mean square error."""
        return float(np.sqrt(np.nanmean(self.squares)))

    @property
    def mean_crps(self) -> float:
        """Mean CRPS."""
        return float(np.nanmean(self.crps))


def dress(errors: Array) -> Array:
    """(40,) quantiles of a method's errors, NaN left out."""
    known = errors[~np.isnan(errors)]
    return np.quantile(known, _QUANTILES) if known.size else np.zeros(1)


def crps(miss: Array, dressing: Array) -> Array:
    """CRPS of outcomes that lie `miss` beyond a forecast whose distribution is the `dressing` around it.

    Examples
    --------
    >>> float(crps(np.array([2.0]), np.zeros(1))[0])
    2.0
    """
    flat = np.asarray(miss, dtype=float).ravel()
    width = np.abs(dressing[:, None] - dressing).mean() / 2.0
    return np.asarray(np.abs(flat[:, None] - dressing).mean(axis=1) - width).reshape(np.shape(miss))


def scored(miss: Array, dressing: Array) -> Scores:
    """Scores of errors `miss` (n, k)."""
    return Scores(miss**2, crps(miss, dressing))


def block_interval(
    own: Scores, rival: Scores, block: NDArray[np.int64], rng: np.random.Generator, draws: int = 1000
) -> tuple[float, float]:
    """90 % interval of the CRPS skill against a rival; whole blocks of origins are drawn, the same for both."""
    _, where = np.unique(block, return_inverse=True)
    count = int(where.max()) + 1
    both = ~np.isnan(own.crps) & ~np.isnan(rival.crps)
    sums = [np.bincount(where, np.where(both, s.crps, 0.0).sum(axis=1), count) for s in (own, rival)]
    drawn = rng.integers(0, count, (draws, count))
    base = sums[1][drawn].sum(axis=1)
    skill = 1.0 - sums[0][drawn].sum(axis=1) / np.where(base > 0, base, np.nan)
    if np.isnan(skill).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(skill, [0.05, 0.95])
    return float(low), float(high)
