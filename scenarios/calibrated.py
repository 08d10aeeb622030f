"""Values fitted to targets, kept apart from measured and assumed ones in a file of their own in the economy's folder.

They hold for every scenario of the economy where it says nothing itself: above the schema's defaults, below the file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError

FILE = "calibrated.csv"
COLUMNS = ("field", "value", "start", "low", "high", "status", "source")
STATUS = "calibrated"


@dataclass(frozen=True)
class Fitted:
    """One fitted value.

    Parameters
    ----------
    field
        Dotted field of a scenario, or path of a figure of the economy.
    value
        What was found; ``start`` what was assumed before; ``low`` and ``high`` the range it had to stay in.
    source
        The range's source, and what it was fitted to.
    line
        Where it stands in the file.
    """

    field: str
    value: float
    start: float
    low: float
    high: float
    source: str
    line: int


def calibrated(economy: str | Path) -> tuple[Fitted, ...]:
    """The fitted values of an economy; none where it has no such file.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        For an economy that does not exist, and with everything wrong in its file.
    """
    path = calibrated_file(economy)
    if not path.is_file():
        return ()
    problems: list[Problem] = []
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        heads = tuple(reader.fieldnames or ())
        if heads != COLUMNS:
            raise UserError(
                "The calibration of the economy {economy} cannot be used.",
                [
                    Problem(
                        Message("the columns {columns}", columns=", ".join(COLUMNS)),
                        ", ".join(heads) or "none",
                        str(path),
                        1,
                    )
                ],
                economy=economy,
            )
        rows = [_row(row, line, str(path), problems) for line, row in enumerate(reader, start=2)]
    if problems:
        raise UserError("The calibration of the economy {economy} cannot be used.", problems, economy=economy)
    return tuple(row for row in rows if row is not None)


def calibrated_file(economy: str | Path) -> Path:
    """Where the fitted values of an economy stand, or would."""
    from tanshi.scenarios.economy import economy_folder  # reads tables: only where an economy is asked for

    return economy_folder(economy) / FILE


def _row(row: dict[str, str], line: int, file: str, problems: list[Problem]) -> Fitted | None:
    numbers = {}
    for name in ("value", "start", "low", "high"):
        try:
            numbers[name] = float(row[name])
        except (TypeError, ValueError):
            problems.append(Problem("a number", repr(row[name]), file, line, name))
    if row["status"] != STATUS:
        problems.append(Problem(STATUS, repr(row["status"]), file, line, "status"))
    if len(numbers) < 4:
        return None
    if not numbers["low"] <= numbers["value"] <= numbers["high"]:
        expected = Message("a value of its range, {low:g} to {high:g}", low=numbers["low"], high=numbers["high"])
        problems.append(Problem(expected, f"{numbers['value']:g}", file, line, "value"))
    return Fitted(row["field"], source=str(row["source"]), line=line, **numbers)


def fitted_values(economy: str | Path) -> dict[str, float]:
    """Field or figure -> fitted value, to tell them apart where parameters are shown; empty where none can be read."""
    try:
        return {row.field: row.value for row in calibrated(economy)}
    except UserError:
        return {}
