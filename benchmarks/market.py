"""Side by side: our venues against open order books, the same orders in the same process.

100,000 orders with normally distributed limits, about a fifth of each side beyond the other's middle, arriving one by
one. Ours take the book as arrays and return fills as arrays; the others take one order at a time, which is how they are
used. Every peer that is installed is timed, and its volume must equal ours.

Peers: ``pip install cython-orderbook limit-order-book litebook lightmatchingengine`` (any of them; no dependency of the
project). Run from the project's folder: ``OMP_NUM_THREADS=1 python -m benchmarks.market``. One thread, processor time,
the best of several repeats, compilation left out.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from tanshi.market.block import BlockAgreement
from tanshi.market.call_auction import CallAuction
from tanshi.market.continuous import ContinuousAuction
from tanshi.market.listed import ListedAgreement
from tanshi.market.mcafee import TradeReduction
from tanshi.market.one_way import OneWayAuction
from tanshi.market.orders import Orders
from tanshi.market.registry import Registry
from tanshi.market.venue import Venue
from tanshi.simulator.machine.memory import keep_memory

NUMBER, CLOSE = 100_000, 6000


def book(accounts: int, lots: int = 1000) -> Orders:
    """Limits around the close, 60 yuan; each account sends as many orders as it takes."""
    rng = np.random.default_rng(1)
    side = np.where(rng.random(NUMBER) < 0.5, 1, -1)
    price = np.rint(CLOSE + rng.normal(0, 200, NUMBER) - 100 * side).astype(np.int64)
    account = np.arange(NUMBER) if accounts == NUMBER else rng.integers(0, accounts, NUMBER)
    return Orders(account, side.astype(np.int8), price, rng.integers(1, lots, NUMBER), np.arange(NUMBER))


def best(work: Callable[[], Any], repeats: int) -> float:
    """Shortest of several runs, seconds of processor time."""
    times = []
    gc.disable()
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    gc.enable()
    return min(times)


# Each peer: rows (side, price in ticks, lots) -> lots traded.


def cython_orderbook(rows: list[tuple[int, int, int]]) -> int:
    peer = importlib.import_module("cython_orderbook")
    engine, sides = peer.OrderBook(), {1: peer.OrderSide.BID, -1: peer.OrderSide.ASK}
    orders = [peer.Order(side=sides[s], price=Decimal(p), original_quantity=q) for s, p, q in rows]
    for order in orders:
        engine.add_limit_order(order)
    return -1  # keeps its trades to itself


def limit_order_book(rows: list[tuple[int, int, int]]) -> int:
    peer = importlib.import_module("limit_order_book").LimitOrderBook()
    for number, (side, price, lots) in enumerate(rows):
        (peer.limit_buy if side > 0 else peer.limit_sell)(number + 1, lots, price)
    return -1  # keeps its trades to itself


def litebook(rows: list[tuple[int, int, int]]) -> int:
    peer = importlib.import_module("litebook")
    engine, kinds, traded = peer.OrderBook(tick_size=1.0), {1: peer.OrderType.Buy, -1: peer.OrderType.Sell}, 0.0
    for side, price, lots in rows:
        fills = engine.add(engine.create_order(kinds[side], price=float(price), quantity=float(lots)))
        traded += sum(fill.quantity for fill in fills)
    return round(traded)


def lightmatchingengine(rows: list[tuple[int, int, int]]) -> int:
    peer = importlib.import_module("lightmatchingengine.lightmatchingengine")
    engine, sides, traded = peer.LightMatchingEngine(), {1: peer.Side.BUY, -1: peer.Side.SELL}, 0
    for side, price, lots in rows:
        _, trades = engine.add_order("CEA", price, lots, sides[side])
        traded += sum(trade.trade_qty for trade in trades if trade.trade_side == sides[side])
    return int(traded)


PEERS = (cython_orderbook, limit_order_book, litebook, lightmatchingengine)


def main() -> None:
    keep_memory()
    one_each, repeated = book(NUMBER), book(2000)
    rng = np.random.default_rng(2)
    venues: list[tuple[str, Venue, Orders]] = [
        ("call auction, pro rata", CallAuction(ties="pro_rata"), one_each),
        ("call auction, price-time", CallAuction(), one_each),
        ("call auction, price-time, 2,000 accounts", CallAuction(), repeated),
        ("trade reduction (McAfee)", TradeReduction(), one_each),
        ("continuous auction", ContinuousAuction(), one_each),
        ("continuous auction, 2,000 accounts", ContinuousAuction(), repeated),
        ("listed agreement, any maker", ListedAgreement(CLOSE), one_each),
        ("block agreement, blocks", BlockAgreement(CLOSE), book(NUMBER, 1_000_000)),
        ("one-way auction", OneWayAuction(), one_each),
    ]
    print(f"{NUMBER:,} orders, one thread, processor time, best run\n")
    print(f"{'':44}{'ms':>9}{'million orders/s':>18}{'fills':>9}")
    speed = {}
    for name, venue, orders in venues:
        fills = len(venue.clear(orders, rng).fills)  # compiles, where there is something to compile
        seconds = best(lambda v=venue, o=orders: v.clear(o, rng), 60)  # type: ignore[misc]
        speed[name] = NUMBER / seconds
        print(f"{name:44}{1e3 * seconds:9.2f}{speed[name] / 1e6:18.2f}{fills:9,}")

    cleared = CallAuction().clear(one_each)
    registry = Registry(NUMBER, 2023, 3)
    registry.issue(np.arange(NUMBER), np.full(NUMBER, 10**7), 2023)
    registry.issue(np.arange(NUMBER), np.full(NUMBER, 10**7), 2024)
    seconds = best(lambda: registry.settle(cleared.fills), 7)
    rate = len(cleared.fills) / seconds / 1e6
    print(f"{'registry: settling these fills, two vintages':44}{1e3 * seconds:9.2f}{rate:11.2f} (fills)")

    rows = list(zip(one_each.side.tolist(), one_each.price.tolist(), one_each.quantity.tolist(), strict=True))
    volume = ContinuousAuction().clear(one_each).volume
    ours = speed["continuous auction"]
    print(f"\n{'continuous auction, peers':44}{'ms':>9}{'million orders/s':>18}{'ours is':>10}")
    for peer in PEERS:
        if importlib.util.find_spec(peer.__name__) is None:
            print(f"{peer.__name__:44}   not installed")
            continue
        traded = peer(rows)
        assert traded in (-1, volume), f"{peer.__name__} trades {traded} lots, we {volume}"
        seconds = best(lambda p=peer: p(rows), 3)  # type: ignore[misc]
        print(f"{peer.__name__:44}{1e3 * seconds:9.1f}{NUMBER / seconds / 1e6:18.3f}{ours * seconds / NUMBER:9.0f}x")


if __name__ == "__main__":
    main()
