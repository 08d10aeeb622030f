"""Truthful bidding: the whole demand schedule, each step at its own worth."""

from __future__ import annotations

from tanshi.agents.strategies.schedule import Situation, step_orders
from tanshi.agents.streams import Draws
from tanshi.market.orders import Ints, Orders


def truthful(situation: Situation, rows: Ints, draws: Draws) -> Orders:
    """Bid wanted purchases and offer wanted sales at every level of the common ladder.

    What a firm still lacks at the highest level it bids for there; what it can spare at the lowest it offers
    there. As the ladder's step shrinks around the price, a call auction's price goes to the competitive one.
    """
    level = situation.levels[:, None]
    return step_orders(
        situation.account[rows],
        situation.wanted(situation.levels, rows),
        level,
        level,
        situation.arrival[rows],
    )
