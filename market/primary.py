"""Rules of government's own auctions within a venue: who may buy how much of it, and that all of it is sold or none.

Government's allowances and firms' stand in one book at one price, so at that price it does not matter who is served by
whom. A limit on bidders matters where what they want beyond it is more than firms sell: then these bids are cut to what
each may buy of government and its part of what firms sell, and the book is cleared anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tanshi.market.apportion import apportion
from tanshi.market.limits import Limits
from tanshi.market.orders import BUY, SELL, Ints, Mask, Orders
from tanshi.market.venue import Clearing, Fills, Venue
from tanshi.market.vintages import paired

ROUNDS = 30
"""Times that bids are cut; after them nobody buys beyond its limit, of firms neither."""


@dataclass(frozen=True)
class PrimaryAuction(Venue):
    """A venue of one price in which some accounts sell by rules of their own.

    Attributes
    ----------
    main : Venue
        One that clears at one price for all.
    sellers : (sellers,) int64
        Accounts of government.
    most : (accounts,) int64 | None
        Lots that each account may buy of them; None: any number. Guangdong 2017: half of the amount for one bidder.
    whole : int
        Lots that have to be sold together, or none are (New Zealand, where bids at the reserve price fall short of the
        amount); 0: any part may be sold.
    """

    main: Venue
    sellers: Ints
    most: Ints | None = None
    whole: int = 0

    @property
    def limits(self) -> Limits | None:
        """Admissible prices and sizes of the main venue."""
        return getattr(self.main, "limits", None)

    def indicate(self, orders: Orders, rng: np.random.Generator | None = None) -> int | None:
        """Return the price that `clear` finds."""
        return self.clear(orders, rng).pointed

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Clear the book with bids cut to their limits where these bind, and without the sellers where they decline."""
        state = None if rng is None else rng.bit_generator.state
        mine = (orders.side == SELL) & np.isin(orders.account, self.sellers)

        def cleared(book: Orders) -> Clearing:
            if rng is not None and state is not None:
                rng.bit_generator.state = state
            return _without_empty(self.main, book, rng)

        found = cleared(orders)
        if not mine.any():
            return found
        if self.most is not None:
            upto = np.full(len(self.most), np.iinfo(np.int64).max)
            for left in reversed(range(ROUNDS)):
                beyond = np.maximum(self._bought(found.fills) - self.most, 0)
                others = found.volume - self._sold(found)
                if int(beyond.sum()) <= others:
                    break
                part = apportion(others if left else 0, beyond)
                upto = np.where(beyond > 0, self.most + part, upto)
                found = cleared(_cut(orders, orders.side == BUY, upto))
        if self.whole and self._sold(found) < self.whole:
            return cleared(replace(orders, quantity=np.where(mine, 0, orders.quantity)))
        return replace(found, fills=self._within(found.fills))

    def _sold(self, cleared: Clearing) -> int:
        """Lots that the sellers have sold."""
        return int(cleared.fills.quantity[self._theirs(cleared.fills)].sum())

    def _theirs(self, fills: Fills) -> Mask:
        return np.isin(fills.seller, self.sellers)

    def _bought(self, fills: Fills) -> Ints:
        """Lots that each account has bought of anybody, (accounts,)."""
        return np.bincount(fills.buyer, fills.quantity, 0 if self.most is None else len(self.most)).astype(np.int64)

    def _within(self, fills: Fills) -> Fills:
        """The same trades, each account served by the sellers within its limit: at one price others change places."""
        theirs = self._theirs(fills)
        if self.most is None or not theirs.any():
            return fills
        taken = np.bincount(fills.buyer[theirs], fills.quantity[theirs], len(self.most))
        if (taken <= self.most).all():
            return fills
        bought = self._bought(fills)
        first = apportion(int(fills.quantity[theirs].sum()), np.minimum(bought, self.most))
        pairs = [paired(_by_seller(fills, theirs), first), paired(_by_seller(fills, ~theirs), bought - first)]
        seller, buyer, quantity = (np.concatenate(column) for column in zip(*pairs, strict=True))
        return Fills(buyer, seller, quantity, np.full(len(quantity), int(fills.price[0])))


def _by_seller(fills: Fills, rows: Mask) -> Ints:
    """Lots that each account sells in some fills, (accounts,)."""
    return np.bincount(fills.seller[rows], fills.quantity[rows]).astype(np.int64)


def _without_empty(venue: Venue, orders: Orders, rng: np.random.Generator | None) -> Clearing:
    """Clear the orders of a book that want anything."""
    kept = np.flatnonzero(orders.quantity > 0)
    if len(kept) == len(orders):
        return venue.clear(orders, rng)
    cleared = venue.clear(orders.take(kept), rng)
    filled = np.zeros(len(orders), np.int64)
    filled[kept] = cleared.filled
    return replace(cleared, filled=filled)


def _cut(orders: Orders, bids: Mask, upto: Ints) -> Orders:
    """The same book with bids of at most so many lots of each account, its highest."""
    rows = np.flatnonzero(bids & (orders.account < len(upto)))
    rows = rows[np.lexsort((-orders.price[rows], orders.account[rows]))]
    account, quantity = orders.account[rows], orders.quantity.copy()
    before = np.cumsum(quantity[rows]) - quantity[rows]
    before -= before[np.searchsorted(account, account)]
    quantity[rows] = np.clip(upto[account] - before, 0, quantity[rows])
    return replace(orders, quantity=quantity)
