"""The first paper's Figures 3 to 6 beside the printed points, and why emissions change.

The paper prints few of its figures' values; those are drawn as open marks. Its emissions are shown at our level,
divided by the one named multiplier (printed emissions of S1 in 2030 over ours), and never otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.decompose import EFFECTS
from tanshi.language import in_a_row, mark, say, translate
from tanshi.simulator.results.bands import HIGH, LOW, MIDDLE, quantile
from tanshi.simulator.studies.reproduction.decomposition import HOUSEHOLDS
from tanshi.simulator.studies.reproduction.families import DATA, WORDS
from tanshi.simulator.studies.reproduction.identity import S1_2030, S5_PEAK
from tanshi.simulator.studies.reproduction.runs import Runs
from tanshi.simulator.studies.reproduction.study import Column, Reproduction
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.beside import beside_words, draw_beside, heights, known_beside
from tanshi.simulator.views.charts.figures import ANNUAL_FIGURES, AnnualFigure, source_line
from tanshi.simulator.views.reproduction.conflict import figures_of
from tanshi.simulator.views.reproduction.tables import comparison_name, effect_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERS = {"energy": 3, "volume": 4, "price": 5, "emissions": 6}
PRINTED: dict[str, tuple[tuple[str, int, float], ...]] = {
    "energy": (("S1", 2022, 219.0), ("S1", 2030, 272.0)),
    "volume": (),
    "price": (("S5", 2025, 99.12), ("S5", 2030, 183.54)),
    "emissions": (("S1", 2030, 1000.0 * S1_2030), ("S5", 2028, 1000.0 * S5_PEAK)),
}
"""Scenario, year and printed value, in the figure's unit."""

UNITS = {"volume": mark("Mt CO₂ per year, traded between firms")}
"""What a figure shows, where it is less than the variable of its name."""


def huo_figures(result: Reproduction) -> dict[str, Figure]:
    """Figures 3 to 6 by name, and the effects behind the emissions."""
    out = {
        f"huo_figure_{NUMBERS[spec.name]}{ending_of(column)}": _annual(column, spec)
        for spec in ANNUAL_FIGURES
        for column in result.columns
    }
    if result.evidence.effects is not None:
        out["effects"] = effects_figure(result.evidence.effects)
    return out | figures_of(result)


def ending_of(column: Column) -> str:
    """End of the names of a family's figures."""
    return "" if column.family == DATA else f"_{column.family}"


def _annual(result: Column, spec: AnnualFigure) -> Figure:
    world = result.evidence.hybrid
    x = np.array(world.years, dtype=np.float64)
    curves = {name: (x, quantile(world.path(name, spec.name), MIDDLE)) for name in world.values}
    bands = {name: [quantile(world.path(name, spec.name), at) for at in (LOW, HIGH)] for name in world.values}
    marks = _marks(result, spec.name, world)
    unit, source = translate(UNITS.get(spec.name, spec.unit)), _source(result, spec)
    if spec.name == "emissions" and result.multiplier is not None:
        told = mark("Mt CO₂ per year, territorial; printed values divided by the multiplier, {times:.2f}")
        unit = say(told, times=result.multiplier)
    figure, axes = style.frame(
        say(
            "Figure {n} of Huo et al. 2026, {how}: {what}, Shanxi", n=NUMBERS[spec.name],
            how=translate(WORDS[result.family]), what=translate(spec.title).lower().replace("co₂", "CO₂"),
        ),
        unit, source, legend_rows=3,
    )  # fmt: skip
    titles = {
        run.scenario.removeprefix("paper-"): translate(run.title).removeprefix("Paper: ") for run in result.results
    }
    style.legend(figure, {name: titles.get(name, name) for name in curves}, source=source)
    known = known_beside(result.results, spec.variable, x.tolist())
    every = [y for _, y in curves.values()] + [y for pair in bands.values() for y in pair]
    _limits(axes, every + heights(known), marks, x, spec.from_zero)
    appearance = style.looks(list(curves))
    for name, (low, high) in bands.items():
        axes.fill_between(x, low, high, color=appearance[name].colour, alpha=0.15, linewidth=0)
    style.draw(axes, curves, number=spec.number)
    _printed(axes, marks, {name: look.colour for name, look in appearance.items()})
    draw_beside(axes, known)
    return figure


