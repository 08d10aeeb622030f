"""Numbers of a table's cells; what cannot be read is told once for each cause."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tanshi.errors import Message, row_of
from tanshi.scenarios.errors import Problem, shorten
from tanshi.scenarios.national.numbers import Exact, Mark, money_behind, nothing, number, plain
from tanshi.scenarios.national.sheet import Sheet, listed
from tanshi.scenarios.national.units import parse_unit

Array = NDArray[np.float64]
_BEHIND = re.compile(r"^(?P<number>[-+(]*\d[\d.,' ]*\)?-?)\s*(?P<word>[^\W\d_][^\d()]*?)(?P<close>\)?)$")
FEWEST_WITH_UNITS = 10
FINEST = 1000
"""Parts of a unit up to which a step between all numbers is looked for."""
STEPS = tuple(k * 10**n for n in range(6, -1, -1) for k in (5, 2, 1))
"""Steps, in units of the last digit, to which people round; the largest that divides all numbers counts."""
UNITS_APART = "Write numbers alone, all in one unit, and that unit once in the head of the table or as --unit."
MOST_KINDS = 3
"""Kinds of unreadable text that are told apart; more are one line, as in a damaged file."""
_COUNTED_AS_EMPTY = frozenset({"", "-", "--", "—", "——", "–", "…", "...", "……"})


def unit_behind(text: str) -> str:
    """The unit of money behind the number in a cell; empty where there is none.

    Examples
    --------
    >>> unit_behind("1,234.5万元"), unit_behind("-3 million"), unit_behind("12 p"), unit_behind("12")
    ('万元', 'million', '', '')
    """
    bare = isinstance(text, Exact) or not text or text[-1].isdigit()
    found = None if bare else _BEHIND.match(plain(text))
    word = found["word"].strip() if found else ""
    return word if word and parse_unit(word, bare=True) else ""


def without_units(sheet: Sheet) -> Sheet:
    """A sheet without the unit behind its numbers, where most of them have the same one; else as it is."""
    behind = Counter(word for row in sheet.cells for cell in row if (word := unit_behind(cell)))
    if not behind:
        return sheet
    word, count = behind.most_common(1)[0]
    bare = sum(bool(c.strip()) and not nothing(c) and _a_number(c) for row in sheet.cells for c in row)
    if count <= bare or count < FEWEST_WITH_UNITS:
        return sheet
    cells = tuple(tuple(_off(c) if unit_behind(c) == word else c for c in row) for row in sheet.cells)
    return replace(sheet, cells=cells, unit=word)


def _a_number(text: str) -> bool:
    return number(text, ".") is not None or number(text, ",") is not None


def _off(text: str) -> str:
    found = _BEHIND.match(plain(text))
    return text if found is None else found["number"].strip() + found["close"]


class Cells:
    """Cells read so far, with what was no number and what said nothing in words.

    Parameters
    ----------
    sheet
        Where they stand.
    decimal
        The decimal mark.
    """

    def __init__(self, sheet: Sheet, decimal: Mark) -> None:
        self.sheet, self.decimal = sheet, decimal
        self.unread: list[tuple[str, str]] = []
        self.nothings: Counter[str] = Counter()
        self.decimals = 0
        self.step = 0
        self.biggest = 0.0

    def block(self, rows: Sequence[int], columns: Sequence[int]) -> Array:
        """Numbers of rows by columns; nan for what could not be read, zeros for a row of -1."""
        out = np.zeros((len(rows), len(columns)))
        for a, i in enumerate(rows):
            if i >= 0:
                for b, j in enumerate(columns):
                    out[a, b] = self._cell(i, j)
        return out

    def _cell(self, row: int, column: int) -> float:
        text = self.sheet.cells[row][column]
        value = None if money_behind(text) and not self._in_money else number(text, self.decimal)
        if value is None:
            self.unread.append((self.sheet.address(row, column), text))
            return float("nan")
        if nothing(text):
            sign = plain(text)
            if sign not in _COUNTED_AS_EMPTY:
                self.nothings[sign] += 1
        else:
            self.biggest = max(self.biggest, abs(value))
            self._count_decimals(text)
            self.step = math.gcd(self.step, round(abs(value) * FINEST))
        return value

    @cached_property
    def _in_money(self) -> bool:
        """Whether most numbers of the sheet name their money; a few that do, among bare ones, are of another scale."""
        numbers = [text for row in self.sheet.cells for text in row if text and number(text, self.decimal) is not None]
        return 2 * sum(money_behind(text) for text in numbers if not nothing(text)) > len(numbers)

    def _count_decimals(self, text: str) -> None:
        body = str(text) if isinstance(text, Exact) else plain(text)
        mark = "." if isinstance(text, Exact) else self.decimal
        if "e" in body:
            self.decimals = 99
            return
        _, _, after = body.partition(mark)
        self.decimals = max(self.decimals, len(re.sub(r"\D", "", after)) if after.strip("0)") else 0)

    @property
    def rounding(self) -> float:
        """Half a unit of the last digit printed; 0 where digits are as many as a computer writes.

        Where all numbers are multiples of 0.5, 5, 10, 100 ..., half of that.
        """
        if self.decimals > 3:
            return 0.0
        last = 10.0**-self.decimals
        steps = self.step // round(FINEST * last) if self.step else 1
        round_one = next((k for k in STEPS if steps % k == 0), 1)
        return 0.5 * last * round_one

    def problems(self) -> list[Problem]:
        """What is no number, one line for each kind of text."""
        kinds: dict[str, list[tuple[str, str]]] = {}
        for place, text in self.unread:
            kinds.setdefault(_kind(text), []).append((place, text))
        if len(kinds) > MOST_KINDS:
            kinds = {"": [cell for cells in kinds.values() for cell in cells]}
        out = []
        for kind, cells in kinds.items():
            where = listed([place for place, _ in cells])
            field = f"cell {where}" if len(cells) == 1 else f"{len(cells)} cells, {where}"
            out.append(
                Problem("a number", shorten(cells[0][1]), self.sheet.file, field=field, hint=_HINTS.get(kind, ""))
            )
        return out

    def notes(self) -> list[str]:
        """What was read as nothing."""
        if not self.nothings:
            return []
        found = self.nothings.most_common()
        signs = row_of([Message("{sign!r} {count} times", sign=sign, count=count) for sign, count in found])
        return [Message("Cells that say there is nothing were read as zero: {signs}.", signs=signs)]


_HINTS = {
    "error": "The workbook's own formula failed there.",
    "unit": UNITS_APART,
    "decimal": "Say --decimal , if the comma is the decimal mark, or --decimal . if the point is.",
}


def _kind(text: str) -> str:
    word = plain(text)
    if word.startswith("#"):
        return "error"
    if re.fullmatch(r"[-+]?[\d.,' ]+", word):
        return "decimal"
    if unit_behind(text) or money_behind(text):
        return "unit"
    if re.search(r"\d", word):
        return "digits and words: " + "".join(sorted(set(re.sub(r"[\d.,\s]", "", word))))
    return "words"
