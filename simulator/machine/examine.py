"""What the program needs of a machine, looked at before anything is computed: found, and how to mend what is not."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import platform
import shutil
import socket
import struct
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from tanshi.errors import Message
from tanshi.language import LANGUAGES, VARIABLE, mark
from tanshi.scenarios.extras import install_command
from tanshi.simulator.machine.places import checkout
from tanshi.version import OLDEST_PYTHON

State = Literal["good", "note", "bad"]
LITTLE_DISK = 2_000_000_000
"""Free bytes below which a sweep may not find room."""
LITTLE_MEMORY = 1_000_000_000
"""Bytes of memory a process, below which runs of many firms may be killed."""
IMPORTED = {"ruamel.yaml": "ruamel.yaml", "fonttools": "fontTools", "charset-normalizer": "charset_normalizer"}
"""Distributions whose module has another name."""
SIGNS = "CO₂ – 碳市"
"""Signs that tables and messages use."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    what
        Its name.
    state
        good; note: something works less well, or differently; bad: something would fail.
    found
        What is there.
    mend
        What to do; empty where nothing is wrong.
    """

    what: str
    state: State
    found: str
    mend: str = ""


def interpreter() -> Iterator[Finding]:
    """Python: old enough, 64 bits, the kind that the compiled packages are built for."""
    bits = 8 * struct.calcsize("P")
    version = Message("{kind} {version}, {bits} bits, {system}", kind=platform.python_implementation(),
                      version=platform.python_version(), bits=bits, system=platform.platform(terse=True))  # fmt: skip
    wanted = ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info < OLDEST_PYTHON or bits < 64 or platform.python_implementation() != "CPython":
        mend = Message(mark("Install CPython {wanted} or newer, 64 bits."), wanted=wanted)
        yield Finding(mark("Python"), "bad", version, mend)
    else:
        yield Finding(mark("Python"), "good", version)


def requirements() -> list[str]:
    """What the program says it needs: of its distribution, or of the project's file in a checkout."""
    root = checkout()
    if root is not None:
        import tomllib

        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return [str(line) for line in project["dependencies"]]
    return [line for line in metadata.requires("tanshi") or [] if "extra ==" not in line]


def packages(needed: Iterable[str]) -> Iterator[Finding]:
    """Every package: there, within its bounds, and its parts load."""
    from packaging.requirements import Requirement

    good = 0
    for line in needed:
        wanted = Requirement(line)
        what = Message("{package}", package=wanted.name)
        mend = Message(mark("Install it: {python} -m pip install '{line}'"), python=sys.executable, line=line)
        try:
            version = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            yield Finding(what, "bad", mark("not installed"), mend)
            continue
        if not wanted.specifier.contains(version, prereleases=True):
            found = Message(mark("{version}, outside {bounds}"), version=version, bounds=wanted.specifier)
            yield Finding(what, "bad", found, mend)
            continue
        try:
            importlib.import_module(IMPORTED.get(wanted.name.lower(), wanted.name))
        except Exception as error:  # a broken installation fails in whatever way
            told = Message(mark("{version} is broken: {error}"), version=version, error=str(error).strip()[:200])
            yield Finding(what, "bad", told, mend)
            continue
        good += 1
    yield Finding(mark("Packages"), "good", Message(mark("{good} within their bounds, all load"), good=good))


def parts(extras: Iterable[tuple[str, Iterable[str]]]) -> Iterator[Finding]:
    """The optional parts that are not there."""
    from importlib.util import find_spec

    lost = [name for name, modules in extras if any(find_spec(module) is None for module in modules)]
    if lost:
        mend = Message(mark("Where you want one of them: {command}"), command=install_command(lost[0]))
        yield Finding(mark("Optional parts"), "note", Message(mark("not here: {lost}"), lost=", ".join(lost)), mend)
    else:
        yield Finding(mark("Optional parts"), "good", mark("all here"))


