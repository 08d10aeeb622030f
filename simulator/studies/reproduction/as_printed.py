"""Emissions by eq. 15 of the first paper as it is printed, coal + oil + gas + thermal power, beside the physical ones.

Coal is all coal consumed, coking coal and coal for chemicals and washing included, although its carbon leaves in coke,
gas and washed coal; thermal power is counted on top of the fuel that made it. How the paper takes power is not said: by
the nation's grid factor times what the province uses, or all thermal power times what it emits. Both are given.
"""

from __future__ import annotations

from dataclasses import dataclass

from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.scenarios.economy import Figures
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.ground.annual import Year
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.reproduction.decomposition import policy_path

COAL, OIL, GAS = "Coal", "Oil Products and Coke", "Gas"


@dataclass(frozen=True)
class AsPrinted:
    """Mt CO2 of a scenario by year: eq. 15 with power used, with power made, and the physical accounts."""

    used: dict[int, float]
    made: dict[int, float]
    physical: dict[int, float]


def as_printed(scenario: Scenario) -> AsPrinted:
    """Work eq. 15 out along the path of one equilibrium a year.

    Raises
    ------
    EquilibriumError
        Where a year has no equilibrium.
    """
    accounts, path = policy_path(scenario)
    figures = economy(scenario.economy, scenario.figures).figures
    used, made, physical = {}, {}, {}
    first = accounts.emissions(path[0].flows)["ELEC"] / _thermal(accounts, path[0])
    for year in path:
        power = accounts.power(year.flows)
        fuel = _fuel(accounts, figures, year)
        thermal = _thermal(accounts, year)
        use = thermal + power["nonfossil_twh"] - power["net_export_twh"]
        used[year.year] = fuel + figures.value("parameters", "grid_factor_2022") * use
        made[year.year] = fuel + first * thermal
        physical[year.year] = sum(accounts.emissions(year.flows).values())
    return AsPrinted(used, made, physical)


def _thermal(accounts: PhysicalAccounts, year: Year) -> float:
    power = accounts.power(year.flows)
    return power["GENC_twh"] + power["GENG_twh"]


def _fuel(accounts: PhysicalAccounts, figures: Figures, year: Year) -> float:
    """Coal, oil and gas consumed, Mt CO2: what is burnt, and what is turned into something else."""
    factor = figures.fuels.set_index("fuel")["tco2_per_tce"].astype(float)
    energy = accounts.energy(year.flows)
    rows = figures.feedstocks.itertuples()
    turned = {"COAL": 0.0, "OGAS": 0.0}
    for row in rows:
        if row.commodity in turned:
            turned[str(row.commodity)] += float(str(row.mtce)) * accounts.output_index(year.flows, str(row.activity))
    coal = (energy[COAL] + turned["COAL"]) * factor["Raw_Coal"]
    oil = energy[OIL] * _oil_share(figures) * factor["Diesel_Oil"]
    gas = energy[GAS] * factor["Natural_Gas"]
    return float(coal + oil + gas)


def _oil_share(figures: Figures) -> float:
    """Part of oil products in oil products and coke, of the last inventory."""
    oil = set(figures.fuels.loc[figures.fuels["oil_product"] == "yes", "fuel"])
    both = set(figures.fuels.loc[figures.fuels["commodity"] == "COKE", "fuel"])
    table = figures.fuel_2019
    return float(table.loc[table["fuel"].isin(oil), "mtce"].sum() / table.loc[table["fuel"].isin(both), "mtce"].sum())
