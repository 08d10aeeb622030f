"""From published tables to what the project carries: the official tables in the model's sectors, and the accounts."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.language import mark, say, translate
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.own_region.carried import TABLES, broad_of, moved_by, rebuilt, shipped
from tanshi.simulator.own_region.carry import carry, errors
from tanshi.simulator.own_region.layout import grid
from tanshi.simulator.own_region.official import Shares, official

PROVINCE, BASES, YEAR, ECONOMY = "shanxi", (2012, 2017), 2022, "shanxi_2022"
ORIGIN = (
    "official Shanxi 2017 input-output table (42 sectors, Shanxi bureau of statistics), metals and aviation split in "
    "the nation's proportions of 2012"
)
MONEY = ("sectors", "use_prior", "factor_shares", "trade", "controls")


def splits(year: int) -> Shares:
    """Shares by which the official rows of a year are split, from the drivers."""
    rows = pd.read_csv(TABLES / f"{PROVINCE}_drivers.csv")
    mine = rows[(rows["kind"] == "split") & (rows["first"] == year)].set_index("item")["value"].astype(float)
    return Shares(metals=float(mine["NFM"]), aviation=float(mine["AIR"]))


def backcast() -> dict[str, pd.DataFrame]:
    """The table of 2012 carried to 2017 against the official one: errors by block.

    Returns
    -------
    dict
        ``value``, and ``low`` and ``high`` at both ends of the drivers, and ``old``: the table of 2012 scaled to the
        product of 2017, as if nothing were known.
    """
    from tanshi.simulator.own_region.carry import drivers

    figures = load_economy(ECONOMY)
    sectors = [str(s) for s in figures.sectors["sector"]]
    first, last = BASES
    old, then = (shipped(PROVINCE, year, sectors) for year in BASES)
    rows = pd.read_csv(TABLES / f"{PROVINCE}_drivers.csv")
    found = {
        bound: errors(carry(old, drivers(rows, first, last, sectors, bound), broad_of(figures)), then)
        for bound in ("value", "low", "high")
    }
    return found | {"old": errors(old.scaled(then.gdp() / old.gdp()), then)}


def derive(folder: Path, out: Path) -> list[str]:
    """Read the published tables, write what the project carries of them, say what differs.

    Parameters
    ----------
    folder
        Holds the province's 42-sector tables and the nation's 139 sectors of 2012; nothing in it is copied.
    out
        A new folder for the tables in 17 sectors and the money tables of the economy.

    Raises
    ------
    UserError
        If a table is missing or cannot be used, or ``out`` is there already.
    """
    if out.exists():
        raise UserError(
            "The accounts cannot be written.",
            [Problem("a new folder", Message("the folder {out}", out=out), field="--out")],
        )
    figures = load_economy(ECONOMY)
    sectors = [str(s) for s in figures.sectors["sector"]]
    tables = {year: official(folder, PROVINCE, year, sectors, splits(year)) for year in BASES}
    lines = []
    for year, table in tables.items():
        name = f"{PROVINCE}_{year}.csv"
        write_file(_made(out) / name, _text(replace(table, file=_said(year))))
        gap = _gap(table, shipped(PROVINCE, year, sectors))
        told = mark("{name}: product {gdp:,.1f} yi yuan; largest difference from the project's {gap:.2g}.")
        lines.append(say(told, name=name, gdp=table.gdp(), gap=gap))
    moved = moved_by(PROVINCE, figures, BASES[-1], YEAR)
    made = rebuilt(figures, tables[BASES[-1]], moved, ORIGIN)
    for name in MONEY:
        write_file(out / f"{name}.csv", made.tables[name].to_csv(index=False, lineterminator="\n").encode("utf-8"))
    told = mark("{tables}: the money tables of {economy}, on the table of {year}; accounts balance.")
    lines.append(say(told, tables=", ".join(MONEY), economy=ECONOMY, year=BASES[-1]))
    for block, row in backcast()["value"].iterrows():
        told = mark("{first} carried to {last}, {block}: {error:.1%} off the official table")
        lines.append(say(told, first=BASES[0], last=BASES[1], block=translate(str(block)), error=row["error"]))
    return lines


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _said(year: int) -> str:
    return f"Shanxi {year}, official 42-sector table in 17 sectors (derived)"


def _text(table: NationalTable) -> bytes:
    text = io.StringIO()
    rows = [[round(float(c), 6) if not isinstance(c, str) else c for c in row] for row in grid(table)]
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _gap(a: NationalTable, b: NationalTable) -> float:
    pairs = ((a.use, b.use), (a.final, b.final), (a.value_added, b.value_added))
    return float(max(np.abs(x.to_numpy() - y[list(x.columns)].to_numpy()).max() for x, y in pairs))
