"""Who traded with whom: fills as a directed weighted graph, and between sectors as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from market.orders import Ints
from market.venue import Fills

if TYPE_CHECKING:
    import networkx as nx


def sector_flows(fills: Fills, sector: Ints, sectors: int) -> Ints:
    """Return lots sold by each sector (rows) to each sector (columns).

    Parameters
    ----------
    fills : Fills
    sector : (accounts,) int64
        Sector of every account.
    sectors : int
    """
    flows = np.zeros((sectors, sectors), np.int64)
    np.add.at(flows, (sector[fills.seller], sector[fills.buyer]), fills.quantity)
    return flows


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
