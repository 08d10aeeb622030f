"""Install the checkout, then its wheel, as a stranger would, and run both beside files of his own; needs an index."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import agents  # the user's own
from tanshi import simulate

print(simulate("S5", years={"end": 2023}, firms={"number": 40}).annual["Price|Carbon"])
"""


def run(*words: str | Path, cwd: Path) -> None:
    """Say a command and run it."""
    print("$", *words, flush=True)
    subprocess.run(words, cwd=cwd, check=True)


def tried(what: Path, place: Path) -> None:
    """A fresh environment with ``what`` in it, a folder of the user's, and the program run there."""
    mine = place / "mine"
    mine.mkdir(parents=True)
    (mine / "agents.py").write_text("class Wolf:\n    legs = 4\n")
    (mine / "study.py").write_text(SCRIPT)
    run(sys.executable, "-m", "venv", place / "env", cwd=place)
    programs = place / "env" / "bin"
    pip = (programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "-c", ROOT / "constraints.txt", what, cwd=place)
    run(programs / "tanshi", "--version", cwd=mine)
    run(programs / "tanshi", "run", "S1", "--years", "2022-2023", "--firms", "40", "--out", "out", cwd=mine)
    run(programs / "python", "study.py", cwd=mine)


def main() -> int:
    """The checkout, then the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        tried(ROOT, place / "checkout")
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", place, ROOT, cwd=place)
        (wheel,) = place.glob("*.whl")
        tried(wheel, place / "wheel")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
