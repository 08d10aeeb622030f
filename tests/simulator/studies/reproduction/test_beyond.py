"""Beyond the runs: a bank that gives two printed prices, and the curve between claims in conflict."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.scenarios.draws import vary
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.studies.reproduction import conflict as room
from tanshi.simulator.studies.reproduction.conflict import EARLY, LATE, PRODUCTIVITY, Case, conflict
from tanshi.simulator.studies.reproduction.held_bank import held_bank
from tanshi.simulator.studies.reproduction.physical import S5_PRICES
from tanshi.simulator.studies.tangent import path_of


def test_two_prices_of_a_held_bank_fix_the_holders_rate_and_the_sum_of_caps() -> None:
    """Hotelling: the price grows by the rate; what is emitted along it is the sum that was issued."""
    scenario = load_scenario("paper-banking")
    found = held_bank(scenario, S5_PRICES)
    assert found.rate == pytest.approx((183.54 / 99.12) ** 0.2 - 1)
    assert np.diff(np.log(found.price)) == pytest.approx(np.log1p(found.rate))
    assert found.price[found.years.index(2025)] == pytest.approx(99.12)
    # The scenario's file states both, and its caps let nobody borrow.
    assert scenario.firms.discount_rate == pytest.approx(found.rate, abs=5e-5)
    assert found.stated == pytest.approx(found.cumulated, rel=1e-3)
    assert found.bank.min() > -0.5
    assert found.held == tuple(range(2023, 2030))


def test_holders_who_ask_less_see_a_flatter_price_and_leave_less_for_later() -> None:
    slow, fast = (held_bank(load_scenario("paper-banking"), {2025: 99.12, 2030: price}) for price in (140.0, 183.54))
    assert slow.rate < fast.rate
    assert slow.co2[-1] > fast.co2[-1]
    assert slow.covered[0] < fast.covered[0]  # dearer before 2025, since 2025 is held


def test_one_price_fixes_no_rate() -> None:
    with pytest.raises(ValueError, match="two prices"):
        held_bank(load_scenario("paper-banking"), {2025: 99.12})


def test_every_case_of_the_curve_holds_the_printed_energy_and_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SPANS", (-0.015,))
    monkeypatch.setattr(room, "_assumptions", lambda s1: {"the family as it is": ({}, {})})
    s5 = load_scenario("paper-S5")
    found = conflict(load_scenario("paper-S1"), s5)
    for case in (*found.spans, *found.assumptions):
        own = {PRODUCTIVITY: case.productivity, EARLY: case.early, "cap.growth.2026": case.middle, LATE: case.late}
        prices = path_of(vary(s5, own)).values["Price|Carbon"]
        assert [prices[2025], prices[2030]] == pytest.approx([99.12, 183.54], rel=2e-3)
    slow, family = found.spans[0], found.assumptions[0]
    assert slow.ratio > family.ratio > found.least  # a slower cap before the peak makes a higher one
    assert found.asked_price is not None
    assert found.asked_price > 183.54  # a lower level than the printed price gives asks for a higher one


def test_an_assumption_that_has_no_equilibrium_is_told_and_the_family_itself_must_have_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Case("own", 0.0, 0.0, 0.0, 0.0, tuple(range(2022, 2031)), np.linspace(1.0, 1.3, 9), np.linspace(1.0, 1.1, 9))

    def case(s1: object, s5: object, name: str, both: object, first: object) -> Case:
        if name == "none":
            raise EquilibriumError("2027: no equilibrium", "labour", 1.0)
        return own

    monkeypatch.setattr(room, "SPANS", ())
    monkeypatch.setattr(room, "_case", case)
    monkeypatch.setattr(room, "_price_of_ratio", lambda *given: None)
    for names, lost in ((("as it is", "none"), {"none": "2027: no equilibrium"}), (("none",), None)):
        monkeypatch.setattr(room, "_assumptions", lambda s1, names=names: {name: ({}, {}) for name in names})
        if lost is None:
            with pytest.raises(EquilibriumError, match="2027"):
                conflict(load_scenario("paper-S1"), load_scenario("paper-S5"))
        else:
            found = conflict(load_scenario("paper-S1"), load_scenario("paper-S5"))
            assert (list(found.assumptions), dict(found.out_of_reach)) == ([own], lost)


def test_a_path_that_rises_to_2028_and_falls_after_is_told_from_one_that_rises_to_the_end() -> None:
    years = tuple(range(2022, 2031))
    up = np.linspace(1.0, 1.06, 7)
    bent = Case("", 0.0, 0.0, 0.0, 0.0, years, np.linspace(1.0, 1.3, 9), np.append(up, [1.05, 1.04]))
    rising = Case("", 0.0, 0.0, 0.0, 0.0, years, np.linspace(1.0, 1.3, 9), np.append(up, [1.07, 1.08]))
    assert (bent.peak, bent.steady) == (2028, True)
    assert (rising.peak, rising.steady) == (2030, False)
    assert bent.ratio == pytest.approx(1.06 / 1.3)
