"""Allowances over time: how many may be carried into the next year, and how many drawn from it."""

from __future__ import annotations

import numpy as np

from tanshi.market.orders import Floats, Ints


def carry_over(
    held: Ints,
    net_sold: Ints,
    base: int = 10_000,
    multiple: float = 1.5,
    part: float = 0.0,
    given: Floats | None = None,
) -> Ints:
    """Return how many units each account may take into the next cycle.

    China, once, at the end of 2025, of allowances of 2019 to 2024: 10,000 t plus one and a half times what the firm
    sold net from 1 January 2024 to 31 December 2025; the rest is no longer valid. Who holds up to 10,000 t may keep all
    of it. Ministry of Ecology and Environment (2024), allocation plan of the national carbon market for 2023 and 2024
    (power), annex 5.

    Korea lets firms keep five times what they have sold net (International Carbon Action Partnership, factsheet 47),
    and into its second phase let them keep 20,000 t and a tenth of a mean year's allowances (note 459).

    Parameters
    ----------
    held : (accounts,) int64
        Units left after surrender.
    net_sold : (accounts,) int64
        Units sold less units bought over the period that counts; net buyers count as zero.
    base : int
        Units.
    multiple : float
    part : float
        Part of `given` that may be kept beside these.
    given : (accounts,) float | None
        Free allowances of a year.

    Returns
    -------
    (accounts,) int64, at most `held`.

    Examples
    --------
    A firm holds 60,000 t; having sold 20,000 t net it keeps 40,000 t, as a net buyer 10,000 t:

    >>> carry_over(np.array([60_000, 60_000, 9_000]), np.array([20_000, -5_000, 0]))
    array([40000, 10000,  9000])

    Korea, end of 2017: of 2,000,000 t a year 200,000 t and 20,000 t:

    >>> carry_over(np.array([500_000]), np.array([0]), 20_000, 0.0, 0.1, np.array([2_000_000.0]))
    array([220000])
    """
    if base < 0 or multiple < 0 or part < 0:
        raise ValueError(f"carry-over: base {base}, multiple {multiple} and part {part} must not be negative")
    more = beyond_base(net_sold, multiple, part, 0.0 if given is None else given)
    return np.minimum(held, base + np.floor(more + 1e-9).astype(np.int64))


def beyond_base(net_sold: Ints, multiple: float, part: float, given: Floats | Ints | float) -> Floats:
    """Return what each account may keep beyond what everybody may (`carry_over`), units before rounding."""
    return np.asarray(multiple * np.maximum(net_sold, 0) + part * given, np.float64)


def borrowing(
    gap: Ints, owed: Ints, share: float = 0.5, threshold: float = 0.1, given: Ints | Floats | None = None
) -> Ints:
    """Return how many units each firm may draw from next year's allocation to cover its gap.

    China for 2021 and 2022: a firm whose gap is 10 % or more of what it has to surrender may use up to half of the gap
    from its allocation of 2023. Ministry of Ecology and Environment (2023), Implementation plan for total allowances
    and their allocation in the national carbon market for 2021 and 2022 (power sector). Not allowed since.

    Parameters
    ----------
    gap : (firms,) int64
        Units owed beyond those held.
    owed : (firms,) int64
        Units to be surrendered.
    share : float
        Of the gap, or of `given`.
    threshold : float
        Smallest gap over what is owed.
    given : (firms,) | None
        Next year's allowances, of which a part may be drawn, at most the gap (Korea: 10 %, in 2016 20 %, from 2017
        15 %; International Carbon Action Partnership, note 459); None: a part of the gap.

    Examples
    --------
    >>> borrowing(np.array([30_000, 4_000]), np.array([100_000, 100_000]))
    array([15000,     0])
    """
    if not (0.0 <= share <= 1.0 and 0.0 <= threshold <= 1.0):
        raise ValueError(f"borrowing: share {share} and threshold {threshold} must lie within 0 and 1")
    drawn = share * np.maximum(gap, 0) if given is None else np.minimum(share * given, np.maximum(gap, 0))
    allowed = np.floor(drawn + 1e-9).astype(np.int64)
    return np.where((gap > 0) & (gap >= threshold * owed), allowed, 0)
