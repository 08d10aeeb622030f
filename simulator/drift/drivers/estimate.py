"""From monthly series to the drivers' laws, each number with its 90 % interval from simulated series of that length.

Mean reversion in a short series is overstated (Kendall 1954, Biometrika 41, 403-404), more so after a trend is taken
out: the rate is the one whose simulated series, put through the same trend, season and regression, show the observed
autocorrelation at the median (Andrews 1993, Econometrica 61(1), 139-165). A jump is a surprise beyond four robust
standard deviations; what is left of the surprises is the diffusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.simulator.drift.drivers.process import DRIVERS, Driver, Drivers
from tanshi.simulator.drift.state import Array
from tanshi.simulator.drift.weights import WeightsError

FILE = Path(__file__).parent / "monthly.csv"
CONTRACTS = 0.8
"""Part of thermal coal bought at contract prices: assumed, the share that policy asks for."""

JUMP = 4.0
"""Robust standard deviations beyond which a surprise is a jump."""

LEAST = 48
"""Months that a series needs."""

_GRID = np.geomspace(0.1, 24.0, 25)  # 1/yr
_MONTH = 1.0 / 12.0
_NBS = "National Bureau of Statistics of China"


@dataclass(frozen=True)
class Series:
    """A monthly series: months from January 2000 (n,), and logarithms (n,)."""

    months: np.ndarray[tuple[int], np.dtype[np.int64]]
    logs: Array
    source: str
    bends: bool = False


def monthly(path: Path = FILE) -> dict[str, Series]:
    """The series behind each estimated driver.

    Raises
    ------
    WeightsError
        Naming a driver without a series, or one too short.
    """
    table = pd.read_csv(path)
    number = (table["month"].str[:4].astype(int) - 2000) * 12 + table["month"].str[5:7].astype(int) - 1
    found = {str(n): pd.Series(g["value"].to_numpy(float), number[g.index]) for n, g in table.groupby("series")}
    named = {
        "fuel_price": ("coal_contract", "coal_spot"), "power_demand": ("power",), "steel_demand": ("steel",),
        "cement_demand": ("cement",), "availability": ("solar",),
    }  # fmt: skip
    out = {}
    for driver, names in named.items():
        missing = [n for n in names if n not in found]
        if missing:
            raise WeightsError(
                "{name}: the driver {driver} has no series {missing}",
                name=path.name,
                driver=driver,
                missing=", ".join(missing),
            )
        values = found[names[0]]
        if len(names) == 2:
            spot = found[names[1]]
            both = values.index.intersection(spot.index)
            values = CONTRACTS * values[both] + (1 - CONTRACTS) * spot[both] * (values[both].mean() / spot[both].mean())
        if len(values) < LEAST:
            raise WeightsError(
                "{name}: the driver {driver} needs {least} months, its series has {number_of_values}",
                name=path.name,
                driver=driver,
                least=LEAST,
                number_of_values=len(values),
            )
        source = "coal prices at Qinhuangdao (contracts) and Huanghua (spot)" if driver == "fuel_price" else _NBS
        at = values.index.to_numpy(dtype=np.int64)
        out[driver] = Series(at, np.log(values.to_numpy()), source, bends=driver == "availability")
    return out


def estimate(path: Path = FILE, draws: int = 200, seed: int = 0) -> Drivers:
    """Estimate every driver that has a series; the others are assumed, and marked so."""
    found: dict[str, Driver] = {}
    surprises: dict[str, pd.Series[float]] = {}
    for number, (name, series) in enumerate(monthly(path).items()):
        found[name], surprises[name] = _fit(name, series, draws, np.random.default_rng([seed, number]))
    half_a_year, a_year = np.log(2) / 0.5, np.log(2)
    found["productivity"] = Driver(
        "productivity", "assumed", "no monthly series: s.d. 1 % in the long run, half gone in a year",
        float(a_year), 0.01 * float(np.sqrt(2 * a_year)),
    )  # fmt: skip
    found["cap_news"] = Driver(
        "cap_news", "assumed", "no series: s.d. 10 % of the scarcity expected, half gone in half a year",
        float(half_a_year), 0.10 * float(np.sqrt(2 * half_a_year)),
    )  # fmt: skip
    together = pd.DataFrame(surprises).reindex(columns=list(DRIVERS))
    correlation = together.corr(min_periods=24).fillna(0.0).to_numpy(copy=True)
    np.fill_diagonal(correlation, 1.0)
    return Drivers(tuple(found[name] for name in DRIVERS), correlation)


def _fit(name: str, series: Series, draws: int, rng: np.random.Generator) -> tuple[Driver, pd.Series[float]]:
    keep, season = _design(series)
    left = series.logs - keep @ np.linalg.lstsq(keep, series.logs, rcond=None)[0]
    phi, shocks, at = _surprises(left, series.months)
    reversion, low, high = _unbiased(phi, series, keep, draws, rng)
    # Surprises of the unbiased rate, not of the biased one.
    kept = np.exp(-reversion * _MONTH)
    steps = np.diff(series.months) == 1
    shocks = (left[1:] - kept * left[:-1])[steps]
    usual = 1.4826 * float(np.median(np.abs(shocks - np.median(shocks))))
    jumped = np.abs(shocks) > JUMP * usual
    years = shocks.size * _MONTH
    calm = float(shocks[~jumped].std(ddof=1))
    volatility = calm * np.sqrt(2 * reversion / (1 - kept**2))
    jumps = float(jumped.sum()) / years
    size = float(np.sqrt(np.mean(shocks[jumped] ** 2))) if jumped.any() else 0.0
    n = shocks.size
    wide = 1.645 * volatility / np.sqrt(2 * (n - 1))
    beta = np.linalg.lstsq(keep, series.logs, rcond=None)[0][season]
    count = int(jumped.sum())
    driver = Driver(
        name, "estimated", series.source, round(reversion, 4), round(float(volatility), 5),
        (round(float(beta[0]), 5), round(float(beta[1]), 5), round(float(beta[2]), 5), round(float(beta[3]), 5)),
        round(jumps, 4), round(size, 5),
        {
            "reversion": (round(low, 3), round(high, 3)),
            "volatility": (round(float(volatility - wide), 4), round(float(volatility + wide), 4)),
            "jumps": (round(float(max(count - 1.645 * np.sqrt(count), 0.0)) / years, 3),
                      round(float(count + 1.645 * np.sqrt(max(count, 1)) + 1) / years, 3)),
        },
        int(series.logs.size),
    )  # fmt: skip
    return driver, pd.Series(shocks, index=at)


def _design(series: Series) -> tuple[Array, slice]:
    """Columns of trend and season, and which are the season's."""
    t = series.months / 12.0
    a = 2 * np.pi * t
    trend = [np.ones_like(t), t - t.mean()] + ([(t - t.mean()) ** 2] if series.bends else [])
    season = [np.cos(a), np.sin(a), np.cos(2 * a), np.sin(2 * a)]
    return np.column_stack([*trend, *season]), slice(len(trend), len(trend) + 4)


