"""A reserve for new entrants: no tonne is lost, who has grown is given more, and what is left goes where it should."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.market.new_entrants import EntrantsReserve, asked, january
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.public.entrants import in_january

SMALL: dict[str, Any] = {
    "years.end": 2025, "firms.number": 32, "market.periods_per_year": 1, "drift.mode": "none", "banking.horizon": 0,
    "coverage.STEEL": "trading", "coverage.NMM": "trading", "firms.shock_sigma": 0.0, "coupling.adjustment_rate": None,
    "cap.tightness": 0.05,
}  # fmt: skip
ALONE = {"market.mode": "equilibrium"}
KEPT = {"new_entrants.share": 0.05, "new_entrants.threshold": 0.0, "new_entrants.over_years": 1}
WAYS = ("auction", "stability", "cancel")


@cache
def _ran(*changes: tuple[str, Any]) -> CarbonMarket:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in changes}
    model = CarbonMarket(load_scenario("S1", {**SMALL, **plain})).run()
    model.registry.check()
    return model


def ran(changes: dict[str, Any]) -> CarbonMarket:
    return _ran(*((name, tuple(v) if isinstance(v, list) else v) for name, v in changes.items()))


def rows(model: CarbonMarket) -> list[dict[str, Any]]:
    """Of the policy's years."""
    return [row for row in model.state.log.settlements if row["year"] > 2022]


# -- the law -----------------------------------------------------------------------------------------------


def test_nothing_is_asked_up_to_the_threshold_and_all_of_the_growth_beyond_it() -> None:
    # Directive 2003/87/EC, Art. 10a(20): a change of more than 15 %. 100,000 t for 1,000 units of output.
    free, base = np.full(3, 100_000.0), np.full(3, 1_000.0)
    grown = asked(free, np.array([1_150.0, 1_151.0, 800.0]), base)
    assert grown.round(6).tolist() == [0.0, 15_100.0, 0.0]


def test_in_the_union_allowances_fall_with_output_beyond_the_threshold_too() -> None:
    # Implementing Regulation (EU) 2019/1842, Art. 5: 15 % less changes nothing, 16 % less takes all sixteen.
    free, base = np.full(3, 100_000.0), np.full(3, 1_000.0)
    moved = asked(free, np.array([850.0, 840.0, 1_200.0]), base, falls=True)
    assert moved.round(6).tolist() == [0.0, -16_000.0, 20_000.0]
    # What is given back is there for who has grown: 5,000 held, 16,000 back, 20,000 asked, 1,000 left.
    found = january(EntrantsReserve(held=5_000), 0, np.array([0, -16_000, 20_000]))
    assert (found.given.tolist(), found.held, found.out) == ([0, -16_000, 20_000], 1_000, 4_000)


def test_who_asks_for_more_than_there_is_gets_the_same_part() -> None:
    found = january(EntrantsReserve(held=10), 50, np.array([80, 40]))
    assert found.given.tolist() == [40, 20]
    assert found.held == 0


@pytest.mark.parametrize("way", ["", *WAYS])
def test_what_was_held_and_set_aside_is_given_held_or_gone_one_way(way: str) -> None:
    found = january(EntrantsReserve(held=1_000), 300, np.array([100, 50, 0]), way)
    gone = found.auctioned + found.stability + found.cancelled
    assert int(found.given.sum()) + gone + found.held == 1_000 + 300
    assert gone == (1_000 if way else 0)
    assert found.out == 150 + (1_000 if way == "auction" else 0)


# -- in a run ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
@pytest.mark.parametrize("way", WAYS)
def test_every_tonne_of_the_cap_is_free_auctioned_in_the_reserve_or_gone(alone: dict[str, Any], way: str) -> None:
    reserve = {"stability_reserve.on": True, "stability_reserve.scale": 10.0} if way == "stability" else {}
    model = ran({**KEPT, **alone, **reserve, "new_entrants.left_over": way, "allocation.auctioned_share": 0.2})
    held, policy = 0, model.state.policy
    for row in rows(model):
        year, left = row["year"], row["left_over_t"]
        cap = round(policy.whole_cap(year) * 1e6)
        assert row["set_aside_t"] == pytest.approx(0.05 * cap, abs=8)
        assert policy.tonnes(year) * 1e6 + row["set_aside_t"] == pytest.approx(cap, abs=8)
        gone = sum(left.values())
        assert held + row["set_aside_t"] == sum(row["entrants_t"].values()) + gone + row["entrants_reserve_t"]
        assert gone == left[way] == (held if year > 2023 else 0)  # it closes every year
        held = row["entrants_reserve_t"]
    assert any(row["entrants_t"] for row in rows(model))
    if not alone:  # what the registry issued is what came out of the cap and the reserve
        issued = model.registry.totals()["issued"]
        for row in rows(model):
            out = sum(row["entrants_t"].values()) + row["left_over_t"]["auction"]
            given = round(policy.tonnes(row["year"]) * 1e6) + out
            if way != "stability":
                assert int(issued[row["year"] - model.registry.first_vintage]) == pytest.approx(given, abs=8)


