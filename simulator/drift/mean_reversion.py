"""Mean reversion of the carbon price: K and the season b, fitted on price history.

The residual ``x = log(price + 1) - level`` follows ``dx = (-K x + b(t)) dt + sigma dW`` with ``b(t) = c cos(2
pi t) + d sin(2 pi t)``, which adds up to zero over a year. Sampled at equal steps h this is exactly an AR(1):
``x' = phi x + Re((c - i d) G e^{2 pi i t}) + noise``, ``phi = e^{-K h}``, ``G = (e^{2 pi i h} - phi) / (K + 2
pi i)``, so least squares is the conditional maximum likelihood.

The level. Closes of China's national market doubled from 2022 to 2024, so there is no constant mean to return
to. The level is the monotone curve through the calendar-year means: the same operator that makes the
simulator's reference path out of annual equilibria, so that K means the same on both sides.

The bias. A level estimated from the same few years swallows slow movement, and an autoregression in a short
sample is biased towards zero as well (Kendall, 1954, Biometrika 41, 403-404; Nickell, 1981, Econometrica
49(6), 1417-1426 for the same effect of estimated means in panels). Both make K look far too large: over 47
months a pure random walk shows a raw K of about 6 per year. The estimate is therefore median-unbiased
(Andrews, 1993, Econometrica 61(1), 139-165): the K whose simulated series, put through the same level and the
same regression, give the observed phi at the median.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.simulator.drift.history import PriceHistory
from tanshi.simulator.drift.reference import reference
from tanshi.simulator.drift.state import Array

SLOWEST = 0.1
"""Smallest rate handed on, per year: a half-life of seven years, as good as none, yet above zero."""
_YEAR = 2 * np.pi
_RATES = np.concatenate([[0.0], np.geomspace(0.05, 80.0, 31)])


@dataclass(frozen=True)
class PriceFit:
    """Mean reversion of the price residual, all rates per year.

    Attributes
    ----------
    rate, rate_se, rate_interval
        K, its standard error, and its 90 % interval (both from the simulated series).
    raw_rate
        What the regression says before the correction.
    season, season_se
        (c, d) of b(t), shrunk, and the standard errors before shrinkage.
    raw_season, shrinkage
        (c, d) before shrinkage, and the factor applied: ``max(0, 1 - 2 / W)`` with the Wald statistic W.
    offset
        Mean drift of the residual (1/yr) beside season and reversion; a nuisance, not handed on.
    volatility
        sigma, per square root of a year.
    observations, step
        Count, and years between observations.
    no_reversion_rejected
        True if the interval excludes K = 0.
    """

    rate: float
    rate_se: float
    rate_interval: tuple[float, float]
    raw_rate: float
    season: tuple[float, float]
    season_se: tuple[float, float]
    raw_season: tuple[float, float]
    shrinkage: float
    offset: float
    volatility: float
    observations: int
    step: float
    no_reversion_rejected: bool


def fit_price(history: PriceHistory, *, draws: int = 2000, seed: int = 0) -> PriceFit:
    """Fit K and b on `history`; `draws` simulated series a trial rate, from `seed`.

    Raises
    ------
    ValueError
        If the history spans fewer than two calendar years, or the price never moves.
    """
    t, h = history.t, history.step
    if np.unique(history.year).size < 2:
        raise ValueError("a mean-reversion fit needs prices of at least two calendar years")
    log_price = np.log1p(history.price)
    x = log_price - annual_level(t, history.year, log_price)
    if x.std() < 1e-10:
        raise ValueError("the price never moves about its annual level; there is nothing to fit")
    observed = float(autoregression(x, t))

    noise = np.random.default_rng(seed).standard_normal((draws, t.size))
    quantiles = []
    for k in _RATES:
        y = simulate(k, h, noise)
        phis = autoregression(y - annual_level(t, history.year, y), t)
        quantiles.append(np.quantile(phis, [0.05, 0.50, 0.95]))
    low, middle, high = np.maximum.accumulate(np.array(quantiles)[::-1]).T  # fastest reversion first: phi increasing
    rates = _RATES[::-1]
    estimate = float(np.interp(observed, middle, rates))
    interval = (float(np.interp(observed, low, rates)), float(np.interp(observed, high, rates)))
    interval = (min(interval), max(interval))
    rate = max(estimate, SLOWEST)
    # A 90 % interval is 3.29 s.e. wide; where it is cut off at zero, only its upper half tells.
    width = interval[1] - interval[0] if interval[0] > 0 else 2 * (interval[1] - rate)
    rate_se = max(width, 0.0) / 3.29

    phi, gain = transition(rate, h)
    design = np.column_stack([np.ones(t.size - 1), np.cos(_YEAR * t[:-1]), np.sin(_YEAR * t[:-1])])
    target = x[1:] - phi * x[:-1]
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ target
    variance = float(((target - design @ coefficients) ** 2).sum() / (target.size - 4))
    # (alpha_c - i alpha_s) = (c - i d) G, written as a real 2x2 map of (alpha_c, alpha_s) to (c, d).
    q = 1.0 / gain
    back = np.array([[q.real, q.imag], [-q.imag, q.real]])
    raw = back @ coefficients[1:]
    covariance = back @ (variance * inverse[1:, 1:]) @ back.T
    wald = float(raw @ np.linalg.solve(covariance, raw))
    shrinkage = max(0.0, 1.0 - 2.0 / wald) if wald > 0 else 0.0
    se = np.sqrt(np.diag(covariance))
    stretch = (1 - phi**2) / (2 * rate)
    return PriceFit(
        rate=rate,
        rate_se=rate_se,
        rate_interval=interval,
        raw_rate=float(-np.log(np.clip(observed, 1e-6, None)) / h),
        season=(float(shrinkage * raw[0]), float(shrinkage * raw[1])),
        season_se=(float(se[0]), float(se[1])),
        raw_season=(float(raw[0]), float(raw[1])),
        shrinkage=shrinkage,
        offset=float(coefficients[0] / h),
        volatility=float(np.sqrt(variance / stretch)),
        observations=int(t.size),
        step=h,
        no_reversion_rejected=interval[0] > 0,
    )


def transition(rate: float, step: float) -> tuple[float, complex]:
    """``phi = e^{-K h}`` and the response G to a season ``e^{2 pi i t}`` over one step (1/yr, years)."""
    phi = float(np.exp(-rate * step))
    return phi, complex((np.exp(1j * _YEAR * step) - phi) / (rate + 1j * _YEAR))


def simulate(rate: float, step: float, noise: Array) -> Array:
    """Residual series (draws, n) without season from innovations `noise`.

    The first value is stationary if rate > 0, else one innovation.
    """
    from scipy.signal import lfilter  # here: a run needs none of it, and it takes a quarter of a second to import

    phi = float(np.exp(-rate * step))
    first = noise.copy()
    first[:, 0] /= np.sqrt(1 - phi**2) if rate > 0 else 1.0
    return np.asarray(lfilter([1.0], [1.0, -phi], first, axis=1))


def annual_level(t: Array, year: NDArray[np.int64], y: Array) -> Array:
    """Monotone curve through calendar-year means of `y` (..., n), at the mean time of each year's rows."""
    years, where = np.unique(year, return_inverse=True)
    member = (where[:, None] == np.arange(years.size)) / np.bincount(where)  # (n, years), columns average
    path = reference(t @ member, np.moveaxis(y @ member, -1, 0))
    return np.moveaxis(path(t), 0, -1)


def autoregression(x: Array, t: Array) -> Array:
    """Least-squares phi (...) of ``x' = phi x + constant + season``, residuals `x` (..., n)."""
    nuisance, _ = np.linalg.qr(np.column_stack([np.ones(t.size - 1), np.cos(_YEAR * t[:-1]), np.sin(_YEAR * t[:-1])]))
    before, after = (v - (v @ nuisance) @ nuisance.T for v in (x[..., :-1], x[..., 1:]))
    return np.asarray((before * after).sum(-1) / (before * before).sum(-1))
