"""Free allowances over the year: what is given in January, and what follows once it is known what firms did."""

from __future__ import annotations

import numpy as np

from tanshi.market.allocation import ex_post, grandfather
from tanshi.market.compliance import verify
from tanshi.market.law import Rule, balanced
from tanshi.market.orders import Floats, Ints, Mask
from tanshi.numerics.units import TONNES
from tanshi.simulator.drift.state import outputs
from tanshi.simulator.run.ground.margins import topped_up
from tanshi.simulator.run.ground.plant_classes import PLANT
from tanshi.simulator.run.rules import less_advances
from tanshi.simulator.run.world import State, World

ADVANCE = 0.7
"""Part of the expected allowances that is given in January where allowances follow output and the scenario does not
say: China's, by the allocation plans for 2019-2020 and 2021-2022 (Ministry of Ecology and Environment): 70 %."""
BY_VERIFIED = 2023
"""First year whose advance is a part of the emissions verified for the year before (allocation plan for 2023-2024)."""


def history_of(s: State) -> Floats:
    """What free allowances are shared by within a sector: output times the firm's benchmark, or past emissions."""
    population = s.firms
    by_output = s.policy.divided_by_output(s.year)
    earning = population.output_share * population.benchmark
    if by_output.all():
        return earning
    emitted = population.output_share * population.intensity
    return np.where(by_output[population.sector], earning, emitted)


def parts_in_advance(w: World, s: State) -> Floats:
    """Part of each sector's free allowances that comes in January, (8,); NaN: all of it, for good."""
    parts = np.full(len(w.sectors), np.nan)
    if not s.policy.started(s.year):
        return parts
    common, rate = w.scenario.allocation.in_advance, s.policy.by_rate(s.year)
    for i, sector in enumerate(w.sectors):
        path = w.scenario.sectors[sector].in_advance
        own = None if path is None else path.at(s.year)
        said = common if own is None else own
        parts[i] = (ADVANCE if rate[i] else np.nan) if said is None else said
    return parts


def adjusts(w: World, s: State) -> bool:
    """Whether any free allowances are adjusted to what firms make or emit, as they are where they follow output."""
    return bool((~np.isnan(parts_in_advance(w, s))).any())


def give(w: World, s: State, free: Ints) -> None:
    """Issue the year's free allowances, (8,) t by sector, or what is given of them in advance.

    Where allowances follow output or emissions, what comes now is an advance, and the rest after the year, when both
    are known: firms sell out of the advance what they will be granted beyond their needs.
    """
    sector, parts = s.firms.sector, parts_in_advance(w, s)
    grants = grandfather(free, history_of(s), sector)
    rate = s.policy.by_rate(s.year)[sector]
    s.market.granted = np.where(rate, 0, grants)
    part = parts[sector]
    known = ~np.isnan(part)
    base = _advance_base(w, s, grants)
    s.market.given = np.where(known, np.floor(np.where(known, part, 0.0) * base + 1e-9).astype(np.int64), grants)
    s.market.made = np.zeros(len(s.firms))
    if s.market.given.any():
        s.registry.issue(np.arange(len(s.firms)), less_advances(s, s.market.given), s.year)


def _advance_base(w: World, s: State, grants: Ints) -> Floats:
    """What an advance is a part of, (firms,) t: emissions verified for the year before where the plan says so.

    Whose sector is given nothing this year, as when it has left the market, is advanced nothing.
    """
    usual = grants.astype(np.float64)
    said = np.array([w.scenario.sectors[c].in_advance is not None for c in w.sectors])[s.firms.sector]
    if s.year < BY_VERIFIED or not (said.any() or w.scenario.allocation.in_advance is not None):
        return usual
    before = s.market.verified.astype(np.float64)
    said |= w.scenario.allocation.in_advance is not None
    return np.where(said & (before > 0) & (grants > 0), before, usual)


def earn(s: State, units: Ints) -> None:
    """Note what a period's output has earned, (firms,) t; it is given after the year."""
    s.market.granted = s.market.granted + units


def note_output(w: World, s: State) -> None:
    """Add the period's output to what firms have made this year, as multiples of their usual output of a period."""
    if adjusts(w, s):
        s.market.made = s.market.made + np.exp(s.firms.shock)


def expected_grants(w: World, s: State) -> Floats:
    """Free allowances that firms expect for the whole year by what they have made and now make, (firms,) t.

    Where they follow output, what they have earned so far.
    """
    granted = s.market.granted.astype(np.float64)
    if not adjusts(w, s) or _last_period(w, s):
        return granted
    return np.where(_divided(w, s), _by_output(w, s), granted)


def _divided(w: World, s: State) -> Mask:
    """Firms whose sector's tonnes are divided anew by what its firms have made."""
    parts = parts_in_advance(w, s)
    return (~np.isnan(parts) & ~s.policy.by_rate(s.year))[s.firms.sector]


