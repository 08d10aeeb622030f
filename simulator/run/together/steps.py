"""What the governments of several provinces sell in steps of the price, as one supply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tanshi.market.containment import Step, meets
from tanshi.market.orders import Floats
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.public.steps import auctioned, yearly_steps

T = TypeVar("T")


@dataclass(frozen=True)
class Ladder:
    """Steps of a year's supply of several governments.

    Attributes
    ----------
    steps
        Of all together, yuan/t and Mt.
    each : (steps, provinces) float
        Mt that each province's government has of them.
    volume : (provinces,) float
        Mt that each means to auction, which are among the steps.
    """

    steps: tuple[Step, ...]
    each: Floats
    volume: Floats

    @classmethod
    def of(cls, policies: Sequence[Policy], year: int, *, whole: bool = False) -> Ladder:
        """The steps of a year, the cheapest first; none where supply answers no price.

        Parameters
        ----------
        whole
            In the year of a shock, as if it had held from January.
        """
        volume = np.array([auctioned(policy, year, whole=whole) for policy in policies])
        found: dict[tuple[str, float], Floats] = {}
        for place, policy in enumerate(policies):
            for step in yearly_steps(policy, year, float(volume[place])):
                row = found.setdefault((step.name, step.price), np.zeros(len(policies)))
                row[place] += step.amount
        rising = sorted(found.items(), key=lambda one: one[0][1])
        steps = tuple(Step(*name, float(row.sum())) for name, row in rising)
        return cls(steps, np.array([row for _, row in rising]).reshape(len(steps), len(policies)), volume)

    def taken(self, total: float) -> Floats:
        """What each government sells where they sell so many Mt together, the cheapest first, in proportion."""
        sold = np.zeros(len(self.volume))
        for step, row in zip(self.steps, self.each, strict=True):
            if step.amount > 0.0:
                part = min(max(total, 0.0), step.amount)
                sold = sold + row * (part / step.amount)
                total -= part
        return sold

    def between(self, price: float) -> tuple[float, float]:
        """Least and most that is sold at a price, Mt: all that is cheaper, and that price's beside it."""
        below = sum(step.amount for step in self.steps if step.price < price - 1e-9)
        at = sum(step.amount for step in self.steps if abs(step.price - price) <= 1e-9)
        return below, below + at


Left = Callable[[float], Floats]
"""From what all need (Mt) to what each province has."""


def met_in_steps(
    ladder: Ladder,
    left: Floats,
    meet: Callable[[Floats | Left, tuple[float, float]], T],
    price_of: Callable[[T], float],
    bounds: tuple[float, float],
) -> T:
    """Where provinces together need what they have and what their governments sell in steps.

    Parameters
    ----------
    left : (provinces,) float
        Mt that each has, with all that is to be auctioned.
    meet
        From what each has and bounds of the price (yuan/t) to where they meet.
    """
    if not ladder.steps:
        return meet(left, bounds)
    fixed = left - ladder.volume
    total, (low, high) = float(fixed.sum()), bounds

    def under(cap: float) -> T:
        return meet(fixed + ladder.taken(cap - total), bounds)

    def at(price: float) -> T:
        least, most = ladder.between(price)
        held = min(max(price, low), high)
        return meet(lambda need: fixed + ladder.taken(min(max(need - total, least), most)), (held, held))

    return meets(ladder.steps, total, under, at, price_of)
