"""Made-up trajectories with known dynamics, and made-up price histories: for tests only."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.drift.history import Preparation, PriceHistory
from tanshi.simulator.drift.mean_reversion import simulate
from tanshi.simulator.drift.state import FEATURE_COUNT, Array
from tanshi.simulator.drift.trajectories import columns_of
from tanshi.simulator.drift.weights import Head, Weights
from tests.sectors import EMISSIONS, OUTPUT, SECTORS, STATE_SIZE

COVERAGE = {"A": 1, "B": 5, "C": 8}


def pooled_table(
    runs: int = 4, periods: int = 96, nonlinear: bool = True, noise: float = 0.02, seed: int = 0
) -> pd.DataFrame:
    """Pooled table of three scenarios: mean reversion of 3 per year, with or without a strong nonlinear
    part."""
    rng = np.random.default_rng(seed)
    rows = []
    for scenario, count in COVERAGE.items():
        covered = np.arange(len(SECTORS)) < count
        on = np.concatenate([[True], covered, covered])
        for run in range(runs):
            r = rng.normal(0, 0.2, STATE_SIZE) * on
            for k in range(periods):
                t = 2023 + k / 12
                star = np.concatenate([[np.log(70.0 + 3 * k / 12)], np.linspace(1, 5, 8), np.linspace(4, 6, 8)])
                bank = 0.2 + 0.1 * np.sin(2 * np.pi * t)
                z = star + r
                values = [np.expm1(z[0]), *np.exp(z[1:]), np.expm1(star[0]), *np.exp(star[1:])]
                market = [bank, 0.1 + 0.05 * rng.random(), 1 - (k % 12) / 12]
                hidden = [*rng.normal(0, 0.05, 4), 1 / 12]  # slope, gaps and balance: they say nothing here
                rows.append(
                    [run, scenario, 2023 + k // 12, k % 12, t, *values, *covered.astype(int), *market, *hidden, 2]
                )
                for i in range(20):
                    r = r + (1 / 240) * slope(r, t + i / 240, nonlinear) * on
                r = r + rng.normal(0, noise, STATE_SIZE) * on
    return pd.DataFrame(rows, columns=list(columns_of(SECTORS)))


def slope(r: Array, t: float, nonlinear: bool) -> Array:
    """The made-up dynamics: two stable states for the price, to which emissions and output answer with
    opposite sign."""
    out = -3.0 * r
    if nonlinear:
        out[0] += 1.5 * np.tanh(12 * r[0]) + 0.6 * np.sin(2 * np.pi * t)
        out[EMISSIONS] -= 1.5 * np.tanh(10 * r[0])
        out[OUTPUT] += 1.2 * np.tanh(10 * r[EMISSIONS])
    return out


def price_history(
    rate: float,
    years: int,
    per_year: int,
    seed: int,
    season: tuple[float, float] = (0.0, 0.0),
    trend: float = 0.1,
) -> PriceHistory:
    """Prices whose logarithm reverts at `rate` to a rising level, volatility 0.3 per square root of a
    year."""
    h, n = 1 / per_year, years * per_year
    t = 2015 + np.arange(1, n + 1) * h
    spread = 0.3 * np.sqrt((1 - np.exp(-2 * rate * h)) / (2 * rate)) if rate > 0 else 0.3 * np.sqrt(h)
    x = simulate(rate, h, spread * np.random.default_rng(seed).standard_normal((1, n)))[0]
    answer = (season[0] - 1j * season[1]) / (rate + 2j * np.pi)  # the periodic solution
    x = x + (answer * np.exp(2j * np.pi * t)).real
    year = np.ceil(t - 1e-9).astype(np.int64) - 1
    price = np.expm1(4 + trend * (t - 2015) + x)
    return PriceHistory(t, year, price, h, "close", Preparation(n, 0, 0, 0, 0, 0))


@pytest.fixture(scope="session")
def make_table() -> Callable[..., pd.DataFrame]:
    return pooled_table


@pytest.fixture(scope="session")
def make_history() -> Callable[..., PriceHistory]:
    return price_history


def random_weights(seed: int = 0, hidden: tuple[int, ...] = (7, 5), activation: str = "tanh") -> Weights:
    """Weights with a loud network, trained on features between -1.5 and 1.5."""
    rng = np.random.default_rng(seed)

    def head(outputs: int) -> Head:
        sizes = (FEATURE_COUNT, *hidden, outputs)
        layers = tuple((rng.normal(0, 1.0, (a, b)), rng.normal(0, 0.3, b)) for a, b in pairwise(sizes))
        reach = np.full(FEATURE_COUNT, 1.5)
        return Head(layers, rng.normal(0, 0.1, FEATURE_COUNT), rng.uniform(0.5, 2, FEATURE_COUNT), -reach, reach)

    rate = rng.uniform(1, 6, STATE_SIZE)
    bound = np.array([0.8, 0.5, 0.3])
    return Weights(SECTORS, rate, rate + 1, (0.4, -0.7), bound, head(1), head(2), activation, card={"trained": True})


@pytest.fixture(scope="session")
def make_weights() -> Callable[..., Weights]:
    return random_weights
