"""The rules by which forecasts of real prices are judged: which weeks they are made in, and which close they face.

Origins are every fourth week of the last 30 % of a market, moved to the next week with a trade (three at most). The
target, h weeks ahead, is the last close of the window of 1, 2, 4, 8 weeks that ends there (h = 1, 4, 13, 52); without a
trade in it there is no score. A market that nothing was fitted on is judged from its second year on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tanshi.simulator.drift.markets.closes import Closes

HORIZONS = (1, 4, 13, 52)
WINDOW = {1: 1, 4: 2, 13: 4, 52: 8}
EVERY = 4
TEST_SHARE = 0.3
FIRST_YEAR = 52


@dataclass(frozen=True)
class Task:
    """A forecast to be made after row ``origin`` of a market, for ``weeks`` ahead, and the row that it faces."""

    market: str
    origin: int
    weeks: int
    target: int


def tasks(closes: Closes, first: int | None = None, last: int | None = None) -> Iterator[Task]:
    """All forecasts of a market, by origin and horizon.

    Parameters
    ----------
    first
        Row of the first origin; by default where the last 30 % begin.
    last
        Row beyond which no close is used; by default the end.
    """
    end = len(closes) if last is None else min(last, len(closes))
    start = int((1.0 - TEST_SHARE) * len(closes)) if first is None else first
    seen = -1
    for planned in range(start, end, EVERY):
        origin = next((k for k in range(planned, min(planned + EVERY, end)) if closes.traded[k]), None)
        if origin is None or origin <= seen:
            continue
        seen = origin
        for weeks in HORIZONS:
            if origin + weeks >= end:
                continue
            opens = max(origin, origin + weeks - WINDOW[weeks])
            target = next((k for k in range(origin + weeks, opens, -1) if closes.traded[k]), None)
            if target is not None:
                yield Task(closes.market, origin, weeks, target)
