"""What becomes of allowances that are missing, or left over, at the end of the year."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, NOTHING, ByYear, numbers, words
from tanshi.scenarios.fields import Group, in_unit, refuse

CHINA_S: ByYear[float] = ByYear(((None, 1.5),))
"""Times net sales that firms may carry over in China at the end of 2025."""
MOST_AHEAD = 30
"""Years beyond a run's last one that firms may look ahead."""


class Penalty(Group):
    """What an uncovered tonne costs at the end of the year; paid to government."""

    price: Annotated[float, in_unit("yuan/t CO2", "assumed", gt=0, le=1_000_000)] = 1000.0
    """Payment for a tonne that no surrendered allowance covers."""
    multiple: Annotated[ByYear[float] | None, numbers(ge=0, le=100), AS_A_FILE_SAYS, in_unit("-", "law")] = None
    """Payment as a multiple of the mean price of the last `of_months`, by year (China from 2024: 5 to 10); null:
    `price`. Bids end at `price` in either case."""
    of_months: Annotated[float, in_unit("months", "law", gt=0, le=120)] = 1.0
    """Months before the deadline that this mean is of (China: 1, Shenzhen: 6, Fujian: 12, recalled)."""
    most: Annotated[ByYear[float] | None, numbers(gt=0, le=1_000_000), AS_A_FILE_SAYS, in_unit("yuan/t CO2", "law")] = (
        None
    )
    """Highest that `multiple` may come to, by year (Korea: 100,000 won, recalled); null: no limit."""
    extinguishes: Annotated[bool, in_unit("-", "assumed")] = True
    """true: the payment ends the obligation; false: the missing tonnes are owed in the next year too."""
    per_firm: Annotated[ByYear[float] | None, numbers(ge=0), AS_A_FILE_SAYS, in_unit("yuan", "law")] = None
    """Fine of a firm that surrenders too little, however much, such as {2021: 25000, 2024: 0}; where it is above zero
    it takes the place of a payment by tonne (China before May 2024: 20,000 to 30,000)."""
    make_good: Annotated[ByYear[str] | None, words("none", "owed", "cut"), AS_A_FILE_SAYS, in_unit("-", "law")] = None
    """What becomes of the missing tonnes. none: nothing; owed: they are owed next year too; cut: next year's free
    allowances are fewer by as many (China until 2025); null: as `extinguishes` says."""
    factor: Annotated[ByYear[float] | None, numbers(ge=1, le=10), AS_A_FILE_SAYS, in_unit("t per t", "law")] = None
    """How many tonnes a missing one is made good by, where it is owed or cut (RGGI 3, California 4; Hubei, Fujian and
    Guangdong cut two); null: one."""

    def multiple_in(self, year: int) -> float | None:
        """The multiple of a year; None where the payment is `price`."""
        return None if self.multiple is None else self.multiple.at(year)

    @model_validator(mode="after")
    def _something_to_multiply(self) -> Self:
        if self.multiple is None and (beside := self.changed("of_months", "most")):
            hint = "Set penalty.multiple."
            raise refuse("a multiple of a mean price that this describes", "none", f"penalty.{beside[0]}", hint)
        said = {"none"} if self.make_good is None else {value for _, value in self.make_good.steps}
        if self.factor is not None and said == {"none"} and (self.make_good is not None or self.extinguishes):
            hint = "Set penalty.make_good to owed or cut."
            raise refuse("missing tonnes that are made good", "none", "penalty.factor", hint)
        return self


