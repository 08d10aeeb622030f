"""Trade between registries: one clearing delivered in the books of several provinces.

Each province keeps a registry of its own, in which one account, its mirror, stands for all the others. An allowance
that is sold across the border goes to the mirror there and comes from the mirror here, of the same vintage, and the
cash for it the other way. So every registry stays exact by itself, and the mirrors of all of them add up to nothing,
vintage by vintage and in cash: what one province has bought another has sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tanshi.market.compliance import lacking_and_spare, matched_exchanges
from tanshi.market.ledger import RegistryError
from tanshi.market.orders import Ints, Mask, Orders
from tanshi.market.registry import Registry
from tanshi.market.venue import Fills


@dataclass(frozen=True)
class Numbering:
    """How the accounts of several registries are numbered in one book: one registry after the other.

    Attributes
    ----------
    first : (registries + 1,) int64
        Number of each one's first account, and of all accounts.
    mirrors : (registries,) int64
        The mirror of each, in its own numbers.
    """

    first: Ints
    mirrors: Ints

    @classmethod
    def of(cls, registries: Sequence[Registry]) -> Numbering:
        """The numbering of some registries, in their order.

        Raises
        ------
        RegistryError
            Where one of them has no mirror.
        """
        if any(registry.mirror is None for registry in registries):
            raise RegistryError("registry: only registries with a mirror trade with one another")
        counts = [registry.accounts for registry in registries]
        mirrors = [registry.mirror for registry in registries]
        return cls(np.concatenate(([0], np.cumsum(counts))).astype(np.int64), np.array(mirrors, np.int64))

    def where(self, account: Ints) -> Ints:
        """The registry of each account."""
        return np.asarray(np.searchsorted(self.first, account, side="right") - 1)

    def inside(self, account: Ints, place: int) -> Ints:
        """Accounts as one registry numbers them; those of others are its mirror."""
        here = self.where(account) == place
        return np.asarray(np.where(here, account - self.first[place], self.mirrors[place]))

    def in_one_book(self, orders: Sequence[Orders]) -> Orders:
        """Orders of each registry's accounts as one book."""
        each = zip(orders, self.first[:-1].tolist(), strict=True)
        return Orders.join([replace(own, account=own.account + first) for own, first in each])

    def seen_from(self, fills: Fills, place: int) -> tuple[Fills, Mask]:
        """The fills that concern one registry, in its own numbers, and which of all they are."""
        mine = (self.where(fills.buyer) == place) | (self.where(fills.seller) == place)
        return Fills(
            self.inside(fills.buyer[mine], place),
            self.inside(fills.seller[mine], place),
            fills.quantity[mine],
            fills.price[mine],
            None if fills.proceeds is None else fills.proceeds[mine],
        ), mine


def settle_between(registries: Sequence[Registry], fills: Fills, houses: Sequence[int]) -> None:
    """Deliver against payment all fills of one clearing among the accounts of several registries, or refuse them all.

    Sellers deliver their oldest vintage first, out of what they held before the clearing, wherever it goes.

    Parameters
    ----------
    registries
        Of the same vintages and lot, each with a mirror.
    fills
        In the numbers of all accounts (`Numbering`).
    houses
        Account of each registry that receives what its buyers pay beyond the sellers' proceeds.

    Raises
    ------
    OverdrawnError
        If a seller holds less than it sold; nothing has moved then.
    """
    if not len(fills):
        return
    numbers = Numbering.of(registries)
    home, away = numbers.where(fills.buyer), numbers.where(fills.seller)
    due = fills.price if fills.proceeds is None else fills.proceeds
    brought: list[tuple[Ints, Ints, Ints]] = []  # of fills across a border: which, vintage, units
    for place, registry in enumerate(registries):  # first ask all: who lacks what it sold stops everything
        sold = np.flatnonzero(away == place)
        vintage, item, part = registry.in_vintages(
            numbers.inside(fills.seller[sold], place), fills.quantity[sold] * registry.lot
        )
        across = home[sold[item]] != place
        brought.append((sold[item][across], vintage[across], part[across]))
    for place, registry in enumerate(registries):
        mine = away == place
        leaving = home[mine] != place
        proceeds = None if fills.proceeds is None else fills.proceeds[mine]
        price = np.where(leaving, due[mine], fills.price[mine])  # what goes to the house is paid where the buyer is
        buyer, seller = (numbers.inside(side[mine], place) for side in (fills.buyer, fills.seller))
        registry.settle(Fills(buyer, seller, fills.quantity[mine], price, proceeds), houses[place])
    which, vintage, part = (np.concatenate(column) for column in zip(*brought, strict=True))
    for place, registry in enumerate(registries):
        mine = home[which] == place
        registry.receive(numbers.inside(fills.buyer[which[mine]], place), part[mine], vintage[mine])
        came = np.flatnonzero((home == place) & (away != place))
        units, buyer = fills.quantity[came] * registry.lot, numbers.inside(fills.buyer[came], place)
        registry.pay(buyer, int(numbers.mirrors[place]), due[came] * units)
        registry.pay(buyer, houses[place], (fills.price - due)[came] * units)


