"""Who stands for a wider market in the province's venue: a price that is always on offer, or the rest of a nation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tanshi.agents.strategies.schedule import step_orders
from tanshi.market.orders import BUY, SELL, Floats, Ints, Orders

FIRST = 0
"""Time of arrival of orders from outside: they stand when the others come, who need not deal on worse terms."""
PRICE_STEP = 100.0
"""Yuan/t at which `response` is told."""


@dataclass(frozen=True)
class RestOfNation:
    """What the firms beyond the province emit in a year at a price.

    Every 100 yuan/t take away the same part of what is left, so that the marginal cost of the first tonne abated is 0
    and that of the last has no bound: E(p) = E(0) (1 - response)^(p / 100).

    Attributes
    ----------
    freely : float
        Mt a year at no price.
    cap : float
        Allowances they are given, Mt a year.
    response : float
        Part of their emissions that 100 yuan/t take away, above 0 and below 1.

    Examples
    --------
    >>> RestOfNation(1000.0, 950.0, 0.05).emissions(100.0)
    950.0
    """

    freely: float
    cap: float
    response: float

    @property
    def _rate(self) -> float:
        return -math.log1p(-self.response) / PRICE_STEP

    def emissions(self, price: float) -> float:
        """Mt a year at a price, yuan/t."""
        return self.freely * math.exp(-self._rate * price)

    def slope(self, price: float) -> float:
        """Their change with the price, Mt per yuan/t."""
        return -self._rate * self.emissions(price)


def price_taking_orders(book: Orders, account: int, price: int, lowest: int) -> Orders:
    """Stand ready to sell at a price, and to buy a tick below it, as much as others may want.

    Others then trade at that price among themselves and with the outside, whatever they bring: it is the price of a
    market beside which theirs is small. A tick lies between the two sides, since nobody trades with itself.

    Parameters
    ----------
    book
        All other orders.
    price, lowest
        Ticks; the lowest admissible price is above the purchase's only where the price itself is that low. Then only
        one side is quoted, the one that is asked for more; it buys what others leave, so that none of them goes short.
    """
    buys = book.side == BUY
    wanted = int(book.quantity[buys & (book.price >= price)].sum())
    below = max(price - 1, lowest)
    offered = int(book.quantity[~buys & (book.price <= below)].sum())
    if below >= price:
        wanted, offered = (wanted, 0) if wanted >= offered else (0, offered - wanted)
    quotes = [(SELL, price, wanted), (BUY, below, offered)]
    rows = [(account, side, limit, lots, FIRST) for side, limit, lots in quotes if lots > 0]
    if not rows:
        return Orders.empty()
    owner, side, limit, lots, time = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Orders(owner, side.astype(np.int8), limit, lots, time)


def curve_orders(wanted: Floats, held: int, account: int, levels: Ints, lot: float) -> Orders:
    """Turn what the rest of the nation wants at each level of price into limit orders.

    Parameters
    ----------
    wanted : (levels,) float
        Tonnes it wants to buy, sales negative.
    held
        Tonnes it can deliver.
    levels : (levels,) int64
        Ticks, ascending.
    """
    lots = np.rint(np.maximum(wanted, -float(held)) / lot).astype(np.int64)
    lots = np.maximum(np.minimum.accumulate(lots), -int(held // lot))
    level = levels[:, None]
    return step_orders(np.array([account]), lots[:, None], level, level, np.array([FIRST]))
