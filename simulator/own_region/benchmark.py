"""The year of a region's accounts, and its own totals of energy and carbon, which do not follow nominal money.

Money of any year is brought to prices of 2022 by the GDP deflator. Tonnes of fuel are first those of the template times
the ratio of real money; where the user gives the region's totals, all tonnes are multiplied until the totals are met,
and prices divided by as much, so that money stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tanshi.equilibrium.province.balance import benchmark_carbon_price
from tanshi.equilibrium.province.balance_energy import fuel_account
from tanshi.equilibrium.province.tables import named, total
from tanshi.errors import Message, TanshiError
from tanshi.scenarios.economy import BASE_YEAR, NO_MARKET_PRICE
from tanshi.scenarios.facts.money import deflator
from tanshi.simulator.own_region.plants import coal_rate
from tanshi.simulator.own_region.sources import Sources

LEAST_OTHER = 0.01
"""Least share of energy consumption that is neither burnt nor power: losses of transformation, feedstock."""
PLAUSIBLE = (0.3, 3.0)
"""Factor on the template's tonnes per real yuan beyond which a unit may be wrong."""
POSSIBLE = (0.1, 10.0)
"""Factor beyond which a unit is wrong."""
PER_KWH = (280.0, 470.0)
"""Coal equivalent per kWh that coal-fired plant burns, g, heat counted in: the best units, and a province with much
heat (recalled; 466 in Shanxi 2022, and a national mean of net rates of 301.5, China Electricity Council)."""
PLANT_RANGE = 2.0
"""Factor by which the price of coal may differ more between power plants and others than in the template."""


@dataclass(frozen=True)
class Totals:
    """A region's own totals of the benchmark year.

    Parameters
    ----------
    energy
        Energy consumption as statistics count it, Mtce.
    co2
        Territorial emissions of combustion and process, Mt CO2.
    generation
        Power generated, TWh.
    nonfossil
        Share of generation.
    """

    energy: float | None = None
    co2: float | None = None
    generation: float | None = None
    nonfossil: float | None = None


NOTHING_GIVEN = Totals()


class OutOfReach(TanshiError, ValueError):
    """Totals that the table's structure cannot meet."""


def meet(tables: dict[str, pd.DataFrame], totals: Totals, say: Sources) -> list[str]:
    """Bring tonnes and TWh to the region's own totals; money stays.

    Returns
    -------
    list of str
        What was multiplied by how much, and which totals were scaled from money for want of a figure.

    Raises
    ------
    OutOfReach
        Where a total is ten times, or a tenth of, what the money of the table buys.
    """
    notes: list[str] = []
    if totals.generation is not None or totals.nonfossil is not None:
        notes += _power(tables, totals, say)
    if totals.co2 is not None:
        notes += _carbon(tables, totals.co2, say, known=totals.generation is not None)
    elif totals.energy is not None:
        notes += _by_energy(tables, totals.energy, say)
    if totals.energy is not None:
        notes += _energy(tables, totals.energy, say)
    given = {"--energy": totals.energy, "--co2": totals.co2, "--power": totals.generation}
    missing = [name for name, value in given.items() if value is None]
    if missing:
        notes.append(
            Message(
                "Not given: {missing}. What they would say is the template's figure times the ratio of real money"
                " (prices of 2022), an estimate; money says little of tonnes.",
                missing=", ".join(missing),
            )
        )
    return notes


def _scale_fuel(tables: dict[str, pd.DataFrame], factor: float, at_plant: float = 1.0) -> None:
    """All tonnes times a factor, all their prices divided by it; coal of coal-fired plant by one more."""
    power = (tables["fuel_2019"]["user"] == "ELEC") & tables["fuel_2019"]["fuel"].map(_commodity(tables)).eq("COAL")
    users = tables["fuel_price_users"]
    own = (users["commodity"] == "COAL") & (users["activity"] == "GENC") & (users["use"] == "energy")
    process = tables["process_co2"]
    for column in ("mt", "low", "high"):
        process = process.assign(**{column: process[column].astype(float) * factor})
    tables["process_co2"] = process
    for name, column, by in (
        ("fuel_2019", "mtce", power.map({True: factor * at_plant, False: factor})),
        ("feedstocks", "mtce", factor),
        ("feedstocks", "yuan_per_tce", 1.0 / factor),
        ("fuels", "yuan_per_tce", 1.0 / factor),
        ("fuel_price_users", "yuan_per_tce", own.map({True: 1.0 / (factor * at_plant), False: 1.0 / factor})),
    ):
        tables[name] = tables[name].assign(**{column: tables[name][column].astype(float) * by})


def _commodity(tables: dict[str, pd.DataFrame]) -> pd.Series:
    return tables["fuels"].set_index("fuel")["commodity"]


