"""Fuel account of the benchmark year: tonnes first, money after.

Every fuel cell is Mtce x price, so that tonnes and money cannot disagree. Carbon and energy are counted once:

- coke that steel uses as reductant carries all of its carbon, wherever the blast-furnace gas made of it is burnt
  or flared: a works reports a carbon balance, and units that burn by-product gas alone need no allowances in
  China's power market (allocation plans since 2021);
- so does coking with coke-oven gas: its carbon comes from coking coal, which is feedstock and counted nowhere else;
- by-product gas is burnt on its site or in power; its energy is taken off the total where the coke is in it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tanshi.equilibrium.province.tables import total
from tanshi.errors import Message, TanshiError

FUEL_COMMODITIES = ("COAL", "COKE", "OGAS", "BPG")
GAS_USERS = ("COKE", "STEEL", "GENG")
"""Who can burn by-product gas: the works that make it, and power plants beside them."""
FUEL_COLUMNS = ["commodity", "activity", "use", "mtce", "value", "tco2_per_tce", "co2_mt"]
DIFFERENCE = 0.20
"""Largest accepted excess of what is burnt, fed and lost over published energy consumption, as a share of it."""
COKING_LOSS = 0.03
"""Energy that coking loses, share of its coal (recalled: ovens convert 95 to 98 %)."""
PRICE_RANGE = 3.0
"""Largest accepted ratio of a cell's implied price to its fuel's mean price, either way."""


class ImplausiblePrice(TanshiError, ValueError):
    """A fuel cell's money and tonnes imply a price far from its fuel's mean."""


def burnt_fuel(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Fuel of the benchmark year by user and fuel, Mtce.

    Users of the table ``fuel_2019`` are scaled by ``fuel_growth`` (a row for the fuel goes before the row
    ``*``). Kerosene in transport belongs to aviation; coal and oil of the power sector to GENC, gases to
    GENG.

    Returns
    -------
    pandas.DataFrame
        Columns ``user, fuel, commodity, activity, use, mtce`` (one row per user and fuel).
    """
    fuels = tables["fuels"].set_index("fuel")
    table = tables["fuel_2019"][["user", "fuel", "mtce"]].copy()
    to_air = (table["fuel"] == "Kerosene") & (table["user"] == "TRAN")
    table.loc[to_air, "user"] = "AIR"
    rates = tables["fuel_growth"]
    keys = zip(rates["user"].astype(str), rates["fuel"].astype(str), strict=True)
    growth = dict(zip(keys, rates["ratio_2022_2019"].astype(float), strict=True))
    cells = list(zip(table["user"].astype(str), table["fuel"].astype(str), strict=True))
    missing = sorted({user for user, name in cells if not {(user, name), (user, "*")} & set(growth)})
    if missing:
        raise ValueError(f"fuel_growth has no row for {', '.join(missing)}")
    table["mtce"] *= [growth.get((user, name), growth.get((user, "*"), 0.0)) for user, name in cells]
    table["commodity"] = table["fuel"].map(fuels["commodity"])
    unknown = sorted(set(table.loc[table["commodity"].isna(), "fuel"]))
    if unknown:
        raise ValueError(f"fuels has no row for {', '.join(unknown)}")
    gas = table["commodity"].isin(["OGAS", "BPG"])
    table["activity"] = table["user"].where(table["user"] != "ELEC", "GENC")
    table.loc[gas & (table["user"] == "ELEC"), "activity"] = "GENG"
    table["use"] = "energy"
    table.loc[(table["fuel"] == "Coke") & (table["activity"] == "STEEL"), "use"] = "reductant"
    return table[table["mtce"] > 0].reset_index(drop=True)


