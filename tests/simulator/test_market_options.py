"""What a scenario may switch on in the market: venues, strategies, rules over the years, intermediaries."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.market.block import SMALLEST
from tanshi.market.listed import BELOW
from tanshi.market.venues import VENUES
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Market
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.results.tables import RunResult, identity_gaps
from tanshi.simulator.results.variables import INTERMEDIARIES, net_sales_of
from tanshi.simulator.run.rules import circulating

QUICK: dict[str, Any] = {
    "years.end": 2024, "firms.number": 120, "drift.mode": "none", "seed": 5,
    "cap.tightness": 0.05, "cap.decline": 0.03,  # bites from its first year, whatever the calibration found
}  # fmt: skip


def alone(strategy: str) -> dict[str, Any]:
    return {f"firms.strategies.{s}": float(s == strategy) for s in ("truthful", "zic", "zip", "scheduled")}


@cache
def ran(*changes: tuple[str, Any]) -> tuple[CarbonMarket, RunResult]:
    model = CarbonMarket(load_scenario("S1", {**QUICK, **dict(changes)})).run()
    model.registry.check()
    return model, model.result()


def run(**changes: Any) -> tuple[CarbonMarket, RunResult]:
    return ran(*sorted({k.replace("__", "."): v for k, v in changes.items()}.items()))


@pytest.mark.parametrize("venue", VENUES)
def test_every_venue_runs_in_the_hybrid_and_every_identity_holds(venue: str) -> None:
    model, result = run(market__venue=venue)
    assert (result.periods["price"] > 0).all()
    assert result.trades["quantity_t"].sum() > 0
    assert max(identity_gaps(result).values()) < 1e-6
    size = result.trades["quantity_t"]
    if venue == "listed_agreement":
        assert size.max() < BELOW
        move = result.periods["price"].to_numpy() / np.append(55.32, result.periods["price"])[:-1]
        assert np.abs(move[1:] - 1).max() <= 0.1 + 1e-3
    if venue == "block_agreement":
        assert size.min() >= SMALLEST
    assert (model.registry.rebuilt() == model.registry.state()["balances"]).all()


def test_the_schema_names_every_venue() -> None:
    for venue in VENUES:
        assert Market(venue=venue).venue == venue  # type: ignore[arg-type]


def test_what_mcafee_s_auction_keeps_goes_to_government() -> None:
    model, _ = run(market__venue="mcafee")
    assert model.registry.cash[model.world.government] >= 0


@pytest.mark.parametrize("strategy", ["truthful", "zic", "zip", "scheduled"])
def test_every_strategy_finds_a_price_near_the_truthful_one(strategy: str) -> None:
    _, truthful = run(**{k.replace(".", "__"): v for k, v in alone("truthful").items()})
    _, result = run(**{k.replace(".", "__"): v for k, v in alone(strategy).items()})
    both = [r.periods.query("year > 2022")["price"].mean() for r in (result, truthful)]
    assert both[0] == pytest.approx(both[1], rel=0.15)


def test_scheduled_firms_trade_most_in_the_last_quarter() -> None:
    shares = {}
    for strategy in ("truthful", "scheduled"):
        _, result = run(**{k.replace(".", "__"): v for k, v in alone(strategy).items()})
        year = result.periods.query("year == 2024")
        shares[strategy] = year.query("period > 9")["volume_t"].sum() / year["volume_t"].sum()
    assert shares["scheduled"] > 0.45 > 0.3 > shares["truthful"]


def test_what_exceeds_the_carry_over_limit_expires() -> None:
    # Who looks ahead keeps no more than the limit lets it, and under a floor nobody buys what is too much.
    blind = {"banking__horizon": 0, "banking__opening": 0.1, "price__floor": 300.0}
    limit = {"banking.carry_base": 1000, "banking.carry_multiple": 0.0, "banking.carry_at": []}
    given = {k.replace("__", "."): v for k, v in blind.items()}
    model = CarbonMarket(load_scenario("S1", {**QUICK, **given, **limit})).run()
    free, _ = run(**blind)
    for limited, unlimited in zip(model.state.log.settlements[1:], free.state.log.settlements[1:], strict=True):
        assert limited["expired_t"] > 0 == unlimited["expired_t"]
        assert limited["banked_t"] <= 1000 * len(model.population)


def test_borrowed_allowances_are_missing_from_the_next_allocation() -> None:
    # Trade in blocks leaves gaps; any gap may be borrowed for here.
    changes = {"market__venue": "block_agreement", "banking__borrow_threshold": 0.0, "years__end": 2025}
    with_it, _ = run(banking__borrow_share=1.0, **changes)
    without, _ = run(**changes)
    settled = with_it.state.log.settlements
    assert settled[1]["borrowed_t"] > 0
    assert settled[1]["shortfall_t"] == 0 < without.state.log.settlements[1]["shortfall_t"]
    assert settled[-1]["borrowed_t"] == 0  # nothing follows the last year
    scenario = with_it.world.scenario
    elsewhere = scenario.model_copy(update={"banking": scenario.banking.model_copy(update={"borrow_years": [2024]})})
    stated = CarbonMarket(elsewhere).run().state.log.settlements
    assert stated[1]["borrowed_t"] == 0  # 2023 is not among the years
    assert stated[2]["borrowed_t"] > 0
    issued = [model.registry.totals()["issued"] for model in (with_it, without)]
    # What is borrowed of a vintage is issued early, not on top.
    assert (issued[0] == issued[1]).all()


def test_stability_reserve_takes_from_a_slack_market_and_raises_its_price() -> None:
    slack = {"cap__over_allocation": 0.08, "cap__tightness": 0.0}
    _, plain = run(**slack)
    # A market of a hundredth of the European Union's size: 24 % above 10.96 Mt in circulation.
    model, held = run(**slack, stability_reserve__on=True, stability_reserve__scale=0.01)
    assert model.state.log.settlements[-1]["reserve_t"] > 0
    assert held.periods["price"].iloc[-1] > plain.periods["price"].iloc[-1] + 0.1


def test_what_traders_without_obligations_hold_is_in_circulation() -> None:
    """Decision (EU) 2015/1814, Art. 1(4): all that was issued, less verified emissions, and less the reserve."""
    slack = {"cap__over_allocation": 0.08, "cap__tightness": 0.0, "firms__intermediaries": 3, "years__end": 2023}
    model, _ = run(**slack, firms__intermediary_capacity=0.05)
    held, government = model.registry.held, model.world.government
    assert held[government + 1 :].sum() > 1e6
    totals = model.registry.totals()
    issued, verified = int(totals["issued"].sum()), sum(row["surrendered_t"] for row in model.state.log.settlements)
    assert circulating(model.world, model.state) == issued - verified - int(held[government])


def test_penalty_is_the_multiple_of_the_last_month_s_mean_price() -> None:
    # Under a ceiling too low to cut emissions enough some firms find no seller.
    model, result = run(price__ceiling=60.0, cap__tightness=0.15, penalty__multiple=5.0)
    last = result.periods.query("year == 2024").iloc[-1]
    mean = last["turnover_yuan"] / last["volume_t"] if last["volume_t"] else last["price"]
    settled = model.state.log.settlements[-1]
    assert settled["shortfall_t"] > 0
    assert settled["penalty_yuan"] / settled["shortfall_t"] == pytest.approx(5 * mean, abs=0.006)


def test_firms_that_look_ahead_bank_for_a_cap_that_tightens_fast() -> None:
    changes = {"cap__decline": 0.15, "cap__tightness": 0.0, "years__end": 2025}
    planning, ahead = run(banking__horizon=3, **changes)
    yearly, blind = run(banking__horizon=0, **changes)
    banked = [m.state.log.settlements[1]["banked_t"] for m in (planning, yearly)]
    assert banked[0] > 10 * max(banked[1], 1)
    first, then = (r.periods.query("year == 2023")["price"].mean() for r in (ahead, blind))
    assert first > then  # what is scarce tomorrow is dear today


def test_intermediaries_trade_and_their_net_sales_are_reported() -> None:
    model, result = run(firms__intermediaries=10)
    assert INTERMEDIARIES in set(result.trades["buyer_sector"]) & set(result.trades["seller_sector"])
    sales = result.series(net_sales_of(INTERMEDIARIES))
    held = model.registry.held[model.world.government + 1 :].sum()
    assert sales.sum() == pytest.approx(-held / 1e6, abs=1e-9)
    assert max(identity_gaps(result).values()) < 1e-6
    _, without = run()
    assert not len(without.series(net_sales_of(INTERMEDIARIES)))


def test_the_periods_table_measures_the_market() -> None:
    _, result = run()
    periods = result.periods[result.periods["volume_t"] > 0]
    assert periods["efficiency"].between(0.999, 1.0 + 1e-12).all()  # a call auction wastes nothing of its book
    assert periods[["hhi_buyers", "hhi_sellers"]].stack().between(0, 1).all()
    assert (periods[["surplus_buyers_yuan", "surplus_sellers_yuan"]] >= -1e-6).all().all()
