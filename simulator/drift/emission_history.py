"""Yearly emissions by sector: read, checked, screened, and what little they can say about the drift.

One value a year says nothing about the flow within a year, so no rate K comes from here. It does say how far a
sector's emissions stray from steady growth in a year, which no simulated path knows: trajectories drawn outside the
simulator widen their emission bands by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tanshi.language import say
from tanshi.simulator.drift.history import HistoryError, screen
from tanshi.simulator.drift.state import Array

MIN_YEARS = 8
LONGEST_GAP = 2


@dataclass(frozen=True)
class EmissionPreparation:
    """What was done to the values on the way: counts."""

    rows: int
    other_sectors: int
    interpolated: int
    box_plot: int
    standard_deviation: int
    replaced: int


@dataclass(frozen=True)
class EmissionHistory:
    """Growth of the sectors' emissions.

    Attributes
    ----------
    sectors, first, last
        Codes in order; first and last year.
    growth
        (sectors,) mean yearly change of the logarithm.
    scatter
        (sectors,) standard deviation of the yearly change about that mean.
    persistence, persistence_se
        (sectors,) correlation of one year's change with the next, and its standard error if there were none.
    preparation
        Counts of every preprocessing step.
    """

    sectors: tuple[str, ...]
    first: int
    last: int
    growth: Array
    scatter: Array
    persistence: Array
    persistence_se: float
    preparation: EmissionPreparation

    def lines(self) -> list[str]:
        """The preparation and what the history supports, in plain words."""
        p = self.preparation
        told = ", ".join(
            f"{s} {100 * g:+.1f} ± {100 * d:.0f}"
            for s, g, d in zip(self.sectors, self.growth, self.scatter, strict=True)
        )
        sure = int((np.abs(self.persistence) > 2 * self.persistence_se).sum())
        return [
            say(
                "Emission history {first} to {last} (yearly): {rows} rows; {others} of other sectors left out; {gaps}"
                " gaps interpolated; {box} yearly changes outlying by box plot, {deviation} by standard deviation,"
                " {replaced} replaced by the local median.",
                first=self.first,
                last=self.last,
                rows=p.rows,
                others=p.other_sectors,
                gaps=p.interpolated,
                box=p.box_plot,
                deviation=p.standard_deviation,
                replaced=p.replaced,
            ),
            say(
                "Yearly change of emissions, % (mean ± s.d.): {told}. {sure} of {count} sectors show a correlation"
                " from one year to the next beyond two standard errors; yearly values say nothing about the flow"
                " within a year, so no K is taken from them.",
                told=told,
                sure=sure,
                count=len(self.sectors),
            ),
        ]


def read_emissions(table: pd.DataFrame, sectors: Sequence[str]) -> EmissionHistory:
    """History of ``sectors`` from a table with columns `sector`, `year` and `mt` (Mt CO2).

    Raises
    ------
    HistoryError
        Missing columns or sectors, emissions that are not positive numbers, a year twice, gaps of more than two
        years, or fewer than eight years; the message names the sector.
    """
    missing = [c for c in ("sector", "year", "mt") if c not in table.columns]
    if missing:
        raise HistoryError("emission history lacks the columns {missing}", missing=", ".join(missing))
    value = pd.to_numeric(table["mt"], errors="coerce")
    logs, interpolated = [], 0
    box_count = sd_count = replaced = 0
    spans = set()
    for sector in sectors:
        own = table["sector"] == sector
        years = table.loc[own, "year"].astype(int)
        if years.duplicated().any():
            twice = int(years[years.duplicated()].iloc[0])
            raise HistoryError("emission history: {sector} has the year {twice} twice", sector=sector, twice=twice)
        known = value[own].notna()
        if not (value[own][known] > 0).all():
            raise HistoryError("emission history: {sector} has emissions that are not above zero", sector=sector)
        if known.sum() < MIN_YEARS:
            raise HistoryError(
                "emission history: {sector} has {total} years, at least {min_years} are needed",
                sector=sector,
                total=int(known.sum()),
                min_years=MIN_YEARS,
            )
        at = years[known].to_numpy()
        order = np.argsort(at)
        at, mt = at[order], value[own][known].to_numpy(dtype=float)[order]
        gap = int(np.diff(at).max()) - 1
        if gap > LONGEST_GAP:
            raise HistoryError(
                "emission history: {sector} lacks {gap} years in a row, up to {longest_gap} are filled",
                sector=sector,
                gap=gap,
                longest_gap=LONGEST_GAP,
            )
        grid = np.arange(at[0], at[-1] + 1)
        interpolated += int(grid.size - at.size)
        spans.add((int(at[0]), int(at[-1])))
        change, box, sd = screen(np.diff(np.interp(grid, at, np.log(mt))))
        box_count, sd_count = box_count + int(box.sum()), sd_count + int(sd.sum())
        replaced += int((box | sd).sum())
        logs.append(change)
    if len(spans) > 1:
        raise HistoryError("emission history: sectors cover different years {spans}", spans=sorted(spans))
    changes = np.array(logs)
    about = changes - changes.mean(axis=1, keepdims=True)
    first, last = spans.pop()
    return EmissionHistory(
        sectors=tuple(sectors),
        first=first,
        last=last,
        growth=changes.mean(axis=1),
        scatter=changes.std(axis=1, ddof=1),
        persistence=(about[:, 1:] * about[:, :-1]).sum(axis=1) / np.maximum((about**2).sum(axis=1), 1e-300),
        persistence_se=float(1.0 / np.sqrt(changes.shape[1])),
        preparation=EmissionPreparation(
            rows=len(table),
            other_sectors=int((~table["sector"].isin(list(sectors))).sum()),
            interpolated=interpolated,
            box_plot=box_count,
            standard_deviation=sd_count,
            replaced=replaced,
        ),
    )
