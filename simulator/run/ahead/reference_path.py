"""The path that a run's price and emissions are drawn to: one equilibrium a year, as the rules are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.province import Province
from tanshi.market.containment import meets
from tanshi.numerics.units import TONNES
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.reference import Reference, reference
from tanshi.simulator.drift.state import pack
from tanshi.simulator.run.ahead.joint import Asked, meet, net_need
from tanshi.simulator.run.credits import with_credits
from tanshi.simulator.run.economics import covered_emissions, packed, permit_price, set_cap
from tanshi.simulator.run.ground.annual import Year, annual_path
from tanshi.simulator.run.ground.border import price_outside, rest_of_nation
from tanshi.simulator.run.ground.forest import cost_of_credits, credit_rule, paying_for_credits
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.ground.region import Region
from tanshi.simulator.run.public.entrants import known_from_the_start
from tanshi.simulator.run.public.steps import auctioned, yearly_steps
from tanshi.simulator.run.world import Announced

Array = NDArray[np.float64]


def first_known(scenario: Scenario, region: Region, policy: Policy) -> Announced:
    """What is known at the start: z*(t) of the frozen baseline, and from ``policy_start`` on of the policy.

    Before its start nobody knows the policy: all scenarios of an economy move alike until then.
    """
    years, path = scenario.years, without_policy(scenario, policy)
    if scenario.policy_start > years.end:
        return Announced(policy, path, {})
    return announce(scenario, region, policy, path, float(scenario.policy_start))


def without_policy(scenario: Scenario, policy: Policy) -> Reference:
    """The path of the frozen baseline, on which every scenario of an economy moves until its policy starts."""
    baseline, years = policy.baseline, scenario.years
    nodes = np.array([year + 0.5 for year in range(years.start, years.end + 1)])
    return reference(nodes, pack(baseline.prices, baseline.emissions, baseline.outputs))


def _steps_met(
    province: Province, policy: Policy, p: Parameters, year: int, start: Array | None, cap: float
) -> Solution:
    """The year's equilibrium, its cap set, where a part of the allowances comes at prices of its own."""
    volume = auctioned(policy, year, whole=True)
    steps, (low, high) = yearly_steps(policy, year, volume), policy.collar(year)
    if not steps:
        return province.solve(p, start)

    def under(tonnes: float) -> Solution:
        set_cap(province, policy, p, year, tonnes)
        return province.solve(p, start)

    def at(price: float) -> Solution:
        held = min(max(price, low), high)
        set_cap(province, policy, p, year, cap, bounds=(held, held))
        return province.solve(p, start)

    fixed = cap - volume
    return meets(steps, fixed, under, at, lambda found: permit_price(province, found))


def announce(scenario: Scenario, region: Region, policy: Policy, path: Reference, when: float) -> Announced:
    """What is known once a policy was announced at ``when`` (years): up to then the path stays what it was."""
    province = region.province
    years = range(scenario.years.start, scenario.years.end + 1)

    entrants = known_from_the_start(scenario, policy, region.accounts)
    beyond: dict[int, float] = {}

    def cap(year: int) -> float:
        return policy.tonnes(year, whole=True) + beyond.get(year, 0.0)

    def regime(p: Parameters, year: int) -> None:
        coming = entrants.come(year) if entrants is not None and policy.started(year) else None
        if coming is not None:
            beyond[year] = coming.out / TONNES
        policy.prepare(province, p, year, coming)
        set_cap(province, policy, p, year, cap(year))

    link, last_price = scenario.market.link, [province.accounts.carbon_price]

    def linked(p: Parameters, year: int, start: Array | None) -> Solution:
        """The year's equilibrium at a price that the province has in common with the outside."""
        rest = rest_of_nation(link, year) if link.to == "supply" else None
        sold = None if rest is None else (lambda price: (rest.cap - rest.emissions(price), -rest.slope(price)))
        met = meet(
            asking(province, policy, p, year, start),
            cap(year),
            sold,
            start=last_price[-1] if rest is not None else price_outside(link, year),
            bounds=policy.collar(year),
            offsets=credit_rule(policy, year) if policy.offset_share(year) > 0 else None,
        )
        last_price[:] = [met.price]
        return met.answer

    def solve(p: Parameters, year: int, start: Array | None) -> Solution:
        found = met(p, year, start)
        if entrants is not None:
            entrants.note(year, Flows(found.state.flow, found.x))
        return found

    def met(p: Parameters, year: int, start: Array | None) -> Solution:
        if link.open and policy.started(year):
            return linked(p, year, start)
        if policy.offset_share(year) == 0:
            return _steps_met(province, policy, p, year, start, cap(year))
        rule = credit_rule(policy, year)

        def under(credits: float) -> Solution:
            set_cap(province, policy, p, year, cap(year), credits)
            cost = cost_of_credits(rule, credits, cap(year) + credits)  # what is emitted, where the cap binds
            return province.solve(paying_for_credits(province, rule, p, cost), start)

        return with_credits(
            rule,
            under,
            lambda found: permit_price(province, found),
            lambda found: covered_emissions(province, policy, found, year),
        )[1]

    solved = annual_path(province, region.accounts, region.growth, years, regime, solve)
    return announced_by(scenario, province, policy, path, when, solved)


def asking(
    province: Province, policy: Policy, p: Parameters, year: int, start: Array | None
) -> Callable[[float, float, float], Asked[Solution]]:
    """The economy of a year as a function of the price that it has in common with others, and of what it pays."""
    mask, follows, returned = policy.mask(year), policy.follows(year), policy.returned(year)
    near: list[Solution] = []

    def ask(price: float, across: float, income: float) -> Asked[Solution]:
        province.hold_price(p, price)
        paying = province.paying_outside(paying_for_credits(province, credit_rule(policy, year), p, income), across)
        found = province.solve(paying, near[-1].x if near else start)
        near[:] = [found]
        need, slope = net_need(province.response(found, returned), mask, follows)
        return Asked(need, slope, covered_emissions(province, policy, found, year), found)

    return ask


def announced_by(
    scenario: Scenario, province: Province, policy: Policy, path: Reference, when: float, solved: Sequence[Year]
) -> Announced:
    """What is known from a policy's announcement on, by its equilibrium of each year."""
    nodes = np.array([year.year + 0.5 for year in solved])
    prices = np.array([permit_price(province, y.solution) for y in solved])
    states = [
        packed(scenario.name, province.sectors, y.year, p, y.emissions, y.outputs)
        for p, y in zip(prices, solved, strict=True)
    ]
    values = np.array(states)
    if when >= nodes[-1]:  # nothing is known beyond the last year: its equilibrium holds to the end
        nodes, values = np.append(nodes, solved[-1].year + 1.0), np.concatenate([values, values[-1:]])
    return Announced(policy, path.announced(when, nodes, values), {y.year: y.solution.x for y in solved})
