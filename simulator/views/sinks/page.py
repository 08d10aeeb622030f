"""The figures of the forest sinks: clouds, policies, Table 3 beside the print, shadow prices, the market's inputs.

The first four are those of Yang et al. (2021), Figures 1 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.agents.sinks import published
from tanshi.agents.sinks.cloud import Cloud, certainty, drops
from tanshi.agents.sinks.surfaces import RANGES
from tanshi.language import mark, say, translate
from tanshi.simulator.studies.sinks.study import SinksResult
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.sinks.checks import market_figure, price_figure, table3_figure
from tanshi.simulator.views.sinks.panels import group_of, heading, label_of, panel_figure, source_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INSTRUMENTS: Mapping[str, tuple[str, str, float]] = {
    "omega_s": (mark("Offset share allowed"), mark("% of emissions"), 100.0),
    "omega_d": (mark("Carbon tax rate"), mark("%"), 100.0),
    "subsidy": (mark("Subsidy for sinks"), mark("yuan/t"), 1.0),
}
#: Groups beyond these make panels too small to read; the tables hold all.
MOST_GROUPS = 6


def draw_figures(result: SinksResult) -> dict[str, Figure]:
    """All figures by name, in the order in which the paper has them."""
    out: dict[str, Figure] = {}
    for by in dict.fromkeys(result.tables["policy_lines"]["by"]):
        plural = {"sector": "sectors", "province": "provinces"}.get(by, by)
        if len(_clouds(result, by)):
            out[f"clouds_{plural}"] = cloud_figure(result, by)
        out[f"policies_{plural}"] = policy_figure(result, by)
        out[f"surfaces_{plural}"] = surface_figure(result, by)
    if "table3_recomputed" in result.tables:
        out["table3"] = table3_figure(result)
    out["shadow_prices"] = price_figure(result)
    out["market"] = market_figure(result)
    return out


def _clouds(result: SinksResult, by: str) -> dict[str, Cloud]:
    """The printed clouds, or those that the first moment gives."""
    if not result.source:
        table = published.cloud_figures()
        rows = table[table["by"] == by]
    else:
        table = result.tables["clouds"]
        rows = table[(table["by"] == by) & (table["generator"] == "first moment")]
    figures = rows[["expectation", "entropy", "hyper_entropy"]].to_numpy(np.float64)[:MOST_GROUPS]
    return {str(name): Cloud(*map(float, values)) for name, values in zip(rows["name"], figures, strict=False)}


def cloud_figure(result: SinksResult, by: str) -> Figure:
    """A cloud for each sector or province: price against certainty degree."""
    clouds = _clouds(result, by)
    columns = len(clouds) if len(clouds) <= 3 else -(-len(clouds) // 2)
    rows = -(-len(clouds) // columns)
    figure, panels = panel_figure(
        rows, columns, say("Demand price of forest sinks by {by}: normal clouds", by=group_of(by)),
        say("certainty degree against yuan per t CO₂; a dot is a drop, the curve the expected certainty, the line Ex"),
        source_of(result, say("forward generator; Ex, En, He as printed in Yang et al. (2021), Tables 4 and 5")),
        size=(10.0, 1.6 + 2.7 * rows), top=1 - 0.95 / (1.6 + 2.7 * rows), bottom=0.72 / (1.6 + 2.7 * rows), sharey=True,
    )  # fmt: skip
    for number, (axes, (name, cloud)) in enumerate(zip(panels, clouds.items(), strict=False)):
        colour = style.PALETTE[1:][number % 6]
        # Where the generator found no hyper-entropy the cloud is drawn as thin as a curve.
        thick = replace(cloud, hyper_entropy=float(np.nan_to_num(cloud.hyper_entropy)))
        x, degree = drops(thick, result.settings.drops, result.settings.seed, f"{by} {name}")
        axes.scatter(x, degree, s=3.5, color=colour, alpha=0.55, linewidths=0, rasterized=True)
        reach = 4 * np.hypot(thick.entropy, thick.hyper_entropy) or 1.0
        grid = np.linspace(cloud.expectation - reach, cloud.expectation + reach, 301)
        axes.plot(grid, certainty(cloud, grid), color=style.INK, linewidth=1.0)
        axes.axvline(cloud.expectation, color=style.INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set_xlim(max(grid[0], 0.0), grid[-1])
        axes.set_ylim(0, 1.05)
        heading(axes, number, label_of(name))
        thickness = say("none") if np.isnan(cloud.hyper_entropy) else f"{cloud.hyper_entropy:,.1f}"
        figures = f"Ex {cloud.expectation:,.1f}\nEn {cloud.entropy:,.1f}\nHe {thickness}"
        axes.text(0.98, 0.97, figures, transform=axes.transAxes, ha="right", va="top", fontsize=8.5, color=style.INK)
        if number >= len(clouds) - columns:
            axes.set_xlabel(say("demand price, yuan/t"), fontsize=9)
        if number % columns == 0:
            axes.set_ylabel(say("certainty degree"), fontsize=9)
    for axes in panels[len(clouds) :]:
        axes.set_visible(False)
    return figure


def policy_figure(result: SinksResult, by: str) -> Figure:
    """Lines along each instrument: the price above, and below what the instrument adds to the lowest cost."""
    table = result.tables["policy_lines"]
    table = table[table["by"] == by]
    names = list(dict.fromkeys(table["name"]))[:MOST_GROUPS]
    settings = result.settings
    figure, panels = panel_figure(
        2, 3, say("Demand price of forest sinks by {by} under three policies", by=group_of(by)),
        say("yuan per t CO₂; above the price, below its distance from the lowest abatement cost, on a scale of its"
            " own"),
        source_of(result, say("eq. 7 at the mean costs of Yang et al. (2021), Table 2"))
        + say(
            " Others at share {share:.0%}, tax {tax:.0%}, subsidy {subsidy:g} yuan/t (dashed). Not defined at tax 0.",
            share=settings.omega_s,
            tax=settings.omega_d,
            subsidy=settings.subsidy,
        ),
        size=(10.0, 6.6), top=0.86, bottom=0.155, high=0.34, wide=0.2,
    )  # fmt: skip
    looks = style.looks(names)
    costs = {name: _lowest(table, name) for name in names}
    for column, (instrument, (label, unit, scale)) in enumerate(INSTRUMENTS.items()):
        for row in (0, 1):
            axes = panels[3 * row + column]
            for order, name in enumerate(names):
                line = table[(table["name"] == name) & (table["instrument"] == instrument)]
                y = line["demand_price"] - (costs[name] if row else 0.0)
                axes.plot(
                    scale * line["level"], y, color=looks[name].colour, linewidth=1.8, marker=looks[name].marker,
                    markersize=4.5, markevery=(4 + 3 * order, 20), markeredgecolor="white", markeredgewidth=0.5,
                    label=label_of(name),
                )  # fmt: skip
            axes.axvline(scale * getattr(settings, instrument), color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)))
            axes.set_xlim(0, scale * RANGES[instrument][1])
            if row:
                axes.set_ylim(bottom=0)
                axes.set_xlabel(translate(unit), fontsize=9)
            else:
                heading(axes, column, translate(label))
    for row in (0, 1):
        low = min(axes.get_ylim()[0] for axes in panels[3 * row : 3 * row + 3])
        high = max(axes.get_ylim()[1] for axes in panels[3 * row : 3 * row + 3])
        for axes in panels[3 * row : 3 * row + 3]:
            if not row:
                axes.set_ylim(low, high)
    panels[0].set_ylabel(say("demand price"), fontsize=9)
    panels[3].set_ylabel(say("above lowest cost"), fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.06, 0.035), ncols=6, frameon=False, fontsize=9)
    return figure


def _lowest(table: pd.DataFrame, name: str) -> float:
    """The mean lowest cost: the price at an offset share of 0."""
    rows = table[(table["name"] == name) & (table["instrument"] == "omega_s")]
    return float(rows["demand_price"].iloc[0])


def surface_figure(result: SinksResult, by: str) -> Figure:
    """Contours over each pair of instruments, of what they add to the lowest cost."""
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogLocator, NullFormatter

    table = result.tables["policy_surfaces"]
    table = table[table["by"] == by]
    lines = result.tables["policy_lines"]
    lines = lines[lines["by"] == by]
    names = list(dict.fromkeys(table["name"]))[:MOST_GROUPS]
    tall = 1.7 + 2.35 * len(names)
    figure, panels = panel_figure(
        len(names), 3,
        say("Two policies at a time, by {by}: demand price above the lowest abatement cost", by=group_of(by)),
        say("yuan per t CO₂, logarithmic; the third instrument as set; white: less than 0.01, or eq. 7 not defined"),
        source_of(result, say("eq. 7 at the mean costs of Yang et al. (2021), Table 2")),
        size=(10.0, tall), top=1 - 1.05 / tall, bottom=0.75 / tall, right=0.9, wide=0.3, high=0.42,
    )  # fmt: skip
    rises = []
    for name in names:
        lowest = _lowest(lines, name)
        for pair in combinations(RANGES, 2):
            part = table[(table["name"] == name) & (table["first"] == pair[0]) & (table["second"] == pair[1])]
            side = round(len(part) ** 0.5)
            grid = [part[c].to_numpy(np.float64).reshape(side, side) for c in ("first_level", "second_level")]
            rise = part["demand_price"].to_numpy(np.float64).reshape(side, side) - lowest
            rises.append((name, pair, grid, np.ma.masked_less(np.ma.masked_invalid(rise), 1e-2)))
    ends = [float(end) for *_, rise in rises if rise.count() for end in (rise.min(), rise.max())] or [0.1, 1.0]
    norm = LogNorm(max(min(ends), 1e-2), max(*ends, 2e-2))
    mesh = None
    for number, (axes, (name, pair, grid, rise)) in enumerate(zip(panels, rises, strict=True)):
        scales = [INSTRUMENTS[instrument][2] for instrument in pair]
        axes.grid(visible=False)
        x, y = (scale * level for scale, level in zip(scales, grid, strict=True))
        mesh = axes.pcolormesh(x, y, rise, norm=norm, cmap="cividis", shading="nearest", rasterized=True)
        levels = [t for t in (0.1, 0.3, 1, 3, 10, 30, 100, 300) if rise.min() < t < rise.max()]
        if levels:
            contour = axes.contour(x, y, rise, levels=levels, colors="white", linewidths=0.8)
            axes.clabel(contour, fmt="%g", fontsize=7.5)
        axes.set_xlim(0, scales[0] * RANGES[pair[0]][1])
        axes.set_ylim(0, scales[1] * RANGES[pair[1]][1])
        first, second = (INSTRUMENTS[instrument] for instrument in pair)
        if number >= len(rises) - 3:
            axes.set_xlabel(f"{translate(first[0]).lower()}, {translate(first[1])}", fontsize=8.5)
        axes.set_ylabel(f"{translate(second[0]).lower()}, {translate(second[1])}", fontsize=8.5)
        if number % 3 == 0:
            axes.set_title(label_of(name), loc="left", fontsize=10, fontweight="bold", color=style.INK)
    if mesh is not None:
        bar = figure.colorbar(mesh, cax=figure.add_axes((0.925, 0.75 / tall, 0.014, 1 - 1.8 / tall)))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
        bar.ax.yaxis.set_major_locator(LogLocator(numticks=8))
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        bar.ax.tick_params(labelsize=8)
    return figure


def pictures(figures: Mapping[str, Figure]) -> dict[str, bytes]:
    """Each figure as PNG."""
    return {name: style.png(figure) for name, figure in figures.items()}
