"""Which rows of a price file are prices: units, sums and footnotes left out, cells that ran over and leaps named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.numbers import number, plain
from tanshi.scenarios.national.sheet import Sheet, listed
from tanshi.scenarios.prices.columns import CANNOT, Columns

LEAP = 8.0
"""A price this many times that of the day before is told; where the next day takes it back, it is a misprint."""
LONG = 45
"""Days without a price that are told."""
STRAY = 0.01
"""Share of dates out of order up to which they are mistakes and not another order."""
_NOT_TRADED = re.compile(
    r"^\(?(?:停牌|休市|无成交|未成交|无交易|没有成交|暂无|节假日|停盘|"
    r"no trades?|not traded|closed|suspended|halted|holiday)\)?$"
)
_SUMMARY = re.compile(
    r"合计|小计|总计|平均|均价|最高|最低|累计|来源|注[:：\d]|备注|说明|total|average|mean|median|maximum|minimum|"
    r"^(?:max|min|sum|source|notes?|remarks?)\b",
    re.IGNORECASE,
)


MOST_BELOW = 12
"""So many rows of units, frequencies and sources may stand between the headings and the first price."""


def not_traded(cell: str) -> bool:
    """Whether a cell says that nothing was traded.

    Examples
    --------
    >>> not_traded("停牌"), not_traded("no trade"), not_traded("58.1")
    (True, True, False)
    """
    return bool(_NOT_TRADED.match(plain(cell)))


def price_rows(sheet: Sheet, columns: Columns, rows: Sequence[int]) -> tuple[list[int], list[str]]:
    """Rows with a date, and what was left out: a row of units under the headings, sums, averages and footnotes."""
    kept, dropped = list(rows), []
    for _ in range(MOST_BELOW):
        if kept and _of_units(sheet, columns, kept[0]):
            kept = kept[1:]
    again = _printed_again(sheet, columns, kept)
    kept = [i for i in kept if i not in again]
    for i in list(kept):
        word = columns.when(sheet.cells[i])
        figures = number(sheet.cells[i][columns.price])
        blank = not word.strip()
        footnote = i == kept[-1] and not blank and not re.search(r"\d", word) and not figures
        if footnote or _SUMMARY.search(word) or (blank and _said_beside(sheet, columns, i)):
            dropped.append(i)
    notes: list[str] = []
    if dropped:
        lines = listed(str(sheet.line(i)) for i in dropped)
        told = "{count} rows of sums, averages or notes were left out, line {lines}."
        notes.append(Message(told, count=len(dropped), lines=lines))
    gone = set(dropped)
    return [i for i in kept if i not in gone], notes


def _printed_again(sheet: Sheet, columns: Columns, rows: Sequence[int]) -> set[int]:
    """Rows that print the headings once more, as on every page, and titles just above them."""
    if columns.head < 0:
        return set()
    head = sheet.cells[columns.head]
    words = {(j, c.strip()) for j, c in enumerate(head) if c.strip()}
    found = {i for i in rows if {(j, c.strip()) for j, c in enumerate(sheet.cells[i]) if c.strip()} == words}
    titles = {
        a for a, b in pairwise(rows) if b in found and not sheet.cells[a][columns.price].strip()
        and not re.fullmatch(r"[\d\W年月日]+", columns.when(sheet.cells[a]).strip())
    }  # fmt: skip
    return found | titles


def _of_units(sheet: Sheet, columns: Columns, row: int) -> bool:
    """Whether a row under the headings names units: no date and no number."""
    cells = sheet.cells[row]
    dated = re.search(r"\d", columns.when(cells))
    words = cells[columns.price].strip()
    return not dated and bool(words) and number(words) is None and not not_traded(words)


def _said_beside(sheet: Sheet, columns: Columns, row: int) -> bool:
    """Whether a row without a date is a sum or a note by another of its cells."""
    return any(_SUMMARY.search(c) for j, c in enumerate(sheet.cells[row]) if j != columns.price)


def check_width(sheet: Sheet, columns: Columns) -> None:
    """Refuse a file parted by commas whose decimals, behind a comma too, stand in a cell of their own.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        If in most rows a few digits stand behind the last heading, and no price has decimals.
    """
    if sheet.separator != "," or columns.head < 0:
        return
    last = max((j for j, c in enumerate(sheet.cells[columns.head]) if c.strip()), default=0)
    below = [r for r in sheet.cells[columns.head + 1 :] if any(c.strip() for c in r)]
    over = [r for r in below if last + 1 < len(r) and re.fullmatch(r"\s*\d{1,4}(?:\.\d+)?\s*", r[last + 1])]
    thousands = [
        r for r in over if re.fullmatch(r"\s*\d{1,3}\s*", r[columns.price])
        and re.fullmatch(r"\s*\d{3}(?:\.\d+)?\s*", r[columns.price + 1])
    ]  # fmt: skip
    whole = [r for r in below if re.fullmatch(r"\s*\d+\s*", r[columns.price])]
    if below and ((len(over) > 0.5 * len(below) and len(whole) > 0.9 * len(below)) or thousands):
        over = thousands or over
        got = Message(
            "{row} cells for {head} headings, such as {price},{more}",
            row=last + 2, head=last + 1, price=over[0][columns.price], more=over[0][columns.price + 1],
        )  # fmt: skip
        hint = "The comma parts cells and numbers: save the file with semicolons, or write numbers without commas."
        raise UserError(
            CANNOT, [Problem("as many cells as headings", got, sheet.file, sheet.line(columns.head + 1), hint=hint)]
        )


def out_of_order(sheet: Sheet, columns: Columns, rows: Sequence[int], days: Sequence[date | None]) -> list[Problem]:
    """Name the few dates that stand between later, or between earlier ones, in a file that is else in order."""
    known = [(i, d) for i, d in zip(rows, days, strict=True) if d is not None]
    if len(known) < 20:
        return []
    rising = sum(b[1] >= a[1] for a, b in pairwise(known))
    falling = sum(b[1] <= a[1] for a, b in pairwise(known))
    sign = 1 if rising >= falling else -1
    odd = []
    for k in range(1, len(known) - 1):
        before, here, after = (sign * known[m][1].toordinal() for m in (k - 1, k, k + 1))
        if before <= after and not before <= here <= after:
            odd.append(known[k][0])
    if not odd or len(odd) > max(2, STRAY * len(known)) or min(rising, falling) > max(4, 2 * STRAY * len(known)):
        return []
    first = odd[0]
    got = repr(columns.when(sheet.cells[first]).strip())
    field = f"line {listed(str(sheet.line(i)) for i in odd)}" if len(odd) > 1 else ""
    hint = "The rest of the file is in order; the year or the month is probably misprinted."
    return [Problem("a date between those before and after it", got, sheet.file, sheet.line(first), field, hint=hint)]


def leaps(frame: pd.DataFrame, file: str) -> list[str]:
    """Tell long gaps and prices that leap, and refuse one that leaps and is back the next day.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        Where a price is many times, or a small part of, those before and after it, which are alike.
    """
    close, lines = frame["close"].to_numpy(), frame["line"].to_numpy()
    up = close[1:] / close[:-1]
    wild = (up > LEAP) | (up < 1.0 / LEAP)
    back = [k + 1 for k in range(len(up) - 1) if wild[k] and wild[k + 1] and 0.5 < up[k] * up[k + 1] < 2.0]
    if back:
        k = back[0]
        got = Message(
            "{price:g} between {before:g} and {after:g}", price=close[k], before=close[k - 1], after=close[k + 1]
        )
        field = f"line {listed(str(lines[m]) for m in back)}" if len(back) > 1 else ""
        hint = "A decimal mark is probably misprinted; mend or delete the row."
        raise UserError(
            CANNOT, [Problem("a price near those of the days beside it", got, file, int(lines[k]), field, hint=hint)]
        )
    days = list(frame["date"])
    gaps = sorted(((b - a).days, a, b) for a, b in pairwise(days))
    notes: list[str] = []
    if gaps and gaps[-1][0] > LONG and gaps[len(gaps) // 2][0] <= 3:
        days_long, first, last = gaps[-1]
        told = "There are no prices from {first} to {last}, {days} days."
        notes.append(Message(told, first=str(first), last=str(last), days=days_long))
    return notes + [
        Message(
            "From line {here} to line {there} the price changes {times:.0f} times: if the unit changes there, part the"
            " file.", here=int(lines[k]), there=int(lines[k + 1]), times=max(up[k], 1.0 / up[k]),
        )
        for k in range(len(up))
        if wild[k]
    ][:3]  # fmt: skip
