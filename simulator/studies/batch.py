"""A batch of runs: each in its own folder, computed by a pool of processes, read back from disk.

Workers write their run and return nothing but word of it, so what a batch holds is what is on disk, and the same
bytes come out whatever the number of workers.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equilibrium.engine import EquilibriumError
from scenarios.errors import Problem, UserError
from scenarios.schema import Scenario
from simulator.economy import economy
from simulator.iamc import write_iamc
from simulator.identity import RunKey, hash_files
from simulator.results import RunResult
from simulator.store import claim_batch, read_run, record_failure, write_run
from simulator.threads import use_one_thread

Progress = Callable[[str, int, int], None]
ROOT = Path(__file__).parents[2]
SOURCES = tuple(f"{room}/**/*.py" for room in ("agents", "equilibrium", "market", "scenarios", "simulator"))
WEIGHTS = ("simulator/drift/default/*",)


@dataclass(frozen=True)
class BatchResult:
    """What came of a batch.

    Attributes
    ----------
    runs : results of the finished runs, in the order asked.
    failed : name of each failed run to its reason.
    """

    runs: Sequence[RunResult]
    failed: Mapping[str, str] = field(default_factory=dict)


def run_key(scenario: Scenario) -> RunKey:
    """What determines the bytes of a scenario's run: its parameters, seed, the economy's data and the code."""
    return RunKey(
        scenario.name,
        scenario.model_dump(mode="json"),
        scenario.seed,
        economy(scenario.economy).data,
        hash_files(ROOT, (*SOURCES, *WEIGHTS)),
    )


def run_batch(
    scenarios: Sequence[Scenario],
    out: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
) -> BatchResult:
    """Run scenarios and write every run, and the common ``iamc.csv``, into ``out``.

    Parameters
    ----------
    workers : processes; by default as many as there are processors or runs. One computes in this process.

    Raises
    ------
    UserError
        for two scenarios of one name.
    RunExists
        where ``out`` holds something else and ``overwrite`` was not given.
    """
    names = [s.name for s in scenarios]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        problem = Problem("one scenario of each name", ", ".join(twice), hint="Give one of them another name.")
        raise UserError("Scenarios would write into the same folder.", [problem])
    keys = {s.name: run_key(s) for s in scenarios}
    kept = claim_batch(out, {name: key.id for name, key in keys.items()}, overwrite=overwrite)
    todo = [s for s in scenarios if s.name not in kept]
    report = progress or (lambda name, done, total: None)
    failed = _compute(todo, keys, out, overwrite, report, workers)
    runs = [read_run(out / name) for name in names if name not in failed]
    if runs:
        write_iamc(out, runs)
    return BatchResult(runs, failed)


def _compute(
    todo: Sequence[Scenario],
    keys: Mapping[str, RunKey],
    out: Path,
    overwrite: bool,
    report: Progress,
    workers: int | None,
) -> dict[str, str]:
    count = min(len(todo), workers or _processors())
    if count <= 1:
        reasons = {s.name: run_one(s, keys[s.name], out / s.name, overwrite, report) for s in todo}
        return {name: reason for name, reason in reasons.items() if reason}
    failed: dict[str, str] = {}
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    listener = threading.Thread(target=_listen, args=(news, report), daemon=True)
    listener.start()
    try:
        with ProcessPoolExecutor(count, context, _begin, (os.getpid(), news)) as pool:
            futures: dict[Future[str], str] = {
                pool.submit(_in_worker, s, keys[s.name], out / s.name, overwrite): s.name for s in todo
            }
            for future in as_completed(futures):
                if reason := future.result():
                    failed[futures[future]] = reason
    finally:
        news.put(None)
        listener.join(timeout=5)
    return {name: failed[name] for name in (s.name for s in todo) if name in failed}


def run_one(scenario: Scenario, key: RunKey, folder: Path, overwrite: bool, report: Progress) -> str:
    """Compute and write one run; returns the reason where it has no equilibrium, else an empty text."""
    from simulator.model import CarbonMarket

    begun = time.perf_counter()
    model = CarbonMarket(scenario)
    try:
        while not model.state.finished:
            model.step()
            report(scenario.name, len(model.state.periods), model.periods_in_all)
        result = model.result()
    except EquilibriumError as error:
        record_failure(folder, key, str(error))
        return str(error)
    finally:
        model.forget()
    write_run(folder, result, key, overwrite=overwrite, clock={"seconds": round(time.perf_counter() - begun, 2)})
    return ""


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# -- in the workers ----------------------------------------------------------------------------------------

_news: Any = None


def _begin(parent: int, news: Any) -> None:
    """Prepare a worker: one thread for numerics, and an end with its parent."""
    global _news
    _news = news
    use_one_thread()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _in_worker(scenario: Scenario, key: RunKey, folder: Path, overwrite: bool) -> str:
    last = [0.0]

    def report(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - last[0] > 0.2:
            last[0] = now
            _news.put((name, done, total))

    return run_one(scenario, key, folder, overwrite, report)


def _listen(news: Any, report: Progress) -> None:
    while (word := news.get()) is not None:
        report(*word)
