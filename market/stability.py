"""Rules that steady the market: the price collar, and the market stability reserve of the European Union."""

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


@dataclass(frozen=True)
class StabilityReserve:
    """The European Union's market stability reserve after 2023, scaled to another market's size.

    Decision (EU) 2015/1814, Art. 1(5), (5a) and (6), as amended by Directive (EU) 2023/959; the intake rate of 24 %
    until 2030 by Decision (EU) 2023/852. Every year, by the allowances in circulation at the end of the last one:

    - above 1,096 million: 24 % of them are taken out of the coming auctions;
    - from 833 to 1,096 million: what exceeds 833 million is;
    - below 400 million: 100 million are released, or what there is;
    - allowances in the reserve above 400 million are no longer valid.

    From 2019 to 2023 `upper` stood at `lower`: 24 % of all above 833 million, and what was above the last year's
    auctions lost its validity in 2023.

    Attributes
    ----------
    scale : float
        Size of the market over that of the European Union.
    lower, upper, release_below, release, keep : float
        Million allowances in the European Union.
    rate : float
        Intake above `upper`, per year.
    """

    scale: float = 1.0
    lower: float = 833.0
    upper: float = 1096.0
    rate: float = 0.24
    release_below: float = 400.0
    release: float = 100.0
    keep: float = 400.0

    def __post_init__(self) -> None:
        if self.scale <= 0 or not 0 <= self.release_below <= self.lower <= self.upper or not 0 <= self.rate <= 1:
            raise ValueError("stability reserve: needs a positive scale and release below <= lower <= upper")

    def movement(self, circulation: int, held: int, unit: float = 1e-6) -> int:
        """Return the units that move into the reserve in a year; negative: out of it.

        Parameters
        ----------
        circulation, held : int
            Units in circulation at the end of the last year, and in the reserve.
        unit : float
            Million allowances in one unit; one tonne by default.

        Examples
        --------
        The Commission counted 1,134,794,738 allowances in circulation for 2022 and withheld 24 %:

        >>> StabilityReserve().movement(1_134_794_738, 0)
        272350737
        """
        million = circulation * unit / self.scale
        if million < self.release_below:
            return -min(held, math.floor(self.release * self.scale / unit + 1e-6))
        if million <= self.lower:
            return 0
        if million <= self.upper:
            return circulation - math.floor(self.lower * self.scale / unit + 1e-6)
        return math.floor(self.rate * circulation + 1e-6)

    def steepness(self, circulation: int, unit: float = 1e-6) -> float:
        """Return the change of what is taken in with what is in circulation; nothing where some is given back.

        Examples
        --------
        >>> [StabilityReserve().steepness(million * 1_000_000) for million in (300, 800, 1000, 1200)]
        [0.0, 0.0, 1.0, 0.24]
        """
        million = circulation * unit / self.scale
        if million <= self.lower:
            return 0.0
        return 1.0 if million <= self.upper else self.rate

    def invalid(self, held: int, unit: float = 1e-6, auctioned: int | None = None) -> int:
        """Return the units in the reserve that lose their validity.

        Parameters
        ----------
        auctioned
            Units auctioned in the year before, where that is what stays valid (on 1 January 2023, Decision (EU)
            2015/1814, Art. 1(5a), as it was then); None: `keep`.
        """
        kept = math.floor(self.keep * self.scale / unit + 1e-6) if auctioned is None else auctioned
        return max(held - kept, 0)
