"""A price file of any market as dates and prices, or every mistake in it, before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from tanshi.errors import Message, both
from tanshi.scenarios.errors import Problem, UserError, did_you_mean
from tanshi.scenarios.national.numbers import Mark, notation, nothing, number, plain
from tanshi.scenarios.national.read import MARKS
from tanshi.scenarios.national.sheet import Sheet, listed, read_sheets
from tanshi.scenarios.prices.choice import Choice
from tanshi.scenarios.prices.columns import CANNOT, Columns, find_columns, part_of_money
from tanshi.scenarios.prices.dates import read_dates, trading_week
from tanshi.scenarios.prices.rows import check_width, leaps, not_traded, out_of_order, price_rows

FEWEST_YEARS = 2
"""Calendar years below which the annual level of a price cannot be told from its movement."""


@dataclass(frozen=True)
class PriceFile:
    """Prices of one market.

    Parameters
    ----------
    file
        As the user gave it.
    frame
        Columns ``date`` (local dates, rising, each once), ``close`` (above 0) and ``line``.
    column
        Heading of the price.
    notes
        What was decided and left out, a sentence each.
    """

    file: str
    frame: pd.DataFrame
    column: str
    notes: tuple[str, ...] = ()


def read_prices(path: Path, choice: Choice | None = None, *, years: int = FEWEST_YEARS) -> PriceFile:
    """Read a price file.

    Parameters
    ----------
    path
        Text or workbook.
    choice
        What the file does not show by itself.
    years
        Calendar years that the prices must span.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With every mistake by its line, one message a cause; and where an order of day and month, a decimal mark, a
        column or a series must be chosen.
    """
    chosen = choice or Choice()
    sheet, columns = _table(path, chosen)
    check_width(sheet, columns)
    rows, left_out = price_rows(sheet, columns, _rows(sheet, columns, chosen))
    problems: list[Problem] = []
    days, notes, timed = _days(sheet, columns, rows, chosen, problems)
    values = _values(sheet, columns, rows, chosen, problems)
    part, word = part_of_money(columns.name)
    problems += [] if problems else out_of_order(sheet, columns, rows, days)
    if problems:
        raise UserError(CANNOT, problems)
    notes[:0] = left_out
    if part != 1.0:
        values = [value * part for value in values]
        notes.append(Message("Prices in {word} were multiplied by {part:g}.", word=word, part=part))
    frame = pd.DataFrame({"date": days, "close": values, "line": [sheet.line(i) for i in rows]})
    empty = frame["close"].isna()
    if empty.any():
        notes.append(Message("{count} rows without a price were left out.", count=int(empty.sum())))
    traded = frame["close"] != 0.0
    if not traded[~empty].all():
        notes.append(
            Message("{count} rows with a price of 0 were left out: there was no trade.", count=int((~traded).sum()))
        )
    frame = frame[~empty & traded].sort_values(["date", "line"], kind="stable").reset_index(drop=True)
    frame = _once(frame, sheet.file, timed, notes)
    frame = _without_weekends(frame, notes)
    if len(frame) == 0:
        raise UserError(CANNOT, [Problem("rows with a date and a price", "none", sheet.file)])
    span = {d.year for d in frame["date"]}
    if len(span) < years:
        got = Message(
            "{number_of_frame} prices of {years} alone",
            number_of_frame=len(frame),
            years=both([str(year) for year in sorted(span)]),
        )
        hint = "The yearly level of the price cannot be told from its movement."
        raise UserError(
            CANNOT,
            [Problem(Message("prices of at least {years} calendar years", years=years), got, sheet.file, hint=hint)],
        )
    notes += leaps(frame, sheet.file)
    frame["date"] = pd.to_datetime(frame["date"])
    return PriceFile(sheet.file, frame, columns.name, tuple(notes))


def _table(path: Path, choice: Choice) -> tuple[Sheet, Columns]:
    sheets = read_sheets(path, choice.sheet)
    tried = [(sheet, _columns(sheet, choice.column)) for sheet in sheets]
    good = [(sheet, found) for sheet, found in tried if isinstance(found, Columns)]
    if len(good) > 1:
        got = Message("one in each of the sheets {names}", names=listed((s.name for s, _ in good), 12))
        hint = "Say which by --sheet NAME, or put all rows into one sheet."
        raise UserError(CANNOT, [Problem("one table of prices", got, str(path), hint=hint)])
    if good:
        return good[0]
    refused = next((found for _, found in tried if isinstance(found, UserError)), None)
    if refused is not None:
        raise refused
    heads = next(([c.strip() for c in row if c.strip()] for s in sheets for row in s.cells if any(row)), [])
    expected = "a row of headings with a date (date, 日期) and a price (close, 收盘价)"
    raise UserError(CANNOT, [Problem(expected, ", ".join(map(repr, heads[:8])) or "nothing", sheets[0].file)])


def _columns(sheet: Sheet, column: str | None) -> Columns | UserError | None:
    """The columns of one of several sheets, or why it has none: another one may have them."""
    try:
        return find_columns(sheet, column)
    except UserError as error:
        return error


def _rows(sheet: Sheet, columns: Columns, choice: Choice) -> list[int]:
    """Rows of the series: neither empty nor comments."""
    rows = [
        i for i in range(columns.head + 1, len(sheet.cells))
        if any(c.strip() for c in sheet.cells[i]) and not sheet.cells[i][0].lstrip().startswith("#")
    ]  # fmt: skip
    if columns.label is None:
        if choice.series is not None:
            got = "a file of one series"
            raise UserError(CANNOT, [Problem("a file of several series", got, sheet.file, field="--series")])
        return rows
    names = sorted({sheet.cells[i][columns.label].strip() for i in rows} - {""})
    if choice.series is None:
        hint: str = Message("Say which by --series, such as --series {names!r}.", names=names[0])
        raise UserError(
            CANNOT,
            [
                Problem(
                    "one series",
                    Message("{count}: {listed}", count=len(names), listed=listed(names)),
                    sheet.file,
                    hint=hint,
                )
            ],
        )
    if choice.series not in names:
        hint = did_you_mean(choice.series, names)
        raise UserError(
            CANNOT,
            [Problem(Message("one of {listed}", listed=listed(names, 12)), repr(choice.series), "--series", hint=hint)],
        )
    return [i for i in rows if sheet.cells[i][columns.label].strip() == choice.series]


def _lines(sheet: Sheet, rows: Iterable[int]) -> str:
    return listed(str(sheet.line(i)) for i in rows)


def _days(
    sheet: Sheet, columns: Columns, rows: list[int], choice: Choice, problems: list[Problem]
) -> tuple[list[date | None], list[str], bool]:
    cells = [columns.when(sheet.cells[i]) for i in rows]
    read = read_dates(cells, choice.day_first)
    if read.clash is not None:
        one, two = (cells[k].strip() for k in read.clash)
        got = Message("{one} and {two}, which need both", one=one, two=two)
        problems.append(
            Problem("day first or month first throughout", got, sheet.file, sheet.line(rows[read.clash[1]]))
        )
    elif read.open_order:
        hint = "Say --day-first or --month-first."
        got = Message(
            "{cells}, and no number above 12 in {number_of_cells} rows",
            cells=cells[0].strip(),
            number_of_cells=len(cells),
        )
        problems.append(
            Problem("dates that show whether the day or the month stands first", got, sheet.file, hint=hint)
        )
    if read.unread:
        at = [rows[k] for k in read.unread]
        shown = cells[read.unread[0]].strip()
        field = f"line {_lines(sheet, at)}"
        problems.append(Problem("a date", repr(shown), sheet.file, sheet.line(at[0]), field if len(at) > 1 else ""))
    return read.days, read.notes, read.timed or columns.clock is not None


def _values(sheet: Sheet, columns: Columns, rows: list[int], choice: Choice, problems: list[Problem]) -> list[float]:
    cells = [sheet.cells[i][columns.price] for i in rows]
    before = len(problems)
    mark = _mark(cells, sheet, choice, problems)
    if len(problems) > before:  # what one notation leaves unread is no second cause
        return [float("nan")] * len(cells)
    letters = [cell.strip() for cell in cells if re.search(r"\d\s?[cp]$", plain(cell))]
    if len(letters) > 0.5 * len(cells):
        hint = "Write prices alone; cents and pence are hundredths."
        problems.append(Problem("prices without a letter", repr(letters[0]), sheet.file, field=columns.name, hint=hint))
    values, unread, low = [], [], []
    for i, cell in zip(rows, cells, strict=True):
        value = number(cell, mark)
        if nothing(cell) or not_traded(cell) or plain(cell) == "nan":
            value = float("nan")
        elif value is None:
            unread.append(i)
            value = float("nan")
        elif value < 0.0:
            low.append(i)
        values.append(value)
    for places, expected in ((unread, "a number"), (low, "a price above 0")):
        if places:
            got = repr(sheet.cells[places[0]][columns.price].strip())
            field = f"line {_lines(sheet, places)}" if len(places) > 1 else columns.name
            problems.append(Problem(expected, got, sheet.file, sheet.line(places[0]), field))
    return values


def _mark(cells: list[str], sheet: Sheet, choice: Choice, problems: list[Problem]) -> Mark:
    if choice.decimal is not None:
        if choice.decimal not in MARKS:
            problems.append(Problem("a point or a comma", repr(choice.decimal), field="--decimal"))
            return "."
        return MARKS[choice.decimal]
    found = notation((c for c in cells if c.strip() and not nothing(c) and not not_traded(c)), sheet.separator)
    if found.clash is not None:
        got = Message("both {one!r} and {other!r}", one=found.clash[0].strip(), other=found.clash[1].strip())
        hint = "Say --decimal . or --decimal ,"
        problems.append(Problem("prices of one notation", got, sheet.file, hint=hint))
    elif not found.sure:
        got = Message("only prices such as {cells!r}, which are one or a thousand", cells=cells[0].strip())
        hint = "Say --decimal . or --decimal ,"
        problems.append(Problem("prices that show their decimal mark", got, sheet.file, hint=hint))
    return found.decimal


def _once(frame: pd.DataFrame, file: str, timed: bool, notes: list[str]) -> pd.DataFrame:
    """Every date once: equal rows and earlier hours of a day are left out, other prices of one date refused."""
    again = frame["date"].duplicated(keep=False)
    if not again.any():
        return frame
    if not timed:
        differ = frame[again].groupby("date")["close"].nunique()
        odd = differ[differ > 1].index
        if len(odd):
            lines = frame.loc[frame["date"].isin(odd), "line"]
            got = Message(
                "{number_of_odd} dates with several prices, lines {listed}",
                number_of_odd=len(odd),
                listed=listed(map(str, lines)),
            )
            raise UserError(CANNOT, [Problem("one price a date", got, file, int(lines.iloc[0]))])
    kept = frame.drop_duplicates("date", keep="last")
    dropped = len(frame) - len(kept)
    if timed:
        notes.append(Message("Of several prices a day the last was taken: {count} rows.", count=dropped))
    else:
        notes.append(Message("Rows that stand twice were left out: {count} rows.", count=dropped))
    return kept.reset_index(drop=True)


def _without_weekends(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Leave weekends out of daily prices: files of calendar days repeat Friday there, and no exchange trades."""
    gaps = pd.Series([(b - a).days for a, b in zip(frame["date"], frame["date"][1:], strict=False)])
    if gaps.empty or float(gaps.median()) > 2.0:
        return frame
    free = trading_week(list(frame["date"]))
    weekend = frame["date"].map(lambda d: d.weekday() in free)
    if not weekend.any():
        return frame
    moved = weekend & (frame["close"] != frame["close"].shift())
    if moved.any():
        told = "{count} days of weekends were left out, {own} of them with a price of their own."
        notes.append(Message(told, count=int(weekend.sum()), own=int(moved.sum())))
    else:
        notes.append(Message("{count} days of weekends were left out.", count=int(weekend.sum())))
    return frame[~weekend].reset_index(drop=True)
