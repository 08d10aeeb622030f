"""Tables as offices hand them on: sums in the middle, two units, pages, odd endings; read, or refused for one cause."""

from __future__ import annotations

import datetime as dt
import io
import re
from copy import deepcopy
from pathlib import Path

import numpy as np
import openpyxl  # type: ignore[import-untyped, import-not-found, unused-ignore]
import pytest

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.layout import grid, statistics_table

Rows = list[list[str | float]]
TABLE = statistics_table(build_accounts(load_economy("shanxi_2022").tables()), "a province")
N = len(TABLE.output)
TOP, LEFT = 4, 2
"""Place of the first flow in the printed table."""


def printed() -> Rows:
    return [list(row) for row in grid(TABLE, "wanyuan")]


def text_of(rows: Rows, digits: int = 2) -> str:
    return "\n".join(";".join(c if isinstance(c, str) else f"{c:.{digits}f}" for c in row) for row in rows)


def read(folder: Path, rows: Rows, digits: int = 2) -> NationalTable:
    path = folder / "own.csv"
    path.write_text(text_of(rows, digits), encoding="utf-8")
    return read_table(path)


def workbook(rows: Rows) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([None if c == "" else c for c in row])
    return book


def stored(book: openpyxl.Workbook, path: Path) -> Path:
    stream = io.BytesIO()
    book.save(stream)
    path.write_bytes(stream.getvalue())
    return path


def check(got: NationalTable, factor: float = 1.0) -> None:
    np.testing.assert_allclose(got.use.to_numpy(), factor * TABLE.use.to_numpy(), atol=1e-4 * factor)
    np.testing.assert_allclose(got.final["household"], factor * TABLE.final["household"], atol=1e-4 * factor)
    np.testing.assert_allclose(got.output, factor * TABLE.output, atol=1e-4 * factor)
    assert got.gdp() == pytest.approx(factor * TABLE.gdp(), rel=1e-6)


def refused(folder: Path, rows: Rows, digits: int = 2) -> str:
    """The one thing that is said of a table."""
    with pytest.raises(UserError) as caught:
        read(folder, rows, digits)
    assert len(caught.value.problems) == 1
    return str(caught.value)


def with_sum(rows: Rows, first: int, last: int, name: str, across: bool) -> Rows:
    """The sum of some sectors as a row behind them, and as a column where it stands in both."""
    block = rows[TOP + first : TOP + last]
    total = [sum(float(row[j]) for row in block) for j in range(LEFT, len(block[0]))]
    rows.insert(TOP + last, ["", name, *total])
    if across:
        for i, row in enumerate(rows[2:], 2):
            numbers = [c for c in row[LEFT + first : LEFT + last] if not isinstance(c, str)]
            row.insert(LEFT + last, name if i == 2 else "" if i == 3 else sum(numbers))
    return rows


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("name", ["第二产业", "工业合计", "Manufacturing, total", "小计"])
def test_a_sum_of_industries_in_the_middle_is_no_sector(tmp_path: Path, name: str, across: bool) -> None:
    got = read(tmp_path, with_sum(printed(), 1, 12, name, across))
    check(got)
    assert name == "小计" or any(name in note for note in got.notes)


def test_headings_printed_anew_on_every_page_are_no_sectors(tmp_path: Path) -> None:
    rows = printed()
    again: Rows = [[], ["续表1", "", "", "单位：万元"], list(rows[2]), list(rows[3])]
    check(read(tmp_path, [*rows[: TOP + 8], *again, *rows[TOP + 8 :]]))


def test_a_second_table_below_the_first_is_told_and_not_read(tmp_path: Path) -> None:
    older = [[c if isinstance(c, str) else c / 2 for c in row] for row in printed()]
    told = refused(tmp_path, [*printed(), [], *older])
    assert "expected one table" in told
    assert f"A{len(printed()) + 4}" in told


@pytest.mark.parametrize("title", ["直接消耗系数表", "Table"])
def test_coefficients_are_no_flows(tmp_path: Path, title: str) -> None:
    rows = printed()
    total = [float(c) for c in rows[-1][LEFT:]]
    for row in rows[TOP:]:
        row[LEFT : LEFT + N] = [float(c) / t for c, t in zip(row[LEFT : LEFT + N], total, strict=True)]
    rows[0] = [title]
    assert "flows" in refused(tmp_path, rows, 7)


