"""One sector: what it emits, makes, buys and sells in each scenario; all sectors' emissions in one year."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, html

from tanshi.language import mark, say, spoken, translate
from tanshi.simulator.results.variables import (
    SECTORS,
    TRADING_SECTORS,
    emissions_of,
    gains_of,
    net_sales_of,
    value_added_of,
    with_firms,
)
from tanshi.simulator.views.dashboard.charts import Chart, bars
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.pages.compare import annual
from tanshi.simulator.views.dashboard.parts import choice, controls, figure, figures, group, heading, notice, told
from tanshi.simulator.views.sectors import sector_name

TITLE = mark("Sectors")
CODES = (*TRADING_SECTORS, "HH")


def name_of(code: str) -> str:
    """A sector's name, Chinese beside the English; alone where Chinese is spoken."""
    if spoken() == "zh":
        return "居民" if code == "HH" else SECTORS[code].chinese
    return "Households 居民" if code == "HH" else f"{SECTORS[code].name} {SECTORS[code].chinese}"


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    names = {name: name for name in batch.scenarios}
    years = sorted(int(year) for year in desk.tables.bands(batch)["year"].unique())
    return [
        *heading(translate(TITLE), say("What a sector emits, makes, buys and sells; those with firms come first.")),
        controls(
            choice("sector", say("Sector"), {code: name_of(code) for code in CODES}, "ELEC", wide=True),
            choice("sector-year", say("Year of the comparison"), years, years[-1]),
            group("sector-scenarios", say("Scenarios"), names, list(names), many=True),
        ),
        html.Div(body(desk, batch, "ELEC", years[-1], list(names)), id="sector-view"),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the choices."""

    @app.callback(
        Output("sector-view", "children"),
        Input("sector", "value"),
        Input("sector-year", "value"),
        Input("sector-scenarios", "value"),
        Input("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(code: str, year: int, chosen: list[str] | None, folder: str | None) -> Any:
        return body(desk, desk.batch(folder), code, year, chosen or [])


def body(desk: Desk, batch: Batch, code: str, year: int, chosen: list[str]) -> list[Any]:
    """The charts of a sector, and all sectors in a year."""
    order = list(batch.scenarios)
    shown = [name for name in order if name in chosen]
    if not shown or code not in CODES:
        return [notice(say("Choose at least one scenario."))]
    bands, source = desk.tables.bands(batch), desk.source(batch)

    def drawn(variable: str, title: str, unit: str, digits: int, from_zero: bool = False) -> Any:
        return figure(title, unit, annual(bands, variable, shown, order, from_zero, digits), source)

    name = name_of(code)
    parts = [drawn(emissions_of(code), say("{sector}: emissions", sector=name), say("Mt CO₂ a year"), 2)]
    if code != "HH":
        parts.append(
            drawn(value_added_of(code), say("{sector}: value added", sector=name), say("billion yuan of 2022, real"), 1)
        )
    known = set(bands["variable"])
    codes = with_firms(known)
    if code in codes:
        sold = say("{sector}: net sales of allowances", sector=name)
        parts.append(drawn(net_sales_of(code), sold, say("Mt CO₂ a year, minus is bought"), 3))
        if gains_of(code) in known:
            worth = say("{sector}: what trade in allowances is worth", sector=name)
            parts.append(drawn(gains_of(code), worth, say("million yuan a year"), 0))
    rows = bands[(bands["year"] == year) & bands["scenario"].isin(shown)]
    middle = rows.set_index(["scenario", "variable"])["middle"]
    everyone = figure(
        say("Emissions of the sectors with firms, {year}", year=year),
        say("Mt CO₂"),
        _all(middle, codes, shown, order, True),
        source,
    )
    sales = figure(
        say("Net sales of the sectors, {year}", year=year),
        say("Mt CO₂, minus is bought"),
        _all(middle, codes, shown, order, False),
        source,
    )
    return [figures(*parts, everyone, sales)]


def _all(middle: Any, codes: tuple[str, ...], shown: list[str], order: list[str], emitted: bool) -> Chart:
    variable = emissions_of if emitted else net_sales_of
    series = {name: [float(middle.get((name, variable(code)), 0.0)) for code in codes] for name in shown}
    return bars([sector_name(code) for code in codes], series, order, digits=2)
