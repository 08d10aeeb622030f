"""Workers and batches killed without warning: nothing is lost, nothing is left running, the bytes are the same."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tanshi.simulator.results import store
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep
from tests.simulator.studies.conftest import SWEEP, contents

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes through /proc")


def alive(group: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[3]) == group and words[0] != "Z":
            found.append(int(path.parent.name))
    return found


def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "run.py"), *words]
    return subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def wait_until_gone(group: int, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while left := alive(group):
        assert time.monotonic() < end, f"still running: {left}"
        time.sleep(0.05)


def kill_and_resume(folder: Path, sweep: Path, kills: int, seed: int, longest: float, patience: float = 300.0) -> int:
    """Kill the parent at random moments of its work, then let it finish; how often it was killed."""
    killed = 0
    moments = random.Random(seed)
    words = ["sweep", str(sweep), "--workers", "2", "--out", str(folder)]
    for _ in range(kills):
        running = start(words)
        end = time.monotonic() + 60.0
        while not (folder / "manifest.json").exists() and running.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(moments.uniform(0.0, longest))
        done = running.poll() is not None
        if not done:
            os.kill(running.pid, signal.SIGKILL)
            killed += 1
        running.wait()
        wait_until_gone(running.pid)
        if done:
            break
    last = start(words)
    assert last.wait(timeout=patience) == 0
    wait_until_gone(last.pid)
    return killed


def whole(folder: Path, sweep: Path) -> dict[str, str]:
    run_sweep(open_sweep(sweep), folder, workers=1)
    compact(folder)
    return contents(folder)


def test_a_sweep_killed_and_resumed_gives_the_same_dataset_and_leaves_no_process(
    sweep_file: Path, tmp_path: Path
) -> None:
    sweep_file.write_text(SWEEP.replace("samples: 6", "samples: 8"))
    assert kill_and_resume(tmp_path / "killed", sweep_file, kills=2, seed=4, longest=6.0) >= 1
    compact(tmp_path / "killed")
    assert contents(tmp_path / "killed") == whole(tmp_path / "whole", sweep_file)
    assert not [p.name for p in (tmp_path / "killed").iterdir() if p.name.endswith((".part", ".old", ".failed"))]


@pytest.mark.study
def test_twenty_kills_lose_nothing(sweep_file: Path, tmp_path: Path) -> None:
    sweep_file.write_text(SWEEP.replace("per_year: 2", "per_year: 12").replace("samples: 6", "samples: 400"))
    assert kill_and_resume(tmp_path / "killed", sweep_file, kills=20, seed=5, longest=8.0, patience=3600.0) == 20
    compact(tmp_path / "killed")
    assert contents(tmp_path / "killed") == whole(tmp_path / "whole", sweep_file)


def kill_a_worker(times: int, while_in: str = "") -> tuple[list[str], object]:
    killed: list[str] = []

    def progress(name: str, done: int, total: int) -> None:
        if len(killed) < times and done < total and name.startswith(while_in):
            for child in multiprocessing.active_children():
                if child.pid is not None:
                    os.kill(child.pid, signal.SIGKILL)
            killed.append(name)

    return killed, progress


LONGER = SWEEP.replace("[S1, S5]", "[S1]").replace("per_year: 2", "per_year: 12").replace("samples: 6", "samples: 4")


def test_a_worker_that_is_killed_is_replaced_and_a_run_that_kills_twice_is_named(
    sweep_file: Path, tmp_path: Path
) -> None:
    sweep_file.write_text(LONGER)
    killed, progress = kill_a_worker(2, while_in="S1-p2")
    outcome = run_sweep(open_sweep(sweep_file), tmp_path / "out", workers=2, progress=progress)  # type: ignore[arg-type]
    assert killed == ["S1-p2", "S1-p2"]
    assert outcome.done == 3
    assert list(outcome.failed) == ["S1-p2"]
    assert "killed twice" in outcome.failed["S1-p2"]
    assert "cost_sigma" in store.read_record(tmp_path / "out" / "S1-p2.failed")["parameters"]["firms"]
    again = run_sweep(open_sweep(sweep_file), tmp_path / "out", workers=1)
    assert (again.done, again.failed) == (4, {})
    run_sweep(open_sweep(sweep_file), tmp_path / "whole", workers=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.study
def test_the_memory_of_a_worker_and_of_the_parent_stays_flat(sweep_file: Path, tmp_path: Path) -> None:
    sizes: list[tuple[int, int]] = []

    def resident(pid: int | None) -> int:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
        return 0

    def progress(name: str, done: int, total: int) -> None:
        workers = [resident(child.pid) for child in multiprocessing.active_children()]
        sizes.append((max(workers, default=0), resident(os.getpid())))

    sweep_file.write_text(SWEEP.replace("samples: 6", "samples: 1000"))
    run_sweep(open_sweep(sweep_file), tmp_path / "out", workers=2, progress=progress)
    workers, parent = zip(*sizes, strict=True)
    print(f"MiB after 400, 1,200 and 2,000 runs of two workers: {workers[400]}, {workers[1200]}, {workers[-1]};"
          f" parent {parent[400]}, {parent[1200]}, {parent[-1]}")  # fmt: skip
    assert max(workers) < 500
    assert workers[-1] < workers[400] + 25
    assert parent[-1] < parent[400] + 25
