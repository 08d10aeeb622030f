"""Compile the loops of engine, market and firms once on a machine, before many processes would all begin to.

Numba compiles a loop at its first call, keeps the result on disk and makes it anew when the source changes. Workers
that start together on a fresh machine would each compile everything; and nobody would be told why nothing moves.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from tanshi.language import mark
from tanshi.numerics.compiled import silently
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.machine.places import room
from tanshi.simulator.machine.progress import bar

ROOMS = ("agents", "equilibrium", "market", "numerics")
"""Where compiled loops are."""
WORDS = mark("Compiling the engine, once on this machine")


def compile_once(report: Callable[[str, int, int], None] | None = None) -> bool:
    """Run a small scenario in either mode of the market, unless that was done since the loops last changed.

    Parameters
    ----------
    report
        Told in one line, with 0 and then 1 of 1 steps done.

    Returns
    -------
    bool
        Whether there was something to do.
    """
    mark, sources = cache(), _sources()
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0" or _says(mark, sources):
        return False
    if report is not None:
        report(WORDS, 0, 1)
    from tanshi.scenarios.load import load_scenarios
    from tanshi.simulator.stepping import simulate

    small = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 2}
    # what is wrong shows in the runs themselves; what cannot be kept is compiled every time
    with silently(), suppress(Exception):
        for mode in ("agents", "equilibrium"):
            simulate(load_scenarios(["S5"], {**small, "market.mode": mode})[0])
        write_file(mark, sources.encode())
    if report is not None:
        report(WORDS, 1, 1)
    return True


def compile_in_sight() -> None:
    """The same with a line on the terminal, for what shows its first picture only when the loops are there."""
    if not _says(cache(), _sources()):
        with bar() as progress:
            compile_once(progress)


def is_compiled() -> bool:
    """Whether all loops were compiled since they last changed."""
    return _says(cache(), _sources())


def _says(mark: Path, sources: str) -> bool:
    try:
        return mark.read_text(encoding="utf-8") == sources
    except OSError:
        return False


def cache() -> Path:
    """The file that says for which sources all loops were compiled."""
    return kept() / "loops"


def kept() -> Path:
    """The folder of what is worked out once on a machine: where Numba keeps its loops, or in the user's cache."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen) / "tanshi"
    engine = room("equilibrium") / "engine"
    return engine / "__pycache__" / "tanshi" if os.access(engine, os.W_OK) else Path.home() / ".cache" / "tanshi"


def _sources() -> str:
    """Hash of what Numba's files on disk depend on: its version, Python's, and each source's size and time."""
    digest = hashlib.sha256(f"{metadata.version('numba')} {platform.python_version()} {platform.machine()}".encode())
    for path in sorted(path for name in ROOMS for path in room(name).rglob("*.py")):
        found = path.stat()
        digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\0".encode())
    return digest.hexdigest()
