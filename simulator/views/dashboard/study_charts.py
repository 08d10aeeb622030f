"""Charts of a sweep: what moves an outcome, how far, and how it bends."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np

from tanshi.language import say, translate
from tanshi.simulator.studies.sweeps.analyse import Finding, Study
from tanshi.simulator.views.charts.sensitivity import FIRST, HIGH, LOW, MEASURES, TOTAL
from tanshi.simulator.views.charts.style import GREY, INK
from tanshi.simulator.views.charts.words import end_of
from tanshi.simulator.views.dashboard.charts import FONT, Chart, axis, chart, empty

MOST = 10
"""Parameters shown at most; the strongest."""
TALL = 34
"""Pixels a parameter."""


def indices(study: Study, finding: Finding) -> Chart:
    """Indices of the parameters with their intervals, the strongest on top."""
    ranked = finding.ranked(study.measure)[:MOST]
    if not ranked:
        return empty(say("No parameter moves this outcome."))
    titles = study.titles
    names = [m.parameter for m in ranked]
    sets = [(study.measure, TOTAL)] + ([("first", FIRST)] if study.measure == "total" else [])
    traces = []
    for measure, colour in sets:
        found = {m.parameter: m for m in finding.measures if m.measure == measure}
        mine = [found[name] for name in names]
        traces.append(
            {
                "type": "bar", "orientation": "h", "name": _named(measure),
                "y": [end_of(titles[name]) for name in names], "x": [m.value for m in mine],
                "error_x": {
                    "type": "data", "symmetric": False, "array": [max(m.high - m.value, 0.0) for m in mine],
                    "arrayminus": [max(m.value - m.low, 0.0) for m in mine], "thickness": 1.2, "width": 3,
                },
                "marker": {"color": colour}, "hovertemplate": "%{y}: %{x:.3g}",
            }
        )  # fmt: skip
    return _bars(traces, len(names), barmode="group")


def _named(measure: str) -> str:
    return say("first order") if measure == "first" else translate(MEASURES[measure])


def tornado(study: Study, finding: Finding) -> Chart:
    """Mean outcome at the low and the high end of each parameter's range, the others averaged out."""
    swings = list(finding.swings)[:MOST]
    if not swings:
        return empty(say("No parameter moves this outcome."))
    titles = study.titles
    middle = swings[0].middle
    traces = [
        {
            "type": "bar", "orientation": "h", "name": name, "base": middle,
            "y": [end_of(titles[s.parameter]) for s in swings], "x": [value(s) - middle for s in swings],
            "customdata": [value(s) for s in swings], "marker": {"color": colour},
            "hovertemplate": "%{y}: %{customdata:,.4g}",
        }
        for name, colour, value in (
            (say("low end"), LOW, attrgetter("low")), (say("high end"), HIGH, attrgetter("high"))
        )
    ]  # fmt: skip
    return _bars(traces, len(swings), barmode="overlay")


def scatter(study: Study, finding: Finding, parameter: str) -> Chart:
    """The outcome of all points along one parameter, and its mean in tenths of them."""
    names = [factor.name for factor in study.plan.factors]
    number = names.index(parameter) if parameter in names else 0
    factor, u = study.plan.factors[number], study.unit[:, number]
    x: list[Any] = [factor.quantile(float(value)) for value in u]
    traces: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "markers", "x": x, "y": finding.values.tolist(), "name": say("points"),
         "marker": {"color": TOTAL, "size": 6, "opacity": 0.5}, "hovertemplate": "%{x}: %{y:,.4g}"}
    ]  # fmt: skip
    if not factor.choices and len(u) >= 40:
        chunks = np.array_split(np.argsort(u, kind="stable"), min(10, len(u) // 8))
        means = [float(finding.values[chunk].mean()) for chunk in chunks]
        at = [float(np.mean([x[i] for i in chunk])) for chunk in chunks]
        line = {"color": "#D55E00", "width": 2.5}
        traces.append({"type": "scatter", "mode": "lines", "x": at, "y": means, "name": say("mean"), "line": line})
    return chart(traces, height=340, xaxis=axis(factor.title), yaxis=axis(grid=True), hovermode="closest",
                 legend={"orientation": "h", "y": -0.28, "yanchor": "top", "x": 0})  # fmt: skip


def _bars(traces: list[dict[str, Any]], count: int, **layout: Any) -> Chart:
    return chart(
        traces, height=110 + TALL * count, yaxis=axis(autorange="reversed"), showlegend=True,
        xaxis=axis(grid=True, zeroline=True, zerolinecolor=GREY),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        font={"family": FONT, "size": 12, "color": INK}, **layout,
    )  # fmt: skip
