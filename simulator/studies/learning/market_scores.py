"""Scores of sampled forecasts of a log price, and how sure they are.

References
----------
Gneiting, T. and Raftery, A. E. (2007): Strictly proper scoring rules, prediction, and estimation. Journal of the
American Statistical Association 102(477), 359-378.
Politis, D. N. and Romano, J. P. (1992): A circular block-resampling procedure for stationary data. In LePage and
Billard (eds.), Exploring the Limits of Bootstrap, Wiley, 263-270.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from tanshi.simulator.drift.state import Array

NARROWEST_KERNEL = 0.003
WIDE_SHARE, WIDE_SCALE, WIDE_FREEDOM = 0.01, 0.5, 3.0
"""One per cent of a wide Student t about the last close stands in every density, so that no score is infinite."""

SHORTEST_BLOCK = 13
"""Weeks of calendar time that are drawn together."""

_SAME = 1e-12


def score(samples: Array, outcome: float, rng: np.random.Generator) -> dict[str, float]:
    """Scores of one forecast of the change of the log price.

    Parameters
    ----------
    samples
        (n,) drawn changes.
    outcome
        What happened.
    rng
        Breaks ties of the probability integral transform.

    Returns
    -------
    dict
        crps, logs (minus log density), pit, in50, in80 (0 or 1), width80, miss (absolute error of the median).
    """
    ordered = np.sort(samples)
    n = ordered.size
    spread = float((ordered * (2 * np.arange(1, n + 1) - n - 1)).sum()) / n**2
    below = float((ordered < outcome - _SAME).mean())
    tied = float((np.abs(ordered - outcome) <= _SAME).mean())
    pit = below + tied * rng.random()
    low, middle, high = np.quantile(ordered, [0.1, 0.5, 0.9])
    return {
        "crps": float(np.abs(ordered - outcome).mean()) - spread,
        "logs": _log_score(ordered, outcome),
        "pit": pit,
        "in50": float(0.25 <= pit <= 0.75),
        "in80": float(0.10 <= pit <= 0.90),
        "width80": float(high - low),
        "miss": abs(float(middle) - outcome),
    }


def _log_score(samples: Array, outcome: float) -> float:
    """Minus the log of a kernel density with Silverman's width."""
    sd = float(samples.std())
    between = float(np.subtract(*np.percentile(samples, [75, 25]))) / 1.349
    width = max(NARROWEST_KERNEL, 0.9 * min(sd, between if between > 0 else sd) * samples.size**-0.2)
    kernel = float(np.exp(-0.5 * ((outcome - samples) / width) ** 2).mean()) / (width * np.sqrt(2 * np.pi))
    wide = float(student.pdf(outcome, WIDE_FREEDOM, scale=WIDE_SCALE))
    return -float(np.log((1.0 - WIDE_SHARE) * kernel + WIDE_SHARE * wide))


@dataclass(frozen=True)
class Skill:
    """Gain over a rival with its 90 % interval: a share of the CRPS, or nats of the log score."""

    gain: float
    low: float
    high: float
    forecasts: int


def skill(
    own: pd.DataFrame, rival: pd.DataFrame, column: str = "crps", draws: int = 2000, seed: int = 0
) -> Mapping[int, Skill]:
    """Skill by weeks ahead of one method's rows against another's, on the tasks they share.

    Each market counts the same. The interval draws blocks of calendar time, a quarter or the horizon if longer, all
    markets and both methods at once.
    """
    keys = ["market", "origin", "weeks"]
    both = own.merge(rival, on=keys, suffixes=("", "_rival"))
    out = {}
    for weeks, rows in both.groupby("weeks"):
        when = ((rows["origin"] - rows["origin"].min()).dt.days // 7).to_numpy()
        market = pd.factorize(rows["market"])[0]
        a, b = rows[column].to_numpy(dtype=float), rows[f"{column}_rival"].to_numpy(dtype=float)
        one, block = np.ones(len(rows)), max(SHORTEST_BLOCK, int(str(weeks)))
        rng, span = np.random.default_rng(seed), int(when.max()) + 1
        drawn = []
        for _ in range(draws):
            starts = rng.integers(0, span, -(-span // block))
            weight = ((when[:, None] - starts) % span < block).sum(axis=1).astype(float)
            if weight.any():
                drawn.append(_gain(a, b, market, weight, column))
        low, high = np.quantile(drawn, [0.05, 0.95])
        out[int(str(weeks))] = Skill(_gain(a, b, market, one, column), float(low), float(high), len(rows))
    return out


def _gain(a: Array, b: Array, market: np.ndarray[tuple[int], np.dtype[np.intp]], weight: Array, column: str) -> float:
    size = int(market.max()) + 1
    own, other, count = (np.bincount(market, weight * x, size) for x in (a, b, np.ones_like(a)))
    seen = count > 0
    if column == "crps":
        return float(1.0 - np.mean(own[seen] / other[seen]))
    return float(np.mean((other[seen] - own[seen]) / count[seen]))


def by_horizon(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean scores by method and weeks, each market counting the same, and the number of forecasts."""
    columns = ["crps", "logs", "in50", "in80", "width80", "miss"]
    each = rows.groupby(["method", "weeks", "market"])[columns].mean()
    table = each.groupby(["method", "weeks"]).mean()
    table["forecasts"] = rows.groupby(["method", "weeks"]).size()
    return table.reset_index()
