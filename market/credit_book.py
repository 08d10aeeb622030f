"""The registry's ledgers of offset credits, one for each kind of them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from tanshi.market.ledger import ISSUED, SURRENDERED, Kind, accounts_of
from tanshi.market.orders import Floats, Ints


class CreditBook(ABC):
    """What a registry does with offset credits; their ledgers follow those of allowances, cash and obligations."""

    accounts: int
    vintages: int
    kinds: int
    _balances: Ints

    @property
    def offsets(self) -> Ints:
        """Offset credits of all kinds by account, (accounts,), units; a copy."""
        return np.asarray(self.offsets_by_kind.sum(axis=0))

    @property
    def offsets_by_kind(self) -> Ints:
        """Offset credits by kind and account, (kinds, accounts), units; a copy."""
        return self._balances[self.vintages + 2 :, : self.accounts].copy()

    def issue_offsets(self, account: npt.ArrayLike, amount: npt.ArrayLike, kind: int = 0) -> None:
        """Create offset credits of a kind in accounts."""
        to, units = self._pair(account, amount)
        self._check_room(slice(self.vintages + 2, self.vintages + 2 + self.kinds), units)
        self._post(Kind.ISSUE, self.vintages + 2 + kind, ISSUED, to, units)

    def transfer_offsets(
        self, giver: npt.ArrayLike, receiver: npt.ArrayLike, amount: npt.ArrayLike, kind: int = 0
    ) -> None:
        """Move offset credits of a kind; refused whole if any giver lacks them beforehand."""
        source, units = self._pair(giver, amount)
        to = np.broadcast_to(accounts_of(receiver, self.accounts), source.shape)
        self._check_rows(self.vintages + 2 + kind, source, units, "offsets")
        self._post(Kind.TRANSFER, self.vintages + 2 + kind, source, to, units)

    def surrender_offsets(self, account: npt.ArrayLike, amount: npt.ArrayLike, kind: int = 0) -> None:
        """Hand in offset credits of a kind against obligations; how many is `market.offsets`' business.

        Raises
        ------
        OverdrawnError
            If an account lacks the credits, or surrenders more than it owes.
        """
        source, units = self._pair(account, amount)
        self._check_rows(self.vintages + 1, source, units, "obligation")
        self._check_rows(self.vintages + 2 + kind, source, units, "offsets")
        self._post(Kind.SURRENDER, self.vintages + 2 + kind, source, SURRENDERED, units)
        self._post(Kind.DISCHARGE, self.vintages + 1, source, SURRENDERED, units)

    @abstractmethod
    def _pair(self, account: npt.ArrayLike, amount: npt.ArrayLike) -> tuple[Ints, Ints]:
        """Accounts and whole units, checked."""

    @abstractmethod
    def _check_room(self, row: int | slice, amount: Ints | Floats) -> None:
        """Refuse units beyond what a ledger can count."""

    @abstractmethod
    def _check_rows(self, row: int, account: Ints, amount: Ints, what: str) -> None:
        """Refuse units that accounts do not have."""

    @abstractmethod
    def _post(self, kind: Kind, ledger: Ints | int, giver: Ints | int, receiver: Ints | int, amount: Ints) -> None:
        """Book a movement and note it."""
