"""Figures and words of an analysed sweep: indices with intervals, tornado, scatter, response surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tanshi.language import in_a_row, mark, paragraph, say, translate
from tanshi.simulator.studies.sweeps.analyse import ANALYSIS, Finding, Study
from tanshi.simulator.studies.sweeps.indices import RELIABLE, Measure
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.printing import printing
from tanshi.simulator.views.charts.words import end_of
from tanshi.simulator.views.vocabulary import unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 8
"""Parameters shown in a figure; the tables have all."""
MEASURES = {
    "total": mark("Sobol index"),
    "mu_star": mark("Mean absolute effect μ* over the range"),
    "rank_correlation": mark("Rank correlation"),
}
FIRST, TOTAL = "#56B4E9", "#0072B2"
LOW, HIGH = "#E69F00", "#0072B2"


def draw_finding(result: Study, finding: Finding) -> Figure:
    """One page for one output of one scenario: what moves it, how far, and how it bends."""
    import matplotlib
    from matplotlib.figure import Figure

    titles = result.titles
    with matplotlib.rc_context(style.RC):  # type: ignore[arg-type, unused-ignore]
        figure = Figure(figsize=(10.0, 7.6), dpi=printing().dpi, facecolor="white")
        unit = f", {unit_name(finding.unit)}" if finding.unit else ""
        figure.text(0.02, 0.963, f"{finding.scenario}: {finding.output}{unit}", fontsize=13, fontweight="bold")
        design = result.plan.spec.design
        note = say(
            "{method} design, {points:,} points, {seeds} seed(s). Bars: 95 % intervals. Simulated, not observed.",
            method=design.method,
            points=len(finding.values),
            seeds=len(result.plan.spec.seeds),
        )
        figure.text(0.02, 0.012, note, fontsize=7.5, color=style.GREY)
        left, right, low, high = 0.20, 0.66, 0.08, 0.57
        _indices(figure.add_axes((left, high, 0.28, 0.34)), result, finding, titles)
        _tornado(figure.add_axes((right, high, 0.31, 0.34)), finding, titles)
        _scatter(figure.add_axes((left - 0.12, low, 0.40, 0.36)), result, finding, titles)
        _surface(figure, (right - 0.08, low, 0.39, 0.36), result, finding, titles)
    return figure


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=9.5, loc="left", color=style.INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8, length=3, color=style.GREY)


def _whiskers(measures: Sequence[Measure]) -> NDArray[np.float64]:
    return np.array([[max(m.value - m.low, 0.0), max(m.high - m.value, 0.0)] for m in measures]).T


def _indices(axes: Axes, result: Study, finding: Finding, titles: Mapping[str, str]) -> None:
    ranked = finding.ranked(result.measure)[:MOST][::-1]
    place = np.arange(len(ranked))
    values = np.array([m.value for m in ranked])
    error = _whiskers(ranked)
    first = {m.parameter: m for m in finding.measures if m.measure == "first" and result.measure == "total"}
    thick = 0.36 if first else 0.6
    shift = thick / 2 if first else 0.0
    axes.barh(place - shift, values, thick, color=TOTAL, xerr=error, ecolor=style.INK, capsize=2, label=say("total"))
    if first:
        ones = [first[m.parameter] for m in ranked]
        spans = _whiskers(ones)
        axes.barh(
            place + shift, [m.value for m in ones], thick, color=FIRST, xerr=spans, ecolor=style.INK, capsize=2,
            label=say("first order"),
        )  # fmt: skip
        axes.legend(fontsize=7.5, frameon=False, loc="lower right")
    axes.set_yticks(place, [end_of(titles[m.parameter]) for m in ranked])
    axes.axvline(0.0, color=style.GREY, linewidth=0.8)
    _plain(axes, say("What moves it: {measure}", measure=translate(MEASURES[result.measure])))


def _tornado(axes: Axes, finding: Finding, titles: Mapping[str, str]) -> None:
    swings = list(finding.swings)[:MOST][::-1]
    place = np.arange(len(swings))
    middle = swings[0].middle if swings else 0.0
    axes.barh(place, [s.low - middle for s in swings], 0.6, left=middle, color=LOW, alpha=0.9, label=say("low end"))
    axes.barh(place, [s.high - middle for s in swings], 0.6, left=middle, color=HIGH, alpha=0.75, label=say("high end"))
    axes.axvline(middle, color=style.INK, linewidth=0.8)
    axes.set_yticks(place, [end_of(titles[s.parameter]) for s in swings])
    axes.legend(fontsize=7.5, frameon=False, loc="lower right")
    axes.locator_params(axis="x", nbins=5)
    told = mark("Mean at a range's ends (median {middle:,.4g})")
    if finding.surface is not None:
        told = mark("Fitted mean at a range's ends (median {middle:,.4g})")
    _plain(axes, say(told, middle=middle))


def _top(result: Study, finding: Finding, count: int) -> list[int]:
    ranked = [result.number_of(m.parameter) for m in finding.ranked(result.measure)]
    return list(dict.fromkeys(ranked))[:count]


def _ticks(result: Study, number: int) -> tuple[list[float], list[str]]:
    factor = result.plan.factors[number]
    if factor.choices:
        count = len(factor.choices)
        return [(i + 0.5) / count for i in range(count)], [end_of(str(c), 12) for c in factor.choices]
    places = [0.0, 0.25, 0.5, 0.75, 1.0]
    return places, [f"{factor.quantile(u):.3g}" for u in places]


def _scatter(axes: Axes, result: Study, finding: Finding, titles: Mapping[str, str]) -> None:
    top = _top(result, finding, 1)
    if not top:
        return
    u = result.unit[:, top[0]]
    axes.scatter(u, finding.values, s=9, color=TOTAL, alpha=0.45, linewidths=0)
    order = np.argsort(u, kind="stable")
    chunks = np.array_split(order, min(10, max(1, len(order) // 8)))
    axes.plot([u[c].mean() for c in chunks], [finding.values[c].mean() for c in chunks], color="#D55E00", linewidth=1.8)
    ticks, labels = _ticks(result, top[0])
    axes.set_xticks(ticks, labels)
    axes.set_xlabel(titles[result.plan.factors[top[0]].name], fontsize=8.5)
    _plain(axes, say("All points, and their mean along the strongest parameter"))


def _surface(
    figure: Figure, place: tuple[float, float, float, float], result: Study, finding: Finding, titles: Mapping[str, str]
) -> None:
    axes: Any = figure.add_axes(place)
    top = _top(result, finding, 2)
    if finding.surface is None or len(top) < 2:
        axes.text(0.5, 0.5, say("Too few points or parameters\nfor a response surface"), ha="center", color=style.GREY)
        axes.set_axis_off()
        return
    grid = np.linspace(0.0, 1.0, 41)
    x, y = np.meshgrid(grid, grid)
    points = np.tile(np.full(result.unit.shape[1], 0.5), (x.size, 1))
    points[:, top[0]], points[:, top[1]] = x.ravel(), y.ravel()
    drawn = axes.contourf(x, y, finding.surface(points).reshape(x.shape), levels=12, cmap="cividis")
    figure.colorbar(drawn, ax=axes, pad=0.02).ax.tick_params(labelsize=7.5)
    for axis, number in (("x", top[0]), ("y", top[1])):
        ticks, labels = _ticks(result, number)
        getattr(axes, f"set_{axis}ticks")(ticks, labels)
        getattr(axes, f"set_{axis}label")(end_of(titles[result.plan.factors[number].name], 34), fontsize=8.5)
    told = mark("Fitted surface, others at the middle (explains {part:.0f} %)")
    _plain(axes, say(told, part=100 * finding.surface.explained))


def write_sensitivity(folder: Path, result: Study) -> list[Path]:
    """Write one figure for each scenario and output into ``analysis/``."""
    written: list[Path] = []
    for finding in result.findings:
        name = f"{finding.scenario}-{finding.output}"
        written.append(style.save(draw_finding(result, finding), folder / ANALYSIS, name)[0])
    return written


def sensitivity_words(result: Study) -> str:
    """What the sweep shows, in sentences."""
    titles = result.titles
    lines: list[str] = []
    for f in result.findings:
        low, middle, high = (float(np.quantile(f.values, q)) for q in (0.05, 0.5, 0.95))
        parts = [
            say(
                "{scenario}, {output}: median {middle:,.4g} {unit}, 5 to 95 % of the points {low:,.4g} to {high:,.4g}.",
                scenario=f.scenario,
                output=f.output,
                middle=middle,
                unit=unit_name(f.unit),
                low=low,
                high=high,
            )
        ]
        ranked = [m for m in f.ranked(result.measure) if m.value != 0.0][:3]
        if not ranked:
            parts.append(say("No parameter moves it."))
        else:
            form = mark("{title} {value:,.3g} ({low:,.3g} to {high:,.3g})")
            shown = [say(form, title=titles[m.parameter], value=m.value, low=m.low, high=m.high) for m in ranked]
            measured = translate(MEASURES[result.measure])
            parts.append(say("{measure}: {ranked}.", measure=measured, ranked=in_a_row(shown)))
            if result.measure == "rank_correlation" and (own := f.ranked("first")[:3]):
                told = [f"{titles[m.parameter]} {100 * m.value:.0f} %" for m in own if m.value >= 0.005]
                if told:
                    parts.append(say("Alone they explain of the variance: {shares}.", shares=in_a_row(told)))
        if f.spread:
            parts.append(say("Between seeds it moves by {spread:,.3g}.", spread=f.spread))
        lines.append(paragraph(parts))
    design = result.plan.spec.design
    if design.method == "sobol" and design.samples < RELIABLE:
        lines.append(
            say(
                "{samples} points before crossing are too few for the intervals to be relied on: in tests they held the"
                " true value in 64 to 94 % of cases, from {reliable} points on in 88 % or more.",
                samples=design.samples,
                reliable=RELIABLE,
            )
        )
    lines += [
        say(
            "{scenario}, {condition} ({rate:.0f} % of all points): {rule}. It holds in {density:.0f} % of the {points}"
            " points inside, which are {coverage:.0f} % of all points where it holds.",
            scenario=r.scenario,
            condition=r.condition,
            rate=100 * r.rate,
            rule=r.text,
            density=100 * r.box.density,
            points=r.box.points,
            coverage=100 * r.box.coverage,
        )
        for r in result.rules
    ]
    return "\n".join([*lines, *(say("{sentence}.", sentence=text) for text in result.unexplained)])
