"""How many allowances there are, year by year: tonnes or a standard, of what, and by sector where that is said."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers, words
from tanshi.scenarios.fields import Group, OfSectors, in_unit, refuse

Kind = Literal["absolute", "intensity"]
_Amount = Annotated[ByYear[float] | None, numbers(ge=0), AS_A_FILE_SAYS, in_unit("as the cap's", "assumed")]


NO_PATH = {"share": None, "tonnes": None, "growth": None, "cut": None}
"""What takes a path away, where a first cut and an even decline are put in its place."""


class Amount(NamedTuple):
    """A cap of a year: a fraction of what caps are measured on, or Mt."""

    value: float
    unit: Literal["share", "tonnes"]


class BySector(OfSectors):
    """A sector's own cap, in the unit of the year's: a fraction (`cap.share`) or Mt (`cap.tonnes`)."""

    __pydantic_extra__: dict[str, _Amount] = Field(init=False)

    ELEC: _Amount = None
    """Power (电力)."""
    STEEL: _Amount = None
    """Iron and steel (钢铁)."""
    NFM: _Amount = None
    """Non-ferrous metals (有色金属)."""
    NMM: _Amount = None
    """Building materials (建材)."""
    COKE: _Amount = None
    """Petrochemicals (石化): coking and oil refining (炼焦、石油加工)."""
    CHEM: _Amount = None
    """Petrochemicals (石化): chemicals (化工)."""
    PAPER: _Amount = None
    """Paper (造纸)."""
    AIR: _Amount = None
    """Aviation (航空)."""

    def said(self) -> dict[str, ByYear[float]]:
        """Sector to its own cap, for those that have one."""
        return {sector: rule for sector in self.named() if (rule := self.of(sector)) is not None}


class Cap(Group):
    """How many allowances there are.

    Two ways to say it: a first cut and an even decline (`tightness`, `decline`, `over_allocation`), which is the path
    ``share: {from: <policy_start>, value: 1 - tightness, growth: -decline}``; or a path of its own (`share`, `tonnes`,
    `growth`, `cut`). A file that says the one takes the other away from what it extends.
    """

    regime: Annotated[Literal["absolute", "tps"], in_unit("-", "assumed")] = "absolute"
    """absolute: tonnes for the year; tps: a tradable performance standard, tonnes per unit of output."""
    kind: Annotated[ByYear[str] | None, words("absolute", "intensity"), AS_A_FILE_SAYS, in_unit("-", "law")] = None
    """The same by year, so that a standard may become a cap: {2023: intensity, 2027: absolute}; null: `regime`."""
    tightness: Annotated[float, in_unit("fraction", "assumed", ge=0, lt=1)] = 0.05
    """Reduction against each covered sector's frozen baseline in the first year of the policy."""
    decline: Annotated[float, in_unit("1/year", "assumed", ge=0, lt=1)] = 0.03
    """Part of the cap that is taken away in each later year."""
    over_allocation: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Allowances issued on top, part of the frozen baseline; slack first phases of markets had them."""
    share: Annotated[ByYear[float] | None, numbers(ge=0, le=5), AS_A_FILE_SAYS, in_unit("fraction", "assumed")] = None
    """The cap by year as a fraction of each covered sector's frozen baseline (or of `of_year`): {2023: 0.97, 2026: 0.9}
    holds from one year to the next named, with ``between: even`` in equal steps. null: by `tightness` and `decline`."""
    of_year: Annotated[Annotated[int, Field(ge=2002, le=2060)] | None, in_unit("year", "assumed")] = None
    """Year of the frozen baseline that shares are of: its emissions, under a standard its emissions per output; null:
    the same year as the cap's."""
    tonnes: Annotated[ByYear[float] | None, numbers(ge=0), AS_A_FILE_SAYS, in_unit("Mt CO2", "assumed")] = None
    """The cap of all trading and allocated sectors in tonnes, from the first year named on; sectors without a cap of
    their own share what is left by their frozen baselines."""
    growth: Annotated[ByYear[float] | None, numbers(gt=-1, le=1), AS_A_FILE_SAYS, in_unit("1/year", "assumed")] = None
    """Growth of `share` or `tonnes` in years that they do not name, below zero a decline: {2028: -0.03}."""
    cut: Annotated[ByYear[float] | None, numbers(ge=0, lt=1), AS_A_FILE_SAYS, in_unit("fraction", "assumed")] = None
    """Part taken away once, in the years named and from then on: {2030: 0.02}."""
    by_sector: BySector = BySector()
    may_rise: Annotated[bool, in_unit("-", "setting")] = False
    """Whether a path of the cap may rise from one year to the next; false: a file in which one does is refused."""

    @model_validator(mode="after")
    def _in_one_unit(self) -> Self:
        if self.cut is not None and not self.cut.years:
            raise refuse("the years of the cut, such as {2030: 0.02}", "none", "cap.cut")
        if self.share is not None and self.tonnes is not None:
            first = min(self.tonnes.years, default=0)
            both = [year for year in self.share.years if year >= first]
            if both or not first:
                hint = "Tonnes hold from their first year on; let the share end before it."
                got = Message("both for {year}", year=both[0] if both else Message("every year"))
                raise refuse("one statement of each year's cap", got, "cap.share", hint)
        for name in ("share", "tonnes"):
            path: ByYear[float] | None = getattr(self, name)
            if path is None:
                continue
            if path.growth and self.growth is not None:
                raise refuse("one statement of growth", "two: in the path and in cap.growth", f"cap.{name}.growth")
            again = [year for year in path.years if self.cut is not None and year in self.cut.years]
            if again:
                got = Message("a cut and a cap of their own for {year}", year=again[0])
                raise refuse("one statement of each year's cap", got, f"cap.cut.{again[0]}")
        return self

    def standard(self, year: int) -> bool:
        """Whether the cap of a year is a standard, allowances per unit of output."""
        return (self.regime == "tps") if self.kind is None else self.kind.at(year) == "intensity"

    @property
    def by_path(self) -> bool:
        """Whether the cap has a path of its own, in place of a first cut and an even decline."""
        return any(path is not None for path in (self.share, self.tonnes, self.growth, self.cut))

    @property
    def even(self) -> bool:
        """Whether the cap is one fraction of all sectors' frozen baselines, in tonnes, falling evenly."""
        plain = self.regime == "absolute" and self.kind is None and self.of_year is None
        return plain and not self.by_path and not self.by_sector.said()

    def amount(self, year: int, start: int) -> Amount | None:
        """The cap of a year; None where the file says none.

        Parameters
        ----------
        start
            First year of the policy.

        Examples
        --------
        >>> Cap(tightness=0.05, decline=0.03).amount(2024, 2023)
        Amount(value=0.9215, unit='share')
        >>> Cap.model_validate({"tonnes": {"2027": 180.0}, "growth": {"2028": -0.1}, "cut": {"2029": 0.5}}).amount(
        ...     2029, 2023
        ... )
        Amount(value=72.9, unit='tonnes')
        """
        if not self.by_path:
            even = (1 - self.tightness) * (1 - self.decline) ** (year - start) + self.over_allocation
            return Amount(even, "share")
        for path, unit in ((self.tonnes, "tonnes"), (self.share, "share")):
            value = None if path is None else self._level(path, year, start)
            if value is not None:
                return Amount(value, "tonnes" if unit == "tonnes" else "share")
        return None

    def of_sector(self, sector: str, year: int, start: int) -> float | None:
        """A sector's own cap, in the unit of the year's; None where it has none."""
        rule: ByYear[float] | None = self.by_sector.of(sector)
        return None if rule is None else self._level(rule, year, start)

    def _level(self, path: ByYear[float], year: int, start: int) -> float | None:
        value = path.at(year, start)
        if value is None or (self.growth is None and self.cut is None):
            return value
        named = max((y for y in path.years if y <= year), default=start)
        for later in range(named + 1, year + 1):
            if self.growth is not None:
                value *= 1 + (self.growth.at(later) or 0.0)
        for when in self.cut.years if self.cut is not None else ():
            if named < when <= year:
                value *= 1 - dict(self.cut.steps)[when] if self.cut is not None else 1.0
        return value


