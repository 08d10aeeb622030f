"""A year's emissions are booked when it ends and surrendered for by its deadline."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tanshi.market.banking import borrowing
from tanshi.market.compliance import Settlement, exchange_vintages, expire_beyond, settle_year, verify
from tanshi.market.lives import end_vintages, exchange_expiring
from tanshi.market.offsets import usable, usable_kinds
from tanshi.market.orders import Ints
from tanshi.market.vintages import OpenYear, due_after
from tanshi.simulator.run.across.trade import close_outside, offer_old_vintages
from tanshi.simulator.run.ahead.estimates import estimates, misjudged
from tanshi.simulator.run.ahead.known import allowances_of, lent
from tanshi.simulator.run.ground.credit_supply import limits_of
from tanshi.simulator.run.ground.forest import credit_rule
from tanshi.simulator.run.public.auctions import sold_in_year
from tanshi.simulator.run.rules import carry_limit, fine, fine_per_firm, made_good, made_good_by
from tanshi.simulator.run.waiting import booked, booked_credits, bound, may_wait, open_obligations, put_off
from tanshi.simulator.run.world import State, World

LATE = 100
"""t missing above which a firm counts as late (assumed): by rounding alone a few tonnes may be missing."""


def settle_firms(w: World, s: State) -> None:
    """Close a year of firms: book its emissions, and settle what falls due with its end."""
    mask = s.policy.mask(s.year)[s.firms.sector]
    trading = np.flatnonzero(mask)
    meet_deadlines(w, s)
    crossed = close_outside(w, s)
    row = _book(w, s, trading)
    meet_deadlines(w, s)
    if w.scenario.compliance.later:
        _limit_carried(w, s)
    # Free quotas that bind nobody end with the year; what is older is left of years in which the sector traded.
    quotas = np.minimum(bound(s), s.registry.holdings[s.year - s.registry.first_vintage, : len(s.firms)])
    s.registry.expire(np.arange(len(s.firms)), quotas, latest=s.year, first=s.year)
    s.registry.check()
    if estimates(w, s.year):
        off = float(np.sum(misjudged(w, s)))
        _note(s, row, estimated_t=s.log.settlements[row]["verified_t"] + round(off))
    owed = open_obligations(s)[trading]
    _note(s, row, banked_t=int(s.registry.held[trading].sum() - owed.sum()), reserve_t=s.market.reserve, **crossed)


def meet_deadlines(w: World, s: State, by: int | None = None) -> None:
    """Settle the years that have fallen due.

    Parameters
    ----------
    by
        Number of market periods passed; by default the run's own.
    """
    now = s.number if by is None else by
    for year in s.market.open:
        if year.due <= now:
            _settle(w, s, year)
    s.market.open = tuple(year for year in s.market.open if year.due > now)


def _book(w: World, s: State, trading: Ints) -> int:
    """Verify a year's emissions and book them, to be settled later; returns the row of its compliance."""
    population, registry, firms = s.firms, s.registry, len(s.firms)
    verified = verify(s.market.to_date, population.sector, len(w.sectors))
    s.market.verified = verified
    registry.oblige(trading, verified[trading])
    owed, credits = np.zeros(firms, np.int64), np.zeros(firms, np.int64)
    owed[trading] = (registry.obligations[:firms] - booked(s))[trading]
    free = registry.offsets[:firms] - (booked(s) - open_obligations(s))
    share, of_kinds = s.policy.offset_share(s.year), np.zeros((0, 0), np.int64)
    credits[trading] = np.minimum(usable(verified[trading], free[trading], share), owed[trading])
    if w.scenario.offsets.kinds.any:
        of_kinds, limits = np.zeros((registry.kinds, firms), np.int64), limits_of(credit_rule(s.policy, s.year))
        here = registry.offsets_by_kind[:, :firms] - booked_credits(s)
        of_kinds[:, trading] = usable_kinds(verified[trading], here[:, trading], limits, share)
        credits[trading] = of_kinds[:, trading].sum(axis=0)
    months, n = w.scenario.compliance.months(s.year), w.periods_per_year
    due = due_after(s.year, months, w.scenario.years.start, n)
    waits = np.zeros(firms, np.int64)
    if months:
        waits[trading] = (np.rint(s.market.needed).astype(np.int64) - put_off(s))[trading]
        waits = may_wait(w, waits)
    s.market.open = (*s.market.open, OpenYear(s.year, due, owed, credits, waits, of_kinds))
    s.log.settlements.append(
        {
            "year": s.year,
            "verified_t": int(verified[trading].sum()),
            "owed_t": int(verified[trading].sum()),
            "surrendered_t": 0,
            "offsets_t": 0,
            "shortfall_t": 0,
            "penalty_yuan": 0,
            "banked_t": 0,
            "expired_t": 0,
            "borrowed_t": 0,
            "reserve_t": 0,
        }
        | sold_in_year(w, s)
    )
    return len(s.log.settlements) - 1