def processor(cores: int) -> Iterator[Finding]:
    """Processors and memory for the workers of a sweep, and how many threads linear algebra takes."""
    memory = _memory()
    found = Message(mark("{cores} for this process, {memory:.1f} GB of memory"), cores=cores, memory=memory / 1e9)
    if memory and memory / cores < LITTLE_MEMORY:
        fewer = max(1, int(memory // LITTLE_MEMORY))
        fewer_of_them = Message(mark("Give sweeps fewer processes: --workers {fewer}."), fewer=fewer)
        yield Finding(mark("Processors"), "note", found, fewer_of_them)
    else:
        yield Finding(mark("Processors"), "good", found)
    from threadpoolctl import threadpool_info

    libraries = [info for info in threadpool_info() if info.get("user_api") == "blas"]
    names = ", ".join(f"{info['internal_api']} {info.get('version')} x{info['num_threads']}" for info in libraries)
    several = any(info["num_threads"] > 1 for info in libraries)
    mend = mark("One thread each is faster here: set OPENBLAS_NUM_THREADS=1.") if several else ""
    state: State = "note" if several or not libraries else "good"
    yield Finding(mark("Linear algebra"), state, names or mark("no library found"), mend)


def _memory() -> int:
    """Bytes of memory; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def workers() -> Iterator[Finding]:
    """Whether processes of a sweep can speak with each other."""
    try:
        multiprocessing.get_context("spawn").Lock()
    except (OSError, ImportError) as error:
        mend = mark("Sweeps need semaphores (/dev/shm); without them: --workers 1.")
        yield Finding(mark("Processes"), "bad", Message("{error}", error=error), mend)
    else:
        yield Finding(mark("Processes"), "good", mark("can be started and told what to do"))


def compiled(cache: Path, is_done: bool) -> Iterator[Finding]:
    """Where Numba keeps the compiled loops, and whether it may."""
    what = mark("Compiled loops")
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        mend = mark("Unset NUMBA_DISABLE_JIT: runs are a hundred times slower with it.")
        yield Finding(what, "note", mark("compiling is switched off"), mend)
    elif why := cannot_write(cache.parent):
        mend = mark("Set NUMBA_CACHE_DIR to a folder of yours: else every run compiles anew, for half a minute.")
        found = Message(mark("{cache} cannot be written: {why}"), cache=cache.parent, why=why)
        yield Finding(what, "note", found, mend)
    elif is_done:
        yield Finding(what, "good", Message(mark("kept in {cache}"), cache=cache.parent))
    else:
        found = Message(mark("will be kept in {cache}; the first run compiles for half a minute"), cache=cache.parent)
        yield Finding(what, "good", found)


def disk(folder: Path) -> Iterator[Finding]:
    """Room and leave to write, here and for files of a moment."""
    for what, place in ((mark("Results"), folder), (mark("Files of a moment"), Path(tempfile.gettempdir()))):
        if why := cannot_write(place):
            mend = mark("Go to a folder that you may write to, or name one: --out FOLDER.")
            if what != "Results":
                mend = mark("Set TMPDIR (TEMP on Windows) to a folder that you may write to.")
            yield Finding(what, "bad", Message(mark("{place} cannot be written: {why}"), place=place, why=why), mend)
            continue
        free = shutil.disk_usage(_there(place)).free
        found = Message(mark("{place}, {free:.1f} GB free"), place=place, free=free / 1e9)
        if free < LITTLE_DISK:
            mend = mark("A sweep of 1,000 runs takes about 1 GB: make room, or name another disk by --out.")
            yield Finding(what, "note", found, mend)
        else:
            yield Finding(what, "good", found)


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


def cannot_write(folder: Path) -> str:
    """Why no file can be made in a folder, or in the nearest one above it; empty where one can."""
    try:
        with tempfile.NamedTemporaryFile(dir=_there(folder), prefix=".tanshi-"):
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()


def encodings() -> Iterator[Finding]:
    """In what signs output and file names are written."""
    output, names = getattr(sys.stdout, "encoding", None) or "utf-8", sys.getfilesystemencoding()
    found = Message(mark("output {output}, file names {names}"), output=output, names=names)
    for what, encoding, mend in (
        (mark("Encodings"), output, mark("Signs that it lacks are written plainly, CO2; all of them: PYTHONUTF8=1.")),
        (mark("File names"), names, mark("Names in Chinese cannot be written: set PYTHONUTF8=1, or a UTF-8 locale.")),
    ):
        try:
            SIGNS.encode(encoding)
        except UnicodeEncodeError:
            yield Finding(what, "note", found, mend)
        else:
            if what == "Encodings":
                yield Finding(what, "good", found)
    chosen = os.environ.get(VARIABLE, "")
    if chosen and chosen not in LANGUAGES:
        mend = Message(mark("Set {variable} to one of {known}."), variable=VARIABLE, known=", ".join(LANGUAGES))
        yield Finding(mark("Language"), "bad", Message("{chosen!r}", chosen=chosen), mend)


def fonts(file: Path) -> Iterator[Finding]:
    """The font of Chinese signs that comes with the program."""
    from matplotlib.font_manager import get_font

    try:
        lacks = [sign for sign in "碳市" if get_font(str(file)).get_char_index(ord(sign)) == 0]
    except (OSError, RuntimeError) as error:
        lacks = [str(error)]
    if lacks:
        mend = mark("Install the program again: figures in Chinese would show boxes.")
        yield Finding(mark("Fonts"), "bad", Message(mark("{file} cannot be used"), file=file), mend)
    else:
        yield Finding(mark("Fonts"), "good", Message(mark("{file}, which comes with the program"), file=file.name))


def ports(usual: Iterable[tuple[str, int]]) -> Iterator[Finding]:
    """Whether the pages can be opened on this machine."""
    taken = []
    for command, port in usual:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
            try:
                held.bind(("127.0.0.1", port))
            except OSError:
                taken.append(f"{command} --port {port}")
    if taken:
        found = Message(mark("in use or forbidden: {taken}"), taken=", ".join(taken))
        yield Finding(mark("Ports"), "note", found, mark("Choose another by --port; perhaps a page is open already."))
    else:
        yield Finding(mark("Ports"), "good", mark("free for dashboard and live"))
