"""The price collar: floor and ceiling as limits on orders and prices."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Collar:
    """Lowest and highest admissible price, in ticks.

    Attributes
    ----------
    floor : int
        Orders below it are refused; surplus offered at the floor and unsold keeps the price there.
    ceiling : int | None
        Orders above it are refused; None for no ceiling.
    """

    floor: int = 0
    ceiling: int | None = None

    def __post_init__(self) -> None:
        if self.floor < 0 or (self.ceiling is not None and self.ceiling < self.floor):
            raise ValueError(f"collar: floor {self.floor} and ceiling {self.ceiling} ticks leave no price")

    @staticmethod
    def of(floor: float, ceiling: float | None, tick: float) -> Collar:
        """Return the collar of limits in yuan/t, rounded inward to the tick.

        Examples
        --------
        >>> Collar.of(20.0, 300.005, 0.01)
        Collar(floor=2000, ceiling=30000)
        """
        # The slack keeps a limit that is on tick there, whatever the division does to its last digit.
        top = None if ceiling is None else math.floor(ceiling / tick * (1 + 1e-12) + 1e-9)
        return Collar(math.ceil(floor / tick * (1 - 1e-12) - 1e-9), top)

    def hold(self, price: int) -> int:
        """Return the admissible price nearest to this one."""
        high = price if self.ceiling is None else min(price, self.ceiling)
        return max(high, self.floor)
