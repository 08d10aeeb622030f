"""Cells of a table in a text file or a workbook, with their addresses."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median_low
from typing import Any

from tanshi.errors import Message, said
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.extras import need
from tanshi.scenarios.national.numbers import Exact, Notation, notation
from tanshi.scenarios.national.numbers import number as read_number
from tanshi.scenarios.national.web import cells_of_page

TEXTS = (".csv", ".tsv", ".tab", ".txt")
MAGIC = (b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"), b"\x09\x08\x10\x00")
"""First bytes of workbooks: packed XML, Excel to 2003, Excel 5 without its wrapping."""
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
SEPARATORS = ("\t", ";", "|")
_COMMON = (
    "的业产品农林煤石油化学金属电力建筑其他投入使用出合计居民政府消费固定资本日期收盘价成交单位万亿元进年和"
    "时间均结算格月交易"
)
_CHINESE = ("gb18030", "big5")
MOST_LOST = 1e-3
"""Share of signs that may be unreadable in a text whose encoding is else plain."""
_WESTERN = ["cp1252", "cp1250", "cp1251", "latin_1", "shift_jis", "euc_kr", "cp949"]

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """A rectangle of cells, shorter rows filled up with empty ones.

    Parameters
    ----------
    file
        Path as the user gave it, with the name of the sheet where a workbook has several.
    cells
        Rows of cells; numbers of a workbook are `Exact`.
    lines
        Line of every row as an editor shows it, counted from 1.
    separator
        What parts the cells in a text file; nothing in a workbook.
    encoding
        Of a text file.
    groups
        Merged cells, each as its first and last row and column.
    name
        Of the sheet in its workbook.
    turned
        Whether rows and columns have changed places.
    unit
        Of money, that stood behind most of its numbers and was taken off them.
    """

    file: str
    cells: Rows
    lines: tuple[int, ...] = ()
    separator: str = ""
    encoding: str = ""
    groups: tuple[tuple[int, int, int, int], ...] = ()
    name: str = ""
    turned: bool = field(default=False)
    unit: str = ""

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.cells[0]) if self.cells else 0

    def line(self, row: int) -> int:
        """Line of a row as an editor shows it."""
        return self.lines[row] if row < len(self.lines) else row + 1

    def notation(self) -> Notation:
        """How the sheet's numbers are written."""
        return notation((cell for row in self.cells for cell in row), self.separator)

    def transposed(self) -> Sheet:
        """The same cells with rows for columns; `address` names them as they stand in the file."""
        groups = tuple((left, right, top, bottom) for top, bottom, left, right in self.groups)
        turned = tuple(zip(*self.cells, strict=True))
        return replace(self, cells=turned, lines=(), groups=groups, turned=not self.turned)

    def address(self, row: int, column: int) -> str:
        """Address of a cell as Excel shows it."""
        if self.turned:
            return address(column, row)
        return address(self.line(row) - 1 if self.lines else row, column)


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
    """The number in a cell with a decimal point; see `tanshi.scenarios.national.numbers.number`."""
    return read_number(text)


def read_sheets(path: Path, name: str | None = None) -> list[Sheet]:
    """The sheets of a file: one of a text file, all or the one named of a workbook.

    Parameters
    ----------
    path
        Text parted by commas, semicolons, tabs or bars in any usual encoding, or a workbook of Excel or LibreOffice.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        If the file is missing, empty, of another kind or cannot be read, holds no sheet of that name or formulas that
        were never computed, or the package that reads such workbooks is not installed.
    """
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise UserError("The table cannot be read.", [Problem("a table in CSV or XLSX", got, str(path))])
    kind = path.suffix.lower()
    if kind not in (*TEXTS, *WORKBOOKS):
        hint = "Open it in Excel or LibreOffice and save it as .xlsx or .csv."
        if kind in (".zip", ".gz", ".rar", ".7z"):
            hint = "Unpack it and give the file inside."
        expected = Message("a file ending in {endings}", endings=", ".join((*TEXTS, *WORKBOOKS)))
        problem = Problem(expected, repr(path.suffix or path.name), str(path), hint=hint)
        raise UserError("The table cannot be read.", [problem])
    content = path.read_bytes()
    if not content.strip():
        raise UserError("The table cannot be read.", [Problem("a table", "an empty file", str(path))])
    if content[:2] == b"\x1f\x8b":
        problem = Problem("a table", "a packed file", str(path), hint="Unpack it and give the file inside.")
        raise UserError("The table cannot be read.", [problem])
    if content.startswith(MAGIC) or kind == ".ods":  # by what the file is, whatever its ending says
        return _workbook(path, content, name)
    if kind in TEXTS and not _is_page(content):
        return [read_text(str(path), content)]
    return _not_a_workbook(path, content)


