"""Entries of the double-entry book: boundary accounts, the audit log, and why an entry is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from tanshi.errors import Message, TanshiError
from tanshi.market.orders import Ints, Mask

# Boundary accounts, counted from the end of the table so that they never collide with a participant's number.
ISSUED, SURRENDERED, CANCELLED, EXPIRED = -1, -2, -3, -4
LARGEST = 2.0**62
"""No ledger holds more units, so that sums of a few of them still fit 64 bits."""


class RegistryError(TanshiError, ValueError):
    """An operation the registry does not perform; nothing has moved."""


class UnknownAccountError(RegistryError):
    """An account that does not exist."""


class AmountError(RegistryError):
    """An amount that is negative or no whole number."""


class CapacityError(RegistryError):
    """Amounts beyond what 64-bit integers hold."""


class OverdrawnError(RegistryError):
    """More was asked than is there.

    Attributes
    ----------
    accounts : (m,) int64
        Every account that lacks.
    """

    def __init__(self, template: str, accounts: Ints, /, **fields: object) -> None:
        super().__init__(template, **fields)
        self.accounts = accounts

    @staticmethod
    def where(asked: Ints, there: Ints, what: str) -> None:
        """Raise, naming the accounts, where more is asked than is there."""
        short: Mask = (asked > there) & (asked > 0)
        if not short.any():
            return
        who = np.flatnonzero(short)
        first = int(who[0])
        more = Message(" and {count} more accounts", count=len(who) - 1) if len(who) > 1 else ""
        raise OverdrawnError(
            "registry: account {first} has {what} of {there}, {asked} asked{more}",
            who,
            first=first,
            what=what,
            there=int(there[first]),
            asked=int(asked[first]),
            more=more,
        )


class UnbalancedError(ValueError):
    """An identity of the book does not hold: a fault of the program or of a saved state, never of a user."""


class Kind(IntEnum):
    """What an entry of the audit log records."""

    ISSUE = 0
    TRANSFER = 1
    SETTLE = 2
    PAY = 3
    ENDOW = 4
    OBLIGE = 5
    SURRENDER = 6
    DISCHARGE = 7
    EXTINGUISH = 8
    CANCEL = 9
    EXPIRE = 10


_COLUMNS: dict[str, npt.DTypeLike] = {
    "period": np.dtype(np.int32),
    "kind": np.dtype(np.int8),
    "ledger": np.dtype(np.int16),
    "giver": np.dtype(np.int32),
    "receiver": np.dtype(np.int32),
    "amount": np.dtype(np.int64),
}


class AuditLog:
    """Every entry ever posted, in sequence: 23 bytes each.

    Columns: period, kind (`Kind`), ledger (row of the balances: vintages, cash, obligations), giver, receiver
    (negative for boundary accounts) and amount.
    """

    def __init__(self) -> None:
        self._chunks: list[dict[str, npt.NDArray[np.generic]]] = []

    def __len__(self) -> int:
        return sum(len(chunk["amount"]) for chunk in self._chunks)

    def append(self, period: int, kind: Kind, ledger: Ints, giver: Ints, receiver: Ints, amount: Ints) -> None:
        """Add the entries of one operation."""
        if len(amount):
            values: Sequence[npt.ArrayLike] = (period, int(kind), ledger, giver, receiver, amount)
            columns = zip(_COLUMNS.items(), values, strict=True)
            self._chunks.append({name: np.full(len(amount), value, dtype) for (name, dtype), value in columns})

    def copy(self) -> AuditLog:
        """Return the same entries once more; what is added to one is not added to the other."""
        log = AuditLog()
        log._chunks = list(self._chunks)
        return log

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the whole log, one array a column."""
        if len(self._chunks) != 1:
            chunks = self._chunks
            self._chunks = [
                {
                    name: np.concatenate([chunk[name] for chunk in chunks]) if chunks else np.zeros(0, dtype)
                    for name, dtype in _COLUMNS.items()
                }
            ]
        return dict(self._chunks[0])

    @classmethod
    def of(cls, columns: Mapping[str, npt.NDArray[np.generic]]) -> AuditLog:
        """Return the log with these columns."""
        log = cls()
        log._chunks = [{name: np.asarray(columns[name]).astype(dtype) for name, dtype in _COLUMNS.items()}]
        return log


