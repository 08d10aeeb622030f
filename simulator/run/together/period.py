"""One market period of several provinces: the phases of a province's, with one auction in their middle."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np

from tanshi.market.between import check_between, settle_between
from tanshi.simulator.drift.state import prices
from tanshi.simulator.run.ahead.outlook import make_plan, plans
from tanshi.simulator.run.coupling import Agreement
from tanshi.simulator.run.economics import Lived
from tanshi.simulator.run.period import (
    Period,
    drift,
    end_period,
    expect,
    jump,
    note_agreement,
    note_fills,
    open_period,
    respond,
    settle,
    trade_and_equilibrate,
)
from tanshi.simulator.run.public.auctions import after_sales, deliverable, supply
from tanshi.simulator.run.record import tonnes_of
from tanshi.simulator.run.straying import survived
from tanshi.simulator.run.together.auction import agree_together, crossing_rows
from tanshi.simulator.run.together.deadlines import close_together, exchange_due, match_waiting, verified_now
from tanshi.simulator.run.together.opening import announced_to_all, said_to_each
from tanshi.simulator.run.together.price import equilibrium_prices, level
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs, weights_of


def run_until(w: JointWorld, s: JointState, periods: int | None = None) -> None:
    """Run until ``periods`` have been run in all, or to the end."""
    while not s.calendar.finished and (periods is None or s.number < periods):
        one_period(w, s)


def one_period(w: JointWorld, s: JointState) -> tuple[Period, ...]:
    """Run one period, or leave the state as it was; returns what it came to in each province.

    Shocks from outside that no equilibrium of some province survives are halved in all, and the period redone.

    Raises
    ------
    EquilibriumError
        Where the economy of a province has no equilibrium; nothing of the period has happened then.
    """
    return survived(s, lambda: _phases(w, s), lambda state: state.members, strays=w.members[0].surroundings is not None)


def _phases(w: JointWorld, s: JointState) -> tuple[Period, ...]:
    _open(w, s)
    for pair in pairs(w, s):
        expect(*pair)
    together = s.begun and w.together  # before the policy each province's power trades at home, as it did
    if together:
        agreements = agree_together(w, s) if w.agents_trade else equilibrium_prices(w, s)
        _settle(w, s, agreements)
    else:
        agreements = [trade_and_equilibrate(*pair) for pair in pairs(w, s)]
        for pair, agreement in zip(pairs(w, s), agreements, strict=True):
            settle(*pair, agreement)
    closings = [respond(*pair, agreement) for pair, agreement in zip(pairs(w, s), agreements, strict=True)]
    _flow(w, s, agreements, closings, together=together)
    if together:
        _expect_one_price(w, s)
        if s.period == w.periods_per_year and not w.agents_trade:
            level(w, s)
    exchange_due(w, s)
    for pair, closing in zip(pairs(w, s), closings, strict=True):
        end_period(*pair, closing)
    match_waiting(w, s)
    close_together(w, s, closings)
    if w.together:
        check_between([m.registry for m in s.members])
    return tuple(Period(agreement, closing) for agreement, closing in zip(agreements, closings, strict=True))


def _flow(
    w: JointWorld, s: JointState, agreements: Sequence[Agreement], closings: Sequence[Lived], *, together: bool
) -> None:
    """Let each province's state jump and flow on; where they trade together the drift knows of the whole market.

    A province that buys from others is short by itself all year, and one that sells long: neither says of the market
    whether it is.
    """
    each = list(zip(pairs(w, s), agreements, closings, strict=True))
    states = [jump(*pair, agreement, closing) for pair, agreement, closing in each]
    market = None
    if together:
        own = [tonnes_of(*pair, pair[1].policy.mask(s.year), z) for pair, z in zip(pairs(w, s), states, strict=True)]
        market = reduce(add, own)
    for (pair, agreement, closing), z in zip(each, states, strict=True):
        drift(*pair, agreement, closing.solution, z, market)


def _open(w: JointWorld, s: JointState) -> None:
    """Bring the coming period to where orders can be placed; firms of all provinces make their plans together."""
    if s.calendar.opened:
        return
    begins = s.year == w.scenario.policy_start and s.period == 0
    if begins and w.together and len(s.members) > 1:  # nobody has seen the common price, but for what is announced
        opening = float(prices(s.members[0].announced.star(s.year + 0.5)))
        for m in s.members:
            m.market.price = m.market.expected = opening
        _one_belief(w, s)
    news, verified = announced_to_all(w, s), verified_now(w, s)
    for pair, said in zip(pairs(w, s), said_to_each(w, s, news), strict=True):
        open_period(*pair, said)
    match_waiting(w, s)
    looking = [pair for pair in pairs(w, s) if plans(*pair)] if s.period == 0 or news or verified else []
    if looking and w.together:
        for (_, m), outlook in zip(looking, make_plan(looking), strict=True):
            m.market.outlook = outlook


def _one_belief(w: JointWorld, s: JointState) -> None:
    """Let all provinces begin the common market with one belief about scarcity to come, and what follows of it."""
    if w.members[0].surroundings is None:
        return
    belief = float(weights_of(w, s) @ np.array([m.market.belief for m in s.members]))
    for m in s.members:
        m.market.belief, m.market.belief_trail = belief, np.zeros(0)


def _settle(w: JointWorld, s: JointState, agreements: list[Agreement]) -> None:
    """Book the final fills in the registries of those who traded."""
    for pair, agreement in zip(pairs(w, s), agreements, strict=True):
        note_agreement(*pair, agreement)
    if not w.agents_trade:
        return
    offered = [supply(*pair) for pair in pairs(w, s)]
    fills = [agreement.clearing.fills for agreement in agreements]
    each = list(zip(pairs(w, s), offered, fills, strict=True))
    sold = [deliverable(*pair, steps, own) for pair, steps, own in each]
    assert agreements[0].whole is not None
    clearing, market = agreements[0].whole[1], w.scenario.market
    settle_between([m.registry for m in s.members], clearing.fills, [world.government for world in w.members])
    s.crossings.append(crossing_rows(s, clearing, s.numbering, market.lot, market.tick))
    for (pair, steps, own), units in zip(each, sold, strict=True):
        after_sales(*pair, steps, units)
        note_fills(*pair, own)
    match_waiting(w, s)


def _expect_one_price(w: JointWorld, s: JointState) -> None:
    """Where the flows of the provinces expect different prices the market expects their mean, by what they emit."""
    if len(s.members) == 1:
        return
    expected = np.array([m.market.expected for m in s.members])
    mean = float(np.expm1(weights_of(w, s) @ np.log1p(expected)))
    for m in s.members:
        m.market.expected = mean
