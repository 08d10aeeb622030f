"""A province in a wider market: whose price it pays, what it buys, who pays for it, and the limits of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tanshi.agents.outside import RestOfNation, price_taking_orders
from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.province.national import nominal_gdp
from tanshi.equilibrium.province.trade import FX
from tanshi.market.call_auction import CallAuction
from tanshi.market.orders import BUY, SELL, Orders
from tanshi.numerics.units import MILLION, TONNES
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.results.collect import result_of
from tanshi.simulator.results.variables import PAID_OUTSIDE, cost_of, net_sales_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.annual import annual_path
from tanshi.simulator.run.period import run_until
from tanshi.simulator.run.saved import plain, restored
from tanshi.simulator.run.world import State, World
from tanshi.simulator.studies.linking import beside_observed, link_against_closed, observed_words, words

SMALL: dict[str, Any] = {
    "years.end": 2024,
    "firms.number": 24,
    "market.periods_per_year": 1,
    "coupling.adjustment_rate": None,
    "coupling.tolerance": 1e-6,
    "market.tick": 1e-5,
    "firms.shock_sigma": 0.0,
    "drift.mode": "none",
    "banking.horizon": 0,
}
PRICE = {"to": "price", "price": 60.0}
RESPONSE = 0.05


def supply(size: float, response: float, price: float = 60.0) -> dict[str, Any]:
    """A nation that would clear by itself at a price."""
    cap = RestOfNation(size, 0.0, response).emissions(price)
    return {"to": "supply", "emissions": size, "cap": cap, "response": response}


def run(name: str, link: dict[str, Any] | str, **given: Any) -> tuple[World, State]:
    changes = {**SMALL, "market.link": link, **{key.replace("__", "."): value for key, value in given.items()}}
    world, state = begin(load_scenario(name, changes))
    run_until(world, state)
    return world, state


def covered(state: State, year: int) -> float:
    closed = next(one for one in state.log.years if one.year == year)
    return float(closed.accrued[closed.covered].sum())


def row(state: State, year: int) -> dict[str, Any]:
    return next(settled for settled in state.log.settlements if settled["year"] == year)


@lru_cache(maxsize=1)
def at_sixty() -> tuple[dict[int, float], dict[int, float]]:
    """Covered emissions of S1's province and what it imports at 60 yuan/t: equilibria alone, without any market."""
    world, state = begin(load_scenario("S1", SMALL))
    region, policy = world.economy, state.policy
    bought: dict[int, float] = {}

    def regime(p: Parameters, year: int) -> None:
        policy.prepare(region.province, p, year)
        region.province.hold_price(p, 60.0 if year > 2022 else region.province.accounts.carbon_price)

    def solve(p: Parameters, year: int, start: np.ndarray | None) -> Solution:
        at, free = region.province.transfer_enterprises, float(p.endowment[region.province.transfer_enterprises])
        found = region.province.solve(p, start)
        for _ in range(8 if year > 2022 else 0):  # who buys outside sends the money there
            bought[year] = float(region.province.coverable_emissions(found)[policy.mask(year)].sum())
            bought[year] -= policy.tonnes(year)
            q = p.copy()
            q.endowment[at] = free - 60.0 * bought[year] / 100.0
            found = region.province.solve(q, found.x)
        return found

    path = annual_path(region.province, region.accounts, region.growth, range(2022, 2025), regime, solve)
    return {y.year: float(y.emissions[policy.mask(y.year)].sum()) for y in path}, bought


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_at_a_price_from_outside_the_province_buys_what_its_own_curve_lacks(mode: str) -> None:
    emitted, bought = at_sixty()
    _, state = run("S1", PRICE, market__mode=mode)
    for year in (2023, 2024):
        price = next(period["price"] for period in state.log.periods if period["year"] == year)
        assert price == pytest.approx(60.0, rel=1e-6)
        assert covered(state, year) == pytest.approx(emitted[year], rel=1e-6)
        assert row(state, year)["imported_t"] / TONNES == pytest.approx(bought[year], rel=1e-4)
    assert bought[2024] > 1.0  # so that something was tested


def test_in_the_national_market_s1_takes_its_price_month_by_month() -> None:
    link = {"to": "price", "observed": "china", "growth": 0.03}
    world, state = begin(load_scenario("S1", {"years.end": 2024, "firms.number": 48, "market.link": link}))
    run_until(world, state)
    for period in state.log.periods:
        if period["year"] >= 2023:
            outside = world.scenario.market.link.price_at(period["year"])
            assert period["price"] == pytest.approx(outside, rel=0.01)
    for year in (2023, 2024):  # 68 yuan in one year and 97 in the next: nobody hoards for it
        assert row(state, year)["banked_t"] < 1e-4 * row(state, year)["owed_t"]


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_a_nation_far_larger_gives_its_price_and_one_that_cannot_abate_gives_none(mode: str) -> None:
    _, closed = run("S1", "closed", market__mode=mode)
    _, given = run("S1", PRICE, market__mode=mode)
    _, flat = run("S1", supply(1e6, RESPONSE), market__mode=mode)
    _, steep = run("S1", {"to": "supply", "emissions": 100.0, "cap": 100.0, "response": 1e-7}, market__mode=mode)
    for place in (1, 2):
        prices = [one.log.periods[place]["price"] for one in (closed, given, flat, steep)]
        assert prices[2] == pytest.approx(prices[1], rel=2e-4)
        assert prices[3] == pytest.approx(prices[0], rel=2e-4)
        assert abs(prices[1] - prices[0]) > 1.0
    assert covered(flat, 2024) == pytest.approx(covered(given, 2024), rel=1e-4)
    assert covered(steep, 2024) == pytest.approx(covered(closed, 2024), rel=1e-5)


