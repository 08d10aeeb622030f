"""Price levels met one by one: the inner loop of every venue where orders arrive one after another.

What an order meets depends on all orders before it, so this one loop cannot be an array operation. It is written
once, in plain Python; Numba compiles it, and the same statements give the same fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tanshi.market.orders import Ints, Mask, Orders
from tanshi.market.sides import ascending
from tanshi.numerics.compiled import compiled

EVERY = 1 << 62


@dataclass(frozen=True)
class Meetings:
    """What came of a sequence of orders, in the order in which it happened.

    Attributes
    ----------
    taker, maker : (m,) int64
        Rows of the arriving and of the standing order.
    lots : (m,) int64
    left : (n,) int64
        Lots of each order that found nobody.
    withdrawn : (n,) bool
        Whether these were taken back because they still crossed orders out of sight.
    best_bid, best_ask : int | None
        Ticks, of what still stands.
    """

    taker: Ints
    maker: Ints
    lots: Ints
    left: Ints
    withdrawn: Mask
    best_bid: int | None
    best_ask: int | None


def meet(orders: Orders, visible: int = EVERY, preference: Ints | None = None) -> Meetings:
    """Let orders arrive one after another; each takes from the other side's best levels, then stands itself.

    Parameters
    ----------
    orders : Orders
        Screened; they arrive by time, by row at equal time.
    visible : int
        Price levels of the other side that an order may take from as it arrives.
    preference : (n,) int64 | None
        Who is taken first at one price, the smallest value; by default the order that stood first.
    """
    n = len(orders)
    if not n:
        none = np.zeros(0, np.int64)
        return Meetings(none, none, none, none, np.zeros(0, np.bool_), None, None)
    low = int(orders.price.min())
    span = int(orders.price.max()) - low + 1
    # Levels are ticks above the lowest price, or ranks of distinct prices where ticks would be too many.
    ladder = None if span <= 4 * n + 4096 else np.unique(orders.price)
    level = orders.price - low if ladder is None else np.searchsorted(ladder, orders.price)
    levels = span if ladder is None else len(ladder)
    sequence: Ints | None = None
    columns = [orders.side.astype(np.int64), level, orders.quantity]
    if (np.diff(orders.time) < 0).any():
        sequence = ascending(orders.time - orders.time.min())[0]
        columns = [column[sequence] for column in columns]
    turn = np.arange(n) if preference is None else preference if sequence is None else preference[sequence]
    width = (levels >> 6) + 1
    work = [
        np.full(2 * levels, -1), np.full(2 * levels, -1), np.full(n, -1), np.zeros(n, np.int64),
        np.zeros(2 * width, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    ]  # fmt: skip
    side, level, quantity = columns
    count, bid, ask = meet_all(side, level, quantity, turn, levels, width, visible, *work)
    _, _, _, left, _, taker, maker, lots, gone = work
    taker, maker, lots = taker[:count], maker[:count], lots[:count]
    if sequence is not None:
        taker, maker = sequence[taker], sequence[maker]
        left, gone = _unsorted(left, sequence), _unsorted(gone, sequence)
    prices = [None if not 0 <= at < levels else low + at if ladder is None else int(ladder[at]) for at in (bid, ask)]
    return Meetings(taker, maker, lots, left, gone.astype(np.bool_), prices[0], prices[1])


def _unsorted(values: Ints, sequence: Ints) -> Ints:
    result = np.empty_like(values)
    result[sequence] = values
    return result


@compiled
def meet_all(
    side: Any,
    level: Any,
    quantity: Any,
    turn: Any,
    levels: int,
    width: int,
    visible: int,
    head: Any,
    tail: Any,
    after: Any,
    left: Any,
    crowd: Any,
    taker: Any,
    maker: Any,
    lots: Any,
    gone: Any,
) -> tuple[int, int, int]:
    """Meet the orders; return the number of meetings and the levels of the best bid and ask left standing.

    `head` and `tail` hold the first and last order of each level's queue, bids at l, asks at levels + l; `after`
    the next in the queue; `crowd` the number of occupied levels among 64, so that empty ones are skipped in bulk.
    """
    count = 0
    bid = -1
    ask = levels
    for row in range(len(side)):
        want = quantity[row]
        limit = level[row]
        seen = 0
        if side[row] > 0:
            while want > 0 and ask <= limit and seen < visible:
                seen += 1
                other = head[levels + ask]
                while want > 0 and other >= 0:
                    part = left[other]
                    taker[count] = row
                    maker[count] = other
                    if part > want:
                        lots[count] = want
                        left[other] = part - want
                        want = 0
                    else:
                        lots[count] = part
                        left[other] = 0
                        want -= part
                        other = after[other]
                    count += 1
                head[levels + ask] = other
                if other < 0:
                    crowd[width + (ask >> 6)] -= 1
                    ask += 1
                    while ask < levels and head[levels + ask] < 0:
                        if ask & 63 == 0 and crowd[width + (ask >> 6)] == 0:
                            ask += 64
                        else:
                            ask += 1
                    if ask > levels:
                        ask = levels
            if want > 0 and ask <= limit:
                gone[row] = 1
        else:
            while want > 0 and bid >= limit and seen < visible:
                seen += 1
                other = head[bid]
                while want > 0 and other >= 0:
                    part = left[other]
                    taker[count] = row
                    maker[count] = other
                    if part > want:
                        lots[count] = want
                        left[other] = part - want
                        want = 0
                    else:
                        lots[count] = part
                        left[other] = 0
                        want -= part
                        other = after[other]
                    count += 1
                head[bid] = other
                if other < 0:
                    crowd[bid >> 6] -= 1
                    bid -= 1
                    while bid >= 0 and head[bid] < 0:
                        if bid & 63 == 63 and crowd[bid >> 6] == 0:
                            bid -= 64
                        else:
                            bid -= 1
                    if bid < -1:
                        bid = -1
            if want > 0 and bid >= limit:
                gone[row] = 1
        left[row] = want
        if want == 0 or gone[row] == 1:
            continue
        place = limit if side[row] > 0 else levels + limit
        first = head[place]
        if first < 0:
            head[place] = row
            tail[place] = row
            if side[row] > 0:
                crowd[limit >> 6] += 1
                if limit > bid:
                    bid = limit
            else:
                crowd[width + (limit >> 6)] += 1
                if limit < ask:
                    ask = limit
        elif turn[tail[place]] <= turn[row]:
            after[tail[place]] = row
            tail[place] = row
        elif turn[row] < turn[first]:
            after[row] = first
            head[place] = row
        else:
            while turn[after[first]] <= turn[row]:
                first = after[first]
            after[row] = after[first]
            after[first] = row
    return count, bid, ask
