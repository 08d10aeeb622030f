"""From flows, fills and accrued tonnes to the annual variables of a run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.simulator.results.variables import MONEY_METRIC, YIELD, emissions_of, value_added_of

BILLION_PER_YI = 0.1

ENERGY_NAMES = {
    "Coal": ("Coal",),
    "Oil Products and Coke": ("Oil Products and Coke",),
    "Gas": ("Gas", "By-product Gas"),
    "Non-Fossil Power": ("Non-Fossil Power",),
    "Other Uses and Losses": ("Feedstock and Losses", "Statistical Difference"),
}
"""Names of the result catalogue from the parts of the energy account."""


def economy_variables(
    accounts: PhysicalAccounts, flows: Flows, welfare: float, accrued: NDArray[np.float64], covered: NDArray[np.bool_]
) -> dict[str, float]:
    """The year's variables that come from the economy.

    Parameters
    ----------
    flows
        Mean flows of the year.
    welfare
        Mean real demand of households, 1 in the benchmark.
    accrued
        Mt accrued along the drift's path in the year; it replaces the economy's own figure of the sectors
        in ``covered``, whose emissions the market verifies.
    """
    emissions = accounts.emissions(flows)
    for i, sector in enumerate(accounts.province.sectors):
        if covered[i]:
            emissions[sector] = float(accrued[i])
    energy = accounts.energy(flows)
    out = {emissions_of(s): value for s, value in emissions.items()}
    out["Emissions|CO2"] = sum(emissions.values())
    out["Energy Consumption"] = energy["total"]
    out["Fuel Combustion"] = energy["combustion"]
    for name, parts in ENERGY_NAMES.items():
        out[f"Energy Consumption|{name}"] = sum(energy[part] for part in parts)
    out["Energy Consumption|Net Power Export"] = -energy["Net Power Export"]
    real = accounts.real_gdp(flows)
    out["GDP|MER"] = real["gdp"] * BILLION_PER_YI
    out[YIELD] = (real["consumption"] + real["investment"] + accounts.leisure(flows)) * BILLION_PER_YI
    for sector, value in accounts.real_value_added(flows).items():
        out[value_added_of(sector)] = value * BILLION_PER_YI
    out[MONEY_METRIC] = welfare * accounts.household_spending * BILLION_PER_YI
    return out
