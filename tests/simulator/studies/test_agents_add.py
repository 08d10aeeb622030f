"""The page of what the firms add: what it counts, and that what adds nothing is said to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.studies.agents_add import SAME, SEEN, TAKEN, _told, outcome

SMALL = {"years.end": 2023, "firms.number": 24, "banking.horizon": 0}


def test_every_change_that_takes_something_away_is_a_scenario() -> None:
    for changes in TAKEN.values():
        load_scenario("S5", dict(changes))


def test_shares_of_the_months_are_all_of_the_year() -> None:
    assert sum(SEEN) == pytest.approx(100.0, abs=0.5)
    found = outcome(SMALL)
    assert sum(found.months) == pytest.approx(100.0)
    assert found.gains > 0.0
    assert np.isnan(found.jump)  # without a plan nobody says what rise was to be expected


def test_without_firms_nothing_is_gained_by_trade() -> None:
    pure = outcome(SMALL | {"market.mode": "equilibrium", "market.periods_per_year": 1})
    assert np.isnan(pure.gains)
    assert pure.months == ()
    assert pure.price > 0.0


def test_what_moves_nothing_is_told_as_nothing() -> None:
    base = outcome(SMALL | {"market.periods_per_year": 2})
    assert _told("noise", base, base) == "Noise: nothing of these"
    other = replace(base, price=base.price * (1 - 0.5 * SAME), volume=base.volume / 2)
    assert _told("noise", other, base) == "Noise: volume +100.0 %"
