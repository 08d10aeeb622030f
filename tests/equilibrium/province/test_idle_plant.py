"""Plant that a high price of carbon puts out of use comes back when the price falls, and the other way round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ground.annual import annual_path, frozen_regime
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.run.ground.economy import province as the_province

OLD = ("GENC2", "GENC3")
FEW = 14
"""Newton's steps; from a corner, without looking at the plant itself, it took up to sixty and then failed."""


def at_price(model: Province, price: float, start: np.ndarray | None = None) -> Solution:
    p: Parameters = model.parameters()
    model.cover(p, ("ELEC",))
    model.hold_price(p, price)
    return model.solve(p, start)


@pytest.fixture(scope="module")
def vintages(province: Callable[..., Province]) -> Province:
    return province(capital="vintage")


@pytest.mark.parametrize(("before", "after"), [(400.0, 60.0), (400.0, 110.0), (60.0, 400.0), (900.0, 60.0)])
def test_old_units_stop_and_start_in_a_few_steps(vintages: Province, before: float, after: float) -> None:
    there = at_price(vintages, before)
    led, alone = at_price(vintages, after, there.x), at_price(vintages, after)
    np.testing.assert_allclose(led.x, alone.x, rtol=1e-6, atol=1e-8)
    assert led.iterations <= FEW
    running = [[s.level[name] > 1e-3 for name in OLD] for s in (there, led)]
    assert running[0] != running[1]


def test_idle_plant_earns_nothing_and_makes_nothing(vintages: Province) -> None:
    idle = at_price(vintages, 900.0)
    for name in OLD:
        assert idle.level[name] == pytest.approx(0.0, abs=1e-6)
        assert idle.price[f"CAP_{name}"] < 1e-6


def test_plant_that_runs_for_next_to_no_rent_is_found() -> None:
    """Old units on the edge: all of their plant is in use at a rent of less than a billionth, and the path goes on.

    With mobile capital, growth of lending by 6 % and of productivity by 2 %, small units reach that point in 2027:
    their rent is nothing but for the tolerance, their plant is scarce, and no search may rest on the kink between.
    """
    changes = {"closure.capital": "mobile", "dynamics.external_growth": 0.06, "dynamics.productivity_growth": 0.02}
    scenario = load_scenario("S1", changes)
    model, accounts = the_province(scenario.economy, scenario.closure, scenario.figures)
    growth = economy(scenario.economy, scenario.figures).growth(scenario.dynamics, 2022, 2028)
    path = annual_path(model, accounts, growth, range(2022, 2029), frozen_regime(model))
    edge = next(y.solution for y in path if y.year == 2027)
    used = float(edge.flows().query("commodity == 'CAP_GENC2'")["quantity"].sum())
    compiled = model.compiled
    mine = compiled.endow_price_var == compiled.price_index["CAP_GENC2"]
    owned = float(edge.parameters.endowment[mine].sum())
    assert 0.0 < edge.price["CAP_GENC2"] < 1e-6
    assert 0.0 < edge.level["GENC2"] < 0.05
    assert used == pytest.approx(owned, rel=1e-9)
    assert max(y.solution.residual for y in path) <= 1e-10
