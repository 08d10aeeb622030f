"""Several panels in the house style, and the words that the figures of the forest sinks share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tanshi.language import mark, say, translate
from tanshi.simulator.studies.sinks.study import SinksResult
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.printing import printing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = "ABCDEFGHIJKL"
NAMES: Mapping[str, str] = {
    "thermal_power": mark("Thermal power"), "steel": mark("Steel"), "chemicals": mark("Chemicals"),
    "Shanghai": mark("Shanghai"), "Beijing": mark("Beijing"), "Guangdong": mark("Guangdong"), "Hubei": mark("Hubei"),
}  # fmt: skip
GROUPS: Mapping[str, str] = {
    "sector": mark("sector"), "province": mark("province"), "year": mark("year"), "frontier": mark("frontier"),
}  # fmt: skip
"""Columns by which units are grouped, and what is said of them."""


def source_of(result: SinksResult, published_text: str) -> str:
    """The source line: the units' file, or what the published case rests on."""
    if result.source:
        return say("Source: Tanshi, units of {file}.", file=result.source)
    return say("Source: Tanshi, {what}.", what=published_text)


def group_of(column: str) -> str:
    """What a figure calls a column by which units are grouped."""
    return translate(GROUPS[column]) if column in GROUPS else column


def label_of(name: object) -> str:
    """What a figure calls a sector or province."""
    return translate(NAMES[str(name)]) if str(name) in NAMES else str(name)


def panel_figure(
    rows: int, columns: int, title: str, unit: str, source: str, *, size: tuple[float, float] = (10.0, 4.2),
    left: float = 0.07, right: float = 0.985, top: float = 0.8, bottom: float = 0.17, wide: float = 0.24,
    high: float = 0.42, **keywords: Any,
) -> tuple[Figure, list[Axes]]:  # fmt: skip
    """A figure of several panels in the house style, row by row."""
    import matplotlib
    from matplotlib.figure import Figure

    style.know_fonts()
    with matplotlib.rc_context(style.RC):  # type: ignore[arg-type, unused-ignore]
        figure = Figure(figsize=size, dpi=printing().dpi, facecolor="white")
        grid = figure.subplots(rows, columns, squeeze=False, **keywords)
        inch = 1 / size[1]
        figure.text(0.012, 1 - 0.3 * inch, title, fontsize=13, fontweight="bold", color=style.INK)
        figure.text(0.012, 1 - 0.55 * inch, unit, fontsize=9.5, color=style.GREY)
        figure.text(0.012, 0.09 * inch, source, fontsize=7.5, color=style.GREY)
    figure.subplots_adjust(left, bottom, right, top, wide, high)
    for axes in grid.ravel():
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(style.GREY)
        axes.tick_params(colors=style.INK, length=3, color=style.GREY, labelsize=8.5)
        axes.grid(color=style.PALE, linewidth=0.7)
        axes.set_axisbelow(True)
    return figure, list(grid.ravel())


def heading(axes: Axes, number: int, text: str) -> None:
    """Letter and title of one panel."""
    axes.set_title(f"{LETTERS[number]}  {text}", loc="left", fontsize=10, fontweight="bold", color=style.INK)
