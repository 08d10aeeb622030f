"""What a carbon price achieves in the last year, beside published costs, and what in the model makes it cheap.

One equilibrium a year; from the policy's start every sector that trades pays a held price.  The fall is that of the
province's CO2 against the same path without a price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tanshi.equilibrium.engine import Parameters
from tanshi.scenarios import facts
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.studies.yearly import Yearly

PRICES = (55.0, 110.0, 200.0, 345.0)
"""Held prices, yuan/t: the benchmark's, two of the literature's, and one between."""
SHIPPED = "as shipped"
DEAR: dict[str, dict[str, Any]] = {
    "border bears all of the marginal cost of power": {
        "closure.border_pass_through": 1.0, "closure.border_cost": "marginal",
    },
    "installed plant nearly rigid (IMF-ENV)": {"closure.installed_elasticity": 0.12},
    "energy and other inputs of power at the low end": {"figures": {"economy.elasticities.GENC.energy_other": 0.0}},
}  # fmt: skip
"""Structural choices that make abatement dearer, each within its sourced range; none is chosen to hit a number."""
CHEAP: dict[str, dict[str, Any]] = {
    "other provinces buy any amount at a given price": {"closure.outside": "flat"},
    "clean power beyond the plan at 0.4 yuan/kWh": {"closure.clean_cost": 0.4},
}
"""The same that make it cheaper: what the model took for granted before."""
TOGETHER = "all that make it dearer"
CHOICES: dict[str, dict[str, Any]] = {
    SHIPPED: {}, **DEAR, TOGETHER: {k: v for change in DEAR.values() for k, v in change.items()}, **CHEAP,
}  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """Falls of CO2 in the last year at held prices.

    Attributes
    ----------
    choice
        Which structural choice.
    year
        The last year.
    falls
        Price (yuan/t) -> part of the CO2 without a price.
    """

    choice: str
    year: int
    falls: Mapping[float, float]

    def price_of(self, fall: float) -> float:
        """Price at which CO2 falls so far, yuan/t, between the prices asked; beyond them nan."""
        prices = np.array([0.0, *self.falls])
        reached = np.array([0.0, *self.falls.values()])
        return float(np.interp(fall, reached, prices, right=np.nan))


def curve(scenario: Scenario, choice: str, prices: tuple[float, ...] = PRICES) -> Curve:
    """The falls of a scenario's coverage.

    Raises
    ------
    EquilibriumError
        With the year and the worst equation.
    """
    last = scenario.years.end
    free = _last_co2(scenario, 0.0)
    return Curve(choice, last, {price: 1.0 - _last_co2(scenario, price) / free for price in prices})


def _last_co2(scenario: Scenario, price: float) -> float:
    yearly = Yearly.of(scenario)
    model, policy = yearly.model, yearly.policy

    def regime(p: Parameters, year: int) -> None:
        policy.prepare(model, p, year)
        model.hold_price(p, price if policy.started(year) else model.accounts.carbon_price)

    return sum(yearly.accounts.emissions(yearly.path(regime)[-1].flows).values())


def curves(name: str = "S5", prices: tuple[float, ...] = PRICES) -> list[Curve]:
    """The curve under every structural choice."""
    return [curve(load_scenario(name, change), choice, prices) for choice, change in CHOICES.items()]


def published() -> pd.DataFrame:
    """Published marginal costs, one row each, with source and status."""
    return pd.read_csv(Path(facts.__file__).parent / "mac_literature.csv")


def table(found: list[Curve]) -> pd.DataFrame:
    """Falls in percent by choice and price, and the prices of a fall by 5 and by 10 %."""
    rows = []
    for one in found:
        falls = {f"{price:g} yuan/t": 100.0 * fall for price, fall in one.falls.items()}
        rows.append({"choice": one.choice, **falls, "price of 5 %": one.price_of(0.05), "of 10 %": one.price_of(0.1)})
    return pd.DataFrame(rows)
