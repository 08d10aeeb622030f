"""A scenario's rules in the terms of the economy and the market: who is covered, how many allowances there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from equilibrium.engine import Parameters
from equilibrium.province.carbon import COVERABLE
from equilibrium.province.province import Province
from scenarios.schema import Scenario
from simulator.annual import Baseline

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Policy:
    """The rules of one scenario."""

    scenario: Scenario
    baseline: Baseline

    def kinds(self, year: int) -> dict[str, str]:
        """Coverage by sector: before the policy starts power trades, as in the benchmark."""
        if year < self.scenario.policy_start:
            return {s: "trading" if s == "ELEC" else "none" for s in COVERABLE}
        return dict(self.scenario.coverage.as_dict())

    def trading(self, year: int) -> tuple[str, ...]:
        """Sectors that must surrender, and trade."""
        return tuple(s for s, kind in self.kinds(year).items() if kind == "trading")

    def mask(self, year: int) -> NDArray[np.bool_]:
        """Trading sectors as a mask in the order of ``COVERABLE``."""
        kinds = self.kinds(year)
        return np.array([kinds[s] == "trading" for s in COVERABLE])

    def caps(self, year: int) -> Array:
        """Allowances of the year by sector, Mt: (1 - mu) of the frozen baseline; zero for uncovered sectors."""
        kinds = self.kinds(year)
        covered = np.array([kinds[s] != "none" for s in COVERABLE])
        return np.where(covered, self.scenario.cap_share(year) * self.baseline.at(year), 0.0)

    @cached_property
    def highest_price(self) -> float:
        """Nobody bids more: the ceiling, or the penalty, yuan/t."""
        ceiling = self.scenario.price.ceiling
        penalty = self.scenario.penalty.price
        return penalty if ceiling is None else min(ceiling, penalty)

    def prepare(self, model: Province, p: Parameters, year: int) -> None:
        """Set the year's coverage, quotas and ownership of permits on the economy's parameters."""
        model.cover(p, self.trading(year))
        model.auction(p, self.scenario.allocation.auctioned_share)
        rates = np.zeros(len(COVERABLE))
        if self.scenario.by_output and year >= self.scenario.policy_start:
            i = year - self.baseline.years[0]
            rates = np.where(self.mask(year), self.caps(year) / self.baseline.outputs[i], 0.0)
        model.give_quotas(p, rates, absolute=self.scenario.cap.regime == "absolute")
