"""Bands over seeds: the median of several runs of a scenario, and the range that holds nine tenths of them.

Of few runs a percentile is a point between the two outermost, which says nothing; their band is the whole range.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tanshi.simulator.results.tables import RunResult

LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95
FEWEST = 20
"""Seeds from which the 5th and the 95th percentile are told; of fewer the lowest and the highest."""
#: Quantile to its name beside a scenario's.
NAMES = {MIDDLE: "median", LOW: "5th percentile", HIGH: "95th percentile", 0.0: "lowest", 1.0: "highest"}


def many_seeds(seeds: int) -> bool:
    """Whether percentiles can be told of so many seeds."""
    return seeds >= FEWEST


def ends(seeds: int) -> tuple[float, float]:
    """The quantiles at which a band over so many seeds begins and ends.

    Examples
    --------
    >>> ends(5), ends(20)
    ((0.0, 1.0), (0.05, 0.95))
    """
    return (LOW, HIGH) if many_seeds(seeds) else (0.0, 1.0)


def quantile(values: ArrayLike, at: float) -> NDArray[np.float64]:
    """Quantile over the first axis, linear between neighbours.

    Examples
    --------
    >>> float(quantile([1.0, 2.0, 4.0], MIDDLE))
    2.0
    """
    return np.asarray(np.quantile(np.asarray(values, dtype=np.float64), at, axis=0), dtype=np.float64)


def annual_band(results: Sequence[RunResult], at: float) -> pd.DataFrame:
    """One annual table of a scenario's runs: each variable's quantile over the seeds, year by year.

    A quantile does not add up: medians of parts need not sum to the median of the whole.
    """
    annual = pd.concat([result.annual for result in results], ignore_index=True)
    keys = ["scenario", "region", "variable", "unit", "year"]
    return annual.groupby(keys, sort=False)["value"].quantile(at).reset_index()
