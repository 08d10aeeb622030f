"""A run of several provinces: their worlds and their states, which share one calendar, one auction and one price.

Each province is an ordinary world and state. The others are to it what lies beyond an open border: an account in its
registry, payments in its economy's accounts. What these come to in all provinces adds up to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.market.between import Numbering
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.world import Calendar, State, World


@dataclass(frozen=True, eq=False)
class JointWorld:
    """What does not change in a run of several provinces.

    Attributes
    ----------
    scenario : Scenario
        Of all; each member has its own, with what holds in it alone.
    members : tuple[World, ...]
        In the order of the economies' names.
    """

    scenario: Scenario
    members: tuple[World, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The economies."""
        return tuple(w.scenario.economy for w in self.members)

    @property
    def periods_per_year(self) -> int:
        """Market periods of a year."""
        return self.members[0].periods_per_year

    @property
    def periods_in_all(self) -> int:
        """Market periods of the whole run."""
        return self.members[0].periods_in_all

    @property
    def agents_trade(self) -> bool:
        """Whether the price comes from firms' trade."""
        return self.members[0].agents_trade

    @property
    def together(self) -> bool:
        """Whether the provinces trade with one another; at a price from outside all trade with the nation."""
        return self.members[0].shared


@dataclass
class JointState:
    """Where each province stands, and what has crossed the borders between them.

    Attributes
    ----------
    members : tuple[State, ...]
        As `JointWorld.members`.
    crossings : list
        A period's fills between provinces as columns: accounts of buyer and seller in their own registries, and their
        places among the members.
    """

    members: tuple[State, ...]
    crossings: list[dict[str, NDArray[Any]]] = field(default_factory=list)

    @property
    def calendar(self) -> Calendar:
        """Where the run stands in time: all provinces stand there."""
        return self.members[0].calendar

    @property
    def year(self) -> int:
        """Year of the next period to run."""
        return self.members[0].year

    @property
    def period(self) -> int:
        """The next period to run, from 0 in every year."""
        return self.members[0].period

    @property
    def number(self) -> int:
        """Periods run so far."""
        return self.members[0].number

    @property
    def begun(self) -> bool:
        """Whether the policy holds by now, from whose first year on the provinces trade with one another."""
        return self.members[0].policy.started(self.year)

    @property
    def numbering(self) -> Numbering:
        """How accounts of all registries are numbered in the one book."""
        return Numbering.of([s.registry for s in self.members])

    def copy(self) -> JointState:
        """The same state once more, to go its own way."""
        return JointState(tuple(s.copy() for s in self.members), list(self.crossings))

    def become(self, other: JointState) -> None:
        """Take another state's values; who looks at the firms goes on looking at the same ones."""
        for mine, theirs in zip(self.members, other.members, strict=True):
            mine.become(theirs)
        self.crossings = other.crossings


def pairs(w: JointWorld, s: JointState) -> Iterator[tuple[World, State]]:
    """World and state of each province."""
    return zip(w.members, s.members, strict=True)


def weights_of(w: JointWorld, s: JointState) -> NDArray[np.float64]:
    """The provinces' parts in what all emit under the market's rules, by the frozen baseline; they add up to one."""
    sizes = np.array([float(m.policy.baseline.at(m.year)[m.policy.mask(m.year)].sum()) for m in s.members])
    return np.asarray(sizes / sizes.sum()) if sizes.sum() > 0 else np.full(len(sizes), 1.0 / len(sizes))
