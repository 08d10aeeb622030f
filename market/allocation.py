"""Caps and free allocation: how many allowances there are, and who gets them.

Sector totals are whole registry units and firms' shares of them are apportioned by largest remainder, so that
no unit is lost between the cap and the accounts.
"""

from __future__ import annotations

import numpy as np

from tanshi.errors import TanshiError
from tanshi.market.apportion import apportion_groups
from tanshi.market.orders import Floats, Ints


class AllocationError(TanshiError, ValueError):
    """A share outside its range."""


def split(cap: Ints, auctioned_share: float | Floats) -> tuple[Ints, Ints]:
    """Divide caps into free and auctioned allowances, which add up to the cap exactly.

    Parameters
    ----------
    cap : (sectors,) int64
    auctioned_share
        Of all caps, or of each.

    Raises
    ------
    AllocationError
        For a share outside 0 to 1.
    """
    if not (np.all(np.asarray(auctioned_share) >= 0.0) and np.all(np.asarray(auctioned_share) <= 1.0)):
        raise AllocationError(
            "allocation: auctioned share is {auctioned_share}, expected 0 to 1", auctioned_share=auctioned_share
        )
    auctioned = np.rint(auctioned_share * np.asarray(cap)).astype(np.int64)
    return cap - auctioned, auctioned


def grandfather(free: Ints, history: Floats, sector: Ints) -> Ints:
    """Give each sector's free allowances to its firms in proportion to their past emissions.

    Parameters
    ----------
    free : (sectors,) int64
        Registry units.
    history : (firms,) float
        Emissions, or shares of them; only proportions within a sector matter.
    sector : (firms,) int64

    Returns
    -------
    (firms,) int64, adding up to `free` in every sector.
    """
    return apportion_groups(free, history, sector)


def ex_post(allocated: Ints, pre_allocated: Ints) -> Ints:
    """Return what the adjustment to verified output brings (positive) or takes back (negative), units.

    China allocates in two steps: first a share of the output of an earlier year, after verification the rest by the
    output of the year itself; what was given too much is taken back from the account (plan for 2019-2020, sections
    3 and 5).

    Parameters
    ----------
    allocated : (firms,) int64
        By the year's verified output.
    pre_allocated : (firms,) int64
        Already given: 70 % of an earlier year's output in the first plan.
    """
    return allocated - pre_allocated
