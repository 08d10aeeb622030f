"""Charts of the market itself: demand and supply of one auction, the network of trade, flows as a Sankey diagram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.language import say, spoken
from tanshi.numerics.units import TONNES
from tanshi.simulator.views.charts.network import ORDER, short_name
from tanshi.simulator.views.charts.style import GREY, INK, wrapped
from tanshi.simulator.views.dashboard.accounts import node_name
from tanshi.simulator.views.dashboard.charts import DEMAND, FONT, SUPPLY, Chart, axis, chart, empty, sector_colour
from tanshi.simulator.views.dashboard.recompute import Book

Array = NDArray[np.float64]
PAIRS = 150
"""Pairs of firms drawn at most; the largest."""
SECTOR_DOTS = (13.0, 46.0)
"""Diameters of the smallest and the largest sector's dot, pixels."""
TALL = 1.4
"""How much taller than wide the ring of sectors is: on a telephone their names need the height."""
ASIDE = 0.022
"""How far arrows of one direction lie beside those of the other, of the ring's radius: within the smallest dot."""


def demand_and_supply(book: Book) -> Chart:
    """Both sides of a book as steps, and where they met."""
    if not len(book.bids) and not len(book.asks):
        return empty(say("Nobody placed an order in this period."))
    traces: list[dict[str, Any]] = []
    for name, side, colour in ((say("demand (bids)"), book.bids, DEMAND), (say("supply (offers)"), book.asks, SUPPLY)):
        if len(side):
            total = np.cumsum(side[:, 1]) / TONNES
            traces.append(
                {
                    "type": "scatter", "mode": "lines", "name": name, "x": [0.0, *total.tolist()],
                    "y": [float(side[0, 0]), *side[:, 0].tolist()],
                    "line": {"shape": "vh", "color": colour, "width": 2.5},
                    "hovertemplate": say("%[y:,.2f] yuan/t at %[x:,.3f] Mt").replace("[", "{").replace("]", "}"),
                }
            )  # fmt: skip
    volume = book.volume / TONNES
    traces.append(
        {
            "type": "scatter", "mode": "markers",
            "name": say("cleared: {price:,.2f} yuan/t, {volume:,.3f} Mt", price=book.price, volume=volume),
            "x": [volume], "y": [book.price], "marker": {"color": INK, "size": 11},
            "hovertemplate": "%{y:,.2f} yuan/t, %{x:,.3f} Mt",
        }
    )  # fmt: skip
    low, high, far = _window(book)
    line = {"type": "line", "line": {"color": GREY, "width": 1, "dash": "dot"}}
    return chart(
        traces, height=420, hovermode="closest",
        xaxis=axis(say("cumulated quantity, Mt CO₂"), range=[0.0, far]),
        yaxis=axis(say("limit price, yuan/t"), grid=True, range=[low, high]),
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0},
        shapes=[
            {**line, "x0": 0, "x1": volume, "y0": book.price, "y1": book.price},
            {**line, "x0": volume, "x1": volume, "y0": low, "y1": book.price},
        ],
    )  # fmt: skip


def _window(book: Book) -> tuple[float, float, float]:
    """Limit prices and the quantity worth showing: around the crossing, without the far ends of both sides."""
    near = [1.6 * book.volume]
    for close in (book.bids[book.bids[:, 0] >= 0.7 * book.price], book.asks[book.asks[:, 0] <= 1.4 * book.price]):
        near.append(float(close[:, 1].sum()))
    return 0.4 * book.price, 1.8 * book.price + 1.0, max(max(near) / TONNES, 1e-6)