def check_years(cap: Cap, first: int, start: int, last: int) -> None:
    """Refuse a cap that does not fit the years of its policy.

    Parameters
    ----------
    first, start, last
        First year of the run, first year of the policy, and last year of the run.

    Raises
    ------
    PydanticCustomError
        For a year without a cap, a year outside the policy, tonnes under a standard, or a path that rises where that
        is not allowed.
    """
    if cap.of_year is not None and not first <= cap.of_year <= last:
        expected = Message("a year of the run, {first} to {last}", first=first, last=last)
        raise refuse(expected, str(cap.of_year), "cap.of_year")
    paths = {"share": cap.share, "tonnes": cap.tonnes, "growth": cap.growth, "cut": cap.cut}
    paths |= {f"by_sector.{sector}": rule for sector, rule in cap.by_sector.said().items()}
    for name, path in paths.items():
        early = [year for year in path.years if year < start] if path is not None else []
        if early:
            expected = Message("years of the policy, from {start} on", start=start)
            raise refuse(expected, str(early[0]), f"cap.{name}.{early[0]}", "Before its start there is no cap.")
    for year in range(start, last + 1):
        if cap.kind is not None and cap.kind.at(year) is None:
            raise refuse(Message("a kind of cap for every year from {start} on", start=start),
                         Message("none for {year}", year=year), "cap.kind")  # fmt: skip
        amount = cap.amount(year, start)
        if amount is None:
            said = next((name for name in ("tonnes", "share", "growth", "cut") if paths[name] is not None), "share")
            hint = "Name that year in cap.share or cap.tonnes; a value holds until the next year named."
            raise refuse(Message("a cap for every year from {start} on", start=start),
                         Message("none for {year}", year=year), f"cap.{said}", hint)  # fmt: skip
        if amount.unit == "tonnes" and cap.standard(year):
            hint = "A standard is a rate: give cap.share for these years, and tonnes from the first absolute year on."
            raise refuse("tonnes only where the cap is absolute",
                         Message("tonnes under a standard in {year}", year=year), "cap.tonnes", hint)  # fmt: skip
        _check_sectors(cap, amount, year, start)
    _check_fall(cap, start, max([last, *(year for path in paths.values() if path is not None for year in path.years)]))


