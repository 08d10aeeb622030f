"""The dashboard's command: what it refuses, and how it says so."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tanshi.simulator.cli.app import main


def test_a_port_in_use_is_a_clear_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["dashboard", str(tmp_path), "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"expected a free port, got {port}" in said
    assert "--port" in said


def test_a_folder_that_is_not_there_is_a_clear_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", str(tmp_path / "gone")]) == 2
    assert "no such folder" in capsys.readouterr().err
