"""Caps and free allocation: how many allowances there are, and who gets them.

Sector totals are whole registry units and firms' shares of them are apportioned by largest remainder, so that
no unit is lost between the cap and the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from market.apportion import apportion_groups
from market.orders import Floats, Ints, Mask

Coverage = Literal["none", "allocated", "trading"]


class AllocationError(ValueError):
    """A share, rate or coverage outside its range."""


def reduction(year: int, policy_start: int, tightness: float, decline: float) -> float:
    """Return mu, the cut of the cap below the baseline in a year.

    mu = 1 - (1 - tightness) (1 - decline)^(year - policy_start), and zero before the policy starts.

    Parameters
    ----------
    year, policy_start : int
    tightness : float
        Cut in the first year, below 1.
    decline : float
        Further cut a year, as a share of the year before, below 1.

    Raises
    ------
    AllocationError

    Examples
    --------
    >>> round(reduction(2025, 2023, 0.02, 0.03), 6)
    0.077918
    """
    if tightness >= 1.0 or decline >= 1.0:
        raise AllocationError(
            f"allocation: tightness {tightness} and decline {decline} must be below 1, else nothing is left"
        )
    if year < policy_start:
        return 0.0
    return 1.0 - (1.0 - tightness) * (1.0 - decline) ** (year - policy_start)


def caps(baseline: Floats, cut: float, unit: float = 1e-6) -> Ints:
    """Return each sector's cap (1 - mu) x baseline in whole registry units.

    Parameters
    ----------
    baseline : (sectors,) float
        Mt/yr.
    cut : float
        mu of `reduction`.
    unit : float
        Mt in one registry unit; one tonne by default.
    """
    return np.rint((1.0 - cut) * np.asarray(baseline, np.float64) / unit).astype(np.int64)


def split(cap: Ints, auctioned_share: float) -> tuple[Ints, Ints]:
    """Divide caps into free and auctioned allowances, which add up to the cap exactly.

    Raises
    ------
    AllocationError
        For a share outside 0 to 1.
    """
    if not 0.0 <= auctioned_share <= 1.0:
        raise AllocationError(f"allocation: auctioned share is {auctioned_share}, expected 0 to 1")
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


def output_based(output: npt.ArrayLike, benchmark: npt.ArrayLike) -> Floats:
    """Return the allocation by output: A = sum over products of Q B; for power Q_e B_e + Q_h B_h.

    Parameters
    ----------
    output : (firms, products) float
        For power MWh of electricity and GJ of heat.
    benchmark : (products,) or (firms, products) float
        t CO2 per unit of the product.

    Returns
    -------
    (firms,) float, t CO2.

    References
    ----------
    Ministry of Ecology and Environment (2023), Implementation plan for the total amount setting and
    allocation of national carbon emission trading allowances for 2021 and 2022 (power sector).
    """
    quantity = np.asarray(output, np.float64)
    if (quantity < 0).any() or (np.asarray(benchmark) < 0).any():
        raise AllocationError("allocation: outputs and benchmarks must not be negative")
    return np.asarray((quantity * np.asarray(benchmark, np.float64)).sum(axis=-1))


def covered(coverage: Mapping[str, Coverage], sectors: Sequence[str]) -> tuple[Mask, Mask]:
    """Tell which sectors receive allowances, and which of them may trade and must surrender.

    Parameters
    ----------
    coverage : mapping of sector to 'none', 'allocated' or 'trading'
        A sector not named is 'none'.
    sectors : sequence of str

    Returns
    -------
    receives, trades : (sectors,) bool

    Raises
    ------
    AllocationError
        For an unknown sector or an unknown kind of coverage.
    """
    for name, kind in coverage.items():
        if name not in sectors:
            raise AllocationError(f"allocation: coverage names {name}, which is none of {', '.join(sectors)}")
        if kind not in ("none", "allocated", "trading"):
            raise AllocationError(f"allocation: {name} is {kind!r}; expected none, allocated or trading")
    kinds = np.array([coverage.get(name, "none") for name in sectors])
    return kinds != "none", kinds == "trading"
