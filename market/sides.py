"""The two sides of a book, best price first, and what venues ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tanshi.market.orders import Ints, Orders, accounts_in
from tanshi.numerics.compiled import compiled


@dataclass(frozen=True)
class Side:
    """One side of the book, best price first and by row at equal price.

    `rank` is the distance from the best price in ticks, `total` the cumulated lots.
    """

    rows: Ints
    price: Ints
    rank: Ints
    total: Ints

    @staticmethod
    def of(orders: Orders, rows: Ints, *, descending: bool) -> Side:
        """Return the side made of some rows, bids descending and asks ascending; given order decides at one price."""
        price = orders.price[rows]
        if not len(rows):
            return Side(rows, price, price, price)
        best = int(price.max() if descending else price.min())
        order, rank = ascending(best - price if descending else price - best)
        rows = rows[order]
        return Side(rows, best - rank if descending else best + rank, rank, np.cumsum(orders.quantity[rows]))

    def position(self, lot: int) -> int:
        """Return the place of the order that holds the lot with this number, counted from 1."""
        return int(np.searchsorted(self.total, lot))


def ascending(values: Ints) -> tuple[Ints, Ints]:
    """Return the stable ascending order of non-negative values, and the values in that order."""
    bits = len(values).bit_length()
    if int(values.max()) < 1 << (62 - bits):
        # Sorting values that carry their own row is several times faster than argsort.
        key = (values << bits) | np.arange(len(values))
        key.sort()
        return key & ((1 << bits) - 1), key >> bits
    order = np.argsort(values, kind="stable")
    return order, values[order]


def pooled(orders: Orders, filled: Ints, side: int) -> tuple[Ints, Ints]:
    """Add one side's filled lots up by account.

    Parameters
    ----------
    filled : (n,) int64
        Lots of each order.
    side : int
        BUY or SELL.

    Returns
    -------
    account : (accounts,) int64
        Those with filled lots, in the order in which their best filled orders arrived.
    lots : (accounts,) int64
    """
    accounts = accounts_in(orders)
    total, arrival = total_of(orders.account, orders.side, orders.price, orders.time, filled, side, accounts)
    who = np.flatnonzero(total)
    if len(who):
        who = who[ascending(arrival[who] - arrival[who].min())[0]]
    return who, total[who]


@compiled
def total_of(
    account: Any, side: Any, price: Any, time: Any, filled: Any, mine: int, accounts: int
) -> tuple[Ints, Ints]:
    """Return each account's filled lots on a side, and the arrival of its best, then earliest order among them."""
    total, best, arrival = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    for row in range(len(account)):
        if filled[row] == 0 or side[row] != mine:
            continue
        owner, worth = account[row], mine * price[row]
        better = worth > best[owner] or (worth == best[owner] and time[row] < arrival[owner])
        if total[owner] == 0 or better:
            best[owner], arrival[owner] = worth, time[row]
        total[owner] += filled[row]
    return total, arrival


@compiled
def pair(bought: Any, sold: Any) -> tuple[Ints, Ints, Ints]:
    """Lay both sides' lots along one line and cut it wherever either side changes hands.

    Returns
    -------
    buyer, seller : places in `bought` and `sold`
    quantity : lots of each piece
    """
    most = len(bought) + len(sold)
    buyer, seller, quantity = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    piece, b, s = 0, 0, 0
    wanted = bought[0] if len(bought) else 0
    offered = sold[0] if len(sold) else 0
    while b < len(bought) and s < len(sold):
        part = min(wanted, offered)
        if part > 0:
            buyer[piece], seller[piece], quantity[piece] = b, s, part
            piece += 1
        wanted -= part
        offered -= part
        if wanted == 0:
            b += 1
            wanted = bought[b] if b < len(bought) else 0
        if offered == 0:
            s += 1
            offered = sold[s] if s < len(sold) else 0
    return buyer[:piece], seller[:piece], quantity[:piece]
