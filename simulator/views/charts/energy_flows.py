"""Where energy comes from and where it goes in a year: a Sankey diagram of the physical accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.tables import rows
from tanshi.language import mark, say, translate
from tanshi.simulator.results.replay import place_of, replayed
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import heading, source_line
from tanshi.simulator.views.charts.printing import hold, laid_out_as_usual

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POWER, EXPORT, ABROAD = mark("Power generation"), mark("Net power export"), mark("Net power import")
FUELS = {
    "COAL": mark("Coal"),
    "COKE": mark("Oil products\nand coke"),
    "OGAS": mark("Gas"),
    "BPG": mark("By-product\ngas"),
}
NON_FOSSIL = mark("Non-fossil\npower")
OTHERS = mark("Farming, building,\nservices")
STEEL, MATERIALS, METALS = mark("Iron and steel"), mark("Building materials"), mark("Non-ferrous metals")
PETROCHEMICALS, MINING, TRANSPORT = mark("Petrochemicals"), mark("Mining"), mark("Transport")
HOUSEHOLDS, INDUSTRY = mark("Households"), mark("Other industry")
USERS = {
    "STEEL": STEEL, "NMM": MATERIALS, "NFM": METALS, "COKE": PETROCHEMICALS, "CHEM": PETROCHEMICALS,
    "COAL": MINING, "OGAS": MINING, "OMIN": MINING, "AIR": TRANSPORT, "TRAN": TRANSPORT, "HH": HOUSEHOLDS,
    "AGR": OTHERS, "CONS": OTHERS, "SERV": OTHERS, "PAPER": INDUSTRY, "LIGHT": INDUSTRY, "MACH": INDUSTRY,
}  # fmt: skip
COLOURS = {
    "Coal": "#555555", "Oil products\nand coke": "#D55E00", "Gas": "#CC79A7", "By-product\ngas": "#E69F00",
    NON_FOSSIL: "#009E73", POWER: "#56B4E9", ABROAD: "#56B4E9",
}  # fmt: skip


def energy_flows(accounts: PhysicalAccounts, flows: Flows) -> pd.DataFrame:
    """Rows ``source``, ``target``, ``mtce``: fuels to power plants and users, power to users and over the border.

    Electricity is at coal equivalent, as the statistics count it, so that plants' own losses are part of the flow;
    by-product gases appear where they are burnt though they stem from coke.
    """
    found: list[tuple[str, str, float]] = []
    burnt = np.array(accounts.mtce) * flows.leaf[accounts.mtce_leaf]
    for value, fuel, sector in zip(burnt, accounts.mtce_fuel, accounts.mtce_sector, strict=True):
        found.append((FUELS[fuel], POWER if sector == "ELEC" else USERS[sector], float(value)))
    power = accounts.power(flows)
    equivalent = accounts.province.accounts.physical["coal_equivalent_mtce_per_twh"]
    found.append((NON_FOSSIL, POWER, power["nonfossil_twh"] * equivalent))
    export = power["net_export_twh"] * equivalent
    found.append((POWER, EXPORT, export) if export >= 0 else (ABROAD, POWER, -export))
    made = sum(value for _, target, value in found if target == POWER)
    users = _electricity(accounts, flows)
    for sector, share in users.items():
        found.append((POWER, USERS[sector], share * (made - max(export, 0.0))))
    table = pd.DataFrame(found, columns=["source", "target", "mtce"])
    return table.groupby(["source", "target"], sort=False)["mtce"].sum().reset_index()


def _electricity(accounts: PhysicalAccounts, flows: Flows) -> dict[str, float]:
    """Users' shares of the electricity used in the province, the grid's own use left out."""
    c, province = accounts.province.compiled, accounts.province
    users = {code: [name for name, _ in parts] for code, parts in province.parts.items() if code in USERS}
    places = {code: [(name, "inputs", "ELEC") for name in names] for code, names in users.items()}
    places["HH"] = [("HH", "demand", "ELEC")]
    used = {
        code: sum(float(flows.leaf[c.leaf_at[at]]) for at in found if at in c.leaf_at) for code, found in places.items()
    }
    whole = sum(used.values())
    return {code: value / whole for code, value in used.items()}


@laid_out_as_usual
def energy_figure(result: RunResult, year: int | None = None) -> Figure:
    """Energy from fuel to use in a year, by default the last: the mean of its periods; the run is replayed up to it.

    Raises
    ------
    UserError
        As `tanshi.simulator.results.replay.replayed`.
    """
    when = int(result.periods["year"].max()) if year is None else year
    own = result.periods.loc[result.periods["year"] == when, "period"]
    run = replayed(result, place_of(result, when, int(own.max()) if len(own) else 1) + 1)
    closed = next(closed for closed in run.state.log.years if closed.year == when)
    table = energy_flows(run.world.economy.accounts, closed.flows)
    figure, axes = style.canvas(
        heading(say("From fuel to use"), result, when),
        say(
            "Mtce a year; electricity at coal equivalent (losses of plants included); gases from coke shown where burnt"
        ),
        source_line([result]),
        height=6.6,
    )
    sources = [*(fuel for fuel in (*FUELS.values(), NON_FOSSIL, ABROAD) if fuel in set(table["source"]))]
    users = table[table["target"] != POWER].groupby("target")["mtce"].sum().sort_values(ascending=False)
    draw_sankey(axes, table, [sources, [POWER], list(users.index)])
    hold(figure, table.replace("\n", " ", regex=True))
    return figure


@dataclass
class _Node:
    """A box of the diagram and how much of its two sides is taken."""

    name: str
    x: float
    top: float
    size: float
    left: float = 0.0
    right: float = 0.0


def draw_sankey(axes: Axes, table: pd.DataFrame, columns: Sequence[Sequence[str]]) -> None:
    """Draw flows between columns of boxes; heights are in proportion, columns are as high as the axes.

    Parameters
    ----------
    table
        ``source``, ``target``, ``mtce``.
    columns
        Names of the boxes from left to right and from top to bottom.
    """
    into, out = table.groupby("target")["mtce"].sum(), table.groupby("source")["mtce"].sum()
    size = {name: max(float(into.get(name, 0.0)), float(out.get(name, 0.0))) for names in columns for name in names}
    most = max(sum(size[name] for name in names) for names in columns)
    scale = 0.80 / most
    nodes: dict[str, _Node] = {}
    for x, names in zip((0.17, 0.47, 0.785), columns, strict=True):
        used = scale * sum(size[name] for name in names)
        gap = min((1.0 - used) / max(len(names) - 1, 1), 0.05 if len(names) > 1 else 0.0)
        top = 0.5 + (used + gap * (len(names) - 1)) / 2
        for name in names:
            nodes[name] = _Node(name, x, top, scale * size[name])
            top -= scale * size[name] + gap
    order = {name: n for names in columns for n, name in enumerate(names)}
    ribbons = table.assign(a=table["source"].map(order), b=table["target"].map(order)).sort_values(["a", "b"])
    arrivals: dict[tuple[str, str], float] = {}
    for row in rows(ribbons.sort_values(["b", "a"])):  # what arrives is stacked in the order of its sources
        arrivals[(row.source, row.target)] = nodes[row.target].top - nodes[row.target].left
        nodes[row.target].left += scale * row.mtce
    for row in rows(ribbons):
        one, thick = nodes[row.source], scale * row.mtce
        end = arrivals[(row.source, row.target)]
        _ribbon(axes, one.x + 0.012, one.top - one.right, nodes[row.target].x, end, thick, COLOURS[row.source])
        one.right += thick
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.02, 1.02)
    for column, names in enumerate(columns):
        for name in names:
            _box(axes, nodes[name], size[name], column)


def _ribbon(axes: Axes, x0: float, y0: float, x1: float, y1: float, thick: float, colour: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    middle = (x0 + x1) / 2
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1),
              (x1, y1 - thick), (middle, y1 - thick), (middle, y0 - thick), (x0, y0 - thick), (x0, y0)]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.45, linewidth=0))


def _box(axes: Axes, node: _Node, size: float, column: int) -> None:
    from matplotlib.patches import Rectangle

    colour = COLOURS.get(node.name, style.INK)
    axes.add_patch(Rectangle((node.x, node.top - node.size), 0.012, node.size, facecolor=colour, linewidth=0, zorder=3))
    middle = node.top - node.size / 2
    name = translate(node.name)
    text = f"{name}  {size:,.1f}" if size >= 0.05 else f"{name}  <0.1"
    if column == 0:
        axes.text(node.x - 0.01, middle, text, ha="right", va="center", fontsize=9, color=style.INK)
    elif column == 1:
        axes.text(node.x + 0.006, node.top + 0.012, text, ha="center", va="bottom", fontsize=9, fontweight="bold",
                  bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1.5}, zorder=5)  # fmt: skip
    else:
        axes.text(node.x + 0.022, middle, text, ha="left", va="center", fontsize=9, color=style.INK)
