"""Nothing is left behind by a run or a visit: the leak test of `make endurance`, in small."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attack.endurance import a_run, a_visit, left_behind
from tests.attack.windows import a_window

LEFT = 0.1
"""MB that one repetition may leave behind: the tables of one small run hold more."""


@pytest.mark.parametrize(
    ("work", "times"),
    [(lambda: a_run("agents"), 20), (lambda: a_run("equilibrium"), 20), (a_visit, 44), (a_window, 12)],
    ids=["agents", "equilibrium", "dashboard", "live"],
)
def test_memory_stays_where_it_is(work: Callable[[], Callable[[int], object]], times: int) -> None:
    slope, _ = left_behind(work(), times, warm=8)
    assert slope < LEFT
