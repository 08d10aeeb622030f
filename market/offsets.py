"""Offset credits: how far reductions outside the market count for compliance, and how they change hands."""

from __future__ import annotations

import numpy as np

from tanshi.market.ledger import amounts_of, product
from tanshi.market.orders import Ints
from tanshi.market.registry import Registry
from tanshi.market.venue import Fills


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


def deliver(registry: Registry, fills: Fills) -> None:
    """Book one auction of credits: issued to their sellers, handed over and paid for.

    A credit exists from its sale on: what forestry does not sell is not certified.

    Parameters
    ----------
    registry : Registry
    fills : Fills
        Quantities in registry units, prices in ticks.
    """
    if not len(fills):
        return
    registry.issue_offsets(fills.seller, fills.quantity)
    registry.transfer_offsets(fills.seller, fills.buyer, fills.quantity)
    registry.pay(fills.buyer, fills.seller, product(amounts_of(fills.quantity), amounts_of(fills.price)))
