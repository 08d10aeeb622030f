"""Where the price comes from: the venue, and what government puts around it."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.scenarios.fields import AS_IS, Group, in_unit, or_from_outside, refuse
from tanshi.scenarios.link import Link
from tanshi.scenarios.price_limits import PriceLimits

OwnVenue = Literal[
    "call_auction", "pay_as_clear", "continuous", "mcafee", "listed_agreement", "block_agreement", "one_way_auction"
]
LIMITED = ("listed_agreement", "block_agreement")
"""Venues in which the price may move so far in a day and no further."""


class Price(Group):
    """The collar that government puts around the carbon price."""

    floor: Annotated[float, in_unit("yuan/t CO2", "assumed", ge=0, le=2000)] = 0.0
    """Lowest price, in prices of 2022."""
    ceiling: Annotated[Annotated[float, Field(gt=0, le=1_000_000)] | None, in_unit("yuan/t CO2", "assumed")] = None
    """Highest price, in prices of 2022; null: none."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.ceiling is not None and self.ceiling < self.floor:
            got = Message(
                "a ceiling of {ceiling:g} under a floor of {floor:g} yuan/t", ceiling=self.ceiling, floor=self.floor
            )
            raise refuse("a ceiling not below the floor", got, "price.ceiling")
        return self


class Market(Group):
    """Where the price comes from, and the rules of the venue."""

    mode: Annotated[Literal["agents", "equilibrium"], in_unit("-", "setting")] = "agents"
    """agents: the firms' auction; equilibrium: the permit condition of the general equilibrium itself."""
    venue: Annotated[OwnVenue, or_from_outside("venue"), AS_IS, in_unit("-", "assumed")] = "call_auction"
    """call_auction: sealed, one price; pay_as_clear: the same at the highest accepted ask; continuous; mcafee: trade
    reduction; China's listed_agreement and block_agreement; one_way_auction: each seller auctions to the highest
    bidders."""
    blocks: Annotated[float, in_unit("fraction", "measured", ge=0, le=1)] = 0.0
    """Part of what a firm trades in a period that it agrees on in a block beside the venue, at the price that the
    market points to, where that is large enough (China's national market 2021 to 2024: 80 to 88 % of volume)."""
    block_size: Annotated[int, in_unit("t CO2", "law", ge=1, le=10_000_000)] = 100_000
    """Smallest of these blocks; a province's firms trade less at a time than the groups of the national market."""
    tick: Annotated[float, in_unit("yuan/t CO2", "law", ge=1e-9, le=10)] = 0.01
    """Smallest step of a price."""
    lot: Annotated[int, in_unit("t CO2", "law", ge=1, le=1_000_000)] = 1
    """Smallest quantity of an order."""
    k: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.5
    """Where among the prices that clear the auction its price is set: 0 the lowest, 1 the highest."""
    ties: Annotated[Literal["price_time", "pro_rata", "random"], in_unit("-", "assumed")] = "pro_rata"
    """Who is served among orders at the marginal price."""
    periods_per_year: Annotated[int, in_unit("1/year", "setting", ge=1, le=366)] = 12
    """Auctions a year: 12 monthly, 52 weekly, 1 for theory."""
    link: Link = Link()
    limits: PriceLimits = PriceLimits()

    @model_validator(mode="after")
    def _blocks_beside_another_venue(self) -> Self:
        if self.blocks > 0.0 and self.venue == "block_agreement":
            hint = "Choose listed_agreement or call_auction as the venue beside them, or set market.blocks to 0."
            raise refuse("a venue beside the blocks", "block_agreement", "market.blocks", hint)
        return self

    @model_validator(mode="after")
    def _limits_of_a_venue_that_has_them(self) -> Self:
        without = get_args(OwnVenue)
        if self.limits != PriceLimits() and self.venue in without and self.venue not in LIMITED:
            hint = "Set market.venue to listed_agreement or block_agreement, or leave market.limits out."
            raise refuse("a venue with price limits", self.venue, "market.limits", hint)
        if self.limits.days > 1 and self.limits.untraded == "close":
            hint = "Set market.limits.untraded to quotation, or market.limits.days to 1."
            raise refuse(
                "a close that moves without a trade", "the close of the day before", "market.limits.days", hint
            )
        return self

    @model_validator(mode="after")
    def _somebody_left_to_trade_with(self) -> Self:
        if self.link.open and self.venue == "mcafee":
            hint = "Whoever trades at the market's price from outside is the marginal trader there, whom it sends away."
            raise refuse("a venue that serves the marginal trader", "mcafee", "market.venue", hint)
        return self
