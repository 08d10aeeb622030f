"""Weekly likelihood of all markets together: the rows, and how likely a spread finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from tanshi.simulator.drift.history import HistoryError
from tanshi.simulator.drift.markets.closes import LEAST_WEEKS, Closes
from tanshi.simulator.drift.markets.memory import Memory, remember
from tanshi.simulator.drift.markets.spread import STILL, Spread
from tanshi.simulator.drift.state import Array

LONGEST_GAP = 4
"""Changes over more weeks than this without a quote teach nothing about a week."""

FIRST_ROW = 8
"""Rows before this are left out: the memory is still the pool's."""


@dataclass(frozen=True)
class Weeks:
    """Changes from one traded week to the next, all markets.

    Attributes
    ----------
    market, row
        (n,) number of the market in `names`, and row of the first of the two weeks.
    memory
        What was known at that week.
    change
        (n,) of the log price.
    gap
        (n,) weeks from one to the other.
    weight
        (n,) with mean 1; a market's rows together weigh as the root of their number, so that none drowns the others.
    """

    names: tuple[str, ...]
    market: np.ndarray[tuple[int], np.dtype[np.intp]]
    row: np.ndarray[tuple[int], np.dtype[np.intp]]
    memory: Memory
    change: Array
    gap: Array
    weight: Array

    def some(self, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Weeks:
        """Those of `rows` (n,)."""
        m = self.memory
        return Weeks(
            self.names, self.market[rows], self.row[rows], Memory(m.moves[rows], m.scale[rows], m.still[rows]),
            self.change[rows], self.gap[rows], self.weight[rows],
        )  # fmt: skip


def weeks_of(markets: Mapping[str, Closes], until: str | None = None) -> Weeks:
    """The rows of several markets, those before the day ``until`` (YYYY-MM-DD) alone.

    Raises
    ------
    HistoryError
        If no market has as many weeks as are needed.
    """
    names: list[str] = []
    parts = []
    for name in sorted(markets):
        closes = markets[name] if until is None else markets[name].before(until)
        if len(closes) < LEAST_WEEKS:
            continue
        memory, at = remember(closes), np.flatnonzero(closes.traded)
        first, second = at[:-1], at[1:]
        kept = (second - first <= LONGEST_GAP) & (first >= FIRST_ROW)
        first, second = first[kept], second[kept]
        own = Memory(memory.moves[first], memory.scale[first], memory.still[first])
        change = closes.log_close[second] - closes.log_close[first]
        parts.append((np.full(first.size, len(names)), first, own, change, (second - first).astype(float)))
        names.append(name)
    if not parts:
        raise HistoryError(
            "no market has {least_weeks} weeks before {until}; nothing can be fitted",
            least_weeks=LEAST_WEEKS,
            until=until,
        )
    weight = np.concatenate([np.full(p[0].size, p[0].size ** -0.5) for p in parts])
    return Weeks(
        names=tuple(names),
        market=np.concatenate([p[0] for p in parts]),
        row=np.concatenate([p[1] for p in parts]),
        memory=Memory(*(np.concatenate([getattr(p[2], f) for p in parts]) for f in ("moves", "scale", "still"))),
        change=np.concatenate([p[3] for p in parts]),
        gap=np.concatenate([p[4] for p in parts]),
        weight=weight / weight.mean(),
    )


def log_density(spread: Spread, weeks: Weeks) -> Array:
    """(n,) log density of the changes under a spread."""
    sigma, still = spread.width(weeks.memory)
    sigma = sigma * weeks.gap ** (spread.gaps / 2)
    moved = np.log1p(-still) + _student(weeks.change, sigma, spread.freedom)
    rested = np.log(still) - 0.5 * (weeks.change / STILL) ** 2 - np.log(STILL * np.sqrt(2 * np.pi))
    return np.asarray(np.logaddexp(moved, rested))


def _student(x: Array, sigma: Array, freedom: float) -> Array:
    constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2) - 0.5 * np.log(freedom * np.pi)
    return np.asarray(constant - np.log(sigma) - (freedom + 1) / 2 * np.log1p((x / sigma) ** 2 / freedom))