def read_text(file: str, content: bytes) -> Sheet:
    """The sheet of a text file."""
    text, encoding = decoded(content, file)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    said = re.match(r"\s*sep=(.)\n", text)
    separator = said[1] if said else separator_of(text)
    if separator == "," and not said and _in_blanks(text):
        text, separator = re.sub(r"[ \u3000]+(?=\S)", "\t", text), "\t"
    skip = 1 if said else 0
    reader = csv.reader(io.StringIO("\n".join(text.split("\n")[skip:])), delimiter=separator)
    rows, lines, before = [], [], skip
    try:
        for row in reader:
            rows.append([_as_text(cell) for cell in row])
            lines.append(before + 1)
            before = skip + reader.line_num
    except csv.Error as error:
        problem = Problem("cells parted by separators", str(error), file, before + 1)
        raise UserError("The table cannot be read.", [problem]) from error
    return Sheet(file, filled(rows), tuple(lines), separator, encoding)


def _as_text(cell: str) -> str:
    """A cell without the signs by which spreadsheets keep a number or a code as text."""
    kept = re.fullmatch(r'\s*="?([^"=]*)"?\s*', cell) if cell.lstrip().startswith('="') else None
    if kept:
        return kept[1]
    if len(cell) > 2 and cell[0] == cell[-1] == "'":
        return cell[1:-1]
    return cell[1:] if re.match(r"'[-+(]?[\d.,]", cell) else cell


