"""The yearly settlement: verify, surrender, penalise, bank or expire."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.apportion import apportion_groups
from market.ledger import product
from market.orders import Floats, Ints
from market.registry import Registry


def verify(emissions: Floats, sector: Ints, sectors: int, unit: float = 1.0) -> Ints:
    """Round firms' emissions to whole units so that they add up to their sector's rounded total.

    Parameters
    ----------
    emissions : (firms,) float
        t CO2 of the year.
    sector : (firms,) int64
    sectors : int
        Number of sectors.
    unit : float
        Tonnes in one registry unit.

    Returns
    -------
    (firms,) int64, registry units.
    """
    totals = np.rint(np.bincount(sector, emissions, sectors) / unit).astype(np.int64)
    return apportion_groups(totals, emissions, sector)


@dataclass(frozen=True)
class Settlement:
    """What the compliance date brought, one row a firm.

    Attributes
    ----------
    verified, surrendered, shortfall : (firms,) int64
        Units; the shortfall is what was owed, debts of earlier years included, beyond what was surrendered.
    penalty : (firms,) int64
        Cash paid to government, tick x unit.
    debt : (firms,) int64
        Units still owed next year.
    expired : (accounts,) int64
        Units that ended their life, for every account of the registry.
    """

    verified: Ints
    surrendered: Ints
    shortfall: Ints
    penalty: Ints
    debt: Ints
    expired: Ints


def settle_year(
    registry: Registry,
    year: int,
    firms: Ints,
    verified: Ints,
    *,
    penalty: int,
    government: int,
    extinguishes: bool,
    banking: bool = True,
    carry: Ints | None = None,
) -> Settlement:
    """Book verified emissions and close the year.

    Each firm surrenders all it owes as far as it holds allowances of this or earlier vintages, the oldest
    first. On max(0, owed - held) it pays the penalty to government; that either ends the obligation or leaves
    it as a debt of the next year, which is penalised again if then unmet (Directive 2003/87/EC, Art. 16(3):
    the payment does not release from surrendering).

    Parameters
    ----------
    registry : Registry
    year : int
        Its vintage is the youngest that counts.
    firms : (firms,) int64
        Accounts with an obligation, each once.
    verified : (firms,) int64
        Registry units.
    penalty : int
        Ticks per unit.
    government : int
        Account that receives penalties.
    extinguishes : bool
        Whether the penalty ends the obligation.
    banking : bool
        Whether allowances left over stay valid; if not, all vintages up to `year` expire in every account.
    carry : (accounts,) int64 | None
        With banking, the most units each account of the registry may take into next year; the rest expires.
    """
    registry.oblige(firms, verified)
    owed = registry.obligations[firms]
    usable = registry.holdings[: year - registry.first_vintage + 1].sum(axis=0)
    handed_in = np.minimum(owed, usable[firms])
    registry.surrender(firms, handed_in, latest=year)
    shortfall = owed - handed_in
    fine = product(shortfall, penalty)
    registry.pay(firms, government, fine)
    if extinguishes:
        registry.extinguish(firms, shortfall)
    everyone = np.arange(registry.accounts)
    left = usable.copy()
    left[firms] -= handed_in
    expired = (
        left if not banking else np.maximum(left - carry, 0) if carry is not None else np.zeros_like(left)
    )
    registry.expire(everyone, expired, latest=year)
    return Settlement(verified, handed_in, shortfall, fine, registry.obligations[firms], expired)
