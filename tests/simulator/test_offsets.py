"""Forest offsets in the market: they free allowances, lower the price, and everybody's tonnes and yuan add up."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.agents.sinks.bargaining import lowest_tax
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.results.costs import PARTS
from tanshi.simulator.results.tables import RunResult, identity_gaps
from tanshi.simulator.results.variables import FIRM_SECTORS, OFFSETS, cost_of, offsets_of
from tanshi.simulator.run.ground.forest import forestry_of
from tests.simulator.test_collapse import CAPS
from tests.simulator.test_collapse import FRICTIONLESS as WITHOUT_FRICTION

# Everybody would pay more for a credit than an allowance costs, and so bids what it costs.
FRICTIONLESS: dict[str, Any] = {**WITHOUT_FRICTION, "offsets.level": 1e5}
QUICK: dict[str, Any] = {
    "years.end": 2024, "firms.number": 60, "market.periods_per_year": 4, "drift.mode": "none", "seed": 5,
    "banking.horizon": 0,
}  # fmt: skip


@cache
def _ran(name: str, changes: tuple[tuple[str, Any], ...]) -> tuple[CarbonMarket, RunResult]:
    model = CarbonMarket(load_scenario(name, dict(changes))).run()
    return model, model.result()


def ran(name: str, base: dict[str, Any], **changes: Any) -> tuple[CarbonMarket, RunResult]:
    given = base | {k.replace("__", "."): v for k, v in changes.items()}
    return _ran(name, tuple(sorted(given.items(), key=lambda item: item[0])))


def frictionless(**changes: Any) -> tuple[CarbonMarket, RunResult]:
    return ran("S5-sinks", FRICTIONLESS, **changes)


def quick(**changes: Any) -> tuple[CarbonMarket, RunResult]:
    return ran("S5-sinks", QUICK, **changes)


# -- collapse ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.05, 0.01])
@pytest.mark.parametrize("cap", list(CAPS))
def test_frictionless_hybrid_with_offsets_is_the_equilibrium_with_an_elastic_supply_of_permits(
    cap: str, share: float
) -> None:
    # Of 0.05 forestry offers less than firms may use, of 0.01 at the tight cap more.
    changes = {k.replace(".", "__"): v for k, v in CAPS[cap].items()} | {"offsets__share": share}
    _, hybrid = frictionless(**changes)
    _, pure = frictionless(market__mode="equilibrium", **changes)
    for variable in ("Price|Carbon", "Emissions|CO2", "Welfare|Money Metric", offsets_of()):
        ours, theirs = hybrid.series(variable).to_numpy(), pure.series(variable).to_numpy()
        # Credits are sold in whole tonnes, and asks have steps of a thousandth of the supply.
        assert ours == pytest.approx(theirs, rel=1e-5 if variable == offsets_of() else 1e-6, abs=1e-5), variable


def test_the_permit_condition_counts_offsets() -> None:
    model, result = frictionless(cap__tightness=0.2)
    cap = model.policy.caps(2023)[model.policy.mask(2023)].sum()
    used = result.series("Carbon Market|Offsets|Surrendered")[2023]
    covered = sum(result.series(f"Emissions|CO2|{name}")[2023] for name in _covered_names())
    assert used > 5
    assert covered == pytest.approx(cap + used, abs=1e-4)


def _covered_names() -> list[str]:
    return [offsets_of(s).split("|")[-1] for s in FIRM_SECTORS]


def test_where_the_share_binds_a_credit_is_cheaper_than_an_allowance() -> None:
    _, result = frictionless(cap__tightness=0.2, offsets__share=0.01)
    verified = result.series(offsets_of())[2023] / 0.01
    covered = sum(result.series(f"Emissions|CO2|{name}")[2023] for name in _covered_names())
    assert verified == pytest.approx(covered, rel=1e-4)
    assert result.series("Price|Carbon|Offsets")[2023] < 0.6 * result.series("Price|Carbon")[2023]


def test_a_forestry_that_has_nothing_more_to_offer_sells_it_all() -> None:
    changes = {"cap__tightness": 0.2, "offsets__median_cost": 20.0, "offsets__spread": 0.02, "offsets__potential": 2.0}
    for mode in ("agents", "equilibrium"):
        _, result = frictionless(**changes, market__mode=mode)
        assert result.series(offsets_of())[2023] == pytest.approx(2.0, rel=1e-5)


def test_offsets_count_under_a_performance_standard_too() -> None:
    changes = {"market__mode": "equilibrium", "cap__regime": "tps", "cap__tightness": 0.1}
    prices = [frictionless(**changes, offsets__share=share)[1].series("Price|Carbon")[2023] for share in (0.0, 0.05)]
    assert prices[1] < prices[0] - 1


@pytest.mark.parametrize("drift", ["none", "neural"])
def test_without_firms_the_months_share_the_year_s_credits(drift: str) -> None:
    changes = {"market__mode": "equilibrium", "drift__mode": drift}
    _, result = quick(**changes)
    _, without = quick(**changes, offsets__share=0.0)
    assert result.series(offsets_of())[2024] > 5
    assert result.series("Price|Carbon")[2024] < without.series("Price|Carbon")[2024] - 1
    gaps = identity_gaps(result)
    assert max(gaps.values()) < 1e-6


# -- the market --------------------------------------------------------------------------------------------


def test_the_registry_holds_every_credit_and_every_yuan() -> None:
    model, result = quick()
    registry = model.registry
    registry.check()
    assert (registry.rebuilt() == registry.state()["balances"]).all()
    bought = sum(row["bought_t"].sum() for row in model.state.log.credit_trades)
    surrendered = sum(row["offsets_t"] for row in model.state.log.settlements)
    assert bought == surrendered + registry.offsets.sum() > 1e6
    paid = sum(row["price"] * row["bought_t"].sum() for row in model.state.log.credit_trades)
    assert registry.cash[model.world.forestry] * model.world.scenario.market.tick == pytest.approx(paid)
    assert registry.offsets[model.world.forestry] == 0  # what is not sold is not issued
    assert registry.held[model.world.forestry] == 0
    assert (result.series("Carbon Market|Offsets|Surrendered") <= result.series(offsets_of()) + 1e-6).all()


def test_nobody_surrenders_more_credits_than_its_share() -> None:
    model, _ = quick()
    for row in model.state.log.settlements:
        assert row["offsets_t"] <= 0.05 * row["verified_t"]
    assert model.state.log.settlements[0]["offsets_t"] == 0  # before the policy


def test_forestry_sells_along_its_supply_curve() -> None:
    model, _ = quick()
    forestry = forestry_of(model.world.scenario.offsets)
    for row in model.state.log.credit_trades:
        offered = float(forestry.quantity(row["price"]))
        assert row["bought_t"].sum() <= offered + 0.002 * forestry.potential
        assert row["bought_t"].sum() >= offered - 0.002 * forestry.potential


def test_a_credit_never_costs_more_than_the_allowance_it_stands_for() -> None:
    model, result = quick()
    last = result.periods.groupby("year")["price"].last()
    for row in model.state.log.credit_trades:
        # Credits are bid for at the last trial price, which lies within a tick of the one that clears.
        assert row["price"] <= last[row["year"]] + model.world.scenario.market.tick + 1e-9


def test_the_price_falls_from_the_first_auction_of_the_policy_on() -> None:
    _, result = quick()
    _, without = quick(offsets__share=0.0)
    rows = [r.periods[r.periods["year"] >= 2023].set_index(["year", "period"])["price"] for r in (result, without)]
    assert (rows[0] < rows[1]).all()
    assert rows[0].loc[(2023, 1)] < rows[1].loc[(2023, 1)] - 0.5
    before = [r.periods[r.periods["year"] == 2022]["price"] for r in (result, without)]
    assert (before[0] == before[1]).all()


def test_territorial_emissions_rise_by_about_what_forests_take_up() -> None:
    """Where every year clears by itself; firms that look ahead keep a part of what the credits set free."""
    _, result = quick(banking__horizon=0)
    _, without = quick(offsets__share=0.0, banking__horizon=0)
    more = (result.series("Emissions|CO2") - without.series("Emissions|CO2"))[2024]
    used = result.series("Carbon Market|Offsets|Surrendered")[2024]
    assert 0.6 * used < more < 1.3 * used


def test_more_forest_means_a_lower_price_and_no_share_means_none() -> None:
    prices = [quick(offsets__potential=p)[1].series("Price|Carbon")[2024] for p in (1.0, 10.0, 40.0)]
    assert prices == sorted(prices, reverse=True)
    _, none = quick(offsets__share=0.0)
    _, twin = ran("S5", QUICK)
    assert none.annual.drop(columns="scenario").equals(twin.annual.drop(columns="scenario"))
    assert not OFFSETS & set(twin.annual["variable"])


def test_scarce_credits_go_to_those_who_would_pay_more() -> None:
    # Power comes first in the order of abatement costs, steel last.
    _, result = quick(offsets__potential=2.0)
    emitted = {
        s: result.series(f"Emissions|CO2|{n}")[2024] for s, n in zip(FIRM_SECTORS, _covered_names(), strict=True)
    }
    part = {s: result.series(offsets_of(s))[2024] / emitted[s] for s in ("ELEC", "STEEL")}
    assert part["ELEC"] > 2 * part["STEEL"]


def test_a_low_level_of_bargaining_prices_keeps_firms_from_buying() -> None:
    _, low = quick(offsets__level=30.0)
    _, open_ = quick()
    assert low.series(offsets_of())[2024] < 0.5 * open_.series(offsets_of())[2024]
    assert low.series("Price|Carbon|Offsets")[2024] < 60


@pytest.mark.parametrize("venue", ["listed_agreement", "mcafee"])
def test_offsets_work_beside_other_venues(venue: str) -> None:
    model, result = quick(market__venue=venue)
    model.registry.check()
    assert result.series(offsets_of())[2024] > 3


# -- the accounts ------------------------------------------------------------------------------------------


def test_what_enterprises_pay_households_receive() -> None:
    model, result = quick()
    assert model.state.market.forest_income == pytest.approx(
        model.state.log.credit_trades[-1]["price"] * model.state.log.credit_trades[-1]["bought_t"].sum() / 1e8, rel=1e-6
    )
    p = model.state.economy.parameters
    paying = model.world.province.paying_forest_owners(p, 3.0)
    assert (paying.endowment - p.endowment).sum() == pytest.approx(0.0, abs=1e-12)
    assert np.abs(paying.endowment - p.endowment).sum() == pytest.approx(6.0)
    assert result.periods["walras"].max() < 1e-6


def test_costs_add_up_and_allowances_of_all_sectors_cost_nothing_together() -> None:
    _, result = quick()
    for sector in (None, *FIRM_SECTORS):
        parts = sum(result.series(cost_of(sector, part)) for part in PARTS)
        assert parts.to_numpy() == pytest.approx(result.series(cost_of(sector)).to_numpy(), abs=1e-6)
    assert result.series(cost_of(None, "Allowances")).to_numpy() == pytest.approx(0.0, abs=1e-6)
    paid = result.series("Price|Carbon|Offsets") * result.series(offsets_of())
    assert result.series(cost_of(None, "Offsets")).to_numpy() == pytest.approx(paid.to_numpy())


def test_a_run_goes_on_from_the_middle_of_a_year() -> None:
    scenario = load_scenario("S5-sinks", QUICK)
    half = CarbonMarket(scenario).run(until=7)
    rest = CarbonMarket(scenario)
    rest.restore(half.save())
    ours, theirs = rest.run().result(), quick()[1]
    assert ours.annual.equals(theirs.annual)
    assert ours.periods.equals(theirs.periods)


def test_the_schema_refuses_what_eq_7_is_not_defined_for() -> None:
    least = lowest_tax(0.5, 20.0)
    load_scenario("S5", {"offsets.share": 0.5, "offsets.bargaining_tax": 1.001 * least})
    with pytest.raises(ScenarioError, match="bargaining price"):
        load_scenario("S5", {"offsets.share": 0.5, "offsets.bargaining_tax": 0.999 * least})


def test_a_share_by_year_is_said_in_one_field() -> None:
    # California: 4 % to 2025, 6 % from 2026.
    one = load_scenario("S1", {"offsets.share": {"2023": 0.04, "2026": 0.06}}).offsets
    two = load_scenario("S1", {"offsets.share": 0.06, "offsets.share_by_year": {"2023": 0.04, "2026": 0.06}}).offsets
    assert one == two
    assert [one.share_of(year) for year in (2022, 2025, 2026)] == [0.0, 0.04, 0.06]


@pytest.mark.parametrize(
    "path", [{"2023": 0.04, "2026": 1.6}, {"2023": "x"}, {"from": 2023, "value": 0.05, "growth": 0.5}]
)
def test_a_share_by_year_that_is_none_is_refused_once(path: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario("S1", {"offsets.share": path})
    assert len(refused.value.problems) == 1
