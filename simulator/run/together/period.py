"""One market period of several provinces: the phases of a province's, with one auction in their middle."""

from __future__ import annotations

import numpy as np

from tanshi.market.between import check_between, settle_between
from tanshi.simulator.drift.state import prices
from tanshi.simulator.run.ahead.outlook import make_plan, plans
from tanshi.simulator.run.coupling import Agreement
from tanshi.simulator.run.period import (
    end_period,
    expect,
    live,
    note_agreement,
    note_fills,
    open_period,
    settle,
    trade_and_equilibrate,
)
from tanshi.simulator.run.public.auctions import after_sales, deliverable, supply
from tanshi.simulator.run.together.auction import agree_together, crossing_rows
from tanshi.simulator.run.together.price import equilibrium_prices, level
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs, weights_of


def run_until(w: JointWorld, s: JointState, periods: int | None = None) -> None:
    """Run until ``periods`` have been run in all, or to the end."""
    while not s.calendar.finished and (periods is None or s.number < periods):
        one_period(w, s)


def one_period(w: JointWorld, s: JointState) -> None:
    """Run one period, or leave the state as it was.

    Raises
    ------
    EquilibriumError
        Where the economy of a province has no equilibrium; nothing of the period has happened then.
    """
    before = s.copy()
    try:
        _phases(w, s)
    except BaseException:
        s.become(before)
        raise


def _phases(w: JointWorld, s: JointState) -> None:
    _open(w, s)
    for pair in pairs(w, s):
        expect(*pair)
    together = s.begun  # before the policy each province's power trades at home, as it did
    if together:
        agreements = agree_together(w, s) if w.agents_trade else equilibrium_prices(w, s)
        _settle(w, s, agreements)
    else:
        agreements = [trade_and_equilibrate(*pair) for pair in pairs(w, s)]
        for pair, agreement in zip(pairs(w, s), agreements, strict=True):
            settle(*pair, agreement)
    closings = [live(*pair, agreement) for pair, agreement in zip(pairs(w, s), agreements, strict=True)]
    if together:
        _expect_one_price(w, s)
        if s.period == w.periods_per_year and not w.agents_trade:
            level(w, s)
    for pair, closing in zip(pairs(w, s), closings, strict=True):
        end_period(*pair, closing)
    check_between([m.registry for m in s.members])


def _open(w: JointWorld, s: JointState) -> None:
    """Bring the coming period to where orders can be placed; firms of all provinces make their plans together."""
    if s.calendar.opened:
        return
    begins = s.year == w.scenario.policy_start and s.period == 0
    if begins and len(s.members) > 1:  # nobody has seen the common market's price yet, but for what is announced
        opening = float(prices(s.members[0].announced.star(s.year + 0.5)))
        for m in s.members:
            m.market.price = m.market.expected = opening
    for pair in pairs(w, s):
        open_period(*pair)
    looking = [pair for pair in pairs(w, s) if plans(*pair)] if s.period == 0 else []
    if looking:
        for (_, m), outlook in zip(looking, make_plan(looking), strict=True):
            m.market.outlook = outlook


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


def _expect_one_price(w: JointWorld, s: JointState) -> None:
    """Where the flows of the provinces expect different prices the market expects their mean, by what they emit."""
    if len(s.members) == 1:
        return
    expected = np.array([m.market.expected for m in s.members])
    mean = float(np.expm1(weights_of(w, s) @ np.log1p(expected)))
    for m in s.members:
        m.market.expected = mean
