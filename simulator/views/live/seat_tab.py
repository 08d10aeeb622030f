"""The tab with a firm's seat: take it, see where the firm stands, place its orders, be scored."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

from dataclasses import replace
from html import escape

import solara

from tanshi.language import mark, say, translate
from tanshi.simulator.views.live import seat_pictures, tables
from tanshi.simulator.views.live.form import SIDES, Line, read_lines
from tanshi.simulator.views.live.game import Game, take_seat
from tanshi.simulator.views.live.market import LiveMarket, largest_first, when
from tanshi.simulator.views.live.mesa_page import force_update, update_counter
from tanshi.simulator.views.live.panel import full_name
from tanshi.simulator.views.live.picture import Picture
from tanshi.simulator.views.live.score import log_csv, scores
from tanshi.simulator.views.live.tabs import Shown

SIZES = {mark("the largest"): 0.0, mark("a large one"): 0.1, mark("a middling one"): 0.5, mark("a small one"): 0.9}
LINES: tuple[Line, ...] = (Line(), Line(), Line())
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
def SeatTab(market: LiveMarket) -> None:
    """The seat, or the way to it."""
    update_counter.get()
    if isinstance(market.game, Game):
        Desk(market.game)
    else:
        Door(market)


def paragraph(text: str, **more: object) -> None:
    """A paragraph."""
    solara.HTML(tag="p", unsafe_innerHTML=escape(text), **more)


@solara.component
def Door(market: LiveMarket) -> None:
    """Choose a firm."""
    codes = market.world.scenario.coverage.sectors("trading")
    names = {full_name(code): code for code in codes}
    sector, set_sector = solara.use_state(next(iter(names), ""))
    size, set_size = solara.use_state(say("a large one"))
    trouble, set_trouble = solara.use_state("")
    paragraph(say(DOOR, year=market.world.scenario.policy_start))
    if market.world.scenario.market.mode != "agents" or not names:
        paragraph(say("This scenario has no auction to take part in."), classes=["refused"])
        return

    def sit() -> None:
        rows = largest_first(market, names.get(sector, codes[0]))
        try:
            take_seat(
                market,
                int(rows[round({translate(name): part for name, part in SIZES.items()}[size] * (len(rows) - 1))]),
            )
        except ValueError as error:
            set_trouble(str(error))
        force_update()

    with solara.Div(style="max-width: 420px"):
        chosen = sector if sector in names else next(iter(names))
        solara.Select(say("Sector"), list(names), value=chosen, on_value=set_sector)
        solara.Select(say("Firm of the sector"), [translate(name) for name in SIZES], value=size, on_value=set_size)
        solara.Button(say("Take the seat"), color="primary", on_click=sit, disabled=not market.running)
    if trouble:
        paragraph(trouble, classes=["refused"], attributes={"role": "alert"})


@solara.component
def Desk(game: Game) -> None:
    """Position, costs, order form and score of the seat that is taken."""
    update_counter.get()
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
            Form(game)
            for shown in OWN:
                Picture(shown, game, market.moment).key(shown.title)
    if game.moves:
        solara.HTML(tag="div", unsafe_innerHTML=tables.score_table(scores(game)))
        paragraph(translate(MEASURE))
        label = say("Log of the game (CSV)")
        solara.FileDownload(lambda: log_csv(game), "tanshi_seat.csv", label=label, mime_type="text/csv")


@solara.component
def Form(game: Game) -> None:
    """The order form of the coming auction."""
    update_counter.get()
    market = game.market
    lines, set_lines = solara.use_state(LINES)
    faults, set_faults = solara.use_state(NO_FAULTS)
    delegates, set_delegates = solara.use_state(game.delegates)
    coming = when(market.state.year, market.state.period + 1, market.periods_per_year)

    def change(place: int, **values: str) -> None:
        set_lines(lambda old: tuple(replace(line, **values) if i == place else line for i, line in enumerate(old)))

    def step(orders: bool) -> None:
        tickets, origin, wrong = read_lines(lines if orders else ())
        if not wrong and orders:
            wrong = {origin[i]: reason for i, reason in game.place(tickets).items()}
        set_faults(wrong)
        if not wrong:
            market.step()
            set_lines(LINES)
            force_update()

    def delegate(value: bool) -> None:
        game.delegates = value
        set_delegates(value)

    with solara.Div():
        solara.HTML(tag="h2", unsafe_innerHTML=escape(say("Your orders for {coming}", coming=coming)))
        for i, line in enumerate(lines):
            with solara.Div(classes=["live-ticket"]):
                solara.Select(say("Side"), list(SIDES), value=line.side, on_value=lambda v, i=i: change(i, side=v))
                solara.InputText(say("Limit, yuan/t"), value=line.price, on_value=lambda v, i=i: change(i, price=v))
                solara.InputText(say("Quantity, t"), value=line.tonnes, on_value=lambda v, i=i: change(i, tonnes=v))
            if i in faults:
                paragraph(
                    say("Order {number} is refused: {why}.", number=i + 1, why=faults[i]),
                    classes=["refused"],
                    attributes={"role": "alert"},
                )
        with solara.Div(classes=["live-buttons"]):
            solara.Button(say("Place and step"), color="primary", on_click=lambda: step(True))
            solara.Button(say("Step without orders"), on_click=lambda: step(False))
            solara.Button(say("Another line"), text=True, on_click=lambda: set_lines(lambda old: (*old, Line())))
        solara.Checkbox(label=say("Where I place nothing, the firm bids by itself"), value=delegates, on_value=delegate)
