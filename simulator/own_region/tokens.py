"""Sectors of the model that a region does not have: a token output, so that shares are defined."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.errors import Message
from tanshi.scenarios.economy import Figures
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.layout import statistics_table

TOKEN = 2e-5
"""Output of a sector that a region does not have, as a share of GDP."""


def with_tokens(table: NationalTable, template: Figures) -> tuple[NationalTable, list[str]]:
    """Give every sector without output a token one, with the template's inputs; goods for it come from outside.

    Many a province mines no coal or no oil. What it makes in the model replaces as much that flows in; where none does,
    it is sold outside.
    """
    absent = [s for s in table.sectors if float(table.output[s]) <= 0.0 or float(table.value_added[s].sum()) <= 0.0]
    absent = [s for s in absent if float(table.output[s]) <= TOKEN * table.gdp()]
    if not absent:
        return table, []
    given = statistics_table(build_accounts(template.tables()), template.name)
    use, final, added, output = table.use.copy(), table.final.copy(), table.value_added.copy(), table.output.copy()
    enter, leave = _doors(final)
    size = TOKEN * table.gdp()
    for s in absent:
        scale = size / float(given.output[s])
        before: pd.Series = use[s].copy()
        use[s] = given.use[s] * scale
        final[enter] = final[enter].add((use[s] - before), fill_value=0.0)
        added[s] = given.value_added[s] * scale
        made = float(use[s].sum() + added[s].sum())
        more = made - float(output[s])
        output[s] = made
        spare = min(float(pd.Series(final[enter])[s]), more)
        final.loc[s, enter] = float(pd.Series(final[enter])[s]) - spare
        final.loc[s, leave] = float(pd.Series(final[leave])[s]) + more - spare
    told = ", ".join(absent)
    words = "Sectors that the region does not have got a token output of {size:.3g} yi yuan: {sectors}."
    note = Message(words, size=size, sectors=told)
    return replace(table, use=use, final=final, value_added=added, output=output), [note]


def _doors(final: pd.DataFrame) -> tuple[str, str]:
    """Columns by which goods come in and go out."""
    enter = next(c for c in ("inflow", "import", "net_outflow") if c in final)
    leave = next(c for c in ("outflow", "export", "net_outflow") if c in final)
    return enter, leave