def test_the_one_flow_that_fits_neither_its_row_nor_its_column_is_named(tmp_path: Path) -> None:
    rows = printed()
    right = float(rows[TOP + 3][LEFT + 6])
    rows[TOP + 3][LEFT + 6] = right + 5e6
    told = refused(tmp_path, rows)
    assert "cell I8" in told
    fits = re.search(r"a flow near ([\d.]+)", told)
    assert fits is not None
    assert float(fits[1]) == pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("单位：万元、人", 1e4),
        ("單位：萬元", 1e4),
        ("Unit: 10,000 yuan, persons", 1e4),
        ("Values in Millions of Chinese Yuan (CNY)", 1e6),
        ("Input-output table 2017, thousands of RMB (yuan)", 1e3),
        ("thousand million yuan", 1e9),
        ("in Mrd. CNY", 1e9),
        ("RMB/bn", 1e9),
    ],
)
def test_a_unit_is_neither_a_year_nor_a_currency_alone(tmp_path: Path, words: str, size: float) -> None:
    rows = printed()
    rows[1] = [words]
    check(read(tmp_path, rows), size / 1e4)


@pytest.mark.parametrize("words", ["单位：万元/亿元", "Currency: CNY; Scale: millions", "2017年"])
def test_a_unit_that_is_left_open_is_asked_for(tmp_path: Path, words: str) -> None:
    rows = printed()
    rows[1] = [words]
    assert "--unit" in refused(tmp_path, rows)


def test_headings_in_traditional_characters_and_with_words_behind_them(tmp_path: Path) -> None:
    rows = printed()
    change = str.maketrans("总产劳动报营业余资", "總產勞動報營業餘資")
    rows = [[c.translate(change) if isinstance(c, str) else c for c in row] for row in rows]
    for row in rows[-7:]:
        row[:2] = ["", f"{row[1]}合计" if "總投入" not in str(row[1]) else row[1]]
    rows[3] = ["", "", *rows[3][LEFT : LEFT + N]]
    rows[2] = [f"{c}额" if c in ("出口", "进口") else c for c in rows[2]]
    rows.insert(TOP, ["甲", "乙", *(str(k + 1) for k in range(len(rows[2]) - LEFT))])
    check(read(tmp_path, rows))


def test_numbers_kept_as_text_are_numbers(tmp_path: Path) -> None:
    rows = printed()
    quoted: Rows = [[c if isinstance(c, str) else f'="{c:.2f}"' for c in row] for row in rows[TOP:]]
    check(read(tmp_path, [*rows[:TOP], *quoted]))
    primed: Rows = [[c if isinstance(c, str) else f"'{c:.2f}" for c in row] for row in rows[TOP:]]
    check(read(tmp_path, [*rows[:TOP], *primed]))


@pytest.mark.parametrize("name", ["own.xls", "own.csv", "own.txt"])
def test_a_workbook_is_read_by_what_it_is(tmp_path: Path, name: str) -> None:
    check(read_table(stored(workbook(printed()), tmp_path / name)))


@pytest.mark.parametrize("name", ["own.xls", "own.csv"])
def test_a_web_page_that_is_called_a_workbook_is_read(tmp_path: Path, name: str) -> None:
    lines = [f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in printed()]
    (tmp_path / name).write_text(f"<html><body><table>{''.join(lines)}</table></body></html>", encoding="utf-8")
    check(read_table(tmp_path / name))


def test_a_code_that_a_spreadsheet_took_for_a_date_is_still_a_sector_by_its_name(tmp_path: Path) -> None:
    rows = deepcopy(printed())
    book = workbook(rows)
    book.active.cell(TOP + 5, 1).value = dt.datetime(2022, 10, 12)
    check(read_table(stored(book, tmp_path / "own.xlsx")))


def test_cells_whose_formula_failed_are_named(tmp_path: Path) -> None:
    book = workbook(printed())
    book.active["D8"] = "#REF!"
    with pytest.raises(UserError, match=r"#REF! in D8"):
        read_table(stored(book, tmp_path / "own.xlsx"))
