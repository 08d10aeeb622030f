"""What can be wrong with a table of units, a programme or a parameter, said with row and column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tanshi.errors import Message, TanshiError, said


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a table.

    Parameters
    ----------
    column
        Column of the table or name of the parameter; empty for a row as a whole.
    expected, got
        What was asked for and what stood there, each a phrase in plain words; a `Message` where it has fields.
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
        places = [] if self.row is None else [said(Message("row {row}", row=self.row))]
        places += [said(Message("column {column}", column=self.column))] if self.column else []
        where = f"{', '.join(places)}: " if places else ""
        text = said(Message("expected {expected}, got {got}", expected=said(self.expected), got=said(self.got)))
        return where + text + (f". {said(self.hint)}" if self.hint else "")


class SinksError(TanshiError, ValueError):
    """A table, a programme or a parameter that cannot be worked with.

    Parameters
    ----------
    template
        One line that says what could not be done, with named fields in braces.
    faults
        Every single thing found wrong, all at once.
    **fields
        What stands in the braces.
    """

    def __init__(self, template: str, faults: Iterable[Fault] = (), /, **fields: object) -> None:
        super().__init__(template, **fields)
        self.faults: tuple[Fault, ...] = tuple(faults)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {fault}" for fault in self.faults)])


class ProgrammeError(SinksError):
    """A linear programme without solution, or one whose solution says nothing about prices."""
