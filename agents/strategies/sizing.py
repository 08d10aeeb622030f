"""Orders of the sizes a venue admits: large ones in parts, small ones put together."""

from __future__ import annotations

import numpy as np

from tanshi.market.orders import Orders


def in_parts(orders: Orders, largest: int) -> Orders:
    """Divide orders above a size into as few parts as possible, of sizes as equal as whole lots can be.

    Parameters
    ----------
    orders : Orders
    largest : int
        Lots, at least 1.

    Returns
    -------
    Orders, the parts of an order in sequence and in its place.
    """
    if largest < 1:
        raise ValueError(f"order parts: the largest admitted order is {largest} lots, expected at least 1")
    parts = -(-orders.quantity // largest)
    if (parts <= 1).all():
        return orders
    rows = np.repeat(np.arange(len(orders)), parts)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(parts) - parts, parts)
    whole, more = np.divmod(orders.quantity, np.maximum(parts, 1))
    quantity = whole[rows] + (place < more[rows])
    return Orders(orders.account[rows], orders.side[rows], orders.price[rows], quantity, orders.time[rows])


def as_blocks(orders: Orders, smallest: int) -> Orders:
    """Put each account's orders of one side together into one block, or none if too small.

    The block is the better half of the account's schedule, at the worst price of that half: every lot in it is worth
    at least its limit, so nobody trades at a loss. Assumed: a party comes to a negotiation with one amount.
    """
    found = []
    for side in (1, -1):
        rows = np.flatnonzero(orders.side == side)
        if not len(rows):
            continue
        rows = rows[np.lexsort((-side * orders.price[rows], orders.account[rows]))]
        account, lots = orders.account[rows], orders.quantity[rows]
        first = np.flatnonzero(np.diff(account, prepend=-1))
        group = np.cumsum(np.diff(account, prepend=-1) != 0) - 1
        total = np.add.reduceat(lots, first)
        upto = np.cumsum(lots)
        upto = upto - (upto[first] - lots[first])[group]
        last = np.flatnonzero((2 * upto >= total[group]) & (2 * (upto - lots) < total[group]))
        enough = upto[last] >= smallest
        at = rows[last[enough]]
        found.append(Orders(orders.account[at], orders.side[at], orders.price[at], upto[last[enough]], orders.time[at]))
    return Orders.join(found)