def sector_network(flows: pd.DataFrame) -> Chart:
    """Sectors as dots by the tonnes they moved, arrows from seller to buyer by tonnes."""
    import networkx as nx

    if flows.empty:
        return empty(say("No trade in this span of time."))
    graph: Any = nx.DiGraph()
    for row in flows.to_dict("records"):
        graph.add_edge(str(row["seller"]), str(row["buyer"]), tonnes=float(row["tonnes"]))
    codes: Any = [code for code in ORDER if code in graph]
    place: Any = {code: (x, TALL * y) for code, (x, y) in nx.circular_layout(codes).items()}
    largest = max(tonnes for _, _, tonnes in graph.edges(data="tonnes"))
    moved = _moved(graph)
    sizes = dict(zip(codes, _sizes(codes, moved, *SECTOR_DOTS), strict=True))
    arrows = []
    for seller, buyer, tonnes in sorted(graph.edges(data="tonnes"), key=lambda edge: edge[2]):
        if seller == buyer or tonnes < 0.002 * largest:
            continue
        (x0, y0), (x1, y1) = _beside(place[seller], place[buyer])
        arrows.append(
            {
                "x": x1, "y": y1, "ax": x0, "ay": y0, "xref": "x", "yref": "y", "axref": "x", "ayref": "y", "text": "",
                "showarrow": True, "arrowhead": 2, "arrowsize": 0.7, "arrowwidth": 1.0 + 7.0 * tonnes / largest,
                "arrowcolor": sector_colour(seller), "opacity": 0.75,
                "standoff": sizes[buyer] / 2 - 1, "startstandoff": sizes[seller] / 2 - 1,
            }
        )  # fmt: skip
    look = _bare(1.3 * TALL)
    look["xaxis"] |= {"range": [-1.85, 1.85], "constrain": "domain"}  # room for names at both sides
    # One scale both ways: else arrows moved aside would miss the dots; in a narrow window the ring is narrow.
    look["yaxis"] |= {"scaleanchor": "x", "constrain": "domain"}
    return chart(
        [_dots(codes, place, moved, {code: code for code in codes}, short_name, *SECTOR_DOTS)],
        annotations=arrows, height=460, showlegend=False, hovermode="closest", **look,
    )  # fmt: skip


