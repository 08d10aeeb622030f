"""The page: the controls beside the market, and tabs that show what each auction did."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from html import escape
from pathlib import Path

import solara
import solara.lab

from tanshi.language import mark, say, spoken, translate
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.views.live import tables
from tanshi.simulator.views.live.controls import Controls
from tanshi.simulator.views.live.layout import Guard, Layout
from tanshi.simulator.views.live.lesson import Lesson
from tanshi.simulator.views.live.market import LiveMarket
from tanshi.simulator.views.live.picture import Picture
from tanshi.simulator.views.live.room import Room
from tanshi.simulator.views.live.seat_tab import SeatTab
from tanshi.simulator.views.live.tabs import TABS, Tab

__all__ = ["Layout", "Page"]
CSS = Path(__file__).with_name("look.css").read_text(encoding="utf-8")
TITLE = mark("Tanshi 碳市: live market")
SEAT = mark("Your seat")
LESSON = mark("The class")
LECTURER = "lecturer"
"""What the address of the lecturer's window says."""
asked: Scenario = load_scenario("S5")
"""The scenario that this process shows; the server sets it before it starts
(``tanshi.simulator.views.live.server``)."""
shared: Room | None = None
"""The one market of all windows, in a lesson; else each window has its own."""


@solara.component
def Page() -> None:
    """The whole page; every browser window that opens it has a run of its own, or in a lesson all look at one."""
    room = solara.use_memo(lambda: shared or Room(asked), [])
    news, set_news = solara.use_state(0)

    def watch() -> Callable[[], None]:
        return room.watch(lambda: set_news(lambda n: n + 1), here())

    solara.use_effect(watch, [])
    leads = not room.shared or LECTURER in (solara.use_router().search or "")
    solara.Title(translate(TITLE))
    solara.Style(CSS)
    with solara.AppBar():
        solara.AppBarTitle(translate(TITLE))
        solara.lab.ThemeToggle()
    names = {"menu": say("Show or hide the controls"), "theme": say("Light or dark")}
    Guard(asks=room.begun and not room.shared, language=spoken(), names=names)
    if leads:
        with solara.Sidebar():
            Controls(room, news)
    Market(room, news, leads)


def here() -> AbstractContextManager[object] | None:
    """What another window must enter to speak to this one."""
    from solara.server import kernel_context

    return kernel_context.get_current_context() if kernel_context.has_current_context() else None


@solara.component
def Market(room: Room, news: int, leads: bool) -> None:
    """The last auction in a line, and the tabs."""
    market = room.market
    chosen, choose = solara.use_state(0)
    last = [(translate(SEAT), SeatTab)]
    last += [(translate(LESSON), Lesson)] if room.shared else []
    with solara.Column(classes=["live"], gap="4px"):
        cells = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in tables.strip(market))
        solara.HTML(tag="dl", unsafe_innerHTML=cells, classes=["strip"], attributes={"aria-live": "polite"})
        if leads:
            with solara.Div(classes=["live-next"]):  # where the sidebar is folded away
                solara.Button(say("Next auction"), color="primary", on_click=room.step, disabled=not market.running)
        if market.trouble:
            solara.Error(say("The run stopped: {why}", why=market.trouble))
        elif market.state.calendar.finished:
            solara.Info(say("The run is over. It can begin anew, by the rules that the sliders show."))
        with solara.lab.Tabs(value=chosen, on_value=choose):
            for name in (*(translate(tab.name) for tab in TABS), *(name for name, _ in last)):
                solara.lab.Tab(name)
        if chosen < len(TABS):
            Pictures(market, TABS[chosen], news)
        else:
            last[chosen - len(TABS)][1](room, news, leads)
        solara.HTML(tag="p", unsafe_innerHTML=escape(tables.rules(market)), classes=["rules"])


@solara.component
def Pictures(market: LiveMarket, tab: Tab, news: int) -> None:
    """The pictures of a tab, and its table."""
    with solara.Div(classes=["live-grid"]):
        for shown in tab.shown:
            Picture(shown, market, market.moment, len(market.games)).key(shown.title)
        if tab.table is not None:
            solara.HTML(tag="div", unsafe_innerHTML=tab.table(market))
