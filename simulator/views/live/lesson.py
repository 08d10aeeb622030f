"""The tab of a lesson: who sits where, who has placed orders, the table of scores, and the debrief to print."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

import solara

from tanshi.language import mark, say, translate
from tanshi.simulator.views.live import tables
from tanshi.simulator.views.live.debrief import debrief
from tanshi.simulator.views.live.room import Room
from tanshi.simulator.views.live.score import ranked
from tanshi.simulator.views.live.seat_tab import paragraph, waiting

LEAD = mark(
    "One market for all windows of this machine, from the year in which the policy begins. Everybody takes a seat under"
    " a name and places orders for the coming auction; it is held when the lecturer says so. All seats are measured"
    " against the same run in which every firm bids by itself."
)


@solara.component
def Lesson(room: Room, news: int, leads: bool) -> None:
    """The class around the market."""
    seats = room.seats
    paragraph(translate(LEAD))
    if not seats:
        paragraph(say("Nobody has taken a seat yet."))
        return
    rows = [(game.name, tables.firm_name(room.market, game.row), waiting(game)) for game in seats]
    heads = (say("seat"), say("firm"), say("coming auction"))
    solara.HTML(tag="div", unsafe_innerHTML=tables.table(heads, rows, say("Seats")), classes=["words"])
    played = ranked(seats)
    if not played:
        paragraph(say("The scores come with the first auction."))
        return
    solara.HTML(tag="div", unsafe_innerHTML=tables.ranking(room.market, played), classes=["ranks"])
    if leads:
        label = say("Debrief to print (HTML)")
        solara.FileDownload(
            lambda: debrief(room.market, seats), "tanshi_debrief.html", label=label, mime_type="text/html"
        )
