"""What forest offsets change: a figure of price, volume and cost by sector, a table, and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tanshi.language import mark, say, spoken, translate
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.costs import PARTS
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import cost_of, offsets_of, with_firms
from tanshi.simulator.studies.offsets import OffsetEffect, offset_effects
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import SEEDS, source_line
from tanshi.simulator.views.sectors import sector_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

WITHOUT, WITH, CREDIT = style.PALETTE[0], style.PALETTE[3], style.PALETTE[2]
PART_NAMES = dict(zip(PARTS, (mark("allowances"), mark("offsets"), mark("abatement")), strict=True))
_PART_COLOURS = dict(zip(PARTS, (style.PALETTE[5], style.PALETTE[2], style.PALETTE[1]), strict=True))
SHORT = {"ELEC": "Power", "STEEL": "Steel", "NFM": "Non-ferrous", "NMM": "Building mat.", "COKE": "Coking, oil",
         "CHEM": "Chemicals", "PAPER": "Paper", "AIR": "Aviation"}  # fmt: skip
"""Names that fit beside an axis; other sectors have theirs."""


def write_offsets(results: Sequence[RunResult], folder: Path | str) -> dict[str, tuple[Path, Path]]:
    """Write ``offsets_<scenario>.csv`` and its figure for every scenario with offsets whose twin is there too.

    Returns
    -------
    Name of a figure to the paths of its PNG and SVG.
    """
    for effect in offset_effects(results):
        text = effect.table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
        write_file(Path(folder) / f"{_name(effect)}.csv", text.encode())
    drawn = offset_figures(results)
    return {name: style.save(figure, Path(folder) / "figures", name) for name, figure in drawn.items()}


def offset_figures(results: Sequence[RunResult]) -> dict[str, Figure]:
    """A figure by name for every scenario with offsets whose twin is there too."""
    source = source_line(results).removesuffix(say(SEEDS))  # its last words are about medians and bands
    return {
        _name(effect): offset_figure(effect, source + (say(" Means over the seeds.") if effect.seeds > 1 else ""))
        for effect in offset_effects(results)
    }


def _name(effect: OffsetEffect) -> str:
    return f"offsets_{effect.scenario}"


def offset_figure(effect: OffsetEffect, source: str) -> Figure:
    """Price with and without offsets, credits and trade, and the change of cost by sector."""
    title = say("Forest offsets: {scenario} against {twin}", scenario=effect.scenario, twin=effect.twin)
    unit = say("by year; costs: mean of the policy's years, parts in % of the sector's cost without offsets")
    figure, axes = style.panels(3, title, unit, source, bottom=0.24, height=0.56, gap=0.085, left=0.07)
    price, volume, cost = axes
    for label, variable, column, colour in (
        (say("{scenario}, allowance", scenario=effect.twin), "Price|Carbon", "without", WITHOUT),
        (say("{scenario}, allowance", scenario=effect.scenario), "Price|Carbon", "with", WITH),
        (say("forest credit"), "Price|Carbon|Offsets", "with", CREDIT),
    ):
        own = effect.series(variable, column)
        own = own[own > 0] if variable.endswith("Offsets") else own
        dashed = {"linestyle": "--", "marker": "^"} if colour == CREDIT else {"marker": "o"}
        price.plot(own.index, own.to_numpy(), color=colour, linewidth=1.8, markersize=4, label=label, **dashed)  # type: ignore[arg-type]
    price.set_ylim(bottom=0)
    _head(price, say("Price, yuan/t CO₂"))
    bought = effect.series(offsets_of())
    volume.bar(bought.index, bought.to_numpy(), color=CREDIT, width=0.6, label=say("credits bought"))
    for column, colour, label in (("without", WITHOUT, effect.twin), ("with", WITH, effect.scenario)):
        own = effect.series("Carbon Market|Trading Volume", column)
        volume.plot(own.index, own.to_numpy(), color=colour, linewidth=1.8, marker="o", markersize=4,
                    label=say("allowances traded, {scenario}", scenario=label))  # fmt: skip
    _head(volume, say("Volume, Mt CO₂"))
    for axis in (price, volume):
        axis.locator_params(axis="x", integer=True, nbins=5)
    _costs(cost, effect)
    _legends(figure, price, volume, cost)
    return figure


def _head(axis: Axes, text: str) -> None:
    axis.set_title(text, fontsize=10.5, loc="left")


def _costs(axis: Axes, effect: OffsetEffect) -> None:
    """Stacked changes of cost by part in % of the sector's cost without offsets, and their sum as a mark."""
    box = axis.get_position()
    axis.set_position((box.x0 + 0.035, box.y0, box.width - 0.01, box.height))  # room for the sectors' names
    sectors = with_firms(set(effect.table["variable"]))
    whole = np.array([effect.mean(cost_of(s), "without") for s in sectors])
    share = np.divide(100.0, np.abs(whole), out=np.zeros(len(whole)), where=whole != 0)
    places = np.arange(len(sectors))[::-1]
    low, high = np.zeros(len(places)), np.zeros(len(places))
    for part in PARTS:
        change = share * [effect.mean(cost_of(s, part), "change") for s in sectors]
        left = np.where(change >= 0, high, low)
        axis.barh(places, change, left=left, color=_PART_COLOURS[part], height=0.62, label=translate(PART_NAMES[part]))
        high, low = high + np.maximum(change, 0), low + np.minimum(change, 0)
    total = share * [effect.mean(cost_of(s), "change") for s in sectors]
    axis.plot(total, places, linestyle="none", marker="D", markersize=4.5, color=style.INK, label=say("cost in all"))
    axis.axvline(0, color=style.GREY, linewidth=0.8)
    axis.set_yticks(places, [_short(s) for s in sectors])
    axis.locator_params(axis="x", nbins=4)
    _head(axis, say("Change of cost, %"))


