"""A year's emissions are surrendered for by a later date: who trades when changes, prices and tonnes do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.agents.bank import Temper, market_carry
from tanshi.market.vintages import due_after
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.period import run_until

SMALL: dict[str, Any] = {
    "years.end": 2024,
    "firms.number": 24,
    "market.periods_per_year": 4,
    "banking.horizon": 0,
    "firms.shock_sigma": 0.0,
    "drift.mode": "none",
}
TRUTHFUL: dict[str, Any] = {"firms.strategies": {"truthful": 1.0, "zic": 0.0, "zip": 0.0, "scheduled": 0.0}}


def run(**changes: Any) -> CarbonMarket:
    return CarbonMarket(load_scenario("S5", SMALL | changes)).run()


def prices(model: CarbonMarket) -> np.ndarray:
    return np.array([row["price"] for row in model.state.log.periods])


def volumes(model: CarbonMarket) -> np.ndarray:
    return np.array([row["volume_t"] for row in model.state.log.periods])


@pytest.mark.parametrize("deadline", [9, 12])
def test_under_certainty_the_price_does_not_depend_on_the_deadline(deadline: int) -> None:
    for bidders, close in ((TRUTHFUL, 1e-9), ({}, 1e-3)):
        at_once, later = run(**bidders), run(**bidders, **{"compliance.deadline": deadline})
        np.testing.assert_allclose(prices(later), prices(at_once), rtol=close)
        one, other = (m.result().series("Emissions|CO2").to_numpy() for m in (at_once, later))
        np.testing.assert_allclose(other, one, rtol=1e-5)


def test_with_a_later_deadline_firms_trade_later() -> None:
    at_once, later = run(), run(**{"compliance.deadline": 12})
    assert 0 < volumes(later)[4:8].sum() < 0.2 * volumes(at_once)[4:8].sum()
    last = sum(row["volume_t"] for row in later.state.log.closing)
    whole = volumes(later).sum() + last
    assert whole == pytest.approx(volumes(at_once).sum(), rel=0.1)  # the same firms need the same
    assert last > 0.3 * whole


@pytest.mark.parametrize(
    "rule",
    [
        {"compliance.deadline": 12},
        {"compliance.deadline": 9, "compliance.next_vintage": True},
        {"compliance.deadline": {2022: 24, 2023: 12}},
        {"compliance.deadline": 24},
        {"compliance.deadline": {2022: 34, 2023: 22, 2024: 10}},  # one period of three years, as in California
        {"compliance.deadline": 72},
        {"compliance.deadline": 12, "offsets.share": 0.05},
        {"compliance.deadline": 12, "allocation.in_advance": 0.7, "firms.shock_sigma": 0.05},
        {"compliance.deadline": 12, "compliance.closing": "run", "banking.horizon": 3, "penalty.price": 300.0},
        {
            "compliance.deadline": 12,
            "compliance.closing": "run",
            "banking.horizon": 3,
            "penalty.price": 300.0,
            "allocation.auctioned_share": 0.5,
            "auctions.unsold": "next",  # no date is left once the run's last year is over
        },
    ],
)
def test_every_years_tonnes_are_accounted_for(rule: dict[str, Any]) -> None:
    model = run(**rule)
    rows, registry = model.state.log.settlements, model.registry
    assert [row["year"] for row in rows] == [2022, 2023, 2024]
    for row, closed in zip(rows, model.state.log.years, strict=True):
        assert row["verified_t"] == pytest.approx(1e6 * closed.accrued[closed.covered].sum(), abs=8)
        if "allocation.in_advance" not in rule:
            assert row["verified_t"] == row["surrendered_t"] + row["shortfall_t"]
        assert row["shortfall_t"] < 1e-4 * row["verified_t"]
    assert not model.state.market.open
    assert not registry.obligations.any()
    totals = registry.totals()
    used = sum(totals[name] for name in ("held", "surrendered", "cancelled", "expired"))
    np.testing.assert_array_equal(totals["issued"], used)
    credits = sum(row["offsets_t"] for row in rows)
    assert totals["surrendered"].sum() + credits == sum(row["surrendered_t"] for row in rows)


def test_each_year_is_settled_on_its_day() -> None:
    model = CarbonMarket(load_scenario("S5", SMALL | {"compliance.deadline": 9}))
    owed = []
    while model.state.number < 11:
        model.step()
        owed.append(int(model.registry.obligations.sum()))
    rows = model.state.log.settlements
    assert owed[2] == 0  # nothing is verified yet
    assert owed[3] == owed[5] == rows[0]["verified_t"] > 0
    assert owed[6] == 0  # 30 September of the year after
    assert owed[7] == rows[1]["verified_t"]
    assert rows[0]["settled"] == 2023.75


def test_several_years_are_open_at_once_and_none_is_paid_with_the_allowances_of_another() -> None:
    model = CarbonMarket(load_scenario("S5", SMALL | {"compliance.deadline": 24})).run(11)
    assert [year.year for year in model.state.market.open] == [2022, 2023]
    booked = sum(int(year.owed.sum()) for year in model.state.market.open)
    assert booked == model.registry.obligations.sum()
    model.run()
    issued, spent = (model.registry.totals()[name] for name in ("issued", "surrendered"))
    handed_in = np.cumsum([row["surrendered_t"] for row in model.state.log.settlements])
    first = 2022 - model.registry.first_vintage
    assert (np.cumsum(spent)[first:] >= handed_in).all()  # a year is served by its own vintage and older ones
    assert (spent <= issued).all()


def test_a_cut_of_this_years_cap_leaves_last_years_allowances_for_last_years_debts() -> None:
    """In April 2024 nobody has surrendered for 2023 yet; a cut of the cap of 2024 takes back allowances of 2024."""
    model = run(**{"compliance.deadline": 12, "shock.year": 2024, "shock.period": 2, "shock.cap_cut": 0.1})
    before = next(row for row in model.state.log.settlements if row["year"] == 2023)
    assert before["shortfall_t"] < 1e-5 * before["owed_t"]  # nobody is short for a vintage's sake
    assert model.registry.totals()["cancelled"][2024 - model.registry.first_vintage] > 0.05 * before["owed_t"]


@pytest.mark.parametrize("then", ["none", "allocated"])
def test_who_leaves_the_market_surrenders_for_its_last_year_and_sells_what_is_left(then: str) -> None:
    """Steel leaves in 2024. Two years later all allowances of 2023, and no others, have served what 2023 emitted."""
    short = {"years.end": 2025, "market.periods_per_year": 2, "sectors.STEEL.status": {2023: "trading", 2024: then}}
    at_once, later = run(**short), run(**short, **{"compliance.deadline": 24})
    last = later.state.log.settlements[1]
    assert last["shortfall_t"] < 1e-5 * last["owed_t"]
    totals, place = later.registry.totals(), 2023 - later.registry.first_vintage
    assert totals["surrendered"][place] == totals["issued"][place]
    np.testing.assert_allclose(prices(later), prices(at_once), rtol=3e-3)


def test_who_borrows_for_two_years_due_at_once_draws_on_the_year_of_the_deadline() -> None:
    """As in China 2023 and 2024 here fall due at the end of 2025: what was given for 2024 all serves 2024."""
    scarce = {"cap.tightness": 0.3, "penalty.price": 100.0, "market.periods_per_year": 1, "years.end": 2025}
    rule = {"banking.borrow_share": 0.5, "banking.borrow_threshold": 0.0, "banking.borrow_years": [2023, 2024]}
    model = run(**scarce, **rule, **{"compliance.deadline": {2023: 24, 2024: 12, 2025: 0}})
    first, second = model.state.log.settlements[1:3]
    issued = model.registry.totals()["issued"][2024 - model.registry.first_vintage]
    assert first["borrowed_t"] > 5e7
    assert second["surrendered_t"] - second["borrowed_t"] == pytest.approx(issued, rel=1e-6)
    for year in (first, second):  # half of each year's gap
        assert year["borrowed_t"] == pytest.approx(year["shortfall_t"], rel=1e-6)


@pytest.mark.parametrize("deadline", [0, 12])
def test_who_has_left_the_market_is_advanced_nothing(deadline: int) -> None:
    """Advances are a part of what was verified for the year before, when steel was in it: 59 Mt."""
    left = {"sectors.STEEL.status": {2023: "trading", 2024: "none"}, "compliance.deadline": deadline}
    model = CarbonMarket(load_scenario("S5", SMALL | left | {"market.periods_per_year": 2, "allocation.in_advance": 0.7,
                                                             "allocation.method": "output_based"}))  # fmt: skip
    run_until(model.world, model.state, 5)
    steel = model.state.firms.sector == model.world.sectors.index("STEEL")
    held = model.registry.holdings[2024 - model.registry.first_vintage, : model.world.firms]
    assert held[~steel].sum() > 3e8
    assert held[steel].sum() == 0


def test_a_bank_stays_valid_when_its_sector_leaves_the_market() -> None:
    left = {"sectors.STEEL.status": {2023: "trading", 2024: "allocated"}}
    model = run(**left, **{"years.end": 2025, "market.periods_per_year": 1, "firms.reserve": 0.05})
    totals, steel = model.registry.totals(), model.world.sectors.index("STEEL")
    before = slice(None, 2024 - model.registry.first_vintage)
    assert model.state.log.settlements[1]["banked_t"] > 1e6
    assert not totals["expired"][before].any()
    assert not model.registry.held[: model.world.firms][model.state.firms.sector == steel].any()


def test_what_a_carry_over_limit_ends_stands_in_the_row_of_its_year_whenever_that_is_settled() -> None:
    limit = {"banking.carry_base": 10_000, "banking.carry_at": [2024], "banking.carry_vintage": 2023}
    model = run(**limit, **{"compliance.deadline": 12, "firms.reserve": 0.1, "market.periods_per_year": 2})
    ended = int(model.registry.totals()["expired"].sum())
    assert ended > 1e6
    assert [row["expired_t"] for row in model.state.log.settlements] == [0, 0, ended]


def test_in_a_closing_run_the_price_rises_with_the_carry() -> None:
    rule = {"compliance.deadline": 12, "compliance.closing": "run", "banking.horizon": 4, "penalty.price": 300.0}
    model = run(**rule)
    closing = model.state.log.closing
    assert [(row["year"], row["period"]) for row in closing] == [(2025, 1), (2025, 2), (2025, 3), (2025, 4)]
    path = np.array([prices(model)[-1], *(row["price"] for row in closing)])
    assert np.diff(np.log(path)) == pytest.approx(np.log(1.08) / 4, abs=0.005)


def test_a_run_saved_between_a_year_and_its_deadline_goes_on_alike() -> None:
    scenario = load_scenario("S5", SMALL | {"compliance.deadline": 12, "firms.shock_sigma": 0.05})
    whole, half, again = (CarbonMarket(scenario) for _ in range(3))
    whole.run()
    again.restore(half.run(6).save())
    again.run()
    assert again.state.log.settlements == whole.state.log.settlements
    assert again.state.log.closing == whole.state.log.closing


def test_results_of_a_run_under_way_tell_of_years_not_yet_settled() -> None:
    result = CarbonMarket(load_scenario("S5", SMALL | {"compliance.deadline": 12})).run(5).result()
    assert result.meta["settlements"][0]["surrendered_t"] == 0
    assert result.meta["settlements"][0]["owed_t"] > 0


def test_a_deadline_counts_with_the_period_in_which_it_falls() -> None:
    assert due_after(2022, 12, 2022, 12) == 24
    assert due_after(2022, 9, 2022, 4) == 7
    assert due_after(2022, 9, 2022, 52) == 91
    assert due_after(2022, 0, 2022, 1) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"compliance.deadline": {2022: 24, 2023: 6}}, "compliance.deadline"),
        ({"compliance.deadline": 73}, "compliance.deadline"),
        ({"compliance.deadline": 12, "banking.allowed": False}, "banking.allowed"),
        ({"compliance.deadline": 12, "compliance.closing": "run", "banking.horizon": 0}, "compliance.closing"),
        ({"compliance.next_vintage": True}, "compliance.next_vintage"),
    ],
)
def test_calendars_that_cannot_be_kept_are_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told.replace(".", r"\.")):
        load_scenario("S5", change)


# Lending from the next vintage


LENT: dict[str, Any] = TRUTHFUL | {
    "years.end": 2026,
    "market.periods_per_year": 1,
    "market.tick": 1e-6,
    "coupling.adjustment_rate": None,
    "coupling.tolerance": 1e-7,
    "coupling.iterations": 60,
    "penalty.price": 2000.0,
    "banking.horizon": 20,
    "banking.beyond": "end",
    "closure.capital": "mobile",
    "cap.tightness": 0.2,
    "cap.decline": 0.0,
    "firms.discount_rate": 0.08,
    "firms.discount_sigma": 0.0,
    "firms.belief_sigma": 0.0,
}


def test_where_the_next_vintage_lends_the_price_rises_at_the_rate_of_discount_throughout() -> None:
    """A cap that bites at once and is held: without lending the bank runs out, with it firms owe from year to year."""
    strict = run(**LENT, **{"compliance.deadline": 9})
    lending = run(**LENT, **{"compliance.deadline": 9, "compliance.next_vintage": True})
    alone = run(**LENT, **{"compliance.deadline": 9, "compliance.next_vintage": True, "market.mode": "equilibrium"})
    assert (np.diff(np.log(prices(strict)[1:])) < np.log(1.08) - 1e-3).any()
    np.testing.assert_allclose(np.diff(np.log(prices(lending)[1:])), np.log(1.08), rtol=1e-5)
    np.testing.assert_allclose(prices(lending), prices(alone), rtol=1e-6)
    for model in (lending, alone):
        rows = model.state.log.settlements[1:]
        assert min(row["banked_t"] for row in rows) < -1e6
        assert all(row["shortfall_t"] < 1000 for row in rows)
    assert prices(lending)[1] < prices(strict)[1]  # scarcity of the first years is put off
    borrowed = [row["borrowed_t"] for row in lending.state.log.settlements[1:]]
    assert max(borrowed) > 1e6
    assert borrowed[-1] == 0  # the last year has nobody to lend to it


def test_who_may_owe_is_not_paid_for_carrying() -> None:
    """Firms alike but for their rates: they who ask for most owe, they who ask for least bank, at one rate between."""
    asked, size, calm = np.linspace(1.04, 1.12, 81), np.ones(81), Temper(10.0, 0.25, 0.25)
    rate = market_carry(asked, size, calm, 1.0)(np.array([-0.1, 0.0, 0.1]))
    assert rate[0] == pytest.approx(rate[1], abs=1e-6)  # nothing stops anyone from leaning either way
    assert rate[1] == pytest.approx(0.08, abs=1e-3)
    assert market_carry(asked, size, calm)(np.zeros(1))[0] == pytest.approx(0.04, abs=1e-6)
    owing = market_carry(asked, size, calm, 0.1)(np.array([-0.5, -0.1, 0.0]))  # a tenth of a year's emissions at most
    assert owing[:2] == pytest.approx([0.04, 0.04], abs=1e-6)  # where all owe what they may, nobody can owe for another
    assert owing[2] > 0.06


def test_volume_gathers_before_the_deadline_where_needs_are_uncertain_and_nobody_aims_at_it() -> None:
    given = {
        "years.end": 2023,
        "firms.number": 60,
        "market.periods_per_year": 12,
        "banking.horizon": 3,
        "firms.shock_sigma": 0.05,
        "firms.strategies": {"truthful": 0.0, "zic": 0.0, "zip": 0.0, "scheduled": 0.0, "hesitant": 1.0},
    }
    late, mean = [], []
    for caution in (0.0, 3.0, 5.0):
        model = run(**given, **{"firms.caution": caution, "firms.trade_cost": 0.0})
        volume = volumes(model)[12:]
        late.append(volume[9:].sum() / volume.sum())
        mean.append(prices(model)[12:].mean())
    assert late == sorted(late)
    assert late[0] < 0.3
    assert late[-1] > 0.6  # October to December hold 68 to 90 % in the national market
    assert mean == pytest.approx([mean[0]] * 3, rel=0.02)
