"""Who buys sinks and how much, what forestry offers, and what a firm bids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tanshi.agents.sinks.choice import Instruments, choose, net_benefit, net_benefit_with_policy
from tanshi.agents.sinks.errors import SinksError
from tanshi.agents.sinks.published import abatement_costs
from tanshi.agents.sinks.supply import FLOOR, Forestry, cost_spread, offset_bid, province_spread, rescale

money = st.floats(0, 1e6)
ECONOMY = Path(__file__).parents[3] / "scenarios" / "economies" / "shanxi_2022"


def test_a_case_worked_out_by_hand() -> None:
    """1,000 t emitted, 100 t to go, sinks at 60 less 20 of subsidy, abatement at 50, 10 % allowed, tax 5."""
    policy = Instruments(60, 0.1, 5, 20)
    found = choose(1e6, 4e5, 50.0, 1000.0, 100.0, policy).iloc[0]
    assert not found["buys_without_policy"]
    assert found["buys"]
    assert (found["sinks_t"], found["abated_t"]) == (10, 90)
    assert found["benefit_without_policy_yuan"] == 1e6 - 4e5 - 5000
    assert found["benefit_yuan"] == 1e6 - 4e5 - (40 * 10 + 50 * 90 + 5 * 900)
    assert found["gain_from_sinks_yuan"] == 10 * (50 - 40)


@given(money, money, st.floats(0, 2000), st.floats(1, 1e5), st.floats(0, 1), money, st.floats(0, 1), st.floats(0, 500))
def test_a_firm_never_loses_by_being_allowed_sinks(
    revenue: float, cost: float, abatement: float, co2: float, part: float, price: float, share: float, subsidy: float
) -> None:
    policy = Instruments(price, share, 3.0, subsidy)
    found = choose(revenue, cost, abatement, co2, part * co2, policy).iloc[0]
    rounding = 1e-9 * (abatement + price + 3) * co2
    assert found["gain_from_sinks_yuan"] >= -rounding
    assert found["sinks_t"] + found["abated_t"] == pytest.approx(part * co2)
    assert found["sinks_t"] <= share * part * co2 + 1e-9
    assert found["buys"] == (price - subsidy < abatement and share > 0 and part * co2 > 0)


@given(st.floats(0, 2000), st.floats(1, 1e5), st.floats(0, 500), st.floats(0.01, 1))
def test_a_buyers_benefit_is_the_papers_equations(abatement: float, co2: float, price: float, share: float) -> None:
    assume(price < abatement)
    policy = Instruments(price, share, 2.0, 20.0)
    found = choose(1e6, 2e5, abatement, co2, 0.1 * co2, policy).iloc[0]
    with_policy = net_benefit_with_policy(1e6, 2e5, abatement, co2, 0.1 * co2, policy)
    assert found["benefit_yuan"] == pytest.approx(float(with_policy))
    assert found["benefit_without_policy_yuan"] == pytest.approx(float(net_benefit(1e6, 2e5, price, 0.1 * co2)))


@given(st.floats(0, 100), st.floats(0, 100))
def test_in_equation_3_the_tax_takes_and_does_not_choose(one: float, two: float) -> None:
    costs = np.array([20.0, 50.0, 80.0])
    first, second = (choose(1e6, 0.0, costs, 1e3, 50.0, Instruments(60, 0.1, tax, 20)) for tax in (one, two))
    assert list(first["buys"]) == list(second["buys"]) == [False, True, True]
    difference = (first["benefit_yuan"] - second["benefit_yuan"]).to_numpy()
    np.testing.assert_allclose(difference, (two - one) * 950.0, atol=1e-6)


def test_at_equal_cost_a_firm_abates() -> None:
    found = choose(0.0, 0.0, 40.0, 100.0, 10.0, Instruments(60, 1.0, 0, 20)).iloc[0]
    assert not found["buys"]
    assert found["abated_t"] == 10


def test_a_firm_that_cannot_abate_buys_all_it_may() -> None:
    found = choose(0.0, 0.0, np.inf, 100.0, 10.0, Instruments(60, 1.0, 0, 20)).iloc[0]
    assert found["sinks_t"] == 10
    assert found["benefit_yuan"] == -400


def test_a_reduction_above_the_emissions_is_named_with_its_row() -> None:
    with pytest.raises(SinksError, match="row 2, column reduction"):
        choose(0.0, 0.0, 1.0, [100.0, 100.0], [10.0, 110.0], Instruments(60))
    with pytest.raises(SinksError, match="offset_share"):
        Instruments(60, 1.2)


# Supply and bids


@given(st.floats(0.001, 0.999), st.floats(1.0, 500.0), st.floats(0.1, 2.0))
def test_supply_and_its_inverse_undo_one_another(share: float, median: float, spread: float) -> None:
    forestry = Forestry(1e6, median, spread)
    assert forestry.quantity(forestry.price(share * 1e6)) == pytest.approx(share * 1e6, rel=1e-9)


def test_supply_rises_from_nothing_to_the_potential_with_its_slope() -> None:
    forestry = Forestry()
    prices = np.linspace(0, 2000, 400)
    offered = forestry.quantity(prices)
    assert offered[0] == 0
    assert (np.diff(offered) >= 0).all()
    assert offered[-1] == pytest.approx(forestry.potential, rel=1e-6)
    difference = (forestry.quantity(61.0) - forestry.quantity(59.0)) / 2
    assert forestry.slope(60.0) == pytest.approx(float(difference), rel=1e-3)


def test_asks_add_up_to_the_potential_and_follow_the_curve() -> None:
    forestry = Forestry()
    asks = forestry.asks(200)
    assert asks["quantity"].sum() == pytest.approx(forestry.potential)
    assert asks["price"].is_monotonic_increasing
    below = asks.loc[asks["price"] <= 60, "quantity"].sum()
    assert below == pytest.approx(float(forestry.quantity(60.0)), rel=0.02)


@given(st.lists(st.floats(1, 3e4), min_size=2, max_size=20), st.floats(1, 500), st.floats(1, 500))
def test_nobody_bids_more_than_the_allowance_is_expected_to_cost(
    demand: list[float], level: float, expected: float
) -> None:
    bids = offset_bid(demand, level, expected)
    assert (bids <= expected).all()
    scaled = rescale(demand, level)
    assert scaled.mean() == pytest.approx(level)
    np.testing.assert_allclose(scaled / scaled[0], np.array(demand) / demand[0], rtol=1e-9)
    np.testing.assert_array_equal(bids, np.minimum(scaled, expected))


def test_bids_refuse_prices_that_cannot_be_rescaled() -> None:
    for demand in ([1.0, -1.0], [1.0, np.inf], [0.0, 0.0]):
        with pytest.raises(SinksError, match="rescaled"):
            offset_bid(demand, 50, 60)


def test_the_spread_of_costs_is_wider_where_the_ranges_are() -> None:
    spread = cost_spread(abatement_costs()).set_index("sector")
    assert spread.loc["chemicals", "sigma"] > spread.loc["steel", "sigma"] > 0
    assert sorted(spread["rank"]) == [1, 2, 3]
    assert np.log(spread["relative_level"]).mean() == pytest.approx(0, abs=1e-12)


def test_the_province_s_figures_of_abatement_cost_are_computed_from_table_2() -> None:
    figures = pd.read_csv(ECONOMY / "population.csv").set_index(["sector", "parameter"])
    for row in province_spread().itertuples():
        sigma, order = figures.loc[(row.sector, "cost_sigma")], figures.loc[(row.sector, "cost_order")]
        assert sigma["value"] == sigma["low"] == round(row.cost_sigma, 4)
        assert sigma["high"] == round(row.cost_sigma_high, 4)
        assert order["value"] == round(row.cost_order, 4)
        assert row.proxy in sigma["source"]
        assert ("borrowed" in sigma["source"]) == (row.sector not in ("ELEC", "STEEL", "CHEM"))


def test_cells_at_the_floor_are_left_out_of_the_spread() -> None:
    costs = abatement_costs()
    kept = costs[costs["lowest"] > FLOOR]
    assert len(costs) - len(kept) == 15
    assert_frame_equal(cost_spread(costs, above=FLOOR), cost_spread(kept))


@pytest.mark.parametrize("name", ["potential", "median_cost", "spread"])
def test_a_supply_without_size_is_refused(name: str) -> None:
    with pytest.raises(SinksError, match=name):
        Forestry(**{name: 0.0})
