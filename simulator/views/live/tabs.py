"""What the tabs show: pictures, each with a title and a line that says what is seen, and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from tanshi.language import mark, translate
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
        title, words = escape(translate(self.title)), escape(translate(self.words))
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
        mark("Price"),
        (
            Shown(
                pictures.price_picture,
                mark("Carbon price"),
                mark(
                    "What each auction cleared at; dashed, the path of the equilibrium without auctions, under the"
                    " policy as announced."
                ),
            ),
            Shown(
                pictures.volume_picture,
                mark("Volume"),
                mark(
                    "Tonnes that changed hands in each auction: most where firms cover the whole year's need at once."
                ),
            ),
        ),
    ),
    Tab(
        mark("Order book"),
        (
            Shown(
                pictures.book_picture,
                mark("Order book"),
                mark(
                    "Bids from the dearest down, offers from the cheapest up: where the steps meet, the auction clears"
                    " at one price for all."
                ),
            ),
        ),
        tables.book_table,
    ),
    Tab(
        mark("Trades"),
        (
            Shown(
                pictures.trades_picture,
                mark("Who traded with whom"),
                mark(
                    "Firms on a ring by sector, lines from seller to buyer in the seller's colour; size by tonnes, only"
                    " the largest trades."
                ),
            ),
            Shown(
                pictures.flows_picture,
                mark("Sectors' purchases and sales"),
                mark("Tonnes bought and sold in the last auction; a sector may do both, since its firms differ."),
            ),
        ),
    ),
    Tab(
        mark("Positions"),
        (
            Shown(
                pictures.sector_positions_picture,
                mark("Positions by sector"),
                mark(
                    "Allowances held beside what was emitted this year and is still expected; after the year's last"
                    " auction what is left is the bank."
                ),
            ),
            Shown(
                pictures.firm_positions_picture,
                mark("Positions by firm"),
                mark(
                    "A dot a firm: its need of the year, and the part of it that its allowances cover; dashed, just"
                    " enough."
                ),
            ),
        ),
        tables.extremes,
    ),
    Tab(
        mark("Emissions"),
        (
            Shown(
                pictures.emissions_picture,
                mark("Emissions and the cap"),
                mark(
                    "Yearly rate of the sectors that trade now, one on another; dashed, the cap, once the policy holds:"
                    " above it firms draw on their bank."
                ),
            ),
            Shown(
                pictures.change_picture,
                mark("Change by sector"),
                mark("How far each trading sector's rate has moved since the first auction."),
            ),
        ),
    ),
)
