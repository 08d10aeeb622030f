"""A run, stepped period by period: a world and a state (`tanshi.simulator.run.world`) and what moves them on.

Nothing here knows Mesa, which takes a quarter of a second to import: `tanshi.simulator.model` is the face that its
tools see.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import pandas as pd

from tanshi.agents.population import Population
from tanshi.market.registry import Registry
from tanshi.numerics.threads import one_thread
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.results.collect import gains_table, result_of
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.together import joint_result
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.period import one_period
from tanshi.simulator.run.saved import plain, restored
from tanshi.simulator.run.shock import recall
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.opening import recall_together
from tanshi.simulator.run.together.period import one_period as one_joint_period
from tanshi.simulator.run.together.saved import plain_together, restored_together
from tanshi.simulator.run.together.world import JointState, JointWorld
from tanshi.simulator.run.world import State, World


class Stepped(ABC):
    """What a run of one economy and a run of several have in common.

    Attributes
    ----------
    world : World or JointWorld
        What does not change in the run.
    state : State or JointState
        What does.
    """

    world: World | JointWorld
    state: State | JointState

    @property
    def periods_per_year(self) -> int:
        """Market periods of a year."""
        return self.world.periods_per_year

    @property
    def periods_in_all(self) -> int:
        """Market periods of the whole run."""
        return self.world.periods_in_all

    def step(self) -> None:
        """Run one market period, or leave the run as it was.

        Raises
        ------
        EquilibriumError
            When an economy has no equilibrium; nothing of the period has happened then.
        RuntimeError
            When the run is finished.
        """
        if self.state.calendar.finished:
            raise RuntimeError("the run is finished")
        self._one_period()

    def run(self, until: int | None = None) -> Self:
        """Run to the end, or until ``until`` periods have been run in all."""
        while not self.state.calendar.finished and (until is None or self.state.number < until):
            self.step()
        return self

    @abstractmethod
    def _one_period(self) -> None:
        """Move the state on by one market period."""

    @abstractmethod
    def result(self) -> RunResult:
        """The run's tables so far."""

    @abstractmethod
    def save(self) -> dict[str, Any]:
        """The whole state of the run as plain arrays, numbers and texts; a copy."""

    @abstractmethod
    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up a run where ``save`` left it; it must be one of the same scenario."""


class Run(Stepped):
    """One run of a scenario of one economy.

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

    world: World
    state: State

    def __init__(self, scenario: Scenario, drift: Flow | None = None) -> None:
        self.world, self.state = begin(scenario, drift)

    @property
    def population(self) -> Population:
        """The firms, a row each."""
        return self.state.firms

    @property
    def registry(self) -> Registry:
        """Everybody's accounts."""
        return self.state.registry

    @property
    def policy(self) -> Policy:
        """The rules as far as they are known."""
        return self.state.policy

    def _one_period(self) -> None:
        one_period(self.world, self.state)

    def result(self) -> RunResult:
        """The run's tables so far."""
        return result_of(self.world, self.state)

    def gains(self) -> pd.DataFrame:
        """What trade was worth to every firm by year, yuan (`tanshi.simulator.results.collect.gains_table`)."""
        return gains_table(self.state)

    def save(self) -> dict[str, Any]:
        """The whole state of the run as plain arrays, numbers and texts; a copy."""
        return plain(self.state)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up a run where ``save`` left it; it must be one of the same scenario."""
        self.state.become(restored(saved, self.state.announced))
        recall(self.world, self.state)


class JointRun(Stepped):
    """One run of a scenario of several economies, whose firms trade in one auction.

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

    world: JointWorld
    state: JointState

    def __init__(self, scenario: Scenario, drift: Flow | None = None) -> None:
        self.world, self.state = begin_together(scenario, drift)

    def _one_period(self) -> None:
        one_joint_period(self.world, self.state)

    def result(self) -> RunResult:
        """The run's tables so far."""
        return joint_result(self.world, self.state)

    def save(self) -> dict[str, Any]:
        """The whole state of the run as plain arrays, numbers and texts; a copy."""
        return plain_together(self.world, self.state)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up a run where ``save`` left it; it must be one of the same scenario."""
        self.state.become(restored_together(self.world, self.state, saved))
        recall_together(self.world, self.state)


def run_of(scenario: Scenario, drift: Flow | None = None) -> Run | JointRun:
    """The run of a scenario, at its beginning: of its economy, or of the several that trade together."""
    return JointRun(scenario, drift) if scenario.economies else Run(scenario, drift)


def simulate(scenario: Scenario, drift: Flow | None = None) -> RunResult:
    """Run a scenario from its first to its last year.

    Parameters
    ----------
    scenario : Scenario
    drift
        Flow, optional
        Another flow than the scenario's own.

    Raises
    ------
    EquilibriumError
        Naming year, period and the worst equation when the economy has no equilibrium.
    """
    with one_thread():
        return run_of(scenario, drift).run().result()
