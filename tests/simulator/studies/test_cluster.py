"""The same sweep on Dask's workers: same ids, same bytes, gone on with; a lost scheduler loses nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli.app import main
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.batches.execute import StudyStopped
from tanshi.simulator.studies.batches.workers import cluster
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep
from tests.simulator.studies.conftest import SWEEP, differences

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dask:
    """A scheduler and two workers on this machine's loopback."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        # Not the folder of the project: the workers find it by PYTHONPATH, as they would on a cluster.
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}
        self.folder = folder
        self.processes = [
            self.start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")
        ]
        self.processes.append(
            self.start(
                "worker", self.address, "--host", "127.0.0.1", "--nworkers", "2", "--nthreads", "1", "--no-dashboard",
                "--local-directory", str(folder), "--death-timeout", "60",
            )
        )  # fmt: skip

    def ready(self) -> Dask:
        """Itself, once the scheduler answers."""
        host, port = self.address.removeprefix("tcp://").split(":")
        for _ in range(300):
            with suppress(OSError):
                socket.create_connection((host, int(port)), timeout=10).close()
                return self
            time.sleep(0.1)
        raise AssertionError("no scheduler after half a minute")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words], cwd=self.folder, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    (tmp_path / "dask").mkdir()
    started = Dask(tmp_path / "dask")
    yield started.ready()
    started.stop()


def test_a_cluster_writes_the_same_bytes(dask: Dask, sweep_file: Path, tmp_path: Path) -> None:
    plan = open_sweep(sweep_file)
    run_sweep(plan, tmp_path / "here", workers=1)
    outcome = run_sweep(plan, tmp_path / "there", scheduler=dask.address)
    assert (outcome.done, outcome.failed) == (12, {})
    for folder in ("here", "there"):
        compact(tmp_path / folder)
    assert differences(tmp_path / "there", tmp_path / "here") == []


@pytest.mark.study
def test_a_lost_scheduler_loses_nothing(dask: Dask, sweep_file: Path, tmp_path: Path) -> None:
    def lose(name: str, done: int, total: int) -> None:
        if done == 3:
            dask.processes[0].kill()

    sweep_file.write_text(SWEEP.replace("samples: 6", "samples: 16"))
    with pytest.raises(StudyStopped, match=r"the scheduler .* was lost.*of 32 runs were finished and are kept"):
        run_sweep(open_sweep(sweep_file), tmp_path / "out", scheduler=dask.address, progress=lose)
    dask.stop()
    assert len(list((tmp_path / "out").glob("S*-p*/run.json"))) >= 3
    again = Dask(tmp_path / "dask")
    try:
        assert main(["sweep", str(tmp_path / "out"), "--scheduler", again.ready().address]) == 0
    finally:
        again.stop()


class Lost:
    """Workers whose scheduler dies while runs are under way: Dask's event loop cancels what waits for it."""

    window = 2

    def submit(self, function: object, task: object) -> Future[object]:
        future: Future[object] = Future()
        future.set_exception(asyncio.CancelledError())
        return future

    def lost(self) -> str:
        return "the scheduler tcp://host:1 was lost"

    def close(self) -> None: ...


def test_what_dask_cancels_is_a_lost_scheduler_and_no_traceback(
    sweep_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tanshi.simulator.studies.batches.execute.cluster", lambda address: Lost())
    with pytest.raises(StudyStopped, match=r"the scheduler tcp://host:1 was lost\. 0 of 12 runs were finished"):
        run_sweep(open_sweep(sweep_file), tmp_path / "out", scheduler="tcp://host:1")


def test_nobody_at_the_address_is_said(tmp_path: Path, sweep_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = time.monotonic()
    with pytest.raises(UserError, match="The cluster cannot be reached"):
        cluster(f"tcp://127.0.0.1:{free_port()}")
    assert time.monotonic() - begun < 30
    words = ["sweep", str(sweep_file), "--out", str(tmp_path / "out"), "--scheduler", "nonsense://x"]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "dask scheduler" in said
    assert "Traceback" not in said
