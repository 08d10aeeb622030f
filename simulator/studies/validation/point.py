"""A point of the economy that was found wrong: what counts as mended, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["validated", "calibrated", "assumed", "by construction"]
"""How a number comes about: held against data not used, fitted to data, chosen, or an identity of the model."""


@dataclass(frozen=True)
class Point:
    """One row of the table of what was mended.

    Attributes
    ----------
    number
        Of the point in the list of what was found wrong; 0 is the base of the accounts.
    what
        What is measured, with its unit.
    mended
        What counts as mended.
    before
        Measured on the version before (9422c8b).
    after
        Measured now.
    met
        Whether ``after`` is what ``mended`` asks for.
    kind
        How the number comes about.
    note
        What limits it.
    """

    number: int
    what: str
    mended: str
    before: str
    after: str
    met: bool
    kind: Kind
    note: str = ""
