"""Parameters of the economy that runs read can be changed by a scenario, and what does not fit is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.figures import MOVING, catalogue
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ground.economy import economy, province

SHANXI = "shanxi_2022"


def test_every_parameter_that_a_run_reads_is_in_the_catalogue() -> None:
    names = {path.removeprefix("economy.parameters.") for path in catalogue(SHANXI) if ".parameters." in path}
    assert names == set(MOVING)


def test_a_ceiling_below_what_was_made_is_named() -> None:
    with pytest.raises(UserError, match=r"economy\.parameters\.capacity_STEEL: expected at least 1, .* got 0\.9"):
        province(SHANXI, load_scenario("S1").closure, {"economy.parameters.capacity_STEEL": 0.9})


def test_a_ceiling_below_what_was_made_is_named_where_no_closure_looks_at_it() -> None:
    small = {"economy.parameters.capacity_COAL": 0.99, "economy.parameters.capacity_NMM": 0.0}
    with pytest.raises(UserError, match="too small") as caught:
        economy(SHANXI, small)
    assert [problem.field for problem in caught.value.problems] == list(small)
    assert economy(SHANXI, {"economy.parameters.capacity_COAL": 1.0}).numbered("capacity_")["COAL"] == 1.0


def test_clean_power_that_would_have_paid_already_is_named() -> None:
    with pytest.raises(UserError, match="clean_cost: expected above"):
        province(SHANXI, load_scenario("S1", {"closure.clean_cost": 0.05}).closure)


def test_rates_of_outside_demand_reach_the_run() -> None:
    dynamics = load_scenario("S1", {"dynamics.outside_carbon": 100.0}).dynamics
    growth = economy(SHANXI, {"economy.parameters.outside_growth_COAL": -0.01}).growth(dynamics, 2022, 2035)
    assert growth.outside["COAL"] == -0.01
    size = growth.outside_size["COAL"]
    assert size[2022] == 1.0
    assert size[2030] == pytest.approx((1 + 0.0031 * 100) ** -0.5)  # Burke and Liao's response, coal dearer by 31 %
    assert size[2035] == size[2030]


def test_accounts_older_than_the_run_are_carried_to_it_before_anybody_outside_pays() -> None:
    """A market of several provinces begins in one year: until then nobody pays for carbon in Shandong's coal."""
    dynamics = load_scenario("S1", {"dynamics.outside_carbon": 80.0}).dynamics
    size = economy("shandong_2017").growth(dynamics, 2022, 2024, carried=True).outside_size["COAL"]
    assert [size[year] for year in range(2017, 2023)] == [1.0] * 6
    assert size[2024] == pytest.approx((1 + 0.0031 * 20) ** -0.5)  # a quarter of the way from 2022 to 2030


def test_a_region_that_does_not_know_the_response_says_so() -> None:
    dynamics = load_scenario("S1", {"dynamics.outside_carbon": 100.0}).dynamics
    region = economy("shandong_2017")
    known = region.figures.parameters
    silent = replace(region.figures, parameters=known[known["parameter"] != "outside_coal_response"])
    with pytest.raises(UserError, match="outside_coal_response"):
        replace(region, figures=silent).growth(dynamics, 2017, 2019)
