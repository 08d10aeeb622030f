"""Simulator runs as training data: residuals about the reference path, cut into short windows.

A row is the state right after the jump at time t. A window is a row and the rows of the next few periods of
the same run; the flow starts at its first row and should reach each later one. Starting anew from recorded
states every few periods is multiple shooting: gradients stay short, and errors of one window do not drown the
next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.simulator.drift.state import (
    KINDS,
    MARKET,
    PRICE,
    Array,
    Mask,
    active,
    kind_of,
    pack,
)

_COVERED = "covered_"
_RATES = (0.05, 18.0)  # 1/yr: a half-life of fourteen years to one of two weeks

Index = np.ndarray[tuple[int, int], np.dtype[np.intp]]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Trajectories:
    """Rows of all runs, sorted by run and time.

    Attributes
    ----------
    sectors
        Whose emissions and output the state holds, in its order.
    run
        (n,) number of the run.
    t
        (n,) years.
    r, star
        (n, 1 + 2 sectors) residual and reference; residuals of uncovered sectors are 0.
    covered
        (n, sectors).
    market
        (n, 8) in the order of `MARKET`.
    regime
        (n,) number of announcements so far: the policy's start, a shock.
    scenarios, runs
        Names of the scenarios, count of runs.
    """

    sectors: tuple[str, ...]
    run: np.ndarray[tuple[int], np.dtype[np.intp]]
    t: Array
    r: Array
    star: Array
    covered: Mask
    market: Array
    regime: Array
    scenarios: tuple[str, ...]
    runs: int


def columns_of(sectors: Sequence[str]) -> tuple[str, ...]:
    """Columns of a pooled table of runs of an economy with these sectors."""
    state = ("price", *(f"emissions_{s}" for s in sectors), *(f"output_{s}" for s in sectors))
    return (
        *("run", "scenario", "year", "period", "t"),
        *state,
        *(f"star_{c}" for c in state),
        *(_COVERED + s for s in sectors),
        *MARKET,
        "regime",
    )


def read_trajectories(source: pd.DataFrame | str | Path) -> Trajectories:
    """Trajectories from the pooled table (`columns_of` its sectors), a DataFrame or a Parquet file.

    Raises
    ------
    ValueError
        Missing columns, values that are not finite, a time that occurs twice in a run, states that are not
        positive.
    """
    frame = source if isinstance(source, pd.DataFrame) else pd.read_parquet(source)
    sectors = tuple(c.removeprefix(_COVERED) for c in frame.columns if c.startswith(_COVERED))
    columns = columns_of(sectors)
    missing = [c for c in columns if c not in frame.columns] or ([] if sectors else [f"{_COVERED}SECTOR"])
    if missing:
        raise ValueError(f"trajectories lack {len(missing)} columns: {', '.join(missing[:8])}")
    if frame.empty:
        raise ValueError("trajectories have no rows")
    frame = frame.sort_values(["scenario", "run", "t"], kind="stable")
    numbers = frame.loc[:, [c for c in columns if c not in ("run", "scenario")]].apply(pd.to_numeric, errors="coerce")
    bad = numbers.columns[~np.isfinite(numbers.to_numpy(dtype=float)).all(axis=0)]
    if len(bad):
        raise ValueError(f"trajectories hold missing or infinite values in {', '.join(bad[:8])}")
    run = frame.groupby(["scenario", "run"], sort=False).ngroup().to_numpy()
    t = numbers["t"].to_numpy(dtype=float)
    again = (np.diff(t) <= 0) & (np.diff(run) == 0)
    if again.any():
        row = frame.iloc[int(np.flatnonzero(again)[0])]
        raise ValueError(f"run {row['run']} of scenario {row['scenario']} has time {row['t']:g} twice")

    def block(prefix: str) -> Array:
        return np.asarray(numbers[[prefix + s for s in sectors]], dtype=float)

    covered = block("covered_") > 0.5
    z = pack(numbers["price"].to_numpy(dtype=float), block("emissions_"), block("output_"))
    star = pack(numbers["star_price"].to_numpy(dtype=float), block("star_emissions_"), block("star_output_"))
    return Trajectories(
        sectors=sectors,
        run=np.asarray(run, dtype=np.intp),
        t=t,
        r=(z - star) * active(covered),
        star=star,
        covered=covered,
        market=numbers[list(MARKET)].to_numpy(dtype=float),
        regime=numbers["regime"].to_numpy(dtype=float),
        scenarios=tuple(sorted(str(s) for s in frame["scenario"].unique())),
        runs=int(run.max()) + 1,
    )


def windows(data: Trajectories, length: int, stride: int, after: float = -np.inf, until: float = np.inf) -> Index:
    """Rows (w, length + 1) of windows of `length` steps in one run, ``after < t <= until`` throughout.

    Windows across a missing period, an announcement or a change of coverage are left out: there the flow is
    not what moved the state.
    """
    n = data.t.size
    if n <= length:
        return np.empty((0, length + 1), dtype=np.intp)
    start = np.arange(n - length)
    rows = start[:, None] + np.arange(length + 1)
    first_of_run = np.searchsorted(data.run, data.run)  # runs are numbered in row order
    steps = np.diff(data.t[rows], axis=1)
    usual = _usual_step(data)[data.run[rows[:, 0]]][:, None]  # monthly and weekly runs may be pooled
    good = data.run[rows[:, 0]] == data.run[rows[:, -1]]
    good &= (data.t[rows[:, 0]] > after) & (data.t[rows[:, -1]] <= until)
    good &= (np.abs(steps - usual) < 0.5 * usual).all(axis=1)
    good &= data.regime[rows[:, 0]] == data.regime[rows[:, -1]]
    good &= (data.covered[rows] == data.covered[rows[:, :1]]).all(axis=(1, 2))
    good &= (start - first_of_run[start]) % stride == 0
    return np.asarray(rows[good], dtype=np.intp)


def whole_trajectories(data: Trajectories, after: float = -np.inf, until: float = np.inf) -> Index:
    """Rows (runs, length + 1) of one window a run, from where its longest unbroken stretch begins.

    All have the length of the shortest run's stretch, so that they make one batch.
    """
    pairs = windows(data, 1, 1, after, until)
    if not len(pairs):
        return np.empty((0, 2), dtype=np.intp)
    first = np.flatnonzero(np.r_[True, pairs[1:, 0] != pairs[:-1, 1]])  # where a stretch begins
    length = np.diff(np.r_[first, len(pairs)])
    start, run = pairs[first, 0], data.run[pairs[first, 0]]
    best = [np.flatnonzero(run == k)[np.argmax(length[run == k])] for k in np.unique(run)]
    return np.asarray(start[best][:, None] + np.arange(length[best].min() + 1), dtype=np.intp)


def _usual_step(data: Trajectories) -> Array:
    """(runs,) median time from one row to the next, years."""
    ends = np.searchsorted(data.run, np.arange(data.runs + 1))
    return np.array([np.median(np.diff(data.t[a:b])) if b - a > 1 else np.inf for a, b in pairwise(ends)])


def at_the_end(data: Trajectories, before: Rows, after: Rows) -> Array:
    """Residuals (..., 17) at rows `after`, quantities measured from the reference at rows `before`.

    The flow between two rows holds the reference of emissions and output, so that is where it would have to end.
    """
    moved = data.star[after] - data.star[before]
    moved[..., PRICE] = 0.0
    return np.asarray(data.r[after] + moved)


def new_year(data: Trajectories, before: Rows, after: Rows) -> Mask:
    """True where a year begins between two rows: capital and productivity step there, and quantities jump."""
    return np.asarray(np.floor(data.t[after] + 1e-6) > np.floor(data.t[before] + 1e-6))


def reversion(data: Trajectories, pairs: Index, *, held: bool = True) -> Array:
    """Pooled reversion rates (17,), 1/yr, by exact AR(1) through the origin over row `pairs` (w, 2).

    Components that are never covered get the mean rate of their kind, or of all if the kind has none. With `held`
    the reference of emissions and output is held over the step and New Year's steps are left out, as in the flow.
    """
    before, after = data.r[pairs[:, 0]], data.r[pairs[:, 1]]
    steps = data.t[pairs[:, 1]] - data.t[pairs[:, 0]]
    step = float(np.median(steps))
    usual = np.abs(steps - step) < 0.5 * step  # one frequency, the commoner: an AR(1) has one step
    weight = np.ones_like(before)
    if held:
        after = at_the_end(data, pairs[:, 0], pairs[:, 1])
        weight[new_year(data, pairs[:, 0], pairs[:, 1]), 1:] = 0.0
    before, after, weight = before[usual], after[usual], weight[usual]
    power = (weight * before**2).sum(axis=0)
    seen = power > 1e-12
    phi = np.where(seen, (weight * before * after).sum(axis=0) / np.where(seen, power, 1.0), np.nan)
    rate = np.clip(-np.log(np.clip(phi, 1e-6, None)) / step, *_RATES)
    if not seen.any():
        raise ValueError("no component of the state ever leaves its reference path; there is nothing to learn")
    for kind in range(len(KINDS)):
        own = kind == kind_of(before.shape[1])
        rate[own & ~seen] = np.mean(rate[own & seen]) if (own & seen).any() else np.nanmean(rate[seen])
    return np.asarray(rate)
