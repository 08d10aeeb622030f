"""The equilibrium's flows in a year as Sankey diagrams: energy from source to user, income from sector to owner."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, html

from tanshi.language import mark, say, translate
from tanshi.simulator.views.dashboard.accounts import node_name
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, Run
from tanshi.simulator.views.dashboard.market_charts import sankey
from tanshi.simulator.views.dashboard.pages.auction import label, spans
from tanshi.simulator.views.dashboard.parts import (
    choice,
    controls,
    figure,
    group,
    heading,
    notice,
    progress,
    running,
    share_done,
    table,
    told,
)

TITLE = mark("Flows")
WORDS = mark("Finding the flows again")
KINDS = {"energy": mark("energy"), "money": mark("income")}
ABOUT = {
    "energy": (
        mark("Energy from source to user"), mark("Mtce"),
        mark("Fuel burnt, and electricity at coal equivalent: users have the losses of plants with it."),
    ),
    "money": (
        mark("Value added from sector to owner"), mark("billion yuan"),
        mark("Value added at the year's prices, relative to those of the rest of China; before transfers and income"
             " taxes."),
    ),
}  # fmt: skip


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    run = batch.runs[-1]
    years, _ = spans(desk, run)
    return [
        *heading(
            translate(TITLE),
            say("Flows are not stored: the run is made once more, which takes seconds the first time."),
        ),
        controls(
            choice("flows-run", say("Run"), {one.name: label(one) for one in batch.runs}, run.name, wide=True),
            choice("flows-year", say("Year"), years, years[-1]),
            group("flows-kind", say("What flows"), {k: translate(v) for k, v in KINDS.items()}, "energy"),
        ),
        progress("flows", translate(WORDS)),
        html.Div(id="flows-view"),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the choices."""

    @app.callback(
        Output("flows-view", "children"),
        Input("flows-run", "value"),
        Input("flows-year", "value"),
        Input("flows-kind", "value"),
        State("folder", "value"),
        running=running("flows"),
    )
    @told
    def redraw(name: str, year: int, kind: str, folder: str | None) -> Any:
        return body(desk, desk.batch(folder).run(name), year, kind)

    @app.callback(Output("flows-progress", "children"), Input("flows-tick", "n_intervals"), prevent_initial_call=True)
    def tell(ticks: int) -> Any:
        return share_done(desk.again.progress, translate(WORDS))


def body(desk: Desk, run: Run, year: int, kind: str) -> list[Any]:
    """The diagram, and its largest links as a table."""
    flows = desk.recomputed(run).flows
    if year not in flows or kind not in KINDS:
        return [notice(say("{run} has no flows of {year}.", run=label(run), year=year))]
    links = flows[year].energy if kind == "energy" else flows[year].money
    title, unit, note = (translate(words) for words in ABOUT[kind])
    rows = [
        [node_name(a), node_name(b), f"{value:,.1f}"]
        for (a, b), value in sorted(links.items(), key=lambda item: -item[1])[:15]
    ]
    drawn = figure(
        say("{title}, {run}, {year}", title=title, run=label(run), year=year),
        unit,
        sankey(links, unit),
        f"{desk.source_of(run)} {note}",
        wide=True,
    )
    return [
        html.Div(drawn, className="diagram"),
        table([say("From"), say("To"), unit], rows, say("The largest flows"), text=(0, 1)),
    ]
