"""Small tables, invented, each with one fault of real ones: read as what they say, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.mapping import UnknownSectors, assign, doubts, draft
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable

FILES = Path(__file__).parent / "files"
SECTORS = tuple(str(s) for s in load_economy("shanxi_2022").sectors["sector"])
USE = np.array([[10.0, 20.0], [5.0, 15.0]])
OUTPUT = np.array([80.0, 90.0])


def table(name: str) -> NationalTable:
    return read_table(FILES / name)


def assert_control(got: NationalTable, factor: float = 1.0) -> None:
    """The control table, times what a unit makes of it."""
    np.testing.assert_allclose(got.use, factor * USE)
    np.testing.assert_allclose(got.output, factor * OUTPUT)
    assert got.gdp() == pytest.approx(factor * 120.0)


@pytest.mark.parametrize(
    "name",
    ["table_ok.csv", "banner_none_ok.xlsx", "banner_over_the_block.xlsx", "semicolon.csv", "utf16.csv",
     "negative_in_parentheses.csv", "label_code_and_name_in_one_cell.csv", "code_row_under_the_names.csv",
     "sector_names_2010_edition.csv", "suggestion_farming_to_chemicals.csv", "year_2015_in_title.csv"],
)  # fmt: skip
def test_layout_and_notation_change_no_number(name: str) -> None:
    assert_control(table(name))


@pytest.mark.parametrize(
    ("name", "yuan"), [("unit_yuan.csv", 1.0), ("unit_baiwan.csv", 1e6), ("unit_qianwan.csv", 1e7)]
)
def test_a_unit_is_read_by_its_whole_word(name: str, yuan: float) -> None:
    assert_control(table(name), yuan / 1e8)  # 80 million yuan are 0.8 yi


def test_blanks_between_thousands_are_no_text() -> None:
    assert_control(table("thousands_nbsp.csv"), 1000.0)


def test_a_colon_is_nothing_and_said() -> None:
    got = table("missing_colon.csv")
    assert got.final["stocks"].iloc[1] == 0.0
    assert "':'" in " ".join(got.notes)


def test_rounded_sums_are_accepted_within_half_a_unit_a_term() -> None:
    got = table("rounded_to_whole_units.csv")
    assert got.gdp() == 13.0
    assert "rounding" in " ".join(got.notes)


def test_a_gap_that_rounding_cannot_make_is_refused(tmp_path: Path) -> None:
    text = (FILES / "rounded_to_whole_units.csv").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(text.replace("1,1,8", "1,1,80"), encoding="utf-8")
    with pytest.raises(UserError, match="equal to gross output"):
        read_table(wrong)


def test_imports_in_rows_below_that_do_not_add_up_are_one_line() -> None:
    with pytest.raises(UserError) as caught:
        table("imports_stacked_below.csv")
    assert len(caught.value.problems) == 1
    assert "Imports stand apart" in str(caught.value)


def test_imports_in_rows_below_are_added_where_they_add_up(tmp_path: Path) -> None:
    text = (FILES / "imports_stacked_below.csv").read_text(encoding="utf-8")
    paid = text.replace(
        "VA004,营业盈余,,12,14", "VA004,营业盈余,,4,4"
    )  # inputs of both kinds and value added are 72, 80
    path = tmp_path / "stacked.csv"
    path.write_text(paid, encoding="utf-8")
    got = read_table(path)
    np.testing.assert_allclose(got.use, [[10.0, 20.0], [5.0, 15.0]])
    np.testing.assert_allclose(got.output, [72.0, 80.0])
    np.testing.assert_allclose(got.final["import"], [13.0, 20.0])
    assert got.unparted == {"consumption"}


def test_the_year_is_that_of_the_title() -> None:
    assert table("year_2015_in_title.csv").year == 2015
    assert table("table_ok.csv").year is None
    told = read_table(FILES / "year_2015_in_title.csv", year=2017)
    assert told.year == 2017
    assert "2015" in told.notes[0]


def test_names_of_another_edition_and_single_crops_are_known() -> None:
    found = {w.labels[-1]: w.parts for name in ("sector_names_2010_edition.csv", "suggestion_farming_to_chemicals.csv")
             for w in assign(table(name), SECTORS)}  # fmt: skip
    assert found["农林牧渔业"] == (("AGR", 1.0),)
    assert found["石油和天然气开采业"] == (("OGAS", 1.0),)
    assert found["农产品"] == found["畜牧产品"] == (("AGR", 1.0),)


def test_an_unknown_sector_gets_no_wrong_suggestion_and_a_draft(tmp_path: Path) -> None:
    text = (FILES / "table_ok.csv").read_text(encoding="utf-8").replace("煤炭采选产品", "量子纠缠")
    path = tmp_path / "odd.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnknownSectors) as caught:
        assign(read_table(path), SECTORS)
    assert "Did you mean" not in str(caught.value)
    lines = draft(caught.value.went).splitlines()
    assert lines[1].split(",")[:3] == ["01", "农林牧渔产品和服务", "AGR"]
    assert lines[2].split(",")[2] == ""
    assert lines[2].endswith("FILL IN")


def test_a_mapping_shifted_by_one_is_noticed(tmp_path: Path) -> None:
    shifted = tmp_path / "map.csv"
    shifted.write_text("code,sector\n01,COAL\n02,OGAS\n", encoding="utf-8")
    went = assign(table("table_ok.csv"), SECTORS, shifted)
    assert "disagree for 2 sectors" in doubts(went)[0]
