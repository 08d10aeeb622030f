"""What government will sell at which prices in the years ahead, as firms foresee it.

A tier that a stability reserve feeds sells no more than the reserve holds, which hangs on the banks of the years before
and on what tiers have sold: who foresees the reserve (`stability_reserve.foreseen`) finds plan and holdings in turn.

A tier whose trigger is a multiple of a past mean of the price (European Union, Art. 29a: 2.4 times the mean of two
years) is in no plan. Where a bank may be kept, no price of a plan exceeds the last one by more than the rate at which
the bank is carried: at 10 % a year the mean of half a year is some 12 % above that of the two years before it. Such a
tier is for surprises, and is news when it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tanshi.agents.planning import Plan, Prospect
from tanshi.agents.stepped import Steps
from tanshi.market.containment import Step
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.scenarios.containment import TIERS
from tanshi.simulator.run.ahead.reserve import ForeseenReserve
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.public.steps import auctioned, in_steps, part_of, yearly_steps
from tanshi.simulator.run.world import State, World

ROUNDS = 8
"""Most plans that are made in turn with what a reserve holds for tiers."""
SETTLED = 2e-4
"""Part of a year's supply by which what tiers take out of a reserve may differ from what was reckoned with."""
ABOVE = 1e-6
"""Part of a tier's price by which the price of a plan exceeds it where all of the tier is sold."""


def unsold(w: World, s: State) -> float:
    """What government holds for this year's auctions, Mt."""
    return int(s.registry.held[w.government]) / TONNES if w.agents_trade else auctioned(s.policy, s.year)


def steps_ahead(w: World, s: State, policy: Policy, years: range) -> Steps:
    """Prices from which government sells more, yuan/t, and Mt, year by year: of this year's tiers what is left.

    Tiers that a stability reserve feeds are left out: see `fed_from_reserve`.
    """
    return _at_prices(_each_year(w, s, policy, years, None))


def _at_prices(offers: Sequence[list[Step]]) -> Steps:
    return tuple(tuple(sorted((step.price, step.amount) for step in steps)) for steps in offers)


def _each_year(w: World, s: State, policy: Policy, years: range, held: Floats | None) -> list[list[Step]]:
    """What is offered in each year, where a reserve holds so many Mt for its tiers; None: nobody knows."""
    if not in_steps(w.scenario):
        return []
    found = []
    for place, year in enumerate(years):
        now = year == s.year
        volume = unsold(w, s) if now else auctioned(policy, year, whole=True)
        steps = yearly_steps(policy, year, volume, None if held is None else float(held[place]))
        if now and w.agents_trade and s.policy.started(year):
            left = dict(zip(("withhold", *TIERS), s.market.sales.left.tolist(), strict=True))
            steps = [replace(x, amount=min(x.amount, left.get(x.name, np.inf) / TONNES)) for x in steps]
        found.append([step for step in steps if step.amount > 0])
    return found


def steps_of_all(each: Sequence[Steps]) -> Steps:
    """Prices from which all governments together sell more, year by year."""
    found = []
    for years in zip(*each, strict=True):
        at: dict[float, float] = {}
        for price, amount in (step for steps in years for step in steps):
            at[price] = at.get(price, 0.0) + amount
        found.append(tuple(sorted(at.items())))
    return tuple(found)


def fed_from_reserve(
    members: Sequence[tuple[World, State]],
    policies: Sequence[Policy],
    years: range,
    prospect: Prospect,
    again: Callable[[Prospect, Floats], Plan],
    made: Plan,
) -> tuple[Prospect, Plan]:
    """A plan with the tiers that a foreseen stability reserve feeds, and what was known for it.

    Plans and what the reserve holds on their path are found in turn. Where they do not settle, the last plan's gap says
    how far the tiers' sales still move, as part of a year's supply.

    Parameters
    ----------
    members, policies
        The province, or all of a market, and their rules as they are known.
    prospect, made
        Without those tiers.
    again
        From what is known and a path of prices to begin from to the plan.
    """
    reserve = prospect.reserve
    fed = [name for name, tier in members[0][0].scenario.containment.tiers() if tier.at and tier.from_reserve]
    if not (fed and isinstance(reserve, ForeseenReserve)):
        return prospect, made
    parts = [np.array([part_of(policy, year) for year in years]) for policy in policies]
    each = list(zip(members, policies, parts, strict=True))
    whole = [_each_year(*member, policy, years, np.full(len(years), np.inf)) for member, policy, _ in each]
    wished, sold, moves = np.zeros(len(years)), np.zeros(len(years)), np.inf
    size = max(float(np.abs(prospect.supply).max()), float(made.emissions.max()))
    for _ in range(ROUNDS):
        held = reserve.feeding(wished).holdings(made.bank)
        offers = [_each_year(*member, policy, years, held * part) for member, policy, part in each]
        prospect = replace(
            prospect, steps=steps_of_all([_at_prices(one) for one in offers]), reserve=reserve.feeding(wished)
        )
        made = again(prospect, made.price)
        wished = _wished(prospect, made, offers, whole, fed)
        before, sold = sold, np.minimum(wished, held)
        moves = float(np.abs(sold - before).max()) / size
        if moves <= SETTLED:
            return prospect, made
    return prospect, replace(made, gap=max(made.gap, moves))


def _wished(
    prospect: Prospect,
    made: Plan,
    offers: Sequence[list[list[Step]]],
    whole: Sequence[list[list[Step]]],
    fed: Sequence[str],
) -> Floats:
    """What a plan would sell of the tiers that a reserve feeds if it held enough, (years,) Mt.

    Above a tier's price all of it; at its price what is left once all cheaper steps are sold, out of what is offered.
    """
    emitted = made.emissions + made.slope * (made.price - made.at)
    before = np.append(prospect.opening, made.bank[:-1])
    needed = made.bank - before - prospect.less_reserve(made.bank).supply + emitted
    found = np.zeros(len(needed))
    for place, left in enumerate(needed.tolist()):
        there = [{step.name: step.amount for step in one[place]} for one in offers]
        steps = [(step, names) for one, names in zip(whole, there, strict=True) for step in one[place]]
        for step, names in sorted(steps, key=lambda pair: (pair[0].price, pair[0].name in fed)):
            taken = min(max(left, 0.0), names.get(step.name, 0.0))
            left -= taken
            if step.name in fed:
                found[place] += step.amount if made.price[place] > step.price * (1.0 + ABOVE) else taken
    return found
