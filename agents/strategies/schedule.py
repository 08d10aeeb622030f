"""From wanted purchases at a ladder of prices to limit orders."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tanshi.agents.abatement import Demand
from tanshi.agents.streams import Draws
from tanshi.market.orders import BUY, SELL, Floats, Ints, Orders
from tanshi.numerics.compiled import compiled


@dataclass(frozen=True)
class Situation:
    """What firms know when they bid.

    Attributes
    ----------
    account : (firms,) int64
        Registry accounts.
    demand : Demand
        Wanted purchases as a function of the price.
    holdings : (firms,) int64
        Lots that can be sold.
    levels : (levels,) int64
        Ticks, ascending, the first the lowest and the last the highest admissible price (see `price_levels`).
    arrival : (firms,) int64
        When each firm's orders reach the venue.
    tick, lot : float
        Yuan/t and tonnes.
    band : (int, int) | None
        Ticks; prices between which random bidders draw, by default the whole ladder.
    patience : float
        How far random bidders shade their orders: 1 freely, 0 not at all, as at the last chance to comply.
    urgency : float
        Part of its needs that a firm which bids by the calendar brings to market (`scheduled.urgency`).
    offered : (firms,) int64
        Lots of this period's primary auction that stand for what each firm is not given free; empty where none is held.
    late, aside : (firms,) float
        Lots for earlier years that are to be brought now, and all that waits for their deadlines; empty where nothing
        does. Of the rest of what a firm wants it brings the part `urgency`.
    later : tuple
        What will be auctioned later this year: from which ticks on, and lots for which each firm waits. From there on
        it buys that much less now.
    unsure, least : (firms,) float
        Lots that a firm may yet need or not need this year, and least amount worth a trade; empty where nobody asks.
    quote : (firms,) float
        Yuan/t, what learning firms quoted last; negative for who has not quoted yet, empty for nobody.
    """

    account: Ints
    demand: Demand
    holdings: Ints
    levels: Ints
    arrival: Ints
    tick: float = 0.01
    lot: float = 1.0
    band: tuple[int, int] | None = None
    patience: float = 1.0
    urgency: float = 1.0
    offered: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    late: Floats = field(default_factory=lambda: np.zeros(0))
    aside: Floats = field(default_factory=lambda: np.zeros(0))
    unsure: Floats = field(default_factory=lambda: np.zeros(0))
    least: Floats = field(default_factory=lambda: np.zeros(0))
    later: tuple[tuple[int, Ints], ...] = ()
    quote: Floats = field(default_factory=lambda: np.zeros(0))

    def wanted(self, levels: Ints, rows: Ints) -> Ints:
        """Return lots that some firms want at each level, (levels, rows): never rising, never selling short.

        The cumulated amount is rounded, not each step, so that a firm's whole volume is right to half a lot.
        """
        need = self.demand
        prices = levels.astype(np.float64) * self.tick
        terms = need.terms
        lots = wanted_lots(prices - need.anchor, rows, *terms, self.lot, self.holdings)
        for ticks, waits in self.later:
            if len(waits):
                lots = lots - np.where(levels[:, None] >= ticks, waits[rows], 0)
        return np.maximum(lots, -self.holdings[rows]) if self.later else lots


@compiled
def wanted_lots(
    away: Any,
    rows: Any,
    fixed: Any,
    tilt: Any,
    level: Any,
    slope: Any,
    reserve: Any,
    reserve_slope: Any,
    least: Any,
    most: Any,
    lot: float,
    holdings: Any,
) -> Ints:
    """Return `Situation.wanted` at prices some yuan/t away from the anchor of `Demand.at`."""
    # Each firm's terms side by side, and choices without a branch: so the compiler takes several firms at a time.
    fixed, tilt, level, slope = fixed[rows], tilt[rows], level[rows], slope[rows]
    reserve, reserve_slope, least, most = reserve[rows], reserve_slope[rows], least[rows], most[rows]
    lowest = -holdings[rows]
    wanted = np.empty((len(away), len(rows)), np.int64)
    for place in range(len(away)):
        for i in range(len(rows)):
            emitted = level[i] + slope[i] * away[place]
            kept = reserve[i] + reserve_slope[i] * away[place]
            tonnes = (emitted if emitted > 0.0 else 0.0) + fixed[i] + tilt[i] * away[place]
            kept = kept if kept > least[i] else least[i]
            kept = kept if kept < most[i] else most[i]
            lots = np.int64(np.rint((tonnes + kept) / lot))
            lots = lots if lots > lowest[i] else lowest[i]
            if place > 0:
                lots = lots if lots < wanted[place - 1, i] else wanted[place - 1, i]
            wanted[place, i] = lots
    return wanted


class Strategy(Protocol):
    """How firms bid: from their situation and this period's draws to orders, for the rows that play it."""

    def __call__(self, situation: Situation, rows: Ints, draws: Draws) -> Orders:
        """Return the orders of these firms."""
        ...