def _check_sectors(cap: Cap, amount: Amount, year: int, start: int) -> None:
    if amount.unit == "share":
        return
    own = sum(cap.of_sector(sector, year, start) or 0.0 for sector in cap.by_sector.said())
    if own > amount.value:
        expected = Message("sectors' caps of at most the {total:g} Mt of {year}", total=amount.value, year=year)
        raise refuse(expected, Message("{own:g} Mt", own=own), "cap.by_sector")


def _check_fall(cap: Cap, start: int, last: int) -> None:
    if cap.may_rise:
        return
    for year in range(start + 1, last + 1):
        if cap.standard(year) != cap.standard(year - 1):
            continue
        before, now = cap.amount(year - 1, start), cap.amount(year, start)
        if before is None or now is None or before.unit != now.unit:
            continue
        pairs: list[tuple[bool, str, float, float]] = [(cap.by_path, now.unit, before.value, now.value)]
        for sector in cap.by_sector.said():
            pair = (cap.of_sector(sector, year - 1, start), cap.of_sector(sector, year, start))
            if pair[0] is not None and pair[1] is not None:
                pairs.append((True, f"by_sector.{sector}", pair[0], pair[1]))
        for told, name, earlier, later in pairs:
            if told and later > earlier * (1 + 1e-12):
                hint = "Set cap.may_rise to true if it is meant."
                got = Message("{later:g} in {year} after {earlier:g}", later=later, year=year, earlier=earlier)
                raise refuse("a cap that does not rise", got, f"cap.{name}.{year}", hint)