def exchange_between(
    registries: Sequence[Registry], year: int, firms: Sequence[Ints], due: Sequence[Ints]
) -> list[int]:
    """Let firms that lack allowances valid for a year exchange younger ones for those that any province can spare.

    As `tanshi.market.compliance.exchange_vintages` does in one registry: one tonne for one, askers served in
    proportion where more is asked than can be spared.

    Parameters
    ----------
    registries
        Each with a mirror.
    year
        Whose vintage is the youngest that counts.
    firms, due
        Of each registry, accounts that have something to surrender, each once, and units of it.

    Returns
    -------
    Units that accounts of each registry received in exchange.
    """
    numbers = Numbering.of(registries)
    asked, spare = [], []
    for registry, who, units in zip(registries, firms, due, strict=True):
        lacks, left = lacking_and_spare(registry, year, who, units)
        lacks[registry.mirror], left[registry.mirror] = 0, 0
        asked.append(lacks)
        spare.append(left)
    giver, taker, amount = matched_exchanges(np.concatenate(asked), np.concatenate(spare))
    if not len(amount):
        return [0] * len(registries)
    home, away = numbers.where(taker), numbers.where(giver)
    for place, registry in enumerate(registries):
        within = (home == place) & (away == place)
        registry.exchange(
            numbers.inside(giver[within], place), numbers.inside(taker[within], place), amount[within], latest=year
        )
    across = np.flatnonzero(home != away)
    _hand_over(registries, numbers, (giver[across], taker[across]), amount[across], year, younger=False)
    _hand_over(registries, numbers, (taker[across], giver[across]), amount[across], year, younger=True)
    return [int(amount[home == place].sum()) for place in range(len(registries))]


def _hand_over(
    registries: Sequence[Registry],
    numbers: Numbering,
    ends: tuple[Ints, Ints],
    amount: Ints,
    year: int,
    *,
    younger: bool,
) -> None:
    """Move allowances across borders from the first to the second of two accounts, by mirror and vintage."""
    giver, taker = ends
    away, home = numbers.where(giver), numbers.where(taker)
    for place, registry in enumerate(registries):
        mine = np.flatnonzero(away == place)
        vintage, item, part = registry.hand_over(
            numbers.inside(giver[mine], place), amount[mine], year, younger=younger
        )
        to = taker[mine][item]
        for other in np.unique(home[mine]).tolist():
            there = home[mine][item] == other
            registries[other].receive(numbers.inside(to[there], other), part[there], vintage[there])


def check_between(registries: Sequence[Registry]) -> None:
    """Raise `RegistryError` unless what each registry owes the others adds up to nothing, by vintage and in cash."""
    held = sum(registry.holdings[:, registry.mirror] for registry in registries if registry.mirror is not None)
    cash = sum(int(registry.cash[registry.mirror]) for registry in registries if registry.mirror is not None)
    if np.any(held) or cash:
        raise RegistryError("registry: what the provinces owe one another does not add up to nothing")
