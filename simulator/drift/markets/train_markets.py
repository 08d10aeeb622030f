"""Weights of the real markets from the raw file: a vintage a year, so that every past week can be judged honestly.

Torch is imported where the networks are fitted and nowhere else.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from tanshi.language import mark
from tanshi.simulator.drift.markets.closes import STARTS, Closes
from tanshi.simulator.drift.markets.fit_recursion import fit_recursion
from tanshi.simulator.drift.markets.forecast import COMPONENTS, MarketWeights, Vintage
from tanshi.simulator.drift.markets.likelihood import log_density, weeks_of
from tanshi.simulator.drift.markets.memory import FEATURES

if TYPE_CHECKING:
    from tanshi.simulator.drift.markets.fit_network import HeadConfig

FIRST_VINTAGE = 2016
"""By then eight markets have a year behind them."""

_NOTE = (
    "g, the pooled recursion: weekly likelihood of real carbon markets, nothing from the simulator. "
    "f, and K of emissions and output, are in another card: they imitate the simulator and are no evidence."
)


def vintages(markets: Mapping[str, Closes]) -> list[str]:
    """The days before which vintages end: New Year's days, and the day after the newest week."""
    newest = max(closes.week[-1] for closes in markets.values()) + np.timedelta64(1, "D")
    years = range(FIRST_VINTAGE, int(str(newest)[:4]) + 1)
    return [*(f"{year}-01-01" for year in years), str(newest)]


def train_markets(
    markets: Mapping[str, Closes],
    config: HeadConfig | None = None,
    *,
    days: Sequence[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> MarketWeights:
    """Fit the recursion and the networks on all markets together, once for each of the ``days``.

    The same markets, settings and seed give the same weights.

    Raises
    ------
    HistoryError
        Where no market has enough weeks before a day.
    """
    import torch

    from tanshi.simulator.drift.markets.fit_network import HeadConfig, fit_networks

    config = config or HeadConfig()
    days = vintages(markets) if days is None else days
    done: list[Vintage] = []
    rows: list[dict[str, Any]] = []
    for number, day in enumerate(days):
        weeks = weeks_of(markets, day)
        recursion, fitted = fit_recursion(weeks), fit_networks(weeks, config)
        done.append(Vintage(day, recursion, tuple(f.network for f in fitted)))
        rows.append(
            {
                "before": day,
                "markets": list(weeks.names),
                "weeks": int(weeks.row.size),
                "steps": [f.steps for f in fitted],
                "held_out_nats_a_week": [round(f.held_out, 4) for f in fitted],
                "fitted_nats_a_week": {
                    "recursion": round(float((weeks.weight * log_density(recursion, weeks)).mean()), 4),
                    "network": round(
                        float(np.mean([(weeks.weight * log_density(f.network, weeks)).mean() for f in fitted])), 4
                    ),
                },
                "freedom": [round(f.network.freedom, 3) for f in fitted],
            }
        )
        if progress is not None:
            progress(mark("real markets"), number + 1, len(days))
    card = {
        "note": _NOTE,
        "data": {
            "file": "closes_weekly.csv",
            "markets": {
                name: {"from": str(c.week[0]), "to": str(c.week[-1]), "weeks": len(c), "traded": int(c.traded.sum())}
                for name, c in sorted(markets.items())
            },
            "left_out": {m: f"before {day}: phase 1" for m, day in STARTS.items()},
        },
        "features": list(FEATURES),
        "mixture": list(COMPONENTS),
        "settings": asdict(config),
        "vintages": rows,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__},
    }
    return MarketWeights(tuple(done), card)