def _source(result: Column, spec: AnnualFigure) -> str:
    """Who computed the figure, and what its diamonds are."""
    return beside_words(
        source_line(result.results), known_beside(result.results, spec.variable, result.evidence.hybrid.years)
    )


def _marks(result: Column, variable: str, world: Runs) -> list[tuple[str, int, float, str]]:
    """Printed points that lie in the runs' years, with the text beside each."""
    out = []
    for name, year, value in PRINTED[variable]:
        if year not in world.years:
            continue
        if variable != "emissions":
            out.append((name, year, value, say("printed {name}: {value:g}", name=name, value=value)))
        elif result.multiplier is not None:
            out.append(
                (
                    name,
                    year,
                    value / result.multiplier,
                    say(
                        "printed {name}: {value:.2f} Gt ÷ {times:.2f}",
                        name=name,
                        value=value / 1000,
                        times=result.multiplier,
                    ),
                )
            )
    return out


def _limits(
    axes: Axes, values: Sequence[np.ndarray], marks: Sequence[tuple[str, int, float, str]], x: np.ndarray, zero: bool
) -> None:
    low = min([float(y.min()) for y in values] + [mark[2] for mark in marks])
    high = max([float(y.max()) for y in values] + [mark[2] for mark in marks])
    margin = 0.1 * (high - low) or 1.0
    axes.set_ylim(min(0.0, low) if zero else low - 1.4 * margin, high + margin)  # room for words below the lowest mark
    axes.set_xlim(x[0] - 0.15, x[-1] + 0.15)
    axes.locator_params(axis="x", integer=True, nbins=10)


def _printed(axes: Axes, marks: Sequence[tuple[str, int, float, str]], colours: dict[str, str]) -> None:
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    for name, year, value, text in marks:
        axes.plot([year], [value], marker="o", markersize=11, markerfacecolor="none", markeredgewidth=1.8,
                  markeredgecolor=colours[name], linestyle="", zorder=20, clip_on=False)  # fmt: skip
        right = year > (low + high) / 2
        floor = value < bottom + 0.1 * (top - bottom)
        axes.annotate(
            text, (year, value), xytext=(-11 if right else 11, 9 if floor else -11), textcoords="offset points",
            ha="right" if right else "left", va="bottom" if floor else "top", fontsize=8.5, color=colours[name],
            zorder=21, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0},
        )  # fmt: skip


def effects_figure(effects: pd.DataFrame) -> Figure:
    """Contributions to the change of emissions, side by side for each comparison."""
    last = int(effects["end"].max())
    first = int(effects["start"].min())
    whole = effects[
        ((effects["start"] == first) & (effects["end"] == last)) | effects["comparison"].str.contains("against")
    ]
    whole = whole[~whole["comparison"].str.startswith("S4")]
    names = list(dict.fromkeys(whole["comparison"]))
    figure, axes = style.frame(
        say("Why CO₂ emissions change: {names}", names=in_a_row(map(comparison_name, names))),
        say(
            "Mt CO₂ per year; logarithmic mean Divisia index, {first} to {last}, or between scenarios in {last}",
            first=first,
            last=last,
        ),
        say("Source: Tanshi, one equilibrium a year. Clean power shows under composition: less coal-fired generation."),
    )
    kinds = [*EFFECTS, HOUSEHOLDS, "change"]
    width = 0.8 / len(names)
    for n, name in enumerate(names):
        rows = whole[whole["comparison"] == name].set_index("effect")["mt"]
        values = [float(rows[kind]) for kind in kinds]
        at = np.arange(len(kinds)) + (n - (len(names) - 1) / 2) * width
        told = comparison_name(name)
        label = f"{told}, {first}–{last}" if "against" not in name else f"{told}, {last}"
        bars = axes.bar(at, values, width * 0.92, color=style.PALETTE[(0, 4, 1)[n % 3]], label=label)
        axes.bar_label(
            bars, [f"{v:+.0f}" if abs(v) >= 0.5 else "0" for v in values], fontsize=7.5, padding=2, color=style.INK
        )
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.set_xticks(range(len(kinds)), [effect_name(kind).replace(" ", "\n") for kind in kinds], fontsize=9)
    axes.margins(y=0.12)
    style.legend_of(figure, axes)
    axes.set_position((0.075, 0.2, 0.9, 0.645))
    return figure
