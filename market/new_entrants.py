"""A part of the cap kept for who begins to make more than its allowances were counted for, in whole units.

Every January a part of the year's cap is set aside. Sectors that have grown beyond a threshold ask for as much of it as
their free allowances would be more; in the years in which the reserve closes, what is left goes elsewhere first. So

    held before + set aside = given + auctioned + moved to the stability reserve + cancelled + held after.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tanshi.market.apportion import apportion
from tanshi.market.orders import Floats, Ints


@dataclass(frozen=True)
class EntrantsReserve:
    """A reserve for new entrants after its January, in units.

    Attributes
    ----------
    held : int
        What it holds.
    aside : int
        Set aside of this year's cap.
    given : (sectors,) int64
        Given to sectors that have grown, below zero taken back of what others would be given; empty before the first
        January.
    auctioned, stability, cancelled : int
        What became of what was left over.
    """

    held: int = 0
    aside: int = 0
    given: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    auctioned: int = 0
    stability: int = 0
    cancelled: int = 0

    @property
    def out(self) -> int:
        """Units that came to the market this year, beyond what the cap gave."""
        return int(self.given.sum()) + self.auctioned


def asked(free: Floats, activity: Floats, base: Floats, threshold: float = 0.15, *, falls: bool = False) -> Floats:
    """Return what sectors may ask of a reserve for new entrants, in the unit of their free allowances.

    European Union: once the mean activity of two years exceeds what free allowances were counted for by more than
    15 %, they follow activity itself, out of the reserve; where activity has fallen by more than 15 %, they fall with
    it. Directive 2003/87/EC, Art. 10a(20), as amended by Directive (EU) 2018/410; Implementing Regulation (EU)
    2019/1842, Art. 5.

    Parameters
    ----------
    free : (sectors,) float
        Free allowances of the year without the reserve.
    activity, base : (sectors,) float
        Output, and the output that these are counted for.
    threshold : float
        Growth up to which nothing is asked.
    falls : bool
        Whether a sector whose output has fallen beyond the threshold gives allowances back, below zero.

    Examples
    --------
    >>> asked(np.array([100.0, 100.0]), np.array([1.2, 1.1]), np.ones(2)).round(6).tolist()
    [20.0, 0.0]
    >>> asked(np.array([100.0, 100.0]), np.array([0.8, 0.9]), np.ones(2), falls=True).round(6).tolist()
    [-20.0, 0.0]
    """
    if threshold < 0:
        raise ValueError(f"new entrants: threshold is {threshold}, expected 0 or more")
    growth = np.divide(activity, base, out=np.ones_like(activity), where=base > 0) - 1.0
    beyond = (growth > threshold) | ((growth < -threshold - 1e-12) & falls)
    return np.where(beyond, free * growth, 0.0)


def january(before: EntrantsReserve, aside: int, wanted: Ints, left_over: str = "") -> EntrantsReserve:
    """Return a reserve after the January of a year.

    Parameters
    ----------
    before : EntrantsReserve
        After the January of the year before.
    aside : int
        Units set aside of the year's cap.
    wanted : (sectors,) int64
        Units asked for; where the reserve holds less, everybody gets the same part (assumed). Below zero: given back
        to the reserve first.
    left_over : str
        ``auction``, ``stability`` or ``cancel``: what becomes of what the year before left, where the reserve closed
        with it; an empty text where it did not.

    Examples
    --------
    >>> found = january(EntrantsReserve(held=30), 20, np.array([6, 12]), "cancel")
    >>> found.given.tolist(), found.cancelled, found.held
    ([6, 12], 30, 2)
    """
    gone = before.held if left_over else 0
    more, back = np.maximum(wanted, 0), np.minimum(wanted, 0)
    there = before.held - gone + aside - int(back.sum())
    out = apportion(min(int(more.sum()), there), more) if more.any() else np.zeros_like(more)
    ways = {name: gone if left_over == name else 0 for name in ("auction", "stability", "cancel")}
    return EntrantsReserve(
        there - int(out.sum()), aside, out + back, ways["auction"], ways["stability"], ways["cancel"]
    )
