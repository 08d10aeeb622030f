"""Two firms and numbers worked out by hand: what each rule of the agents comes to."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from tanshi.agents.abatement import Position, Tangent, demand
from tanshi.agents.planning import Prospect, _accelerated, _carried
from tanshi.agents.population import Population, PopulationError, build
from tanshi.agents.sinks import comparison, published
from tanshi.agents.sinks.bargaining import Policy, demand_price, demand_slopes
from tanshi.agents.sinks.nonparametric import Walk
from tanshi.agents.sinks.parametric import _by
from tanshi.agents.strategies.sizing import in_parts
from tanshi.agents.strategies.zic import shaded
from tanshi.agents.strategies.zip import learn
from tanshi.market.orders import Orders


def two_firms(**changes: Any) -> Population:
    """One sector of two firms that emit alike."""
    return replace(build({"ELEC": 2}, 1, size_sigma=0.0, intensity_sigma=0.0, cost_sigma=0.0), **changes)


def test_a_column_of_another_length_than_there_are_firms_is_refused() -> None:
    assert len(two_firms()) == 2
    with pytest.raises(PopulationError, match=r"cost has shape \(3,\), expected \(2,\)"):
        two_firms(cost=np.ones(3))


def test_discount_rates_may_differ_a_little() -> None:
    rates = build({"ELEC": 2000}, 1, discount_rate=0.05, discount_sigma=0.2).discount_rate
    assert np.median(rates) == pytest.approx(0.05, rel=0.02)
    assert np.log(rates).std() == pytest.approx(0.2, rel=0.05)
    with pytest.raises(PopulationError, match=r"discount rate dispersion is -0\.1"):
        build({"ELEC": 2}, 1, discount_sigma=-0.1)


def test_what_output_will_bring_at_a_higher_price_lowers_what_a_firm_wants() -> None:
    # At 100 yuan/t a firm expects 40 t for its output and 2 t less for every yuan more: at 110 it expects 20 t, so that
    # it has to buy 20 t more. Its emissions do not answer; credits fall by 1 t a yuan, which is 10 t more.
    firms = two_firms()
    still = Tangent(100.0, np.array([0.0]), np.array([0.0]))
    place = Position(
        to_date=np.array([50.0, 0.0]),
        remaining=1.0,
        holdings=np.zeros(2),
        entitlement=np.array([40.0, 0.0]),
        entitlement_slope=np.array([-2.0, 0.0]),
        credits=np.zeros(2),
        credits_slope=np.array([-1.0, 0.0]),
    )
    wanted = demand(firms, still, place)
    assert wanted.at(100.0).tolist() == [10.0, 0.0]
    assert wanted.at(110.0).tolist() == [40.0, 0.0]


def test_a_seller_asks_as_far_above_its_worth_as_patience_goes() -> None:
    # Worth 50 in a band of 0 to 100; the draws are all but 1, so that full patience bids 50 and asks 100.
    worth, high = np.array([50]), np.array([0.999])
    assert [x.tolist() for x in shaded(worth, 0, 100, 1.0, np.array([0.0]), high)] == [[0], [100]]
    assert [x.tolist() for x in shaded(worth, 0, 100, 0.5, np.array([0.0]), high)] == [[25], [75]]
    assert [x.tolist() for x in shaded(worth, 0, 100, 0.0, np.array([0.0]), high)] == [[50], [50]]


def test_the_derivative_of_each_term_to_one_input() -> None:
    # Terms 1, x, y, c, xx, xy, xc, yy, yc, cc at x = 2, y = 3, c = 5; the squares stand with a half (translog).
    found = _by(0, np.array([[2.0]]), np.array([3.0]), np.array([5.0]))
    assert found.tolist() == [[0.0, 1.0, 0.0, 0.0, 2.0, 3.0, 5.0, 0.0, 0.0, 0.0]]


def test_what_rounding_leaves_of_a_long_step_is_no_fall() -> None:
    # A step of a million moves a row by a millionth: 1e-12 of the step. It meets nothing on the way.
    walk = cast(Any, SimpleNamespace(technology=SimpleNamespace(rows=np.array([[-1e-12], [-1.0]]))))
    weights, long = np.array([0.0]), np.array([1e6])
    assert Walk._block(walk, weights, long, np.array([1])) == (-1, np.inf)
    assert Walk._block(walk, weights, long, np.array([0]))[0] == 1


def test_steps_that_cancel_lead_to_where_nothing_moves() -> None:
    # The map x -> x / 2 + 1 in one number: at 0 its step is 1, at 1 it is 1/2; it stands still at 2.
    found = _accelerated([np.array([0.0]), np.array([1.0])], [np.array([1.0]), np.array([0.5])])
    assert found == pytest.approx([2.0])
    assert _accelerated([np.array([1.0])], [np.array([0.5])]) == pytest.approx([1.5])


def test_a_mixture_that_reaches_far_is_not_believed() -> None:
    # The last step, (20, 1), is 20 times what the first change of steps was and once the second: 20 is too far.
    points = [np.array([0.0, 0.0]), np.array([1.0, 0.0]), np.array([1.0, 2.0])]
    steps = [np.array([19.0, 0.0]), np.array([20.0, 0.0]), np.array([20.0, 1.0])]
    assert _accelerated(points, steps).tolist() == [21.0, 3.0]


def test_slopes_of_the_bargaining_price_at_one_half() -> None:
    # s = d = 1/2, no subsidy, costs 10,000 yuan/t apart. The price is s^2 (1 - d) / (d (1 - s d)) = 1/3; its change
    # with s is 1/3 (2 / s + d / (1 - s d)) = 1/3 (4 + 2/3) = 14/9.
    found = demand_slopes(10_000.0, 0.5, 0.5, 0.0)
    assert float(found.omega_s) == pytest.approx(14 / 9)
    assert float(found.omega_d) == pytest.approx(-(1 / 3) * (2 + 0.5 / (0.5 * 0.75)))
    assert float(found.subsidy) == pytest.approx(1 / 3)


def test_orders_are_divided_down_to_single_lots() -> None:
    order = Orders(np.array([4]), np.array([1], np.int8), np.array([70]), np.array([3]), np.array([0]))
    assert in_parts(order, 1).quantity.tolist() == [1, 1, 1]
    assert in_parts(order, 2).quantity.tolist() == [2, 1]
    with pytest.raises(ValueError, match="expected at least 1"):
        in_parts(order, 0)


def test_the_last_move_of_a_quote_counts_for_a_twentieth() -> None:
    # A buyer of ZIP quoted 60 where the market paid 60: its target is 60 less luck. With no luck the target is the
    # price, so what is left of a last move of 10 is 5 % of it.
    firms = two_firms(
        strategies=("zip",), strategy=np.zeros(2, np.int64), momentum=np.array([10.0, 0.0]), quote=np.full(2, 60.0)
    )
    order = Orders(np.array([0, 1]), np.array([1, -1], np.int8), np.full(2, 6000), np.ones(2, np.int64), np.arange(2))
    luckless = cast(Any, SimpleNamespace(uniform=lambda name, number=1: np.zeros((2, number))))
    learn(firms, order, 60.0, 0.01, luckless)
    assert firms.quote.tolist() == [60.5, 60.0]
    assert firms.momentum.tolist() == [0.5, 0.0]


def test_what_is_carried_clears_both_years_at_their_own_prices() -> None:
    # Each year emits 10 at 10 yuan/t and 0.1 less for every yuan more; 10 and 6 are given, carrying costs 10 %. Both
    # years together: 16 = 20 - 0.1 (p + 1.1 p - 20), so p = 60 / 2.1; the first keeps 10 - (10 - 0.1 (p - 10)).
    two = Prospect(np.array([10.0, 6.0]), 0.0, np.zeros(2), np.array([np.inf, 0.0]), np.full(2, 0.1))
    same = (np.full(2, 10.0), np.full(2, -0.1), np.full(2, 10.0))
    price, bank, _ = _carried(two, *same, (np.full(2, 20.0), np.zeros(2)), lambda b: (np.full(2, 0.1), np.zeros(2)))
    assert price.tolist() == pytest.approx([60 / 2.1, 66 / 2.1])
    assert bank.tolist() == pytest.approx([0.1 * (60 / 2.1 - 10), 0.0])


def test_a_printed_price_is_rounding_only_within_half_a_digit_of_each_number(monkeypatch: pytest.MonkeyPatch) -> None:
    # Both of a cell's costs and its price are printed to 0.01: half a digit of each is 0.005 + 0.005 in all.
    cells = {"sector": ["a", "b", "c"], "year": [2020] * 3, "province": ["X"] * 3}
    costs = pd.DataFrame({**cells, "lowest": [10.0] * 3, "highest": [20.0] * 3})
    monkeypatch.setattr(published, "abatement_costs", lambda: costs)
    own = float(demand_price(10.0, 20.0, Policy()))
    prices = pd.DataFrame({**cells, "demand_price": [own + 0.004, own + 0.009, own + 0.011]})
    monkeypatch.setattr(published, "demand_prices", lambda: prices)
    assert comparison.compare_demand_prices()["verdict"].tolist() == ["agrees", "rounding", "unexplained"]
