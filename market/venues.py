"""All venues by name, opened for one day with what the day needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tanshi.errors import TanshiError
from tanshi.market.block import SMALLEST, BlockAgreement
from tanshi.market.call_auction import CallAuction, Ties
from tanshi.market.continuous import ContinuousAuction
from tanshi.market.limits import Limits
from tanshi.market.listed import ListedAgreement
from tanshi.market.mcafee import TradeReduction
from tanshi.market.one_way import OneWayAuction
from tanshi.market.pay_as_clear import PayAsClear
from tanshi.market.side_by_side import SideBySide
from tanshi.market.venue import Venue
from tanshi.plugins import known, load


class VenueError(TanshiError, ValueError):
    """A venue that does not exist."""


@dataclass(frozen=True)
class Day:
    """What venues need to know to open.

    Attributes
    ----------
    close : int
        Previous close, ticks.
    quotations : bool
        Whether a price at which nobody trades gives way to the best order beyond it.
    k : float
        Division of the gain between buyer and seller, where a venue divides it.
    ties : str
        Who is served at the margin of a call auction.
    lot : float
        Tonnes in one lot.
    blocks : float
        Part of what an account trades that it brings to blocks beside the venue.
    block_size : int
        Smallest of these blocks, t.
    """

    close: int
    k: float = 0.5
    ties: Ties = "price_time"
    lot: float = 1.0
    blocks: float = 0.0
    block_size: int = SMALLEST
    quotations: bool = False


VENUES: Mapping[str, Callable[[Day], Venue]] = {
    "call_auction": lambda day: CallAuction(day.k, day.ties),
    "continuous": lambda day: ContinuousAuction(),
    "pay_as_clear": lambda day: PayAsClear(day.k, day.ties),
    "mcafee": lambda day: TradeReduction(),
    "listed_agreement": lambda day: ListedAgreement(day.close, day.lot, quotations=day.quotations),
    "block_agreement": lambda day: BlockAgreement(day.close, day.lot, day.k, quotations=day.quotations),
    "one_way_auction": lambda day: OneWayAuction(),
}

UNIFORM = frozenset({"call_auction", "pay_as_clear", "mcafee"})
"""Venues where an order's limit does not set what its owner pays; in the others a limit far away is paid."""


def open_venue(name: str, day: Day) -> Venue:
    """Return a venue by name, the program's own or one from outside (`tanshi.plugins`).

    Raises
    ------
    VenueError
        For an unknown name.

    Examples
    --------
    >>> open_venue("listed_agreement", Day(close=5278)).limits.highest
    5805
    """
    if day.blocks > 0.0:
        return SideBySide(
            open_venue(name, replace(day, blocks=0.0)),
            BlockAgreement(day.close, day.lot, size=day.block_size),
            day.blocks,
        )
    if name in VENUES:
        return VENUES[name](day)
    if name not in known("venue"):
        raise VenueError(
            "venues: {name!r} is unknown; known are {value}", name=name, value=", ".join([*VENUES, *known("venue")])
        )
    venue: Venue = load("venue", name)(day)
    return venue


def one_price(name: str, venue: Venue) -> bool:
    """Whether an order's limit does not set what its owner pays; a venue from outside says so by ``uniform``."""
    main = venue.main if isinstance(venue, SideBySide) else venue
    return name in UNIFORM or bool(getattr(main, "uniform", False))


def limits_of(venue: Venue) -> Limits | None:
    """Return a venue's limits of the day, None where it has none."""
    return getattr(venue, "limits", None)
