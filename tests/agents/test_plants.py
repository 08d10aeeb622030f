"""Power firms of several classes of plant: classes add up to the economy's, and within each some beat the benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.agents.plants import ClassAmounts, follow, into_classes
from tanshi.agents.population import Population, build
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.run.build import begin

AMOUNTS = ClassAmounts(
    np.array([60.0, 17.0, 15.0, 8.0]), np.array([55.0, 19.0, 16.0, 3.0]), np.array([54.0, 18, 15, 3])
)
STANDARD = {"cap.regime": "tps", "cap.tightness": 0.0, "cap.decline": 0.0, "firms.number": 60, "years.end": 2024,
            "market.periods_per_year": 2, "banking.horizon": 0}  # fmt: skip


def classed(spread: float, power: int = 40) -> Population:
    firms = build({"STEEL": 6, "ELEC": power}, 3)
    into_classes(firms, 1, AMOUNTS, np.full(4, spread), firms.draws(3, 0))
    return firms


def sums(firms: Population, values: np.ndarray) -> np.ndarray:
    here = firms.sector == 1
    return np.bincount(firms.kind[here], values[here], 4)


@pytest.mark.parametrize("spread", [0.0, 0.04, 0.3])
def test_a_class_keeps_its_mean_intensity_whatever_its_firms_spread(spread: float) -> None:
    firms = classed(spread)
    output, emitted = sums(firms, firms.output_share), sums(firms, firms.share)
    np.testing.assert_allclose(output, AMOUNTS.output / AMOUNTS.output.sum(), rtol=1e-12)
    np.testing.assert_allclose(emitted, AMOUNTS.emissions / AMOUNTS.emissions.sum(), rtol=1e-12)
    np.testing.assert_allclose(sums(firms, firms.output_share * firms.intensity), emitted, rtol=1e-12)


def test_a_benchmark_at_its_class_s_mean_leaves_some_firms_short_and_some_long() -> None:
    firms = classed(0.04)
    allowed = firms.normalised(firms.output_share * firms.benchmark)
    untightened = firms.normalised(allowed * (AMOUNTS.emissions / AMOUNTS.allowances)[firms.kind])
    gap = np.where(firms.sector == 1, untightened - firms.share, 0.0)
    for k in range(4):
        mine = (firms.sector == 1) & (firms.kind == k)
        assert gap[mine].min() < 0.0 < gap[mine].max()
        assert abs(gap[mine].sum()) < 1e-12
    assert sums(firms, allowed) == pytest.approx(AMOUNTS.allowances / AMOUNTS.allowances.sum())


def test_the_largest_firms_run_the_largest_plant_and_no_class_is_empty() -> None:
    plain, firms = build({"STEEL": 6, "ELEC": 40}, 3), classed(0.04)
    size = plain.output_share[firms.sector == 1]
    kind = firms.kind[firms.sector == 1]
    assert set(kind) == {0, 1, 2, 3}
    assert size[kind == 0].min() >= size[kind == 1].max()
    few = classed(0.04, power=3)
    assert not few.kind.any()
    np.testing.assert_array_equal(few.share, build({"STEEL": 6, "ELEC": 3}, 3).share)


def test_firms_follow_their_classes_and_an_idle_class_comes_back() -> None:
    firms = classed(0.04)
    before = firms.share.copy()
    idle = ClassAmounts(np.array([70.0, 20, 0, 10]), np.array([60.0, 22, 0, 4]), np.array([60.0, 22, 0, 4]))
    follow(firms, 1, idle)
    np.testing.assert_allclose(sums(firms, firms.share), idle.emissions / 86.0, atol=1e-8)
    follow(firms, 1, AMOUNTS)
    np.testing.assert_allclose(firms.share, before, rtol=1e-6)


def test_under_a_standard_firms_have_classes_and_under_a_cap_none() -> None:
    _, standard = begin(load_scenario("S1", STANDARD))
    _, cap = begin(load_scenario("S1", STANDARD | {"cap.regime": "absolute"}))
    assert set(standard.firms.kind) == {0, 1, 2, 3}
    assert not cap.firms.kind.any()
    np.testing.assert_array_equal(cap.firms.benchmark, 1.0)


def test_a_standard_settles_with_firms_of_every_class() -> None:
    run = simulate(load_scenario("S1", STANDARD))
    price = run.annual.query("variable == 'Price|Carbon' and year == 2024")["value"].item()
    assert 0.0 < price < 1000.0
