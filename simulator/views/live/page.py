"""The page: Mesa's SolaraViz steps the run; tabs beside it show what each auction did."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import solara
import solara.lab

from tanshi.language import mark, say, translate
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.views.live import tables
from tanshi.simulator.views.live.layout import Layout
from tanshi.simulator.views.live.market import LiveMarket, lever_positions, sectors_of
from tanshi.simulator.views.live.mesa_page import Slider, SolaraViz, force_update, update_counter
from tanshi.simulator.views.live.picture import Picture
from tanshi.simulator.views.live.seat_tab import SeatTab
from tanshi.simulator.views.live.tabs import TABS, Tab
from tanshi.simulator.views.sectors import sector_name

__all__ = ["Layout", "Page"]
CSS = Path(__file__).with_name("look.css").read_text(encoding="utf-8")
TITLE = mark("Tanshi 碳市: live market")
SEAT = mark("Your seat")
BIDDERS = {
    "truthful": mark("truthful"),
    "scheduled": mark("scheduled"),
    "zip": mark("learning (zip)"),
    "zic": mark("random (zic)"),
}
asked: Scenario = load_scenario("S5")
"""The scenario that this process shows; the server sets it before it starts
(``tanshi.simulator.views.live.server``)."""


def in_order(sectors: Sequence[str]) -> str:
    """Names of the sectors that can trade, numbered."""
    return ", ".join(f"{n} {sector_name(sector)}" for n, sector in enumerate(sectors, start=1))


def levers(scenario: Scenario) -> dict[str, object]:
    """What the sliders move, in the names that ``LiveMarket`` takes; a reset makes the run anew with them."""
    at, sectors = lever_positions(scenario), sectors_of(scenario)
    names = in_order(sectors)
    sliders = {
        "tightness": Slider(
            say("Cap below baseline in the first year, %"), at["tightness"], 0, max(30, at["tightness"]), 0.5
        ),
        "decline": Slider(say("Fall of the cap each later year, %"), at["decline"], 0, max(10, at["decline"]), 0.5),
        "sectors": Slider(
            say("Sectors that trade, the first so many of: {names}", names=names), at["sectors"], 1, len(sectors), 1
        ),
    }
    mix = {
        name: Slider(say("Weight of {word} bidders", word=translate(word)), at[name], 0, 100, 5)
        for name, word in BIDDERS.items()
    }
    return {"scenario": scenario, **sliders, **mix}


@solara.component
def Page() -> None:
    """The whole page; every browser window that opens it has a run of its own."""
    first = solara.use_memo(lambda: LiveMarket(asked), [])
    market = solara.use_reactive(first)
    solara.Title(translate(TITLE))
    solara.Style(CSS)
    SolaraViz(market, components=[], model_params=levers(asked), name=translate(TITLE), play_interval=300)
    Market(market.value)


def step(market: LiveMarket) -> None:
    """Run one period and show it."""
    market.step()
    force_update()


@solara.component
def Market(market: LiveMarket) -> None:
    """The last auction in a line, and the tabs."""
    update_counter.get()
    chosen, choose = solara.use_state(0)
    with solara.Column(classes=["live"], gap="4px"):
        cells = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in tables.strip(market))
        solara.HTML(tag="dl", unsafe_innerHTML=cells, classes=["strip"], attributes={"aria-live": "polite"})
        with solara.Div(classes=["live-next"]):  # where the sidebar with its Step is folded away
            solara.Button(
                say("Next auction"), color="primary", on_click=lambda: step(market), disabled=not market.running
            )
        if market.trouble:
            solara.Error(say("The run stopped: {why}", why=market.trouble))
        elif market.state.calendar.finished:
            solara.Info(say("The run is over. Reset begins it anew, with the rules the sliders show."))
        with solara.lab.Tabs(value=chosen, on_value=choose):
            for name in (*(translate(tab.name) for tab in TABS), translate(SEAT)):
                solara.lab.Tab(name)
        if chosen < len(TABS):
            Pictures(market, TABS[chosen])
        else:
            SeatTab(market)
        solara.HTML(tag="p", unsafe_innerHTML=escape(tables.rules(market)), classes=["rules"])


@solara.component
def Pictures(market: LiveMarket, tab: Tab) -> None:
    """The pictures of a tab, and its table."""
    update_counter.get()
    with solara.Div(classes=["live-grid"]):
        for shown in tab.shown:
            Picture(shown, market, market.moment, market.game).key(shown.title)
        if tab.table is not None:
            solara.HTML(tag="div", unsafe_innerHTML=tab.table(market))
