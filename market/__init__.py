"""A carbon market as a library: firms of one's own, venues, a registry, and the competitive benchmark.

    from tanshi.market import Market, linear_curves, solve

    curves = linear_curves(baseline=[120, 120], slope=[2, 1], names=["A", "B"])
    day = Market(curves, allocation=[60, 60], venue="call_auction").trade()
    day.price, day.trades, solve(curves, cap=[120, 100], rate=0.05)

Inside everything is a whole number: prices in ticks, quantities in lots, allowances in registry units, cash in
tick x unit. The room knows arrays only, no scenario file, no agent and no economy.

What is listed here is public: it keeps its name and meaning within a minor version, and is announced in the change log
one minor version before it goes. What is not listed may change at any time.
"""

from __future__ import annotations

from tanshi.market.call_auction import CallAuction
from tanshi.market.competitive import Benchmark, solve
from tanshi.market.continuous import ContinuousAuction
from tanshi.market.curves import CurveError, Curves, linear_curves, step_curves
from tanshi.market.live_book import OrderBook, Trade
from tanshi.market.orders import OrderError, Orders, from_yuan, screen
from tanshi.market.registry import Registry
from tanshi.market.trading import Market, Session
from tanshi.market.venue import Clearing, Fills, Venue
from tanshi.market.venues import VENUES, Day, VenueError, open_venue

__all__ = [
    "VENUES",
    "Benchmark",
    "CallAuction",
    "Clearing",
    "ContinuousAuction",
    "CurveError",
    "Curves",
    "Day",
    "Fills",
    "Market",
    "OrderBook",
    "OrderError",
    "Orders",
    "Registry",
    "Session",
    "Trade",
    "Venue",
    "VenueError",
    "from_yuan",
    "linear_curves",
    "open_venue",
    "screen",
    "solve",
    "step_curves",
]
