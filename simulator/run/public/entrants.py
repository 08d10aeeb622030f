"""The reserve for new entrants in a run: what it sets aside and gives every January, and what firms foresee of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.market.new_entrants import EntrantsReserve, asked, january
from tanshi.numerics.units import TONNES
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.world import State, World

Array = NDArray[np.float64]


def in_january(policy: Policy, year: int, before: EntrantsReserve, outputs: Mapping[int, Array]) -> EntrantsReserve:
    """The reserve after the January of a year.

    Parameters
    ----------
    before
        After the January of the year before.
    outputs
        Year to indices of output by sector, (8,), of all years of the run before this one.
    """
    rule, caps = policy.scenario.new_entrants, policy.caps(year, whole=True)
    free = np.where(policy.mask(year) & ~policy.by_rate(year), caps * (1.0 - policy.auctioned(year)), 0.0)
    started = policy.scenario.policy_start
    activity, base = np.ones(len(free)), np.ones(len(free))
    for place in np.flatnonzero(free > 0):
        entered = next((y for y in range(started, year) if policy.mask(y)[place]), year)
        known = [y for y in range(max(year - rule.over_years, entered - 1), year) if y in outputs]
        if known and entered - 1 in outputs:
            activity[place] = np.mean([outputs[y][place] for y in known])
            base[place] = outputs[entered - 1][place]
    moved = asked(free, activity, base, rule.threshold, falls=rule.falls) * TONNES
    wanted = np.trunc(moved + np.sign(moved) * 1e-6).astype(np.int64)
    whole = np.rint((caps + policy.set_aside(year)) * TONNES) - np.rint(caps * TONNES)
    return january(before, int(whole[policy.mask(year)].sum()), wanted, _left_over(policy, year))


def _left_over(policy: Policy, year: int) -> str:
    """Where goes what the year before left; an empty text where the reserve did not close with it."""
    return policy.scenario.new_entrants.closed_with(year - 1) if policy.started(year - 1) else ""


def outputs_of(w: World, s: State) -> dict[int, Array]:
    """Year to indices of output by sector of the years that are over."""
    return {one.year: w.economy.accounts.coverable_outputs(one.flows) for one in s.log.years}


def open_entrants(w: World, s: State) -> EntrantsReserve | None:
    """Set aside and give the year's part; None where there is no such reserve."""
    if not w.scenario.new_entrants.any or not s.policy.started(s.year):
        return None
    s.market.entrants = in_january(s.policy, s.year, s.market.entrants, outputs_of(w, s))
    s.market.reserve += s.market.entrants.stability
    return s.market.entrants


def to_stability(s: State) -> int:
    """What of the reserve for new entrants goes into the stability reserve in the coming January, t."""
    return s.market.entrants.held if _left_over(s.policy, s.year) == "stability" else 0


def out_of_reserve(s: State) -> float:
    """What the reserve for new entrants brings to the year's market beyond the caps, Mt."""
    return s.market.entrants.out / TONNES


def out_by_sector(w: World, s: State) -> Array:
    """The same by sector, (8,) Mt, without firms: what is auctioned of it by their caps."""
    found, caps = s.market.entrants, np.where(s.policy.mask(s.year), s.policy.caps(s.year), 0.0)
    if not found.out:
        return np.zeros(len(w.sectors))
    return np.asarray((found.given + found.auctioned * caps / caps.sum()) / TONNES)


def entrants_of_the_year(w: World, s: State) -> dict[str, Any]:
    """What goes into the year's row of compliance; nothing where there is no such reserve."""
    if not w.scenario.new_entrants.any:
        return {}
    found = s.market.entrants
    given = found.given if len(found.given) else np.zeros(len(w.sectors), np.int64)
    return {
        "set_aside_t": found.aside,
        "entrants_t": {name: int(t) for name, t in zip(w.sectors, given.tolist(), strict=True) if t},
        "left_over_t": {"auction": found.auctioned, "stability": found.stability, "cancel": found.cancelled},
        "entrants_reserve_t": found.held,
    }


@dataclass
class EntrantsAhead:
    """What the reserve will give on a path of the years ahead.

    Parameters
    ----------
    policy
        As it is known.
    now
        After the current year's January.
    outputs
        Of the years that are over.
    measured
        From a year's flows to indices of output by sector.
    """

    policy: Policy
    now: EntrantsReserve
    outputs: Mapping[int, Array]
    measured: Callable[[Flows], Array]
    _path: dict[int, Array] = field(default_factory=dict)
    _reserve: EntrantsReserve | None = None

    def begin(self) -> None:
        """Begin a path of years anew."""
        self._path, self._reserve = dict(self.outputs), self.now

    def note(self, year: int, flows: Flows) -> None:
        """Note what a year of the path makes."""
        self._path[year] = self.measured(flows)

    def come(self, year: int) -> EntrantsReserve:
        """The reserve after the January of a year to come, whose years before are noted."""
        assert self._reserve is not None
        self._reserve = in_january(self.policy, year, self._reserve, self._path)
        return self._reserve


def entrants_ahead(w: World, s: State, policy: Policy) -> EntrantsAhead | None:
    """What firms foresee of the reserve; None where there is none."""
    if not w.scenario.new_entrants.any:
        return None
    return EntrantsAhead(policy, s.market.entrants, outputs_of(w, s), w.economy.accounts.coverable_outputs)


def known_from_the_start(scenario: Scenario, policy: Policy, accounts: PhysicalAccounts) -> EntrantsAhead | None:
    """The same before the run's first year, on its way from there; None where there is none."""
    if not scenario.new_entrants.any:
        return None
    ahead = EntrantsAhead(policy, EntrantsReserve(), {}, accounts.coverable_outputs)
    ahead.begin()
    return ahead
