"""Who bears a policy: groups add up to the household, meet the same prices, and differ by what they earn and buy."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.engine.expressions import evaluate, index
from tanshi.equilibrium.engine.nest import Tree, benchmark_value, leaves
from tanshi.equilibrium.engine.structure import Array
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.incidence import HouseholdGroupsError, household_groups, incidence
from tanshi.equilibrium.province.national import equivalent_variation
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import cell, total
from tanshi.simulator.run.ground.economy import economy
from tests.sectors import SECTORS

BASE = economy("shanxi_2022")
TABLE = BASE.figures.households


def figures() -> pd.DataFrame:
    assert TABLE is not None
    return TABLE.copy()


@cache
def province(closure: Closure) -> Province:
    return Province(BASE.accounts, closure)


@cache
def solved(closure: Closure, price: float, auctioned: float = 0.0) -> Solution:
    model = province(closure)
    p = model.parameters()
    if price:
        model.cover(p, SECTORS)
        model.auction(p, auctioned)
        model.hold_price(p, price)
    return model.solve(p)


CLOSURES = (Closure(), Closure(capital="vintage"), Closure(labour_supply=0.2), Closure(miners_wage=0.98))


@pytest.mark.parametrize("closure", CLOSURES, ids=("mobile", "vintage", "labour answers", "miners"))
def test_two_halves_of_the_household_have_half_of_its_gain_each(closure: Closure) -> None:
    halves = pd.concat([figures().query("group == 'urban'").assign(group=name) for name in ("one", "other")])
    groups = household_groups(BASE.accounts, halves)
    before, after = (incidence(solved(closure, price, 1.0), groups) for price in (0.0, 150.0))
    change = after.metric - before.metric
    whole = equivalent_variation(solved(closure, 150.0, 1.0), solved(closure, 0.0, 1.0))
    assert change == pytest.approx([whole / 2, whole / 2], rel=1e-7)
    assert after.gap == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("closure", CLOSURES, ids=("mobile", "vintage", "labour answers", "miners"))
def test_what_groups_earn_and_buy_adds_up_to_the_household(closure: Closure) -> None:
    groups = household_groups(BASE.accounts, figures())
    sam = BASE.accounts.sam
    assert groups.bought.sum() == pytest.approx(total(sam.loc[[f"C_{g}" for g in groups.goods], "HH"]), rel=1e-10)
    solution = solved(closure, 150.0)
    found = incidence(solution, groups)
    income = solution.x[solution.compiled.income_index["HH"]]
    assert sum(float(values.sum()) for values in found.income.values()) == pytest.approx(income, rel=1e-12)
    assert abs(found.gap) < 1e-4  # groups whose shares differ are not one household, to second order
    assert incidence(solved(closure, 0.0), groups).gap == pytest.approx(0.0, abs=1e-9)


def test_money_paid_by_head_favours_the_poorer_and_by_income_nobody() -> None:
    groups = household_groups(BASE.accounts, figures())
    before = incidence(solved(Closure(), 0.0), groups).metric
    ways: tuple[tuple[float, Literal["heads", "income"]], ...] = ((0.0, "heads"), (1.0, "heads"), (1.0, "income"))
    kept, by_head, by_income = (
        100 * (incidence(solved(Closure(), 150.0, share), groups, way).metric / before - 1) for share, way in ways
    )
    town, country = range(2)
    assert groups.names == ("urban", "rural")
    assert by_head[country] > by_head[town] + 1.0
    assert abs(by_income[country] - by_income[town]) < 1.0
    assert (kept < 0).all()  # permits' rents stay with enterprises


def test_time_that_is_not_worked_is_income_of_who_earns_wages() -> None:
    groups = household_groups(BASE.accounts, figures())
    given, chosen = (
        incidence(solved(closure, 0.0), groups).income for closure in (Closure(), Closure(labour_supply=0.2))
    )
    assert chosen["transfers"] == pytest.approx(given["transfers"], rel=1e-9)
    assert (chosen["labour"] > 1.05 * given["labour"]).all()


def test_who_needs_a_tenth_less_of_everything_for_the_same_life_is_worth_a_ninth_more() -> None:
    """All groups alike, at the same prices and incomes: 1 / 0.9."""
    model, groups = province(Closure()), household_groups(BASE.accounts, figures())
    p = model.parameters()
    p.augment[model.compiled.node_at["HH", "demand", "welfare"]] /= 0.9
    before, after = (incidence(solution, groups).metric for solution in (solved(Closure(), 0.0), model.solve(p)))
    assert after / before == pytest.approx(1.0 / 0.9, rel=1e-9)


def test_the_price_index_is_the_cheapest_way_to_the_same_utility() -> None:
    """Against a numerical minimum of spending on goods alone, at the group's own shares and the nests' elasticities."""
    groups = household_groups(BASE.accounts, figures())
    solution = solved(Closure(), 150.0)
    found = incidence(solution, groups)
    sigma = {name: cell(BASE.accounts.elasticities, "HH", f"household{name}") for name in ("", "_energy", "_other")}
    energy = [i for i, g in enumerate(groups.goods) if g in ("COAL", "OGAS", "COKE", "ELEC", "BPG")]
    other = [i for i in range(len(groups.goods)) if i not in energy]
    names = {leaf.address: leaf.commodity for leaf in leaves(_home(solution))}
    prices = np.array([solution.price[names[good]] for good in groups.goods])
    group = 1
    start = groups.bought[group]

    def ces(x: Array, weight: Array, elasticity: float) -> float:
        rho = (elasticity - 1) / elasticity
        return float((weight / weight.sum() @ x**rho) ** (1 / rho))

    def utility(ratio: Array) -> float:
        parts = [ces(ratio[rows], start[rows], sigma[name]) for rows, name in ((energy, "_energy"), (other, "_other"))]
        return ces(np.array(parts), np.array([start[energy].sum(), start[other].sum()]), sigma[""])

    best = minimize(  # type: ignore[call-overload]
        lambda r: float(prices * start @ r) / start.sum(),
        np.ones(len(start)),
        constraints={"type": "eq", "fun": lambda r: utility(r) - 1.0},
        bounds=[(0.2, 5.0)] * len(start),
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-14},
    )
    assert best.success
    part = start.sum() / (start.sum() + groups.saving[group])
    expected = best.fun**part * solution.price["INV"] ** (1 - part)
    assert found.prices[group] == pytest.approx(expected, rel=1e-6)


def _home(solution: Solution) -> Tree:
    return next(h for h in solution.compiled.model.consumers if h.name == "HH").demand


@pytest.mark.parametrize(
    ("item", "value", "said"),
    [
        ("consumption", 40_000.0, "rural spends more than it earns"),
        ("wage", None, "rural has no row for wage"),
    ],
)
def test_figures_that_the_accounts_cannot_hold_are_named(item: str, value: float | None, said: str) -> None:
    table = figures()
    row = (table["group"] == "rural") & (table["item"] == item)
    if value is None:
        table = table[~row]
    else:
        table.loc[row, "value"] = value
    with pytest.raises(HouseholdGroupsError, match=said):
        household_groups(BASE.accounts, table)


def test_miners_without_other_work_keep_their_wage_or_lose_their_jobs() -> None:
    """A floor that does not bind changes nothing; the higher it is, the fewer work and the less is mined."""
    at_work, mined, wage = {}, {}, {}
    for floor in (0.5, 0.9, 0.98, 1.0):
        s = solved(Closure(miners_wage=floor), 150.0)
        at_work[floor], mined[floor] = s.auxiliary["miners at work"], s.level["COAL"]
        wage[floor] = s.price["LAB_COAL"] / evaluate(s, index("HH"))
    assert at_work[0.5] == at_work[0.9] == 1.0
    assert mined[0.5] == pytest.approx(mined[0.9], rel=1e-9)
    assert [wage[0.98], wage[1.0]] == pytest.approx([0.98, 1.0], rel=1e-8)
    assert wage[0.5] > 0.9
    assert 1.0 > at_work[0.98] > at_work[1.0] > 0.9
    assert mined[0.9] > mined[0.98] > mined[1.0]
    benchmark = solved(Closure(miners_wage=1.0), 0.0)
    assert benchmark.auxiliary["miners at work"] == pytest.approx(1.0, abs=1e-9)
    assert benchmark_value(_home(benchmark)) == pytest.approx(benchmark_value(_home(solved(Closure(), 0.0))))


def test_a_wage_floor_and_leisure_do_not_go_together() -> None:
    with pytest.raises(ClosureError, match="without work, not at leisure"):
        Closure(miners_wage=0.9, labour_supply=0.2)
    with pytest.raises(ClosureError, match="up to 1"):
        Closure(miners_wage=1.2)
