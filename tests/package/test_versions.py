"""One version, stated once, and a Python that is too old is told so."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import tanshi
from tanshi.version import OLDEST_PYTHON

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OLDER = "import sys; sys.version_info = (3, 10, 4, 'final', 0); import tanshi"


def test_an_older_python_is_refused_in_one_message() -> None:
    done = subprocess.run([sys.executable, "-c", OLDER], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: Tanshi needs Python 3.11 or newer, got 3.10.4.\n"


def test_the_oldest_python_is_the_distributions() -> None:
    assert PROJECT["requires-python"] == f">={OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]}"
    assert "version" in PROJECT["dynamic"]
    Version(tanshi.__version__)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_tested_versions_are_within_the_bounds_and_whole(version: str) -> None:
    pins: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate({"python_version": version}):
                assert pin.name not in pins
                pins[pin.name] = str(pin.specifier).removeprefix("==")
    needed = [*PROJECT["dependencies"], *(x for lines in PROJECT["optional-dependencies"].values() for x in lines)]
    for requirement in map(Requirement, needed):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name == "tanshi" or (name in ("torch", "torchdiffeq") and version != "3.11"):
            continue
        assert Version(pins[name]) in requirement.specifier, f"{name} on Python {version}"


def test_a_python_without_what_the_program_needs_is_told_so() -> None:
    bare = (
        "import sys; sys.modules['typer'] = None; from tanshi.simulator.cli import main; sys.exit(main(['--version']))"
    )
    done = subprocess.run([sys.executable, "-c", bare], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: this Python ({sys.executable}) has no typer, which the program needs.")
    assert len(done.stderr.splitlines()) == 1
