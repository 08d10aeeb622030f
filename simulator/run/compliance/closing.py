"""How a run closes: years whose deadline lies beyond the last period are settled all the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.agents.streams import stream
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.call_auction import CallAuction
from tanshi.market.orders import BUY, SELL, Ints, Orders
from tanshi.market.venue import Clearing
from tanshi.simulator.run.across.trade import orders_at, settle_after_the_end
from tanshi.simulator.run.ahead.estimates import learn_verified
from tanshi.simulator.run.ahead.joint import linked
from tanshi.simulator.run.book import Book
from tanshi.simulator.run.compliance.events import meet_deadlines
from tanshi.simulator.run.coupling import Agreement, Economy, Placed
from tanshi.simulator.run.economics import Answer, Lived, Near
from tanshi.simulator.run.waiting import note_traded, open_obligations, put_off
from tanshi.simulator.run.world import State, World


def close_run(w: World, s: State, last: Lived) -> None:
    """Settle the years still open after the run's last period, by the scenario's rule.

    Nothing is emitted any more. Either trade goes on, period by period, until the last deadline, or what firms still
    lack changes hands once, at the last price.

    Parameters
    ----------
    last
        What the economy said in the last period: how large firms are.
    """
    if not s.market.open:
        return
    nothing_more(w, s)
    if w.scenario.compliance.closing == "last_price":
        learn_verified(w, s, at_last=True)
        _at_last_price(w, s)
        meet_deadlines(w, s, by=max(year.due for year in s.market.open))
        s.registry.check()
        return
    bid_for_all(w, s)
    while s.market.open:
        learn_verified(w, s)
        _one_period(w, s, last)
        meet_deadlines(w, s)
    s.registry.check()


def nothing_more(w: World, s: State) -> None:
    """Take what the last year has emitted and been given off what is still to come of it: nothing."""
    s.market.to_date = np.zeros(w.firms)
    s.market.granted, s.market.given = np.zeros(w.firms, np.int64), np.zeros(w.firms, np.int64)
    s.market.made = np.zeros(w.firms)


def bid_for_all(w: World, s: State) -> None:
    """Let nothing of the last year wait: all of it is still to be bid for, at any price."""
    *older, youngest = s.market.open
    s.market.open = (*older, replace(youngest, waiting=np.zeros(w.firms, np.int64)))


def standing_still(last: Lived) -> Economy:
    """The economy of a year that is over: it answers no price."""
    flat, still = np.zeros_like(last.emissions), np.zeros_like(last.solution.x)

    def economy(price: float, before: Answer | None, placed: Placed | None) -> Answer:
        response = CarbonResponse(price, last.emissions, flat, last.allocation, flat, still)
        return Answer(last.parameters, response, Near(last.solution, price, still))

    return economy


def _one_period(w: World, s: State, last: Lived) -> None:
    book = Book(w, s, 0.0)
    found = book.agree(standing_still(last), s.market.price)
    s.market.price = found.price
    s.market.needed = book.demand(found.response).at(found.price)
    _book(w, s, found)


def _book(w: World, s: State, found: Agreement) -> None:
    fills = found.clearing.fills
    note_traded(w, s, fills)
    settle_after_the_end(w, s, fills)
    note_closing(w, s, found.clearing)
    s.calendar.period += 1


def _at_last_price(w: World, s: State) -> None:
    """Who lacks allowances buys, who has put off selling sells, at the price of the run's last period."""
    market, lot = w.scenario.market, w.scenario.market.lot
    waits = put_off(s)
    if linked(w, s):  # whoever lacks anything finds it outside
        short = np.maximum(open_obligations(s) - s.registry.held[: w.firms], 0)
        waits = np.where(short > 0, -(-short // lot) * lot, np.minimum(waits, 0))
    orders = orders_for(w, s, waits)
    orders = Orders.join([orders, orders_at(w, s, orders, round(s.market.price / market.tick))])
    rng = stream(w.scenario.seed, "venue", "closing", s.number)
    clearing = CallAuction(market.k, "pro_rata").clear(orders, rng)
    settle_after_the_end(w, s, clearing.fills)
    note_closing(w, s, clearing)


def orders_for(w: World, s: State, waits: Ints) -> Orders:
    """Orders at the last price for what firms want to buy, below zero to sell, t; who sells holds it."""
    market, lot = w.scenario.market, w.scenario.market.lot
    firms = np.arange(w.firms)
    lots = np.abs(waits) // lot
    lots = np.where(waits < 0, np.minimum(lots, s.registry.held[: w.firms] // lot), lots)
    some = np.flatnonzero(lots)
    side = np.where(waits[some] > 0, BUY, SELL).astype(np.int8)
    price = np.full(len(some), round(s.market.price / market.tick))
    return Orders(firms[some], side, price, lots[some], np.zeros(len(some), np.int64))


def note_closing(w: World, s: State, clearing: Clearing) -> None:
    """Note a trading period after the run's last."""
    n, market = w.periods_per_year, w.scenario.market
    fills = clearing.fills
    after = len(s.log.closing)
    s.log.closing.append(
        {
            "year": s.year + 1 + after // n,
            "period": after % n + 1,
            "price": s.market.price,
            "volume_t": int(fills.quantity.sum()) * market.lot,
            "turnover_yuan": float((fills.price * fills.quantity).sum()) * market.lot * market.tick,
        }
    )
