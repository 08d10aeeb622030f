"""What a surprise from outside changes of a plan, between one January and the next.

A plan is made in January on the economy's own path. When the surroundings move on in a way that nobody expected, firms
know how such a shock dies out, and what it adds to emissions, this year and later: the plan is cleared anew along its
own tangents, with emissions moved by

    d emissions(year) = sum over drivers of  felt_i  x  surprise_i  x  (mean over the year of what is left of it),

where ``felt`` is the derivative of the trading sectors' emissions at a given price, by the implicit function theorem.
Without a surprise the plan stays what it is to the bit. The next January asks the economy itself again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.outlook import Outlook
from tanshi.agents.planning import Prospect, tangent_path
from tanshi.equilibrium.engine.sensitivity import STEP, along
from tanshi.equilibrium.province.surroundings import NAMES, nudged
from tanshi.simulator.drift.drivers.process import DRIVERS
from tanshi.simulator.run.ahead.foresight import YearsAhead
from tanshi.simulator.run.world import State, World

Array = NDArray[np.float64]


def felt(w: World, s: State, ahead: YearsAhead) -> tuple[Array, Array]:
    """What a logarithm of each driver changes in the plan's first year, at its price.

    Returns
    -------
    emissions : (drivers,)
        Mt a year that the sectors that trade emit more, beyond what they are granted for it; 0 for drivers that do not
        move, empty where nothing does.
    unknowns : (multipliers, n)
        Of the equilibrium, in the order of `NAMES`; empty likewise.
    """
    around = w.surroundings
    if around is None:
        return np.zeros(0), np.zeros((0, 0))
    solution, province, year = ahead.nearest, w.province, s.year
    moving = [name for name in NAMES if around.moving[DRIVERS.index(name)]]
    follows, returned = s.policy.follows(year), s.policy.returned(year)
    change, unknowns = np.zeros(len(DRIVERS)), np.zeros((len(NAMES), len(solution.x)))
    directions = [nudged(province, solution.parameters, name, 1j * STEP) for name in moving]
    for name, state in zip(moving, along(solution, directions), strict=True):
        flow, levels = np.asarray(state.flow.imag / STEP), np.asarray(state.x.imag / STEP)
        unknowns[NAMES.index(name)] = levels
        emitted = province.coverable_change(flow, levels)
        if follows.any():
            emitted = emitted - np.where(follows, province.granted(flow, levels, returned), 0.0)
        change[DRIVERS.index(name)] = float(emitted[s.policy.mask(year)].sum())
    return change, unknowns


def take_in(w: World, s: State, surprise: Array) -> None:
    """Clear the plan anew after a surprise (drivers,), logarithms."""
    plan, around = s.market.outlook, w.surroundings
    if plan is None or around is None or not plan.felt.size or not (plan.felt * surprise).any():
        return
    n, years = w.periods_per_year, len(plan.price)
    left = n - s.period
    months = np.arange(left + n * (years - 1))
    ending = around.drivers.fading(months / n) @ (plan.felt * surprise) / n
    more = np.add.reduceat(ending, np.concatenate(([0], left + n * np.arange(years - 1))))
    s.market.outlook = cleared(plan, plan.emissions + more, s.policy.collar(s.year))


def tells(before: Outlook | None, after: Outlook | None, year: int) -> float:
    """By how much a new plan moves the year's price beyond what the plan before it foresaw, a logarithm."""
    if before is None or after is None or not 0 <= year - before.year < len(before.price):
        return 0.0
    then, now = float(before.price[year - before.year]), float(after.price[year - after.year])
    return float(np.log(now / then)) if then > 0.0 and now > 0.0 else 0.0


def cleared(plan: Outlook, emissions: Array, collar: tuple[float, float]) -> Outlook:
    """The plan with other emissions at the prices at which the years were asked, along the same tangents."""
    years = len(plan.price)
    used = plan.emissions + plan.slope * (plan.price - plan.at)
    supply = np.diff(plan.bank, prepend=0.0) + used  # what was at hand in January is in the first year's
    known = Prospect(supply, 0.0, plan.low, plan.high, plan.carry, *collar)
    price, bank = tangent_path(known, emissions, plan.slope, plan.at)
    following = np.zeros(len(plan.horizons))
    for place, horizon in enumerate(plan.horizons.tolist()):
        if horizon == 0 or years == 1:
            continue
        following[place] = price[1]
        if horizon + 1 < years:
            cut = slice(0, horizon + 1)
            nearer = tangent_path(known.first(horizon + 1), emissions[cut], plan.slope[cut], plan.at[cut])
            following[place] = nearer[0][1]
    return replace(plan, price=price, bank=bank, emissions=emissions, following=following)
