"""A change of emissions split into effects that add up, and derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution, solve
from tanshi.equilibrium.engine.sensitivity import Parameter, derivative, gradient
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.decompose import decompose, logarithmic_mean
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.results import Results, cap, carbon_price, elasticities
from tanshi.scenarios.economy import load_economy


@pytest.fixture(scope="module")
def accounts() -> PhysicalAccounts:
    built = build_accounts(load_economy("shanxi_2022").tables())
    return PhysicalAccounts(Province(built, Closure(capital="vintage")))


def at_price(accounts: PhysicalAccounts, price: float) -> tuple[Parameters, Solution]:
    model = accounts.province
    p = model.parameters()
    model.cover(p, ("ELEC", "STEEL", "NMM"))
    model.hold_price(p, price)
    return p, model.solve(p, tolerance=1e-12)


def test_effects_add_up_to_the_change_of_emissions(accounts: PhysicalAccounts) -> None:
    flows = [Flows(s.state.flow, s.x) for s in (at_price(accounts, price)[1] for price in (55.0, 150.0))]
    parts = decompose(accounts, *flows)
    change = sum(accounts.emissions(flows[1]).values()) - sum(accounts.emissions(flows[0]).values())
    assert change < -10.0
    assert parts.change == pytest.approx(change, rel=1e-12)
    assert sum(parts.effects.values()) + parts.households == pytest.approx(change, rel=1e-10)
    assert parts.effects["carbon content"] == pytest.approx(0.0, abs=1e-9)
    assert parts.effects["intensity"] < 0.0
    assert parts.effects["composition"] < 0.0


def test_logarithmic_mean_lies_between_its_arguments() -> None:
    a, b = np.array([1.0, 3.0, 5.0]), np.array([2.0, 3.0, 0.0])
    mean = logarithmic_mean(a, b)
    assert mean[0] == pytest.approx(1 / np.log(2))
    assert mean[1:].tolist() == [3.0, 0.0]


def difference(solution: Solution, p: Parameters, parameter: Parameter, result: object, step: float) -> float:
    values = []
    for sign in (1.0, -1.0):
        q = p.copy()
        getattr(q, parameter.array)[parameter.index] += sign * step
        if parameter.array == "lower":
            q.upper[parameter.index] = q.lower[parameter.index]
        s = solve(solution.compiled, q, solution.x, tolerance=1e-13)
        values.append(float(np.real(result(s.state))))  # type: ignore[operator]
    return (values[0] - values[1]) / (2 * step)


def test_derivative_of_emissions_to_the_carbon_price(accounts: PhysicalAccounts) -> None:
    p, s = at_price(accounts, 100.0)
    results, price = Results(accounts), carbon_price(accounts.province)
    exact = derivative(s, results.emissions, price)
    assert exact < 0.0
    assert exact == pytest.approx(difference(s, p, price, results.emissions, 1e-5), rel=1e-6)


def test_derivative_of_gdp_and_welfare_to_the_cap(accounts: PhysicalAccounts) -> None:
    model = accounts.province
    p = model.parameters()
    model.cover(p, ("ELEC", "STEEL", "NMM"))
    model.cap_emissions(p, 400.0)
    s = model.solve(p, tolerance=1e-12)
    assert s.x[model.permit_var] > 0.6
    results = Results(accounts)
    for result in (results.gdp, results.welfare):
        exact = derivative(s, result, cap(model))
        assert exact > 0.0  # a looser cap costs less
        assert exact == pytest.approx(difference(s, p, cap(model), result, 1e-3), rel=1e-6)


def test_adjoint_equals_forward_and_differences_for_elasticities(accounts: PhysicalAccounts) -> None:
    p, s = at_price(accounts, 120.0)
    results = Results(accounts)
    chosen = dict(list(elasticities(accounts.province).items())[::4])
    adjoint = gradient(s, results.welfare, list(chosen.values()))
    compared = 0
    for (name, parameter), value in zip(chosen.items(), adjoint, strict=True):
        assert value == pytest.approx(derivative(s, results.welfare, parameter), rel=1e-9, abs=1e-16), name
        if abs(value) > 5e-5:  # below it the difference is rounding
            wide, narrow = (difference(s, p, parameter, results.welfare, h) for h in (1e-3, 5e-4))
            assert value == pytest.approx((4 * narrow - wide) / 3, rel=1e-6), name
            compared += 1
    assert compared >= 3  # of those chosen
