"""Who traded with whom: firms on a ring with their trades across it, and the sectors' trade as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.language import say, spoken
from tanshi.numerics.units import TONNES
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.link import OTHERS, OUTSIDE
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import INTERMEDIARIES, OTHER_SECTORS, SECTORS, TRADERS
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import heading, source_line
from tanshi.simulator.views.charts.printing import hold, laid_out_as_usual
from tanshi.simulator.views.sectors import SECTOR_COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_EDGES = 400
ORDER = (*TRADERS, INTERMEDIARIES, *OTHER_SECTORS, OUTSIDE, OTHERS)


def trader_name(code: str) -> str:
    """A trader's sector in words, Chinese beside the English."""
    others = {"GOV": "Government 政府", INTERMEDIARIES: "Intermediaries 中介"}
    others |= {OUTSIDE: "Rest of the Nation 全国其他地区", OTHERS: "Other Provinces 其他省份"}
    return others[code] if code in others else f"{SECTORS[code].name} {SECTORS[code].chinese}"


def short_name(code: str) -> str:
    """A trader's sector in the language that is spoken."""
    english, chinese = trader_name(code).rsplit(" ", 1)
    return chinese if spoken() == "zh" else english


def fills_of(result: RunResult, year: int | None) -> tuple[pd.DataFrame, int]:
    """The fills of a year, by default the last with trade.

    Raises
    ------
    UserError
        Where nothing was traded in it.
    """
    trades = result.trades
    if not len(trades):
        raise UserError(
            "The run {scenario} holds no trades.", [Problem("a run with trades", "none")], scenario=result.scenario
        )
    when = int(trades["year"].max()) if year is None else year
    fills = trades[trades["year"] == when]
    if not len(fills):
        years = Message("one of {first} to {last}", first=trades["year"].min(), last=trades["year"].max())
        raise UserError("Nothing was traded in {when}.", [Problem(years, str(when))], when=when)
    return fills, when


def flows_between(fills: pd.DataFrame) -> pd.DataFrame:
    """Mt sold by each sector (rows) to each sector (columns), those that traded, in the catalogue's order."""
    flows = fills.groupby(["seller_sector", "buyer_sector"])["quantity_t"].sum().unstack(fill_value=0) / TONNES
    present = [code for code in ORDER if code in flows.index or code in flows.columns]
    return flows.reindex(index=present, columns=present, fill_value=0.0).astype(float)


@laid_out_as_usual
def network_figure(result: RunResult, year: int | None = None) -> Figure:
    """Firms that traded in a year around a ring, sector by sector; dots by volume, lines for the largest pairs."""
    fills, when = fills_of(result, year)
    pairs = fills.groupby(["seller", "buyer"])["quantity_t"].sum().sort_values(ascending=False, kind="stable")
    shown = pairs.head(MOST_EDGES)
    both = pd.concat(
        [
            fills[["seller", "seller_sector", "quantity_t"]].set_axis(["firm", "sector", "t"], axis=1),
            fills[["buyer", "buyer_sector", "quantity_t"]].set_axis(["firm", "sector", "t"], axis=1),
        ]
    )
    firms = both.groupby("firm").agg(sector=("sector", "first"), t=("t", "sum"))
    firms["rank"] = firms["sector"].map({code: n for n, code in enumerate(ORDER)})
    firms = firms.sort_values(["rank", "t"], ascending=[True, False], kind="stable")
    share = float(shown.sum() / pairs.sum())
    part = say("the {shown} largest of {pairs:,} pairs, {share:.0%}", shown=len(shown), pairs=len(pairs), share=share)
    drawn = part if len(shown) < len(pairs) else say("all {pairs} pairs", pairs=len(pairs))
    figure, axes = style.canvas(
        heading(say("Who traded with whom"), result, when),
        say(
            "dot: a firm, by volume; line: seller (its colour) to buyer; {drawn} of {volume:,.1f} Mt",
            drawn=drawn,
            volume=pairs.sum() / TONNES,
        ),
        source_line([result]),
        height=7.6,
    )
    axes.set_aspect("equal")
    axes.set_xlim(-1.52, 1.52)
    axes.set_ylim(-1.3, 1.25)
    angle = _ring(firms)
    _edges(axes, shown, angle, firms)
    size = 6.0 + 200.0 * (firms["t"] / firms["t"].max()).to_numpy(float)
    points = np.array([angle[firm] for firm in firms.index])
    colours = [SECTOR_COLOURS[code] for code in firms["sector"]]
    axes.scatter(np.cos(points), np.sin(points), s=size, c=colours, edgecolors="white", linewidths=0.5, zorder=4)
    _ring_labels(axes, firms, angle)
    sector = firms["sector"].to_dict()
    sides = {f"{side}_sector": shown.index.get_level_values(side).map(sector) for side in ("seller", "buyer")}
    hold(figure, shown.to_frame().assign(**sides).reset_index())
    return figure


