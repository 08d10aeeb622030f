"""A Sobol sweep of six parameters on two workers: time a run, efficiency against two ideal workers, memory.

    python benchmarks/sweep.py [SAMPLES] [--seeds 3] [--dask | --scheduler tcp://127.0.0.1:8786]

SAMPLES is a power of two from 4; N gives 8 N runs of each seed: 64 with three seeds are 1,536. `--dask` starts a Dask
scheduler and two workers on this machine. Two ideal workers do nothing but the runs: half the processor seconds that
the runs took, as measured while both were busy. On a machine that others use, the wall clock says little; the processor
seconds beside the runs say what the efficiency would be without them. Another number of runs is extrapolated to 1,536
from the pace once all workers run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tanshi.numerics.threads import use_one_thread

use_one_thread()

SWEEP = """
title: Six parameters, one scenario, monthly, default firms
scenarios: [S5]
parameters:
  cap.tightness: {uniform: [0.0, 0.12]}
  cap.decline: {uniform: [0.0, 0.06]}
  firms.cost_sigma: {uniform: [0.0, 1.0]}
  firms.intensity_sigma: {uniform: [0.0, 0.5]}
  firms.learning: {uniform: [0.1, 1.0]}
  firms.risk_aversion: {uniform: [3.0, 30.0]}
design: {method: sobol, samples: %d}
seeds: %s
"""
WORKERS, ALL = 2, 1536
QUIET = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "2s",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
}
"""Dask looks at itself a hundred times a second; on two cores that is a twentieth of them."""


def resident(pid: int | str | None) -> float:
    """Resident memory of a process, MiB."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS")), 0.0)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A Dask scheduler and workers on the loopback, ready for work; yields the scheduler's address."""
    from distributed import Client

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    host = ("--host", "127.0.0.1", "--no-dashboard")
    commands = (
        ("scheduler", *host, "--port", str(port), "--no-show"),
        ("worker", address, *host, "--nworkers", str(WORKERS), "--nthreads", "1", "--local-directory", str(folder)),
    )
    surroundings = {**os.environ, **QUIET, "PYTHONPATH": str(Path(__file__).parents[1])}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen([sys.executable, "-m", "dask", *words], cwd=folder, env=surroundings, **quiet)
        for words in commands
    ]
    try:
        make: Any = Client
        with make(address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=60)
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=30)


def processor_seconds(dask: bool) -> float:
    """Of this process, of those it has started and seen end, and of a cluster's that are still at work."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    if dask:
        import psutil  # comes with Dask

        times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
        seconds += sum(one.user + one.system for one in times)
    return seconds


def main() -> None:
    from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", nargs="?", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=1)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--dask", action="store_true")
    where.add_argument("--scheduler")
    given = parser.parse_args()
    scheduler: str | None = given.scheduler
    folder = Path(tempfile.mkdtemp(prefix="tanshi-sweep-"))
    memory: list[tuple[float, float]] = []
    times: list[float] = []

    def progress(name: str, done: int, total: int) -> None:
        if name != "runs":
            return
        times.append(time.perf_counter())
        workers = [resident(child.pid) for child in multiprocessing.active_children()]
        memory.append((max(workers, default=0.0), resident("self")))

    try:
        (folder / "six.yaml").write_text(SWEEP % (given.samples, list(range(given.seeds))))
        plan, out = open_sweep(folder / "six.yaml"), folder / "out"
        with cluster(folder) if given.dask else nullcontext(scheduler) as address:
            before, begun = processor_seconds(given.dask), time.perf_counter()
            outcome = run_sweep(plan, out, workers=WORKERS, scheduler=address, progress=progress)
            wall = time.perf_counter() - begun
            everything = processor_seconds(given.dask) - before
        clocks = [json.loads(path.read_text())["clock"] for path in out.glob("*/run.json")]
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 2**20
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    runs = len(clocks)
    inside = sorted(clock["processor_seconds"] for clock in clocks)
    own = statistics.mean(inside[:-WORKERS])  # the first run of each worker loads the economy
    quarter = runs // 4
    pace = (times[-1] - times[quarter]) / (runs - 1 - quarter)
    whole = wall + (ALL - runs) * pace
    beside = everything - sum(inside)
    print(f"{outcome.done} runs, {len(outcome.failed)} failed, load average {os.getloadavg()[0]:.1f}")
    print(f"a run, mean of processor time    {own:8.3f} s   without the first of each worker")
    print(f"wall clock                       {wall:8.1f} s   of it {times[0] - begun:.1f} s to the first finished run")
    print(f"  one run every                  {pace:8.3f} s   two ideal workers: {own / WORKERS:.3f} s")
    print(f"efficiency, whole sweep          {own * runs / WORKERS / wall:8.1%}")
    print(f"  at its pace, without its start {own / WORKERS / pace:8.1%}")
    if scheduler is None:  # the processes of a cluster started elsewhere are not ours to ask
        print(
            f"processor time beside the runs   {beside:8.1f} s   with start and end, {1e3 * beside / runs:.0f} ms a run"
        )
        print(f"  efficiency it would allow      {sum(inside) / everything:8.1%}")
    if runs != ALL:
        print(f"1,536 runs, extrapolated         {whole / 60:8.1f} min at this load, {own * ALL / WORKERS / whole:.1%}")
    print(f"1,536 runs, two ideal workers    {own * ALL / WORKERS / 60:8.1f} min")
    if scheduler is None and not given.dask:
        print(f"memory, last worker and parent   {memory[-1][0]:8.0f} MiB {memory[-1][1]:6.0f} MiB")
        print(f"        after a quarter          {memory[quarter][0]:8.0f} MiB {memory[quarter][1]:6.0f} MiB")
    print(f"on disk                          {size:8.1f} MiB {size / runs:6.2f} MiB a run")


if __name__ == "__main__":
    main()
