"""What the tabs show: pictures, each with a title and a line that says what is seen, and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from tanshi.simulator.views.live import pictures, tables
from tanshi.simulator.views.live.market import LiveMarket
from tanshi.simulator.views.live.panel import source_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Shown:
    """A picture of a run, or of a game: how it is drawn, its title, and what is seen on it."""

    draw: Callable[[Any], Figure]
    title: str
    words: str

    def html(self, subject: object) -> str:
        """The picture below its caption; it is an address in itself, so that nobody is asked for it."""
        title, words = escape(self.title), escape(self.words)
        source = source_of(self.draw(subject))
        return f'<figcaption><b>{title}</b>{words}</figcaption><img src="{source}" alt="{title}. {words}">'


@dataclass(frozen=True)
class Tab:
    """A titled tab: its pictures, and a table below them."""

    name: str
    shown: tuple[Shown, ...]
    table: Callable[[LiveMarket], str] | None = None


TABS = (
    Tab(
        "Price",
        (
            Shown(
                pictures.price_picture,
                "Carbon price",
                "What each auction cleared at; dashed, the path of the equilibrium without auctions, under the policy"
                " as announced.",
            ),
            Shown(
                pictures.volume_picture,
                "Volume",
                "Tonnes that changed hands in each auction: most where firms cover the whole year's need at once.",
            ),
        ),
    ),
    Tab(
        "Order book",
        (
            Shown(
                pictures.book_picture,
                "Order book",
                "Bids from the dearest down, offers from the cheapest up: where the steps meet, the auction clears at"
                " one price for all.",
            ),
        ),
        tables.book_table,
    ),
    Tab(
        "Trades",
        (
            Shown(
                pictures.trades_picture,
                "Who traded with whom",
                "Firms on a ring by sector, lines from seller to buyer in the seller's colour; size by tonnes, at most"
                f" the {pictures.LINES} largest trades.",
            ),
            Shown(
                pictures.flows_picture,
                "Sectors' purchases and sales",
                "Tonnes bought and sold in the last auction; a sector may do both, since its firms differ.",
            ),
        ),
    ),
    Tab(
        "Positions",
        (
            Shown(
                pictures.sector_positions_picture,
                "Positions by sector",
                "Allowances held beside what was emitted this year and is still expected; after the year's last"
                " auction what is left is the bank.",
            ),
            Shown(
                pictures.firm_positions_picture,
                "Positions by firm",
                "A dot a firm: its need of the year, and the part of it that its allowances cover; dashed, just"
                " enough.",
            ),
        ),
        tables.extremes,
    ),
    Tab(
        "Emissions",
        (
            Shown(
                pictures.emissions_picture,
                "Emissions and the cap",
                "Yearly rate of the sectors that trade now, one on another; dashed, the cap, once the policy holds:"
                " above it firms draw on their bank.",
            ),
            Shown(
                pictures.change_picture,
                "Change by sector",
                "How far each trading sector's rate has moved since the first auction.",
            ),
        ),
    ),
)
