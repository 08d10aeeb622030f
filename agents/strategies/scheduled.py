"""Bidding by the calendar: little while the compliance date is far, all of it at the last chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.agents.strategies.schedule import Situation, step_orders
from tanshi.agents.streams import Draws
from tanshi.market.orders import Ints, Orders
from tanshi.numerics.compiled import compiled

LEAST = 1e-3
"""Least part of its needs that a firm brings to market: with less there are no whole lots left to find a price with."""


def urgency(before: float, after: float, power: float) -> float:
    """Return the part of what it still needs that a firm brings to market in a period.

    By the time a part t of the year has passed a firm wants to have covered t^power of its needs, so in a period it
    brings (after^power - before^power) / (1 - before^power) of what is left.

    Parameters
    ----------
    before, after : float
        Part of the year that has passed before and after the period.
    power : float
        1 spreads purchases evenly over the year, more gathers them before the deadline, 0 brings all at once.

    Examples
    --------
    >>> urgency(0.0, 0.5, 2.0), urgency(0.5, 1.0, 2.0)
    (0.25, 1.0)
    """
    done = before**power if before > 0 else 0.0
    return float((min(after, 1.0) ** power - done) / (1.0 - done)) if done < 1.0 else 1.0


def scheduled(situation: Situation, rows: Ints, draws: Draws) -> Orders:
    """Bid the truthful schedule, scaled by how urgent compliance is; what waits is bid for later in the year.

    What government sells in place of giving is bought when it is sold: only what a firm wants beyond its part of it
    waits. Otherwise an auction early in the year would meet a fraction of the needs that it is to serve. What waits for
    the deadlines of earlier years comes by their own dates.
    """
    wanted = situation.wanted(situation.levels, rows)
    part = max(situation.urgency, LEAST)
    if len(situation.late) or part < 1.0:
        of_firms = (situation.offered, situation.late, situation.aside, -situation.holdings)
        wanted = brought(wanted, part, *(own[rows] if len(own) else np.zeros(len(rows), own.dtype) for own in of_firms))
    level = situation.levels[:, None]
    return step_orders(situation.account[rows], wanted, level, level, situation.arrival[rows])


@compiled
def brought(wanted: Any, part: float, at_once: Any, late: Any, aside: Any, lowest: Any) -> Ints:
    """Return what firms bring at each level, (levels, firms) lots: all that is due, and a part of what else they want.

    Parameters
    ----------
    wanted : (levels, firms) int64
        Lots.
    part : float
        Of what is not due.
    at_once, late, aside, lowest : (firms,)
        Lots of `Situation.offered`, `late` and `aside`, and the most that can be sold, negative.
    """
    lots = np.empty(wanted.shape, np.int64)
    for level in range(len(wanted)):
        for firm in range(len(at_once)):
            rest = (wanted[level, firm] - at_once[firm] - aside[firm]) * part
            lots[level, firm] = max(np.int64(np.trunc(at_once[firm] + late[firm] + rest)), lowest[firm])
    return lots
