"""A timetable for each sector: when it is in, how its free allowances are counted, within which limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers, words
from tanshi.scenarios.fields import Group, OfSectors, in_unit, refuse

Method = Literal["history", "output", "benchmark", "verified", "band", "auction"]
BY_RATE: frozenset[str] = frozenset({"benchmark", "verified", "band"})
"""Methods whose allowances follow what a sector makes or emits; the others divide a cap in tonnes."""
_Rate = Annotated[ByYear[float] | None, numbers(ge=0, le=5), AS_A_FILE_SAYS, in_unit("fraction", "law")]
_Part = Annotated[ByYear[float] | None, numbers(ge=0, le=1), AS_A_FILE_SAYS, in_unit("fraction", "law")]


class Limits(Group):
    """Bounds of a firm's allowances around its verified emissions."""

    slope: _Part = None
    """Of a band, s in A = E (1 + s X), X = 1 - E / (Q B); China's industry from 2025: 0.15."""
    surplus: _Part = None
    """Most that a firm is given beyond what it emits, as part of that (China's industry from 2025: 0.03)."""
    deficit: _Part = None
    """Most that it is given less than it emits: it is topped up to the rest (China's power: 0.2; industry: 0.03)."""


class SectorRules(Group):
    """The rules of one sector, each by year; what is not said is as `coverage`, `cap` and `allocation` say."""

    status: Annotated[
        ByYear[str] | None, words("none", "allocated", "trading"), AS_A_FILE_SAYS, in_unit("-", "law")
    ] = None
    """Outside, given free quotas, or trading, such as {2024: trading}; before the first year named: outside."""
    method: Annotated[
        ByYear[str] | None,
        words("history", "output", "benchmark", "verified", "band", "auction"),
        AS_A_FILE_SAYS,
        in_unit("-", "law"),
    ] = None
    """How free allowances are counted: history and output divide the sector's cap by past emissions or by output;
    benchmark: output x B; verified: what is emitted; band: around what is emitted; auction: the cap is sold."""
    benchmark: _Rate = None
    """B as part of what the sector emitted per output in the benchmark year; null for a band: the balance value, at
    which the sector's allowances are its emissions."""
    limits: Limits = Limits()
    auctioned_share: _Part = None
    """Part of the sector's cap that government sells, by year (Korea's power: 0.5 in 2030; other sectors 0.15, those at
    risk of leakage 0); null: `allocation.auctioned_share`."""
    in_advance: _Part = None
    """Part given in January, by last year's verified emissions from 2023 on, before by usual output; the rest follows,
    or is taken back."""

    def sold(self, year: int, otherwise: float) -> float:
        """Part of the sector's cap that government sells in a year, where nothing is said of it another one."""
        own = None if self.auctioned_share is None else self.auctioned_share.at(year)
        return otherwise if own is None else own


class ClassRates(Group):
    """Benchmarks of power by class of plant, as parts of what the class emitted per output in the benchmark year."""

    coal_I: _Rate = None
    """Conventional coal units above 300 MW."""
    coal_II: _Rate = None
    """Conventional coal units of 300 MW and below."""
    coal_III: _Rate = None
    """Unconventional coal: gangue, slurry, fluidised beds."""
    gas: _Rate = None
    """Gas-fired units."""
    heat: _Rate = None
    """Heat from coal-fired units, with the power that is tied to it."""


class PowerRules(SectorRules):
    """The rules of power, which may have benchmarks by class of plant."""

    classes: ClassRates = ClassRates()
    gas_deficit: _Part = None
    """Most that gas-fired plant is given less than it emits under benchmarks, before its firm is topped up (China from
    2023: 0.0, up to all that it emits; plan for 2023 and 2024, section 5(3)); null: as `limits.deficit`."""


UNSAID = SectorRules()
"""The timetable of a sector of which nothing is said."""


