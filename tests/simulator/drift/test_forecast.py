"""Forecasts from the flow alone: exact where the flow is linear, rolled on by known rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.forecast import forecast, new_year_steps
from tanshi.simulator.drift.state import PRICE, Context
from tanshi.simulator.drift.weights import Weights, untrained
from tests.sectors import SECTORS, STATE_SIZE

ALL = np.ones(8, dtype=bool)
TIMES = 2023.5 + np.arange(13) / 12
CONTEXT = Context(ALL, 0.1, 0.1, 0.5, 0.0, 0.1, 0.05, 0.02)


def stars(slope: float = 0.2) -> np.ndarray:
    return 4.0 + slope * (TIMES - TIMES[0])[:, None] * np.ones(STATE_SIZE)


def start() -> np.ndarray:
    return stars()[:1] + np.random.default_rng(0).normal(0, 0.1, (3, STATE_SIZE))


def test_the_price_reverts_to_its_moving_reference_and_quantities_move_by_their_yearly_steps() -> None:
    steps = new_year_steps(TIMES, stars(), stars() - 0.2)
    path = forecast(
        Flow(untrained(SECTORS, rate=3.0), "ou"), start(), TIMES, stars(), CONTEXT, yearly=steps, substeps=4
    )
    left = np.exp(-3.0) * (start() - stars()[0])
    np.testing.assert_allclose(path[-1][:, PRICE], stars()[-1, PRICE] + left[:, PRICE], atol=1e-5)
    turn = int(np.flatnonzero(np.abs(TIMES - 2024.0) < 1e-9)[0])
    assert np.flatnonzero(steps.any(axis=1)).tolist() == [turn]
    before, after = path[turn - 1][:, 1:], path[turn][:, 1:]
    assert ((after - before) > 0.1).all()  # New Year's step; the rest of the month is small beside it


def test_without_drift_a_forecast_is_persistence() -> None:
    path = forecast(Flow(untrained(SECTORS), "none"), start(), TIMES, stars(), CONTEXT)
    np.testing.assert_allclose(path, np.broadcast_to(start(), path.shape), atol=1e-12)


def test_paths_in_a_batch_are_those_of_each_alone(make_weights: Callable[..., Weights]) -> None:
    flow = Flow(make_weights(), "neural")
    together = forecast(flow, start(), TIMES, stars(), CONTEXT, substeps=2)
    for k in range(3):
        alone = forecast(flow, start()[k : k + 1], TIMES, stars(), CONTEXT, substeps=2)
        np.testing.assert_allclose(together[:, k], alone[:, 0], atol=1e-12)


def test_noise_is_added_after_every_step() -> None:
    path = forecast(
        Flow(untrained(SECTORS), "none"), start(), TIMES, stars(), CONTEXT, disturb=lambda z, years: z + 12 * years
    )
    np.testing.assert_allclose(path[-1] - path[0], 12.0)
