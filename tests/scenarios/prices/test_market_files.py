"""Price files as exchanges and offices keep them: read as the one series that they are, or one cause with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.prices.read import PriceFile, read_prices

DAYS = pd.bdate_range("2021-07-19", periods=400)
WALK = np.random.default_rng(3).normal(0.0, 0.01, len(DAYS))
CLOSE = np.round(50.0 * np.exp(np.cumsum(WALK)), 2)
NUMERALS = dict(zip("0123456789", "〇一二三四五六七八九", strict=True))
GERMAN = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
          "Dezember")  # fmt: skip
FRENCH = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
          "décembre")  # fmt: skip
LATE = pd.Timedelta(hours=8)


def written(tmp_path: Path, rows: list[list[str]], mark: str = ";") -> Path:
    path = tmp_path / "own.csv"
    path.write_text("\n".join(mark.join(row) for row in rows), encoding="utf-8")
    return path


def rows(
    form: Callable[[pd.Timestamp], str] = "{:%Y-%m-%d}".format, head: tuple[str, str] = ("date", "close")
) -> list[list[str]]:
    return [list(head), *([form(day), f"{price:.2f}"] for day, price in zip(DAYS, CLOSE, strict=True))]


def check(got: PriceFile) -> None:
    assert list(got.frame["date"]) == list(DAYS)
    np.testing.assert_array_equal(got.frame["close"], CLOSE)


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_prices(path)
    assert len(caught.value.problems) == 1
    return str(caught.value)


def in_numerals(day: pd.Timestamp) -> str:
    def said(n: int) -> str:
        tens, ones = divmod(n, 10)
        return (
            ("" if tens < 2 else NUMERALS[str(tens)]) + ("十" if tens else "") + (NUMERALS[str(ones)] if ones else "")
        )

    return f"{''.join(NUMERALS[c] for c in str(day.year))}年{said(day.month)}月{said(day.day)}日"


@pytest.mark.parametrize(
    "form",
    [
        "{:%y-%m-%d}".format,  # the year first, of two digits
        "{:%y/%m/%d}".format,
        "{:%d/%m/%y}".format,
        "{:%m/%d/%y}".format,
        "{:%y%m%d}".format,
        "{:%d%m%Y}".format,
        "{:%y年%m月%d日}".format,
        in_numerals,
        "{:%Y/%m/%d 下午3:00}".format,
        "{:%Y-%m-%d 15时00分}".format,
        lambda d: f"{d.day}. {GERMAN[d.month - 1]} {d.year}",
        lambda d: f"{d.day} {FRENCH[d.month - 1]} {d.year}",
        "{:%a %b %d %Y 00:00:00 GMT+0800 (China Standard Time)}".format,
        "{:%a %b %d 15:00:00 %Y}".format,
        lambda d: "{}-W{:02d}-{}".format(*d.isocalendar()),
        lambda d: f"{d - LATE:%Y-%m-%dT%H:%M:%SZ}",  # local midnight in universal time: the evening before
        lambda d: str(int((d - LATE).timestamp())),
        lambda d: str((d - pd.Timestamp("1904-01-01")).days),  # the other day numbers of Excel
        lambda d: f"{d.year}-{d.day:02d}-{d.month:02d}" if d.day <= 12 else f"{d:%d/%m/%Y}",  # half of them turned
    ],
)
def test_a_date_is_read_in_the_form_that_makes_the_column_regular(
    tmp_path: Path, form: Callable[[pd.Timestamp], str]
) -> None:
    check(read_prices(written(tmp_path, rows(form))))


def test_quarters_and_months_end_on_their_last_day(tmp_path: Path) -> None:
    for forms in (["2021Q3", "2021Q4", "2022Q1"], ["2021M09", "2021M12", "2022M03"], ["Sep-21", "Dec-21", "Mar-22"],
                  ["09/2021", "12/2021", "03/2022"], ["2021年第3季度", "2021年第四季度", "2022年第1季度"]):  # fmt: skip
        lines = [["quarter", "price"], *([form, str(50 + k)] for k, form in enumerate(forms))]
        got = read_prices(written(tmp_path, lines)).frame
        assert [f"{day:%Y-%m-%d}" for day in got["date"]] == ["2021-09-30", "2021-12-31", "2022-03-31"]


def test_year_month_and_day_may_stand_in_columns_of_their_own(tmp_path: Path) -> None:
    lines = [["年", "月", "日", "收盘价"]]
    lines += [[str(d.year), str(d.month), str(d.day), f"{p:.2f}"] for d, p in zip(DAYS, CLOSE, strict=True)]
    check(read_prices(written(tmp_path, lines)))


def test_of_two_dates_the_one_that_changes_counts_and_of_two_hours_the_last(tmp_path: Path) -> None:
    lines = [["Delivery date", "Trade date", "Settle"]]
    lines += [["2022-12-15", f"{d:%Y-%m-%d}", f"{p:.2f}"] for d, p in zip(DAYS, CLOSE, strict=True)]
    check(read_prices(written(tmp_path, lines)))
    lines = [["日期", "时间", "成交价"]]
    for d, p in zip(DAYS, CLOSE, strict=True):
        lines += [[f"{d:%Y-%m-%d}", "10:30:00", f"{p - 1:.2f}"], [f"{d:%Y-%m-%d}", "15:00:00", f"{p:.2f}"]]
    got = read_prices(written(tmp_path, lines))
    check(got)
    assert any("last was taken" in note for note in got.notes)


def test_units_averages_sources_and_days_without_trade_are_no_prices(tmp_path: Path) -> None:
    lines = rows(head=("日期", "收盘价"))
    lines.insert(1, ["", "元/吨"])
    lines.insert(30, ["8月均价", "55.00"])
    lines += [["数据来源：交易所", ""], ["合计", "20000"]]
    got = read_prices(written(tmp_path, lines))
    check(got)
    assert any("3 rows of sums" in note for note in got.notes)
    for word in ("停牌", "无成交", "0.00", "no trade"):
        lines = rows()
        lines[20][1] = word
        got = read_prices(written(tmp_path, lines))
        assert len(got.frame) == len(DAYS) - 1
        assert any("1 rows" in note for note in got.notes)


@pytest.mark.parametrize("mark", ["\t", "  ", " "])
def test_columns_parted_by_blanks_alone(tmp_path: Path, mark: str) -> None:
    check(read_prices(written(tmp_path, rows(), mark)))


def test_a_market_that_trades_from_sunday_keeps_its_sundays(tmp_path: Path) -> None:
    def moved(day: pd.Timestamp) -> str:
        return f"{day - pd.Timedelta(days=1):%Y-%m-%d}"

    got = read_prices(written(tmp_path, rows(moved)))
    assert len(got.frame) == len(DAYS)


def test_decimals_behind_a_comma_that_parts_the_cells_are_told(tmp_path: Path) -> None:
    lines = [[day, price.replace(".", ",")] for day, price in rows()]
    assert "semicolons" in refused(written(tmp_path, lines, ","))


@pytest.mark.parametrize(
    ("line", "day", "price", "word"),
    [(100, "2012-12-03", "50", "a date between"), (200, None, "5130", "misprinted")],
)
def test_a_misprint_is_named_by_its_line(tmp_path: Path, line: int, day: str | None, price: str, word: str) -> None:
    lines = rows()
    lines[line - 1] = [day or lines[line - 1][0], price]
    told = refused(written(tmp_path, lines))
    assert word in told
    assert f"own.csv:{line}" in told


def test_a_change_of_unit_and_a_long_gap_are_told(tmp_path: Path) -> None:
    lines = rows()
    lines[200:] = [[day, f"{100 * float(price):.2f}"] for day, price in lines[200:]]
    assert any("the price changes" in note for note in read_prices(written(tmp_path, lines)).notes)
    lines = rows()
    assert any("no prices from" in note for note in read_prices(written(tmp_path, lines[:100] + lines[300:])).notes)
