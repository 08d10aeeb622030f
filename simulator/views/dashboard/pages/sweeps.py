"""What a sweep shows: which parameters move an outcome, how far, and how it bends."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, dcc, html

from tanshi.simulator.studies.sweeps.analyse import Finding, Study
from tanshi.simulator.views.charts.sensitivity import MEASURES, sensitivity_words
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.parts import choice, controls, figure, figures, heading, notice, table, told
from tanshi.simulator.views.dashboard.study_charts import indices, scatter, tornado

TITLE = "Sweep"
NONE = (
    "This folder is a batch, not a sweep. `tanshi sweep cap --out results/cap` makes one; choose its folder"
    " above when it is finished."
)


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page; the analysis is made once and kept."""
    if not batch.sweep:
        return [*heading(TITLE), notice(NONE)]
    return [
        *heading(TITLE),
        dcc.Loading(html.Div(id="sweep-page"), delay_show=300),
        html.Button(id="sweep-open", hidden=True),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Analyse when the page is opened; answer the choices."""

    @app.callback(Output("sweep-page", "children"), Input("sweep-open", "n_clicks"), State("folder", "value"))
    @told
    def open_page(clicks: int | None, folder: str | None) -> Any:
        batch = desk.batch(folder)
        study = desk.study(batch)
        names = {f"{f.scenario} {f.output}": f"{f.scenario}: {f.output}" for f in study.findings}
        strongest = study.findings[0].ranked(study.measure)
        factors = {factor.name: factor.title for factor in study.plan.factors}
        first = strongest[0].parameter if strongest else next(iter(factors))
        design = study.plan.spec.design
        lead = f"{study.plan.spec.title or study.plan.name}: {design.method} design, {len(study.unit):,} points,"
        lead += f" {len(study.plan.spec.seeds)} seed(s), {len(study.plan.factors)} parameters."
        start = next(iter(names))
        return [
            html.P(lead, className="lead"),
            controls(
                choice("sweep-outcome", "Outcome", names, start, wide=True),
                choice("sweep-parameter", "Parameter of the scatter", factors, first, wide=True),
            ),
            html.Div(body(desk, batch, study, start, first), id="sweep-view"),
            html.H3("In words"),
            html.Div([html.P(line) for line in sensitivity_words(study).splitlines()], className="words"),
        ]

    @app.callback(
        Output("sweep-view", "children"),
        Input("sweep-outcome", "value"),
        Input("sweep-parameter", "value"),
        State("folder", "value"),
        prevent_initial_call=True,
    )
    @told
    def redraw(outcome: str, parameter: str, folder: str | None) -> Any:
        batch = desk.batch(folder)
        return body(desk, batch, desk.study(batch), outcome, parameter)


def body(desk: Desk, batch: Batch, study: Study, outcome: str, parameter: str) -> list[Any]:
    """Charts and table of one outcome."""
    found = next((f for f in study.findings if f"{f.scenario} {f.output}" == outcome), study.findings[0])
    titles = {factor.name: factor.title for factor in study.plan.factors}
    unit = found.unit or "-"
    source = f"{desk.source(batch)} Bars: 95 % intervals."
    charts = figures(
        figure(f"What moves {found.output}, {found.scenario}", MEASURES[study.measure], indices(study, found), source),
        figure("Mean at the ends of each range", unit, tornado(study, found), source),
        figure(f"All points along {titles.get(parameter, parameter)}", unit, scatter(study, found, parameter), source),
    )
    return [charts, _table(study, found, titles)]


def _table(study: Study, found: Finding, titles: dict[str, str]) -> Any:
    rows = [
        [titles[m.parameter], f"{m.value:,.4g}", f"{m.low:,.4g} to {m.high:,.4g}"] for m in found.ranked(study.measure)
    ]
    return table(["Parameter", MEASURES[study.measure], "95 % interval"], rows, "All parameters", text=(0,))