class Banking(Group):
    """What becomes of allowances left over at the end of the year."""

    allowed: Annotated[bool, in_unit("-", "law")] = True
    """true: they stay valid in later years; false: they expire."""
    life: Annotated[Annotated[int, Field(ge=1, le=50)] | None, in_unit("years", "law")] = None
    """Years after its own for whose obligations an allowance may be surrendered, the oldest first; what is left of it
    then is no longer valid. 1: for its own year and the next; null: for ever."""
    carry_base: Annotated[Annotated[int, Field(ge=0, le=10_000_000_000)] | None, in_unit("t CO2", "law")] = None
    """Allowances any firm may keep (China: 10,000), to which `carry_multiple` adds; null: no limit."""
    carry_at: Annotated[list[int], in_unit("year", "law")] = Field(default_factory=lambda: [2025])
    """Years at whose ends the limit is applied (China: once, at the end of 2025); an empty list: every year."""
    carry_window: Annotated[list[int], in_unit("year", "law", max_length=2)] = Field(
        default_factory=lambda: [2024, 2025]
    )
    """First and last year whose net sales count for `carry_multiple`; an empty list: all since the policy began."""
    carry_vintage: Annotated[int, in_unit("year", "law", ge=2002, le=2060)] = 2024
    """Last vintage that the limit concerns, where it is applied in named years; later ones stay valid."""
    carry_late: Annotated[bool, in_unit("-", "law")] = False
    """Whether a firm may keep anything that surrendered too little in a year of the window."""
    carry_past: Annotated[Annotated[int, Field(ge=1, le=10)] | None, in_unit("years", "law")] = None
    """In place of `carry_window`: the net sales of so many years count, the one at whose end the limit is applied among
    them (Korea: 1, with `carry_at` empty); null: those of the window."""
    carry_multiple: Annotated[ByYear[float], numbers(ge=0, le=100), AS_A_FILE_SAYS, in_unit("-", "law")] = CHINA_S
    """Further allowances a firm may keep, as a multiple of what it has sold net in `carry_window`, by year (Korea:
    {2023: 3, 2024: 5})."""
    carry_part: Annotated[ByYear[float] | None, numbers(ge=0, le=10), AS_A_FILE_SAYS, in_unit("fraction", "law")] = None
    """Further allowances a firm may keep, as part of its free allowances of the year, by year (Korea 2017: 0.1, beside
    20,000); null: none."""
    borrow_share: Annotated[ByYear[float], numbers(ge=0, le=1), AS_A_FILE_SAYS, in_unit("fraction", "law")] = NOTHING
    """Part of a firm's gap that it may cover from next year's free allocation, or from the deadline's year's where that
    is later (China 2021-2022: 0.5, from 2023's), by year."""
    borrow_of: Annotated[Literal["gap", "allocation"], in_unit("-", "law")] = "gap"
    """What `borrow_share` is a part of: gap; allocation: next year's free allowances, at most the gap (Korea: 0.1, in
    2016 0.2, from 2017 0.15)."""
    borrow_threshold: Annotated[float, in_unit("fraction", "law", ge=0, le=1)] = 0.1
    """Smallest gap, as part of what is owed, from which a firm may borrow."""
    borrow_years: Annotated[list[int], in_unit("year", "law")] = Field(default_factory=list)
    """Years for whose obligations a firm may borrow (China: 2021 and 2022); an empty list: every year."""
    horizon: Annotated[int, in_unit("years", "assumed", ge=0, le=MOST_AHEAD)] = 20
    """Years ahead that the most far-sighted firms look, rolling on; 0: every year clears by itself."""
    beyond: Annotated[Literal["last_rule", "end"], in_unit("-", "assumed")] = "last_rule"
    """What firms expect after the run's last year. last_rule: growth and the cap's rule go on; end: a bank is worth
    nothing then."""
    unsettled: Annotated[Literal["go_on", "stop"], in_unit("-", "setting")] = "go_on"
    """What happens where firms' expectations do not settle. go_on: they trade on the closest path found, and the run
    says so; stop: the run ends with the last two paths."""
    opening: Annotated[float, in_unit("fraction", "assumed", ge=0, le=5)] = 0.0
    """Allowances of earlier years that firms bring with them when the policy begins, or when their sector begins to
    trade later, as part of their yearly emissions."""
    opening_for: Annotated[Literal["all", "first"], in_unit("-", "assumed")] = "all"
    """Who brings them. all: every sector when it begins to trade; first: those that trade when the policy begins."""

    @model_validator(mode="before")
    @classmethod
    def _no_horizon_of_its_own(cls, given: Any) -> Any:
        """Where nothing can be kept nobody looks ahead, also in what is written down of the scenario."""
        if isinstance(given, dict) and given.get("allowed") is False:
            return {"horizon": 0, **given}
        return given

    @model_validator(mode="after")
    def _window_of_years(self) -> Self:
        if self.carry_window and (len(self.carry_window) != 2 or self.carry_window[0] > self.carry_window[1]):
            hint = "Such as [2024, 2025], or an empty list."
            raise refuse("a first and a last year", str(self.carry_window), "banking.carry_window", hint)
        return self

    @model_validator(mode="after")
    def _alive_beyond_the_year(self) -> Self:
        if self.life is not None and not self.allowed:
            hint = "Where nothing can be kept every allowance ends with its year: leave banking.life out."
            raise refuse("banking.allowed true beside a life of years", "false", "banking.life", hint)
        return self

    def brought(self, begins: bool) -> float:
        """Allowances of earlier years that a sector brings which enters now, as part of its yearly emissions.

        Parameters
        ----------
        begins
            Whether the policy itself begins now.
        """
        return self.opening if self.allowed and (begins or self.opening_for == "all") else 0.0

    def carries_at(self, year: int) -> bool:
        """Whether the carry-over limit is applied at the end of a year."""
        return self.carry_base is not None and (not self.carry_at or year in self.carry_at)

    def multiple_in(self, year: int) -> float:
        """Times its net sales that a firm may carry over at a year's end."""
        return self.carry_multiple.at(year) or 0.0

    def part_in(self, year: int) -> float:
        """Part of its free allowances of the year that a firm may carry over at its end."""
        return (self.carry_part.at(year) or 0.0) if self.carry_part is not None else 0.0

    def share_lent(self, year: int) -> float:
        """Part of its gap, or of next year's free allowances, that a firm may borrow for a year."""
        return self.borrow_share.at(year) or 0.0

    def lends_in(self, year: int) -> bool:
        """Whether a year is among those for which firms may borrow."""
        return not self.borrow_years or year in self.borrow_years

    def counts_sales(self, year: int) -> bool:
        """Whether a year's net sales count for the carry-over limit."""
        return not self.carry_window or self.carry_window[0] <= year <= self.carry_window[1]

    @model_validator(mode="after")
    def _nothing_to_plan_for(self) -> Self:
        if not self.allowed and self.horizon > 0:
            hint = "Where nothing can be kept there is nothing to look ahead for: set banking.horizon to 0."
            raise refuse(
                "no horizon where banking is not allowed",
                Message("{horizon} years", horizon=self.horizon),
                "banking.horizon",
                hint,
            )
        return self
