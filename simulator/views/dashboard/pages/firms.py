"""The firms of a run as a table to search and to sort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

from tanshi.language import mark, paragraph, say, translate
from tanshi.scenarios.errors import UserError
from tanshi.simulator.views.charts.network import ORDER, short_name
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, Run
from tanshi.simulator.views.dashboard.pages.auction import label, spans
from tanshi.simulator.views.dashboard.parts import (
    choice,
    controls,
    heading,
    labelled,
    leaves,
    notice,
    progress,
    running,
    share_done,
    table,
    told,
)

TITLE = mark("Firms")
WORDS = mark("Running once more for what trade was worth")
ROWS = 20
"""Firms on one leaf of the table."""
TRAITS = 200_000
"""Firms up to which strategy and size are worked out: more would take long to build."""
AGAIN = 5_000
"""Firms up to which the run is made once more for what trade was worth to each, which the store does not keep."""
#: Column, head, digits (None: words).
COLUMNS = (
    ("firm", mark("Firm"), None),
    ("sector", mark("Sector"), None),
    ("strategy", mark("Strategy"), None),
    ("size", mark("Share of sector's output, %"), 2),
    ("intensity", mark("Emission intensity, sector = 1"), 2),
    ("cost", mark("Abatement cost, sector = 1"), 2),
    ("bought_t", mark("Bought, t"), 0),
    ("sold_t", mark("Sold, t"), 0),
    ("net_t", mark("Net bought, t"), 0),
    ("price", mark("Mean price, yuan/t"), 2),
    ("paid_yuan", mark("Paid less received, yuan"), 0),
    ("gain_yuan", mark("Gain from trade, yuan"), 0),
    ("fills", mark("Fills"), 0),
)
NO_GAINS = mark(
    "What trade was worth to a firm is found by running once more, for up to {most:,} firms that trade, where prices"
    " come out as stored; here it is not."
)
SORTABLE = tuple(name for name, _, _ in COLUMNS)


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    run = batch.runs[-1]
    years, _ = spans(desk, run)
    sectors = {"": say("all sectors"), **{code: short_name(code) for code in ORDER}}
    box = dcc.Input(
        id="firms-search",
        type="text",
        value="",
        placeholder=say("number, sector or strategy"),
        maxLength=40,
        debounce=0.3,
    )
    return [
        *heading(
            translate(TITLE),
            say(
                "What every firm bought and sold, and what trade was worth to it beside making its own cut alone. A "
                "head sorts by its column; a second click turns the order."
            ),
        ),
        controls(
            choice("firms-run", say("Run"), {one.name: label(one) for one in batch.runs}, run.name, wide=True),
            choice("firms-year", say("Year"), {0: say("all years"), **{y: str(y) for y in years}}, years[-1]),
            choice("firms-sector", say("Sector"), sectors, ""),
            labelled(say("Search"), box, wide=True),
        ),
        dcc.Store(id="firms-order", data={"by": "net_t", "down": True, "leaf": 0}),
        progress("firms", translate(WORDS)),
        html.Div(html.P(say("Reading the firms …")), id="firms-view"),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the choices, the heads and the leaves."""

    @app.callback(
        Output("firms-view", "children"),
        Input("firms-run", "value"),
        Input("firms-year", "value"),
        Input("firms-sector", "value"),
        Input("firms-search", "value"),
        Input("firms-order", "data"),
        State("folder", "value"),
        running=running("firms"),
    )
    @told
    def redraw(name: str, year: int, sector: str, words: str | None, order: dict[str, Any], folder: str | None) -> Any:
        batch = desk.batch(folder)
        run = batch.run(name)
        key = ("firms", run.folder, batch.mark, year)
        everyone: pd.DataFrame = desk.tables.kept(key, lambda: firms_of(desk, run, year or None))
        found = search_firms(everyone, sector or "", words or "")
        below = remarks(everyone, desk.source_of(run))
        return body(found, str(order.get("by")), bool(order.get("down")), int(order.get("leaf", 0)), below)

    @app.callback(Output("firms-progress", "children"), Input("firms-tick", "n_intervals"), prevent_initial_call=True)
    def tell(ticks: int) -> Any:
        return share_done(desk.again.progress, translate(WORDS))

    @app.callback(
        Output("firms-order", "data"),
        Input({"part": "firms-head", "column": ALL}, "n_clicks"),
        Input({"part": "firms-leaf", "by": ALL}, "n_clicks"),
        State("firms-order", "data"),
        prevent_initial_call=True,
    )
    def turn(heads: list[int | None], turns: list[int | None], order: dict[str, Any]) -> dict[str, Any]:
        pressed = ctx.triggered_id
        if not pressed or not ctx.triggered[0]["value"]:
            raise PreventUpdate  # the buttons were only drawn anew
        if pressed["part"] == "firms-leaf":
            return {**order, "leaf": max(int(order["leaf"]) + int(pressed["by"]), 0)}
        same = order["by"] == pressed["column"]
        return {"by": pressed["column"], "down": not order["down"] if same else True, "leaf": 0}


