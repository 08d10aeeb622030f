"""What government offers in an auction: parts of its volume, each at a least price.

A reserve price, allowances withheld below a trigger and tiers sold from a trigger on are all one thing, steps of a
supply schedule. Under one price the cheaper steps sell first, so that a clearing says how much of each was sold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tanshi.market.orders import Ints

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """A part of what government offers.

    Attributes
    ----------
    name
        ``base``, or the tier's.
    price
        Ticks, or yuan/t: the least at which it is sold.
    amount
        Units, or Mt.
    """

    name: str
    price: float
    amount: float


def sold_of(steps: Sequence[Step], sold: int) -> dict[str, int]:
    """Return how much of each step was sold, the cheapest first.

    Examples
    --------
    >>> sold_of([Step("first", 70, 20), Step("base", 10, 100)], 105)
    {'base': 100, 'first': 5}
    """
    found: dict[str, int] = {}
    for step in sorted(steps, key=lambda one: one.price):
        taken = min(int(step.amount), sold)
        found[step.name] = found.get(step.name, 0) + taken
        sold -= taken
    return found


def meets(
    steps: Sequence[Step],
    fixed: float,
    under: Callable[[float], T],
    at: Callable[[float], T],
    price: Callable[[T], float],
) -> T:
    """Return the equilibrium in which a supply that rises in steps meets demand, which falls with the price.

    Between two steps the cap is what all cheaper ones bring; where that leaves the price below the last one's, the
    price is that step's and a part of it is sold.

    Parameters
    ----------
    steps
        Prices in yuan/t, amounts in Mt.
    fixed
        Mt that are there at any price.
    under, at
        The equilibrium under a cap (Mt), and at a price (yuan/t).
    price
        Price of an equilibrium, yuan/t.

    Examples
    --------
    Demand 100 - p; 50 are there, 20 more at 30 or above: at 30 the market takes all of them.

    >>> meets([Step("first", 30.0, 20.0)], 50.0, lambda cap: 100.0 - cap, lambda p: p, float)
    30.0
    >>> meets([Step("first", 40.0, 20.0)], 50.0, lambda cap: 100.0 - cap, lambda p: p, float)
    40.0
    >>> meets([Step("first", 20.0, 20.0)], 50.0, lambda cap: 100.0 - cap, lambda p: p, float)
    30.0
    """
    rising = sorted((step for step in steps if step.amount > 0), key=lambda one: one.price)
    while rising and rising[0].price <= 0.0:
        fixed += rising.pop(0).amount
    found = under(fixed)
    for step in rising:
        if price(found) <= step.price:
            return found
        more = under(fixed + step.amount)
        if price(more) < step.price:
            return at(step.price)
        found, fixed = more, fixed + step.amount
    return found


def spread_over(amount: int, places: Sequence[int], length: int) -> Ints:
    """Return whole units in equal parts over some places of a row, larger parts first.

    Examples
    --------
    >>> spread_over(7, [1, 3], 4).tolist()
    [0, 4, 0, 3]
    """
    row = np.zeros(length, np.int64)
    for number, place in enumerate(places):
        row[place] += amount // len(places) + (number < amount % len(places))
    return row
