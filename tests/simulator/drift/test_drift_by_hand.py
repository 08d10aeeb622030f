"""Two sectors and numbers worked out by hand: what each part of the drift comes to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tanshi.simulator.drift.drivers.estimate import Series, _unbiased
from tanshi.simulator.drift.flow import Carried, Flow
from tanshi.simulator.drift.forecast import forecast
from tanshi.simulator.drift.history import PriceHistory
from tanshi.simulator.drift.layout import _silu, lay_out
from tanshi.simulator.drift.markets.memory import POOL_SIZE, STILL_HALF_LIFE, remember
from tanshi.simulator.drift.markets.rivals import _first_order
from tanshi.simulator.drift.mean_reversion import fit_price, simulate
from tanshi.simulator.drift.preparation import TrainConfig, TrainingError
from tanshi.simulator.drift.reference import reference
from tanshi.simulator.drift.skill import shooting_errors
from tanshi.simulator.drift.state import CONTEXT_FEATURES, PRICE, Context, network_features
from tanshi.simulator.drift.trajectories import windows
from tanshi.simulator.drift.weights import untrained
from tests.sectors import EMISSIONS, OUTPUT, SECTORS, STATE_SIZE

TWO = np.arange(8) < 2


class Watched(Flow):
    """A flow that stays where it is and notes the contexts it is asked in."""

    def __init__(self) -> None:
        super().__init__(untrained(SECTORS), "none")
        self.seen: list[Context] = []

    def path(self, r0: Any, t0: float, t1: float, context: Context, substeps: int = 1) -> Any:
        self.seen.append(context)
        return super().path(r0, t0, t1, context, substeps)


def test_the_compliance_clock_runs_on_where_the_price_is_held() -> None:
    # Half a year to the date; at mid-September a quarter is left.
    flow, still = Watched(), np.zeros((1, STATE_SIZE))
    star = reference([2023.5, 2024.5], np.zeros((2, STATE_SIZE)))
    flow._held(still, np.array([2023.5, 2023.75, 2024.0]), star, Context(TWO, time_to_compliance=0.5), (-1.0, 1.0))
    assert [float(one.time_to_compliance) for one in flow.seen] == [0.5, 0.25]


def test_the_network_sees_the_mean_of_the_sectors_that_are_covered() -> None:
    # Residuals of emissions 0.2 and 0.4, of output 0.1 and 0.5 in the covered sectors; the others do not count.
    r = np.full((1, STATE_SIZE), 9.0)
    r[0, EMISSIONS], r[0, OUTPUT] = [0.2, 0.4, *[9.0] * 6], [0.1, 0.5, *[9.0] * 6]
    price, _ = network_features(r, TWO[None], np.zeros((1, len(CONTEXT_FEATURES))))
    assert price[0, 1:3].tolist() == pytest.approx([0.3, 0.3])
    layout = lay_out(untrained(SECTORS), TWO)
    assert (r[:, layout.index] @ layout.seen)[0, -2:].tolist() == pytest.approx([0.3, 0.3])


def test_tonnes_of_a_rising_rate_are_its_mean() -> None:
    # From 10 to 20 Mt a year over a quarter, 20 to 40 over another: 15 / 4 + 30 / 4.
    z = np.zeros((3, 1, STATE_SIZE))
    z[:, 0, EMISSIONS] = np.log([[10.0], [20.0], [40.0]])
    assert Carried(np.array([0.0, 0.25, 0.5]), z).accrued()[0].tolist() == pytest.approx([11.25] * 8)


def test_technique_and_expectations_follow_the_price_each_at_its_own_rate() -> None:
    # The price plus one stays at 100. Technique stands at 50 and goes half of the way in half a year: 75, 87.5.
    # Firms expect 50 and learn a fifth: 60, 68.
    flow, stars = Watched(), np.zeros((4, STATE_SIZE))
    z = np.full((1, STATE_SIZE), np.log(100.0))
    context = Context(TWO, technique_gap=0.5, expectation_gap=float(np.log(2.0)))
    forecast(
        flow, z, np.array([2023.0, 2023.5, 2024.0, 2024.5]), stars, context,
        adjustment=2.0 * float(np.log(2.0)), learning=0.2,
    )  # fmt: skip
    assert [float(np.squeeze(one.technique_gap)) for one in flow.seen] == pytest.approx([0.5, 0.25, 0.125])
    gaps = [float(np.exp(np.squeeze(one.expectation_gap))) for one in flow.seen]
    assert gaps == pytest.approx([100 / 50, 100 / 60, 100 / 68])


def test_a_sigmoid_times_its_own_argument() -> None:
    assert _silu(np.array([0.0, 1.0, -1.0])).tolist() == pytest.approx([0.0, 0.7310586, -0.2689414], abs=1e-7)


def test_a_setting_of_one_is_whole_and_one_of_nothing_is_refused() -> None:
    assert TrainConfig(stride=1, substeps=1, hidden=(1,)).hidden == (1,)
    with pytest.raises(TrainingError, match="at least 1"):
        TrainConfig(window=0)


def test_half_of_what_a_market_remembers_of_still_weeks_is_new_after_a_half_life() -> None:
    # At first a tenth of the weeks is taken to be still; in a market that never moves 0.1 + 0.9 / 2 after 13 weeks.
    closes = cast(Any, SimpleNamespace(log_close=np.zeros(round(STILL_HALF_LIFE) + 1)))
    found = remember(closes)
    assert found.still[-1] == pytest.approx(0.55)
    assert found.scale[0] == POOL_SIZE


def test_windows_of_two_steps_in_a_run_of_five_rows() -> None:
    data = cast(
        Any,
        SimpleNamespace(
            t=2023.0 + np.arange(5) / 12, run=np.zeros(5, np.intp), runs=1, regime=np.full(5, 2),
            covered=np.tile(TWO, (5, 1)),
        ),
    )  # fmt: skip
    assert windows(data, 2, 1).tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert windows(data, 2, 2).tolist() == [[0, 1, 2], [2, 3, 4]]


def test_a_short_series_seems_to_revert_faster_than_it_does() -> None:
    # Kendall (1954): the autocorrelation of n = 120 values about their own mean is short of phi by (1 + 3 phi) / n. One
    # of 0.80 is seen as 0.772; the rate is that of 0.80, -12 ln 0.8 = 2.68 a year.
    series = Series(np.arange(120), np.zeros(120), "made up")
    rate, low, high = _unbiased(0.8 - 3.4 / 120, series, np.ones((120, 1)), 4000, np.random.default_rng(1))
    assert rate == pytest.approx(2.68, rel=0.12)
    assert low < rate < high


def test_the_price_moves_as_much_as_the_series_it_was_fitted_on() -> None:
    # Ten years of months, mean reversion of 4 a year, innovations of 5 %, and a season of 20 %: a year's volatility of
    # 0.05 / sqrt((1 - phi^2) / (2 K)) with phi = exp(-1/3) is 0.05 / 0.2466.
    t = 2013.0 + (np.arange(120) + 1) / 12
    x = simulate(4.0, 1 / 12, 0.05 * np.random.default_rng(3).standard_normal((1, 120)))[0]
    x += 0.2 * np.cos(2 * np.pi * t)
    year = np.floor(t - 1e-6).astype(np.int64)
    history = PriceHistory(t, year, np.expm1(4.0 + x), 1 / 12, "made up", cast(Any, None))
    assert fit_price(history, draws=60).volatility == pytest.approx(0.05 / 0.2466, rel=0.2)


def test_a_gap_of_four_weeks_is_as_wide_as_a_scale_twice_as_large() -> None:
    # Where the spread grows with the root of time.
    torch = pytest.importorskip("torch")
    from tanshi.simulator.drift.markets.fit_network import _Head

    head = _Head(2, 0)
    cast(Any, head)._tails = lambda: (torch.tensor(5.0), torch.tensor(1.0))

    def density(scale: float, gap: float) -> float:
        row = (torch.zeros(1, 5), torch.tensor([scale]), torch.tensor([0.3]), torch.tensor([gap]))
        return float(head.log_density(tuple(x.double() for x in row)).detach())

    assert density(0.1, 4.0) == pytest.approx(density(0.2, 1.0), rel=1e-9)


def test_one_step_of_training_is_one_step() -> None:
    torch = pytest.importorskip("torch")
    from tanshi.simulator.drift.markets import fit_network

    head = fit_network._Head(2, 0)
    before = [parameter.detach().clone() for parameter in head.parameters()]
    memory = SimpleNamespace(features=lambda: np.full((4, 5), 0.5), scale=np.full(4, 0.1))
    weeks = cast(Any, SimpleNamespace(memory=memory, change=np.full(4, 0.3), gap=np.ones(4), weight=np.ones(4)))
    fit_network._train(head, weeks, None, fit_network.HeadConfig(), 1)
    assert any(not torch.equal(a, b) for a, b in zip(before, head.parameters(), strict=True))
    assert all(float((a - b).detach().abs().max()) < 0.03 for a, b in zip(before, head.parameters(), strict=True))


def test_errors_of_runs_with_different_coverage_are_counted_together() -> None:
    # Nothing moves in the forecast; the price of the first run rises by 0.3 in a step, that of the second, with another
    # coverage, by 0.4: the root of the mean square is 0.3535...
    r = np.zeros((4, STATE_SIZE))
    r[1, PRICE], r[3, PRICE] = 0.3, 0.4
    covered = np.zeros((4, 8), dtype=bool)
    covered[2:, 0] = True
    data = cast(Any, SimpleNamespace(
        t=np.array([2023.25, 2023.5, 2023.25, 2023.5]), covered=covered, market=np.zeros((4, 8)), r=r,
        star=np.zeros((4, STATE_SIZE)),
    ))  # fmt: skip
    found = shooting_errors(untrained(SECTORS), "none", data, np.array([[0, 1], [2, 3]]))
    assert found[0, 0] == pytest.approx(np.sqrt((0.09 + 0.16) / 2))


def test_a_forecast_by_regression_spreads_as_far_as_what_is_left_of_it() -> None:
    # 1, -1, 1, -1, 1: the slope is held at -0.95, what is left is 0.05 either way, and so wide is a week ahead.
    found = _first_order(np.array([1.0, -1.0, 1.0, -1.0, 1.0]), 1, np.random.default_rng(1), 20_000)
    assert found.mean() == pytest.approx(-1.95, abs=0.002)
    assert found.std() == pytest.approx(0.05, rel=0.03)
