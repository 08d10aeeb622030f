"""The card beside the weights: what they were trained on, how well, and within which ranges."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from tanshi.simulator.drift.history import PriceHistory
from tanshi.simulator.drift.mean_reversion import PriceFit
from tanshi.simulator.drift.preparation import TrainConfig
from tanshi.simulator.drift.state import KINDS, PRICE_FEATURES, SECTOR_FEATURES, Array
from tanshi.simulator.drift.trajectories import Index, Trajectories
from tanshi.simulator.drift.weights import Weights

_NOTE = "f, and K of emissions and output, imitate the simulator's own trajectories: an emulator, no evidence"


def training_card(
    weights: Weights,
    data: Trajectories,
    history: PriceHistory | None,
    price: PriceFit | None,
    config: TrainConfig,
    windows: Mapping[str, Index],
    split: tuple[float, float],
    errors: Mapping[str, Array],
    epochs: int,
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Plain JSON values; the same training gives the same card."""
    networks = (("price", PRICE_FEATURES, weights.price), ("sector", SECTOR_FEATURES, weights.sector))
    return {
        "trained": True,
        "note": _NOTE,
        "data": {
            "scenarios": list(data.scenarios),
            "runs": data.runs,
            "rows": int(data.t.size),
            "from": float(data.t.min()),
            "to": float(data.t.max()),
            "price_history": None if history is None else {**asdict(history.preparation), "column": history.column},
        },
        "split": {
            "training_until": split[0],
            "validation_until": split[1],
            "windows": {name: len(rows) for name, rows in windows.items()},
            "refit_on_all_rows": config.refit,
        },
        "test_rmse_by_steps_ahead": {
            "kinds": list(KINDS),
            **{name: _listed(e) for name, e in errors.items()},
        },
        "price_fit": asdict(price) if price is not None else None,
        "epochs": epochs,
        "settings": asdict(config),
        "ranges": {
            name: {
                f: [float(a), float(b)] for f, a, b in zip(names, head.low, head.high, strict=True) if np.isfinite(a)
            }
            for name, names, head in networks
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__, **versions},
    }


def _listed(errors: Array) -> list[list[float | None]]:
    return [[None if np.isnan(v) else round(float(v), 6) for v in row] for row in errors]
