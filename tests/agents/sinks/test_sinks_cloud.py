"""The cloud model: generators that undo one another, and certainty between nought and one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshi.agents.sinks.cloud import BACKWARD, Cloud, by_fourth_moment, by_steps, certainty, drops
from tanshi.agents.sinks.errors import SinksError

CLOUD = Cloud(631.9, 169.4, 59.7)


@pytest.mark.parametrize("generator", ["first moment", "fourth moment"])
def test_backward_generators_find_the_cloud_that_forward_drew(generator: str) -> None:
    found = BACKWARD[generator](drops(CLOUD, 200_000)[0])
    assert found.expectation == pytest.approx(CLOUD.expectation, rel=0.005)
    assert found.entropy == pytest.approx(CLOUD.entropy, rel=0.02)
    assert found.hyper_entropy == pytest.approx(CLOUD.hyper_entropy, rel=0.15)


def test_the_multi_step_generator_finds_centre_and_width_and_a_thickness_that_hangs_on_the_groups() -> None:
    x, _ = drops(CLOUD, 50_000)
    small, large = (by_steps(x, groups=2_000, size=size) for size in (5, 200))
    width = np.hypot(CLOUD.entropy, CLOUD.hyper_entropy)
    for found in (small, large):
        assert found.expectation == pytest.approx(CLOUD.expectation, rel=0.005)
        assert np.hypot(found.entropy, found.hyper_entropy) == pytest.approx(width, rel=0.03)
    assert large.hyper_entropy < CLOUD.hyper_entropy < small.hyper_entropy


def test_the_moments_of_drops_are_those_of_the_theory() -> None:
    x, _ = drops(CLOUD, 400_000)
    variance = CLOUD.entropy**2 + CLOUD.hyper_entropy**2
    assert x.var() == pytest.approx(variance, rel=0.01)
    assert ((x - x.mean()) ** 4).mean() == pytest.approx(9 * variance**2 - 6 * CLOUD.entropy**4, rel=0.05)


def test_a_sample_too_light_in_the_tails_has_no_hyper_entropy() -> None:
    uniform = np.linspace(0, 100, 50)
    assert np.isnan(by_fourth_moment(uniform).hyper_entropy)


def test_a_cloud_without_thickness_is_a_normal_curve() -> None:
    thin = Cloud(100.0, 10.0, 0.0)
    x, degree = drops(thin, 500)
    np.testing.assert_allclose(degree, certainty(thin, x), rtol=1e-10)


@given(st.floats(0, 1e4), st.floats(0, 500), st.floats(0, 500), st.integers(0, 99))
def test_certainty_lies_between_nought_and_one_and_is_one_at_the_centre(
    centre: float, width: float, thickness: float, seed: int
) -> None:
    cloud = Cloud(centre, width, thickness)
    x, degree = drops(cloud, 50, seed)
    assert np.isfinite(x).all()
    assert ((degree >= 0) & (degree <= 1)).all()
    assert certainty(cloud, np.array([centre])) == 1.0


def test_drops_are_the_same_for_the_same_seed_and_name_and_differ_else() -> None:
    one, again, other, next_seed = (
        drops(CLOUD, 10, *key)[0] for key in ((1, "steel"), (1, "steel"), (1, "power"), (2, "steel"))
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, next_seed)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, np.nan]])
def test_a_sample_of_less_than_two_numbers_is_refused(values: list[float]) -> None:
    for backward in BACKWARD.values():
        with pytest.raises(SinksError, match="two or more finite numbers"):
            backward(np.array(values))


def test_a_cloud_with_negative_entropy_is_refused() -> None:
    with pytest.raises(SinksError, match="entropy"):
        Cloud(1.0, -1.0, 0.0)
