"""What a sweep shows: which parameters move an outcome, how far, and how it bends."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, dcc, html

from tanshi.language import mark, say, translate
from tanshi.simulator.studies.sweeps.analyse import Finding, Study
from tanshi.simulator.views.charts.sensitivity import MEASURES, sensitivity_words
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.parts import choice, controls, figure, figures, heading, notice, table, told
from tanshi.simulator.views.dashboard.study_charts import indices, scatter, tornado
from tanshi.simulator.views.vocabulary import unit_name

TITLE = mark("Sweep")
NONE = mark(
    "This folder is a batch, not a sweep. `tanshi sweep cap --out results/cap` makes one; choose its folder"
    " above when it is finished."
)


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page; the analysis is made once and kept."""
    if not batch.sweep:
        return [*heading(translate(TITLE)), notice(translate(NONE))]
    return [
        *heading(translate(TITLE)),
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
        lead = say(
            "{title}: {method} design, {points:,} points, {seeds} seeds, {parameters} parameters.",
            title=translate(study.plan.spec.title) or study.plan.name, method=design.method, points=len(study.unit),
            seeds=len(study.plan.spec.seeds), parameters=len(study.plan.factors),
        )  # fmt: skip
        start = next(iter(names))
        return [
            html.P(lead, className="lead"),
            controls(
                choice("sweep-outcome", say("Outcome"), names, start, wide=True),
                choice("sweep-parameter", say("Parameter of the scatter"), factors, first, wide=True),
            ),
            html.Div(body(desk, batch, study, start, first), id="sweep-view"),
            html.H3(say("In words")),
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
    titles = study.titles
    unit = unit_name(found.unit)
    source = say("{source} Bars: 95 % intervals.", source=desk.source(batch))
    charts = figures(
        figure(
            say("What moves {output}, {scenario}", output=found.output, scenario=found.scenario),
            translate(MEASURES[study.measure]),
            indices(study, found),
            source,
        ),
        figure(say("Mean at the ends of each range"), unit, tornado(study, found), source),
        figure(
            say("All points along {parameter}", parameter=titles.get(parameter, parameter)),
            unit,
            scatter(study, found, parameter),
            source,
        ),
    )
    return [charts, _table(study, found, titles)]


def _table(study: Study, found: Finding, titles: dict[str, str]) -> Any:
    rows = [
        [titles[m.parameter], f"{m.value:,.4g}", say("{low:,.4g} to {high:,.4g}", low=m.low, high=m.high)]
        for m in found.ranked(study.measure)
    ]
    return table(
        [say("Parameter"), translate(MEASURES[study.measure]), say("95 % interval")],
        rows,
        say("All parameters"),
        text=(0,),
    )
