"""Trade and equilibrium as one fixed point: few equilibria, and the price that all of them would give."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

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


# -- rounds that go around a price ---------------------------------------------------------------------------


def rounds(clears: Any, bracket: bool, start: float = 30.0) -> Any:
    """Rounds between an economy that says nothing and a book that clears at ``clears(trial)``."""
    response = SimpleNamespace(price=0.0)
    response.at = lambda price: SimpleNamespace(price=price)
    venue = SimpleNamespace(indicate=lambda orders, rng: round(clears(orders) / 0.01), clear=lambda orders, rng: None)
    return coupling.find(
        lambda price, last, placed: SimpleNamespace(response=response),
        lambda at, step: SimpleNamespace(orders=at.price, due=lambda paying: paying),
        cast(Any, venue),
        limits=coupling.Limits(0.0, 1000.0, 0.01, 0.01, 8, bracket),
        rng=lambda: np.random.default_rng(0),
        start=start,
        paying=(0.0, 0.0),
    )


@pytest.mark.parametrize("steep", [1.0, 3.0])
def test_a_price_that_rounds_go_around_is_found_between_them(steep: float) -> None:
    # Whoever sees 50 + x sells until the price is 50 - x, or further: rounds come back for ever, and 50 clears at 50.
    def clears(trial: float) -> float:
        return max(50.0 - steep * (trial - 50.0), 0.0)

    assert rounds(clears, bracket=False).gap > 10.0
    found = rounds(clears, bracket=True)
    assert found.price == pytest.approx(50.0, abs=0.011)
    assert found.gap <= 0.01 + 1e-9


def test_where_the_market_jumps_the_best_round_stands() -> None:
    # Below 50 it clears at 70, above at 40: no price settles, and the nearest round misses by ten.
    found = rounds(lambda trial: 70.0 if trial < 50.0 else 40.0, bracket=True)
    assert found.gap == pytest.approx(10.0, abs=0.05)
    assert found.rounds <= 24


def test_rounds_that_settle_are_left_as_they_are() -> None:
    one, other = (rounds(lambda trial: 40.0 + 0.2 * trial, bracket=bracket) for bracket in (False, True))
    assert (one.price, one.rounds) == (other.price, other.rounds)
    assert one.price == pytest.approx(50.0, abs=0.02)
