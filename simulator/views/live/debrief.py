"""What was played, to print and talk about: a page that holds everything, for one seat or a whole class."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from tanshi.language import clauses, mark, say, translate
from tanshi.numerics.units import MILLION
from tanshi.simulator.views.charts.style import GREY, INK, PALETTE
from tanshi.simulator.views.live import tables
from tanshi.simulator.views.live.game import Game
from tanshi.simulator.views.live.market import LiveMarket, when
from tanshi.simulator.views.live.panel import key, panel, source_of
from tanshi.simulator.views.live.score import ranked, scores, spent
from tanshi.simulator.views.reports.page import heading, note, page, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = mark("Debrief of the carbon market")
QUESTIONS = (
    mark("Who was short of allowances, and when did they know?"),
    mark("At which price did buying cost less than cutting emissions, and who acted on it?"),
    mark("What moved the price away from that of the run without people, and who paid for it?"),
    mark("What would a banked allowance have been worth a year later?"),
)
HOW = mark(
    "Cost: net purchases and penalties, less the rise in the worth of spare allowances (lacking ones count negative)"
    " at the price of the run in which every firm bids by itself. Saved: what that run's firm spent more."
)


def debrief(market: LiveMarket, seats: Sequence[Game]) -> str:
    """The page of some seats of a market, as HTML that prints on A4 and asks nobody for anything."""
    moment = market.moment
    last = when(moment.year, moment.period, market.periods_per_year)
    until = say("Until {last}", last=last)
    body = [f"<h1>{escape(translate(TITLE))}</h1>", f'<p class="sub">{escape(until)}</p>']
    body.append(f"<p>{escape(tables.rules(market))}</p>")
    played = ranked(seats)
    if not played:
        return page(translate(TITLE), [*body, note(say("No auction has been held with anybody in a seat."))])
    if len(seats) > 1:
        body += [heading(say("Scores")), _scores(market, played)]
    body += [note(translate(HOW)), heading(say("Price"))]
    body.append(_picture(price_picture(played[0]), say("Price with people in the seats and without")))
    for game in played:
        body += _seat(market, game, several=len(seats) > 1)
    body.append(heading(say("To talk about")))
    body.append("<ol>" + "".join(f"<li>{escape(translate(words))}</li>" for words in QUESTIONS) + "</ol>")
    return page(translate(TITLE), body)


def _scores(market: LiveMarket, played: Sequence[Game]) -> str:
    heads, rows = tables.ranking_rows(market, played)
    return table(heads, rows)


def _seat(market: LiveMarket, game: Game, *, several: bool) -> list[str]:
    firm = tables.firm_name(market, game.row)
    title = say("{name}: {firm}", name=game.name, firm=firm) if several else firm
    out = [heading(title), f"<p>{escape(tables.verdict(scores(game)))}</p>"]
    out.append(_picture(cost_picture(game), say("Cost so far, with the person and without")))
    heads = [say("auction"), say("orders of the seat"), say("price, yuan/t"), say("without people"), say("bought, t"),
             say("firm itself, t"), say("penalty, million yuan")]  # fmt: skip
    rows = []
    for move in game.moves:
        if move.tickets is None:
            orders = say("the firm itself")
        else:
            each = (f"{tables.ticket_words(t)} ({tables.number(filled)})" for t, filled in move.tickets)
            orders = clauses(each) or "–"
        rows.append(
            [when(move.year, move.period, market.periods_per_year), orders, f"{move.price:,.2f}",
             f"{move.own_price:,.2f}", tables.number(move.person.bought), tables.number(move.firm.bought),
             tables.number(move.person.penalty / MILLION, 3)]
        )  # fmt: skip
    return [*out, table(heads, rows), note(say("In brackets after an order: what of it was filled, t."))]


def _picture(figure: Figure, title: str) -> str:
    words = escape(title)
    return f'<figure><figcaption>{words}</figcaption><img alt="{words}" src="{source_of(figure)}"></figure>'


def price_picture(game: Game) -> Figure:
    """The price of every auction since the seat was taken, with people and in the run without."""
    figure, axes = panel(say("year"), say("yuan per t CO₂"))
    at = _times(game)
    axes.plot(
        at, [m.own_price for m in game.moves], color=GREY, linestyle="--", marker=".", label=say("every firm by itself")
    )
    axes.plot(at, [m.price for m in game.moves], color=PALETTE[5], linewidth=2, marker="o", label=say("with people"))
    axes.set_ylim(0, 1.12 * max(max(m.price, m.own_price) for m in game.moves))
    _years(axes, at)
    key(axes)
    return figure


def cost_picture(game: Game) -> Figure:
    """What a seat had cost by the end of each auction, beside the firm by itself."""
    figure, axes = panel(say("year"), say("million yuan"))
    person, firm = spent(game)
    at = _times(game)
    axes.plot(at, np.array(firm) / MILLION, color=GREY, linestyle="--", marker=".", label=say("the firm by itself"))
    axes.plot(at, np.array(person) / MILLION, color=PALETTE[5], linewidth=2, marker="o", label=game.name or say("you"))
    axes.axhline(0, color=INK, linewidth=0.6)
    _years(axes, at)
    key(axes)
    return figure


def _times(game: Game) -> list[float]:
    n = game.market.periods_per_year
    return [move.year + move.period / n for move in game.moves]


def _years(axes: Axes, at: Sequence[float]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(np.floor(at[0] - 1e-9), np.ceil(at[-1] + 1e-9) + 0.02)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
