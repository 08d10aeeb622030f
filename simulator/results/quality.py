"""How well a run's market worked, year by year: price, liquidity, concentration and the network of its trades."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tanshi.market.network import centralities, concentrations, trade_graph
from tanshi.market.orders import Ints
from tanshi.market.quality import amihud, roll, volatility
from tanshi.market.venue import Fills
from tanshi.simulator.results.tables import RunResult

MOST_STARTS = 300
"""Traders from which shortest paths are followed; of a larger network they are drawn."""

MEASURES: Mapping[str, str] = {
    "efficiency": "gains from trade realised, part of the largest possible at the orders' limits, mean by volume",
    "spread": "best ask less best bid over their middle, mean of the periods",
    "volatility": "standard deviation of the change of the log price, a year",
    "roll_spread": "effective spread after Roll (1984), yuan/t; empty where prices trend",
    "amihud": "illiquidity after Amihud (2002): mean of |return| over turnover, per billion yuan",
    "traders": "firms and others that traded",
    "pairs": "pairs of seller and buyer that traded",
    "hhi_buyers": "Herfindahl-Hirschman index of what buyers bought, 0 to 1",
    "hhi_sellers": "Herfindahl-Hirschman index of what sellers sold, 0 to 1",
    "hhi_pairs": "Herfindahl-Hirschman index of what pairs exchanged, 0 to 1",
    "hub": "the trader through whom most shortest paths lead; empty where no path leads through anybody",
    "betweenness": "part of the shortest paths that lead through it",
}
"""Columns of `yearly_quality` with what they say."""


def fills_of(trades: pd.DataFrame) -> Fills:
    """Fills of a table of trades: prices in hundredths of a yuan, quantities in tonnes."""
    seller, buyer = (_whole(trades[name]) for name in ("seller", "buyer"))
    return Fills(buyer, seller, _whole(trades["quantity_t"]), _whole(100.0 * trades["price"]))


def yearly_quality(result: RunResult) -> pd.DataFrame:
    """The market's measures, a row a year, columns `MEASURES`.

    Volatility, Roll's spread and Amihud's measure look at the prices of the year's periods and the last before them.
    What a run does not record, such as the spread of a market without orders, is empty.
    """
    periods = result.periods.sort_values("period", kind="stable")
    rows: dict[int, dict[str, object]] = {}
    before: list[float] = []
    for year in sorted(int(y) for y in periods["year"].unique()):
        these = periods[periods["year"] == year]
        prices = np.array([*before, *these["price"].to_numpy(float)])
        money = np.array([0.0] * len(before) + these["turnover_yuan"].to_numpy(float).tolist())
        fills = fills_of(result.trades[result.trades["year"] == year])
        rows[year] = {**_prices(prices, money, len(these)), **_orders(these), **_network(fills)}
        before = [float(prices[-1])]
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(MEASURES)).rename_axis("year")


def _whole(column: pd.Series) -> Ints:
    return np.asarray(np.rint(column.to_numpy(float)), np.int64)


def _prices(prices: np.ndarray, money: np.ndarray, per_year: int) -> dict[str, object]:
    if not (prices > 0).all():  # a price of nothing has no return
        return {}
    return {
        "volatility": volatility(prices, per_year),
        "roll_spread": roll(prices),
        "amihud": 1e9 * amihud(prices, money),
    }


def _orders(periods: pd.DataFrame) -> dict[str, object]:
    found: dict[str, object] = {}
    if "efficiency" in periods:
        known = periods[periods["efficiency"].notna() & (periods["volume_t"] > 0)]
        if len(known):
            found["efficiency"] = float(np.average(known["efficiency"], weights=known["volume_t"]))
    if "spread" in periods:
        found["spread"] = float(periods["spread"].mean())
    return found


def _network(fills: Fills) -> dict[str, object]:
    if not len(fills):
        return {"traders": 0, "pairs": 0}
    graph = trade_graph(fills)
    between = centralities(graph, sample=MOST_STARTS)["betweenness"]
    hub = max(between, key=lambda trader: (between[trader], -trader))
    middle = {"hub": hub, "betweenness": between[hub]} if between[hub] > 0 else {}
    shares = {f"hhi_{who}": value for who, value in concentrations(fills).items()}
    return {"traders": len(graph), "pairs": graph.number_of_edges(), **shares, **middle}
