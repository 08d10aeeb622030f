"""The national market as a ready scenario: its rules by year, the national price, and the province alone beside it."""

from __future__ import annotations

from typing import Any

import pytest

from tanshi.scenarios.facts.observed import observed_years
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.results.collect import result_of
from tanshi.simulator.results.tables import identity_gaps
from tanshi.simulator.results.variables import PLANT_CLASSES, allocation_of, emissions_of, verified_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import run_until
from tanshi.simulator.run.world import State, World
from tanshi.simulator.views.reports.allotment import allotments
from tanshi.simulator.views.words import plain_words

SMALL: dict[str, Any] = {"firms.number": 24, "market.periods_per_year": 2}
FACTOR = 1.0022


def run(name: str, **given: Any) -> tuple[World, State]:
    world, state = begin(load_scenario(name, SMALL | {key.replace("__", "."): v for key, v in given.items()}))
    run_until(world, state)
    return world, state


def test_the_national_market_runs_by_its_law_at_the_nations_price() -> None:
    world, state = run("china-2019-2030", years__end=2028)
    known = observed_years("china")
    for period in state.log.periods:
        if 2023 <= period["year"] <= max(known):
            assert period["price"] == pytest.approx(known[period["year"]].mean, rel=0.01)
    assert max(period["price"] for period in state.log.periods) < 0.2 * world.scenario.penalty.price
    assert [state.policy.kinds(year)["STEEL"] for year in (2023, 2024)] == ["none", "trading"]
    assert [state.policy.method("NMM", year) for year in (2024, 2025, 2027)] == ["verified", "band", "history"]
    for row in state.log.settlements:
        assert row["shortfall_t"] < 1e-5 * row["owed_t"]  # nobody is short for a vintage's sake
    state.registry.check()
    _tables_say_what_was_given(world, state)


def _tables_say_what_was_given(world: World, state: State) -> None:
    """Free allowances by sector and class beside emissions, in the tables, the report and the words."""
    result = result_of(world, state)
    assert identity_gaps(result)["net sales of sectors, Mt"] < 1e-9  # also in the last year, settled after the run
    steel, emitted = (result.series(name) for name in (allocation_of("STEEL"), "Emissions|CO2|Iron and Steel"))
    assert steel.loc[2023] == 0.0
    assert steel.loc[2024] == pytest.approx(emitted.loc[2024], rel=1e-6)  # verified emissions
    assert steel.loc[2025] == pytest.approx(emitted.loc[2025], rel=1e-6)  # a band around its balance value
    for year in range(2023, 2029):
        power = [float(result.series(name).loc[year]) for name in (allocation_of("ELEC"), emissions_of("ELEC"))]
        classes = [[float(result.series(name(kind)).loc[year]) for kind in PLANT_CLASSES]
                   for name in (lambda kind: allocation_of("ELEC", kind), verified_of)]  # fmt: skip
        assert [sum(each) for each in classes] == pytest.approx(power, rel=1e-6)
    given = sum(result.series(allocation_of(code)).loc[2025] for code in world.sectors)
    assert result.series("Carbon Market|Cap").loc[2025] == pytest.approx(given, rel=1e-6)
    page = "".join(allotments({result.scenario: [result]}))
    assert page.count("<td>given\u00a0free</td>") == 8 + len(PLANT_CLASSES)
    assert "68.5" in page
    assert "212.0" in page
    words = plain_words([result])
    assert "of iron and steel, non-ferrous metals, and building materials go by verified emissions in 2024," in words
    assert "2023: 68.5 yuan/t and 212 Mt" in words


@pytest.mark.parametrize("deficit", [0.2, 0.001])
def test_without_firms_what_is_given_by_class_adds_up_too(deficit: float) -> None:
    """Where nearly nobody may lack anything most plant is topped up, and a tonne more brings an allowance."""
    changes = {"market__mode": "equilibrium", "years__end": 2024, "drift__mode": "none", "banking__horizon": 0}
    world, state = run("china-2019-2030", sectors__ELEC__limits__deficit=deficit, **changes)
    result = result_of(world, state)
    assert (state.policy.tilts(2024)[world.sectors.index("ELEC")].returned > 0.3) == (deficit == 0.001)
    for year in (2023, 2024):
        by_class = sum(result.series(allocation_of("ELEC", kind)).loc[year] for kind in PLANT_CLASSES)
        assert by_class == pytest.approx(result.series(allocation_of("ELEC")).loc[year], rel=1e-3)


def test_a_run_may_end_before_a_sector_enters() -> None:
    scenario = load_scenario("china-2019-2030", {"years.end": 2024})
    assert scenario.statuses(2024)["COKE"] == "none"


def test_what_power_brings_from_before_the_benchmark_year_is_powers_alone() -> None:
    world, state = begin(load_scenario("china-2019-2030", SMALL))
    run_until(world, state, 5)
    before = state.registry.totals()["issued"][: 2022 - state.registry.first_vintage]
    power = state.policy.baseline.at(2023)[world.sectors.index("ELEC")]
    assert int(before.sum()) / 1e6 == pytest.approx(0.02 * power, rel=1e-6)


def test_one_factor_balances_the_rules_in_the_province_alone() -> None:
    open_, closed = (load_scenario(name) for name in ("china-2019-2030", "china-closed"))
    for kind in ("coal_I", "coal_II", "coal_III", "gas", "heat"):
        national, own = (getattr(one.sectors.ELEC.classes, kind) for one in (open_, closed))
        for year in range(2023, 2031):
            assert own.at(year) / national.at(year) == pytest.approx(FACTOR, abs=1e-4)
    assert f"{FACTOR:.4f}" in closed.title
    _, state = begin(load_scenario("china-closed", SMALL))
    emitted, given = (sum(float(x(year)[0]) for year in range(2023, 2027))
                      for x in (state.policy.baseline.at, state.policy.caps))  # fmt: skip
    assert given == pytest.approx(emitted, rel=1e-4)


def test_what_was_advanced_too_much_leaves_an_older_years_allowances_for_its_debts() -> None:
    """Power returns part of its advance of 2024 before it surrenders for 2023: 2023's allowances suffice for 2023."""
    _, state = run("china-closed", years__end=2024, banking__horizon=0)
    older = next(row for row in state.log.settlements if row["year"] == 2023)
    assert older["allotted_t"]["ELEC"] > older["owed_t"]
    assert older["shortfall_t"] == 0
    assert older["banked_t"] == pytest.approx(older["allotted_t"]["ELEC"] - older["owed_t"], abs=1000)


def test_a_supply_from_outside_goes_with_deadlines_at_the_years_end() -> None:
    from tanshi.scenarios.errors import UserError

    nation = {"to": "supply", "emissions": 4900.0, "cap": 4800.0}
    with pytest.raises(UserError, match="deadlines at the year's end"):
        load_scenario("china-2019-2030", {"market.link": nation})
    with pytest.raises(UserError, match="a closed market where supply in steps"):
        load_scenario("S1", {"market.link": {"to": "price", "price": 60.0}, "market.mode": "equilibrium",
                             "auctions.reserve_price": 20.0})  # fmt: skip