def firms_of(desk: Desk, run: Run, year: int | None) -> pd.DataFrame:
    """Every firm with its traits and trades of a year (None: all); other traders only where they traded."""
    traded = desk.tables.firms(run, year)
    number = int(run.parameters.get("firms", {}).get("number", 0))
    if number > TRAITS:
        return traded.assign(strategy="", size=np.nan, intensity=np.nan, cost=np.nan, gain_yuan=np.nan)
    traits = desk.traits(run)
    found = traits.merge(traded.drop(columns="sector"), on="firm", how="left")
    others = traded[~traded["firm"].isin(traits["firm"])]
    found = pd.concat([found, others], ignore_index=True)
    numbers = ["bought_t", "sold_t", "net_t", "paid_yuan", "fills"]
    found[numbers] = found[numbers].fillna(0)
    found["strategy"] = found["strategy"].fillna("")
    found["size"] = 100.0 * found["size"]
    again = number <= AGAIN and run.parameters.get("market", {}).get("mode") != "equilibrium"
    gains = gains_by_firm(desk, run, year) if again else None
    found["gain_yuan"] = np.nan if gains is None else found["firm"].map(gains)
    return found


def gains_by_firm(desk: Desk, run: Run, year: int | None) -> pd.Series | None:
    """What trade was worth to firms in a year (None: in all), yuan by firm; None for a run that is another now."""
    try:
        gains = desk.recomputed(run).gains
    except UserError:
        return None
    rows = gains if year is None else gains[gains["year"] == year]
    return rows.groupby("firm")["gain_yuan"].sum()


def remarks(everyone: pd.DataFrame, source: str) -> str:
    """What stands below the table: its source, and why no firm's gain from trade is told where none is."""
    told_of_any = everyone["gain_yuan"].notna().any()
    return source if told_of_any else paragraph([source, say(NO_GAINS, most=AGAIN)])


def search_firms(firms: pd.DataFrame, sector: str, words: str) -> pd.DataFrame:
    """Firms of a sector whose number, sector or strategy holds every word."""
    found = firms[firms["sector"] == sector] if sector else firms
    for word in words.casefold().split():
        names = found["sector"].map(short_name).str.casefold() + " " + found["sector"].str.casefold()
        strategies = (found["strategy"] + " " + found["strategy"].map(strategy_name)).str.casefold()
        known = names.str.contains(word, regex=False) | strategies.str.contains(word, regex=False)
        found = found[known | (found["firm"].astype(str) == word)]
    return found


def body(found: pd.DataFrame, by: str, down: bool, leaf: int, source: str = "") -> list[Any]:
    """One leaf of the table."""
    if found.empty:
        return [notice(say("No firm fits. Shorten the search, or choose all sectors."))]
    column = by if by in SORTABLE else "firm"
    count = (len(found) + ROWS - 1) // ROWS
    leaf = min(max(leaf, 0), count - 1)
    ordered = found.sort_values([column, "firm"], ascending=[not down, True], na_position="last", kind="stable")
    shown = ordered.iloc[leaf * ROWS : (leaf + 1) * ROWS]
    heads = [_head(name, translate(title), column, down) for name, title, _ in COLUMNS]
    rows = [[_cell(row[name], name, digits) for name, _, digits in COLUMNS] for row in shown.to_dict("records")]
    first, last = leaf * ROWS + 1, leaf * ROWS + len(shown)
    said = say("{n:,} firms, {first:,} to {last:,} shown", n=len(found), first=first, last=last)
    return [
        table(heads, rows, said, text=(0, 1, 2), name="firms-table"),
        leaves("firms-leaf", leaf, count),
        html.Small(source),
    ]


def _head(name: str, title: str, by: str, down: bool) -> Any:
    arrow = "" if name != by else " ▼" if down else " ▲"
    return html.Button([title, html.Span(arrow)], id={"part": "firms-head", "column": name}, className="head")


STRATEGIES = {
    "truthful": mark("truthful"), "zic": mark("random (ZI-C)"), "zip": mark("learning (ZIP)"),
    "scheduled": mark("by the calendar"), "hesitant": mark("hesitant"),
}  # fmt: skip
"""What is said of a built-in strategy; a plug-in's name stands as it is."""


def strategy_name(name: str) -> str:
    """A strategy in words, with its name in the literature where it has one."""
    return translate(STRATEGIES[name]) if name in STRATEGIES else name


def _cell(value: Any, name: str, digits: int | None) -> str:
    if name == "sector":
        return short_name(str(value))
    if name == "strategy":
        return strategy_name(str(value))
    if digits is None:
        return str(value)
    return "–" if value != value else f"{float(value):,.{digits}f}".replace("-", "−")
