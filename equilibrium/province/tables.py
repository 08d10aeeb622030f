"""Single numbers out of plain tables: pandas returns any scalar, the accounts need floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pandas as pd


def cell(table: pd.DataFrame, row: object, column: object) -> float:
    """Value at a row and column label.

    Raises
    ------
    ValueError
        If the row or column is missing, named twice, or holds no number; row and column are named.
    """
    try:
        return float(cast(Any, table).at[row, column])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no single number at row {row}, column {column}") from error


def entry(series: pd.Series, label: object) -> float:
    """Value of a series at a label."""
    return float(cast(Any, series).at[label])


def total(values: pd.Series | pd.DataFrame) -> float:
    """Sum of everything in a series or table."""
    return float(np.asarray(values, dtype=float).sum())


def rows(table: pd.DataFrame) -> Iterator[Any]:
    """Rows of a table, each with the columns as attributes."""
    yield from table.itertuples()


def named(table: pd.DataFrame, key: str, value: str) -> dict[str, float]:
    """Two columns of a table as names and numbers."""
    return {str(k): float(v) for k, v in zip(table[key], table[value], strict=True)}
