"""Continuous double auction: orders arrive one by one and trade at the price of the order that stood there.

Price-time priority, as on most exchanges; see Harris (2003), Trading and exchanges, Oxford University Press, ch. 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.market.matching import Meetings, meet
from tanshi.market.orders import Orders, own_crossing
from tanshi.market.venue import Clearing, Fills, Venue


@dataclass(frozen=True)
class ContinuousAuction(Venue):
    """Match each order on arrival with the best standing ones; what is left of it stands.

    The maker's price is paid: that of the order which stood first. Fills come in the sequence in which they
    happened. The price of a clearing is the volume-weighted mean of its trades; its interval is what stands at the
    end, best bid and best ask. Orders with which an account would trade with itself are refused.
    """

    def clear(self, orders: Orders, rng: np.random.Generator | None = None) -> Clearing:
        """Match the book; orders must have passed `tanshi.market.orders.screen`."""
        own = own_crossing(orders)
        if not own.any():
            return outcome(orders, orders, None, meet(orders), {})
        kept = np.flatnonzero(~own)
        admitted = orders.take(kept)
        return outcome(orders, admitted, kept, meet(admitted), {"own orders cross": int(own.sum())})


def outcome(
    orders: Orders, admitted: Orders, kept: np.ndarray[tuple[int], np.dtype[np.int64]] | None, met: Meetings,
    refused: dict[str, int],
) -> Clearing:  # fmt: skip
    """Turn meetings of the admitted orders into the clearing of the whole book, at the makers' prices.

    Parameters
    ----------
    orders : Orders
        All that were sent; `admitted` are their rows `kept` (None: all).
    met : Meetings
        Of the admitted orders.
    refused : dict
        Reasons the venue refused the others for.
    """
    buying = admitted.side[met.taker] > 0
    buyer = np.where(buying, met.taker, met.maker)
    seller = np.where(buying, met.maker, met.taker)
    price = admitted.price[met.maker]
    fills = Fills(admitted.account[buyer], admitted.account[seller], met.lots, price)
    filled = admitted.quantity - met.left
    if kept is not None:
        filled, part = np.zeros(len(orders), np.int64), filled
        filled[kept] = part
    mean = fills.mean_price
    interval = (met.best_bid, met.best_ask)
    indicative = mean if mean is not None else _middle(*interval)
    return Clearing(mean, int(met.lots.sum()), fills, interval, indicative, filled, refused)


def _middle(bid: int | None, ask: int | None) -> int | None:
    if bid is None or ask is None:
        return ask if bid is None else bid
    return (bid + ask) // 2
