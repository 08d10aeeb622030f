"""Layouts that no small file shows, the study of published and spoilt tables, and the words of units."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.mapping import added_up, assign
from tanshi.scenarios.national.read import read_table
from tanshi.simulator.studies.tables.fuzz import fuzz
from tanshi.simulator.studies.tables.page import page

FILES = Path(__file__).parent / "files"
SECTORS = tuple(str(s) for s in load_economy("shanxi_2022").sectors["sector"])
Grid = list[list[str]]


def grid() -> Grid:
    with (FILES / "table_ok.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


def written(tmp_path: Path, rows: Grid, name: str = "t.csv", separator: str = ",", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def numbers(rows: Grid, change) -> Grid:  # type: ignore[no-untyped-def]
    return [[change(c) if i > 2 and j > 1 and c else c for j, c in enumerate(row)] for i, row in enumerate(rows)]


def test_a_table_on_its_side_is_turned(tmp_path: Path) -> None:
    got = read_table(written(tmp_path, [list(column) for column in zip(*grid(), strict=True)]))
    np.testing.assert_allclose(got.use, [[10.0, 20.0], [5.0, 15.0]])
    assert "turned" in got.notes[0]


@pytest.mark.parametrize(("separator", "encoding"), [("\t", "gb18030"), ("|", "utf-16-be"), (";", "utf-8-sig")])
def test_separators_and_encodings_are_found(tmp_path: Path, separator: str, encoding: str) -> None:
    assert read_table(written(tmp_path, grid(), "t.txt", separator, encoding)).gdp() == pytest.approx(120.0)


@pytest.mark.parametrize("mark", ["'", "\u2009", "\u00a0", "’"])
def test_thousands_of_any_usual_mark(tmp_path: Path, mark: str) -> None:
    rows = numbers(grid(), lambda c: f"{c}{mark}000")
    assert read_table(written(tmp_path, rows)).gdp() == pytest.approx(120_000.0)


def test_a_mark_that_may_be_a_thousand_or_a_decimal_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, numbers(grid(), lambda c: f"{c}.000"), separator=";")
    with pytest.raises(UserError, match=r"--decimal \. or --decimal ,"):
        read_table(path)
    assert read_table(path, decimal=".").gdp() == pytest.approx(120.0)
    assert read_table(path, decimal=",").gdp() == pytest.approx(120_000.0)


def test_two_notations_in_one_table_are_one_line(tmp_path: Path) -> None:
    rows = grid()
    rows[3][2], rows[3][3] = "10,5", "19.5"
    with pytest.raises(UserError) as caught:
        read_table(written(tmp_path, rows, separator=";"))
    assert "both" in str(caught.value.problems[0])


def test_whole_hundreds_add_up_within_half_a_hundred_a_term(tmp_path: Path) -> None:
    rows = numbers(grid(), lambda c: str(100 * round((float(c) * 1000 + 37.0) / 100)))
    assert read_table(written(tmp_path, rows)).gdp() == pytest.approx(120_000.0, rel=0.01)


def test_a_table_as_the_oecd_writes_it_is_read(tmp_path: Path) -> None:
    """Rows TTL_01, columns D01; output in a row alone; taxes on imports apart; foreigners' purchases beside exports."""
    head = ["", "D01", "D35", "HFCE", "GGFC", "GFCF", "INVNT", "DPABR", "CONS_NONRES", "EXPO", "IMPO"]
    rows = [
        head,
        ["TTL_01", "10", "20", "40", "5", "10", "0", "1", "2", "20", "-8"],
        ["TTL_35", "5", "15", "30", "5", "5", "0", "1", "1", "10", "-12"],
        ["TXS_IMP_FNL", "1", "1", *[""] * 8],
        ["TXS_INT_FNL", "4", "2", *[""] * 8],
        ["TTL_INT_FNL", "20", "38", *[""] * 8],
        ["VALU", "80", "22", *[""] * 8],
        ["OUTPUT", "100", "60", *[""] * 8],
    ]
    got = read_table(written(tmp_path, rows), "yiyuan", year=2020)
    assert got.output.tolist() == [100.0, 60.0]
    assert got.final["export"].tolist() == [23.0, 12.0]
    assert got.gdp() == pytest.approx(110.0)
    output = added_up(got, assign(got, SECTORS), SECTORS).output
    assert (output["AGR"], output["ELEC"]) == pytest.approx((100.0, 0.93 * 60.0))


