"""A change of policy in the middle of a year: a cut of the cap, sectors that begin to trade.

Nobody knows of it before its first period: the reference path bends from there, allowances are withdrawn and issued
there. With one period a year the cut is averaged over its year and the sectors enter with the next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tanshi.market.allocation import grandfather
from tanshi.simulator.run.book import TONNES
from tanshi.simulator.run.grants import history_of

if TYPE_CHECKING:
    from tanshi.simulator.model import CarbonMarket


def shock_is_due(m: CarbonMarket) -> bool:
    """Whether the coming period is the shock's first."""
    s = m.state
    return s.year == m.scenario.shock.year and s.period == _first_period(m) and not m.policy.shocked


def announce_shock(m: CarbonMarket) -> None:
    """Let the shock hold from the coming period on: its rules, its allowances, and what everyone now knows."""
    s, before = m.state, m.policy
    m.policy = replace(before, shocked=True)
    m.policy.prepare(m.province, s.parameters, s.year)
    m.star = m.announce(m.star, s.year + s.period / m.periods_per_year)
    if m.scenario.market.mode == "equilibrium" or m.policy.standard(s.year):
        return  # the economy sees the cap itself; under a standard, allowances follow output at the new rate
    held, mask = before.mask(s.year), m.policy.mask(s.year)
    change = m.policy.caps(s.year) - before.caps(s.year)
    _withdraw(m, held, float(-change[held].sum()))
    entering = mask & ~held
    reserve = m.scenario.firms.reserve if m.scenario.banking.allowed else 0.0
    firms = np.arange(len(m.population))
    for amount, vintage in ((change, s.year), (reserve * m.policy.baseline.at(s.year), m.registry.first_vintage)):
        units = np.rint(np.where(entering, amount, 0.0) * TONNES).astype(np.int64)
        m.registry.issue(firms, grandfather(units, history_of(m), m.population.sector), vintage)


def recall(m: CarbonMarket) -> None:
    """Bring a model whose state was restored to what had been announced by then."""
    s, shock = m.state, m.scenario.shock
    if shock.year is None:
        return
    now, first = (s.year, s.period), (shock.year, _first_period(m))
    announced = now > first or (now == first and s.opened)
    if announced == m.policy.shocked:
        return
    m.policy = replace(m.policy, shocked=announced)
    when = shock.year + _first_period(m) / m.periods_per_year
    m.star = m.announce(m.star, when) if announced else m.reference_path()


def _first_period(m: CarbonMarket) -> int:
    return 0 if m.periods_per_year == 1 else m.scenario.shock.period - 1


def _withdraw(m: CarbonMarket, sectors: NDArray[np.bool_], amount: float) -> None:
    """Cancel ``amount`` (Mt) of what the sectors' firms hold, in proportion: who sold has less to give back."""
    firms = np.flatnonzero(sectors[m.population.sector])
    held = m.registry.held[firms]
    due = np.array([min(round(amount * TONNES), int(held.sum()))])
    if due[0] > 0:
        m.registry.cancel(firms, grandfather(due, held.astype(float), np.zeros(len(firms), dtype=np.int64)))
