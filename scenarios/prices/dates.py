"""Dates as people write them, a column at a time: what one cell leaves open, the column decides, or nobody does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from tanshi.scenarios.national.numbers import Exact

EARLIEST, LATEST = 1990, 2100
_EXCEL = date(1899, 12, 30)
_MONTHS = {m: i for i, m in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_CLOCK = r"(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AP]M)?)?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}:?\d{2}))?"
_BIG = re.compile(rf"^(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{_CLOCK}{_ZONE}$", re.IGNORECASE)
_MONTH = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})月?$")
_LITTLE = re.compile(rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){_CLOCK}{_ZONE}$", re.IGNORECASE)
_DAY_NAME = r"(?:[A-Za-z]{3,9},? )?"
_WORD_DAY = re.compile(rf"^{_DAY_NAME}(\d{{1,2}})[- ]([A-Za-z]{{3,9}})\.?,?[- ](\d{{4}}|\d{{2}}){_CLOCK}{_ZONE}$")
_WORD_MONTH = re.compile(rf"^(?:[A-Za-z]{{3,9}},? )?([A-Za-z]{{3,9}})\.? (\d{{1,2}}),? (\d{{4}}){_CLOCK}{_ZONE}$")
_WORD_YEAR = re.compile(r"^([A-Za-z]{3,9})\.?[- ](\d{4})$")
_WEEKDAY = re.compile(r"\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?$")
_WEEK = re.compile(r"^(\d{4})-?W(\d{2})$", re.IGNORECASE)


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
    words = [
        c if isinstance(c, Exact) else _WEEKDAY.sub("", " ".join(unicodedata.normalize("NFKC", c).split()))
        for c in cells
    ]
    out = Dates([None] * len(words))
    out.timed = any(re.search(r"\d{1,2}:\d{2}", w) for w in words)
    if any(re.search(r"(?:[+-]\d{2}:?\d{2}|Z)$", w) and ":" in w for w in words):
        out.notes.append("Stamps have a time zone: the local date of each was taken.")
    little = [(i, m) for i, w in enumerate(words) if (m := _LITTLE.match(w))]
    first = _order(words, little, day_first, out) if little else True
    serials = [float(w) for w in words if re.fullmatch(r"\d{5}(?:\.\d+)?", w)]
    excel = len(serials) >= 0.9 * max(1, len([w for w in words if w])) and len(serials) > 0
    if excel:
        out.notes.append("Dates are day numbers of Excel.")
    for i, word in enumerate(words):
        out.days[i] = _day(word, first, excel)
        if out.days[i] is None:
            out.unread.append(i)
    return out


def _order(words: Sequence[str], little: list[tuple[int, re.Match[str]]], asked: bool | None, out: Dates) -> bool:
    """Whether the day stands first: by a number above 12, else by which order makes the column regular."""
    above = {k: next((i for i, m in little if int(m[k]) > 12), None) for k in (1, 2)}
    if asked is not None:
        return asked
    if above[1] is not None and above[2] is not None:
        out.clash = (above[1], above[2])
        return True
    if above[1] is not None or above[2] is not None:
        return above[1] is not None
    uneven = {}
    for first in (True, False):
        days = [_day(words[i], first, False) for i, _ in little]
        ordinals = np.array([d.toordinal() for d in days if d is not None])
        gaps = np.abs(np.diff(ordinals))
        turns = np.diff(np.sign(np.diff(ordinals))) != 0
        uneven[first] = (
            float(gaps.max() / max(np.median(gaps), 1.0) + len(ordinals) * turns.mean()) if gaps.size > 1 else 1.0
        )
    if uneven[True] * 3.0 < uneven[False] or uneven[False] * 3.0 < uneven[True]:
        first = uneven[True] < uneven[False]
        out.notes.append(f"Dates are read {'day' if first else 'month'} first: the other order leaves gaps.")
        return first
    out.open_order = True
    return True


def _day(word: str, day_first: bool, excel: bool) -> date | None:
    try:
        found = _parsed(word, day_first, excel)
    except (ValueError, OverflowError):
        return None
    return found if found is not None and EARLIEST <= found.year <= LATEST else None


def _parsed(word: str, day_first: bool, excel: bool) -> date | None:
    if hit := _BIG.match(word):
        return date(int(hit[1]), int(hit[2]), int(hit[3]))
    if excel and re.fullmatch(r"\d{5}(?:\.\d+)?", word):
        return _EXCEL + timedelta(days=int(float(word)))
    if re.fullmatch(r"\d{8}(?:\.0)?", word):
        return date(int(word[:4]), int(word[4:6]), int(word[6:8]))
    if re.fullmatch(r"\d{10}|\d{13}", word):
        return datetime.fromtimestamp(int(word[:10]), UTC).date()
    if hit := _LITTLE.match(word):
        day, month = (hit[1], hit[2]) if day_first else (hit[2], hit[1])
        return date(_year(hit[3]), int(month), int(day))
    if hit := _WORD_DAY.match(word):
        return date(_year(hit[3]), _MONTHS[hit[2][:3].casefold()], int(hit[1])) if _named(hit[2]) else None
    if hit := _WORD_MONTH.match(word):
        return date(int(hit[3]), _MONTHS[hit[1][:3].casefold()], int(hit[2])) if _named(hit[1]) else None
    if hit := _WEEK.match(word):
        return date.fromisocalendar(int(hit[1]), int(hit[2]), 5)
    if hit := _MONTH.match(word):
        return _month_end(int(hit[1]), int(hit[2]))
    if hit := _WORD_YEAR.match(word):
        return _month_end(int(hit[2]), _MONTHS[hit[1][:3].casefold()]) if _named(hit[1]) else None
    return None


def _named(month: str) -> bool:
    return month[:3].casefold() in _MONTHS


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _month_end(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)
