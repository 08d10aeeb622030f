"""Every parameter with its unit, status and meaning beside what the scenarios say; every figure of the economy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

from tanshi.errors import said
from tanshi.language import mark, say, translate
from tanshi.scenarios.calibrated import STATUS, calibrated, fitted_values
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.parameters import describe_parameters
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.parts import controls, group, heading, labelled, leaves, notice, table, told
from tanshi.simulator.views.reports.report import flatten
from tanshi.simulator.views.vocabulary import status_name, unit_name

TITLE = mark("Parameters")
ROWS = 25
"""Rows on one leaf of the table."""
KINDS = {"scenario": mark("of the scenarios"), "economy": mark("figures of the economy")}
LEGENDS = {
    "scenario": mark(
        "Status: law (a rule in force), measured, literature, calibrated (fitted to stated targets), assumed (vary it"
        " before relying on it), setting (of the run, not of the world)."
    ),
    "economy": mark(
        "Status: verified (in published statistics), derived (from them), published (carried over from a study),"
        " calibrated (fitted to stated targets), recalled (without its source at hand), estimate (chosen here)."
    ),
}
"""What the words of the column Status say."""


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    box = dcc.Input(
        id="parameters-search",
        type="text",
        value="",
        placeholder=say("such as cap or assumed"),
        maxLength=60,
        debounce=0.3,
    )
    differing = dcc.Checklist(
        id="parameters-differ", options=[{"label": say("only where scenarios differ"), "value": "yes"}], value=[]
    )
    return [
        *heading(translate(TITLE)),
        controls(
            group("parameters-kind", say("Parameters"), {k: translate(v) for k, v in KINDS.items()}, "scenario"),
            labelled(say("Search"), box, wide=True),
            labelled(say("Show"), differing),
        ),
        dcc.Store(id="parameters-leaf", data=0),
        html.Div(body(batch, "scenario", "", False), id="parameters-view"),
    ]  # fmt: skip


def register(app: Dash, desk: Desk) -> None:
    """Answer the search."""

    @app.callback(
        Output("parameters-view", "children"),
        Input("parameters-kind", "value"),
        Input("parameters-search", "value"),
        Input("parameters-differ", "value"),
        Input("parameters-leaf", "data"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(kind: str, words: str | None, differ: list[str], leaf: int, folder: str | None) -> Any:
        return body(desk.batch(folder), kind, words or "", bool(differ), leaf)

    @app.callback(
        Output("parameters-leaf", "data"),
        Input({"part": "parameters-leaf", "by": ALL}, "n_clicks"),
        Input("parameters-kind", "value"),
        Input("parameters-search", "value"),
        Input("parameters-differ", "value"),
        State("parameters-leaf", "data"),
        prevent_initial_call=True,
    )
    def turn(turns: list[int | None], kind: str, words: str, differ: list[str], leaf: int) -> int:
        pressed = ctx.triggered_id
        if isinstance(pressed, str):
            return 0
        if not pressed or not ctx.triggered[0]["value"]:
            raise PreventUpdate  # the buttons were only drawn anew
        return max(leaf + int(pressed["by"]), 0)


def body(batch: Batch, kind: str, words: str, differ: bool, leaf: int = 0) -> list[Any]:
    """The rows that fit."""
    heads, rows = economy_rows(batch) if kind == "economy" else scenario_rows(batch, differ)
    wanted = words.casefold().split()
    found = [row for row in rows if all(word in " ".join(row).casefold() for word in wanted)]
    if not found:
        why = (
            say("The scenarios of this batch differ in nothing that fits.")
            if differ
            else say("Nothing fits; shorten the search.")
        )
        return [notice(why)]
    count = (len(found) + ROWS - 1) // ROWS
    leaf = min(max(leaf, 0), count - 1)
    shown = found[leaf * ROWS : (leaf + 1) * ROWS]
    first, last = leaf * ROWS + 1, leaf * ROWS + len(shown)
    said = say("{n:,} parameters, {first:,} to {last:,} shown", n=len(found), first=first, last=last)
    listed = table(heads, shown, said, text=tuple(range(len(heads))), name="parameters-table")
    return [html.P(translate(LEGENDS[kind]), className="lead"), listed, leaves("parameters-leaf", leaf, count)]


def scenario_rows(batch: Batch, differ: bool) -> tuple[list[str], list[list[str]]]:
    """A row a field: its value in each scenario, unit, status, bounds, meaning."""
    values = {name: written(runs[0].parameters) for name, runs in batch.scenarios.items()}
    fitted = {field: f"{value}" for name in economies(batch) for field, value in fitted_values(name).items()}
    heads = [say("Field"), *values, say("Unit"), say("Status"), say("May be"), say("Meaning")]
    rows = []
    for field in describe_parameters():
        held = [shown.get(field.name, "–") for shown in values.values()]
        if differ and (len(set(held)) == 1 or field.name in ("name", "title")):
            continue
        may = said(field.allowed)
        status = STATUS if fitted.get(field.name) in held else field.status
        rows.append(
            [
                field.name,
                *held,
                unit_name(field.unit),
                status_name(status),
                may,
                translate(field.description).replace("``", ""),
            ]
        )
    return heads, rows


def written(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Dotted fields of a scenario as a file would say them."""
    return flatten(parameters, words=("null", "true", "false"))


def economy_rows(batch: Batch) -> tuple[list[str], list[list[str]]]:
    """A row a figure: value, unit, status and source; a figure that a scenario changes says so."""
    changed = {path for run in batch.runs for path in dict(run.parameters.get("figures") or {})}
    rows = []
    for name in economies(batch):
        fitted = {row.field: row for row in calibrated(name)}
        for figure in catalogue(name).values():
            changed_by = say(" (changed by a scenario)") if figure.path in changed else ""
            if found := fitted.get(figure.path):
                value, status, source = found.value, STATUS, found.source
            else:
                value, status, source = figure.value, figure.status, figure.source
            about = [unit_name(figure.unit), status_name(status), source]
            rows.append([figure.path, f"{value:g}{changed_by}", *about])
    return [say("Figure of the economy"), say("Value"), say("Unit"), say("Status"), say("Source")], rows


def economies(batch: Batch) -> list[str]:
    """The economies of a batch's runs."""
    return list(dict.fromkeys(str(run.kind["economy"]) for run in batch.runs))
