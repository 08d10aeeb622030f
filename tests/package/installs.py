"""Checkouts, wheels and environments for the tests of how the program is installed; nothing is fetched from anywhere.

An environment borrows the packages of the tests' own by a path file, so that it is made in a second.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")
OFFLINE = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
PATH_FILE = "_borrowed.pth"
"""Its name sorts before the path file of an editable install, whose finder is among what is borrowed."""


def copy_of_the_checkout(place: Path, *, links: bool = True) -> Path:
    """The files of the checkout without what is made from them; without links as Windows may unpack them."""
    unwanted = shutil.ignore_patterns(
        ".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "results", "site", "dist", "build", "images"
    )

    def leave_out(folder: str, names: list[str]) -> set[str]:
        at_top = Path(folder) == ROOT
        # `results` is a room inside simulator, and what runs leave behind at the top.
        return {n for n in unwanted(folder, names) if at_top or n not in ("results", "build")}

    shutil.copytree(ROOT, place, symlinks=True, ignore=leave_out)
    if not links:
        for room in ROOMS:
            (place / "tanshi" / room).unlink()
            (place / "tanshi" / room).write_text(f"../{room}")
    return place


def wheel_of(checkout: Path, place: Path) -> Path:
    """The wheel that pip builds."""
    pip(sys.executable, "wheel", *OFFLINE, "--wheel-dir", str(place), str(checkout))
    (found,) = place.glob("*.whl")
    return found


def unpacked_sdist(checkout: Path, place: Path) -> Path:
    """The source distribution of a checkout, unpacked as pip unpacks it before it builds."""
    said(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(place), cwd=checkout)
    (archive,) = place.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    return place / archive.name.removesuffix(".tar.gz")


class Environment:
    """A virtual environment without pip that borrows every package but ours."""

    def __init__(self, place: Path) -> None:
        venv.create(place, symlinks=os.name != "nt")
        self.scripts = place / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")
        self.site = Path(said(str(self.python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        borrowed = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
        (self.site / PATH_FILE).write_text("\n".join(borrowed) + "\n", encoding="utf-8")

    def install(self, *what: str) -> None:
        """Install a wheel, a checkout, or a checkout to be edited, whatever lies among what is borrowed."""
        pip(sys.executable, "--python", str(self.python), "install", "--ignore-installed", *OFFLINE, *what)

    def tanshi(self, *words: str, cwd: Path, code: int = 0, **more: str) -> str:
        """What the command prints."""
        return said(str(self.scripts / "tanshi"), *words, cwd=cwd, code=code, **more)

    def run(self, *words: str, cwd: Path, code: int = 0, **more: str) -> str:
        """What this environment's Python prints."""
        return said(str(self.python), *words, cwd=cwd, code=code, **more)


def pip(python: str, *words: str) -> None:
    """Run pip of the tests' own Python."""
    said(python, "-m", "pip", *words)


def said(*words: str, cwd: Path | None = None, code: int = 0, prefix: Sequence[str] = (), **more: str) -> str:
    """Run a program as from a fresh terminal, with loops left as plain Python; what it prints, both streams."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV", "PIP_"))}
    done = subprocess.run(
        [*prefix, *words], cwd=cwd, env=outside | {"NUMBA_DISABLE_JIT": "1"} | more, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{' '.join(words)}\nends with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr
