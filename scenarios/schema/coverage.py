"""Which sectors are outside, given free quotas, or trade."""

from __future__ import annotations

from typing import Annotated, Literal

from tanshi.scenarios.fields import Group, in_unit

SectorCoverage = Literal["none", "allocated", "trading"]


class Coverage(Group):
    """Treatment of each energy-intensive sector: outside, given free quotas, or trading."""

    ELEC: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Power (电力)."""
    STEEL: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Iron and steel (钢铁)."""
    NFM: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Non-ferrous metals (有色金属)."""
    NMM: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Building materials (建材)."""
    COKE: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Petrochemicals (石化): coking and oil refining (炼焦、石油加工)."""
    CHEM: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Petrochemicals (石化): chemicals (化工)."""
    PAPER: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Paper (造纸)."""
    AIR: Annotated[SectorCoverage, in_unit("-", "setting")] = "none"
    """Aviation (航空)."""

    def __getitem__(self, sector: str) -> SectorCoverage:
        return self.as_dict()[sector]

    def as_dict(self) -> dict[str, SectorCoverage]:
        """Return sector code -> coverage for every sector, in the order of the schema."""
        return self.model_dump()

    def sectors(self, *kinds: SectorCoverage) -> tuple[str, ...]:
        """Return the sectors of the given kinds, in the order of the schema.

        Examples
        --------
        >>> Coverage(ELEC="trading", STEEL="allocated").sectors("trading", "allocated")
        ('ELEC', 'STEEL')
        """
        return tuple(sector for sector, kind in self.as_dict().items() if kind in kinds)
