"""`tanshi doctor` names what would fail on a machine, and how to mend it."""

from __future__ import annotations

import io
import os
import socket
import sys
from pathlib import Path

import pytest

from tanshi.simulator.cli import main
from tanshi.simulator.machine import examine

NOWHERE = Path("/proc/nowhere") if sys.platform.startswith("linux") else Path("Z:/nowhere")


def states(found: object) -> list[tuple[str, str]]:
    return [(finding.what, finding.state) for finding in found]  # type: ignore[attr-defined]


def test_a_machine_that_passes_the_tests_is_well(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "Nothing would fail" in said
    for word in (
        "Python",
        "Packages",
        "Processors",
        "Linear algebra",
        "Compiled loops",
        "Fonts",
        "Results",
        "Encodings",
    ):
        assert f"  {word} " in said
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("requirement", "told"),
    [("nosuchpackage>=1", "not installed"), ("numpy>=99", "outside >=99"), ("numpy<1", "outside <1")],
)
def test_a_package_that_is_missing_or_another_is_named_with_the_command_that_installs_it(
    requirement: str, told: str
) -> None:
    bad, last = examine.packages([requirement])
    assert (bad.state, last.state) == ("bad", "good")
    assert told in bad.found
    assert f"pip install '{requirement}'" in bad.mend


def test_a_package_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise ImportError("DLL load failed")

    monkeypatch.setattr(examine.importlib, "import_module", broken)
    bad, _ = examine.packages(["numpy"])
    assert bad.state == "bad"
    assert "is broken: DLL load failed" in bad.found


def test_a_place_that_cannot_be_written_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine.tempfile, "gettempdir", lambda: str(NOWHERE))
    assert states(examine.disk(NOWHERE)) == [("Results", "bad"), ("Files of a moment", "bad")]
    (finding,) = examine.compiled(NOWHERE / "compiled", is_done=False)
    assert (finding.state, "NUMBA_CACHE_DIR" in finding.mend) == ("note", True)


def test_a_full_disk_is_told_before_a_sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(examine, "LITTLE_DISK", 10**18)
    assert states(examine.disk(tmp_path))[0] == ("Results", "note")


@pytest.mark.parametrize(
    ("encoding", "state"), [("utf-8", "good"), ("cp1252", "note"), ("gbk", "note"), ("ascii", "note")]
)
def test_an_encoding_that_lacks_signs_is_told(encoding: str, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert states(examine.encodings())[0] == ("Encodings", state)


def test_a_language_that_nobody_speaks_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANSHI_LANG", "xx")
    assert states(examine.encodings())[-1] == ("Language", "bad")


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        (finding,) = examine.ports([("dashboard", taken.getsockname()[1])])
    assert (finding.state, "dashboard --port" in finding.found) == ("note", True)


def test_little_memory_for_many_processes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "_memory", lambda: 4 * examine.LITTLE_MEMORY)
    assert states(examine.processor(64))[0] == ("Processors", "note")
    assert states(examine.processor(2))[0] == ("Processors", "good")


def test_a_font_that_is_cut_fails(tmp_path: Path) -> None:
    (tmp_path / "cut.ttf").write_bytes(b"\x00\x01\x00\x00")
    (finding,) = examine.fonts(tmp_path / "cut.ttf")
    assert finding.state == "bad"
