"""What the tabs show of the run and its last auction: price, book, trades, positions, emissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tanshi.language import say
from tanshi.market.orders import Floats, Ints
from tanshi.market.sides import Side
from tanshi.numerics.units import TONNES
from tanshi.simulator.views.charts.style import GREY, INK, PALETTE
from tanshi.simulator.views.live.market import LiveMarket
from tanshi.simulator.views.live.panel import NAMES, bars, colour, key, panel, short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = 250
"""Trades drawn at most, the largest."""
MOST_COVERED = 400.0
"""Cover of the need in % above which firms are drawn at the upper edge."""
BEND = (1, 3, 3)
"""Matplotlib's codes of a curve: move to the seller, bend on the way to the buyer."""
BUYING, SELLING, MARK = PALETTE[5], PALETTE[4], PALETTE[3]


def price_picture(m: LiveMarket) -> Figure:
    """The price of every auction so far, and the path that the equilibrium alone would take under the same policy."""
    rows = m.moment.rows
    t, price = (np.array([row[name] for row in rows]) for name in ("t", "price"))
    figure, axes = panel(say("year"), say("yuan per t CO₂"))
    axes.plot(
        t, [row["star_price"] for row in rows], color=GREY, linestyle="--", label=say("reference: equilibrium alone")
    )
    axes.plot(t, price, color=PALETTE[5], linewidth=2, label=say("auctions"))
    axes.plot(t[-1:], price[-1:], "o", color=PALETTE[5])
    axes.set_ylim(0, 1.12 * max(price.max(), max(row["star_price"] for row in rows)))
    _time_axis(m, axes)
    key(axes)
    return figure


def volume_picture(m: LiveMarket) -> Figure:
    """What was traded in every auction so far."""
    rows = m.moment.rows
    figure, axes = panel(say("year"), say("Mt CO₂ per auction"))
    width = 0.8 / m.periods_per_year
    axes.bar([row["t"] for row in rows], [row["volume_t"] / TONNES for row in rows], width, color=PALETTE[1])
    _time_axis(m, axes)
    return figure


