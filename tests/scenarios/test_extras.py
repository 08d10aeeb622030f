"""What is missing is named by the extra that brings it, with the command that installs it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tanshi.scenarios import extras
from tanshi.simulator.cli import main

ROOT = Path(__file__).parents[2]
COMMANDS: dict[str, Sequence[str]] = {
    "train": ("train",),
    "dashboard": ("dashboard",),
    "live": ("live", "S1"),
    "cluster": ("run", "S1", "--years", "2022-2023", "--scheduler", "tcp://127.0.0.1:1"),
    "netcdf": ("compact", "results", "--netcdf", "a.nc"),
    "excel": ("new", "table", "example.xlsx"),
}


@pytest.mark.parametrize("extra", extras.EXTRAS)
def test_a_command_without_its_packages_says_what_to_install(
    extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert main(COMMANDS[extra]) == 2
    said = capsys.readouterr().err
    assert f"expected the packages of the extra `{extra}`, got no {extras.EXTRAS[extra][0]}" in said
    assert f"{sys.executable} -m pip install -e '{ROOT}[{extra}]'" in said
    assert "Traceback" not in said


def test_extras_are_those_of_the_distribution() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    # The engine, which knows nothing of scenarios, names those two itself.
    assert set(stated) == {*extras.EXTRAS, "gams", "gempack", "docs", "dev"}
    assert not any("torch" in line for name, lines in stated.items() if name != "train" for line in lines)


def test_only_training_asks_for_torch(tmp_path: Path) -> None:
    """A run with the network as drift reads exported weights."""
    import subprocess

    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'torchdiffeq'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from tanshi import simulate\n"
        "small = {'years': {'end': 2023}, 'firms': {'number': 24}, 'banking': {'horizon': 0}}\n"
        "run = simulate('S5', market={'periods_per_year': 2}, **small)\n"
        "assert run.runs[0].meta['drift']['mode'] == 'neural'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
