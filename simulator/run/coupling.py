"""Trade and equilibrium as one fixed point.

At a trial price the economy says what every sector would emit and how that answers the price; firms turn their
shares of this tangent into orders; the venue clears indicatively at a new price; the economy is asked again there.
The agents' branch never uses the economy's own permit condition: the price comes out of the order book.

Where emissions fall with the price as p to a power around -1, E'' is about -2 E' / p, so that a tangent followed over a
step d misplaces the price by d^2 / p.  As far as that is half the tolerance, the last equilibrium's tangent serves the
next book too, and the economy is not asked again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from tanshi.agents.strategies import next_step
from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.containment import meets
from tanshi.market.orders import Orders
from tanshi.market.venue import Clearing, Fills, Venue
from tanshi.simulator.run.ahead.joint import Asked, linked, meet, meets_supply, net_need, supply_outside
from tanshi.simulator.run.ahead.outlook import rise
from tanshi.simulator.run.credits import CreditPlan, with_credits
from tanshi.simulator.run.economics import Answer, Capped, Near, at_price, covered_emissions, permit_price, under_cap
from tanshi.simulator.run.ground.border import price_outside
from tanshi.simulator.run.ground.forest import cost_of_credits, credit_rule
from tanshi.simulator.run.public.entrants import out_of_reserve
from tanshi.simulator.run.public.steps import auctioned, yearly_steps
from tanshi.simulator.run.world import State, World

REACH = 8
"""Evenly spaced price levels on each side of the trial price at which firms state their demand."""


STALE = 10.0
"""Yi yuan of forest owners' income or of payments outside, per yuan/t of tolerance, by which an answer may be out of
date: a tangent in the price does not know what is paid for credits, nor beyond the border."""


@dataclass(frozen=True)
class Placed:
    """One trial's orders, and what firms count on with them.

    Attributes
    ----------
    orders
    credits
        None where there are no offsets.
    across
        Yi yuan that they will still pay outside this year; None where the market is closed.
    """

    orders: Orders
    credits: CreditPlan | None = None
    across: float | None = None

    def due(self, otherwise: tuple[float, ...]) -> tuple[float, ...]:
        """Yi yuan to be paid for credits and outside; where nothing of it is planned, as before."""
        forest = otherwise[0] if self.credits is None else self.credits.payment
        return forest, otherwise[1] if self.across is None else self.across


class Response(Protocol):
    """What an economy, or several, would emit around a price."""

    @property
    def price(self) -> float:
        """Yuan/t at which it was asked."""
        ...

    def at(self, price: float) -> Self:
        """The same on its tangent at another price."""
        ...


R_co = TypeVar("R_co", bound=Response, covariant=True)


class Said(Protocol[R_co]):
    """An answer of the economy that holds such a response."""

    @property
    def response(self) -> R_co:
        """The response."""
        ...


class Trial(Protocol):
    """One trial's orders, and what will be paid if they are filled."""

    @property
    def orders(self) -> Orders:
        """All of them."""
        ...

    def due(self, otherwise: tuple[float, ...]) -> tuple[float, ...]:
        """Yi yuan to be paid; where nothing is planned, as before."""
        ...


R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Said[Any])
P = TypeVar("P", bound=Trial)


@dataclass(frozen=True)
class Limits:
    """Between what prices trade and equilibrium look for one another, and when they have met.

    Attributes
    ----------
    lowest, highest, tick
        Yuan/t.
    tolerance
        The price has settled when it moves by no more than this, or by one tick, yuan/t.
    iterations
        Most books made.
    bracket
        Whether a price that has not settled then is looked for between two that lie on either side of it.
    """

    lowest: float
    highest: float
    tick: float
    tolerance: float
    iterations: int
    bracket: bool = False


Economy = Callable[[float, Answer | None, Placed | None], Answer]
"""From a price (yuan/t), the last trial's answer and what was placed and counted on there to the answer at it."""


