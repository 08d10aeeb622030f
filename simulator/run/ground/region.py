"""One economy of a run: its figures, its compiled model, and how it grows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tanshi.equilibrium.province.dynamics import Growth
from tanshi.equilibrium.province.incidence import Baskets
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.simulator.run.ground.economy import Economy


@dataclass(frozen=True, eq=False)
class Region:
    """One economy of a world.

    Attributes
    ----------
    economy : Economy
        Its figures and balanced accounts.
    province : Province
        The compiled model.
    accounts : PhysicalAccounts
        Energy and emissions on the model's flows.
    growth : Growth
        Rates of change from year to year.
    """

    economy: Economy
    province: Province
    accounts: PhysicalAccounts
    growth: Growth

    @cached_property
    def baskets(self) -> Baskets | None:
        """What its groups of households buy and earn; None where the economy does not know."""
        groups = self.economy.groups
        return None if groups is None else Baskets.of(self.province.compiled, groups)
