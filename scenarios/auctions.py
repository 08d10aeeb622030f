"""When government sells what it does not give away, at what least price, and what becomes of what nobody buys."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers
from tanshi.scenarios.fields import Group, in_unit, refuse

ONE_PRICE = ("call_auction", "pay_as_clear")
"""Venues in which all pay one price."""
Unsold = Literal["again", "next", "same_year", "cancel", "reserve"]


class Auctions(Group):
    """Dates of the auctions of allowances, the reserve price, and what becomes of allowances that find no buyer.

    How many are sold follows from `allocation.auctioned_share` and from sectors whose method is `auction`; what
    government earns takes the way of `closure.recycling`.
    """

    months: Annotated[list[int], in_unit("month", "law", min_length=1, max_length=12)] = Field(
        default_factory=lambda: [1]
    )
    """Months of the year's auctions, 1 to 12, such as [3, 6, 9, 12] (RGGI, California, New Zealand: four a year); each
    falls in the market period that holds the month's first day."""
    shares: Annotated[list[float], in_unit("fraction", "law", max_length=12)] = Field(default_factory=list)
    """Part of the year's volume in each of those months; they sum to 1. An empty list: equal parts."""
    reserve_price: Annotated[
        ByYear[float] | None, numbers(ge=0, le=1_000_000), AS_A_FILE_SAYS, in_unit("yuan/t CO2", "law")
    ] = None
    """Price below which government sells nothing, by year, in prices of 2022: {from: 2027, value: 60, growth: 0.07};
    null: `price.floor`. Others may trade below it."""
    reserve_multiple: Annotated[Annotated[float, Field(gt=0, le=10)] | None, in_unit("-", "law")] = None
    """Reserve price as this multiple of the market's mean price before the auction, weighted by volume (Shanghai: 1.2;
    Guangdong: 1); beside `reserve_price` the higher of the two holds. Firms know it when the auction comes."""
    of_months: Annotated[
        list[Annotated[float, Field(gt=0, le=120)]], in_unit("months", "law", min_length=1, max_length=6)
    ] = Field(default_factory=lambda: [6.0])
    """Months before the auction that this mean is of (Shanghai: [6]); of several spans, the mean of their means (Korea
    2018: [3, 1, 0.1])."""
    reserve_most: Annotated[
        ByYear[float] | None, numbers(gt=0, le=1_000_000), AS_A_FILE_SAYS, in_unit("yuan/t CO2", "law")
    ] = None
    """Highest that `reserve_multiple` may come to, by year (Shanghai, auction of June 2017: 42); null: no limit."""
    all_or_nothing: Annotated[bool, in_unit("-", "law")] = False
    """Whether an auction sells nothing where bids at the reserve price or above do not take all that is offered (New
    Zealand); false: what they take."""
    bidders: Annotated[Literal["all", "obliged"], in_unit("-", "law")] = "all"
    """Who may buy of government: all, or firms with obligations alone (Shanghai, China's national market)."""
    one_bidder: Annotated[Annotated[float, Field(gt=0, le=1)] | None, in_unit("fraction", "law")] = None
    """Largest part of what an auction offers, tiers among it, that one firm may buy (Guangdong: 0.5; California and
    RGGI: 0.25, recalled); null: any. A link's other side is many firms, and is not limited."""
    unsold: Annotated[Unsold, in_unit("-", "law")] = "again"
    """What becomes of what nobody bought. again: it is offered in every market period until it is sold; next: at the
    next auctions; same_year: at the next auctions of that year, and cancelled after the last (New Zealand); cancel: it
    is cancelled; reserve: it goes into the stability reserve."""
    unsold_over: Annotated[int, in_unit("auctions", "law", ge=1, le=12)] = 1
    """Number of following auctions over which that is spread in equal parts (United Kingdom: 4), where `unsold` is
    next or same_year."""

    @model_validator(mode="after")
    def _dates_of_a_year(self) -> Self:
        odd = [month for month in self.months if not 1 <= month <= 12]
        if odd or sorted(set(self.months)) != self.months:
            expected = "months from 1 to 12 in the order of the year, each once"
            raise refuse(expected, str(self.months), "auctions.months")
        if self.shares:
            if len(self.shares) != len(self.months):
                got = Message("{shares} shares for {months} months", shares=len(self.shares), months=len(self.months))
                raise refuse("a share for each of auctions.months", got, "auctions.shares")
            if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-9:
                got = Message("{shares}, together {total:g}", shares=str(self.shares), total=sum(self.shares))
                raise refuse("shares from 0 to 1 that sum to 1", got, "auctions.shares")
        if self.unsold_over > 1 and self.unsold not in ("next", "same_year"):
            hint = "Set auctions.unsold to next or same_year."
            got = Message("{number} auctions where unsold is {unsold}", number=self.unsold_over, unsold=self.unsold)
            raise refuse("1 where nothing is left to spread", got, "auctions.unsold_over", hint)
        return self

    @model_validator(mode="after")
    def _something_to_describe(self) -> Self:
        if self.reserve_multiple is None and (said := self.changed("of_months", "reserve_most")):
            expected = "a reserve price by past prices that this describes"
            raise refuse(expected, "none", f"auctions.{said[0]}", "Set auctions.reserve_multiple.")
        return self

    @property
    def own_rules(self) -> list[str]:
        """Fields that hold in an auction of firms alone, and say something here."""
        return self.changed("reserve_multiple", "all_or_nothing", "bidders", "one_bidder")

    @property
    def parts(self) -> list[float]:
        """Part of the year's volume in each month of `months`."""
        return self.shares or [1.0 / len(self.months)] * len(self.months)

    def triggers(self) -> dict[str, ByYear[float]]:
        """Field to reserve price, by year."""
        said = {"auctions.reserve_price": self.reserve_price, "auctions.reserve_most": self.reserve_most}
        return {name: path for name, path in said.items() if path is not None}

    def least_price(self, year: int) -> float:
        """Reserve price of a year, yuan/t; 0 where none is said."""
        return (self.reserve_price.at(year) or 0.0) if self.reserve_price is not None else 0.0

    def by_past_prices(self, mean: float, year: int) -> float:
        """Reserve price where the mean of past prices is so high, yuan/t.

        Examples
        --------
        >>> Auctions.model_validate({"reserve_multiple": 1.2, "reserve_most": 42.0}).by_past_prices(36.0, 2017)
        42.0
        """
        if self.reserve_multiple is None:
            return self.least_price(year)
        most = None if self.reserve_most is None else self.reserve_most.at(year)
        found = self.reserve_multiple * mean
        return max(self.least_price(year), found if most is None else min(found, most))


