"""The drift in the loop: how far the flow ends from what the market comes to, with it and without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.simulator.drift.preparation import TrainingError
from tanshi.simulator.drift.state import KINDS
from tanshi.simulator.studies.batches.batch import Progress, run_batch
from tanshi.simulator.studies.batches.execute import code_version
from tanshi.simulator.studies.learning.held_out import MODES, held_out


def closed_loop(weights: Path, work: Path, seeds: int, progress: Progress | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gap before each jump of the held-out scenarios under each mode, by scenario and over all."""
    scenarios = [
        s.model_copy(update={"drift": s.drift.model_copy(update={"weights": None if mode == "none" else str(weights)})})
        for mode in MODES
        for seed in range(41, 41 + seeds)
        for s in held_out(12, seed, mode)
    ]
    result = run_batch(scenarios, work / "evaluation" / "loop" / code_version(), progress=progress)
    if result.failed:
        name, reason = next(iter(result.failed.items()))
        raise TrainingError(
            "{number_of_failed} held-out runs failed; {name}: {reason}",
            number_of_failed=len(result.failed),
            name=name,
            reason=reason,
        )
    tables, counted = [], []
    for run in result.runs:
        p = run.periods
        mode = str(run.parameters["drift"]["mode"])
        gap = np.log1p(p["price"]) - np.log1p(p["pre_jump_price"])
        known = (p["regime"] == p["regime"].shift(1)) & (p["regime"] >= 2)
        tables.append(
            pd.DataFrame(
                {
                    "scenario": run.title, "seed": run.seed, "mode": mode, "t": p["t"],
                    "block": (2 * (p["t"] - 2000)).astype(int),
                    "price": gap.abs(), "emissions": p["gap_emissions"], "output": p["gap_output"],
                    "january": p["period"] == 1,
                }
            )[known]
        )  # fmt: skip
        flow = run.meta["drift"]
        counted.append({"scenario": run.title, "seed": run.seed, **flow, "mode": mode})
    return gap_table(pd.concat(tables, ignore_index=True)), pd.DataFrame(counted)


def gap_table(table: pd.DataFrame) -> pd.DataFrame:
    """Mean gaps by scenario and mode, and the change against none with a 90 % block-bootstrap interval.

    Parameters
    ----------
    table
        Scenario, seed, mode, t, block, one column of absolute gaps (logarithms) a kind, and whether the jump is
        the turn of the year.
    """
    rows = []
    rng = np.random.default_rng(0)
    keys = ["scenario", "seed", "t"]
    for kind in KINDS:
        wide = table.pivot_table(index=[*keys, "block", "january"], columns="mode", values=kind).reset_index()
        within = wide[~wide["january"]]
        parts = {"all": wide, "all, within the year": within, **dict(list(wide.groupby("scenario")))}
        for name, part in parts.items():
            block = pd.factorize(part["scenario"] + part["seed"].astype(str) + "/" + part["block"].astype(str))[0]
            count = block.max() + 1
            sums = {m: np.bincount(block, part[m], count) for m in MODES}
            sizes = np.bincount(block, minlength=count)
            draws = rng.integers(0, count, (2000, count))
            for mode in MODES:
                mean = float(part[mode].mean())
                base = float(part["none"].mean())
                boot = sums[mode][draws].sum(1) / sums["none"][draws].sum(1) - 1.0
                low, high = np.quantile(boot, [0.05, 0.95])
                rows.append(
                    {
                        "scenario": name, "kind": kind, "mode": mode, "jumps": int(sizes.sum()), "gap": mean,
                        "change": mean / base - 1.0, "change_low": float(low), "change_high": float(high),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)
