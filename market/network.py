"""Who traded with whom: fills as a directed weighted graph, with each trader's place in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tanshi.market.quality import concentration
from tanshi.market.venue import Fills

if TYPE_CHECKING:
    import networkx as nx


def trade_graph(fills: Fills) -> nx.DiGraph[int]:
    """Return a graph with an edge from seller to buyer for every pair that traded.

    Edges carry `lots`, `turnover` (ticks x lots) and `fills`, summed over the fills of the pair. Under a
    uniform price the venue's pairing, and so the graph, is one of many with the same net positions.
    """
    import networkx as nx

    graph: nx.DiGraph[int] = nx.DiGraph()
    if not len(fills):
        return graph
    pairs, which = np.unique(np.stack((fills.seller, fills.buyer)), axis=1, return_inverse=True)
    sums = np.zeros((3, pairs.shape[1]), np.int64)
    worth = fills.quantity * fills.price
    for row, value in enumerate((fills.quantity, worth, np.ones_like(worth))):
        np.add.at(sums[row], which.ravel(), value)
    for (seller, buyer), (lots, turnover, count) in zip(pairs.T.tolist(), sums.T.tolist(), strict=True):
        graph.add_edge(seller, buyer, lots=lots, turnover=turnover, fills=count)
    return graph


def centralities(graph: nx.DiGraph[int], sample: int | None = None, seed: int = 0) -> dict[str, dict[int, float]]:
    """Return what each trader's place in the network is, measure -> account -> value.

    `sold_to` and `bought_from` count partners (out- and in-degree), `sold` and `bought` are lots (strength),
    `betweenness` is the part of shortest paths, by number of trades, that lead through a trader.

    Parameters
    ----------
    graph
        As `trade_graph` makes it.
    sample : int | None
        Traders from which shortest paths are followed; all by default, which takes hours for a million.
    seed : int
        Of the sample.
    """
    import networkx as nx

    chosen = None if sample is None else min(sample, len(graph))
    between = nx.betweenness_centrality(graph, k=chosen, seed=seed) if len(graph) else {}
    return {
        "sold_to": {node: float(count) for node, count in graph.out_degree()},
        "bought_from": {node: float(count) for node, count in graph.in_degree()},
        "sold": {node: float(lots) for node, lots in graph.out_degree(weight="lots")},
        "bought": {node: float(lots) for node, lots in graph.in_degree(weight="lots")},
        "betweenness": {node: float(value) for node, value in between.items()},
    }


def concentrations(fills: Fills) -> Mapping[str, float]:
    """Return Herfindahl-Hirschman indices, 0 to 1, of what buyers bought, sellers sold and pairs exchanged."""
    width = int(max(fills.buyer.max(), fills.seller.max())) + 1 if len(fills) else 1
    _, pair = np.unique(fills.seller * width + fills.buyer, return_inverse=True)
    return {
        "buyers": concentration(fills.buyer, fills.quantity),
        "sellers": concentration(fills.seller, fills.quantity),
        "pairs": concentration(pair, fills.quantity),
    }
