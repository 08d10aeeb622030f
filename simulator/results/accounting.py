"""From flows and accrued tonnes to the annual variables of the economy: emissions, energy, power, real accounts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.simulator.results.variables import (
    CAPACITY,
    CLEAN,
    GENERATION,
    KINDS,
    MONEY_METRIC,
    POWER_PRICE,
    POWER_SENT,
    YIELD,
    emissions_of,
    value_added_of,
    yield_of,
)

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
    accounts: PhysicalAccounts,
    flows: Flows,
    welfare: float,
    accrued: NDArray[np.float64],
    covered: NDArray[np.bool_],
    clean: Mapping[str, float] | None = None,
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
    clean
        GW of each kind of ``CLEAN`` in the year; without it capacity is left out.
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
    out["Energy Consumption|Net Power Import"] = energy["Net Power Export"]
    out |= _power(accounts, flows)
    if clean is not None:
        out |= _capacity(accounts, flows, clean)
    real = accounts.real_gdp(flows)
    out["GDP|MER"] = real["gdp"] * BILLION_PER_YI
    yields = {
        "Households": real["households"],
        "Leisure": accounts.leisure(flows),
        "Government": real["government"],
        "Saving": real["investment"],
    }
    out |= {yield_of(part): value * BILLION_PER_YI for part, value in yields.items()}
    out[YIELD] = sum(yields.values()) * BILLION_PER_YI
    for sector, value in accounts.real_value_added(flows).items():
        out[value_added_of(sector)] = value * BILLION_PER_YI
    out[MONEY_METRIC] = welfare * accounts.household_spending * BILLION_PER_YI
    return out


def _power(accounts: PhysicalAccounts, flows: Flows) -> dict[str, float]:
    """Generation and power sent out (TWh), and the price (yuan/MWh) of electricity."""
    made = accounts.power(flows)
    generated = dict(zip(KINDS, (made["GENC_twh"], made["GENG_twh"], made["nonfossil_twh"]), strict=True))
    out = {f"{GENERATION}|{kind}": value for kind, value in generated.items()}
    out[GENERATION] = sum(generated.values())
    return out | {POWER_SENT: made["net_export_twh"], POWER_PRICE: accounts.power_price(flows)}


def _capacity(accounts: PhysicalAccounts, flows: Flows, clean: Mapping[str, float]) -> dict[str, float]:
    """Capacity of power plants by kind, GW."""
    found = accounts.capacity(flows)
    installed = dict(zip(KINDS, (found["coal"], found["gas"], sum(clean[kind] for kind in CLEAN)), strict=True))
    out = {f"{CAPACITY}|{kind}": value for kind, value in installed.items()}
    out |= {f"{CAPACITY}|Non-Fossil|{kind}": clean[kind] for kind in CLEAN}
    return out | {CAPACITY: sum(installed.values())}
