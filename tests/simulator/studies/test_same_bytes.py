"""A run's bytes depend on its parameters and seed: not on processes, threads, hash seeds or what ran before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tanshi.simulator.model import simulate
from tanshi.simulator.studies.sweeps.sweep import Sweeping, open_sweep, run_sweep
from tests.simulator.studies.conftest import SWEEP, differences

ROOT = Path(__file__).parents[3]
SOME = SWEEP.replace("samples: 6", "samples: 2")
ALONE = """
import sys
from pathlib import Path
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep
run_sweep(open_sweep(sys.argv[1]), Path(sys.argv[2]), workers=1)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "some.yaml").write_text(SOME)
    run_sweep(open_sweep(folder / "some.yaml"), folder / "here", workers=1)
    return folder


def test_three_workers_write_the_same_bytes_as_one(here: Path) -> None:
    run_sweep(open_sweep(here / "some.yaml"), here / "by_three", workers=3)
    assert differences(here / "by_three", here / "here") == []


@pytest.mark.parametrize(("threads", "hash_seed"), [("1", "0"), ("4", "12345")])
def test_threads_and_hash_seeds_leave_the_bytes_alone(here: Path, threads: str, hash_seed: str) -> None:
    environment = {
        **os.environ,
        **{f"{name}_NUM_THREADS": threads for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")},
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": str(ROOT),
    }
    out = here / f"threads{threads}"
    command = [sys.executable, "-c", ALONE, str(here / "some.yaml"), str(out)]
    subprocess.run(command, env=environment, cwd=here, check=True, capture_output=True)
    assert differences(out, here / "here") == []


def test_what_a_process_computed_before_leaves_no_trace(here: Path) -> None:
    plan = open_sweep(here / "some.yaml")
    runs = Sweeping(plan).runs
    first = {name: simulate(runs[name]) for name in runs}
    for name in reversed(list(runs)):
        again = simulate(runs[name])
        assert again.annual.equals(first[name].annual)
        assert again.periods.equals(first[name].periods)
