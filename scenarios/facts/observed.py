"""What a real carbon market paid and traded, year by year."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tanshi.scenarios.facts.money import deflator

FILE = Path(__file__).parent / "observed_market.csv"


class Observed(NamedTuple):
    """A year of a real market.

    Attributes
    ----------
    mean, close
        Yuan/t in prices of 2022: turnover over volume, and the year's last price.
    volume
        Mt.
    turnover
        Yi yuan, in prices of 2022.
    """

    mean: float
    close: float
    volume: float
    turnover: float


@lru_cache(maxsize=1)
def observed_table() -> pd.DataFrame:
    """The table as it lies in the project: yuan of the year, each row with its source and status."""
    return pd.read_csv(FILE)


def observed_years(market: str) -> dict[int, Observed]:
    """Year to what a market paid, in prices of 2022; empty for a market that is not known.

    Examples
    --------
    >>> found = observed_years("china")
    >>> min(found), max(found), found[2022].mean
    (2021, 2025, 55.3)
    """
    table = observed_table()
    rows = table[table["market"] == market]
    out: dict[int, Observed] = {}
    for _, row in rows.iterrows():
        year, level = int(row["year"]), deflator(int(row["year"]))
        mean, close, turnover = (float(row[name]) / level for name in ("mean", "close", "turnover_yi_yuan"))
        out[year] = Observed(mean, close, float(row["volume_mt"]), turnover)
    return out
