"""Kinds of credits: the cheapest serve first, each within its own limit and years, and the books are exact."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.agents.sinks.supply import Forestry
from tanshi.market.offsets import usable_kinds
from tanshi.market.registry import Registry
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.ground.credit_supply import KindSupply, at_one_price, cost_of_kinds
from tanshi.simulator.run.ground.forest import credit_rule, credits_per_yuan

SMALL: dict[str, Any] = {
    "years.end": 2024, "firms.number": 32, "market.periods_per_year": 1, "drift.mode": "none", "banking.horizon": 0,
    "firms.shock_sigma": 0.0, "coupling.adjustment_rate": None, "coupling.tolerance": 1e-3, "cap.tightness": 0.05,
    "offsets.bargaining_tax": 0.5, "offsets.bid": "own_curve",
}  # fmt: skip
ALONE = {"market.mode": "equilibrium"}
TWO = {
    "offsets.share": 0.05, "offsets.kinds.ccer.potential": 6.0, "offsets.kinds.ccer.median_cost": 40.0,
    "offsets.kinds.forestry.potential": 10.0, "offsets.kinds.forestry.median_cost": 70.0,
}  # fmt: skip


@cache
def _ran(changes: tuple[tuple[str, Any], ...]) -> CarbonMarket:
    model = CarbonMarket(load_scenario("S1", {**SMALL, **dict(changes)})).run()
    model.registry.check()
    assert (model.registry.rebuilt() == model.registry.state()["balances"]).all()
    return model


def ran(changes: dict[str, Any]) -> CarbonMarket:
    return _ran(tuple((k, str(v) if isinstance(v, list) else v) for k, v in changes.items()))


def sold(model: CarbonMarket, year: int) -> dict[str, tuple[float, float]]:
    """Kind to price and t of a year."""
    (row,) = [row for row in model.state.log.credit_trades if row["year"] == year]
    found: dict[str, tuple[float, float]] = row["kinds"]
    return found


# -- the law -----------------------------------------------------------------------------------------------


def test_a_yuan_more_brings_what_is_offered_at_the_last_price_unless_a_limit_binds() -> None:
    """Half of 6 and of 10 Mt are offered at 40 yuan, and costs spread by 60 %: 16 / (40 x 0.6 x 2.5066) a yuan."""
    alike = {"offsets.kinds.forestry.median_cost": 40.0}
    rule = credit_rule(CarbonMarket(load_scenario("S1", {**SMALL, **TWO, **alike})).state.policy, 2024)
    assert credits_per_yuan(rule, 40.0, owed=1000.0) == pytest.approx(0.26596, rel=1e-3)
    assert credits_per_yuan(rule, 40.0, owed=120.0) == pytest.approx(
        0.0, abs=1e-6
    )  # of 6 Mt that may be used, 8 offered


def test_a_firm_may_use_of_each_kind_its_part_and_of_all_theirs() -> None:
    # 100,000 t owed; credits may cover 10 %, those of the first kind 4 %, of the second 8 %.
    found = usable_kinds(np.array([100_000] * 3), np.array([[9_000, 1_000, 9_000], [9_000, 9_000, 0]]),
                         np.array([0.04, 0.08]), 0.1)  # fmt: skip
    assert found.tolist() == [[4_000, 1_000, 4_000], [6_000, 8_000, 0]]


def test_the_registry_keeps_kinds_apart_and_counts_all_of_them_as_surrendered() -> None:
    registry = Registry(3, 2021, 3, kinds=2)
    registry.issue_offsets([2, 2], [50, 30], 0)
    registry.issue_offsets([2], [20], 1)
    registry.transfer_offsets([2, 2], [0, 1], [60, 5], 0)
    registry.transfer_offsets([2], [0], [20], 1)
    registry.oblige([0], [70])
    registry.surrender_offsets([0], [40], 0)
    registry.surrender_offsets([0], [20], 1)
    registry.check()
    assert registry.offsets_by_kind.tolist() == [[20, 5, 15], [0, 0, 0]]
    assert registry.offsets.tolist() == [20, 5, 15]
    assert registry.obligations.tolist() == [10, 0, 0]
    again = Registry.restore(registry.copy().state())
    assert (again.offsets_by_kind == registry.offsets_by_kind).all()
    assert (again.rebuilt() == again.state()["balances"]).all()


def test_the_last_tonne_of_all_kinds_costs_the_same_but_for_those_at_their_limit() -> None:
    kinds = [KindSupply(str(i), i, Forestry(10e6, cost, 0.5), 1.0) for i, cost in enumerate((30.0, 60.0, 90.0))]
    most = np.array([2e6, np.inf, np.inf])
    used = at_one_price(kinds, most, 8e6, 1e6)
    assert used.sum() == pytest.approx(8e6, rel=1e-9)
    assert used[0] == pytest.approx(2e6)
    prices = [float(kind.supply.price(tonnes)) for kind, tonnes in zip(kinds, used, strict=True)]
    assert prices[1] == pytest.approx(prices[2], rel=1e-6)
    assert prices[0] < prices[1]
    # No other way to buy as many costs less in resources: moving a tonne saves nothing.
    assert cost_of_kinds(kinds, used) == pytest.approx(sum(p * q for p, q in zip(prices, used, strict=True)))
    assert at_one_price(kinds, most, 8e6, 20.0).sum() < 8e6  # at 20 yuan fewer are offered than may be used


# -- in a run ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_one_kind_alone_is_the_single_kind(alone: dict[str, Any]) -> None:
    plain = ran({**alone, "offsets.share": 0.05, "offsets.potential": 8.0, "offsets.median_cost": 50.0})
    kind = ran({**alone, "offsets.share": 0.05, "offsets.kinds.forestry.potential": 8.0,
                "offsets.kinds.forestry.median_cost": 50.0})  # fmt: skip
    one, other = (model.result().periods["price"].to_numpy() for model in (plain, kind))
    np.testing.assert_allclose(one, other, rtol=1e-4)
    for year in (2023, 2024):
        price, tonnes = sold(kind, year)["forestry"]
        (row,) = [row for row in plain.state.log.credit_trades if row["year"] == year]
        assert tonnes == pytest.approx(float(row["bought_t"].sum()), rel=1e-3)
        assert price == pytest.approx(row["price"], rel=1e-3)


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_two_kinds_of_one_cost_are_one_kind_of_both_potentials(alone: dict[str, Any]) -> None:
    two = {f"offsets.kinds.{k}.{what}": v for k in ("ccer", "forestry")
           for what, v in (("potential", 4.0), ("median_cost", 50.0))}  # fmt: skip
    one = ran({**alone, "offsets.share": 0.05, "offsets.potential": 8.0, "offsets.median_cost": 50.0})
    both = ran({**alone, "offsets.share": 0.05, **two})
    np.testing.assert_allclose(*(m.result().periods["price"].to_numpy() for m in (one, both)), rtol=1e-3)
    found = sold(both, 2024)
    assert found["ccer"][1] == pytest.approx(found["forestry"][1], rel=1e-3)


def test_firms_and_the_equilibrium_alone_use_the_same_credits_at_the_same_prices() -> None:
    several, alone = ran(TWO), ran({**TWO, **ALONE})
    for year in (2023, 2024):
        one, other = sold(several, year), sold(alone, year)
        for kind in ("ccer", "forestry"):
            assert one[kind][1] == pytest.approx(other[kind][1], rel=5e-3)
            assert one[kind][0] == pytest.approx(other[kind][0], rel=5e-3)
        assert one["ccer"][0] == pytest.approx(one["forestry"][0], rel=5e-3)  # neither is at a limit of its own
    prices = [m.result().periods.query("year > 2022")["price"].to_numpy() for m in (several, alone)]
    np.testing.assert_allclose(*prices, rtol=2e-3)


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_a_kind_at_its_own_limit_is_cheaper_and_no_firm_goes_beyond_it(alone: dict[str, Any]) -> None:
    model = ran({**TWO, **alone, "offsets.kinds.ccer.share": 0.005})
    found = sold(model, 2023)
    owed = next(row["owed_t"] for row in model.state.log.settlements if row["year"] == 2023)
    assert found["ccer"][1] == pytest.approx(0.005 * owed, rel=1e-3)
    assert found["ccer"][1] <= 0.005 * owed * (1 + 1e-9)
    assert found["ccer"][0] < found["forestry"][0]
    free = sold(ran({**TWO, **alone}), 2023)
    assert free["ccer"][1] > found["ccer"][1]
    assert free["forestry"][1] < found["forestry"][1]


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_a_kind_is_sold_in_its_years_only_and_told_by_its_name(alone: dict[str, Any]) -> None:
    fields = {
        **SMALL,
        **TWO,
        **alone,
        "offsets.kinds.ccer.issued": [2024, 2030],
        "offsets.kinds.forestry.valid": [2023, 2023],
    }
    model = CarbonMarket(load_scenario("S1", fields)).run()
    model.registry.check()
    assert set(sold(model, 2023)) == {"forestry"}
    assert set(sold(model, 2024)) == {"ccer"}
    table = model.result().annual.set_index(["variable", "year"])["value"]
    assert table["Carbon Market|Credits by Kind|CCER|Volume", 2023] == 0.0
    assert table["Carbon Market|Credits by Kind|CCER|Volume", 2024] == pytest.approx(sold(model, 2024)["ccer"][1] / 1e6)
    assert table["Carbon Market|Offsets|Volume", 2024] == pytest.approx(sold(model, 2024)["ccer"][1] / 1e6, rel=1e-9)


def test_credits_of_kinds_wait_for_a_later_deadline() -> None:
    model = CarbonMarket(load_scenario("S1", {**SMALL, **TWO, "compliance.deadline": 6, "market.periods_per_year": 2}))
    model.run()
    model.registry.check()
    for row in model.state.log.settlements:
        assert row["verified_t"] == row["surrendered_t"] + row["shortfall_t"]
        assert row["offsets_t"] > 0 or row["year"] == 2022


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_firms_that_plan_foresee_the_kinds_of_the_years_ahead(alone: dict[str, Any]) -> None:
    fields = {**SMALL, **TWO, **alone, "years.end": 2025, "banking.horizon": 4, "cap.decline": 0.05,
              "offsets.kinds.ccer.issued": [2025, 2030], "banking.beyond": "end"}  # fmt: skip
    model = CarbonMarket(load_scenario("S1", fields))
    told = []
    while not model.state.calendar.finished:
        model.step()
        if model.state.market.outlook is not None:
            told.append(model.state.market.outlook)
    lived = model.result().periods.query("year > 2022")["price"].to_numpy()
    np.testing.assert_allclose(lived, told[0].price[:3], rtol=3e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({**TWO, "offsets.potential": 3.0}, "one description of the supply"),
        ({**TWO, "offsets.kinds.ccer.share": 0.06}, "at most what all credits may cover, 0.05"),
        ({**TWO, "offsets.kinds.ccer.issued": [2026, 2024]}, "a first and a last year"),
        ({**TWO, "offsets.kinds.ccer.valid": [2026]}, "a first and a last year"),
        ({**TWO, "offsets.subsidy": 20.0}, "no support beside several kinds"),
        ({"offsets.kinds.ccer.potential": 3.0}, "offsets.share"),
    ],
)
def test_kinds_that_cannot_be_are_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario("S1", changes)
    assert words in str(refused.value)