def fuel_account(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Fuel by commodity, activity and use with money and carbon.

    Returns
    -------
    pandas.DataFrame
        Columns of ``FUEL_COLUMNS``: Mtce, yi yuan, t CO2 per tce, Mt CO2; ``attrs`` carries
        ``coke_oven_gas_mtce``, ``blast_furnace_gas_mtce`` (joint outputs of COKE and STEEL),
        ``coke_oven_gas_co2_mt`` (Mt CO2 that coking answers for) and ``oil_value`` (yi yuan of oil products).

    Raises
    ------
    ImplausiblePrice
        If a cell's price is outside a third to three times its commodity's mean.
    ValueError
        If by-product gas is burnt away from its site and power, or blast-furnace gas without coke in STEEL.
    """
    fuels = tables["fuels"].set_index("fuel")
    burnt = burnt_fuel(tables)
    burnt["price"] = burnt["fuel"].map(fuels["yuan_per_tce"]).astype(float)
    special = tables["fuel_price_users"]
    keys = zip(special["commodity"], special["activity"], special["use"], strict=True)
    own = dict(zip(keys, special["yuan_per_tce"].astype(float), strict=True))
    cells = zip(burnt["commodity"], burnt["activity"], burnt["use"], burnt["price"], strict=True)
    burnt["price"] = [own.get((c, a, u), p) for c, a, u, p in cells]
    burnt["value"] = burnt["mtce"] * burnt["price"] / 100.0
    burnt["co2_mt"] = burnt["mtce"] * burnt["fuel"].map(fuels["tco2_per_tce"]).astype(float)
    joint = burnt["fuel"].map(fuels["joint_output_of"].fillna(""))
    oil = burnt["fuel"].map(fuels["oil_product"]) == "yes"
    blast, oven = joint == "STEEL", joint == "COKE"
    away = burnt[(joint != "") & ~burnt["activity"].isin(GAS_USERS)]
    if len(away):
        named = ", ".join(f"{f} into {u}" for f, u in zip(away["fuel"], away["user"], strict=True))
        raise ValueError(
            f"by-product gas is burnt where it is made ({', '.join(GAS_USERS[:2])}) or in power (ELEC); found {named}: "
            "give it a fuel that is bought, such as Piped_Gas or Producer_Gas"
        )
    oven_co2 = total(burnt.loc[oven, "co2_mt"])
    burnt.loc[blast | oven, "co2_mt"] = 0.0
    by_cell = burnt.groupby(["commodity", "activity", "use"], sort=True)
    account = by_cell[["mtce", "value", "co2_mt"]].sum().reset_index()
    reductant = account["use"] == "reductant"
    if int(reductant.sum()) != 1 and total(burnt.loc[blast, "mtce"]) > 0:
        raise ValueError("blast-furnace gas is burnt, but no coke of STEEL stands as its source")
    feed = tables["feedstocks"][["commodity", "activity", "use", "mtce", "yuan_per_tce"]].copy()
    feed["value"] = feed["mtce"] * feed["yuan_per_tce"] / 100.0
    feed["co2_mt"] = 0.0
    account = pd.concat([account, feed.drop(columns="yuan_per_tce")], ignore_index=True)
    account["tco2_per_tce"] = account["co2_mt"] / account["mtce"]
    account = account[FUEL_COLUMNS].sort_values(["commodity", "activity", "use"], ignore_index=True)
    check_prices(account)
    account.attrs["coke_oven_gas_mtce"] = total(burnt.loc[oven, "mtce"])
    account.attrs["coke_oven_gas_co2_mt"] = oven_co2
    account.attrs["blast_furnace_gas_mtce"] = total(burnt.loc[blast, "mtce"])
    account.attrs["oil_value"] = total(burnt.loc[oil, "value"])
    return account


def check_prices(fuel: pd.DataFrame, limit: float = PRICE_RANGE) -> None:
    """Refuse fuel cells whose implied price leaves ``1/limit .. limit`` times the commodity's mean price."""
    lines: list[str] = []
    for commodity, cells in fuel.groupby("commodity"):
        mean = total(cells["value"]) / total(cells["mtce"])
        names = zip(cells["activity"], cells["use"], cells["value"], cells["mtce"], strict=True)
        for activity, use, value, mtce in names:
            ratio = value / mtce / mean
            if not 1.0 / limit <= ratio <= limit:
                line = Message(
                    "{commodity} into {activity} ({use}): {ratio:.3g} times the mean of {mean:.0f} yuan/tce",
                    commodity=commodity,
                    activity=activity,
                    use=use,
                    ratio=ratio,
                    mean=100 * mean,
                )
                lines.append(line)
    if lines:
        raise ImplausiblePrice("money and tonnes disagree: {lines}", lines="; ".join(lines))


def energy_balance(fuel: pd.DataFrame, controls: Mapping[str, float]) -> dict[str, float]:
    """Physical constants, among them the parts that add up to statistical energy consumption.

    ``energy_consumption_mtce`` is :func:`statistical_energy`; ``fuel_combustion_mtce`` is all energy and
    reductant use less ``blast_furnace_gas_mtce``, whose energy is already in the coke. ``other_energy_mtce``
    is what is left to the published control: ``non_energy_use_mtce`` (feedstock of chemicals),
    ``transformation_loss_mtce`` (coking) and the ``statistical_difference_mtce`` between the control and what is known
    from below.

    Parameters
    ----------
    fuel
        Table of :func:`fuel_account`.
    controls
        ``energy_consumption`` (Mtce), ``generation, power_export_net`` (TWh), ``nonfossil_share``,
        ``coal_equivalent`` (Mtce/TWh).

    Returns
    -------
    dict
        ``*_mtce`` in Mtce a year, ``*_twh`` in TWh a year, ``coal_equivalent_mtce_per_twh``.

    Raises
    ------
    ValueError
        If the fuel table alone exceeds the control.
    """
    burnt = fuel[fuel["use"] != "feedstock"]
    gross = total(burnt["mtce"])
    blast = float(fuel.attrs["blast_furnace_gas_mtce"])
    nonfossil = controls["nonfossil_share"] * controls["generation"]
    equivalent = controls["coal_equivalent"]
    power = equivalent * (nonfossil - controls["power_export_net"])
    other = controls["energy_consumption"] - (gross - blast) - power
    feed = fuel[(fuel["use"] == "feedstock") & (fuel["activity"] == "CHEM")]
    coking = fuel[(fuel["use"] == "feedstock") & (fuel["activity"] == "COKE")]
    fed, lost = total(feed["mtce"]), COKING_LOSS * total(coking["mtce"])
    difference = other - fed - lost
    if -difference > DIFFERENCE * controls["energy_consumption"]:
        raise ValueError(
            f"fuel use exceeds the energy control: {-difference:.3f} Mtce too much, more than "
            f"{DIFFERENCE:.0%} of {controls['energy_consumption']:g} Mtce"
        )
    return {
        "energy_consumption_mtce": controls["energy_consumption"],
        "fuel_combustion_mtce": gross - blast,
        "fuel_combustion_gross_mtce": gross,
        "coke_oven_gas_mtce": float(fuel.attrs["coke_oven_gas_mtce"]),
        "blast_furnace_gas_mtce": blast,
        "other_energy_mtce": other,
        "non_energy_use_mtce": fed,
        "transformation_loss_mtce": lost,
        "statistical_difference_mtce": difference,
        "coal_equivalent_mtce_per_twh": equivalent,
        "generation_twh": controls["generation"],
        "nonfossil_twh": nonfossil,
        "power_export_net_twh": controls["power_export_net"],
    }


def statistical_energy(physical: Mapping[str, float]) -> float:
    """Energy consumption as Chinese statistics count it, Mtce.

    Fossil supply net of outflow (burnt, transformation losses, non-energy use), non-fossil power at its coal
    equivalent, less net power export at its coal equivalent.
    """
    power = physical["nonfossil_twh"] - physical["power_export_net_twh"]
    fossil = physical["fuel_combustion_mtce"] + physical["other_energy_mtce"]
    return fossil + physical["coal_equivalent_mtce_per_twh"] * power
