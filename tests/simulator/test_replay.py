"""What is not stored is found again exactly, or refused: a replay never shows other numbers than the run's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.replay import as_it_was_run, auction, place_of, replayed, scenario_of
from tanshi.simulator.results.tables import RunResult

FIELDS = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 3}


@pytest.fixture(scope="module")
def run() -> RunResult:
    return simulate(load_scenario("S5", FIELDS))


def test_the_parameters_of_a_run_are_its_scenario(run: RunResult) -> None:
    assert scenario_of(run) == load_scenario("S5", FIELDS)


@pytest.mark.parametrize(("year", "period"), [(2022, 1), (2022, 3), (2023, 2)])
def test_a_replayed_auction_clears_at_the_stored_price_and_volume(run: RunResult, year: int, period: int) -> None:
    found = auction(run, year, period)
    row = run.periods.iloc[place_of(run, year, period)]
    assert found.price == row["price"]
    assert int(found.clearing.fills.quantity.sum()) * found.lot == row["volume_t"]
    assert len(found.orders) == row["orders"]


def test_a_replayed_model_stands_where_the_run_stood(run: RunResult) -> None:
    model = replayed(run, 4)
    assert (model.state.year, model.state.period) == (2023, 1)
    assert model.state.market.price == run.periods["price"].iloc[3]


def test_a_record_is_its_scenario_with_its_own_seed() -> None:
    scenario = load_scenario("S1", {"seed": 7, "years.end": 2024})
    assert as_it_was_run(scenario.model_dump(mode="json"), "S1") == scenario


def test_a_run_that_comes_out_differently_is_refused(run: RunResult) -> None:
    other = run.periods.copy()
    other.loc[3, "price"] += 0.01
    with pytest.raises(UserError, match="another version"):
        auction(replace(run, periods=other), 2023, 1)


@pytest.mark.parametrize(("year", "period"), [(2024, 1), (2023, 4), (2023, 0)])
def test_a_period_that_the_run_does_not_have_is_refused(run: RunResult, year: int, period: int) -> None:
    with pytest.raises(UserError, match="a year of 2022 to 2023 and a period of 1 to 3"):
        auction(run, year, period)


def test_parameters_of_another_version_are_refused(run: RunResult) -> None:
    with pytest.raises(UserError, match="another version"):
        scenario_of(replace(run, parameters={**run.parameters, "weather": "fine"}))


def test_the_equilibrium_alone_has_no_order_book() -> None:
    alone = simulate(load_scenario("S1", {**FIELDS, "market.mode": "equilibrium", "years.end": 2022}))
    with pytest.raises(UserError, match="no order book"):
        auction(alone, 2022, 1)
