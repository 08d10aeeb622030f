"""The page: Mesa's SolaraViz steps the run; tabs beside it show what each auction did."""
# mypy: disable-error-code="untyped-decorator,misc"

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import solara
import solara.lab
from mesa.visualization import Slider, SolaraViz
from mesa.visualization.utils import force_update, update_counter

from scenarios.schema import Scenario
from simulator.views.live import pictures, tables
from simulator.views.live.layout import Layout
from simulator.views.live.market import LiveMarket
from simulator.views.live.panel import source_of
from simulator.views.live.seat_tab import SeatTab

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Layout", "Page"]
CSS = Path(__file__).with_name("look.css").read_text(encoding="utf-8")
TITLE = "Tanshi 碳市: live market"
shown: Scenario
"""The scenario that this process shows; set before the server starts (``simulator.views.live.server``)."""


def levers(scenario: Scenario) -> dict[str, object]:
    """What the sliders move, in the names that ``LiveMarket`` takes; a reset makes the run anew with them."""
    cap, mix = scenario.cap, scenario.firms.strategies.as_dict()
    trading = len(scenario.coverage.sectors("trading"))
    sliders: dict[str, object] = {
        "scenario": scenario,
        "tightness": Slider("Cap below baseline in the first year, %", round(100 * cap.tightness, 1), 0, 30, 0.5),
        "decline": Slider("Fall of the cap each later year, %", round(100 * cap.decline, 1), 0, 10, 0.5),
        "sectors": Slider("Sectors that trade (power first)", trading, 1, 8, 1),
    }
    words = {"truthful": "truthful", "scheduled": "calendar (scheduled)", "zip": "learning (zip)", "zic": "random (zic)"}
    for name, word in words.items():
        sliders[name] = Slider(f"Weight of {word} bidders", round(100 * mix.get(name, 0.0)), 0, 100, 5)
    return sliders


@solara.component
def Page() -> None:
    """The whole page; every browser window that opens it has a run of its own."""
    first = solara.use_memo(lambda: LiveMarket(shown), [])
    market = solara.use_reactive(first)
    solara.Title(TITLE)
    solara.Style(CSS)
    SolaraViz(market, components=[], model_params=levers(shown), name=TITLE, play_interval=300)
    Tabs(market.value)


def step(market: LiveMarket) -> None:
    """Run one period and show it."""
    market.step()
    force_update()


@solara.component
def Tabs(market: LiveMarket) -> None:
    """The last auction in a line, and the tabs."""
    update_counter.get()
    tab, set_tab = solara.use_state(0)
    names = ("Price", "Order book", "Trades", "Positions", "Emissions", "Your seat")
    shown = (PriceTab, BookTab, TradesTab, PositionsTab, EmissionsTab, SeatTab)
    with solara.Column(classes=["live"], gap="4px"):
        cells = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in tables.strip(market))
        solara.HTML(tag="dl", unsafe_innerHTML=cells, classes=["strip"], attributes={"aria-live": "polite"})
        with solara.Div(classes=["live-next"]):  # where the sidebar with its Step is folded away
            solara.Button("Next auction", color="primary", on_click=lambda: step(market), disabled=not market.running)
        if market.trouble:
            solara.Error(f"The run stopped: {market.trouble}")
        elif market.state.finished:
            solara.Info("The run is over. Reset begins it anew, with the rules the sliders show.")
        with solara.lab.Tabs(value=tab, on_value=set_tab):
            for name in names:
                solara.lab.Tab(name)
        shown[tab](market)
        solara.HTML(tag="p", unsafe_innerHTML=escape(tables.rules(market)), classes=["rules"])


@solara.component
def Picture(market: LiveMarket, draw: Callable[[LiveMarket], Figure], title: str, words: str) -> None:
    """A picture with its title and a line that says what is seen."""
    update_counter.get()
    source = solara.use_memo(lambda: source_of(draw(market)), [market.moment, market.game, title])
    caption = f"<figcaption><b>{escape(title)}</b>{escape(words)}</figcaption>"
    solara.HTML(tag="figure", unsafe_innerHTML=f'{caption}<img src="{source}" alt="{escape(title)}. {escape(words)}">')


@solara.component
def PriceTab(market: LiveMarket) -> None:
    """Price and volume of all auctions so far."""
    update_counter.get()
    with solara.Div(classes=["live-grid"]):
        Picture(market, pictures.price_picture, "Carbon price", "What each auction cleared at; dashed, the path of the"
                " equilibrium without firms' auctions, under the policy as announced.")  # fmt: skip
        Picture(market, pictures.volume_picture, "Volume", "Tonnes that changed hands in each auction: most where"
                " firms cover the whole year's need at once.")  # fmt: skip


@solara.component
def BookTab(market: LiveMarket) -> None:
    """The order book of the last auction."""
    update_counter.get()
    with solara.Div(classes=["live-grid"]):
        Picture(market, pictures.book_picture, "Order book", "Bids from the dearest down, offers from the cheapest up:"
                " where the two steps meet, the auction clears at one price for all.")  # fmt: skip
        agreement, lot = market.moment.agreement, market.scenario.market.lot
        orders = agreement.orders
        rows = [
            (name, f"{int(mine.sum()):,}", f"{tables.number(orders.quantity[mine].sum() * lot)} t",
             f"{tables.number(agreement.clearing.filled[mine].sum() * lot)} t")
            for name, mine in (("bids", orders.side > 0), ("offers", orders.side < 0))
        ]  # fmt: skip
        gap = "exactly" if agreement.gap < 1e-9 else f"to {agreement.gap:.2g} yuan/t"
        words = f"The auction and the economy agreed on the price {gap}, after {agreement.iterations} rounds."
        html = tables.table(("", "orders", "quantity", "filled"), rows, "Orders of the last auction")
        solara.HTML(tag="div", unsafe_innerHTML=f"{html}<p>{escape(words)}</p>")


@solara.component
def TradesTab(market: LiveMarket) -> None:
    """Who traded with whom."""
    update_counter.get()
    with solara.Div(classes=["live-grid"]):
        Picture(market, pictures.trades_picture, "Who traded with whom", "Firms on a ring by sector, lines from seller"
                f" to buyer in the seller's colour; size by tonnes, at most the {pictures.LINES} largest trades.")  # fmt: skip
        Picture(market, pictures.flows_picture, "Sectors' purchases and sales", "Tonnes bought and sold in the last"
                " auction; a sector may do both, since its firms differ.")  # fmt: skip


@solara.component
def PositionsTab(market: LiveMarket) -> None:
    """Allowances against needs."""
    update_counter.get()
    with solara.Div(classes=["live-grid"]):
        Picture(market, pictures.sector_positions_picture, "Positions by sector", "Allowances held beside what was"
                " emitted this year and is still expected; after December what is left is the bank.")  # fmt: skip
        Picture(market, pictures.firm_positions_picture, "Positions by firm", "A dot a firm: its need of the year, and"
                " the part of it that its allowances cover; dashed, just enough.")  # fmt: skip
        solara.HTML(tag="div", unsafe_innerHTML=tables.extremes(market))


@solara.component
def EmissionsTab(market: LiveMarket) -> None:
    """Emissions of the trading sectors."""
    update_counter.get()
    with solara.Div(classes=["live-grid"]):
        Picture(market, pictures.emissions_picture, "Emissions and the cap", "Yearly rate of the sectors that trade"
                " now, one on another; dashed, the cap: above it firms draw on their bank.")  # fmt: skip
        Picture(market, pictures.change_picture, "Change by sector", "How far each trading sector's rate has moved"
                " since the first auction.")  # fmt: skip
