"""Any runs side by side: price, volume, emissions, energy, GDP by year, what each came to, how far each is from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, html, no_update

from tanshi.language import mark, paragraph, say, translate
from tanshi.simulator.results.bands import many_seeds
from tanshi.simulator.results.variables import COMPLIANCE, CUMULATIVE, POWER_PRICE, REVENUE, cost_of
from tanshi.simulator.views.dashboard.address import Kept, keep, read_address
from tanshi.simulator.views.dashboard.charts import Chart, by_year
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow
from tanshi.simulator.views.dashboard.parts import (
    choice,
    controls,
    figure,
    figures,
    group,
    heading,
    notice,
    several,
    table,
    told,
)
from tanshi.simulator.views.dashboard.selection import (
    Entry,
    bands,
    differences,
    entries,
    folder_of,
    offered,
    results,
)
from tanshi.simulator.views.dashboard.tables import files_of
from tanshi.simulator.views.table import columns, reference_of, remark, rows, summarise
from tanshi.simulator.views.words import sentences

TITLE = mark("Scenarios compared")
#: Variable, title, unit, unit of a difference, whether the axis starts at zero, digits.
CHARTS = (
    ("Price|Carbon", mark("Carbon price"), mark("yuan of 2022 per t CO₂, mean of the year"),
     mark("yuan of 2022 per t CO₂"), True, 1),
    ("Carbon Market|Trading Volume", mark("Trading volume"), mark("Mt CO₂ a year"), mark("Mt CO₂ a year"), True, 2),
    ("Emissions|CO2", mark("CO₂ emissions"), mark("Mt CO₂ a year, territorial"), mark("Mt CO₂ a year"), False, 1),
    ("Energy Consumption", mark("Energy consumption"), mark("Mtce a year"), mark("Mtce a year"), False, 1),
    ("GDP|MER", mark("Gross domestic product"), mark("billion yuan of 2022"), mark("billion yuan of 2022"), False, 1),
    (CUMULATIVE, mark("Cumulative CO₂ emissions"), mark("Mt CO₂ since the first year"), mark("Mt CO₂"), True, 0),
    (POWER_PRICE, mark("Price of electricity"), mark("yuan of 2022 per MWh, paid to power plants"),
     mark("yuan of 2022 per MWh"), False, 1),
    (cost_of(), mark("Cost of carbon policy"), mark("million yuan of 2022, all sectors"), mark("million yuan of 2022"),
     True, 0),
    (REVENUE, mark("Public revenue from the carbon market"), mark("million yuan of 2022, auctions and penalties"),
     mark("million yuan of 2022"), True, 0),
    (f"{COMPLIANCE}|Shortfall", mark("Tonnes not surrendered"), mark("Mt CO₂ a year"), mark("Mt CO₂ a year"), True, 2),
)  # fmt: skip
GDP = "GDP|MER"
VARIABLES = tuple(variable for variable, *_ in CHARTS)
MANY = 60
"""Runs up to which the table and the words are worked out, and up to which runs are offered one by one."""
VALUES, DIFFERENCES, PERCENT = "values", "differences", "percent"
VIEWS = {
    VALUES: mark("values"),
    DIFFERENCES: mark("differences from the reference"),
    PERCENT: mark("differences in %"),
}
KEPT = Kept(
    "compare", "/", {"show": "compare-scenarios", "beside": "compare-beside", "against": "compare-against",
                     "as": "compare-as"},
)  # fmt: skip


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page, with the selection that its address names."""
    asked = read_address(search)
    names = {name: name for name in batch.scenarios}
    own = [name for name in names if name in asked["show"]] if "show" in asked else list(names)
    beside = asked.get("beside", [])
    against = asked.get("against", [""])[0]
    shown_as = asked.get("as", [VALUES])[0]
    shown_as = shown_as if shown_as in VIEWS else VALUES
    others = {name: path.name for name, path in desk.folders().items()}
    named = list(dict.fromkeys(folder for folder in map(folder_of, beside) if folder in others))
    options = _beside(desk, batch, named)
    chosen, _ = entries(desk, batch, list(names), beside)
    return [
        *heading(translate(TITLE), lead(batch)),
        controls(
            group("compare-scenarios", say("Scenarios"), names, own, many=True),
            several("compare-folders", say("Other folders"), others, named, say("choose folders")),
            several("compare-beside", say("Runs beside them"), options, beside, say("choose runs of these folders")),
            choice("compare-against", say("Reference"), _references(chosen), against, wide=True),
            group("compare-as", say("Shown as"), {key: translate(words) for key, words in VIEWS.items()}, shown_as),
        ),
        html.Div(body(desk, batch, own, beside, against, shown_as), id="compare-view"),
        *keep(KEPT, {"show": list(names), "beside": [], "against": "", "as": VALUES}),
    ]