def decoded(content: bytes, file: str) -> tuple[str, str]:
    """Text and encoding of a file's bytes.

    By its mark of byte order, else UTF-8, UTF-16 by its zeros, Chinese by its common characters, else what
    charset-normalizer finds most likely.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
                           (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):  # fmt: skip
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise _unreadable(
                    file,
                    Message(
                        "a mark of {encoding} and bytes that are not: {reason}", encoding=encoding, reason=error.reason
                    ),
                ) from error
    zeros = content.count(0)
    order = ["utf-16-be", "utf-16-le"] if content[:1] == b"\0" else ["utf-16-le", "utf-16-be"]
    tries = order if zeros else ["utf-8"]
    for encoding in tries:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return _not_twice(text) or (text, encoding)
    if zeros:
        raise _unreadable(file, "zero bytes, as in a file that is no text")
    return _guessed(content, file)


def _not_twice(text: str) -> tuple[str, str] | None:
    """Text that was read in a wrong encoding before it was written again, as it was meant; None where it was not."""
    strange = sum("\x80" <= letter <= "\xff" for letter in text)
    if strange < 0.02 * len(text):
        return None
    try:
        found = _guessed(text.encode("latin_1"), "")
    except (UnicodeEncodeError, UserError):
        return None
    return found if found[1] in _CHINESE else None


def _but_for_a_few(content: bytes) -> tuple[str, str] | None:
    """Text with a few bytes that do not belong to its encoding, each as the sign for what cannot be read."""
    for encoding in ("utf-8", *_CHINESE):
        text = content.decode(encoding, errors="replace")
        lost = text.count("\ufffd")
        if lost <= max(2.0, MOST_LOST * len(text)) and sum(text.count(letter) for letter in _COMMON) >= 20:
            return text, encoding
    return None


def _guessed(content: bytes, file: str) -> tuple[str, str]:
    best: tuple[int, str, str] = (0, "", "")
    for encoding in _CHINESE:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        known = sum(text.count(letter) for letter in _COMMON)
        best = max(best, (known, text, encoding), key=lambda one: one[0])
    if best[0] >= 2:
        return best[1], best[2]
    spoilt = _but_for_a_few(content)
    if spoilt is not None:
        return spoilt
    from charset_normalizer import from_bytes

    found = from_bytes(content, cp_isolation=[*_WESTERN, *_CHINESE]).best()
    if found is None:
        raise _unreadable(file, "bytes of an encoding that is not known")
    return str(found), found.encoding


def _unreadable(file: str, got: str) -> UserError:
    hint = "Save the file as CSV in UTF-8."
    return UserError("The table cannot be read.", [Problem("text in UTF-8, UTF-16 or GB18030", got, file, hint=hint)])


def separator_of(text: str) -> str:
    r"""What parts the cells of a text: tab, semicolon or bar where most lines have it, else the comma.

    Examples
    --------
    >>> separator_of("date;close\n1;2,5\n"), separator_of("a,b\n1,2\n")
    (';', ',')
    """
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n") if line.strip()]
    lines = lines[min(len(lines) // 4, 8) :][:400]
    for separator in SEPARATORS:
        if lines and median_low(line.count(separator) for line in lines) >= 1:
            return separator
    return ","


def _in_blanks(text: str) -> bool:
    """Whether lines are parted by blanks alone, as of columns of fixed width: as many words in each, and no comma."""
    words = [len(line.split()) for line in text.split("\n") if line.strip()]
    return (
        "," not in text and len(words) > 2 and words[0] > 1 and sum(n == words[-1] for n in words) > 0.95 * len(words)
    )


def filled(rows: Iterable[Iterable[str]]) -> Rows:
    """Rows of one width."""
    listed = [list(row) for row in rows]
    width = max((len(row) for row in listed), default=0)
    return tuple(tuple(row) + ("",) * (width - len(row)) for row in listed)


# -- workbooks -------------------------------------------------------------------------------------------------


def _is_page(content: bytes) -> bool:
    head = content[:400].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return head.startswith((b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta"))


def _not_a_workbook(path: Path, content: bytes) -> list[Sheet]:
    """Many a file named .xls is a web page or plain text."""
    if _is_page(content):
        text, encoding = decoded(content, str(path))
        rows = cells_of_page(text)
        if rows:
            return [Sheet(str(path), filled(rows), separator="\t", encoding=encoding)]
        hint = "Open it in Excel or LibreOffice and save it as .xlsx or .csv."
        problem = Problem("an Excel workbook", "a web page with that ending, without a table", str(path), hint=hint)
        raise UserError("The table cannot be read.", [problem])
    if b"\0" in content[:400] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError("The table cannot be read.", [Problem("an Excel workbook", "bytes of another kind", str(path))])
    return [read_text(str(path), content)]


def _workbook(path: Path, content: bytes, name: str | None) -> list[Sheet]:
    need("excel", "The table cannot be read.", place=str(path), otherwise=Message("Or save the table as CSV."))
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            visible = calamine.SheetVisibleEnum.Visible
            names = [m.name for m in book.sheets_metadata if m.visible == visible or m.name == name]
            if name is not None and name not in names:
                problem = Problem(Message("one of the sheets {names}", names=", ".join(names)), repr(name), str(path))
                raise UserError("The table cannot be read.", [problem])
            many = len(names) > 1
            wanted = names if name is None else [name]
            found = [_sheet(book.get_sheet_by_name(title), path, title, many) for title in wanted]
    except UserError:
        raise
    except Exception as error:  # a broken workbook fails in as many ways as a zip archive can
        got = "one with a password" if "password" in str(error).casefold() else str(error) or type(error).__name__
        raise UserError("The table cannot be read.", [Problem("an Excel workbook", got, str(path))]) from error
    if content.startswith(MAGIC[0]) and path.suffix.lower() not in (".xlsb", ".ods"):
        _without_lost_formulas(path, content, found)
    return found


def _sheet(sheet: Any, path: Path, title: str, many: bool) -> Sheet:
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    merged = getattr(sheet, "merged_cell_ranges", None) or ()
    groups = tuple((top, bottom, left, right) for (top, left), (bottom, right) in merged)
    file = f"{path}[{title}]" if many else str(path)
    return Sheet(file, filled(rows), groups=groups, name=title)


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15
        return Exact(int(cell) if whole else repr(cell))
    return "" if cell is None else str(cell)


def _without_lost_formulas(path: Path, content: bytes, sheets: list[Sheet]) -> None:
    """Refuse formulas whose results were never computed: they would read as nothing."""
    empty = [s for s in sheets if any(not cell for row in s.cells for cell in row)]
    if not empty:
        return
    import openpyxl  # type: ignore[import-untyped, import-not-found, unused-ignore]

    try:
        book = openpyxl.load_workbook(io.BytesIO(content))
    except Exception as error:  # as above
        raise UserError("The table cannot be read.", [Problem("an Excel workbook", str(error), str(path))]) from error
    for sheet in empty:
        if sheet.name not in book.sheetnames or not hasattr(book[sheet.name], "iter_rows"):
            continue
        lost, failed = [], []
        for i, row in enumerate(book[sheet.name].iter_rows()):
            for j, cell in enumerate(row):
                if _at(sheet, i, j) or not isinstance(cell.value, str):
                    continue
                if cell.data_type == "e":
                    failed.append(address(i, j))
                elif cell.value.startswith("="):
                    lost.append(address(i, j))
        if failed:
            hint = "The workbook's own formula failed there."
            got = Message("errors such as #REF! in {listed}", listed=listed(failed))
            raise UserError("The table cannot be read.", [Problem("numbers", got, sheet.file, hint=hint)])
        if lost:
            hint = "Open the file in Excel or LibreOffice and save it once."
            got = Message("formulas without their results in {listed}", listed=listed(lost))
            raise UserError("The table cannot be read.", [Problem("numbers", got, sheet.file, hint=hint)])


def _at(sheet: Sheet, row: int, column: int) -> str:
    return sheet.cells[row][column] if row < len(sheet.cells) and column < sheet.width else ""


def listed(places: Iterable[str], most: int = 5) -> str:
    """Some places and how many more.

    Examples
    --------
    >>> listed(["A1", "B1", "C1"], 2)
    'A1, B1 and 1 more'
    """
    every = list(places)
    first = ", ".join(said(one) for one in every[:most])
    return Message("{first} and {more} more", first=first, more=len(every) - most) if len(every) > most else first
