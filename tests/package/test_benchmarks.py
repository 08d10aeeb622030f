"""Every benchmark opens from any folder by its file, and from the checkout by its name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.package.installs import ROOT, said

SCRIPTS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__init__")
BY_FILE = """
import importlib.util, sys
sys.path.insert(0, {folder!r})  # as Python does for a script
spec = importlib.util.spec_from_file_location("opened", {file!r})
sys.modules["opened"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["opened"])
"""


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_benchmark_finds_the_program_from_anywhere(name: str, tmp_path: Path) -> None:
    if name == "drift":
        pytest.importorskip("torchdiffeq")
    file = ROOT / "benchmarks" / f"{name}.py"
    said(sys.executable, "-c", BY_FILE.format(folder=str(file.parent), file=str(file)), cwd=tmp_path)
    said(sys.executable, "-c", f"import benchmarks.{name}", cwd=ROOT)
