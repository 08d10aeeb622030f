"""What all regions of a market come to, as a table by year: only where somebody asks for sums."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tanshi.language import in_a_row, mark, say, translate
from tanshi.scenarios.link import OTHERS
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.together import VOLUME, summed
from tanshi.simulator.results.variables import (
    BANK,
    CAP,
    COMPLIANCE,
    COVERED,
    REVENUE,
    YIELD,
    net_sales_of,
)
from tanshi.simulator.views.reports.page import heading, note, table

SHOWN = {
    CAP: mark("Allowances of the year"),
    COVERED: mark("Emissions of sectors that trade"),
    BANK: mark("Carried over at the year's end"),
    f"{COMPLIANCE}|Shortfall": mark("Not surrendered"),
    net_sales_of(OTHERS): mark("Bought of other provinces, less sold"),
    VOLUME: mark("Traded"),
    "Price|Carbon|Time Mean": mark("Mean price"),
    "Emissions|CO2": mark("CO₂ emissions"),
    "Energy Consumption": mark("Energy consumption"),
    "GDP|MER": mark("Gross domestic product"),
    YIELD: mark("Consumption and saving"),
    REVENUE: mark("Government's carbon revenue"),
}
"""Variables of the table, in words."""


UNITS = {
    "Mt CO2/yr": mark("Mt"),
    "Mt CO2": mark("Mt"),
    "Mtce/yr": mark("Mtce"),
    "CNY_2022/t CO2": mark("yuan/t"),
    "billion CNY_2022/yr": mark("bn yuan"),
    "million CNY_2022/yr": mark("million yuan"),
}
"""Units of these variables, in words."""


def _said(value: float) -> str:
    """A number of the table; a year in which there is none has a dash."""
    return f"{value:,.2f}" if value == value else "–"


def added_up(runs: Sequence[RunResult]) -> list[str]:
    """A table for each scenario of several regions: their sums by year, the median over its seeds.

    Runs of one region have none.
    """
    parts: list[str] = []
    groups: dict[str, list[RunResult]] = {}
    for run in runs:
        if len(run.regions) > 1:
            groups.setdefault(run.scenario, []).append(run)
    for name, own in groups.items():
        long = pd.concat([summed(run) for run in own], ignore_index=True)
        wide = long.pivot_table(index=["variable", "unit"], columns="year", values="value", aggfunc="median")
        years = [str(year) for year in wide.columns]
        rows = [
            [translate(words), translate(UNITS[str(unit)]), *(_said(value) for value in line.tolist())]
            for variable, words in SHOWN.items()
            for (found, unit), line in zip(wide.index, wide.to_numpy(), strict=True)
            if found == variable
        ]
        regions = in_a_row(translate(region.rpartition("|")[2]) for region in own[0].regions)
        said = say("{regions}, added up; a price is told where it is the same in all", regions=regions)
        parts += [note(f"{name}: {said}"), table([say("Variable"), say("Unit"), *years], rows)]
    return [heading(say("All provinces together")), *parts] if parts else []
