"""Demand and supply of one auction, and where they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tanshi.language import say
from tanshi.market.orders import BUY, SELL, Orders
from tanshi.numerics.units import TONNES
from tanshi.simulator.results.replay import auction
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import heading, source_line
from tanshi.simulator.views.charts.printing import laid_out_as_usual

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
DEMAND, SUPPLY = "#0072B2", "#D55E00"


def curve(orders: Orders, side: int, tick: float, lot: float) -> tuple[Array, Array]:
    """One side of a book as a step curve: cumulated quantity (Mt) and limit price (yuan/t), best price first."""
    mine = orders.side == side
    order = np.argsort(-side * orders.price[mine], kind="stable")
    price = orders.price[mine][order] * tick
    total = np.cumsum(orders.quantity[mine][order]) * lot / TONNES
    return np.concatenate([[0.0], total]), np.concatenate([price[:1], price])


@laid_out_as_usual
def clearing_figure(result: RunResult, year: int | None = None, period: int = 1) -> Figure:
    """The book of one period (by default the last year's first) with its clearing price and volume.

    Raises
    ------
    UserError
        As `tanshi.simulator.results.replay.auction`.
    """
    when = int(result.periods["year"].max()) if year is None else year
    found = auction(result, when, period)
    bought = curve(found.orders, BUY, found.tick, found.lot)
    sold = curve(found.orders, SELL, found.tick, found.lot)
    volume = float(found.clearing.fills.quantity.sum()) * found.lot / TONNES
    figure, axes = style.frame(
        heading(say("Demand and supply"), result, when, period),
        say("limit price of the orders in yuan per t CO₂, cumulated quantity in Mt CO₂"),
        source_line([result]),
        legend_rows=2,
    )
    for name, (x, y), colour in ((say("Demand (bids)"), bought, DEMAND), (say("Supply (offers)"), sold, SUPPLY)):
        if len(x) > 1:
            axes.step(x, y, where="pre", color=colour, linewidth=2.0, label=name)
    low, high = _span(found.price, bought[1], sold[1])
    axes.axhline(found.price, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.axvline(volume, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.plot([volume], [found.price], "o", color=style.INK, markersize=7, zorder=6)
    longest = 1.05 * max(float(bought[0][-1]), float(sold[0][-1]), 1e-9)
    axes.set_xlim(0.0, min(longest, 6.0 * volume) if volume > 0 else longest)
    axes.set_ylim(low, high)
    axes.set_xlabel(say("Mt CO₂"))
    end = (found.price - low) / (high - low)
    words = say("{price:,.2f} yuan/t\n{volume:,.3f} Mt traded", price=found.price, volume=volume)
    axes.text(1.015, end, words, transform=axes.transAxes, va="center", fontweight="bold", color=style.INK)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.06, 0.05), ncols=2, frameon=False, fontsize=9)
    return figure


def _span(price: float, *limits: Array) -> tuple[float, float]:
    """Prices worth showing: around the clearing price, without the few orders at the penalty."""
    near = [float(np.quantile(side, share)) for side in limits if len(side) for share in (0.05, 0.95)]
    low = max(0.0, min([price, *near]) - 0.1 * price)
    return (0.0 if low < 0.3 * price else low), min(max([price, *near]) * 1.1, 2.5 * price) or 1.0
