"""Offset credits: how far reductions outside the market count for compliance."""

from __future__ import annotations

import numpy as np

from market.orders import Ints


def usable(owed: Ints, held: Ints, share: float = 0.05) -> Ints:
    """Return how many offset credits each firm may surrender.

    China: at most 5 % of the allowances that have to be surrendered. Ministry of Ecology and Environment (2020),
    Measures for the management of carbon emission trading (trial), Art. 29.

    Parameters
    ----------
    owed : (firms,) int64
        Units to be surrendered, which is verified emissions unless the obligation is capped.
    held : (firms,) int64
        Credits held, units.
    share : float

    Examples
    --------
    >>> usable(np.array([1_000_000, 1_000_000]), np.array([80_000, 20_000]))
    array([50000, 20000])
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"offsets: share is {share}, expected 0 to 1")
    return np.asarray(np.minimum(np.floor(share * owed + 1e-9).astype(np.int64), held))
