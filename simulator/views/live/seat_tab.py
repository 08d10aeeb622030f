"""The tab with a firm's seat: take it, see where the firm stands, place its orders, be scored."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape

import solara

from tanshi.language import clauses, mark, say, translate
from tanshi.simulator.views.live import seat_pictures, tables
from tanshi.simulator.views.live.debrief import debrief
from tanshi.simulator.views.live.form import SIDES, Line, read_lines
from tanshi.simulator.views.live.game import Game, take_seat
from tanshi.simulator.views.live.market import largest_first, when
from tanshi.simulator.views.live.panel import full_name
from tanshi.simulator.views.live.picture import Picture
from tanshi.simulator.views.live.room import Room
from tanshi.simulator.views.live.score import log_csv, scores
from tanshi.simulator.views.live.tabs import Shown

SIZES = {mark("the largest"): 0.0, mark("a large one"): 0.1, mark("a middling one"): 0.5, mark("a small one"): 0.9}
LINES: tuple[Line, ...] = (Line(), Line(), Line())
LONGEST = 24
"""Signs of a seat's name."""
NO_FAULTS: dict[int, str] = {}
DOOR = mark(
    "Take the seat of one firm: you place its orders, auction by auction, and are scored against the same run in which"
    " the firm bids by itself. Its emissions answer the price as every firm's do; only its trade is yours. If its"
    " sector does not trade yet, the market first runs to the beginning of {year}."
)
DESK = mark(
    "Where the firm stands, and your orders for the coming auction; below, what abatement costs it, and your score"
    " against the firm bidding by itself."
)
MEASURE = mark(
    "Cost: net purchases and penalties, less the rise in the worth of spare allowances (lacking ones count negative)"
    " at the price without you. Below zero, free allowances were worth more than what was spent."
)
OWN = (
    Shown(
        seat_pictures.cost_picture,
        mark("Marginal abatement cost"),
        mark(
            "What one tonne less would cost the firm in the rest of the year: buy where the price is below it, cut"
            " where it is above."
        ),
    ),
    Shown(
        seat_pictures.wants_picture,
        mark("What the firm would want"),
        mark("Net purchases at each price, the reserve it likes to keep included; you need not follow it."),
    ),
)


@solara.component
def SeatTab(room: Room, news: int, leads: bool) -> None:
    """The seat of this window, or the way to one; the lecturer may look after all of them."""
    mine, set_mine = solara.use_state("")
    seats = {game.name: game for game in room.seats}
    if not room.shared:
        game = next(iter(seats.values()), None)
        Desk(room, game, news, True) if game else Door(room, news, lambda name: None)
        return
    if mine in seats:
        solara.Button(say("Another seat"), text=True, on_click=lambda: set_mine(""))
        Desk(room, seats[mine], news, False).key(mine)
        return
    if seats:
        paragraph(say("Seats that are taken; whoever reloaded the page sits down again here."))
        with solara.Div(classes=["live-buttons"]):
            for name in seats:
                solara.Button(name, on_click=lambda name=name: set_mine(name))
    Door(room, news, set_mine)


def paragraph(text: str, **more: object) -> None:
    """A paragraph."""
    solara.HTML(tag="p", unsafe_innerHTML=escape(text), **more)


@solara.component
def Door(room: Room, news: int, sat: Callable[[str], None]) -> None:
    """Choose a firm; ``sat`` hears under which name."""
    market = room.market
    codes = market.world.scenario.ever("trading")
    names = {full_name(code): code for code in codes}
    sector, set_sector = solara.use_state(next(iter(names), ""))
    size, set_size = solara.use_state(say("a large one"))
    trouble, set_trouble = solara.use_state("")
    name, set_name = solara.use_state("")
    paragraph(say(DOOR, year=market.world.scenario.policy_start))
    if market.world.scenario.market.mode != "agents" or not names:
        paragraph(say("This scenario has no auction to take part in."), classes=["refused"])
        return

    def sit() -> None:
        called = name.strip()[:LONGEST]
        if room.shared and (not called or called in {game.name for game in room.seats}):
            set_trouble(say("Choose a name that no other seat has."))
            return
        rows = largest_first(market, names.get(sector, codes[0]))
        part = {translate(word): part for word, part in SIZES.items()}[size]
        wanted = round(part * (len(rows) - 1))
        taken = {game.row for game in room.seats}
        free = sorted((i for i in range(len(rows)) if int(rows[i]) not in taken), key=lambda i: abs(i - wanted))
        try:
            take_seat(market, int(rows[free[0] if free else wanted]), called)
        except ValueError as error:
            set_trouble(say("The seat cannot be taken: {why}.", why=error))
        else:
            set_trouble("")
            sat(called)
        room.tell()

    with solara.Div(style="max-width: 420px"):
        if room.shared:
            solara.InputText(say("Your name, or your group's"), value=name, on_value=set_name, continuous_update=True)
        chosen = sector if sector in names else next(iter(names))
        solara.Select(say("Sector"), list(names), value=chosen, on_value=set_sector)
        solara.Select(say("Firm of the sector"), [translate(name) for name in SIZES], value=size, on_value=set_size)
        solara.Button(say("Take the seat"), color="primary", on_click=sit, disabled=not market.running)
    if trouble:
        paragraph(trouble, classes=["refused"], attributes={"role": "alert"})