@dataclass(frozen=True)
class Agreement:
    """Where the fixed point came to rest; nothing of it is booked yet.

    Attributes
    ----------
    price
        yuan/t, on tick.
    response
        The economy at the last trial price, on the tangent of the last equilibrium.
    answer
        That equilibrium.
    clearing, orders
        The clearing of the last book, to be settled, and that book.
    iterations
        Books made.
    gap
        Distance between the last trial price and the price that cleared, yuan/t.
    credits
        Mt of offset credits expected to be surrendered for the year.
    forest_income
        yi yuan a year that forest owners are paid for them.
    plan
        The auction of credits on paper; None where there is none.
    across
        Yi yuan that will still be paid outside this year, this period's purchases included.
    imported
        Mt bought outside in the rest of the year, where no firm buys them.
    whole
        The whole book and its clearing where firms of other provinces bid in it too; None: they are the province's.
    """

    price: float
    response: CarbonResponse
    answer: Answer
    clearing: Clearing
    orders: Orders
    iterations: int
    gap: float
    credits: float
    forest_income: float
    plan: CreditPlan | None = None
    across: float = 0.0
    imported: float = 0.0
    whole: tuple[Orders, Clearing] | None = None


@dataclass(frozen=True)
class Found(Generic[A, R, P]):
    """Where the rounds between an economy and a book came to rest.

    Attributes
    ----------
    price
        yuan/t, on tick.
    response, answer
        What the economy says at the last trial price, and the equilibrium whose tangent it lies on.
    clearing, placed
        Of the last book.
    rounds, gap
        Books made, and the distance between the last trial price and the price that cleared, yuan/t.
    paying
        Yi yuan that the equilibrium pays (`Placed.due`).
    """

    price: float
    response: R
    answer: A
    clearing: Clearing
    placed: P
    rounds: int
    gap: float
    paying: tuple[float, ...]


