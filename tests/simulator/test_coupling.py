"""Trade and equilibrium as one fixed point: few equilibria, and the price that all of them would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.run import coupling, period
from tanshi.simulator.run.economics import Answer

ONE_YEAR = {"years.end": 2023, "firms.number": 150, "drift.mode": "none", "seed": 3}


def prices(**more: object) -> tuple[np.ndarray, int]:
    asked = 0
    at_price = period.at_price

    def counted(*given: Any, **named: Any) -> Answer:
        nonlocal asked
        asked += 1
        return at_price(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(period, "at_price", counted)
        return simulate(load_scenario("S5", {**ONE_YEAR, **more})).periods["price"].to_numpy(), asked


def test_within_a_tangents_reach_the_economy_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    few, asked = prices()
    monkeypatch.setattr(coupling, "tangent_reach", lambda price, tolerance: 1e-9)  # an equilibrium for every book
    all_of_them, always = prices()
    assert asked < 0.7 * always
    np.testing.assert_allclose(few, all_of_them, atol=0.05)