def _by_output(w: World, s: State) -> Floats:
    """Each sector's free allowances, divided by what firms have made this year and now make for the rest of it."""
    population = s.firms
    made = s.market.made + (w.periods_per_year - s.period) * np.exp(population.shock)
    weights = population.normalised(history_of(s) * made)
    return np.asarray(weights * population.total(s.market.granted.astype(np.float64))[population.sector])


def adjust(w: World, s: State) -> None:
    """Before the year's last auction: give the rest by what firms have made, or take back what was too much.

    The last period's output is taken to be what it was in the one before, and a sector's total stays. What a firm
    should return and has sold it owes with its emissions. What follows output or emissions comes after the year
    (`adjust_after`).
    """
    if not adjusts(w, s) or not _last_period(w, s):
        return
    here = _divided(w, s)
    if not here.any():
        return
    population = s.firms
    totals = np.rint(population.total(s.market.granted.astype(np.float64))).astype(np.int64)
    anew = grandfather(totals, _by_output(w, s), population.sector)
    s.market.granted = np.where(here, anew, s.market.granted)
    _give_or_take(s, here)


def by_benchmark(s: State, allocation: Floats, emissions: Floats) -> Floats:
    """Allowances a year by plain benchmarks, (8,) Mt, out of the economy's own count, which holds firms' limits too.

    Parameters
    ----------
    allocation, emissions
        (8,) Mt a year, or their changes with the price.
    """
    tilts = s.policy.tilts(s.year)
    returned, kept = (np.array([getattr(one, name) for one in tilts]) for name in ("returned", "kept"))
    free = s.policy.caps(s.year, whole=True)  # where every firm is beyond its limit, what they are topped up from
    plain = np.divide(allocation - returned * emissions, kept, out=np.array(free), where=kept > 1e-9)
    return np.where(s.policy.around_emissions(s.year), plain, allocation)


def around(s: State, emitted: Floats, free: Floats) -> tuple[Floats, Floats]:
    """Allowances of a year of firms whose emissions move them, (firms,) t, and dA/dE; NaN for all others.

    Parameters
    ----------
    emitted
        (firms,) t of the year.
    free
        (firms,) t that output or the cap gives.
    """
    sector, made_by = s.firms.sector, s.firms.output_share
    given, per_tonne = np.full(len(s.firms), np.nan), np.zeros(len(s.firms))
    told = s.policy.around_emissions(s.year)
    for place in np.flatnonzero(told):
        here, name = sector == place, s.policy.baseline.sectors[place]
        slope, surplus, deficit = s.policy.limits(name, s.year)
        method = s.policy.method(name, s.year)
        e, q = emitted[here], made_by[here]
        if method == "verified":
            rule = Rule("verified")
        elif method == "band":
            rule = Rule("band", 1.0, slope=slope, surplus=surplus, deficit=deficit)
            rate = s.policy.band(name, s.year)
            made = float(outputs(s.market.carried)[place])
            value = balanced(rule, e, q) if rate is None else rate * made * TONNES
            rule = Rule("band", value, slope=slope, surplus=surplus, deficit=deficit)
        else:
            gas = s.policy.gas_deficit(s.year) if name == "ELEC" and method == "benchmark" else None
            own = topped_up(deficit, gas, s.firms.kind[here] == PLANT.index("GENG"))
            rule = Rule("history", surplus=surplus, deficit=own)
        found = rule.entitle(e, q, base=free[here])
        given[here], per_tonne[here] = found.allowance, found.per_tonne
    return given, per_tonne


def adjust_after(w: World, s: State) -> None:
    """After the year, before it is settled: give what output and emissions have earned beyond the advance.

    What a firm was advanced too much is taken back, and what of that it has sold it owes with its emissions.
    """
    if not s.policy.started(s.year):
        return
    follows = s.policy.by_rate(s.year)[s.firms.sector]
    told = s.policy.around_emissions(s.year)[s.firms.sector]
    if told.any():
        verified = verify(s.market.to_date, s.firms.sector, len(w.sectors)).astype(np.float64)
        given, _ = around(s, verified, s.market.granted.astype(np.float64))
        whole = np.floor(np.where(told, given, 0.0) + 1e-6).astype(np.int64)
        s.market.granted = np.where(told, whole, s.market.granted)
    if (follows | told).any():
        _give_or_take(s, follows | told)


def _give_or_take(s: State, here: Mask) -> None:
    """Give what is missing, or take back of this year's vintage first: older ones are still owed for older years."""
    firms = np.arange(len(s.firms))
    change = np.where(here, ex_post(s.market.granted, s.market.given), 0)
    s.registry.issue(firms, less_advances(s, np.maximum(change, 0)), s.year)
    due = np.maximum(-change, 0)
    back = np.minimum(due, s.registry.held[: len(firms)])
    s.registry.cancel(firms, back, first=s.year)
    s.registry.oblige(firms, due - back)
    s.market.given = np.where(here, s.market.granted, s.market.given)


def _last_period(w: World, s: State) -> bool:
    return s.period == w.periods_per_year - 1
