"""Forecasts of real carbon prices, judged on weeks and on markets that nothing was fitted on."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tanshi.simulator.drift.markets.closes import Closes
from tanshi.simulator.drift.markets.forecast import COMPONENTS, WITHOUT_NETWORK, MarketWeights, changes, mixed, thinned
from tanshi.simulator.drift.markets.rivals import autoregression, mean_reversion, smoothed_variance
from tanshi.simulator.drift.markets.train_markets import train_markets
from tanshi.simulator.drift.state import Array
from tanshi.simulator.studies.learning.market_scores import score
from tanshi.simulator.studies.learning.rolling import FIRST_YEAR, HORIZONS, Task, tasks

Report = Callable[[str, int, int], None]
DRAWS, SAMPLES = 2000, 1000
"""Draws of each component, and the equally likely values that every method is scored by."""

MIXTURE, PLAIN = "mixture (shipped)", "mixture without network"
METHODS = ("persistence", "OU", "AR(1)", "EWMA", "GARCH-t", "recursion", "network", PLAIN, MIXTURE)
UNSEEN_DAYS = tuple(f"{year}-01-01" for year in range(2016, 2026, 3))
"""Vintages fitted for each market that is left out; its forecasts begin where the first ends."""

_RIVALS = {"OU": mean_reversion, "AR(1)": autoregression, "EWMA": smoothed_variance}


@dataclass(frozen=True)
class RealJudgement:
    """Scores on real prices.

    Attributes
    ----------
    late, unseen
        A row a forecast: method, market, origin, weeks, the scores of `score`. ``late``: the last 30 % of each market.
        ``unseen``: each market from its second year on, the pooled weights fitted on the others before that week.
    perfect
        By weeks: the 5th and 95th percentile of the share within 80 and 50 % bands that a perfect model would show.
    """

    late: pd.DataFrame
    unseen: pd.DataFrame
    perfect: pd.DataFrame


def judge_real_prices(
    weights: MarketWeights, markets: Mapping[str, Closes], report: Report | None = None
) -> RealJudgement:
    """Judge the forecasts; about four minutes on one core."""
    told = report or (lambda name, done, total: None)
    late = []
    for number, closes in enumerate(markets.values()):
        late.append(rolled(weights, closes, tasks(closes)))
        told("late years", number + 1, len(markets))
    unseen = []
    for number, (name, closes) in enumerate(markets.items()):
        others = {other: c for other, c in markets.items() if other != name}
        foreign = train_markets(others, days=UNSEEN_DAYS)
        first = max(FIRST_YEAR, int(np.searchsorted(closes.week, np.datetime64(UNSEEN_DAYS[0]))))
        unseen.append(rolled(foreign, closes, tasks(closes, first)))
        told("markets never fitted", number + 1, len(markets))
    return RealJudgement(pd.concat(late), pd.concat(unseen), perfect_coverage(markets))


def rolled(weights: MarketWeights, closes: Closes, planned: Iterable[Task]) -> pd.DataFrame:
    """Scores of every method on a market's tasks; a forecast knows its past and older weights alone."""
    by_origin: dict[int, list[Task]] = {}
    for task in planned:
        by_origin.setdefault(task.origin, []).append(task)
    rows = []
    for origin, own in by_origin.items():
        past = closes.upto(origin)
        seed = zlib.crc32(f"{closes.market} {closes.week[origin]}".encode())
        drawn = all_methods(weights, past, np.random.default_rng(seed))
        ties = np.random.default_rng(seed + 1)
        for task in own:
            outcome = float(closes.log_close[task.target] - closes.log_close[origin])
            place = HORIZONS.index(task.weeks)
            for method in METHODS:
                found = score(drawn[method][place], outcome, ties)
                when = pd.Timestamp(closes.week[origin])
                rows.append({"method": method, "market": closes.market, "origin": when, "weeks": task.weeks, **found})
    return pd.DataFrame(rows)


def all_methods(weights: MarketWeights, past: Closes, rng: np.random.Generator) -> dict[str, Array]:
    """(4, samples) changes over each of the horizons by every method."""
    drawn = changes(weights, past, HORIZONS, rng, DRAWS)
    out = {name: thinned(drawn[name], SAMPLES) for name in COMPONENTS}
    for name, rival in _RIVALS.items():
        out[name] = thinned(np.stack([rival(past, weeks, rng, DRAWS) for weeks in HORIZONS]), SAMPLES)
    out[PLAIN] = mixed(drawn, SAMPLES, WITHOUT_NETWORK)
    out[MIXTURE] = mixed(drawn, SAMPLES)
    return out


def perfect_coverage(markets: Mapping[str, Closes], draws: int = 400, seed: int = 0) -> pd.DataFrame:
    """Shares that a perfect model's 50 and 80 % bands would hold on so many overlapping forecasts, by weeks.

    Random walks of known spread on each market's own weeks, forecast by the truth: range of the mean over markets.
    """
    rng = np.random.default_rng(seed)
    planned = {name: list(tasks(closes)) for name, closes in markets.items()}
    half, wide = 0.6745, 1.2816
    held = {weeks: np.zeros((2, len(markets), draws)) for weeks in HORIZONS}
    for number, (name, closes) in enumerate(markets.items()):
        walk = np.cumsum(rng.standard_normal((len(closes), draws)), axis=0)
        for weeks in HORIZONS:
            own = [t for t in planned[name] if t.weeks == weeks]
            if not own:
                held[weeks][:, number] = np.nan
                continue
            origin, target = np.array([t.origin for t in own]), np.array([t.target for t in own])
            gone = np.abs(walk[target] - walk[origin]) / np.sqrt(target - origin)[:, None]
            held[weeks][:, number] = (gone <= half).mean(axis=0), (gone <= wide).mean(axis=0)
    rows = []
    for weeks, shares in held.items():
        low, high = np.quantile(np.nanmean(shares, axis=1), [0.05, 0.95], axis=1)
        rows.append({"weeks": weeks, "low50": low[0], "high50": high[0], "low80": low[1], "high80": high[1]})
    return pd.DataFrame(rows)
