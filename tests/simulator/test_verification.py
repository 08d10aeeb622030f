"""A year's emissions are known from a day of their own on: before it firms act on what they take them for."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ahead.estimates import known_from, misjudged, seen
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import run_until
from tanshi.simulator.run.world import State, World

PERIODS = 4
BASE: dict[str, Any] = {
    "drift.mode": "none",
    "firms.number": 24,
    "firms.shock_sigma": 0.0,
    "firms.discount_sigma": 0.0,
    "firms.belief_sigma": 0.0,
    "market.periods_per_year": PERIODS,
    "years.end": 2024,
    "compliance.deadline": {2023: 12},
    "compliance.closing": "run",
    "compliance.verification": 4,
    "banking.horizon": 5,
}
CARRY = 1.08 ** (1 / PERIODS)


@cache
def lived(
    common: float = 0.0, own: float = 0.0, seed: int = 1, at_once: bool = False
) -> tuple[World, State, np.ndarray]:
    """World, state at the end, and prices from 2023 on, those of the closing run included."""
    errors = {"compliance.estimate_common": common, "compliance.estimate_error": own, "seed": seed}
    bids = {"firms.strategies.truthful": float(at_once), "firms.strategies.scheduled": float(not at_once)}
    world, state = begin(load_scenario("S5", BASE | errors | bids))
    run_until(world, state, 3 * PERIODS)
    rows = [*state.log.periods, *state.log.closing][PERIODS:]
    return world, state, np.array([row["price"] for row in rows])


def wrong_about(world: World, state: State, year: int) -> float:
    """How far all firms' estimates of a year lay above the truth, as part of it."""
    row = next(row for row in state.log.settlements if row["year"] == year)
    return float(row["estimated_t"] / row["verified_t"] - 1.0)


@pytest.mark.parametrize("seed", [4, 8])
def test_the_price_jumps_when_verified_emissions_are_not_what_was_thought(seed: int) -> None:
    """As in April 2006: less was emitted than had been believed, and the price fell on the day on which it was known.

    In all other periods of these years it rises as a bank is carried.
    """
    world, state, prices = lived(common=0.03, seed=seed)
    known = known_from(world, 2023) - PERIODS  # the place of the first price that knows 2023
    moved = prices[1:] / prices[:-1] / CARRY - 1.0
    wrong = wrong_about(world, state, 2023)
    assert abs(wrong) > 0.005
    assert np.sign(moved[known - 1]) == -np.sign(wrong)
    assert abs(moved[known - 1]) > abs(wrong)
    within = [place for place in range(2 * PERIODS - 1) if place not in (known - 1, PERIODS - 1)]
    np.testing.assert_allclose(moved[within], 0.0, atol=0.005)


@pytest.mark.parametrize("seed", [4, 8])
def test_the_price_is_too_high_as_long_as_more_is_thought_to_be_emitted_than_is(seed: int) -> None:
    world, state, prices = lived(common=0.03, seed=seed)
    _, _, right = lived(seed=seed)
    wrong = wrong_about(world, state, 2023)
    assert (np.sign(prices[:PERIODS] - right[:PERIODS]) == np.sign(wrong)).all()


@pytest.mark.parametrize("at_once", [True, False])
def test_who_had_thought_too_much_of_own_emissions_sells_once_it_is_known_and_who_too_little_buys(
    at_once: bool,
) -> None:
    bids = {"firms.strategies.truthful": float(at_once), "firms.strategies.scheduled": float(not at_once)}
    world, state = begin(load_scenario("S5", BASE | bids | {"compliance.estimate_error": 0.1}))
    known = known_from(world, 2023)
    run_until(world, state, known - 1)
    too_much = np.asarray(misjudged(world, state))
    run_until(world, state, known)
    before = state.registry.held[: world.firms].copy()
    run_until(world, state, known + 1)
    bought = state.registry.held[: world.firms] - before
    assert np.corrcoef(bought, too_much)[0, 1] < -0.3


def test_every_tonne_is_surrendered_for_in_the_end_however_wrong_firms_were() -> None:
    for errors in ({"common": 0.03}, {"own": 0.1}):
        _, state, _ = lived(**errors)
        for row in state.log.settlements:
            assert row["surrendered_t"] + row["shortfall_t"] == row["owed_t"] == row["verified_t"]
        assert sum(row["shortfall_t"] for row in state.log.settlements) < 1e-4 * row["owed_t"]


def test_own_errors_are_traded_away_between_firms_once_they_are_known() -> None:
    """Late information gathers volume by itself: of firms that bring all they want at once, most changes hands then."""
    world, state, _ = lived(own=0.1, at_once=True)
    volume = [row["volume_t"] for row in state.log.periods[2 * PERIODS :]]
    known = known_from(world, 2023) - 2 * PERIODS
    assert volume[known] > 2 * max(volume[known + 1 :])
    right = [row["volume_t"] for row in lived(at_once=True)[1].log.periods[2 * PERIODS :]]
    assert volume[known] > 5 * right[known]


def test_who_makes_no_mistake_is_not_told_anything_by_the_verification() -> None:
    earlier = begin(load_scenario("S5", BASE | {"compliance.verification": 0}))
    run_until(*earlier, 3 * PERIODS)
    prices = [row["price"] for row in [*earlier[1].log.periods, *earlier[1].log.closing]][PERIODS:]
    assert (lived()[2] == prices).all()


def test_a_year_that_is_due_at_its_own_end_is_known_as_it_goes() -> None:
    world, state, _ = lived(common=0.03)
    before = state.copy()
    before.calendar.year = 2022
    assert seen(world, before) == 1.0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"compliance.verification": 4, "compliance.deadline": 0}, "due at its own end"),
        ({"compliance.verification": 9, "compliance.deadline": 9}, "9 months, due after 9"),
        ({"compliance.estimate_error": 0.1, "compliance.deadline": 0}, "Nobody could make up for it"),
    ],
)
def test_what_could_never_be_made_up_for_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        load_scenario("S5", changes)
