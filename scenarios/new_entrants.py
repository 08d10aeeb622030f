"""A reserve for new entrants: a part of the cap that is kept for sectors that come to make more than before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers
from tanshi.scenarios.fields import Group, in_unit, refuse


class NewEntrants(Group):
    """A part of the cap in tonnes that is set aside every January and given to sectors whose output has grown.

    Firms of the model do not enter or leave, so what new plant makes is growth of its sector's output. It is counted by
    sector and over past years, and divided among firms as their other free allowances are: no firm moves it.
    """

    share: Annotated[ByYear[float] | None, numbers(ge=0, le=0.5), AS_A_FILE_SAYS, in_unit("fraction", "law")] = None
    """Part of the cap of the sectors that trade that is set aside, by year (Shenzhen 2022: 0.02), such as {2023: 0.02,
    2026: 0.05}; null: there is no such reserve."""
    threshold: Annotated[float, in_unit("fraction", "law", ge=0, le=5)] = 0.15
    """Growth of a sector's output up to which it gets nothing; beyond it free allowances follow output (European Union:
    0.15). Output is compared with that of the year before the policy, or before the sector begins to trade."""
    over_years: Annotated[int, in_unit("years", "law", ge=1, le=5)] = 2
    """Past years whose mean output counts (European Union: 2)."""
    falls: Annotated[bool, in_unit("-", "law")] = False
    """Whether free allowances of a sector whose output has fallen by more than `threshold` fall with it, into the
    reserve (European Union: true); false: they stay."""
    left_over: Annotated[Literal["auction", "stability", "cancel"], in_unit("-", "law")] = "cancel"
    """What becomes of what is left when the reserve closes. auction: it is auctioned in the coming year; stability: it
    goes into the stability reserve; cancel: it is cancelled (Chongqing 2023)."""
    closes: Annotated[list[int], in_unit("year", "law")] = Field(default_factory=list)
    """Years at whose ends it closes, such as [2025, 2030]; an empty list: every year."""

    @property
    def any(self) -> bool:
        """Whether anything is set aside in any year."""
        return self.share is not None and any(value > 0 for _, value in self.share.steps)

    def share_of(self, year: int) -> float:
        """Part of a year's cap that is set aside."""
        return 0.0 if self.share is None else self.share.at(year) or 0.0

    def closed_with(self, year: int) -> str:
        """What becomes of what is left at a year's end; an empty text where the reserve goes on."""
        return self.left_over if self.any and (not self.closes or year in self.closes) else ""

    @model_validator(mode="after")
    def _something_set_aside(self) -> Self:
        if self.share is None and self.changed("threshold", "over_years", "falls", "left_over", "closes"):
            raise refuse("a share for a reserve that is described", "none", "new_entrants.share")
        return self


def check_entrants(
    rule: NewEntrants, in_tonnes: Callable[[int], list[str]], reserve: bool, shocked: bool, start: int, last: int
) -> None:
    """Refuse a reserve for new entrants that has nothing to be set aside of, or nowhere to go.

    Parameters
    ----------
    in_tonnes
        From a year to the sectors that trade in it under a cap in tonnes.
    reserve
        Whether there is a stability reserve.
    shocked
        Whether rules change in the middle of a year.
    start, last
        First year of the policy and last year of the run.

    Raises
    ------
    PydanticCustomError
        Naming field and year.
    """
    if not rule.any:
        return
    early = [year for year in rule.share.years if year < start] if rule.share is not None else []
    early += [year for year in rule.closes if year < start]
    if early:
        expected = Message("years of the policy, from {start} on", start=start)
        raise refuse(expected, str(early[0]), "new_entrants", "Before its start there is no cap.")
    for year in range(start, last + 1):
        if rule.share_of(year) > 0 and not in_tonnes(year):
            hint = "Allowances by output or emissions are given whatever is made: set the share to 0 in these years."
            raise refuse(
                "a cap in tonnes of which a part is set aside",
                Message("none in {year}", year=year),
                "new_entrants.share",
                hint,
            )
    if shocked:
        hint = "A shock withdraws allowances in the middle of a year: put its changes into the sectors' timetables."
        raise refuse("no shock beside a reserve for new entrants", "both", "new_entrants.share", hint)
    if rule.left_over == "stability" and not reserve:
        hint = "Set stability_reserve.on to true, or left_over to auction or cancel."
        raise refuse("a stability reserve that takes what is left", "none", "new_entrants.left_over", hint)
