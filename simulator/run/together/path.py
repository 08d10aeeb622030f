"""The path of price and emissions that a common policy leads several provinces on: one equilibrium a year of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.province.dynamics import advance
from tanshi.errors import Message
from tanshi.numerics.units import TONNES
from tanshi.simulator.drift.reference import Reference
from tanshi.simulator.drift.state import Array
from tanshi.simulator.run.ahead.joint import MetTogether, meet_one_another
from tanshi.simulator.run.ahead.reference_path import announced_by, asking, without_policy
from tanshi.simulator.run.economics import set_cap
from tanshi.simulator.run.ground.annual import Year, carry, year_of
from tanshi.simulator.run.ground.forest import rule_of
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.public.entrants import known_from_the_start
from tanshi.simulator.run.together.steps import Ladder, Left, met_in_steps
from tanshi.simulator.run.world import Announced, World


def first_known(worlds: Sequence[World], policies: Sequence[Policy]) -> list[Announced]:
    """What is known in each province at the start: its frozen baseline, and from ``policy_start`` on the common policy.

    Raises
    ------
    EquilibriumError
        Naming the year in which a province has no equilibrium.
    """
    scenario = worlds[0].scenario
    paths = [without_policy(w.scenario, policy) for w, policy in zip(worlds, policies, strict=True)]
    if scenario.policy_start > scenario.years.end:
        return [Announced(policy, path, {}) for policy, path in zip(policies, paths, strict=True)]
    return announced_together(worlds, policies, paths, float(scenario.policy_start))


def announced_together(
    worlds: Sequence[World], policies: Sequence[Policy], paths: Sequence[Reference], when: float
) -> list[Announced]:
    """What is known in each province once a common policy was announced at ``when`` (years).

    Parameters
    ----------
    paths
        What was known before: up to then each path stays what it was.
    """
    solved = _solved(worlds, policies)
    return [
        announced_by(w.scenario, w.province, policy, path, when, years)
        for w, policy, path, years in zip(worlds, policies, paths, solved, strict=True)
    ]


def _solved(worlds: Sequence[World], policies: Sequence[Policy]) -> list[list[Year]]:
    """The years of each province: by itself before the policy, at one price from then on."""
    years = worlds[0].scenario.years
    found: list[list[Year]] = [[] for _ in worlds]
    stands = [carry(w.province, w.economy.growth, w.economy.economy.base_year, years.start) for w in worlds]
    entrants = [
        known_from_the_start(w.scenario, own, w.economy.accounts) for w, own in zip(worlds, policies, strict=True)
    ]
    price = 0.0
    for year in range(years.start, years.end + 1):
        caps = [policy.tonnes(year, whole=True) for policy in policies]
        for place, ((p, _), w, policy) in enumerate(zip(stands, worlds, policies, strict=True)):
            reserve = entrants[place]
            coming = reserve.come(year) if reserve is not None and policy.started(year) else None
            caps[place] += 0.0 if coming is None else coming.out / TONNES
            policy.prepare(w.province, p, year, coming)
            set_cap(w.province, policy, p, year, caps[place])
        try:
            if policies[0].started(year):
                met = _met(worlds, policies, stands, year, price, np.array(caps))
                price, answers = met.price, met.answers
            else:
                each = zip(stands, worlds, strict=True)
                answers = tuple(w.province.solve(p, start) for (p, start), w in each)
                price = max(w.province.accounts.carbon_price for w in worlds)
        except EquilibriumError as error:
            message = Message("{year}, one equilibrium a year: {error}", year=year, error=error)
            raise EquilibriumError(message, error.equation, error.residual) from error
        _note(worlds, found, stands, year, answers, year < years.end)
        for reserve, own in zip(entrants, found, strict=True):
            if reserve is not None:
                reserve.note(year, own[-1].flows)
    return found


def _met(
    worlds: Sequence[World],
    policies: Sequence[Policy],
    stands: Sequence[tuple[Parameters, Array]],
    year: int,
    price: float,
    left: Array,
) -> MetTogether[Solution]:
    """The common price of a year, from another near it, where each province has so many Mt."""
    asks = [
        asking(w.province, policy, p, year, start)
        for (p, start), w, policy in zip(stands, worlds, policies, strict=True)
    ]
    offsets = [rule_of(policy, year) for policy in policies] if policies[0].offset_share(year) > 0 else []

    def meet(left: Array | Left, bounds: tuple[float, float]) -> MetTogether[Solution]:
        return meet_one_another(asks, left, start=price, bounds=bounds, offsets=offsets)

    ladder = Ladder.of(policies, year, whole=True)
    return met_in_steps(ladder, left, meet, lambda found: found.price, policies[0].collar(year))


def _note(
    worlds: Sequence[World],
    found: list[list[Year]],
    stands: list[tuple[Parameters, Array]],
    year: int,
    answers: Sequence[Solution],
    goes_on: bool,
) -> None:
    for place, (w, solution) in enumerate(zip(worlds, answers, strict=True)):
        found[place].append(year_of(w.province, w.economy.accounts, year, solution))
        flows, p = found[place][-1].flows, stands[place][0]
        p = advance(w.province, p, flows, solution, w.economy.growth, year) if goes_on else p
        stands[place] = p, solution.x
