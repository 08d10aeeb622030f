"""Offset credits: how far reductions outside the market count for compliance, and how they change hands."""

from __future__ import annotations

import numpy as np

from tanshi.market.ledger import amounts_of, product
from tanshi.market.orders import Floats, Ints
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


def usable_kinds(owed: Ints, held: Ints, limits: Floats, share: float) -> Ints:
    """Return how many credits of each kind each firm may surrender: within the kind's limit, and all within theirs.

    Parameters
    ----------
    owed : (firms,) int64
        Units to be surrendered.
    held : (kinds, firms) int64
        Credits held, units.
    limits : (kinds,) float
        Part of what is owed that each kind may cover.
    share : float
        Part that all of them may cover.

    Examples
    --------
    A firm that owes 1,000 t, of which credits may cover 100 t, those of the first kind 40 t:

    >>> usable_kinds(np.array([1000]), np.array([[90], [70]]), np.array([0.04, 0.1]), 0.1).tolist()
    [[40], [60]]
    """
    left, found = usable(owed, held.sum(axis=0), share), np.zeros_like(held)
    for kind, limit in enumerate(limits.tolist()):
        found[kind] = np.minimum(usable(owed, held[kind], limit), left)
        left = left - found[kind]
    return found


def deliver(registry: Registry, fills: Fills, kind: int = 0) -> None:
    """Book one auction of credits: issued to their sellers, handed over and paid for.

    A credit exists from its sale on: what forestry does not sell is not certified.

    Parameters
    ----------
    registry : Registry
    fills : Fills
        Quantities in registry units, prices in ticks.
    kind : int
        Of the credits.
    """
    if not len(fills):
        return
    registry.issue_offsets(fills.seller, fills.quantity, kind)
    registry.transfer_offsets(fills.seller, fills.buyer, fills.quantity, kind)
    registry.pay(fills.buyer, fills.seller, product(amounts_of(fills.quantity), amounts_of(fills.price)))
