"""Times of several solvers in one run, taken in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median


def clock(works: Sequence[Callable[[], object]], repeat: int, turn: int) -> list[tuple[float, float]]:
    """Shortest and median processor time of each, s.

    They take turns of `turn` solves, so that a slow spell meets all alike, after one that nobody counts: what another
    solver left in the processor's cache is not the solver's own time.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(max(repeat // turn, 1)):
        for work, mine in zip(works, times, strict=True):
            work()
            for _ in range(min(repeat, turn)):
                start = time.process_time()
                work()
                mine.append(time.process_time() - start)
    return [(min(mine), median(mine)) for mine in times]
