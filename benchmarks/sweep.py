"""A Sobol sweep of six parameters on two workers: time a run, what the machinery costs beside the runs, memory.

    python benchmarks/sweep.py [SAMPLES] [--scheduler tcp://127.0.0.1:8786]

SAMPLES is a power of two; N gives 8 N runs. The line for 1,536 runs is an extrapolation from what was run. On a busy
machine the wall clock says little; the processors' own seconds say what the runs and the rest cost.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulator.threads import use_one_thread

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
  firms.reserve: {uniform: [0.0, 0.1]}
design: {method: sobol, samples: %d}
"""
WORKERS, ALL = 2, 1536


def resident(pid: int | str | None) -> float:
    """Resident memory of a process, MiB."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS")), 0.0)


def main() -> None:
    from simulator.studies.sweep import open_sweep, run_sweep

    samples = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 8
    scheduler = sys.argv[sys.argv.index("--scheduler") + 1] if "--scheduler" in sys.argv else None
    folder = Path(tempfile.mkdtemp(prefix="tanshi-sweep-"))
    memory: list[tuple[float, float]] = []

    def progress(name: str, done: int, total: int) -> None:
        workers = [resident(child.pid) for child in multiprocessing.active_children()]
        memory.append((max(workers, default=0.0), resident("self")))

    try:
        (folder / "six.yaml").write_text(SWEEP % samples)
        begun = time.perf_counter()
        outcome = run_sweep(
            open_sweep(folder / "six.yaml"), folder / "out", workers=WORKERS, scheduler=scheduler, progress=progress
        )
        wall = time.perf_counter() - begun
        clocks = [json.loads(p.read_text())["clock"] for p in (folder / "out").glob("*/run.json")]
        size = sum(p.stat().st_size for p in (folder / "out").rglob("*") if p.is_file()) / 2**20
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    runs = len(clocks)
    inside = [clock["processor_seconds"] for clock in clocks]
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    everything = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    middle = statistics.median(inside)
    print(f"{outcome.done} runs, {len(outcome.failed)} failed, load average {os.getloadavg()[0]:.1f}")
    print(f"wall clock                       {wall:8.1f} s   {wall / runs:6.2f} s a run")
    print(f"a run, median of processor time  {middle:8.2f} s   without the first of each worker")
    print(f"1,536 runs, extrapolated         {wall / runs * ALL / 60:8.1f} min at this load")
    print(f"1,536 runs, two ideal workers    {middle * ALL / WORKERS / 60:8.1f} min by processor time")
    if scheduler is None:
        start = max(everything - sum(inside), 0.0)
        each = start / runs
        print(f"processor time beside the runs   {start:8.1f} s   start-up, writing, handing out; {each:.2f} s a run")
        print(f"memory, last worker and parent   {memory[-1][0]:8.0f} MiB {memory[-1][1]:6.0f} MiB")
        print(f"        after a quarter          {memory[runs // 4][0]:8.0f} MiB {memory[runs // 4][1]:6.0f} MiB")
    print(f"on disk                          {size:8.1f} MiB {size / runs:6.2f} MiB a run")


if __name__ == "__main__":
    main()
