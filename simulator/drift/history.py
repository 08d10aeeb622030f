"""Price history: read, checked, put on a regular grid, screened for outliers, each step counted.

The preprocessing follows Huo et al. (2026), section 1.1: gaps by interpolation, outliers by box plot and
standard deviation with median replacement, z-score, 70/15/15 split. Here the split is in time order, so that
no test row is older than a training row, and the screens look at the distance from a local median, so that a
trend is no outlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tanshi.errors import Message, TanshiError
from tanshi.simulator.drift.state import Array, Mask

PRICE_COLUMNS = ("close", "close_last", "price", "vwap", "close_mean")
SPLIT = (0.70, 0.15, 0.15)
MIN_ROWS = 24
MIN_TRADING_DAYS = 5
_LONGEST_GAP = {"M": 2, "W": 4, "B": 10}  # a Golden Week closes the exchange for up to 8 trading days
_STEP = {"M": 1 / 12, "W": 1 / 52, "B": 1 / 252}  # years
_EPOCH = np.datetime64("1970-01-01")
_PLAUSIBLE = (0.5, 5000.0)  # yuan/t


class HistoryError(TanshiError, ValueError):
    """A history that cannot be used; the message names the rows."""


@dataclass(frozen=True)
class Preparation:
    """What was done to the rows on the way: counts."""

    rows: int
    short_periods: int
    interpolated: int
    box_plot: int
    standard_deviation: int
    replaced: int


@dataclass(frozen=True)
class PriceHistory:
    """Carbon price on a regular grid.

    Attributes
    ----------
    t
        (n,) decimal years of the period ends.
    year
        (n,) calendar year of each observation (a December close at t = 2023.0 belongs to 2022).
    price
        (n,) yuan/t, positive.
    step
        Years between observations: 1/12, 1/52 or 1/252.
    column
        Name of the price column used.
    preparation
        Counts of every preprocessing step.
    """

    t: Array
    year: NDArray[np.int64]
    price: Array
    step: float
    column: str
    preparation: Preparation


def read_history(
    source: pd.DataFrame | str | Path,
    column: str | None = None,
    *,
    fence: float = 3.0,
    deviations: float = 4.0,
) -> PriceHistory:
    """Price history from a table with a `date` and a price column, daily, weekly or monthly.

    Parameters
    ----------
    source
        DataFrame or CSV file (lines starting with # are comments). Month-end closes suit a mean-reversion
        fit; monthly means do not, since averaging creates autocorrelation (Working, 1960, Econometrica 28(4),
        916-918).
    column
        Price column, yuan/t; default the first of `PRICE_COLUMNS` present. Where a column `trading_days`
        exists, periods with fewer than `MIN_TRADING_DAYS` are left out: their close is not a period-end
        close.
    fence
        Box-plot fence in interquartile ranges beyond the quartiles.
    deviations
        Standard-deviation fence.

    Raises
    ------
    HistoryError
        Missing columns, unreadable dates or prices, duplicates, non-positive or implausible prices, gaps too
        long to interpolate, or fewer than `MIN_ROWS` rows; the message names the rows.
    """
    frame, name, chosen = _columns_of(source, column)
    dates = pd.to_datetime(frame["date"], errors="coerce")
    _refuse(name, Message("unreadable dates"), frame.index[dates.isna()])
    raw = frame[chosen]
    price = pd.to_numeric(raw, errors="coerce")
    _refuse(name, Message("{chosen} is not a number", chosen=chosen), frame.index[price.isna() & raw.notna()])
    _refuse(name, Message("{chosen} must be above zero yuan/t", chosen=chosen), frame.index[price <= 0])
    _refuse(name, Message("dates appear twice"), frame.index[dates.duplicated()])
    short = pd.Series(False, index=frame.index)
    if "trading_days" in frame.columns:
        short = pd.to_numeric(frame["trading_days"], errors="coerce") < MIN_TRADING_DAYS
    keep = price.notna() & ~short
    if keep.sum() < MIN_ROWS:
        raise HistoryError(
            "{name}: {total} usable rows, at least {min_rows} are needed for a fit",
            name=name,
            total=int(keep.sum()),
            min_rows=MIN_ROWS,
        )
    typical = float(price[keep].median())
    if not _PLAUSIBLE[0] <= typical <= _PLAUSIBLE[1]:
        raise HistoryError(
            "{name}: median {chosen} is {typical:g}; prices are expected in yuan per tonne of CO2",
            name=name,
            chosen=chosen,
            typical=typical,
        )

    code, number, filled, missing = _regular(name, dates[keep], price[keep])
    screened, box, sd = screen(np.log(filled), fence=fence, deviations=deviations)
    counts = Preparation(
        rows=len(frame),
        short_periods=int(short.sum()),
        interpolated=missing,
        box_plot=int(box.sum()),
        standard_deviation=int(sd.sum()),
        replaced=int((box | sd).sum()),
    )
    last = _last_day(code, number)
    year = last.astype("datetime64[Y]").astype(np.int64) + 1970
    if code == "M":
        t = (number + 1) / 12.0
    else:
        start = last.astype("datetime64[Y]").astype("datetime64[D]")
        length = (start.astype("datetime64[Y]") + np.timedelta64(1, "Y")).astype("datetime64[D]") - start
        t = year + ((last - start).astype(float) + 1.0) / length.astype(float)
    return PriceHistory(t, year, np.exp(screened), _STEP[code], str(chosen), counts)


def _columns_of(source: pd.DataFrame | str | Path, column: str | None) -> tuple[pd.DataFrame, str, str]:
    """The table, what messages call it, and its price column."""
    if isinstance(source, pd.DataFrame):
        frame = source
        name: str = Message("price history")
    else:
        name = str(source)
        try:
            frame = pd.read_csv(source, comment="#")
        except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as problem:
            raise HistoryError(
                "{name}: cannot be read as a CSV table ({problem})", name=name, problem=problem
            ) from problem
    chosen = column if column is not None else next((c for c in PRICE_COLUMNS if c in frame.columns), None)
    if "date" not in frame.columns or chosen is None or chosen not in frame.columns:
        wanted = column or Message("one of {names}", names=", ".join(PRICE_COLUMNS))
        raise HistoryError(
            "{name}: needs columns date and {wanted}; found {columns}",
            name=name,
            wanted=wanted,
            columns=", ".join(map(str, frame.columns)),
        )
    return frame, name, chosen


def screen(x: ArrayLike, *, fence: float = 3.0, deviations: float = 4.0) -> tuple[Array, Mask, Mask]:
    """Values `x` (n,), outliers replaced by their local median, and the flags of box plot and s.d.

    Flagged are distances from the median of the two neighbours on each side (the value itself would draw the
    median to it and make most distances zero): a lasting jump of the price passes, an isolated spike does
    not. Fences of 3 interquartile ranges and 4 s.d. leave the fat tails of real prices alone.
    """
    x = np.asarray(x, dtype=float)
    around = pd.DataFrame({shift: pd.Series(x).shift(shift) for shift in (-2, -1, 1, 2)})
    enough = around.notna().sum(axis=1).to_numpy() >= 3  # the first and last value have one side only: not judged
    local = np.where(enough, around.median(axis=1).to_numpy(), x)
    distance = x - local
    low, high = np.percentile(distance, [25, 75])
    reach = fence * (high - low) + 1e-12
    box = (distance < low - reach) | (distance > high + reach)
    sd = np.abs(distance - distance.mean()) > deviations * distance.std() + 1e-12
    return np.where(box | sd, local, x), box, sd


def split_in_time(t: ArrayLike, shares: tuple[float, float, float] = SPLIT) -> tuple[float, float]:
    """Last training and last validation time (years) of a split in time order of the distinct times in `t`.

    Raises
    ------
    HistoryError
        If there are fewer than ten distinct times.
    """
    distinct = np.unique(np.asarray(t, dtype=float))
    if distinct.size < 10:
        raise HistoryError("a 70/15/15 split needs at least 10 distinct times, got {size}", size=distinct.size)
    ends = np.round(np.cumsum(shares)[:2] * distinct.size).astype(int) - 1
    return float(distinct[ends[0]]), float(distinct[ends[1]])


def z_score(x: Array) -> tuple[Array, Array]:
    """Mean and s.d. over the rows of `x` (n, k), (k,) each; a feature that does not vary gets s.d. 1."""
    sd = x.std(axis=0)
    return x.mean(axis=0), np.where(sd > 1e-9, sd, 1.0)


def _regular(name: str, dates: pd.Series, price: pd.Series) -> tuple[str, NDArray[np.int64], Array, int]:
    order = dates.sort_values().index
    gap = float(dates[order].diff().dt.days.median())
    if gap <= 3.5:
        code = "B"
    elif gap <= 10:
        code = "W"
    elif 25 <= gap <= 35:
        code = "M"
    else:
        raise HistoryError(
            "{name}: rows are {gap:g} days apart; daily, weekly or monthly prices are expected", name=name, gap=gap
        )
    number = _number(code, dates[order].to_numpy().astype("datetime64[D]"))
    double = number[1:][np.diff(number) == 0]
    if double.size:
        raise HistoryError("{name}: more than one row in {label}", name=name, label=_label(code, double[0]))
    gap_at = int(np.argmax(np.diff(number)))
    longest = int(np.diff(number)[gap_at]) - 1
    if longest > _LONGEST_GAP[code]:
        raise HistoryError(
            "{name}: {longest} periods without a price after {label}; gaps of up to {longest_gap} "
            "are interpolated, longer ones are not",
            name=name,
            longest=longest,
            label=_label(code, number[gap_at]),
            longest_gap=_LONGEST_GAP[code],
        )
    grid = np.arange(number[0], number[-1] + 1)
    filled = np.exp(np.interp(grid, number, np.log(price[order].to_numpy(dtype=float))))
    return code, grid, filled, int(grid.size - number.size)


def _number(code: str, day: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Running number of the month, the week from Monday, or the working day each date lies in."""
    if code == "M":
        return day.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    if code == "W":
        return (day.astype(np.int64) + 3) // 7  # 1 January 1970 was a Thursday
    return np.busday_count(_EPOCH, day).astype(np.int64)


def _last_day(code: str, number: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Last trading day of each period: the month's last day, the week's Friday, the day itself."""
    if code == "M":
        next_first: NDArray[np.datetime64] = (number - 1970 * 12 + 1).astype("datetime64[M]").astype("datetime64[D]")
        return next_first - np.timedelta64(1, "D")
    if code == "W":
        return (number * 7 + 1).astype("datetime64[D]")
    return np.busday_offset(_EPOCH, number)


def _label(code: str, number: np.int64) -> str:
    return str(_last_day(code, np.array([number]))[0].astype("datetime64[M]" if code == "M" else "datetime64[D]"))


def _refuse(name: str, what: str, rows: pd.Index) -> None:
    if len(rows):
        shown = ", ".join(str(r) for r in rows[:5]) + (", ..." if len(rows) > 5 else "")
        raise HistoryError("{name}: {what}, row {shown}", name=name, what=what, shown=shown)
