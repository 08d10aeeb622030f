"""What the compiler made of the kernels is what their Python says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tanshi.equilibrium.engine import compile_model, complementarity, derivatives, kernels
from tanshi.equilibrium.engine.evaluate import NOTHING, Evaluator
from tanshi.equilibrium.engine.packed import STATE
from tanshi.equilibrium.engine.state import State
from tanshi.numerics.views import unpacked
from tests.equilibrium.engine.made_up import Features, random_economy, random_shock

EVERYTHING = Features("rationed", True, True, True, True, True)


def plain(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel as Python runs it."""
    return kernel.py_func  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("imaginary", [0.0, 1e-30])
def test_compiled_states_are_those_of_plain_python(imaginary: float) -> None:
    rng = np.random.default_rng(4)
    c = compile_model(random_economy(rng, EVERYTHING))
    evaluator = Evaluator(c, random_shock(rng, c))
    x = c.start * np.exp(0.2 * rng.standard_normal(c.n)) + 0.1
    if imaginary:
        x = x + 1j * imaginary * rng.standard_normal(c.n)
    found = evaluator.state(x)
    whole = np.empty(sum(part.size for part in found), found.x.dtype)
    plain(kernels.evaluate)(c.packed, evaluator.given, x, whole)
    expected = unpacked(State, (whole,), c.packed.table, STATE)
    for name, ours, theirs in zip(found._fields, found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12, err_msg=name)
        if imaginary:
            size = np.abs(np.imag(theirs)).max(initial=1e-40)
            np.testing.assert_allclose(np.imag(ours) / size, np.imag(theirs) / size, atol=1e-12, err_msg=name)


def test_compiled_derivatives_are_those_of_plain_python() -> None:
    rng = np.random.default_rng(5)
    c = compile_model(random_economy(rng, EVERYTHING))
    evaluator = Evaluator(c, random_shock(rng, c))
    state = evaluator.state(c.start * np.exp(0.2 * rng.standard_normal(c.n)) + 0.1)
    expected = plain(derivatives.jacobian)(c.packed, evaluator.given, np.concatenate(state), NOTHING, NOTHING)[0]
    np.testing.assert_allclose(evaluator.jacobian_data(state), expected, rtol=1e-12, atol=1e-13)


def test_a_state_that_was_put_together_anew_has_the_same_derivatives() -> None:
    """As one has that came from another process: its parts no longer lie in one array."""
    rng = np.random.default_rng(5)
    c = compile_model(random_economy(rng, EVERYTHING))
    evaluator = Evaluator(c, c.default)
    state = evaluator.state(c.start * np.exp(0.2 * rng.standard_normal(c.n)) + 0.1)
    apart = State(*(part.copy() for part in state))
    np.testing.assert_array_equal(evaluator.jacobian_data(apart), evaluator.jacobian_data(state))
    moved = state._replace(flow=1.5 * state.flow)
    assert not np.array_equal(evaluator.jacobian_data(moved), evaluator.jacobian_data(state))


def test_whole_numbers_are_numbers_and_other_lengths_are_refused() -> None:
    c = compile_model(random_economy(np.random.default_rng(4), EVERYTHING))
    ones = np.ones(c.n)
    np.testing.assert_array_equal(
        Evaluator(c, c.default).state(ones.astype(int)).residual, Evaluator(c, c.default).state(ones).residual
    )
    whole = np.ceil(c.default.quantity)
    found, expected = (Evaluator(c, replace(c.default, quantity=q)).state(ones) for q in (whole.astype(int), whole))
    np.testing.assert_array_equal(found.residual, expected.residual)
    with pytest.raises(ValueError, match="alpha has shape"):
        Evaluator(c, replace(c.default, alpha=c.default.alpha[:3]))
    with pytest.raises(ValueError, match="a point has shape"):
        Evaluator(c, c.default).state(ones[:-1])


@pytest.mark.parametrize("rule", [complementarity.fischer_burmeister, complementarity.projection])
def test_compiled_conditions_are_those_of_plain_python(rule: complementarity.Rule) -> None:
    rng = np.random.default_rng(6)
    x, f = rng.standard_normal((2, 200))
    lower, upper = np.sort(rng.standard_normal((2, 200)), axis=0)
    lower[:50], upper[25:75], upper[100:110] = -np.inf, np.inf, lower[100:110]
    f[:5], x[110:115] = 0.0, lower[110:115]
    rows = np.arange(200)
    for ours, theirs in zip(
        rule(rows, rows, lower, upper, x, f), plain(rule)(rows, rows, lower, upper, x, f), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-15)
