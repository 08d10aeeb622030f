"""What a stability reserve will take in and give back, as far as firms foresee it.

The rule is known, and what it moves hangs on the bank of all firms at the end of the year before, of which none has a
say: a plan finds both together.  Nobody foresees it where the scenario does not say so
(`stability_reserve.foreseen`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tanshi.market.orders import Floats
from tanshi.market.stability import StabilityReserve
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.public.steps import auctioned
from tanshi.simulator.run.rules import reserve_of
from tanshi.simulator.run.world import State, World


@dataclass(frozen=True)
class ForeseenReserve:
    """A stability reserve on a path of banks: a plan's `Reserve`, which knows what it holds, too.

    Attributes
    ----------
    rules
        Of each year.
    stays
        What stays valid in each year: ``keep``, ``auctioned`` or ``all`` (`stability_reserve.validity`).
    most, sold
        T of each year's supply that can be taken at most, and that are auctioned.
    held
        T that it holds now, this January's movement done.
    fed : (years,) float
        Mt that tiers of the auctions will take out of it in each year, as far as it holds them.
    """

    rules: tuple[StabilityReserve, ...]
    stays: tuple[str, ...]
    most: tuple[int, ...]
    sold: tuple[int, ...]
    held: int
    fed: Floats

    def __call__(self, bank: Floats) -> tuple[Floats, Floats]:
        """What each year's supply loses on a path of banks at the ends of the years, and its change with the bank."""
        return self._along(bank)[:2]

    def holdings(self, bank: Floats) -> Floats:
        """What it holds in each year once January's movement is done, (years,) Mt."""
        return self._along(bank)[2]

    def feeding(self, fed: Floats) -> ForeseenReserve:
        """The same where tiers take so many Mt out of it in each year."""
        return replace(self, fed=fed)

    def _along(self, bank: Floats) -> tuple[Floats, Floats, Floats]:
        years, held = len(self.rules), self.held
        out, slope, holds = np.zeros(years), np.zeros(years), np.full(years, held / TONNES)
        for place in range(1, years):
            held = max(held - round(float(self.fed[place - 1]) * TONNES), 0)
            circulation = max(round(float(bank[place - 1]) * TONNES), 0)
            units = self.rules[place].movement(circulation, held)
            if units > self.most[place]:
                units = self.most[place]
            else:
                slope[place] = self.rules[place].steepness(circulation)
            out[place] = units / TONNES
            held += units
            if self.stays[place] != "all":
                last = self.sold[place - 1] if self.stays[place] == "auctioned" else None
                held -= self.rules[place].invalid(held, auctioned=last)
            holds[place] = held / TONNES
        return out, slope, holds


def foreseen_reserve(
    members: Sequence[tuple[World, State]], policies: Sequence[Policy], years: range
) -> ForeseenReserve | None:
    """What the reserve moves out of each year's supply on a path of banks; None where nobody foresees it.

    Of the current year it has moved what it will, in January.

    Parameters
    ----------
    members, policies
        The province, or all of a market that has one reserve in common, and their rules as they are known.
    """
    w = members[0][0]
    rule = w.scenario.stability_reserve
    if not (rule.on and rule.foreseen and w.agents_trade):
        return None
    most = [sum(float(policy.caps(year, whole=True)[policy.mask(year)].sum()) for policy in policies) for year in years]
    sold = [sum(auctioned(policy, year, whole=True) for policy in policies) for year in years]
    return ForeseenReserve(
        tuple(reserve_of(rule, year) for year in years),
        tuple(rule.stays_in(year) for year in years),
        tuple(round(amount * TONNES) for amount in most),
        tuple(round(amount * TONNES) for amount in sold),
        sum(s.market.reserve for _, s in members),
        np.zeros(len(years)),
    )
