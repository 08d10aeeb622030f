"""A scenario of several economies made ready to run."""

from __future__ import annotations

from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.run.build import opening, stand
from tanshi.simulator.run.ground.economy import check_years
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
    stands = [stand(scenario.member(name), drift, shared=True) for name in scenario.all_economies]
    worlds = tuple(world for world, _, _ in stands)
    known = first_known(worlds, [policy for _, _, policy in stands])
    states = tuple(opening(*one, announced) for one, announced in zip(stands, known, strict=True))
    return JointWorld(scenario, worlds), JointState(states)
