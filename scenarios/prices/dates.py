"""Dates as people write them, a column at a time: what one cell leaves open, the column decides, or nobody does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from tanshi.errors import Message
from tanshi.scenarios.national.numbers import Exact
from tanshi.scenarios.prices.forms import EARLIEST, LATEST, LITTLE, Order, parsed, spelled

CLEARLY = 3.0
"""An order of day and month is taken where the others make the column so many times less regular."""
FEW = 0.02
"""Share of days that may break the pattern of a week."""
ENOUGH = 50
"""Days from which on a week has a pattern."""
_BIG = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?=$|[T ])")
_UNIVERSAL = re.compile(r"(?:Z|UTC|GMT|[+-]00:?00)$|^\d{10}(?:\.\d+)?$|^\d{13}$|^\d{16}$|^\d{19}$", re.IGNORECASE)
_READ = {
    "dmy": Message("Dates are read day first: the other order leaves gaps."),
    "mdy": Message("Dates are read month first: the other order leaves gaps."),
    "ymd": Message("Dates are read year first: the other order leaves gaps."),
}
_MOVED = {
    1: Message("Stamps of universal time fall on Sunday to Thursday: each was moved to the local day, +1."),
    -1: Message("Stamps of universal time fall on Tuesday to Saturday: each was moved to the local day, -1."),
}
_ODD = {
    "Sunday to Thursday": Message(
        "Prices fall on Sunday to Thursday: if the stamps are of universal time, write Z behind each; they are moved"
        " then."
    ),
    "Tuesday to Saturday": Message(
        "Prices fall on Tuesday to Saturday: if the stamps are of universal time, write Z behind each; they are moved"
        " then."
    ),
}


@dataclass
class Dates:
    """A column of dates, read.

    Parameters
    ----------
    days
        Of every cell; None where it could not be read.
    unread
        Places of cells that are no dates.
    notes
        What was decided for the whole column.
    clash
        Two cells that cannot be of one order of day and month.
    open_order
        Whether day and month could not be told apart.
    timed
        Whether cells have a time of day.
    """

    days: list[date | None]
    unread: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    clash: tuple[int, int] | None = None
    open_order: bool = False
    timed: bool = False


def read_dates(cells: Sequence[str], day_first: bool | None = None) -> Dates:
    """Dates of a column.

    Parameters
    ----------
    cells
        As they stand in the file.
    day_first
        Whether 01/02/2015 is the first of February; None to find it from the column.

    Examples
    --------
    >>> read_dates(["20210719", "20210720"]).days
    [datetime.date(2021, 7, 19), datetime.date(2021, 7, 20)]
    >>> read_dates(["2021-07-19T01:00:00+08:00", "2021年7月20日"]).days[0]
    datetime.date(2021, 7, 19)
    """
    words = _parted([str(c) if isinstance(c, Exact) else spelled(c) for c in cells])
    out = Dates([None] * len(words))
    out.timed = any(re.search(r"\d{1,2}(?::\d{2}|时|点)", c) for c in cells)
    if any(re.search(r"(?:[+-]\d{2}:?\d{2}|Z)$", w) and ":" in w for w in words):
        out.notes.append(Message("Stamps have a time zone: the local date of each was taken."))
    little = [(i, m) for i, w in enumerate(words) if (m := LITTLE.match(w))]
    order = _order(words, little, day_first, out) if little else "dmy"
    filled = max(1, sum(bool(w) for w in words))
    serials = sum(bool(re.fullmatch(r"\d{5}(?:\.\d+)?", w)) for w in words)
    excel = 1900 if serials >= 0.9 * filled else 0
    months = _sixes_are_months(words)
    out.days = [parsed(word, order, excel, months) for word in words]
    out.unread = [] if out.clash else [i for i, day in enumerate(out.days) if day is None]
    if excel and _week(out.days) == "Tuesday to Saturday":
        out.days = [parsed(word, order, 1904, months) for word in words]
        out.notes.append(
            Message("Dates are day numbers of Excel, counted from 1904: from 1900 they would fall on Saturdays.")
        )
    elif excel:
        out.notes.append(Message("Dates are day numbers of Excel."))
    _turn_back(words, little, out)
    _to_local(words, out)
    return out


def _parted(words: list[str]) -> list[str]:
    """Eight digits with the year at the end, parted by strokes."""
    eight = [w for w in words if re.fullmatch(r"\d{8}", w)]
    if not eight or any(parsed(w) is not None for w in eight[:200]):
        return words
    last = all(EARLIEST <= int(w[4:]) <= LATEST for w in eight)
    return [f"{w[:2]}/{w[2:4]}/{w[4:]}" if last and re.fullmatch(r"\d{8}", w) else w for w in words]


def _sixes_are_months(words: Sequence[str]) -> bool:
    """Whether six digits are years and months, as far as the column shows."""
    six = [w for w in words if re.fullmatch(r"\d{6}", w)]
    return all(parsed(w) is not None for w in six) or any(parsed(w, month_of_six=False) is None for w in six)


def _order(words: Sequence[str], little: list[tuple[int, re.Match[str]]], asked: bool | None, out: Dates) -> Order:
    """What stands first in three numbers: shown by a number above 12, else by which order makes the column regular."""
    if asked is not None:
        return "dmy" if asked else "mdy"
    above = {k: next((i for i, m in little if int(m[k]) > 12), None) for k in (1, 2)}
    short = all(len(m[3]) == 2 for _, m in little)
    orders: list[Order] = ["dmy"] if above[1] is not None else ["mdy"] if above[2] is not None else ["dmy", "mdy"]
    if above[1] is not None and above[2] is not None:
        orders = []
    if short and len(little) > 2 and all(parsed(words[i], "ymd") is not None for i, _ in little):
        orders.append("ymd")
    if not orders:
        out.clash = (int(above[1] or 0), int(above[2] or 0))
        return "dmy"
    if len(orders) == 1:
        return orders[0]
    uneven = sorted((_uneven([parsed(words[i], order) for i, _ in little]), order) for order in orders)
    (best, order), (second, _) = uneven[:2]
    if best * CLEARLY < second:
        out.notes.append(_READ[order])
        return order
    out.open_order = True
    return "dmy"


def _uneven(days: Sequence[date | None]) -> float:
    """How irregular a column is: its largest gap over the usual one, and how often it turns."""
    ordinals = np.array([d.toordinal() for d in days if d is not None])
    gaps = np.abs(np.diff(ordinals))
    if gaps.size <= 1:
        return 1.0
    turns = np.diff(np.sign(np.diff(ordinals))) != 0
    return float(gaps.max() / max(np.median(gaps), 1.0) + len(ordinals) * turns.mean())


def _turn_back(words: Sequence[str], little: list[tuple[int, re.Match[str]]], out: Dates) -> None:
    """Turn back dates that a spreadsheet took for another order: where it could, it swapped day and month.

    The rest of the column then stays text, with a number above 12.
    """
    big = [(i, m) for i, w in enumerate(words) if (m := _BIG.match(w))]
    left = [m for _, m in little if max(int(m[1]), int(m[2])) <= 12]
    if len(big) < 5 or len(little) < 5 or left or any(int(m[3]) > 12 for _, m in big):
        return
    turned = list(out.days)
    for i, m in big:
        turned[i] = date(int(m[1]), int(m[3]), int(m[2])) if 1 <= int(m[3]) <= 12 >= int(m[2]) >= 1 else None
    if _uneven(turned) * CLEARLY < _uneven(out.days):
        out.days = turned
        out.notes.append(
            Message(
                "A spreadsheet had taken the day for the month in {count} dates: they were turned back, since the"
                " column is regular so.",
                count=len(big),
            )
        )


def _to_local(words: Sequence[str], out: Dates) -> None:
    """Move stamps of universal time by a day where trading would else fall on Sundays and never on Fridays."""
    universal = sum(bool(_UNIVERSAL.search(w)) for w in words)
    week = _week(out.days)
    if universal < 0.9 * max(1, len(words)):
        if out.timed and week in _ODD:
            out.notes.append(_ODD[week])
        return
    step = {"Sunday to Thursday": 1, "Tuesday to Saturday": -1}.get(week, 0)
    if step:
        out.days = [None if d is None else d + timedelta(days=step) for d in out.days]
        out.notes.append(_MOVED[step])


def _week(days: Sequence[date | None]) -> str:
    """The days of a week on which a market trades, where they are five in a row."""
    known = [d.weekday() for d in days if d is not None]
    if len(known) < ENOUGH:
        return ""
    share = np.bincount(known, minlength=7) / len(known)
    for name, off in (("Monday to Friday", (5, 6)), ("Sunday to Thursday", (4, 5)), ("Tuesday to Saturday", (6, 0))):
        if sum(share[k] for k in off) <= FEW and all(share[k] > FEW for k in range(7) if k not in off):
            return name
    return ""


def trading_week(days: Sequence[date]) -> tuple[int, int]:
    """Weekdays without trade, Monday being 0: Friday and Saturday where a market trades from Sunday, else the weekend.

    Examples
    --------
    >>> trading_week([date(2021, 7, 19)])
    (5, 6)
    """
    return (4, 5) if _week(days) == "Sunday to Thursday" else (5, 6)
