"""Benchmark accounts as an input-output table in the layout of national statistics, and such a table as a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import activities_of
from tanshi.equilibrium.province.tables import cell, entry, total
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.extras import need
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.units import parse_unit
from tanshi.scenarios.national.words import COLUMNS, FINAL, ROWS, VALUE_ADDED
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.variables import SECTORS

BY_PRODUCT = ("COKE", "STEEL")
"""Sectors that sell by-product gas, which statistics show in their rows."""
DEPRECIATION = 0.35
"""Share of gross surplus printed as depreciation; the accounts know the sum alone."""


def statistics_table(accounts: Accounts, file: str) -> NationalTable:
    """The accounts in the model's sectors as a statistical office would print them, yi yuan.

    Power is one sector, without its sales to itself; by-product gas stands in the rows of its producers; rents and
    allowances are operating surplus; import duties are production tax of services and part of imports.
    """
    sam, names = accounts.sam, list(accounts.sectors)
    members = {s: [f"A_{a}" for a in activities_of(accounts, s)] for s in names}
    gas = by_product_shares(accounts)
    use = pd.DataFrame(0.0, index=names, columns=names)
    final = pd.DataFrame(0.0, index=names, columns=[*FINAL, "export", "outflow", "import", "inflow"])
    added = pd.DataFrame(0.0, index=list(VALUE_ADDED), columns=names)
    for s in names:
        row: pd.Series = sam.loc[[f"C_{s}"]].sum()
        if s in gas:
            row = row + gas[s] * sam.loc["C_BPG"]
        use.loc[s] = [total(row[members[j]]) for j in names]
        flows = {
            "household": entry(row, "HH"),
            "government": entry(row, "GOV"),
            "stocks" if s == "COAL" else "fixed_investment": entry(row, "SAV"),
            "export": cell(sam, f"A_{s}", "ROW"),
            "outflow": cell(sam, f"A_{s}", "ROC"),
            "import": cell(sam, "ROW", f"C_{s}") + cell(sam, "TARIFF", f"C_{s}"),
            "inflow": cell(sam, "ROC", f"C_{s}"),
        }
        for role, value in flows.items():
            final.loc[s, role] = value
        paid = sam[members[s]].sum(axis=1)
        surplus = float(paid["CAP"] + paid["RES"] + paid["PERMIT"])
        duties = total(sam.loc["TARIFF"]) if s == "SERV" else 0.0
        added[s] = [paid["LAB"], paid["PTAX"] + duties, DEPRECIATION * surplus, (1.0 - DEPRECIATION) * surplus]
    # trade and output of the commodity; duties leave services' inputs as they were
    sales = {s: cell(sam, f"A_{s}", f"C_{s}") + cell(sam, f"A_{s}", "ROC") + cell(sam, f"A_{s}", "ROW") for s in names}
    output = pd.Series({s: sales[s] + (cell(sam, f"A_{s}", "C_BPG") if s in gas else 0.0) for s in names})
    return NationalTable(file, tuple((s,) for s in names), use, final, added, output)


def by_product_shares(accounts: Accounts) -> dict[str, float]:
    """Shares of the producers in by-product gas."""
    values = {s: cell(accounts.sam, f"A_{s}", "C_BPG") for s in BY_PRODUCT}
    return {s: v / sum(values.values()) for s, v in values.items()}


def grid(table: NationalTable, unit: str = "yi") -> list[list[str | float]]:
    """Rows of cells of a table in the layout that `tanshi.scenarios.national.read.read_table` reads.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        For a word that is no unit of yuan.
    """
    money = parse_unit(unit, bare=True)
    if money is None or money.currency != "CNY":
        problem = Problem("a unit of yuan such as yi, wanyuan or 百万元", repr(unit), "--unit")
        raise UserError("The table cannot be written.", [problem])
    factor = 1.0 / money.yi
    said = {1e8: "亿元 (10^8 yuan)", 1e4: "万元 (10^4 yuan)"}.get(
        money.size, f"{money.size:.0f}元 ({money.size:.0f} yuan)"
    )
    codes = table.sectors

    def sector(code: str) -> str:
        return f"{SECTORS[code].chinese} {SECTORS[code].name}" if code in SECTORS else code

    roles = [str(role) for role in table.final.columns]
    out: list[list[str | float]] = [
        [f"投入产出表 Input-output table, {table.file}" + (f", {table.year}年" if table.year else "")],
        [f"单位: {said}"],
        ["", "", *(sector(c) for c in codes), "中间使用合计", *(_word(COLUMNS[r]) for r in roles), "总产出"],
        ["", "", *codes, "TIU", *(_tag(COLUMNS[r]) for r in roles), "GO"],
    ]
    for code in codes:
        cells = [*table.use.loc[code], total(table.use.loc[code]), *table.final.loc[code], table.output[code]]
        out.append([code, sector(code), *(factor * float(v) for v in cells)])
    spent = table.use.sum(axis=0)
    added = table.value_added.sum(axis=0)
    out.append(["TII", "中间投入合计", *(factor * float(v) for v in spent)])
    for role in table.value_added.index:
        out.append([_tag(ROWS[role]), _word(ROWS[role]), *(factor * float(v) for v in table.value_added.loc[role])])
    out.append(["TVA", "增加值合计", *(factor * float(v) for v in added)])
    out.append(["TI", "总投入", *(factor * float(v) for v in table.output)])
    return out


def _word(words: tuple[str, ...]) -> str:
    return next(w for w in words if not w.isascii())


def _tag(words: tuple[str, ...]) -> str:
    return next((w for w in words if w.isupper()), words[-1])


def write_table(table: NationalTable, path: Path, unit: str = "yi") -> Path:
    """Write a table as CSV or XLSX, by the ending of the path.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        For another ending, a file that is there already, or a workbook without openpyxl.
    """
    if path.exists():
        raise UserError("The file is there already.", [Problem("a new name", Message("the file {path}", path=path))])
    rows = grid(table, unit)
    if path.suffix.lower() == ".csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_plain(c) for c in row] for row in rows)
        return write_file(path, text.getvalue().encode("utf-8-sig"))
    if path.suffix.lower() != ".xlsx":
        problem = Problem("a name ending in .csv or .xlsx", repr(path.name))
        raise UserError("The table cannot be written.", [problem])
    need("excel", "The table cannot be written.", place=str(path), otherwise="Or write CSV.")
    import openpyxl  # type: ignore[import-untyped, import-not-found, unused-ignore]

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("table")
    for row in rows:
        sheet.append([_plain(c) for c in row])
    stream = io.BytesIO()
    book.save(stream)
    return write_file(path, stream.getvalue())


def _plain(value: str | float) -> str | float:
    if isinstance(value, str):
        return value
    return 0 if value == 0.0 else float(np.float64(value))
