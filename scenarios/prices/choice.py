"""What a user says of a price file that the file does not show by itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """What the user said of a price file.

    Parameters
    ----------
    column
        Heading of the price.
    day_first
        Order of day and month.
    series
        Which of several series in one file.
    sheet
        Of a workbook.
    decimal
        The decimal mark.
    """

    column: str | None = None
    day_first: bool | None = None
    series: str | None = None
    sheet: str | None = None
    decimal: str | None = None
