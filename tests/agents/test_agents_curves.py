"""Firms' own abatement curves: they fall, they add up, cheap firms sell to dear ones, and trade is worth something."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tanshi.agents.curves import efforts, left_and_response
from tanshi.agents.gains import gains_from_trade
from tanshi.agents.population import Population, build
from tanshi.agents.response import ResponseCurve

COUNTS = {"ELEC": 30, "STEEL": 12, "NMM": 9}


def firms(seed: int = 1, **spread: float) -> Population:
    return build(COUNTS, seed, **spread)  # type: ignore[arg-type]


def emissions_of(population: Population, ratio: np.ndarray) -> np.ndarray:
    """Each firm's emissions, sectors emitting `ratio` of 1 Mt."""
    return population.shares(ratio)[0] * ratio[population.sector]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.floats(0.0, 1.5), st.lists(st.floats(0.02, 1.3), min_size=2, max_size=6))
def test_firms_add_up_to_the_sector_and_every_one_falls(seed: int, sigma: float, parts: list[float]) -> None:
    population = firms(seed, cost_sigma=sigma)
    population.shock = 0.1 * np.random.default_rng(seed).standard_normal(len(population))
    before = None
    for part in sorted(parts, reverse=True):  # the sector emits less and less, as at rising prices
        emitted = emissions_of(population, np.full(3, part))
        np.testing.assert_allclose(population.total(emitted), part, rtol=1e-12)
        share, response = population.shares(np.full(3, part))
        np.testing.assert_allclose(population.total(response), 1.0, rtol=1e-12)
        assert (share >= 0).all()
        assert (response >= 0).all()
        if before is not None:
            assert (emitted <= before * (1 + 1e-9)).all()
        before = emitted


def test_equal_costs_mean_equal_shares_at_every_price() -> None:
    population = firms(3, cost_sigma=0.0)
    for part in (1.0, 0.7, 0.2):
        np.testing.assert_allclose(population.shares(np.full(3, part))[0], population.share, rtol=1e-12)


def test_cheap_firms_cut_more_and_what_they_cut_stays_cut() -> None:
    population = firms(2, cost_sigma=0.6)
    start = population.share.copy()
    population.respond(np.array([0.8, 0.9, 1.0]))
    moved = population.share / start
    for s, (first, last) in enumerate(zip(population.start[:-1], population.start[1:], strict=True)):
        by_cost = np.argsort(population.cost[first:last])
        change = np.diff(moved[first:last][by_cost])
        assert (change > 0).all() if s < 2 else np.allclose(change, 0)
    assert moved[population.sector == 0].min() < 0.8
    again = population.share.copy()
    population.respond(np.array([0.8, 0.9, 1.0]))  # the next year at the same distance from the baseline
    np.testing.assert_allclose(population.share, again, rtol=1e-12)


def test_each_firms_response_is_the_slope_of_its_own_curve() -> None:
    population = firms(5, cost_sigma=0.8)
    ratio, step = np.array([0.7, 0.85, 0.95]), 1e-6
    rise = (emissions_of(population, ratio + step) - emissions_of(population, ratio - step)) / (2 * step)
    np.testing.assert_allclose(rise, population.shares(ratio)[1], rtol=1e-6, atol=1e-9)


def textbook() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two firms of 120 t each with marginal costs 240 - 2 e and 120 - e: weights, costs, sectors, starts."""
    return np.array([0.5, 0.5]), np.array([240.0, 120.0]), np.zeros(2, int), np.array([0, 2])


def test_linear_curves_are_the_textbooks_optimum() -> None:
    """A cap of 120 on two firms: price 80, A emits 80 and B 40, A buys 20 and they save 400 and 200."""
    weight, cost, sector, start = textbook()
    found = efforts(weight, cost, start, np.array([0.5]), np.zeros(1), True)
    assert found[0] == pytest.approx(80.0, rel=1e-12)
    left, _ = left_and_response(weight, cost, sector, found, True)
    assert (240 * left).tolist() == pytest.approx([80.0, 40.0])
    prices = np.arange(0.0, 241.0)
    curve = np.clip(120 - prices / 2, 0, None) + np.clip(120 - prices, 0, None)
    gain = gains_from_trade(
        weight, cost, sector, start, np.array([60.0, 60.0]), prices, curve[:, None] / 1e6, np.array([240.0 / 1e6]),
        80.0, linear=True,
    )  # fmt: skip
    assert gain.tolist() == pytest.approx([400.0, 200.0], rel=1e-9)


def test_gains_are_the_difference_of_two_minimised_costs() -> None:
    """Against another solver: the least cost of the cut with trade, and each firm's cost of keeping to its quota."""
    rng = np.random.default_rng(4)
    n = 6
    weight, cost = rng.dirichlet(np.ones(n)), rng.uniform(60.0, 300.0, n)
    bau, cap = 1000.0 * weight, 620.0
    quota = bau * cap / 1000.0 * rng.uniform(0.7, 1.3, n)
    quota *= cap / quota.sum()
    cost_of = lambda e: cost * (bau - e) ** 2 / (2 * bau)  # noqa: E731
    least = minimize(
        lambda e: cost_of(e).sum(), quota, jac=lambda e: -cost * (bau - e) / bau, bounds=[(0, b) for b in bau],
        constraints={"type": "eq", "fun": lambda e: e.sum() - cap}, method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    price = float((cost * (bau - least.x) / bau)[least.x > 1].mean())
    prices = np.unique(np.append(np.linspace(0.0, 400.0, 4001), price))
    curve = np.array([(bau * np.clip(1 - p / cost, 0, None)).sum() for p in prices])
    gain = gains_from_trade(
        weight, cost, np.zeros(n, int), np.array([0, n]), quota, prices, curve[:, None] / 1e6, np.array([1000.0 / 1e6]),
        price, linear=True,
    )  # fmt: skip
    assert (gain >= 0).all()
    assert gain.sum() == pytest.approx(cost_of(np.minimum(quota, bau)).sum() - cost_of(least.x).sum(), rel=1e-4)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000))
def test_the_curve_never_rises_and_is_exact_where_the_economy_was_asked(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prices = np.cumsum(rng.uniform(1.0, 60.0, 6))
    level, tilt = -np.sort(-rng.uniform(1.0, 100.0, (6, 3)), axis=0), -rng.uniform(0.0, 5.0, (6, 3))
    curve = ResponseCurve.of(prices, level, tilt, 2)
    np.testing.assert_allclose(curve.at(prices), level, rtol=1e-12)
    fine = curve.at(np.linspace(prices[0] - 10, prices[-1] + 10, 2000))
    assert (np.diff(fine, axis=0) <= 1e-9).all()


def test_a_smooth_curve_is_met_between_the_prices_and_one_that_rises_stays_level() -> None:
    prices = np.array([40.0, 60.0, 80.0, 110.0, 160.0])
    answer = lambda p: np.stack([500 * (1 + p / 50) ** -0.2, 40 + 0.01 * p], axis=-1)  # noqa: E731
    slope = np.stack([-2.0 * (1 + prices / 50) ** -1.2, np.full(5, 0.01)], axis=-1)
    curve = ResponseCurve.of(prices, answer(prices), slope, 2)
    between = np.linspace(40.0, 160.0, 50)
    assert np.abs(curve.at(between)[:, 0] / answer(between)[:, 0] - 1).max() < 2e-4
    assert curve.at(80.0)[1] == 40.8
    np.testing.assert_allclose(curve.at(between)[:, 1], 40.8)
