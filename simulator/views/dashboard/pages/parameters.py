"""Every parameter with its unit, status and meaning beside what the scenarios say; every figure of the economy."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, dcc, html

from scenarios.figures import catalogue
from scenarios.parameters import describe_parameters
from simulator.views.dashboard.desk import Desk
from simulator.views.dashboard.folder import Batch
from simulator.views.dashboard.parts import controls, group, heading, labelled, notice, table, told
from simulator.views.report import flatten

TITLE = "Parameters"
MOST = 120
"""Rows shown; a longer list is narrowed by the search."""
KINDS = {"scenario": "of the scenarios", "economy": "figures of the economy"}


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page."""
    box = dcc.Input(id="parameters-search", type="text", value="", placeholder="such as cap or assumed", maxLength=60, debounce=0.3)
    differing = dcc.Checklist(id="parameters-differ", options=[{"label": "only where scenarios differ", "value": "yes"}], value=[])
    return [
        *heading(TITLE, "Status: law (a rule in force), measured, literature, assumed (vary it before relying on it),"
                        " setting (of the run, not of the world)."),
        controls(
            group("parameters-kind", "Parameters", KINDS, "scenario"),
            labelled("Search", box),
            labelled("Show", differing),
        ),
        html.Div(body(batch, "scenario", "", False), id="parameters-view"),
    ]  # fmt: skip


def register(app: Dash, desk: Desk) -> None:
    """Answer the search."""

    @app.callback(
        Output("parameters-view", "children"),
        Input("parameters-kind", "value"),
        Input("parameters-search", "value"),
        Input("parameters-differ", "value"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(kind: str, words: str | None, differ: list[str], folder: str | None) -> Any:
        return body(desk.batch(folder), kind, words or "", bool(differ))


def body(batch: Batch, kind: str, words: str, differ: bool) -> list[Any]:
    """The rows that fit."""
    heads, rows = economy_rows(batch) if kind == "economy" else scenario_rows(batch, differ)
    wanted = words.casefold().split()
    found = [row for row in rows if all(word in " ".join(row).casefold() for word in wanted)]
    if not found:
        why = "The scenarios of this batch differ in nothing that fits." if differ else "Nothing fits; shorten the search."
        return [notice(why)]
    more = f", the first {MOST} shown: search to narrow them" if len(found) > MOST else ""
    words_at = tuple(range(len(heads)))
    return [table(heads, found[:MOST], f"{len(found):,} parameters{more}", text=words_at, name="parameters-table")]


def scenario_rows(batch: Batch, differ: bool) -> tuple[list[str], list[list[str]]]:
    """A row a field: its value in each scenario, unit, status, bounds, meaning."""
    values = {name: flatten(runs[0].parameters) for name, runs in batch.scenarios.items()}
    heads = ["Field", *values, "Unit", "Status", "May be", "Meaning"]
    rows = []
    for field in describe_parameters():
        held = [shown.get(field.name, "–") for shown in values.values()]
        if differ and (len(set(held)) == 1 or field.name in ("name", "title")):
            continue
        unit = "" if field.unit == "-" else field.unit
        may = " ".join(part for part in (field.kind, field.bounds) if part)
        rows.append([field.name, *held, unit, field.status, may, field.description])
    return heads, rows


def economy_rows(batch: Batch) -> tuple[list[str], list[list[str]]]:
    """A row a figure: value, unit, status and source; a figure that a scenario changes says so."""
    names = list(dict.fromkeys(str(run.parameters.get("economy", "shanxi_2022")) for run in batch.runs))
    changed = {path for run in batch.runs for path in dict(run.parameters.get("figures") or {})}
    rows = []
    for name in names:
        for figure in catalogue(name).values():
            mark = " (changed by a scenario)" if figure.path in changed else ""
            rows.append([figure.path, f"{figure.value:g}{mark}", figure.unit, figure.status, figure.source])
    return ["Figure", "Value", "Unit", "Status", "Source"], rows
