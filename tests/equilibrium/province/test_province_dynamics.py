"""Growth: balanced where everything exogenous grows alike; energy efficiency does what its identity says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.dynamics import Growth, advance
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.production import BEYOND
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.trade import sloped
from tests.equilibrium.province.conftest import Build, shanxi
from tests.sectors import SECTORS

BALANCED = 0.04
ENERGY = ("COAL", "COKE", "OGAS", "BPG", "ELEC")


def path(model: Province, growth: Growth, years: int) -> list[Solution]:
    p = model.parameters()
    solutions: list[Solution] = []
    for year in range(2022, 2022 + years):
        s = model.solve(p, solutions[-1].x if solutions else None, tolerance=1e-12)
        solutions.append(s)
        p = advance(model, p, Flows(s.state.flow, s.x), s, growth, year)
    return solutions


@pytest.mark.parametrize("saving", ["fixed", "flexible"])
@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_growth_is_balanced_over_eight_years(province: Build, capital: str, saving: str) -> None:
    model = province(capital=capital, external_saving=saving)
    g = BALANCED
    growth = Growth(
        labour=g,
        benchmark_capital_growth=g,
        public=g,
        external=g,
        lines=g,
        resources=g,
        capacity=g,
        outside=dict.fromkeys(sloped(model.accounts, model.closure), g),
    )
    solutions = path(model, growth, 9)
    first, c = solutions[0], model.compiled
    for t, s in enumerate(solutions):
        np.testing.assert_allclose(s.x[c.price_slice], first.x[c.price_slice], rtol=1e-9, atol=1e-9, err_msg=str(t))
        np.testing.assert_allclose(_by_activity(model, s), (1 + g) ** t * _by_activity(model, first), rtol=1e-9)
        np.testing.assert_allclose(s.state.real, (1 + g) ** t * first.state.real, rtol=1e-9)


def _by_activity(model: Province, s: Solution) -> np.ndarray:
    """Capital and labour used by activity, vintages together, and investment."""
    used = []
    for names in model.parts.values():
        for factor in ("CAP", "LAB"):
            if (names[0][0], "inputs", factor) in model.compiled.leaf_at:
                used.append(sum(s.flow(name, factor) for name, _ in names))
    return np.array([*used, s.level["INVEST"]])


def test_depreciation_without_saving_enough_shrinks_capital(province: Build) -> None:
    model = province()
    one, two = path(model, Growth(depreciation=0.1, benchmark_capital_growth=-0.02), 2)
    c = model.compiled
    rows = np.flatnonzero(c.endow_price_var == c.price_index["CAP"])
    ratio = two.parameters.endowment[rows].sum() / one.parameters.endowment[rows].sum()
    assert ratio == pytest.approx(0.98, rel=1e-9)


def test_old_capital_stays_where_it_was_built(province: Build) -> None:
    """A carbon price from the second year on: each sector's installed capital is what it used, less what wore out."""
    model = province(capital="vintage")
    p = model.parameters()
    s = model.solve(p)
    q = advance(model, p, Flows(s.state.flow, s.x), s, Growth(depreciation=0.06), 2022)
    c = model.compiled
    for code in ("COAL", "STEEL", "SERV"):
        used = s.flow(code, "CAP") + s.flow(f"{code}:new", "CAP")
        rows = np.flatnonzero(c.endow_price_var == c.price_index[f"CAP_{code}"])
        assert q.endowment[rows].sum() == pytest.approx(0.94 * used, rel=1e-12)


