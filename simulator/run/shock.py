"""A change of policy in the middle of a year: a cut of the cap, sectors that begin to trade.

Nobody knows of it before its first period: the reference path bends from there, allowances are withdrawn and issued
there. With one period a year the cut is averaged over its year and the sectors enter with the next.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tanshi.market.allocation import grandfather, split
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ahead.outlook import look_ahead
from tanshi.simulator.run.ahead.reference_path import announce, first_known
from tanshi.simulator.run.grants import history_of
from tanshi.simulator.run.public.auctions import change_sales
from tanshi.simulator.run.world import Announced, State, World


def shock_is_due(w: World, s: State) -> bool:
    """Whether the coming period is the shock's first."""
    return s.year == w.scenario.shock.year and s.period == _first_period(w) and not s.policy.shocked


def announce_shock(w: World, s: State, news: Announced | None = None) -> None:
    """Let the shock hold from the coming period on: its rules, its allowances, and what everyone now knows.

    Parameters
    ----------
    news
        What is known from now on, where several provinces know it of one another; else it is found here.
    """
    before = s.policy
    after = replace(before, shocked=True)
    parameters = s.economy.parameters.copy()
    after.prepare(w.province, parameters, s.year)
    s.economy.parameters = parameters
    s.announced = news or announce(
        w.scenario, w.economy, after, s.announced.star, s.year + s.period / w.periods_per_year
    )
    if not w.agents_trade or s.policy.standard(s.year):
        look_ahead(w, s)
        return  # the economy sees the cap itself; under a standard, allowances follow output at the new rate
    held, mask, sold = before.mask(s.year), s.policy.mask(s.year), s.policy.auctioned(s.year)
    change = s.policy.caps(s.year) - before.caps(s.year)
    cut = round(float(-change[held].sum()) * TONNES)
    _withdraw(s, held, cut + change_sales(w, s, -round(float(-(change * sold)[held].sum()) * TONNES)))
    entering = mask & ~held
    free, auctioned = split(np.rint(np.where(entering, change, 0.0) * TONNES).astype(np.int64), sold)
    change_sales(w, s, int(auctioned.sum()))
    begins = s.year == w.scenario.policy_start and s.period == 0
    bank = np.where(entering, w.scenario.banking.brought(begins) * s.policy.baseline.at(s.year), 0.0)
    for units, vintage in ((free, s.year), (np.rint(bank * TONNES).astype(np.int64), s.registry.first_vintage)):
        s.registry.issue(np.arange(len(s.firms)), grandfather(units, history_of(s), s.firms.sector), vintage)
    look_ahead(w, s)


def is_announced(w: World, s: State) -> bool:
    """Whether the scenario's shock had been announced where a run stands."""
    shock = w.scenario.shock
    if shock.year is None:
        return False
    now, first = (s.year, s.period), (shock.year, _first_period(w))
    return now > first or (now == first and s.calendar.opened)


def recall(w: World, s: State) -> None:
    """Bring a restored state to what had been announced by then."""
    shock, announced = w.scenario.shock, is_announced(w, s)
    if shock.year is None or announced == s.policy.shocked:
        return
    policy = replace(s.policy, shocked=announced)
    when = time_of_shock(w)
    if announced:
        s.announced = announce(w.scenario, w.economy, policy, s.announced.star, when)
    else:
        s.announced = first_known(w.scenario, w.economy, policy)


def time_of_shock(w: World) -> float:
    """When the scenario's shock is announced, in years.

    Raises
    ------
    ValueError
        Where there is none.
    """
    if w.scenario.shock.year is None:
        raise ValueError("the scenario has no shock")
    return w.scenario.shock.year + _first_period(w) / w.periods_per_year


def _first_period(w: World) -> int:
    return 0 if w.periods_per_year == 1 else w.scenario.shock.period - 1


def _withdraw(s: State, sectors: NDArray[np.bool_], amount: int) -> None:
    """Cancel ``amount`` (t) of what the sectors' firms hold, in proportion: who sold has less to give back.

    This year's allowances go first: older ones are still owed for older years.
    """
    firms = np.flatnonzero(sectors[s.firms.sector])
    held = s.registry.held[firms]
    due = np.array([min(amount, int(held.sum()))])
    if due[0] > 0:
        back = grandfather(due, held.astype(float), np.zeros(len(firms), dtype=np.int64))
        s.registry.cancel(firms, back, first=s.year)
