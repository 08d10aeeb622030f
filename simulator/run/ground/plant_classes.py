"""What the classes of power plant make, emit and are given: power firms are of one class each (`tanshi.agents.plants`).

Only where power's allowances follow benchmarks: under a cap in tonnes a class has no say in what a firm is given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.plants import ClassAmounts, follow, into_classes
from tanshi.agents.population import Population
from tanshi.equilibrium.province.classes import HEAT, class_table
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.ground.annual import Baseline
from tanshi.simulator.run.ground.economy import Economy
from tanshi.simulator.run.ground.policy import Policy

Array = NDArray[np.float64]
PLANT = ("GENC1", "GENC3", "GENC2", "GENG")
"""Classes from the largest plant down: conventional units above 300 MW, unconventional coal (fluidised beds, mostly 300
to 350 MW), conventional units of 300 MW and below, gas."""


def has_classes(scenario: Scenario, economy: Economy, policy: Policy) -> bool:
    """Whether power firms are of a class: the economy knows classes, and a benchmark gives allowances in some year."""
    if economy.figures.coal_classes is None or not set(PLANT) <= set(policy.baseline.activities):
        return False
    years = range(scenario.policy_start, scenario.years.end + 1)
    return any("ELEC" in policy.trading(y) and policy.method("ELEC", y) == "benchmark" for y in years)


def class_amounts(economy: Economy, baseline: Baseline, earning: tuple[Array, Array], rates: Array) -> ClassAmounts:
    """TWh, Mt CO2 and Mt of allowances of each class of ``PLANT``, with its part of the heat that must be served.

    Parameters
    ----------
    earning
        Emissions (Mt) and output indices of the activities that can earn quotas.
    rates
        Allowances for output, Mt per benchmark year's output of each.
    """
    at = {name: i for i, name in enumerate(baseline.activities)}
    place = [at[name] for name in PLANT]
    emissions, made = earning
    output, emitted, given = baseline.twh[place] * made[place], emissions[place].copy(), (rates * made)[place]
    if HEAT in at and economy.figures.coal_classes is not None:
        table = class_table(economy.figures.coal_classes).reindex(PLANT).fillna(0.0)
        warm = np.array(table["capacity_share"] * table["tied_to_heat"], np.float64)
        burnt = warm * np.array(table["intensity"], np.float64)
        heat = at[HEAT]
        output = output + baseline.twh[heat] * made[heat] * warm / warm.sum()
        emitted = emitted + emissions[heat] * burnt / burnt.sum()
        given = given + rates[heat] * made[heat] * warm / warm.sum()
    return ClassAmounts(output, emitted, given)


def spread_of(economy: Economy, sector: float) -> Array:
    """Standard deviation of log emissions per output within each class; the sector's own where none is known."""
    table = economy.figures.population
    rows = table[(table["sector"] == "ELEC") & table["parameter"].str.startswith("class_sigma_")]
    known = dict(zip(rows["parameter"].str.removeprefix("class_sigma_"), rows["value"].astype(float), strict=True))
    return np.array([known.get(name, sector) for name in PLANT])


def part_firms(firms: Population, economy: Economy, policy: Policy, seed: int, spread: Array) -> None:
    """Give power firms their classes, as the benchmark year has them."""
    base = policy.baseline
    amounts = class_amounts(economy, base, base.earning(base.years[0]), policy.rates(base.years[0]))
    into_classes(firms, base.sectors.index("ELEC"), amounts, spread, firms.draws(seed, 0))


def move_firms(firms: Population, economy: Economy, policy: Policy, earned: tuple[Array, Array], year: int) -> None:
    """Before a year begins: classes as the economy left them, moved on as the frozen baseline moves.

    Parameters
    ----------
    earned
        Emissions and outputs of the activities in the year before.
    year
        The year to come.
    """
    base = policy.baseline
    before, now = base.earning(year - 1), base.earning(year)
    moved = [
        np.where(b > 0, done * np.divide(n, b, out=np.zeros_like(n), where=b > 0), n)
        for done, b, n in zip(earned, before, now, strict=True)
    ]
    amounts = class_amounts(economy, base, (moved[0], moved[1]), policy.rates(year))
    follow(firms, base.sectors.index("ELEC"), amounts)
