"""Trade of the new region as the shares of output that the accounts are built from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.tables import cell, entry
from tanshi.errors import Message
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import TRADE

ROOM = 0.95
"""Largest share of output sold, or of use bought, across the borders: nothing is re-exported in the model."""
LINES = 0.005
"""Smallest two-way trade of power, share of output: power lines run both ways."""


def trade(
    template: pd.DataFrame, new: NationalTable, own_output: pd.Series, demand: pd.Series
) -> tuple[pd.DataFrame, list[str]]:
    """Shares of foreign and two-way trade.

    Parameters
    ----------
    template
        The template's table ``trade``; it gives tariffs, and the shares of what the new table does not part.
    own_output, demand
        Output without by-product gas, and use within the region, yi yuan.

    Returns
    -------
    DataFrame, notes
        ``commodity, two_way_share, export_share, import_share, tariff_rate``; and which goods were re-exported.
    """
    known = template.set_index("commodity")
    rows: list[tuple[object, ...]] = []
    cut: list[str] = []
    for s in new.sectors:
        x, d = entry(own_output, s), entry(demand, s)
        out, into = _crossing(new, s)
        export = _of(new, s, "export", out, cell(known, s, "export_share") * x, "outflow")
        bought = _of(new, s, "import", into, cell(known, s, "import_share") * x, "inflow")
        domestic = (out - export, into - bought) if _parted(new) else None
        room = max(0.0, min(ROOM * x - export, ROOM * d - bought))
        if export > ROOM * x or bought > ROOM * d:
            less = max(export - ROOM * x, bought - ROOM * d)
            export, bought = max(export - less, 0.0), max(bought - less, 0.0)
            export, bought = min(export, ROOM * x), min(bought, ROOM * d)
            room = max(0.0, min(ROOM * x - export, ROOM * d - bought))
            cut.append(s)
        two_way = min(domestic) if domestic else cell(known, s, "two_way_share") * x
        if two_way > room * (1.0 + 1e-12):
            two_way = room
            cut.append(s)
        share = max(two_way / x, LINES if s == "ELEC" else 0.0)
        rows.append((s, max(share, 0.0), export / x, bought / x, cell(known, s, "tariff_rate")))
    columns = ["commodity", "two_way_share", "export_share", "import_share", "tariff_rate"]
    notes: list[str] = []
    if cut:
        told = "Goods that only pass through were taken out of both trade directions: {goods}."
        notes.append(Message(told, goods=", ".join(dict.fromkeys(cut))))
    return pd.DataFrame(rows, columns=columns), notes


def _parted(new: NationalTable) -> bool:
    """Whether the table shows trade with the rest of the country both ways, apart from foreign trade."""
    return {"outflow", "inflow"} <= set(new.final) or {"export", "import"} <= set(new.final)


def _crossing(new: NationalTable, sector: str) -> tuple[float, float]:
    """All that leaves and all that comes, yi yuan."""
    flow = {role: cell(new.final, sector, role) if role in new.final else 0.0 for role in TRADE}
    net = flow["net_outflow"]
    out = flow["export"] + flow["outflow"] + max(net, 0.0)
    return out, flow["import"] + flow["inflow"] + max(-net, 0.0)


def _of(new: NationalTable, sector: str, role: str, crossing: float, usual: float, partner: str) -> float:
    """Foreign part of what crosses the border; of one column for both parts, as much as is usual."""
    if role in new.final:
        return cell(new.final, sector, role)
    return float(np.clip(usual, 0.0, crossing))
