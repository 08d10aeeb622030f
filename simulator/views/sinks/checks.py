"""Figures beside the print and the truth: Table 3, shadow prices, and what the market gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.language import mark, say, translate
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.simulator.studies.sinks.study import SinksResult
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.sinks.panels import group_of, heading, label_of, panel_figure, source_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def table3_figure(result: SinksResult) -> Figure:
    """Printed less recomputed demand price of every cell of Table 3."""
    table = result.tables["table3_recomputed"]
    figure, panels = panel_figure(
        1, 3, say("Table 3: demand price printed less demand price recomputed"),
        say("yuan per t CO₂; grey: what rounding of the printed tables can explain"),
        source_of(result, say(
            "eq. 7 at share {share:g}, tax {tax:g}, subsidy {subsidy:g}; Yang et al. (2021), Tables 2 and 3",
            share=result.settings.omega_s, tax=result.settings.omega_d, subsidy=result.settings.subsidy,
        )),
        size=(10.0, 4.4), top=0.77, bottom=0.2, wide=0.06, sharey=True,
    )  # fmt: skip
    looks = {
        mark("agrees"): ("o", "#009E73"), mark("rounding"): ("s", "#E69F00"), mark("unexplained"): ("D", "#D55E00"),
    }  # fmt: skip
    for number, (axes, (sector, part)) in enumerate(zip(panels, table.groupby("sector", sort=False), strict=False)):
        place = np.arange(len(part))
        axes.axhspan(-0.01, 0.01, color=style.PALE, zorder=0)
        axes.axhline(0, color=style.GREY, linewidth=0.8)
        for verdict, (marker, colour) in looks.items():
            of = (part["verdict"] == verdict).to_numpy()
            axes.plot(place[of], part["difference"][of], marker, color=colour, markersize=6, label=translate(verdict))
        for k, row in enumerate(part.itertuples()):
            if row.verdict == "unexplained":
                axes.annotate(
                    f"{row.difference:+.3f}", (k, row.difference), xytext=(0, 7), textcoords="offset points",
                    ha="center", fontsize=8.5, color=style.INK,
                )  # fmt: skip
        labels = [
            f"{label_of(province)[:2]} {year}" for province, year in zip(part["province"], part["year"], strict=True)
        ]
        axes.set_xticks(place, labels, rotation=90, fontsize=8)
        heading(axes, number, label_of(sector))
    low, high = table["difference"].min(), table["difference"].max()
    pad = 0.2 * max(high - low, 0.02)
    panels[0].set_ylim(min(low, -0.01) - pad, max(high, 0.01) + pad)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower right", bbox_to_anchor=(0.99, 0.85), ncols=3, frameon=False, fontsize=9)
    key = say("Sh Shanghai, Be Beijing, Gu Guangdong, Hu Hubei; year 1 to 3")
    figure.text(0.985, 0.02, key, ha="right", fontsize=7.5, color=style.GREY)
    return figure


def price_figure(result: SinksResult) -> Figure:
    """Shadow prices: against the true ones where these are known, else spread out by group."""
    table = result.tables["shadow_prices"]
    if "true_price" in table.columns:
        return _recovery_figure(result, table)
    group = next((name for name in ("sector", "province", "year") if name in table.columns), "frontier")
    names = list(dict.fromkeys(table[group]))[:12]
    figure, (axes,) = panel_figure(
        1, 1, say("Shadow price of CO₂ by {by}", by=group_of(group)),
        say("yuan per t CO₂, logarithmic; each dot a unit, box: middle half and median; without prices <= 0 and"
            " infinite"),
        source_of(result, ""), size=(8.0, 4.8), top=0.84, bottom=0.15, left=0.09,
    )  # fmt: skip
    for place, name in enumerate(names):
        prices = table.loc[table[group] == name, "shadow_price"].to_numpy(np.float64)
        shown = prices[np.isfinite(prices) & (prices > 0)]
        offset = np.linspace(-0.3, 0.3, len(shown)) if len(shown) > 1 else np.zeros(len(shown))
        colour = style.PALETTE[1:][place % 6]
        axes.plot(place + offset, shown, "o", color=colour, markersize=2.5, alpha=0.6, markeredgewidth=0)
        if len(shown):
            axes.boxplot(
                [shown], positions=[place], widths=0.5, showfliers=False, medianprops={"color": style.INK},
                boxprops={"color": style.INK}, whiskerprops={"color": style.GREY}, capprops={"color": style.GREY},
            )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xticks(range(len(names)), [label_of(name) for name in names])
    _plain_log(axes, "y")
    axes.grid(visible=False, axis="x")
    return figure


def _plain_log(axes: Axes, *which: str) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    for name in which:
        axis = getattr(axes, f"{name}axis")
        low, high = axis.get_view_interval()
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0) if high < 60 * low else (1.0,)))
        axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axis.set_minor_formatter(NullFormatter())


def _recovery_figure(result: SinksResult, table: pd.DataFrame) -> Figure:
    settings = result.settings
    banded = "band_low" in table.columns
    told = say("yuan per t CO₂, logarithmic; dots: estimates")
    if banded:
        told += say("; blue: median 90 % band of an estimate with {noise:.0%} noise", noise=settings.noise)
    figure, panels = panel_figure(
        1, 3, say("Shadow price estimated against true, made-up survey"), told,
        say("Source: Tanshi, made-up survey in the design of Yang et al. (2021), {noise:.0%} noise, {method} distance "
            "function. No firm was observed.", noise=settings.survey_noise, method=settings.method),
        size=(10.0, 4.4), top=0.79, bottom=0.19, wide=0.2,
    )  # fmt: skip
    for number, (axes, (sector, part)) in enumerate(zip(panels, table.groupby("sector", sort=False), strict=False)):
        ends = np.array([part["true_price"].min(), part["true_price"].max()])
        if banded:
            x, low, high = _median_band(part)
            axes.fill_between(x, low, high, color=style.PALETTE[1], alpha=0.4, linewidth=0)
        axes.plot(ends, ends, color=style.INK, linewidth=0.9)
        shown = part[np.isfinite(part["shadow_price"]) & (part["shadow_price"] > 0)].iloc[::4]
        axes.plot(shown["true_price"], shown["shadow_price"], "o", color=style.PALETTE[4], markersize=2.6,
                  markeredgewidth=0, alpha=0.7)  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        _plain_log(axes, "x", "y")
        axes.set_xlabel(say("true price"), fontsize=9)
        heading(axes, number, label_of(sector))
    panels[0].set_ylabel(say("estimated price"), fontsize=9)
    return figure


def _median_band(part: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Medians of the ends of the band within twelve classes of the true price."""
    edges = np.unique(np.quantile(part["true_price"], np.linspace(0, 1, 13)))
    which = np.clip(np.searchsorted(edges, part["true_price"], side="right") - 1, 0, len(edges) - 2)
    of = part.assign(low=part["band_low"].clip(lower=1.0)).groupby(which)[["true_price", "low", "band_high"]].median()
    x, low, high = (of[name].to_numpy(np.float64) for name in ("true_price", "low", "band_high"))
    return x, low, high


