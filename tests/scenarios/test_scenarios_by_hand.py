"""Small inputs and what they come to, worked out by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from tanshi.scenarios.by_year import ByYear
from tanshi.scenarios.document import Document
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.factors import _figure_range
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.national.guess import SURE
from tanshi.scenarios.national.labels import heading
from tanshi.scenarios.national.mapping import Went, _known, draft, went_table
from tanshi.scenarios.national.numbers import _ungrouped
from tanshi.scenarios.national.sheet import Sheet, _guessed, _sheet
from tanshi.scenarios.national.units import _english
from tanshi.scenarios.prices.columns import find_columns
from tanshi.scenarios.prices.dates import read_dates
from tanshi.scenarios.schema import Benchmarks
from tanshi.simulator.results.variables import SECTORS


def stub(**parts: Any) -> Any:
    return cast(Any, SimpleNamespace(**parts))


def test_an_end_of_a_range_that_makes_no_sense_is_refused_though_no_range_is_published() -> None:
    figure = stub(path="economy.controls.gdp", lowest=0.0, low=None, high=None, expectation="a number >= 0")
    for value, refused in ((-1.0, True), ("high", True), (1.0, False)):
        document = Document()
        found = _figure_range(document, ["factors"], stub(draw=stub(beyond_range=False)), figure, value)
        assert found == ({figure.path} if refused else set())
        assert len(document.problems) == refused


@pytest.mark.parametrize(("value", "refused"), [(0.9, True), (1.0, False), (3.0, False), (3.1, True)])
def test_a_published_range_has_both_its_ends(value: float, refused: bool) -> None:
    figure = stub(path="economy.elasticities.ELEC.armington", lowest=0.0, low=1.0, high=3.0)
    document = Document()
    found = _figure_range(document, ["factors"], stub(draw=stub(beyond_range=False)), figure, value)
    assert (found, len(document.problems)) == ({figure.path} if refused else set(), int(refused))


def test_chinese_is_read_by_its_commonest_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    import charset_normalizer

    def nobody(*_: Any, **__: Any) -> Any:
        raise AssertionError("no guess is needed")

    monkeypatch.setattr(charset_normalizer, "from_bytes", nobody)
    text = "部门,总产出,合计\n农业,1,2\n工业,3,4\n服务业,5,6\n最终消费,7,8\n"
    assert _guessed(text.encode("gb18030"), "a.csv") == (text, "gb18030")


def test_the_order_in_which_days_turn_back_is_the_wrong_one() -> None:
    # The 5th and 12th of five months. Month first they would be May and December in turn, ten times there and back.
    words = [f"{day:02}/{month:02}/2024" for month in range(1, 6) for day in (5, 12)]
    found = read_dates(words)
    assert [(d.day, d.month) for d in found.days if d is not None][:3] == [(5, 1), (12, 1), (5, 2)]
    assert not found.open_order
    assert "day first" in found.notes[0]


def test_a_title_above_the_headings_is_no_heading() -> None:
    cells = (("Carbon market", ""), ("Date", "Close"), ("2024-01-02", "70"), ("2024-01-03", "71"))
    found = find_columns(Sheet("p.csv", cast(Any, cells)))
    assert found is not None
    assert (found.head, found.date, found.price, found.name) == (1, 0, 1, "Close")


def test_figures_are_a_group_and_each_of_them_a_number(tmp_path: Path) -> None:
    told = []
    for text in ("figures: 3\n", "figures: {economy.controls.gdp: much}\n"):
        (tmp_path / "mine.yaml").write_text("extends: S1\nname: mine\n" + text, encoding="utf-8")
        with pytest.raises(ScenarioError) as caught:
            load_scenario(tmp_path / "mine.yaml")
        told.append(caught.value.problems[0].expected)
    assert told[0] == "a group of paths and numbers"
    assert "group" not in told[1]
    assert "number" in told[1]


def test_a_benchmark_that_declines_by_a_tenth_a_year() -> None:
    rule = Benchmarks(STEEL=1.0, decline=0.1)
    assert [rule.at("STEEL", n) for n in range(3)] == pytest.approx([1.0, 0.9, 0.81])
    assert rule.at("PAPER", 2) is None


@pytest.mark.parametrize(
    ("digits", "number"),
    [("1,234.5", "1234.5"), ("12", "12.0"), (".5", "0.5"), (".", None), ("1.2x", None), ("1,23.4", None)],
)
def test_digits_without_marks_of_thousands(digits: str, number: str | None) -> None:
    assert _ungrouped(digits, cast(Any, ".")) == number


def test_merged_cells_of_a_workbook_are_groups() -> None:
    sheet = stub(to_python=lambda skip_empty_area: [["a", ""], ["", ""]], merged_cell_ranges=[((0, 0), (1, 1))])
    assert _sheet(sheet, Path("t.xlsx"), "S", many=False).groups == ((0, 1, 0, 1),)
    bare = stub(to_python=lambda skip_empty_area: [["a"]], merged_cell_ranges=None)
    assert _sheet(bare, Path("t.xlsx"), "S", many=False).groups == ()


@pytest.mark.parametrize(
    ("word", "unit"), [("10^4 yuan", (1e4, "CNY")), ("1e8 yuan", (1e8, "CNY")), ("million yuan", (1e6, "CNY"))]
)
def test_powers_of_ten_in_the_name_of_a_unit(word: str, unit: tuple[float, str]) -> None:
    assert _english(word, bare=False) == unit


def test_what_is_just_sure_enough_needs_no_check() -> None:
    def went(confidence: float, *parts: tuple[str, float]) -> Went:
        return Went(("01", "Coal"), parts, "guess", "", confidence)

    lines = draft([went(SURE, ("COAL", 1.0)), went(SURE - 0.01, ("COAL", 1.0)), went(0.0)]).splitlines()[1:]
    assert [line.rpartition(",")[2] for line in lines] == ["", "CHECK", "FILL IN"]


def test_the_parts_of_a_sector_have_their_shares_of_its_output() -> None:
    went = Went(("25", "Metals"), (("STEEL", 0.75), ("NFM", 0.25)), "mapping", "", 1.0)
    table = went_table([went], stub(output=pd.Series([200.0])))
    assert table[["sector", "gross_output"]].to_numpy().tolist() == [["STEEL", 150.0], ["NFM", 50.0]]


def test_nobody_is_surer_of_a_name_s_stem_than_of_the_name() -> None:
    table = stub(labels=(("煤炭采选产品",),), year=2017)
    for label, how, sure in (("煤炭采选产品", "name", 1.0), ("煤炭采选产品和服务", "stem", 0.97)):
        found = _known((label,), table, tuple(SECTORS), False)
        assert (found.how, found.confidence) == (how, sure)
        assert found.parts == (("COAL", 1.0),)


def test_the_nearest_label_of_a_column_is_its_name() -> None:
    assert heading(["农业"], True).words == ("农业",)
    assert heading(["中间使用", "农业"], True).words == ("农业",)


def test_dates_that_are_as_regular_in_either_order_leave_the_order_open() -> None:
    # The first of January, the second of February: days and months are the same whichever stands first.
    found = read_dates([f"{k:02}/{k:02}/2024" for k in range(1, 7)])
    assert found.open_order
    assert not found.notes


def test_a_value_for_all_years_grows_from_where_it_starts_and_nowhere_else() -> None:
    rule = ByYear(((None, 0.9),), growth=-0.1)
    assert rule.at(2026) == 0.9
    assert rule.at(2026, 2024) == pytest.approx(0.9 * 0.81)
    assert ByYear(((2025, 0.9),), growth=-0.1).at(2026, 2020) == pytest.approx(0.81)
