"""The exact derivatives of a path of equilibria are those that differences come to."""

from __future__ import annotations

import pytest

from tanshi.scenarios.draws import vary
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.load import TRADITIONAL, load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.studies.tangent import path_of

YEARS = (2023, 2024)
WATCHED = ("Price|Carbon", "Energy Consumption", "Emissions|CO2", "GDP|MER", "Welfare|Money Metric")
FIELDS = (
    "cap.tightness", "cap.decline", "dynamics.productivity_growth", "dynamics.capital_growth", "dynamics.depreciation",
    "dynamics.aeei_power", "closure.installed_elasticity", "economy.elasticities.GENC.fuels",
)  # fmt: skip


def scenario(name: str = "S5", **changes: object) -> Scenario:
    return load_scenario(name, {"years.end": YEARS[-1], "cap.tightness": 0.04, "cap.decline": 0.03, **changes})


def value_of(s: Scenario, field: str) -> float:
    if field.startswith("economy."):
        return catalogue(s.economy)[field].value
    group, name = field.split(".")
    return float(getattr(getattr(s, group), name))


@pytest.mark.parametrize(("name", "changes"), [("tax-100", {}), ("S2", {"allocation.binding": True})])
def test_a_tax_and_quotas_of_one_s_own_are_part_of_the_path(name: str, changes: dict[str, object]) -> None:
    """The path of equilibria is that of the run without firms, whatever the scenario's instrument."""
    short: dict[str, object] = {"years.end": 2023, **changes}
    path = path_of(load_scenario(name, short)).values["Emissions|CO2"]
    run = simulate(load_scenario(name, {**TRADITIONAL, **short})).series("Emissions|CO2")
    assert path == pytest.approx(run.to_dict(), rel=1e-9)


def test_under_a_tax_emissions_grow_with_productivity_as_differences_say() -> None:
    here, field = load_scenario("tax-100", {"years.end": 2023}), "dynamics.productivity_growth"
    up, down = (path_of(vary(here, {field: value_of(here, field) + step})).values for step in (1e-5, -1e-5))
    difference = (up["Emissions|CO2"][2023] - down["Emissions|CO2"][2023]) / 2e-5
    slopes = path_of(here, {"growth": {field: 1.0}}).slopes["growth"]
    assert slopes["Emissions|CO2"][2023] == pytest.approx(difference, rel=1e-3)


def test_exact_derivatives_are_what_differences_come_to() -> None:
    s = scenario()
    exact = path_of(s, {field: {field: 1.0} for field in FIELDS})
    assert set(exact.slopes) == set(FIELDS)
    for field in FIELDS:
        here, step = value_of(s, field), 1e-4 if field.startswith("economy.") else 1e-5
        up, down = (path_of(vary(s, {field: here + sign * step})).values for sign in (1, -1))
        for variable in WATCHED:
            for year in YEARS:
                difference = (up[variable][year] - down[variable][year]) / (2 * step)
                small = 1e-5 * abs(exact.values[variable][year])
                assert exact.slopes[field][variable][year] == pytest.approx(difference, rel=1e-4, abs=small), (
                    field, variable, year,
                )  # fmt: skip


def test_several_fields_that_move_together_add_up() -> None:
    s = scenario("S1")
    both = {"cap.decline": 0.5, "dynamics.aeei": -2.0}
    slopes = path_of(s, {"both": both, "a": {"cap.decline": 1.0}, "b": {"dynamics.aeei": 1.0}}).slopes
    for variable in WATCHED:
        parts = 0.5 * slopes["a"][variable][2024] - 2.0 * slopes["b"][variable][2024]
        assert slopes["both"][variable][2024] == pytest.approx(parts, rel=1e-9)


def test_the_path_is_the_traditional_model() -> None:
    from tanshi.simulator.model import simulate

    alone = {"market.mode": "equilibrium", "drift.mode": "none", "banking.horizon": 0}
    s = scenario(**{**alone, "firms.number": 16})
    run = simulate(s)
    path = path_of(s).values
    for variable in WATCHED:
        for year in (2022, *YEARS):
            assert path[variable][year] == pytest.approx(run.series(variable)[year], rel=1e-7), variable


@pytest.mark.parametrize("field", ["firms.reserve", "closure.border_pass_through", "economy.elasticities.STEEL.fuels"])
def test_what_has_no_exact_derivative_is_left_out(field: str) -> None:
    """Firms are not on the path; a border share moves more than elasticities; exactly 1 is another formula."""
    assert path_of(scenario(), {"it": {field: 1.0}}).slopes == {}


def test_caps_given_by_output_have_none() -> None:
    assert path_of(scenario(**{"cap.regime": "tps"}), {"it": {"dynamics.aeei": 1.0}}).slopes == {}
