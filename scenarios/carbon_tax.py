"""A tax on emissions: of which sectors, at what rate by year, and what counts where a sector also trades."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers
from tanshi.scenarios.fields import Group, in_unit, refuse


class CarbonTax(Group):
    """A tax on a tonne of CO2 that government earns, beside the market or without one.

    It is paid on what is emitted, combustion and process, and not on what is exported; what government earns takes the
    way of `closure.recycling`.
    """

    rate: Annotated[
        ByYear[float] | None, numbers(ge=0, le=2_000), AS_A_FILE_SAYS, in_unit("CNY_2022/t CO2", "assumed")
    ] = None
    """Rate by year, from the policy's start, such as {from: 2024, value: 100, growth: 0.05}; null: no tax."""
    sectors: Annotated[list[str], in_unit("-", "assumed")] = Field(default_factory=list)
    """Sectors that pay it, also such that cannot trade, such as [ELEC, TRAN]; an empty list: all production.
    Households' own fuels are not taxed."""
    beside_market: Annotated[Literal["adds", "instead"] | None, in_unit("-", "law")] = None
    """What a sector pays that is taxed in a year in which it would trade or keep to a quota. adds: both (the United
    Kingdom's carbon price support); instead: the tax alone, the sector is outside in that year; null: there is none."""

    def rate_of(self, year: int) -> float:
        """Rate of a year, yuan/t; 0 where there is none."""
        return 0.0 if self.rate is None else self.rate.at(year) or 0.0

    def pays(self, sector: str, year: int) -> bool:
        """Whether a sector is taxed in a year."""
        return self.rate_of(year) > 0 and (not self.sectors or sector in self.sectors)

    @property
    def any(self) -> bool:
        """Whether there is a tax in any year."""
        return self.rate is not None and any(value > 0 for _, value in self.rate.steps)


def check_tax(tax: CarbonTax, statuses: Callable[[int], dict[str, str]], start: int, last: int) -> None:
    """Refuse a tax on a tonne that has a price already, where the file does not say which of the two counts.

    Parameters
    ----------
    statuses
        From a year to what each sector is in the market without the tax.

    Raises
    ------
    PydanticCustomError
        Naming field, sector and year.
    """
    if tax.rate is None:
        if tax.sectors or tax.beside_market is not None:
            raise refuse("a rate for a tax that is described", "none", "carbon_tax.rate")
        return
    early = [year for year in tax.rate.years if year < start]
    if early:
        expected = Message("years of the policy, from {start} on", start=start)
        raise refuse(expected, str(early[0]), f"carbon_tax.rate.{early[0]}", "Before its start there is no tax.")
    if tax.beside_market is not None:
        return
    for year in range(start, last + 1):
        both = [s for s, kind in statuses(year).items() if kind != "none" and tax.pays(s, year)]
        if both:
            got = Message("{sectors} with a tax and allowances in {year}", sectors=", ".join(both), year=year)
            hint = "Set carbon_tax.beside_market to adds (both are paid) or instead (the tax alone)."
            raise refuse("one price of a tonne, or a word on which counts", got, "carbon_tax.beside_market", hint)
