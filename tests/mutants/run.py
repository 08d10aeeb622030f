"""Apply the mutants one at a time in a copy, and print those that live.

make mutants                                            all of them, an hour on two cores
python -m tests.mutants.run --sample 10 --of COMMIT     ten of them, drawn from a commit's hash
python -m tests.mutants.run --only market-1a2b3c
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from math import inf
from pathlib import Path
from typing import IO

import pytest

from tests.mutants.mutant import Mutant, read_mutants, stale

ROOT = Path(__file__).parents[2]
LONGEST = 300.0
"""Seconds after which a mutant that never ends is dead."""
LIBRARIES = ("numpy", "pandas", "scipy.optimize", "scipy.sparse.linalg", "scipy.interpolate", "scipy.stats", "numba",
             "mesa", "networkx", "pyarrow", "pydantic", "ruamel.yaml")  # fmt: skip
ALIVE, DEAD, EQUIVALENT = "LIVES", "dead", "equivalent"


def copy_of(root: Path, place: Path) -> Path:
    """A copy of the files that are tracked or about to be, links as links, with the loops compiled so far."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=root, capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name]
    kept = [path.relative_to(root).as_posix() for path in root.glob("*/**/__pycache__/*.nb[ic]")]
    for name in (*names, *kept):
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (root / name).exists() and not any(parent.is_symlink() for parent in target.parents):
            shutil.copy2(root / name, target, follow_symlinks=False)
    return place


def warm() -> None:
    """Import what every test needs and no mutant changes, once for all the processes that are forked from this one."""
    for name in LIBRARIES:
        with suppress(ImportError):  # what only some tests need and this machine lacks
            import_module(name)


@dataclass(frozen=True)
class Asked:
    """Tests that run in a forked process, and the file into which they print."""

    child: int
    tests: str
    told: IO[str]
    until: float

    @staticmethod
    def of(place: Path, tests: str, longest: float = LONGEST) -> Asked:
        """Begin to run tests in a copy; seconds after which they are ended."""
        told = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - `answer` closes it
        child = os.fork()
        if child == 0:
            os._exit(_child(place, tests, told.fileno()))
        return Asked(child, tests, told, time.monotonic() + longest)

    def answer(self) -> tuple[bool, str] | None:
        """Whether the tests pass and the last lines they print; None while they run.

        Raises
        ------
        RuntimeError
            Where pytest found no tests, or could not be asked.
        """
        done, status = os.waitpid(self.child, os.WNOHANG)
        if not done and time.monotonic() < self.until:
            return None
        if not done:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
        with self.told:
            self.told.seek(0)
            text = self.told.read()
        if not done:
            return False, f"no end within {LONGEST:g} s"
        code = os.waitstatus_to_exitcode(status)
        if code > 2:  # below 0: a mutant of compiled code ended the process
            raise RuntimeError(f"pytest {self.tests}: {text}")
        return code == 0, "\n".join(text.splitlines()[-30:])


def _child(place: Path, tests: str, told: int) -> int:
    """Run tests in a forked process whose product and tests are those of the copy."""
    os.dup2(told, 1)
    os.dup2(told, 2)
    os.chdir(place)
    for name in [n for n in sys.modules if n.partition(".")[0] in ("tests", "tanshi")]:
        del sys.modules[name]
    sys.path[:] = [str(place), *(one for one in sys.path if one and Path(one).resolve() != ROOT)]
    os.environ["PYTHONPATH"] = str(place)
    try:
        return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--tb=line", *tests.split()]))
    except BaseException:
        traceback.print_exc()
        return 3
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