def price_levels(centre: float, step: float, lowest: int, highest: int, reach: int = 4) -> Ints:
    """Return a ladder of prices around a trial price, with the admissible extremes at its ends.

    Evenly spaced near the trial price, then at distances that double, so that a price anywhere in the range
    is found to within its distance from the trial price.

    Parameters
    ----------
    centre, step : float
        Ticks; see `next_step` for how repeated clearings close in on the competitive price.
    lowest, highest : int
        Ticks; the price floor, and the penalty or ceiling beyond which nobody need bid.
    reach : int
        Evenly spaced levels on each side.

    Returns
    -------
    (levels,) int64, ascending, without repetition.

    Raises
    ------
    ValueError
        If lowest exceeds highest.
    """
    if lowest > highest:
        raise ValueError(f"price levels: lowest {lowest} exceeds highest {highest} ticks")
    widest = max((highest - lowest) / (reach * step), 1.0)
    tail = [reach * step * 2.0**i for i in range(1, math.ceil(math.log2(widest)) + 1)]
    away = [*(step * i for i in range(reach + 1)), *tail]
    inner = [round(centre + sign * distance) for distance in away for sign in (-1, 1)]
    return np.array(sorted({lowest, highest, *(min(max(price, lowest), highest) for price in inner)}), np.int64)


def next_step(step: float, move: float, reach: int = 4) -> float:
    """Return the ladder's step for the next clearing, around the price just found.

    That price is one level away from the competitive one at most: a step within the even part of the ladder,
    about its distance from the old centre beyond. The new even part just spans this error.

    Parameters
    ----------
    step, move : float
        Ticks: the last step, and the last price less the last centre.
    reach : int
        As in `price_levels`, at least 2.
    """
    return (step if abs(move) <= reach * step else abs(move)) / (reach - 1)


def step_orders(account: Ints, wanted: Ints, bid: Ints, ask: Ints, arrival: Ints) -> Orders:
    """Turn the steps of demand schedules into orders.

    With x_j lots wanted at level j, ascending levels: a bid at level j for x_j - max(x_{j+1}, 0) where
    x_j > 0, so that bids at a level and above add up to what is wanted there; an ask at level j of
    min(x_{j-1}, 0) - x_j where x_j < 0, so that asks at a level and below add up to what is offered there.

    Parameters
    ----------
    account, arrival : (firms,) int64
    wanted : (levels, firms) int64
        Lots, not rising with the level.
    bid, ask : (levels, firms) or (levels, 1) int64
        Limit price in ticks of the step at each level.
    """
    return Orders(*steps(account, wanted, bid, ask, arrival))


@compiled
def steps(account: Any, wanted: Any, bid: Any, ask: Any, arrival: Any) -> tuple[Ints, Any, Ints, Ints, Ints]:
    """Return the columns of `step_orders`: all bids, then all asks, each level by level and firm by firm."""
    levels, firms = wanted.shape
    bids, asks = 0, 0
    for level in range(levels):
        for firm in range(firms):
            here = wanted[level, firm]
            bids += here > (max(wanted[level + 1, firm], 0) if level + 1 < levels else 0)
            asks += here < (min(wanted[level - 1, firm], 0) if level > 0 else 0)
    owner, time = np.empty(bids + asks, np.int64), np.empty(bids + asks, np.int64)
    side, price, lots = np.empty(bids + asks, np.int8), np.empty(bids + asks, np.int64), np.empty(bids + asks, np.int64)
    b, a = 0, bids
    for level in range(levels):
        for firm in range(firms):
            here = wanted[level, firm]
            higher = max(wanted[level + 1, firm], 0) if level + 1 < levels else 0
            lower = min(wanted[level - 1, firm], 0) if level > 0 else 0
            if here > higher:
                owner[b], side[b], lots[b], time[b] = account[firm], BUY, here - higher, arrival[firm]
                price[b] = bid[level, firm if bid.shape[1] > 1 else 0]
                b += 1
            if here < lower:
                owner[a], side[a], lots[a], time[a] = account[firm], SELL, lower - here, arrival[firm]
                price[a] = ask[level, firm if ask.shape[1] > 1 else 0]
                a += 1
    return owner, side, price, lots, time