def _carbon(tables: dict[str, pd.DataFrame], co2: float, say: Sources, *, known: bool) -> list[str]:
    account = fuel_account(tables)
    process = total(tables["process_co2"]["mt"].astype(float))
    whole = total(account["co2_mt"]) + float(account.attrs["coke_oven_gas_co2_mt"]) + process
    factor, at_plant = co2 / whole, 1.0
    coal = account[(account["commodity"] == "COAL") & (account["activity"] == "GENC")]
    burns = 1000.0 * coal_rate(tables)
    low, high = PER_KWH
    if known and not low <= burns * factor <= high and total(coal["mtce"]) > 0.0:
        carbon = total(coal["co2_mt"])
        wanted = min(max(burns * factor, low), high) / burns
        rest = (co2 - wanted * carbon) / (whole - carbon)
        at_plant = min(max(wanted / rest, 1.0 / PLANT_RANGE), PLANT_RANGE) if rest > 0.0 else PLANT_RANGE
        factor = co2 / (whole - carbon + at_plant * carbon)
    _scale_fuel(tables, factor, at_plant)
    history = tables["co2_history"]
    tables["co2_history"] = history.assign(mt=history["mt"].astype(float) * factor)
    tables["fuel_2019"] = say.estimate(tables["fuel_2019"], "in proportion, times one factor that meets --co2")
    notes = [
        Message(
            "Tonnes of fuel were multiplied by {factor:.3g} and their prices divided by it: emissions are the"
            " {co2:,.1f} Mt that you gave, {process:.1f} of them from processes (estimate).",
            factor=factor,
            co2=co2,
            process=process * factor,
        )
    ]
    if at_plant != 1.0:
        told = (
            "Coal of coal-fired plant was multiplied by another {factor:.3g} and its price divided by it: per kWh the"
            " money would buy less, or more, than plants burn."
        )
        if not 1.0 / PLANT_RANGE < at_plant < PLANT_RANGE:
            told = (
                "Coal of coal-fired plant was multiplied by another {factor:.3g} and its price divided by it: per kWh"
                " the money would buy less, or more, than plants burn; prices of coal allow no more than that."
            )
        notes.append(Message(told, factor=at_plant))
    return notes + _implausible(factor)


def _by_energy(tables: dict[str, pd.DataFrame], energy: float, say: Sources) -> list[str]:
    estimate = named(tables["controls"], "item", "value")["energy_consumption"]
    factor = energy / estimate
    _scale_fuel(tables, factor)
    tables["fuel_2019"] = say.estimate(tables["fuel_2019"], "in proportion, times one factor that meets --energy")
    return [
        Message(
            "Tonnes of fuel were multiplied by {factor:.3g} and their prices divided by it: energy is the"
            " {energy:,.1f} Mtce that you gave.",
            factor=factor,
            energy=energy,
        ),
        *_implausible(factor),
    ]


def _implausible(factor: float) -> list[str]:
    if PLAUSIBLE[0] <= factor <= PLAUSIBLE[1]:
        return []
    if not POSSIBLE[0] <= factor <= POSSIBLE[1]:
        raise OutOfReach(
            "the total given is {factor:.3g} times what the money of the table buys at the "
            "template's prices; is the unit of money right, and are energy in Mtce, emissions in Mt "
            "and power in TWh?",
            factor=factor,
        )
    return [
        Message(
            "CHECK THE UNITS: the total that you gave is {factor:.3g} times what the money of the table buys at the"
            " template's prices. Is the unit of money right, and are energy in Mtce and emissions in Mt?",
            factor=factor,
        )
    ]


def _energy(tables: dict[str, pd.DataFrame], energy: float, say: Sources) -> list[str]:
    """Energy consumption as given, or as little above it as what is burnt needs."""
    controls = named(tables["controls"], "item", "value")
    account = fuel_account(tables)
    burnt = total(account.loc[account["use"] != "feedstock", "mtce"]) - float(account.attrs["blast_furnace_gas_mtce"])
    clean = controls["nonfossil_share"] * controls["generation"]
    needed = (burnt + controls["coal_equivalent"] * (clean - controls["power_export_net"])) / (1.0 - LEAST_OTHER)
    met = max(energy, needed)
    _control(tables, "energy_consumption", met, say, "given by --energy" if met == energy else "raised")
    if met > energy:
        return [
            Message(
                "Energy consumption was set to {met:,.1f} Mtce, {above:.1%} above the {energy:,.1f} that you gave:"
                " less than that is burnt for the emissions given, and for power that stays.",
                met=met,
                above=met / energy - 1.0,
                energy=energy,
            )
        ]
    return []


