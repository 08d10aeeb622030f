"""Rules of one market over several provinces: what is said once holds for all of them together.

Two provinces, one or two periods a year, few firms.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from tanshi.market.between import check_between
from tanshi.numerics.units import TONNES
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import JointMarket
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.forest import forestry_of
from tanshi.simulator.run.period import run_until as run_alone
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.period import run_until
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs

BOTH = ["shandong", "shanxi"]
SMALL: dict[str, Any] = {
    "economies": BOTH,
    "by_economy": {"shandong": {"cap": {"tightness": 0.0114, "decline": 0.0114}}},
    "years.end": 2023,
    "firms.number": 24,
    "market.periods_per_year": 1,
    "drift.mode": "none",
    "banking.horizon": 0,
    "coupling.adjustment_rate": None,
    "coupling.tolerance": 1e-6,
    "coupling.iterations": 30,
    "market.tick": 1e-5,
    "firms.shock_sigma": 0.0,
    "firms.strategies": {"truthful": 1.0, "scheduled": 0.0},
}
WITHOUT_FIRMS = {"market.mode": "equilibrium"}
TWICE = {"market.periods_per_year": 2, "years.end": 2024}


def run(changes: dict[str, Any], periods: int | None = None) -> tuple[JointWorld, JointState]:
    world, state = begin_together(load_scenario("S4", {**SMALL, **changes}))
    run_until(world, state, periods)
    return world, state


def prices(state: JointState, year: int = 2023) -> list[float]:
    return [row["price"] for m in state.members for row in m.log.periods if row["year"] == year]


def of_year(state: JointState, name: str, year: int = 2023) -> np.ndarray:
    rows = [next(row for row in m.log.settlements if row["year"] == year) for m in state.members]
    return np.array([row.get(name, 0) for row in rows], float)


def emitted(state: JointState, year: int = 2023) -> np.ndarray:
    closed = [next(one for one in m.log.years if one.year == year) for m in state.members]
    return np.array([one.accrued[one.covered].sum() for one in closed])


def caps(state: JointState, year: int = 2023) -> np.ndarray:
    return np.array([m.policy.tonnes(year) for m in state.members])


@lru_cache(maxsize=1)
def plain() -> tuple[JointWorld, JointState]:
    return run(WITHOUT_FIRMS)


def test_what_is_said_in_tonnes_for_all_is_divided_by_the_provinces_caps() -> None:
    _, state = plain()
    own = caps(state)
    assert [m.policy.parts[2023] for m in state.members] == pytest.approx((own / own.sum()).tolist(), rel=1e-9)
    assert abs(own[0] - own[1]) > 10.0  # they are not the same


# -- a price from outside ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_at_a_price_from_outside_each_province_is_its_own_linked_run(mode: str) -> None:
    given = {"market.link": {"to": "price", "price": 60.0}, "market.mode": mode}
    world, state = run(given)
    assert prices(state) == pytest.approx([60.0, 60.0], rel=1e-6)
    alone_world, alone = begin(load_scenario("S4", {**SMALL, **given, "economies": [], "by_economy": {}}))
    run_alone(alone_world, alone)
    shanxi = state.members[world.names.index("shanxi_2022")]
    own = alone.log.years[-1]
    # The seeds of the firms differ, the economies do not.
    np.testing.assert_allclose(shanxi.log.years[-1].accrued, own.accrued, rtol=1e-6)
    lacking = emitted(state) - caps(state)
    assert of_year(state, "imported_t") / TONNES == pytest.approx(lacking, abs=1e-3)
    assert abs(lacking.sum()) > 1.0  # the nation, not the other province, takes what is left


# -- a standard --------------------------------------------------------------------------------------------


def test_under_a_standard_the_common_price_lies_between_those_of_closed_markets_and_output_hardly_falls() -> None:
    rate = {"cap.regime": "tps", **WITHOUT_FIRMS}
    world, state = run(rate)
    common, closed = prices(state)[0], []
    for member in world.members:
        one = member.scenario.model_copy(update={"economies": [member.scenario.economy], "name": "alone"})
        alone_world, alone = begin_together(one)
        run_until(alone_world, alone)
        closed.append(prices(alone)[0])
    assert min(closed) < common < max(closed)
    # A standard rewards output: what a cap of the same cut takes away by making less is not to be had.
    (_, capped), cuts = plain(), []
    for found in (state, capped):
        made, emissions = 0.0, 0.0
        for w, m in pairs(world, found):
            closing, base = m.log.years[-1], m.policy.baseline
            weight = np.where(closing.covered, base.at(2023), 0.0)
            output = w.economy.accounts.coverable_outputs(closing.flows) / base.output(2023)
            made += float(weight @ (output - 1.0))
            emissions += float(closing.accrued[closing.covered].sum() - weight.sum())
        cuts.append((emissions, made))
    (_, made), (_, made_less) = cuts
    assert made_less < -3.0 < 0.0 < made
    assert common > 5 * prices(capped)[0]
    earned = [m.log.years[-1].cap for m in state.members]
    assert sum(earned) == pytest.approx(emitted(state).sum(), rel=1e-6)


# -- credits -----------------------------------------------------------------------------------------------

CREDITS = {"offsets": {"share": 0.05, "potential": 6.0, "median_cost": 30.0}}


@lru_cache(maxsize=1)
def credited() -> tuple[JointWorld, JointState]:
    return run({**CREDITS, **WITHOUT_FIRMS})


def used(state: JointState) -> np.ndarray:
    return np.array([m.log.credit_trades[-1]["bought_t"].sum() / TONNES for m in state.members])


def test_credits_of_each_province_are_those_its_forests_offer_at_the_common_price() -> None:
    _, state = credited()
    price, rule = prices(state)[0], state.members[0].policy.scenario.offsets
    offered = float(forestry_of(rule).quantity(price)) / TONNES
    for credits, owed in zip(used(state), emitted(state), strict=True):
        assert credits == pytest.approx(min(offered, 0.05 * owed), rel=1e-5)
    assert emitted(state).sum() == pytest.approx(caps(state).sum() + used(state).sum(), rel=1e-6)
    assert price < prices(plain()[1])[0] - 1.0  # they save abatement


def test_firms_with_credits_find_the_price_of_the_equilibria() -> None:
    _, state = run(CREDITS)
    assert prices(state) == pytest.approx(prices(credited()[1]), rel=1e-4)
    assert used(state) == pytest.approx(used(credited()[1]), rel=1e-3)
    assert (of_year(state, "offsets_t") <= 0.05 * of_year(state, "verified_t") + 24).all()
    check_between([m.registry for m in state.members])


# -- tiers and reserve prices ------------------------------------------------------------------------------


def tiers(at: float, amount: float) -> dict[str, Any]:
    return {"containment": {"first": {"at": at, "amount": amount}}}


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_a_tier_is_sold_once_for_all_provinces(mode: str) -> None:
    free = prices(plain()[1])[0]
    _, small = run({**tiers(free / 2, 1.0), "market.mode": mode})
    assert of_year(small, "beyond_cap_t" if mode == "agents" else "surplus_t").sum() == pytest.approx(
        1.0 * TONNES if mode == "agents" else 0.0, abs=2e4 if mode == "equilibrium" else 2
    )
    assert emitted(small).sum() == pytest.approx(caps(small).sum() + 1.0, abs=1e-3)  # 1 Mt in all, not in each
    assert free / 2 < prices(small)[0] < free
    _, large = run({**tiers(free / 2, 1000.0), "market.mode": mode})
    assert prices(large) == pytest.approx([free / 2] * 2, rel=1e-4)
    sold = emitted(large).sum() - caps(large).sum()
    assert 1.0 < sold < 1000.0


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_below_a_reserve_price_what_is_auctioned_stays_unsold(mode: str) -> None:
    free = prices(plain()[1])[0]
    said = {"allocation.auctioned_share": 0.3, "auctions": {"reserve_price": 2 * free, "unsold": "cancel"}}
    _, state = run({**said, "market.mode": mode})
    assert prices(state) == pytest.approx([2 * free] * 2, rel=1e-4)
    assert emitted(state).sum() < caps(state).sum() - 1.0


# -- a stability reserve -----------------------------------------------------------------------------------


def test_one_stability_reserve_goes_by_what_is_in_circulation_in_all_provinces() -> None:
    rule = {"on": True, "scale": 1.0, "lower": 10.0, "upper": 1000.0, "release_below": 1.0, "keep": 500.0}
    said = {"banking.opening": 0.05, "stability_reserve": rule, "firms.reserve": 0.2, "years.end": 2024}
    world, state = run(said, 2)
    circulating = sum(int(m.registry.held[: one.firms].sum()) for one, m in pairs(world, state))
    run_until(world, state)
    assert circulating > 12 * TONNES
    taken = of_year(state, "reserve_t", 2024)
    assert taken.sum() == pytest.approx(circulating - 10 * TONNES, abs=1)  # the excess over one threshold, once
    assert (taken > 0).all()


def test_a_common_reserve_keeps_what_new_entrants_have_left_in_each_province() -> None:
    rule = {"on": True, "scale": 1.0, "release": 0.0}
    entrants = {"share": 0.05, "left_over": "stability"}
    _, state = run({"stability_reserve": rule, "new_entrants": entrants, "years.end": 2024})
    left = of_year(state, "entrants_reserve_t", 2023)
    assert left.min() > 1e7
    assert of_year(state, "reserve_t", 2024).tolist() == left.tolist()


def test_what_a_common_reserve_gives_back_comes_out_of_what_each_part_of_it_holds() -> None:
    rule = {"on": True, "scale": 1.0, "lower": 1000.0, "upper": 2000.0, "release_below": 900.0, "release": 4.0}
    world, state = run({"stability_reserve": rule, "years.end": 2024}, 2)

    def issued() -> int:
        return sum(int(m.registry.totals()["issued"][2024 - m.registry.first_vintage]) for m in state.members)

    before = issued()
    for m, held in zip(state.members, (6, 2), strict=True):
        m.market.reserve = held * TONNES
    run_until(world, state)
    assert [m.market.reserve for m in state.members] == [3 * TONNES, TONNES]  # 3 and 1 Mt of the four
    caps_of_2024 = sum(round(m.policy.tonnes(2024) * TONNES) for m in state.members)
    assert issued() - before == pytest.approx(caps_of_2024 + 4 * TONNES, abs=20)


# -- a shock, and drivers ----------------------------------------------------------------------------------


def test_a_shock_is_news_to_all_and_then_binds_them_together() -> None:
    cut = {"shock": {"year": 2024, "period": 2, "cap_cut": 0.1}, **TWICE, "coupling.adjustment_rate": 2.0}
    _, calm = run({**TWICE, "coupling.adjustment_rate": 2.0})
    _, state = run(cut)
    before, after = (slice(0, 5), slice(5, 6))
    for m, other in zip(state.members, calm.members, strict=True):
        told = [row["price"] for row in m.log.periods]
        quiet = [row["price"] for row in other.log.periods]
        assert told[before] == quiet[before]
        assert told[after][0] > 1.2 * quiet[after][0]
    assert prices(state, 2024)[1] == prices(state, 2024)[3]
    whole = sum(m.policy.tonnes(2024) for m in state.members)
    assert whole == pytest.approx(0.95 * sum(m.policy.tonnes(2024) for m in calm.members))
    assert emitted(state, 2024).sum() == pytest.approx(whole, rel=1e-6)
    assert abs(emitted(state, 2024) - caps(state, 2024)).min() > 0.5  # in sum, and in neither by itself


def test_firms_find_the_price_of_the_equilibria_after_a_shock() -> None:
    cut = {"shock": {"year": 2024, "cap_cut": 0.05}, "years.end": 2024}
    (_, state), (_, alone) = run(cut), run({**cut, **WITHOUT_FIRMS})
    assert prices(state, 2024) == pytest.approx(prices(alone, 2024), rel=1e-4)


def test_a_run_saved_after_a_shock_goes_on_with_the_same_bytes() -> None:
    cut = {"shock": {"year": 2023, "period": 2, "cap_cut": 0.1}, **TWICE, "drift.mode": "neural"}
    scenario = load_scenario("S4", {**SMALL, **cut})
    whole, later = JointMarket(scenario).run(), JointMarket(scenario)
    later.restore(JointMarket(scenario).run(until=4).save())
    assert later.state.members[0].policy.shocked
    assert later.run().result().periods.to_csv() == whole.result().periods.to_csv()


def test_what_comes_from_beyond_all_provinces_meets_all_of_them_alike() -> None:
    said = {"shocks": "estimated", **TWICE}
    _, state = run(said)
    shandong, shanxi = ([row for row in m.log.periods if row["year"] > 2022] for m in state.members)
    for name in ("fuel_price", "power_demand", "steel_demand", "cement_demand"):
        assert [row[f"driver_{name}"] for row in shandong] == [row[f"driver_{name}"] for row in shanxi], name
    for name in ("productivity", "availability"):
        assert all(a[f"driver_{name}"] != b[f"driver_{name}"] for a, b in zip(shandong, shanxi, strict=True)), name
    assert [row["belief"] for row in shandong] == [row["belief"] for row in shanxi]
    assert any(row["belief"] != 0.0 for row in shanxi)
    assert [row["price"] for row in shandong] == [row["price"] for row in shanxi]


# -- deadlines after the year's end ------------------------------------------------------------------------


@pytest.mark.parametrize("closing", ["last_price", "run"])
def test_a_deadline_after_the_years_end_moves_trade_and_no_price(closing: str) -> None:
    said = {"compliance": {"deadline": {2023: 9}, "closing": closing}, "market.periods_per_year": 4}
    said |= {"years.end": 2024, "banking.horizon": 2, "firms.strategies": {"truthful": 0.0, "scheduled": 1.0}}
    soon = {key: value for key, value in said.items() if key != "compliance"}
    (_, late), (_, early) = run(said), run(soon)
    assert prices(late) == pytest.approx(prices(early), rel=2e-3)
    for year in (2023, 2024):
        owed = of_year(late, "owed_t", year)
        assert of_year(late, "surrendered_t", year) == pytest.approx(owed, rel=1e-4)
        assert of_year(late, "shortfall_t", year).sum() <= 1e-4 * owed.sum()
    check_between([m.registry for m in late.members])
    for m in late.members:
        m.registry.check()
        assert not m.market.open


# -- the border --------------------------------------------------------------------------------------------


def test_a_border_adjustment_holds_in_each_province_at_the_common_price() -> None:
    said = {"border_adjustment": {"share": 1.0, "sectors": ["STEEL"], "on": "sold", "partners": "abroad"}}
    _, alone = run({**said, **WITHOUT_FIRMS})
    _, state = run(said)
    assert prices(state) == pytest.approx(prices(alone), rel=1e-4)
    for m in state.members:
        assert m.log.settlements[-1]["border_given_back_yuan"]["STEEL"] > 0
    assert prices(alone)[0] != pytest.approx(prices(plain()[1])[0], rel=1e-3)


KINDS = {"offsets.share": 0.05, "offsets.kinds.ccer.potential": 5.0, "offsets.kinds.forestry.potential": 3.0,
         "offsets.kinds.forestry.median_cost": 20.0}  # fmt: skip


@pytest.mark.parametrize("mode", [{}, WITHOUT_FIRMS])
def test_each_province_has_kinds_of_credits_of_its_own_and_they_cost_the_same_within_it(mode: dict[str, Any]) -> None:
    _, state = run({**KINDS, **mode})
    free = run(mode)[1]
    assert prices(state)[0] < prices(free)[0]  # what credits cover needs no allowance
    for m in state.members:
        (row,) = [row for row in m.log.credit_trades if row["year"] == 2023]
        (ccer, _), (forestry, _) = row["kinds"]["ccer"], row["kinds"]["forestry"]
        assert ccer == pytest.approx(forestry, rel=5e-3)
    covered = sum(float(np.sum(row["bought_t"])) for m in state.members for row in m.log.credit_trades) / TONNES
    caps = sum(float(m.policy.caps(2023)[m.policy.mask(2023)].sum()) for m in state.members)
    assert emitted(state).sum() == pytest.approx(caps + covered, rel=1e-4)


@pytest.mark.parametrize("mode", [{}, WITHOUT_FIRMS])
def test_each_province_keeps_a_reserve_for_its_own_new_entrants(mode: dict[str, Any]) -> None:
    kept = {"new_entrants.share": 0.05, "new_entrants.threshold": 0.0, "new_entrants.over_years": 1, "years.end": 2024}
    _, state = run({**kept, **mode})
    given = of_year(state, "set_aside_t", 2024)
    whole = [m.policy.whole_cap(2024) * TONNES for m in state.members]
    assert given == pytest.approx([0.05 * cap for cap in whole], rel=1e-6)
    caps = sum(float(m.policy.caps(2024)[m.policy.mask(2024)].sum()) for m in state.members)
    out = sum(m.market.entrants.out for m in state.members) / TONNES
    assert out > 0
    assert emitted(state, 2024).sum() == pytest.approx(caps + out, rel=1e-4)
