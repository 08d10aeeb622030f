"""Units from a CSV file: errors name its lines and columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.agents.sinks.errors import SinksError
from tanshi.agents.sinks.units import Units, read_units
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError


def read_file(path: Path | str) -> Units:
    """Read a CSV file of units; its lines are what messages call the rows.

    Raises
    ------
    UserError
        Where the file cannot be read, a line has more or fewer cells than the header, or as `read_units`.
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UserError(
            "The units cannot be read.", [Problem("a readable CSV file", error.strerror or "nothing", str(path))]
        ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Chinese spreadsheet writes by default.
        text = raw.decode("gb18030", errors="replace")
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        problem = Problem("comma-separated values", str(error), str(path), reader.line_num)
        raise UserError("The units cannot be read.", [problem]) from None
    if not rows:
        raise UserError("The units cannot be read.", [Problem("a header and rows", "an empty file", str(path))])
    header = [cell.strip() for cell in rows[0][1]]
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
        raise UserError("The units cannot be read.", wrong[:20])
    table = pd.DataFrame([cells for _, cells in rows[1:]], columns=header, dtype=str)
    table.index = pd.Index([line for line, _ in rows[1:]], dtype=np.int64)
    with about(str(path)):
        return read_units(table)


@contextmanager
def about(file: str) -> Iterator[None]:
    """Turn errors about a table into errors about a file."""
    try:
        yield
    except SinksError as error:
        problems = [Problem(f.expected, f.got, file, f.row, f.column, f.hint) for f in error.faults]
        raise UserError(error.message, problems) from None
