"""Caps and free allocation: how many allowances there are, and who gets them.

Sector totals are whole registry units and firms' shares of them are apportioned by largest remainder, so that
no unit is lost between the cap and the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tanshi.errors import TanshiError
from tanshi.market.apportion import apportion_groups
from tanshi.market.orders import Floats, Ints, Mask

Coverage = Literal["none", "allocated", "trading"]


class AllocationError(TanshiError, ValueError):
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
            "allocation: tightness {tightness} and decline {decline} must be below 1, else nothing is left",
            tightness=tightness,
            decline=decline,
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
            raise AllocationError(
                "allocation: coverage names {name}, which is none of {sectors}", name=name, sectors=", ".join(sectors)
            )
        if kind not in ("none", "allocated", "trading"):
            raise AllocationError(
                "allocation: {name} is {kind!r}; expected none, allocated or trading", name=name, kind=kind
            )
    kinds = np.array([coverage.get(name, "none") for name in sectors])
    return kinds != "none", kinds == "trading"


@dataclass(frozen=True)
class Benchmark:
    """Emissions per output that the free allocation grants to one class of power plant.

    Attributes
    ----------
    power : float
        t CO2/MWh supplied.
    heat : float
        t CO2/GJ supplied.
    """

    power: float
    heat: float


_COAL_HEAT = {2019: 0.126, 2020: 0.126, 2021: 0.1111, 2022: 0.1105}
_GAS_HEAT = {2019: 0.059, 2020: 0.059, 2021: 0.0560, 2022: 0.0557}
_POWER = {
    "coal above 300 MW": {2019: 0.877, 2020: 0.877, 2021: 0.8218, 2022: 0.8177},
    "coal up to 300 MW": {2019: 0.979, 2020: 0.979, 2021: 0.8773, 2022: 0.8729},
    "unconventional coal": {2019: 1.146, 2020: 1.146, 2021: 0.9350, 2022: 0.9303},
    "gas": {2019: 0.392, 2020: 0.392, 2021: 0.3920, 2022: 0.3901},
}


def power_benchmark(plant: str, year: int) -> Benchmark:
    """Return the national market's benchmark of a class of power plant in a year.

    Ministry of Ecology and Environment, Implementation plans for total allowances and their allocation in the
    national carbon market (power sector): for 2019-2020 (of December 2020), for 2021 and 2022 (of March 2023).

    Raises
    ------
    AllocationError
        For an unknown class or a year without benchmark.

    Examples
    --------
    >>> power_benchmark("coal above 300 MW", 2022)
    Benchmark(power=0.8177, heat=0.1105)
    """
    if plant not in _POWER:
        raise AllocationError("benchmark: {plant!r} is none of {power}", plant=plant, power=", ".join(_POWER))
    if year not in _POWER[plant]:
        raise AllocationError(
            "benchmark: no benchmark of {year} is held, only of {least} to 2022", year=year, least=min(_COAL_HEAT)
        )
    heat = _GAS_HEAT if plant == "gas" else _COAL_HEAT
    return Benchmark(_POWER[plant][year], heat[year])


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
        Already given; see `pre_allocation`.
    """
    return allocated - pre_allocated


def pre_allocation(output: npt.ArrayLike, benchmark: npt.ArrayLike, share: float = 0.7) -> Ints:
    """Return the first step of allocation: 70 % of an earlier year's output times the benchmark, whole units.

    Parameters
    ----------
    output, benchmark
        As in `output_based`, of the earlier year (2018 for the first cycle).
    share : float
    """
    if not 0.0 <= share <= 1.0:
        raise AllocationError("allocation: the share given in advance is {share}, expected 0 to 1", share=share)
    return np.floor(share * output_based(output, benchmark) + 1e-9).astype(np.int64)
