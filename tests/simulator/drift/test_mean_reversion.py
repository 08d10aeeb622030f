"""K and b: recovered where the data hold them, and not invented where they do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tanshi.simulator.drift.history import PriceHistory, read_history
from tanshi.simulator.drift.mean_reversion import SLOWEST, fit_price, transition
from tests.simulator.drift.analytic import exact_path

Make = Callable[..., PriceHistory]


@pytest.mark.parametrize("rate", [3.0, 8.0])
def test_a_known_reversion_is_recovered_within_two_standard_errors(rate: float, make_history: Make) -> None:
    fits = [fit_price(make_history(rate, 12, 52, seed), draws=200) for seed in range(10)]
    off = [abs(f.rate - rate) / f.rate_se for f in fits]
    assert sum(z < 2 for z in off) >= 8
    assert abs(np.median([f.rate for f in fits]) - rate) < np.mean([f.rate_se for f in fits])


def test_a_known_season_is_recovered_within_its_standard_errors_and_barely_shrunk(make_history: Make) -> None:
    fit = fit_price(make_history(4.0, 40, 12, 3, season=(1.0, -0.6)), draws=200)
    off = (np.array(fit.raw_season) - [1.0, -0.6]) / fit.season_se
    assert np.abs(off).max() < 2.5
    assert fit.shrinkage > 0.9


def test_the_season_of_a_price_without_one_is_shrunk_away(make_history: Make) -> None:
    fits = [fit_price(make_history(4.0, 4, 12, seed), draws=50) for seed in range(20)]
    assert np.mean([f.shrinkage for f in fits]) < 0.35


def test_a_random_walk_of_four_years_looks_mean_reverting_until_corrected(make_history: Make) -> None:
    fits = [fit_price(make_history(0.0, 4, 12, seed), draws=200) for seed in range(30)]
    assert np.median([f.raw_rate for f in fits]) > 4
    assert np.median([f.rate for f in fits]) < 2
    assert np.mean([f.no_reversion_rejected for f in fits]) <= 0.15
    assert min(f.rate for f in fits) >= SLOWEST


def test_the_ninety_percent_interval_covers_nine_times_in_ten(make_history: Make) -> None:
    fits = [fit_price(make_history(4.0, 5, 12, seed), draws=200) for seed in range(40)]
    hits = [f.rate_interval[0] <= 4.0 <= f.rate_interval[1] for f in fits]
    assert 0.75 <= np.mean(hits) <= 1.0
    # An interval that covers always, because it says nothing, would pass the line above.
    assert np.median([f.rate_interval[1] - f.rate_interval[0] for f in fits]) < 12


def test_the_fit_is_the_same_every_time(make_history: Make) -> None:
    history = make_history(3.0, 4, 12, 0)
    assert fit_price(history, draws=50) == fit_price(history, draws=50)


def test_the_season_adds_up_to_nothing_over_a_year() -> None:
    _, gain = transition(1e-9, 1.0)
    assert abs(gain) < 1e-8


def test_the_exact_path_solves_the_equation_it_claims_to_solve() -> None:
    t = np.linspace(2023.0, 2024.0, 20001)
    x = exact_path(0.4, 3.0, (0.5, -0.8), 2023.0, t)
    season = 0.5 * np.cos(2 * np.pi * t) - 0.8 * np.sin(2 * np.pi * t)
    np.testing.assert_allclose(np.gradient(x, t)[1:-1], (-3.0 * x + season)[1:-1], atol=1e-7)


def test_a_price_that_never_moves_has_no_reversion_to_fit(make_history: Make) -> None:
    history = make_history(3.0, 4, 12, 0)
    still = PriceHistory(history.t, history.year, np.full(48, 50.0), history.step, "close", history.preparation)
    with pytest.raises(ValueError, match="never moves"):
        fit_price(still)


def test_four_years_of_national_closes_do_not_tell_reversion_from_a_random_walk() -> None:
    closes = Path(__file__).parents[3] / "scenarios/economies/shanxi_2022/cea_monthly.csv"
    history = read_history(closes)
    assert history.column == "close_last"
    fit = fit_price(history)
    assert fit.raw_rate == pytest.approx(6.2, abs=0.1)  # what the regression alone would say
    assert fit.rate == SLOWEST
    assert not fit.no_reversion_rejected
    assert 4 < fit.rate_interval[1] < 7
    assert fit.season == (0.0, 0.0)
    assert fit.volatility == pytest.approx(0.26, abs=0.02)  # daily closes have 27 % a year
