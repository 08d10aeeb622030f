"""A wider market of which the province's is a part: none, a price that it takes, or the rest of the nation's supply."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers
from tanshi.scenarios.facts.observed import observed_years
from tanshi.scenarios.fields import Group, in_unit, refuse

_Mt = Annotated[ByYear[float] | None, numbers(gt=0), AS_A_FILE_SAYS, in_unit("Mt CO2/yr", "assumed")]
OUTSIDE = "OUT"
"""Who trades in the tables for the wider market."""
OTHERS = "OTH"
"""Who trades in the tables for the other provinces of a market."""
WORDS: dict[str, tuple[str, ...]] = {
    "closed": (),
    "price": ("price", "observed", "growth"),
    "supply": ("emissions", "cap", "response", "bank"),
}
"""Fields that say something in each kind of market."""


class Link(Group):
    """Whether firms trade allowances with the rest of the nation, from the policy's first year on.

    ``market.link: closed`` is short for ``{to: closed}``. What crosses the border is paid for out of the province.
    """

    to: Annotated[Literal["closed", "price", "supply"], in_unit("-", "law")] = "closed"
    """closed: the province trades with itself; price: it buys and sells any amount at a price from outside; supply: the
    rest of the nation is one participant with a cap and a curve of its own."""
    price: Annotated[ByYear[float] | None, numbers(gt=0), AS_A_FILE_SAYS, in_unit("CNY_2022/t CO2", "assumed")] = None
    """The price outside by year, such as {2023: 66, 2026: 80, growth: 0.03}."""
    observed: Annotated[Annotated[Literal["china"], Field()] | None, in_unit("-", "measured")] = None
    """The price outside is a real market's yearly mean, deflated: china (national market, 2021 to 2025)."""
    growth: Annotated[float, in_unit("1/year", "assumed", gt=-1, le=1)] = 0.0
    """Growth of that price after the last year observed."""
    emissions: _Mt = None
    """What the rest of the nation's covered firms would emit at no price, by year (China 2024: 8,194 Mt to be
    surrendered by all, the province included)."""
    cap: _Mt = None
    """Allowances that they are given, by year."""
    response: Annotated[float, in_unit("fraction", "literature", gt=0, lt=1)] = 0.047
    """Part of those emissions that a price of 100 yuan/t takes away; twice that price, the same part of what is left.
    A computable general equilibrium of China's market of eight sectors takes away 5.11 % at 110 yuan/t (2022,
    doi 10.15918/j.jbitss1009-3370.2022.1224)."""
    bank: Annotated[float, in_unit("Mt CO2", "assumed", ge=0, le=100_000)] = 0.0
    """Allowances that the rest of the nation holds when the policy begins."""

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, given: Any) -> Any:
        return {"to": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        said = self.changed(*(name for name in type(self).model_fields if name != "to"))
        strange = [name for name in said if name not in WORDS[self.to]]
        if strange:
            kind = next(kind for kind, names in WORDS.items() if strange[0] in names)
            got = Message("a link to {to}", to=self.to)
            hint: str = Message("Set market.link.to to {kind}, or leave the field out.", kind=kind)
            raise refuse(Message("a link to {kind} where this is said", kind=kind), got,
                         f"market.link.{strange[0]}", hint)  # fmt: skip
        if self.to == "price":
            self._one_price()
        if self.to == "supply":
            for name in ("emissions", "cap"):
                if getattr(self, name) is None:
                    hint = "Such as {2023: 4900, 2024: 7900}, in Mt."
                    raise refuse("the rest of the nation's emissions and cap by year", Message("no {name}", name=name),
                                 f"market.link.{name}", hint)  # fmt: skip
        return self

    def _one_price(self) -> None:
        if self.price is None and self.observed is None:
            hint = "Give market.link.price by year, such as {2023: 66, growth: 0.03}, or market.link.observed: china."
            raise refuse("a price for a link to one", "none", "market.link.price", hint)
        if self.price is not None and self.observed is not None:
            raise refuse("one statement of the price outside", "a path and an observed market", "market.link.observed")
        if self.price is not None and self.growth:
            hint = "Write it into the path, such as {2023: 66, growth: 0.03}."
            raise refuse("the growth of an observed price", "a path of prices", "market.link.growth", hint)

    @property
    def open(self) -> bool:
        """Whether anything crosses the border."""
        return self.to != "closed"

    def price_at(self, year: int) -> float | None:
        """Price outside in a year, yuan/t in prices of 2022; None where the file says none.

        Examples
        --------
        >>> Link.model_validate({"to": "price", "observed": "china", "growth": 0.1}).price_at(2022)
        55.3
        """
        if self.price is not None:
            return self.price.at(year)
        known = observed_years(self.observed or "")
        if not known or year < min(known):
            return None
        last = max(known)
        return known[year].mean if year in known else known[last].mean * (1.0 + self.growth) ** (year - last)


def check_link(link: Link, start: int, last: int, lowest: float, highest: float) -> None:
    """Refuse a link that leaves a year of the policy without what it needs.

    Parameters
    ----------
    start, last
        First year of the policy and last year of the run.
    lowest, highest
        Yuan/t, between which anybody in the province bids.

    Raises
    ------
    PydanticCustomError
        Naming the field and the year.
    """
    names = {"closed": (), "price": ("price",), "supply": ("emissions", "cap")}[link.to]
    for name in names:
        path: ByYear[float] | None = getattr(link, name)
        for year in range(start, last + 1):
            value = link.price_at(year) if name == "price" else None if path is None else path.at(year)
            at = f"market.link.{name}" if link.observed is None else "market.link.observed"
            if value is None:
                hint = "A value holds until the next year named: name the policy's first year."
                raise refuse(Message("a value for every year from {start} on", start=start),
                             Message("none for {year}", year=year), at, hint)  # fmt: skip
            if name == "price" and not lowest < value < highest:
                hint = "Beyond price.ceiling or penalty.price nobody in the province bids, nor below price.floor."
                expected = Message("prices between {lowest:g} and {highest:g} yuan/t", lowest=lowest, highest=highest)
                raise refuse(expected, Message("{value:.4g} in {year}", value=value, year=year), at, hint)
