"""Two sectors and numbers worked out by hand: what each rule of the province comes to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.province import classes, dynamics, model, production, trade
from tanshi.equilibrium.province import decompose as decomposing
from tanshi.equilibrium.province.balance_trade import gross_trade
from tanshi.equilibrium.province.checks import balanced
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.dynamics import Growth
from tanshi.equilibrium.province.national import Welfare
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import CarbonResponse, Province
from tests.sectors import SECTORS


def stub(**parts: Any) -> Any:
    return cast(Any, SimpleNamespace(**parts))


def test_capital_of_a_sector_is_divided_by_the_shares_of_its_vintages(monkeypatch: pytest.MonkeyPatch) -> None:
    # Steel pays 100 for capital, three quarters of it installed; paper 20, half and half. New capital is one stock.
    parts = {"STEEL": (("STEEL", 0.75), ("STEEL:new", 0.25)), "PAPER": (("PAPER", 0.5), ("PAPER:new", 0.5))}
    monkeypatch.setattr(model, "vintages", lambda accounts, closure: parts)
    sam = pd.DataFrame({"A_STEEL": [100.0], "A_PAPER": [20.0]}, index=["CAP"])
    stocks = model.capital_stocks(stub(sam=sam), Closure(capital="vintage"))
    assert stocks == {"CAP_STEEL": 75.0, "CAP": 35.0, "CAP_PAPER": 10.0}


def test_a_year_yields_consumption_government_and_saving() -> None:
    assert Welfare(50.0, 20.0, 30.0).total == 100.0


def test_who_is_covered_needs_permits_for_its_fuel_and_its_process() -> None:
    # Steel burns 10 units of coal with 2 t each and emits 3 t from its process; paper burns 5 with 2 t each.
    home = object.__new__(Province)  # its addresses alone, without an economy behind them
    home.sectors = ("STEEL", "PAPER")
    home.source_sector = np.array(["STEEL", "STEEL", "PAPER"])
    home.source_leaf = np.array([0, -1, 1])
    home.source_co2 = np.array([2.0, 3.0, 2.0])
    home.permit_leaf = np.array([2, 3, 4])
    for covered, permits in (
        ({"STEEL": True, "PAPER": False}, [20.0, 3.0, 0.0]),
        (("PAPER",), [0.0, 0.0, 10.0]),
        (frozenset({"STEEL", "PAPER"}), [20.0, 3.0, 10.0]),
    ):
        p = stub(quantity=np.array([10.0, 5.0, 0.0, 0.0, 0.0]), reference=np.array([1.0, 1.0, 0.0, 0.0, 0.0]))
        home.cover(p, covered)
        assert p.quantity[2:].tolist() == permits
    with pytest.raises(ValueError, match="sectors COAL cannot be covered"):
        home.cover(p, ("COAL",))


def grown(growth: Growth, year: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[float], list[float]]:
    """Endowments of what is named here and of what others ask for coal, 100 each, and both terms from 10."""
    names = ("labour", "lines", "resources", "nonfossil", "transfers", "plants")
    at = stub(
        **{name: np.array([n]) for n, name in enumerate(names)}, plant=(), outside=(("COAL", np.array([6])),),
        external_term=0, public_term=1,
    )  # fmt: skip
    monkeypatch.setattr(dynamics, "_addresses", lambda province: at)
    q = stub(endowment=np.full(7, 100.0), coefficient=np.full(2, 10.0))
    dynamics._scale_endowments(stub(), q, growth, year)
    return q.endowment.tolist(), q.coefficient.tolist()


def test_each_endowment_grows_at_its_own_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    growth = Growth(
        labour=0.01, lines=0.02, resources=0.03, external=0.04, public=0.05, capacity=0.06, outside={"COAL": 0.07}
    )
    endowment, terms = grown(growth, 2022, monkeypatch)
    assert endowment == pytest.approx([101.0, 102.0, 103.0, 103.0, 104.0, 106.0, 107.0])
    assert terms == pytest.approx([10.4, 10.5])


@pytest.mark.parametrize(("year", "expected"), [(2022, 110.0), (2023, 120.0)])
def test_non_fossil_plant_goes_one_year_along_its_path(
    year: int, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 1.0, 1.1, 1.32: 10 % in the first year, 20 % in the second.
    path = {2022: 1.0, 2023: 1.1, 2024: 1.32}
    assert grown(Growth(nonfossil=path), year, monkeypatch)[0][3] == pytest.approx(expected)


def test_what_is_installed_was_chosen_at_the_prices_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    for name in ("_capital", "_scale_endowments", "_technology"):
        monkeypatch.setattr(dynamics, name, lambda *_: None)
    monkeypatch.setattr(dynamics, "_install", lambda province, q, flows, decision, used: told.append(decision))
    home = stub(closure=Closure(capital="vintage"))
    last = stub(state=stub(decision=np.array([3.0])), parameters=stub())
    for decision in (np.array([2.0]), None):
        dynamics.advance(home, stub(copy=lambda: stub()), stub(), last, Growth(), 2022, decision)
    assert [one.tolist() for one in told] == [[2.0], [3.0]]


def test_old_plant_substitutes_an_eighth_of_what_new_plant_does(monkeypatch: pytest.MonkeyPatch) -> None:
    factors: list[float] = []
    monkeypatch.setattr(production, "output_tree", lambda *_: stub())
    monkeypatch.setattr(production, "inputs_tree", lambda *given: factors.append(given[-1]) or stub())
    for kind in ("vintage", "mobile"):
        closure = Closure(capital=cast(Any, kind), old_elasticity_factor=0.125)
        for name in ("STEEL", "STEEL:new"):
            production.activity(stub(coverable=SECTORS), "STEEL", name, 1.0, closure, ())
    assert factors == [0.125, 1.0, 1.0, 1.0]


def test_the_coal_of_power_is_divided_between_its_classes_and_other_coal_is_not() -> None:
    # Power burns 10 Mtce that cost 60; its class takes 0.4 of it for 30. Steel's 5 Mtce stay as they were.
    fuel = pd.DataFrame(
        {"activity": ["GENC", "STEEL"], "commodity": ["COAL", "COAL"], "mtce": [10.0, 5.0], "co2_mt": [26.0, 13.0],
         "value": [60.0, 25.0]}
    )  # fmt: skip
    shares = pd.DataFrame({"fuel": [0.4], "power": [0.5]}, index=["GENC1"])
    found = classes._fuel(fuel, ("GENC1",), {"GENC1": pd.Series({"C_COAL": 30.0})}, shares).set_index("activity")
    assert found.loc["GENC1", ["mtce", "co2_mt", "value"]].tolist() == pytest.approx([4.0, 10.4, 30.0])
    assert found.loc["STEEL", ["mtce", "co2_mt", "value"]].tolist() == [5.0, 13.0, 25.0]
    assert len(found) == 2


def test_plant_that_earns_too_little_by_one_costs_one_less_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    # A quarter of what is sold is to be earned: the first class sells 4 and earns nothing, it lacks 1. The others earn
    # 5 and 3 where 1 would do, 4 and 2 more: they bear 2/3 and 1/3 of it.
    monkeypatch.setattr(classes, "LEAST_CAPITAL", 0.25)
    columns = pd.DataFrame(
        [[0.0, 5.0, 3.0], [10.0, 10.0, 10.0]], index=["CAP", "C_MACH"], columns=list(classes.CLASSES)
    )
    classes._upkeep(stub(commodities=["MACH", "COAL"]), columns, pd.Series(4.0, index=list(classes.CLASSES)))
    assert columns.loc["CAP"].tolist() == pytest.approx([1.0, 5.0 - 2 / 3, 3.0 - 1 / 3])
    assert columns.loc["C_MACH"].tolist() == pytest.approx([9.0, 10.0 + 2 / 3, 10.0 + 1 / 3])


def test_what_is_made_beyond_use_flows_out_and_what_lacks_flows_in() -> None:
    # Steel: 100 made, 60 used, a tenth of output traded both ways: 10 flow in, 50 out, 50 stay. Paper: 10 made, 30
    # used: 1 flows out, 21 in.
    shares = {"export_share": 0.0, "import_share": 0.0, "tariff_rate": 0.0}
    trade = pd.DataFrame([{"commodity": name, "two_way_share": 0.1, **shares} for name in ("STEEL", "PAPER")])
    made, used = pd.Series({"STEEL": 100.0, "PAPER": 10.0}), pd.Series({"STEEL": 60.0, "PAPER": 30.0})
    found = gross_trade({"trade": trade}, made, used, 0.0, {})
    assert found["inflow"].tolist() == pytest.approx([10.0, 21.0])
    assert found["outflow"].tolist() == pytest.approx([50.0, 1.0])
    assert found["own"].tolist() == pytest.approx([50.0, 9.0])


def test_emissions_are_fuel_and_process_times_what_each_emits() -> None:
    # Steel: 10 units of coal with 2 t, level 1.5 of a process of 4 t; households 5 units with 3 t.
    home = stub(
        source_leaf=np.array([0, -1]), source_level=np.array([0, 1]), source_co2=np.array([2.0, 4.0]),
        source_sector=np.array(["STEEL", "STEEL"]), accounts=stub(sectors=("STEEL", "PAPER")),
    )  # fmt: skip
    accounts = stub(province=home, home_leaf=[1], home_co2=[3.0])
    found = PhysicalAccounts.emissions(accounts, Flows(np.array([10.0, 5.0]), np.array([0.0, 1.5])))
    assert found == {"STEEL": 26.0, "PAPER": 0.0, "HH": 15.0}


def test_households_emit_by_what_they_burn(monkeypatch: pytest.MonkeyPatch) -> None:
    # 10 Mt from 40 units of coal: 0.25 Mt a unit.
    monkeypatch.setattr(PhysicalAccounts, "_outputs", lambda self: None)
    monkeypatch.setattr(PhysicalAccounts, "_final_uses", lambda self: None)
    fuel = pd.DataFrame([{"activity": "HH", "commodity": "COAL", "use": "energy", "co2_mt": 10.0, "mtce": 4.0}])
    compiled = stub(leaf_at={("HH", "demand", "COAL"): 0}, default=stub(quantity=np.array([40.0])))
    accounts = PhysicalAccounts(stub(compiled=compiled, accounts=stub(fuel=fuel)))
    assert accounts.home_co2 == [0.25]
    assert accounts.mtce == [0.1]


def test_tangents_read_at_another_price() -> None:
    # At 100 yuan/t the first sector emits 50 Mt and 0.2 less a yuan; output brings 40 Mt of permits, 0.1 less a yuan.
    first = np.eye(len(SECTORS))[0]
    at = CarbonResponse(100.0, 50.0 * first, -0.2 * first, 40.0 * first, -0.1 * first, np.zeros(1)).at(110.0)
    assert at.price == 110.0
    assert at.emissions[0] == pytest.approx(48.0)
    assert at.allocation[0] == pytest.approx(39.0)


def test_an_account_is_off_by_a_part_of_its_larger_side() -> None:
    # A receives 100 and pays 80: a fifth. An account that receives and never pays is off by the whole of it.
    sam = pd.DataFrame([[0.0, 100.0], [80.0, 0.0]], index=["A", "B"], columns=["A", "B"])
    assert balanced(stub(sam=sam)).figure == pytest.approx(0.2)
    one_sided = pd.DataFrame([[0.0, 40.0], [0.0, 0.0]], index=["A", "B"], columns=["A", "B"])
    assert balanced(stub(sam=one_sided)).figure == pytest.approx(1.0)


def test_the_border_price_starts_from_the_benchmark_s_share_of_permits(monkeypatch: pytest.MonkeyPatch) -> None:
    # Steel makes 200 and pays 10 for permits, of which a unit delivered takes twice: a tenth. Half is passed through:
    # 200 (border - 1 + 0.05) P, so that the terms are 200 and -190.
    monkeypatch.setattr(trade, "border", lambda accounts, good: f"border {good}")
    monkeypatch.setattr(trade, "border_unit", lambda accounts, good, closure: 2.0)
    monkeypatch.setattr(trade, "benchmark_quota", lambda accounts, member: 0.0)
    sam = pd.DataFrame({"A_STEEL": [10.0, 0.0], "C_STEEL": [0.0, 200.0]}, index=["PERMIT", "A_STEEL"])
    closure = Closure(border_pass_through=0.5)
    found = trade.border_equation(
        stub(sam=sam, activities=("STEEL",)), "STEEL", closure, (), cast(Any, {"STEEL": (("STEEL", 1.0),)})
    )  # fmt: skip
    assert [term.coefficient for term in found.terms[:2]] == pytest.approx([200.0, -190.0])


def test_clean_power_may_cost_less_than_a_yuan_and_not_nothing() -> None:
    assert Closure(clean_cost=0.3).clean_cost == 0.3
    with pytest.raises(ClosureError, match="clean_cost is a cost above 0"):
        Closure(clean_cost=0.0)


def test_a_source_that_appears_counts_as_another_mix_of_fuels(monkeypatch: pytest.MonkeyPatch) -> None:
    # One source doubles with its sector's output, from 10 to 20 Mt; another begins with 3 Mt; households add 1.
    there = {"before": (np.array([10.0, 0.0]), np.array([[1.0, 1.0], [1.0, 0.0], *[[1.0, 1.0]] * 3]))}
    there["after"] = np.array([20.0, 3.0]), np.array([[2.0, 2.0], [1.0, 0.5], *[[1.0, 1.0]] * 3])
    monkeypatch.setattr(decomposing, "Emitters", lambda accounts: stub(factors=there.__getitem__))
    accounts = stub(emissions=lambda flows: {"HH": 5.0 if flows == "before" else 6.0})
    found = decomposing.decompose(accounts, cast(Any, "before"), cast(Any, "after"))
    assert found.change == pytest.approx(14.0)
    effects = dict.fromkeys(decomposing.EFFECTS, 0.0) | {decomposing.EFFECTS[0]: 10.0, "fuel mix": 3.0}
    assert found.effects == pytest.approx(effects)
