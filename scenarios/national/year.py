"""Which year a table is of: what its title says, or the name of its file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

FIRST, LAST = 2002, 2030
"""Benchmark years that an economy can have."""

_CHINESE = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_PRICES = re.compile(
    r"(19|20)\d\d\s*年?\s*(?:不变价|可比价|价格|为基|constant|prices|=\s*100)|(?:prices? of|base year)\s*(19|20)\d\d",
    re.I,
)


def years_in(text: str) -> list[int]:
    """Years that a text names, those of a price basis left out.

    Examples
    --------
    >>> years_in("2015年全国投入产出表"), years_in("二〇一七年"), years_in("china_io_2005_42")
    ([2015], [2017], [2005])
    >>> years_in("Input-output table 2018, prices of 2015"), years_in("code 12017")
    ([2018], [])
    """
    flat = unicodedata.normalize("NFKC", text)
    flat = re.sub(r"[〇○零一二三四五六七八九]{4}(?=年)", lambda m: m[0].translate(_CHINESE), flat)
    flat = _PRICES.sub(" ", flat)
    return [int(y) for y in re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)(?!\s*[-/]\s*(?:\d\d?)\s*[-/])", flat)]


def year_said(cells: Iterable[str]) -> int | None:
    """The one year that headings name; None where they name none or several.

    A year beside the words table, 年 or 投入产出 counts before others.
    """
    loud: set[int] = set()
    every: set[int] = set()
    for cell in cells:
        found = years_in(cell)
        every.update(found)
        if found and re.search(r"表|投入产出|input|table|年度", cell, re.IGNORECASE):
            loud.update(found)
    for candidates in (loud, every):
        if len(candidates) == 1:
            return candidates.pop()
        if candidates:
            return None
    return None
