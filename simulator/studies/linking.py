"""What it means for a province to be part of a wider market: the same scenario linked and closed, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tanshi.language import mark, say, spoken, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.facts.observed import observed_years
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.machine.terminal import flush_left, flush_right
from tanshi.simulator.results.collect import result_of
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import (
    FIRM_SECTORS,
    OTHER_SECTORS,
    PAID_OUTSIDE,
    SECTORS,
    cost_of,
    emissions_of,
    net_sales_of,
)
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import run_until

PARTS = ("Allowances", "Offsets", "Abatement")
ALL = mark("All")
PRICE, TONNES = mark("CNY_2022/t CO2"), mark("Mt CO2")
MILLION, BILLION = mark("million CNY_2022"), mark("billion CNY_2022")
MEASURES = {
    "price": mark("price"),
    "bought outside": mark("bought outside"),
    "paid outside": mark("paid outside"),
    "gross domestic product": mark("gross domestic product"),
    "consumption and saving": mark("consumption and saving"),
    "emissions": mark("emissions"),
    "net purchases": mark("net purchases"),
    "cost": mark("cost"),
}
"""Measures of the table, and what is said of them."""
LEAST_SHOWN = 0.005
"""What is told as text to two digits; the table of years holds all of it."""
COLUMNS = ("year", "sector", "measure", "unit", "closed", "linked", "difference")


def link_against_closed(
    name: str | Path, changes: Mapping[str, object] | None = None
) -> tuple[pd.DataFrame, RunResult, RunResult]:
    """Run a scenario as it is linked, and the same closed.

    Parameters
    ----------
    name
        Of the scenario, or its file; it says `market.link`.

    Returns
    -------
    The table of `differences`, the linked run and the closed one.

    Raises
    ------
    UserError
        For a scenario whose market is closed.
    """
    linked = load_scenario(name, changes)
    if not linked.market.link.open:
        hint = "Such as --set market.link.to=price --set market.link.observed=china."
        problem = Problem("a link to a wider market", "closed", field="market.link.to", hint=hint)
        raise UserError("The scenario '{name}' is not linked to anything.", [problem], name=linked.name)
    closed = load_scenario(name, {**(changes or {}), "market.link": "closed"})
    found = [_run(scenario) for scenario in (linked, closed)]
    return differences(found[0], found[1]), found[0], found[1]


def _run(scenario: Scenario) -> RunResult:
    world, state = begin(scenario)
    run_until(world, state)
    return result_of(world, state)


def differences(linked: RunResult, closed: RunResult) -> pd.DataFrame:
    """Lay two runs side by side, year by year: what the link changes for each sector and for all.

    Returns
    -------
    Columns ``COLUMNS``: emissions and net purchases (Mt CO2), cost and its parts (million yuan of 2022), the price
    (yuan/t), what is paid outside, gross domestic product and what a year yields. A sector that buys beyond the border
    pays there, and abates less; what it saves in all is its gain from the link.
    """
    rows: list[tuple[int, str, str, str, float, float]] = []

    def note(sector: str, measure: str, unit: str, variable: str, sign: float = 1.0) -> None:
        there, here = (sign * run.series(variable) for run in (linked, closed))
        for year in there.index:
            rows.append((int(year), sector, measure, unit, float(here.get(year, 0.0)), float(there[year])))

    note(ALL, "price", PRICE, "Price|Carbon")
    note(ALL, "bought outside", TONNES, net_sales_of("OUT"))
    note(ALL, "paid outside", MILLION, PAID_OUTSIDE)
    note(ALL, "gross domestic product", BILLION, "GDP|MER")
    note(ALL, "consumption and saving", BILLION, "Welfare|Consumption and Saving")
    for code in (None, *FIRM_SECTORS, *OTHER_SECTORS):
        sector = ALL if code is None else SECTORS[code].name
        if code is not None:
            note(sector, "emissions", TONNES, emissions_of(code))
            note(sector, "net purchases", TONNES, net_sales_of(code), -1.0)
        note(sector, "cost", MILLION, cost_of(code))
        for part in PARTS:
            note(sector, f"cost: {part.lower()}", MILLION, cost_of(code, part))
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    table["difference"] = table["linked"] - table["closed"]
    return table.sort_values(["year", "sector", "measure"], kind="stable", ignore_index=True)


def over_years(table: pd.DataFrame, first: int) -> pd.DataFrame:
    """The same over the years from one on: tonnes and money added up, the price on average."""
    late = table[table["year"] >= first]
    keys = ["sector", "measure", "unit"]
    whole = late.groupby(keys, sort=False)[["closed", "linked", "difference"]].sum().reset_index()
    mean = late.groupby(keys, sort=False)[["closed", "linked", "difference"]].mean().reset_index()
    return whole.where(whole["measure"] != "price", mean)


def beside_observed(run: RunResult, market: str = "china") -> pd.DataFrame:
    """Lay a run's price and volume beside those of a real market, in the years that both have.

    Returns
    -------
    Columns ``year``, ``price``, ``observed_mean``, ``observed_close`` (yuan/t in prices of 2022), ``volume`` and
    ``observed_volume`` (Mt: the province's and the nation's).
    """
    price, volume = run.series("Price|Carbon"), run.series("Carbon Market|Trading Volume")
    rows = [
        (year, float(price[year]), seen.mean, seen.close, float(volume[year]), seen.volume)
        for year, seen in observed_years(market).items()
        if year in price.index
    ]
    return pd.DataFrame(rows, columns=["year", "price", "observed_mean", "observed_close", "volume", "observed_volume"])


def observed_words(table: pd.DataFrame) -> str:
    """The same as aligned text."""
    wide = (10, 10, 10, 10, 14)
    heads = (say("yuan/t"), say("observed"), say("its close"), say("Mt"), say("the nation"))
    lines = [" " * 6 + "".join(flush_right(head, width) for head, width in zip(heads, wide, strict=True))]
    names = ("price", "observed_mean", "observed_close", "volume", "observed_volume")
    for _, row in table.iterrows():
        cells = (f"{row[name]:.2f}".rjust(width) for name, width in zip(names, wide, strict=True))
        lines.append(f"{int(row['year']):<6}" + "".join(cells))
    return "\n".join(lines)


def words(table: pd.DataFrame, first: int, last: int) -> str:
    """The table over the years as aligned text, all sectors together first."""
    total = over_years(table, first)
    moved = total[total[["closed", "linked", "difference"]].abs().max(axis=1) >= LEAST_SHOWN]
    felt = moved.loc[moved["measure"].isin(["cost", "net purchases"]), "sector"]
    shown = moved[moved["sector"].isin([ALL, *felt]) & ~moved["measure"].str.startswith("cost: ")]
    heads = (say("closed"), say("linked"), say("difference"))
    lines = [
        say("{first}-{last}, added up (the price: mean)", first=first, last=last),
        " " * 52 + " ".join(flush_right(head, 14) for head in heads),
    ]
    order = {ALL: -1} | {sector.name: place for place, sector in enumerate(SECTORS.values())}
    named = {sector.name: sector.chinese for sector in SECTORS.values()} if spoken() == "zh" else {}
    for _, row in shown.sort_values("sector", key=lambda s: s.map(order), kind="stable").iterrows():
        sector = translate(ALL) if row["sector"] == ALL else named.get(row["sector"], row["sector"])
        numbers = " ".join(f"{row[name]:>14,.2f}" for name in ("closed", "linked", "difference"))
        measure = translate(MEASURES[row["measure"]])
        lines.append(f"{flush_left(sector, 26)} {flush_left(measure, 24)} {numbers}  {translate(row['unit'])}")
    return "\n".join(lines)
