"""Blocks beside the main venue: large amounts are agreed between two parties, the rest is traded as usual.

In China's national market listed agreements and block agreements (大宗协议交易) run side by side, and blocks are 80 to
88 % of the volume. Here who trades much brings a part of it to a block, at the price that the market points to; what
finds no partner, and all that is smaller, goes to the main venue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tanshi.market.block import BlockAgreement
from tanshi.market.limits import Limits
from tanshi.market.orders import Ints, Orders
from tanshi.market.venue import Clearing, Fills, Venue


@dataclass(frozen=True)
class SideBySide(Venue):
    """A main venue, and blocks beside it.

    Blocks are made of what the whole book would trade, each account's best orders first, so what is left of it points
    to the same price.

    Attributes
    ----------
    main : Venue
    blocks : BlockAgreement
    share : float
        Part of what an account trades that it brings to blocks, where that is large enough.
    """

    main: Venue
    blocks: BlockAgreement
    share: float

    @property
    def limits(self) -> Limits | None:
        """Admissible prices and sizes of the main venue."""
        return getattr(self.main, "limits", None)

    def indicate(self, orders: Orders, rng: np.random.Generator | None = None) -> int | None:
        """Return the price that the whole book points to: blocks are agreed at it and do not move it."""
        return self.main.indicate(orders, rng)

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Agree on blocks, then clear the main venue with what is left; block fills come first (`Clearing.blocks`)."""
        state = None if rng is None else rng.bit_generator.state
        whole = self.main.clear(orders, rng)
        pointed, admitted = whole.pointed, self.blocks.limits
        if pointed is None:
            return whole
        price = min(max(pointed, admitted.lowest), admitted.highest)
        served = replace(orders, quantity=whole.filled)
        agreed = self._agreed(served, price)
        if not len(agreed):
            return whole
        taken = np.zeros(len(orders), np.int64)
        for side, account in ((1, agreed.buyer), (-1, agreed.seller)):
            taken += self._taken(served, side, price, np.bincount(account, agreed.quantity).astype(np.int64))
        if rng is not None and state is not None:
            rng.bit_generator.state = state
        rest = replace(orders, quantity=orders.quantity - taken)
        kept = np.flatnonzero(rest.quantity > 0)
        cleared = _at(self.main.clear(rest.take(kept), rng), pointed)
        filled = taken
        filled[kept] += cleared.filled
        return replace(
            cleared,
            price=pointed if cleared.price is None else cleared.price,
            volume=cleared.volume + int(agreed.quantity.sum()),
            fills=_joined(agreed, cleared.fills),
            filled=filled,
            indicative=pointed,
            blocks=len(agreed),
        )

    def _agreed(self, orders: Orders, price: int) -> Fills:
        """Who meets whom for how much: the parties' shares of what they would trade, if large enough."""
        smallest = self.blocks.limits.smallest or 1
        books = []
        for side in (1, -1):
            good = (orders.side == side) & (side * (orders.price - price) >= 0)
            account = orders.account[good]
            if not len(account):
                return Fills.none()
            amount = np.floor(self.share * np.bincount(account, orders.quantity[good]) + 1e-9).astype(np.int64)
            who = np.flatnonzero(amount >= smallest)
            first = np.full(len(amount), np.iinfo(np.int64).max)
            np.minimum.at(first, account, orders.time[good])
            sides = np.full(len(who), side, np.int8)
            books.append(Orders(who, sides, np.full(len(who), price), amount[who], first[who]))
        return self.blocks.clear(Orders.join(books)).fills

    @staticmethod
    def _taken(orders: Orders, side: int, price: int, wanted: Ints) -> Ints:
        """Take what accounts have agreed on off their orders of a side, the best prices first; (orders,) lots."""
        taken = np.zeros(len(orders), np.int64)
        rows = np.flatnonzero((orders.side == side) & (side * (orders.price - price) >= 0))
        rows = rows[orders.account[rows] < len(wanted)]
        if not len(rows):
            return taken
        rows = rows[np.lexsort((-side * orders.price[rows], orders.account[rows]))]
        account, quantity = orders.account[rows], orders.quantity[rows]
        before = np.cumsum(quantity) - quantity
        before -= before[np.searchsorted(account, account)]
        taken[rows] = np.clip(wanted[account] - before, 0, quantity)
        return taken


def _at(cleared: Clearing, price: int) -> Clearing:
    """The clearing of what was left, at the price of the whole book where that balances it as well as its own."""
    low, high = cleared.interval
    inside = (low is None or low <= price) and (high is None or price <= high)
    fills = cleared.fills
    if fills.proceeds is not None or not inside or not (fills.price == cleared.price).all():
        return cleared
    return replace(cleared, price=price, fills=replace(fills, price=np.full_like(fills.price, price)))


def _joined(first: Fills, then: Fills) -> Fills:
    buyer, seller, quantity, price = (
        np.concatenate((getattr(first, name), getattr(then, name))) for name in ("buyer", "seller", "quantity", "price")
    )
    proceeds = None if then.proceeds is None else np.concatenate((first.price, then.proceeds))
    return Fills(buyer, seller, quantity, price, proceeds)
