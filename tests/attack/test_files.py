"""Files of scenarios, sweeps and calibrations, whole and broken: read, or refused in a message, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack.attempt import Tally, attempt_many
from tests.attack.files import attack_file

SEED = 1


def held(kind: str, number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tally:
    monkeypatch.chdir(folder)
    return attempt_many(attack_file(kind), SEED, kind, range(number), folder)


@pytest.mark.parametrize("kind", ["scenario", "sweep", "targets"])
def test_no_file_ends_in_a_traceback(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = held(kind, 500, tmp_path, monkeypatch)
    assert not tally.defects, "\n\n".join(tally.defects[:5])
    assert min(tally.outcomes["done"], tally.outcomes["refused"]) > 50, "the files are all good or all bad"


@pytest.mark.study
@pytest.mark.parametrize("kind", ["scenario", "sweep", "targets"])
def test_no_file_of_very_many_ends_in_a_traceback(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = held(kind, 20_000, tmp_path, monkeypatch)
    assert not tally.defects, "\n\n".join(tally.defects[:5])