def _beside(desk: Desk, batch: Batch, folders: Sequence[str]) -> dict[str, str]:
    """Runs that can be laid beside the batch's scenarios: of the folders, and its own one by one."""
    found: dict[str, str] = {}
    for name in dict.fromkeys([str(batch.folder), *folders]):
        try:
            other = batch if name == str(batch.folder) else desk.batch(name)
        except NothingToShow:
            continue  # it is told where its runs are asked for
        listed = offered(other, single=len(other.runs) <= MANY)
        if other is batch:  # its scenarios are shown already
            listed = {key: words for key, words in listed.items() if key not in offered(batch, single=False)}
        found |= listed
    return found


def _references(chosen: Sequence[Entry]) -> dict[str, str]:
    labels = [entry.label for entry in chosen]
    usual = say("{name} (usual)", name=reference_of(labels)) if labels else "–"
    return {"": usual, **{label: label for label in labels}}


def register(app: Dash, desk: Desk) -> None:
    """Answer the choice of scenarios, folders, runs, reference and view."""

    @app.callback(
        Output("compare-beside", "options"),
        Output("compare-beside", "value"),
        Input("compare-folders", "value"),
        State("compare-beside", "value"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    def list_runs(folders: list[str] | None, beside: list[str] | None, folder: str | None) -> tuple[Any, Any]:
        try:
            batch = desk.batch(folder)
        except NothingToShow:
            return no_update, no_update
        chosen, before = folders or [], beside or []
        options = _beside(desk, batch, chosen)
        kept = [name for name in before if name in options]
        known = {folder_of(name) for name in before}
        fresh = [folder for folder in chosen if folder not in known and folder != str(batch.folder)]
        kept += [name for name in _scenarios(desk, fresh) if name not in kept]
        return [{"label": words, "value": key} for key, words in options.items()], kept

    @app.callback(
        Output("compare-against", "options"),
        Output("compare-against", "value"),
        Input("compare-beside", "value"),
        State("compare-against", "value"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    def list_references(beside: list[str] | None, against: str | None, folder: str | None) -> tuple[Any, Any]:
        try:
            batch = desk.batch(folder)
        except NothingToShow:
            return no_update, no_update
        chosen, _ = entries(desk, batch, list(batch.scenarios), beside or [])
        options = _references(chosen)
        return [{"label": words, "value": key} for key, words in options.items()], (
            against if against in options else ""
        )

    @app.callback(
        Output("compare-view", "children"),
        Input("compare-scenarios", "value"),
        Input("compare-beside", "value"),
        Input("compare-against", "value"),
        Input("compare-as", "value"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(
        own: list[str] | None, beside: list[str] | None, against: str | None, shown_as: str, folder: str | None
    ) -> Any:
        return body(desk, desk.batch(folder), own or [], beside or [], against or "", shown_as)


def _scenarios(desk: Desk, folders: Sequence[str]) -> list[str]:
    found: list[str] = []
    for folder in folders:
        try:
            found += offered(desk.batch(folder), single=False)
        except NothingToShow:
            continue  # as in `_beside`
    return found


def lead(batch: Batch) -> str:
    """How many runs of what a batch holds, and what a line and a band are."""
    seeds = len({run.seed for run in batch.runs})
    words = say("{runs:,} runs of {scenarios} scenarios", runs=len(batch.runs), scenarios=len(batch.scenarios))
    if len(batch.runs) == 1:
        words = say("One run")
    if seeds < 2:
        return say("{what}.", what=words)
    if many_seeds(seeds):
        return say("{what}, {seeds} seeds: lines are medians, bands hold nine tenths of the runs.",
                   what=words, seeds=seeds)  # fmt: skip
    return say("{what}, {seeds} seeds: lines are medians, bands go from the lowest to the highest run.",
               what=words, seeds=seeds)  # fmt: skip


def body(
    desk: Desk,
    batch: Batch,
    own: Sequence[str],
    beside: Sequence[str] = (),
    against: str = "",
    shown_as: str = VALUES,
) -> list[Any]:
    """Charts, words and table of what is chosen.

    Parameters
    ----------
    own, beside
        As `entries`.
    against
        Label of the reference; empty for the usual one.
    shown_as
        One of ``VIEWS``.
    """
    everything, problems = entries(desk, batch, list(batch.scenarios), beside)
    away = [name for name in batch.scenarios if name not in own]
    shown = [entry for entry in everything if not (entry.batch is batch and entry.whole and entry.scenario in away)]
    said = [notice(text, alert=True) for text in problems]
    labels = [entry.label for entry in everything]
    if against and against not in labels:
        missing = say("The reference {name} is not here; choose one from the list.", name=against)
        said.append(notice(missing, alert=True))
        against = ""
    if not shown:
        return [*said, notice(say("Choose at least one scenario."))]
    base = next(entry for entry in everything if entry.label == reference_of(labels, against or None))
    source = desk.source_of_runs([run for entry in shown for run in entry.runs])
    draw = partial(figure, source=source)
    if shown_as != VALUES:
        percent = shown_as == PERCENT
        gaps = differences(desk.tables, shown, base, VARIABLES, percent=percent)
        if gaps.empty:
            return [*said, notice(say("Nothing but the reference {name} is chosen.", name=base.label))]
        head = mark("{title} against {name}")
        drawn = [
            draw(say(head, title=translate(title), name=base.label),
                 say("% of the reference") if percent else translate(apart),
                 drawn=_annual(gaps, variable, labels, True, 2 if percent else digits))
            for variable, title, _, apart, _, digits in CHARTS
            if variable in set(gaps["variable"])
        ]  # fmt: skip
        return [*said, figures(*drawn), *_summary(desk, shown, base)]
    found = bands(desk.tables, shown, VARIABLES)
    drawn = [
        draw(translate(title), translate(unit), drawn=_annual(found, variable, labels, from_zero, digits))
        for variable, title, unit, _, from_zero, digits in CHARTS
        if variable in set(found["variable"])
    ]
    gaps = differences(desk.tables, shown, base, VARIABLES, percent=True)
    if GDP in set(gaps["variable"]):  # its curve is one that the eye cannot tell from the reference's
        chart = _annual(gaps, GDP, labels, True, 2)
        drawn.append(
            draw(say("GDP against {name}", name=base.label), say("% of its GDP in the same year"), drawn=chart)
        )
    drawn += _by_period(desk, shown, labels, draw)
    return [*said, figures(*drawn), *_summary(desk, shown, base)]


def _by_period(desk: Desk, shown: Sequence[Entry], labels: Sequence[str], draw: Any) -> list[Any]:
    frames = []
    for entry in shown:
        if entry.whole:
            paths = desk.tables.price_paths(entry.batch)
            paths = paths[paths["scenario"] == entry.scenario]
        else:
            paths = desk.tables.price_paths_of(entry.key, files_of(entry.batch, entry.runs, "periods"))
        frames.append(paths.assign(scenario=entry.label))
    paths = pd.concat(frames, ignore_index=True)
    if paths.empty:
        return []
    most = paths.groupby(["scenario", "year"])["period"].transform("max")
    chart = by_year(paths.assign(x=paths["year"] + (paths["period"] - 0.5) / most), labels, from_zero=True)
    return [draw(say("Carbon price by period"), say("yuan per t CO₂, price of every auction"), drawn=chart)]


def _annual(table: pd.DataFrame, variable: str, order: Sequence[str], from_zero: bool, digits: int) -> Chart:
    rows_of = table[table["variable"] == variable]
    return by_year(rows_of.rename(columns={"year": "x"}), order, from_zero=from_zero, digits=digits)


def annual(
    found: pd.DataFrame, variable: str, shown: Sequence[str], order: Sequence[str], from_zero: bool, digits: int
) -> Chart:
    """One variable of a batch by year, a line a scenario."""
    return _annual(found[found["scenario"].isin(list(shown))], variable, order, from_zero, digits)


def _summary(desk: Desk, shown: Sequence[Entry], base: Entry) -> list[Any]:
    wanted = shown if base in shown else [base, *shown]
    if sum(len(entry.runs) for entry in wanted) > MANY:
        words = say("The table is left out for more than {count} runs; downloads have every number.", count=MANY)
        return [notice(words)]

    def make() -> tuple[Any, Mapping[str, list[str]]]:
        runs = results(desk.tables, wanted)
        return summarise(runs, base.label), sentences(runs, base.label)

    everything, told_words = desk.tables.kept(("summary", tuple(e.key for e in wanted), base.key), make)
    labels = [entry.label for entry in shown]
    summaries = [summary for summary in everything if summary.scenario in labels]
    heads = [html.Span(head.replace("\n", " ")) for head in columns(summaries)]
    said = " ".join(filter(None, (say("What each scenario came to."), remark(summaries))))
    return [
        html.H3(say("In one table")),
        table(heads, rows(summaries), said, name="summary"),
        html.H3(say("In words")),
        html.Div([html.P(paragraph(told_words[name])) for name in labels if name in told_words], className="words"),
    ]
