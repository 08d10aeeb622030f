"""What a sweep will cost before it is run: one run of each scenario is computed, in memory, and timed."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tanshi.language import mark
from tanshi.scenarios.sweep_load import Plan
from tanshi.simulator.machine.disk import StoreError, table_bytes
from tanshi.simulator.results.reading import read_record
from tanshi.simulator.results.store import CLOCK, read_manifest
from tanshi.simulator.studies.batches.batch import run_key
from tanshi.simulator.studies.batches.execute import Progress, code_version, hands
from tanshi.simulator.studies.compiling import compile_in_sight
from tanshi.simulator.studies.sweeps.growth import check_growth
from tanshi.simulator.studies.sweeps.sweep import PLAN, Sweeping, read_plan

LOOKED_AT = 5
"""Finished runs of a scenario whose time is taken where there are any."""


@dataclass(frozen=True)
class Cost:
    """What is to be computed.

    Parameters
    ----------
    by_scenario
        Scenario -> runs in all, those that are there, seconds of processor time of one.
    bytes_of_a_run
        On disk, mean over the scenarios.
    """

    by_scenario: Mapping[str, tuple[int, int, float]]
    bytes_of_a_run: float

    @property
    def todo(self) -> int:
        """Runs to compute."""
        return sum(runs - kept for runs, kept, _ in self.by_scenario.values())

    @property
    def seconds(self) -> float:
        """Processor time of all that is to be computed."""
        return sum((runs - kept) * seconds for runs, kept, seconds in self.by_scenario.values())

    @property
    def megabytes(self) -> float:
        """Room on disk that it will take."""
        return self.todo * self.bytes_of_a_run / 1e6

    def hands(self, workers: int | None) -> int:
        """Processes that would share the work."""
        return max(1, hands(self.todo, workers))


def cost_of(plan: Plan, folder: Path, progress: Progress | None = None) -> Cost:
    """Runs, time and room that a sweep takes; nothing is written.

    Raises
    ------
    RunExists
        Where the folder holds another sweep.
    """
    if (folder / PLAN).is_file():
        check_growth(read_plan(folder), plan, folder)
    sweeping, code = Sweeping(plan), code_version()
    there = {run_id: name for name, run_id in read_manifest(folder).get("runs", {}).items() if (folder / name).is_dir()}
    runs: dict[str, int] = dict.fromkeys(sweeping.runs.base, 0)
    kept: dict[str, list[str]] = {name: [] for name in runs}
    first: dict[str, str] = {}
    for label, (name, _, _) in sweeping.runs.place.items():
        runs[name] += 1
        first.setdefault(name, label)
        found = there.get(run_key(sweeping.runs[label], code).id) if there else None
        if found is not None:
            kept[name].append(found)
    compile_in_sight()
    out: dict[str, tuple[int, int, float]] = {}
    sizes: list[int] = []
    for number, name in enumerate(runs):
        if progress is not None:
            progress(mark("one run of each scenario"), number, len(runs))
        seconds, size = _seen(folder, kept[name]) or _tried(sweeping, first[name], warm=bool(sizes))
        out[name] = (runs[name], len(kept[name]), seconds)
        sizes.append(size)
    return Cost(out, statistics.fmean(sizes))


def _seen(folder: Path, names: list[str]) -> tuple[float, int] | None:
    """Median time and size of runs that are there; None where no record tells."""
    times, sizes = [], []
    for name in names[:LOOKED_AT]:
        try:
            clock = read_record(folder / name).get(CLOCK, {})
        except StoreError:
            continue
        times.append(float(clock.get("processor_seconds", math.nan)))
        sizes.append(sum(path.stat().st_size for path in (folder / name).iterdir()))
    times = [seconds for seconds in times if math.isfinite(seconds)]
    return (statistics.median(times), int(statistics.median(sizes))) if times else None


def _tried(sweeping: Sweeping, label: str, *, warm: bool) -> tuple[float, int]:
    from tanshi.simulator.stepping import simulate

    scenario = sweeping.runs[label]
    if not warm:
        simulate(scenario)  # what is loaded and made once is no cost of a run
    begun = time.process_time()
    result = simulate(scenario)
    seconds = time.process_time() - begun
    size = sum(len(table_bytes(frame, "run")) for frame in (result.annual, result.periods, result.trades))
    return seconds, size + 20_000  # the record
