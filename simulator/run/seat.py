"""A seat in the market: somebody places a firm's orders for the coming period, in the place of its strategy's.

Only the firm's bids are theirs. What it emits at a price stays the economy's answer, as for every firm, so that its
costs can be compared with those it would have had by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tanshi.errors import TanshiError
from tanshi.language import say
from tanshi.market.orders import BUY, Ints, Orders, from_yuan, own_crossing, screen
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.book import Book
from tanshi.simulator.run.period import open_period
from tanshi.simulator.run.world import State, World


@dataclass(frozen=True)
class Ticket:
    """One limit order as a person writes it: +1 to buy or -1 to sell, yuan/t, t."""

    side: int
    price: float
    tonnes: float


@dataclass(frozen=True)
class Admitted:
    """What may be ordered for a firm in the coming period.

    Attributes
    ----------
    lowest, highest
        yuan/t.
    sellable
        t held; ``buyable`` : t, all allowances of the year, more than which nobody can want.
    """

    lowest: float
    highest: float
    sellable: int
    buyable: int


class SeatError(TanshiError, ValueError):
    """A firm that cannot place orders now."""


def admitted(w: World, s: State, row: int) -> Admitted:
    """What may be ordered for a firm; the coming period is opened for it.

    Raises
    ------
    SeatError
        When the run is over, the price does not come from an auction, or the firm does not trade yet.
    """
    return _bounds(w, s, row, _coming(w, s, row))


def place(w: World, s: State, row: int, tickets: Sequence[Ticket]) -> dict[int, str]:
    """Place a firm's orders for the coming period, all of them or none; none at all keeps it out of the auction.

    They replace what was placed for it before, and hold for this one period.

    Returns
    -------
    Place in `tickets` -> why it is refused; empty where all are placed.

    Raises
    ------
    SeatError
        As `admitted`.
    """
    book = _coming(w, s, row)
    market = w.scenario.market
    refused: dict[int, str] = {}
    lines = [Orders.empty()] * len(tickets)
    bounds = _bounds(w, s, row, book)
    for i, ticket in enumerate(tickets):
        read = from_yuan(
            row, ticket.side, ticket.price, ticket.tonnes, 0,
            accounts=s.registry.accounts, tick=market.tick, lot=market.lot, lowest=book.lowest, highest=book.highest,
        )  # fmt: skip
        if read.refused:
            refused[i] = _explained(next(iter(read.refused)), bounds, market.tick, market.lot)
        elif ticket.side == BUY and ticket.tonnes > bounds.buyable:
            refused[i] = say("more than all allowances of the year, {most:,} t", most=bounds.buyable)
        else:
            lines[i] = read.orders
    if not refused:
        refused = _together(w, s, book, Orders.join(lines), bounds)
    if not refused:
        orders = Orders.join(lines)
        s.market.by_hand[row] = np.stack((orders.side, orders.price, orders.quantity), axis=1).astype(np.int64)
    return refused


def leave(s: State, row: int) -> None:
    """Let the firm bid by its own strategy again."""
    s.market.by_hand.pop(row, None)


def _coming(w: World, s: State, row: int) -> Book:
    if s.calendar.finished:
        raise SeatError("The run is over.")
    if not w.agents_trade:
        raise SeatError("The price of this scenario comes from the equilibrium alone: there is no auction to bid in.")
    open_period(w, s)
    book = Book(w, s, 1.0 - s.period / w.periods_per_year)
    if row not in book.active:
        raise SeatError("The firm's sector does not trade in {year}.", year=s.year)
    return book


def _bounds(w: World, s: State, row: int, book: Book) -> Admitted:
    tick = w.scenario.market.tick
    year = round(float(s.policy.caps(s.year)[s.policy.mask(s.year)].sum()) * TONNES)
    return Admitted(book.lowest * tick, book.highest * tick, int(book.held[row]), year)


def _together(w: World, s: State, book: Book, orders: Orders, bounds: Admitted) -> dict[int, str]:
    """Faults that show only in all orders of the firm together, and those of the venue's own rules."""
    rows: Ints = np.arange(len(orders))
    market = w.scenario.market
    held = s.registry.held // market.lot
    passed = screen(orders, s.registry.accounts, book.lowest, book.highest, held)
    more = say("with it more would be offered than is held, {held:,} t", held=bounds.sellable)
    refused = {int(i): more for i in np.setdiff1d(rows, passed.rows)}
    crossing = own_crossing(orders)
    refused |= {int(i): say("it would trade with the firm's own order on the other side") for i in rows[crossing]}
    return refused


def _explained(reason: str, bounds: Admitted, tick: float, lot: int) -> str:
    """A reason of the order gate with the figure it turns on."""
    if reason == "below the price floor":
        return say("below the price floor: {lowest:,.2f} yuan/t", lowest=bounds.lowest)
    if reason == "above the price ceiling":
        return say("above the price ceiling: {highest:,.2f} yuan/t", highest=bounds.highest)
    if reason == "off-tick price":
        return say("off-tick price: prices are multiples of {tick:g} yuan/t", tick=tick)
    if reason == "off-lot quantity":
        return say("off-lot quantity: quantities are multiples of {lot:,} t", lot=lot)
    return reason
