"""A small batch of real runs, made once for all tests of the dashboard, and a desk over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch

SMALL = {
    "years.end": 2024,
    "firms.number": 40,
    "market.periods_per_year": 2,
    "banking.horizon": 0,
    "drift.mode": "none",
}


@pytest.fixture(scope="session")
def batch_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """S1 and S5, two seeds each, three years of two periods."""
    folder = tmp_path_factory.mktemp("results") / "small"
    done = run_batch(load_scenarios(["S1", "S5"], SMALL), folder, workers=1, seeds=2)
    assert not done.failed
    return folder


@pytest.fixture(scope="session")
def desk(batch_folder: Path) -> Iterator[Desk]:
    made = Desk(batch_folder, batch_folder.parent)
    yield made
    made.close()


@pytest.fixture
def batch(desk: Desk) -> Batch:
    return desk.batch(None)
