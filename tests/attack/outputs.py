"""Places that cannot be written, for every command that writes: said before the work begins, and nothing is left."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.attack.attempt import Case, Defect
from tests.attack.terminals import said_by
from tests.simulator.cli.test_outputs import ARGUMENTS, writing

SECONDS = 5.0
"""Processor seconds within which a place is refused."""


def attack(case: Case) -> None:
    """One command with one place that cannot be."""
    dice = case.dice
    (case.folder / "taken").write_text("a file", encoding="utf-8")
    places = ["taken/below.md", "x" * 300, "new/\0.md", "taken/a/b/c/d.md", "碳" * 200 + ".md", "n/" * 40 + "x" * 256]
    places += ["a" * 255 + "b/c.md", "taken/" + "y" * 250, "\0"]
    if hasattr(os, "geteuid"):
        places += ["/dev/null/out.md", "/proc/nowhere/out.md", "/sys/out/x.md"]
    command, option = dice.choice(writing())
    place = dice.choice(places)
    words = [*command.split(), *ARGUMENTS.get(command, []), option, place]
    case.tried = f"{command} {option} {place[:60]!r}"
    here = Path.cwd()
    os.chdir(case.folder)
    began = time.process_time()
    try:
        code, said = said_by(words, "utf-8")
    finally:
        os.chdir(here)
    if time.process_time() - began > SECONDS:
        raise Defect("it worked before it looked where to write")
    if code != 2 or "Traceback" in said:
        raise Defect(f"exit code {code}: {said[:300]}")
    if sorted(os.listdir(case.folder)) != ["taken"]:
        raise Defect(f"it left {os.listdir(case.folder)}")
