"""How the cap is handed to its owners: free of charge, by benchmark, at an auction."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tanshi.scenarios.by_year import AS_A_FILE_SAYS, NOTHING, ByYear, numbers
from tanshi.scenarios.fields import Group, OfSectors, in_unit

_Benchmark = Annotated[Annotated[float, Field(ge=0, le=5)] | None, in_unit("fraction", "assumed")]
CLASSES_OF_PLANT = ("coal_I", "coal_II", "coal_III", "gas", "heat")
"""Classes of thermal plant that may have a benchmark of their own."""


class Benchmarks(OfSectors):
    """Allowances per output of each sector in the policy's first year, as part of what it emitted per output in 2022.

    They hold under a standard (`cap.regime: tps`); a sector without one keeps what the cap gives it. In power they are
    given by class of plant; `ELEC` holds for classes without one of their own.
    """

    __pydantic_extra__: dict[str, _Benchmark] = Field(init=False)

    ELEC: _Benchmark = None
    """Power (电力)."""
    STEEL: _Benchmark = None
    """Iron and steel (钢铁)."""
    NFM: _Benchmark = None
    """Non-ferrous metals (有色金属)."""
    NMM: _Benchmark = None
    """Building materials (建材)."""
    COKE: _Benchmark = None
    """Petrochemicals (石化): coking and oil refining (炼焦、石油加工)."""
    CHEM: _Benchmark = None
    """Petrochemicals (石化): chemicals (化工)."""
    PAPER: _Benchmark = None
    """Paper (造纸)."""
    AIR: _Benchmark = None
    """Aviation (航空)."""
    coal_I: _Benchmark = None
    """Conventional coal units above 300 MW (常规燃煤机组, 300 MW 等级以上); published 2023: 0.996 of their mean."""
    coal_II: _Benchmark = None
    """Conventional coal units of 300 MW and below (300 MW 等级及以下); published 2023: 0.992 of their mean."""
    coal_III: _Benchmark = None
    """Unconventional coal (非常规燃煤机组): gangue, slurry, fluidised beds; published 2023: 0.992 of their mean."""
    gas: _Benchmark = None
    """Gas-fired units (燃气机组)."""
    heat: _Benchmark = None
    """Heat from coal-fired units, with the power that is tied to it (供热)."""
    pooled: Annotated[bool, in_unit("-", "assumed")] = False
    """true: one benchmark for a kWh of all thermal power, the mean of the classes' at the baseline's output."""
    decline: Annotated[float, in_unit("1/year", "assumed", ge=0, lt=1)] = 0.0
    """Part of every benchmark that is taken away in each later year."""

    def at(self, sector: str, years_of_policy: int) -> float | None:
        """Return the benchmark of a sector or class of plant after some years, or None where it has none.

        Examples
        --------
        >>> Benchmarks(STEEL=0.98, decline=0.5).at("STEEL", 1)
        0.49
        """
        first: float | None = self.of(sector)
        return None if first is None else first * (1 - self.decline) ** years_of_policy


class Allocation(Group):
    """How the cap is handed to its owners."""

    method: Annotated[Literal["grandfathered", "output_based"], in_unit("-", "assumed")] = "grandfathered"
    """grandfathered: lump sums by past emissions; output_based: a benchmark times output."""
    auctioned_share: Annotated[ByYear[float], numbers(ge=0, le=1), AS_A_FILE_SAYS, in_unit("fraction", "law")] = NOTHING
    """Share of the cap that government sells instead of giving it away, by year: 0.1 or {2025: 0.05, 2028: 0.1}."""
    binding: Annotated[bool, in_unit("-", "assumed")] = False
    """true: an allocated sector keeps to its quota at its own shadow price; false: it binds nobody."""
    in_advance: Annotated[Annotated[float, Field(ge=0, le=1)] | None, in_unit("fraction", "law")] = None
    """Part of a firm's free allowances given in January by what it usually makes (China: 0.7); before the year's last
    market period the rest follows, or is taken back, by what it has made. null: all in January, for good."""
    benchmarks: Benchmarks = Benchmarks()
    gap_cap: Annotated[Annotated[float, Field(ge=0, le=1)] | None, in_unit("fraction", "law")] = None
    """Largest gap between what a firm emits and its free allowances, as part of the former: it is topped up to the rest
    and owes all (China from 2023: 0.2); null: none. `sectors.<S>.limits.deficit` says it for one sector, by year."""
