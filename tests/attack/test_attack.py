"""Half a minute of `make attack`: every kind has its cases, and none shows a defect."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack.attempt import Tally, attempt_many
from tests.attack.run import KINDS

CASES = {
    "values": 6,
    "timetables": 6,
    "damage": 16,
    "terminals": 30,
    "pages": 120,
    "questions": 60,
    "outputs": 25,
    "places": 3,
    "weights": 60,
}
"""How many of each kind; files of scenarios, sweeps and calibrations have tests of their own."""


@pytest.mark.parametrize("kind", CASES)
def test_no_attack_shows_a_defect(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tally: Tally = attempt_many(KINDS[kind], 1, kind, range(CASES[kind]), tmp_path)
    assert not tally.defects, "\n\n".join(tally.defects[:5])
    assert tally.cases == CASES[kind]
