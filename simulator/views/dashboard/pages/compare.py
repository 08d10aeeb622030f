"""Scenarios side by side: price, volume, emissions, energy, GDP by year, and what each scenario came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, html

from tanshi.simulator.results.variables import REFERENCE
from tanshi.simulator.views.dashboard.charts import Chart, by_year
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.parts import controls, figure, figures, group, heading, notice, table, told
from tanshi.simulator.views.table import columns, remark, rows

TITLE = "Scenarios compared"
#: Variable, title, unit, whether the axis starts at zero, digits.
CHARTS = (
    ("Price|Carbon", "Carbon price", "yuan of 2022 per t CO₂, mean of the year", True, 1),
    ("Carbon Market|Trading Volume", "Trading volume", "Mt CO₂ a year", True, 2),
    ("Emissions|CO2", "CO₂ emissions", "Mt CO₂ a year, territorial", False, 1),
    ("Energy Consumption", "Energy consumption", "Mtce a year", False, 1),
    ("GDP|MER", "Gross domestic product", "billion yuan of 2022", False, 1),
)
MANY = 60
"""Runs of a batch up to which the table and the words are worked out."""


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    names = {name: name for name in batch.scenarios}
    chosen = group("compare-scenarios", "Scenarios", names, list(names), many=True)
    return [
        *heading(TITLE, lead(batch)),
        controls(chosen),
        html.Div(body(desk, batch, list(names)), id="compare-view"),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the choice of scenarios."""

    @app.callback(
        Output("compare-view", "children"),
        Input("compare-scenarios", "value"),
        Input("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(chosen: list[str] | None, folder: str | None) -> Any:
        return body(desk, desk.batch(folder), chosen or [])


def lead(batch: Batch) -> str:
    """How many runs of what a batch holds."""
    seeds = len({run.seed for run in batch.runs})
    runs = f"{len(batch.runs):,} run{'s' if len(batch.runs) != 1 else ''}"
    many = f", {seeds} seeds: lines are medians, bands hold nine tenths of the runs" if seeds > 1 else ""
    return f"{runs} of {len(batch.scenarios)} scenario{'s' if len(batch.scenarios) != 1 else ''}{many}."


def body(desk: Desk, batch: Batch, chosen: Sequence[str]) -> list[Any]:
    """Charts, words and table of the chosen scenarios."""
    shown = [name for name in batch.scenarios if name in chosen]
    if not shown:
        return [notice("Choose at least one scenario.")]
    bands, source = desk.tables.bands(batch), desk.source(batch)
    order = list(batch.scenarios)
    drawn = [
        figure(title, unit, annual(bands, variable, shown, order, from_zero, digits), source)
        for variable, title, unit, from_zero, digits in CHARTS
    ]
    drawn += _against_reference(bands, shown, order, source)
    paths = desk.tables.price_paths(batch)
    paths = paths[paths["scenario"].isin(shown)]
    if len(paths):
        most = paths.groupby(["scenario", "year"])["period"].transform("max")
        paths = paths.assign(x=paths["year"] + (paths["period"] - 0.5) / most)
        chart = by_year(paths, order, from_zero=True)
        drawn.append(figure("Carbon price by period", "yuan per t CO₂, price of every auction", chart, source))
    return [figures(*drawn), *_summary(desk, batch, shown)]


def _against_reference(bands: pd.DataFrame, shown: Sequence[str], order: Sequence[str], source: str) -> list[Any]:
    """GDP of the other scenarios as a change against the reference, whose curve the eye cannot tell from theirs."""
    rows = bands[bands["variable"] == "GDP|MER"]
    base = rows[rows["scenario"] == REFERENCE].set_index("year")["middle"]
    others = rows[rows["scenario"].isin(list(shown)) & (rows["scenario"] != REFERENCE) & rows["year"].isin(base.index)]
    if others.empty or base.empty:
        return []
    change = 100.0 * (others["middle"] / others["year"].map(base) - 1.0)
    chart = by_year(
        others.assign(x=others["year"], low=change, middle=change, high=change), order, from_zero=True, digits=2
    )
    return [figure(f"GDP against {REFERENCE}", "% of its GDP in the same year, medians", chart, source)]


def annual(
    bands: pd.DataFrame, variable: str, shown: Sequence[str], order: Sequence[str], from_zero: bool, digits: int
) -> Chart:
    """One variable by year, a line a scenario."""
    rows = bands[(bands["variable"] == variable) & bands["scenario"].isin(list(shown))]
    return by_year(rows.rename(columns={"year": "x"}), order, from_zero=from_zero, digits=digits)


def _summary(desk: Desk, batch: Batch, shown: Sequence[str]) -> list[Any]:
    if len(batch.runs) > MANY:
        return [notice(f"The table of scenarios is left out for more than {MANY} runs; downloads have every number.")]
    everything, told_words = desk.summaries(batch)
    summaries = [summary for summary in everything if summary.scenario in shown]
    heads = [html.Span(head.replace("\n", " ")) for head in columns(summaries)]
    said = " ".join(filter(None, ("What each scenario came to.", remark(summaries))))
    words = [html.P(" ".join(told_words[name])) for name in shown if name in told_words]
    return [
        html.H3("In one table"),
        table(heads, rows(summaries), said, name="summary"),
        html.H3("In words"),
        html.Div(words, className="words"),
    ]
