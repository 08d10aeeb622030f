"""Known equations: sampled as they are, and found again by training."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training (no torch)")

from tanshi.simulator.drift.recovery import SYSTEMS, recover, sample

_, OSCILLATOR, REVERSION = SYSTEMS


def test_without_noise_a_state_that_reverts_decays_as_its_solution_does() -> None:
    found = sample(REVERSION, 3, seed=1, noise=0.0)
    t = np.arange(REVERSION.steps + 1) * REVERSION.step
    np.testing.assert_allclose(found[:, :, 0], found[:, :1, 0] * np.exp(-3.0 * t), rtol=1e-8)


def test_without_noise_the_oscillator_swings_at_its_own_frequency_and_is_damped() -> None:
    # x'' = -4 x - 0.4 x': x(t) = exp(-t/5) (x0 cos wt + (v0 + x0/5)/w sin wt) with w^2 = 4 - 1/25.
    found = sample(OSCILLATOR, 3, seed=1, noise=0.0)
    t, w = np.arange(OSCILLATOR.steps + 1) * OSCILLATOR.step, np.sqrt(4.0 - 0.04)
    x, v = found[:, :1, 0], found[:, :1, 1]
    exact = np.exp(-0.2 * t) * (x * np.cos(w * t) + (v + 0.2 * x) / w * np.sin(w * t))
    np.testing.assert_allclose(found[:, :, 0], exact, atol=1e-7)


def test_a_short_training_finds_the_equation() -> None:
    found = recover(REVERSION, paths=12, epochs=60)
    assert found.estimate == pytest.approx(found.parameter, rel=0.15)
    assert recover(OSCILLATOR, paths=12, epochs=60).slope_error < 0.2  # an untrained network, f = 0, has 1
