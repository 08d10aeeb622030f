"""A good guest: importing the package, and computing with it, leaves a user's process as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tanshi.numerics.threads import LEFT_BEHIND, VARIABLES

LOOK = """
import importlib, locale, multiprocessing, os, pkgutil, signal, sys, threading, warnings
import duckdb, matplotlib, mesa, numba, numpy, pandas, pyarrow, ruamel.yaml, scipy  # their own doings are theirs
try:
    import torch
except ImportError:  # an extra
    pass

THEIRS = ("urllib3", "requests", "ruamel", "dask", "distributed", "solara", "plotly", "dash", "statsmodels")

def look():
    return {
        "environment": dict(os.environ),
        "warnings": [str(f) for f in warnings.filters if not any(name in str(f) for name in THEIRS)],
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": {s.name: repr(signal.getsignal(s)) for s in signal.Signals if s.name not in ("SIGKILL", "SIGSTOP")},
        "start method": multiprocessing.get_start_method(allow_none=True),
        "hooks": [repr(h) for h in (sys.excepthook, sys.displayhook, threading.excepthook)],
        "path": list(sys.path),
        "folder": os.getcwd(),
        "recursion": sys.getrecursionlimit(),
        "rcParams": dict(matplotlib.rcParams),
        "errors": numpy.geterr(),
        "printing": numpy.get_printoptions(),
        "pandas": [pandas.get_option(o) for o in ("display.max_rows", "display.width")],
        "threads": threading.active_count(),
        "random": numpy.random.get_state()[1].tolist(),
    }

def rooms(package):
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if found.name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(found.name)
        except ImportError:  # an extra that is not installed
            continue
        yield found.name
        if found.ispkg:
            yield from rooms(module)

before = look()
import tanshi
"""
ROOMS = """
names = list(rooms(tanshi))
assert len(names) > 200, names
"""
USE = """
from threadpoolctl import threadpool_info, threadpool_limits
os.environ.pop("KMP_DUPLICATE_LIB_OK", None)  # which threadpoolctl leaves behind
from tanshi import simulate
threadpool_limits(2)
threads = [lib["num_threads"] for lib in threadpool_info()]
simulate("S1", seed=1, years={"end": 2022}, firms={"number": 16}, market={"periods_per_year": 1})
assert [lib["num_threads"] for lib in threadpool_info()] == threads
"""
COMPARE = """
after = look()
changed = [key for key in before if before[key] != after[key]]
assert not changed, {key: (before[key], after[key]) for key in changed}
"""


def alone(code: str) -> None:
    left = (*VARIABLES, LEFT_BEHIND)  # by us and by threadpoolctl, in the process of the tests
    environment = {name: value for name, value in os.environ.items() if name not in left}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_importing_every_room_changes_nothing_of_the_process() -> None:
    alone(LOOK + ROOMS + COMPARE)


def test_a_run_gives_the_process_back_as_it_was() -> None:
    alone(LOOK + USE + COMPARE)


def test_the_package_says_that_it_is_typed() -> None:
    import tanshi

    assert (Path(tanshi.__file__).parent / "py.typed").is_file()
