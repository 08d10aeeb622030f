"""Fuel of a region whose table has money alone: the template's tonnes, scaled so that money at its prices agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from tanshi.equilibrium.province.balance_energy import burnt_fuel, fuel_account
from tanshi.equilibrium.province.tables import cell, total
from tanshi.errors import Message
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.plants import plants, thermal_mix

MADE = ("COAL", "COKE", "OGAS")
PROCESS = ("COAL", "OGAS", "COKE", "CHEM")
"""Users that turn fuel into other goods: what they buy beyond the energy of their output is feedstock."""
FEEDSTOCK = (*PROCESS, "CONS")
MOST = 3.0
"""Energy per output may rise to so many times the template's before the money is taken for something else."""
LEAST = 1e-4
"""By-product gas never falls below this share of the template's: the accounts need its market."""
REFINING = 0.05
"""Crude oil and gas into COKE, as a share of its output, from which the region refines oil itself."""
PERMIT_LIMIT = 0.9
"""Largest share of a power technology's surplus that allowances at the benchmark price may take."""


@dataclass
class Fuels:
    """Fuel of the new region.

    Attributes
    ----------
    burnt
        Columns ``user, fuel, mtce``, in the sense of the table ``fuel_2019`` (one row a user and fuel).
    feedstocks
        Columns of the table ``feedstocks``.
    ratio
        Tonnes burnt by user over the template's.
    coking
        Coking coal over the template's.
    refines
        Whether crude oil is refined in the region.
    dropped
        Money for fuel that could not be given tonnes, yi yuan, by ``(commodity, user)``.
    """

    burnt: pd.DataFrame
    feedstocks: pd.DataFrame
    ratio: dict[str, float]
    coking: float
    refines: bool
    dropped: dict[tuple[str, str], float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def fuels(tables: Mapping[str, pd.DataFrame], old: NationalTable, new: NationalTable, carbon_price: float) -> Fuels:
    """Estimate tonnes.

    Parameters
    ----------
    tables
        The template's tables.
    old, new
        The template and the new region in the same layout and sectors, yi yuan.
    carbon_price
        Of the new region's benchmark year, yuan/t.
    """
    account = fuel_account(tables)
    price = tables["fuels"].set_index("fuel")["yuan_per_tce"].astype(float)
    burnt = burnt_fuel(tables)
    gas = burnt["commodity"] == "BPG"
    oven = tables["fuels"].set_index("fuel")["joint_output_of"].fillna("")
    coking = _ratio(new, old, "COAL", "COKE")
    drivers = {
        "COKE": max(coking, LEAST),
        "STEEL": max(min(_ratio(new, old, "COKE", "STEEL"), MOST * _growth(new, old, "STEEL")), LEAST),
    }
    burnt["factor"] = 1.0
    burnt.loc[gas, "factor"] = burnt.loc[gas, "fuel"].map(oven).map(drivers)
    _within_output(burnt, gas, oven, {str(u): MOST * _growth(new, old, str(u)) for u in set(burnt.loc[gas, "user"])})
    share = _coke_share(burnt, oven)
    user = account["activity"].where(~account["activity"].isin(["GENC", "GENG"]), "ELEC")
    feed_rows: list[tuple[object, ...]] = []
    dropped: dict[tuple[str, str], float] = {}
    for commodity in MADE:
        energy_price = _mean_price(account, commodity)
        for u in [*new.sectors, "HH"]:
            own = account[(account["commodity"] == commodity) & (user == u)]
            energy = total(own.loc[own["use"] != "feedstock", "value"])
            feed = total(own.loc[own["use"] == "feedstock", "value"])
            money = _money(new, commodity, u)
            if commodity == "COKE":  # by-product gas of coke ovens stands in the same row of statistics
                money -= share * _gas_value(burnt, price, u)
            money = max(money, 0.0)
            most = _growth(new, old, u) * (1.0 if u in PROCESS and feed == 0.0 else MOST)
            factor = min(money / (energy + feed), most) if energy > 0.0 else 0.0
            here = (burnt["commodity"] == commodity) & (burnt["user"] == u)
            burnt.loc[here, "factor"] = factor
            left = money - factor * energy
            if left <= 1e-9 * max(money, 1.0):
                continue
            if u in FEEDSTOCK:
                at = 100.0 * feed / total(own.loc[own["use"] == "feedstock", "mtce"]) if feed > 0.0 else energy_price
                feed_rows.append((commodity, u, "feedstock", 100.0 * left / at, at))
            else:
                dropped[commodity, u] = left
    _enough_coke(burnt, oven)
    before = burnt.groupby("user")["mtce"].sum()
    burnt["mtce"] *= burnt["factor"]
    notes = _within_power(burnt, tables, new, carbon_price)
    after = burnt.groupby("user")["mtce"].sum()
    crude = _money(new, "OGAS", "COKE") / float(new.output["COKE"])
    return Fuels(
        burnt=burnt[burnt["mtce"] > 0.0].groupby(["user", "fuel"])[["mtce"]].sum().reset_index(),
        feedstocks=pd.DataFrame(feed_rows, columns=["commodity", "activity", "use", "mtce", "yuan_per_tce"]),
        ratio={str(u): float(after[u]) / float(before[u]) for u in before.index},
        coking=coking,
        refines=crude > REFINING,
        dropped=dropped,
        notes=notes,
    )


def _within_output(burnt: pd.DataFrame, gas: pd.Series, oven: pd.Series, most: Mapping[str, float]) -> None:
    """By-product gas of each oven goes to users in the template's proportions, as far as their output can take it."""
    for maker in ("COKE", "STEEL"):
        rows = gas & (burnt["fuel"].map(oven) == maker)
        limit = burnt.loc[rows, "user"].map(most).astype(float)
        factor = burnt.loc[rows, "factor"]
        lost = total(burnt.loc[rows, "mtce"] * (factor - limit).clip(lower=0.0))
        free = rows & ~burnt.index.isin(limit.index[factor >= limit])
        taken = total(burnt.loc[free, "mtce"] * burnt.loc[free, "factor"])
        if lost > 0.0 and taken > 0.0:
            burnt.loc[rows, "factor"] = factor.clip(upper=limit)
            burnt.loc[free, "factor"] *= 1.0 + lost / taken


def _money(table: NationalTable, commodity: str, user: str) -> float:
    return cell(table.final, commodity, "household") if user == "HH" else cell(table.use, commodity, user)


def _ratio(new: NationalTable, old: NationalTable, commodity: str, user: str) -> float:
    return _money(new, commodity, user) / _money(old, commodity, user)


def _growth(new: NationalTable, old: NationalTable, user: str) -> float:
    """Gross output over the template's; spending for households."""
    if user == "HH":
        return total(new.final["household"]) / total(old.final["household"])
    return float(new.output[user]) / float(old.output[user])


def _mean_price(account: pd.DataFrame, commodity: str) -> float:
    own = account[account["commodity"] == commodity]
    return 100.0 * total(own["value"]) / total(own["mtce"])


def _gas_value(burnt: pd.DataFrame, price: pd.Series, user: str) -> float:
    own = burnt[(burnt["commodity"] == "BPG") & (burnt["user"] == user)]
    return total(own["mtce"] * own["factor"] * own["fuel"].map(price).astype(float)) / 100.0


def _coke_share(burnt: pd.DataFrame, oven: pd.Series) -> float:
    gas = burnt[burnt["commodity"] == "BPG"]
    tonnes = gas["mtce"] * gas["factor"]
    return total(tonnes[gas["fuel"].map(oven) == "COKE"]) / total(tonnes)


def _enough_coke(burnt: pd.DataFrame, oven: pd.Series) -> None:
    """Blast-furnace gas comes from the coke that steel uses: it grows no faster."""
    reductant = (burnt["user"] == "STEEL") & (burnt["use"] == "reductant")
    blast = burnt["fuel"].map(oven) == "STEEL"
    burnt.loc[reductant, "factor"] = burnt.loc[reductant, "factor"].clip(lower=LEAST)
    burnt.loc[blast, "factor"] = burnt.loc[blast, "factor"].clip(upper=float(burnt.loc[reductant, "factor"].min()))


def _within_power(
    burnt: pd.DataFrame, tables: Mapping[str, pd.DataFrame], new: NationalTable, price: float
) -> list[str]:
    """Keep the price of power's carbon within the surplus that bears it; tonnes above are taken out."""
    power, _ = plants(thermal_mix(tables["power"], burnt_fuel(tables), burnt), new)
    added = total(new.value_added["ELEC"])
    fuels = tables["fuels"].set_index("fuel")
    bought = fuels["joint_output_of"].fillna("") == ""  # the works answer for the carbon of their gas
    factor = fuels["tco2_per_tce"].astype(float).where(bought, 0.0)
    notes: list[str] = []
    for plant in ("GENC", "GENG"):
        own = burnt["activity"] == plant
        carbon = total(burnt.loc[own, "mtce"] * burnt.loc[own, "fuel"].map(factor).astype(float))
        surplus = added * cell(power, plant, "value_added_share") * cell(power, plant, "capital")
        bill = price * carbon / 100.0
        if bill > PERMIT_LIMIT * surplus:
            burnt.loc[own, "mtce"] *= PERMIT_LIMIT * surplus / bill
            notes.append(
                Message(
                    "Fuel of {plant} was cut to {part:.0%}: allowances for all of it would take more than {most:.0%}"
                    " of its surplus. Check power's value added and fuel.",
                    plant=plant,
                    part=PERMIT_LIMIT * surplus / bill,
                    most=PERMIT_LIMIT,
                )
            )
    return notes
