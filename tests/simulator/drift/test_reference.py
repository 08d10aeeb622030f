"""The reference path: monotone between equilibria, blind to what is not yet announced."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshi.simulator.drift.reference import reference

YEARS = np.arange(2022, 2031) + 0.5


@given(st.lists(st.floats(-3, 3), min_size=9, max_size=9))
def test_the_path_never_leaves_the_span_of_the_two_equilibria_around_it(values: list[float]) -> None:
    path = reference(YEARS, values)
    for k in range(8):
        between = path(np.linspace(YEARS[k], YEARS[k + 1], 20))
        assert between.min() >= min(values[k], values[k + 1]) - 1e-12
        assert between.max() <= max(values[k], values[k + 1]) + 1e-12


def test_the_path_goes_through_every_equilibrium_of_every_component() -> None:
    values = np.random.default_rng(0).normal(size=(9, 17))
    np.testing.assert_allclose(reference(YEARS, values)(YEARS), values, atol=1e-12)


def test_flat_ends_hold_the_level_and_linear_ends_hold_the_slope() -> None:
    assert reference(YEARS, 2 * YEARS)(2035.0) == pytest.approx(2 * YEARS[-1])
    np.testing.assert_allclose(reference(YEARS, 2 * YEARS, "linear")([2020.0, 2035.0]), [4040.0, 4070.0])


def test_an_announcement_bends_the_path_after_it_and_nothing_before() -> None:
    old = reference(YEARS, np.linspace(4, 5, 9))
    new = old.announced(2025.25, YEARS, np.linspace(4, 8, 9))
    before, after = np.linspace(2022, 2025.25, 50), YEARS[YEARS > 2025.25]
    np.testing.assert_array_equal(new(before[:-1]), old(before[:-1]))
    assert new(2025.25) == pytest.approx(float(old(2025.25)), abs=1e-12)
    np.testing.assert_allclose(new(after), np.linspace(4, 8, 9)[YEARS > 2025.25])
    assert new(2026.0) > old(2026.0)


def test_a_second_announcement_keeps_the_first_where_it_ruled() -> None:
    first = reference(YEARS, np.full(9, 4.0)).announced(2024.0, YEARS, np.full(9, 5.0))
    second = first.announced(2027.0, YEARS, np.full(9, 3.0))
    np.testing.assert_array_equal(second([2023.0, 2026.9]), first([2023.0, 2026.9]))
    assert second(2030.5) == 3.0
    with pytest.raises(ValueError, match="cannot precede"):
        second.announced(2026.0, YEARS, np.full(9, 3.0))


@pytest.mark.parametrize(
    ("times", "values", "text"),
    [
        ([2023.0, 2022.0], [1.0, 2.0], "must increase"),
        ([2022.0, 2023.0], [1.0], "one row of values"),
        ([2022.0, 2023.0], [1.0, np.nan], "finite"),
    ],
)
def test_nodes_that_make_no_path_are_refused(times: list[float], values: list[float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        reference(times, values)


def test_one_equilibrium_is_a_constant_path() -> None:
    np.testing.assert_array_equal(reference([2022.5], [[1.0, 2.0]])([2020.0, 2030.0]), [[1.0, 2.0], [1.0, 2.0]])


def test_of_two_announcements_at_one_moment_the_second_counts() -> None:
    old = reference([2022.5, 2023.5, 2024.5], [50.0, 60.0, 60.0])
    first = old.announced(2023.0, [2023.5, 2024.5], [80.0, 90.0])
    second = first.announced(2023.0, [2023.5, 2024.5], [70.0, 75.0])
    assert second(2024.5) == pytest.approx(75.0)
    assert second(2023.0) == pytest.approx(float(old(2023.0)), abs=1e-12)
    assert len(second.starts) == len(first.starts)
