"""Where the numbers of a table begin, whichever way it lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from tanshi.scenarios.national.labels import Heading, heading, is_code, role_of
from tanshi.scenarios.national.numbers import nothing, number
from tanshi.scenarios.national.sheet import Rows, Sheet
from tanshi.scenarios.national.words import CODE_FOLDS, COLUMN_ROLES, ROW_ROLES, fold

DEEPEST = 40
"""So many rows may stand above the numbers, and `WIDEST` columns beside them."""
WIDEST = 10
_COLUMN_ONLY = frozenset(COLUMN_ROLES.values()) - frozenset(ROW_ROLES.values())
_ROW_ONLY = frozenset(ROW_ROLES.values()) - frozenset(COLUMN_ROLES.values())


@dataclass(frozen=True)
class Frame:
    """A sheet with the place of its first number, turned so that inputs stand in columns.

    Parameters
    ----------
    top, left
        First row and column of numbers.
    columns, rows
        What every column and row from there on says, by its place.
    again
        Rows below that print the headings once more; they are empty in ``sheet``.
    """

    sheet: Sheet
    top: int
    left: int
    columns: dict[int, Heading]
    rows: dict[int, Heading]
    again: tuple[int, ...] = ()


def find_frame(sheet: Sheet) -> Frame | None:
    """The frame of a sheet that holds an input-output table; None for another one."""
    turned = sheet.transposed()
    first, second = (sheet, turned) if _fit(sheet.cells) >= _fit(turned.cells) else (turned, sheet)
    return _frame(first) or _frame(second)


def _fit(cells: Rows) -> int:
    """How many roles of columns stand in one row above, and of rows in one column beside the numbers."""
    across = max((len(_known(row, True) & _COLUMN_ONLY) for row in cells[:DEEPEST]), default=0)
    beside = range(min(WIDEST, len(cells[0]) if cells else 0))
    down = max((len(_known((row[j] for row in cells), False) & _ROW_ONLY) for j in beside), default=0)
    return across + down


def _frame(sheet: Sheet) -> Frame | None:
    again = _printed_again(sheet.cells)
    blank = ("",) * sheet.width
    sheet = replace(sheet, cells=tuple(blank if i in again else row for i, row in enumerate(sheet.cells)))
    cells = sheet.cells
    above = [i for i, row in enumerate(cells[:DEEPEST]) if len(_known(row, True)) >= 3]
    beside = [j for j in range(min(WIDEST, sheet.width)) if len(_known((r[j] for r in cells), False)) >= 2]
    if not above or not beside:
        return None
    top, left = max(above) + 1, max(beside) + 1
    left = _further_left(cells, top, left)
    top = _further_down(cells, top, left)
    left = _further_left(cells, top, left)
    return replace(frame_at(sheet, top, left, _title_end(cells, above[0], left)), again=again)


def _printed_again(cells: Rows) -> tuple[int, ...]:
    """Rows that print one of the rows of headings once more, as at the top of every page, or over another table."""
    first = next((i for i, row in enumerate(cells[:DEEPEST]) if len(_known(row, True)) >= 3), None)
    if first is None:
        return ()
    heads = []
    for row in cells[max(0, first - 2) : first + 3]:
        words = {(j, c.strip()) for j, c in enumerate(row) if c.strip() and _value(c) is None}
        if len(words) >= 5:
            heads.append(words)
    found = []
    for i, row in enumerate(cells[first + 3 :], first + 3):
        words = {(j, c.strip()) for j, c in enumerate(row) if c.strip()}
        if len(words) >= 5 and any(len(words & head) >= 0.8 * max(len(head), len(words)) for head in heads):
            found.append(i)
    return tuple(found)


def second_table(frame: Frame) -> int | None:
    """The row of headings of another table below, with rows of value added of its own; None where there is none."""
    for row in frame.again:
        parts = [{h.role for i, h in frame.rows.items() if (i > row) is below and h.role} for below in (False, True)]
        if len(parts[0] & parts[1] & _ROW_ONLY) >= 2:
            return row
    return None


def frame_at(sheet: Sheet, top: int, left: int, first: int = 0) -> Frame:
    """The frame with its first number in a known place, headings of columns from row ``first`` on."""
    cells = sheet.cells
    columns = {j: heading([cells[i][j] for i in range(first, top)], True) for j in range(left, sheet.width)}
    rows = {i: heading(cells[i][:left], False) for i in range(top, len(cells))}
    return Frame(sheet, top, left, columns, rows)


def _title_end(cells: Rows, first: int, left: int) -> int:
    """First row of headings: titles above them stand in one cell alone."""
    row = first
    while (
        row > 0 and sum(bool(c.strip()) for c in cells[row - 1]) > 1 and any(c.strip() for c in cells[row - 1][left:])
    ):
        row -= 1
    return row


def _known(labels: Iterable[str], across: bool) -> set[str]:
    return {role for label in labels if label.strip() and (role := role_of(label, across))}


def _value(cell: str) -> float | None:
    if nothing(cell):
        return None
    value = number(cell, ".")
    return number(cell, ",") if value is None else value


def _further_down(cells: Rows, top: int, left: int) -> int:
    """Pass rows below the headings that hold codes, units or words and no flow."""
    while top < len(cells) - 1:
        beside = [c for c in cells[top][:left] if c.strip() and fold(c) not in CODE_FOLDS and not nothing(c)]
        filled = [c for c in cells[top][left:] if c.strip()]
        figures = [v for c in filled if (v := _value(c)) is not None]
        if not figures and not beside:
            top += 1  # words or an empty line
        elif figures and not beside and _counting(figures) and all(is_code(c) or _value(c) is None for c in filled):
            top += 1
        else:
            break
    return top


def is_number(cell: str) -> bool:
    """Whether a cell holds a number in any notation, and not just a sign for nothing."""
    return bool(cell.strip()) and _value(cell) is not None


def _counting(figures: list[float]) -> bool:
    """Whether numbers are codes in order: whole, rising by one from 0 or 1, or at least rising."""
    whole = all(v == int(v) and 0 <= v < 1000 for v in figures)
    return whole and len(figures) > 1 and all(b > a for a, b in pairwise(figures))


def _further_left(cells: Rows, top: int, left: int) -> int:
    """Pass columns beside the names that hold codes, origins or words and no flow."""
    width = len(cells[0])
    while left < width - 2:
        head = [cells[i][left] for i in range(top) if cells[i][left].strip()]
        column = [cells[i][left] for i in range(top, len(cells)) if cells[i][left].strip()]
        figures = [v for c in column if (v := _value(c)) is not None]
        named = any(fold(h) in CODE_FOLDS for h in head)
        # a title may stand above any column; a heading of a sector or a role stands just above the numbers
        headed = bool(cells[top - 1][left].strip()) and not named
        codes = len(figures) > 1 and _counting(figures) and not headed
        if column and (not figures or (named and _counting(figures)) or codes):
            left += 1
        else:
            break
    return left
