"""A strategy: bids below and asks above what an allowance is worth."""

from __future__ import annotations

import numpy as np

from tanshi.agents.strategies import Situation
from tanshi.agents.strategies.schedule import step_orders
from tanshi.agents.streams import Draws
from tanshi.market.orders import Ints, Orders


def shading(situation: Situation, rows: Ints, draws: Draws) -> Orders:
    """The whole demand schedule, every bid 3 % lower and every ask 3 % higher than its worth."""
    level = situation.levels[:, None]
    lowest, highest = situation.levels[[0, -1]]
    bid = np.clip(np.rint(0.97 * level), lowest, highest).astype(np.int64)
    ask = np.clip(np.rint(1.03 * level), lowest, highest).astype(np.int64)
    wanted = situation.wanted(situation.levels, rows)
    return step_orders(situation.account[rows], wanted, bid, ask, situation.arrival[rows])
