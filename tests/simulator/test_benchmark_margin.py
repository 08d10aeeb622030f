"""What power paid at the margin in 2022, and whose cost the border price of power bears."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import PERMIT
from tanshi.equilibrium.province.checks import check_province
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import cell, total
from tanshi.equilibrium.province.trade import border
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.tangent import path_of

BY_OUTPUT = "economy.controls.allowances_by_output"
UNTIGHTENED = {"cap.regime": "tps", "cap.tightness": 0.0, "cap.decline": 0.0}


def accounts_with(part: float) -> Accounts:
    return economy("shanxi_2022", {BY_OUTPUT: part}).accounts


@cache
def power_path(part: float, *changes: tuple[str, Any]) -> dict[str, dict[int, float]]:
    own = {"figures": {BY_OUTPUT: part}, "years.end": 2025, **dict(changes)}
    return path_of(load_scenario("S1", own)).values


# -- 2022 as the standard that it was ----------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.5, 1.0])
@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_accounts_of_a_benchmark_under_a_standard_pass_every_check(part: float, capital: str) -> None:
    accounts = accounts_with(part)
    failed = [c for c in check_province(accounts, Closure(capital=capital)) if not c.passed]  # type: ignore[arg-type]
    assert not failed
    lump = economy("shanxi_2022").accounts
    paid = [total(a.sam.loc[PERMIT]) for a in (accounts, lump)]
    assert paid[0] == pytest.approx((1 - part) * paid[1])
    assert total(accounts.sam.loc["CAP"]) == pytest.approx(total(lump.sam.loc["CAP"]) + part * paid[1])


@pytest.mark.parametrize("mode", ["mobile", "vintage"])
def test_under_a_standard_a_unit_more_costs_no_permit(mode: str) -> None:
    """The price moves technique alone: where plant burns what it burns, nothing moves with it."""
    one = accounts_with(1.0)
    rigid = one.elasticities.copy()
    plants = [a for a in one.activities if a.startswith("GEN")]
    rigid.loc[plants, ["energy_other", "fuels", "electricity_fuels"]] = 0.0
    model = Province(replace(one, elasticities=rigid), Closure(capital=mode))  # type: ignore[arg-type]
    free, dear = model.parameters(), model.parameters()
    model.hold_price(free, 0.0)
    model.hold_price(dear, 200.0)
    a, b = model.solve(free, tolerance=1e-12), model.solve(dear, tolerance=1e-12)
    thermal = [q.level for q in model.quotas]
    assert b.x[thermal] == pytest.approx(a.x[thermal], rel=1e-8)


def test_in_2022_the_market_still_finds_the_observed_price() -> None:
    for part in (0.0, 1.0):
        assert power_path(part)["Price|Carbon"][2022] == pytest.approx(55.296, abs=1e-3)


def test_a_switch_to_the_standard_makes_no_jump_where_it_was_one_already() -> None:
    """From lump sums power's emissions leap in 2023, since a kWh no longer bears its carbon.

    A leap is what they grow by more than without further policy: a cap that takes nothing off is that path.
    """
    leap = {}
    for part in (0.0, 1.0):
        rules = (UNTIGHTENED, UNTIGHTENED | {"cap.regime": "absolute"})
        with_it, without = (power_path(part, *rule.items())["Emissions|CO2|Power"] for rule in rules)
        assert without[2023] > without[2022]
        leap[part] = with_it[2023] / with_it[2022] - without[2023] / without[2022]
    assert leap[0.0] > 0.04
    assert abs(leap[1.0]) < 0.002


# -- the border --------------------------------------------------------------------------------------------


def power(theta: float, cost: str, price: float, rebated: float = 0.0) -> tuple[float, float, float]:
    """Border price of power, its net export (TWh) and the rents of plant (yi yuan) at a carbon price."""
    closure = Closure(capital="vintage", border_pass_through=theta, border_cost=cost)  # type: ignore[arg-type]
    model = Province(economy("shanxi_2022").accounts, closure)
    p = model.parameters()
    model.cover(p, ("ELEC",))
    s = model.solve(p)
    emissions, made = model.earned_on(s.state.flow, s.x)
    model.give_quotas(p, np.where(model.earner_sector == 0, rebated * emissions / made, 0.0), absolute=False)
    model.hold_price(p, price)
    s = model.solve(p)
    twh = PhysicalAccounts(model).power(Flows(s.state.flow, s.x))["net_export_twh"]
    rents = s.price["RES_GENN"] * s.flow("GENN", "RES")
    rents += sum(s.price[f"CAP_{a}"] * s.flow(a, "CAP") for a in ("GENC1", "GENC2", "GENC3", "GENG", "GENN"))
    return s.auxiliary[str(border(model.accounts, "ELEC"))], twh, rents


def test_the_marginal_unit_s_cost_is_what_coal_plant_bears_for_what_is_delivered() -> None:
    accounts = economy("shanxi_2022").accounts
    model = Province(accounts, Closure(border_pass_through=1.0, border_cost="marginal"))
    p = model.parameters()
    model.cover(p, ("ELEC",))
    model.hold_price(p, 120.0)
    s = model.solve(p)
    emissions, made = model.earned_on(s.state.flow, s.x)
    plants = [i for i, a in enumerate(model.earners) if a in ("GENC1", "GENC2", "GENC3")]
    value = sum(made[i] * total(accounts.sam.loc[f"A_{model.earners[i]}"]) for i in plants)
    per_unit = cell(accounts.sam, "C_GEN", "A_ELEC") / total(accounts.sam.loc["A_ELEC"])
    cost = per_unit * sum(emissions[i] for i in plants) / value * 1.2
    first = per_unit * sum(cell(accounts.sam, PERMIT, f"A_{model.earners[i]}") for i in plants)
    before = first / sum(total(accounts.sam.loc[f"A_{model.earners[i]}"]) for i in plants)
    assert s.auxiliary[str(border(model.accounts, "ELEC"))] == pytest.approx(1 + cost - before, rel=1e-9)


def test_marginal_pass_through_keeps_exports_and_the_rent_goes_to_plant() -> None:
    average, marginal = power(1.0, "average", 150.0), power(1.0, "marginal", 150.0)
    assert marginal[0] > average[0] > 1.0
    assert marginal[1] > average[1]
    assert marginal[2] > average[2]


def test_under_a_standard_at_own_intensity_the_border_bears_nothing() -> None:
    for cost in ("average", "marginal"):
        lump, standard = power(1.0, cost, 150.0), power(1.0, cost, 150.0, rebated=1.0)
        assert abs(standard[0] - power(1.0, cost, 0.0)[0]) < 0.02
        assert lump[0] > standard[0] + 0.05


def test_another_border_cost_is_refused() -> None:
    with pytest.raises(ClosureError, match="border_cost is"):
        Closure(border_cost="some")  # type: ignore[arg-type]
