"""Allowances that live for some years: who holds them in their last year, and what ends with it."""

from __future__ import annotations

import numpy as np

from tanshi.market.compliance import expire_beyond, lacking_and_spare, matched_exchanges
from tanshi.market.orders import Floats, Ints
from tanshi.market.registry import Registry


def exchange_expiring(registry: Registry, latest: int, traders: Ints, firms: Ints, due: Ints) -> int:
    """Let who holds more allowances in their last year than it owes exchange them for younger ones.

    One tonne for one, with those who are about to surrender younger ones: whoever surrenders at once loses nothing by
    the age of what it surrenders. So allowances end unused only where all together hold more of them than all together
    owe.

    Parameters
    ----------
    registry : Registry
    latest : int
        Last vintage that may be surrendered for the last time.
    traders : (n,) int64
        Accounts that may exchange, each once.
    firms, due : (m,) int64
        Accounts with something to surrender, each once, and how much, units.

    Returns
    -------
    int
        Units exchanged.
    """
    asked, spare = lacking_and_spare(registry, latest, firms, due)
    theirs = np.zeros_like(spare)
    theirs[traders] = spare[traders]
    giver, taker, amount = matched_exchanges(asked, theirs)
    if len(amount):
        registry.exchange(giver, taker, amount, latest=latest)
    return int(amount.sum())


def end_vintages(registry: Registry, latest: int) -> Ints:
    """End all that any account holds of vintages up to one; returns how much, (accounts,) int64."""
    if latest < registry.first_vintage:
        return np.zeros(registry.accounts, np.int64)
    return expire_beyond(registry, np.zeros(registry.accounts, np.int64), latest)


def alive(young: Floats, supply: Floats, life: int) -> Floats:
    """Return the most that can be banked at the end of each year, where who surrenders takes the oldest first.

    Then a bank is made of the youngest vintages there are, and at the end of a year it holds none that is older than
    ``life - 1`` years: those have been surrendered or have ended.

    Parameters
    ----------
    young : (life - 1,) float
        What is held by now of the vintages before the first year's, the youngest first.
    supply : (years,) float
        Allowances of each year, those given so far included.
    life : int
        Years after its own for which an allowance may be surrendered.

    Examples
    --------
    Two years of life; at the end of the first year 40 of last year's vintage may be left, and the year's own:

    >>> alive(np.array([40.0]), np.array([100.0, 90.0, 80.0]), 2).tolist()
    [140.0, 190.0, 170.0]
    """
    line = np.concatenate((np.asarray(young, np.float64)[::-1], supply))
    sums = np.concatenate(([0.0], np.cumsum(line)))
    ends = np.arange(len(supply)) + len(young) + 1
    return np.asarray(sums[ends] - sums[np.maximum(ends - life, 0)])