class Sectors(OfSectors):
    """Timetables of the sectors."""

    __pydantic_extra__: dict[str, SectorRules] = Field(init=False)

    ELEC: PowerRules = PowerRules()
    STEEL: SectorRules = SectorRules()
    NFM: SectorRules = SectorRules()
    NMM: SectorRules = SectorRules()
    COKE: SectorRules = SectorRules()
    CHEM: SectorRules = SectorRules()
    PAPER: SectorRules = SectorRules()
    AIR: SectorRules = SectorRules()

    def __getitem__(self, sector: str) -> SectorRules:
        rules: SectorRules | None = self.of(sector)
        return UNSAID if rules is None else rules

    def as_dict(self) -> dict[str, SectorRules]:
        """Sector to its rules, in the order of the schema, then those of other economies as named."""
        return {sector: self[sector] for sector in self.named()}

    @property
    def methods_said(self) -> bool:
        """Whether any sector's method or limits are said here."""
        return any(
            rules.method is not None
            or self.ELEC.gas_deficit is not None
            or rules.limits != Limits()
            or rules.benchmark is not None
            or rules.auctioned_share is not None
            for rules in self.as_dict().values()
        )


def status_of(rules: SectorRules, otherwise: str, year: int) -> str:
    """Status of a sector in a year of the policy."""
    return otherwise if rules.status is None else rules.status.at(year) or "none"


def check_sectors(sectors: Sectors, coverage: dict[str, str], start: int, last: int) -> None:
    """Refuse timetables that leave a year without a rule, or a rule without what it needs.

    Raises
    ------
    PydanticCustomError
        Naming sector, field and year.
    """
    for sector, rules in sectors.as_dict().items():
        at = Message("sectors.{sector}", sector=sector)
        trading = [y for y in range(start, last + 1) if status_of(rules, coverage.get(sector, "none"), y) == "trading"]
        methods = {year: rules.method.at(year) if rules.method is not None else None for year in trading}
        later = rules.status is not None and any(word == "trading" for _, word in rules.status.steps)
        if rules.method is not None and not trading and not later:  # a run may end before a sector's entry
            raise refuse("a method for a sector that trades", "a sector that never does", f"{at}.method",
                         "Give it a status, such as {2024: trading}.")  # fmt: skip
        for year, method in methods.items():
            got = Message("none for {year}", year=year)
            if rules.method is not None and method is None:
                raise refuse("a method for every year in which the sector trades", got, f"{at}.method")
            slope = rules.limits.slope
            if method == "band" and (slope is None or slope.at(year) is None):
                raise refuse("a slope where allowances are a band, such as 0.15", got, f"{at}.limits.slope")
            known = rules.benchmark
            if known is not None and known.at(year) is None and method in ("benchmark", "band"):
                raise refuse("a benchmark for every year in which one is used", got, f"{at}.benchmark")
        used = set(methods.values()) | ({word for _, word in rules.method.steps} if rules.method is not None else set())
        if rules.benchmark is not None and rules.method is not None and not used & {"benchmark", "band"}:
            raise refuse("a method that uses a benchmark", "no benchmark and no band", f"{at}.benchmark")
        gas = sectors.ELEC.gas_deficit if sector == "ELEC" and rules.method is not None else None
        if gas is not None and "benchmark" not in used:
            raise refuse("power by benchmarks, where a unit is topped up", "none", f"{at}.gas_deficit",
                         "Set sectors.ELEC.method to benchmark.")  # fmt: skip
        if rules.limits.slope is not None and "band" not in used:
            raise refuse("a slope for a band", "no year with a band", f"{at}.limits.slope")


def check_sold(sectors: Sectors, following: Callable[[int], list[str]], start: int, last: int) -> None:
    """Refuse a part to be sold of allowances that are given for output or emissions.

    Parameters
    ----------
    following
        From a year to the sectors that trade in it and whose allowances follow what they make or emit.

    Raises
    ------
    PydanticCustomError
        Naming sector and year.
    """
    for year in range(start, last + 1):
        for sector in following(year):
            sold = sectors[sector].auctioned_share
            if sold is not None and (sold.at(year) or 0.0) > 0:
                expected = "tonnes of a cap, of which a part is sold"
                got = Message("allowances by output or emissions in {year}", year=year)
                hint = "Set the sector's method to output or history."
                raise refuse(expected, got, f"sectors.{sector}.auctioned_share", hint)
