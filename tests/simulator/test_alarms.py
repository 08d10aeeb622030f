"""Nothing breaks quietly: a market that does not clear its year says so."""

from __future__ import annotations

import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.alarms import alarms

SHORT = {"years.end": 2024, "firms.number": 120, "drift.mode": "none"}


def test_a_market_that_stands_still_while_firms_are_short_says_so() -> None:
    told = simulate(load_scenario("S5", SHORT | {"market.venue": "listed_agreement"})).meta["alarms"]
    assert any("firms lacked" in line and "listed_agreement" in line and "scheduled" in line for line in told)


def test_a_market_that_clears_says_nothing() -> None:
    assert simulate(load_scenario("S5", SHORT)).meta["alarms"] == []


def test_special_quotations_move_a_price_at_which_nobody_sells() -> None:
    """Where a tighter cap leaves buyers alone, the listed price walks to the auction's, and firms find each other."""
    listed = SHORT | {"market.venue": "listed_agreement", "market.limits": {"untraded": "quotation", "days": 20}}
    found, auction = (simulate(load_scenario("S5", change)) for change in (listed, SHORT))
    years = found.periods.groupby("year")
    assert (years["volume_t"].sum() > 1e6).all()
    for year in (2023, 2024):
        price, aim = (float(r.series("Price|Carbon")[year]) for r in (found, auction))
        assert abs(price / aim - 1.0) < 0.03
    settled = {row["year"]: row for row in found.meta["settlements"]}
    assert all(settled[year]["shortfall_t"] < 0.005 * settled[year]["owed_t"] for year in (2023, 2024))
    assert not any("nothing was traded" in line for line in found.meta["alarms"])


def test_a_market_that_traders_lead_astray_says_so() -> None:
    """Firms that wait for the deadline leave the early months to traders who expect what was paid last."""
    told = simulate(load_scenario("S5", SHORT | {"years.end": 2023, "firms.intermediaries": 20})).meta["alarms"]
    assert any("the mean price" in line and "clear the year" in line for line in told)


@pytest.mark.parametrize(("price", "told"), [(47.0, 1), (49.0, 0), (51.0, 0), (53.0, 1)])
def test_a_mean_price_that_is_off_the_plan_is_told_on_either_side_unless_the_world_strays(
    price: float, told: int
) -> None:
    """Firms' plans clear the year at 50; five per cent is 2.50."""
    periods = [{"year": 2023, "price": price, "plan_price": 50.0, "gap": 0.0, "volume_t": 1}]
    for strays, lines in ((False, told), (True, 0)):
        found = alarms(periods, [{"year": 2023}], venue="call", bidders="truthful", strays=strays)
        assert len(found) == lines
