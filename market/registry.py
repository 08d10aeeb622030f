"""The registry: a double-entry book of allowances by vintage, offsets, surrender obligations and cash, in integers.

It is the only place where anything moves. Every movement takes from one account what it gives to another;
what is created or destroyed comes from, or goes to, a boundary account, so that each ledger sums to zero:

    issued = held + surrendered + cancelled + expired, for every vintage and after every transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tanshi.market.credit_book import CreditBook
from tanshi.market.ledger import (
    CANCELLED,
    EXPIRED,
    ISSUED,
    LARGEST,
    SURRENDERED,
    AuditLog,
    CapacityError,
    Kind,
    OverdrawnError,
    RegistryError,
    UnbalancedError,
    accounts_of,
    amounts_of,
    apply,
    asked_of,
    oldest_first,
    product,
)
from tanshi.market.orders import Floats, Ints, Mask
from tanshi.market.venue import Fills
from tanshi.numerics.given import is_whole

_BOUNDARY = 4


class Registry(CreditBook):
    """Balances of all accounts and every operation that may change them.

    Amounts are whole registry units (one tonne, or a fraction of it where a run asks for finer lots). Cash is
    counted in tick x unit, so that price x quantity is a whole number and settlement is exact. A refused
    operation raises and moves nothing.

    Firms pay for allowances out of revenue that the registry does not see, so a cash account may go below
    zero unless its `overdraft` is False. Allowances never do.

    Parameters
    ----------
    accounts : int
        Number of accounts, numbered from 0.
    first_vintage, vintages : int
        First year whose allowances may exist, and how many years there are.
    lot : int
        Registry units in one lot of the venue.
    overdraft : (accounts,) bool or bool
        Whether cash may be negative.
    mirror : int, optional
        Account that stands for other registries (`tanshi.market.between`): what came from them it owes, so that it may
        stand below zero.
    kinds : int
        Number of kinds of offset credits.
    """

    def __init__(
        self,
        accounts: int,
        first_vintage: int,
        vintages: int,
        lot: int = 1,
        overdraft: npt.ArrayLike = True,
        mirror: int | None = None,
        kinds: int = 1,
    ) -> None:
        if not all(is_whole(number, 1) for number in (accounts, vintages, lot)):
            raise RegistryError(
                "registry: {accounts} accounts, {vintages} vintages, lot {lot}: each must be a positive whole number",
                accounts=accounts,
                vintages=vintages,
                lot=lot,
            )
        self.accounts = accounts
        self.first_vintage = first_vintage
        self.vintages = vintages
        self.lot = lot
        self.mirror = mirror
        self.kinds = kinds
        self.overdraft: Mask = np.broadcast_to(np.asarray(overdraft, np.bool_), (accounts,)).copy()
        self.period = 0  # stamped on the audit log; the caller moves it on
        self.log = AuditLog()
        # Ledgers in rows (vintages, cash, obligations, offsets by kind), accounts in columns, boundary accounts last.
        self._balances: Ints = np.zeros((vintages + 2 + kinds, accounts + _BOUNDARY), np.int64)

    # What is there

    @property
    def holdings(self) -> Ints:
        """Allowances by vintage and account, (vintages, accounts), units; a copy."""
        return self._held.copy()

    @property
    def held(self) -> Ints:
        """Allowances of all vintages by account, (accounts,), units."""
        return np.asarray(self._held.sum(axis=0))

    @property
    def cash(self) -> Ints:
        """Cash by account, (accounts,), tick x unit; a copy."""
        return self._balances[self.vintages, : self.accounts].copy()

    @property
    def obligations(self) -> Ints:
        """Units each account still has to surrender, (accounts,); a copy."""
        return self._balances[self.vintages + 1, : self.accounts].copy()

    def totals(self) -> dict[str, Ints]:
        """Return issued, held, surrendered, cancelled and expired units by vintage."""
        book = self._balances[: self.vintages]
        return {
            "issued": -book[:, ISSUED],
            "held": self._held.sum(axis=1),
            "surrendered": book[:, SURRENDERED].copy(),
            "cancelled": book[:, CANCELLED].copy(),
            "expired": book[:, EXPIRED].copy(),
        }

    # What may happen

    def issue(self, account: npt.ArrayLike, amount: npt.ArrayLike, vintage: int) -> None:
        """Create allowances of a vintage in accounts."""
        to, units = self._pair(account, amount)
        row = self._row(vintage)
        self._check_room(slice(0, self.vintages), units)  # all vintages together, since accounts hold their sum
        self._post(Kind.ISSUE, row, ISSUED, to, units)

    def transfer(self, giver: npt.ArrayLike, receiver: npt.ArrayLike, amount: npt.ArrayLike) -> None:
        """Move allowances, the oldest vintage first; refused whole if any giver lacks them beforehand."""
        source, units = self._pair(giver, amount)
        to = np.broadcast_to(accounts_of(receiver, self.accounts), source.shape)
        rows, item, part = self._oldest_first(source, units, self.vintages)
        self._post(Kind.TRANSFER, rows, source[item], to[item], part)

    def exchange(self, giver: npt.ArrayLike, taker: npt.ArrayLike, amount: npt.ArrayLike, latest: int) -> None:
        """Move allowances of vintages up to one to takers, who give as many of later vintages for them.

        The oldest first in either direction; refused whole if a giver lacks the older or a taker the younger ones.
        """
        source, units = self._pair(giver, amount)
        to = np.broadcast_to(accounts_of(taker, self.accounts), source.shape)
        bound = self._row(latest) + 1
        old = self._oldest_first(source, units, bound)
        young = self._oldest_first(to, units, self.vintages, bound)
        self._post(Kind.TRANSFER, old[0], source[old[1]], to[old[1]], old[2])
        self._post(Kind.TRANSFER, young[0], to[young[1]], source[young[1]], young[2])

    def settle(self, fills: Fills, house: int | None = None) -> None:
        """Deliver against payment all fills of one clearing, or refuse them all.

        Sellers deliver their oldest vintage first, out of what they held before the clearing: nobody sells on
        what the same clearing brought. Cash is checked after netting, as a clearing house does.

        Parameters
        ----------
        fills : Fills
        house : int
            Account that receives what buyers pay beyond the sellers' proceeds; needed where a venue's rules make
            the two differ.

        Raises
        ------
        OverdrawnError
            If a seller holds less than it sold, or a buyer without overdraft cannot pay its net purchase.
        CapacityError
            If turnover does not fit 64-bit cash units; choose a coarser tick or lot.
        AmountError
            If a price or proceeds are negative or no whole number of ticks: cash would not come out even.
        RegistryError
            If proceeds differ from prices and no house is named, or exceed them.
        """
        if not len(fills):
            return
        if fills.proceeds is not None and (house is None or (fills.proceeds > fills.price).any()):
            raise RegistryError("registry: proceeds below the price need a house, and may not exceed the price")
        buyer = accounts_of(fills.buyer, self.accounts)
        seller, units = self._pair(fills.seller, product(amounts_of(fills.quantity), self.lot))
        price = amounts_of(fills.price)
        self._check_room(self.vintages, price.astype(np.float64) * units)
        owed = price * units
        due = owed if fills.proceeds is None else amounts_of(fills.proceeds) * units
        rows, item, part = self._oldest_first(seller, units, self.vintages)
        self._check_cash(np.concatenate((buyer, seller)), np.concatenate((-owed, due)))
        self._post(Kind.SETTLE, rows, seller[item], buyer[item], part)
        self._post(Kind.PAY, self.vintages, buyer, seller, due)
        if fills.proceeds is not None and house is not None:
            self._post(Kind.PAY, self.vintages, buyer, accounts_of(house, self.accounts), owed - due)

    def in_vintages(self, seller: npt.ArrayLike, amount: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
        """What sellers would deliver, the oldest vintage first: vintages, places in ``seller``, and units."""
        source, units = self._pair(seller, amount)
        rows, item, part = self._oldest_first(source, units, self.vintages)
        return rows + self.first_vintage, item, part

    def receive(self, taker: npt.ArrayLike, amount: npt.ArrayLike, vintage: npt.ArrayLike) -> None:
        """Take in allowances of given vintages that another registry has delivered; the mirror owes them."""
        if self.mirror is None:
            raise RegistryError("registry: nothing comes from another registry where no account mirrors it")
        to, units = self._pair(taker, amount)
        rows = np.broadcast_to(np.asarray(vintage, np.int64) - self.first_vintage, to.shape)
        if ((rows < 0) | (rows >= self.vintages)).any():
            raise RegistryError("registry: a vintage came from another registry that this one does not have")
        self._check_room(slice(0, self.vintages), units)
        self._post(Kind.SETTLE, rows, np.full(to.shape, self.mirror), to, units)

    def hand_over(
        self, giver: npt.ArrayLike, amount: npt.ArrayLike, latest: int, *, younger: bool = False
    ) -> tuple[Ints, Ints, Ints]:
        """Deliver allowances to another registry without payment, the oldest vintage first; the mirror holds them.

        Parameters
        ----------
        giver, amount
            Accounts and units.
        latest
            The youngest vintage that counts; with ``younger`` the last one that does not.

        Returns
        -------
        Vintages, places in ``giver`` and units, for the other registry to `receive`.
        """
        if self.mirror is None:
            raise RegistryError("registry: nothing goes to another registry where no account mirrors it")
        source, units = self._pair(giver, amount)
        bound = self._row(latest) + 1
        rows, item, part = self._oldest_first(source, units, *((self.vintages, bound) if younger else (bound,)))
        self._post(Kind.TRANSFER, rows, source[item], np.full(item.shape, self.mirror), part)
        return rows + self.first_vintage, item, part

    def pay(self, giver: npt.ArrayLike, receiver: npt.ArrayLike, amount: npt.ArrayLike) -> None:
        """Move cash (tick x unit); refused whole if an account without overdraft would go below zero."""
        source, cash = self._pair(giver, amount)
        to = np.broadcast_to(accounts_of(receiver, self.accounts), source.shape)
        self._check_room(self.vintages, cash)
        self._check_cash(np.concatenate((source, to)), np.concatenate((-cash, cash)))
        self._post(Kind.PAY, self.vintages, source, to, cash)

    def endow(self, account: npt.ArrayLike, amount: npt.ArrayLike) -> None:
        """Bring cash (tick x unit) into the market from outside."""
        to, cash = self._pair(account, amount)
        self._check_room(self.vintages, cash)
        self._post(Kind.ENDOW, self.vintages, ISSUED, to, cash)

    def oblige(self, account: npt.ArrayLike, amount: npt.ArrayLike) -> None:
        """Book verified emissions: units that the accounts have to surrender."""
        to, units = self._pair(account, amount)
        self._check_room(self.vintages + 1, units)
        self._post(Kind.OBLIGE, self.vintages + 1, ISSUED, to, units)

    def surrender(
        self, account: npt.ArrayLike, amount: npt.ArrayLike, latest: int | None = None, first: int | None = None
    ) -> None:
        """Hand in allowances against obligations, the oldest vintage first.

        Parameters
        ----------
        account, amount
            (m,) whole numbers
        latest, first : int
            Youngest and oldest vintage that count; all by default.

        Raises
        ------
        OverdrawnError
            If an account lacks the allowances, or surrenders more than it owes (give the rest to `cancel`).
        """
        source, units = self._pair(account, amount)
        self._check_rows(self.vintages + 1, source, units, "obligation")
        usable = self.vintages if latest is None else self._row(latest) + 1
        rows, item, part = self._oldest_first(source, units, usable, 0 if first is None else self._row(first))
        self._post(Kind.SURRENDER, rows, source[item], SURRENDERED, part)
        self._post(Kind.DISCHARGE, self.vintages + 1, source, SURRENDERED, units)

    def extinguish(self, account: npt.ArrayLike, amount: npt.ArrayLike) -> None:
        """End obligations without allowances, as where a penalty buys them off."""
        source, units = self._pair(account, amount)
        self._check_rows(self.vintages + 1, source, units, "obligation")
        self._post(Kind.EXTINGUISH, self.vintages + 1, source, CANCELLED, units)

    def cancel(self, account: npt.ArrayLike, amount: npt.ArrayLike, first: int | None = None) -> None:
        """Take allowances out for good, the oldest vintage first.

        Parameters
        ----------
        account, amount
            (m,) whole numbers
        first : int
            A vintage that goes, with those after it, before all that are older; the oldest by default.
        """
        source, units = self._pair(account, amount)
        start = 0 if first is None else self._row(first)
        held = np.roll(self._held, -start, axis=0) if start else self._held
        rows, item, part = oldest_first(held, source, units)
        self._post(Kind.CANCEL, (rows + start) % self.vintages, source[item], CANCELLED, part)

    def expire(self, account: npt.ArrayLike, amount: npt.ArrayLike, latest: int, first: int | None = None) -> None:
        """Take allowances out because the rules end their life: vintages from `first` to `latest`, the oldest first."""
        source, units = self._pair(account, amount)
        start = 0 if first is None else self._row(first)
        rows, item, part = self._oldest_first(source, units, self._row(latest) + 1, start)
        self._post(Kind.EXPIRE, rows, source[item], EXPIRED, part)

    def check(self) -> None:
        """Raise `UnbalancedError` unless every identity of the book holds exactly."""
        vintages = (f"vintage {self.first_vintage + i}" for i in range(self.vintages))
        names = [*vintages, "cash", "obligations", *["offsets"] * self.kinds]
        for name, total in zip(names, self._balances.sum(axis=1), strict=True):
            if total:
                raise UnbalancedError(f"registry: {name} does not sum to zero but to {int(total)}")
        own = np.arange(self.accounts) != (-1 if self.mirror is None else self.mirror)
        if (self._held[:, own] < 0).any() or (self._balances[self.vintages + 1 :, : self.accounts] < 0).any():
            raise UnbalancedError("registry: an account holds a negative number of allowances, obligations or offsets")
        if (self._balances[: self.vintages, [SURRENDERED, CANCELLED, EXPIRED]] < 0).any():
            raise UnbalancedError("registry: allowances came back from surrender, cancellation or expiry")
        if (self.cash[~self.overdraft] < 0).any():
            raise UnbalancedError("registry: an account without overdraft owes cash")
        handed_in = int(self._balances[: self.vintages, SURRENDERED].sum())
        handed_in += int(self._balances[self.vintages + 2 :, SURRENDERED].sum())
        if handed_in != int(self._balances[self.vintages + 1, SURRENDERED]):
            raise UnbalancedError("registry: allowances surrendered differ from obligations discharged")

    # Saving and rebuilding

    def copy(self) -> Registry:
        """Return the same book once more, to go its own way."""
        more = self.mirror, self.kinds
        book = Registry(self.accounts, self.first_vintage, self.vintages, self.lot, self.overdraft, *more)
        book.period, book.log, book._balances = self.period, self.log.copy(), self._balances.copy()
        return book

    def state(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the whole state as plain arrays."""
        shape = [self.accounts, self.first_vintage, self.vintages, self.lot, self.period]
        log = {f"log_{name}": column for name, column in self.log.columns().items()}
        return {
            "shape": np.array(shape, np.int64),
            "balances": self._balances.copy(),
            "overdraft": self.overdraft.copy(),
            **({} if self.mirror is None else {"mirror": np.array(self.mirror, np.int64)}),
            **log,
        }

    @classmethod
    def restore(cls, state: Mapping[str, npt.NDArray[np.generic]]) -> Registry:
        """Return the registry whose `state` this is, after checking its identities."""
        accounts, first, vintages, lot, period = (int(value) for value in state["shape"])
        mirror = int(state["mirror"]) if "mirror" in state else None
        balances = np.asarray(state["balances"], np.int64)
        kinds = max(len(np.atleast_2d(balances)) - vintages - 2, 1)
        registry = cls(accounts, first, vintages, lot, state["overdraft"], mirror, kinds)
        if balances.shape != registry._balances.shape:
            raise UnbalancedError(f"registry: saved balances have shape {balances.shape}")
        registry._balances = balances.copy()
        registry.period = period
        registry.log = AuditLog.of({name[4:]: state[name] for name in state if name.startswith("log_")})
        registry.check()
        return registry

    def rebuilt(self) -> Ints:
        """Return all balances computed from nothing but the audit log."""
        balances = np.zeros_like(self._balances)
        log = self.log.columns()
        apply(
            balances,
            *(log[name].astype(np.int64) for name in ("ledger", "giver", "receiver", "amount")),
        )
        return balances

    # How it is done

    @property
    def _held(self) -> Ints:
        return self._balances[: self.vintages, : self.accounts]

    def _row(self, vintage: int) -> int:
        row = vintage - self.first_vintage
        if not 0 <= row < self.vintages:
            last = self.first_vintage + self.vintages - 1
            raise RegistryError(
                "registry: vintage {vintage} is outside {first_vintage} to {last}",
                vintage=vintage,
                first_vintage=self.first_vintage,
                last=last,
            )
        return row

    def _pair(self, account: npt.ArrayLike, amount: npt.ArrayLike) -> tuple[Ints, Ints]:
        who, units = np.broadcast_arrays(accounts_of(account, self.accounts), amounts_of(amount))
        return who, units

    def _check_room(self, row: int | slice, amount: Ints | Floats) -> None:
        there = np.atleast_1d(np.abs(self._balances[row]).max(axis=-1))
        total = float(there.astype(np.float64).sum()) + float(amount.astype(np.float64).sum())
        if LARGEST / 2 < total < 2 * LARGEST:  # near the limit a float cannot tell one unit more
            total = sum(map(int, there)) + sum(map(int, amount.ravel()))
        if total > LARGEST:
            raise CapacityError("registry: amounts do not fit 64-bit integers; use a coarser tick or lot")

    def _check_rows(self, row: int, account: Ints, amount: Ints, what: str) -> None:
        OverdrawnError.where(asked_of(account, amount, self.accounts), self._balances[row, : self.accounts], what)

    def _check_cash(self, account: Ints, change: Ints) -> None:
        if self.overdraft.all():
            return
        net = np.zeros(self.accounts, np.int64)
        np.add.at(net, account, change)
        # An account already below zero may still receive; only a worsening is refused.
        limited = ~self.overdraft & (net < 0)
        OverdrawnError.where(np.where(limited, -net, 0), np.where(limited, self.cash, 0), "cash")

    def _oldest_first(self, account: Ints, amount: Ints, usable: int, first: int = 0) -> tuple[Ints, Ints, Ints]:
        """Split amounts over the vintages held, from one ledger row to before another (`ledger.oldest_first`)."""
        rows, item, part = oldest_first(self._held[first:usable], account, amount)
        return first + rows, item, part

    def _post(self, kind: Kind, ledger: Ints | int, giver: Ints | int, receiver: Ints | int, amount: Ints) -> None:
        some = np.flatnonzero(amount > 0)
        rows, source, to = (
            np.broadcast_to(np.asarray(column, np.int64), amount.shape)[some] for column in (ledger, giver, receiver)
        )
        apply(self._balances, rows, source, to, amount[some])
        self.log.append(self.period, kind, rows, source, to, amount[some])
