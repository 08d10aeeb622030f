"""The house style for charts in the browser: plain dictionaries that plotly.js draws, in the palette of all figures.

Title, unit and source stand beside a chart as text of the page, where they wrap on a narrow screen and are read aloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tanshi.language import say
from tanshi.simulator.views.charts.style import (
    COINCIDE,
    GREY,
    INK,
    PALE,
    Curve,
    coinciding,
    group_label,
    looks,
)
from tanshi.simulator.views.sectors import SECTOR_COLOURS

Chart = dict[str, Any]
FONT = "system-ui, -apple-system, 'Segoe UI', 'Tanshi Han', 'DejaVu Sans', sans-serif"
SYMBOLS = {
    "o": "circle",
    "s": "square",
    "^": "triangle-up",
    "D": "diamond",
    "v": "triangle-down",
    "P": "cross",
    "X": "x",
}
DEMAND, SUPPLY, NOW = "#0072B2", "#D55E00", "#0072B2"


def chart(traces: Sequence[Mapping[str, Any]], **layout: Any) -> Chart:
    """Traces in the house layout; more layout by plotly's names."""
    base: dict[str, Any] = {
        "font": {"family": FONT, "size": 13, "color": INK},
        "margin": {"l": 52, "r": 12, "t": 10, "b": 36},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "height": 300,
        "showlegend": len(traces) > 1,
        "legend": {"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0, "font": {"size": 12}},
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
        "xaxis": axis(),
        "yaxis": axis(grid=True),
    }
    return {"data": [dict(trace) for trace in traces], "layout": {**base, **layout}}


def axis(title: str = "", *, grid: bool = False, **more: Any) -> dict[str, Any]:
    """One axis: no zero line, a pale grid only where values are read off it."""
    out: dict[str, Any] = {
        "showgrid": grid, "gridcolor": PALE, "zeroline": False, "linecolor": GREY, "ticks": "outside", "ticklen": 3,
        "tickcolor": GREY, "automargin": True, "separatethousands": True, "exponentformat": "none",
    }  # fmt: skip
    if title:
        out["title"] = {"text": title, "font": {"size": 12, "color": GREY}}
    return {**out, **more}


def by_year(
    table: pd.DataFrame,
    order: Sequence[str],
    *,
    from_zero: bool,
    digits: int = 1,
) -> Chart:
    """A line a scenario with its band over the seeds; scenarios that are equal share one line and its name says so.

    Parameters
    ----------
    table
        ``scenario, x, low, middle, high``; ``x`` is the year, or years and parts of them.
    order
        All scenarios of the batch, so that each has its colour on every page.
    """
    look = looks(list(order))
    present = set(table["scenario"])
    parts = {name: table[table["scenario"] == name].sort_values("x") for name in order if name in present}
    curves: dict[str, Curve] = {n: (r["x"].to_numpy(float), r["middle"].to_numpy(float)) for n, r in parts.items()}
    size = max((float(np.abs(y).max()) for _, y in curves.values()), default=1.0)
    traces: list[dict[str, Any]] = []
    dense = max((len(x) for x, _ in curves.values()), default=0) > 24
    dashes = _dashes(curves)
    for group in coinciding(curves, 1e-9 * max(size, 1e-12)):
        rows, one = parts[group[0]], look[group[0]]
        label = group_label(group, curves)
        if (rows["high"] - rows["low"]).max() > 1e-9 * max(size, 1e-12):
            traces += _band(rows, one.colour)
        traces.append(
            {
                "type": "scatter", "x": rows["x"].tolist(), "y": rows["middle"].tolist(), "name": label,
                "mode": "lines" if dense else "lines+markers",
                "line": {"color": one.colour, "width": 2.2, "dash": dashes[group[0]]},
                "marker": {"symbol": SYMBOLS[one.marker], "size": 7, "line": {"color": "white", "width": 1}},
                "hovertemplate": f"%{{y:,.{digits}f}}",
            }
        )  # fmt: skip
    yaxis = axis(grid=True, rangemode="tozero" if from_zero else "normal")
    return chart(traces, hovermode="x unified", yaxis=yaxis, xaxis=_years(curves), showlegend=len(curves) > 1)


def _dashes(curves: Mapping[str, Curve]) -> dict[str, str]:
    """Solid lines; those that lie on one another are dashed, each with shorter dashes than the one below."""
    values = [value for _, y in curves.values() for value in y.tolist()]
    near = COINCIDE * (max(values) - min(values)) if values else 0.0
    kinds = ("solid", "9px,9px", "4px,14px", "2px,16px")
    return {
        name: kinds[min(place, len(kinds) - 1)]
        for group in coinciding(curves, near)
        for place, name in enumerate(group)
    }


def _years(curves: Mapping[str, Curve]) -> dict[str, Any]:
    span = max((float(x.max() - x.min()) for x, _ in curves.values() if len(x)), default=1.0)
    if span == 0:  # a single year, around which plotly.js would put others
        return axis(tickvals=sorted({float(x[0]) for x, _ in curves.values()}), tickformat="d", hoverformat="d")
    return axis(dtick=2 if span > 6 else 1, tickformat="d", hoverformat="d" if span == int(span) else ".2f")


def _band(rows: pd.DataFrame, colour: str) -> list[dict[str, Any]]:
    x = rows["x"].tolist()
    fill = f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.16)"
    return [
        {
            "type": "scatter", "x": [*x, *x[::-1]], "y": [*rows["high"].tolist(), *rows["low"].tolist()[::-1]],
            "fill": "toself", "fillcolor": fill, "line": {"width": 0}, "mode": "lines", "hoverinfo": "skip",
            "showlegend": False,
        }
    ]  # fmt: skip


