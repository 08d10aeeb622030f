"""Trajectories of the network on its own: emissions, price and output from chosen initial states, with bands.

The paper's first use of the network, before its series enter the equilibrium model. Nothing is cleared and nobody
trades: the flow runs about each scenario's reference path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.drift.emission_history import read_emissions
from tanshi.simulator.drift.flow import BLOWN_UP, Flow
from tanshi.simulator.drift.forecast import forecast, new_year_steps
from tanshi.simulator.drift.preparation import TrainingError
from tanshi.simulator.drift.state import (
    PRICE,
    Array,
    Context,
    Mask,
    emission_rates,
    outputs,
    prices,
    quantities,
)
from tanshi.simulator.drift.weights import load_ensemble
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.economy import economy

STARTS = (0.8, 1.0, 1.2)
"""Initial prices as multiples of the reference."""

QUANTILES = (0.05, 0.50, 0.95)


@dataclass(frozen=True)
class Generated:
    """Series drawn.

    Attributes
    ----------
    table
        Scenario, start (multiple of the reference price), t, variable, sector, unit, low, middle, high.
    members, draws
        Networks of the ensemble, and noisy paths of each.
    lost
        Paths that blew up and were left out.
    """

    table: pd.DataFrame
    members: int
    draws: int
    lost: int


def generate(
    names: Sequence[str],
    weights: Path,
    *,
    starts: Sequence[float] = STARTS,
    draws: int = 100,
    seed: int = 1,
) -> Generated:
    """Draw series of several scenarios from several initial states.

    Parameters
    ----------
    names
        scenarios.
    weights
        Folder of an ensemble.
    starts
        Initial price over the reference's, each above 0.
    draws
        Noisy paths a member and start: the price by the volatility that the market's price history has, emissions
        by what a sector's yearly emissions stray from steady growth, both as random walks reverting with the flow.

    Raises
    ------
    TrainingError
        For a start that is not above zero, or no draws.
    """
    if not starts or not all(0 < start < math.inf for start in starts) or draws < 1:
        raise TrainingError("initial prices are multiples of the reference above zero, and at least one path is drawn")
    ensemble = load_ensemble(weights)
    tables, lost = [], 0
    for name in names:
        scenario = load_scenario(name, {"drift.mode": "none"})
        world, state = begin(scenario)
        star, policy, n = state.announced.star, state.policy, world.periods_per_year
        first, last = max(scenario.policy_start, scenario.years.start), scenario.years.end
        times = np.linspace(first, last + 1, (last + 1 - first) * n + 1)
        stars = star(times)
        covered = policy.mask(first)
        yearly = new_year_steps(times, stars, star(times - 1.0))
        share = np.array([1.0 - scenario.cap_share(int(t + 1e-9)) for t in times])
        scatter = _scatter(scenario.economy)
        volatility = _volatility(ensemble[0].card)
        for start in starts:
            paths: list[Array] = []
            for member in ensemble:
                z = np.repeat(stars[:1], draws, axis=0)
                z[:, PRICE] = np.log1p(start * np.expm1(stars[0, PRICE]))
                noise = _Noise(volatility, scatter * covered, np.random.default_rng([seed, len(paths)]))
                flow, start_of = Flow(member, "neural"), Context(covered, scenario.banking.opening, float(share[0]))
                paths.append(forecast(flow, z, times, stars, start_of, tightness=share, yearly=yearly, disturb=noise))
            whole = np.concatenate(paths, axis=1)  # (times, members x draws, state)
            strays = np.abs(whole - stars[:, None])[..., PRICE]
            sound = np.isfinite(whole).all(axis=(0, 2)) & (strays < BLOWN_UP).all(axis=0)
            lost += int((~sound).sum())
            tables.append(_table(name, start, times, whole[:, sound], covered, member.sectors))
    return Generated(pd.concat(tables, ignore_index=True), len(ensemble), draws, lost)


@dataclass(frozen=True)
class _Noise:
    """Random walks on top of the flow: s.d. of the log price and, by sector, of log emissions, per root of a year."""

    price: float
    emissions: Array
    rng: np.random.Generator

    def __call__(self, z: Array, years: float) -> Array:
        z = z.copy()
        z[:, PRICE] += self.price * np.sqrt(years) * self.rng.standard_normal(len(z))
        z[:, PRICE] = np.maximum(z[:, PRICE], 0.0)
        shocks = self.emissions * np.sqrt(years) * self.rng.standard_normal((len(z), len(self.emissions)))
        emissions, output = quantities(z.shape[1])
        z[:, emissions] += shocks
        z[:, output] += shocks  # a sector's emissions stray because it produces more or less
        return z


def _scatter(name: str) -> Array:
    home = economy(name)
    history = read_emissions(home.figures.co2_history, home.accounts.coverable)
    return np.asarray(history.scatter)


def _volatility(card: object) -> float:
    fit = card.get("price_fit") if hasattr(card, "get") else None
    return float(fit["volatility"]) if isinstance(fit, dict) else 0.0


def _table(
    name: str,
    start: float,
    times: Array,
    z: Array,
    covered: Mask,
    sectors: tuple[str, ...],
) -> pd.DataFrame:
    """Bands of the price, of every covered sector's emissions and output, and of all covered emissions."""
    emissions, output = emission_rates(z), outputs(z)
    series = [("Price|Carbon", "", "CNY_2022/t CO2", prices(z)),
              ("Emissions|CO2", "all covered", "Mt CO2/yr", emissions[..., covered].sum(axis=-1))]  # fmt: skip
    for i in np.flatnonzero(covered):
        series.append(("Emissions|CO2", sectors[i], "Mt CO2/yr", emissions[..., i]))
        series.append(("Output", sectors[i], "index, 2022 = 1", output[..., i]))
    tables = []
    for variable, sector, unit, values in series:
        low, middle, high = np.quantile(values, QUANTILES, axis=1)
        columns = {"t": times, "low": low, "middle": middle, "high": high}
        tables.append(pd.DataFrame(columns).assign(variable=variable, sector=sector, unit=unit))
    return pd.concat(tables, ignore_index=True).assign(scenario=name, start=start)
