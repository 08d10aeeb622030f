"""What a compiled loop computes, and what becomes of it where the disk takes nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tanshi.numerics import compiled as room
from tanshi.numerics.compiled import NOTICE, compiled

ROOT = Path(room.__file__).resolve().parents[1]


def halves(values: np.ndarray, by: float) -> np.ndarray:
    out = np.empty(values.size)
    for i in range(values.size):
        out[i] = values[i] / by
    return out


def total(values: np.ndarray) -> float:
    out = 0.0
    for value in values:
        out += value
    return out


def test_a_compiled_loop_is_the_plain_one_and_divides_by_zero_as_numpy_does() -> None:
    fast = compiled(halves)
    np.testing.assert_array_equal(fast(np.arange(3.0), 2.0), halves(np.arange(3.0), 2.0))
    np.testing.assert_array_equal(fast(np.array([1.0, -1.0]), 0.0), [np.inf, -np.inf])


def test_a_full_disk_costs_nothing_but_the_memory_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def full(self: object, sig: object, data: object) -> None:
        tried.append(sig)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("numba.core.caching.FunctionCache.save_overload", full)
    assert compiled(total)(np.arange(4.0)) == 6.0  # nothing else compiles it: nothing of it is on disk
    assert len(tried) == 1


TUPLES = """
from typing import NamedTuple
class {name}(NamedTuple):
    {first}: float
    {second}: float
"""
SHARE = """
from tanshi.numerics.compiled import compiled
from tuples import {name}
@compiled
def share(pair):
    return pair.part / pair.whole
print(share({name}(part=1.0, whole=4.0)))
"""


def test_what_another_version_left_on_disk_is_made_anew(tmp_path: Path) -> None:
    """A tuple of the kernels stands in another file: its fields change places there, then it gets another name."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["NUMBA_CACHE_DIR"] = str(tmp_path / "kept")
    loop = tmp_path / "loop.py"
    for name, first, second in (("Pair", "part", "whole"), ("Pair", "whole", "part"), ("Both", "whole", "part")):
        (tmp_path / "tuples.py").write_text(TUPLES.format(name=name, first=first, second=second))
        if not loop.exists() or name not in loop.read_text():
            loop.write_text(SHARE.format(name=name))
        said = subprocess.run([sys.executable, loop], env=environment, capture_output=True, text=True, check=False)
        assert said.stdout == "0.25\n", said.stderr


def test_a_second_process_finds_what_the_first_compiled(tmp_path: Path) -> None:
    source = tmp_path / "loop.py"
    source.write_text(
        "import numpy as np\n"
        "from tanshi.numerics.compiled import compiled\n"
        "@compiled\n"
        "def total(x):\n"
        "    out = 0.0\n"
        "    for v in x:\n"
        "        out += v\n"
        "    return out\n"
        "print(total(np.arange(4.0)), sum(total.stats.cache_hits.values()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    done = [
        subprocess.run([sys.executable, source], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [run.stdout for run in done] == ["6.0 0\n", "6.0 1\n"]
    assert [run.stderr for run in done] == [NOTICE + "\n", ""]  # who has to wait is told why, in one line
