"""From net to gross trade: foreign trade by shares of output, trade with other provinces by cross-hauling."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tanshi.equilibrium.province.tables import cell

TRADE_COLUMNS = ["outflow", "export", "inflow", "import", "tariff", "own"]


def foreign_trade(tables: Mapping[str, pd.DataFrame], output: pd.Series) -> pd.DataFrame:
    """Exports, imports (with tariff) and tariffs by commodity, yi yuan, as shares of output."""
    trade = tables["trade"].set_index("commodity").loc[list(output.index)]
    out = pd.DataFrame(index=output.index)
    out["export"] = trade["export_share"] * output
    out["import"] = trade["import_share"] * output
    out["tariff"] = out["import"] * trade["tariff_rate"] / (1.0 + trade["tariff_rate"])
    return out


def gross_trade(
    tables: Mapping[str, pd.DataFrame],
    output: pd.Series,
    demand: pd.Series,
    floor: float,
    inflow_at_least: Mapping[str, float],
) -> pd.DataFrame:
    """Gross trade by commodity.

    The smaller direction of trade with other provinces is a share of output (two-way trade observed in an
    earlier table); the larger follows from output, demand and foreign trade. Nothing is re-exported: own
    sales stay positive.

    Parameters
    ----------
    tables
        ``trade``: ``two_way_share, export_share, import_share, tariff_rate`` by commodity.
    output, demand
        Own output and use within the province, yi yuan.
    floor
        Smallest two-way trade of a good that crosses borders both ways, share of output.
    inflow_at_least
        Goods whose inflow is known to be at least so much (oil products that nobody refines in the province).

    Returns
    -------
    pandas.DataFrame
        ``TRADE_COLUMNS`` by commodity, yi yuan; ``import`` at border prices, ``own`` sold within the
        province.

    Raises
    ------
    ValueError
        If a commodity's own sales would be negative.
    """
    out = foreign_trade(tables, output)
    two_way = tables["trade"].set_index("commodity").loc[list(output.index), "two_way_share"].astype(float)
    small = two_way.where(two_way <= 0.0, two_way.clip(lower=floor)) * output
    net = output - demand - out["export"] + out["import"]
    out["inflow"] = small + (-net).clip(lower=0.0)
    for commodity, least in inflow_at_least.items():
        out.loc[commodity, "inflow"] = max(cell(out, commodity, "inflow"), least)
    out["outflow"] = net + out["inflow"]
    out["own"] = output - out["outflow"] - out["export"]
    out["import"] = out["import"] - out["tariff"]
    bad = [f"{c} ({v:.4g})" for c, v in out["own"].items() if v < 0] + [
        f"{c} outflow ({v:.4g})" for c, v in out["outflow"].items() if v < 0
    ]
    if bad:
        raise ValueError(f"own sales would be negative: {', '.join(bad)}")
    return out[TRADE_COLUMNS]
