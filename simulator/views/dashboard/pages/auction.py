"""The order book and clearing of any period, found again by running the scenario once more."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, ctx, html

from tanshi.language import mark, say, translate
from tanshi.numerics.units import MILLION
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, Run
from tanshi.simulator.views.dashboard.market_charts import demand_and_supply
from tanshi.simulator.views.dashboard.parts import (
    choice,
    controls,
    figure,
    heading,
    notice,
    progress,
    running,
    share_done,
    table,
    told,
)
from tanshi.simulator.views.dashboard.recompute import Book

TITLE = mark("Order book")
LEVELS = 8
"""Price levels of each side in the table, the nearest to the price."""
LEAD = mark(
    "Order books are not stored: the run is made once more from its parameters, which takes seconds the first time, and"
    " every period of it is at hand then."
)
WORDS = mark("Finding the order books again")


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    run = batch.runs[-1]
    years, periods = spans(desk, run)
    return [
        *heading(translate(TITLE), translate(LEAD)),
        controls(
            choice("auction-run", say("Run"), {one.name: label(one) for one in batch.runs}, run.name, wide=True),
            choice("auction-year", say("Year"), years, years[-1]),
            choice("auction-period", say("Period"), periods, periods[0]),
            html.Div(
                [html.Button(say("Earlier"), id="auction-earlier"), html.Button(say("Later"), id="auction-later")],
                className="control buttons",
            ),
        ),
        progress("auction", translate(WORDS)),
        html.Div(id="auction-view"),
    ]  # fmt: skip


def label(run: Run) -> str:
    """How a run is called in a list."""
    if not run.part and not run.name.startswith(run.scenario):
        return run.name
    return say("{scenario}, seed {seed}", scenario=run.scenario, seed=run.seed)


def spans(desk: Desk, run: Run) -> tuple[list[int], list[int]]:
    """Years and periods of a run."""
    table = desk.tables.periods(run)
    return sorted({int(y) for y in table["year"]}), sorted({int(p) for p in table["period"]})


def register(app: Dash, desk: Desk) -> None:
    """Answer the choices, and step from period to period."""

    @app.callback(
        Output("auction-view", "children"),
        Input("auction-run", "value"),
        Input("auction-year", "value"),
        Input("auction-period", "value"),
        State("folder", "value"),
        running=running("auction"),
    )
    @told
    def redraw(name: str, year: int, period: int, folder: str | None) -> Any:
        return body(desk, desk.batch(folder).run(name), year, period)

    @app.callback(
        Output("auction-year", "value"),
        Output("auction-period", "value"),
        Input("auction-earlier", "n_clicks"),
        Input("auction-later", "n_clicks"),
        State("auction-year", "value"),
        State("auction-period", "value"),
        State("auction-year", "options"),
        State("auction-period", "options"),
        prevent_initial_call=True,
    )
    def move(earlier: int, later: int, year: int, period: int, years: list[Any], periods: list[Any]) -> tuple[int, int]:
        return stepped(
            year, period, [o["value"] for o in years], len(periods), 1 if ctx.triggered_id == "auction-later" else -1
        )

    @app.callback(
        Output("auction-progress", "children"), Input("auction-tick", "n_intervals"), prevent_initial_call=True
    )
    def tell(ticks: int) -> Any:
        return share_done(desk.again.progress, translate(WORDS))


def stepped(year: int, period: int, years: list[int], periods: int, by: int) -> tuple[int, int]:
    """The period before or after, at the ends the same.

    Examples
    --------
    >>> stepped(2023, 12, [2022, 2023, 2024], 12, 1), stepped(2022, 1, [2022, 2023], 12, -1)
    ((2024, 1), (2022, 1))
    """
    place = years.index(year) * periods + period - 1 + by
    place = min(max(place, 0), len(years) * periods - 1)
    return years[place // periods], place % periods + 1


def body(desk: Desk, run: Run, year: int, period: int) -> list[Any]:
    """Demand and supply, the best orders, and the measures of one auction."""
    rows = desk.tables.periods(run)
    mine = rows[(rows["year"] == year) & (rows["period"] == period)]
    if mine.empty:
        return [notice(say("{run} has no period {period} in {year}.", run=label(run), period=period, year=year))]
    if run.parameters.get("market", {}).get("mode") == "equilibrium":
        return [notice(say("The price of this run comes from the equilibrium itself: there is no order book to show."))]
    book = desk.recomputed(run).books[(year, period)]
    row = mine.iloc[0]
    facts = [
        (say("Price"), say("{price:,.2f} yuan/t", price=book.price)),
        (say("Cleared"), f"{book.volume:,} t"),
        (say("Turnover"), say("{value:,.1f} million yuan", value=row["turnover_yuan"] / MILLION)),
        (say("Orders"), f"{book.orders:,}"),
        (say("Prices that balance"), _interval(book)),
        (say("Gains from trade realised"), _share(row.get("efficiency"))),
        (
            say("Concentration of buyers, sellers"),
            f"{_number(row.get('hhi_buyers'))}, {_number(row.get('hhi_sellers'))}",
        ),
        (say("Rounds to agree with the economy"), str(int(row.get("iterations", 0)))),
    ]
    listed = [html.Div([html.Dt(term), html.Dd(value)]) for term, value in facts]
    title = say("Demand and supply, {run}, {year}, period {period}", run=label(run), year=year, period=period)
    source = desk.source_of(run)
    unit = say("around the price; the far ends of both sides are left out")
    sides = [
        _side(say("Bids nearest to the price"), book, True),
        _side(say("Offers nearest to the price"), book, False),
    ]
    return [
        figure(title, unit, demand_and_supply(book), source, wide=True),
        html.Dl(listed, className="facts"),
        html.Div(sides, className="figures"),
    ]


def _side(title: str, book: Book, bids: bool) -> Any:
    """The levels of one side around the clearing price, those that traded first."""
    side = book.bids if bids else book.asks
    if not len(side):
        return notice(say("{title}: none.", title=title))
    near = np.sort(np.argsort(np.abs(side[:, 0] - book.price), kind="stable")[:LEVELS])
    rows = []
    for price, tonnes in side[near]:
        served = price > book.price if bids else price < book.price
        rows.append(
            [
                f"{price:,.2f}",
                f"{tonnes:,.0f}",
                say("yes") if served else say("at the margin") if price == book.price else say("no"),
            ]
        )
    return table([say("Limit, yuan/t"), say("Tonnes"), say("Served")], rows, title, text=(2,))


def _interval(book: Book) -> str:
    low, high = book.interval
    if low is None or high is None:
        return say("open")
    return f"{low:,.2f}" if low == high else say("{low:,.2f} to {high:,.2f}", low=low, high=high)


def _share(value: Any) -> str:
    return "–" if value is None or value != value else f"{100 * float(value):.1f} %"


def _number(value: Any) -> str:
    return "–" if value is None or value != value else f"{float(value):.3f}"
