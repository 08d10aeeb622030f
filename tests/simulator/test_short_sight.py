"""Firms look ahead as far as the economy can be followed: a year far off without an equilibrium ends the view."""

from __future__ import annotations

import pytest

from tanshi.equilibrium.engine.solution import EquilibriumError
from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.model import simulate

GROWING = {
    "years.end": 2023, "firms.number": 24, "market.periods_per_year": 1, "drift.mode": "none",
    "dynamics.productivity_growth": 0.09, "closure.border_pass_through": 0.9,
}  # fmt: skip


def test_a_far_year_without_an_equilibrium_ends_the_view_and_is_told() -> None:
    (far,) = load_scenarios(["S5"], {**GROWING, "banking.horizon": 14})
    seen = simulate(far)
    (alarm,) = (line for line in seen.meta["alarms"] if line.startswith("firms look ahead to"))
    last = int(alarm.split()[4])
    assert 2025 < last < 2037
    (nearer,) = load_scenarios(["S5"], {**GROWING, "banking.horizon": last - 2023})
    same = simulate(nearer)
    assert same.meta["alarms"] == []
    price, other = (run.series("Price|Carbon").to_numpy() for run in (seen, same))
    assert price[-1] == pytest.approx(other[-1], rel=1e-3)  # firms' own horizons are drawn about the scenario's


def test_a_year_of_the_run_without_an_equilibrium_still_stops_it() -> None:
    (short,) = load_scenarios(["S5"], {**GROWING, "years.end": 2035, "dynamics.productivity_growth": 0.12})
    with pytest.raises(EquilibriumError, match="one equilibrium a year"):
        simulate(short)


def test_who_looks_ahead_sees_the_rest_of_the_country_go_on_paying_for_carbon() -> None:
    small = {"years.end": 2024, "firms.number": 24, "market.periods_per_year": 1, "drift.mode": "none"}
    ahead, free = (
        load_scenarios(["S5"], {**small, "banking.horizon": 8, "dynamics.outside_carbon": price})[0]
        for price in (50.0, 0.0)
    )
    price, other = (simulate(scenario).series("Price|Carbon").to_numpy() for scenario in (ahead, free))
    assert (price > 0).all()
    assert price[-1] != pytest.approx(other[-1], rel=1e-4)  # less coal is asked for outside, at home more is left
