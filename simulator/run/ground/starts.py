"""Where equilibria are sought: from those found before to nearly the same questions.

A good start saves Newton's steps and moves nothing but rounding: an equilibrium is found to the solver's tolerance from
wherever it is sought. What is remembered is a part of the state, so that a run that is saved and goes on finds the
same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOST = 1.5
"""Largest factor by which an unknown is expected to move on."""


def _none() -> Array:
    return np.zeros((0, 0))


@dataclass(frozen=True)
class Starts:
    """Equilibria found before, a row of unknowns each; empty where none was.

    Attributes
    ----------
    trial, trial_before : (n,) float
        Of the last two auctions of this year.
    trial_price : float
        Yuan/t at which the last was asked.
    trial_change : (n,) float
        Its change per yuan/t.
    trial_logs : (drivers,) float
        Logarithms of the multipliers of its surroundings.
    number : int
        Of the period of the last.
    driven : (drivers, n) float
        Change of January's equilibrium with the logarithm of each multiplier of its surroundings; empty where nothing
        strays.
    plan, plan_change : (years, n) float
        Of the years of the last plan, as far as they were asked, and their changes per yuan/t.
    plan_price : (years,) float
        Yuan/t at which they were asked.
    plan_year : int
        The first of them.
    nodes : (prices, n) float
        Of the prices at which trade's gains were asked for a year ago.
    middle : int
        The row among them of the year's mean price.
    """

    trial: Array = field(default_factory=lambda: np.zeros(0))
    trial_before: Array = field(default_factory=lambda: np.zeros(0))
    trial_price: float = 0.0
    trial_change: Array = field(default_factory=lambda: np.zeros(0))
    trial_logs: Array = field(default_factory=lambda: np.zeros(0))
    number: int = -1
    driven: Array = field(default_factory=_none)
    plan: Array = field(default_factory=_none)
    plan_change: Array = field(default_factory=_none)
    plan_price: Array = field(default_factory=lambda: np.zeros(0))
    plan_year: int = 0
    nodes: Array = field(default_factory=_none)
    middle: int = 0

    def planned(self, year: int, price: float) -> Array | None:
        """A year's equilibrium as the last plan foresaw it, carried to a price; None where it did not look at it."""
        place = year - self.plan_year
        if not 0 <= place < len(self.plan):
            return None
        return np.asarray(self.plan[place] + self.plan_change[place] * (price - self.plan_price[place]))

    def next_trial(self, number: int, price: float, logs: Array) -> Array | None:
        """Where this year's next auction may find the economy; None in its first.

        Parameters
        ----------
        price, logs
            At which it begins, yuan/t, and logarithms of the multipliers of its surroundings.
        """
        if self.number != number - 1 or not self.trial.size:
            return None
        if self.driven.size:
            there = self.trial + self.trial_change * (price - self.trial_price)
            return self.surrounded(there, logs - self.trial_logs)
        return moved_on(self.trial, self.trial, self.trial_before) if self.trial_before.size else self.trial

    def surrounded(self, x: Array, logs: Array) -> Array:
        """An equilibrium in surroundings whose multipliers' logarithms differ by ``logs``."""
        return np.asarray(x + logs @ self.driven)


def moved_on(x: Array, now: Array, then: Array) -> Array:
    """Unknowns that move as the same ones of another equilibrium have moved, by at most a factor `MOST` each.

    Parameters
    ----------
    x : (n,) float
    now, then : (n,) float
        The other equilibrium, later and earlier.

    Examples
    --------
    >>> moved_on(np.array([10.0, 1.0, 0.0]), np.array([1.1, 0.0, 2.0]), np.array([1.0, 1.0, 1.0])).tolist()
    [11.0, 1.0, 0.0]
    """
    both = now * then > 0.0
    ratio = np.divide(now, then, out=np.ones_like(now), where=both)
    return np.asarray(x * np.clip(ratio, 1.0 / MOST, MOST))


def kept_positive(start: Array, strict: NDArray[np.bool_], otherwise: Array) -> Array:
    """A start in which what must be positive is: elsewhere it is as in another equilibrium."""
    return np.where(strict & (start <= 0.0), otherwise, start)