def test_a_sector_gets_what_its_growth_beyond_the_year_before_the_policy_is_worth() -> None:
    model = ran(KEPT)
    outputs = {one.year: model.world.economy.accounts.coverable_outputs(one.flows) for one in model.state.log.years}
    policy, names = model.state.policy, model.world.sectors
    for row in rows(model):
        if row["entrants_reserve_t"] == 0:
            continue
        growth = outputs[row["year"] - 1] / outputs[2022] - 1.0
        for place in np.flatnonzero(policy.mask(row["year"])):
            due = max(growth[place], 0.0) * policy.caps(row["year"])[place] * 1e6
            assert row["entrants_t"].get(names[place], 0) == pytest.approx(due, abs=1.0)


def test_growth_counts_from_the_year_before_a_sector_traded_from_its_second_year_on() -> None:
    policy = ran(KEPT).state.policy
    one = np.ones(len(policy.mask(2023)))
    first = in_january(policy, 2023, EntrantsReserve(), {2022: one})
    assert first.given.sum() == 0  # nothing has grown since the year before
    second = in_january(policy, 2024, first, {2022: one, 2023: 1.02 * one})
    free = policy.caps(2024, whole=True)[policy.mask(2024)].sum() * 1e6
    assert second.given.sum() == pytest.approx(0.02 * free, abs=len(one))


def test_a_reserve_that_gives_nothing_is_a_cap_that_is_lower_by_its_share() -> None:
    kept = ran({**KEPT, **ALONE, "new_entrants.threshold": 5.0})
    lower = ran({**ALONE, "cap.tightness": 1 - 0.95 * 0.95})
    for year in (2023, 2024, 2025):
        assert kept.state.policy.tonnes(year) == pytest.approx(lower.state.policy.tonnes(year), rel=1e-12)
    price = [list(model.result().periods["price"]) for model in (kept, lower)]
    assert price[0] == pytest.approx(price[1], rel=1e-9)


def test_what_the_reserve_lets_out_lowers_the_price_and_what_it_cancels_does_not() -> None:
    auction, cancel = (ran({**KEPT, **ALONE, "new_entrants.left_over": way}) for way in ("auction", "cancel"))
    prices = [dict(zip(*model.result().periods[["year", "price"]].to_numpy().T, strict=True))
              for model in (auction, cancel)]  # fmt: skip
    assert prices[0][2023] == pytest.approx(prices[1][2023], rel=1e-9)
    assert prices[0][2024] < prices[1][2024]


def test_firms_and_the_equilibrium_alone_come_to_the_same_price() -> None:
    several, alone = ran({**KEPT, "coupling.tolerance": 1e-3}), ran({**KEPT, **ALONE})
    found = [model.result().periods.query("year > 2022")["price"].to_numpy() for model in (several, alone)]
    np.testing.assert_allclose(found[0], found[1], rtol=2e-3)


@pytest.mark.parametrize("alone", [{}, ALONE], ids=["agents", "equilibrium"])
def test_firms_that_plan_foresee_what_the_reserve_will_let_out(alone: dict[str, Any]) -> None:
    # Without chance, one period a year: what was foreseen in 2023 is lived, whatever is banked.
    rule = {**KEPT, **alone, "banking.horizon": 6, "cap.decline": 0.06, "new_entrants.left_over": "auction",
            "new_entrants.share": 0.1, "banking.beyond": "end"}  # fmt: skip
    model = CarbonMarket(load_scenario("S1", {**SMALL, **rule}))
    told = []
    while not model.state.calendar.finished:
        model.step()
        if model.state.market.outlook is not None:
            told.append(model.state.market.outlook)
    first = told[0]
    lived = model.result().periods.query("year > 2022")["price"].to_numpy()
    np.testing.assert_allclose(lived, first.price[:3], rtol=3e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"new_entrants.threshold": 0.1}, "a share for a reserve that is described"),
        ({"new_entrants.share": {"2022": 0.02}}, "years of the policy"),
        ({"new_entrants.share": 0.02, "new_entrants.closes": [2020]}, "years of the policy"),
        ({"new_entrants.share": 0.02, "cap.regime": "tps"}, "a cap in tonnes of which a part is set aside"),
        ({"new_entrants.share": 0.02, "new_entrants.left_over": "stability"}, "a stability reserve"),
        ({"new_entrants.share": 0.02, "shock.year": 2024, "shock.cap_cut": 0.1}, "no shock beside"),
        ({"new_entrants.share": 0.7}, "<= 0.5"),
    ],
)
def test_a_reserve_that_cannot_be_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario("S1", changes)
    assert words in str(refused.value)


@pytest.mark.parametrize("alone", [{}, ALONE])
def test_where_allowances_fall_with_output_the_reserve_holds_what_sectors_lose(alone: dict[str, Any]) -> None:
    falling = {**KEPT, "cap.tightness": 0.25, "new_entrants.threshold": 0.02}
    stays, falls = ran({**alone, **falling}), ran({**alone, **falling, "new_entrants.falls": True})
    less = [sum(min(t, 0) for t in row["entrants_t"].values()) for row in rows(falls)]
    assert min(less) < 0
    assert all(t >= 0 for row in rows(stays) for t in row["entrants_t"].values())
    held, closed = 0, 0  # every year what was there is what is there, gone, or given
    for row in rows(falls):
        closed = sum(row["left_over_t"].values())
        held += row["set_aside_t"] - sum(row["entrants_t"].values()) - closed
        assert row["entrants_reserve_t"] == held
