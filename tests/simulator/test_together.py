"""Several provinces in one carbon market: one price, exact accounts, and what trade between them is worth.

Two or three provinces, one or two periods a year, few firms.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import root

from tanshi.equilibrium.province.dynamics import advance
from tanshi.equilibrium.province.physical import Flows
from tanshi.market.between import check_between
from tanshi.numerics.units import TONNES
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import JointMarket, simulate
from tanshi.simulator.results.iamc import write_iamc
from tanshi.simulator.results.replay import scenario_of
from tanshi.simulator.results.tables import ResultError, RunResult, identity_gaps
from tanshi.simulator.results.together import SUM, apart, summed
from tanshi.simulator.results.variables import MONEY_METRIC, PAID_OUTSIDE, VENUES, net_sales_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.annual import annual_path, carry, frozen_regime, year_of
from tanshi.simulator.run.period import run_until as run_alone
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.period import run_until
from tanshi.simulator.run.together.price import left_over, level
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.studies.welfare.equal_cut import compare_at
from tanshi.simulator.studies.welfare.joining import joined_against_closed
from tanshi.simulator.views.notebook import Results

THREE = ("inner_mongolia_2017", "shandong_2017", "shanxi_2022")
SMALL: dict[str, Any] = {
    "years.end": 2023,
    "firms.number": 24,
    "market.periods_per_year": 1,
    "drift.mode": "none",
    "banking.horizon": 0,
}
EXACT: dict[str, Any] = {
    "coupling.adjustment_rate": None,
    "coupling.tolerance": 1e-6,
    "coupling.iterations": 30,
    "market.tick": 1e-5,
    "firms.shock_sigma": 0.0,
    "firms.strategies": {"truthful": 1.0, "scheduled": 0.0},
}


def run(**given: Any) -> tuple[JointWorld, JointState]:
    changes = {**SMALL, **{key.replace("__", "."): value for key, value in given.items()}}
    world, state = begin_together(load_scenario("three-provinces", changes))
    run_until(world, state)
    return world, state


@lru_cache(maxsize=1)
def equilibrium() -> tuple[JointWorld, JointState]:
    return run(market__mode="equilibrium", **{key.replace(".", "__"): value for key, value in EXACT.items()})


@lru_cache(maxsize=1)
def agents() -> tuple[JointWorld, JointState]:
    return run(**{key.replace(".", "__"): value for key, value in EXACT.items()})


@lru_cache(maxsize=1)
def traded() -> RunResult:
    changes = {**SMALL, "market.periods_per_year": 2, "banking.horizon": 2, "drift.mode": "neural"}
    return simulate(load_scenario("three-provinces", changes))


def price_of(state: JointState, year: int) -> list[float]:
    return [row["price"] for m in state.members for row in m.log.periods if row["year"] == year]


def imported(state: JointState, year: int) -> np.ndarray:
    rows = [next(row for row in m.log.settlements if row["year"] == year) for m in state.members]
    return np.array([row["imported_t"] / TONNES for row in rows])


def emitted(state: JointState, year: int) -> np.ndarray:
    return np.array([_covered(next(one for one in m.log.years if one.year == year)) for m in state.members])


def _covered(closed: Any) -> float:
    return float(closed.accrued[closed.covered].sum())


def jointly_by_scipy() -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Price, covered emissions, payments and welfare of 2023: three equilibria under one cap, by SciPy's root."""
    world, state = equilibrium()
    stands = []
    for w, m in pairs(world, state):
        p, x = carry(w.province, w.economy.growth, w.economy.economy.base_year, 2022)
        m.policy.prepare(w.province, p, 2022)
        w.province.cap_emissions(p, m.policy.tonnes(2022))
        w.province.adjust(p, 1.0, np.zeros(len(w.sectors)))
        found = w.province.solve(p, x)
        p = advance(w.province, p, Flows(found.state.flow, found.x), found, w.economy.growth, 2022)
        m.policy.prepare(w.province, p, 2023)
        stands.append((w.province, m.policy, p, found.x))

    def at(unknown: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        price, paid, answers = unknown[0], unknown[1:], []
        for (province, _, p, x), rate in zip(stands, paid, strict=True):
            province.hold_price(p, price)
            province.adjust(p, 1.0, np.zeros(len(province.sectors)))
            q = p.copy()
            owner = float(p.endowment[province.owner_government])
            q.endowment[province.transfer_enterprises] -= (1 - owner) * rate
            q.endowment[province.transfer_government] -= owner * rate
            answers.append(province.solve(q, x))
        short = np.array(
            [
                province.coverable_emissions(found)[policy.mask(2023)].sum() - policy.tonnes(2023)
                for (province, policy, _, _), found in zip(stands, answers, strict=True)
            ]
        )
        return np.array([short.sum(), *(paid - price * short / 100.0)]), answers  # Mt times yuan/t is 1/100 yi yuan

    def missing(unknown: np.ndarray) -> np.ndarray:
        return at(unknown)[0]

    solved = root(missing, np.array([30.0, 0.0, 0.0, 0.0]), tol=1e-10)
    assert solved.success
    _, answers = at(solved.x)
    covered = [province.coverable_emissions(found)[policy.mask(2023)].sum() for (province, policy, _, _), found in
               zip(stands, answers, strict=True)]  # fmt: skip
    return solved.x[0], np.array(covered), solved.x[1:], np.array([found.real["HH"] for found in answers])


def test_the_market_is_three_equilibria_solved_jointly_under_one_cap() -> None:
    price, covered, paid, welfare = jointly_by_scipy()
    _, state = equilibrium()
    assert price_of(state, 2023) == pytest.approx([price] * 3, rel=1e-6)
    assert emitted(state, 2023) == pytest.approx(covered, rel=1e-6)
    rows = [m.log.settlements[-1]["paid_outside_yuan"] / 1e8 for m in state.members]
    assert rows == pytest.approx(paid, rel=1e-5, abs=1e-5)
    assert [m.log.years[-1].welfare for m in state.members] == pytest.approx(welfare, rel=1e-6)
    assert abs(imported(state, 2023)).max() > 1.0  # so that something crossed a border


def test_firms_find_the_price_and_the_trade_of_the_equilibria() -> None:
    _, alone = equilibrium()
    _, state = agents()
    assert price_of(state, 2023) == pytest.approx(price_of(alone, 2023), rel=1e-5)
    assert emitted(state, 2023) == pytest.approx(emitted(alone, 2023), rel=1e-6)
    assert imported(state, 2023) == pytest.approx(imported(alone, 2023), rel=1e-4)


@pytest.mark.parametrize("found", [equilibrium, agents])
def test_the_cap_is_met_in_sum_and_payments_add_up_to_nothing(found: Any) -> None:
    _, state = found()
    caps = np.array([m.policy.tonnes(2023) for m in state.members])
    assert emitted(state, 2023).sum() == pytest.approx(caps.sum(), rel=1e-6)
    assert abs(emitted(state, 2023) - caps).min() > 0.5  # but in no province by itself
    assert imported(state, 2023) == pytest.approx(emitted(state, 2023) - caps, abs=1e-3)
    assert abs(imported(state, 2023).sum()) < 1e-5
    paid = [m.log.settlements[-1]["paid_outside_yuan"] for m in state.members]
    assert abs(sum(paid)) < 1e-9 * sum(map(abs, paid)) + 10
    check_between([m.registry for m in state.members])


def test_the_area_under_the_abatement_curves_is_smaller_than_in_three_closed_markets() -> None:
    world, state = equilibrium()
    common, saved = price_of(state, 2023)[0], []
    for w, m in pairs(world, state):
        one = w.scenario.model_copy(update={"economies": [w.scenario.economy], "name": "alone"})
        alone_world, alone = begin_together(one)
        run_until(alone_world, alone)
        own, here = price_of(alone, 2023)[0], emitted(alone, 2023)[0]
        there = _covered(m.log.years[-1])
        assert (common - own) * (here - there) >= 0  # who pays more emits less
        saved.append(0.5 * (own + common) * (there - here))  # Mt yuan/t: area of what is abated less, or, below, more
    assert sum(saved) > 0.0
    assert min(saved) < -1.0 < 1.0 < max(saved)  # some abate more, since others pay them for it


def test_a_market_of_one_province_is_the_plain_run() -> None:
    scenario = load_scenario("S4", {**SMALL, "market.periods_per_year": 2, "banking.horizon": 2})
    world, state = begin(scenario)
    run_alone(world, state)
    joint_world, joint = begin_together(scenario.model_copy(update={"economies": ["shanxi_2022"]}))
    run_until(joint_world, joint)
    assert price_of(joint, 2023) == [row["price"] for row in state.log.periods if row["year"] == 2023]
    assert load_scenario("S4", {"economies": ["shanxi"]}) == load_scenario("S4")
    exact = {**SMALL, **EXACT, "market.mode": "equilibrium"}
    world, state = begin(load_scenario("S4", exact))
    run_alone(world, state)
    joint_world, joint = begin_together(load_scenario("S4", exact).model_copy(update={"economies": ["shanxi_2022"]}))
    run_until(joint_world, joint)
    assert price_of(joint, 2023)[0] == pytest.approx(state.log.periods[-1]["price"], rel=1e-7)


def test_the_order_of_the_economies_changes_no_number() -> None:
    changes = {**SMALL, "economies": ["shandong", "shanxi"]}
    one, other = (
        simulate(load_scenario("three-provinces", {**changes, "economies": names}))
        for names in (["shandong", "shanxi"], ["shanxi", "shandong"])
    )
    for table in ("annual", "periods", "trades"):
        assert getattr(one, table).to_csv() == getattr(other, table).to_csv()


def test_every_table_has_the_region_and_nothing_is_added_up_over_them() -> None:
    result = traded()
    assert result.regions == ("China|Inner Mongolia", "China|Shandong", "China|Shanxi")
    assert set(result.periods["region"]) == set(result.regions)
    across = result.trades[result.trades["buyer_region"] != result.trades["seller_region"]]
    assert len(across) > 0
    with pytest.raises(ResultError, match="several regions"):
        result.series("Price|Carbon")
    bought = {region: result.series(net_sales_of("OTH"), region) for region in result.regions}
    for region, tonnes in bought.items():
        here = across[across["year"] == 2023]
        net = here.loc[here["buyer_region"] == region, "quantity_t"].sum()
        net -= here.loc[here["seller_region"] == region, "quantity_t"].sum()
        assert tonnes[2023] == pytest.approx(net / TONNES, abs=1e-9)
        assert result.series(MONEY_METRIC, region)[2023] > 0
    assert sum(tonnes[2023] for tonnes in bought.values()) == pytest.approx(0.0, abs=1e-9)
    assert sum(result.series(PAID_OUTSIDE, region)[2023] for region in result.regions) == pytest.approx(0.0, abs=1e-5)


def test_the_drift_is_told_whether_the_market_is_short_and_not_who_buys_from_whom() -> None:
    months = traded().periods
    policy = months[months["year"] == 2023]
    for name in ("balance", "bank_ratio", "cap_tightness"):
        assert (policy.groupby("t")[name].nunique() == 1).all(), name
    # Together they have what they need but for what is banked: nobody else could cover the rest.
    assert policy["balance"].between(-0.005, 0.05).all()
    before = months[months["year"] == 2022]
    assert (before.groupby("t")["balance"].nunique() == 3).all()  # then each market is its own


def test_what_all_come_to_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    result = traded()
    rows = summed(result).set_index(["variable", "year"])["value"]
    for name in ("Emissions|CO2", "GDP|MER", "Carbon Market|Cap"):
        each = [result.series(name, region)[2023] for region in result.regions]
        assert rows[name, 2023] == pytest.approx(sum(each))
    changed_hands = result.trades[result.trades["year"] == 2023]
    assert rows["Carbon Market|Trading Volume", 2023] == pytest.approx(changed_hands["quantity_t"].sum() / TONNES)
    turnover = (changed_hands["quantity_t"] * changed_hands["price"]).sum() / 1e6
    assert rows["Carbon Market|Turnover", 2023] == pytest.approx(turnover)
    by_government = changed_hands["seller_sector"] == "GOV"
    for venue, sold in zip(VENUES, (by_government, ~by_government), strict=True):
        tonnes = changed_hands["quantity_t"][sold].sum() / TONNES
        assert rows.get(("Carbon Market|Trading Volume|" + venue, 2023), 0.0) == pytest.approx(tonnes, abs=1e-9)
    assert rows[net_sales_of("OTH"), 2023] == pytest.approx(0.0, abs=1e-9)
    assert rows["Price|Carbon|Year-End", 2023] == price_end(result)
    assert ("Price|Carbon|Year-End", 2022) not in rows  # each had its own before there was a common market
    assert "Carbon Market|Net Transfers" not in rows.index.get_level_values("variable")
    write_iamc(tmp_path, [result], joint=True)
    written = pd.read_csv(tmp_path / "iamc.csv")
    assert set(written["Region"]) == {*result.regions, SUM}
    with pytest.raises(ResultError, match="nothing adds up"):
        summed(result.of("China|Shanxi"))


def price_end(result: RunResult) -> float:
    return float(result.series("Price|Carbon|Year-End", "China|Shanxi")[2023])


def test_each_region_by_itself_reads_like_a_run_of_its_own() -> None:
    for one in apart([traded()]):
        assert len(one.regions) == 1
        assert max(identity_gaps(one).values()) < 1e-9
        assert set(one.trades["buyer_sector"]) <= {*one.parameters["coverage"], "OTH"}
        filled = one.trades[one.trades["year"] == 2023]["quantity_t"].sum()
        assert filled == one.periods[one.periods["year"] == 2023]["volume_t"].sum()
        with pytest.raises(UserError, match="from the inside"):
            scenario_of(one)


def test_a_market_of_two_regions_is_told_apart_too() -> None:
    whole = traded()
    first, second, _ = whole.regions
    two = replace(
        whole, meta={**whole.meta, "regions": {name: whole.meta["regions"][name] for name in (first, second)}}
    )
    assert [one.regions for one in apart([two])] == [(first,), (second,)]


def test_a_run_that_is_saved_goes_on_with_the_same_bytes() -> None:
    scenario = load_scenario("three-provinces", {**SMALL, "market.periods_per_year": 2, "drift.mode": "neural"})
    whole = JointMarket(scenario).run()
    begun, later = JointMarket(scenario).run(until=3), JointMarket(scenario)
    later.restore(begun.save())
    later.run()
    for table in ("annual", "periods", "trades"):
        assert getattr(later.result(), table).to_csv() == getattr(whole.result(), table).to_csv()
    for model in (whole, begun, later):
        model.forget()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"economies": ["shanxi", "shanxi"]}, "each economy once"),
        ({"economies": ["shanxi", "nowhere"]}, "There is no economy 'nowhere'"),
        ({"economies": ["shanxi", "economies/shanxi_2017"]}, "economies of different regions"),
        ({"by_economy": {"hebei": {}}}, "one of the scenario's economies"),
        ({"by_economy": {"shandong": {"cap": {"tightness": 3}}}}, "by_economy.shandong_2017.cap.tightness"),
        ({"by_economy": {"shandong": {"market": {"tick": 1}}}}, "said once, for all"),
        ({"economy": "china_2017"}, "one of the economies of the market"),
        ({"market.link": {"to": "supply", "emissions": 8000, "cap": 7900}}, "no market.link.to"),
        ({"years.start": 2020}, "benchmark year"),
        ({"cap": {"tonnes": {2023: 500}}}, "the tonnes of each economy in by_economy"),
    ],
)
def test_what_such_a_market_cannot_be_is_refused_with_one_message(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as refused:
        begin_together(load_scenario("three-provinces", {**SMALL, **changes}))
    assert told in str(refused.value)
    assert len(refused.value.problems) == 1


def test_a_province_knows_its_own_firms_and_the_others_by_one_number() -> None:
    """24 firms and government are 0 to 24; whoever sold there or bought from there is 25."""
    result = simulate(load_scenario("three-provinces", SMALL))
    trades, own = result.trades, result.of("China|Shanxi").trades
    for side in ("buyer", "seller"):
        others = own[f"{side}_sector"] == "OTH"
        assert others.any()
        assert (own[side][others] == 25).all()
        here = trades[trades[f"{side}_region"] == "China|Shanxi"]
        assert sorted(own[side][~others]) == sorted(here[side])
        assert own[side][~others].max() <= 24


def test_tables_go_to_disk_and_back_and_each_region_has_its_rows_in_iamc(tmp_path: Path) -> None:
    scenario = load_scenario("three-provinces", SMALL)
    outcome = run_batch([scenario], tmp_path, workers=1)
    assert not outcome.failed
    back, fresh = outcome.runs[0], simulate(scenario)
    assert back.trades.equals(fresh.trades.astype(back.trades.dtypes))
    assert back.of("China|Shanxi").series("Price|Carbon")[2023] == price_at(fresh, "China|Shanxi")
    written = pd.read_csv(tmp_path / "iamc.csv")
    assert set(written["Region"]) == set(fresh.regions)
    assert not written.duplicated(["Scenario", "Region", "Variable"]).any()


def price_at(result: RunResult, region: str) -> float:
    return float(result.series("Price|Carbon", region)[2023])


def test_the_notebook_has_the_region_in_its_index() -> None:
    results = Results((traded(),))
    assert results.annual.index.names == ["region", "year"]
    assert results.of("China|Shandong").annual.index.tolist() == [2022, 2023]
    assert len(results.quality) == 3 * len(results.of("China|Shandong").quality)


def test_what_looks_at_one_province_says_so_of_several() -> None:
    with pytest.raises(UserError, match="is of several"):
        begin(load_scenario("three-provinces", SMALL))


def test_studies_of_one_province_refuse_several() -> None:
    scenario = load_scenario("three-provinces", SMALL)
    with pytest.raises(UserError, match="is of several"):
        compare_at([scenario], [0.05])
    with pytest.raises(UserError, match="trade with one another"):
        joined_against_closed("three-provinces", {"market.link": {"to": "price", "price": 60.0}})


def test_when_a_year_without_firms_ends_who_lacks_has_bought_of_who_has_left() -> None:
    world, state = begin_together(load_scenario("three-provinces", {**SMALL, "market.mode": "equilibrium"}))
    run_until(world, state, 1)
    for (w, m), left in zip(pairs(world, state), (-2.0, 3.0, 1.0), strict=True):
        m.market.price, across = 50.0, m.market.across
        m.market.across = replace(across, imported=across.imported + left - left_over(w, m))
    before = [m.market.across for m in state.members]
    level(world, state)
    assert [left_over(*pair) for pair in pairs(world, state)] == pytest.approx([0.0, 1.5, 0.5])
    paid = [m.market.across.due - was.due for m, was in zip(state.members, before, strict=True)]
    assert paid == pytest.approx([2.0 * 0.5, -1.5 * 0.5, -0.5 * 0.5])  # yi yuan at 50 yuan/t


def test_an_economy_that_is_carried_stands_where_its_own_path_without_policy_leads() -> None:
    world, _ = equilibrium()
    for w in world.members:
        model, accounts, growth, first = w.province, w.economy.accounts, w.economy.growth, w.economy.economy.base_year
        path = annual_path(model, accounts, growth, range(first, 2023), frozen_regime(model))
        p, start = carry(model, growth, first, 2022)
        frozen_regime(model)(p, 2022)
        found = year_of(model, accounts, 2022, model.solve(p, start))
        np.testing.assert_allclose(found.emissions, path[-1].emissions, rtol=1e-7)