def apply(
    balances: Ints,
    ledger: Ints,
    giver: Ints,
    receiver: Ints,
    amount: Ints,
) -> None:
    """Post entries to a table of balances (ledgers, accounts): the giver loses what the receiver gains."""
    width = balances.shape[1]
    table = balances.reshape(-1)  # one address a cell is faster than two; boundary accounts count from the end
    np.subtract.at(table, ledger * width + giver % width, amount)
    np.add.at(table, ledger * width + receiver % width, amount)


def accounts_of(value: npt.ArrayLike, accounts: int) -> Ints:
    """Return account numbers as an array, refusing unknown ones."""
    who = np.atleast_1d(np.asarray(value))
    if who.size and who.dtype.kind not in "iu":
        raise UnknownAccountError("registry: account numbers are {dtype}, expected whole numbers", dtype=who.dtype)
    if who.size and (int(who.min()) < 0 or int(who.max()) >= accounts):
        wrong = int(who.min()) if int(who.min()) < 0 else int(who.max())
        raise UnknownAccountError(
            "registry: account {wrong} is not one of 0 to {accounts}", wrong=wrong, accounts=accounts - 1
        )
    return who.astype(np.int64)


def amounts_of(value: npt.ArrayLike) -> Ints:
    """Return amounts as an array, refusing negative ones and fractions."""
    units = np.atleast_1d(np.asarray(value))
    if units.size and units.dtype.kind not in "iu":
        raise AmountError("registry: amounts are {dtype}, expected whole numbers", dtype=units.dtype)
    if units.size and int(units.min()) < 0:
        raise AmountError("registry: amount {least} is negative", least=int(units.min()))
    if units.size and int(units.max()) >= 1 << 63:
        raise CapacityError(
            "registry: amount {most} does not fit 64-bit integers; use a coarser lot", most=int(units.max())
        )
    return units.astype(np.int64)


def product(units: Ints, price: Ints | int) -> Ints:
    """Return units x price, refusing what 64-bit integers would silently wrap.

    Parameters
    ----------
    units, price
        Whole numbers that are not negative, of shapes that go together.
    """
    if len(units) and float((units.astype(np.float64) * price).max()) > LARGEST:
        raise CapacityError("registry: units x price does not fit 64-bit integers; use a coarser tick or lot")
    return units * price


def asked_of(account: Ints, amount: Ints, accounts: int) -> Ints:
    """Return what is asked of each account in all, (accounts,), exactly: an account may be named many times.

    Sums beyond 2^62, which no account can hold, are given as 2^62 + 1: still more than is there.
    """
    asked = np.zeros(accounts, np.int64)
    if float(amount.astype(np.float64).sum()) <= LARGEST:
        np.add.at(asked, account, amount)
        return asked
    exact = np.zeros(accounts, object)
    np.add.at(exact, account, amount.astype(object))
    return np.minimum(exact, int(LARGEST) + 1).astype(np.int64)


def oldest_first(book: Ints, account: Ints, amount: Ints) -> tuple[Ints, Ints, Ints]:
    """Split amounts over the vintages that accounts hold, the oldest first.

    Parameters
    ----------
    book : (vintages, accounts)
        What each account holds, the oldest first.
    account, amount
        Accounts, which may be named many times, and units asked of them.

    Returns
    -------
    rows, item, part : row of ``book``, place in ``account``, units; only positive parts

    Raises
    ------
    OverdrawnError
        Naming the accounts that lack what is asked of them.
    """
    accounts = book.shape[1]
    OverdrawnError.where(asked_of(account, amount, accounts), book.sum(axis=0), "allowances")
    present = np.flatnonzero(book.any(axis=1))
    if len(present) <= 1:
        row = int(present[0]) if len(present) else 0
        return np.full(len(account), row), np.arange(len(account)), amount
    # Each account's amounts lie end to end on a line; its vintages cut that line.
    order = np.argsort(account, kind="stable")
    ends = np.cumsum(amount[order])
    mine = account[order]
    begin = np.searchsorted(mine, mine)
    end = ends - (ends[begin] - amount[order][begin])
    start = end - amount[order]
    pieces: list[tuple[Ints, Ints, Ints]] = []
    upto = np.zeros(accounts, np.int64)
    for row in present.tolist():
        low = upto[mine]
        upto = upto + book[row]
        part = np.minimum(end, upto[mine]) - np.maximum(start, low)
        some = np.flatnonzero(part > 0)
        pieces.append((np.full(len(some), row), order[some], part[some]))
    rows, item, part = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return rows, item, part
