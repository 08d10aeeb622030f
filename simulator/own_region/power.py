"""Electricity of a region whose table has one row and one column for it: users, technologies, materials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.tables import cell, entry, total
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.fuels import MADE
from tanshi.simulator.own_region.plants import TECHNOLOGIES, plants

SMALLEST_EXPORT = 1e-3
"""TWh: an exact zero would leave the power lines without a direction."""


@dataclass
class Power:
    """Electricity of the new region.

    Attributes
    ----------
    use, technologies, materials
        The tables ``electricity_use``, ``power`` and ``power_materials``, values only.
    generation, export
        TWh a year.
    household
        Households' bill, yi yuan.
    growth
        Generation over the template's.
    notes
        What the table says that could not be taken over.
    """

    use: pd.DataFrame
    technologies: pd.DataFrame
    materials: pd.DataFrame
    generation: float
    export: float
    household: float
    growth: float
    notes: list[str]


def without_own_use(table: NationalTable) -> NationalTable:
    """Take power's sales to itself out of the table: the model sells from plants to the grid by its own account."""
    use, output = table.use.copy(), table.output.copy()
    output["ELEC"] = entry(output, "ELEC") - cell(use, "ELEC", "ELEC")
    use.loc["ELEC", "ELEC"] = 0.0
    return NationalTable(table.file, table.labels, use, table.final, table.value_added, output)


def power(
    tables: Mapping[str, pd.DataFrame],
    accounts: Accounts,
    old: NationalTable,
    new: NationalTable,
    gas_in_steel_row: float,
    fuel_money: float,
) -> Power:
    """Estimate power.

    Parameters
    ----------
    tables, accounts
        The template's.
    old, new
        The template's and the new region's table, power's own use taken out.
    gas_in_steel_row, fuel_money
        What power pays for blast-furnace gas, and for all fuel, yi yuan.
    """
    controls = tables["controls"].set_index("item")["value"].astype(float)
    use = tables["electricity_use"].set_index("user")[["twh", "relative_price"]].astype(float).copy()
    for user in use.index:
        column = ("final", "household") if user == "HH" else ("use", str(user))
        before, after = (cell(getattr(t, column[0]), "ELEC", column[1]) for t in (old, new))
        use.loc[user, "twh"] *= after / before
    household = cell(new.final, "ELEC", "household")
    bill = total(new.use.loc["ELEC"]) + household
    export = (entry(new.output, "ELEC") - bill) / (10.0 * entry(controls, "power_export_price"))
    if abs(export) < SMALLEST_EXPORT:
        export = SMALLEST_EXPORT
    generated = entry(controls, "generation")
    used = total(tables["electricity_use"]["twh"])
    loss = 1.0 - (entry(controls, "power_export_net") + used) / generated
    generation = (total(use["twh"]) + export) / (1.0 - loss)
    growth = generation / generated
    if generation <= 0.0:  # prices of users differ too much from the template's for tonnes to add up
        growth = entry(new.output, "ELEC") / entry(old.output, "ELEC")
        generation = growth * generated
    technologies, notes = plants(tables["power"], new)
    technologies[["twh", "capacity_gw"]] = technologies[["twh", "capacity_gw"]].astype(float) * growth
    materials, spending = _materials(accounts, old, new, gas_in_steel_row)
    bought = entry(new.output, "ELEC") - total(new.value_added["ELEC"]) - fuel_money
    given = technologies["materials"].astype(float)
    # coal power has what is left; the template says nothing of it
    technologies["materials"] = given * bought / total(spending)
    use, technologies = use.reset_index(), technologies.reset_index()
    return Power(use, technologies, materials, generation, export, household, growth, notes)


def _materials(
    accounts: Accounts, old: NationalTable, new: NationalTable, gas_in_steel_row: float
) -> tuple[pd.DataFrame, pd.Series]:
    """Shares of goods in every technology's materials, and the template's spending on materials by technology."""
    goods = [s for s in new.sectors if s not in (*MADE, "ELEC")]
    rows = [f"C_{g}" for g in goods]
    bought = pd.DataFrame(
        {t: accounts.sam.loc[rows, f"A_{t}"].to_numpy(dtype=float) for t in TECHNOLOGIES}, index=goods
    )
    spending: pd.Series = bought.sum(axis=0)
    out = pd.DataFrame(0.0, index=goods, columns=list(TECHNOLOGIES))
    for good in goods:
        money = cell(new.use, good, "ELEC") - (gas_in_steel_row if good == "STEEL" else 0.0)
        known = total(bought.loc[good])
        pattern = bought.loc[good] / known if known > 0.0 else spending / total(spending)
        out.loc[good] = max(money, 0.0) * pattern
    for technology in TECHNOLOGIES:  # a technology without a single good buys like the others
        if total(out[technology]) <= 0.0:
            out[technology] = out.sum(axis=1)
    shares = out / out.sum(axis=0)
    return shares.loc[shares.sum(axis=1) > 0.0].rename_axis("commodity").reset_index(), spending
