"""A year's supply of allowances in steps of the price, as firms foresee it and as the economy alone meets it."""

from __future__ import annotations

import numpy as np

from tanshi.market.containment import Step
from tanshi.scenarios.containment import Tier
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.ground.policy import Policy


def in_steps(scenario: Scenario) -> bool:
    """Whether supply answers the price anywhere: a reserve price, or tiers at prices."""
    said = any(tier.at is not None for _, tier in scenario.containment.tiers())
    return said or scenario.auctions.reserve_price is not None


def most_of(policy: Policy, tier: Tier, year: int, cap: float) -> float | None:
    """Most allowances of a tier in a year, Mt; None without limit.

    Of a number that a market of several provinces has in common each has its part (`part_of`).

    Parameters
    ----------
    cap
        The province's own of the year, Mt.
    """
    most = tier.most(year, cap)
    return most if most is None or tier.amount is None else most * part_of(policy, year)


def part_of(policy: Policy, year: int) -> float:
    """A province's part of what a market of several has in common in a year; 1 in a market of its own.

    After the last year that is known it is that year's.
    """
    if not policy.parts:
        return 1.0
    return policy.parts.get(year, policy.parts[max(policy.parts)])


def auctioned(policy: Policy, year: int, *, whole: bool = False) -> float:
    """What government means to auction in a year out of caps in tonnes, Mt."""
    return float((policy.fixed(year, whole=whole) * policy.auctioned(year)).sum())


def yearly_steps(policy: Policy, year: int, volume: float, held: float | None = None) -> list[Step]:
    """Steps of a year's supply, yuan/t and Mt: what is auctioned at its reserve price, and the tiers.

    A tier without limit is a ceiling and holds all that is emitted.

    Parameters
    ----------
    volume
        What is auctioned, Mt.
    held
        What a stability reserve will hold for the tiers that it feeds, Mt, the cheapest first; None: nobody knows, and
        they are left out.
    """
    sc = policy.scenario
    if not policy.started(year) or not in_steps(sc):
        return []
    mask = policy.mask(year)
    cap, base = policy.whole_cap(year), float(policy.baseline.at(year)[mask].sum())
    least, steps = sc.auctions.least_price(year), []
    for name, tier in sc.containment.tiers():
        trigger = tier.at.at(year) if tier.at is not None else None
        if trigger is None or (tier.from_reserve and held is None):
            continue
        most = most_of(policy, tier, year, cap)
        amount = base if most is None else most
        if tier.from_reserve and held is not None:
            amount = min(amount, held)
            held -= amount
        if name == "withhold":
            amount = min(amount, volume)
            volume -= amount
        steps.append(Step(name, max(trigger, least), amount))
    return [Step("base", least, volume), *steps]


def taken(steps: list[Step], price: float, needed: float) -> float:
    """What is sold of some steps at a price (yuan/t), Mt: all of the cheaper ones, and of that price's what is needed.

    Examples
    --------
    >>> taken([Step("base", 20.0, 50.0), Step("first", 70.0, 10.0)], 70.0, 56.0)
    56.0
    >>> taken([Step("base", 20.0, 5.0)], 9.0, 3.0)
    0.0
    """
    below = sum(step.amount for step in steps if step.price < price - 1e-9)
    at = sum(step.amount for step in steps if abs(step.price - price) <= 1e-9)
    return below + float(np.clip(needed - below, 0.0, at))
