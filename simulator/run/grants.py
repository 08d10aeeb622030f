"""Free allowances over the year: what is given in January, what follows once it is known what firms made."""

from __future__ import annotations

import numpy as np

from tanshi.market.allocation import ex_post, grandfather
from tanshi.market.orders import Floats, Ints
from tanshi.simulator.run.rules import less_advances
from tanshi.simulator.run.world import State, World


def history_of(s: State) -> Floats:
    """What free allowances are shared by within a sector: output, or past emissions."""
    population = s.firms
    emitted = population.output_share * population.intensity
    return population.output_share if s.policy.by_output(s.year) else emitted


ADVANCE = 0.7
"""Part of the expected allowances that a standard gives in January where the scenario does not say: China's, by the
implementation plans for 2019-2020 and 2021-2022 (Ministry of Ecology and Environment): 70 %."""


def adjusts(w: World, s: State) -> bool:
    """Whether free allowances are adjusted to what firms make, as they always are under a standard."""
    given = w.scenario.allocation.in_advance is not None or s.policy.standard(s.year)
    return given and s.policy.started(s.year)


def give(w: World, s: State, free: Ints) -> None:
    """Issue the year's free allowances, (8,) t by sector, or what is given of them in advance.

    Under a standard allowances follow output. What comes now is an advance on what firms usually make, and the rest
    after the year, when it is known: firms sell out of the advance what they will be granted beyond their needs.
    """
    part = w.scenario.allocation.in_advance
    if part is None and s.policy.standard(s.year):
        part = ADVANCE
    grants = grandfather(free, history_of(s), s.firms.sector)
    s.market.granted = np.zeros_like(grants) if s.policy.standard(s.year) else grants
    s.market.given, s.market.made = s.market.granted, np.zeros(len(s.firms))
    if adjusts(w, s):
        s.market.given = np.floor((part or 0.0) * grants + 1e-9).astype(np.int64)
    if s.market.given.any():
        s.registry.issue(np.arange(len(s.firms)), less_advances(s, s.market.given), s.year)


def earn(s: State, units: Ints) -> None:
    """Note what a period's output has earned under a standard, (firms,) t; it is given after the year."""
    s.market.granted = s.market.granted + units


def note_output(w: World, s: State) -> None:
    """Add the period's output to what firms have made this year, as multiples of their usual output of a period."""
    if adjusts(w, s):
        s.market.made = s.market.made + np.exp(s.firms.shock)


def expected_grants(w: World, s: State) -> Floats:
    """Free allowances that firms expect for the whole year by what they have made and now make, (firms,) t.

    Under a standard, what they have earned so far.
    """
    if not adjusts(w, s) or _last_period(w, s) or s.policy.standard(s.year):
        return s.market.granted.astype(np.float64)
    return _by_output(w, s)


def _by_output(w: World, s: State) -> Floats:
    """Each sector's free allowances, divided by what firms have made this year and now make for the rest of it."""
    population = s.firms
    made = s.market.made + (w.periods_per_year - s.period) * np.exp(population.shock)
    weights = population.normalised(history_of(s) * made)
    return np.asarray(weights * population.total(s.market.granted.astype(np.float64))[population.sector])


def adjust(w: World, s: State) -> None:
    """Before the year's last auction: give the rest by what firms have made, or take back what was too much.

    The last period's output is taken to be what it was in the one before, and a sector's total stays. What a firm
    should return and has sold it owes with its emissions. Under a standard this comes after the year (`adjust_after`).
    """
    if not adjusts(w, s) or not _last_period(w, s) or s.policy.standard(s.year):
        return
    population = s.firms
    totals = np.rint(population.total(s.market.granted.astype(np.float64))).astype(np.int64)
    s.market.granted = grandfather(totals, _by_output(w, s), population.sector)
    _give_or_take(s)


def adjust_after(w: World, s: State) -> None:
    """After the year, before it is settled: under a standard, give what output has earned beyond the advance.

    What a firm was advanced too much is taken back, and what of that it has sold it owes with its emissions.
    """
    if adjusts(w, s) and s.policy.standard(s.year):
        _give_or_take(s)


def _give_or_take(s: State) -> None:
    firms = np.arange(len(s.firms))
    change = ex_post(s.market.granted, s.market.given)
    s.registry.issue(firms, less_advances(s, np.maximum(change, 0)), s.year)
    due = np.maximum(-change, 0)
    back = np.minimum(due, s.registry.held[: len(firms)])
    s.registry.cancel(firms, back)
    s.registry.oblige(firms, due - back)
    s.market.given = s.market.granted


def _last_period(w: World, s: State) -> bool:
    return s.period == w.periods_per_year - 1
