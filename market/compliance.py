"""The yearly settlement: verify, surrender, penalise, bank or expire."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.market.apportion import apportion, apportion_groups
from tanshi.market.ledger import product
from tanshi.market.offsets import usable
from tanshi.market.orders import Floats, Ints
from tanshi.market.registry import Registry
from tanshi.market.vintages import paired


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
        `surrendered` counts allowances and offset credits.
    penalty : (firms,) int64
        Cash paid to government, tick x unit.
    debt : (firms,) int64
        Units still owed next year.
    expired : (accounts,) int64
        Units that ended their life, for every account of the registry.
    borrowed : (firms,) int64
        Units drawn from next year's allocation and surrendered; part of `surrendered`.
    offsets : (firms,) int64
        Offset credits surrendered; part of `surrendered`.
    """

    verified: Ints
    surrendered: Ints
    shortfall: Ints
    penalty: Ints
    debt: Ints
    expired: Ints
    borrowed: Ints
    offsets: Ints


def settle_year(
    registry: Registry,
    year: int,
    firms: Ints,
    verified: Ints,
    *,
    penalty: int,
    per_firm: int = 0,
    government: int,
    extinguishes: bool,
    banking: bool = True,
    carry: Ints | None = None,
    carry_latest: int | None = None,
    advance: Ints | None = None,
    offset_share: float = 0.0,
    due: tuple[Ints, Ints] | None = None,
    given: bool = False,
    lender: int | None = None,
) -> Settlement:
    """Book verified emissions and close the year.

    Each firm surrenders all it owes: offset credits up to their share, then allowances of this or earlier vintages, the
    oldest first. On max(0, owed - held) it pays the penalty to government; that ends the obligation or leaves it as a
    debt of the next year, penalised again if then unmet (Directive 2003/87/EC, Art. 16(3)).

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
    per_firm : int
        Tick x unit that every firm pays that is short.
    government : int
        Account that receives penalties.
    extinguishes : bool
        Whether the penalty ends the obligation.
    banking : bool
        Whether allowances left over stay valid; if not, all vintages up to `year` expire in every account.
    carry : (accounts,) int64 | None
        With banking, the most units each account of the registry may take into next year; the rest expires
        (`tanshi.market.banking.carry_over`).
    carry_latest : int | None
        Last vintage that this limit concerns; None: `year`.
    advance : (firms,) int64 | None
        The most units each firm may draw from a later allocation to cover a shortfall (`market.banking.borrowing`);
        they are issued here, and whoever allocates that year leaves them out.
    offset_share : float
        Largest part of the year's obligation that offset credits may cover (`tanshi.market.offsets.usable`).
    due
        Units booked before that fall due now, and the credits for them, by kind where there are several; None: all is
        booked now and all falls due.
    given : bool
        Whether what is drawn is in the accounts already.
    lender : int | None
        Vintage that is drawn on; None: the next year's.
    """
    due = _all_of(registry, firms, verified, offset_share) if due is None else due
    by_kind = np.atleast_2d(due[1])
    credits = by_kind.sum(axis=0)
    rest = due[0] - credits
    for kind, part in enumerate(by_kind):
        registry.surrender_offsets(firms, part, kind)
    handed_in, borrowed = _surrendered(registry, year, firms, rest, advance, lender or year + 1, given)
    shortfall = rest - handed_in - borrowed
    fine = product(shortfall, penalty) + per_firm * (shortfall > 0)
    registry.pay(firms, government, fine)
    if extinguishes:
        registry.extinguish(firms, shortfall)
    last = year if carry is None or carry_latest is None else min(year, carry_latest)
    limit = np.zeros(registry.accounts, np.int64) if not banking else carry
    expired = expire_beyond(registry, limit, last)
    surrendered, debt = handed_in + borrowed + credits, registry.obligations[firms]
    return Settlement(verified, surrendered, shortfall, fine, debt, expired, borrowed, credits)


def _all_of(registry: Registry, firms: Ints, obliged: Ints, offset_share: float) -> tuple[Ints, Ints]:
    """Book what is owed for a year; return all that falls due, and the credits for it."""
    registry.oblige(firms, obliged)
    falls_due = registry.obligations[firms]
    return falls_due, np.minimum(usable(obliged, registry.offsets[firms], offset_share), falls_due)


