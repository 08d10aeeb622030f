"""What firms see of the years ahead, worked by hand on stand-ins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tanshi.agents.planning import Reserve
from tanshi.scenarios.containment import StabilityReserve
from tanshi.simulator.run.ahead import reserve
from tanshi.simulator.run.ahead.foresight import Foreseen

RULE = {"on": True, "foreseen": True, "scale": 1.0, "release_below": 0.1, "lower": 1.0, "upper": 100.0, "release": 1.0}
"""Takes what is in circulation beyond 1 Mt; gives back 1 Mt below 0.1 Mt. Thresholds are million allowances."""


def member(**parts: Any) -> Any:
    return SimpleNamespace(**parts)


def foreseen(monkeypatch: pytest.MonkeyPatch, held: int = 0, **said: Any) -> Reserve:
    """Two provinces of 3 and 1 Mt a year, which auction 0.5 Mt in 2025 and 0.9 Mt after it."""
    monkeypatch.setattr(reserve, "auctioned", lambda policy, year, whole: 0.25 if year == 2025 else 0.45)
    rule = StabilityReserve.model_validate({**RULE, **said})
    world = member(scenario=member(stability_reserve=rule), agents_trade=True)
    members = [(world, member(market=member(reserve=held))), (world, member(market=member(reserve=0)))]
    policies = [
        member(caps=lambda year, whole, mt=mt: np.array([mt]), mask=lambda year: np.array([True])) for mt in (3.0, 1.0)
    ]
    found = reserve.foreseen_reserve(members, policies, range(2025, 2028))
    assert found is not None
    return found


def test_what_the_reserve_takes_in_one_year_is_what_it_has_to_give_in_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved, slope = foreseen(monkeypatch, validity="all")(np.array([1.6, 0.0, 0.0]))
    assert moved.tolist() == pytest.approx([0.0, 0.6, -0.6])
    assert slope.tolist() == [0.0, 1.0, 0.0]


def test_what_lost_its_validity_is_not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # 2 Mt are taken in 2026; what was auctioned in 2025, 0.5 Mt, stays valid.
    moved, _ = foreseen(monkeypatch, validity="auctioned")(np.array([3.0, 0.0, 0.0]))
    assert moved.tolist() == pytest.approx([0.0, 2.0, -0.5])


def test_a_reserve_takes_no_more_than_all_that_is_supplied_whatever_more_is_banked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved, slope = foreseen(monkeypatch, validity="all")(np.array([9.0, 3.0, 0.0]))
    assert moved.tolist() == pytest.approx([0.0, 4.0, 2.0])
    assert slope.tolist() == [0.0, 0.0, 1.0]


def test_beyond_what_was_foreseen_years_go_on_as_they_ended() -> None:
    # Emissions fall by a tenth and prices rise by a fifth a year; the slope with the ratio of the two.
    before = Foreseen(2025, np.array([100.0, 120.0]), np.array([50.0, 45.0]), np.array([-0.2, -0.15]))
    later = before.window(2026, 3)
    assert later.year == 2026
    assert later.at.tolist() == pytest.approx([120.0, 120.0, 120.0])  # of one year alone nobody knows how it goes on
    whole = before.window(2025, 3)
    assert whole.at.tolist() == pytest.approx([100.0, 120.0, 144.0])
    assert whole.emissions.tolist() == pytest.approx([50.0, 45.0, 40.5])
    assert whole.slope.tolist() == pytest.approx([-0.2, -0.15, -0.15 * 0.9 / 1.2])
