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

from tanshi.simulator.drift.flow import DriftError, Flow
from tanshi.simulator.drift.layout import lay_out
from tanshi.simulator.drift.reference import reference
from tanshi.simulator.drift.state import Context, active, context_features, emission_rates, pack, prices
from tanshi.simulator.drift.weights import Weights, untrained
from tests.sectors import EMISSIONS, OUTPUT, SECTORS, STATE_SIZE
from tests.simulator.drift.analytic import exact_path

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
def test_the_network_never_adds_more_than_its_bound(make_weights: Make, seed: int, spread: float, count: int) -> None:
    weights = make_weights(seed % 5)
    layout = lay_out(weights, np.arange(8) < count)
    r = np.random.default_rng(seed).normal(0, spread, (4, layout.index.size))
    part = layout.bound * layout.residual(r, layout.offset[None].copy())
    assert (np.abs(part) <= layout.bound).all()
    start = np.zeros((4, STATE_SIZE))
    start[:, layout.index] = r
    h = 1e-6
    end = Flow(weights, "neural").path(start, 2023.0, 2023.0 + h, context(np.arange(8) < count))[-1]
    slope = (end - start)[:, layout.index] / h
    season = np.zeros(layout.index.size)
    season[0] = weights.season[0]  # cos(0) = 1 at the start of the year
    on = np.abs(slope + layout.rate_ou * r - season) > 1e-3  # a head outside its range reverts at the rate of `ou`
    assert (np.abs(slope + layout.rate * r - season) <= layout.bound + 1e-4)[on].all()


