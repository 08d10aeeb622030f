"""Phase portrait of the drift: where the flow between two auctions carries price and emissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.errors import Message
from tanshi.language import say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.state import MARKET, PRICE, Context, quantities, size_of
from tanshi.simulator.results.replay import place_of, scenario_of
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.build import flow_of
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import heading, source_line
from tanshi.simulator.views.charts.printing import laid_out_as_usual
from tanshi.simulator.views.sectors import sector_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
STEP = 1e-3
"""Years over which the slope is taken."""
GRID = 17


def sectors_of(periods: pd.DataFrame) -> tuple[str, ...]:
    """Sectors that a table of periods has columns for, in the order of the state."""
    return tuple(name.removeprefix("covered_") for name in periods.columns if name.startswith("covered_"))


def residuals(periods: pd.DataFrame) -> Array:
    """State less reference, (periods, 1 + 2n) logarithms, as the table of periods holds them."""
    sectors = sectors_of(periods)
    size = size_of(len(sectors))
    out = np.zeros((len(periods), size))
    out[:, PRICE] = np.log1p(periods["price"]) - np.log1p(periods["star_price"])
    for part, name in zip(quantities(size), ("emissions", "output"), strict=True):
        own = periods[[f"{name}_{s}" for s in sectors]].to_numpy(float)
        star = periods[[f"star_{name}_{s}" for s in sectors]].to_numpy(float)
        out[:, part] = np.log(own) - np.log(star)
    return out


@laid_out_as_usual
def phase_figure(result: RunResult, year: int | None = None, period: int = 1, sector: str = "ELEC") -> Figure:
    """The flow of one period (by default the last year's first) and the run's own path.

    Parameters
    ----------
    sector
        Whose emissions stand on the second axis; everything else keeps its value of that period.

    Raises
    ------
    UserError
        Where the run has no drift, no such period, or the sector does not trade in it.
    """
    scenario = scenario_of(result)
    if scenario.drift.mode == "none":
        raise UserError(
            "Nothing flows in this run.", [Problem("drift.mode: neural or ou", "none", f"run {result.scenario}")]
        )
    when = int(result.periods["year"].max()) if year is None else year
    at = place_of(result, when, period)
    row = result.periods.iloc[at]
    sectors = sectors_of(result.periods)
    covered = row[[f"covered_{s}" for s in sectors]].to_numpy(float) > 0
    if sector not in sectors or not covered[sectors.index(sector)]:
        trading = ", ".join(s for s, on in zip(sectors, covered, strict=True) if on) or Message("none")
        raise UserError(
            "The flow carries trading sectors only.", [Problem(Message("one of {trading}", trading=trading), sector)]
        )
    context = Context(covered, **{name: float(row[name]) for name in MARKET})
    flow = flow_of(scenario, sectors)
    component = quantities(size_of(len(sectors)))[0].start + sectors.index(sector)
    r = residuals(result.periods)
    path = r[:, [PRICE, component]]
    x, y = (_axis(path[:, n]) for n in (0, 1))
    slope = _slopes(flow, r[at], component, x, y, float(row["t"]), context)
    figure, axes = style.frame(
        heading(say("Where the drift leads"), result, when, period),
        say(
            "gap to the reference path, %: carbon price (across) and emissions of {sector} (up)",
            sector=sector_name(sector).lower(),
        ),
        source_line([result]),
        legend_rows=2,
    )
    axes.set_position((0.085, 0.24, 0.89, 0.59))
    speed = np.hypot(slope[..., 0] / np.ptp(x), slope[..., 1] / np.ptp(y))
    width = 0.4 + 1.6 * speed / (speed.max() or 1.0)
    axes.streamplot(100 * x, 100 * y, 100 * slope[..., 0], 100 * slope[..., 1], color="#56B4E9", linewidth=width,
                    density=1.1, arrowsize=1.1, zorder=2)  # fmt: skip
    axes.plot(100 * path[:, 0], 100 * path[:, 1], color=style.INK, linewidth=1.0, marker="o", markersize=2.6, zorder=4,
              label=say("the run, a dot after each auction"))  # fmt: skip
    axes.plot(*(100 * path[at]), "D", color="#D55E00", markersize=8, zorder=5, label=say("this period"))
    axes.plot([0], [0], "+", color=style.INK, markersize=12, markeredgewidth=2, zorder=5, label=say("reference path"))
    axes.plot([], [], color="#56B4E9", linewidth=1.8, label=say("flow, thicker where faster"))
    axes.grid(axis="x", color=style.PALE, linewidth=0.8)
    axes.set_xlim(100 * x[0], 100 * x[-1])
    axes.set_ylim(100 * y[0], 100 * y[-1])
    axes.set_xlabel(say("price above (+) or below (−) its reference, %"))
    axes.set_ylabel(say("emissions above or below, %"))
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.07, 0.04), ncols=2, frameon=False, fontsize=8.5)
    return figure


def _axis(values: Array) -> Array:
    """Evenly spaced values around a path and zero."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    margin = 0.15 * (high - low) or 0.01
    return np.linspace(low - margin, high + margin, GRID)


def _slopes(flow: Flow, r: Array, component: int, x: Array, y: Array, t: float, context: Context) -> Array:
    """Slopes per year, (len(y), len(x), 2), all other components at those of ``r``."""
    many = np.repeat(r[None], len(x) * len(y), axis=0)
    across, up = np.meshgrid(x, y)
    many[:, PRICE], many[:, component] = across.ravel(), up.ravel()
    carried = flow.path(many, t, t + STEP, context)
    change = (carried[-1] - carried[0])[:, [PRICE, component]] / STEP
    return np.asarray(change).reshape(len(y), len(x), 2)