def test_the_price_lies_between_two_markets_that_are_joined_and_cost_falls_on_both_sides() -> None:
    nation = supply(500.0, RESPONSE, price=90.0)
    _, closed = run("S1", "closed")
    _, joined = run("S1", nation)
    alone, together = (one.log.periods[2]["price"] for one in (closed, joined))
    assert alone < together < 90.0
    assert row(joined, 2024)["imported_t"] < 0  # who abates more cheaply sells
    rest = RestOfNation(500.0, float(nation["cap"]), RESPONSE)
    assert row(joined, 2024)["outside_owed_t"] / TONNES == pytest.approx(rest.emissions(together), rel=1e-6)
    sold = rest.emissions(together) - rest.cap
    assert -row(joined, 2024)["imported_t"] / TONNES == pytest.approx(sold, rel=1e-3)


@pytest.mark.parametrize("link", [PRICE, supply(3000.0, RESPONSE, 90.0)], ids=["price", "supply"])
def test_tonnes_and_money_are_conserved_across_the_border(link: dict[str, Any]) -> None:
    world, state = run("S5", link, market__periods_per_year=3, drift__mode="ou", coupling__adjustment_rate=2.0,
                       banking__horizon=20, firms__shock_sigma=0.05, market__tick=0.01, coupling__tolerance=0.005,
                       allocation__auctioned_share=0.2)  # fmt: skip
    registry = state.registry
    registry.check()
    assert np.array_equal(registry.rebuilt(), registry._balances)
    assert int(registry.cash.sum()) == 0
    result = result_of(world, state)
    trades = result.trades
    sold = trades[trades["seller_sector"] == "OUT"]
    back = trades[trades["buyer_sector"] == "OUT"]
    imported = int(sold["quantity_t"].sum() - back["quantity_t"].sum())
    assert imported == sum(settled.get("imported_t", 0) for settled in state.log.settlements) != 0
    yuan = float((sold["price"] * sold["quantity_t"]).sum() - (back["price"] * back["quantity_t"]).sum())
    assert int(registry.cash[world.outside]) * world.scenario.market.tick == pytest.approx(yuan, rel=1e-12)
    assert result.series(PAID_OUTSIDE).sum() * MILLION == pytest.approx(yuan, rel=1e-12)
    assert state.market.across.due == pytest.approx(0.0, abs=1e-9)  # the economy has paid it all, year by year
    names = [name for name in result.annual["variable"].unique() if str(name).startswith("Trade|Emissions Allowances")]
    balance = sum(result.series(str(name)) for name in names)
    assert float(np.abs(balance).max()) < 1e-9
    if link["to"] == "supply":
        held = int(registry.held[world.outside])
        given = 2 * round(float(link["cap"]) * TONNES)
        owed, short = (
            sum(one.get(f"outside_{word}_t", 0) for one in state.log.settlements) for word in ("owed", "short")
        )
        assert held == given - (owed - short) - imported
        assert short < 1e-5 * owed  # what the last period's price moves after the others


def test_what_is_paid_outside_is_earned_by_trade_and_gdp_is_one_number_from_three_sides() -> None:
    world, state = begin(load_scenario("S1", {**SMALL, "market.link": {"to": "price", "price": 40.0}}))
    run_until(world, state, 2)
    last = run_until(world, state)
    assert last is not None
    solution = last.closing.solution
    sides = nominal_gdp(world.economy.accounts, solution)
    assert max(sides.values()) - min(sides.values()) < 1e-6 * sides["income"]
    assert solution.walras < 1e-9
    paid = row(state, 2024)["paid_outside_yuan"] / 1e8
    province = world.province
    free = province.solve(last.closing.parameters)
    c = province.compiled
    owned = [i for i, at in enumerate(c.endow_price_var) if at == c.price_index[FX]]
    gap = (solution.parameters.endowment - free.parameters.endowment)[owned].sum()
    assert gap == pytest.approx(-paid, rel=1e-6)
    assert paid > 1.0


def test_what_an_auction_brings_to_the_treasury_is_paid_on_by_its_own_part() -> None:
    world, state = run("S1", PRICE, allocation__auctioned_share=0.5)
    province = world.province
    p = state.economy.parameters
    q = province.paying_outside(p, 10.0)
    change = q.endowment - p.endowment
    assert change[province.transfer_government] == pytest.approx(-5.0)
    assert change[province.transfer_enterprises] == pytest.approx(-5.0)
    assert p.endowment is not q.endowment


