"""A run as Mesa sees it: a model whose agents are the firms, one step a market period.

The run itself is a world and a state, moved on as in `tanshi.simulator.stepping`; this face adds what Mesa's tools
expect. What needs none of them (`simulate`, a batch) steps the same run without it, and comes to the same bytes.
"""

from __future__ import annotations

import mesa

from tanshi.agents.firm import enrol, release
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.stepping import JointRun, Run, simulate

__all__ = ["CarbonMarket", "JointMarket", "simulate"]


class CarbonMarket(Run, mesa.Model):  # type: ignore[misc]
    """One run of one scenario.

    ``step`` runs one market period; ``run`` runs all.  Firms are Mesa agents, each a view of one row of
    ``population``.

    Parameters
    ----------
    scenario : Scenario
        The policy, economy and settings.
    drift
        Flow, optional
        Another flow than the scenario's own (for training and tests).

    Attributes
    ----------
    world : World
        What does not change in the run.
    state : State
        What does.
    """

    def __init__(self, scenario: Scenario, drift: Flow | None = None) -> None:
        mesa.Model.__init__(self, rng=scenario.seed)
        Run.__init__(self, scenario, drift)
        self.firms = enrol(self, self.population)

    def forget(self) -> None:
        """Let a finished model be collected (Mesa 3.3 would keep it for ever)."""
        release(self)


class JointMarket(JointRun, mesa.Model):  # type: ignore[misc]
    """One run of a scenario of several economies, whose firms trade in one auction.

    ``step`` runs one market period; ``run`` runs all.  The firms of all are Mesa agents.

    Parameters
    ----------
    scenario : Scenario
        Of several ``economies``.
    drift
        Flow, optional
        Another flow than the scenario's own.

    Attributes
    ----------
    world : JointWorld
        What does not change in the run: a world of each economy.
    state : JointState
        What does.
    """

    def __init__(self, scenario: Scenario, drift: Flow | None = None) -> None:
        mesa.Model.__init__(self, rng=scenario.seed)
        JointRun.__init__(self, scenario, drift)
        self.firms = [firm for member in self.state.members for firm in enrol(self, member.firms)]

    def forget(self) -> None:
        """Let a finished model be collected (Mesa 3.3 would keep it for ever)."""
        release(self)