@contextmanager
def mutated(place: Path, mutant: Mutant) -> Iterator[None]:
    """The copy with a mutant in it; its file and the file's compiled loops are put back afterwards."""
    path = place / mutant.file
    source, found = path.read_text(encoding="utf-8"), path.stat()
    caches = [one for one in path.parent.glob("__pycache__/*") if one.name.startswith(f"{path.stem}.")]
    with tempfile.TemporaryDirectory() as aside:
        for one in caches:
            shutil.move(one, Path(aside) / one.name)
        path.write_text(mutant.apply(source), encoding="utf-8")
        try:
            yield
        finally:
            for one in path.parent.glob("__pycache__/*"):
                if one.name.startswith(f"{path.stem}."):
                    one.unlink()
            path.write_text(source, encoding="utf-8")
            os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
            for one in caches:
                shutil.move(Path(aside) / one.name, one)


def judged(mutants: list[Mutant], jobs: int) -> dict[str, str]:
    """Each mutant's fate, printed as it is known.

    Raises
    ------
    SystemExit
        Where the tests do not even pass without a mutant.
    """
    fates: dict[str, str] = {}
    warm()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ended:
        places = [copy_of(ROOT, Path(folder) / str(n)) for n in range(jobs)]
        files = list(dict.fromkeys(word for m in mutants for word in m.tests.split()))
        for place in places:  # each copy makes its own compiled loops; on a busy machine that takes its time
            asked = Asked.of(place, " ".join(files), longest=inf)
            while (answer := asked.answer()) is None:
                time.sleep(0.05)
            if not answer[0]:
                raise SystemExit(f"The tests do not pass without a mutant: nothing can be said.\n{answer[1]}")
        waiting, running = deque(mutants), dict[Path, tuple[Mutant, Asked, float, ExitStack]]()
        while waiting or running:
            for place in places:
                if place in running:
                    mutant, asked, began, stack = running[place]
                    answer = asked.answer()
                    if answer is None:
                        continue
                    stack.close()
                    del running[place]
                    fates[mutant.name] = _told(mutant, answer[0], time.monotonic() - began)
                if waiting:
                    mutant, stack = waiting.popleft(), ended.enter_context(ExitStack())
                    stack.enter_context(mutated(place, mutant))
                    running[place] = mutant, Asked.of(place, mutant.tests), time.monotonic(), stack
            time.sleep(0.02)
    return fates


def _told(mutant: Mutant, lives: bool, seconds: float) -> str:
    fate = DEAD if not lives else EQUIVALENT if mutant.equivalent else ALIVE
    note = f" ({mutant.equivalent})" if fate == EQUIVALENT else ""
    print(f"{fate:10} {mutant.name:29} {seconds:5.1f} s  {mutant.file}: {mutant.after}{note}", flush=True)
    return fate


def sample(mutants: list[Mutant], number: int, of: str) -> list[Mutant]:
    """Some of the list, drawn from a text such as a commit's hash."""
    return sorted(mutants, key=lambda one: hashlib.sha256(f"{of} {one.name}".encode()).digest())[:number]


def main() -> int:
    """Judge mutants; 1 where one lives that no reason excuses."""
    words = argparse.ArgumentParser(description="Apply mutants one at a time and print those that live.")
    words.add_argument("--jobs", type=int, default=2)
    words.add_argument("--only", nargs="*", default=[], help="names of mutants or rooms")
    words.add_argument("--sample", type=int, default=0)
    words.add_argument("--of", default="")
    given = words.parse_args()
    mutants = read_mutants()
    if given.only:
        mutants = [one for one in mutants if one.name in given.only or one.room in given.only]
    if given.sample:
        mutants = sample(mutants, given.sample, given.of)
    if gone := stale(mutants, ROOT):
        raise SystemExit("Write these lines of tests/mutants/mutants.csv anew:\n" + "\n".join(gone))
    fates = judged(mutants, given.jobs)
    dead = sum(fate == DEAD for fate in fates.values())
    alive = sorted(name for name, fate in fates.items() if fate == ALIVE)
    rest = len(fates) - dead - len(alive)
    print(f"{len(fates)} mutants: {dead} dead, {rest} equivalent, {len(alive)} alive {' '.join(alive)}".rstrip())
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
