"""Status and source of every figure of a region made from a table and a template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import pandas as pd


@dataclass(frozen=True)
class Sources:
    """How figures are labelled.

    Parameters
    ----------
    template
        Name of the economy that stands in.
    file
        The region's table.
    publication
        What the table is and who published it; its file name where nobody said.
    """

    template: str
    file: str
    publication: str = ""

    def own(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Figures from the region's table."""
        return frame.assign(
            status="derived", source=self.publication or f"own input-output table {PurePath(self.file).name}"
        )

    def estimate(self, frame: pd.DataFrame, reason: str) -> pd.DataFrame:
        """Figures of the template times a driver, or chosen."""
        return frame.assign(status="estimate", source=f"{self.template}, {reason}")

    def copied(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Figures of the template as they are."""
        return frame.assign(
            status="estimate", source=[f"as in {self.template}: {source}" for source in frame["source"].astype(str)]
        )
