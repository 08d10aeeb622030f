"""The rules of other markets, ready to run: each run does what its rule says."""

from __future__ import annotations

from functools import cache

import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.results.tables import identity_gaps
from tanshi.simulator.results.variables import TAX_REVENUE

SMALL = {"years.end": 2025, "firms.number": 32, "market.periods_per_year": 4, "banking.horizon": 3}


@cache
def ran(name: str) -> CarbonMarket:
    model = CarbonMarket(load_scenario(name, SMALL)).run()
    model.registry.check()
    assert (model.registry.rebuilt() == model.registry.state()["balances"]).all()
    assert max(identity_gaps(model.result()).values()) < 1e-6
    return model


def test_a_tax_of_100_brings_100_yuan_a_tonne_and_nobody_trades() -> None:
    result = ran("tax-100").result()
    assert result.trades.query("year > 2022").empty
    homes, all_of_it = (result.series(f"Emissions|CO2{part}").loc[2024] for part in ("|Households", ""))
    assert result.series(TAX_REVENUE).loc[2024] == pytest.approx(100.0 * (all_of_it - homes), rel=1e-9)


def test_power_under_rggi_s_rules_pays_for_every_allowance_and_the_price_keeps_to_the_steps() -> None:
    model = ran("rggi-style")
    result, sold = model.result(), {row["year"]: row for row in model.state.log.settlements}
    rule = model.world.scenario.containment
    for year in (2023, 2024, 2025):
        price = result.series("Price|Carbon").loc[year]
        cap = 1e6 * model.state.policy.caps(year).sum()
        assert sold[year]["auctioned_t"] + sold[year]["beyond_cap_t"] == pytest.approx(
            1e6 * result.series("Carbon Market|Trading Volume|Primary Auction").loc[year], rel=1e-9
        )
        least = rule.first.at.at(year) if rule.first.at is not None else None
        assert least is not None
        if sold[year]["beyond_cap_t"] > 0:  # the tier is sold at its trigger or above
            assert price >= least - 0.5
        else:
            assert price <= least + 0.5
        assert sold[year]["beyond_cap_t"] <= 0.1 * cap + 1
        assert price > rule.withhold.at.at(year) if rule.withhold.at is not None else False
        assert sold[year]["withheld_t"] == 0
    fills = result.trades.query("seller_sector == 'GOV' and year > 2022 and quantity_t > 1000")
    assert set(fills["period"]) <= {1, 2, 3, 4}


def test_firms_settle_on_a_plan_where_two_years_may_both_stand_at_a_step_of_supply() -> None:
    # RGGI's triggers grow by 7 % a year and firms carry a bank at 7.7 %: two years cannot both stand at theirs.
    model = CarbonMarket(load_scenario("rggi-style", SMALL | {"banking.horizon": 20}))
    while not model.state.calendar.finished:
        model.step()
    planned = model.result().periods["plan_gap"].dropna()
    assert len(planned)
    assert planned.max() < 1e-4


def test_under_the_union_s_rules_power_buys_and_industry_is_given() -> None:
    model = ran("eu-style")
    policy, result = model.state.policy, model.result()
    caps = dict(zip(model.world.sectors, policy.caps(2024).tolist(), strict=True))
    sold = result.series("Carbon Market|Trading Volume|Primary Auction").loc[2024]
    assert sold == pytest.approx(caps["ELEC"], rel=1e-3)  # industry is sold nothing before 2026
    falls = [policy.caps(year).sum() / policy.caps(2023).sum() for year in (2024, 2025)]
    assert falls == pytest.approx([1 - 0.043, 1 - 0.086])
    assert result.series("Carbon Market|Compliance|Shortfall").loc[[2023, 2024, 2025]].max() < 0.01
