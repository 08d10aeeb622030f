"""Read an input-output table as statistical offices print it; say everything that is wrong with it at once.

Rows and columns are found by name or code, Chinese or English, wherever they stand: the sectors first, then the
intermediate total, final uses, trade and gross output to the right, value added and total input below. A table may lie
on its side, imports may stand in rows or a sheet of their own, numbers may be written in any usual way. What a table
leaves open (its unit, its decimal mark, its sheet) is asked for.

References
----------
National Bureau of Statistics of China (2020). Input-Output Tables of China 2018: layout, codes and names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.facts.money import yuan_per
from tanshi.scenarios.national.cells import UNITS_APART, Array, without_units
from tanshi.scenarios.national.frame import Frame, find_frame, frame_at, is_number, second_table
from tanshi.scenarios.national.numbers import Mark, notation, nothing, plain
from tanshi.scenarios.national.reading import Reading, matrix_of
from tanshi.scenarios.national.sheet import Sheet, read_sheets
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.units import Unit, parse_unit, units_said
from tanshi.scenarios.national.year import year_said

_FIGURE = re.compile(
    r"^[^\w\s]{0,2}[\d〇一二三四五六七八九][\d〇一二三四五六七八九.,·'_ ×x*^+-]*(?:d[+-]?\d+)?\D{0,3}$"
)
FEWEST_UNREAD = 20
"""So many cells that look like numbers and are none are one cause."""
CANNOT = "The input-output table cannot be used."
_OF_IMPORTS = re.compile(
    r"进口(?:矩阵|品|产品)|调入矩阵|import (?:matrix|table|flow)|imported|\bimports?\b", re.IGNORECASE
)
_NOT_FLOWS = re.compile(r"系数|逆矩阵|逆阵|coefficient|inverse|leontief|multiplier|乘数", re.IGNORECASE)
MARKS: dict[str, Mark] = {".": ".", ",": ",", "point": ".", "comma": ","}


@dataclass(frozen=True)
class Asked:
    """What the user said of a table.

    Parameters
    ----------
    unit
        Unit of money, any word that `parse_unit` knows.
    sheet
        Name of the sheet.
    year
        Of the flows.
    decimal
        The decimal mark.
    imports
        File with a matrix of imports.
    rate
        yuan in one unit of the table's currency.
    """

    unit: str | None = None
    sheet: str | None = None
    year: int | None = None
    decimal: str | None = None
    imports: Path | None = None
    rate: float | None = None


def read_table(
    path: Path,
    unit: str | None = None,
    sheet: str | None = None,
    *,
    year: int | None = None,
    decimal: str | None = None,
    imports: Path | None = None,
    rate: float | None = None,
) -> NationalTable:
    """Read and check a table.

    Parameters
    ----------
    path
        Text or workbook, see `tanshi.scenarios.national.sheet`.
    unit
        Unit of money, such as ``wanyuan``, 百万元 or ``million euro``; by default what the table says.
    sheet
        Name of the sheet; by default the only one that holds such a table.
    year
        Of the flows; by default what title, sheet or file name say.
    decimal
        ``.`` or ``,``; by default found from the cells.
    imports
        File with imports by user, where the table is of home-made goods alone and no sheet of it has them.
    rate
        Yuan in one unit of the table's currency; by default the year's mean where it is known.

    Returns
    -------
    NationalTable
        In yi yuan of the table's year.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With everything that is wrong, each with its cell, row or column, one message a cause.
    """
    asked = Asked(unit, sheet, year, decimal, imports, rate)
    frame, others = _chosen(path, asked)
    problems: list[Problem] = []
    when = year if year is not None else _year(frame, path)
    factor, currency, said = _factor(frame, asked, when, problems)
    found = _read(frame, asked, factor, said, others, problems)
    problems = _causes(frame, problems)
    if found is None or problems:
        raise UserError(CANNOT, problems)
    notes = []
    head = units_said([*_titles(frame), frame.sheet.name, *_behind(frame.sheet)])
    if asked.unit is not None and head and not head[0].same(said):
        told = "The table's head says {printed}; it was read in {unit}, as you said."
        notes.append(Message(told, printed=f"{head[0]}", unit=f"{said}"))
    printed = year_said(_titles(frame))
    if year is not None and printed is not None and printed != year:
        told = "The table's title says {printed}; it was read as of {year}, as you said."
        notes.append(Message(told, printed=printed, year=year))
    if currency != "CNY":
        told = "Money was turned into yuan at {rate:.6g} yuan per {currency}."
        notes.append(Message(told, rate=factor / said.yi, currency=currency))
    return replace(found, year=when, unit=str(said), notes=(*notes, *found.notes))


def _causes(frame: Frame, problems: list[Problem]) -> list[Problem]:
    """Problems without those that another one brings about."""
    several = [p for p in problems if p.field == "unit" and isinstance(p.got, Message)]
    if several:  # sums of numbers in two units are no second cause
        return several
    if any(p.hint == UNITS_APART for p in problems):
        return [p for p in problems if p.field != "unit"]
    unread, read = [], 0
    for i, row in enumerate(frame.sheet.cells):
        for j, cell in enumerate(row):
            number = is_number(cell)
            read += number and not cell.strip().isdigit()
            if not number and _FIGURE.match(plain(cell)):
                unread.append((frame.sheet.address(i, j), cell.strip()))
    if problems and len(unread) > max(read, FEWEST_UNREAD):
        got = Message("{count} cells such as {cell!r} in {place}", count=len(unread), cell=unread[0][1],
                      place=unread[0][0])  # fmt: skip
        hint = "Write numbers without other signs."
        return [Problem("numbers", got, frame.sheet.file, hint=hint)]
    return problems


# -- which sheet -----------------------------------------------------------------------------------------------


def _chosen(path: Path, asked: Asked) -> tuple[Frame, list[Sheet]]:
    """The frame of the table, and the sheets that hold imports."""
    every = [without_units(s) for s in read_sheets(path)]
    wanted = every if asked.sheet is None else [without_units(s) for s in read_sheets(path, asked.sheet)]
    frames = [(s, f) for s in wanted if (f := find_frame(s)) is not None]
    if not frames:
        raise _no_table(wanted)
    apart = [] if asked.sheet is not None else [s for s, _ in frames if _about(s, _OF_IMPORTS)]
    if len(apart) < len(frames):
        frames = [(s, f) for s, f in frames if s not in apart]
    flows = [(s, f) for s, f in frames if not _about(s, _NOT_FLOWS)]
    frames = flows or frames
    if len(frames) > 1 and asked.year is not None:
        frames = [(s, f) for s, f in frames if year_said([s.name, *_titles(f)]) == asked.year] or frames
    if len(frames) > 1:
        names = ", ".join(s.name for s, _ in frames)
        problem = Problem(
            "one table",
            Message("one in each of the sheets {names}", names=names),
            str(path),
            hint="Say which by --sheet NAME.",
        )
        raise UserError(CANNOT, [problem])
    chosen = frames[0]
    _refuse_odd(chosen[0], chosen[1], path)
    others = [s for s in every if s.name != chosen[0].name and _about(s, _OF_IMPORTS)] if len(every) > 1 else []
    if asked.imports is not None:
        others = [without_units(s) for s in read_sheets(asked.imports)]
    return chosen[1], others


def _refuse_odd(sheet: Sheet, frame: Frame, path: Path) -> None:
    """Refuse a sheet of coefficients, and one with several tables one below another."""
    below = second_table(frame)
    if below is not None:
        got = Message("another one below, from {place} on", place=frame.sheet.address(below, 0))
        hint = "Put each into a sheet or file of its own."
        raise UserError(CANNOT, [Problem("one table", got, str(path), hint=hint)])
    if _about(sheet, _NOT_FLOWS):
        title = next((c for row in sheet.cells[:3] for c in row if _NOT_FLOWS.search(c)), sheet.name)
        hint = "Give the table of transactions (基本流量表) itself."
        raise UserError(CANNOT, [Problem("a table of flows of money", repr(title.strip()), sheet.file, hint=hint)])


def _about(sheet: Sheet, words: re.Pattern[str]) -> bool:
    """Whether the name or title of a sheet has one of the words."""
    title = [c for row in sheet.cells[:3] if sum(bool(x.strip()) for x in row) <= 2 for c in row if c.strip()]
    return any(words.search(text) for text in (sheet.name, *title))


def _no_table(sheets: Iterable[Sheet]) -> UserError:
    expected = (
        "column headings such as 居民消费 or household consumption, 总产出 or gross output, "
        "and row headings such as 劳动者报酬 or labour compensation"
    )
    problems = []
    for s in sheets:
        told = "none of them in a text of {width} cells a line, parted by {separator!r}"
        got = Message(told, width=s.width, separator=s.separator) if s.separator else "none of them"
        hint = "To see the layout: tanshi new table example.csv"
        problems.append(Problem(expected, got, s.file, hint=hint))
    return UserError("No input-output table found.", problems)


# -- unit and year ---------------------------------------------------------------------------------------------


def _titles(frame: Frame) -> list[str]:
    """Cells above the numbers."""
    cells = frame.sheet.cells
    above = [c for row in cells[: frame.top] for c in row if c.strip()]
    if frame.sheet.turned:
        above += [c for row in cells[frame.top :] for c in row[: frame.left] if c.strip()]
    return above


def _behind(sheet: Sheet) -> list[str]:
    """The unit that stood behind the numbers, as a heading says it."""
    return [f"单位：{sheet.unit}"] if sheet.unit else []


def _beside(frame: Frame) -> list[str]:
    """Labels of the rows of sectors and value added."""
    known = [i for i, said in frame.rows.items() if said.role]
    first = min(known, default=len(frame.sheet.cells))
    rows = [i for i in frame.rows if i < first or i in known]
    return [c for i in rows for c in frame.sheet.cells[i][: frame.left] if c.strip()]


def _footnotes(frame: Frame) -> list[str]:
    """Words below the last row of numbers."""
    rows: list[str] = []
    for row in reversed(frame.sheet.cells[frame.top :]):
        if any(is_number(cell) for cell in row[frame.left :]):
            break
        rows += [cell for cell in row if cell.strip()]
    return rows


def _year(frame: Frame, path: Path) -> int | None:
    return year_said(_titles(frame)) or year_said([frame.sheet.name]) or year_said([path.stem])


def _factor(frame: Frame, asked: Asked, year: int | None, problems: list[Problem]) -> tuple[float, str, Unit]:
    """Yi yuan in a unit of the table, its currency, and the unit as said."""
    unit = _unit(frame, asked, problems)
    if unit is None:
        return 1.0, "CNY", Unit(1e8)
    if unit.currency == "CNY":
        return unit.yi, "CNY", unit
    rate = asked.rate if asked.rate is not None else yuan_per(unit.currency, year)
    if rate is None or not rate > 0.0:
        got = f"{unit}" if year is None else Message("{unit} of {year}", unit=f"{unit}", year=year)
        hint = Message(
            "Say how many yuan one {currency} is: --rate 7.1, and --year where the table does not say it.",
            currency=unit.currency,
        )
        problems.append(Problem("yuan, or a currency and year whose rate is known", got, frame.sheet.file, field="unit",
                                hint=hint))  # fmt: skip
        return unit.yi, unit.currency, unit
    return unit.yi * rate, unit.currency, unit


def _unit(frame: Frame, asked: Asked, problems: list[Problem]) -> Unit | None:
    if asked.unit is not None:
        unit = parse_unit(asked.unit, bare=True)
        if unit is None:
            expected = "a unit of money such as wanyuan, yi, 百万元, million euro"
            problems.append(Problem(expected, repr(asked.unit), field="--unit"))
        return unit
    said = units_said([*_titles(frame), frame.sheet.name, *_behind(frame.sheet)])
    said += [unit for unit in units_said(_beside(frame)) if not any(unit.same(known) for known in said)]
    said = said or units_said(_footnotes(frame))
    if len(said) == 1:
        return said[0]
    got = "no unit in the head of the table" if not said else Message("several: {said}", said=", ".join(map(str, said)))
    hint = "Say --unit wanyuan, --unit yi, --unit 百万元 or --unit 'million euro'."
    problems.append(Problem("the unit of money, such as 万元 or 亿元", got, frame.sheet.file, field="unit", hint=hint))
    return None


# -- numbers ---------------------------------------------------------------------------------------------------


def _read(
    frame: Frame, asked: Asked, factor: float, unit: Unit, others: list[Sheet], problems: list[Problem]
) -> NationalTable | None:
    """The table by the decimal mark that its cells show; of two possible ones by that with which it adds up."""
    before = len(problems)
    marks = _marks(frame, asked, problems)
    tried: list[tuple[Reading, NationalTable | None]] = []
    if len(problems) > before:
        return None  # two notations: what they leave unread is no second cause
    for mark in marks:
        reading = Reading(frame, mark)
        table = reading.table(factor, _matrix(reading, frame, unit, others, mark))
        tried.append((reading, table))
    good = [(r, t) for r, t in tried if t is not None]
    if len(good) == 1 or (len(tried) == 1):
        reading, table = good[0] if good else tried[0]
        problems += reading.problems
        return table
    if len(good) > 1:
        got = "only numbers such as 1.234 or 1,234, which are one or a thousand"
        hint = "Say --decimal . or --decimal ,"
        problems.append(Problem("a sheet that shows its decimal mark", got, frame.sheet.file, hint=hint))
        return None
    problems += tried[0][0].problems
    return None


def _marks(frame: Frame, asked: Asked, problems: list[Problem]) -> list[Mark]:
    if asked.decimal is not None:
        if asked.decimal not in MARKS:
            problems.append(Problem("a point or a comma", repr(asked.decimal), field="--decimal"))
            return ["."]
        return [MARKS[asked.decimal]]
    cells = [c for row in frame.sheet.cells[frame.top :] for c in row[frame.left :] if c and not nothing(c)]
    found = notation(cells, frame.sheet.separator)
    if found.clash:
        got = Message("both {one!r} and {other!r}", one=found.clash[0].strip(), other=found.clash[1].strip())
        hint = "Write all numbers in one way, or say --decimal . or --decimal ,"
        problems.append(Problem("numbers of one notation", got, frame.sheet.file, hint=hint))
    if found.sure or found.clash:
        return [found.decimal]
    return [found.decimal, "," if found.decimal == "." else "."]


def _matrix(reading: Reading, frame: Frame, unit: Unit, others: list[Sheet], mark: Mark) -> tuple[Array, Array] | None:
    """Imports by user from a sheet of their own, in the unit of the table."""
    if reading.matched is None or reading.matched.bought:
        return None
    for other in others:
        there = find_frame(other) or _same_place(frame, other)
        if there is None:
            continue
        found = matrix_of(there, reading.matched.labels, mark)
        if found is None:
            continue
        said = [u for u in units_said([*_titles(there), other.name, *_behind(other)]) if u.currency == unit.currency]
        if len(said) != 1 or said[0].same(unit):
            return found
        told = "The sheet of imports is in {there}: it was turned into {unit}."
        reading.notes.append(Message(told, there=f"{said[0]}", unit=f"{unit}"))
        return found[0] * said[0].size / unit.size, found[1] * said[0].size / unit.size
    return None


def _same_place(frame: Frame, other: Sheet) -> Frame | None:
    """A matrix without value added has no rows to find it by: its headings stand as in the main table."""
    sheet = other.transposed() if frame.sheet.turned else other
    return frame_at(sheet, frame.top, frame.left) if sheet.width > frame.left and len(sheet.cells) > frame.top else None
