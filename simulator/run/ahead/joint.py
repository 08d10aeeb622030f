"""The wider market of which the province's is a part, as far ahead as anybody looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from tanshi.agents.planning import Answer, Prospect, Reserve
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.errors import TanshiError
from tanshi.market.orders import Floats, Mask
from tanshi.numerics.units import TONNES
from tanshi.scenarios.schema import Offsets
from tanshi.simulator.run.credits import wanted_credits
from tanshi.simulator.run.ground.border import rest_of_nation
from tanshi.simulator.run.ground.forest import cost_of_credits, credits_per_yuan
from tanshi.simulator.run.world import State, World

T = TypeVar("T")
MOST = 60
"""Answers of the economy that one price may take."""
LEAST_SLOPE = 1e-9
"""Mt per yuan/t, taken where a higher price lets emit more."""
NEXT_TO_NOTHING = 1e-7
"""Mt, and part of what is paid, up to which both sides agree."""


def linked(w: World, s: State) -> bool:
    """Whether allowances cross the border this year: from the policy's first year on, where the scenario says so."""
    return w.open and s.policy.started(s.year)


def takes_price(w: World, s: State) -> bool:
    """Whether the price of this year comes from outside."""
    return linked(w, s) and w.scenario.market.link.to == "price"


def meets_supply(w: World, s: State) -> bool:
    """Whether the rest of the nation trades in this year as a participant with a curve of its own."""
    return linked(w, s) and w.scenario.market.link.to == "supply"


def at_hand_outside(w: World, s: State) -> float:
    """Allowances that the rest of the nation holds beyond what it has emitted this year, Mt."""
    if not w.agents_trade:
        return s.market.across.held - s.market.across.emitted
    return int(s.registry.held[w.outside]) / TONNES - s.market.across.emitted


def supply_outside(w: World, s: State, price: float, remaining: float) -> tuple[float, float]:
    """What the rest of the nation sells in what is left of the year at a price, Mt, and its change with the price.

    What it holds, less what it will still emit and what it plans to bank.
    """
    rest, outlook = rest_of_nation(w.scenario.market.link, s.year), s.market.outlook
    kept = 0.0 if outlook is None else outlook.outside
    return at_hand_outside(w, s) - remaining * rest.emissions(price) - kept, -remaining * rest.slope(price)


def net_need(response: CarbonResponse, mask: Mask, follows: Mask) -> tuple[float, float]:
    """Emissions of who trades less allowances that output and emissions bring, Mt/yr, and its change per yuan/t.

    Parameters
    ----------
    mask, follows : (sectors,) bool
        Who trades, and whose allowances follow what it makes or emits (`Policy.follows`).
    """
    net = np.where(mask, response.emissions, 0.0) - np.where(follows, response.allocation, 0.0)
    slope = np.where(mask, response.slope, 0.0) - np.where(follows, response.allocation_slope, 0.0)
    return float(net.sum()), float(slope.sum())


def beyond(w: World, years: range, remaining: float, prices: Floats) -> tuple[Floats, Floats]:
    """What the rest of the nation emits in each of some years on a path of prices, Mt, and its slopes.

    Parameters
    ----------
    remaining
        Part of the first year that is left.
    prices : (years,) float
        Yuan/t.
    """
    link, spans = w.scenario.market.link, [remaining] + [1.0] * (len(years) - 1)
    found = [rest_of_nation(link, year) for year in years]
    emitted = [part * one.emissions(p) for one, p, part in zip(found, prices.tolist(), spans, strict=True)]
    slopes = [part * one.slope(p) for one, p, part in zip(found, prices.tolist(), spans, strict=True)]
    return np.array(emitted), np.array(slopes)


def part_of_market(w: World, s: State, size: float) -> float:
    """The province's part of the emissions of the market in which it banks: all of them where it is closed."""
    if not meets_supply(w, s):
        return 1.0
    return size / (size + rest_of_nation(w.scenario.market.link, s.year).freely)


def with_outside(w: World, s: State, years: range, answer: Answer, prices: Floats) -> tuple[Floats, Floats]:
    """What the whole market emits on a path of prices."""
    here, slope = answer(prices)
    there, steep = beyond(w, years, 1.0 - s.period / w.periods_per_year, prices)
    return here + there, slope + steep


