"""What reading the real markets keeps, leaves out and refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.drift.history import HistoryError
from tanshi.simulator.drift.markets.closes import FILE, closes_of, real_markets


def test_nine_weekly_markets_without_the_eus_first_phase_and_without_filtering() -> None:
    markets = real_markets()
    assert set(markets) == {
        "EU", "NZ", "CHN", "Beijing", "Shanghai", "Guangdong", "Shenzhen", "Tianjin", "Chongqing"
    }  # fmt: skip
    raw = pd.read_csv(FILE)
    for name, closes in markets.items():
        own = raw[(raw["market"] == name) & (raw["close"] > 0)]
        if name == "EU":
            own = own[own["week_ending"] >= "2008-04-04"]
        assert int(closes.traded.sum()) == len(own)  # no week with a trade is dropped, spikes of thin pilots stay
        assert np.allclose(np.exp(closes.log_close[closes.traded]), own["close"])
        assert (np.diff(closes.week).astype(int) == 7).all()


def test_a_week_without_a_trade_keeps_the_last_close_and_says_so() -> None:
    tianjin = real_markets()["Tianjin"]
    still = np.flatnonzero(~tianjin.traded)
    assert still.size > 100
    assert (tianjin.log_close[still] == tianjin.log_close[still - 1]).all()


def daily(count: int, step: int = 1) -> pd.DataFrame:
    days = pd.date_range("2022-01-03", periods=count, freq=f"{step}D")
    return pd.DataFrame({"date": days, "close": 50.0 + np.arange(count) % 7})


def test_daily_prices_give_the_last_close_of_each_week() -> None:
    closes = closes_of("mine", daily(500))
    assert closes.market == "mine"
    assert pd.DatetimeIndex(closes.week).day_of_week.unique().tolist() == [4]
    frame = daily(500).set_index("date")["close"]
    assert np.exp(closes.log_close[10]) == pytest.approx(frame[pd.Timestamp(closes.week[10])])


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (daily(200), "at least 60 weeks"),
        (daily(80, 30), "further apart than a week"),
        (daily(500).assign(close=80.0), "stands at 80 throughout"),
    ],
)
def test_prices_too_few_too_far_apart_or_that_never_move_are_refused(table: pd.DataFrame, text: str) -> None:
    with pytest.raises(HistoryError, match=text):
        closes_of("mine", table)
