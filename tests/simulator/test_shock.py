"""A mid-year shock: unknown before its first period, felt from it on, and every allowance accounted for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tests.sectors import SECTORS

FIELDS = {
    "years.end": 2024,
    "firms.number": 40,
    "drift.mode": "none",
    "market.periods_per_year": 4,
    "banking.horizon": 0,
}
SHOCK = {"shock.year": 2024, "shock.period": 3}


def run(name: str, **fields: Any) -> CarbonMarket:
    model = CarbonMarket(load_scenario(name, {**FIELDS, **{k.replace("__", "."): v for k, v in fields.items()}}))
    model.run()
    model.forget()
    return model


def prices(model: CarbonMarket) -> np.ndarray:
    return np.array([row["price"] for row in model.state.log.periods])


def test_nobody_knows_of_a_cut_before_it_is_announced_and_the_price_rises_at_once_after() -> None:
    calm, cut = run("S1"), run("S1", **SHOCK, shock__cap_cut=0.1)
    before, after = prices(cut)[:10] - prices(calm)[:10], prices(cut)[10:] - prices(calm)[10:]
    assert (before == 0).all()
    assert (after > 5.0).all()
    regimes = [row["regime"] for row in cut.state.log.periods]
    assert regimes[4:] == [2] * 6 + [3] * 2
    assert cut.state.announced.star(2024.4)[0] == calm.state.announced.star(2024.4)[0]
    assert cut.state.announced.star(2024.9)[0] > calm.state.announced.star(2024.9)[0]


def test_a_cut_takes_its_part_of_what_is_left_of_the_year_and_the_books_close() -> None:
    calm, cut = run("S1"), run("S1", **SHOCK, shock__cap_cut=0.1)
    full, left = (float(m.policy.caps(2024).sum()) for m in (calm, cut))
    assert left == pytest.approx(full * (1 - 0.1 * 0.5))
    assert float(cut.policy.caps(2024, whole=True).sum()) == pytest.approx(full * 0.9)
    cancelled = int(cut.registry.totals()["cancelled"].sum() - calm.registry.totals()["cancelled"].sum())
    assert cancelled == pytest.approx(0.05 * full * 1e6, abs=1.0)
    cut.registry.check()


def test_a_cut_takes_what_government_has_still_to_sell_where_firms_are_given_nothing() -> None:
    """Everything is auctioned in December: in July nobody holds anything that could be taken back."""
    sold = {"allocation__auctioned_share": 1.0, "auctions__months": [12]}
    model = run("S1", **sold, **SHOCK, shock__cap_cut=0.1)
    cap, row = 1e6 * float(model.policy.caps(2024).sum()), model.state.log.settlements[-1]
    assert row["auctioned_t"] == pytest.approx(cap, abs=2.0)
    assert row["verified_t"] == pytest.approx(cap, rel=1e-5)
    assert row["shortfall_t"] < 1e-5 * cap


def test_a_sector_that_enters_in_mid_year_pays_for_the_part_that_its_year_sells() -> None:
    model = run("S1", allocation__auctioned_share=0.6, auctions__unsold="next", **SHOCK, shock__sectors=["STEEL"])
    cap, row = 1e6 * float(model.policy.caps(2024)[model.policy.mask(2024)].sum()), model.state.log.settlements[-1]
    assert row["auctioned_t"] == pytest.approx(0.6 * cap, rel=1e-5)
    assert row["surrendered_t"] == pytest.approx(cap, rel=1e-5)


def test_who_enters_in_mid_year_brings_no_bank_where_only_the_first_do() -> None:
    bank = {"banking__opening": 0.1, **SHOCK, "shock__sectors": ["STEEL"]}
    issued = {
        kind: run("S1", **bank, banking__opening_for=kind).registry.totals()["issued"] for kind in ("all", "first")
    }
    alone = run("S1", banking__opening=0.1).registry.totals()["issued"]
    assert issued["first"][0] == alone[0] > 0
    assert issued["all"][0] > alone[0]


def test_sectors_that_enter_get_allowances_for_the_rest_of_the_year_and_answer_for_it_alone() -> None:
    entered = run("S1", **SHOCK, shock__sectors=["STEEL"])
    steel = SECTORS.index("STEEL")
    covered = [row["covered_STEEL"] for row in entered.state.log.periods]
    assert covered == [0] * 10 + [1] * 2
    caps = entered.policy.caps(2024)[steel]
    assert caps == pytest.approx(0.5 * entered.world.scenario.cap_share(2024) * entered.policy.baseline.at(2024)[steel])
    trades = entered.result().trades
    assert "STEEL" in set(trades["buyer_sector"]) | set(trades["seller_sector"])


def test_a_run_saved_before_and_after_the_shock_goes_on_to_the_same_prices() -> None:
    scenario = load_scenario("S1", {**FIELDS, **SHOCK, "shock.cap_cut": 0.1})
    whole = CarbonMarket(scenario).run()
    for stop in (9, 11):
        first = CarbonMarket(scenario).run(until=stop)
        second = CarbonMarket(scenario)
        second.restore(first.save())
        np.testing.assert_array_equal(prices(second.run()), prices(whole))
        for model in (first, second):
            model.forget()
    whole.forget()


def test_the_traditional_model_spreads_a_cut_over_its_year() -> None:
    modes = {"market__mode": "equilibrium"}
    calm, cut = run("S1", **modes), run("S1", **modes, **SHOCK, shock__cap_cut=0.1)
    change = prices(cut) - prices(calm)
    assert len(change) == 3
    assert (change[:2] == 0).all()
    assert change[2] > 5.0


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"shock.cap_cut": 0.1}, "a year for the shock"),
        ({"shock.year": 2022}, "a year of the policy"),
        ({"shock.year": 2030}, "a year of the policy"),
        ({"shock.year": 2024, "shock.period": 5}, "one of the 4 periods"),
        ({"shock.year": 2024, "shock.sectors": ["ELEC"]}, "do not trade yet"),
        ({"shock.year": 2024, "shock.sectors": ["BREWING"]}, "shock.sectors"),
        ({"shock.year": 2024, "shock.cap_cut": 1.0}, "shock.cap_cut"),
    ],
)
def test_a_shock_that_makes_no_sense_is_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        load_scenario("S1", {**FIELDS, **fields})


@pytest.mark.parametrize("ahead", [0, 7])
def test_a_model_taken_back_over_a_shock_knows_nothing_of_it(ahead: int) -> None:
    changes = {"years.end": 2025, "firms.number": 40, "market.periods_per_year": 4, "banking.horizon": 0}
    shock = {"shock.year": 2024, "shock.period": 3, "shock.cap_cut": 0.2}
    scenario = load_scenario("S5", {**changes, **shock})
    whole = CarbonMarket(scenario)
    saved = whole.run(5).save()
    expected = whole.run().result().periods["price"].tolist()
    other = CarbonMarket(scenario).run(5 + ahead)
    other.restore(saved)
    assert not other.policy.shocked
    assert other.run().result().periods["price"].tolist() == expected
