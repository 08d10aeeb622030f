"""What holds the price: tiers of allowances at triggers of the price, and a reserve that works by quantity.

One tier covers the rules of many markets: at a trigger government sells more (RGGI's cost containment reserve,
California's tiers and ceiling, New Zealand's two tiers) or withholds (RGGI's emissions containment reserve). The
trigger is a price, or a multiple of a past mean (Directive 2003/87/EC, Art. 29a).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Self

from pydantic import PlainValidator, model_validator

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, LAST, ByYear, Reading, numbers, words
from tanshi.scenarios.fields import Group, in_unit, refuse

_Price = Annotated[ByYear[float] | None, numbers(gt=0, le=1_000_000), AS_A_FILE_SAYS, in_unit("yuan/t CO2", "law")]
_Mass = Annotated[ByYear[float] | None, numbers(ge=0), AS_A_FILE_SAYS, in_unit("Mt CO2", "law")]
_Part = Annotated[ByYear[float] | None, numbers(ge=0, le=1), AS_A_FILE_SAYS, in_unit("fraction", "law")]
SIX: ByYear[int] = ByYear(((None, 6),))
TIERS = ("first", "second", "third")
"""Names of the tiers at which government sells more."""


class Tier(Group):
    """Allowances that come to the auctions, or stay away from them, by the price."""

    at: _Price = None
    """Price from which they are sold, or below which they are withheld, by year, in prices of 2022: {from: 2024,
    value: 70, growth: 0.07}; null, and no `multiple`: there is no such tier."""
    amount: _Mass = None
    """Most of them in a year."""
    share: _Part = None
    """The same as part of the year's cap (RGGI: 0.1); null, and no `amount`: without limit (California's ceiling)."""
    multiple: Annotated[ByYear[float] | None, numbers(gt=1, le=100), AS_A_FILE_SAYS, in_unit("-", "law")] = None
    """In place of a price: they are auctioned once the mean price of the last `over_months` months exceeds this
    multiple of the mean of the `of_months` before them (European Union, Art. 29a: 2.4), once in twelve months. By year
    (United Kingdom: {2021: 2, 2022: 2.5, 2023: 3}, the last two recalled)."""
    over_months: Annotated[
        ByYear[int], PlainValidator(Reading(kind="whole", ge=1, le=60)), AS_A_FILE_SAYS, in_unit("months", "law")
    ] = SIX
    """Months of the first mean, by year (United Kingdom: {2021: 3, 2023: 6}, the second recalled)."""
    every_month: Annotated[bool, in_unit("-", "law")] = False
    """true: the price has to exceed that multiple in each of the `over_months` months in a row (United Kingdom); false:
    their mean does."""
    of_months: Annotated[int, in_unit("months", "law", ge=1, le=120)] = 24
    """Months of the second."""
    from_reserve: Annotated[bool, in_unit("-", "law")] = False
    """true: they come out of the stability reserve, as many as it holds (European Union); false: they are issued
    beyond the cap when they are sold (RGGI)."""

    @property
    def said(self) -> bool:
        """Whether there is such a tier."""
        return self.at is not None or self.multiple is not None

    def most(self, year: int, cap: float) -> float | None:
        """Most allowances of a year, Mt, with a cap of so many; None without limit.

        Examples
        --------
        >>> Tier.model_validate({"at": 70.0, "share": 0.1}).most(2025, 200.0)
        20.0
        """
        if self.amount is not None:
            return self.amount.at(year) or 0.0
        return None if self.share is None else (self.share.at(year) or 0.0) * cap


class Containment(Group):
    """Tiers of allowances at triggers of the price, in the auctions of the year."""

    withhold: Tier = Tier()
    """Part of what is to be auctioned that is sold at its trigger or above, and else cancelled (RGGI until 2026)."""
    first: Tier = Tier()
    """The tier that is sold first, beyond what is auctioned."""
    second: Tier = Tier()
    """The next one."""
    third: Tier = Tier()
    """The last one; without `amount` and `share` it is a ceiling at which government sells any number, at any time."""

    @property
    def any(self) -> bool:
        """Whether there is any tier."""
        return any(tier.said for _, tier in self.tiers())

    def tiers(self) -> Iterator[tuple[str, Tier]]:
        """Names and tiers, what is withheld first."""
        for name in ("withhold", *TIERS):
            yield name, getattr(self, name)

    def triggers(self) -> dict[str, ByYear[float]]:
        """Field to trigger price, by year."""
        return {f"containment.{name}.at": tier.at for name, tier in self.tiers() if tier.at is not None}

    @model_validator(mode="after")
    def _each_tier_whole(self) -> Self:
        for name, tier in self.tiers():
            at = "containment." + name
            if tier.at is not None and tier.multiple is not None:
                raise refuse("one trigger, a price or a multiple of a mean", "both", f"{at}.multiple")
            if tier.amount is not None and tier.share is not None:
                raise refuse("one size, tonnes or a part of the cap", "both", f"{at}.share")
            if not tier.said and tier != Tier():
                hint = "Give the tier a price, or a multiple of a past mean."
                raise refuse("a trigger for a tier that is described", "none", f"{at}.at", hint)
            if name == "withhold" and (tier.multiple is not None or tier.from_reserve):
                raise refuse("a price below which auctions are cut", "another kind of trigger or source", f"{at}.at")
            if tier.said and tier.amount is None and tier.share is None and (name != "third" or tier.multiple):
                hint = "Only the third tier may be without limit, at a price."
                raise refuse("a size, in tonnes or as part of the cap", "none", f"{at}.amount", hint)
        self._in_order()
        return self

    def _in_order(self) -> None:
        years = {year for _, tier in self.tiers() if tier.at is not None for year in tier.at.years}
        for year in sorted(years or {LAST}):
            prices = [(name, price) for name, tier in self.tiers() if tier.at is not None
                      if (price := tier.at.at(year)) is not None]  # fmt: skip
            for (_, lower), (name, higher) in pairwise(prices):
                if higher < lower:
                    told = Message("{higher:g} above {lower:g} in {year}", higher=lower, lower=higher, year=year)
                    got = told if years else Message("{higher:g} above {lower:g}", higher=lower, lower=higher)
                    raise refuse("triggers that rise from tier to tier", got, f"containment.{name}.at")


class StabilityReserve(Group):
    """A reserve that takes allowances out of an oversupplied market and gives them back to a scarce one.

    Quantities are the European Union's, times `scale`.
    """

    on: Annotated[bool, in_unit("-", "law")] = False
    """true: the rule of the European Union after 2023, scaled, where the fields below say no other; false: none."""
    scale: Annotated[float, in_unit("-", "assumed", gt=0, le=100)] = 0.2
    """Size of the market over that of the European Union; it multiplies all tonnes of the fields below, the Union's
    own (400, 833 and 1,096 Mt) as well as others that are given."""
    lower: _Mass = None
    """Allowances in circulation above which the excess is taken in, before `scale`; null: 833."""
    upper: _Mass = None
    """Above it, before `scale`, `intake` of all in circulation is taken in instead; null: 1,096. At `lower` it is the
    rule of 2019 to 2023."""
    intake: _Part = None
    """That part, by year (Decision (EU) 2023/852: 0.24 until 2030); null: 0.24."""
    release_below: _Mass = None
    """Allowances in circulation below which some are given back, before `scale`; null: 400."""
    release: _Mass = None
    """How many a year, before `scale`; null: 100."""
    keep: _Mass = None
    """What the reserve holds above this, before `scale`, is no longer valid; null: 400."""
    validity: Annotated[ByYear[str] | None, words("keep", "auctioned", "all"), AS_A_FILE_SAYS, in_unit("-", "law")] = (
        None
    )
    """What stays valid by year: keep: up to `keep`; auctioned: up to what was auctioned the year before (2023 in the
    European Union); all: everything. null: keep."""
    foreseen: Annotated[bool, in_unit("-", "assumed")] = False
    """Whether firms that plan reckon with what it will take in and give back. true: as their own plan's bank leads to
    it; false: each January's movement is news to them."""

    def stays_in(self, year: int) -> str:
        """What stays valid in a year: ``keep``, ``auctioned`` or ``all`` (`validity`)."""
        return (None if self.validity is None else self.validity.at(year)) or "keep"

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> Self:
        years = {y for path in (self.lower, self.upper, self.release_below) if path is not None for y in path.years}
        for year in sorted(years or {LAST}):
            low, high, least = (
                usual if path is None or path.at(year) is None else float(path.at(year) or 0.0)
                for path, usual in ((self.lower, 833.0), (self.upper, 1096.0), (self.release_below, 400.0))
            )
            if not least <= low <= high:
                told = Message("{least:g}, {low:g} and {high:g} in {year}", least=least, low=low, high=high, year=year)
                plain = Message("{least:g}, {low:g} and {high:g}", least=least, low=low, high=high)
                got = told if years else plain
                expected: str = "release_below, lower and upper in rising order"
                raise refuse(expected, got, "stability_reserve.upper")
        return self


def check_triggers(paths: Mapping[str, ByYear[float]], top: float) -> None:
    """Refuse prices of government that nobody pays.

    Parameters
    ----------
    paths
        Field to price by year, yuan/t.
    top
        Price ceiling or penalty, yuan/t.

    Raises
    ------
    PydanticCustomError
        Naming field and year.
    """
    for at, path in paths.items():
        for year, value in path.steps:
            if value >= top:
                expected = Message("a price below {top:g} yuan/t, which ends all bids", top=top)
                hint = "Nobody bids more than price.ceiling or penalty.price."
                where = at if year is None else f"{at}.{year}"
                raise refuse(expected, Message("{value:g}", value=value), where, hint)


def check_source(containment: Containment, reserve: StabilityReserve) -> None:
    """Refuse tiers out of a reserve that is not there.

    Raises
    ------
    PydanticCustomError
        Naming the tier.
    """
    for name, tier in containment.tiers():
        if tier.from_reserve and not reserve.on:
            hint = "Set stability_reserve.on to true, or from_reserve to false."
            raise refuse("a stability reserve to take from", "none", f"containment.{name}.from_reserve", hint)
