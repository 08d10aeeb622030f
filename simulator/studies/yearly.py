"""A scenario without firms: one equilibrium a year, under its own rules or under others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.dynamics import Growth
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.together import refuse_several
from tanshi.simulator.run.economics import impose
from tanshi.simulator.run.ground.annual import Year, annual_path, frozen_baseline
from tanshi.simulator.run.ground.economy import economy, province_of
from tanshi.simulator.run.ground.policy import Policy


@dataclass(frozen=True)
class Yearly:
    """A scenario's economy, how it grows over the scenario's years, and its policy."""

    model: Province
    accounts: PhysicalAccounts
    growth: Growth
    years: range
    policy: Policy

    @staticmethod
    def of(scenario: Scenario) -> Yearly:
        """The economy and rules of a scenario.

        Raises
        ------
        UserError
            Where the scenario is of several provinces, or what it says of its economy cannot be.
        """
        refuse_several(scenario)
        name, first, last = scenario.economy, scenario.years.start, scenario.years.end
        model, accounts = province_of(scenario)
        growth = economy(name, scenario.figures).growth(scenario.dynamics, first, last)
        base = frozen_baseline(name, scenario.closure, scenario.dynamics, first, last, scenario.figures)
        return Yearly(model, accounts, growth, range(first, last + 1), Policy(scenario, base, annual=True))

    def path(self, regime: Callable[[Parameters, int], None] | None = None) -> list[Year]:
        """The equilibria of its years, by default under its own rules and cap.

        Raises
        ------
        EquilibriumError
            With the year and the worst equation.
        """
        return annual_path(self.model, self.accounts, self.growth, self.years, regime or self._own)

    def _own(self, p: Parameters, year: int) -> None:
        impose(self.policy, self.model, p, year)
