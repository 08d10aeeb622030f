"""Forest credits in place of allowances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.numerics.bargaining import bargaining_factor
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, is_by_year, numbers
from tanshi.scenarios.credit_kinds import CreditKinds
from tanshi.scenarios.fields import Group, in_unit, refuse


class Offsets(Group):
    """Forest credits that firms may surrender in place of allowances, and what forestry asks for them."""

    share: Annotated[float, in_unit("fraction", "law", ge=0, le=1)] = 0.0
    """Largest part of what a firm has to surrender that credits may cover (China: 0.05); 0: there are none. By year,
    {2023: 0.04, 2026: 0.06} is short for the largest of them here and the path in `share_by_year`."""
    share_by_year: Annotated[ByYear[float] | None, numbers(ge=0, le=1), AS_A_FILE_SAYS, in_unit("fraction", "law")] = (
        None
    )
    """That part by year, each at most `share`, such as {2023: 0.04, 2026: 0.06}; none before the first year named;
    null: `share` in every year."""
    potential: Annotated[float, in_unit("Mt CO2/yr", "assumed", ge=1e-6, le=10_000)] = 10.0
    """Credits that forestry could offer in a year at any price."""
    median_cost: Annotated[float, in_unit("yuan/t CO2", "assumed", ge=0.01, le=100_000)] = 60.0
    """Price at which it offers half of them; costs are log-normal, cheap land comes first."""
    spread: Annotated[float, in_unit("s.d. of log", "assumed", ge=0.01, le=5)] = 0.6
    """Spread of that cost: the smaller, the more elastic the supply around the median cost."""
    level: Annotated[Annotated[float, Field(ge=0, le=1_000_000)] | None, in_unit("yuan/t CO2", "assumed")] = None
    """Mean of what firms would pay for a credit, to which their bargaining prices are scaled; null: the price of an
    allowance. Nobody bids more than that price in either case."""
    bargaining_tax: Annotated[float, in_unit("fraction", "literature", gt=0, le=1)] = 0.01
    """Carbon tax rate in the bargaining price (Yang et al. 2021, eq. 7); it moves bids and is paid by nobody."""
    bargaining_subsidy: Annotated[float, in_unit("yuan/t CO2", "literature", ge=0, le=1000)] = 20.0
    """Subsidy for a tonne in the bargaining price (the same); it moves bids and is paid by nobody."""

    bid: Annotated[Literal["bargaining", "own_curve"], in_unit("-", "literature")] = "bargaining"
    """What a firm bids for a credit. bargaining: by eq. 7 of Yang et al. (2021), at most the price of an allowance;
    own_curve: by their eq. 1 to 4, what the tonne would cost it otherwise: abated on its own curve, which a market has
    brought to the price of an allowance. What government pays for a credit comes on top in either case."""
    subsidy: Annotated[float, in_unit("yuan/t CO2", "assumed", ge=0, le=1000)] = 0.0
    """What government pays a firm for a tonne covered by a credit (V3 of their eq. 3)."""
    spares_tax: Annotated[bool, in_unit("-", "assumed")] = False
    """Whether a tonne covered by a credit is spared the tax on emissions (`carbon_tax`; V2 of their eq. 3), which then
    all sectors that trade have to pay."""

    kinds: CreditKinds = CreditKinds()
    """Kinds of credits in place of the one that `potential`, `median_cost` and `spread` describe, within `share`."""

    @model_validator(mode="before")
    @classmethod
    def _by_year_in_one_field(cls, given: Any) -> Any:
        path = given.get("share") if isinstance(given, Mapping) else None
        if not isinstance(path, Mapping) or not is_by_year(path) or given.get("share_by_year") is not None:
            return given
        parts = [value for key, value in path.items() if str(key).isdecimal() or key == "value"]
        if path.get("growth") or not all(isinstance(part, int | float) for part in parts):
            return given
        return {**given, "share": min(max(0.0, *map(float, parts)), 1.0), "share_by_year": path}

    def share_of(self, year: int) -> float:
        """Largest part of what is surrendered for a year that credits may cover."""
        return self.share if self.share_by_year is None else self.share_by_year.at(year) or 0.0

    @model_validator(mode="after")
    def _most_of_all_years(self) -> Self:
        for year, value in () if self.share_by_year is None else self.share_by_year.steps:
            if value > self.share:
                told: str = Message("{value:g} from {year} on", value=value, year=year)
                got = f"{value:g}" if year is None else told
                raise refuse(
                    Message("at most offsets.share, {share:g}", share=self.share), got, "offsets.share_by_year"
                )
        return self

    @property
    def in_all(self) -> float:
        """Credits that could be offered at any price under a rule of one year, Mt."""
        kinds = [kind.potential for _, kind in self.kinds.said()]
        return sum(0.0 if path is None else path.at(0) or 0.0 for path in kinds) if kinds else self.potential

    def worth(self, price: float) -> float:
        """Most that one firm with all obligations bids for a credit where an allowance costs ``price``, yuan/t."""
        level = price if self.level is None or self.bid == "own_curve" else min(self.level, price)
        return level + self.subsidy

    @model_validator(mode="after")
    def _one_kind_or_several(self) -> Self:
        if not self.kinds.any:
            return self
        if twice := self.changed("potential", "median_cost", "spread"):
            hint = "Say it of a kind, such as offsets.kinds.forestry."
            raise refuse("one description of the supply", "one of its own beside kinds", f"offsets.{twice[0]}", hint)
        for name, kind in self.kinds.said():
            for what, pair in (("issued", kind.issued), ("valid", kind.valid)):
                if pair and (len(pair) != 2 or pair[0] > pair[1]):
                    hint = "Such as [2024, 2030], or an empty list."
                    raise refuse("a first and a last year", str(pair), f"offsets.kinds.{name}.{what}", hint)
            for year, value in () if kind.share is None else kind.share.steps:
                most = self.share if year is None else self.share_of(year)
                if value > most:
                    expected = Message("at most what all credits may cover, {share:g}", share=most)
                    raise refuse(expected, f"{value:g}", f"offsets.kinds.{name}.share")
        if self.subsidy > 0 or self.spares_tax:
            hint = "What government pays for a credit is worked out for one kind of them: leave it out."
            field = "offsets.subsidy" if self.subsidy > 0 else "offsets.spares_tax"
            raise refuse("no support beside several kinds of credits", "both", field, hint)
        return self

    @model_validator(mode="after")
    def _supply_for_somebody(self) -> Self:
        if self.model_fields_set and "share" not in self.model_fields_set:
            given = ", ".join(sorted(self.model_fields_set))
            hint = "Without a share nobody may surrender a credit; China's is 0.05."
            raise refuse(
                "a share as soon as offsets are described", Message("{given} alone", given=given), "offsets.share", hint
            )
        return self

    @model_validator(mode="after")
    def _bargaining_price_defined(self) -> Self:
        factor = float(bargaining_factor(self.share, self.bargaining_tax, self.bargaining_subsidy))
        if factor > 1:
            hint = "Raise the tax rate, or lower the share or the subsidy, by which it falls."
            expected = "a bargaining price (Yang et al. 2021, eq. 7) not above the highest abatement cost"
            raise refuse(
                expected, Message("{factor:.3g} of the way to it", factor=factor), "offsets.bargaining_tax", hint
            )
        return self


def check_spared(offsets: Offsets, pays: Callable[[str, int], bool], trading: Callable[[int], list[str]], start: int,
                 last: int) -> None:  # fmt: skip
    """Refuse credits that spare a tax which nobody pays, or only some of those who may use them.

    Parameters
    ----------
    pays
        Whether a sector is taxed in a year.
    trading
        From a year to the sectors that trade in it.

    Raises
    ------
    PydanticCustomError
        Naming the field and the year.
    """
    if not offsets.spares_tax:
        return
    years = [(year, sector) for year in range(start, last + 1) for sector in trading(year)]
    taxed = [year for year, sector in years if pays(sector, year)]
    if not taxed:
        raise refuse("a tax on sectors that trade, to be spared", "none", "offsets.spares_tax",
                     "Set carbon_tax.rate, and carbon_tax.beside_market to adds.")  # fmt: skip
    for year, sector in years:
        if year in taxed and not pays(sector, year):
            got = Message("{sector} without it in {year}", sector=sector, year=year)
            raise refuse("a tax that all sectors pay that trade", got, "offsets.spares_tax")
