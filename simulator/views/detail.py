"""The figures that show one run from the inside, as many of them as the run allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tanshi.language import mark
from tanshi.scenarios.errors import UserError
from tanshi.simulator.machine.progress import Report
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.plots import ONE, Plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FROM_FILLS = ("network", "matrix")
"""Figures for which nothing has to be computed anew."""


def detail_figures(
    result: RunResult, names: Sequence[str] = tuple(ONE), progress: Report | None = None
) -> tuple[dict[str, Figure], dict[str, str]]:
    """Figures of one run by name, and the name of each that cannot be drawn with the reason.

    Parameters
    ----------
    names
        Which of them; order books and energy flows take seconds, since the run is run again for them.
    """
    plots = Plots([result])
    drawn: dict[str, Figure] = {}
    left_out: dict[str, str] = {}
    for done, name in enumerate(names):
        if progress is not None:
            progress(mark("figures"), done, len(names), name)
        draw: Callable[[], Figure] = getattr(plots, name)
        try:
            drawn[name] = draw()
        except UserError as error:
            left_out[name] = str(error)
    if progress is not None:
        progress(mark("figures"), len(names), len(names))
    return drawn, left_out


def write_details(
    result: RunResult, folder: Path | str, names: Sequence[str] = FROM_FILLS
) -> dict[str, tuple[Path, Path]]:
    """Draw and write figures of one run; name to the paths of its PNG and SVG.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    drawn, _ = detail_figures(result, names)
    return {name: style.save(figure, folder, name) for name, figure in drawn.items()}
