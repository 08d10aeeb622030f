"""The small table as other offices write it: units in odd places, signs, origins, encodings; no number changes."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.units import units_said
from tests.scenarios.national.test_varied_files import BASE, Rows, check, read, with_unit


def text(rows: Rows, sep: str = ";") -> str:
    return "\n".join(sep.join(str(c) for c in row) for row in rows)


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_table(path)
    assert len(caught.value.problems) == 1, caught.value
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("0.1 billion yuan", 1e8),  # once read as a billion
        ("tens of thousands of yuan", 1e4),
        ("hundreds of millions of yuan", 1e8),
        ("Figures in RMB'000", 1e3),
        ("Unit: ×10^4 yuan", 1e4),
        ("单位：10⁴元", 1e4),
        ("单位：10的4次方元", 1e4),
        ("単位：百万元", 1e6),
        ("单位：万元 注：亿元以下四舍五入", 1e4),
        ("2017年42部门投入产出表-百万元", 1e6),
        ("表中数据以百万元计。", 1e6),
    ],
)
def test_units_in_the_words_of_other_offices(words: str, size: float) -> None:
    assert [unit.size for unit in units_said([words])] == [size]


@pytest.mark.parametrize("words", ["GDP was 2.5 million yuan", "10-20亿元", "以人民币计", "单位：10E4 yuan, 亿元-万元"])
def test_an_amount_is_no_unit(words: str) -> None:
    assert units_said([words]) == []


@pytest.mark.parametrize("unit", ["亿", "亿元", " 亿元"])
def test_a_unit_behind_most_numbers_is_the_table_s(tmp_path: Path, unit: str) -> None:
    check(read(tmp_path, with_unit(""), form=lambda n: f"{n}{unit}"))


def test_a_unit_in_cells_that_is_not_the_head_s_is_one_cause(tmp_path: Path) -> None:
    rows = deepcopy(BASE)
    rows[3][3] = "200000万元"
    path = tmp_path / "table.csv"
    path.write_text(text(rows), encoding="utf-8")
    assert "200000万元" in refused(path)
    rows[1] = [""]
    path.write_text(text(rows), encoding="utf-8")
    rows = deepcopy(with_unit("单位：万元"))
    told = [["".join((str(c), "亿元")) if isinstance(c, int) else c for c in row] for row in rows]
    path.write_text(text(told), encoding="utf-8")
    assert "万元, 亿元" in refused(path)


def test_a_row_in_another_unit_is_named_and_its_imbalance_is_no_second_cause(tmp_path: Path) -> None:
    rows = deepcopy(BASE)
    rows[5] = ["VA001", "劳动者报酬（万元）", 400_000, 250_000]
    path = tmp_path / "table.csv"
    path.write_text(text(rows), encoding="utf-8")
    assert "several: 亿元, 万元" in refused(path)


def test_a_unit_beside_every_row_is_the_table_s(tmp_path: Path) -> None:
    rows = [row if n < 3 else [row[0], f"{row[1]}（亿元）", *row[2:]] for n, row in enumerate(with_unit(""))]
    check(read(tmp_path, rows))


def test_a_unit_that_the_user_gives_against_the_head_is_told(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text(BASE), encoding="utf-8")
    table = read_table(path, "万元")
    check(table, 1e-4)
    assert any("says 亿元" in note and "万元" in note for note in table.notes)


IMPORTS: Rows = [["01", "", 1, 3, 1, 0, 0, 0, 0], ["02", "", 2, 4, 3, 0, 1, 0, 0]]


def of_home_goods(rows: Rows) -> Rows:
    """The table with its imports taken out of every flow: 5 of farming's, 10 of coal's."""
    out = [row[:9] + row[10:] if n >= 2 else row for n, row in enumerate(deepcopy(rows))]
    for k, bought in enumerate(IMPORTS):
        for j in range(2, 9):
            out[3 + k][j] = int(out[3 + k][j]) - int(bought[j])
    return out


@pytest.mark.parametrize("form", ["{}（进口）", "{}-进口品", "{} (imported)", "进口{}", "进口：{}"])
@pytest.mark.parametrize("mixed", [False, True])
def test_imports_are_known_by_a_word_before_or_behind_their_names(tmp_path: Path, form: str, mixed: bool) -> None:
    rows = of_home_goods(BASE)
    bought = [[row[0], form.format(BASE[3 + k][1]), *row[2:]] for k, row in enumerate(IMPORTS)]
    home, rest = rows[3:5], rows[5:]
    goods = [home[0], bought[0], home[1], bought[1]] if mixed else [*home, *bought]
    check(read(tmp_path, [*rows[:3], *goods, *rest]))


def test_a_sheet_of_imports_in_another_unit_is_turned_into_the_table_s(tmp_path: Path) -> None:
    rows = of_home_goods(BASE)
    (tmp_path / "home.csv").write_text(text(rows), encoding="utf-8")
    bought = [[row[0], BASE[3 + k][1], *(10_000 * int(c) for c in row[2:])] for k, row in enumerate(IMPORTS)]
    other = [["进口品"], ["单位：万元"], rows[2][:9], *bought]
    (tmp_path / "imports.csv").write_text(text(other), encoding="utf-8")
    check(read_table(tmp_path / "home.csv", imports=tmp_path / "imports.csv"))


@pytest.mark.parametrize("form", ["—{}", "负{}", "負{}", "─{}", "-({})", "(-{})", "（{}）", "{}-", "▲{}"])
def test_a_minus_is_read_in_every_form(tmp_path: Path, form: str) -> None:
    check(read(tmp_path, BASE, form=lambda n: form.format(-n) if n < 0 else str(n)))


def test_a_credit_is_not_read_as_what_is_owed(tmp_path: Path) -> None:
    rows = [[f"{-c} CR" if isinstance(c, int) and c < 0 else c for c in row] for row in BASE]
    path = tmp_path / "table.csv"
    path.write_text(text(rows), encoding="utf-8")
    assert "2 CR" in refused(path)


@pytest.mark.parametrize("sign", ["───", "ー", "- -", ". .", "--.--", "……", "保密", "暂无", "(D)", "n.d"])
def test_nothing_is_nothing_by_any_sign(tmp_path: Path, sign: str) -> None:
    rows = [[0 if c == 15 else c for c in row] for row in deepcopy(BASE)]
    rows[4][10], rows[4][4] = 90, 35
    rows[8][3] = 29
    want = read(tmp_path, rows)
    got = read(tmp_path, [[sign if c == 0 else c for c in row] for row in rows])
    np.testing.assert_array_equal(got.use, want.use)


@pytest.mark.parametrize("form", ["≈{}", "{}%", "{}×10^0"])
def test_numbers_that_nobody_can_read_are_one_cause(tmp_path: Path, form: str) -> None:
    rows = [[form.format(f"{float(c):.1f}") if isinstance(c, int) else c for c in row] for row in BASE]
    path = tmp_path / "table.csv"
    path.write_text(text(rows), encoding="utf-8")
    assert "numbers" in refused(path)


def test_all_numbers_rounded_to_fives_miss_their_sums_by_no_more(tmp_path: Path) -> None:
    rows = [[5 * round(c / 5) if isinstance(c, int) else c for c in row] for row in deepcopy(BASE)]
    assert read(tmp_path, rows).output.tolist() == [80, 90]


@pytest.mark.parametrize("spoil", ["byte", "twice", "quotes"])
def test_encodings_that_were_spoilt_are_mended_or_refused(tmp_path: Path, spoil: str) -> None:
    path, plain = tmp_path / "table.csv", text(BASE)
    if spoil == "byte":
        content = bytearray((plain + "\n注：" + "本表按当年生产者价格计算，" * 90).encode("gb18030"))
        content[7] = 0xFF  # in the title
        path.write_bytes(bytes(content))
    elif spoil == "twice":
        path.write_text(plain.encode("gb18030").decode("latin_1"), encoding="utf-8")
    else:
        path.write_text("\n".join(";".join(f"'{c}'" for c in row) for row in BASE), encoding="utf-8")
    check(read_table(path))
