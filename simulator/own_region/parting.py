"""What a table gives as a sum alone, parted in the template's proportions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.errors import Message
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import VALUE_ADDED


def parted(table: NationalTable, template: NationalTable) -> tuple[NationalTable, list[str]]:
    """Part consumption into households and government, and value added into its four rows, where a table gives sums.

    Parameters
    ----------
    table, template
        In the same sectors, yi yuan.

    Returns
    -------
    table, notes
        With nothing left in ``unparted``.
    """
    notes: list[str] = []
    if "consumption" in table.unparted:
        final = table.final.copy()
        public, private = template.final["government"], template.final["household"]
        share = np.nan_to_num((public / (public + private)).to_numpy(dtype=float))
        final["government"] = share * final["household"].to_numpy(dtype=float)
        final["household"] = final["household"] - final["government"]
        table = replace(table, final=final)
        told = float(final["government"].sum() / (final["government"] + final["household"]).sum())
        notes.append(
            Message(
                "Consumption stands in one column: {part:.0%} of it was given to government, sector by sector as in the"
                " template (an estimate).",
                part=told,
            )
        )
    if "value_added" in table.unparted:
        rows = list(VALUE_ADDED)
        known = template.value_added.loc[rows]
        total = table.value_added.loc[rows].sum(axis=0)
        table = replace(table, value_added=known / known.sum(axis=0) * total)
        notes.append(
            Message("Value added stands in one row: it was parted sector by sector as in the template (an estimate).")
        )
    return replace(table, unparted=frozenset()), notes