def with_supply_outside(w: World, s: State, years: range, prospect: Prospect, part: float) -> Prospect:
    """What the whole market has: who lives beyond the border banks as those within it do, each its part."""
    caps = [rest_of_nation(w.scenario.market.link, year).cap for year in years[1:]]
    own = prospect.reserve
    return replace(
        prospect,
        supply=prospect.supply + np.array([0.0, *caps]),
        opening=prospect.opening + at_hand_outside(w, s),
        high=prospect.high / part,
        reserve=None if own is None else lambda bank: _of_part(own, bank, part),
    )


def _of_part(reserve: Reserve, bank: Floats, part: float) -> tuple[Floats, Floats]:
    """What the province's own reserve takes, of its part of the whole market's bank."""
    taken, slope = reserve(part * bank)
    return taken, part * slope


# -- one price for both sides of the border ----------------------------------------------------------------


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What the province needs at a price, for what is left of a year.

    Attributes
    ----------
    need, slope
        Mt of emissions beyond what they and output bring in allowances, and their change per yuan/t.
    owed
        Mt of emissions of the whole year, of which credits may cover a part.
    answer
        The economy's whole answer.
    """

    need: float
    slope: float
    owed: float
    answer: T


@dataclass(frozen=True)
class Met(Generic[T]):
    """Where the two sides agree.

    Attributes
    ----------
    price
        Yuan/t.
    imported
        Mt bought outside in what is left of the year.
    rate
        Yi yuan a year paid for them over that time, with what was due.
    credits, forest_income
        Mt of offset credits, and yi yuan a year paid for them.
    answer
        The economy at this price, which pays both.
    """

    price: float
    imported: float
    rate: float
    credits: float
    forest_income: float
    answer: T


def _newton(price: float, excess: float, slope: float, bounds: tuple[float, float]) -> float:
    """The price at which a straight line through the excess is at nothing; at most about half or twice the price."""
    step = price - excess / min(slope, -LEAST_SLOPE)
    return min(max(step, bounds[0], price / 2 - 5.0), bounds[1], 2 * price + 5.0)


def meet(
    ask: Callable[[float, float, float], Asked[T]],
    left: float,
    beyond: Callable[[float], tuple[float, float]] | None,
    *,
    start: float,
    bounds: tuple[float, float],
    remaining: float = 1.0,
    due: float = 0.0,
    offsets: Offsets | None = None,
    rate: float = 0.0,
) -> Met[T]:
    """Find the price at which what the province lacks is what the outside sells, paid for out of the province.

    Newton's step in the price; what is paid follows from one answer to the next.

    Parameters
    ----------
    ask
        From a price (yuan/t), yi yuan a year paid outside and yi yuan a year paid for credits to the answer.
    left
        Mt of allowances that the province has for the rest of the year.
    beyond
        From a price to what the outside sells, Mt, and its slope; None: any amount at ``start``.
    start, bounds
        Where to begin, and the lowest and highest price.
    due
        Yi yuan paid and not yet accounted.
    offsets
        The rule of credits; None where there are none.
    """
    price, credits, income = start, 0.0, 0.0
    for _ in range(MOST):
        asked = ask(price, rate, income)
        paid_before, rate_before = income, rate
        if offsets is not None:
            credits = wanted_credits(offsets, price, asked.owed)
            income = cost_of_credits(offsets, credits, asked.owed)
        short = asked.need - left - credits
        sold, steep = (short, 0.0) if beyond is None else beyond(price)
        excess = short - sold
        dearest, cheapest = price >= bounds[1] and excess > 0, price <= bounds[0] and excess < 0
        imported = sold if dearest else short
        rate = (due + price * imported * YUAN_PER_TONNE) / remaining
        moved = max(abs(rate - rate_before), abs(income - paid_before))
        settled = dearest or cheapest or abs(excess) <= NEXT_TO_NOTHING
        if settled and moved <= NEXT_TO_NOTHING * max(abs(rate), 1.0):
            return Met(price, imported, rate, credits, income, asked.answer)
        if beyond is not None and not (dearest or cheapest):
            price = _newton(price, excess, asked.slope - steep, bounds)
    raise TanshiError("the market beyond the border and the province's found no common price near {price:.2f} yuan/t",
                      price=price)  # fmt: skip


# -- one price for several provinces -----------------------------------------------------------------------


@dataclass(frozen=True)
class MetTogether(Generic[T]):
    """Where several provinces agree.

    Attributes
    ----------
    price
        Yuan/t.
    imported, rates : (provinces,) float
        Mt that each buys of the others in what is left of the year, and yi yuan a year that it pays for them over that
        time, with what was due; either adds up to nothing.
    credits, incomes : (provinces,) float
        Mt of offset credits, and yi yuan a year paid for them, in each.
    answers
        Each economy at this price, which pays both.
    """

    price: float
    imported: Floats
    rates: Floats
    credits: Floats
    incomes: Floats
    answers: tuple[T, ...]


def shared_out(short: Floats) -> Floats:
    """What each buys of the others, where some lack (above zero) and some have too much: the smaller side is served.

    The larger side is served in proportion. Adds up to nothing.

    Examples
    --------
    >>> shared_out(np.array([6.0, 2.0, -4.0])).tolist()
    [3.0, 1.0, -4.0]
    """
    wanted, spare = np.maximum(short, 0.0), np.maximum(-short, 0.0)
    moved = min(float(wanted.sum()), float(spare.sum()))
    if moved == 0.0:
        return np.zeros_like(short)
    return np.asarray(moved * (wanted / wanted.sum() - spare / spare.sum()))


def meet_one_another(
    asks: Sequence[Callable[[float, float, float], Asked[T]]],
    left: Floats | Callable[[float], Floats],
    *,
    start: float,
    bounds: tuple[float, float],
    remaining: float = 1.0,
    due: Floats | None = None,
    rates: Floats | None = None,
    offsets: Sequence[Offsets | None] = (),
) -> MetTogether[T]:
    """Find the price at which several provinces together need what they have, each paid by or paying the others.

    Newton's step in the price, with every economy asked once a step; what is paid follows from one answer to the next.

    Parameters
    ----------
    asks
        Of each, from a price (yuan/t), yi yuan a year paid to the others and for credits to the answer.
    left : (provinces,) float
        Mt of allowances that each has for the rest of the year; or a function to them from what all need, Mt.
    start, bounds
        Where to begin, and the lowest and highest price.
    due, rates : (provinces,) float
        Yi yuan paid and not yet accounted, and what is paid a year by the first answer.
    offsets
        Each one's rule of credits, None where there are none; by default nowhere.
    """
    price, owed = start, np.zeros(len(asks)) if due is None else due
    rate = np.zeros(len(asks)) if rates is None else rates
    credits, income, rules = np.zeros(len(asks)), np.zeros(len(asks)), offsets or (None,) * len(asks)
    for _ in range(MOST):
        asked = [ask(price, *paid) for ask, *paid in zip(asks, rate.tolist(), income.tolist(), strict=True)]
        before, slope = np.concatenate((rate, income)), sum(one.slope for one in asked)
        if offsets:
            credits, income, steeper = _credits(rules, price, [one.owed for one in asked])
            slope -= steeper
        need = np.array([one.need for one in asked]) - credits
        short = need - (left(float(need.sum())) if callable(left) else left)
        excess = float(short.sum())
        dearest, cheapest = price >= bounds[1] and excess > 0, price <= bounds[0] and excess < 0
        imported = shared_out(short)
        rate = (owed + price * imported * YUAN_PER_TONNE) / remaining
        settled, paid_now = dearest or cheapest or abs(excess) <= NEXT_TO_NOTHING, np.concatenate((rate, income))
        if settled and (np.abs(paid_now - before) <= NEXT_TO_NOTHING * np.maximum(np.abs(paid_now), 1.0)).all():
            return MetTogether(price, imported, rate, credits, income, tuple(one.answer for one in asked))
        if not (dearest or cheapest):
            price = _newton(price, excess, slope, bounds)
    raise TanshiError("the provinces of the market found no common price near {price:.2f} yuan/t", price=price)


def _credits(rules: Sequence[Offsets | None], price: float, owed: Sequence[float]) -> tuple[Floats, Floats, float]:
    """Credits of each province at a price (Mt), what they cost (yi yuan), and how their sum changes with the price."""
    credits, paid, slope = np.zeros(len(rules)), np.zeros(len(rules)), 0.0
    for place, (rule, emitted) in enumerate(zip(rules, owed, strict=True)):
        if rule is not None:
            credits[place] = wanted_credits(rule, price, emitted)
            paid[place] = cost_of_credits(rule, float(credits[place]), emitted)
            slope += credits_per_yuan(rule, price, emitted)
    return credits, paid, slope
