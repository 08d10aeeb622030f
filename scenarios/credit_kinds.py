"""Kinds of offset credits, each with a limit, a supply, and years of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers
from tanshi.scenarios.fields import Group, in_unit


class CreditKind(Group):
    """One kind of credits: how much of them counts, in which years, and what their owners ask for them."""

    potential: Annotated[
        ByYear[float] | None, numbers(ge=0, le=10_000), AS_A_FILE_SAYS, in_unit("Mt CO2/yr", "assumed")
    ] = None
    """Credits that could be issued in a year at any price, by year, such as {2024: 5, 2028: 12}; null: there is no such
    kind."""
    median_cost: Annotated[float, in_unit("yuan/t CO2", "assumed", ge=0.01, le=100_000)] = 60.0
    """Price at which half of them are offered; costs are log-normal."""
    spread: Annotated[float, in_unit("s.d. of log", "assumed", ge=0.01, le=5)] = 0.6
    """Spread of that cost; 0.01: nearly all at one price."""
    share: Annotated[ByYear[float] | None, numbers(ge=0, le=1), AS_A_FILE_SAYS, in_unit("fraction", "law")] = None
    """Largest part of what a firm has to surrender that credits of this kind may cover, by year, at most the part that
    all may; null: as much as all may."""
    issued: Annotated[list[int], in_unit("year", "law", max_length=2)] = Field(default_factory=list)
    """First and last year in which they are issued, which is when they are sold (China: only those of 2024 and later
    count from 2025 on); an empty list: every year."""
    valid: Annotated[list[int], in_unit("year", "law", max_length=2)] = Field(default_factory=list)
    """First and last year whose emissions they may cover; an empty list: every year."""

    @property
    def said(self) -> bool:
        """Whether there is such a kind."""
        return self.potential is not None

    def limit(self, year: int, all_of_them: float) -> float:
        """Part of what is owed for a year that this kind may cover, of the part that all kinds may."""
        if self.valid and not self.valid[0] <= year <= self.valid[1]:
            return 0.0
        own = all_of_them if self.share is None else self.share.at(year) or 0.0
        return min(own, all_of_them)

    def offered(self, year: int) -> float:
        """What could be issued in a year, Mt; nothing where it could not be used."""
        if self.potential is None or self.limit(year, 1.0) == 0.0:
            return 0.0
        if self.issued and not self.issued[0] <= year <= self.issued[1]:
            return 0.0
        return self.potential.at(year) or 0.0

    def in_year(self, year: int, all_of_them: float) -> CreditKind:
        """The same with what holds in one year as if it held in all."""
        limit, offered = self.limit(year, all_of_them), self.offered(year)
        changed = {
            "potential": ByYear(((None, offered),)),
            "share": ByYear(((None, limit),)),
            "issued": [],
            "valid": [],
        }
        return self.model_copy(update=changed) if self.said else self


class CreditKinds(Group):
    """Kinds of credits in place of one. What firms pay for them stays in the economy, with households (assumed)."""

    ccer: CreditKind = CreditKind(issued=[], valid=[])
    """China's certified emission reductions (CCER) other than forests', such as wind at sea or solar heat."""
    forestry: CreditKind = CreditKind(issued=[], valid=[])
    """Forest credits."""
    other: CreditKind = CreditKind(issued=[], valid=[])
    """A third kind."""

    def said(self) -> Iterator[tuple[str, CreditKind]]:
        """Names and kinds that there are."""
        for name in type(self).model_fields:
            kind: CreditKind = getattr(self, name)
            if kind.said:
                yield name, kind

    @property
    def any(self) -> bool:
        """Whether there are kinds."""
        return next(self.said(), None) is not None

    def in_year(self, year: int, all_of_them: float) -> CreditKinds:
        """The same with what holds in one year as if it held in all."""
        return self.model_copy(update={name: kind.in_year(year, all_of_them) for name, kind in self.said()})
