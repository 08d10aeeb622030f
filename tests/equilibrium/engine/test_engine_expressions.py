"""Formulas as conditions and as columns: derivatives, closed forms, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tanshi.equilibrium.engine import (
    Activity,
    Auxiliary,
    Consumer,
    Endowment,
    Leaf,
    Model,
    ModelError,
    Nest,
    Tax,
    compile_model,
    solve,
)
from tanshi.equilibrium.engine.checks import exact_jacobian
from tanshi.equilibrium.engine.expressions import (
    Expression,
    auxiliary,
    condition,
    demand,
    evaluate,
    income,
    index,
    level,
    output,
    price,
    real,
    unit,
    used,
)

RATE = (Tax(1.0, "GOV", "t"),)


def economy(rule: Auxiliary, terms: str | None = None) -> Model:
    """Two goods of labour and capital; a tax on X at the rate ``t`` pays government, which buys Y."""
    return Model(
        (
            Activity("X", Leaf("PX", 100), Nest(0.7, (Leaf("PL", 50, taxes=RATE), Leaf("PK", 50, terms=terms)))),
            Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("PL", 20), Leaf("PK", 30)))),
        ),
        (
            Consumer("RA", Nest(0.5, (Leaf("PX", 100), Leaf("PY", 45))), (Endowment("PL", 80), Endowment("PK", 80))),
            Consumer("GOV", Leaf("PY", 5), (Endowment("PL", 5),)),
        ),
        "PL",
        auxiliaries=(rule,),
    )


FORMULAS: dict[str, Expression] = {
    "a ratio of prices": price("PX") / price("PK"),
    "a root of output": output("X", "PX") ** 0.5,
    "demand of a household": demand("RA", "PX"),
    "an input": used("X", "PL"),
    "real income": real("RA"),
    "a share of income": income("GOV") / income("RA"),
    "price indices": price("PX") / index("RA"),
    "a unit demand to a power": unit("X", "PL") ** -1.5 * 400,
    "everything at once": real("GOV") ** 2 * level("X") ** -0.5
    + demand("GOV", "PY") / output("Y", "PY")
    + auxiliary("t") ** 2
    - 0.1 * index("GOV") ** 0.3,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_target_for_a_formula_finds_the_tax_that_gives_it(name: str) -> None:
    """What a tax of 15 % gives, asked for, gives 15 %."""
    formula = FORMULAS[name]
    target = evaluate(solve(economy(condition("t", auxiliary("t"), 0.15, value=0.1))), formula)
    c = compile_model(economy(condition("t", formula, target, value=0.1, scale=abs(target))))
    rng = np.random.default_rng(3)
    x = c.start * np.exp(0.1 * rng.standard_normal(c.n))
    assert exact_jacobian(c, c.default, x).passed
    assert solve(c).auxiliary["t"] == pytest.approx(0.15, rel=1e-7)


def test_a_quantity_times_an_auxiliary_is_an_efficiency() -> None:
    """Labour augmented by a fifth, by an auxiliary on the leaf, is labour in a smaller number of hours."""
    by_auxiliary = economy(condition("t", auxiliary("t"), 0.0, value=0.0))
    leaner = replace(
        by_auxiliary,
        auxiliaries=(*by_auxiliary.auxiliaries, condition("saving", auxiliary("saving"), 0.8, value=1.0)),
        activities=(
            replace(
                by_auxiliary.activities[0],
                inputs=Nest(0.7, (Leaf("PL", 50, taxes=RATE), Leaf("PK", 50, terms="saving"))),
            ),
            by_auxiliary.activities[1],
        ),
    )
    s = solve(leaner)
    capital = solve(
        replace(
            by_auxiliary,
            activities=(
                replace(
                    by_auxiliary.activities[0],
                    inputs=Nest(0.7, (Leaf("PL", 50, taxes=RATE), Nest(0, (Leaf("PK", 50),), augment=1 / 0.8))),
                ),
                by_auxiliary.activities[1],
            ),
        )
    )
    assert s.level == pytest.approx(capital.level, rel=1e-9)
    assert s.price == pytest.approx(capital.price, rel=1e-9)


def test_formulas_are_columns_of_a_report() -> None:
    s = solve(economy(condition("t", auxiliary("t"), 0.1, value=0.1)))
    revenue = 0.1 * used("X", "PL") * price("PL")
    assert evaluate(s, revenue + 5 * price("PL")) == pytest.approx(s.income["GOV"], rel=1e-9)
    assert evaluate(s, 1 - 2 * level("X") + 3) == pytest.approx(4 - 2 * s.level["X"])
    assert evaluate(s, (price("PX") + price("PY")) ** 2) == pytest.approx((s.price["PX"] + s.price["PY"]) ** 2)
    assert str(price("PX") / price("PL") - 1.2) == "price(PX) * price(PL)**-1 - 1.2"
    assert str(1 - 2 * level("X")) == "-2 * level(X) + 1"


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (lambda: 1 / (price("PX") + price("PY")), "base is a sum; give it an auxiliary"),
        (lambda: (-1.0 * price("PX")) ** 0.5, "the base is negative"),
        (lambda: price("PX") + "PY", "made of atoms and finite numbers; found 'PY'"),
        (lambda: solve(economy(condition("t", price("PZ"), 1))), r"unknown atom \(price, PZ\).*did you mean"),
        (lambda: solve(economy(condition("t", unit("RA", "PX", "demand"), 1))), "has no unit; take its flow"),
        (lambda: solve(economy(condition("t", output("X", "PL"), 1))), r"unknown atom .*no leaf"),
    ],
)
def test_formulas_without_meaning_are_refused(formula: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        formula()  # type: ignore[operator]
