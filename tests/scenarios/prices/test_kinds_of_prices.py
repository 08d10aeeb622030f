"""Price files of vendors: dates, headings and sheets as terminals export them; two possible readings are asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.prices.choice import Choice
from tanshi.scenarios.prices.read import read_prices
from tests.scenarios.prices.test_market_files import CLOSE, DAYS, check, refused, rows, written

RUSSIAN = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
           "декабря")  # fmt: skip


@pytest.mark.parametrize(
    "form",
    [
        "{:%Y.%m.%d.}".format,
        "{:%d.%m.%Y} r.".format,
        lambda d: f"{d:%d%b%Y}".upper(),
        "{:%b-%d-%Y}".format,
        "{:%Y-%b-%d}".format,
        "{:%Y_%m_%d}".format,
        "{:%Y %m %d}".format,
        "{:%Y–%m–%d}".format,
        "{:%a %d/%m/%Y}".format,
        "{:%Y-%j}".format,
        "{:%Y%m%dT000000Z}".format,
        "{:%d %b '%y}".format,
        "{:%Y-%m-%d*}".format,
        lambda d: f"{d.day}th {d:%B %Y}",
        lambda d: f"{d:%Y/%m/%d}（{'月火水木金土日'[d.weekday()]}）",
        "{:%Y년 %m월 %d일}".format,
        lambda d: f"民国{d.year - 1911}年{d.month}月{d.day}日",
        lambda d: f"{d.day} {RUSSIAN[d.month - 1]} {d.year}",
        lambda d: str(d.value),
        lambda d: f"{d.timestamp():.1f}",
    ],
)
def test_dates_of_other_programs(tmp_path: Path, form: Callable[[pd.Timestamp], str]) -> None:
    check(read_prices(written(tmp_path, rows(form))))


@pytest.mark.parametrize(
    "head",
    [
        ("Dates", "PX_LAST"),
        ("TRADE_DT", "S_DQ_CLOSE"),
        ("As of", "Settle"),
        ("일자", "종가"),
        ("Дата", "Цена закрытия"),
    ],
)
def test_headings_of_terminals(tmp_path: Path, head: tuple[str, str]) -> None:
    made = [[*row, "120"] for row in rows(head=head)]
    made[0][2] = "PX_VOLUME"
    check(read_prices(written(tmp_path, made)))


def test_what_stands_between_headings_and_prices_is_passed_over(tmp_path: Path) -> None:
    made = rows(head=("指标名称", "全国碳市场:收盘价"))
    below = [["频率", "日"], ["单位", "元/吨"], ["指标ID", "S1234567"], ["来源", "交易所"]]
    check(read_prices(written(tmp_path, [made[0], *below, *made[1:]])))


def test_headings_in_two_rows_are_one(tmp_path: Path) -> None:
    told = [[day, f"{float(price) - 1:.2f}", price] for day, price in rows()[1:]]
    check(read_prices(written(tmp_path, [["日期", "全国碳市场", ""], ["", "开盘价", "收盘价"], *told])))


def test_a_date_above_the_headings_is_no_heading(tmp_path: Path) -> None:
    got = read_prices(written(tmp_path, [["更新日期", "2024-01-05"], *rows(head=("日期", "收盘价"))]))
    check(got)
    assert got.column == "收盘价"


def test_pages_print_headings_and_titles_again(tmp_path: Path) -> None:
    made = rows(head=("日期", "收盘价"))
    paged = [
        line for k in range(1, len(made), 40) for line in (["全国碳市场行情（续）", ""], made[0], *made[k : k + 40])
    ]
    check(read_prices(written(tmp_path, paged)))


def test_two_columns_of_one_name_are_asked_for_unless_they_are_the_same(tmp_path: Path) -> None:
    other = [[*row, f"{8 * float(row[1]):.2f}" if k else "close"] for k, row in enumerate(rows())]
    assert "one column of prices" in refused(written(tmp_path, other))
    check(read_prices(written(tmp_path, [[*row, row[1]] for row in rows()])))


def test_two_currencies_one_below_the_other_are_two_series(tmp_path: Path) -> None:
    made = [[*row, ("EUR" if k < 200 else "USD") if k else "currency"] for k, row in enumerate(rows())]
    assert "one series" in refused(written(tmp_path, made))


@pytest.mark.parametrize(
    ("head", "times"),
    [("收盘价（分）", 100.0), ("收盘价(角)", 10.0), ("close (EUR cents/t)", 100.0), ("价格（万元）", 1e-4)],
)
def test_parts_of_a_currency_are_turned_into_it(tmp_path: Path, head: str, times: float) -> None:
    made = [["date", head], *([day, f"{float(price) * times:.8f}"] for day, price in rows()[1:])]
    got = read_prices(written(tmp_path, made))
    np.testing.assert_allclose(got.frame["close"], CLOSE, rtol=1e-9)
    assert any("multiplied" in note for note in got.notes)


def test_cents_behind_every_price_are_refused(tmp_path: Path) -> None:
    made = [["date", "close"], *([day, f"{100 * float(price):.0f}c"] for day, price in rows()[1:])]
    assert "hundredths" in refused(written(tmp_path, made))


def test_thousands_that_part_cells_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    lines = [f"{day:%Y-%m-%d},{100 * price:,.2f}" for day, price in zip(DAYS, CLOSE, strict=True)]
    path.write_text("date,close\n" + "\n".join(lines), encoding="utf-8")
    assert "3 cells for 2 headings" in refused(path)


def test_what_one_notation_leaves_unread_is_no_second_cause(tmp_path: Path) -> None:
    made = rows()
    made[9][1] = "50,12"
    assert "one notation" in refused(written(tmp_path, made))
    switched = [
        row if k < 200 else [f"{DAYS[k - 1]:%m/%d/%Y}", row[1]] for k, row in enumerate(rows("{:%d/%m/%Y}".format))
    ]
    assert "day first or month first" in refused(written(tmp_path, switched))


def test_days_without_a_price_may_say_so_as_programs_do(tmp_path: Path) -> None:
    made = rows()
    free = [[f"{day:%Y-%m-%d}", "NaN"] for day in pd.date_range(DAYS[0], DAYS[-1]) if day.weekday() > 4]
    check(read_prices(written(tmp_path, [made[0], *sorted([*made[1:], *free])])))


def test_unmarked_stamps_that_fall_on_sundays_are_told(tmp_path: Path) -> None:
    made = rows(lambda d: f"{d - pd.Timedelta(hours=8):%Y-%m-%d %H:%M:%S}")
    assert any("Sunday to Thursday" in note for note in read_prices(written(tmp_path, made)).notes)


def test_of_several_sheets_with_prices_one_is_asked_for(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "说明"
    for name, times in (("EU", 8.0), ("China", 1.0)):
        sheet = book.create_sheet(name)
        sheet.append(["日期", "收盘价"])
        for day, price in zip(DAYS, CLOSE, strict=True):
            sheet.append([day.to_pydatetime(), times * float(price)])
    path = tmp_path / "own.xlsx"
    book.save(path)
    assert "EU, China" in refused(path)
    check(read_prices(path, Choice(sheet="China")))
