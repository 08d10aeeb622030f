"""Who traded with whom: sectors and firms, of a whole run, a year or one period."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, html

from tanshi.language import mark, say, translate
from tanshi.numerics.units import TONNES
from tanshi.simulator.views.charts.network import short_name
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, Run
from tanshi.simulator.views.dashboard.market_charts import PAIRS, firm_network, sector_network
from tanshi.simulator.views.dashboard.pages.auction import label, spans
from tanshi.simulator.views.dashboard.parts import choice, controls, figure, group, heading, notice, table, told

TITLE = mark("Trade network")
ALL = 0
"""Stands for all years or periods in the lists."""
PAIRING = mark(
    "In an auction with one price who is paired with whom moves no money; the pairing shown is the venue's, by order of"
    " arrival."
)
MEASURED = (
    ("hhi_buyers", mark("Buyers' concentration"), 3),
    ("hhi_sellers", mark("Sellers' concentration"), 3),
    ("hub", mark("Hub"), 0),
    ("betweenness", mark("Paths through it"), 3),
    ("volatility", mark("Volatility"), 3),
    ("roll_spread", mark("Roll's spread, yuan/t"), 2),
    ("amihud", mark("Amihud's illiquidity"), 3),
)
YEARLY = mark(
    "The market year by year, {run}: concentration 0 to 1, volatility of the log price a year, illiquidity as |return|"
    " per billion yuan"
)
ALONE = mark("Only firms of {sector} traded, with one another: here they are one by one.")


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    traded = [run for run in batch.runs if run.trades]
    if not traded:
        told_why = say("No run of this batch holds trades: their prices come from the equilibrium, or nobody traded.")
        return [*heading(translate(TITLE)), notice(told_why)]
    run = traded[-1]
    years, periods = spans(desk, run)
    return [
        *heading(
            translate(TITLE),
            say("Dots by the tonnes that a trader moved, lines from seller to buyer by the tonnes between them."),
        ),
        controls(
            choice("network-run", say("Run"), {one.name: label(one) for one in traded}, run.name, wide=True),
            choice("network-year", say("Year"), {ALL: say("all years"), **{y: str(y) for y in years}}, years[-1]),
            choice("network-period", say("Period"), {ALL: say("all periods"), **{p: str(p) for p in periods}}, ALL),
            group("network-level", say("Traders"), {"sectors": say("sectors"), "firms": say("firms")}, "sectors"),
        ),
        html.Div(body(desk, run, years[-1], ALL, "sectors"), id="network-view"),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the choices."""

    @app.callback(
        Output("network-view", "children"),
        Input("network-run", "value"),
        Input("network-year", "value"),
        Input("network-period", "value"),
        Input("network-level", "value"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(name: str, year: int, period: int, level: str, folder: str | None) -> Any:
        return body(desk, desk.batch(folder).run(name), year, period, level)


def body(desk: Desk, run: Run, year: int, period: int, level: str) -> list[Any]:
    """The network and its largest flows."""
    when, part = year or None, period or None
    flows = desk.tables.sector_flows(run, when, part)
    span = str(year) if year else say("all years")
    span = say("{span}, period {period}", span=span, period=period) if period else span
    source = f"{desk.source_of(run)} {translate(PAIRING)}"
    if flows.empty:
        return [notice(say("Nobody traded in {run}, {span}.", run=label(run), span=span))]
    told_why: list[Any] = []
    if level == "sectors" and (alone := _alone(flows)):
        told_why = [notice(say(ALONE, sector=short_name(alone)))]
        level = "firms"
    if level == "firms":
        pairs = desk.tables.firm_pairs(run, when, part, PAIRS)
        chart = firm_network(pairs)
        title = say("The {n} pairs of firms with most tonnes, {run}, {span}", n=len(pairs), run=label(run), span=span)
        rows = [
            [f"{r['seller']}", short_name(r["seller_sector"]), f"{r['buyer']}", short_name(r["buyer_sector"]),
             f"{r['tonnes']:,.0f}"]
            for r in pairs.head(12).to_dict("records")
        ]  # fmt: skip
        listed = table(
            [say("Seller"), say("Sector"), say("Buyer"), say("Sector"), say("Tonnes")],
            rows,
            say("The largest pairs"),
            text=(0, 1, 2, 3),
        )
    else:
        chart = sector_network(flows)
        title = say("Trade between sectors, {run}, {span}", run=label(run), span=span)
        rows = [
            [short_name(r["seller"]), short_name(r["buyer"]), f"{r['tonnes']:,.0f}", f"{r['yuan'] / r['tonnes']:,.2f}",
             f"{r['fills']:,}"]
            for r in flows.head(12).to_dict("records")
        ]  # fmt: skip
        heads = [say("Seller"), say("Buyer"), say("Tonnes"), say("Mean price, yuan/t"), say("Fills")]
        listed = table(heads, rows, say("The largest flows, those within a sector included"), text=(0, 1))
    total = float(flows["tonnes"].sum()) / TONNES
    unit = say("tonnes of allowances, {total:,.2f} Mt in all", total=total)
    return [*told_why, figure(title, unit, chart, source, wide=True), listed, _years(desk, run)]


def _years(desk: Desk, run: Run) -> Any:
    """How well the market worked, year by year."""
    rows = [
        [
            str(year),
            f"{r['traders']:,.0f}",
            f"{r['pairs']:,.0f}",
            *(_number(r[name], digits) for name, _, digits in MEASURED),
        ]
        for year, r in desk.tables.quality(run).iterrows()
    ]
    heads = [say("Year"), say("Traders"), say("Pairs"), *(translate(head) for _, head, _ in MEASURED)]
    return table(heads, rows, say(YEARLY, run=label(run)))


def _number(value: Any, digits: int) -> str:
    return "–" if pd.isna(value) else f"{value:,.{digits}f}"


def _alone(flows: pd.DataFrame) -> str:
    """The sector, where there is but one; else nothing."""
    traders = {str(code) for code in (*flows["seller"], *flows["buyer"])}
    return traders.pop() if len(traders) == 1 else ""
