"""What comes unforeseen: a change of policy, and the outside world's ups and downs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from tanshi.scenarios.fields import AS_IS, Group, in_unit
from tanshi.scenarios.schema.coverage import Coverage


def _or_another(value: Any, own: ValidatorFunctionWrapHandler) -> Any:
    """Any word may be a sector of some economy; whether it is one of this one's the economy says."""
    return value if isinstance(value, str) else own(value)


if TYPE_CHECKING:
    SectorCode = str
else:
    SectorCode = Annotated[Literal[tuple(Coverage.model_fields)], WrapValidator(_or_another), AS_IS]


class Shock(Group):
    """A change of policy in the middle of a year, which nobody knows of before its first period."""

    year: Annotated[Annotated[int, Field(ge=2002, le=2060)] | None, in_unit("year", "setting")] = None
    """Year of the shock; null: none."""
    period: Annotated[int, in_unit("-", "setting", ge=1, le=366)] = 1
    """Market period of that year from which it is announced and holds, counted from 1."""
    cap_cut: Annotated[float, in_unit("fraction", "assumed", ge=0, lt=1)] = 0.0
    """Part of the cap taken away: of what is left of the shock's year, and of every later year."""
    sectors: Annotated[list[SectorCode], in_unit("-", "setting", default_factory=list)]
    """Sectors that trade from then on."""


DriverChoice = Literal["none", "estimated"]
Redrawn = Literal[
    "fuel_price", "power_demand", "steel_demand", "cement_demand", "productivity", "availability", "cap_news", "belief"
]
_OneDriver = Annotated[Annotated[DriverChoice, Field()] | None, in_unit("-", "setting")]


class Shocks(Group):
    """Common shocks from outside the province, beside the firms' own; ``shocks: estimated`` turns all on."""

    drivers: Annotated[DriverChoice, in_unit("-", "measured")] = "none"
    """estimated: mean reversion, season, correlation and jumps of monthly series; none: the surroundings stay still."""
    fuel_price: _OneDriver = None
    """Price of coal beyond the province; null, here and below: as `shocks.drivers` says."""
    power_demand: _OneDriver = None
    """What the rest of the country asks of power."""
    steel_demand: _OneDriver = None
    """What it asks of steel, and of coke for it."""
    cement_demand: _OneDriver = None
    """What it asks of cement."""
    productivity: _OneDriver = None
    """Output per labour and capital; its spread is assumed."""
    availability: _OneDriver = None
    """What wind, sun and water yield; estimated for the sun, assumed alike for the others."""
    cap_news: _OneDriver = None
    """News about the cap to come: what firms believe an allowance kept will be worth; its spread is assumed."""
    belief: Annotated[Literal["none", "network"], in_unit("-", "calibrated")] = "none"
    """network: what firms believe an allowance kept will be worth, shared by all, strays by what drivers leave of the
    spread learnt from real carbon markets, in place of `cap_news`; it moves what they bank, never a cleared price."""
    own_belief: Annotated[float, in_unit("fraction", "assumed", ge=0, le=2)] = 0.5
    """Spread of a firm's own belief beside the shared one, as part of it; where there are shared beliefs. Centred, so
    that disagreement alone does not move what firms together want to bank."""
    belief_half_life: Annotated[float, in_unit("years", "assumed", gt=0, le=20)] = 0.5
    """Years after which half of a belief that the network moved is gone."""
    size: Annotated[float, in_unit("-", "setting", ge=0, le=2)] = 1.0
    """Size of all of them, drivers and beliefs, over what was estimated: at 0.5 what curvature does is a quarter, what
    a bend does a half."""
    mirrored: Annotated[bool, in_unit("-", "setting")] = False
    """All drivers and beliefs with the opposite sign: the mirror image of the seed's shocks."""
    redrawn: Annotated[list[Redrawn], in_unit("-", "setting", default_factory=list)]
    """Drivers drawn by `shocks.redraw_seed` in place of the run's seed: who brings how much of the variance."""
    redraw_seed: Annotated[int, in_unit("-", "setting", ge=0, le=2**63 - 1)] = 0
    """Seed of those."""

    @model_validator(mode="before")
    @classmethod
    def _all_at_once(cls, given: Any) -> Any:
        return {"drivers": given} if isinstance(given, str) else given

    def seed_of(self, name: str, seed: int) -> int:
        """Seed by which a driver is drawn in a run of some seed."""
        return self.redraw_seed if name in self.redrawn else seed

    def on(self, name: str) -> bool:
        """Whether a driver moves.

        Examples
        --------
        >>> Shocks(drivers="estimated", fuel_price="none", redrawn=[]).on("fuel_price")
        False
        """
        own: str | None = getattr(self, name)
        return (own or self.drivers) == "estimated"

    @property
    def any(self) -> bool:
        """Whether anything strays."""
        return self.belief != "none" or any(self.on(name) for name in list(type(self).model_fields)[1:8])
