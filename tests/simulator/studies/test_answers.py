"""The shape of the price's answer to a driver that stays where it is, and the mean that follows from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.drift.drivers.process import Drivers, estimated
from tanshi.simulator.drift.state import Array
from tanshi.simulator.studies.straying import answers as answering
from tanshi.simulator.studies.straying.answers import LEVELS, WORLDS, answers, held_at, over_law, spreads

SHORT = {
    "years.end": 2024,
    "market.mode": "equilibrium",
    "market.periods_per_year": 1,
    "shocks.fuel_price": "estimated",
}


def test_a_mean_over_a_law_is_that_of_a_straight_a_bent_and_a_curved_answer() -> None:
    levels, spread = np.array(LEVELS), np.array([0.1])
    straight, bent, curved = 100.0 - 150.0 * levels, 100.0 + 50.0 * np.abs(levels), 100.0 * np.exp(-1.5 * levels)
    means = [float(over_law(answer[:, None], spread)[0]) for answer in (straight, bent, curved)]
    assert means[0] == pytest.approx(100.0, abs=1e-9)
    assert means[1] == pytest.approx(100.0 + 50.0 * 0.1 * np.sqrt(2.0 / np.pi), rel=1e-4)
    assert means[2] == pytest.approx(
        100.0 * np.exp(1.5**2 * 0.1**2 / 2.0), rel=0.005
    )  # between levels it runs straight
    assert over_law(curved[:, None], np.array([0.0]))[0] == pytest.approx(100.0)


@pytest.mark.parametrize("size", [1.0, 0.5])
def test_a_driver_has_strayed_since_the_runs_second_year_whenever_the_policy_begins(size: float) -> None:
    """A random walk, 20 % after a year: in the middle of the third and fourth year it has gone on for 1.5 and 2.5."""
    walk = [replace(law, reversion=1e-9, volatility=0.2, jumps=0.0) for law in estimated().each]
    later = load_scenario("S5", {"years.end": 2025, "policy_start": 2024, "shocks.size": size})
    found = spreads(later, replace(estimated(), each=tuple(walk)), "fuel_price")
    assert found == pytest.approx([size * 0.2 * 1.5**0.5, size * 0.2 * 2.5**0.5], rel=1e-6)


def test_what_the_price_answers_on_either_side_is_told_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 yuan in the middle, 130 where coal is cheap, 80 where it is dear: half of what they differ by is the bend."""

    def price(_: object, __: str, level: float) -> tuple[Drivers, Array]:
        return estimated(), np.full(8, 100.0 - (100.0 if level > 0 else 150.0) * level)

    monkeypatch.setattr(answering, "held_at", price)
    table = answers("S5", {})
    assert table["down"].to_numpy() == pytest.approx(0.3)
    assert table["up"].to_numpy() == pytest.approx(-0.2)
    assert table["both"].to_numpy() == pytest.approx(0.05)
    assert (table["shape"] > 0.0).all()
    assert list(table["world"]) == list(WORLDS)


def test_dear_coal_makes_a_cap_cheap_and_a_bank_holds_the_price_up_then() -> None:
    prices = {
        (banked, level): held_at(load_scenario("S5", {**SHORT, "banking.allowed": banked}), "fuel_price", level)[1]
        for banked in (True, False)
        for level in (-0.2, 0.0, 0.2)
    }
    for banked in (True, False):
        cheap, middle, dear = (prices[banked, level] for level in (-0.2, 0.0, 0.2))
        assert (dear < middle).all()
        assert (middle < cheap).all()
    # What dear coal leaves over is kept: first the price falls by less. What cheap coal leaves short nobody lends.
    lost = {banked: 1.0 - prices[banked, 0.2][0] / prices[banked, 0.0][0] for banked in (True, False)}
    assert lost[True] < lost[False]
    calm = held_at(load_scenario("S5", SHORT), "fuel_price", 0.0)[1]
    still = held_at(load_scenario("S5", {**SHORT, "shocks.fuel_price": "none", "shocks.availability": "estimated"}),
                    "fuel_price", 0.2)[1]  # fmt: skip
    np.testing.assert_allclose(still, calm, rtol=1e-4)  # a driver that is off does not move, wherever it is held
