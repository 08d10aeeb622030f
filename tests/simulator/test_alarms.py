"""Nothing breaks quietly: a market that does not clear its year says so."""

from __future__ import annotations

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate

SHORT = {"years.end": 2024, "firms.number": 120, "drift.mode": "none"}


def test_a_market_that_stands_still_while_firms_are_short_says_so() -> None:
    told = simulate(load_scenario("S5", SHORT | {"market.venue": "listed_agreement"})).meta["alarms"]
    assert any("firms lacked" in line and "listed_agreement" in line and "scheduled" in line for line in told)


def test_a_market_that_clears_says_nothing() -> None:
    assert simulate(load_scenario("S5", SHORT)).meta["alarms"] == []
