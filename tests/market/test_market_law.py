"""The law's worked examples to the tonne, and what counts at the margin of every method and at every limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.market.law import METHODS, Rule, RuleError, balanced, china
from tanshi.market.law.china import Unit

PRICE = 80.0
BAND = Rule("band", benchmark=2.0, slope=0.15, surplus=0.03, deficit=0.03)


# Ministry of Ecology and Environment (2024), allocation plan for 2023 and 2024 (power): annexes 2, 3, 5; section 5(3).


def test_a_coal_unit_of_class_I_gets_what_the_plan_for_2023_and_2024_says() -> None:
    # 2,000,000 MWh generated, 1,000,000 GJ of heat; a load of 60 % is corrected by 1.015^4 in 2023, 70 % not in 2024.
    unit = Unit("coal_I", generated=2_000_000, heat=1_000_000, load=0.60, verified=1.8e6)
    assert china.firm(2023, [unit]).by_benchmark == 1_687_568 + 103_800
    other = Unit("coal_I", generated=2_000_000, heat=1_000_000, load=0.70, verified=1.7e6)
    assert china.firm(2024, [other]).by_benchmark == 1_685_300


def test_the_correction_for_low_load_begins_just_below_its_threshold() -> None:
    assert china.load_correction(2024, "coal_II", 0.65) == 1.0
    assert china.load_correction(2024, "coal_II", 0.65 - 1e-9) == pytest.approx(1.0457, abs=5e-5)
    assert china.load_correction(2024, "gas", 0.3) == 1.0


def test_the_firm_is_topped_up_to_80_percent_after_its_gas_units_and_all_is_owed() -> None:
    units = [Unit("coal_I", verified=1_000_000), Unit("gas", verified=200_000)]
    done = china.settle(2024, units, [700_000, 150_000])
    assert (done.gas_topped, done.topped, done.allowance) == (50_000, 60_000, 960_000)
    assert (done.owed, done.gap) == (1_200_000, 240_000)
    kept = china.settle(2024, units, [700_000, 210_000])  # a gas unit beyond its emissions keeps what it has
    assert (kept.gas_topped, kept.topped, kept.allowance) == (0, 50_000, 960_000)


def test_to_2022_the_firm_owed_no_more_than_its_allowances_and_a_fifth_of_its_emissions() -> None:
    done = china.settle(2020, [Unit("coal_I", verified=1_000_000)], [700_000])
    assert (done.allowance, done.owed, done.gap) == (700_000, 900_000, 200_000)
    gas = china.settle(2020, [Unit("gas", verified=200_000)], [150_000])
    assert gas.gap == 0


def test_what_is_given_early_follows_last_years_verified_emissions_rounded_down() -> None:
    assert china.in_advance(2024, verified_before=1_789.70) == 1_252
    assert china.in_advance(2019, by_benchmark=1_000_001) == 700_000  # to 2022 by output
    assert china.in_advance(2024, "steel", verified_before=1e6) == 0
    assert china.in_advance(2025, "cement", verified_before=1e6) == 700_000


def test_only_net_sales_of_2024_and_2025_count_for_what_is_carried() -> None:
    # Sold 80,000 and bought 20,000 before 2024: that does not count.
    carried = china.carried(70_000, sold=45_000, bought=15_001)
    assert carried == 54_998
    assert 70_000 - carried == 15_002
    assert china.carried(70_000, sold=45_000, bought=15_001, late=True) == 0
    assert china.carried(70_000, sold=0, bought=5_000) == 10_000


def test_fines_were_a_sum_per_firm_before_may_2024_and_a_multiple_of_the_price_since() -> None:
    assert china.fine(2020, 1)[:2] == china.fine(2021, 900_000)[:2] == (20_000.0, 30_000.0)
    assert china.fine(2023, 1_000, 90.0)[:2] == (450_000.0, 900_000.0)
    # What is missing is cut from the next allocation; from 15 August 2026 on no new cuts are made.
    assert [china.fine(year, 1_000, 90.0).cut for year in (2021, 2024, 2025)] == [1_000, 1_000, 0]
    assert china.fine(2024, 0, 90.0) == (0.0, 0.0, 0)


def test_industry_gets_its_emissions_in_2024_and_at_most_3_percent_more_or_less_from_2025() -> None:
    assert china.industry(2024, "steel").entitle(1_234_567).whole == 1_234_567
    rule = china.industry(2025, "cement", balance=0.8)
    clinker = np.full(4, 1_000_000.0)
    given = rule.entitle([800_000.0, 720_000.0, 640_000.0, 1_000_000.0], clinker).whole
    assert given.tolist() == [800_000, 730_800, 659_200, 970_000]  # X of 0, 10, 20 and -25 %


@pytest.mark.parametrize("limits", [{"surplus": 0.0, "deficit": 0.03}, {"surplus": 0.03, "deficit": 0.0}])
def test_where_no_firm_may_gain_or_none_may_lack_the_balance_value_gives_each_what_it_emits(limits: Any) -> None:
    rng = np.random.default_rng(3)
    e, q = rng.uniform(0.5, 2.0, 40), rng.uniform(0.5, 2.0, 40)
    rule = Rule("band", 1.0, slope=0.15, **limits)
    given = Rule("band", balanced(rule, e, q), slope=0.15, **limits).entitle(e, q).allowance
    np.testing.assert_allclose(given, e, rtol=1e-12)


def test_at_the_balance_value_a_sectors_allowances_are_its_emissions() -> None:
    rng = np.random.default_rng(1)
    output, intensity = rng.uniform(1e5, 1e6, 60), np.exp(rng.normal(0.6, 0.3, 60))
    value = balanced(BAND, output * intensity, output)
    given = Rule("band", value, slope=0.15, surplus=0.03, deficit=0.03).entitle(output * intensity, output)
    assert given.allowance.sum() == pytest.approx((output * intensity).sum(), rel=1e-12)
    assert np.ptp(given.allowance / (output * intensity)) > 0.03  # some gain and some lose


# -- what counts at the margin -----------------------------------------------------------------------------

RULES = {
    "none": Rule("none"),
    "auction": Rule("auction"),
    "history": Rule("history", factor=0.95),
    "history, updated": Rule("history", factor=0.95, updating=0.9),
    "own intensity": Rule("own_intensity", benchmark=1.9, factor=0.98),
    "benchmark": Rule("benchmark", benchmark=1.7),
    "benchmark, topped up": Rule("benchmark", benchmark=1.2, deficit=0.2),
    "verified": Rule("verified"),
    "band": BAND,
    "band at its surplus": Rule("band", benchmark=3.0, slope=0.15, surplus=0.03, deficit=0.03),
    "band at its deficit": Rule("band", benchmark=1.2, slope=0.15, surplus=0.03, deficit=0.03),
}


@pytest.mark.parametrize("name", RULES)
def test_the_margin_is_the_finite_difference_of_a_firms_bill(name: str) -> None:
    rule, after, rate = RULES[name], 90.0, 0.08

    def bill(e: float, q: float) -> float:
        this = rule.entitle(e, q, base=1_000.0)
        owed = 0.0 if rule.method == "none" else e
        return float(PRICE * (owed - this.allowance) - after / (1 + rate) * rule.updating * e)

    e, q, step = 900.0, 500.0, 1e-3
    margin = rule.entitle(e, q, base=1_000.0).margin(PRICE, after, rate)
    tonne = (bill(e + step, q) - bill(e - step, q)) / (2 * step)
    output = (bill(e, q + step) - bill(e, q - step)) / (2 * step)
    if rule.method != "none":
        assert float(margin.tonne) == pytest.approx(tonne, rel=1e-6, abs=1e-6)
    assert float(margin.output) == pytest.approx(-output, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "tonne", "output"),
    [
        ("history", PRICE, 0.0),  # lump sum
        ("benchmark", PRICE, PRICE * 1.7),
        ("verified", 0.0, 0.0),
        ("band", PRICE * 0.15 * (1 - 2 * 0.1), PRICE * 0.15 * 0.9 * 1.8),  # X = 0.1
        ("band at its surplus", -0.03 * PRICE, 0.0),
        ("band at its deficit", 0.03 * PRICE, 0.0),
        ("benchmark, topped up", 0.2 * PRICE, 0.0),
    ],
)
def test_margins_of_the_methods_in_use(name: str, tonne: float, output: float) -> None:
    margin = RULES[name].entitle(900.0, 500.0, base=1_000.0).margin(PRICE)
    assert float(margin.tonne) == pytest.approx(tonne, abs=1e-9)
    assert float(margin.output) == pytest.approx(output, abs=1e-9)


@pytest.mark.parametrize("name", [name for name in RULES if "history" not in name])
def test_allowances_grow_with_the_firm(name: str) -> None:
    # Twice the firm, twice the allowances: so that A = E dA/dE + Q dA/dQ (Euler).
    given = RULES[name].entitle(900.0, 500.0)
    assert float(given.allowance) == pytest.approx(float(900 * given.per_tonne + 500 * given.per_output))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Rule("benchmarks"), "expected one of none"),  # type: ignore[arg-type]
        (lambda: Rule("benchmark"), "needs a benchmark"),
        (lambda: Rule("band", benchmark=1.0), "needs a slope"),
        (lambda: Rule("verified", deficit=1.5), "deficit is 1.5"),
        (lambda: BAND.entitle(900.0, 0.0), "makes nothing"),
        (lambda: china.benchmark(2030, "coal_I"), "reach from 2019 to 2026"),
        (lambda: china.industry(2030, "steel"), "say nothing"),
        (lambda: china.industry(2025, "paper"), "expected one of steel"),
    ],
)
def test_a_rule_without_what_it_needs_is_refused(made: object, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        made()  # type: ignore[operator]


def test_every_method_is_tested_at_its_margin() -> None:
    assert {rule.method for rule in RULES.values()} == set(METHODS)


def test_what_gas_units_lack_does_not_use_up_the_cap_on_a_firms_gap() -> None:
    # To 2022: 100 t of coal with 100 t of allowances, 1,000 t of gas with 600. The gas unit owes its 600; the gap may
    # be 220 t and is none, so that one tonne more of coal is owed whole.
    units = [Unit("coal_I", verified=100), Unit("gas", verified=1000)]
    found = china.settle(2021, units, [100, 600])
    assert (found.owed, found.gap, found.per_tonne) == (700, 0, 0.0)
    more = china.settle(2021, [Unit("coal_I", verified=101), units[1]], [100, 600])
    assert more.owed == 701
