"""Means of past prices, by which rules of law set other prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def periods_in(months: float, periods_per_year: int) -> int:
    """Whole market periods in some months, at least one.

    Examples
    --------
    >>> periods_in(6, 12), periods_in(6, 4), periods_in(0.1, 12)
    (6, 2, 1)
    """
    return max(1, int(months * periods_per_year / 12 + 1e-9))


def past_mean(rows: Sequence[Mapping[str, Any]], periods: int, otherwise: float) -> float:
    """Mean price of the last market periods, weighted by volume, yuan/t.

    Parameters
    ----------
    rows
        Periods of a run, the last one last.
    otherwise
        The price where nothing was traded, yuan/t.

    Examples
    --------
    >>> rows = [{"volume_t": 300, "turnover_yuan": 4500.0}, {"volume_t": 100, "turnover_yuan": 2100.0}]
    >>> past_mean(rows, 2, 0.0), past_mean(rows, 1, 0.0)
    (16.5, 21.0)
    """
    last = rows[-periods:]
    volume = sum(row["volume_t"] for row in last)
    return float(sum(row["turnover_yuan"] for row in last) / volume) if volume else otherwise


def mean_of_means(rows: Sequence[Mapping[str, Any]], spans: Sequence[int], otherwise: float) -> float:
    """Mean of the means over several spans of market periods, yuan/t."""
    return float(np.mean([past_mean(rows, periods, otherwise) for periods in spans]))
