"""Deadlines later than the year's end where several provinces trade: what waits, who exchanges, how a run closes.

What firms have put off when a year ends adds up to nothing over all provinces, not in each; and an allowance of an old
vintage that one province lacks another may have to spare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tanshi.agents.streams import stream
from tanshi.market.between import exchange_between, settle_between
from tanshi.market.call_auction import CallAuction
from tanshi.market.venue import Clearing, Fills
from tanshi.simulator.run.across.trade import note_after_the_end
from tanshi.simulator.run.ahead.estimates import estimates, known_from, learn_verified
from tanshi.simulator.run.compliance.closing import (
    bid_for_all,
    note_closing,
    nothing_more,
    orders_for,
    standing_still,
)
from tanshi.simulator.run.compliance.events import meet_deadlines
from tanshi.simulator.run.economics import Lived
from tanshi.simulator.run.together.auction import agree_on
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs
from tanshi.simulator.run.waiting import matched, note_traded, put_off


def later(w: JointWorld) -> bool:
    """Whether years fall due after they have ended, in a market of all provinces."""
    return w.together and w.agents_trade and w.scenario.compliance.later


def verified_now(w: JointWorld, s: JointState) -> bool:
    """Whether a year's emissions become known with the coming period, which is news to all."""
    if not later(w) or not s.members[0].market.open:
        return False
    newest = s.members[0].market.open[-1].year
    return estimates(w.members[0], newest) and s.number == known_from(w.members[0], newest)


def match_waiting(w: JointWorld, s: JointState) -> None:
    """Let wait what adds up to nothing over all provinces, year by year: the larger side is cut in proportion."""
    if not later(w):
        return
    ends = np.cumsum([member.firms for member in w.members])[:-1]
    opened = [m.market.open for m in s.members]
    for place in range(len(opened[0])):
        whole = matched(np.concatenate([years[place].waiting for years in opened]))
        for m, own in zip(s.members, np.split(whole, ends), strict=True):
            years = list(m.market.open)
            years[place] = replace(years[place], waiting=own)
            m.market.open = tuple(years)


def exchange_due(w: JointWorld, s: JointState, by: int | None = None) -> None:
    """Exchange vintages between firms of all provinces for the years that fall due now.

    Parameters
    ----------
    by
        Number of market periods passed; by default the run's own.
    """
    if not later(w):
        return
    now = s.number if by is None else by
    for place, opened in enumerate(s.members[0].market.open):
        if opened.due > now or s.year <= opened.year or w.scenario.compliance.lends(opened.year):
            continue
        years = [m.market.open[place] for m in s.members]
        firms = [np.flatnonzero(m.policy.mask(opened.year)[m.firms.sector]) for m in s.members]
        due = [(year.owed - year.credits)[rows] for year, rows in zip(years, firms, strict=True)]
        moved = exchange_between([m.registry for m in s.members], opened.year, firms, due)
        for m, units in zip(s.members, moved, strict=True):
            at = next(i for i, row in enumerate(m.log.settlements) if row["year"] == opened.year)
            m.log.settlements[at] = m.log.settlements[at] | {"exchanged_t": units}


def close_together(w: JointWorld, s: JointState, closings: Sequence[Lived]) -> None:
    """Settle the years still open after the run's last period, by the scenario's rule (`compliance.closing`).

    Parameters
    ----------
    closings
        What each economy said in the last period.
    """
    if not s.calendar.finished or not w.together or not s.members[0].market.open:
        return
    for pair in pairs(w, s):
        nothing_more(*pair)
    if w.scenario.compliance.closing == "last_price":
        for pair in pairs(w, s):
            learn_verified(*pair, at_last=True)
        match_waiting(w, s)
        _at_last_price(w, s)
        _settle_due(w, s, max(year.due for year in s.members[0].market.open))
    else:
        for pair in pairs(w, s):
            bid_for_all(*pair)
        while s.members[0].market.open:
            for pair in pairs(w, s):
                learn_verified(*pair)
            match_waiting(w, s)
            _one_period(w, s, closings)
            _settle_due(w, s)
    for m in s.members:
        m.registry.check()


def _settle_due(w: JointWorld, s: JointState, by: int | None = None) -> None:
    exchange_due(w, s, by)
    for pair in pairs(w, s):
        meet_deadlines(*pair, by=by)


def _one_period(w: JointWorld, s: JointState, closings: Sequence[Lived]) -> None:
    economies = [standing_still(last) for last in closings]
    paying = [(0.0, 0.0)] * len(s.members)
    found = agree_on(w, s, 0.0, economies, s.members[0].market.price, paying)
    whole = found[0].whole
    assert whole is not None
    settle_between([m.registry for m in s.members], whole[1].fills, [one.government for one in w.members])
    for (world, m), part in zip(pairs(w, s), found, strict=True):
        m.market.price = part.price
        note_traded(world, m, part.clearing.fills)
        note_after_the_end(world, m, part.clearing.fills)
        note_closing(world, m, part.clearing)
        m.calendar.period += 1
    match_waiting(w, s)


def _at_last_price(w: JointWorld, s: JointState) -> None:
    """Who lacks allowances buys, who has put off selling sells, at the price of the run's last period."""
    numbering, market = s.numbering, w.scenario.market
    book = numbering.in_one_book([orders_for(world, m, put_off(m)) for world, m in pairs(w, s)])
    rng = stream(w.scenario.seed, "venue", "closing", s.number)
    clearing = CallAuction(market.k, "pro_rata").clear(book, rng)
    settle_between([m.registry for m in s.members], clearing.fills, [one.government for one in w.members])
    for place, (world, m) in enumerate(pairs(w, s)):
        fills, _ = numbering.seen_from(clearing.fills, place)
        note_after_the_end(world, m, fills)
        note_closing(world, m, _of_fills(clearing, fills))


def _of_fills(clearing: Clearing, fills: Fills) -> Clearing:
    return replace(clearing, fills=fills, volume=int(fills.quantity.sum()))
