"""The loops are compiled once, before the workers start, and again when a loop has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshi.simulator.studies import compiling
from tanshi.simulator.studies.batches.execute import _source
from tanshi.simulator.studies.compiling import WORDS, compile_in_sight, compile_once, is_compiled


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing was compiled yet, as far as the mark says."""
    monkeypatch.setattr(compiling, "cache", lambda: tmp_path / "cache" / "compiled")
    return tmp_path / "cache" / "compiled"


def test_it_is_done_once_and_told_in_one_line(fresh: Path) -> None:
    told: list[tuple[str, int, int]] = []
    assert compile_once(lambda *word: told.append(word))
    assert told == [(WORDS, 0, 1), (WORDS, 1, 1)]
    assert fresh.is_file()
    assert not compile_once(lambda *word: told.append(word))
    assert len(told) == 2


def test_what_is_shown_later_says_so_on_the_terminal(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compile_in_sight()
    assert WORDS in capsys.readouterr().err
    compile_in_sight()
    assert capsys.readouterr().err == ""


def test_changed_loops_are_compiled_again(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_once()
    monkeypatch.setattr(compiling, "_sources", lambda: "others")
    assert compile_once()
    assert not compile_once()


def test_a_folder_that_cannot_be_written_stops_nothing(fresh: Path) -> None:
    fresh.parent.write_text("a file where the folder should be")
    assert compile_once()
    assert compile_once()


def test_a_failure_is_left_to_the_runs_themselves(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(scenario: object) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr("tanshi.simulator.stepping.simulate", fail)
    assert compile_once()
    assert not fresh.exists()


def test_it_stays_done_beside_what_else_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash of the sources, which every process asks for first, lies where the mark of the loops does."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("tanshi.simulator.stepping.simulate", lambda scenario: None)
    _source.__wrapped__()
    assert compile_once()
    assert is_compiled()
    assert not compile_once()
