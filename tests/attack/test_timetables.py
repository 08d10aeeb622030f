"""Random timetables of rules: to the end with books exact to the tonne, or refused with the rule's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack.attempt import attempt_many
from tests.attack.timetables import attack


def walk(cases: int, seed: int, folder: Path) -> None:
    tally = attempt_many(attack, seed, "timetables", range(cases), folder)
    assert not tally.defects, tally.defects[0]
    assert tally.outcomes["done"] > 0.3 * cases
    assert tally.outcomes["refused"] > 0.1 * cases


@pytest.mark.filterwarnings("ignore::tanshi.equilibrium.engine.UndeterminedWarning")
def test_two_hundred_random_timetables_keep_their_books_or_are_refused_by_name(tmp_path: Path) -> None:
    walk(200, 1, tmp_path)


@pytest.mark.study
@pytest.mark.filterwarnings("ignore::tanshi.equilibrium.engine.UndeterminedWarning")
def test_ten_thousand_random_timetables_keep_their_books_or_are_refused_by_name(tmp_path: Path) -> None:
    walk(10_000, 2, tmp_path)
