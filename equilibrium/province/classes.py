"""Classes of coal-fired units: what one coal plant of the accounts is made of.

The national market gives allowances by class: conventional units above 300 MW (``GENC1``), conventional units of 300 MW
and below (``GENC2``), unconventional coal (gangue, slurry, fluidised beds: ``GENC3``), gas (``GENG``).  The coal column
of the balanced accounts is cut along

    power_k  = capacity share of the class          at one price of power
    fuel_k   ~ power_k x intensity of the class     and its own price of a tonne of coal equivalent
    others_k ~ power_k                              labour, materials, taxes
    capital  = what is left: the rent of an efficient plant is higher

A part of every class's output is tied to the heat that it serves; together these parts are an activity of their own
(``GENH``), whose product ``HEAT`` the distributor buys in fixed proportion to what it delivers: no cheaper unit and no
clean power can take its place.  The remainder is dispatched.  Power is one good, so classes compete; each has its own
plant, and how far it can go is set by the hours for which plant can run (``plant_labour``): with plant K in
CES(K, labour) output cannot exceed ``theta ** (sigma / (sigma - 1))`` of the benchmark, theta the plant's share, and
sigma is chosen so that this is the hours that there are over those that were run.  How readily load moves follows from
that bound and from what a class earns beyond its running cost; it is not a free elasticity.

Only the first class is built anew.
"""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.tables import cell, entry, total
from tanshi.errors import Message, TanshiError

COAL = "GENC"
"""Coal-fired plant as one activity, where an economy has no classes."""
CLASSES = ("GENC1", "GENC2", "GENC3")
HEAT, HEAT_GOOD = "GENH", "HEAT"
ITEMS = ("capacity_share", "intensity", "fuel_price", "tied_to_heat", "hours_limit", "capacity_growth")
LEAST_CAPITAL = 0.02
"""Smallest part of its output that a class earns for its plant: what is missing its upkeep is lower by."""


class UnitClassError(TanshiError, ValueError):
    """Classes of units that do not make up the coal plant of the accounts."""


def is_generation(activity: str) -> bool:
    """Whether an activity makes power at the busbar."""
    return activity.startswith("GEN")


def coal_fired(activities: tuple[str, ...]) -> tuple[str, ...]:
    """The coal-fired activities among those of an economy."""
    return tuple(a for a in activities if a in (COAL, *CLASSES, HEAT))


