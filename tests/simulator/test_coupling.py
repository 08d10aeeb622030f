"""Trade and equilibrium as one fixed point: few equilibria, and the price that all of them would give."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run import coupling

ONE_YEAR = {"years.end": 2023, "firms.number": 150, "drift.mode": "none", "seed": 3}


def prices(**more: object) -> tuple[np.ndarray, int]:
    asked = 0
    model = CarbonMarket(load_scenario("S5", {**ONE_YEAR, **more}))
    economy_at = model.economy_at

    def counted(price: float, weight: float):  # type: ignore[no-untyped-def]
        nonlocal asked
        asked += 1
        return economy_at(price, weight)

    model.economy_at = counted  # type: ignore[method-assign]
    return model.run().result().periods["price"].to_numpy(), asked


def test_within_a_tangents_reach_the_economy_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    few, asked = prices()
    monkeypatch.setattr(coupling, "tangent_reach", lambda price, tolerance: 1e-9)  # an equilibrium for every book
    all_of_them, always = prices()
    assert asked < 0.7 * always
    np.testing.assert_allclose(few, all_of_them, atol=0.05)
