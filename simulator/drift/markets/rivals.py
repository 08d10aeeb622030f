"""Forecasts that a network has to beat, each from one market's own past: changes of the log price, sampled.

Persistence is the last close with the market's own past changes over as many weeks, mirrored about zero. Mean reversion
(OU) and AR(1) are the two that claim a direction; EWMA and GARCH with Student tails (`garch`) claim a spread.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tanshi.simulator.drift.markets.closes import Closes
from tanshi.simulator.drift.state import Array

Forecaster = Callable[[Closes, int, np.random.Generator, int], Array]
"""From a market's past, weeks ahead, a generator and a number to that many changes of the log price."""

ENOUGH = 40
"""Past changes that a forecast by persistence needs; with fewer it scales up those over a shorter time."""

EWMA_DECAY = 0.94
"""Of the squared weekly change, as J.P. Morgan's RiskMetrics (1996) sets it for short horizons."""


def persistence(closes: Closes, weeks: int, rng: np.random.Generator, count: int) -> Array:
    """The last close, spread by the market's own past changes, mirrored."""
    x, traded = closes.log_close, np.flatnonzero(closes.traded)

    def past(h: int) -> Array:
        at = traded[traded + h < x.size]
        return np.asarray(x[at + h] - x[at])

    changes = past(weeks)
    if changes.size < ENOUGH:
        for shorter in (26, 13, 4, 1):
            if (shorter < weeks and past(shorter).size >= ENOUGH) or shorter == 1:
                changes = past(shorter) * np.sqrt(weeks / shorter)
                break
    return np.asarray(rng.choice(changes, count) * rng.choice([-1.0, 1.0], count))


def mean_reversion(closes: Closes, weeks: int, rng: np.random.Generator, count: int) -> Array:
    """OU about the past's mean log price: exact AR(1) by least squares, normal errors."""
    x = closes.log_close[closes.traded]
    level = float(x.mean())
    return _first_order(x - level, weeks, rng, count)


def autoregression(closes: Closes, weeks: int, rng: np.random.Generator, count: int) -> Array:
    """AR(1) of weekly changes with a constant, normal errors."""
    from scipy.signal import lfilter  # here: a run needs none of it, and it takes a quarter of a second to import

    r = np.diff(closes.log_close)
    mean = float(r.mean())
    a, sd = _regressed(r - mean)
    shocks = sd * rng.standard_normal((weeks, count))
    moved = lfilter([1.0], [1.0, -a], shocks, axis=0, zi=np.full((1, count), a * (r[-1] - mean)))[0]
    return np.asarray(moved.sum(axis=0) + mean * weeks)


def smoothed_variance(closes: Closes, weeks: int, rng: np.random.Generator, count: int) -> Array:
    """EWMA of squared weekly changes, a random walk from there, normal."""
    squares = np.diff(closes.log_close) ** 2
    weight = EWMA_DECAY ** np.arange(squares.size)[::-1]
    sd = np.sqrt(max(float((weight * squares).sum() / weight.sum()), 1e-8))
    return np.asarray(sd * np.sqrt(weeks) * rng.standard_normal(count))


def _first_order(y: Array, weeks: int, rng: np.random.Generator, count: int) -> Array:
    a, sd = _regressed(y)
    power = a**weeks
    spread = sd * np.sqrt(weeks if a >= 1.0 else (1.0 - power**2) / (1.0 - a**2))
    return np.asarray((power - 1.0) * y[-1] + spread * rng.standard_normal(count))


def _regressed(y: Array) -> tuple[float, float]:
    """Slope in [0, 1) or negative, of y on its past, and s.d. of what is left."""
    a = float(np.clip((y[1:] * y[:-1]).sum() / max(float((y[:-1] ** 2).sum()), 1e-12), -0.95, 0.9999))
    return a, max(float((y[1:] - a * y[:-1]).std()), 1e-4)
