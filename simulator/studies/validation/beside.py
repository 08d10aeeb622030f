"""What is known of Shanxi in 2023 to 2025 beside the figures of S1 to S5, each value with its status.

The allowance price is observed, in the nation's market of power alone, and told in prices of 2022 as the runs' is. No
statistic of the province's emissions and energy after 2022 is at hand; both are estimated from what was observed of
output: the accounts of 2022, each sector's fuel and process CO2 moved by its own output, all other sectors' by real
GDP, power's by thermal generation. That leaves savings of fuel per output out, so that the estimate is high rather
than low. The nation's volume is scaled to the province's part of the covered emissions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from tanshi.language import mark
from tanshi.scenarios.facts.observed import observed_years
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.results.variables import emissions_of
from tanshi.simulator.run.ground.annual import annual_path, frozen_regime
from tanshi.simulator.run.ground.economy import economy, province
from tanshi.simulator.studies.validation.observed import observed, series

ECONOMY, NATION = "shanxi_2022", "china"
YEARS = (2023, 2024, 2025)
OUTPUT = {
    "ELEC": "power generation thermal (above scale)",
    "COAL": "raw coal output (above scale)",
    "COKE": "coke",
    "STEEL": "crude steel",
    "NMM": "cement",
    "NFM": "ten non-ferrous metals",
}
"""Sector -> the observed series that moves it."""
STILL = ("HH",)
"""What is left as in 2022."""
POWER = emissions_of("ELEC")
GROWTH, USE = "GDP real growth", "electricity consumption (whole society)"
NATION_COVERED = 5100.0
"""Mt CO2 that the national market of power covers (Ministry of Ecology and Environment, 2021 to 2023; recalled)."""
OBSERVED, ESTIMATE = mark("observed, national market"), mark("estimated from observed output")
SCALED = mark("national market, scaled to the province")


@dataclass(frozen=True)
class Beside:
    """Values by year beside a figure, and what they are.

    Attributes
    ----------
    values
        Year -> value in the figure's unit.
    title
        What they are, in English.
    seen
        Whether they are observed; false: estimated from what was.
    """

    values: Mapping[int, float]
    title: str
    seen: bool


def beside(variable: str) -> Beside | None:
    """What is known beside a variable of the figures; None where nothing is.

    Examples
    --------
    >>> round(beside("Price|Carbon").values[2023], 1), beside("GDP|MER")
    (68.5, None)
    """
    if variable == "Price|Carbon":
        return Beside({y: found.mean for y, found in observed_years(NATION).items() if y in YEARS}, OBSERVED, True)
    if variable in ("Emissions|CO2", "Energy Consumption"):
        return Beside(estimates()[variable], ESTIMATE, False)
    if variable.startswith("Carbon Market|Trading Volume") and "Primary" not in variable:
        return Beside(_volume(), SCALED, False)
    return None


@lru_cache(maxsize=1)
def estimates() -> Mapping[str, Mapping[int, float]]:
    """CO2 (Mt) and energy (Mtce, statistical concept) by year, as far as output was observed; power's CO2 of 2022."""
    scenario = load_scenario("S1")
    found = economy(ECONOMY, {})
    model, accounts = province(ECONOMY, scenario.closure, {})
    growth = found.growth(scenario.dynamics, 2022, 2022)
    (base,) = annual_path(model, accounts, growth, range(2022, 2023), frozen_regime(model))
    emitted = accounts.emissions(base.flows)
    process = found.figures.process_co2.set_index("activity")["mt"].astype(float)
    burnt = {name: mt - float(process.get(name, 0.0)) for name, mt in emitted.items() if name != "ELEC"}
    per_twh = found.figures.value("parameters", "coal_equivalent_mtce_per_twh")
    power = accounts.power(base.flows)
    thermal = power["GENC_twh"] + power["GENG_twh"]
    total = accounts.energy(base.flows)["total"]
    rest = total + per_twh * (power["net_export_twh"] - power["nonfossil_twh"] - thermal)
    clean = found.figures.nonfossil_path.set_index("year")["twh"].astype(float)
    co2, energy, power_co2 = {}, {}, {2022: emitted["ELEC"]}
    for year in YEARS:
        moved = _moved(year, list(emitted))
        if moved is None:
            continue
        co2[year] = sum(mt * moved[name] for name, mt in emitted.items())
        others = sum(mt * moved[name] for name, mt in burnt.items()) / sum(burnt.values())
        now, used = thermal * moved["ELEC"], series(USE)
        export = power["net_export_twh"] + (now - thermal) + (clean[year] - clean[2022]) - (used[year] - used[2022])
        energy[year] = float(rest * others + per_twh * (now + clean[year] - export))
    return {"Emissions|CO2": co2, "Energy Consumption": energy, POWER: power_co2}


def _moved(year: int, names: list[str]) -> dict[str, float] | None:
    """Index of every sector's output, 2022 = 1; None where a series does not reach the year."""
    known = {sector: series(name) for sector, name in OUTPUT.items()}
    grown = series(GROWTH)
    if any(year not in told for told in (*known.values(), series(USE))) or any(
        y not in grown for y in range(2023, year + 1)
    ):
        return None
    real = float(np.prod([1.0 + grown[y] / 100.0 for y in range(2023, year + 1)]))
    own = {sector: told[year] / told[2022] for sector, told in known.items()}
    return {name: own.get(name, 1.0 if name in STILL else real) for name in names}


def _volume() -> dict[int, float]:
    """Mt a year in the national market, times the province's part of what it covers; whole years alone."""
    table = economy(ECONOMY, {}).figures.cea_monthly
    when = pd.to_datetime(table["date"])
    part = estimates()[POWER][2022] / NATION_COVERED
    sums = table["volume_t"].astype(float).groupby(when.dt.year).agg(["sum", "size"])
    return {int(str(y)): part * float(r["sum"]) / 1e6 for y, r in sums.iterrows() if y in YEARS and r["size"] == 12}


def statuses() -> pd.DataFrame:
    """The series that the estimates rest on: variable, status and source."""
    table = observed()
    return table[table["variable"].isin((*OUTPUT.values(), GROWTH, USE))][["variable", "year", "status", "source"]]
