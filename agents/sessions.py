"""Market experiments without an economy: traders with private values on one good, many sessions at once in arrays.

The traders are those of the laboratory: buyers with a value and sellers with a cost for one unit each.  ``zi_c`` bids
at random and never at a loss (Gode and Sunder 1993), ``zi_u`` at random, ``truthful`` asks for what the unit is worth.

References
----------
Smith, V. L. (1962), An experimental study of competitive market behavior, Journal of Political Economy 70, 111-137.
Gode, D. K. and Sunder, S. (1993), Allocative efficiency of markets with zero-intelligence traders, Journal of Political
Economy 101, 119-137.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tanshi.agents.strategies.zic import zic_limits
from tanshi.errors import TanshiError
from tanshi.market.call_auction import CallAuction
from tanshi.market.orders import Floats, Ints, Orders
from tanshi.numerics.given import is_whole

TRADERS = ("zi_c", "zi_u", "truthful")
INSTITUTIONS = ("continuous", "call")


class SessionError(TanshiError, ValueError):
    """An experiment that cannot be held; the message names what was expected and what was given."""


@dataclass(frozen=True)
class Sessions:
    """Outcomes of many sessions.

    Attributes
    ----------
    efficiency
        (sessions,) surplus realised over the largest one
    volume
        (sessions,) units traded
    price
        (sessions, trades) prices in the order of trade; NaN where there were fewer
    competitive
        Lowest and highest competitive price
    largest
        Surplus of the competitive equilibrium
    """

    efficiency: Floats
    volume: Ints
    price: Floats
    competitive: tuple[int, int]
    largest: int

    def to_pandas(self) -> pd.DataFrame:
        """A row a session: efficiency, volume, mean price, and the price of the first and of the last trade."""
        traded = np.maximum(self.volume, 1)
        last = self.price[np.arange(len(self.volume)), traded - 1]
        mean = np.where(self.volume > 0, np.nansum(self.price, axis=1) / traded, np.nan)
        return pd.DataFrame(
            {
                "efficiency": self.efficiency,
                "volume": self.volume,
                "price": mean,
                "first": self.price[:, 0],
                "last": last,
            },
            index=pd.RangeIndex(len(self.volume), name="session"),
        )


def hold_sessions(
    values: npt.ArrayLike,
    costs: npt.ArrayLike,
    sessions: int = 100,
    *,
    trader: str = "zi_c",
    institution: str = "continuous",
    offers: int = 2000,
    highest: int | None = None,
    seed: int = 0,
) -> Sessions:
    """Hold many sessions of one market experiment.

    Parameters
    ----------
    values, costs
        Whole price units; one unit each of as many buyers and sellers.
    trader
        ``zi_c``, ``zi_u`` or ``truthful``.
    institution
        ``continuous``: at each turn a random trader makes an offer, which stands if it improves on the
        standing one and trades if it meets the other side's; then both fall. ``call``: every turn all who have not
        traded make an offer, and a call auction clears.
    offers
        Turns of a session (offers, or calls).
    highest
        Largest price; the next hundred above all values and costs when None.
    seed
        Of all draws.

    Raises
    ------
    SessionError
        for unknown traders or institutions, or values that are no whole numbers above 0.

    Examples
    --------
    Smith's first market clears at 2 dollars:

    >>> buyers = list(range(75, 350, 25))
    >>> held = hold_sessions(buyers, buyers, 1, trader="truthful", institution="call", offers=1)
    >>> held.competitive, held.volume.tolist(), held.efficiency.tolist()
    ((200, 200), [6], [1.0])
    """
    for what, given, known in (("trader", trader, TRADERS), ("institution", institution, INSTITUTIONS)):
        if given not in known:
            raise SessionError(
                "{what} {given!r} is unknown; known are {known}", what=what, given=given, known=", ".join(known)
            )
    worth = [_whole(v) for v in (values, costs)]
    for name, one in zip(("values", "costs"), worth, strict=True):
        if one.ndim != 1 or not one.size or one.dtype.kind not in "iu" or (one < 1).any():
            raise SessionError(
                "{name} must be whole numbers of at least 1, one a trader; found {one}", name=name, one=one.tolist()
            )
    for what, count, least in (("sessions", sessions, 1), ("offers", offers, 1), ("seed", seed, 0)):
        if not is_whole(count, least):
            raise SessionError(
                "{what} is {count!r}; a whole number >= {least} is expected", what=what, count=count, least=least
            )
    buyers, sellers = (w.astype(np.int64) for w in worth)
    dearest = int(max(buyers.max(), sellers.max()))
    top = -(-(dearest + 1) // 100) * 100 if highest is None else highest
    if not is_whole(top, dearest):
        raise SessionError(
            "highest is {top!r}; a whole price of at least the largest value or cost, {dearest}, is expected",
            top=top,
            dearest=dearest,
        )
    best = CallAuction().clear(_book(buyers, sellers))
    largest = int((buyers[best.fills.buyer] - sellers[best.fills.seller - buyers.size]).sum())
    if not largest:
        raise SessionError("no buyer's value exceeds a seller's cost: there is nothing to trade")
    rng = np.random.Generator(np.random.Philox(seed))
    hold = _continuous if institution == "continuous" else _calls
    surplus, prices = hold(buyers, sellers, sessions, trader, offers, top, rng)
    low, high = best.interval
    assert low is not None
    assert high is not None
    return Sessions(surplus / largest, np.isfinite(prices).sum(axis=1), prices, (low, high), largest)


def _whole(given: npt.ArrayLike) -> npt.NDArray[Any]:
    try:
        return np.asarray(given)
    except ValueError:  # of rows that differ in length
        return np.empty((0, 0))


def _limits(trader: str, worth: Ints, top: int, luck: Floats, buying: bool) -> Ints:
    if trader == "truthful":
        return worth
    if trader == "zi_u":
        return 1 + np.floor(luck * top).astype(np.int64)
    return zic_limits(worth, 1, top, luck, luck)[0 if buying else 1]


def _continuous(
    buyers: Ints, sellers: Ints, sessions: int, trader: str, offers: int, top: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    n = buyers.size
    every = np.arange(sessions)
    waiting = np.ones((sessions, n + sellers.size), np.bool_)
    bid, ask = np.zeros(sessions, np.int64), np.full(sessions, top + 1)
    bidder, asker = np.zeros(sessions, np.int64), np.zeros(sessions, np.int64)
    surplus, count = np.zeros(sessions, np.int64), np.zeros(sessions, np.int64)
    prices = np.full((sessions, min(n, sellers.size)), np.nan)
    for _ in range(offers):
        who, luck = rng.integers(0, n + sellers.size, sessions), rng.random(sessions)
        active, buying = waiting[every, who], who < n
        offer_bid = _limits(trader, buyers[np.minimum(who, n - 1)], top, luck, True)
        offer_ask = _limits(trader, sellers[np.maximum(who - n, 0)], top, luck, False)
        meets_ask = active & buying & (offer_bid >= ask)
        meets_bid = active & ~buying & (offer_ask <= bid)
        better_bid = active & buying & (offer_bid > bid)
        better_ask = active & ~buying & (offer_ask < ask)
        standing = np.where(meets_ask, ask, bid)  # the price of the offer that stood there
        bid, bidder = np.where(better_bid, offer_bid, bid), np.where(better_bid, who, bidder)
        ask, asker = np.where(better_ask, offer_ask, ask), np.where(better_ask, who - n, asker)
        trade = meets_ask | meets_bid
        rows = every[trade]
        surplus[rows] += buyers[bidder[rows]] - sellers[asker[rows]]
        prices[rows, count[rows]] = standing[rows]
        count[rows] += 1
        waiting[rows, bidder[rows]] = waiting[rows, asker[rows] + n] = False
        bid, ask = np.where(trade, 0, bid), np.where(trade, top + 1, ask)
    return surplus, prices


def _calls(
    buyers: Ints, sellers: Ints, sessions: int, trader: str, offers: int, top: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    n = buyers.size
    surplus = np.zeros(sessions, np.int64)
    prices = np.full((sessions, min(n, sellers.size)), np.nan)
    auction = CallAuction()
    for session in range(sessions):
        waiting = np.ones(n + sellers.size, np.bool_)
        traded = 0
        for _ in range(offers):
            bids = _limits(trader, buyers, top, rng.random(n), True)
            asks = _limits(trader, sellers, top, rng.random(sellers.size), False)
            cleared = auction.clear(_book(bids, asks).take(waiting))
            fills = cleared.fills
            if len(fills):
                waiting[fills.buyer] = waiting[fills.seller] = False
                surplus[session] += int((buyers[fills.buyer] - sellers[fills.seller - n]).sum())
                prices[session, traded : traded + len(fills)] = cleared.price
                traded += len(fills)
            if traded == prices.shape[1]:
                break
    return surplus, prices


def _book(bids: Ints, asks: Ints) -> Orders:
    """One unit each, in the order of the traders."""
    n, m = len(bids), len(asks)
    side = np.repeat(np.array([1, -1], np.int8), [n, m])
    return Orders(np.arange(n + m), side, np.concatenate((bids, asks)), np.ones(n + m, np.int64), np.arange(n + m))
