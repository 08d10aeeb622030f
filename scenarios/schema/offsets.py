"""Forest credits in place of allowances."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.numerics.bargaining import bargaining_factor
from tanshi.scenarios.fields import Group, in_unit, refuse


class Offsets(Group):
    """Forest credits that firms may surrender in place of allowances, and what forestry asks for them."""

    share: Annotated[float, in_unit("fraction", "law", ge=0, le=1)] = 0.0
    """Largest part of what a firm has to surrender that credits may cover (China: 0.05); 0: there are none."""
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
