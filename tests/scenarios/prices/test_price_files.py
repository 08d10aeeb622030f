"""Price files of markets as they are kept: read as the same series, or refused by line before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.prices.choice import Choice
from tanshi.scenarios.prices.read import PriceFile, read_prices
from tanshi.simulator.cli.app import main
from tanshi.simulator.studies.learning.training import market_history

FILES = Path(__file__).parent


def prices(name: str) -> PriceFile:
    return read_prices(FILES / name)


def written(tmp_path: Path, text: str, name: str = "own.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


CONTROL = prices("prices_ok.csv").frame
LINES = (FILES / "prices_ok.csv").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "name", ["prices_heads_Date_Close.csv", "prices_semicolon.csv", "prices_timezone_summer.csv", "prices_yyyymmdd.csv"]
)
def test_one_series_in_other_clothes_is_the_same_series(name: str) -> None:
    got = prices(name).frame
    pd.testing.assert_series_equal(got["date"], CONTROL["date"])
    pd.testing.assert_series_equal(got["close"], CONTROL["close"])


@pytest.mark.parametrize(
    ("change", "encoding"),
    [
        (lambda d, p: (f"{d:%d/%m/%Y}", p), "utf-8"),
        (lambda d, p: (f"{d:%m/%d/%Y}", p), "utf-16"),
        (lambda d, p: (f"{d.year}年{d.month}月{d.day}日", p), "gb18030"),
        (lambda d, p: (f"{d:%d-%b-%Y}", p), "utf-8-sig"),
        (lambda d, p: (f"{d:%b} {d.day}, {d.year}", p), "utf-8"),
        (lambda d, p: (str((d - pd.Timestamp("1899-12-30")).days), p), "utf-8"),
        (lambda d, p: (f"{d:%Y/%m/%d} 15:00", f"¥{p}"), "gb18030"),
        (lambda d, p: (f"{d:%Y.%m.%d}", p.replace(".", ",")), "cp1252"),
        (lambda d, p: (f"{d:%Y-%m-%d}T23:30:00+08:00", p), "utf-8"),
    ],
)
def test_dates_and_numbers_of_any_form_are_the_same_series(tmp_path: Path, change, encoding: str) -> None:  # type: ignore[no-untyped-def]
    rows = [change(d, f"{p:.2f}") for d, p in zip(CONTROL["date"], CONTROL["close"], strict=True)]
    heads = ("日期", "收盘价") if encoding == "gb18030" else ("Date", "Settle")
    text = "\n".join(f"{a}\t{b}" for a, b in [heads, *rows])
    got = read_prices(written(tmp_path, text, encoding=encoding)).frame
    pd.testing.assert_series_equal(got["date"], CONTROL["date"])
    pd.testing.assert_series_equal(got["close"], CONTROL["close"])


@pytest.mark.parametrize(
    ("heads", "change"),
    [
        (("", "close"), lambda d, p: (f"{d:%Y-%m-%d}", p)),  # as a program writes its index
        (("年月日", "成交均价"), lambda d, p: (f"{d:%Y-%m-%d} 星期{'一二三四五六日'[d.weekday()]}", f"{p}元")),
        (("Trade date", "Price"), lambda d, p: (f"{d:%d/%m/%Y}", f"{p} €")),
        (("Date", "PX_LAST"), lambda d, p: (f"{d:%Y%m%d}", f"{p} EUR/t")),
    ],
)
def test_headings_and_units_behind_numbers_are_understood(tmp_path: Path, heads, change) -> None:  # type: ignore[no-untyped-def]
    rows = [heads, *(change(d, f"{p:.2f}") for d, p in zip(CONTROL["date"], CONTROL["close"], strict=True))]
    got = read_prices(written(tmp_path, "\n".join(";".join(row) for row in rows))).frame
    pd.testing.assert_series_equal(got["date"], CONTROL["date"])
    pd.testing.assert_series_equal(got["close"], CONTROL["close"])


def test_markets_that_never_trade_on_one_day_are_still_several(tmp_path: Path) -> None:
    rows = [
        f"{d:%Y-%m-%d},{('Hubei', 'Guangdong')[k % 2]},{p}"
        for k, (d, p) in enumerate(zip(CONTROL["date"], CONTROL["close"], strict=True))
    ]
    path = written(tmp_path, "\n".join(["date,market,close", *rows]))
    with pytest.raises(UserError, match=r"Guangdong, Hubei.*--series"):
        read_prices(path)
    assert len(read_prices(path, Choice(series="Hubei")).frame) == -(-len(rows) // 2)


def test_filled_weekends_are_left_out_and_said() -> None:
    got = prices("prices_calendar_days_filled.csv")
    assert max(day.weekday() for day in got.frame["date"]) == 4
    assert "weekends" in got.notes[0]
    assert market_history("shanxi_2022", got).step == pytest.approx(1 / 252)


def test_firsts_of_months_are_months() -> None:
    got = prices("prices_dmy_first_of_month.csv")
    assert set(got.frame["date"].dt.day) == {1}
    assert len(set(got.frame["date"].dt.month)) == 12


def test_an_order_that_nothing_shows_is_asked_for_and_taken(tmp_path: Path) -> None:
    text = "date,close\n" + "\n".join(f"{d:02d}/{d + 1:02d}/2015,{40 + d}" for d in range(1, 12, 2))
    path = written(tmp_path, text)
    with pytest.raises(UserError, match="--day-first or --month-first"):
        read_prices(path, years=1)
    assert list(read_prices(path, Choice(day_first=True), years=1).frame["date"].dt.month) == [2, 4, 6, 8, 10, 12]
    assert list(read_prices(path, Choice(day_first=False), years=1).frame["date"].dt.day) == [2, 4, 6, 8, 10, 12]


@pytest.mark.parametrize(
    ("spoil", "line", "word"),
    [
        (lambda rows: [*rows[:11], "2021-08-02,-1.00", *rows[12:]], 12, "above 0"),
        (lambda rows: ["# closes", *rows[:5], "2021-07-26,many", *rows[6:]], 7, "a number"),
        (lambda rows: [*rows[:5], "31st of May,50", *rows[6:]], 6, "a date"),
        (lambda rows: [*rows[:5], "", "2021-07-23,99.00", *rows[5:]], 7, "one price a date"),
        (lambda rows: [*rows[:5], "2021-02-30,50", *rows[6:]], 6, "a date"),
    ],
)
def test_a_mistake_is_named_by_the_line_an_editor_shows(tmp_path: Path, spoil, line: int, word: str) -> None:  # type: ignore[no-untyped-def]
    path = written(tmp_path, "\n".join(spoil(LINES)))
    with pytest.raises(UserError) as caught:
        read_prices(path)
    assert len(caught.value.problems) == 1
    assert word in str(caught.value)
    assert str(line) in str(caught.value).replace(str(path), "")


def test_a_hundred_bad_cells_are_one_line(tmp_path: Path) -> None:
    rows = [LINES[0], *(row.split(",")[0] + ",x y" if i % 2 else row for i, row in enumerate(LINES[1:201]))]
    with pytest.raises(UserError) as caught:
        read_prices(written(tmp_path, "\n".join(rows)))
    assert len(caught.value.problems) == 1
    assert "and 95 more" in str(caught.value)


def test_one_market_of_several_is_asked_for(tmp_path: Path) -> None:
    text = "market,date,close\n" + "\n".join(f"{m},{row}" for m in ("EU", "NZ") for row in LINES[1:])
    path = written(tmp_path, text)
    with pytest.raises(UserError, match="--series 'EU'"):
        read_prices(path)
    pd.testing.assert_series_equal(read_prices(path, Choice(series="NZ")).frame["close"], CONTROL["close"])


def test_two_prices_of_one_kind_are_asked_for_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    text = "date,CEA close,CCER close\n" + "\n".join(f"{row},7.00" for row in LINES[1:])
    path = written(tmp_path, text)
    with pytest.raises(UserError, match="--column"):
        read_prices(path)
    assert read_prices(path, Choice(column="ccer CLOSE")).frame["close"].unique().tolist() == [7.0]
    with pytest.raises(UserError, match="'CEA close', 'CCER close'"):
        read_prices(path, Choice(column="EUA"))


def test_a_thousand_or_one_is_not_guessed(tmp_path: Path) -> None:
    text = "date;close\n" + "\n".join(f"{row.split(',')[0]};1.{i % 900 + 100}" for i, row in enumerate(LINES[1:]))
    path = written(tmp_path, text)
    with pytest.raises(UserError, match="--decimal"):
        read_prices(path)
    assert read_prices(path, Choice(decimal=",")).frame["close"].iloc[0] == 1100.0


def test_prices_of_one_year_are_refused_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchdiffeq")
    command = ["train", "--prices", str(FILES / "prices_one_year.csv"), "--out", str(tmp_path / "w")]
    assert main([*command, "--work", str(tmp_path / "work")]) == 2
    assert "at least 2 calendar years" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