def test_a_wider_market_s_bank_is_held_on_both_sides_and_carried_at_one_rate() -> None:
    tight = {"to": "supply", "emissions": 5000.0, "cap": {"2023": 4900.0, "growth": -0.01}, "response": RESPONSE}
    _, joined = run("S1", tight, banking__horizon=10, years__end=2025)
    for period in joined.log.periods[1:]:
        assert period["price"] == pytest.approx(period["plan_price"], rel=1e-5)  # nobody makes anything of the border
        assert period["plan_next"] / period["plan_price"] == pytest.approx(1.0 + period["plan_carry"], rel=1e-3)
    assert row(joined, 2023)["outside_bank_t"] > 10 * row(joined, 2023)["banked_t"] > 0


def test_cost_by_sector_holds_what_is_bought_outside() -> None:
    world, state = run("S5", PRICE)
    result = result_of(world, state)
    paid = sum(result.series(cost_of(sector, "Allowances")) for sector in world.sectors)
    assert np.allclose(paid, result.series(PAID_OUTSIDE), rtol=1e-9)
    assert result.series(net_sales_of("OUT"))[2024] != 0


def test_the_link_lowers_what_carbon_costs_and_the_table_says_for_whom() -> None:
    table, _, _ = link_against_closed("S1", {**SMALL, "market.link": {"to": "price", "price": 40.0}})
    late = table[table["year"] == 2024]

    def told(sector: str, measure: str, column: str) -> float:
        return float(late.loc[(late["sector"] == sector) & (late["measure"] == measure), column].iloc[0])

    assert told("All", "price", "linked") == pytest.approx(40.0)
    assert told("Power", "net purchases", "linked") == pytest.approx(told("All", "bought outside", "linked"))
    assert told("Power", "emissions", "difference") > 0  # it abates less, and pays for it outside
    assert told("Power", "cost", "difference") < 0
    assert told("Power", "cost: allowances", "linked") == pytest.approx(told("All", "paid outside", "linked"))
    assert "bought outside" in words(table, 2023, 2024)


def test_a_run_stands_beside_what_the_nation_paid_and_traded() -> None:
    world, state = run("S1", {"to": "price", "observed": "china"})
    beside = beside_observed(result_of(world, state)).set_index("year")
    assert beside.index.tolist() == [2022, 2023, 2024]
    for year in (2023, 2024):
        assert beside["price"][year] == pytest.approx(beside["observed_mean"][year], rel=1e-4)
    assert beside["observed_volume"][2023] == 212.0
    assert observed_words(beside.reset_index()).count("\n") == 3


def test_a_closed_scenario_has_no_link_to_tell_of() -> None:
    with pytest.raises(UserError, match="not linked to anything"):
        link_against_closed("S1")


def test_a_linked_run_goes_on_from_where_it_was_saved() -> None:
    world, state = begin(load_scenario("S5", {**SMALL, "market.link": supply(3000.0, RESPONSE, 90.0)}))
    run_until(world, state, 2)
    other = restored(plain(state), state.announced)
    run_until(world, state)
    run_until(world, other)
    assert pd.DataFrame(state.log.periods).equals(pd.DataFrame(other.log.periods))
    assert state.market.across == other.market.across


def test_a_standing_quote_takes_what_others_leave_at_its_price() -> None:
    rows = np.array([[0, BUY, 105, 40, 7], [1, SELL, 90, 10, 8], [2, BUY, 80, 99, 9], [3, SELL, 130, 9, 3]])
    book = Orders(rows[:, 0], rows[:, 1].astype(np.int8), rows[:, 2], rows[:, 3], rows[:, 4])
    quote = price_taking_orders(book, 4, 100, 0)
    cleared = CallAuction(0.5, "pro_rata").clear(Orders.join([book, quote]), np.random.default_rng(1))
    assert cleared.price == 100
    by_outside = cleared.fills.quantity[cleared.fills.seller == 4].sum()
    assert int(by_outside) == 30


@pytest.mark.parametrize(("side", "outside"), [(SELL, BUY), (BUY, SELL)])
def test_a_sector_at_the_price_floor_has_one_side_of_the_quote(side: int, outside: int) -> None:
    book = Orders(np.array([0]), np.array([side], np.int8), np.array([5]), np.array([12]), np.array([0]))
    quote = price_taking_orders(book, 1, 5, 5)
    assert (quote.side.tolist(), quote.quantity.tolist()) == ([outside], [12])


def test_nobody_is_fined_at_the_close_of_a_run_that_is_linked_to_a_price() -> None:
    """At 90 yuan the province sells; who still lacks allowances for the last year, due a year later, is served."""
    _, state = run("S5", {"to": "price", "price": 90.0}, compliance__deadline=12, banking__horizon=0)
    last = state.log.settlements[-1]
    assert last["imported_after_t"] < -1e6
    assert last["shortfall_t"] < 1e-7 * last["owed_t"]  # rounding alone