@solara.component
def Desk(room: Room, game: Game, news: int, steps: bool) -> None:
    """Position, costs, order form and score of the seat that is taken; ``steps``: its form holds the auction."""
    market = game.market
    solara.HTML(tag="h2", unsafe_innerHTML=escape(say("You sit for {firm}", firm=tables.firm_name(market, game.row))))
    paragraph(translate(DESK))
    if game.moves:
        paragraph(tables.last_move(game), attributes={"aria-live": "polite"}, classes=["outcome"])
        paragraph(tables.verdict(scores(game)), classes=["verdict"])
    with solara.Div(classes=["live-grid"]):
        if not market.state.calendar.finished and not market.trouble:
            html = seat_pictures.position_table(game)
            solara.HTML(tag="div", unsafe_innerHTML=html, classes=["words"])
            Form(room, game, news, steps)
            for shown in OWN:
                Picture(shown, game, market.moment).key(shown.title)
    if game.moves:
        solara.HTML(tag="div", unsafe_innerHTML=tables.score_table(scores(game)))
        paragraph(translate(MEASURE))
        label = say("Log of the game (CSV)")
        solara.FileDownload(lambda: log_csv(game), "tanshi_seat.csv", label=label, mime_type="text/csv")
        printed = say("Debrief to print (HTML)")
        solara.FileDownload(
            lambda: debrief(market, [game]), "tanshi_debrief.html", label=printed, mime_type="text/html"
        )


@solara.component
def Form(room: Room, game: Game, news: int, steps: bool) -> None:
    """The order form of the coming auction."""
    market = game.market
    lines, set_lines = solara.use_state(LINES)
    faults, set_faults = solara.use_state(NO_FAULTS)
    delegates, set_delegates = solara.use_state(game.delegates)
    coming = when(market.state.year, market.state.period + 1, market.periods_per_year)

    def change(place: int, **values: str) -> None:
        set_lines(lambda old: tuple(replace(line, **values) if i == place else line for i, line in enumerate(old)))

    def order(orders: bool) -> None:
        tickets, origin, wrong = read_lines(lines if orders else ())
        if not wrong and (orders or not steps):
            wrong = {origin[i]: reason for i, reason in game.place(tickets).items()}
        set_faults(wrong)
        if not wrong:
            set_lines(LINES)
            room.step() if steps else room.tell()

    def delegate(value: bool) -> None:
        game.delegates = value
        set_delegates(value)

    with solara.Div():
        solara.HTML(tag="h2", unsafe_innerHTML=escape(say("Your orders for {coming}", coming=coming)))
        sides = {translate(side): side for side in SIDES}
        for i, line in enumerate(lines):
            with solara.Div(classes=["live-ticket"]):
                shown = next(word for word, side in sides.items() if side == line.side)
                solara.Select(say("Side"), list(sides), value=shown, on_value=lambda v, i=i: change(i, side=sides[v]))
                solara.InputText(say("Limit, yuan/t"), value=line.price, on_value=lambda v, i=i: change(i, price=v))
                solara.InputText(say("Quantity, t"), value=line.tonnes, on_value=lambda v, i=i: change(i, tonnes=v))
            if i in faults:
                paragraph(
                    say("Order {number} is refused: {why}.", number=i + 1, why=faults[i]),
                    classes=["refused"],
                    attributes={"role": "alert"},
                )
        with solara.Div(classes=["live-buttons"]):
            go, out = (say("Place and step"), say("Step without orders")) if steps else (say("Place"), say("Stay out"))
            solara.Button(go, color="primary", on_click=lambda: order(True))
            solara.Button(out, on_click=lambda: order(False))
            solara.Button(say("Another line"), text=True, on_click=lambda: set_lines(lambda old: (*old, Line())))
        solara.Checkbox(label=say("Where I place nothing, the firm bids by itself"), value=delegates, on_value=delegate)
        if not steps:
            paragraph(waiting(game), attributes={"role": "status"}, classes=["outcome"])


def waiting(game: Game) -> str:
    """What the coming auction will find in a seat, in a lesson."""
    if game.placed:
        return say(
            "Placed for the coming auction: {orders}.", orders=clauses(tables.ticket_words(t) for t in game.placed)
        )
    if game.placed is not None:
        return say("You stay out of the coming auction.")
    if game.delegates:
        return say("Nothing is placed: the firm bids by itself.")
    return say("Nothing is placed: without orders you stay out.")