def _ring(firms: pd.DataFrame) -> dict[int, float]:
    """Angle of every firm, clockwise from the top, with a gap between sectors and at least some room for each."""
    groups = firms.groupby("rank", sort=True).size()
    gap = 0.09 if len(groups) > 1 else 0.0
    room = np.maximum(groups.to_numpy(float), 0.045 * len(firms))
    room *= (2 * np.pi - gap * len(groups)) / room.sum()
    out: dict[int, float] = {}
    start = np.pi / 2
    for (rank, count), width in zip(groups.items(), room, strict=True):
        members = firms.index[firms["rank"] == rank]
        for n, firm in enumerate(members):
            out[int(firm)] = float(start - width * (n + 0.5) / count)
        start -= width + gap
    return out


def _edges(axes: Axes, pairs: pd.Series, angle: dict[int, float], firms: pd.DataFrame) -> None:
    from matplotlib.patches import FancyArrowPatch, Patch, PathPatch
    from matplotlib.path import Path

    most = float(pairs.max())
    sector = firms["sector"].to_dict()
    for (seller, buyer), tonnes in reversed(list(pairs.items())):
        one, two = ((np.cos(angle[firm]), np.sin(angle[firm])) for firm in (seller, buyer))
        weight = float(tonnes) / most
        pull = 0.25
        middle = (pull * (one[0] + two[0]) / 2, pull * (one[1] + two[1]) / 2)
        path = Path([one, middle, two], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        colour = SECTOR_COLOURS[str(sector[seller])]
        look: dict[str, Any] = {
            "color": colour,
            "linewidth": 0.4 + 3.0 * weight,
            "alpha": 0.25 + 0.5 * weight,
            "zorder": 2,
        }
        if weight > 0.2:
            line: Patch = FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=9, shrinkA=4, **look)
        else:
            line = PathPatch(path, fill=False, **look)
        axes.add_artist(line)  # not `add_patch`, which looks for limits that are set already


def _ring_labels(axes: Axes, firms: pd.DataFrame, angle: dict[int, float]) -> None:
    for code, group in firms.groupby("sector", sort=False):
        mean = float(np.mean([angle[int(firm)] for firm in group.index]))
        x, y = 1.13 * np.cos(mean), 1.13 * np.sin(mean)
        side = "left" if x > 0.15 else "right" if x < -0.15 else "center"
        up = "bottom" if y > 0.95 else "top" if y < -0.95 else "center"
        label = style.wrapped(short_name(str(code)), 12) + "\n" + say("{count} firms", count=len(group))
        if code in ("GOV", INTERMEDIARIES, OUTSIDE, OTHERS):
            label = short_name(str(code))
        axes.text(x, y, label, ha=side, va=up, fontsize=9, fontweight="bold", linespacing=1.2,
                  color=SECTOR_COLOURS[str(code)])  # fmt: skip


@laid_out_as_usual
def matrix_figure(result: RunResult, year: int | None = None) -> Figure:
    """What each sector sold to each other in a year, Mt."""
    import matplotlib as mpl
    from rich.cells import cell_len

    fills, when = fills_of(result, year)
    flows = flows_between(fills)
    figure, axes = style.frame(
        heading(say("From sector to sector"), result, when),
        say("Mt CO₂ sold by the row's sector to the column's, gross fills of the year"),
        source_line([result]),
    )
    labels = [short_name(code) for code in flows.index]
    left = 0.04 + 0.0098 * max(map(cell_len, labels))
    axes.set_position((left, 0.1, 0.97 - left, 0.62))
    axes.imshow(flows.to_numpy(), cmap=mpl.colormaps["Blues"], aspect="auto", vmin=0.0)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(labels)), [style.wrapped(label, 11) for label in labels])
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(length=0, labelsize=8.5)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    values = flows.to_numpy()
    most = float(values.max())
    for row in range(len(labels)):
        for column in range(len(labels)):
            value = float(values[row, column])
            ink = "white" if value > 0.6 * most else style.INK
            text = "–" if value == 0 else "<0.01" if value < 0.005 else f"{value:,.2f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color=ink)
    hold(figure, flows.melt(ignore_index=False, value_name="mt").reset_index())
    return figure
