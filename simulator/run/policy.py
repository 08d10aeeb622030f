"""A scenario's rules in the terms of the economy and the market: who is covered, how many allowances there are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.carbon import COVERABLE
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.annual import Baseline

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Policy:
    """The rules of one scenario."""

    scenario: Scenario
    baseline: Baseline
    shocked: bool = False
    """Whether the scenario's mid-year shock has been announced."""
    annual: bool = False
    """Whether there is one period a year: a cut is averaged over its year then, and sectors enter with the next."""
    _masks: dict[int, NDArray[np.bool_]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _caps: dict[tuple[int, bool], Array] = field(default_factory=dict, init=False, repr=False, compare=False)

    def kinds(self, year: int) -> dict[str, str]:
        """Coverage by sector: before the policy starts power trades, as in the benchmark."""
        if year < self.scenario.policy_start:
            return {s: "trading" if s == "ELEC" else "none" for s in COVERABLE}
        kinds: dict[str, str] = dict(self.scenario.coverage.as_dict())
        if self.after_shock(year) and not (self.annual and year == self.scenario.shock.year):
            kinds |= dict.fromkeys(self.scenario.shock.sectors, "trading")
        return kinds

    def after_shock(self, year: int) -> bool:
        """Whether the shock is known and holds in at least a part of the year."""
        shock = self.scenario.shock
        return self.shocked and shock.year is not None and year >= shock.year

    def trading(self, year: int) -> tuple[str, ...]:
        """Sectors that must surrender, and trade."""
        return tuple(s for s, kind in self.kinds(year).items() if kind == "trading")

    def binding(self, year: int) -> tuple[str, ...]:
        """Sectors that keep to free quotas of their own, without trade."""
        if not self.scenario.allocation.binding:
            return ()
        return tuple(s for s, kind in self.kinds(year).items() if kind == "allocated")

    def mask(self, year: int) -> NDArray[np.bool_]:
        """Trading sectors as a mask in the order of ``COVERABLE``; not to be written to, since it is kept."""
        if year not in self._masks:
            kinds = self.kinds(year)
            self._masks[year] = np.array([kinds[s] == "trading" for s in COVERABLE])
            self._masks[year].setflags(write=False)
        return self._masks[year]

    def caps(self, year: int, *, whole: bool = False) -> Array:
        """Allowances of the year by sector, Mt: (1 - mu) of the frozen baseline; zero for uncovered sectors.

        Not to be written to, since it is kept.

        Parameters
        ----------
        whole : in the year of a shock, as if it had held from January: the rate at which allowances now come.
        """
        if (year, whole) not in self._caps:
            self._caps[year, whole] = self._caps_of(year, whole)
            self._caps[year, whole].setflags(write=False)
        return self._caps[year, whole]

    def _caps_of(self, year: int, whole: bool) -> Array:
        kinds = self.kinds(year)
        covered = np.array([kinds[s] != "none" for s in COVERABLE])
        caps = np.where(covered, self.scenario.cap_share(year) * self.baseline.at(year), 0.0)
        if self.standard(year):
            caps = np.where(covered, self._by_benchmark(year, caps), 0.0)
        if not self.after_shock(year):
            return caps
        shock = self.scenario.shock
        part = 1.0 if whole or year != shock.year else self.part_after_shock
        new = np.array([s in shock.sectors for s in COVERABLE])
        return np.asarray(caps * np.where(new, part * (1.0 - shock.cap_cut), 1.0 - part * shock.cap_cut))

    def _by_benchmark(self, year: int, caps: Array) -> Array:
        """Allowances at the frozen baseline's output of sectors that have benchmarks of their own, Mt."""
        given = self.scenario.allocation.benchmarks
        rates = [given.at(s, year - self.scenario.policy_start) for s in COVERABLE]
        own = np.array([np.nan if rate is None else rate for rate in rates])
        at_first = self._of_sectors(self.baseline.earning_emissions[0] * self.baseline.earning(year)[1])
        return np.where(np.isnan(own), caps, own * at_first)

    def _of_sectors(self, amounts: Array) -> Array:
        """Sums by sector of amounts of those who can earn quotas."""
        return np.bincount(self.baseline.earners, amounts, len(COVERABLE)).astype(np.float64)

    def rates(self, year: int) -> Array:
        """Allowances for output, Mt per benchmark year's output of each activity that earns them.

        The frozen baseline's own emissions per output of the activity in that year (of the benchmark year, where the
        scenario names a sector's benchmark), times what the cap leaves of the sector's. A cap of all of the baseline
        is thus a standard that is not tightened: whoever emits per output what the baseline does needs no allowance.
        """
        if not self.by_output(year):
            return np.zeros(len(self.baseline.earners))
        emissions, made = self.baseline.earning(year)
        named = self.scenario.allocation.benchmarks
        own = np.array([self.standard(year) and named.at(s, 0) is not None for s in COVERABLE])
        weights = np.where(own[self.baseline.earners], self.baseline.earning_emissions[0] * made, emissions)
        sums = self._of_sectors(weights)
        caps = np.where(self.mask(year), self.caps(year, whole=True), 0.0)
        share = np.divide(caps, sums, out=np.zeros_like(caps), where=sums > 0)[self.baseline.earners]
        rates: Array = np.divide(share * weights, made, out=np.zeros_like(made), where=made > 0)
        return rates

    @property
    def part_after_shock(self) -> float:
        """Part of the shock's year in which it holds."""
        return 1.0 - (self.scenario.shock.period - 1) / self.scenario.market.periods_per_year

    def started(self, year: int) -> bool:
        """Whether the scenario's policy holds; before it, all scenarios of an economy are its benchmark's policy."""
        return year >= self.scenario.policy_start

    def standard(self, year: int) -> bool:
        """Whether the cap is a tradable performance standard."""
        return self.started(year) and self.scenario.cap.regime == "tps"

    def by_output(self, year: int) -> bool:
        """Whether allowances follow output: by the allocation's method, or because the cap is a standard."""
        rule = self.scenario.allocation.method == "output_based" or self.scenario.cap.regime == "tps"
        return self.started(year) and rule

    def auctioned_share(self, year: int) -> float:
        """Share of the cap that government sells."""
        return self.scenario.allocation.auctioned_share if self.started(year) else 0.0

    def offset_share(self, year: int) -> float:
        """Largest part of the year's obligation that offset credits may cover."""
        return self.scenario.offsets.share if self.started(year) else 0.0

    def collar(self, year: int) -> tuple[float, float]:
        """Lowest price, and the highest that anybody bids (the ceiling or the penalty), yuan/t."""
        price, penalty = self.scenario.price, self.scenario.penalty.price
        if not self.started(year):
            return 0.0, penalty
        return price.floor, penalty if price.ceiling is None else min(price.ceiling, penalty)

    def prepare(self, model: Province, p: Parameters, year: int) -> None:
        """Set the year's coverage, quotas and ownership of permits on the economy's parameters."""
        binding = self.binding(year)
        model.cover(p, (*self.trading(year), *binding))
        for sector in model.own:
            quota = float(self.caps(year)[COVERABLE.index(sector)]) if sector in binding else None
            model.own_quota(p, sector, quota, self.scenario.penalty.price)
        model.auction(p, self.auctioned_share(year))
        model.give_quotas(p, self.rates(year), absolute=not self.standard(year))
