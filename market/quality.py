"""How well a market works: efficiency, who gains, spread, volatility, price impact, liquidity, concentration.

Surplus is counted at the limits of the orders. These are what the lots are worth where firms bid truthfully; give the
worths themselves where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tanshi.market.crossing import cross, serve
from tanshi.market.orders import Floats, Ints, Orders
from tanshi.market.venue import Clearing
from tanshi.numerics.compiled import compiled


@dataclass(frozen=True)
class Surplus:
    """Gains from trade in one clearing, ticks x lots.

    Attributes
    ----------
    buyers, sellers, house : float
        What each side, and whoever runs the venue, gained.
    competitive : float
        The largest gain that any trade among these orders brings.
    """

    buyers: float
    sellers: float
    house: float
    competitive: float

    @property
    def efficiency(self) -> float:
        """Gains realised as part of the largest possible; not a number where nothing can be gained."""
        realised = self.buyers + self.sellers + self.house
        return realised / self.competitive if self.competitive > 0 else float("nan")


def surplus(orders: Orders, clearing: Clearing, worth: Floats | None = None) -> Surplus:
    """Return who gained what in a clearing.

    Parameters
    ----------
    orders : Orders
        The book that was cleared.
    clearing : Clearing
    worth : (n,) float | None
        Ticks that each order's lots are worth to their owner; the limit by default.

    References
    ----------
    Smith (1962), An experimental study of competitive market behavior, Journal of Political Economy 70:111-137.
    """
    value = orders.price.astype(np.float64) if worth is None else np.asarray(worth, np.float64)
    gained, given = value_of(orders.side, value, clearing.filled)
    fills = clearing.fills
    lots = fills.quantity.astype(np.float64)
    paid = float(fills.price @ lots)
    received = paid if fills.proceeds is None else float(fills.proceeds @ lots)
    return Surplus(gained - paid, received - given, paid - received, competitive_surplus(orders, worth))


def competitive_surplus(orders: Orders, worth: Floats | None = None) -> float:
    """Return the largest gain from trade among these orders, ticks x lots."""
    value: Ints | Floats = orders.price
    if worth is not None:
        # Ranks keep the order of worths that are no whole numbers.
        value = np.asarray(worth, np.float64)
        _, rank = np.unique(value, return_inverse=True)
        orders = Orders(orders.account, orders.side, rank.astype(np.int64), orders.quantity, orders.time)
    found = cross(orders)
    if found.bid is None or found.ask is None:
        return 0.0
    filled, excess, last = serve(orders, orders.quantity, found)
    upto = np.cumsum(filled[last])  # whoever of them is served is worth the same
    filled[last] = np.diff(np.minimum(upto, upto[-1:] - abs(excess)), prepend=0)
    gain, cost = value_of(orders.side, value, filled)
    return gain - cost


@compiled
def value_of(side: Any, value: Any, lots: Any) -> tuple[float, float]:
    """Return what the lots of bids are worth, and those of asks, ticks x lots; exact where the values are integers."""
    bids = asks = value[:1].sum() * 0
    for row in range(len(lots)):
        worth = value[row] * lots[row]
        bids += worth if side[row] > 0 else 0
        asks += worth if side[row] < 0 else 0
    return float(bids), float(asks)


def spread(clearing: Clearing) -> float:
    """Return the distance between best ask and best bid after the clearing over their middle; not a number if open.

    Of a call auction it is the width of the interval of prices that balance the book.
    """
    bid, ask = clearing.interval
    if bid is None or ask is None or bid + ask == 0:
        return float("nan")
    return abs(ask - bid) / (0.5 * (ask + bid))


def log_returns(prices: npt.ArrayLike) -> Floats:
    """Return the changes of the log price, (n - 1,); prices must be positive."""
    series = np.asarray(prices, np.float64)
    if (series <= 0).any():
        raise ValueError("market quality: returns need positive prices")
    return np.diff(np.log(series))


def volatility(prices: npt.ArrayLike, per_year: float = 1.0) -> float:
    """Return the standard deviation of log returns, scaled to a year.

    Parameters
    ----------
    prices : (n,) float
        One a period.
    per_year : float
        Periods a year.
    """
    returns = log_returns(prices)
    return float(returns.std(ddof=1) * np.sqrt(per_year)) if len(returns) > 1 else float("nan")


def roll(prices: npt.ArrayLike) -> float:
    """Return Roll's effective spread, 2 sqrt(-cov(dp_t, dp_{t-1})), in the unit of the prices.

    Trades that bounce between bid and ask make successive changes move against each other. Not a number where they do
    not (a trending price has no such measure) or where there are too few.

    References
    ----------
    Roll (1984), A simple implicit measure of the effective bid-ask spread in an efficient market, Journal of Finance
    39:1127-1139.

    Examples
    --------
    A price that bounces between 99 and 101 at random has a spread of 2:

    >>> coin = np.random.default_rng(1).integers(0, 2, 200_000)
    >>> round(roll(99.0 + 2.0 * coin), 2)
    2.0
    """
    change = np.diff(np.asarray(prices, np.float64))
    if len(change) < 3:
        return float("nan")
    covariance = float(np.cov(change[1:], change[:-1])[0, 1])
    return 2.0 * float(np.sqrt(-covariance)) if covariance < 0 else float("nan")


def amihud(prices: npt.ArrayLike, turnover: npt.ArrayLike) -> float:
    """Return Amihud's illiquidity: the mean of |return| over turnover, per yuan, periods without trade left out.

    Parameters
    ----------
    prices : (n,) float
    turnover : (n,) float
        Yuan traded in each period; the first is not used.

    References
    ----------
    Amihud (2002), Illiquidity and stock returns, Journal of Financial Markets 5:31-56.
    """
    moved, money = np.abs(log_returns(prices)), np.asarray(turnover, np.float64)[1:]
    traded = money > 0
    return float((moved[traded] / money[traded]).mean()) if traded.any() else float("nan")


def concentration(account: Ints, quantity: Ints) -> float:
    """Return the Herfindahl-Hirschman index of the accounts' shares, 0 to 1; not a number without trade.

    Examples
    --------
    >>> concentration(np.array([0, 1, 1]), np.array([5, 3, 2]))
    0.5
    """
    total = quantity.sum()
    if not total:
        return float("nan")
    share = np.bincount(account, quantity) / total
    return float(share @ share)


def of_period(orders: Orders, clearing: Clearing, money: float = 1.0) -> dict[str, float]:
    """Return one period's measures by the names they have in the table of periods.

    `efficiency` and `spread` are fractions, `hhi_buyers` and `hhi_sellers` indices from 0 to 1, `surplus_buyers_yuan`
    and `surplus_sellers_yuan` yuan.

    Parameters
    ----------
    money : float
        Yuan in one tick x lot.
    """
    gains, fills = surplus(orders, clearing), clearing.fills
    return {
        "efficiency": gains.efficiency,
        "spread": spread(clearing),
        "hhi_buyers": concentration(fills.buyer, fills.quantity),
        "hhi_sellers": concentration(fills.seller, fills.quantity),
        "surplus_buyers_yuan": gains.buyers * money,
        "surplus_sellers_yuan": gains.sellers * money,
    }
