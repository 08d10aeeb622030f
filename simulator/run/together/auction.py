"""One auction of the firms of several provinces: each province's own orders in one book, its fills given back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.streams import stream
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.between import Numbering
from tanshi.market.orders import Orders
from tanshi.market.venue import Clearing
from tanshi.simulator.run.book import Book, beside_government
from tanshi.simulator.run.coupling import Agreement, Economy, Found, Placed, find
from tanshi.simulator.run.economics import Answer
from tanshi.simulator.run.period import economy_of
from tanshi.simulator.run.public.sale_rules import under_sale_rules
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs


@dataclass(frozen=True)
class Responses:
    """What each province would emit around a price."""

    price: float
    each: tuple[CarbonResponse, ...]

    def at(self, price: float) -> Responses:
        """The same on the provinces' tangents at another price."""
        return Responses(price, tuple(one.at(price) for one in self.each))


@dataclass(frozen=True)
class Answers:
    """The equilibria of a trial price, one a province."""

    each: tuple[Answer, ...]

    @property
    def response(self) -> Responses:
        """What they would emit."""
        return Responses(self.each[0].response.price, tuple(one.response for one in self.each))


@dataclass(frozen=True)
class PlacedTogether:
    """One trial's orders of all provinces in one book."""

    orders: Orders
    each: tuple[Placed, ...]

    def due(self, otherwise: tuple[float, ...]) -> tuple[float, ...]:
        """Yi yuan that each province counts on paying for credits and to the others, one after the other."""
        before = [otherwise[place : place + 2] for place in range(0, len(otherwise), 2)]
        return tuple(paid for placed, was in zip(self.each, before, strict=True) for paid in placed.due(was))


def agree_together(w: JointWorld, s: JointState) -> list[Agreement]:
    """Find the price at which the book of all provinces and their economies agree; each province's part of it."""
    remaining = 1.0 - s.period / w.periods_per_year
    economies = [economy_of(*pair, remaining) for pair in pairs(w, s)]
    paying = [(m.market.forest_income, m.market.across.rate * remaining - m.market.across.due) for m in s.members]
    return agree_on(w, s, remaining, economies, s.members[0].market.expected, paying)


def agree_on(
    w: JointWorld,
    s: JointState,
    remaining: float,
    economies: Sequence[Economy],
    start: float,
    paying: Sequence[tuple[float, float]],
) -> list[Agreement]:
    """The same by what the economies answer from some price on.

    Parameters
    ----------
    remaining
        Part of the year that is left.
    paying
        Yi yuan that each pays for credits and to the others in its first answer.
    """
    books = [Book(*pair, remaining) for pair in pairs(w, s)]
    numbering, ties = s.numbering, stream(w.scenario.seed, "venue", "ties", s.number)
    beginning = ties.bit_generator.state

    def lots() -> np.random.Generator:
        ties.bit_generator.state = beginning
        return ties

    def economy(price: float, last: Answers | None, placed: PlacedTogether | None) -> Answers:
        before: tuple[Any, ...] = (None,) * len(books) if last is None else last.each
        planned: tuple[Any, ...] = (None,) * len(books) if placed is None else placed.each
        return Answers(tuple(one(price, *known) for one, *known in zip(economies, before, planned, strict=True)))

    def book(responses: Responses, step: float) -> PlacedTogether:
        wanted = [own.wanted(response) for own, response in zip(books, responses.each, strict=True)]
        beside = beside_government(books, wanted, responses.price)
        each = tuple(
            own.place(response, step, what, sold)
            for own, response, what, sold in zip(books, responses.each, wanted, beside, strict=True)
        )
        return PlacedTogether(numbering.in_one_book([placed.orders for placed in each]), each)

    found: Found[Answers, Responses, PlacedTogether] = find(
        economy,
        book,
        under_sale_rules(books[0].main, w.members, [own.on_sale for own in books]),
        limits=books[0].limits_of_price,
        rng=lots,
        start=start,
        paying=tuple(paid for pair in paying for paid in pair),
    )
    parts = _parts(found, numbering, [m.market.credits for m in s.members])
    if w.scenario.compliance.later:
        for m, own, part in zip(s.members, books, parts, strict=True):
            m.market.needed = own.demand(part.response).at(part.price)
    return parts


def _parts(
    found: Found[Answers, Responses, PlacedTogether], numbering: Numbering, credits: Sequence[float]
) -> list[Agreement]:
    """Each province's part of what all agreed on, in its own numbers.

    Parameters
    ----------
    credits
        Mt that each expected before, where no trial plans any.
    """
    whole, clearing = found.placed, found.clearing
    due, ends = whole.due(found.paying), np.cumsum([len(placed.orders) for placed in whole.each])
    parts = []
    for place, placed in enumerate(whole.each):
        fills, mine = numbering.seen_from(clearing.fills, place)
        filled = clearing.filled[ends[place] - len(placed.orders) : ends[place]]
        own = replace(
            clearing,
            volume=int(fills.quantity.sum()),
            fills=fills,
            filled=filled,
            blocks=int(mine[: clearing.blocks].sum()),
        )
        answer, response, plan = found.answer.each[place], found.response.each[place], placed.credits
        expected = credits[place] if plan is None else plan.expected
        agreement = Agreement(found.price, response, answer, own, placed.orders, found.rounds, found.gap,
                              expected, due[2 * place], plan, due[2 * place + 1])  # fmt: skip
        parts.append(replace(agreement, whole=(whole.orders, clearing)))
    return parts


def crossing_rows(
    s: JointState, clearing: Clearing, numbering: Numbering, lot: int, tick: float
) -> dict[str, NDArray[Any]]:
    """A period's fills between provinces as plain columns."""
    fills = clearing.fills
    home, away = numbering.where(fills.buyer), numbering.where(fills.seller)
    across = np.flatnonzero(home != away)
    return {
        "year": np.full(len(across), s.year),
        "period": np.full(len(across), s.period + 1),
        "buyer": (fills.buyer - numbering.first[home])[across],
        "seller": (fills.seller - numbering.first[away])[across],
        "buyer_place": home[across],
        "seller_place": away[across],
        "price": fills.price[across] * tick,
        "quantity_t": fills.quantity[across] * lot,
    }
