"""Bidding for what is certain and worth the trouble: volume gathers before the deadline without anyone's aiming at it.

A firm does not know what it will still emit, so it neither sells what it may need nor buys what it may not: of its
schedule it brings what exceeds `Situation.unsure`, which shrinks to nothing by the year's last auction. A trade costs
staff, approvals and fees; while there is time, an amount is brought only if the risk of leaving it open for another
period outweighs that cost (`least_worth`).
"""

from __future__ import annotations

import numpy as np

from tanshi.agents.strategies.schedule import Situation, step_orders
from tanshi.agents.streams import Draws
from tanshi.market.orders import Floats, Ints, Orders


def hesitant(situation: Situation, rows: Ints, draws: Draws) -> Orders:
    """Bid the truthful schedule less what is uncertain, where that is worth a trade; at the last chance all of it.

    What government sells in place of giving is bought when it is sold, and what waits for the deadlines of earlier
    years, of which nothing is uncertain, comes by their dates.
    """
    wanted = situation.wanted(situation.levels, rows)
    at_once = situation.offered[rows] if len(situation.offered) else np.zeros(len(rows), np.int64)
    late, aside = (part[rows] if len(part) else 0.0 for part in (situation.late, situation.aside))
    rest = wanted - at_once - aside
    sure = rest
    if situation.patience > 0.0:
        if len(situation.unsure):
            sure = np.sign(rest) * np.maximum(np.abs(rest) - situation.unsure[rows], 0.0)
        if len(situation.least):
            sure = np.where(np.abs(sure) >= situation.least[rows], sure, 0.0)
    brought = np.trunc(at_once + late + sure).astype(np.int64)
    level = situation.levels[:, None]
    kept = np.maximum(brought, -situation.holdings[rows])
    return step_orders(situation.account[rows], kept, level, level, situation.arrival[rows])


def uncertain_part(sigma: float, persistence: float, periods: int, per_year: int) -> float:
    """Return the standard deviation of what a firm will emit after this period, as part of a year's emissions.

    The firm's own shock is autoregressive; the present period's is known.

    Parameters
    ----------
    sigma : float
        Long-run standard deviation of the log of output.
    persistence : float
        Part of a shock that lasts a month.
    periods : int
        Periods after this one, to the year's end.
    per_year : int
        Periods of a year.

    Examples
    --------
    Without persistence twelve months to come add up as independent draws: sqrt(12) of a twelfth each.

    >>> round(uncertain_part(0.12, 0.0, 12, 12), 6) == round(0.12 / 12**0.5, 6)
    True
    >>> uncertain_part(0.12, 0.8, 0, 12)
    0.0
    """
    kept = persistence ** (12.0 / per_year)
    reach = (1.0 - kept ** np.arange(1, periods + 1)) / (1.0 - kept)
    return float(sigma * np.sqrt((1.0 - kept**2) * (reach**2).sum()) / per_year)


def least_worth(cost: float, size: Floats, price: float, stiffness: float, span: float) -> Floats:
    """Return the least amount whose risk over a span outweighs the cost of a trade, (firms,) t.

    Leaving q tonnes open for a span costs a firm stiffness q^2 p span / (2 size), with stiffness its relative risk
    aversion times the variance of the price (`tanshi.agents.bank`).

    Parameters
    ----------
    cost : float
        Yuan a trade.
    size : (firms,) float
        Yearly emissions, t.
    price : float
        Yuan/t.
    stiffness : float
    span : float
        Years.

    Examples
    --------
    A firm of 1 Mt at 100 yuan/t, with a cost of 1,000 yuan, waits for 20,000 t:

    >>> least_worth(1000.0, np.array([1e6]), 96.0, 0.625, 1 / 12).round().tolist()
    [20000.0]
    """
    return np.asarray(np.sqrt(2.0 * cost * size / (stiffness * max(price, 1.0) * span)))
