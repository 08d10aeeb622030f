"""Marks of what is known of the years 2023 to 2025 in figures of the built-in economy, beside the scenarios' lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tanshi.language import say, translate
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.studies.validation.beside import ECONOMY, Beside, beside
from tanshi.simulator.views.charts import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def known_beside(results: Iterable[RunResult], variable: str, years: Sequence[float]) -> Beside | None:
    """What is known of a variable within the years drawn; None for another economy, or where nothing is."""
    if {str(result.parameters.get("economy", ECONOMY)) for result in results} != {ECONOMY}:
        return None
    found = beside(variable)
    if found is None or not len(years):
        return None
    values = {y: v for y, v in found.values.items() if min(years) <= y <= max(years)}
    return Beside(values, found.title, found.seen) if values else None


def beside_words(source: str, found: Beside | None) -> str:
    """The line of the source, with what the marks are where there are some."""
    return source if found is None else say("{source} Diamonds: not simulated.", source=source)


def heights(found: Beside | None) -> list[NDArray[np.float64]]:
    """Its values, for the limits of the axis."""
    return [] if found is None else [np.array(list(found.values.values()))]


def draw_beside(axes: Axes, found: Beside | None) -> None:
    """Draw the marks, full where observed and open where estimated, with their name beside the last."""
    if found is None:
        return
    x, y = list(found.values), list(found.values.values())
    axes.plot(
        x, y, marker="D", markersize=6, linestyle="", zorder=19, color=style.INK, markeredgewidth=1.3,
        markerfacecolor=style.INK if found.seen else "white",
    )  # fmt: skip
    low, high = axes.get_ylim()
    above = y[-1] > (low + high) / 2
    late = x[-1] > sum(axes.get_xlim()) / 2  # of a short run: beside the last mark there is no room
    axes.annotate(
        translate(found.title), (x[-1], y[-1]), xytext=(-9 if late else 9, 4 if above else -4),
        textcoords="offset points", ha="right" if late else "left", va="bottom" if above else "top", fontsize=8.5,
        color=style.INK, zorder=19,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0},
    )  # fmt: skip
