"""A scenario of several economies made ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.run.ahead.reference_path import first_known as first_alone
from tanshi.simulator.run.build import opening, stand
from tanshi.simulator.run.ground.economy import check_years
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.together.path import first_known
from tanshi.simulator.run.together.world import JointState, JointWorld


def begin_together(scenario: Scenario, drift: Flow | None = None) -> tuple[JointWorld, JointState]:
    """The worlds of a scenario's economies and their states before the first period.

    Their order is that of the economies' names, whatever the order in the file.

    Parameters
    ----------
    scenario : Scenario
        Of at least one economy in ``economies``.
    drift
        Flow, optional
        Another flow than the scenario's own, for training and tests.

    Raises
    ------
    UserError
        Where years do not fit the economies' accounts.
    EquilibriumError
        Naming the year in which the reference path has no equilibrium.
    """
    if not scenario.economies:
        raise UserError("No economies trade together.", [Problem("economies", "none", field="economies")])
    for name in scenario.all_economies:  # an unknown one is refused here, by its name
        check_years(name, scenario.years.start, scenario.years.end, carried=True)
    together = scenario.market.link.to != "price"  # else the nation takes the other side of every trade
    stands = [
        stand(scenario.member(name), drift, shared=together, of_market=scenario.seed) for name in scenario.all_economies
    ]
    worlds = tuple(world for world, _, _ in stands)
    policies = [policy for _, _, policy in stands]
    if together:
        policies = in_parts(policies)
        known = first_known(worlds, policies)
    else:
        known = [first_alone(w.scenario, w.economy, policy) for w, policy in zip(worlds, policies, strict=True)]
    states = tuple(
        opening(world, firms, policy, announced)
        for (world, firms, _), policy, announced in zip(stands, policies, known, strict=True)
    )
    return JointWorld(scenario, worlds), JointState(states)


def in_parts(policies: Sequence[Policy]) -> list[Policy]:
    """The same rules, each knowing its province's part of what is said in tonnes for all.

    Parts are those of the provinces' allowances in the common cap, year by year; where nothing is a cap, of what they
    would emit without the policy.
    """
    scenario, parts = policies[0].scenario, [dict[int, float]() for _ in policies]
    for year in range(scenario.policy_start, scenario.years.end + 1):
        caps = [float(policy.caps(year, whole=True)[policy.mask(year)].sum()) for policy in policies]
        if not sum(caps):
            caps = [float(policy.baseline.at(year)[policy.mask(year)].sum()) for policy in policies]
        for part, cap in zip(parts, caps, strict=True):
            part[year] = cap / sum(caps) if sum(caps) else 1.0 / len(policies)
    return [replace(policy, parts=part) for policy, part in zip(policies, parts, strict=True)]
