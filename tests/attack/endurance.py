"""Long and large: whether time and memory grow in line with the work, and whether anything is left behind.

make endurance                                 about an hour, and its table into docs/attack.md
make endurance ARGS="--part leaks --runs 200"   one part, smaller
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.model import simulate
from tanshi.simulator.results.reading import RECORD
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.query import query
from tanshi.simulator.views.dashboard.app import PAGES, draw
from tanshi.simulator.views.dashboard.desk import Desk
from tests.attack.attempt import ROOT
from tests.attack.page import MARK
from tests.attack.room import TINY, batch
from tests.attack.windows import a_window

MB = 1e6
PAGE = ROOT / "docs/attack.md"
HEAD = f"""{MARK}

`make endurance` measures whether time and memory grow in line with the work, and whether anything is left behind after
it. Processor seconds, and memory of the process; what was run, as printed:

| part | work | CPU s | memory, MB | growth |
|---|---|--:|--:|---|
"""


@dataclass(frozen=True)
class Row:
    """One measurement.

    Parameters
    ----------
    part, work
        What was done, and how much of it.
    seconds
        Processor time.
    memory
        Of the process at its end, MB.
    growth
        In words: what is left for each run, or the power by which time grows with the work.
    """

    part: str
    work: str
    seconds: float
    memory: float
    growth: str = ""

    def __str__(self) -> str:
        return f"| {self.part} | {self.work} | {self.seconds:,.1f} | {self.memory:,.0f} | {self.growth} |"


def memory() -> float:
    """Memory of this process that is in the machine, MB, after what is garbage is gone."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / MB


def left_behind(work: Callable[[int], object], times: int, warm: int) -> tuple[float, float]:
    """Memory that each repetition leaves behind, MB: the slope over the second half, and the process's memory.

    Parameters
    ----------
    work
        Done ``times`` times, with its number.
    warm
        Repetitions before the first measurement: caches fill, libraries keep their pools.
    """
    for n in range(warm):
        work(n)
    every = max(1, times // 20)
    points = []
    for n in range(times):
        work(warm + n)
        if n % every == 0:
            points.append((n, memory()))
    later = points[len(points) // 2 :]
    slope = float(np.polyfit([n for n, _ in later], [m for _, m in later], 1)[0]) if len(later) > 2 else 0.0
    return slope, memory()


def a_run(mode: str) -> Callable[[int], object]:
    """A small run of a mode, with another seed each time."""

    def work(n: int) -> object:
        change = {**TINY, "market.mode": mode, "seed": n + 1}
        return simulate(load_scenarios(["S5"], change)[0])

    return work


def a_visit() -> Callable[[int], object]:
    """A visit to the dashboard: one page after another over the same batch."""
    folder = batch()
    desk = Desk(folder, folder.parent)

    def work(n: int) -> object:
        page = PAGES[n % len(PAGES)]
        return draw(desk, page.path, None, f"?year={2022 + n % 2}")

    return work


def leaks(given: argparse.Namespace) -> Iterator[Row]:
    """The same small run over and over in one process, and visits to the dashboard."""
    kinds: Mapping[str, tuple[Callable[[int], object], int]] = {
        "runs, agents": (a_run("agents"), given.runs),
        "runs, equilibrium": (a_run("equilibrium"), given.runs),
        "visits to the dashboard": (a_visit(), given.visits),
        "windows of the live market": (a_window(), given.visits),
    }
    for name, (work, times) in kinds.items():
        began = time.process_time()
        slope, now = left_behind(work, times, max(10, times // 10))
        told = f"{1000 * slope:+.1f} kB each over the second half"
        yield Row(name, f"{times:,} in one process", time.process_time() - began, now, told)


def firms(given: argparse.Namespace) -> Iterator[Row]:
    """Ten times the firms: how time grows."""
    before: tuple[int, float] | None = None
    number = 1_000
    while number <= given.firms:
        change = {**TINY, "years.end": given.end, "market.periods_per_year": given.periods, "firms.number": number}
        began = time.process_time()
        result = simulate(load_scenarios(["S5"], change)[0])
        spent = time.process_time() - began
        power = "" if before is None else f"time by the power {math.log(spent / before[1], number / before[0]):.2f}"
        fills = len(result.trades)
        work = f"{number:,} firms, {given.periods} periods a year to {given.end}, {fills:,} fills"
        yield Row("firms", work, spent, memory(), power)
        before, number = (number, spent), number * 10


def folders(given: argparse.Namespace) -> Iterator[Row]:
    """A folder of very many runs, copies of one with other names: gathered, asked, shown."""
    with tempfile.TemporaryDirectory(prefix="tanshi-endurance-") as room:
        folder = Path(room) / "many"
        run_batch(load_scenarios(["S5"], TINY), folder, workers=1)
        _copies(folder, given.folders)
        for name, work in (
            ("compact", lambda: compact(folder)),
            ("query", lambda: query(folder, "select variable, avg(value) from annual group by variable")),
            ("first page", lambda: draw(Desk(folder, folder.parent), "/", None, "")),
        ):
            began = time.process_time()
            work()
            spent = time.process_time() - began
            yield Row(
                f"folder, {name}",
                f"{given.folders:,} runs",
                spent,
                memory(),
                f"{1e3 * spent / given.folders:.2f} ms a run",
            )


def _copies(folder: Path, number: int) -> None:
    """Copies of a batch's one run under other names and seeds, and the manifest that names them."""
    (one,) = (path.parent for path in folder.glob(f"*/{RECORD}"))
    record: dict[str, Any] = json.loads((one / RECORD).read_text(encoding="utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for n in range(1, number):
        place = folder / f"S5-seed{n + 1}"
        shutil.copytree(one, place)
        said = {**record, "seed": n + 1, "id": f"{record['id'][:-6]}{n:06d}"}
        (place / RECORD).write_text(json.dumps(said), encoding="utf-8")
        manifest["runs"][place.name] = said["id"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


PARTS = {"leaks": leaks, "firms": firms, "folders": folders}


def _one(name: str, given: argparse.Namespace) -> Iterator[str]:
    """The rows of a part, each printed as it comes."""
    for row in PARTS[name](given):
        print(row, flush=True)
        yield str(row)


def _alone(name: str, given: argparse.Namespace) -> Iterator[str]:
    """The same in a process of its own: memory is that of one part, not of those before it."""
    sizes = [f"--{size}={getattr(given, size)}" for size in ("runs", "visits", "firms", "periods", "end", "folders")]
    command = [sys.executable, "-m", "tests.attack.endurance", f"--part={name}", *sizes]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            yield line.rstrip("\n")
    if process.returncode:
        sys.exit(process.returncode)


def main() -> int:
    """Print every measurement as it comes; write the page where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.endurance", description=__doc__)
    parser.add_argument("--part", choices=list(PARTS), action="append")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--visits", type=int, default=1_000)
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--periods", type=int, default=52)
    parser.add_argument("--end", type=int, default=2035)
    parser.add_argument("--folders", type=int, default=10_000)
    parser.add_argument("--page", action="store_true", help="write the rows into docs/attack.md")
    given = parser.parse_args()
    parts = given.part or list(PARTS)
    rows = list(_one(parts[0], given)) if len(parts) == 1 else [row for name in parts for row in _alone(name, given)]
    if given.page:
        before = PAGE.read_text(encoding="utf-8").split(MARK)[0]
        PAGE.write_text(f"{before.rstrip()}\n\n{HEAD}{chr(10).join(rows)}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
