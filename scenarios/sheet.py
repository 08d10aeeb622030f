"""Cells of a table in a CSV or Excel file, with their addresses."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tanshi.scenarios.errors import Problem, UserError

EMPTY = {"", "-", "--", "—", "——", "…", "...", "……"}
"""What statisticians write where there is nothing."""


@dataclass(frozen=True)
class Sheet:
    """A rectangle of text cells, shorter rows filled up with empty ones.

    Parameters
    ----------
    file : path as the user gave it, with the name of the sheet where a workbook has several.
    cells : rows of cells.
    """

    file: str
    cells: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.cells[0]) if self.cells else 0


def address(row: int, column: int) -> str:
    """Address of a cell as Excel shows it; both counted from 0.

    Examples
    --------
    >>> address(0, 0), address(11, 27)
    ('A1', 'AB12')
    """
    letters, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return f"{letters}{row + 1}"


def number(text: str) -> float | None:
    """The number in a cell; 0 for an empty cell or a dash, None for what is no finite number.

    Examples
    --------
    >>> number("1,234.5"), number(" - "), number("12 units"), number("nan")
    (1234.5, 0.0, None, None)
    """
    word = text.strip()
    if word in EMPTY:
        return 0.0
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", word):
        word = word.replace(",", "")
    try:
        value = float(word)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def read_sheets(path: Path, name: str | None = None) -> list[Sheet]:
    """The sheets of a file: one of a CSV file, all or the one named of an Excel file.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        If the file is missing, is of another kind or cannot be read, holds no sheet of that name or formulas
        that were never computed, or openpyxl is not installed.
    """
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise UserError("The table cannot be read.", [Problem("a table in CSV or XLSX", got, str(path))])
    if path.suffix.lower() == ".csv":
        return [Sheet(str(path), _filled(list(csv.reader(io.StringIO(_text(path))))))]
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return list(_workbook(path, name))
    hint = "Open it in Excel or LibreOffice and save it as .xlsx or .csv."
    problem = Problem("a file ending in .csv or .xlsx", repr(path.suffix or path.name), str(path), hint=hint)
    raise UserError("The table cannot be read.", [problem])


def _text(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    problem = Problem("text in UTF-8 or GB18030", "bytes that are neither", str(path))
    raise UserError("The table cannot be read.", [problem])


def _workbook(path: Path, name: str | None) -> Iterator[Sheet]:
    try:
        import openpyxl  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError as error:
        hint = "Install it (.venv/bin/python -m pip install '.[excel]'), or save the table as CSV."
        problem = Problem("the package openpyxl, which reads workbooks", "nothing of that name", str(path), hint=hint)
        raise UserError("The table cannot be read.", [problem]) from error
    try:
        values = openpyxl.load_workbook(path, data_only=True)
        formulas = openpyxl.load_workbook(path)
    except Exception as error:  # a broken workbook fails in as many ways as a zip archive can
        raise UserError("The table cannot be read.", [Problem("an Excel workbook", str(error), str(path))]) from error
    names = [str(sheet.title) for sheet in values.worksheets]
    if name is not None and name not in names:
        problem = Problem(f"one of the sheets {', '.join(names)}", repr(name), str(path))
        raise UserError("The table cannot be read.", [problem])
    for title in names if name is None else [name]:
        filled = values[title].iter_rows(values_only=True)
        rows = [["" if cell is None else str(cell) for cell in row] for row in filled]
        lost = [
            Problem("a number", "a formula without its result", f"{path}[{title}]", field=f"cell {address(i, j)}",
                    hint="Open the file in Excel or LibreOffice and save it once.")
            for i, row in enumerate(formulas[title].iter_rows(values_only=True))
            for j, cell in enumerate(row)
            if isinstance(cell, str) and cell.startswith("=") and not rows[i][j]
        ]  # fmt: skip
        if lost:
            raise UserError("The table cannot be read.", lost)
        yield Sheet(f"{path}[{title}]" if len(names) > 1 else str(path), _filled(rows))


def _filled(rows: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    width = max((len(row) for row in rows), default=0)
    return tuple(tuple(row) + ("",) * (width - len(row)) for row in rows)
