"""Numbers of another kind, starts, tolerances and derivatives without meaning: put in order, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import nan

import numpy as np
import pytest

from tanshi.equilibrium import (
    Commodity,
    Compiled,
    Consumer,
    Counterfactual,
    EquilibriumError,
    Leaf,
    Model,
    ModelError,
    Nest,
    Parameter,
    UnknownNameError,
    compile_model,
    derivative,
    forward,
    gradient,
    solve,
    solve_by_steps,
    with_capacity,
)
from tests.equilibrium.engine.two_by_two import X, Y, economy, owned

MODEL = economy(X, replace(Y, inputs=Nest(0.5, (Leaf("L", 20), Leaf("K", 30)), name="va")))


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(MODEL)


@pytest.mark.parametrize(
    "numbers",
    [
        [77, 80],
        np.array([77, 80]),
        np.array([77, 80], np.float32),
        np.array([77.0, 0.0, 80.0])[::2],
        np.array([77.0, 80.0], ">f8"),
    ],
    ids=["list", "whole numbers", "single precision", "every second one", "bytes the other way round"],
)
def test_numbers_of_any_kind_are_numbers(compiled: Compiled, numbers: object) -> None:
    p = replace(compiled.default, endowment=numbers)  # type: ignore[arg-type]
    q = replace(compiled.default, endowment=np.array([77.0, 80.0]))
    assert solve(compiled, p).level == solve(compiled, q).level
    assert solve_by_steps(compiled, p).level == solve_by_steps(compiled, q).level


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([77.0], r"endowment of the parameters has shape \(1,\); the model's is \(2,\)"),
        (np.ones((2, 1)), r"endowment of the parameters has shape \(2, 1\)"),
        (np.array([77, 80j]), "endowment of the parameters is not made of real numbers"),
        (["77", "80"], "endowment of the parameters is not made of real numbers"),
        ([[77], [80, 1]], "endowment of the parameters is not made of real numbers"),
        (None, "endowment of the parameters is not made of real numbers"),
    ],
)
def test_parameters_that_are_no_numbers_of_the_model_are_refused(
    compiled: Compiled, numbers: object, message: str
) -> None:
    p = replace(compiled.default, endowment=numbers)  # type: ignore[arg-type]
    for call in (solve, solve_by_steps):
        with pytest.raises(ModelError, match=message):
            call(compiled, p)


def test_a_start_is_one_number_for_each_unknown(compiled: Compiled) -> None:
    begin = np.array([1, 1, 1, 1, 1, 1, 150])
    for start in (begin, begin.tolist(), np.repeat(begin.astype(float), 2)[::2]):
        assert solve(compiled, start=start).residual == 0.0
    for start, message in (
        (np.ones(3), r"the start has shape \(3,\)"),
        ("here", "the start is not made of real"),
        (begin * 1j, "the start is not made of real"),
    ):
        for call in (lambda s: solve(compiled, start=s), lambda s: Counterfactual(compiled).solve(s)):
            with pytest.raises(ModelError, match=message):
                call(start)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tolerance": nan}, "the tolerance is nan"),
        ({"tolerance": -1e-9}, "the tolerance is -1e-09"),
        ({"tolerance": "fine"}, "the tolerance is 'fine'"),
        ({"iterations": -1}, "the number of iterations is -1"),
        ({"iterations": 2.5}, "the number of iterations is 2.5"),
    ],
)
def test_a_search_without_meaning_is_refused(compiled: Compiled, given: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        solve(compiled, **given)  # type: ignore[arg-type]
    for smallest in (0.0, nan, 2):
        with pytest.raises(ModelError, match="the smallest step is"):
            solve_by_steps(compiled, compiled.default, smallest=smallest)


def test_a_neighbour_is_of_the_same_model(compiled: Compiled) -> None:
    other = solve(Model((X,), (Consumer("RA", Leaf("PX", 100), owned()),), "L", (Commodity("K", free=True),)))
    with pytest.raises(ModelError, match="near is an equilibrium of another model"):
        solve(compiled, near=other)
    p = replace(compiled.default, endowment=np.array([71.0, 80.0]))
    assert solve(compiled, p, near=solve(compiled)).level == pytest.approx(solve(compiled, p).level, rel=1e-8)


def test_a_right_hand_side_has_as_many_numbers_as_unknowns(compiled: Compiled) -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\); the matrix has 7 rows"):
        solve(compiled).solver(np.ones(3))


def test_a_name_that_an_activity_shares_with_a_good_is_told_apart() -> None:
    shared = economy(replace(X, output=Leaf("X", 100)), Y, basket=Nest(1, (Leaf("X", 100), Leaf("PY", 50))))
    with pytest.raises(ModelError, match=r"'X' names more than one thing, the level of 'X' and price of 'X'"):
        Counterfactual(shared).fix("X", 1.1)
    for kind in ("level", "price"):
        cf = Counterfactual(shared).fix("X", 1.1, kind=kind)
        with pytest.raises(EquilibriumError, match=f"the {kind} of 'X' is held at its bound 1.1"):
            cf.solve()
        assert cf.unfix("X", kind=kind).solve().level["X"] == 1.0
    with pytest.raises(UnknownNameError, match="no kind of variable 'cost': there are 'level', 'price', 'auxiliary'"):
        Counterfactual(shared).fix("X", 1.1, kind="cost")
    with pytest.raises(UnknownNameError, match="no level, price or auxiliary 'PY'"):
        Counterfactual(shared).fix("PY", 1.1, kind="level")


@pytest.mark.parametrize("bounds", [("low", 1.0), (nan, 1.0), (0.5, None), (1j, 2.0)])
def test_a_bound_is_a_number(bounds: tuple[float, float]) -> None:
    with pytest.raises(ModelError, match=r"a bound of 'X' of .*: a (finite )?number is expected"):
        Counterfactual(MODEL).bound("X", *bounds)


def test_a_second_capacity_is_refused_and_says_how_to_change_the_first() -> None:
    with pytest.raises(ModelError, match=r"'X' has a capacity already.*capacity_of\('X'\)"):
        with_capacity(with_capacity(MODEL, "X", 0.9, "RA"), "X", 0.8, "RA")


# -- derivatives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        (lambda c: Parameter("endowments", 0), "no array 'endowments' of parameters: did you mean 'endowment'"),
        (lambda c: Parameter("endowment", 2), "endowment has 2 numbers, counted from 0; there is no number 2"),
        (lambda c: Parameter("endowment", -1), "there is no number -1"),
        (lambda c: Parameter("sigma", int(c.tree_root[0])), "elasticity of nest '' in the output of 'X' is 0"),
        (lambda c: Parameter("sigma", int(c.tree_root[1])), "elasticity of nest '' in the inputs of 'X' is 1"),
    ],
)
def test_a_derivative_in_no_parameter_is_refused(
    compiled: Compiled, parameter: Callable[[Compiled], Parameter], message: str
) -> None:
    s, what = solve(compiled), parameter(compiled)
    for call in (
        lambda: forward(s, what),
        lambda: derivative(s, lambda state: state.real[0], what),
        lambda: gradient(s, lambda state: state.real[0], [what]),
    ):
        with pytest.raises((ModelError, UnknownNameError), match=message):
            call()


def test_where_a_capacity_just_binds_there_is_no_derivative_and_on_either_side_there_is_one() -> None:
    """A little more of what is enough changes nothing; a little less is worth its rent."""
    slopes = []
    for limit in (1 - 1e-4, 1.0, 1 + 1e-4):
        s = solve(with_capacity(MODEL, "X", limit, "RA"))
        number, x = (
            Parameter("endowment", s.compiled.endow_at["RA", "capacity of X", ""]),
            s.compiled.activity_index["X"],
        )
        if limit == 1.0:
            with pytest.raises(EquilibriumError, match="no derivative: the price of 'capacity of X' stands at its"):
                derivative(s, lambda state, x=x: state.x[x], number)
            continue
        slopes.append(derivative(s, lambda state, x=x: state.x[x], number))
    assert slopes == pytest.approx([1.0, 0.0], abs=1e-9)


def test_where_a_ceiling_on_a_price_just_binds_there_is_no_derivative(compiled: Compiled) -> None:
    p = compiled.default.copy()
    p.upper[compiled.price_index["PX"]] = 1.0
    with pytest.raises(EquilibriumError, match="no derivative: the price of 'PX' stands at its bound"):
        forward(solve(compiled, p), Parameter("endowment", 0))


def test_one_equilibrium_of_many_has_no_derivative() -> None:
    with pytest.warns(UserWarning, match="one of many"):
        s = solve(replace(MODEL, activities=(X, replace(X, name="X2"), Y)))
    with pytest.raises(EquilibriumError, match="no derivative: this equilibrium is one of many, in which level of 'X'"):
        forward(s, Parameter("endowment", 0))
