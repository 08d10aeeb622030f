"""How the price answers one driver that stays where it is, and what that answer's shape adds to the mean over draws.

A driver is held at a level of its logarithm from the policy's first year to the last, and everybody expects it to stay
there; the price comes from the economy itself, without firms. What the mean of the price over the driver's own law lies
above the price at its middle is then a matter of shape alone: half the second difference times the variance where the
answer is curved, and a part of the spread where it is bent, as it is where a bank helps on one side only.

A year's level is weighed by the spread that the law has in that year. That nobody knows beforehand how the driver goes
on is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from tanshi.language import mark
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.drivers.process import DRIVERS, Drivers
from tanshi.simulator.drift.state import Array
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import run_until
from tanshi.simulator.studies.straying.reasons import AMPLE

LEVELS = (-0.6, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.6)
"""Logarithms at which a driver is held; those of a coal price over eight years have an s.d. of a quarter at the end."""
SHOWN = 0.2
"""The level whose answers are shown one by one."""
NO_BANK, BANK, LASTING = mark("every year by itself"), mark("with its bank"), mark("with a bank that lasts")
WORLDS: Mapping[str, Mapping[str, object]] = {
    NO_BANK: {"banking.allowed": False}, BANK: {}, LASTING: {"banking.opening": AMPLE}
}  # fmt: skip
_NEVER = 1e-9  # 1/yr, in place of a driver's reversion
COLUMNS = ("scenario", "world", "driver", "down", "up", "both", "shape")


def answers(name: str, given: Mapping[str, object], driver: str = "fuel_price") -> pd.DataFrame:
    """What the price under the policy does, by world (`COLUMNS`).

    Returns
    -------
    DataFrame
        ``down``, ``up``: mean price under the policy with the driver at minus and plus `SHOWN`, over that at 0, less 1;
        ``both``: their mean; ``shape``: mean over the driver's law, over the price at its middle, less 1.
    """
    rows = []
    for world, fields in WORLDS.items():
        asked = {**given, **fields, "market.mode": "equilibrium", f"shocks.{driver}": "estimated"}
        scenario = load_scenario(name, asked)
        found = [held_at(scenario, driver, level) for level in LEVELS]
        law, prices = found[0][0], np.array([price for _, price in found])
        middle = float(prices[LEVELS.index(0.0)].mean())
        down, up = (float(prices[LEVELS.index(level)].mean()) / middle - 1.0 for level in (-SHOWN, SHOWN))
        shape = float(over_law(prices, spreads(scenario, law, driver)).mean()) / middle - 1.0
        base = load_scenario(name, dict(given)).name
        rows.append(dict(zip(COLUMNS, (base, world, driver, down, up, (down + up) / 2.0, shape), strict=True)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def spreads(scenario: Scenario, law: Drivers, driver: str) -> Array:
    """(years,) s.d. of a driver's logarithm in the middle of each year under the policy.

    It has strayed since the run's second year began, by shocks of the run's size: the first year was what it was.
    """
    strayed = np.arange(scenario.policy_start, scenario.years.end + 1) - scenario.years.start - 0.5
    return scenario.shocks.size * np.sqrt(
        [law.variances(years)[DRIVERS.index(driver)] for years in np.maximum(strayed, 0.0)]
    )


def held_at(scenario: Scenario, driver: str, level: float) -> tuple[Drivers, Array]:
    """The drivers' own laws, and the price of each year under the policy with a driver held at a level (logarithm)."""
    world, state = begin(scenario)
    around = world.surroundings
    assert around is not None
    calm = [replace(law, reversion=_NEVER, volatility=0.0, jumps=0.0, season=(0.0,) * 4) for law in around.drivers.each]
    still = replace(around, drivers=replace(around.drivers, each=tuple(calm)))
    world = replace(world, surroundings=still)
    run_until(world, state, world.periods_per_year * (scenario.policy_start - scenario.years.start))
    state.economy.drivers = np.where(np.array(DRIVERS) == driver, level, 0.0)
    run_until(world, state)
    periods = pd.DataFrame(state.log.periods)
    prices = periods[periods["regime"] >= 2].groupby("year")["price"].mean()
    return around.drivers, prices.to_numpy(float)


def over_law(prices: Array, spread: Array) -> Array:
    """(years,) mean of prices (levels, years) over a normal law of the logarithm with the years' spreads (years,).

    Between levels prices run straight, beyond them they stay.
    """
    at = np.linspace(-4.0, 4.0, 801)
    weight = np.exp(-(at**2) / 2.0)
    means = [weight @ np.interp(at * s, LEVELS, own) / weight.sum() for s, own in zip(spread, prices.T, strict=True)]
    return np.array(means)
