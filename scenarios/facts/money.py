"""Money of one year in that of another, and of other countries in yuan."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent
PRICE_YEAR = 2022
"""Year in whose prices all accounts and results are."""


@lru_cache(maxsize=1)
def _deflators() -> dict[int, float]:
    table = pd.read_csv(FOLDER / "deflator.csv")
    return {int(y): float(v) for y, v in zip(table["year"], table["deflator_2022"], strict=True)}


@lru_cache(maxsize=1)
def _rates() -> dict[tuple[str, int], float]:
    table = pd.read_csv(FOLDER / "exchange.csv")
    return {(str(r["currency"]), int(r["year"])): float(r["yuan"]) for _, r in table.iterrows()}


def deflator(year: int) -> float:
    """Price level of China's GDP in a year, 2022 = 1, from ``deflator.csv``.

    Raises
    ------
    KeyError
        For a year outside the table, 2002 to 2030.

    Examples
    --------
    >>> deflator(2022), 0.5 < deflator(2005) < deflator(2017) < 1.0
    (1.0, True)
    """
    return _deflators()[year]


@lru_cache(maxsize=1)
def _gdp() -> dict[int, float]:
    table = pd.read_csv(FOLDER / "deflator.csv").dropna(subset=["nominal_gdp"])
    return {int(y): float(v) for y, v in zip(table["year"], table["nominal_gdp"], strict=True)}


def nation_gdp(year: int) -> float | None:
    """GDP of the whole country in a year and its prices, yi yuan; None where the table has none.

    Examples
    --------
    >>> nation_gdp(2022), nation_gdp(2030)
    (1204724.0, None)
    """
    return _gdp().get(year)


def yuan_per(currency: str, year: int | None) -> float | None:
    """Yuan in one unit of a currency, mean of a year; None where the table ``exchange.csv`` has none.

    Examples
    --------
    >>> yuan_per("USD", 2017), yuan_per("PLN", 2017)
    (6.7518, None)
    """
    return None if year is None else _rates().get((currency, year))
