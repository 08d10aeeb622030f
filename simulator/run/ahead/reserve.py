"""What a stability reserve will take in and give back, as far as firms foresee it.

The rule is known, and what it moves hangs on the bank of all firms at the end of the year before, of which none has a
say: a plan finds both together.  Nobody foresees it where the scenario does not say so
(`stability_reserve.foreseen`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tanshi.agents.planning import Reserve
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.public.steps import auctioned
from tanshi.simulator.run.rules import reserve_of
from tanshi.simulator.run.world import State, World


def foreseen_reserve(
    members: Sequence[tuple[World, State]], policies: Sequence[Policy], years: range
) -> Reserve | None:
    """What the reserve moves out of each year's supply on a path of banks; None where nobody foresees it.

    Of the current year it has moved what it will, in January.

    Parameters
    ----------
    members, policies
        The province, or all of a market that has one reserve in common, and their rules as they are known.

    Returns
    -------
    From banks at the ends of the years (years,), Mt, to what each year's supply loses, Mt, and how that changes with
    the bank at the end of the year before.
    """
    w = members[0][0]
    rule = w.scenario.stability_reserve
    if not (rule.on and rule.foreseen and w.agents_trade):
        return None
    of_year = [reserve_of(rule, year) for year in years]
    most = [sum(float(policy.caps(year, whole=True)[policy.mask(year)].sum()) for policy in policies) for year in years]
    stays = [(rule.validity.at(year) if rule.validity is not None else None) or "keep" for year in years]
    sold = [sum(auctioned(policy, year, whole=True) for policy in policies) for year in years]

    def moved(bank: Floats) -> tuple[Floats, Floats]:
        out, slope = np.zeros(len(years)), np.zeros(len(years))
        held = sum(s.market.reserve for _, s in members)
        for place in range(1, len(years)):
            circulation = max(round(float(bank[place - 1]) * TONNES), 0)
            units = of_year[place].movement(circulation, held)
            if units > most[place] * TONNES:
                units = round(most[place] * TONNES)
            else:
                slope[place] = of_year[place].steepness(circulation)
            out[place] = units / TONNES
            held += units
            if stays[place] != "all":
                last = round(sold[place - 1] * TONNES) if stays[place] == "auctioned" else None
                held -= of_year[place].invalid(held, auctioned=last)
        return out, slope

    return moved