def _settle(w: World, s: State, open_: OpenYear) -> None:
    """Surrender, penalise, and end what may not be kept, for one year."""
    year, registry, rule = open_.year, s.registry, w.scenario
    rows = np.flatnonzero(s.policy.mask(year)[s.firms.sector])
    owed, credits = open_.owed[rows], open_.credits[rows]
    given, later = s.year > year, rule.compliance.later
    exchanged = 0
    if given and not rule.compliance.lends(year):
        if w.shared:  # all provinces' firms have exchanged theirs by now (`together.deadlines`)
            exchanged = int(next(row for row in s.log.settlements if row["year"] == year).get("exchanged_t", 0))
        else:
            offer_old_vintages(w, s, year, rows, owed - credits)
            exchanged = exchange_vintages(registry, year, rows, owed - credits)
    ending = year - rule.banking.life if rule.banking.life is not None and s.policy.started(year) else None
    if ending is not None and ending >= registry.first_vintage:
        traders = np.delete(np.arange(registry.accounts), w.government)
        exchange_expiring(registry, ending, traders, rows, owed - credits)
    done = settle_year(
        registry,
        year,
        rows,
        owed,
        penalty=fine(w, s, year),
        government=w.government,
        per_firm=fine_per_firm(w, s, year),
        extinguishes=made_good(w, s, year) != "owed",
        banking=rule.banking.allowed,
        carry=None if later else carry_limit(w, s, registry.held),
        carry_latest=rule.banking.carry_vintage if rule.banking.carry_at else None,
        advance=advance_limit(w, s, rows, owed - credits, year),
        due=(owed, open_.of_kinds[:, rows] if len(open_.of_kinds) else credits),
        lender=lender(w, year),
        given=given,
    )
    ended = 0 if ending is None else int(end_vintages(registry, ending).sum())
    s.market.advances = s.market.advances.copy()
    if not given:
        s.market.advances[rows] += done.borrowed
    due = made_good_by(w, s, year, done.shortfall)
    if made_good(w, s, year) == "cut":
        s.market.advances[rows] += due
    elif made_good(w, s, year) == "owed" and (due > done.shortfall).any():
        registry.oblige(rows, due - done.shortfall)
    if rule.banking.counts_sales(year):
        s.market.late = s.market.late.copy()
        s.market.late[rows] |= done.shortfall > LATE
    place = next(i for i, row in enumerate(s.log.settlements) if row["year"] == year)
    limited = s.log.settlements[place]["expired_t"]  # by a carry-over limit that came first
    _note(s, place, **_outcome(w, done), expired_t=limited + int(done.expired[rows].sum()) + ended)
    if later:
        when = rule.years.start + open_.due / w.periods_per_year
        _note(s, place, settled=when, exchanged_t=exchanged)


def _outcome(w: World, done: Settlement) -> dict[str, Any]:
    return {
        "surrendered_t": int(done.surrendered.sum()),
        "offsets_t": int(done.offsets.sum()),
        "shortfall_t": int(done.shortfall.sum()),
        "penalty_yuan": int(done.penalty.sum()) * w.scenario.market.tick,
        "borrowed_t": int(done.borrowed.sum()),
    }


def _note(s: State, place: int, **found: Any) -> None:
    s.log.settlements[place] = s.log.settlements[place] | found


def _limit_carried(w: World, s: State) -> None:
    """Apply the carry-over limit at a year's end, where years are settled later than that."""
    rule = w.scenario.banking
    limit = carry_limit(w, s, s.registry.held)
    if limit is None:
        return
    settled = min((year.year for year in s.market.open), default=s.year + 1) - 1
    latest = min(settled, rule.carry_vintage) if rule.carry_at else settled
    if latest >= s.registry.first_vintage:
        ended = expire_beyond(s.registry, limit, latest)
        _note(s, len(s.log.settlements) - 1, expired_t=int(ended[: len(s.firms)].sum()))


def advance_limit(w: World, s: State, firms: Ints, owed: Ints, year: int) -> Ints | None:
    """Return what each firm may draw from a later allocation for a year, None where the rules do not allow it.

    Parameters
    ----------
    owed
        (firms,) t of allowances to be surrendered for the year.
    """
    rule, registry = w.scenario.banking, s.registry
    if w.scenario.compliance.lends(year):  # whatever a firm has of it, or after the run's last year will be given
        return owed if s.year > year else np.floor(lent(w, s)[firms]).astype(np.int64)
    last = lender(w, year) > w.scenario.years.end
    if rule.share_lent(year) == 0 or last or not s.policy.started(year) or s.policy.standard(year):
        return None
    if not rule.lends_in(year):
        return None
    held = registry.holdings[: year - registry.first_vintage + 1, firms].sum(axis=0)
    coming = None if rule.borrow_of == "gap" else np.floor(allowances_of(s, s.policy, lender(w, year))[firms])
    return borrowing(owed - held, owed, rule.share_lent(year), rule.borrow_threshold, coming)


def lender(w: World, year: int) -> int:
    """Vintage of which firms may draw for a year: of its deadline's year, and at the earliest of the year after it.

    China's firms borrow for 2021 and 2022, both due at the end of 2023, of what they are given for 2023.
    """
    rule = w.scenario.compliance
    return year + (1 if rule.lends(year) else max(math.ceil(rule.months(year) / 12), 1))