def class_table(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a class and a column an item, from the long table of figures.

    Raises
    ------
    UnitClassError
        Where a class or an item is missing or unknown, shares do not add up to one, or a number makes no sense.
    """
    wide = rows.pivot(index="class", columns="item", values="value").astype(float)
    odd = sorted({*wide.index} ^ {*CLASSES}) + sorted({*wide.columns} ^ {*ITEMS})
    if odd or wide.isna().any(axis=None):
        raise UnitClassError(
            "coal_classes: expected each of {items} once for each of {classes}; missing, given twice or unknown: {odd}",
            items=", ".join(ITEMS),
            classes=", ".join(CLASSES),
            odd=", ".join(odd) or Message("a cell"),
        )
    shares = wide["capacity_share"]
    if abs(total(shares) - 1.0) > 1e-6:
        parts = " + ".join(f"{name} {share:g}" for name, share in shares.items())
        raise UnitClassError(
            "coal_classes: capacity shares that add up to 1 are expected, found {parts} = {total:g}; "
            "change the share of another class too",
            parts=parts,
            total=total(shares),
        )
    for item, low, high in (
        ("capacity_share", 0.0, 1.0), ("intensity", 0.0, 5.0), ("fuel_price", 0.0, 5.0), ("tied_to_heat", 0.0, 1.0),
    ):  # fmt: skip
        for name, value in wide[item].items():
            if not low < value < high and not (item == "tied_to_heat" and value == 0.0):
                raise UnitClassError(
                    "coal_classes: {item} of {name} between {low:g} and {high:g} expected, found {value:g}",
                    item=item,
                    name=name,
                    low=low,
                    high=high,
                    value=value,
                )
    for name, limit in wide["hours_limit"].items():
        if limit <= 1.0:
            raise UnitClassError(
                "coal_classes: hours_limit of {name} above 1 expected, found {limit:g}: the plant "
                "ran for more hours in the benchmark than it can",
                name=name,
                limit=limit,
            )
    return wide.loc[list(CLASSES)]


def split_coal(accounts: Accounts, rows: pd.DataFrame) -> Accounts:
    """The accounts with their coal-fired plant cut into classes and heat.

    Parameters
    ----------
    rows
        Long table ``class, item, value``; items as in ``ITEMS``: capacity_share (adds up to 1), intensity (coal per
        kWh over any common base), fuel_price (of a tce, over any common base), tied_to_heat (part of the class's
        output), hours_limit (hours that plant can run over those it ran), capacity_growth (1/year).

    Raises
    ------
    UnitClassError
        Naming the class and the figure.
    """
    table = class_table(rows)
    power = table["capacity_share"]
    fuel = _normalised(power * table["intensity"])
    paid = _normalised(fuel * table["fuel_price"])
    parts = pd.DataFrame({"power": power, "fuel": fuel, "paid": paid})
    columns = _columns(accounts, parts)
    tied = table["tied_to_heat"]
    cut = {name: columns[name] * (1.0 - tied[name]) for name in CLASSES}
    cut[HEAT] = sum((columns[name] * tied[name] for name in CLASSES), pd.Series(0.0, index=columns.index))
    shares = parts.mul(1.0 - tied, axis=0)
    shares.loc[HEAT] = parts.mul(tied, axis=0).sum()
    return _assembled(accounts, cut, shares, table)


def _normalised(weights: pd.Series) -> pd.Series:
    return weights / total(weights)


def _columns(accounts: Accounts, parts: pd.DataFrame) -> pd.DataFrame:
    """What each class pays, yi yuan, by account; rows add up to the coal column."""
    column = accounts.sam[f"A_{COAL}"]
    sold = total(accounts.sam.loc[f"A_{COAL}"])
    columns = pd.DataFrame({name: column * cell(parts, name, "power") for name in CLASSES})
    columns.loc["C_COAL"] = column["C_COAL"] * parts["paid"]
    mine = accounts.fuel[accounts.fuel["activity"] == COAL]
    of_coal = total(mine.loc[mine["commodity"] == "COAL", "co2_mt"]) / total(mine["co2_mt"])
    columns.loc["PERMIT"] = column["PERMIT"] * (of_coal * parts["fuel"] + (1.0 - of_coal) * parts["power"])
    columns.loc["CAP"] = 0.0
    columns.loc["CAP"] = sold * parts["power"] - columns.sum()
    _upkeep(accounts, columns, sold * parts["power"])
    return columns


def _upkeep(accounts: Accounts, columns: pd.DataFrame, sold: pd.Series) -> None:
    """Let plant that earns too little cost less to keep, and the rest so much more."""
    goods = [f"C_{g}" for g in accounts.commodities if g not in ("COAL", "COKE", "OGAS", "BPG", "GEN", "ELEC")]
    short = (LEAST_CAPITAL * sold - columns.loc["CAP"]).clip(lower=0.0)
    if total(short) == 0.0:
        return
    kept = columns.loc[goods].sum()
    rich = (columns.loc["CAP"] - LEAST_CAPITAL * sold).clip(lower=0.0)
    for name in CLASSES:
        if short[name] >= kept[name] or total(rich) <= total(short):
            raise UnitClassError(
                "coal_classes: {name} pays more for coal and permits than its power earns, by "
                "{short:.3g} yi yuan a year, of which lower upkeep can save {kept:.3g}; lower its "
                "intensity or its fuel_price",
                name=name,
                short=short[name],
                kept=kept[name],
            )
    profile = columns.loc[goods].sum(axis=1) / total(kept)
    change = total(short) * rich / total(rich) - short
    columns.loc[goods] += pd.DataFrame({name: profile * change[name] for name in CLASSES})
    columns.loc["CAP"] -= change


def _assembled(accounts: Accounts, cut: dict[str, pd.Series], shares: pd.DataFrame, table: pd.DataFrame) -> Accounts:
    made = (*CLASSES, HEAT) if total(cut[HEAT]) > 0.0 else CLASSES
    old, sam = f"A_{COAL}", accounts.sam
    at = list(sam.index).index(old)
    goods = (*accounts.commodities, HEAT_GOOD) if HEAT in made else accounts.commodities
    names = [*sam.index[:at], *(f"A_{a}" for a in made), *sam.index[at + 1 :]]
    if HEAT in made:
        names.insert(names.index(f"C_{accounts.commodities[-1]}") + 1, f"C_{HEAT_GOOD}")
    new = sam.reindex(index=names, columns=names, fill_value=0.0)
    for name in made:
        new.loc[sam.index.drop(old), f"A_{name}"] = cut[name].drop(old)
        new.loc[f"A_{name}", "C_GEN"] = total(cut[name])
    if HEAT in made:
        heat = total(cut[HEAT])
        new.loc[f"A_{HEAT}", "C_GEN"] = 0.0
        new.loc[f"A_{HEAT}", f"C_{HEAT_GOOD}"] = heat
        new.loc["C_GEN", "A_ELEC"] = cell(sam, "C_GEN", "A_ELEC") - heat
        new.loc[f"C_{HEAT_GOOD}", "A_ELEC"] = heat
    activities = [a for a in accounts.activities if a != COAL]
    activities[activities.index("GENG") : activities.index("GENG")] = made
    co2 = accounts.process_co2
    process = co2.reindex(activities, fill_value=0.0)
    return replace(
        accounts,
        activities=tuple(activities),
        commodities=goods,
        sam=new,
        fuel=_fuel(accounts.fuel, made, cut, shares),
        process_co2=process,
        power=_power(accounts.power, made, shares),
        elasticities=_elasticities(accounts.elasticities, made, new, table),
        plant_growth={name: float(table["capacity_growth"][name]) for name in CLASSES[1:]},
    )


def _fuel(fuel: pd.DataFrame, made: tuple[str, ...], cut: dict[str, pd.Series], shares: pd.DataFrame) -> pd.DataFrame:
    """Fuel rows of the classes: tonnes by intensity, money as in their columns."""
    mine = fuel["activity"] == COAL
    rows = [fuel[~mine]]
    spent = fuel[mine].groupby("commodity")["value"].sum()
    for name in made:
        part = fuel[mine].copy()
        part["activity"] = name
        goods = [str(good) for good in part["commodity"]]
        share = np.array([cell(shares, name, "fuel" if good == "COAL" else "power") for good in goods])
        paid = np.array([entry(cut[name], f"C_{good}") / entry(spent, good) for good in goods])
        for column, factor in (("mtce", share), ("co2_mt", share), ("value", paid)):
            part[column] = part[column].astype(float).to_numpy() * factor
        rows.append(part)
    out = pd.concat(rows, ignore_index=True)
    out.attrs = dict(fuel.attrs)
    return out


def _power(power: pd.DataFrame, made: tuple[str, ...], shares: pd.DataFrame) -> pd.DataFrame:
    rows = pd.DataFrame({name: power.loc[COAL].astype(float) * cell(shares, name, "power") for name in made}).T
    out = pd.concat([rows, power.drop(index=COAL)])
    out.index.name, out.attrs = power.index.name, dict(power.attrs)
    return out


def _elasticities(table: pd.DataFrame, made: tuple[str, ...], sam: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Elasticities of the one coal plant for all classes, and the plant's own from the hours that it can run."""
    rows = pd.DataFrame(dict.fromkeys(made, table.loc[COAL])).T
    for name in CLASSES:
        capital, labour = cell(sam, "CAP", f"A_{name}"), cell(sam, "LAB", f"A_{name}")
        room = log(float(classes["hours_limit"][name])) / -log(capital / (capital + labour))
        rows.loc[name, "plant_labour"] = room / (1.0 + room)
    out = pd.concat([table.drop(index=COAL), rows])
    if HEAT in made:
        out.loc[HEAT_GOOD] = float("nan")
    out.index.name = table.index.name
    return out