def _power(tables: dict[str, pd.DataFrame], totals: Totals, say: Sources) -> list[str]:
    controls = named(tables["controls"], "item", "value")
    notes: list[str] = []
    if totals.generation is not None:
        factor = totals.generation / controls["generation"]
        for name in ("electricity_use", "power", "nonfossil_path"):
            columns = [c for c in tables[name] if c == "twh" or str(c).endswith("_gw")]
            tables[name] = tables[name].assign(**{str(c): tables[name][c].astype(float) * factor for c in columns})
        _control(tables, "generation", totals.generation, say, "given by --power")
        for item, by in (("power_export_net", factor), ("power_export_price", 1.0 / factor)):
            _control(tables, item, controls[item] * by, say, "times generation over its estimate; money stays")
        told = "TWh were multiplied by {factor:.3g}: generation is the {given:,.1f} TWh that you gave."
        notes.append(Message(told, factor=factor, given=totals.generation))
        notes += _implausible(factor)
    if totals.nonfossil is not None:
        notes += _nonfossil(tables, totals.nonfossil, controls["nonfossil_share"], say)
    return notes


def _nonfossil(tables: dict[str, pd.DataFrame], share: float, before: float, say: Sources) -> list[str]:
    factor = share / before
    power = tables["power"]
    clean, fossil = (power["activity"].isin(names) for names in (("GENN",), ("GENC", "GENG")))
    for column in ("twh", "capacity_gw"):
        values = power[column].astype(float)
        moved = values[clean].sum() * (factor - 1.0)
        values[clean] *= factor
        if column == "twh":
            values[fossil] *= 1.0 - moved / values[fossil].sum()
        power = power.assign(**{column: values})
    tables["power"] = power
    path = tables["nonfossil_path"]
    columns = [c for c in path if c == "twh" or str(c).endswith("_gw")]
    tables["nonfossil_path"] = path.assign(**{str(c): path[c].astype(float) * factor for c in columns})
    _control(tables, "nonfossil_share", share, say, "given by --nonfossil")
    told = "Non-fossil power is {share:.1%} of generation, as you gave; its path keeps the template's growth."
    return [Message(told, share=share)]


def _control(tables: dict[str, pd.DataFrame], item: str, value: float, say: Sources, reason: str) -> None:
    table = tables["controls"].copy()
    at = table["item"] == item
    table.loc[at, "value"] = value
    own = reason.startswith("given")
    table.loc[at, "status"] = "published" if own else "estimate"
    table.loc[at, "source"] = f"{reason} when the economy was made; name its source here" if own else reason
    tables["controls"] = table


def set_year(tables: dict[str, pd.DataFrame], year: int) -> list[str]:
    """Make accounts those of a year: its carbon price, and paths that begin there.

    Returns
    -------
    list of str
        Which carbon price the year carries.
    """
    shift = year - BASE_YEAR
    path = tables["nonfossil_path"]
    tables["nonfossil_path"] = path.assign(year=path["year"].astype(int) + shift)
    facts = tables["macro_facts"]
    tables["macro_facts"] = facts.assign(year=year)
    if year == BASE_YEAR:
        return []
    price, told, status = observed_price(tables["cea_monthly"], year)
    rows = pd.DataFrame(
        [
            ("base_year", float(year), "year", "derived", "the year of the accounts"),
            ("benchmark_carbon_price", price, "yuan/t", status, told),
        ],
        columns=["item", "value", "unit", "status", "source"],
    )
    tables["controls"] = pd.concat([tables["controls"], rows], ignore_index=True)
    words = "The accounts are of {year}, in prices of 2022. Carbon price of that year: {price:.4g} yuan/t, {told}."
    return [Message(words, year=year, price=price, told=told)]


def carbon_price(template: Mapping[str, pd.DataFrame], year: int) -> float:
    """Carbon price that accounts of a year carry, yuan/t in prices of 2022."""
    if year == BASE_YEAR:
        return benchmark_carbon_price(template["cea_monthly"], named(template["controls"], "item", "value"))
    return observed_price(template["cea_monthly"], year)[0]


def observed_price(monthly: pd.DataFrame, year: int) -> tuple[float, str, str]:
    """The national market's price of a year in prices of 2022, yuan/t, with its source and status."""
    rows = monthly[monthly["date"].astype(str).str.startswith(f"{year}-")]
    if rows.empty:
        told = Message("a token: there was no national market")
        if year >= 2021:
            told = Message("a token: the year's prices are not known")
        return NO_MARKET_PRICE, told, "estimate"
    price = total(rows["turnover_yuan"]) / total(rows["volume_t"]) / deflator(year)
    words = "turnover over volume of {months} months of the national market, in prices of 2022"
    return price, Message(words, months=len(rows)), "derived"
