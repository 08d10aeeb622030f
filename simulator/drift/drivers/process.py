"""The drivers as a continuous-time state: mean reversion, season, correlation, jumps; exact over any step.

    dy_i = -kappa_i y_i dt + sigma_i dW_i + J_i dN_i,      x_i = exp(y_i + season_i(t)),

with correlated W, jumps of normal size at rate lambda, and a season whose factor is 1 on average over the year, since
the accounts of the economy are of whole years. x multiplies a parameter of the economy; it is 1 where nothing happens,
and but for the season as often above as below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from tanshi.agents.streams import stream
from tanshi.simulator.drift.state import Array
from tanshi.simulator.drift.weights import WeightsError

DRIVERS = (
    "fuel_price", "power_demand", "steel_demand", "cement_demand", "productivity", "availability", "cap_news"
)  # fmt: skip
FILE = Path(__file__).parent.parent / "default" / "drivers.json"
Interval = tuple[float, float]


@dataclass(frozen=True)
class Driver:
    """One driver's law, of its logarithm.

    Attributes
    ----------
    name, status, source
        ``status`` is `estimated` or `assumed`; ``source`` names the series or why there is none.
    reversion, volatility
        kappa, 1/yr, and sigma, per root of a year.
    season
        (c1, d1, c2, d2): cosine and sine, once and twice a year.
    jumps, jump_size
        lambda, 1/yr, and s.d. of the logarithm.
    intervals
        90 %, by name; empty where assumed.
    observations
        Months.
    """

    name: str
    status: str
    source: str
    reversion: float
    volatility: float
    season: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    jumps: float = 0.0
    jump_size: float = 0.0
    intervals: Mapping[str, Interval] | None = None
    observations: int = 0

    def seasonal(self, t: float | Array) -> Array:
        """Season of the logarithm at some times (years); the mean of its exponential over a year is 1."""
        return _waves(self.season, np.asarray(t)) - _level(self.season)

    def over(self, step: float) -> tuple[float, float, float]:
        """What is left of y after ``step`` years, s.d. of what comes in between, and the expected number of jumps."""
        kept = float(np.exp(-self.reversion * step))
        spread = self.volatility * float(np.sqrt((1.0 - kept**2) / (2.0 * self.reversion)))
        return kept, spread, self.jumps * step

    @property
    def long_run(self) -> float:
        """S.d. of the logarithm in the long run, jumps in it, the season not."""
        variance = self.volatility**2 + self.jumps * self.jump_size**2
        return float(np.sqrt(variance / (2.0 * self.reversion)))


def _waves(season: tuple[float, float, float, float], t: Array) -> Array:
    a = 2 * np.pi * t
    c1, d1, c2, d2 = season
    return np.asarray(c1 * np.cos(a) + d1 * np.sin(a) + c2 * np.cos(2 * a) + d2 * np.sin(2 * a), np.float64)


@lru_cache(maxsize=64)
def _level(season: tuple[float, float, float, float]) -> float:
    """Logarithm of the mean of the exponential of the waves over a year."""
    return float(np.log(np.exp(_waves(season, np.arange(240) / 240)).mean()))


@dataclass(frozen=True)
class Drivers:
    """All drivers and the correlation (n, n) of what moves them."""

    each: tuple[Driver, ...]
    correlation: Array

    def __post_init__(self) -> None:
        n = len(self.each)
        if tuple(d.name for d in self.each) != DRIVERS:
            raise WeightsError("drivers are expected in the order {drivers}", drivers=", ".join(DRIVERS))
        if self.correlation.shape != (n, n) or np.linalg.eigvalsh(self.correlation).min() <= 0:
            raise WeightsError("the correlation of the drivers is no positive definite matrix")

    def step(self, y: Array, step: float, seeds: Sequence[int], number: int, sign: float = 1.0) -> Array:
        """State y (n,) after ``step`` years.

        Parameters
        ----------
        seeds, number
            Seed of each driver, as a rule the run's, and number of the period. The same two draw the same
            shocks, whatever the scenario and whichever drivers are on.
        sign
            What they are multiplied by; -1: their mirror image.
        """
        own = [stream(seed, "drivers", driver.name, number) for seed, driver in zip(seeds, self.each, strict=True)]
        shocks = np.linalg.cholesky(self.correlation) @ np.array([rng.standard_normal() for rng in own])
        out = np.empty_like(y)
        for i, (driver, rng) in enumerate(zip(self.each, own, strict=True)):
            kept, spread, expected = driver.over(step)
            count = rng.poisson(expected)
            since = step * rng.random(count)  # a jump has begun to die out by the end of the step
            jumped = (np.exp(-driver.reversion * since) * driver.jump_size * rng.standard_normal(count)).sum()
            out[i] = kept * y[i] + sign * (spread * shocks[i] + jumped)
        return out

    def fading(self, years: float | Array) -> Array:
        """(..., n) part of each y that is expected to be left after some years (...)."""
        rates = np.array([driver.reversion for driver in self.each])
        return np.asarray(np.exp(np.multiply.outer(-np.asarray(years), rates)), np.float64)

    def variances(self, years: float) -> Array:
        """(n,) variance of each y after so many years from nothing; the exponential of y less half of it has mean 1."""
        return np.array([d.long_run**2 * -np.expm1(-2.0 * d.reversion * years) for d in self.each])

    def seasons(self, t: float | Array) -> Array:
        """(..., n) season of the logarithms at some times (...), years."""
        return np.stack([driver.seasonal(t) for driver in self.each], axis=-1)


def save_drivers(drivers: Drivers, path: Path = FILE) -> None:
    """Write as JSON."""
    content = {"drivers": [asdict(d) for d in drivers.each], "correlation": drivers.correlation.round(4).tolist()}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_drivers(path: Path) -> Drivers:
    """Drivers from a file that `save_drivers` wrote.

    Raises
    ------
    WeightsError
        If there is none, or it holds something else.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        each = [Driver(**{**row, "season": tuple(row["season"])}) for row in stored["drivers"]]
        return Drivers(tuple(each), np.array(stored["correlation"], dtype=float))
    except FileNotFoundError:
        raise WeightsError(
            "{path} is absent: estimate the drivers with `tanshi train --only drivers`", path=path
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise WeightsError(
            "{path} holds no drivers ({problem}): estimate them again", path=path, problem=problem
        ) from None


@lru_cache(maxsize=1)
def estimated() -> Drivers:
    """The drivers that come with the program."""
    return load_drivers(FILE)