def agree(
    economy: Economy,
    book: Callable[[CarbonResponse, float], Placed],
    venue: Venue,
    *,
    limits: Limits,
    rng: Callable[[], np.random.Generator],
    start: float,
    expected: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Agreement:
    """Iterate between the economy of a province and its order book: `find`.

    Parameters
    ----------
    expected
        Credits (Mt), what forest owners are paid for them and what is paid outside (yi yuan) where no trial plans any.
    """
    found = find(economy, book, venue, limits=limits, rng=rng, start=start, paying=expected[1:])
    plan = found.placed.credits
    credits, paid = expected[:2] if plan is None else (plan.expected, plan.payment)
    return Agreement(
        found.price,
        found.response,
        found.answer,
        found.clearing,
        found.placed.orders,
        found.rounds,
        found.gap,
        credits,
        paid,
        plan,
        found.placed.due(found.paying)[1],
    )


def find(
    economy: Callable[[float, A | None, P | None], A],
    book: Callable[[R, float], P],
    venue: Venue,
    *,
    limits: Limits,
    rng: Callable[[], np.random.Generator],
    start: float,
    paying: tuple[float, ...],
) -> Found[A, R, P]:
    """Iterate between an economy, or several, and the order book until the price has settled.

    Parameters
    ----------
    economy
        From a price (yuan/t), the last trial's answer and what was placed and counted on there to the answer at it.
    book
        From a response and a step of the price ladder (ticks) to all firms' orders.
    rng
        A fresh generator of the period's stream, so that every book draws the same lots.
    start
        First trial price, yuan/t.
    paying
        Yi yuan that the first answer pays.
    """
    tick, lowest, highest = limits.tick, limits.lowest, limits.highest
    trial = _on_tick(min(max(start, lowest), highest), tick)
    step = max(0.002 * trial, 0.05) / tick
    settled = max(limits.tolerance, tick)
    answer: A = economy(trial, None, None)
    placed: P | None = None
    tried: list[tuple[float, float]] = []
    for count in range(1, limits.iterations + 1):
        solved = answer.response
        due = paying if placed is None else placed.due(paying)
        stale = max(abs(now - before) for now, before in zip(due, paying, strict=True)) > STALE * settled
        if abs(trial - solved.price) > tangent_reach(solved.price, settled) or stale:
            answer, paying = economy(trial, answer, placed), due
        response = answer.response.at(trial)
        placed = book(response, step)
        ticks = venue.indicate(placed.orders, rng())
        price = trial if ticks is None else ticks * tick
        gap = abs(price - trial)
        fine = step * tick <= settled * (1 + 1e-9)  # on a coarse ladder a price may come back by chance
        tried.append((trial, price - trial))
        if (gap <= settled and fine) or count == limits.iterations:
            found = Found(price, response, answer, venue.clear(placed.orders, rng()), placed, count, gap, paying)
            between = gap > settled and limits.bracket
            return _between(found, tried, economy, book, venue, limits, rng) if between else found
        step = max(next_step(step, (price - trial) / tick, REACH), settled / tick)
        trial = _on_tick(min(max(price, lowest, trial / 2 - 5.0), highest, trial * 2 + 5.0), tick)
    raise AssertionError("the loop returns")


def _between(
    found: Found[A, R, P], tried: Sequence[tuple[float, float]], economy: Callable[[float, A | None, P | None], A],
    book: Callable[[R, float], P], venue: Venue, limits: Limits, rng: Callable[[], np.random.Generator],
) -> Found[A, R, P]:  # fmt: skip
    """Look for the price that rounds go around, between one that clears above itself and one that clears below.

    Where these come to lie a tick apart no price settles, since the market jumps there: the best round stands.
    """
    tick, settled, best, last = limits.tick, max(limits.tolerance, limits.tick), found, found
    pairs = [(high[0] - low[0], low, high) for low in tried for high in tried if low[1] > 0 > high[1]]
    _, low, high = min((pair for pair in pairs if pair[0] > 0), default=(0.0, (0.0, 1.0), (0.0, -1.0)))
    for count in range(found.rounds + 1, found.rounds + 2 * limits.iterations + 1):
        if high[0] - low[0] <= 1.5 * tick or best.gap <= settled:
            break
        cut = (low[0] * -high[1] + high[0] * low[1]) / (low[1] - high[1]) if count % 2 else 0.5 * (low[0] + high[0])
        trial = _on_tick(min(max(cut, low[0] + tick), high[0] - tick), tick)
        answer, due = economy(trial, last.answer, last.placed), last.placed.due(last.paying)
        response = answer.response.at(trial)
        placed = book(response, settled / tick)
        ticks = venue.indicate(placed.orders, rng())
        price = trial if ticks is None else ticks * tick
        last = Found(price, response, answer, venue.clear(placed.orders, rng()), placed, count, abs(price - trial), due)
        low, high = ((trial, price - trial), high) if price > trial else (low, (trial, price - trial))
        best = last if last.gap < best.gap else best
    return replace(best, rounds=last.rounds)


def tangent_reach(price: float, tolerance: float) -> float:
    """How far from its price an equilibrium's tangent serves, yuan/t (see the module's own words)."""
    return math.sqrt(0.5 * tolerance * max(price, 1.0))


def _on_tick(price: float, tick: float) -> float:
    return round(price / tick) * tick


# -- without firms -----------------------------------------------------------------------------------------


def equilibrium_price(w: World, s: State, remaining: float) -> Agreement:
    """The price of the economy's own permit condition for the rest of the year: no firm, no book."""
    left, weight = left_of(w, s), w.adjustment(remaining)[1]
    if linked(w, s):
        return _linked(w, s, left, remaining, weight)
    credits, paid, found = _in_steps(w, s, left, remaining, weight)
    price = found.price / rise(w, s)  # what was found is the mean of the rest of the year
    answer = at_price(w, s, found.price, weight, income=paid, base=found.parameters, near=found.near)
    return without_book(price, answer, credits, paid)


def left_of(w: World, s: State) -> float:
    """Allowances that the province has for the rest of the year without firms, Mt, but for what it plans to bank."""
    net = (s.economy.accrued - s.economy.earned)[s.policy.mask(s.year)]
    left = s.policy.tonnes(s.year) + s.market.banked + s.market.across.imported - float(net.sum())
    left += out_of_reserve(s)
    if s.market.outlook is not None:  # firms bank here too, what they plan to
        left -= float(s.market.outlook.bank[0])
    return left


def asking(w: World, s: State, remaining: float, weight: float) -> Callable[[float, float, float], Asked[Answer]]:
    """The economy as a function of the mean price of the rest of the year, of what it pays outside and for credits."""
    near: list[Near] = []

    def ask(price: float, across: float, income: float) -> Asked[Answer]:
        answer = at_price(w, s, price, weight, income=income, across=across, near=near[-1] if near else None)
        near[:] = [answer.near]
        need, slope = net_need(answer.response, s.policy.mask(s.year), s.policy.follows(s.year))
        emitted = float((s.economy.accrued + remaining * answer.response.emissions)[s.policy.mask(s.year)].sum())
        return Asked(remaining * need, remaining * slope, emitted, answer)

    return ask


def _linked(w: World, s: State, left: float, remaining: float, weight: float) -> Agreement:
    """The price that the province and the outside have in common; the outside's supply is its own to see."""
    mean = rise(w, s)
    beyond = (lambda price: supply_outside(w, s, price, remaining)) if meets_supply(w, s) else None
    start = price_outside(w.scenario.market.link, s.year) if beyond is None else s.market.expected * mean
    found = meet(
        asking(w, s, remaining, weight),
        left,
        beyond,
        start=start,
        bounds=s.policy.collar(s.year),
        remaining=remaining,
        due=s.market.across.due,
        offsets=credit_rule(s.policy, s.year) if s.policy.offset_share(s.year) > 0 else None,
        rate=s.market.across.rate,
    )
    across = found.rate * remaining - s.market.across.due
    return without_book(found.price / mean, found.answer, found.credits, found.forest_income, across, found.imported)


def without_book(
    price: float, answer: Answer, credits: float, forest_income: float, across: float = 0.0, imported: float = 0.0
) -> Agreement:
    """An agreement on a price without firms."""
    nothing = Clearing(None, 0, Fills.none(), (None, None), None, np.zeros(0, np.int64))
    return Agreement(price, answer.response, answer, nothing, Orders.empty(), 1, 0.0, credits,
                     forest_income, None, across, imported)  # fmt: skip


def _in_steps(w: World, s: State, left: float, remaining: float, weight: float) -> tuple[float, float, Capped]:
    """The same as `_under` where a part of what is left is sold at prices of its own, and more may be."""
    volume = auctioned(s.policy, s.year)
    steps = yearly_steps(s.policy, s.year, volume)
    if not steps:
        return _under(w, s, left, remaining, weight)
    low, high = s.policy.collar(s.year)

    def at(price: float) -> tuple[float, float, Capped]:
        held = min(max(price, low), high)
        return _under(w, s, left, remaining, weight, (held, held))

    return meets(steps, left - volume, lambda cap: _under(w, s, cap, remaining, weight), at, lambda x: x[2].price)


def _under(
    w: World, s: State, left: float, remaining: float, weight: float, bounds: tuple[float, float] | None = None
) -> tuple[float, float, Capped]:
    """The economy under what is left of the cap, Mt, with as many credits as are wanted at the price it comes to.

    Returns
    -------
    Credits (Mt), what forest owners are paid for them (yi yuan), and the equilibrium.
    """
    rule = credit_rule(s.policy, s.year)
    found: dict[float, Capped] = {}
    if s.policy.offset_share(s.year) == 0:
        return s.market.credits, s.market.forest_income, under_cap(w, s, left / remaining, weight, bounds=bounds)
    part = 1.0 if s.policy.standard(s.year) else remaining  # a standard is a rate, whatever part of the year is left

    emitted = float(s.economy.accrued[s.policy.mask(s.year)].sum())

    def solve(credits: float) -> Solution:
        cost = cost_of_credits(rule, credits, emitted + left + credits)  # what is emitted, where the cap binds
        found[credits] = under_cap(w, s, left / remaining, weight, credits / part, cost, bounds)
        return found[credits].solution

    credits, _ = with_credits(
        rule,
        solve,
        lambda x: permit_price(w.province, x),
        lambda x: emitted + remaining * covered_emissions(w.province, s.policy, x, s.year),
    )
    return credits, cost_of_credits(rule, credits, emitted + left + credits), found[credits]