def periods_of(months: list[int], periods_per_year: int) -> list[int]:
    """Market periods of a year, from 0, in which the months begin.

    Examples
    --------
    >>> periods_of([1, 4, 7, 10], 12), periods_of([1, 4, 7, 10], 2), periods_of([12], 1)
    ([0, 3, 6, 9], [0, 0, 1, 1], [0])
    """
    return [(month - 1) * periods_per_year // 12 for month in months]


def check_auctions(rule: Auctions, mode: str, venue: str, blocks: float) -> None:
    """Refuse rules of auctions that no auction of this market could hold.

    Parameters
    ----------
    mode, venue, blocks
        `market.mode`, `.venue` and `.blocks`.

    Raises
    ------
    PydanticCustomError
        Naming the field.
    """
    for name in rule.own_rules:
        at = f"auctions.{name}"
        if mode == "equilibrium":
            hint = "Without firms nobody bids: set market.mode to agents, or leave it out."
            raise refuse("firms that bid in the auctions", "market.mode: equilibrium", at, hint)
        if name == "reserve_multiple":
            continue
        if venue not in ONE_PRICE:
            hint = "Set market.venue to call_auction or pay_as_clear."
            raise refuse("a venue of one price, where it does not matter who serves whom", venue, at, hint)
        if blocks > 0:
            raise refuse("no blocks beside auctions with such a rule", Message("{blocks:g}", blocks=blocks), at)
