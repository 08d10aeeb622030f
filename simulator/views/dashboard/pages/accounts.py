"""The accounts of one scenario: what emits, what makes power, cap and bank, compliance, who pays and who earns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, html

from tanshi.language import mark, say, translate
from tanshi.simulator.results.variables import (
    BANK,
    CAP,
    CAPACITY,
    CLEAN,
    COMPLIANCE,
    COVERED,
    FIRM_SECTORS,
    GENERATION,
    KINDS,
    REVENUE,
    VENUES,
    YIELD,
    YIELDS,
    auctions_of,
    cost_of,
    emissions_of,
    with_firms,
    yield_of,
)
from tanshi.simulator.views.charts.balances import KIND_COLOURS, KIND_NAMES, YIELD_COLOURS, YIELD_NAMES
from tanshi.simulator.views.charts.style import GREY, INK, PALE
from tanshi.simulator.views.dashboard.address import Kept, keep, read_address
from tanshi.simulator.views.dashboard.charts import Chart, beside_each_other, stacked
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.parts import choice, controls, figure, figures, heading, notice, table, told
from tanshi.simulator.views.sectors import SECTOR_COLOURS, sector_name
from tanshi.simulator.views.table import reference_of

TITLE = mark("Accounts")
KEPT = Kept("accounts", "/accounts", {"scenario": "accounts-scenario", "against": "accounts-against"})
CLEAN_COLOURS = {"Wind": "#009E73", "Solar": "#F0C000", "Other": "#56B4E9"}
CLEAN_NAMES = {"Wind": mark("wind"), "Solar": mark("sun"), "Other": mark("other non-fossil")}
VENUE_NAMES = {"Primary Auction": mark("sold by government in auctions"),
               "Secondary Market": mark("traded between firms")}  # fmt: skip
VENUE_COLOURS = ("#D55E00", "#0072B2")
NEEDED = (
    *(CAP, COVERED, BANK, YIELD, REVENUE, "Emissions|CO2", cost_of(), auctions_of()),
    *(name_of(sector) for name_of in (emissions_of, cost_of, auctions_of) for sector in FIRM_SECTORS),
    *(f"{what}|{kind}" for what in (GENERATION, CAPACITY) for kind in KINDS),
    *(f"{CAPACITY}|{KINDS[-1]}|{kind}" for kind in CLEAN),
    *(f"Carbon Market|Trading Volume|{venue}" for venue in VENUES),
    *(yield_of(part) for part in YIELDS),
)
"""Variables that the page draws."""


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page, of the scenario that its address names."""
    asked = read_address(search)
    names = list(batch.scenarios)
    scenario = next((name for name in asked.get("scenario", []) if name in names), names[-1])
    against = next((name for name in asked.get("against", []) if name in names), reference_of(names))
    lead = say("One scenario from the inside; the median where it was run with several seeds.")
    return [
        *heading(translate(TITLE), lead),
        controls(
            choice("accounts-scenario", say("Scenario"), names, scenario),
            choice("accounts-against", say("Reference"), names, against),
        ),
        html.Div(body(desk, batch, scenario, against), id="accounts-view"),
        *keep(KEPT, {"scenario": names[-1], "against": reference_of(names)}),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the choices."""

    @app.callback(
        Output("accounts-view", "children"),
        Input("accounts-scenario", "value"),
        Input("accounts-against", "value"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(scenario: str, against: str, folder: str | None) -> Any:
        return body(desk, desk.batch(folder), scenario, against)


def body(desk: Desk, batch: Batch, scenario: str, against: str) -> list[Any]:
    """The charts of a scenario, and its compliance as a table."""
    runs = batch.scenarios.get(scenario)
    if runs is None:
        return [notice(say("There is no scenario {name} here.", name=scenario), alert=True)]
    wide = _wide(desk, batch, scenario)
    if GENERATION not in wide:
        return [notice(say("These runs are of an earlier version, which did not keep these accounts."))]
    base = _wide(desk, batch, against) if against != scenario and against in batch.scenarios else None
    lacking = sorted({name for table in (wide, base) if table is not None for name in NEEDED if name not in table})
    if lacking:
        return [notice(say("These tables lack {variables}.", variables=", ".join(lacking)), alert=True)]
    draw = partial(figure, source=desk.source_of_runs(runs))
    years = [int(year) for year in wide.index]
    shown = [
        draw(say("CO₂ emissions by sector"), say("Mt CO₂ a year, territorial"), drawn=_emissions(wide, years)),
        draw(say("Cap, emissions and bank"), say("Mt CO₂"), drawn=_cap(wide, years)),
        draw(say("Power generation by kind"), say("TWh a year"), drawn=_power(wide, years)),
        draw(say("Capacity of power plants"), say("GW; coal and gas as far as their capital is in use"),
             drawn=_capacity(wide, years)),
        draw(say("Allowances that changed hands"), say("Mt CO₂ a year"), drawn=_volumes(wide, years)),
        draw(say("Cost of carbon policy by sector"),
             say("million yuan of 2022: allowances and offsets bought less sold, and abatement"),
             drawn=_by_sector(wide, years, cost_of)),
        draw(say("Auction revenue by sector that pays"), say("million yuan of 2022"),
             drawn=_by_sector(wide, years, auctions_of)),
    ]  # fmt: skip
    if base is not None:
        gained = _gains(wide, base, years)
        head = say("Who gains and who loses against {name}", name=against)
        shown.append(draw(head, say("billion yuan of 2022, what the year yields at 2022 prices"), drawn=gained))
    return [figures(*shown), html.H3(say("Compliance")), _compliance(wide, years)]


def _wide(desk: Desk, batch: Batch, scenario: str) -> pd.DataFrame:
    rows = desk.tables.bands(batch)
    return rows[rows["scenario"] == scenario].pivot(index="year", columns="variable", values="middle")


def _emissions(wide: pd.DataFrame, years: Sequence[int]) -> Chart:
    codes = with_firms(wide.columns)
    parts = {sector_name(c): (SECTOR_COLOURS[c], wide[emissions_of(c)].tolist()) for c in codes}
    rest = wide["Emissions|CO2"] - sum(wide[emissions_of(c)] for c in codes)
    return stacked(years, parts | {say("other sectors and households"): (PALE, rest.tolist())})


def _cap(wide: pd.DataFrame, years: Sequence[int]) -> Chart:
    lines = {
        say("allowances"): (INK, wide[CAP].tolist()),
        say("emissions of sectors that trade"): ("#0072B2", wide[COVERED].tolist()),
    }
    return beside_each_other(years, {say("bank"): ("#E69F00", wide[BANK].tolist())}, lines)


def _power(wide: pd.DataFrame, years: Sequence[int]) -> Chart:
    return stacked(
        years, {translate(KIND_NAMES[k]): (KIND_COLOURS[k], wide[f"{GENERATION}|{k}"].tolist()) for k in KINDS}
    )


def _capacity(wide: pd.DataFrame, years: Sequence[int]) -> Chart:
    fossil = {translate(KIND_NAMES[k]): (KIND_COLOURS[k], wide[f"{CAPACITY}|{k}"].tolist()) for k in KINDS[:-1]}
    clean = {translate(CLEAN_NAMES[k]): (CLEAN_COLOURS[k], wide[f"{CAPACITY}|{KINDS[-1]}|{k}"].tolist()) for k in CLEAN}
    return stacked(years, fossil | clean)


def _volumes(wide: pd.DataFrame, years: Sequence[int]) -> Chart:
    columns = {
        translate(VENUE_NAMES[venue]): (colour, wide[f"Carbon Market|Trading Volume|{venue}"].tolist())
        for venue, colour in zip(VENUES, VENUE_COLOURS, strict=True)
    }
    return beside_each_other(years, columns, {}, stack=True, digits=2)


def _by_sector(wide: pd.DataFrame, years: Sequence[int], name_of: Any) -> Chart:
    columns = {sector_name(c): (SECTOR_COLOURS[c], wide[name_of(c)].tolist()) for c in with_firms(wide.columns)}
    return beside_each_other(years, columns, {say("together"): (INK, wide[name_of()].tolist())}, stack=True, digits=0)


def _gains(wide: pd.DataFrame, base: pd.DataFrame, years: Sequence[int]) -> Chart:
    def change(name: str) -> list[float]:
        return [float(value) for value in (wide[name] - base[name]).reindex(list(years))]

    columns = {translate(YIELD_NAMES[p]): (YIELD_COLOURS[p], change(yield_of(p))) for p in YIELDS}
    columns = {name: held for name, held in columns.items() if any(held[1])}
    return beside_each_other(years, columns, {say("together"): (GREY, change(YIELD))}, stack=True, digits=2)


def _compliance(wide: pd.DataFrame, years: Sequence[int]) -> Any:
    heads = [
        say("Year"), say("Owed, Mt"), say("Surrendered, Mt"), say("Not surrendered, Mt"),
        say("Taken in advance, Mt"), say("Penalties, million yuan"), say("Public revenue, million yuan"),
    ]  # fmt: skip
    names = [f"{COMPLIANCE}|{n}" for n in ("Obligations", "Surrendered", "Shortfall", "Advances")]
    tonnes, money = wide[names].to_numpy(float), wide[[f"{REVENUE}|Penalties", REVENUE]].to_numpy(float)
    rows = [
        [str(year), *(f"{value:,.2f}" for value in owed), *(f"{value:,.1f}" for value in paid)]
        for year, owed, paid in zip(years, tonnes, money, strict=True)
    ]
    return table(heads, rows, say("What firms owed and what became of it"))
