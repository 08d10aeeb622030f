"""Power technologies of the new region: their parts of thermal power, their fuel, their value added."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tanshi.equilibrium.province.balance_energy import burnt_fuel
from tanshi.equilibrium.province.balance_power import GENERATION
from tanshi.equilibrium.province.tables import cell, entry, total
from tanshi.errors import Message
from tanshi.scenarios.national.table import NationalTable

TECHNOLOGIES = ("ELEC", *GENERATION)
LEAST_CAPITAL = 0.3
"""Share of value added that a plant's capital needs, since allowances come out of it."""
LEAST_THERMAL = 0.005
"""Smallest part of thermal power that coal or gas makes: the accounts need both."""


def burnt_in(fuel: pd.DataFrame, plant: str) -> float:
    """Mtce that a plant burns, of an account of fuel by activity."""
    return total(fuel.loc[fuel["activity"] == plant, "mtce"])


def coal_rate(tables: Mapping[str, pd.DataFrame]) -> float:
    """Coal (and oil) that coal-fired plant burns, Mtce per TWh."""
    return burnt_in(burnt_fuel(tables), "GENC") / cell(tables["power"].set_index("activity"), "GENC", "twh")


def thermal_mix(power: pd.DataFrame, before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """The technologies with thermal power parted by the fuel that it burns, at the template's fuel per kWh.

    Parameters
    ----------
    power
        The table ``power`` of the template.
    before, now
        Accounts of fuel by activity, of the template and of the region.

    Returns
    -------
    DataFrame
        TWh, capacity, value added and materials of coal and gas, their sums unchanged.
    """
    table = power.set_index("activity")
    thermal = ["GENC", "GENG"]
    twh = table.loc[thermal, "twh"].astype(float)
    more = pd.Series({p: burnt_in(now, p) / burnt_in(before, p) for p in thermal})
    made = twh * more if total(more) > 0.0 else twh
    part = (made / total(made)).clip(LEAST_THERMAL, 1.0 - LEAST_THERMAL)
    times = part / total(part) * total(twh) / twh
    for column in ("twh", "capacity_gw", "value_added_share", "materials"):
        old = table[column].astype(float)
        new = old.copy()
        new[thermal] *= times
        if column in ("capacity_gw", "value_added_share"):
            new[thermal] *= total(old[thermal]) / total(new[thermal])
        table[column] = new
    return table.reset_index()


def plants(template: pd.DataFrame, new: NationalTable) -> tuple[pd.DataFrame, list[str]]:
    """The template's technologies with shares of value added that give the table's labour and tax for power as a whole.

    Returns
    -------
    DataFrame, notes
        The table ``power`` by technology, all else as in the template.
    """
    technologies = template.set_index("activity").loc[list(TECHNOLOGIES)].copy()
    columns = ["labour", "capital", "production_tax"]
    before = technologies[columns].astype(float)
    share = technologies["value_added_share"].astype(float)
    added = new.value_added["ELEC"]
    value = total(added)
    for column in ("labour", "production_tax"):
        mean = total(share * before[column])
        technologies[column] = before[column] * max(entry(added, column), 0.0) / value / mean
    technologies["capital"] = 1.0 - technologies["labour"] - technologies["production_tax"]
    fossil = technologies.loc[["GENC", "GENG"], "capital"] < LEAST_CAPITAL
    if fossil.any() or (technologies["capital"] <= 0.0).any():
        technologies[columns] = before
        return technologies, [
            Message("Power's surplus would not pay its allowances: the template's shares of value added are used.")
        ]
    return technologies, []
