"""Shares of factors in the value added of the new region."""

from __future__ import annotations

import pandas as pd

from tanshi.equilibrium.province.tables import cell, total
from tanshi.errors import Message
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.sources import Sources

LEAST_CAPITAL = 0.02
"""Smallest share of value added that a sector's capital earns in the model."""


def factor_shares(
    template: pd.DataFrame, new: NationalTable, duties: float, say: Sources
) -> tuple[pd.DataFrame, list[str]]:
    """The table ``factor_shares``: the table's own shares, and the nation's for sectors where they have no meaning.

    Parameters
    ----------
    template
        The template's table; its rows of origin ``national`` stand in.
    duties
        Import duties, yi yuan: in the statistics they are production tax of services, in the model of imports.

    Returns
    -------
    DataFrame, notes
        Columns ``sector, origin, labour, capital, production_tax, status, source``.
    """
    shares: list[tuple[str, float, float, float]] = []
    subsidised: list[str] = []
    without: list[str] = []
    for s in new.sectors:
        added = new.value_added[s]
        less = duties if s == "SERV" else 0.0
        value = total(added) - less
        labour = cell(new.value_added, "labour", s) / value
        tax = (cell(new.value_added, "production_tax", s) - less) / value
        if tax < 0.0 and s != "AGR":
            subsidised.append(s)
            tax = 0.0
        capital = 1.0 - labour - tax
        if capital < LEAST_CAPITAL:
            without.append(s)
        shares.append((s, labour, capital, tax))
    columns = ["sector", "labour", "capital", "production_tax"]
    table = pd.DataFrame(shares, columns=columns)
    observed = say.own(table.assign(origin="province"))
    chosen = say.own(table[~table["sector"].isin(without)].assign(origin="chosen"))
    nation = say.copied(template[template["origin"] == "national"])
    notes: list[str] = []
    if subsidised:
        told = "Net subsidies on production count against operating surplus: {sectors}."
        notes.append(Message(told, sectors=", ".join(subsidised)))
    if without:
        told = "Operating surplus is gone or nearly so; national shares are used: {sectors}."
        notes.append(Message(told, sectors=", ".join(without)))
    order = ["sector", "origin", "labour", "capital", "production_tax", "status", "source"]
    return pd.concat([observed, nation, chosen], ignore_index=True)[order], notes