def _surrendered(
    registry: Registry, year: int, firms: Ints, rest: Ints, advance: Ints | None, lender: int, given: bool
) -> tuple[Ints, Ints]:
    """Surrender allowances, the oldest first, and what may be drawn of a later year's; return both, (firms,) int64."""
    allowances = registry.holdings[: year - registry.first_vintage + 1].sum(axis=0)
    handed_in = np.minimum(rest, allowances[firms])
    registry.surrender(firms, handed_in, latest=year)
    borrowed = np.zeros_like(rest) if advance is None else np.minimum(rest - handed_in, advance)
    if given and advance is not None:
        borrowed = np.minimum(borrowed, registry.holdings[lender - registry.first_vintage, firms])
    if borrowed.any():
        if not given:
            registry.issue(firms, borrowed, lender)
        registry.surrender(firms, borrowed, latest=lender, first=lender)
    return handed_in, borrowed


def expire_beyond(registry: Registry, limit: Ints | None, latest: int) -> Ints:
    """End what each account holds of vintages up to one beyond a limit; returns how much, (accounts,) int64.

    Parameters
    ----------
    registry : Registry
    limit : (accounts,) int64 | None
        Units; None: no limit, and nothing ends.
    latest : int
        Last vintage concerned.
    """
    left = registry.holdings[: latest - registry.first_vintage + 1].sum(axis=0)
    expired = np.zeros_like(left) if limit is None else np.maximum(left - limit, 0)
    if registry.mirror is not None:  # what lies in other registries ends there
        expired[registry.mirror] = 0
    registry.expire(np.arange(registry.accounts), expired, latest=latest)
    return np.asarray(expired)


def lacking_and_spare(registry: Registry, latest: int, firms: Ints, due: Ints) -> tuple[Ints, Ints]:
    """Return what accounts lack of allowances up to a vintage, as far as they hold younger, and what they can spare.

    Parameters
    ----------
    registry : Registry
    latest : int
        The youngest vintage that counts.
    firms, due : (m,) int64
        Accounts that have something to surrender, each once, and how much, units.

    Returns
    -------
    asked, spare : (accounts,) int64
    """
    valid = registry.holdings[: latest - registry.first_vintage + 1].sum(axis=0)
    needed = np.zeros(registry.accounts, np.int64)
    needed[firms] = due
    return np.minimum(np.maximum(needed - valid, 0), registry.held - valid), np.maximum(valid - needed, 0)


def matched_exchanges(asked: Ints, spare: Ints) -> tuple[Ints, Ints, Ints]:
    """Return who exchanges how much with whom: as much as both sides allow, the larger one served in proportion.

    Returns
    -------
    giver, taker, amount : (n,) int64
        Who gives what it can spare, who takes it for younger ones, and units.
    """
    moved = min(int(asked.sum()), int(spare.sum()))
    if moved <= 0:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing
    return paired(apportion(moved, spare), apportion(moved, asked))


def exchange_vintages(registry: Registry, year: int, firms: Ints, due: Ints) -> int:
    """Let firms that lack allowances valid for a year exchange younger ones for those that others can spare.

    One tonne for one: all vintages trade at one price, so neither side loses. Where more is asked than can be spared,
    askers are served in proportion.

    Parameters
    ----------
    registry : Registry
    year : int
        Whose vintage is the youngest that counts.
    firms : (m,) int64
        Accounts that have something to surrender, each once.
    due : (m,) int64
        What they have to surrender, units.

    Returns
    -------
    int
        Units exchanged.
    """
    giver, taker, amount = matched_exchanges(*lacking_and_spare(registry, year, firms, due))
    if len(amount):
        registry.exchange(giver, taker, amount, latest=year)
    return int(amount.sum())


def fine_per_unit(mean_price: float, *, fixed: float = 0.0, multiple: float | None = None) -> float:
    """Return the penalty of an uncovered tonne, yuan/t: a fixed sum, or a multiple of the mean market price.

    China: five to ten times the mean price of the month before the deadline, by the State Council's Interim
    regulations for the management of carbon emission trading (2024), Art. 24; Shenzhen's pilot: three times the mean
    of six months. European Union: 100 euro in prices of 2013, Directive 2003/87/EC, Art. 16(3) and (4).

    Examples
    --------
    >>> fine_per_unit(80.0, multiple=5)
    400.0
    """
    if multiple is None:
        return fixed
    if multiple < 0 or mean_price < 0:
        raise ValueError(f"penalty: multiple {multiple} and mean price {mean_price} must not be negative")
    return multiple * mean_price
