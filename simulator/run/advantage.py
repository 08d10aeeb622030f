"""What trade was worth in a year: the cost of the same cut if every firm had kept to its own quota, less what it cost.

The economy is asked what the year would have emitted at a few other prices, from where it stood in January; through its
answers runs each sector's curve, which firms divide by their own (`tanshi.agents.curves`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.gains import gains_from_trade
from tanshi.agents.response import ResponseCurve
from tanshi.equilibrium.engine import EquilibriumError
from tanshi.simulator.run.economics import Answer, Near, at_price
from tanshi.simulator.run.ground.starts import moved_on
from tanshi.simulator.run.world import State, World

Array = NDArray[np.float64]
NODES = (0.3, 0.5, 1.0, 2.0, 3.0)
"""Prices asked for, over the year's mean price, up to the ceiling; with three times as many, gains differ by 1.5 %."""
BETWEEN = 16
"""Parts into which each gap between them is divided for the areas under firms' curves."""


@dataclass(frozen=True)
class Advantage:
    """What trade was worth.

    Attributes
    ----------
    price
        yuan/t, mean of the year's periods.
    firms
        (firms,) yuan a year; 0 for those that do not trade.
    sectors
        (8,) the same by sector.
    miss
        At half and at twice the price, how far the sectors' monotone curves together are from the economy's own
        answer, as part of it: what sectors emit more because demand moves to them is not on a falling curve.
    """

    price: float
    firms: Array
    sectors: Array
    miss: tuple[float, float]


def advantage(w: World, s: State) -> Advantage | None:
    """What trade was worth in the year that is being closed; None before the policy, or where nothing is scarce.

    A question: it writes into no state. Quotas are the year's free allowances, scaled to the same cut.
    """
    prices = [row["price"] for row in s.log.periods[-w.periods_per_year :]]
    price = float(np.mean(prices))
    mask = s.policy.mask(s.year)
    if not s.policy.started(s.year) or price <= 0.0 or not mask.any():
        return None
    asked = np.unique(np.minimum(price * np.array(NODES), max(price, s.policy.collar(s.year)[1])))
    middle = int(np.argmin(np.abs(asked - price)))
    try:
        emissions, slope = _answers(w, s, asked, middle)
    except EquilibriumError:
        return None
    curve = ResponseCurve.of(asked, emissions, slope, middle)
    grid = np.unique(np.concatenate([np.linspace(a, b, BETWEEN + 1) for a, b in pairwise(asked)]))
    firms, active = s.firms, mask[s.firms.sector]
    quota = np.where(active, s.market.granted.astype(np.float64), np.nan)
    calm = firms.potential * np.exp(firms.shock)
    gains = gains_from_trade(
        firms.normalised(calm),
        firms.cost,
        firms.sector,
        firms.start,
        quota,
        grid,
        curve.at(grid),
        s.policy.baseline.at(s.year),
        price,
    )
    whole, ours = emissions[:, mask].sum(axis=1), curve.emissions[:, mask].sum(axis=1)
    miss = np.abs(ours / whole - 1.0)
    places = [np.flatnonzero(np.isclose(asked, part * price)) for part in (0.5, 2.0)]
    ends = [float(miss[place[0]]) if place.size else float("nan") for place in places]
    return Advantage(price, gains, firms.total(gains), (ends[0], ends[1]))


def _answers(w: World, s: State, prices: Array, middle: int) -> tuple[Array, Array]:
    """What the year would have emitted at other prices, (prices, 8), and the slopes."""
    january = replace(s.economy, effective=s.economy.january)
    then = State(s.calendar, s.announced, s.market, (january,), s.log)
    weight = w.adjustment(1.0)[1]
    starts = s.economy.starts
    known = starts.nodes if len(starts.nodes) == len(prices) and starts.middle == middle else None
    found: dict[int, Answer] = {}
    for order in (range(middle, len(prices)), range(middle - 1, -1, -1)):  # outwards, from one price to the next
        near: Near | None = None if order.start == middle else found[middle].near
        for place in order:
            start = starts.planned(s.year, float(prices[place])) if place == middle else None
            if known is not None and place != middle:  # as it was a year ago, moved on as the middle has
                near, start = None, moved_on(known[place], found[middle].solution.x, known[middle])
            found[place] = at_price(w, then, float(prices[place]), weight, near=near, start=start)
            near = found[place].near
    answers = [found[place] for place in range(len(prices))]
    nodes = np.array([answer.solution.x for answer in answers])
    s.economy.starts = replace(starts, nodes=nodes, middle=middle)
    rows = [answer.response for answer in answers]
    return np.array([row.emissions for row in rows]), np.array([row.slope for row in rows])