def market_figure(result: SinksResult) -> Figure:
    """What the market needs: the forestry supply curve and the bids, dearest first."""
    supply, prices = result.tables["supply"], result.tables["demand_prices"]
    settings = result.settings
    figure, panels = panel_figure(
        1, 2, say("For the market: offer of forestry and bids for offsets"),
        say("A: Mt CO₂ per year against yuan per t, parameters assumed; B: yuan per t CO₂ of each cell, dearest first"),
        source_of(result, say("demand prices of eq. 7 from Yang et al. (2021), Table 2"))
        + say(
            " Level {level:g}, expected allowance price {price:g} yuan/t.",
            level=settings.level,
            price=settings.expected_price,
        ),
        size=(10.0, 4.4), top=0.79, bottom=0.19, wide=0.22,
    )  # fmt: skip
    axes = panels[0]
    axes.plot(supply["quantity"] / TONNES, supply["price"], color=style.PALETTE[3], linewidth=2)
    axes.axvline(settings.potential / TONNES, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.text(settings.potential / TONNES, 0.03 * supply["price"].max(), say("potential "), ha="right", fontsize=8.5,
              color=style.GREY)  # fmt: skip
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(say("Mt CO₂ per year"), fontsize=9)
    axes.set_ylabel(say("price, yuan/t"), fontsize=9)
    heading(axes, 0, say("Supply of forest sinks"))
    axes = panels[1]
    order = prices.sort_values("demand_price", ascending=False)
    scaled = order["demand_price"] * settings.level / order["demand_price"].mean()
    place = np.arange(len(order))
    axes.step(
        place, scaled, where="mid", color=style.GREY, linewidth=1.3, label=say("demand price at the market's level")
    )
    axes.step(place, order["bid"], where="mid", color=style.PALETTE[4], linewidth=2.2, label=say("bid"))
    axes.axhline(settings.expected_price, color=style.INK, linewidth=0.9, linestyle=(0, (4, 3)),
                 label=say("expected allowance price"))  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_xlabel(say("cells, dearest first"), fontsize=9)
    axes.legend(frameon=False, fontsize=8.5)
    heading(axes, 1, say("Bids for offsets"))
    return figure
