"""Simulator runs as training data: residuals about the reference path, cut into short windows.

A row is the state right after the jump at time t. A window is a row and the rows of the next few periods of
the same run; the flow starts at its first row and should reach each later one. Starting anew from recorded
states every few periods is multiple shooting: gradients stay short, and errors of one window do not drown the
next.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.drift.state import (
    KIND_OF,
    KINDS,
    SECTORS,
    Array,
    Mask,
    active,
    pack,
)

MARKET = ("bank_ratio", "cap_tightness", "time_to_compliance")
_STATE = ("price", *(f"emissions_{s}" for s in SECTORS), *(f"output_{s}" for s in SECTORS))
COLUMNS = (
    *("run", "scenario", "year", "period", "t"),
    *_STATE,
    *(f"star_{c}" for c in _STATE),
    *(f"covered_{s}" for s in SECTORS),
    *MARKET,
)
_RATES = (0.05, 18.0)  # 1/yr: a half-life of fourteen years to one of two weeks

Index = np.ndarray[tuple[int, int], np.dtype[np.intp]]


@dataclass(frozen=True)
class Trajectories:
    """Rows of all runs, sorted by run and time.

    Attributes
    ----------
    run
        (n,) number of the run.
    t
        (n,) years.
    r, star
        (n, 17) residual and reference; residuals of uncovered sectors are 0.
    covered
        (n, 8).
    market
        (n, 3) in the order of `MARKET`.
    scenarios, runs
        Names of the scenarios, count of runs.
    """

    run: np.ndarray[tuple[int], np.dtype[np.intp]]
    t: Array
    r: Array
    star: Array
    covered: Mask
    market: Array
    scenarios: tuple[str, ...]
    runs: int


def read_trajectories(source: pd.DataFrame | str | Path) -> Trajectories:
    """Trajectories from the pooled table (columns `COLUMNS`), a DataFrame or a Parquet file.

    Raises
    ------
    ValueError
        Missing columns, values that are not finite, a time that occurs twice in a run, states that are not
        positive.
    """
    frame = source if isinstance(source, pd.DataFrame) else pd.read_parquet(source)
    missing = [c for c in COLUMNS if c not in frame.columns]
    if missing:
        raise ValueError(f"trajectories lack {len(missing)} columns: {', '.join(missing[:8])}")
    if frame.empty:
        raise ValueError("trajectories have no rows")
    frame = frame.sort_values(["scenario", "run", "t"], kind="stable")
    numbers = frame.loc[:, [c for c in COLUMNS if c not in ("run", "scenario")]].apply(
        pd.to_numeric, errors="coerce"
    )
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
        return np.asarray(numbers[[prefix + s for s in SECTORS]], dtype=float)

    covered = block("covered_") > 0.5
    z = pack(numbers["price"].to_numpy(dtype=float), block("emissions_"), block("output_"))
    star = pack(numbers["star_price"].to_numpy(dtype=float), block("star_emissions_"), block("star_output_"))
    return Trajectories(
        run=np.asarray(run, dtype=np.intp),
        t=t,
        r=(z - star) * active(covered),
        star=star,
        covered=covered,
        market=numbers[list(MARKET)].to_numpy(dtype=float),
        scenarios=tuple(sorted(str(s) for s in frame["scenario"].unique())),
        runs=int(run.max()) + 1,
    )


def windows(
    data: Trajectories, length: int, stride: int, after: float = -np.inf, until: float = np.inf
) -> Index:
    """Rows (w, length + 1) of windows of `length` steps in one run, ``after < t <= until`` throughout.

    Windows across a missing period or a change of coverage are left out: there the flow is not what moved the
    state.
    """
    n = data.t.size
    if n <= length:
        return np.empty((0, length + 1), dtype=np.intp)
    start = np.arange(n - length)
    rows = start[:, None] + np.arange(length + 1)
    first_of_run = np.searchsorted(data.run, data.run)  # runs are numbered in row order
    steps = np.diff(data.t[rows], axis=1)
    usual = float(np.median(np.diff(data.t)[np.diff(data.run) == 0]))
    good = data.run[rows[:, 0]] == data.run[rows[:, -1]]
    good &= (data.t[rows[:, 0]] > after) & (data.t[rows[:, -1]] <= until)
    good &= (np.abs(steps - usual) < 0.5 * usual).all(axis=1)
    good &= (data.covered[rows] == data.covered[rows[:, :1]]).all(axis=(1, 2))
    good &= (start - first_of_run[start]) % stride == 0
    return np.asarray(rows[good], dtype=np.intp)


def reversion(data: Trajectories, pairs: Index) -> Array:
    """Pooled reversion rates (17,), 1/yr, by exact AR(1) through the origin over row `pairs` (w, 2).

    Components that are never covered get the mean rate of their kind, or of all if the kind has none.
    """
    before, after = data.r[pairs[:, 0]], data.r[pairs[:, 1]]
    step = float(np.mean(data.t[pairs[:, 1]] - data.t[pairs[:, 0]]))
    power = (before**2).sum(axis=0)
    seen = power > 1e-12
    phi = np.where(seen, (before * after).sum(axis=0) / np.where(seen, power, 1.0), np.nan)
    rate = np.clip(-np.log(np.clip(phi, 1e-6, None)) / step, *_RATES)
    if not seen.any():
        raise ValueError(
            "no component of the state ever leaves its reference path; there is nothing to learn"
        )
    for kind in range(len(KINDS)):
        own = kind == KIND_OF
        rate[own & ~seen] = np.mean(rate[own & seen]) if (own & seen).any() else np.nanmean(rate[seen])
    return np.asarray(rate)
