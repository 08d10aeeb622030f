"""A person in a firm's seat, beside the same run in which the firm plays itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tanshi.agents.abatement import emission_rate
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.language import say
from tanshi.market.orders import BUY, SELL
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.book import tangent_of
from tanshi.simulator.run.coupling import Agreement
from tanshi.simulator.run.economics import at_price
from tanshi.simulator.run.period import open_period
from tanshi.simulator.run.seat import Ticket, leave, place
from tanshi.simulator.run.world import State, World
from tanshi.simulator.views.live.market import LiveMarket, Twin
from tanshi.simulator.views.sectors import sector_name


@dataclass(frozen=True)
class Stand:
    """Where a firm stands after a period.

    Attributes
    ----------
    held
        t of allowances.
    owed
        t still to be surrendered for this year so far, and debts of earlier years.
    ahead
        t to be emitted in the rest of the year at the current rate; nothing once the year is settled.
    cash
        yuan since the run began: sales less purchases and penalties.
    """

    held: int
    owed: float
    ahead: float
    cash: float

    @property
    def spare(self) -> float:
        """Allowances beyond what the year needs, t; what is lacking is negative."""
        return self.held - self.owed - self.ahead


@dataclass(frozen=True)
class Side:
    """What a firm did in one period: ``bought`` t net of sales, ``paid`` yuan net for them, ``penalty`` yuan."""

    bought: int
    paid: float
    penalty: float
    stand: Stand


@dataclass(frozen=True)
class Move:
    """One period of the game.

    Attributes
    ----------
    tickets
        (ticket, t filled) of the person's orders; None where the firm bid by itself.
    price, own_price
        yuan/t with the person in the seat, and with the firm playing itself.
    person, firm
        What each did.
    """

    year: int
    period: int
    tickets: tuple[tuple[Ticket, int], ...] | None
    price: float
    own_price: float
    person: Side
    firm: Side


@dataclass(eq=False)
class Game:
    """The seat of one firm.

    Attributes
    ----------
    row
        The firm's.
    name
        Of whoever sits there, where several do; empty for the only one.
    twin
        The same run in which every firm bids by itself.
    opening, opening_price
        The firm's stand when the seat was taken, and the last price then, yuan/t.
    first
        The economy's answer to the price under the rules of the first auction to come, before it is held.
    yearly
        t a year that the firm then emits, by which firms of different size are compared.
    placed
        The person's orders for the coming period; None until some are placed.
    delegates
        Whether the firm bids by itself where the person places nothing; otherwise it stays out.
    """

    market: LiveMarket
    row: int
    twin: Twin
    opening: Stand
    opening_price: float
    first: CarbonResponse
    yearly: float = 0.0
    placed: tuple[Ticket, ...] | None = None
    delegates: bool = False
    name: str = ""
    moves: list[Move] = field(default_factory=list)

    @property
    def response(self) -> CarbonResponse:
        """The economy's latest answer to the price that is known, from which the firm's own costs follow."""
        return self.market.moment.agreement.response if self.moves else self.first

    def place(self, tickets: Sequence[Ticket]) -> dict[int, str]:
        """Place orders for the coming period; returns why which are refused, and then places none."""
        with self.market.lock:
            refused = place(self.market.world, self.market.state, self.row, tickets)
            if not refused:
                self.placed = tuple(tickets)
            return refused

    def prepare(self) -> None:
        """Before the auction: without orders of the person the firm stays out, or bids by itself."""
        if self.placed is None and self.delegates:
            leave(self.market.state, self.row)
        elif self.placed is None:
            self.place([])

    def record(self, agreement: Agreement) -> None:
        """After the auction, held in the twin as well: note what both did."""
        own = self.twin.agreement
        if own is None:
            raise ValueError("the twin has not been stepped along")
        before = (self.moves[-1].person.stand, self.moves[-1].firm.stand) if self.moves else (self.opening,) * 2
        world = self.market.world
        row = self.market.state.log.periods[-1]
        lot = world.scenario.market.lot
        itself = self.placed is None
        tickets = None if itself else _filled(agreement, self.row, self.placed or (), lot)
        self.moves.append(
            Move(
                row["year"], row["period"], tickets, agreement.price, own.price,
                _side(world, self.market.state, self.row, agreement, before[0]),
                _side(world, self.twin.state, self.row, own, before[1]),
            )
        )  # fmt: skip
        self.placed = None


def take_seat(market: LiveMarket, row: int, name: str = "") -> Game:
    """Sit down in a firm's seat; where its sector does not trade yet, the run goes on to the year in which it does.

    Parameters
    ----------
    name
        Of whoever sits down, where several do.

    Raises
    ------
    ValueError
        Where the sector does not trade before the run ends, somebody sits there already, or others do whose
        auctions would have to be held first.
    """
    with market.lock:
        place_ = int(market.population.sector[row])
        sector = sector_name(market.population.sectors[place_])
        if any(game.row == row for game in market.games):
            raise ValueError(say("somebody sits there already"))
        if market.games and not market.policy.mask(market.state.year)[place_]:
            raise ValueError(say("{sector} does not trade yet, and others wait for their next auction", sector=sector))
        while not market.policy.mask(market.state.year)[place_] and market.running:
            market.step()
        if not market.running:
            raise ValueError(say("{sector} does not trade before the run ends", sector=sector))
        world, state = market.world, market.state
        twin, price = market.twin(), state.market.price
        opening = stand(world, twin.state, row, market.moment.agreement)
        open_period(world, state)
        remaining = 1.0 - state.period / world.periods_per_year
        first = at_price(world, state, price, world.adjustment(remaining)[1]).response
        yearly = float(emission_rate(state.firms, tangent_of(first), price)[row]) * TONNES
        game = Game(market, row, twin, opening, price, first, yearly, name=name)
        market.games.append(game)
        return game


def stand(w: World, s: State, row: int, agreement: Agreement) -> Stand:
    """Where a firm stands now; ``agreement`` is of the last auction."""
    settled = s.calendar.finished or (s.period == 0 and not s.calendar.opened)
    rate = float(emission_rate(s.firms, tangent_of(agreement.response), agreement.price)[row])
    return Stand(
        held=int(s.registry.held[row]),
        owed=float(s.registry.obligations[row]) + (0.0 if settled else float(s.market.to_date[row])),
        ahead=0.0 if settled else rate * (1.0 - s.period / w.periods_per_year) * TONNES,
        cash=float(s.registry.cash[row]) * w.scenario.market.tick,
    )


def _side(w: World, s: State, row: int, agreement: Agreement, before: Stand) -> Side:
    fills, market = agreement.clearing.fills, w.scenario.market
    got = fills.price if fills.proceeds is None else fills.proceeds
    buys, sells = fills.buyer == row, fills.seller == row
    bought = int(fills.quantity[buys].sum() - fills.quantity[sells].sum()) * market.lot
    ticks = int((fills.price * fills.quantity)[buys].sum()) - int((got * fills.quantity)[sells].sum())
    paid = ticks * market.lot * market.tick
    now = stand(w, s, row, agreement)
    return Side(bought, paid, max(0.0, round(before.cash - now.cash - paid, 2)), now)


def _filled(agreement: Agreement, row: int, tickets: Sequence[Ticket], lot: int) -> tuple[tuple[Ticket, int], ...]:
    """How much of each ticket was filled: of what the firm got on a side, its best prices came first."""
    orders, filled = agreement.orders, agreement.clearing.filled
    parts = [0] * len(tickets)
    for side in (BUY, SELL):
        left = int(filled[(orders.account == row) & (orders.side == side)].sum()) * lot
        mine = [i for i, ticket in enumerate(tickets) if ticket.side == side]
        for i in sorted(mine, key=lambda i: -side * tickets[i].price):
            parts[i] = min(left, round(tickets[i].tonnes))
            left -= parts[i]
    return tuple(zip(tickets, parts, strict=True))