def _time_axis(m: LiveMarket, axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    start, now = float(m.world.scenario.years.start), m.moment.rows[-1]["t"]
    axes.set_xlim(start - 0.05, max(now + 0.15, start + 1.0))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def book_picture(m: LiveMarket) -> Figure:
    """Demand and supply of the last auction around the price that cleared it."""
    agreement, market = m.moment.agreement, m.world.scenario.market
    orders, unit = agreement.orders, market.lot / TONNES
    if not len(orders):
        return _nothing(say("no orders: the price comes from the equilibrium itself"))
    figure, axes = panel(say("cumulated quantity, Mt CO₂"), say("yuan per t CO₂"))
    bids = Side.of(orders, np.flatnonzero(orders.side > 0), descending=True)
    asks = Side.of(orders, np.flatnonzero(orders.side < 0), descending=False)
    for side, tone, name in ((bids, BUYING, say("demand")), (asks, SELLING, say("supply"))):
        if not len(side.rows):
            continue
        lots, price = np.concatenate(([0], side.total)) * unit, np.concatenate((side.price[:1], side.price))
        axes.step(lots, price * market.tick, where="pre", color=tone, linewidth=1.8, label=name)
    volume = agreement.clearing.volume * unit
    axes.axhline(agreement.price, color=INK, linewidth=0.9, linestyle=":")
    axes.plot(
        [volume],
        [agreement.price],
        "o",
        color=INK,
        zorder=5,
        label=say("cleared at {price:,.2f} yuan/t", price=agreement.price),
    )
    totals = [float(side.total[-1]) * unit for side in (bids, asks) if len(side.total)]
    axes.set_xlim(0, min(max(totals, default=1.0), max(3.0 * volume, 0.05 * max(totals, default=1.0))) or 1.0)
    axes.set_ylim(max(0.0, 0.4 * agreement.price), max(1.6 * agreement.price, 1.0))
    _own_orders(m, axes)
    key(axes)
    return figure


def _nothing(words: str) -> Figure:
    figure, axes = panel("", "")
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", color=GREY, transform=axes.transAxes)
    return figure


def _own_orders(m: LiveMarket, axes: Axes) -> None:
    """Limits of the firms in whose seats people sit."""
    orders, tick = m.moment.agreement.orders, m.world.scenario.market.tick
    own = orders.price[np.isin(orders.account, [game.row for game in m.games])] * tick
    low, high = axes.get_ylim()
    own = own[(own >= low) & (own <= high)]
    if len(own):
        edge = axes.get_xlim()[1]
        axes.plot(
            np.full(len(own), 0.985 * edge), own, "<", color=MARK, clip_on=False, label=say("limits from the seats")
        )


def trades_picture(m: LiveMarket) -> Figure:
    """The last auction's trades: firms on a ring by sector, lines from seller to buyer, both as thick as the tonnes."""
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.path import Path

    fills, lot = m.moment.agreement.clearing.fills, m.world.scenario.market.lot
    firms, accounts = len(m.population), m.registry.accounts
    figure, axes = panel("", "", height=4.0)
    axes.set_axis_off()
    axes.set_position((0.02, 0.19, 0.96, 0.8))  # the legend lies below
    axes.set_aspect("equal")
    angle = 2 * np.pi * (np.arange(accounts) + 0.5) / accounts
    place = np.stack((np.sin(angle), np.cos(angle)), axis=1)
    tones = [*m.population.sectors, "GOV", "INT"]
    codes = np.concatenate((m.population.sector, np.full(accounts - firms, len(tones) - 1)))
    codes[m.world.government] = len(tones) - 2
    traded = np.zeros(accounts, np.int64)
    np.add.at(traded, fills.buyer, fills.quantity * lot)
    np.add.at(traded, fills.seller, fills.quantity * lot)
    most = np.argsort(-fills.quantity, kind="stable")[:LINES]
    if len(most):
        part = fills.quantity[most] / fills.quantity.max()
        ends = place[fills.seller[most]], place[fills.buyer[most]]
        bends = 0.15 * (ends[0] + ends[1])
        curves = [Path(np.stack(points), BEND) for points in zip(ends[0], bends, ends[1], strict=True)]
        tone = [colour(tones[codes[seller]]) for seller in fills.seller[most]]
        lines = PathCollection(
            curves, linewidths=0.4 + 3.0 * np.sqrt(part), edgecolors=tone, facecolors="none", alpha=0.55
        )
        axes.add_collection(lines)
    handles = []
    for code, sector in enumerate(tones):
        here = np.flatnonzero((codes == code) & (traded > 0))
        rim = np.flatnonzero(codes == code)
        if sector in ("GOV", "INT") and not len(here):
            continue
        axes.scatter(place[rim, 0], place[rim, 1], s=2, color=colour(sector), linewidths=0)
        size = 8 + 150 * np.sqrt(traded[here] / max(int(traded.max()), 1))
        axes.scatter(
            place[here, 0], place[here, 1], s=size, color=colour(sector), zorder=3, edgecolors="white", linewidths=0.5
        )
        if len(here):
            handles.append(Line2D([], [], linestyle="", marker="o", color=colour(sector), label=short_name(sector)))
    for game in m.games:
        x, y = place[game.row]
        axes.annotate(
            game.name or say("you"), (x, y), (1.2 * x, 1.16 * y), ha="center", va="center", fontsize=10,
            fontweight="bold", color=INK, arrowprops={"arrowstyle": "-", "color": INK},
        )  # fmt: skip
    axes.set_xlim(-1.3, 1.3)
    axes.set_ylim(-1.25, 1.25)
    if traded.any():
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3, frameon=False, fontsize=9,
                    handletextpad=0.2, columnspacing=0.8)  # fmt: skip
    else:
        axes.text(0, 0, say("nobody traded"), ha="center", color=GREY)
    return figure


def flows_picture(m: LiveMarket) -> Figure:
    """What each sector bought and sold in the last auction."""
    fills, lot = m.moment.agreement.clearing.fills, m.world.scenario.market.lot
    names = [*m.moment.trading]
    if (fills.seller == m.world.government).any():
        names.append("GOV")
    figure, axes = panel(say("Mt CO₂ sold (left) and bought (right)"), "", left=NAMES)
    bought, sold = (_by_sector(m, who, fills.quantity * lot, names) / TONNES for who in (fills.buyer, fills.seller))
    axes.barh(range(len(names)), bought, 0.7, color=BUYING, label=say("bought"))
    axes.barh(range(len(names)), -sold, 0.7, color=SELLING, label=say("sold"))
    bars(axes, names)
    axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):g}")
    key(axes)
    return figure


def _by_sector(m: LiveMarket, accounts: Ints, tonnes: Ints, names: list[str]) -> Floats:
    out = np.zeros(len(names))
    firm = accounts < len(m.population)
    sectors = np.array(m.population.sectors)[m.population.sector[np.where(firm, accounts, 0)]]
    for i, name in enumerate(names):
        mine = accounts == m.world.government if name == "GOV" else firm & (sectors == name)
        out[i] = tonnes[mine].sum()
    return out