def firm_network(pairs: pd.DataFrame) -> Chart:
    """The largest pairs of firms, laid out so that those who trade stand near."""
    import networkx as nx

    if pairs.empty:
        return empty(say("No trade in this span of time."))
    graph: Any = nx.DiGraph()
    sector: dict[int, str] = {}
    for row in pairs.to_dict("records"):
        graph.add_edge(int(row["seller"]), int(row["buyer"]), tonnes=float(row["tonnes"]))
        sector[int(row["seller"])], sector[int(row["buyer"])] = str(row["seller_sector"]), str(row["buyer_sector"])
    weights: Any = nx.Graph()
    for seller, buyer, tonnes in graph.edges(data="tonnes"):
        weights.add_edge(seller, buyer, near=np.log10(tonnes + 1.0))
    place = _opened(nx.spring_layout(weights, weight="near", seed=1, k=1.6 / np.sqrt(len(weights)), iterations=60))
    largest = max(tonnes for _, _, tonnes in graph.edges(data="tonnes"))
    traces: list[dict[str, Any]] = []
    for low, high, width in ((0.0, 0.05, 0.6), (0.05, 0.2, 1.5), (0.2, 0.5, 3.0), (0.5, 1.01, 5.0)):
        x: list[float | None] = []
        y: list[float | None] = []
        for seller, buyer, tonnes in graph.edges(data="tonnes"):
            if low <= tonnes / largest < high:
                x += [float(place[seller][0]), float(place[buyer][0]), None]
                y += [float(place[seller][1]), float(place[buyer][1]), None]
        traces.append(
            {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": {"color": "#BBBBBB", "width": width},
             "hoverinfo": "skip", "showlegend": False}
        )  # fmt: skip
    moved = _moved(graph)
    for code in ORDER:
        mine = [firm for firm in graph if sector[firm] == code]
        if mine:
            dots = _dots(mine, place, moved, sector, _firm, 5.0, 30.0, text=False)
            traces.append({**dots, "name": short_name(code), "showlegend": True})
    legend = {"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0, "itemsizing": "constant"}
    return chart(traces, height=560, showlegend=True, hovermode="closest", legend=legend, **_bare(1.08))


def _opened(place: Mapping[Any, Any]) -> dict[Any, Any]:
    """A layout with its crowded middle drawn apart: who trades with few lies far out and leaves the rest no room."""
    middle = np.median(list(place.values()), axis=0)
    away = {node: np.asarray(at, float) - middle for node, at in place.items()}
    far = {node: max(float(np.hypot(*gap)), 1e-9) for node, gap in away.items()}
    return {node: gap / np.sqrt(far[node] * max(far.values())) for node, gap in away.items()}


def _moved(graph: Any) -> dict[Any, tuple[float, float]]:
    """Tonnes each node sold and bought."""
    return {
        node: (float(graph.out_degree(node, weight="tonnes")), float(graph.in_degree(node, weight="tonnes")))
        for node in graph
    }


def _firm(number: Any) -> str:
    return say("firm {number}", number=number)


def _dots(
    nodes: Any, place: Mapping[Any, Any], moved: Mapping[Any, tuple[float, float]], sector: Mapping[Any, str],
    name: Any, least: float, most: float, *, text: bool = True,
) -> dict[str, Any]:  # fmt: skip
    return {
        "type": "scatter", "mode": "markers+text" if text else "markers",
        "x": [float(place[n][0]) for n in nodes], "y": [float(place[n][1]) for n in nodes],
        "text": [wrapped(name(n), 10 if spoken() == "zh" else 12).replace("\n", "<br>") for n in nodes] if text else [],
        "textposition": [_outward(place[n]) for n in nodes],
        "hovertext": [
            say("{name} ({sector}): sold {sold:,.3f} Mt, bought {bought:,.3f} Mt", name=name(n),
                sector=short_name(sector[n]), sold=moved[n][0] / TONNES, bought=moved[n][1] / TONNES)
            for n in nodes
        ],
        "hoverinfo": "text", "cliponaxis": False,
        "marker": {
            "size": _sizes(nodes, moved, least, most), "opacity": 1,
            "color": [sector_colour(sector[n]) for n in nodes], "line": {"color": "white", "width": 1},
        },
    }  # fmt: skip


def _sizes(nodes: Any, moved: Mapping[Any, tuple[float, float]], least: float, most: float) -> list[float]:
    """Diameters of the dots, pixels: the area by the tonnes moved."""
    largest = max(sum(pair) for pair in moved.values())
    return [least + (most - least) * float(np.sqrt(sum(moved[n]) / largest)) for n in nodes]


def _outward(at: Any) -> str:
    if abs(at[1]) < 0.15:
        return "middle right" if at[0] > 0 else "middle left"
    return "top center" if at[1] > 0 else "bottom center"


def _beside(one: Any, other: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both ends moved a little aside, so that trade in both directions shows as two arrows."""
    a, b = np.asarray(one, float), np.asarray(other, float)
    way = b - a
    aside = ASIDE * np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-9)
    start, end = a + aside, b + aside
    return (float(start[0]), float(start[1])), (float(end[0]), float(end[1]))


def _bare(reach: float) -> dict[str, Any]:
    hidden = {"visible": False, "range": [-reach, reach]}
    return {"xaxis": hidden, "yaxis": {**hidden}, "margin": {"l": 4, "r": 4, "t": 4, "b": 4}}


def sankey(links: Mapping[tuple[str, str], float], unit: str) -> Chart:
    """Links as a Sankey diagram; what is under a thousandth of the largest is left out."""
    shown = {link: value for link, value in links.items() if value > 1e-3 * max(links.values(), default=0.0)}
    if not shown:
        return empty(say("No flows."))
    names = list(dict.fromkeys(name for link in sorted(shown, key=lambda k: -shown[k]) for name in link))
    colours = {name: SANKEY.get(name, "#999999") for name in names}
    trace = {
        "type": "sankey", "arrangement": "snap", "valueformat": ",.1f", "valuesuffix": f" {unit}",
        "node": {"label": [node_name(name) for name in names],
                 "color": [colours[n] for n in names], "pad": 9, "thickness": 12,
                 "line": {"width": 0}},
        "link": {
            "source": [names.index(a) for a, _ in shown], "target": [names.index(b) for _, b in shown],
            "value": list(shown.values()), "color": [_pale(colours[a]) for a, _ in shown],
        },
    }  # fmt: skip
    return chart(
        [trace], height=560, margin={"l": 4, "r": 4, "t": 8, "b": 8}, font={"family": FONT, "size": 12, "color": INK}
    )


SANKEY = {
    "Coal": "#444444", "Oil Products and Coke": "#8C5A2B", "Gas": "#56B4E9", "By-product Gas": "#A79B00",
    "Non-fossil power": "#009E73", "Power plants": "#E69F00", "Power": "#E69F00", "Labour": "#0072B2",
    "Capital": "#D55E00", "Natural resources": "#8C5A2B", "Taxes on production": "#CC79A7",
    "Carbon allowances": "#009E73",
}  # fmt: skip


def _pale(colour: str) -> str:
    return f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.35)"
