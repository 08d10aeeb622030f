"""Closures: what adjusts, what does not, and what no closure may change."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution, checks
from tanshi.equilibrium.province.carbon import PERMIT, YUAN_PER_TONNE
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.institutions import CURRENT_ACCOUNT, HOUSEHOLD_TAX, INVEST
from tanshi.equilibrium.province.national import equivalent_variation
from tanshi.equilibrium.province.province import Province
from tests.equilibrium.province.conftest import Build
from tests.sectors import SECTORS

CLOSURES = [(capital, saving) for capital in ("mobile", "vintage") for saving in ("fixed", "flexible")]


def shock(model: Province, number: int) -> Parameters:
    """A random shock to factors, taxes, efficiencies and the carbon price of all coverable sectors."""
    rng = np.random.default_rng(number)
    p = model.parameters()
    model.cover(p, SECTORS)
    model.hold_price(p, float(rng.uniform(0, 200)))
    factors = [i for i in range(p.endowment.size) if _commodity(model, i).startswith(("LAB", "CAP", "RES"))]
    p.endowment[factors] *= np.exp(0.05 * rng.standard_normal(len(factors)))
    change = {}  # vintages of one activity share their luck: rival techniques of one good are a knife edge
    for (owner, side, name), node in sorted(model.compiled.node_at.items()):
        key = (owner.split(":")[0], side, name)
        p.augment[node] = change.setdefault(key, float(np.exp(0.03 * rng.standard_normal())))
    p.tax_rate[:] *= rng.uniform(0.7, 1.3, p.tax_rate.size)
    return p


def _commodity(model: Province, endowment: int) -> str:
    c = model.compiled
    return c.commodities[c.endow_price_var[endowment] - c.price_slice.start]


@pytest.mark.parametrize(("capital", "saving"), CLOSURES)
@pytest.mark.parametrize("number", range(4))
def test_walras_holds_and_every_payment_is_received(province: Build, capital: str, saving: str, number: int) -> None:
    model = province(capital=capital, external_saving=saving)
    s = model.solve(shock(model, number))
    assert s.walras <= 1e-8
    check = checks.every_payment_is_received(s)
    assert check.passed, check


@pytest.mark.parametrize(("capital", "saving"), CLOSURES)
def test_another_numeraire_changes_nothing_real(province: Build, capital: str, saving: str) -> None:
    """Wages instead of the rest of China's prices as the unit of account; the carbon price is restated in it."""
    solutions: list[Solution] = []
    rate = 1.0  # price of foreign exchange in the unit of account
    for numeraire in ("FX", "LAB"):
        model = province(numeraire, capital=capital, external_saving=saving)
        p = shock(model, 7)
        if solutions:
            rate = 1.0 / solutions[0].price["LAB"]
            model.hold_price(p, solutions[0].price[PERMIT] / YUAN_PER_TONNE * rate)
        solutions.append(model.solve(p, tolerance=1e-12))
    one, two = solutions
    np.testing.assert_allclose(two.state.flow, one.state.flow, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(two.state.real, one.state.real, rtol=1e-9)
    c = one.compiled
    np.testing.assert_allclose(two.x[c.price_slice], one.x[c.price_slice] * rate, rtol=1e-9, atol=1e-12)
    assert two.price["LAB"] == 1.0
    assert abs(rate - 1) > 1e-3


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_a_cap_is_real_under_either_numeraire(province: Build, capital: str) -> None:
    prices, cuts = [], []
    for numeraire in ("FX", "LAB"):
        model = province(numeraire, capital=capital)
        p = model.parameters()
        model.cover(p, SECTORS)
        model.cap_emissions(p, 420.0)
        s = model.solve(p, tolerance=1e-12)
        prices.append(s.price[PERMIT] / s.price["FX"])
        cuts.append(s.state.flow)
    assert prices[1] == pytest.approx(prices[0], rel=1e-9)
    np.testing.assert_allclose(cuts[1], cuts[0], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_fixed_external_saving_lets_investment_adjust_and_flexible_the_current_account(
    province: Build, capital: str
) -> None:
    fixed, flexible = (province(capital=capital, external_saving=x) for x in ("fixed", "flexible"))
    one, two = fixed.solve(shock(fixed, 1)), flexible.solve(shock(flexible, 1))
    assert one.auxiliary[CURRENT_ACCOUNT] == pytest.approx(1.0, rel=1e-10)
    assert abs(one.level[INVEST] - 1) > 1e-3
    assert two.level[INVEST] == pytest.approx(1.0, rel=1e-10)
    assert abs(two.auxiliary[CURRENT_ACCOUNT] - 1) > 1e-3


@pytest.mark.parametrize(("capital", "saving"), CLOSURES)
def test_government_buys_what_it_bought_and_households_pay_for_it(province: Build, capital: str, saving: str) -> None:
    model = province(capital=capital, external_saving=saving)
    s = model.solve(shock(model, 2))
    assert s.real["GOV"] == pytest.approx(1.0, rel=1e-9)
    assert s.auxiliary[HOUSEHOLD_TAX] != 0.0


def test_a_free_good_given_to_households_is_worth_what_they_would_pay(province: Build) -> None:
    model = province()
    c = model.compiled
    reference = model.solve(model.parameters())
    p = model.parameters()
    p.endowment[c.endow_at[("HH", "LAB", "")]] *= 1.01
    gain = equivalent_variation(model.solve(p), reference)
    assert 0 < gain < 0.05 * reference.income["HH"]
    assert equivalent_variation(reference, reference) == 0.0


def test_full_pass_through_cuts_output_at_the_border_less_than_none(province: Build) -> None:
    exports = []
    for theta in (0.0, 0.5, 1.0):
        model = province(border_pass_through=theta)
        p = model.parameters()
        model.cover(p, SECTORS)
        model.hold_price(p, 100.0)
        s = model.solve(p)
        exports.append(s.flow("STEEL", "ROC", "output"))
    assert exports[0] < exports[1] < exports[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capital": "liquid"}, "'mobile' or 'vintage', not 'liquid'"),
        ({"external_saving": "none"}, "'fixed' or 'flexible', not 'none'"),
        ({"border_pass_through": 1.5}, "border_pass_through lies between 0 and 1"),
        ({"old_elasticity_factor": -0.1}, "old_elasticity_factor lies between 0 and 1"),
        ({"new_capital_share": 0.0}, "new_capital_share lies between 0 and 1"),
        ({"line_headroom": 0.9}, "contradicts the benchmark"),
    ],
)
def test_an_impossible_closure_is_refused_with_the_reason(options: dict[str, object], message: str) -> None:
    with pytest.raises(ClosureError, match=message):
        Closure(**options)  # type: ignore[arg-type]
