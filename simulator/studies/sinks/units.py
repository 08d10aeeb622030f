"""Units from a text file or workbook: errors name its lines and columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.agents.sinks.errors import SinksError
from tanshi.agents.sinks.units import GROUPS, QUANTITIES, Units, read_units
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.numbers import notation, nothing, number
from tanshi.scenarios.national.sheet import MAGIC, Sheet, decoded, read_sheets, separator_of
from tanshi.scenarios.national.words import TOTAL_WORDS, fold

CANNOT = "The units cannot be read."
CHINESE = {
    "资本": "capital", "固定资产": "capital", "劳动": "labour", "劳动力": "labour", "职工人数": "labour",
    "中间投入": "intermediate", "产出": "output", "总产值": "output", "二氧化碳": "co2", "碳排放": "co2",
    "碳排放量": "co2", "单位": "unit", "单元": "unit", "企业": "firm", "行业": "sector", "部门": "sector",
    "省份": "province", "地区": "province", "年份": "year", "年": "year",
}  # fmt: skip
NAMES = {fold(name): name for name in (*QUANTITIES, *GROUPS)} | {fold(word): name for word, name in CHINESE.items()}
"""Headings in a form that compares, and the columns they mean."""


def read_file(path: Path | str) -> Units:
    """Read units from text of any usual encoding and separator, or a workbook's one sheet.

    The lines of the file are what messages call the rows. Headings are known in any case, in Chinese as well, and with
    their unit in brackets.

    Raises
    ------
    UserError
        Where the file cannot be read, a line has more or fewer cells than the header, a row is the sum of others, or as
        `read_units`.
    """
    file = Path(path)
    rows = _from_header(_rows(file))
    if not rows:
        raise UserError(CANNOT, [Problem("a header and rows", "an empty file", str(path))])
    header = [_name(cell) for cell in rows[0][1]]
    wrong = [
        Problem(
            Message("{number_of_header} cells as in the header", number_of_header=len(header)),
            str(len(cells)),
            str(path),
            line,
        )
        for line, cells in rows[1:]
        if len(cells) != len(header)
    ]
    if wrong:
        raise UserError(CANNOT, wrong[:20])
    table = pd.DataFrame([cells for _, cells in rows[1:]], columns=header, dtype=str)
    table.index = pd.Index([line for line, _ in rows[1:]], dtype=np.int64)
    _without_sums(table, str(path))
    with about(str(path)):
        return read_units(_plain(table, str(path)))


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, each with its number."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UserError(CANNOT, [Problem("a readable CSV file", error.strerror or "nothing", str(file))]) from None
    if raw.startswith(MAGIC) or file.suffix.lower() == ".ods":
        return _of_workbook(file)
    if not raw.strip():
        return []
    try:
        text, _ = decoded(raw, str(file))
    except UserError as error:
        raise UserError(CANNOT, error.problems) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text))
    try:
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        problem = Problem("comma-separated values", str(error), str(file), reader.line_num)
        raise UserError(CANNOT, [problem]) from None


def _of_workbook(file: Path) -> list[tuple[int, list[str]]]:
    try:
        sheets = [s for s in read_sheets(file) if any(any(c.strip() for c in row) for row in s.cells)]
    except UserError as error:
        raise UserError(CANNOT, error.problems) from None
    if len(sheets) > 1:
        names = ", ".join(s.name for s in sheets)
        hint = "Put the units alone into a workbook."
        raise UserError(CANNOT, [Problem("one sheet", names, str(file), hint=hint)])
    return [(n + 1, list(row)) for s in sheets for n, row in _filled(s) if any(c.strip() for c in row)]


def _filled(sheet: Sheet) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows of a sheet without the empty columns at its right end."""
    width = max((j + 1 for row in sheet.cells for j, c in enumerate(row) if c.strip()), default=0)
    yield from ((n, row[:width]) for n, row in enumerate(sheet.cells))


def _from_header(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows without titles above the one that names quantities."""
    known = (n for n, (_, cells) in enumerate(rows[:20]) if len({_name(c) for c in cells} & set(QUANTITIES)) >= 3)
    first = next(known, 0)
    return rows[first:]


def _name(heading: str) -> str:
    """The column that a heading means; the heading itself where none."""
    bare = re.sub(r"[(（\[][^()（）\[\]]*[)）\]]", "", heading)
    return NAMES.get(fold(bare), heading.strip())


def _without_sums(table: pd.DataFrame, file: str) -> None:
    """Refuse rows of sums: they would be compared with what they are made of."""
    for name in ("unit", "firm"):
        if name not in table or isinstance(table[name], pd.DataFrame):
            continue
        sums = [line for line, word in zip(table.index, table[name], strict=True) if fold(word) in TOTAL_WORDS]
        if sums:
            got = Message("{word}, which is a sum of others", word=repr(table[name][sums[0]].strip()))
            problem = Problem("one unit a row", got, file, int(sums[0]), name, hint="Leave sums out of the file.")
            raise UserError(CANNOT, [problem])


def _plain(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """The table with numbers in the notation of a program and whole years; what is no number stays as it is."""
    wanted = [name for name in QUANTITIES if name in table and not isinstance(table[name], pd.DataFrame)]
    found = notation((cell for name in wanted for cell in table[name]), ";")
    if found.clash is not None:
        got = Message("both {one!r} and {other!r}", one=found.clash[0].strip(), other=found.clash[1].strip())
        raise UserError(CANNOT, [Problem("numbers of one notation", got, file)])
    if not found.sure:
        open_mark = next(c for name in wanted for c in table[name] if found.decimal in c)
        got = Message("only numbers such as {cell!r}, which are one or a thousand", cell=open_mark.strip())
        hint = "Write numbers without marks of thousands."
        raise UserError(CANNOT, [Problem("a file that shows its decimal mark", got, file, hint=hint)])

    def plain(cell: str) -> str:
        value = None if nothing(cell) else number(cell, found.decimal)
        return repr(value) if value is not None and value > 0.0 else cell

    out = table.copy()
    for name in wanted:
        out[name] = [plain(cell) for cell in table[name]]
    if "year" in out and not isinstance(out["year"], pd.DataFrame):
        out["year"] = [re.sub(r"\.0+$|年$", "", word.strip()) for word in out["year"]]
    return out


@contextmanager
def about(file: str) -> Iterator[None]:
    """Turn errors about a table into errors about a file."""
    try:
        yield
    except SinksError as error:
        problems = [Problem(f.expected, f.got, file, f.row, f.column, f.hint) for f in error.faults]
        raise UserError(error.message, problems) from None