def bars(
    names: Sequence[str], series: Mapping[str, Sequence[float]], order: Sequence[str], *, digits: int = 1
) -> Chart:
    """Horizontal bars: a group of names, in each a bar a scenario."""
    look = looks(list(order))
    traces = [
        {
            "type": "bar", "orientation": "h", "y": list(names), "x": list(values), "name": name,
            "marker": {"color": look[name].colour if name in look else NOW},
            "hovertemplate": f"%{{y}}: %{{x:,.{digits}f}}",
        }
        for name, values in series.items()
    ]  # fmt: skip
    height = 90 + len(names) * (14 + 9 * max(len(series), 1))
    return chart(
        traces, height=height, barmode="group", bargap=0.3,
        yaxis=axis(autorange="reversed"), xaxis=axis(grid=True, zeroline=True, zerolinecolor=GREY),
    )  # fmt: skip


def stacked(years: Sequence[int], parts: Mapping[str, tuple[str, Sequence[float]]], *, digits: int = 1) -> Chart:
    """Layers on top of one another by year; each name has its colour and its values."""
    traces = [
        {
            "type": "scatter", "mode": "lines", "x": list(years), "y": list(values), "name": name, "stackgroup": "one",
            "line": {"width": 0.5, "color": colour}, "fillcolor": colour,
            "hovertemplate": f"%{{y:,.{digits}f}}",
        }
        for name, (colour, values) in parts.items()
    ]  # fmt: skip
    return chart(
        traces, height=360, hovermode="x unified", xaxis=axis(dtick=_steps(years), tickformat="d"),
        margin={"l": 52, "r": 26, "t": 10, "b": 36}, yaxis=axis(grid=True, rangemode="tozero"),
    )  # fmt: skip


def beside_each_other(
    years: Sequence[int],
    columns: Mapping[str, tuple[str, Sequence[float]]],
    lines: Mapping[str, tuple[str, Sequence[float]]],
    *,
    stack: bool = False,
    digits: int = 1,
) -> Chart:
    """Columns by year with lines above them; each name has its colour and its values."""
    hover = f"%{{y:,.{digits}f}}"
    traces: list[dict[str, Any]] = [
        {"type": "bar", "x": list(years), "y": list(values), "name": name, "marker": {"color": colour},
         "hovertemplate": hover}
        for name, (colour, values) in columns.items()
    ]  # fmt: skip
    traces += [
        {"type": "scatter", "mode": "lines+markers", "x": list(years), "y": list(values), "name": name,
         "line": {"color": colour, "width": 2.2}, "marker": {"size": 6}, "hovertemplate": hover}
        for name, (colour, values) in lines.items()
    ]  # fmt: skip
    return chart(
        traces, height=360, hovermode="x unified", barmode="relative" if stack else "group",
        xaxis=axis(dtick=_steps(years), tickformat="d"), yaxis=axis(grid=True, rangemode="tozero"),
    )  # fmt: skip


def _steps(years: Sequence[int]) -> int:
    return 2 if len(years) > 7 else 1


def against(
    years: Sequence[int], now: Sequence[float], before: Sequence[float], *, from_zero: bool, digits: int = 1
) -> Chart:
    """A what-if beside its reference."""
    plain = {"type": "scatter", "x": list(years), "mode": "lines+markers", "hovertemplate": f"%{{y:,.{digits}f}}"}
    traces = [
        {**plain, "y": list(before), "name": say("reference"), "line": {"color": GREY, "width": 2, "dash": "dash"},
         "marker": {"size": 5, "color": GREY}},
        {**plain, "y": list(now), "name": say("what if"), "line": {"color": NOW, "width": 2.5}, "marker": {"size": 7}},
    ]  # fmt: skip
    return chart(
        traces, height=230, hovermode="x unified", yaxis=axis(grid=True, rangemode="tozero" if from_zero else "normal"),
        xaxis=axis(dtick=2, tickformat="d"), margin={"l": 48, "r": 8, "t": 6, "b": 30},
    )  # fmt: skip


def empty(words: str) -> Chart:
    """A chart without data that says why."""
    note = {"text": words, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5,
            "font": {"color": GREY, "size": 13}}  # fmt: skip
    return chart([], annotations=[note], xaxis={"visible": False}, yaxis={"visible": False}, height=160)


def sector_colour(code: str) -> str:
    """The colour of a trader's sector in every figure."""
    return SECTOR_COLOURS.get(code, GREY)
