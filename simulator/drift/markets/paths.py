"""Weekly paths of a log price without drift: the spread of each week follows from the path so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tanshi.simulator.drift.markets.closes import Closes
from tanshi.simulator.drift.markets.memory import Memory, bounce, remember, trading_share
from tanshi.simulator.drift.markets.spread import STILL, Spread
from tanshi.simulator.drift.state import Array

LARGEST_SHOCK = 0.35
"""Largest surprise of one week, logarithm: exchanges stop trading days before a price has moved so far."""


@dataclass(frozen=True)
class Start:
    """Where paths start from.

    Attributes
    ----------
    memory
        One row.
    trades
        Probability that a week sees a trade.
    bounce
        Part of a week's surprise that the next takes back, negative or 0.
    """

    memory: Memory
    trades: float
    bounce: float


def start_of(closes: Closes) -> Start:
    """The state of a market after its last week."""
    memory = remember(closes)
    last = len(closes) - 1
    return Start(memory.at(last, 1), trading_share(closes), bounce(closes))


def changes_ahead(
    spread: Spread, start: Start, weeks: Sequence[int], rng: np.random.Generator, paths: int, *, whole: bool = False
) -> Array:
    """(len(weeks), paths) changes of the log price over so many weeks, or with `whole` (last week, paths) all of them.

    The first week trades for certain: a forecast of it is judged, and used, only if there is a price.
    """
    last = max(weeks)
    memory = start.memory.at(0, paths)
    x, before, quiet = np.zeros(paths), np.zeros(paths), np.ones(paths)
    out = np.empty((last, paths))
    for week in range(last):
        sigma, still = spread.width(memory)
        rests = rng.random(paths) < still
        trades = rng.random(paths) < start.trades
        if week == 0:
            trades[:] = True
        wide = sigma * quiet ** (spread.gaps / 2) * rng.standard_t(spread.freedom, paths)
        shock = np.where(rests, STILL * rng.standard_normal(paths), np.clip(wide, -LARGEST_SHOCK, LARGEST_SHOCK))
        x = x + np.where(trades, shock + start.bounce * before, 0.0)
        before, quiet = np.where(trades, shock, before), np.where(trades, 1.0, quiet + 1.0)
        memory = memory.after(np.where(trades, shock, 0.0), rests | ~trades)
        out[week] = x
    return out if whole else out[np.asarray(weeks) - 1]
