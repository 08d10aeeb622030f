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


class Face(mesa.Model):  # type: ignore[misc]
    """A model of Mesa's whose step may be refused and tried again, and which is forgotten when asked.

    From Mesa 3.5 on a step is an event that arranges for the next one once it has ended, so that a step that raised was
    the last. What a period raises is kept until Mesa has done so.
    """

    def __init__(self, seed: int) -> None:
        mesa.Model.__init__(self, rng=seed)
        self._raised: BaseException | None = None
        mine = self.__dict__  # where Mesa put its own step before the class's
        period, mesas = mine["_user_step"], mine["step"]

        def kept() -> None:
            try:
                period()
            except BaseException as error:
                self._raised = error

        def step() -> None:
            self._raised = None
            mesas()
            if self._raised is not None:
                raise self._raised

        mine.update(_user_step=kept, step=step)

    def forget(self) -> None:
        """Let a finished model be collected (Mesa 3.3 would keep it for ever)."""
        release(self)


class CarbonMarket(Run, Face):
    """One run of one scenario.

    ``step`` runs one market period; ``run`` runs all.  Firms are Mesa agents, each a view of one row of
    ``population``.  Parameters and attributes are those of `tanshi.simulator.stepping.Run`.
    """

    def __init__(self, scenario: Scenario, drift: Flow | None = None) -> None:
        Face.__init__(self, scenario.seed)
        Run.__init__(self, scenario, drift)
        self.firms = enrol(self, self.population)


class JointMarket(JointRun, Face):
    """One run of a scenario of several economies, whose firms trade in one auction.

    ``step`` runs one market period; ``run`` runs all.  The firms of all are Mesa agents.  Parameters and attributes are
    those of `tanshi.simulator.stepping.JointRun`.
    """

    def __init__(self, scenario: Scenario, drift: Flow | None = None) -> None:
        Face.__init__(self, scenario.seed)
        JointRun.__init__(self, scenario, drift)
        self.firms = [firm for member in self.state.members for firm in enrol(self, member.firms)]
