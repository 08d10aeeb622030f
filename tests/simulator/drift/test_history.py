"""Price history: what is refused, what is mended, and that the mending is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.drift.history import read_history, screen, split_in_time, z_score


def monthly(months: int = 36) -> pd.DataFrame:
    dates = pd.date_range("2021-07-31", periods=months, freq="ME")
    wiggle = np.random.default_rng(0).normal(0, 0.05, months)
    return pd.DataFrame({"date": dates.astype(str), "close": 50 * np.exp(0.02 * np.arange(months) + wiggle)})


def test_a_month_end_close_belongs_to_the_year_it_ends() -> None:
    history = read_history(monthly())
    december = np.flatnonzero(np.isclose(history.t, 2022.0))[0]
    assert history.year[december] == 2021
    assert history.step == pytest.approx(1 / 12)


def test_a_csv_file_with_comments_reads_like_the_table(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("# month-end closes, yuan/t\n" + monthly().to_csv(index=False))
    np.testing.assert_allclose(read_history(file).price, read_history(monthly()).price)


def test_rows_in_reverse_order_are_the_same_history() -> None:
    np.testing.assert_array_equal(read_history(monthly()[::-1]).price, read_history(monthly()).price)


def test_a_missing_month_is_interpolated_in_logarithms_and_counted() -> None:
    rows = monthly()
    history = read_history(rows.drop(index=10))
    assert history.preparation.interpolated == 1
    assert history.price[10] == pytest.approx(np.sqrt(rows.close[9] * rows.close[11]))


def test_a_month_with_few_trading_days_is_no_month_end_close() -> None:
    rows = monthly().assign(trading_days=20)
    rows.loc[35, "trading_days"] = 2
    history = read_history(rows)
    assert (history.preparation.short_periods, history.price.size) == (1, 35)


def test_an_isolated_spike_is_replaced_by_its_neighbours_and_counted() -> None:
    rows = monthly()
    rows.loc[20, "close"] *= 10
    history = read_history(rows)
    assert history.preparation.replaced == 1
    assert rows.close[18:23].drop(20).min() <= history.price[20] <= rows.close[18:23].drop(20).max()


def test_a_lasting_jump_of_the_price_is_no_outlier() -> None:
    wiggle = np.random.default_rng(1).normal(0, 0.05, 40)
    kept, box, sd = screen(np.where(np.arange(40) < 20, 0.0, 0.2) + wiggle)
    assert not box.any()
    assert not sd.any()
    np.testing.assert_array_equal(kept, np.where(np.arange(40) < 20, 0.0, 0.2) + wiggle)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d.drop(columns="close"), "needs columns date and"),
        (lambda d: d.iloc[:10], "10 usable rows, at least 24"),
        (lambda d: pd.concat([d, d.iloc[[4]]], ignore_index=True), "dates appear twice, row 36"),
        (lambda d: d.assign(close=d.close.where(d.index != 7, 0.0)), "above zero yuan/t, row 7"),
        (lambda d: d.assign(close=d.close.where(d.index != 7, -5.0)), "above zero yuan/t, row 7"),
        (lambda d: d.assign(close=d.close.astype(str).where(d.index != 3, "n/a?")), "not a number, row 3"),
        (lambda d: d.assign(date=d.date.where(d.index != 3, "31st of May")), "unreadable dates, row 3"),
        (lambda d: d.drop(index=range(10, 14)), "4 periods without a price after 2022-04"),
        (lambda d: d.assign(close=d.close * 1e6), "yuan per tonne"),
        (lambda d: d.assign(date=pd.date_range("1990", periods=36, freq="YE").astype(str)), "days apart"),
    ],
)
def test_a_bad_price_history_is_refused_by_name_and_row(change, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=text):
        read_history(change(monthly()))


def test_two_closes_in_one_month_are_refused() -> None:
    rows = monthly()
    extra = pd.DataFrame({"date": ["2022-03-15"], "close": [50.0]})
    with pytest.raises(ValueError, match="more than one row in 2022-03"):
        read_history(pd.concat([rows, extra], ignore_index=True))


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(b"\xff\xfe\x00\x01" * 40)
    with pytest.raises(ValueError, match=r"prices\.csv"):
        read_history(file)


def test_weekly_and_daily_prices_are_recognised() -> None:
    days = pd.bdate_range("2022-01-03", periods=300)
    table = pd.DataFrame({"date": days, "close": np.linspace(50, 60, 300)})
    assert read_history(table).step == pytest.approx(1 / 252)
    assert read_history(table.iloc[::5]).step == pytest.approx(1 / 52)


def test_no_test_row_is_older_than_a_training_row() -> None:
    t = np.repeat(np.arange(100.0), 3)
    train_end, valid_end = split_in_time(t)
    shares = [(t <= train_end).mean(), ((t > train_end) & (t <= valid_end)).mean(), (t > valid_end).mean()]
    np.testing.assert_allclose(shares, [0.70, 0.15, 0.15])


def test_a_feature_that_never_varies_is_left_at_its_scale() -> None:
    mean, sd = z_score(np.column_stack([np.ones(5), np.arange(5.0)]))
    np.testing.assert_allclose(mean, [1, 2])
    assert sd[0] == 1
