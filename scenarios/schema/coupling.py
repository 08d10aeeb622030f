"""How the market, the economy and time between auctions hang together."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tanshi.errors import Message
from tanshi.scenarios.fields import AS_IS, Group, in_unit, or_from_outside, refuse


class Coupling(Group):
    """How the auction and the general equilibrium come to one price within a period."""

    iterations: Annotated[int, in_unit("rounds", "setting", ge=1, le=1000)] = 8
    """Most rounds of the fixed point in one period."""
    tolerance: Annotated[float, in_unit("yuan/t CO2", "setting", gt=0, le=10)] = 0.005
    """The fixed point is reached when the price moves by less."""
    adjustment_rate: Annotated[Annotated[float, Field(ge=0.001, le=1000)] | None, in_unit("1/year", "assumed")] = 2.0
    """Speed k of the price q behind substitution toward the market's p: q' = k (p - q). null: at once."""


class Initial(Group):
    """State from which series are generated, as multiples of the economy's own: 1 begins on its path."""

    price: Annotated[float, in_unit("-", "setting", ge=0.2, le=5)] = 1.0
    """Carbon price over the economy's own, where `drift.input` is trajectories; as the two below."""
    emissions: Annotated[float, in_unit("-", "setting", ge=0.5, le=2)] = 1.0
    """Emissions of the sectors that trade without new policy, over the economy's own."""
    output: Annotated[float, in_unit("-", "setting", ge=0.5, le=2)] = 1.0
    """Their output, over the economy's own."""


class Drift(Group):
    """What carries emissions and price forward between auctions, or generates their series beforehand."""

    mode: Annotated[Literal["neural", "ou", "none"], or_from_outside("drift"), AS_IS, in_unit("-", "setting")] = (
        "neural"
    )
    """neural: mean reversion and a trained network; ou: mean reversion alone; none: nothing moves."""
    weights: Annotated[Annotated[str, Field(min_length=1)] | None, in_unit("-", "setting")] = None
    """Folder of trained weights, as `train --out` leaves it; null: the weights that come with the program."""
    on_blow_up: Annotated[Literal["ou", "stop"], in_unit("-", "setting")] = "ou"
    """ou: where the network blows up, the period goes on with mean reversion alone; stop: the run ends."""
    input: Annotated[Literal["state", "trajectories"], in_unit("-", "setting")] = "state"
    """state: between auctions the drift carries the state on; trajectories: before the run it generates series of
    price, emissions and output without new policy, and the economy is shifted so as to follow them (Huo et al. 2026,
    section 1.2); between auctions nothing moves then."""
    initial: Initial = Initial()

    @model_validator(mode="after")
    def _something_begins_there(self) -> Self:
        moved = [name for name, value in self.initial if value != 1.0]
        if moved and self.input == "state":
            hint = "In a run the market says where the state begins; generated series begin where drift.initial says."
            got = Message("drift.initial.{name} beside drift.input state", name=moved[0])
            raise refuse("drift.input trajectories", got, "drift.input", hint)
        return self
