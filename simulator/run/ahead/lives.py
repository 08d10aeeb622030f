"""How much of a bank will be alive: allowances that live for some years, as firms that plan see them."""

from __future__ import annotations

import numpy as np

from tanshi.market.lives import alive
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.world import State, World


def most_alive(w: World, s: State, policy: Policy, years: range) -> Floats:
    """Most that can be banked at the end of each year, (years,) Mt; without a life of allowances infinity.

    Tiers of `containment` and what a reserve for new entrants will give are left out: nobody knows how many there
    will be.
    """
    life = w.scenario.banking.life
    if life is None:
        return np.full(len(years), np.inf)
    supply = np.array([policy.tonnes(year, whole=True) for year in years])
    if not w.agents_trade:
        return alive(_youngest(s, life), supply, life)
    firms, registry = len(s.firms), s.registry
    trading = np.flatnonzero(s.policy.mask(s.year)[s.firms.sector])
    counted = np.concatenate((trading, np.arange(firms, registry.accounts)))
    held = registry.holdings[:, counted].sum(axis=1) / TONNES
    place = s.year - registry.first_vintage
    supply[0] = held[place] + int((s.market.granted - s.market.given)[trading].sum()) / TONNES
    return alive(held[max(place - life + 1, 0) : place][::-1], supply, life)


def _youngest(s: State, life: int) -> Floats:
    """Without firms: what the bank holds of the vintages before this year's, the youngest first, (life - 1,) Mt."""
    left, found = s.market.banked, []
    for year in range(s.year - 1, s.year - life, -1):
        issued = s.policy.tonnes(year) if year >= s.policy.scenario.years.start else 0.0
        found.append(min(issued, max(left, 0.0)))
        left -= found[-1]
    return np.array(found)


def most_of_firms(w: World, s: State) -> Floats:
    """Each firm's part of what can be alive at the year's end, by its size, (firms,) t; without a life infinity."""
    if w.scenario.banking.life is None or not s.policy.started(s.year):
        return np.full(w.firms, np.inf)
    size = s.firms.shares()[0] * np.where(s.policy.mask(s.year), s.policy.baseline.at(s.year), 0.0)[s.firms.sector]
    most = float(most_alive(w, s, s.policy, range(s.year, s.year + 1))[0]) * TONNES
    return np.asarray(size * (most / size.sum()) if size.any() else size)
