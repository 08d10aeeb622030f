"""How the market, the economy and time between auctions hang together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tanshi.scenarios.fields import AS_IS, Group, in_unit, or_from_outside


class Coupling(Group):
    """How the auction and the general equilibrium come to one price within a period."""

    iterations: Annotated[int, in_unit("rounds", "setting", ge=1, le=1000)] = 8
    """Most rounds of the fixed point in one period."""
    tolerance: Annotated[float, in_unit("yuan/t CO2", "setting", gt=0, le=10)] = 0.005
    """The fixed point is reached when the price moves by less."""
    adjustment_rate: Annotated[Annotated[float, Field(ge=0.001, le=1000)] | None, in_unit("1/year", "assumed")] = 2.0
    """Speed k of the price q behind substitution toward the market's p: q' = k (p - q). null: at once."""


class Drift(Group):
    """What carries emissions and price forward between auctions."""

    mode: Annotated[Literal["neural", "ou", "none"], or_from_outside("drift"), AS_IS, in_unit("-", "setting")] = (
        "neural"
    )
    """neural: mean reversion and a trained network; ou: mean reversion alone; none: nothing moves."""
    weights: Annotated[Annotated[str, Field(min_length=1)] | None, in_unit("-", "setting")] = None
    """Folder of trained weights, as `train --out` leaves it; null: the weights that come with the program."""
    on_blow_up: Annotated[Literal["ou", "stop"], in_unit("-", "setting")] = "ou"
    """ou: where the network blows up, the period goes on with mean reversion alone; stop: the run ends."""
