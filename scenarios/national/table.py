"""An input-output table in yi yuan: what is left when units, layout and notation are understood."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd


@dataclass(frozen=True)
class NationalTable:
    """An input-output table in yi yuan.

    Parameters
    ----------
    file
        Where it was read.
    labels
        Labels (code, name) of every sector.
    use
        (n, n) intermediate use, row sells to column, home-made and bought from outside together.
    final
        (n, ...) columns `words.FINAL`, and of `words.TRADE` those that the table has.
    value_added
        Rows `words.VALUE_ADDED`, (4, n).
    output
        (n,) gross output.
    year
        Of the flows, where the table says it.
    unit
        Of the file, as a phrase.
    unparted
        What the table gives as a sum alone: ``consumption`` stands in the column household, ``value_added`` in
        the row surplus, until a template parts them.
    notes
        What was understood, moved or left out, a sentence each.
    """

    file: str
    labels: tuple[tuple[str, ...], ...]
    use: pd.DataFrame
    final: pd.DataFrame
    value_added: pd.DataFrame
    output: pd.Series
    year: int | None = None
    unit: str = "yi yuan"
    unparted: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def sectors(self) -> list[str]:
        """The sectors' keys."""
        return [str(s) for s in self.output.index]

    def gdp(self) -> float:
        """Gross domestic product, yi yuan."""
        return float(self.value_added.to_numpy().sum())

    def scaled(self, factor: float) -> NationalTable:
        """The same table with all money times a factor."""
        return replace(
            self,
            use=self.use * factor,
            final=self.final * factor,
            value_added=self.value_added * factor,
            output=self.output * factor,
        )
