"""The bargaining price: the paper's three hypotheses, where they hold and where not, and the guarded domain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tanshi.agents.sinks.bargaining import (
    Policy,
    bargaining_factor,
    demand_price,
    demand_slopes,
    is_defined,
    lowest_tax,
)
from tanshi.agents.sinks.errors import SinksError
from tanshi.agents.sinks.published import abatement_costs
from tanshi.agents.sinks.surfaces import RANGES, line, mean_costs, slopes_at, surface

shares = st.floats(0.001, 0.999)
subsidies = st.floats(0.0, 1000.0)
costs = st.floats(0.0, 1e4)
spreads = st.floats(1.0, 1e5)


@given(spreads, shares, shares, shares, subsidies)
def test_the_price_rises_with_the_offset_share(
    spread: float, one: float, two: float, tax: float, subsidy: float
) -> None:
    less, more = sorted((one, two))
    assume(more - less > 1e-4)
    assume(is_defined(more, tax, subsidy))
    prices = [demand_price(0.0, spread, Policy(share, tax, subsidy)) for share in (less, more)]
    assert prices[0] < prices[1]


@given(spreads, shares, shares, shares, subsidies)
def test_the_price_falls_with_the_tax(spread: float, share: float, one: float, two: float, subsidy: float) -> None:
    less, more = sorted((one, two))
    assume(more - less > 1e-4)
    assume(is_defined(share, less, subsidy))
    prices = [demand_price(0.0, spread, Policy(share, tax, subsidy)) for tax in (less, more)]
    assert prices[0] > prices[1]


@given(spreads, shares, shares, subsidies, st.floats(0.01, 100.0))
def test_the_price_rises_with_the_subsidy(spread: float, share: float, tax: float, subsidy: float, more: float) -> None:
    assume(is_defined(share, tax, subsidy + more))
    prices = [demand_price(0.0, spread, Policy(share, tax, amount)) for amount in (subsidy, subsidy + more)]
    assert prices[0] < prices[1]


@given(costs, spreads, shares, shares, subsidies)
def test_the_price_lies_between_lowest_and_highest_cost_where_defined(
    low: float, spread: float, share: float, tax: float, subsidy: float
) -> None:
    assume(is_defined(share, tax, subsidy))
    price = demand_price(low, low + spread, Policy(share, tax, subsidy))
    assert low <= price <= low + spread


def test_exceptions_to_the_hypotheses_no_spread_no_share_full_tax() -> None:
    """With equal costs, no offsets or all taxed away nothing moves the price."""
    for low, high, changes in (
        (500.0, 500.0, [Policy(0.05), Policy(0.2), Policy(omega_d=0.1), Policy(subsidy=150)]),
        (300.0, 900.0, [Policy(0.0), Policy(0.0, 0.2), Policy(0.0, subsidy=150)]),
        (300.0, 900.0, [Policy(0.05, 1.0), Policy(0.2, 1.0), Policy(0.05, 1.0, 150)]),
    ):
        assert {float(demand_price(low, high, policy)) for policy in changes} == {low}


def test_exception_to_the_hypotheses_beyond_the_domain_the_capped_price_is_flat() -> None:
    low_tax = lowest_tax(0.2, 150) / 2
    prices = {
        float(demand_price(300, 900, Policy(0.2, tax, subsidy), beyond="cap"))
        for tax, subsidy in ((low_tax, 150), (low_tax / 10, 150), (low_tax, 1000))
    }
    assert prices == {900.0}


@given(shares, shares, st.floats(0.0, 500.0))
def test_closed_form_slopes_equal_differences(share: float, tax: float, subsidy: float) -> None:
    assume(0.01 < share < 0.98)
    assume(0.01 < tax < 0.98)
    closed = demand_slopes(1000.0, share, tax, subsidy)
    step = 1e-5
    for name, less, more, width in (
        ("omega_s", (share - step, tax, subsidy), (share + step, tax, subsidy), 2 * step),
        ("omega_d", (share, tax - step, subsidy), (share, tax + step, subsidy), 2 * step),
        ("subsidy", (share, tax, subsidy), (share, tax, subsidy + 1), 1.0),
    ):
        difference = 1000.0 * float(bargaining_factor(*more) - bargaining_factor(*less)) / width
        assert float(getattr(closed, name)) == pytest.approx(difference, rel=2e-4, abs=1e-9)


@given(shares, subsidies)
def test_the_domain_begins_where_the_factor_is_one(share: float, subsidy: float) -> None:
    edge = lowest_tax(share, subsidy)
    assert bargaining_factor(share, edge, subsidy) == pytest.approx(1.0, rel=1e-6)
    assert is_defined(share, min(edge * 1.001, 1.0), subsidy)
    assert not is_defined(share, edge * 0.999, subsidy)


def test_where_the_formula_diverges_it_is_refused_capped_or_missing() -> None:
    close = Policy(omega_d=1e-7)
    with pytest.raises(SinksError, match=r"column omega_d: expected a tax rate of .* or more"):
        demand_price(300, 900, close)
    assert demand_price(300, 900, close, beyond="cap") == 900
    assert np.isnan(demand_price(300, 900, close, beyond="nan"))
    with pytest.raises(SinksError, match="omega_d"):
        Policy(omega_d=0.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("omega_s", -0.1), ("omega_s", 1.1), ("omega_d", 1.5), ("omega_d", -0.1), ("subsidy", -1.0), ("subsidy", np.nan)],
)
def test_weights_outside_their_range_are_named(name: str, value: float) -> None:
    with pytest.raises(SinksError, match=name):
        Policy(**{name: value})


def test_a_highest_cost_below_the_lowest_is_named_with_its_row() -> None:
    with pytest.raises(SinksError, match="row 2"):
        demand_price([300, 500], [900, 400])


# Surfaces


def test_the_mean_price_of_a_sector_is_the_price_at_its_mean_costs() -> None:
    table = abatement_costs()
    for costs_of in mean_costs(table, "sector"):
        cells = table[table["sector"] == costs_of.name]
        direct = demand_price(cells["lowest"], cells["highest"]).mean()
        assert demand_price(costs_of.lowest, costs_of.highest) == pytest.approx(direct, rel=1e-12)


@pytest.mark.parametrize("instrument", list(RANGES))
def test_lines_span_the_papers_ranges_and_are_cut_where_undefined(instrument: str) -> None:
    costs_of = mean_costs(abatement_costs(), "province")[0]
    found = line(costs_of, instrument)
    assert (found["level"].min(), found["level"].max()) == RANGES[instrument]
    undefined = found[~found["defined"]]
    assert undefined["demand_price"].isna().all()
    assert list(undefined["level"]) == ([0.0] if instrument == "omega_d" else [])
    steps = np.diff(found.loc[found["defined"], "demand_price"])
    assert ((steps < 0) if instrument == "omega_d" else (steps > 0)).all()


def test_a_surface_meets_its_lines() -> None:
    costs_of = mean_costs(abatement_costs(), "sector")[2]
    grid = surface(costs_of, "omega_s", "subsidy", points=41)
    along = line(costs_of, "omega_s", Policy(subsidy=150.0), points=41)
    edge = grid[grid["second_level"] == 150.0]
    np.testing.assert_allclose(edge["demand_price"], along["demand_price"], rtol=1e-12)


def test_slopes_at_todays_policy_agree_with_differences() -> None:
    found = slopes_at(mean_costs(abatement_costs(), "sector"))
    np.testing.assert_allclose(found["closed_form"], found["central_difference"], rtol=1e-4)
