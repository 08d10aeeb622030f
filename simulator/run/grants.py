"""Free allowances over the year: what is given in January, what follows once it is known what firms made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tanshi.market.allocation import ex_post, grandfather
from tanshi.market.orders import Floats, Ints
from tanshi.simulator.run.rules import less_advances

if TYPE_CHECKING:
    from tanshi.simulator.model import CarbonMarket


def history_of(m: CarbonMarket) -> Floats:
    """What free allowances are shared by within a sector: output, or past emissions."""
    population = m.population
    emitted = population.output_share * population.intensity
    return population.output_share if m.policy.by_output(m.state.year) else emitted


def adjusts(m: CarbonMarket) -> bool:
    """Whether free allowances are adjusted to what firms make."""
    return m.scenario.allocation.in_advance is not None and m.policy.started(m.state.year)


def give(m: CarbonMarket, free: Ints) -> None:
    """Issue the year's free allowances, (8,) t by sector, or what is given of them in advance.

    Under a standard allowances follow output period by period; only what is given in advance comes now.
    """
    s, part = m.state, m.scenario.allocation.in_advance
    grants = grandfather(free, history_of(m), m.population.sector)
    s.granted = np.zeros_like(grants) if m.policy.standard(s.year) else grants
    s.given, s.made = s.granted, np.zeros(len(m.population))
    if adjusts(m):
        s.given = np.floor((part or 0.0) * grants + 1e-9).astype(np.int64)
    if s.given.any():
        m.registry.issue(np.arange(len(m.population)), less_advances(m, s.given), s.year)


def earn(m: CarbonMarket, units: Ints) -> None:
    """Book what a period's output has earned under a standard, (firms,) t; kept for the adjustment where one comes."""
    s = m.state
    s.granted = s.granted + units
    if not adjusts(m) or _last_period(m):
        m.registry.issue(np.arange(len(m.population)), units, s.year)


def note_output(m: CarbonMarket) -> None:
    """Add the period's output to what firms have made this year, as multiples of their usual output of a period."""
    if adjusts(m):
        m.state.made = m.state.made + np.exp(m.population.shock)


def expected_grants(m: CarbonMarket) -> Floats:
    """Free allowances that firms expect for the whole year by what they have made and now make, (firms,) t.

    Under a standard, what they have earned so far.
    """
    s = m.state
    if not adjusts(m) or _last_period(m) or m.policy.standard(s.year):
        return s.granted.astype(np.float64)
    return _by_output(m)


def _by_output(m: CarbonMarket) -> Floats:
    """Each sector's free allowances, divided by what firms have made this year and now make for the rest of it."""
    s, population = m.state, m.population
    made = s.made + (m.periods_per_year - s.period) * np.exp(population.shock)
    weights = population.normalised(history_of(m) * made)
    return np.asarray(weights * population.total(s.granted.astype(np.float64))[population.sector])


def adjust(m: CarbonMarket) -> None:
    """Before the year's last auction: give the rest by what firms have made, or take back what was too much.

    The last period's output is taken to be what it was in the one before. A sector's total stays; under a standard it
    is what its output has earned. What a firm should return and has sold it owes with its emissions.
    """
    if not adjusts(m) or not _last_period(m):
        return
    s, population = m.state, m.population
    firms = np.arange(len(population))
    if not m.policy.standard(s.year):
        totals = np.rint(population.total(s.granted.astype(np.float64))).astype(np.int64)
        s.granted = grandfather(totals, _by_output(m), population.sector)
    change = ex_post(s.granted, s.given)
    m.registry.issue(firms, less_advances(m, np.maximum(change, 0)), s.year)
    due = np.maximum(-change, 0)
    back = np.minimum(due, m.registry.held[: len(population)])
    m.registry.cancel(firms, back)
    m.registry.oblige(firms, due - back)
    s.given = s.granted


def _last_period(m: CarbonMarket) -> bool:
    return m.state.period == m.periods_per_year - 1
