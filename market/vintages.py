"""Years whose emissions are made and not yet surrendered for, and the period in which each falls due."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor

import numpy as np

from tanshi.market.orders import Ints


@dataclass(frozen=True)
class OpenYear:
    """A year of emissions between its end and its deadline.

    Attributes
    ----------
    year : int
    due : int
        Number of market periods of the run after which it is settled.
    owed : (firms,) int64
        Units to be surrendered, booked in the registry.
    credits : (firms,) int64
        Offset credits of the year, which serve it and no other.
    waiting : (firms,) int64
        Units that firms wanted to buy for the year (to sell, negative) when it ended and have put off until later.
    of_kinds : (kinds, firms) int64
        The credits by kind, where there are several; empty otherwise.
    """

    year: int
    due: int
    owed: Ints
    credits: Ints
    waiting: Ints
    of_kinds: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int64))


def due_after(year: int, months: int, first: int, periods_per_year: int) -> int:
    """Return the number of market periods of a run after which a year is settled.

    The deadline counts with the period in which it falls.

    Parameters
    ----------
    year : int
        Of the emissions.
    months : int
        From its end to the deadline.
    first : int
        The run's first year.
    periods_per_year : int

    Examples
    --------
    In a run from 2022 on with twelve periods a year 2023 ends with the 24th; 30 September follows nine later:

    >>> due_after(2023, 0, 2022, 12), due_after(2023, 9, 2022, 12), due_after(2023, 9, 2022, 1)
    (24, 33, 3)
    """
    return (year + 1 - first) * periods_per_year + ceil(months * periods_per_year / 12 - 1e-9)


def known_after(year: int, months: int, first: int, periods_per_year: int) -> int:
    """Return the number of market periods of a run after which a year's emissions are known.

    Who trades in the period in which they are verified knows them: so a later deadline always leaves one.

    Parameters
    ----------
    year : int
        Of the emissions.
    months : int
        From its end to their verification.
    first : int
        The run's first year.
    periods_per_year : int

    Examples
    --------
    Emissions of 2023 verified by the end of April, in a run from 2022 on: known in May, where it is monthly.

    >>> known_after(2023, 4, 2022, 12), known_after(2023, 4, 2022, 4), known_after(2023, 4, 2022, 1)
    (28, 9, 2)
    """
    return (year + 1 - first) * periods_per_year + floor(months * periods_per_year / 12 + 1e-9)


def paired(giving: Ints, taking: Ints) -> tuple[Ints, Ints, Ints]:
    """Return who gives how much to whom where both sides together are equal: rows of givers and takers, and amounts.

    Examples
    --------
    >>> giver, taker, amount = paired(np.array([3, 0, 2]), np.array([1, 4]))
    >>> giver.tolist(), taker.tolist(), amount.tolist()
    ([0, 0, 2], [0, 1, 1], [1, 2, 2])
    """
    upto, wanted = np.cumsum(giving), np.cumsum(taking)
    cuts = np.union1d(upto, wanted)
    cuts = cuts[cuts > 0]
    amount = np.diff(cuts, prepend=0)
    return np.searchsorted(upto, cuts), np.searchsorted(wanted, cuts), amount
