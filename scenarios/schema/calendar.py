"""When the emissions of a year are to be covered: the date of each vintage's compliance, and how a run closes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import PlainValidator, field_validator, model_validator

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, FIRST, LAST, ByYear, Reading
from tanshi.scenarios.fields import Group, in_unit, refuse

SAME_DAY: ByYear[int] = ByYear(((None, 0),))
"""31 December of the year itself, for every year."""
MONTHS = 72
"""Latest deadline, months after the year."""


class Compliance(Group):
    """The day by which allowances are surrendered for a year's emissions, and what serves until then."""

    deadline: Annotated[
        ByYear[int], PlainValidator(Reading(kind="whole", ge=0, le=MONTHS)), AS_A_FILE_SAYS, in_unit("months", "law")
    ] = SAME_DAY
    """Months from the end of a year to the day by which its emissions are covered, by year of the emissions: 12, or
    {2021: 24, 2022: 12} (China: 12; European Union: 9, 30 September). Years of one period have one day: California's
    {2021: 34, 2022: 22, 2023: 10}, 1 November of 2024. 0: 31 December of the year itself."""
    next_vintage: Annotated[bool, in_unit("-", "law")] = False
    """true: allowances given in January for the year after may serve a deadline that comes later (European Union);
    false: only those of the year itself and of earlier years (China)."""
    closing: Annotated[Literal["run", "last_price"], in_unit("-", "setting")] = "last_price"
    """How years are settled whose deadline lies beyond the run's last year. run: trade goes on to the deadline, without
    new emissions; last_price: what is still missing changes hands at the last price."""

    verification: Annotated[int, in_unit("months", "law", ge=0, le=11)] = 0
    """Months from the end of a year to the day on which its emissions are verified and known (European Union: 3, 31
    March). It counts where firms misjudge them before."""
    estimate_error: Annotated[float, in_unit("s.d. of log", "assumed", ge=0, le=0.3)] = 0.0
    """How far a firm's own estimate of a year's emissions may be off until they are verified; 0: it knows them."""
    estimate_common: Annotated[float, in_unit("s.d. of log", "assumed", ge=0, le=0.3)] = 0.0
    """How far all firms' estimates of a year may be off together."""

    @field_validator("deadline")
    @classmethod
    def _a_deadline(cls, given: ByYear[int] | None) -> ByYear[int]:
        if given is None:
            raise refuse("months after the year, such as 12", "none", "compliance.deadline")
        return given

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        years = sorted({FIRST, LAST, *self.deadline.years, *(year - 1 for year in self.deadline.years)})
        for year in years:
            if self.months(year + 1) + 12 < self.months(year):
                expected = Message("a deadline of {year} not after that of {later}", year=year, later=year + 1)
                got = Message("{months} months after {year}", months=self.months(year), year=year)
                raise refuse(expected, got, "compliance.deadline")
        return self

    @model_validator(mode="after")
    def _something_to_lend_to(self) -> Self:
        if self.next_vintage and not self.later:
            hint = "Allowances of the year after are given in January: set compliance.deadline to 9, say."
            raise refuse("a deadline after the year", "the year's own end", "compliance.next_vintage", hint)
        return self

    @model_validator(mode="after")
    def _verified_before_it_is_due(self) -> Self:
        expected = "a day before the deadline of every year that has one after its end"
        if self.verification and not self.later:
            hint = (
                "Emissions of a year that is due at its own end are known by then: set compliance.deadline to 12, say."
            )
            raise refuse(
                expected, Message("{months} months", months=self.verification), "compliance.verification", hint
            )
        for _, months in self.deadline.steps:
            if 0 < months <= self.verification:
                got = Message("{months} months, due after {due}", months=self.verification, due=months)
                raise refuse(expected, got, "compliance.verification")
        if self.misjudged and not self.later:
            hint = "Nobody could make up for it: set compliance.deadline to 12, say, or the errors to 0."
            field = "estimate_error" if self.estimate_error > 0 else "estimate_common"
            got = Message("the year's own end")
            raise refuse("deadlines after the year where firms misjudge it", got, f"compliance.{field}", hint)
        return self

    @property
    def misjudged(self) -> bool:
        """Whether firms are wrong about their emissions until these are verified."""
        return self.estimate_error > 0 or self.estimate_common > 0

    def months(self, year: int) -> int:
        """Months from the end of a year to its deadline; 0 before the first year named.

        Examples
        --------
        >>> Compliance(deadline={2021: 24, 2022: 12}).months(2020), Compliance(deadline=9).months(2024)
        (0, 9)
        """
        return int(self.deadline.at(year) or 0)

    def lends(self, year: int) -> bool:
        """Whether allowances of the year after may be surrendered for a year's emissions."""
        return self.next_vintage and self.months(year) > 0

    @property
    def later(self) -> bool:
        """Whether any deadline lies after its year."""
        return any(months > 0 for _, months in self.deadline.steps)
