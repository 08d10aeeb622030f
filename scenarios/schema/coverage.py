"""Which sectors are outside, given free quotas, or trade."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tanshi.scenarios.fields import OfSectors, in_unit

SectorCoverage = Literal["none", "allocated", "trading"]
_Covered = Annotated[SectorCoverage, in_unit("-", "setting")]


class Coverage(OfSectors):
    """Treatment of each energy-intensive sector: outside, given free quotas, or trading."""

    __pydantic_extra__: dict[str, _Covered] = Field(init=False)

    ELEC: _Covered = "none"
    """Power (电力)."""
    STEEL: _Covered = "none"
    """Iron and steel (钢铁)."""
    NFM: _Covered = "none"
    """Non-ferrous metals (有色金属)."""
    NMM: _Covered = "none"
    """Building materials (建材)."""
    COKE: _Covered = "none"
    """Petrochemicals (石化): coking and oil refining (炼焦、石油加工)."""
    CHEM: _Covered = "none"
    """Petrochemicals (石化): chemicals (化工)."""
    PAPER: _Covered = "none"
    """Paper (造纸)."""
    AIR: _Covered = "none"
    """Aviation (航空)."""

    def __getitem__(self, sector: str) -> SectorCoverage:
        found: SectorCoverage | None = self.of(sector)
        return "none" if found is None else found

    def as_dict(self) -> dict[str, SectorCoverage]:
        """Return sector code -> coverage for every sector named, in the order of the schema."""
        return {sector: self[sector] for sector in self.named()}

    def sectors(self, *kinds: SectorCoverage) -> tuple[str, ...]:
        """Return the sectors of the given kinds, in the order of the schema.

        Examples
        --------
        >>> Coverage(ELEC="trading", STEEL="allocated").sectors("trading", "allocated")
        ('ELEC', 'STEEL')
        """
        return tuple(sector for sector, kind in self.as_dict().items() if kind in kinds)
