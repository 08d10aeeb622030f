"""How firms differ: their emissions, their abatement cost and what they bought, sector by sector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.language import say
from tanshi.numerics.units import TONNES
from tanshi.simulator.results.replay import scenario_of
from tanshi.simulator.results.tables import RunResult, net_positions
from tanshi.simulator.results.variables import emissions_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import heading, source_line
from tanshi.simulator.views.charts.printing import hold, laid_out_as_usual
from tanshi.simulator.views.sectors import SECTOR_COLOURS, sector_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def firm_table(result: RunResult, year: int | None = None) -> pd.DataFrame:
    """One row a firm: sector, emissions and net purchases of a year (t), relative abatement cost and intensity.

    Emissions are the sector's of the year by the firm's share at the start; purchases are those of the fills.
    """
    when = int(result.annual["year"].max()) if year is None else year
    population = begin(scenario_of(result))[1].firms
    codes = np.array(population.sectors)[population.sector]
    emitted = {code: float(result.series(emissions_of(code))[when]) * TONNES for code in population.sectors}
    fills = result.trades[result.trades["year"] == when]
    net = -net_positions(fills["buyer"], fills["seller"], fills["quantity_t"])
    table = pd.DataFrame(
        {
            "sector": codes,
            "emissions_t": population.share * np.array([emitted[code] for code in codes]),
            "cost": population.cost,
            "intensity": population.intensity,
            "strategy": np.array(population.strategies)[population.strategy],
        }
    )
    table["bought_t"] = net.reindex(table.index, fill_value=0).astype(int)
    return table


@laid_out_as_usual
def firms_figure(result: RunResult, year: int | None = None) -> Figure:
    """Emissions, relative abatement cost and net purchases of all firms; a dot a firm, a bar at the median."""
    when = int(result.annual["year"].max()) if year is None else year
    table = firm_table(result, when)
    figure, axes = style.panels(
        3,
        heading(say("How firms differ"), result, when),
        say("a dot: one of {count:,} firms; a bar: the sector's median", count=len(table)),
        source_line([result]),
        left=0.2,
        right=0.99,
        bottom=0.2,
        height=0.63,
        gap=0.03,
    )
    codes = list(dict.fromkeys(table["sector"]))
    heads = (
        say("emissions, t CO₂ a year"),
        say("abatement cost,\nsector's typical firm = 1"),
        say("bought (+) or sold (−),\n% of emissions"),
    )
    bought = 100.0 * table["bought_t"] / table["emissions_t"]
    columns = (table["emissions_t"], table["cost"], bought)
    for axis, head, values in zip(axes, heads, columns, strict=True):
        if axis is not axes[2]:
            axis.set_xscale("log")
        _strips(axis, values, table["sector"], codes)
        axis.set_xlabel(head, fontsize=8.5)
        axis.tick_params(axis="y", length=0)
        axis.set_yticks(range(len(codes)), [sector_name(code) for code in codes] if axis is axes[0] else [])
    span = float(np.nanquantile(np.abs(bought), 0.995)) if len(bought) else 1.0
    _factors(axes[1], table["cost"])
    axes[2].set_xlim(-1.1 * (span or 1.0), 1.1 * (span or 1.0))
    hold(figure, table.rename_axis("firm").reset_index())
    return figure


def _factors(axis: Axes, values: pd.Series[float]) -> None:
    """Plain numbers on a logarithmic scale, one to three of them on either side of 1."""
    reach = max(float(np.abs(np.log(values)).max()), 0.05)
    step = next(s for s in (1.1, 1.25, 1.5, 2.0, 4.0, 10.0, np.inf) if np.log(s) * 3.0 > reach)
    ticks = [step**n for n in range(-3, 4)] if np.isfinite(step) else [0.01, 1.0, 100.0]
    axis.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    axis.set_xlim(float(np.exp(-1.1 * reach)), float(np.exp(1.1 * reach)))


def _strips(axis: Axes, values: pd.Series[float], sector: pd.Series[str], codes: list[str]) -> None:
    for row, code in enumerate(codes):
        mine = values[sector == code].to_numpy(float)
        mine = mine[np.isfinite(mine)]
        # A firm's place within its strip only keeps dots apart: the golden ratio spreads them evenly.
        aside = ((np.arange(len(mine)) * 0.618034) % 1.0 - 0.5) * 0.62
        size = float(np.clip(1500 / max(len(values), 1), 1.5, 14))
        axis.scatter(mine, row + aside, s=size, color=SECTOR_COLOURS[code], alpha=0.6, linewidths=0)
        if len(mine):
            middle = float(np.median(mine))
            axis.plot([middle, middle], [row - 0.4, row + 0.4], color=style.INK, linewidth=1.8)
    axis.set_ylim(len(codes) - 0.4, -0.6)
    axis.grid(axis="y", visible=False)
