"""Nests: compiled arrays against the recursive statement of the theory, and the exact branches of the formula."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Activity, Consumer, Endowment, Leaf, Model, Nest, compile_model, solve, unit_value
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.engine.nest import Tree
from tests.equilibrium.engine.made_up import Features, random_economy


@pytest.mark.parametrize("seed", range(30))
def test_compiled_unit_values_equal_the_recursive_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = Features(permits=("none", "free", "rationed")[seed % 3], sluggish=seed % 3 > 0, latent=seed % 2 == 0)
    model = random_economy(rng, features)
    c = compile_model(model)
    x = c.start.copy()
    x[c.price_slice] = rng.uniform(0.3, 3.0, len(c.commodities))
    price = dict(zip(c.commodities, x[c.price_slice].tolist(), strict=True))
    state = Evaluator(c, c.default).state(x)
    found = np.exp(state.log_item[c.n_leaves + c.tree_root])
    trees: list[tuple[Tree, int]] = []
    for activity in model.activities:
        trees += [(activity.output, -1), (activity.inputs, 1)]
    trees += [(consumer.demand, 1) for consumer in model.consumers]
    expected = [unit_value(tree, price.__getitem__, sign) for tree, sign in trees]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def _one_sector(sigma: float, eta: float = 0.0, side: str = "inputs") -> Model:
    """One activity; a second good is made only where its output tree is in question."""
    outputs: Tree = Nest(eta, (Leaf("G", 60), Leaf("E", 40))) if side == "output" else Leaf("G", 100)
    demand: Tree = Nest(0.5, (Leaf("G", 60), Leaf("E", 40))) if side == "output" else Leaf("G", 100)
    return Model(
        (Activity("A", outputs, Nest(sigma, (Leaf("L", 30), Leaf("K", 70)))),),
        (Consumer("HH", demand, (Endowment("L", 30), Endowment("K", 70))),),
        numeraire="L",
    )


def _shocked(sigma: float, eta: float = 0.0, side: str = "inputs") -> np.ndarray:
    c = compile_model(_one_sector(sigma, eta, side))
    p = c.default.copy()
    p.endowment[c.endow_at[("HH", "L", "")]] *= 1.3
    if side == "output":
        p.quantity[c.leaf_at[("HH", "demand", "E")]] *= 1.5
    return solve(c, p, tolerance=1e-12).x


@pytest.mark.parametrize("away", [1e-12, -1e-12, 1e-9])
def test_an_elasticity_of_one_to_rounding_is_cobb_douglas(away: float) -> None:
    np.testing.assert_allclose(_shocked(1.0 + away), _shocked(1.0), rtol=1e-8)


def test_cobb_douglas_keeps_value_shares() -> None:
    c = compile_model(_one_sector(1.0))
    p = c.default.copy()
    p.endowment[c.endow_at[("HH", "L", "")]] *= 1.3
    s = solve(c, p, tolerance=1e-12)
    share = s.price["L"] * s.flow("A", "L") / s.income["HH"]
    assert share == pytest.approx(0.3, rel=1e-12)


def test_leontief_uses_fixed_proportions_at_any_price() -> None:
    c = compile_model(_one_sector(0.0))
    x = c.start.copy()
    x[c.price_index["K"]] = 7.0
    state = Evaluator(c, c.default).state(x)
    assert state.quantity[c.leaf_at[("A", "inputs", "K")]] == 70.0


def test_a_tiny_elasticity_comes_to_leontief() -> None:
    for sigma in (1e-6, 1e-9):
        c, fixed = compile_model(_one_sector(sigma)), compile_model(_one_sector(0.0))
        x = c.start.copy()
        x[c.price_index["K"]] = 2.0
        cost = [Evaluator(m, m.default).state(x).log_item[m.n_leaves + m.tree_root[1]] for m in (c, fixed)]
        assert cost[0] == pytest.approx(cost[1], abs=2 * sigma)


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0, 2.5])
def test_demand_elasticity_is_the_one_that_was_asked_for(sigma: float) -> None:
    c = compile_model(_one_sector(sigma))
    x = c.start.copy()
    x[c.price_index["K"]] = 1.7
    quantity = Evaluator(c, c.default).state(x).quantity
    ratio = quantity[c.leaf_at[("A", "inputs", "K")]] / quantity[c.leaf_at[("A", "inputs", "L")]] / (70 / 30)
    assert ratio == pytest.approx(1.7**-sigma, rel=1e-12)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0, 4.0])
def test_supply_moves_toward_the_dearer_output(eta: float) -> None:
    c = compile_model(_one_sector(0.5, eta, "output"))
    x = c.start.copy()
    x[c.price_index["E"]] = 1.7
    quantity = Evaluator(c, c.default).state(x).quantity
    ratio = quantity[c.leaf_at[("A", "output", "E")]] / quantity[c.leaf_at[("A", "output", "G")]] / (40 / 60)
    assert ratio == pytest.approx(1.7**eta, rel=1e-12)


def test_efficiency_of_a_nest_divides_its_cost_and_its_inputs() -> None:
    c = compile_model(_one_sector(0.7))
    p = c.default.copy()
    p.augment[c.tree_root[1]] = 1.25
    state = Evaluator(c, p).state(c.start)
    assert state.quantity[c.leaf_at[("A", "inputs", "K")]] == pytest.approx(70 / 1.25, rel=1e-14)
    s = solve(c, p, tolerance=1e-12)
    assert s.real["HH"] == pytest.approx(1.25, rel=1e-12)
