"""Weekly closes of real carbon markets: read, cleaned, put on a grid of Fridays.

What is done is said in the README beside the data: the EU starts with its second phase, closes must be above zero, a
week without a quote keeps the last close and is marked as not traded. Nothing that a forecast could fail at is removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.simulator.drift.history import HistoryError
from tanshi.simulator.drift.state import Array

FILE = Path(__file__).parent / "closes_weekly.csv"
STARTS: Mapping[str, str] = {"EU": "2008-04-04"}
"""First week used, where a market's own beginning is left out."""

AUCTIONED = ("CAL", "QUE", "RGGI", "UK")
"""Markets whose price is an auction's: no weekly series."""

LEAST_WEEKS = 60
"""Weeks a market needs: a year to set its scale by, and some to look at."""

FURTHEST_APART = 10
"""Days between one price and the next, as a rule, beyond which a file is neither daily nor weekly."""

Days = NDArray[np.datetime64]
WEEK = np.timedelta64(7, "D")


@dataclass(frozen=True)
class Closes:
    """One market, a row a week.

    Attributes
    ----------
    market, currency
        Names.
    week
        (n,) Fridays, no gaps.
    log_close
        (n,) logarithm of the last close known that week.
    traded
        (n,) true where there was a quote that week.
    """

    market: str
    currency: str
    week: Days
    log_close: Array
    traded: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.week.size)

    def upto(self, row: int) -> Closes:
        """The market as it was known at ``row``, that row included."""
        cut = slice(0, row + 1)
        return replace(self, week=self.week[cut], log_close=self.log_close[cut], traded=self.traded[cut])

    def before(self, day: str | np.datetime64) -> Closes:
        """The weeks that ended before ``day``."""
        return self.upto(int(np.searchsorted(self.week, np.datetime64(day))) - 1)


@lru_cache(maxsize=1)
def real_markets() -> Mapping[str, Closes]:
    """The nine weekly markets that come with the program, by name."""
    table = pd.read_csv(FILE)
    out = {}
    for name, rows in table.groupby("market"):
        if name in AUCTIONED:
            continue
        rows = rows[(rows["week_ending"] >= STARTS.get(str(name), "")) & (rows["close"] > 0)]
        out[str(name)] = on_fridays(
            str(name), str(rows["currency"].iloc[0]), rows["week_ending"].to_numpy("datetime64[D]"), rows["close"]
        )
    return out


def on_fridays(market: str, currency: str, days: Days, close: pd.Series) -> Closes:
    """Weekly closes of prices at ``days`` in any order: the last of each week that ends on a Friday."""
    order = np.argsort(days, kind="stable")
    days, values = days[order], np.log(close.to_numpy(dtype=float))[order]
    to_friday = (4 - (days.astype("datetime64[D]").astype(np.int64) + 3) % 7) % 7  # 1 January 1970: a Thursday
    friday = days + to_friday.astype("timedelta64[D]")
    last = np.flatnonzero(np.r_[friday[1:] != friday[:-1], True])
    week = np.arange(friday[0], friday[-1] + WEEK, WEEK)
    at = ((friday[last] - friday[0]).astype(np.int64) // 7).astype(np.intp)
    traded = np.zeros(week.size, dtype=bool)
    traded[at] = True
    known = np.maximum.accumulate(np.where(traded, np.arange(week.size), 0))
    log_close = np.zeros(week.size)
    log_close[at] = values[last]
    return Closes(market, currency, week, log_close[known], traded)


def closes_of(market: str, frame: pd.DataFrame) -> Closes:
    """A market's weeks from daily or weekly prices: columns ``date`` (rising) and ``close`` (above 0).

    Raises
    ------
    HistoryError
        Rows more than ten days apart as a rule, fewer than `LEAST_WEEKS` weeks, or a price that never moves.
    """
    days = frame["date"].to_numpy("datetime64[D]")
    if days.size < 2 or float(np.median(np.diff(days).astype(int))) > FURTHEST_APART:
        raise HistoryError("rows that lie further apart than a week")
    closes = on_fridays(market, "", days, frame["close"])
    traded = int(closes.traded.sum())
    if traded < LEAST_WEEKS:
        raise HistoryError(
            "at least {least_weeks} weeks with a price are expected, found {traded}: a year sets the "
            "scale, and some weeks must be left to hold out",
            least_weeks=LEAST_WEEKS,
            traded=traded,
        )
    if float(np.ptp(closes.log_close)) == 0.0:
        raise HistoryError(
            "a price that stands at {price:g} throughout: how far it strays cannot be told from it",
            price=float(frame["close"].iloc[0]),
        )
    return closes
