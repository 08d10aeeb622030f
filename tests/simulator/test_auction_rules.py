"""Reserve prices by past ones, limits on bidders and auctions that sell all or nothing, in whole runs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.ground.past_prices import mean_of_means, past_mean

SMALL: dict[str, Any] = {
    "years.end": 2024, "firms.number": 40, "market.periods_per_year": 4, "drift.mode": "none", "banking.horizon": 0,
    "cap.tightness": 0.05, "cap.decline": 0.03, "allocation.auctioned_share": 0.3, "auctions.months": [1, 7],
}  # fmt: skip


@cache
def _ran(*changes: tuple[str, Any]) -> CarbonMarket:
    model = CarbonMarket(load_scenario("S1", {**SMALL, **dict(changes)})).run()
    model.registry.check()
    return model


def ran(**changes: Any) -> CarbonMarket:
    return _ran(*((name.replace("__", "."), value) for name, value in changes.items()))


def prices(model: CarbonMarket) -> list[float]:
    return [row["price"] for row in model.state.log.periods if row["year"] > 2022]


def settled(model: CarbonMarket, name: str) -> list[int]:
    return [row[name] for row in model.state.log.settlements if row["year"] > 2022]


# -- the law, worked by hand -------------------------------------------------------------------------------


def rows(*periods: tuple[float, int]) -> list[dict[str, float]]:
    return [{"price": price, "volume_t": tonnes, "turnover_yuan": price * tonnes} for price, tonnes in periods]


def test_guangdongs_reserve_price_is_the_mean_of_three_months_by_volume() -> None:
    # 15.00 x 200 + 16.00 x 300 + 17.00 x 400 + 9.00 x 0 = 14,600 over 900.
    months = rows((80.0, 900), (15.0, 200), (16.0, 300), (17.0, 400))
    assert past_mean(months, 3, 0.0) == pytest.approx(14_600 / 900)


def test_where_nothing_was_traded_the_price_that_is_known_stands() -> None:
    assert past_mean(rows((15.0, 200), (80.0, 0), (90.0, 0)), 2, 15.0) == 15.0


def test_shanghais_reserve_price_is_a_fifth_above_and_at_most_42() -> None:
    rule = load_scenario("S1", {"auctions.reserve_multiple": 1.2, "auctions.reserve_most": 42.0}).auctions
    assert rule.by_past_prices(34.0, 2023) == pytest.approx(40.8)
    assert rule.by_past_prices(36.0, 2023) == 42.0


def test_koreas_floor_is_the_mean_of_three_means() -> None:
    # Three months 20,000, 23,000, 23,000 won at like volumes: 22,000; the last month 23,000; the last days 23,000.
    months = rows((20_000.0, 5), (23_000.0, 5), (23_000.0, 5))
    assert mean_of_means(months, [3, 1, 1], 0.0) == pytest.approx((22_000 + 23_000 + 23_000) / 3)


def test_a_sector_sells_its_own_part_and_the_others_the_common_one() -> None:
    # Korea's plan: power a half, others 15 %, those at risk of leakage nothing.
    rule = {"sectors.ELEC.auctioned_share": {"2023": 0.1, "2030": 0.5, "between": "even"},
            "sectors.CHEM.auctioned_share": 0.0, "allocation.auctioned_share": 0.15,
            "coverage.CHEM": "trading", "coverage.STEEL": "trading"}  # fmt: skip
    model = CarbonMarket(load_scenario("S1", {**SMALL, **rule}))
    parts = dict(zip(model.world.sectors, model.state.policy.auctioned(2030).tolist(), strict=True))
    assert (parts["ELEC"], parts["STEEL"], parts["CHEM"]) == (0.5, 0.15, 0.0)
    model.run()
    caps = dict(zip(model.world.sectors, model.state.policy.caps(2024).tolist(), strict=True))
    offered = (0.1 + 0.4 / 7) * caps["ELEC"] + 0.15 * caps["STEEL"]
    assert settled(model, "auctioned_t")[1] == pytest.approx(offered * 1e6, rel=1e-4)
    trading = caps["ELEC"] + caps["STEEL"] + caps["CHEM"]
    assert model.state.policy.sold(2024) == pytest.approx(offered / trading, rel=1e-9)  # whose value is government's


def test_before_the_policy_no_sector_pays_for_what_it_is_given() -> None:
    policy = CarbonMarket(load_scenario("S1", {**SMALL, "sectors.ELEC.auctioned_share": 0.5})).state.policy
    assert [policy.auctioned(year).max() for year in (2022, 2023)] == [0.0, 0.5]


# -- in runs -----------------------------------------------------------------------------------------------


def test_a_reserve_price_below_the_market_changes_nothing() -> None:
    assert prices(ran(auctions__reserve_multiple=0.5)) == prices(ran())


def test_a_reserve_price_of_three_times_the_last_half_years_mean_holds_the_price_there() -> None:
    model = ran(auctions__reserve_multiple=3.0, auctions__unsold="cancel")
    log = model.state.log.periods
    first = next(place for place, row in enumerate(log) if row["year"] == 2023)
    mean = past_mean(log[first - 2 : first], 2, log[first - 1]["price"])
    assert log[first]["price"] == pytest.approx(3.0 * mean, abs=0.02)
    assert settled(model, "withheld_t")[0] > 0


def test_two_auctions_that_decline_leave_all_that_was_offered_to_be_cancelled_at_the_years_end() -> None:
    rule = {"auctions__reserve_price": 500.0, "auctions__all_or_nothing": True, "auctions__unsold": "same_year",
            "allocation__auctioned_share": 0.02}  # fmt: skip
    model = ran(**rule)
    assert settled(model, "auctioned_t") == [0, 0]
    caps = [int(np.rint(model.state.policy.caps(year) * 1e6).sum()) for year in (2023, 2024)]
    assert settled(model, "withheld_t") == pytest.approx([0.02 * cap for cap in caps], abs=8)


def test_an_auction_that_all_want_sells_all_of_it_whatever_the_rule() -> None:
    assert prices(ran(auctions__all_or_nothing=True)) == prices(ran())


def test_a_limit_that_nobody_reaches_moves_no_price_and_one_that_binds_is_kept() -> None:
    free, model = ran(), ran(auctions__one_bidder=0.1, allocation__auctioned_share=0.1)
    assert prices(ran(auctions__one_bidder=1.0)) == prices(free)
    trades = model.result().trades.query("year > 2022 and seller_sector == 'GOV'")
    offered = {year: 0.05 * float((model.state.policy.caps(year) * 1e6).sum()) for year in (2023, 2024)}
    for (year, period), fills in trades.groupby(["year", "period"]):
        if period in (1, 3):  # the dates; what is left is offered again between them
            most = fills.groupby("buyer")["quantity_t"].sum().max()
            assert most <= 0.1 * 2 * offered[int(str(year))] + 1


def test_traders_without_obligations_buy_of_firms_alone() -> None:
    model = ran(auctions__bidders="obliged", firms__intermediaries=5)
    of_government = model.result().trades.query("year > 2022 and seller_sector == 'GOV'")
    assert len(of_government) > 0
    assert set(of_government["buyer_sector"]) <= {"ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"auctions.one_bidder": 0.25, "market.mode": "equilibrium"}, "auctions.one_bidder"),
        ({"auctions.bidders": "obliged", "market.venue": "continuous"}, "auctions.bidders"),
        ({"auctions.all_or_nothing": True, "market.blocks": 0.5}, "auctions.all_or_nothing"),
        ({"auctions.of_months": [3.0]}, "auctions.of_months"),
        ({"auctions.reserve_most": 42.0}, "auctions.reserve_most"),
        ({"auctions.one_bidder": 1.5}, "auctions.one_bidder"),
        ({"penalty.of_months": 6.0}, "penalty.of_months"),
        ({"sectors.ELEC.method": "benchmark", "sectors.ELEC.auctioned_share": 0.5}, "sectors.ELEC.auctioned_share"),
        ({"cap.regime": "tps", "sectors.ELEC.auctioned_share": {"2024": 0.5}}, "sectors.ELEC.auctioned_share"),
        ({"penalty.most": 100.0}, "penalty.most"),
    ],
)
def test_rules_that_no_auction_could_hold_are_refused_once(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario("S1", changes)
    assert [problem.field for problem in refused.value.problems] == [field]
