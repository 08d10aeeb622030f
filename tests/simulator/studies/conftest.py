"""A sweep of runs of a tenth of a second, and the pieces the tests of studies share."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from tanshi.simulator.studies.sweeps.sweep import open_sweep

SWEEP = """
scenarios: [S1, S5]
set: {years.end: 2023, firms.number: 24, market.periods_per_year: 2, drift.mode: none, banking.horizon: 0}
parameters:
  cap.tightness: {uniform: [0.0, 0.12]}
  firms.cost_sigma: {uniform: [0.0, 1.0]}
design: {method: lhs, samples: 6}
outputs:
  price: {variable: Price|Carbon}
  cumulative: {variable: Emissions|CO2, over: sum}
"""


@pytest.fixture
def sweep_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SWEEP)
    return path


def write_sweep(path: Path, text: str = SWEEP) -> Path:
    path.write_text(text)
    assert open_sweep(path).factors
    return path


def contents(folder: Path) -> dict[str, str]:
    """Every table of a batch and of its dataset, by the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in ("*/*.parquet", "*.parquet", "manifest.json", "sweep.json")
        for path in sorted(folder.glob(pattern))
    }


def differences(one: Path, other: Path) -> list[str]:
    """Files of two batches that are not the same bytes, with the cells that differ; none where all are the same."""
    ours, theirs = contents(one), contents(other)
    changed = [name for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)]
    return [f"{name}: {_cells(one / name, other / name)}" for name in changed]


def _cells(one: Path, other: Path) -> str:
    if not (one.exists() and other.exists()):
        return "in one of them only"
    if one.suffix != ".parquet":
        return "another text"
    left, right = pd.read_parquet(one), pd.read_parquet(other)
    if left.shape != right.shape or list(left) != list(right):
        return f"{left.shape} against {right.shape}"
    return str(left.compare(right))
