"""Marginal abatement cost curves: how much each sector emits less at a carbon price, in general equilibrium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.language import say
from tanshi.simulator.results.replay import scenario_of
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.ground.economy import economy, province
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import place, source_line
from tanshi.simulator.views.charts.printing import laid_out_as_usual
from tanshi.simulator.views.sectors import SECTOR_COLOURS, sector_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tanshi.scenarios.schema import Scenario

PRICES = tuple(range(0, 301, 15))


def abatement_curves(scenario: Scenario, prices: tuple[float, ...] = PRICES) -> pd.DataFrame:
    """Emissions of the eight sectors (Mt/yr, columns) at carbon prices (yuan/t, index), all eight paying.

    The economy is that of the benchmark year; choices follow the price at once, capital as the scenario's closure says.
    """
    model, _ = province(scenario.economy, scenario.closure, scenario.figures)
    p = model.parameters()
    model.cover(p, model.sectors)
    start, rows = None, []
    for price in prices:
        model.hold_price(p, float(price))
        solution = model.solve(p, start)
        start = solution.x
        rows.append(model.response(solution).emissions)
    return pd.DataFrame(np.array(rows), index=pd.Index(prices, name="yuan/t"), columns=list(model.sectors))


@laid_out_as_usual
def abatement_figure(result: RunResult) -> Figure:
    """What each sector's emissions fall by at a price: as part of its own, and all together in tonnes."""
    scenario = scenario_of(result)
    emitted = abatement_curves(scenario)
    year = economy(scenario.economy, scenario.figures).base_year
    fallen = emitted.iloc[0] - emitted
    share = 100.0 * fallen / emitted.iloc[0]
    figure, (left, right) = style.panels(
        2,
        say("Marginal abatement cost, {place}, {year}", place=place([result]), year=year),
        say("yuan per t CO₂ at which so much less is emitted than without a price; all eight sectors pay"),
        source_line([result]),
        left=0.085,
        right=0.985,
        bottom=0.27,
        height=0.50,
        gap=0.085,
    )
    for code in emitted.columns:
        left.plot(share[code], emitted.index, color=SECTOR_COLOURS[code], linewidth=2.0, label=sector_name(code))
    left.set_title(say("each sector"), fontsize=9.5, loc="left")
    left.set_xlabel(say("% of the sector's emissions"))
    left.set_ylabel(say("yuan per t CO₂"))
    below = np.zeros(len(fallen))
    for code in fallen.sum().sort_values(ascending=False).index:
        upto = below + np.maximum(fallen[code].to_numpy(float), 0.0)
        right.fill_betweenx(emitted.index, below, upto, color=SECTOR_COLOURS[code], linewidth=0, alpha=0.85)
        below = upto
    right.set_title(say("all together, added up"), fontsize=9.5, loc="left")
    right.set_xlabel(say("Mt CO₂ a year"))
    for axis in (left, right):
        axis.set_ylim(0, PRICES[-1])
        axis.set_xlim(min(0.0, axis.get_xlim()[0]) if axis is left else 0.0, None)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.07, 0.055), ncols=4, frameon=False, fontsize=8.5)
    return figure
