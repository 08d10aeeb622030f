"""A small batch, a small sweep and the program's weights, made once a process, for the attacks that need results."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep

TINY = {
    "years.end": 2023, "firms.number": 24, "market.periods_per_year": 1, "drift.mode": "none", "banking.horizon": 0,
}  # fmt: skip
SWEEP = """
scenarios: [S1]
set: {years.end: 2023, firms.number: 24, market.periods_per_year: 1, drift.mode: none, banking.horizon: 0}
parameters:
  cap.tightness: {uniform: [0.0, 0.1]}
  firms.cost_sigma: {uniform: [0.1, 0.5]}
design: {method: lhs, samples: 3}
"""


@lru_cache(maxsize=1)
def held() -> Path:
    """A folder for this process, taken away when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="tanshi-attack-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache(maxsize=1)
def batch() -> Path:
    """S1 and S5, two years of one period."""
    folder = held() / "batch"
    run_batch(load_scenarios(["S1", "S5"], TINY), folder, workers=1)
    return folder


@lru_cache(maxsize=1)
def sweep() -> Path:
    """Three points of a sweep, gathered into a dataset too."""
    (held() / "small.yaml").write_text(SWEEP, encoding="utf-8")
    folder = held() / "sweep"
    run_sweep(open_sweep(held() / "small.yaml"), folder, workers=1)
    compact(folder)
    return folder
