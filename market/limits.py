"""What an exchange admits: price limits around the last close, and sizes of orders."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tanshi.market.orders import Mask, Orders, own_crossing


@dataclass(frozen=True)
class Limits:
    """The day's admissible prices and sizes, all ends included.

    Attributes
    ----------
    lowest, highest : int
        Ticks.
    smallest, largest : int | None
        Lots; None for no bound.
    """

    lowest: int
    highest: int
    smallest: int | None = None
    largest: int | None = None

    @staticmethod
    def around(close: int, share: float, smallest: int | None = None, largest: int | None = None) -> Limits:
        """Return the limits of a share above and below the previous close, rounded inward to the tick.

        Parameters
        ----------
        close : int
            Previous close in ticks.
        share : float
            0.1 for 10 %.

        Examples
        --------
        A previous close of 52.78 yuan and 10 %:

        >>> Limits.around(5278, 0.1)
        Limits(lowest=4751, highest=5805, smallest=None, largest=None)
        """
        # The slack keeps a limit that is on tick there, whatever the product does to its last digit.
        lowest = math.ceil(close * (1 - share) - 1e-9 * close)
        highest = math.floor(close * (1 + share) + 1e-9 * close)
        return Limits(max(lowest, 0), max(highest, lowest, 0), smallest, largest)

    def sift(self, orders: Orders) -> tuple[Mask, dict[str, int]]:
        """Return which orders are admitted and how many are refused for which reason, each under its first fault.

        Orders with which an account would trade with itself are refused too, among those otherwise admitted.
        """
        good = np.ones(len(orders), np.bool_)
        refused: dict[str, int] = {}
        faults = [
            ("below the price limit", orders.price < self.lowest),
            ("above the price limit", orders.price > self.highest),
        ]
        if self.smallest is not None:
            faults.append(("smaller than the venue admits", orders.quantity < self.smallest))
        if self.largest is not None:
            faults.append(("larger than the venue admits", orders.quantity > self.largest))
        for reason, fault in faults:
            count = int((good & fault).sum())
            if count:
                refused[reason] = count
                good &= ~fault
        rows = np.flatnonzero(good)
        own = own_crossing(orders.take(rows) if refused else orders)
        if own.any():
            refused["own orders cross"] = int(own.sum())
            good[rows[own]] = False
        return good, refused


def special_quotation(close: int, bid: int | None, ask: int | None) -> int:
    """Return the close, in ticks, of a day on which nothing was traded: the best order beyond the previous one.

    Where prices may move so far in a day and no further, news may leave buyers without sellers, or sellers without
    buyers: nobody trades, and a close that only trades move would keep the next day's limits where they were. The
    Korea Exchange takes the highest bid above the day's base price, or the lowest offer below it, for the close
    (special quotation; Korea Exchange, stock market, trading rules). Both at once cannot be: they would trade.

    Parameters
    ----------
    close : int
        Previous close.
    bid, ask : int or None
        Best orders left; None without any.

    Examples
    --------
    >>> special_quotation(5278, 5805, None), special_quotation(5278, 5100, 5400), special_quotation(5278, None, 4751)
    (5805, 5278, 4751)
    """
    if bid is not None and bid > close:
        return bid
    return ask if ask is not None and ask < close else close
