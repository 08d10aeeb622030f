"""The flow: exact where theory is exact, bounded where the network speaks, silent where untrained."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.drift.flow import Flow
from simulator.drift.layout import lay_out
from simulator.drift.mean_reversion import exact_path
from simulator.drift.reference import reference
from simulator.drift.state import EMISSIONS, OUTPUT, STATE_SIZE, Context, active, emission_rates, pack, prices
from simulator.drift.weights import Weights, untrained

Make = Callable[..., Weights]
FIVE = np.arange(8) < 5


def residuals(batch: int = 3, seed: int = 1, spread: float = 0.2) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, (batch, STATE_SIZE))


def context(covered: np.ndarray = FIVE, **changes: float) -> Context:
    return Context(covered, **{"bank_ratio": 0.3, "cap_tightness": 0.1, "time_to_compliance": 0.5, **changes})


def test_reversion_and_season_follow_the_analytic_solution_to_1e_8(make_weights: Make) -> None:
    weights = make_weights()
    path = Flow(weights, "ou").path(residuals(1), 2023.2, 2023.7, context(), substeps=64)
    t = np.linspace(2023.2, 2023.7, 65)
    r0 = residuals(1)[0]
    price = exact_path(r0[0], weights.rate_ou[0], weights.season, 2023.2, t)
    np.testing.assert_allclose(path[:, 0, 0], price, atol=1e-8)
    steel = exact_path(r0[2], weights.rate_ou[2], (0.0, 0.0), 2023.2, t)
    np.testing.assert_allclose(path[:, 0, 2], steel, atol=1e-8)


def test_a_silent_network_is_exactly_mean_reversion(make_weights: Make) -> None:
    weights = make_weights()
    silent = [
        replace(h, layers=(*h.layers[:-1], (0 * h.layers[-1][0], 0 * h.layers[-1][1])))
        for h in (weights.price, weights.sector)
    ]
    weights = replace(weights, price=silent[0], sector=silent[1], rate_ou=weights.rate)
    args = (residuals(), 2023.0, 2023.5, context(), 8)
    np.testing.assert_array_equal(Flow(weights, "neural").path(*args), Flow(weights, "ou").path(*args))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 1.4), st.integers(0, 8))
def test_the_network_never_adds_more_than_its_bound(
    make_weights: Make, seed: int, spread: float, count: int
) -> None:
    weights = make_weights(seed % 5)
    layout = lay_out(weights, np.arange(8) < count)
    r = np.random.default_rng(seed).normal(0, spread, (4, layout.index.size))
    part = layout.bound * layout.residual(r, layout.offset[None])
    assert (np.abs(part) <= layout.bound).all()
    start = np.zeros((4, STATE_SIZE))
    start[:, layout.index] = r
    h = 1e-6
    end = Flow(weights, "neural").path(start, 2023.0, 2023.0 + h, context(np.arange(8) < count))[-1]
    slope = (end - start)[:, layout.index] / h
    season = np.zeros(layout.index.size)
    season[0] = weights.season[0]  # cos(0) = 1 at the start of the year
    assert (np.abs(slope + layout.rate * r - season) <= layout.bound + 1e-4).all()


@pytest.mark.parametrize("count", [0, 1, 5, 8])
# The kinks of ReLU cost Runge-Kutta its order: it needs eight times the steps.
@pytest.mark.parametrize(("activation", "finer"), [("tanh", 1), ("silu", 1), ("relu", 8)])
def test_numpy_and_torchdiffeq_agree_to_1e_5(
    count: int, activation: str, finer: int, make_weights: Make
) -> None:
    torch = pytest.importorskip("torch")
    import torchdiffeq

    from simulator.drift.network import Drift

    weights = make_weights(3, activation=activation)
    covered = np.arange(8) < count
    bank = np.array([0.1, 0.3, 0.5])
    ctx = Context(covered, bank, 0.1, 0.5)
    r0 = residuals() * active(covered)
    drift = Drift(weights)
    rows = torch.tensor(np.tile(covered.astype(float), (3, 1)))

    def slope(t: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
        left = torch.full((3,), 0.5, dtype=torch.float64) - (t - 2023.1)
        ones = torch.ones(3, dtype=torch.float64)
        around = torch.stack([torch.tensor(bank), rows.mean(dim=1), 0.1 * ones, left], dim=1)
        return drift(t * ones, r, rows, around)

    times = torch.linspace(2023.1, 2023.3, 9, dtype=torch.float64)
    with torch.no_grad():
        expected = torchdiffeq.odeint(slope, torch.tensor(r0), times, rtol=1e-9, atol=1e-10, method="dopri5")
    flow = Flow(weights, "neural")
    path = flow.path(r0, 2023.1, 2023.3, ctx, substeps=8 * finer)[::finer]
    assert flow.switched_off == 0
    np.testing.assert_allclose(path, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("mode", ["neural", "ou"])
def test_uncovered_sectors_stay_on_their_reference(mode: str, make_weights: Make) -> None:
    path = Flow(make_weights(), mode).path(residuals(), 2023.0, 2023.25, context(), 4)  # type: ignore[arg-type]
    assert (path[..., ~active(FIVE)] == 0).all()
    assert (path[..., active(FIVE)] != 0).all()


def test_what_happens_in_an_uncovered_sector_moves_nobody(make_weights: Make) -> None:
    loud = residuals()
    loud[:, ~active(FIVE)] = 1.0
    flow = Flow(make_weights(), "neural")
    np.testing.assert_array_equal(
        flow.path(loud, 2023.0, 2023.25, context(), 4), flow.path(residuals(), 2023.0, 2023.25, context(), 4)
    )


def test_a_run_in_a_batch_flows_as_it_would_alone(make_weights: Make) -> None:
    flow = Flow(make_weights(), "neural")
    together = flow.path(residuals(5), 2023.0, 2023.25, context(), 4)
    for k in range(5):
        alone = flow.path(residuals(5)[k : k + 1], 2023.0, 2023.25, context(), 4)
        np.testing.assert_allclose(together[:, k], alone[:, 0], atol=1e-13)


def test_outside_the_trained_market_the_network_is_off_and_counted(make_weights: Make) -> None:
    weights = replace(make_weights(), rate_ou=make_weights().rate)
    flow = Flow(weights, "neural")
    path = flow.path(residuals(), 2023.0, 2023.25, context(bank_ratio=9.0), 4)
    assert flow.switched_off == flow.evaluated == 4 * 3 * 6
    np.testing.assert_allclose(path, Flow(weights, "ou").path(residuals(), 2023.0, 2023.25, context(), 4))


def test_one_sector_outside_its_range_silences_only_itself(make_weights: Make) -> None:
    flow = Flow(make_weights(), "neural")
    calm = residuals(1, spread=0.05)
    far = calm.copy()
    far[0, 2] = 1.6  # STEEL's emissions, beyond 1.5
    h = 1e-6
    moved = [(flow.path(r, 2023.0, 2023.0 + h, context())[-1] - r)[0] / h for r in (calm, far)]
    assert flow.switched_off == 1
    assert moved[1][2] == pytest.approx(-flow.weights.rate[2] * 1.6, abs=1e-3)
    np.testing.assert_allclose(moved[1][[1, 3, 4, 5]], moved[0][[1, 3, 4, 5]], atol=1e-3)


def test_without_drift_the_state_stays_where_the_jump_put_it_although_the_reference_moves() -> None:
    star = reference([2022.5, 2024.5], np.array([np.zeros(STATE_SIZE), np.ones(STATE_SIZE)]))
    z0 = residuals(2) + 3.0
    carried = Flow(mode="none").carry(z0, 2023.0, 2023.5, star, context(), 4)
    assert (carried.z == carried.z[0]).all()
    np.testing.assert_allclose(carried.end, z0, atol=1e-14)
    np.testing.assert_allclose(carried.accrued(), 0.5 * emission_rates(z0))


def test_with_drift_an_uncovered_sector_follows_the_equilibria_and_a_covered_one_returns_to_them() -> None:
    star = reference([2022.5, 2024.5], np.array([np.zeros(STATE_SIZE), np.ones(STATE_SIZE)]))
    carried = Flow(untrained(rate=4.0), "ou").carry(
        residuals(2) + star(2023.0), 2023.0, 2024.0, star, context(), 32
    )
    np.testing.assert_allclose(carried.end[:, 6:9], np.broadcast_to(star(2024.0)[6:9], (2, 3)), atol=1e-12)
    gap = np.abs(carried.end - star(2024.0))[:, active(FIVE)]
    np.testing.assert_allclose(gap, np.exp(-4.0) * np.abs(residuals(2))[:, active(FIVE)], rtol=1e-3)


def test_price_emissions_and_output_come_back_from_the_state() -> None:
    emissions, output = np.arange(1.0, 9.0), np.arange(11.0, 19.0)
    z = pack(55.3, emissions, output)
    assert prices(z) == pytest.approx(55.3)
    np.testing.assert_allclose(np.exp(z[EMISSIONS]), emissions)
    np.testing.assert_allclose(np.exp(z[OUTPUT]), output)
    with pytest.raises(ValueError, match="above zero"):
        pack(55.3, emissions * 0, output)


def test_even_a_wild_network_from_a_wild_state_does_not_blow_up(make_weights: Make) -> None:
    flow, r = Flow(make_weights(), "neural"), residuals(spread=5.0)
    start = np.abs(r).max()
    for k in range(200):
        r = flow.path(r, 2023 + k / 12, 2023 + (k + 1) / 12, context(), 1)[-1]
        assert np.abs(r).max() <= start + 1.0
    # Reversion holds the state within (bound + season) / K of the reference in the end.
    assert np.abs(r[:, 0]).max() <= (0.8 + 0.81) / flow.weights.rate[0] * 1.05


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"r0": np.zeros((2, 5))}, "shape"),
        ({"r0": np.full((2, 17), np.nan)}, "finite"),
        ({"t1": 2022.0}, "t1 > t0"),
        ({"substeps": 0}, "substep"),
        ({"t1": 2033.0}, "at least 11 substeps"),
    ],
)
def test_a_flow_that_makes_no_sense_is_refused(change: dict[str, object], text: str) -> None:
    args: dict[str, object] = {
        "r0": residuals(),
        "t0": 2022.0,
        "t1": 2023.0,
        "context": context(),
        "substeps": 1,
    }
    with pytest.raises(ValueError, match=text):
        Flow(untrained(rate=2.0), "ou").path(**{**args, **change})  # type: ignore[arg-type]


def test_an_unknown_mode_or_coverage_is_refused() -> None:
    with pytest.raises(ValueError, match="neural, ou or none"):
        Flow(mode="brownian")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="coverage needs 8"):
        Context(np.array([True]))


def test_the_loop_runs_without_torch() -> None:
    code = "import sys, simulator.drift.flow, simulator.drift.skill; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
