"""What can be wrong with a table of units, a programme or a parameter, said with row and column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a table.

    Parameters
    ----------
    column
        Column of the table or name of the parameter; empty for a row as a whole.
    expected, got
        What was asked for and what stood there, each a phrase in plain words.
    row
        Label of the row (the line, where the table came from a file); None for the column as a whole.
    hint
        What to do about it, a whole sentence.

    Examples
    --------
    >>> print(Fault("capital", "a number > 0", "-3", row=7))
    row 7, column capital: expected a number > 0, got -3
    """

    column: str
    expected: str
    got: str
    row: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        places = [] if self.row is None else [f"row {self.row}"]
        places += [f"column {self.column}"] if self.column else []
        where = f"{', '.join(places)}: " if places else ""
        return f"{where}expected {self.expected}, got {self.got}" + (f". {self.hint}" if self.hint else "")


class SinksError(ValueError):
    """A table, a programme or a parameter that cannot be worked with.

    Parameters
    ----------
    message
        One line that says what could not be done.
    faults
        Every single thing found wrong, all at once.
    """

    def __init__(self, message: str, faults: Iterable[Fault] = ()) -> None:
        self.message = message
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join([message, *(f"  {fault}" for fault in self.faults)]))


class ProgrammeError(SinksError):
    """A linear programme without solution, or one whose solution says nothing about prices."""
