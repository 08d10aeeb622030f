"""Which columns of a price file hold the date and the price, by what their headings mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tanshi.errors import Message, either
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.numbers import number
from tanshi.scenarios.national.sheet import Sheet, listed
from tanshi.scenarios.national.units import parse_unit
from tanshi.scenarios.national.words import fold
from tanshi.scenarios.prices.dates import read_dates

DATES = re.compile(
    r"^(date|day|datetime|timestamp|time|tradedate|tradingday|month|week|weekending|period|日期|交易日|交易日期|时间|月份|"
    r"年月|年月日|日|统计日期|成交日期|数据日期|datum|fecha|data|日付|일자|날짜|дата|quarter|季度|指标名称|tradedt|asof|session)$|"
    r"日期$|^date|date$"
)
PARTS = (re.compile(r"^(year|yr|年|年份)$"), re.compile(r"^(month|mon|月|月份)$"), re.compile(r"^(day|日|日子)$"))
"""Headings of a date in several columns."""
PRICES: tuple[str, ...] = (
    r"^(close|closelast|closeprice|closingprice|adjclose|收盘|收盘价|收盘价格|日收盘价|closing|收盤價|終値|schluss|schlusskurs|cierre|clôture|cloture|"
    r"chiusura|zamknięcie|zamkniecie|kurszamknięcia|slotkoers|pxclose|종가|ценазакрытия)$|收盘|收盤|^close|close$",
    r"^(settle|settlement|settlementprice|结算价|结算)$|settle|结算",
    r"^(last|lastprice|pxlast|lasttrade|latest|最新价|letzter|último|ultimo|dernier)$",
    r"^(price|价格|碳价|单价|成交价|成交价格|spot|spotprice|auctionprice|clearingprice|value|preis|precio|prix|prezzo|cena|kurs|"
    r"価格)$|price|价格",
    r"^(vwap|成交均价|均价|加权均价|加权平均价|average|averageprice|mean|closemean)$|均价|vwap",
)
"""Headings of prices, the best first."""
NO_PRICE = re.compile(
    r"open|high|low|volume|turnover|change|amount|bid|ask|前收|昨收|开盘|最高|最低|成交量|成交额|涨跌|总价|pctchg|cap|prev|count|"
    r"累计|昨日|上日"
)
SERIES = re.compile(
    r"^(market|exchange|venue|region|province|contract|product|series|instrument|symbol|ticker|市场|交易所|交易市场|地区|"
    r"currency|unit|货币|币种|计价单位|variable|indicator|指标|省份|省市|品种|产品|合约|试点|交易品种|产品名称)$"
)
"""Headings of columns that tell series apart, even where no two have a price of one date."""
CANNOT = "The price file cannot be used."


@dataclass(frozen=True)
class Columns:
    """Where a price file has what.

    Parameters
    ----------
    head
        Row of the headings; -1 where there are none.
    date, price
        columns.
    name
        Heading of the price.
    label
        Column that names one of several series, or None.
    parts
        Columns of year, month and day, where the date stands in several; else empty.
    clock
        Column with times of day, or None.
    """

    head: int
    date: int
    price: int
    name: str
    label: int | None = None
    parts: tuple[int, ...] = ()
    clock: int | None = None

    def when(self, row: Sequence[str]) -> str:
        """What a row says of its date."""
        if not self.parts:
            return row[self.date]
        figures = [re.sub(r"\.0$|[年月日]$", "", row[j].strip()) for j in self.parts]
        return "-".join(figures) if any(figures) else ""


def find_columns(sheet: Sheet, column: str | None = None) -> Columns | None:
    """The columns of a price file; None where the sheet holds no such headings and no two columns of that kind.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        Where a column that was asked for is not there, or several columns mean a price as well.
    """
    for i, row in enumerate(sheet.cells[:40]):
        folded = [fold(c) for c in row]
        parts = _parts(folded)
        dates = [j for j, word in enumerate(folded) if word and DATES.search(word)] or _unnamed_dates(sheet, i)
        dates = list(parts) or _most_varied(sheet, i, dates)
        if not dates:
            continue
        others = [j for j, word in enumerate(folded) if word and j not in dates]
        if not others or number(row[others[0]]) not in (None, 0.0) or read_dates([row[others[0]]]).days[0] is not None:
            continue
        if (both := _two_rows(sheet, i, dates[0])) is not None:
            return find_columns(both, column)
        price = _price(sheet, i, others, column)
        if price is None:
            raise UserError(CANNOT, [_no_price(sheet, i, others, column)])
        clock = next(
            (j for j in range(sheet.width) if j not in (*dates[:1], *parts, price) and _clock(sheet, i, j)), None
        )
        label = _label(sheet, i, dates[0], price, (*parts, clock))
        return Columns(i, dates[0], price, sheet.cells[i][price].strip(), label, parts, clock)
    return _bare(sheet) if column is None else None


def _parts(folded: list[str]) -> tuple[int, ...]:
    """Columns of year and month, and of the day where there is one; nothing where the date stands in one column."""
    found = [next((j for j, word in enumerate(folded) if pattern.search(word)), None) for pattern in PARTS]
    if found[0] is None or found[1] is None or any(re.search(r"date|日期|年月", word) for word in folded):
        return ()
    return tuple(j for j in found if j is not None)


def _most_varied(sheet: Sheet, head: int, dates: list[int]) -> list[int]:
    """Columns of dates, the one that changes from row to row first: a day of delivery stands still."""
    if len(dates) < 2:
        return dates
    rows = [row for row in sheet.cells[head + 1 :] if any(c.strip() for c in row)]
    kinds = {j: len({row[j].strip() for row in rows if not _is_time(row[j])}) for j in dates}
    first = next((j for j in dates if 2 * kinds[j] >= max(kinds.values())), dates[0])
    return [first, *(j for j in dates if j != first)]


def _is_time(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\s*(?:[AaPp][Mm])?\s*", cell))


def _clock(sheet: Sheet, head: int, column: int) -> bool:
    """Whether a column holds times of day and nothing else."""
    cells = [row[column] for row in sheet.cells[head + 1 : head + 50] if row[column].strip()]
    return bool(cells) and all(_is_time(c) for c in cells)


def _unnamed_dates(sheet: Sheet, head: int) -> list[int]:
    """The first column, where it has no heading and dates below, as tables that a program wrote have."""
    below = [row[0] for row in sheet.cells[head + 1 : head + 50] if row[0].strip()]
    headed = not sheet.cells[head][0].strip() and any(c.strip() for c in sheet.cells[head])
    if not headed or len(below) < 2 or all(number(c) is not None for c in below):
        return []
    return [0] if all(day is not None for day in read_dates(below).days) else []


def _price(sheet: Sheet, head: int, others: list[int], column: str | None) -> int | None:
    words = {j: fold(sheet.cells[head][j]) for j in others}
    if column is not None:
        return next((j for j in others if words[j] == fold(column)), None)
    for pattern in PRICES:
        hits = [j for j in others if re.search(pattern, words[j]) and not NO_PRICE.search(words[j])]
        if len({words[j] for j in hits}) < len(hits) and not _same(sheet, head, hits):
            exact = []
        elif len(hits) > 1:
            exact = [j for j in hits if re.search(pattern.split("$")[0] + "$", words[j])]
        if len(hits) > 1:
            hits = exact[:1] if exact else hits
        if len(hits) == 1:
            return hits[0]
        if hits:
            names = ", ".join(repr(sheet.cells[head][j].strip()) for j in hits)
            hint = "Say which by --column NAME."
            problem = Problem("one column of prices", names, sheet.file, sheet.line(head), hint=hint)
            raise UserError(CANNOT, [problem])
    numeric = [j for j in others if _numeric(sheet, head, j) and not NO_PRICE.search(words[j])]
    return numeric[0] if len(others) == 1 and numeric else None


def _same(sheet: Sheet, head: int, columns: Sequence[int]) -> bool:
    """Whether several columns hold the same."""
    return all(len({row[j].strip() for j in columns}) == 1 for row in sheet.cells[head + 1 :])


def part_of_money(heading: str) -> tuple[float, str]:
    """Units of a currency in the unit that a heading names, and its word; 1 where it names none.

    Examples
    --------
    >>> part_of_money("收盘价（分）"), part_of_money("close (EUR cents/t)"), part_of_money("close (EUR/t)")
    ((0.01, '分'), (0.01, 'EUR cents'), (1.0, ''))
    >>> part_of_money("价格(万元/吨)"), part_of_money("Close")
    ((10000.0, '万元'), (1.0, ''))
    """
    for inside in re.findall(r"[(（\[]([^()（）\[\]]+)[)）\]]|,\s*(.+)$", heading):
        word = re.split(r"/|每|\bper\b", "".join(inside))[0].strip()
        last = re.search(r"(分|角|cents?|pence)$", word.casefold())
        if last:
            return (0.1 if last[1] == "角" else 0.01), word
        unit = parse_unit(word)
        if unit is not None and unit.size != 1.0:
            return unit.size, word
    return 1.0, ""


def _two_rows(sheet: Sheet, head: int, date: int) -> Sheet | None:
    """The sheet with two rows of headings in one, the lower; None where the next row holds no names of prices."""
    if head + 1 >= len(sheet.cells):
        return None
    below = sheet.cells[head + 1]
    named = [c for c in below if any(re.search(p, fold(c)) for p in PRICES)]
    if below[date].strip() or not named or any(number(c) not in (None, 0.0) for c in below if c.strip()):
        return None
    group, words = "", []
    for upper, lower in zip(sheet.cells[head], below, strict=True):
        group = upper.strip() or group
        words.append(f"{group} {lower.strip()}" if lower.strip() else upper)
    blank = ("",) * sheet.width
    cells = (*sheet.cells[:head], blank, tuple(words), *sheet.cells[head + 2 :])
    return replace(sheet, cells=cells)


def _numeric(sheet: Sheet, head: int, column: int) -> bool:
    cells = [row[column] for row in sheet.cells[head + 1 : head + 50] if row[column].strip()]
    read = sum(number(c, ".") is not None or number(c, ",") is not None for c in cells)
    return bool(cells) and read >= 0.8 * len(cells)


def _no_price(sheet: Sheet, head: int, others: list[int], column: str | None) -> Problem:
    names = listed((repr(sheet.cells[head][j].strip()) for j in others), 8)
    wanted = repr(column) if column else either(["close", "收盘价", "settle", "price", "成交均价"])
    hint = "Say which column holds the price by --column NAME."
    return Problem(
        Message("a column headed {wanted}", wanted=wanted),
        Message("the columns {names}", names=names) if names else "no column",
        sheet.file,
        sheet.line(head),
        hint=hint,
    )


def _label(sheet: Sheet, head: int, date: int, price: int, known: Sequence[int | None] = ()) -> int | None:
    """A column of words that tells several series apart."""
    rows = sheet.cells[head + 1 :]
    for j in range(sheet.width):
        if j in (date, price) or j in known:
            continue
        values = [row[j].strip() for row in rows if row[j].strip()]
        kinds = set(values)
        words = 1 < len(kinds) <= 60 and len(values) >= 4 * len(kinds) and all(number(v) is None for v in kinds)
        if words and SERIES.search(fold(sheet.cells[head][j])):
            return j
        if words and len({row[date] for row in rows}) < sum(bool(row[date].strip()) for row in rows):
            return j
    return None


def _bare(sheet: Sheet) -> Columns | None:
    """Two columns without headings, a date and a number."""
    filled = [i for i, row in enumerate(sheet.cells) if any(c.strip() for c in row) and not row[0].startswith("#")]
    if not filled or sheet.width != 2:
        return None
    start = filled[0]  # headings that nobody knows are no reason to guess
    if read_dates([sheet.cells[start][0]]).days[0] is None or number(sheet.cells[start][1]) is None:
        return None
    return Columns(start - 1, 0, 1, "the second column")
