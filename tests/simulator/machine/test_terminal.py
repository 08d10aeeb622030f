"""A finished run is told in any encoding; nothing a user wrote steers the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tanshi.simulator.machine.places import room


def told(encoding: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    surroundings = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(room("simulator").parent)}
    return subprocess.run([sys.executable, "-m", "tanshi", *words], env=surroundings, capture_output=True, check=False)


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii", "utf-16-le"])
def test_help_and_parameters_are_told_in_any_encoding(encoding: str) -> None:
    for words in (["--help"], ["params", "offsets"]):  # subscripts, dashes, box drawing and Chinese
        said = told(encoding, *words)
        assert said.returncode == 0, said.stderr.decode(encoding, "replace")
        assert said.stdout.decode(encoding)


def test_a_message_shows_control_characters_instead_of_sending_them(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text('"\\e[2J": 1\ntitle: "\\e]0;pwn\\a"\n')
    said = told("utf-8", "run", str(tmp_path / "mine.yaml"), "--out", str(tmp_path / "out"))
    assert said.returncode == 2
    assert b"\x1b" not in said.stderr
    assert rb"\x1b[2J" in said.stderr
