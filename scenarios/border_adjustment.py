"""Border adjustment: what is sold into and out of the province is charged, or given back, its carbon cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from tanshi.errors import Message
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, ByYear, numbers
from tanshi.scenarios.fields import Group, in_unit, refuse

Ways = Literal["exports", "outflow", "imports", "inflow"]


class BorderAdjustment(Group):
    """A charge on what is bought outside and a rebate on what is sold there, by what carbon costs the makers at home.

    The cost of a unit is what its makers bear by the market and the carbon tax, less what their output earns them in
    allowances; whoever sells into the province is charged it as if they emitted as much. Government has the charge and
    pays the rebate.
    """

    share: Annotated[ByYear[float] | None, numbers(ge=0, le=1), AS_A_FILE_SAYS, in_unit("fraction", "assumed")] = None
    """Part of that cost that is adjusted, by year from the policy's start on; null: no adjustment. The European Union's
    grows as free allowances go (agreement of December 2022): {2026: 0.025, 2027: 0.05, 2028: 0.1, 2029: 0.225, 2030:
    0.485, 2034: 1.0}."""
    on: Annotated[Literal["both", "bought", "sold"], in_unit("-", "law")] = "both"
    """both: a charge on what is bought outside and a rebate on what is sold there; bought: the charge alone (European
    Union); sold: the rebate alone."""
    partners: Annotated[Literal["outside", "abroad"], in_unit("-", "assumed")] = "outside"
    """outside: other provinces and abroad; abroad: only other countries, since provinces pay the same price."""
    sectors: Annotated[list[str], in_unit("-", "assumed")] = Field(default_factory=list)
    """Goods that are adjusted, such as [STEEL, NMM]; an empty list: all whose makers emit."""
    power: Annotated[bool, in_unit("-", "law")] = False
    """Whether the carbon cost of the electricity used in making a good counts too (indirect emissions)."""

    @property
    def any(self) -> bool:
        """Whether anything is adjusted in any year."""
        return self.share is not None and any(value > 0 for _, value in self.share.steps)

    def share_of(self, year: int) -> float:
        """Part of the cost that is adjusted in a year; 0 where nothing is."""
        return 0.0 if self.share is None else self.share.at(year) or 0.0

    def ways(self) -> tuple[Ways, ...]:
        """Ways over the border that are adjusted."""
        sold: tuple[Ways, ...] = ("exports",) if self.partners == "abroad" else ("exports", "outflow")
        bought: tuple[Ways, ...] = ("imports",) if self.partners == "abroad" else ("imports", "inflow")
        return (sold if self.on != "bought" else ()) + (bought if self.on != "sold" else ())

    def parts(self, there: Iterable[tuple[str, str]], year: int) -> dict[tuple[str, str], float]:
        """Good and way, of those there are, to the part of the cost that is charged or given back in a year."""
        share, ways = self.share_of(year), self.ways()
        return {(good, way): share for good, way in there
                if share > 0 and way in ways and (not self.sectors or good in self.sectors)}  # fmt: skip


def check_border(border: BorderAdjustment, start: int) -> None:
    """Refuse an adjustment that is described without a share, or begins before there is a carbon price.

    Raises
    ------
    PydanticCustomError
        Naming the field.
    """
    if border.share is None:
        if border != BorderAdjustment(sectors=[]):
            raise refuse("a share for a border adjustment that is described", "none", "border_adjustment.share",
                         "Such as 1.0, or {2026: 0.5, 2030: 1.0}.")  # fmt: skip
        return
    early = [year for year in border.share.years if year < start]
    if early:
        expected = Message("years of the policy, from {start} on", start=start)
        raise refuse(expected, str(early[0]), f"border_adjustment.share.{early[0]}")
