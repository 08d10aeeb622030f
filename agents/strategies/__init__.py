"""Bidding strategies, chosen by name, and the book that a mixed population sends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tanshi.agents.population import Population, PopulationError
from tanshi.agents.strategies.hesitant import hesitant
from tanshi.agents.strategies.schedule import Situation, Strategy, next_step, price_levels
from tanshi.agents.strategies.scheduled import scheduled
from tanshi.agents.strategies.truthful import truthful
from tanshi.agents.strategies.zic import zic
from tanshi.agents.strategies.zip import zip_trader
from tanshi.agents.streams import Draws
from tanshi.market.orders import Ints, Orders
from tanshi.plugins import known, load

STRATEGIES: Mapping[str, Strategy] = {
    "truthful": truthful,
    "zic": zic,
    "zip": zip_trader,
    "scheduled": scheduled,
    "hesitant": hesitant,
}

AT_ONCE = 131072
"""Firms whose orders are made at a time: a schedule at every price level takes memory."""

__all__ = ["STRATEGIES", "Situation", "Strategy", "arrivals", "next_step", "place_orders", "price_levels"]


def arrivals(draws: Draws) -> Ints:
    """Return this period's random arrival of each firm's orders, so that ties favour nobody for good."""
    return (draws.uniform("arrival")[:, 0] * 2**31).astype(np.int64)


def place_orders(population: Population, situation: Situation, draws: Draws, active: Ints | None = None) -> Orders:
    """Return all firms' orders, each by its own strategy.

    Parameters
    ----------
    population : Population
    situation : Situation
        One row a firm, in the population's order.
    draws : Draws
        Of this period (`Population.draws`).
    active : (m,) int64 | None
        Rows that may trade; all by default.

    Raises
    ------
    PopulationError
        For a strategy without a rule.
    """
    rows = np.arange(len(population)) if active is None else active
    alone = len(population.strategies) == 1
    playing = population.strategy[:0] if alone else population.strategy[rows]
    books = []
    for place, name in enumerate(population.strategies):
        mine = rows if alone else rows[playing == place]
        if not len(mine):
            continue
        if name not in STRATEGIES and name not in known("strategy"):
            raise PopulationError(
                "strategies: {name!r} is unknown; known are {strategies}", name=name, strategies=", ".join(STRATEGIES)
            )
        rule: Strategy = STRATEGIES[name] if name in STRATEGIES else load("strategy", name)
        books += [rule(situation, part, draws) for part in _parts(mine)]
    return Orders.join(books)


def _parts(rows: Ints) -> list[Ints]:
    """Divide rows into parts of bounded size."""
    return [rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)]