def sector_positions_picture(m: LiveMarket) -> Figure:
    """Allowances held and needed by each trading sector."""
    moment = m.moment
    need = (m.population.total(moment.emitted), m.population.total(moment.ahead))
    rows = [m.population.sectors.index(s) for s in moment.trading]
    held = m.population.total(moment.held.astype(np.float64))[rows] / TONNES
    done, ahead = (part[rows] / TONNES for part in need)
    figure, axes = panel(say("Mt CO₂"), "", left=NAMES)
    at = np.arange(len(rows))
    axes.barh(at - 0.2, held, 0.36, color=PALETTE[3], label=say("held"))
    axes.barh(at + 0.2, done, 0.36, color=INK, label=say("emitted"))
    axes.barh(at + 0.2, ahead, 0.36, left=done, color="#BBBBBB", label=say("still to emit"))
    bars(axes, list(moment.trading))
    key(axes, 3)
    return figure


def firm_positions_picture(m: LiveMarket) -> Figure:
    """Every trading firm: its need of the year, and the part of it that its allowances cover."""
    moment, population = m.moment, m.population
    need = moment.emitted + moment.ahead
    covered = np.minimum(100 * moment.held / np.maximum(need, 1e-9), MOST_COVERED)
    figure, axes = panel(say("the year's need, Mt CO₂"), say("held, % of the need"))
    for sector in moment.trading:
        rows = np.flatnonzero((population.sector == population.sectors.index(sector)) & (need > 0))
        axes.scatter(need[rows] / TONNES, covered[rows], s=11, color=colour(sector), alpha=0.7,
                     linewidths=0, label=short_name(sector))  # fmt: skip
    axes.axhline(100, color=GREY, linewidth=0.9, linestyle="--")
    if seats := [game.row for game in m.games]:
        axes.plot(need[seats] / TONNES, covered[seats], "o", markersize=11, fillstyle="none", color=INK,
                  markeredgewidth=2, label=say("seats"))  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")  # powers of ten take long to set
    axes.minorticks_off()
    shown = covered[np.isin(population.sector, [population.sectors.index(s) for s in moment.trading]) & (need > 0)]
    axes.set_ylim(0.9 * float(np.min(shown, initial=100.0)), 1.1 * float(np.max(shown, initial=100.0)))
    key(axes, 3)
    return figure


def emissions_picture(m: LiveMarket) -> Figure:
    """Emissions of the sectors that trade now, as a yearly rate, and the cap."""
    rows, now = m.moment.rows, m.moment.trading
    t = np.array([row["t"] for row in rows])
    figure, axes = panel(say("year"), say("Mt CO₂ per year"))
    parts = [[row[f"emissions_{s}"] for row in rows] for s in now]
    total = np.sum(parts, axis=0)
    axes.stackplot(t, parts, colors=[colour(s) for s in now], labels=[short_name(s) for s in now], linewidth=0)
    if len(t) == 1:  # an area needs two points
        below = np.cumsum(parts) - np.ravel(parts)
        axes.bar(np.repeat(t, len(now)), np.ravel(parts), 0.06, below, color=[colour(s) for s in now])
    mask = [m.population.sectors.index(s) for s in now]
    capped = [row for row in rows if m.policy.started(row["year"])]
    caps = [float(m.policy.caps(row["year"], whole=True)[mask].sum()) for row in capped]
    if capped:
        axes.plot([row["t"] for row in capped], caps, color="#7A0019", linewidth=2, linestyle="--", label=say("cap"))
    axes.set_ylim(0, 1.1 * max(float(total.max()), *caps, 0.0))
    _time_axis(m, axes)
    key(axes, 3)
    return figure


def change_picture(m: LiveMarket) -> Figure:
    """How far each trading sector's emission rate has come from that of the first auction."""
    rows, now = m.moment.rows, m.moment.trading
    if len(rows) == 1:
        return _nothing(say("from the second auction on"))
    t = np.array([row["t"] for row in rows])
    figure, axes = panel(say("year"), say("% against the first auction"))
    for sector in now:
        rate = np.array([row[f"emissions_{sector}"] for row in rows])
        axes.plot(t, 100 * (rate / rate[0] - 1), color=colour(sector), linewidth=1.8, label=short_name(sector))
    axes.axhline(0, color=GREY, linewidth=0.8)
    _time_axis(m, axes)
    key(axes, 3)
    return figure
