"""Tables as grids of cells that a test may spoil."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.layout import write_table

Grid = list[list[str]]
FIRST_ROW, FIRST_COLUMN = 4, 2
"""Place of the first number in the layout that the program writes, counted from 0."""


def grid_of(table: NationalTable) -> Grid:
    with write_table(table, Path("grid.csv")).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    width = max(len(cells) for cells in rows)
    return [cells + [""] * (width - len(cells)) for cells in rows]


def write_grid(grid: Grid) -> Path:
    path = Path("spoilt.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(grid)
    return path


def complaints(grid: Grid, unit: str | None = None) -> list[str]:
    with pytest.raises(UserError) as caught:
        read_table(write_grid(grid), unit)
    return [str(problem) for problem in caught.value.problems]


def column(grid: Grid, code: str) -> int:
    return grid[FIRST_ROW - 1].index(code)


def row(grid: Grid, code: str) -> int:
    return next(i for i, cells in enumerate(grid) if cells[0] == code)


def traded(table: NationalTable, use: pd.DataFrame, added: pd.DataFrame) -> NationalTable:
    """A table with other inputs, balanced by its trade with the rest of the country."""
    output = use.sum(axis=0) + added.sum(axis=0)
    final = table.final.copy()
    inside = use.sum(axis=1) + final[["household", "government", "fixed_investment", "stocks"]].sum(axis=1)
    net = output - inside - final["export"] + final["import"]
    both = final[["outflow", "inflow"]].min(axis=1)
    final["inflow"], final["outflow"] = both + (-net).clip(lower=0.0), both + net.clip(lower=0.0)
    return replace(table, use=use, final=final, value_added=added, output=output)
