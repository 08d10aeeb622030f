"""What a path of years is worth: consumption discounted, and the capital that is left at the end.

Yearly sums of consumption, investment and government count saving twice, when it is made and when it is consumed. Here
saving counts once, as what it leaves behind: the services of the last year's capital and what is built in it, for as
long as they last, discounted like consumption.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.dynamics import advance
from tanshi.equilibrium.province.national import Welfare, welfare
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.economics import impose
from tanshi.simulator.run.ground.annual import Year, annual_path, frozen_baseline
from tanshi.simulator.run.ground.economy import economy, province
from tanshi.simulator.run.ground.policy import Policy

RATES = (0.03, 0.05, 0.08)
"""Yearly rates of discount: low, middle, and that of the state's project appraisal (NDRC, Economic evaluation of
construction projects, 2006: 8 %)."""


@dataclass(frozen=True)
class PathWorth:
    """An equilibrium-only path of a scenario.

    Attributes
    ----------
    first
        First year.
    years
        What each year yields.
    prices
        Carbon price by year, yuan/t.
    capital
        Services of all capital at the start of the year after the last, yi yuan of the benchmark a year.
    depreciation
        Part of capital that wears out in a year.
    """

    first: int
    years: tuple[Welfare, ...]
    prices: tuple[float, ...]
    capital: float
    depreciation: float

    def worth(self, rate: float) -> float:
        """Discounted consumption and government, and end capital, yi yuan of the first year.

        Parameters
        ----------
        rate
            Of discount, 1/year.
        """
        consumed = sum((y.consumption + y.government) / (1 + rate) ** t for t, y in enumerate(self.years))
        left = self.capital * (1 + rate) / (rate + self.depreciation)  # services of a stock that wears out
        return consumed + left / (1 + rate) ** len(self.years)


def path_worth(scenario: Scenario) -> PathWorth:
    """Solve a scenario's path, one equilibrium a year, and value it.

    Raises
    ------
    EquilibriumError
        With the year and the worst equation.
    """
    model, accounts = province(scenario.economy, scenario.closure, scenario.figures)
    years = range(scenario.years.start, scenario.years.end + 1)
    growth = economy(scenario.economy, scenario.figures).growth(scenario.dynamics, years[0], years[-1])
    base = frozen_baseline(scenario.economy, scenario.closure, scenario.dynamics, years[0], years[-1], scenario.figures)
    policy = Policy(scenario, base, annual=True)
    path = annual_path(model, accounts, growth, years, lambda p, year: impose(policy, model, p, year))
    last = path[-1]
    after = advance(
        model, last.solution.parameters, last.flows, last.solution, replace(growth, nonfossil={}), last.year
    )
    return PathWorth(
        years[0],
        tuple(welfare(y.solution) for y in path),
        tuple(_price(model, y) for y in path),
        _services(model, after.endowment),
        scenario.dynamics.depreciation,
    )


def _price(model: Province, year: Year) -> float:
    return float(year.solution.x[model.permit_var]) / YUAN_PER_TONNE


def _services(model: Province, endowment: np.ndarray) -> float:
    kinds = {name for (_, name, _) in model.compiled.endow_at if name.startswith("CAP")}
    return float(
        sum(
            endowment[i]
            for (_, name, multiplier), i in model.compiled.endow_at.items()
            if name in kinds and not multiplier
        )
    )