def test_a_sheet_of_imports_is_added_to_one_of_home_made_goods(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    rows = grid()
    imported = {(3, 2): 2.0, (3, 3): 4.0, (3, 4): 5.0, (4, 2): 1.0, (4, 3): 3.0, (4, 6): 10.0}
    column = rows[2].index("进口")
    home, bought = [list(row) for row in rows], [list(row) for row in rows[:5]]
    for i in (3, 4):
        for j in range(2, len(rows[0])):
            away = imported.get((i, j), 0.0)
            home[i][j] = str(float(rows[i][j]) - away)
            bought[i][j] = str(away)
        export = rows[2].index("出口")
        total = sum(v for (k, _), v in imported.items() if k == i)
        home[i][export] = str(float(home[i][export]) + total - float(rows[i][column]))
    book = openpyxl.Workbook()
    for name, cells in (("国产品", home), ("进口品", bought)):
        sheet = book.active if name == "国产品" else book.create_sheet()
        sheet.title = name
        for i, row in enumerate(cells):
            kept = [c for j, c in enumerate(row) if j != column]
            sheet.append([float(c) if i > 2 and j > 1 and c else c for j, c in enumerate(kept)])
    book.save(tmp_path / "two.xlsx")
    got = read_table(tmp_path / "two.xlsx")
    np.testing.assert_allclose(got.use, [[10.0, 20.0], [5.0, 15.0]])
    np.testing.assert_allclose(got.final["import"], [11.0, 14.0])


def test_a_currency_is_turned_into_yuan_at_the_year_s_rate_or_asked_for(tmp_path: Path) -> None:
    rows = grid()
    rows[0][0], rows[1][0] = "Input-output table 2017", "million euro"
    got = read_table(written(tmp_path, rows))
    assert got.gdp() == pytest.approx(120.0 * 1e6 * 7.6303 / 1e8)
    rows[1][0] = "million PLN"
    with pytest.raises(UserError, match="--rate"):
        read_table(written(tmp_path, rows))


def test_codes_of_nace_and_oecd_need_no_mapping(tmp_path: Path) -> None:
    rows = grid()
    for place, code, name in ((2, "CPA_A01", "Products of agriculture"), (3, "CPA_C10-12", "Food products")):
        rows[2][place], rows[place + 1][0], rows[place + 1][1] = code, code, name
    found = {w.labels[0]: w.parts for w in assign(read_table(written(tmp_path, rows)), SECTORS)}
    assert found == {"CPA_A01": (("AGR", 1.0),), "CPA_C10-12": (("LIGHT", 1.0),)}


def test_codes_alone_are_read_by_edition_or_asked_for(tmp_path: Path) -> None:
    """Code 24 is power in 2017 and repair in 2012: without names and year nobody knows."""
    rows = grid()
    for row in rows[2:5]:
        row[1] = ""
    rows[2][2:4] = ["01", "02"]
    with pytest.raises(UserError, match="unknown"):
        assign(read_table(written(tmp_path, rows)), SECTORS)


def test_spoilt_files_end_in_a_message_and_never_wrong_by_a_factor() -> None:
    tallies = fuzz(40, seed=11)
    for kind, tally in tallies.items():
        assert tally.outcomes["tracebacks"] == 0, (kind, tally.worst)
        assert tally.outcomes["wrong by a factor"] == 0, (kind, tally.worst)
        assert tally.outcomes["read"] > 15
        assert tally.lines <= 8
    assert "| tables | " in page([], tallies)