def _surprises(left: Array, months: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[float, Array, Array]:
    """Autocorrelation over a month, surprises, and their months; pairs of months that follow each other alone."""
    steps = np.diff(months) == 1
    before, after = left[:-1][steps], left[1:][steps]
    phi = float((before * after).sum() / (before**2).sum())
    return phi, after - phi * before, np.asarray(months[1:][steps], dtype=float)


def _unbiased(phi: float, series: Series, design: Array, draws: int, rng: np.random.Generator) -> tuple[float, ...]:
    """Median-unbiased rate, 1/yr, and its 90 % interval."""
    span = int(series.months[-1] - series.months[0]) + 1
    noise = rng.standard_normal((span, draws))
    at = series.months - series.months[0]
    project = design @ np.linalg.pinv(design)
    quantiles = []
    for rate in _GRID:
        kept = np.exp(-rate * _MONTH)
        path = np.empty_like(noise)
        path[0] = noise[0] / np.sqrt(1 - kept**2)
        for k in range(1, span):
            path[k] = kept * path[k - 1] + noise[k]
        seen = path[at]
        left = seen - project @ seen
        steps = np.diff(series.months) == 1
        before, after = left[:-1][steps], left[1:][steps]
        quantiles.append(np.quantile((before * after).sum(axis=0) / (before**2).sum(axis=0), [0.05, 0.5, 0.95]))
    low, middle, high = np.maximum.accumulate(np.array(quantiles)[::-1]).T
    rates = _GRID[::-1]
    return tuple(float(np.interp(phi, q, rates)) for q in (middle, low, high))