def _short(sector: str) -> str:
    """A sector's name that fits beside an axis; in Chinese all names are short."""
    if sector not in SHORT or spoken() == "zh":
        return sector_name(sector)
    return SHORT[sector]


def _legends(figure: Figure, *axes: Axes) -> None:
    """A legend below each panel."""
    for axis in axes:
        handles, labels = axis.get_legend_handles_labels()
        box = axis.get_position()
        figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(box.x0 - 0.02, box.y0 - 0.055),
                      frameon=False, fontsize=7.5, labelspacing=0.3, handlelength=1.8,
                      ncols=2 if len(labels) > 3 else 1, columnspacing=1.0)  # fmt: skip


def offset_table(effect: OffsetEffect) -> Table:
    """Cost by sector without and with offsets, for the terminal: means over the policy's years, million yuan."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    columns = (say("without"), say("with"), say("change"), say("allow."), say("offsets"), say("abating"), say("Mt"))
    title = say(
        "Cost of {scenario} and {twin}, million yuan a year: means, parts of the change",
        scenario=effect.scenario,
        twin=effect.twin,
    )
    shown = Table(say("sector"), *columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title=title, title_justify="left")
    shown.columns[0].no_wrap = True
    for column in shown.columns[1:]:
        column.justify = "right"
    for sector in (*with_firms(set(effect.table["variable"])), None):
        name = say("All") if sector is None else _short(sector)
        numbers = [effect.mean(cost_of(sector), column) for column in ("without", "with", "change")]
        numbers += [effect.mean(cost_of(sector, part), "change") for part in PARTS]
        shown.add_row(name, *(f"{n + 0.0:,.1f}" for n in numbers), f"{effect.mean(offsets_of(sector)):,.3f}")
    return shown


def offset_words(effect: OffsetEffect) -> str:
    """What the offsets did, in a few sentences."""
    before, after = (effect.mean("Price|Carbon", column) for column in ("without", "with"))
    bought = effect.mean(offsets_of())
    emitted = effect.mean("Emissions|CO2", "change")
    cost = effect.mean(cost_of(), "change")
    return say(
        "Forest offsets, {scenario} against {twin}, mean of the policy's years: firms buy {bought:,.1f} Mt of credits a"
        " year at {paid:,.1f} yuan/t; the carbon price is {after:,.1f} in place of {before:,.1f} yuan/t"
        " ({change:+.1f} %), territorial emissions {emitted:+,.1f} Mt, covered sectors' cost {cost:+,.0f} million"
        " yuan.",
        scenario=effect.scenario,
        twin=effect.twin,
        bought=bought,
        paid=effect.mean("Price|Carbon|Offsets"),
        after=after,
        before=before,
        change=100 * (after / before - 1),
        emitted=emitted,
        cost=cost,
    )
