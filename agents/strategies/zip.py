"""Zero intelligence plus (ZIP): one quote a firm, moved a little toward what the market last paid.

References
----------
Cliff and Bruten (1997), Minimal-intelligence agents for bargaining behaviors in market-based environments,
Hewlett-Packard Laboratories Technical Report HPL-97-91.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.agents.population import Population
from tanshi.agents.strategies.schedule import Situation
from tanshi.agents.streams import Draws
from tanshi.market.orders import BUY, SELL, Floats, Ints, Orders
from tanshi.numerics.compiled import compiled

RATE = 0.3
"""Learning rate, the middle of Cliff and Bruten's 0.1 to 0.5."""
MOMENTUM = 0.05
"""Weight of the last move, the middle of their 0 to 0.1."""
STRETCH = 0.05
"""How far beyond the last price a target may lie, as part of it: their relative perturbation."""


def zip_trader(situation: Situation, rows: Ints, draws: Draws) -> Orders:
    """Quote one price for all lots wanted or spare at that price.

    The limit is the firm's marginal cost, the price at which its holdings just suffice, within the band. A buyer quotes
    no more than that, a seller no less, and every lot in the order is worth the quote or better. As the compliance date
    nears, patience lets the quote go to the limit itself.
    """
    lowest, highest = situation.band or (int(situation.levels[0]), int(situation.levels[-1]))
    tick = situation.tick
    need = situation.demand.take(rows)
    limit = need.marginal_cost(lowest * tick, highest * tick)
    centre = 0.5 * (lowest + highest) * tick
    everyone = len(rows) == len(situation.account)
    known = situation.quote if len(situation.quote) else np.full(len(situation.account), -1.0)
    quote = known.copy() if everyone else known[rows]
    new = np.flatnonzero(quote < 0)
    if len(new):  # who has not learnt yet starts with a margin drawn at random
        quote[new] = limit[new] + draws.uniform("zip start")[rows[new], 0] * (centre - limit[new])
    # The limit itself where the quote lies on the losing side of it; patience brings the rest nearer to it.
    holdings = situation.holdings if everyone else situation.holdings[rows]
    terms = need.terms
    away = situation.patience, centre, tick, situation.lot, lowest, highest, need.anchor
    account, arrival = (c if everyone else c[rows] for c in (situation.account, situation.arrival))
    return Orders(*quotes(quote, limit, *terms, holdings, account, arrival, *away))


@compiled
def quotes(
    quote: Any,
    limit: Any,
    fixed: Any,
    tilt: Any,
    level: Any,
    slope: Any,
    reserve: Any,
    reserve_slope: Any,
    least: Any,
    most: Any,
    holdings: Any,
    account: Any,
    arrival: Any,
    patience: float,
    centre: float,
    tick: float,
    lot: float,
    lowest: int,
    highest: int,
    anchor: float,
) -> tuple[Ints, Any, Ints, Ints, Ints]:
    """Return the columns of the orders, one a firm that wants or spares something."""
    n, some = len(quote), 0
    side = np.empty(n, np.int8)
    price, lots = np.empty(n, np.int64), np.empty(n, np.int64)
    low, high = float(lowest), float(highest)
    for i in range(n):  # choices without a branch: so the compiler takes several firms at a time
        shade = quote[i] - limit[i]
        # A buyer above its limit, or a seller below, quotes the limit.
        shade = 0.0 if (shade > 0.0) == (limit[i] >= centre) else shade
        ticks = np.rint((shade * patience + limit[i]) / tick)
        ticks = ticks if ticks > low else low
        ticks = ticks if ticks < high else high
        away = ticks * tick - anchor
        emitted = slope[i] * away + level[i]
        kept = reserve[i] + reserve_slope[i] * away
        kept = kept if kept > least[i] else least[i]
        kept = kept if kept < most[i] else most[i]
        tonnes = (emitted if emitted > 0.0 else 0.0) + fixed[i] + tilt[i] * away + kept
        wants = np.int64(np.rint(tonnes / lot))
        wants = wants if wants > -holdings[i] else -holdings[i]
        price[i] = np.int64(ticks)
        side[i] = BUY if wants > 0 else SELL
        lots[i] = wants if wants > 0 else -wants
        some += wants != 0
    if some == n:
        return account.copy(), side, price, lots, arrival.copy()
    owner, time = np.empty(some, np.int64), np.empty(some, np.int64)
    count = 0
    for i in range(n):
        if lots[i]:
            owner[count], time[count] = account[i], arrival[i]
            side[count], price[count], lots[count] = side[i], price[i], lots[i]
            count += 1
    return owner, side[:count], price[:count], lots[:count], time


def learn(population: Population, orders: Orders, price: float, tick: float, draws: Draws) -> None:
    """Move the quotes of ZIP firms after a clearing.

    Who quoted a price at which it could trade aims a little better for itself than the last price, who could not aims a
    little beyond it, and the quote goes part of the way (Widrow-Hoff with momentum).

    Parameters
    ----------
    population : Population
    orders : Orders
        The period's orders; a firm's first one counts, and an account is a row of the population.
    price : float
        Yuan/t, of the clearing.
    tick : float
        Yuan/t.
    draws : Draws
        Of the period.
    """
    if "zip" not in population.strategies:
        return
    playing = population.strategy == population.strategies.index("zip")
    mine = np.flatnonzero((orders.account < len(population)) & playing[np.minimum(orders.account, len(playing) - 1)])
    rows, first = np.unique(orders.account[mine], return_index=True)
    if not len(rows):
        return
    order = mine[first]
    side = orders.side[order].astype(np.float64)
    quote: Floats = orders.price[order].astype(np.float64) * tick
    could = side * (quote - price) >= 0
    luck = draws.uniform("zip", 2)[rows]
    away = STRETCH * luck[:, 0] * price + tick * luck[:, 1]
    target = price + np.where(could, -side, side) * away
    move = MOMENTUM * population.momentum[rows] + (1.0 - MOMENTUM) * RATE * (target - quote)
    population.momentum[rows] = move
    population.quote[rows] = np.maximum(quote + move, 0.0)