@pytest.mark.parametrize("count", [0, 1, 5, 8])
# The kinks of ReLU cost Runge-Kutta its order, and a loud tanh is stiffer: both need more steps.
@pytest.mark.parametrize(("activation", "finer"), [("tanh", 2), ("silu", 1), ("relu", 8)])
def test_numpy_and_torchdiffeq_agree_to_1e_5(count: int, activation: str, finer: int, make_weights: Make) -> None:
    torch = pytest.importorskip("torch")
    import torchdiffeq

    from tanshi.simulator.drift.network import Drift

    weights = make_weights(3, activation=activation)
    covered = np.arange(8) < count
    bank = np.array([0.1, 0.3, 0.5])
    ctx = Context(covered, bank, 0.1, 0.5, 0.2, -0.1, 0.05, 0.02)
    r0 = residuals() * active(covered)
    drift = Drift(weights)
    rows = torch.tensor(np.tile(covered.astype(float), (3, 1)))

    def slope(t: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
        ones = torch.ones(3, dtype=torch.float64)
        market = torch.stack([torch.tensor(x) * ones for x in ctx.market], dim=1)
        market[:, 2] -= t - 2023.1  # the compliance date comes nearer
        return drift(t * ones, r, rows, market)

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
    assert moved[1][2] == pytest.approx(-flow.weights.rate_ou[2] * 1.6, abs=1e-3)
    np.testing.assert_allclose(moved[1][[1, 3, 4, 5]], moved[0][[1, 3, 4, 5]], atol=1e-3)


def test_without_drift_the_state_stays_where_the_jump_put_it_although_the_reference_moves() -> None:
    star = reference([2022.5, 2024.5], np.array([np.zeros(STATE_SIZE), np.ones(STATE_SIZE)]))
    z0 = residuals(2) + 3.0
    carried = Flow(untrained(SECTORS), "none").carry(z0, 2023.0, 2023.5, star, context(), 4)
    assert (carried.z == carried.z[0]).all()
    np.testing.assert_allclose(carried.end, z0, atol=1e-14)
    np.testing.assert_allclose(carried.accrued(), 0.5 * emission_rates(z0))


def test_the_price_returns_to_a_reference_that_moves_and_quantities_to_the_one_of_their_year() -> None:
    star = reference([2022.5, 2024.5], np.array([np.zeros(STATE_SIZE), np.ones(STATE_SIZE)]))
    z0 = residuals(2) + star(2023.0)
    carried = Flow(untrained(SECTORS, rate=4.0), "ou").carry(z0, 2023.0, 2024.0, star, context(), 32)
    left = np.exp(-4.0) * residuals(2)
    np.testing.assert_allclose(carried.end[:, 0], star(2024.0)[0] + left[:, 0], rtol=1e-3)
    np.testing.assert_allclose(carried.end[:, 1:6], star(2023.0)[1:6] + left[:, 1:6], atol=1e-4)
    np.testing.assert_allclose(carried.end[:, 6:9], np.broadcast_to(star(2023.0)[6:9], (2, 3)), atol=1e-12)


@pytest.mark.parametrize(("side", "collar"), [(1.0, (0.0, 70.0)), (-1.0, (45.0, 1000.0))])
def test_the_price_stays_within_its_collar_from_the_moment_it_meets_it(
    side: float, collar: tuple[float, float]
) -> None:
    """A season that pushes the price out of the collar and back: the meeting is found, the bound held, then left."""
    weights = replace(untrained(SECTORS, rate=0.5), season=(0.0, side * 6.0))
    star = reference([2023.0], np.full((1, STATE_SIZE), np.log(56.0)))
    flow, free = Flow(weights, "ou"), Flow(weights, "ou")
    args = (star(np.array([2023.0])), 2023.0, 2024.0, star, context(), 24)
    held, loose = flow.carry(*args, collar=collar), free.carry(*args)
    bound = collar[1] if side > 0 else collar[0]
    assert (side * (loose.price - bound)).max() > 5.0  # it would leave
    assert flow.collar_hits == 1
    assert collar[0] - 1e-9 <= held.price.min()
    assert held.price.max() <= collar[1] + 1e-9
    first = float(held.times[np.flatnonzero(np.abs(held.price[:, 0] - bound) < 1e-6)[0]])
    fine = np.linspace(2023.0, 2024.0, 20001)
    exact = np.expm1(np.log(56.0) + exact_path(0.0, 0.5, weights.season, 2023.0, fine))
    assert first == pytest.approx(float(fine[np.flatnonzero(side * (exact - bound) >= 0)[0]]), abs=1e-4)
    assert side * (bound - held.price[-1, 0]) > 1.0  # and comes back when the season turns
    assert free.collar_hits == 0


def loud_paper(make_weights: Make) -> Weights:
    weights = make_weights(1, activation="relu")
    wide = np.full(weights.price.low.shape, np.inf)
    layers = (*weights.price.layers[:-1], (weights.price.layers[-1][0], np.array([40.0])))
    wild = replace(weights.price, layers=layers, low=-wide, high=wide)
    sector = replace(weights.sector, low=-wide, high=wide)
    return replace(weights, form="paper", rate=0 * weights.rate, price=wild, sector=sector)


def test_a_path_that_blows_up_goes_on_by_reversion_or_stops_as_the_scenario_says(make_weights: Make) -> None:
    star = reference([2023.0], np.full((1, STATE_SIZE), 4.0))
    weights = loud_paper(make_weights)
    calm = Flow(weights, "ou").carry(residuals() + 4.0, 2023.0, 2023.5, star, context(), 6)
    flow = Flow(weights, "neural", "ou")
    np.testing.assert_allclose(flow.carry(residuals() + 4.0, 2023.0, 2023.5, star, context(), 6).end, calm.end)
    assert flow.blown_up == 3
    with pytest.raises(DriftError, match=r"blew up between 2023.000 and 2023.500.*on_blow_up"):
        Flow(weights, "neural", "stop").carry(residuals() + 4.0, 2023.0, 2023.5, star, context(), 6)


def test_the_papers_form_is_the_network_alone(make_weights: Make) -> None:
    weights = replace(make_weights(1, activation="relu"), form="paper", rate=np.zeros(STATE_SIZE))
    layout = lay_out(weights, FIVE)
    h, r = 1e-7, residuals(1)
    flow = Flow(weights, "neural")
    moved = (flow.path(r, 2023.0, 2023.0 + h, context())[-1] - r)[0, layout.index] / h
    shift = context_features([2023.0], context(), 2023.0) @ layout.context + layout.offset
    f = layout.bound * layout.residual(r[:, layout.index], shift)[0]
    assert flow.switched_off == 0
    np.testing.assert_allclose(moved, f, rtol=1e-4)


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
        Flow(untrained(SECTORS, rate=2.0), "ou").path(**{**args, **change})  # type: ignore[arg-type]


def test_an_unknown_mode_or_coverage_is_refused() -> None:
    with pytest.raises(ValueError, match="neural, ou or none"):
        Flow(untrained(SECTORS), "brownian")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one entry for each sector"):
        Context(np.ones((1, 8), dtype=bool))
    with pytest.raises(ValueError, match="coverage 8 entries"):
        Flow(untrained(SECTORS), "ou").path(residuals(), 2023.0, 2023.5, Context(np.array([True])), 8)


def test_the_loop_runs_without_torch() -> None:
    code = "import sys, tanshi.simulator.drift.flow, tanshi.simulator.drift.skill; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
