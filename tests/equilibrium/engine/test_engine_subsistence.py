"""Subsistence before choice: the linear expenditure system against its closed form."""

from __future__ import annotations

import pytest

from tanshi.equilibrium.engine import Activity, Consumer, Endowment, Leaf, Model, ModelError, Nest, compile_model, solve


def economy(food_minimum: float) -> Model:
    """Two goods made from labour alone at fixed cost: prices are 1, so demand has a closed form."""
    return Model(
        activities=(
            Activity("food", Leaf("F", 40.0), Leaf("L", 40.0)),
            Activity("cloth", Leaf("C", 60.0), Leaf("L", 60.0)),
        ),
        consumers=(
            Consumer(
                "H",
                Nest(1.0, (Leaf("F", 40.0 - food_minimum), Leaf("C", 60.0))),
                (Endowment("L", 100.0),),
                subsistence={"F": food_minimum},
            ),
        ),
        numeraire="L",
    )


def test_the_benchmark_replicates_with_subsistence() -> None:
    solution = solve(economy(25.0), iterations=0)
    assert solution.residual < 1e-14
    assert solution.walras < 1e-14


@pytest.mark.parametrize("minimum", [0.0, 10.0, 25.0])
def test_demand_follows_the_linear_expenditure_system(minimum: float) -> None:
    """x_i = gamma_i + beta_i (income - sum gamma), beta_food = (40 - gamma) / (100 - gamma)."""
    compiled = compile_model(economy(minimum))
    p = compiled.default.copy()
    p.endowment[compiled.endow_at[("H", "L", "")]] = 150.0
    solution = solve(compiled, p)
    beta = (40.0 - minimum) / (100.0 - minimum)
    assert solution.level["food"] * 40.0 == pytest.approx(minimum + beta * (150.0 - minimum), rel=1e-10)
    assert solution.level["food"] * 40.0 + solution.level["cloth"] * 60.0 == pytest.approx(150.0, rel=1e-10)


def test_negative_subsistence_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="subsistence of 'F' of 'H' is -1"):
        compile_model(economy(-1.0))
