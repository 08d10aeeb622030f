"""Training the drift: trajectories of the simulator without drift, pooled, and the price history of the real market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scenarios.load import load_scenario
from scenarios.schema import Scenario
from simulator.drift.history import PriceHistory, read_history
from simulator.economy import economy
from simulator.studies.batch import Progress, run_batch

if TYPE_CHECKING:
    from simulator.drift.train import Progress as Epoch
    from simulator.drift.train import Trained

DEFAULT_FOLDER = Path(__file__).parents[1] / "drift" / "default"
SCENARIOS = ("S1", "S4", "S5")
"""S2 and S3 move as S1 does: their free quotas bind nobody."""

TIGHTNESS = (0.02, 0.05, 0.08)


def training_scenarios(seeds: int) -> list[Scenario]:
    """The runs whose trajectories are pooled: three coverages, three caps, some seeds; none has a drift."""

    def one(name: str, cut: float, seed: int) -> Scenario:
        own = {"name": f"{name}-{cut:g}-{seed}", "seed": seed, "cap.tightness": cut}
        return load_scenario(name, {**own, "drift.mode": "none"})

    return [
        one(name, cut, seed)
        for name in SCENARIOS
        for cut in TIGHTNESS
        for seed in range(1, seeds + 1)
    ]


def pooled_trajectories(
    scenarios: Sequence[Scenario], out: Path, progress: Progress | None = None
) -> pd.DataFrame:
    """Run the scenarios (finished ones in ``out`` are kept) and pool their periods, one row a period."""
    result = run_batch(scenarios, out, progress=progress)
    tables = [run.periods.assign(run=number) for number, run in enumerate(result.runs)]
    return pd.concat(tables, ignore_index=True)


def market_history(name: str) -> PriceHistory:
    """The economy's price history of the real market; a last month of a few trading days is left out."""
    monthly = economy(name).figures.cea_monthly
    whole = monthly[monthly["trading_days"] >= 5] if "trading_days" in monthly else monthly
    return read_history(whole.reset_index(drop=True))


def train_default(
    out: Path,
    trajectories: Path,
    *,
    seeds: int = 2,
    simulated: Progress | None = None,
    trained: Callable[[Epoch], None] | None = None,
) -> Trained:
    """Make weights from nothing but the program and the figures, and save them in ``out``.

    Parameters
    ----------
    trajectories : folder for the runs that are pooled and for the training's checkpoint; a killed training
        goes on from what is there.
    """
    from simulator.drift.train import train
    from simulator.drift.weights import save

    table = pooled_trajectories(training_scenarios(seeds), trajectories, simulated)
    done = train(
        table,
        market_history("shanxi_2022"),
        progress=trained,
        checkpoint=trajectories / "checkpoints" / "training.npz",
    )
    save(done.weights, out)
    return done
