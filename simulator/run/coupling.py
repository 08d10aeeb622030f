"""Trade and equilibrium as one fixed point.

At a trial price the economy says what every sector would emit and how that answers the price; firms turn their
shares of this tangent into orders; the venue clears indicatively at a new price; the economy is asked again there.
The agents' branch never uses the economy's own permit condition: the price comes out of the order book.

Where emissions fall with the price as p to a power around -1, E'' is about -2 E' / p, so that a tangent followed over a
step d misplaces the price by d^2 / p.  As far as that is half the tolerance, the last equilibrium's tangent serves the
next book too, and the economy is not asked again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tanshi.agents.strategies import next_step
from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.orders import Orders
from tanshi.market.venue import Clearing, Venue

REACH = 8
"""Evenly spaced price levels on each side of the trial price at which firms state their demand."""


@dataclass(frozen=True)
class Agreement:
    """Where the fixed point came to rest.

    Attributes
    ----------
    price : yuan/t, on tick.
    response : the economy at the last trial price, on the tangent of the last equilibrium.
    solution : that equilibrium.
    clearing, orders : the clearing of the last book, to be settled, and that book.
    iterations : books made.
    gap : distance between the last trial price and the price that cleared, yuan/t.
    """

    price: float
    response: CarbonResponse
    solution: Solution
    clearing: Clearing
    orders: Orders
    iterations: int
    gap: float


def agree(
    economy: Callable[[float], tuple[Solution, CarbonResponse]],
    book: Callable[[CarbonResponse, float], Orders],
    venue: Venue,
    *,
    start: float,
    lowest: float,
    highest: float,
    tick: float,
    tolerance: float,
    iterations: int,
    rng: Callable[[], np.random.Generator],
) -> Agreement:
    """Iterate between the economy and the order book.

    Parameters
    ----------
    economy : from a price (yuan/t) to the equilibrium held at it and the sectors' response.
    book : from a response and a step of the price ladder (ticks) to all firms' orders.
    start : first trial price, yuan/t.
    lowest, highest : admissible prices, yuan/t.
    tolerance : the price has settled when it moves by no more than this, or by one tick, yuan/t.
    rng : a fresh generator of the period's stream, so that every book draws the same lots.
    """
    trial = _on_tick(min(max(start, lowest), highest), tick)
    step = max(0.002 * trial, 0.05) / tick
    settled = max(tolerance, tick)
    solution, solved = economy(trial)
    for count in range(1, iterations + 1):
        if abs(trial - solved.price) > tangent_reach(solved.price, settled):
            solution, solved = economy(trial)
        response = solved.at(trial)
        orders = book(response, step)
        ticks = venue.indicate(orders, rng())
        price = trial if ticks is None else ticks * tick
        gap = abs(price - trial)
        fine = step * tick <= settled * (1 + 1e-9)  # on a coarse ladder a price may come back by chance
        if (gap <= settled and fine) or count == iterations:
            return Agreement(price, response, solution, venue.clear(orders, rng()), orders, count, gap)
        step = max(next_step(step, (price - trial) / tick, REACH), settled / tick)
        trial = _on_tick(min(max(price, lowest, trial / 2 - 5.0), highest, trial * 2 + 5.0), tick)
    raise AssertionError("the loop returns")


def tangent_reach(price: float, tolerance: float) -> float:
    """How far from its price an equilibrium's tangent serves, yuan/t (see the module's own words)."""
    return math.sqrt(0.5 * tolerance * max(price, 1.0))


def _on_tick(price: float, tick: float) -> float:
    return round(price / tick) * tick
