"""Official tables of a province in the model's sectors: what one published row holds of several is split.

The 42 sectors know one row of metals and one of transport with aviation. Both are split cell by cell in the
proportions of the nation's 139 sectors of 2012, so that the two parts together are the published cells, and each
part's output is a stated share of the published output. Coking and refining are one sector here as there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.province.balance_ras import ras
from tanshi.equilibrium.province.tables import cell, entry, total
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.mapping import to_sectors
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import FINAL

NATION = "china_io_2012_139.csv"
METALS, AVIATION = ("STEEL", "NFM"), ("TRAN", "AIR")
CODES = {"STEEL": ("059", "060", "061"), "NFM": ("062", "063"), "AIR": ("107",),
         "TRAN": ("104", "105", "106", "108", "109", "110", "111")}  # fmt: skip
"""The nation's 139 sectors of the parts."""
TINY = 1e-9


@dataclass(frozen=True)
class Shares:
    """Shares of the smaller part in gross output of what is split."""

    metals: float
    aviation: float


def find(folder: Path, name: str) -> Path:
    """A published table below a folder.

    Raises
    ------
    UserError
        If there is none.
    """
    found = sorted(folder.rglob(name)) if folder.is_dir() else []
    if not found:
        problem = Problem(
            Message("a folder that holds {name}", name=name), "no such file", str(folder), field="--tables"
        )
        raise UserError("The published tables are not there.", [problem])
    return found[0]


def official(folder: Path, province: str, year: int, sectors: Sequence[str], shares: Shares) -> NationalTable:
    """An official provincial table in the model's sectors, yi yuan of its year.

    Parameters
    ----------
    folder
        Holds ``<province>_<year>.csv`` and the nation's ``china_io_2012_139.csv``, in wan yuan.
    """
    path = find(folder, f"{province}_{year}.csv")
    table = _crossing(to_sectors(read_table(path, "wanyuan"), tuple(sectors)))
    nation = pd.read_csv(find(folder, NATION), dtype={"Code": str}, encoding="utf-8-sig").set_index("Code")
    table = divide(table, METALS, shares.metals, nation)
    return divide(table, AVIATION, shares.aviation, nation)


def _crossing(table: NationalTable) -> NationalTable:
    """The residual column of the official table counts as trade with other provinces."""
    final = table.final.copy()
    if "other" in final:
        final["outflow"] += final["other"].clip(lower=0.0)
        final["inflow"] += (-final["other"]).clip(lower=0.0)
        final = final.drop(columns="other")
    return replace(table, final=final)


def divide(table: NationalTable, pair: tuple[str, str], share: float, nation: pd.DataFrame) -> NationalTable:
    """Split the sum of two sectors anew: ``share`` of output to the second, cells as the nation's.

    Raises
    ------
    ValueError
        For a share that is none.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share of {pair[1]} in {' with '.join(pair)}: expected between 0 and 1, found {share:g}")
    names, parts = table.sectors, list(pair)
    sizes = {pair[0]: 1.0 - share, pair[1]: share}
    use, final, added, output = table.use.copy(), table.final.copy(), table.value_added.copy(), table.output.copy()
    whole = total(output[parts])
    for name in parts:
        output[name] = sizes[name] * whole
    # columns: what both parts buy together, divided by the nation's inputs of either
    bought: pd.Series = pd.concat([use[parts], added[parts]]).sum(axis=1)
    guess = pd.DataFrame({p: sizes[p] * _inputs(nation, p, names, list(added.index)) for p in parts})
    negative = bought[bought < 0.0]
    unknown = guess.sum(axis=1) <= 0.0
    for p in parts:
        guess[p] = guess[p].where(~unknown, sizes[p])
    spread = {p: total(negative) * sizes[p] for p in parts}
    inner = ras(guess, bought.clip(lower=0.0), pd.Series({p: entry(output, p) - spread[p] for p in parts}))
    for p in parts:
        column = inner[p].add(negative * sizes[p], fill_value=0.0)
        use[p], added[p] = column.reindex(names), column.reindex(added.index)
    # rows: what both sell to one buyer, in the nation's proportions of that buyer
    sold = use.loc[parts].sum()
    for buyer in names:
        ratio = _sales(nation, pair, buyer, sizes)
        use.loc[pair[0], buyer], use.loc[pair[1], buyer] = sold[buyer] * (1.0 - ratio), sold[buyer] * ratio
    asked = final.loc[parts].sum()
    for p in parts:
        final.loc[p] = sizes[p] * asked
    # what then is missing or left over of either part crosses the province's border
    for p in parts:
        inside = total(use.loc[p]) + total(final.loc[p, list(FINAL)])
        net = entry(output, p) - inside - cell(final, p, "export") + cell(final, p, "import")
        gap = net - cell(final, p, "outflow") + cell(final, p, "inflow")
        way = "outflow" if gap > 0.0 else "inflow"
        final.loc[p, way] = cell(final, p, way) + abs(gap)
    return replace(table, use=use, final=final, value_added=added, output=output)


def _inputs(nation: pd.DataFrame, part: str, sectors: list[str], rows: list[str]) -> pd.Series:
    """The nation's input coefficients of a part in the model's sectors, and its value added."""
    spent = nation[list(CODES[part])].sum(axis=1).astype(float)
    size = float(spent["TI"])
    out = {s: sum(float(spent[c]) for c in (NATION_SECTORS | CODES)[s]) / size for s in sectors}
    added = ("VA001", "VA002", "VA003", "VA004")
    return pd.Series(out | {r: float(spent[c]) / size for r, c in zip(rows, added, strict=True)})


def _sales(nation: pd.DataFrame, pair: tuple[str, str], buyer: str, sizes: dict[str, float]) -> float:
    """Share of the second part in what a buyer takes of both."""
    columns = list((NATION_SECTORS | CODES)[buyer])
    sold = {p: float(nation.loc[list(CODES[p]), columns].to_numpy(dtype=float).sum()) for p in pair}
    # the province makes the parts in other proportions than the nation
    made = {p: float(nation.loc[list(CODES[p]), "GO"].astype(float).sum()) for p in pair}
    first, second = (sold[p] / made[p] * sizes[p] for p in pair)
    return second / (first + second) if first + second > TINY else sizes[pair[1]]


def _span(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{i:03d}" for i in range(first, last + 1))


NATION_SECTORS: dict[str, tuple[str, ...]] = {
    "AGR": _span(1, 5),
    "COAL": ("006",),
    "OGAS": ("007", "097"),
    "OMIN": _span(8, 11),
    "LIGHT": _span(12, 35),
    "PAPER": _span(36, 38),
    "COKE": ("039", "040"),
    "CHEM": _span(41, 51),
    "NMM": _span(52, 58),
    "MACH": _span(64, 95),
    "ELEC": ("096",),
    "CONS": _span(99, 102),
    "SERV": ("098", "103", *_span(112, 139)),
}
"""The nation's 139 sectors in the model's, without those that are split."""
