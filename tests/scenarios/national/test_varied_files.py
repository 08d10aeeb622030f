"""The small table in other clothes: units, notations, labels and places that real tables have; no number changes."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable

Cell = str | int
Rows = list[list[Cell]]
BASE: Rows = [
    ["投入产出表"],
    ["单位：亿元"],
    [
        "",
        "",
        "农林牧渔产品和服务",
        "煤炭采选产品",
        "居民消费支出",
        "政府消费支出",
        "固定资本形成总额",
        "存货增加",
        "出口",
        "进口",
        "总产出",
    ],
    ["01", "农林牧渔产品和服务", 10, 20, 30, 5, 10, 1, 9, 5, 80],
    ["02", "煤炭采选产品", 5, 15, 20, 10, 40, -2, 12, 10, 90],
    ["VA001", "劳动者报酬", 40, 25],
    ["VA002", "生产税净额", 5, 6],
    ["VA003", "固定资产折旧", 8, 10],
    ["VA004", "营业盈余", 12, 14],
]


def read(
    folder: Path, rows: Rows, sep: str = ";", encoding: str = "utf-8", form: Callable[[int], str] = str
) -> NationalTable:
    text = "\n".join(sep.join(form(c) if isinstance(c, int) else c for c in row) for row in rows)
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return read_table(path)


def check(got: NationalTable, factor: float = 1.0) -> None:
    np.testing.assert_allclose(got.use, factor * np.array([[10, 20], [5, 15]]))
    np.testing.assert_allclose(got.output, factor * np.array([80, 90]))
    assert got.gdp() == pytest.approx(factor * 120)


def with_unit(words: str) -> Rows:
    rows = deepcopy(BASE)
    rows[1] = [words]
    return rows


@pytest.mark.parametrize(
    ("words", "yuan"),
    [
        ("单位：十亿元", 1e9),
        ("单位:千元", 1e3),
        ("单位：十万元", 1e5),
        ("（单位：百万元）", 1e6),
        ("单位：万元人民币", 1e4),
        ("单位 : 千万元", 1e7),
        ("金额单位：万元", 1e4),
        ("单位：人民币百万元", 1e6),
        ("单位：億元", 1e8),
        ("单位:元（人民币）", 1.0),
        ("单位：１００００元", 1e4),
        ("（按当年生产者价格计算，单位：万元）", 1e4),
        ("Unit: RMB billion", 1e9),
        ("unit: 10 000 yuan", 1e4),
        ("in thousand yuan", 1e3),
        ("Unit: ten thousand yuan", 1e4),
        ("Unit: RMB 100 million", 1e8),
        ("RMB mn", 1e6),
        ("CNY million", 1e6),
        ("thousands of RMB", 1e3),
    ],
)
def test_a_unit_is_taken_by_its_whole_word(tmp_path: Path, words: str, yuan: float) -> None:
    check(read(tmp_path, with_unit(words)), yuan / 1e8)


def test_a_unit_in_a_footnote_counts_where_the_head_has_none(tmp_path: Path) -> None:
    check(read(tmp_path, [*with_unit(""), ["注：单位为万元"]]), 1e-4)


def test_two_units_of_one_table_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="several: 万元, 亿元"):
        read(tmp_path, with_unit("单位：万元 （亿元）"))


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-32"])
def test_separators_and_encodings_are_found(tmp_path: Path, sep: str, encoding: str) -> None:
    check(read(tmp_path, BASE, sep, encoding))


@pytest.mark.parametrize("mark", ["'", "\u2019", "\u00a0", "\u2009", "\u202f", "\u3000"])
def test_marks_of_thousands(tmp_path: Path, mark: str) -> None:
    check(read(tmp_path, BASE, form=lambda n: f"{n * 1000:,}".replace(",", mark)), 1000)


@pytest.mark.parametrize(
    "form",
    [
        lambda n: f"({-n})" if n < 0 else str(n),
        lambda n: f"（{-n}）" if n < 0 else str(n),
        lambda n: f"{-n}-" if n < 0 else str(n),
        lambda n: f"- {-n}" if n < 0 else str(n),
        lambda n: f"▲{-n}" if n < 0 else str(n),
        lambda n: str(n).replace("-", "\u2212"),
        lambda n: f"{n:.2f}".replace(".", ","),
        lambda n: f"{n:.3E}",
        lambda n: f"¥{n}",
        lambda n: f"{n}元",
        lambda n: str(n).translate(str.maketrans("0123456789-", "０１２３４５６７８９－")),
    ],
)
def test_minus_decimals_and_digits(tmp_path: Path, form: Callable[[int], str]) -> None:
    check(read(tmp_path, BASE, form=form))


@pytest.mark.parametrize("word", [":", "..", "-", "n.a.", "NA", "—", "…", "", "x", "无", "#N/A", "*", "－", "不适用"])
def test_nothing_is_written_in_many_ways(tmp_path: Path, word: str) -> None:
    rows = deepcopy(BASE)
    rows[3][7], rows[3][10], rows[5][2] = word, 79, 39
    got = read(tmp_path, rows)
    assert got.final["stocks"].iloc[0] == 0.0
    assert got.output.iloc[0] == 79.0


@pytest.mark.parametrize("between", ["", " ", ".", "、", "-", "_", ":"])
def test_code_and_name_share_a_cell(tmp_path: Path, between: str) -> None:
    rows = deepcopy(BASE)
    rows[2][2:4] = [f"01{between}{rows[2][2]}", f"02{between}{rows[2][3]}"]
    for row in rows[3:]:
        row[:2] = ["", f"{row[0]}{between}{row[1]}"]
    check(read(tmp_path, rows))


def test_codes_above_and_below_the_names_and_behind_them(tmp_path: Path) -> None:
    codes: list[Cell] = ["", "", "01", "02", "THC", "FU103", "FU201", "FU202", "EX", "IM", "GO"]
    check(read(tmp_path, [*BASE[:2], codes, *BASE[2:]]))
    check(read(tmp_path, [*BASE[:3], codes, *BASE[3:]]))
    check(read(tmp_path, [*BASE[:2], *([row[1], row[0], *row[2:]] for row in BASE[2:])]))


def test_a_table_on_its_side_or_out_of_its_corner(tmp_path: Path) -> None:
    blank: list[Cell] = [""]
    body: Rows = [row + blank * (11 - len(row)) for row in BASE[2:]]
    turned: Rows = [list(column) for column in zip(*body, strict=True)]
    check(read(tmp_path, [*BASE[:2], *turned]))
    check(read(tmp_path, [[""], [""], *(["", "", *row] for row in BASE)]))
    check(read(tmp_path, [line for row in BASE for line in (row, blank)]))


def test_words_in_several_cells_are_one_message(tmp_path: Path) -> None:
    rows = deepcopy(BASE)
    rows[3][3], rows[3][4], rows[4][5] = "twenty", "many", "some"
    with pytest.raises(UserError) as caught:
        read(tmp_path, rows)
    assert len(caught.value.problems) == 1
    assert "3 cells" in str(caught.value)