@pytest.mark.parametrize("activity", ["STEEL", "NMM", "CHEM", "SERV", "TRAN"])
def test_energy_efficiency_multiplies_energy_per_output_by_its_identity(model: Province, activity: str) -> None:
    """``(1 + g) ** (sigma - 1) * (c' / c) ** sigma`` at given prices, c the unit cost of what energy is nested in."""
    g = 0.05
    c = model.compiled
    p = model.parameters()
    energy, body = (c.node_at[(activity, "inputs", name)] for name in ("energy", "body"))
    p.augment[energy] *= 1 + g
    before, after = Evaluator(c, c.default).state(c.start), Evaluator(c, p).state(c.start)
    sigma = float(p.sigma[body])
    cost = np.exp(after.log_item[c.n_leaves + body] - before.log_item[c.n_leaves + body])
    for good in ENERGY:
        leaf = c.leaf_at.get((activity, "inputs", good))
        if leaf is not None:
            ratio = after.quantity[leaf] / before.quantity[leaf]
            assert ratio == pytest.approx((1 + g) ** (sigma - 1) * cost**sigma, rel=1e-12), good


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_without_substitution_energy_per_output_falls_by_one_over_one_plus_g(capital: str) -> None:
    rigid = shanxi().elasticities.copy()
    rigid[["energy_other", "electricity_fuels", "fuels"]] = 0.0
    model = Province(replace(shanxi(), elasticities=rigid), Closure(capital=capital))  # type: ignore[arg-type]
    g = 0.03
    one, two = path(model, Growth(aeei=g, benchmark_capital_growth=0.0), 2)
    for activity in ("STEEL", "NMM", "CHEM", "SERV"):
        for good in ("COAL", "ELEC"):
            if (activity, "inputs", good) in model.compiled.leaf_at:
                ratio = two.unit(activity, good) / one.unit(activity, good)
                assert ratio == pytest.approx(1 / (1 + g), rel=1e-9), (activity, good)


def test_plant_that_stood_idle_is_there_next_year(province: Build) -> None:
    model = province(capital="vintage")
    c = model.compiled
    p = model.parameters()
    model.cover(p, ("ELEC",))
    model.hold_price(p, 2500.0)
    s = model.solve(p)
    rows = np.flatnonzero(c.endow_price_var == c.price_index["CAP_GENC1"])
    stock = float(p.endowment[rows].sum())
    assert s.flow("GENC1", "CAP") < 0.9 * stock
    q = advance(model, p, Flows(s.state.flow, s.x), s, Growth(depreciation=0.05), 2022)
    assert q.endowment[rows].sum() == pytest.approx(0.95 * (stock + s.flow("GENC1:new", "CAP")), rel=1e-12)
    model.hold_price(q, 300.0)
    assert model.solve(q).flow("GENC1", "CAP") > s.flow("GENC1", "CAP")  # and runs again where carbon is cheap


def test_clean_power_is_what_the_plan_gives_and_no_more(province: Build) -> None:
    """Capacity times hours is a limit: no price of carbon draws a kilowatt-hour more from the same plant."""
    model = province(capital="vintage")
    accounts, p = PhysicalAccounts(model), model.parameters()
    for price in (0.0, 100.0, 300.0):
        model.cover(p, SECTORS)
        model.hold_price(p, price)
        s = model.solve(p)
        assert accounts.output_index(Flows(s.state.flow, s.x), "GENN") <= 1.0 + 1e-9
    assert accounts.output_index(Flows(s.state.flow, s.x), "GENN") == pytest.approx(1.0, rel=1e-6)


def test_power_beyond_the_plan_costs_what_building_it_costs(province: Build) -> None:
    """With an offer at 0.45 yuan/kWh nothing is built in the benchmark, and a high carbon price builds it."""
    model = province(clean_cost=0.45)
    accounts, p = PhysicalAccounts(model), model.parameters()
    s = model.solve(p)
    assert s.level[BEYOND] == 0.0
    model.cover(p, ("ELEC",))
    model.hold_price(p, 800.0)
    s = model.solve(p)
    assert s.level[BEYOND] > 0.0
    assert accounts.output_index(Flows(s.state.flow, s.x), "GENN") > 1.02
    with pytest.raises(ValueError, match="clean_cost: expected above"):
        province(clean_cost=0.05)


def test_clean_power_follows_its_given_path(province: Build) -> None:
    model = province()
    growth = Growth(benchmark_capital_growth=0.0, nonfossil={2022: 1.0, 2023: 1.3, 2024: 1.3})
    one, two = path(model, growth, 2)
    assert two.flow("GENN", "RES") == pytest.approx(1.3 * one.flow("GENN", "RES"), rel=1e-9)
    assert two.level["GENN"] > 1.1 * one.level["GENN"]


def test_efficiency_in_power_is_separate_from_the_rest(province: Build) -> None:
    model = province()
    p = model.parameters()
    s = model.solve(p)
    q = advance(model, p, Flows(s.state.flow, s.x), s, Growth(aeei=0.01, aeei_power=0.004), 2022)
    at = model.compiled.node_at
    assert q.augment[at[("STEEL", "inputs", "energy")]] == pytest.approx(1.01)
    assert q.augment[at[("GENC1", "inputs", "energy")]] == pytest.approx(1.004)
