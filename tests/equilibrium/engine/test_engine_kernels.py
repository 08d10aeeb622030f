"""What the compiler made of the kernels is what their Python says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tanshi.equilibrium.engine import compile_model, complementarity, derivatives, kernels
from tanshi.equilibrium.engine.evaluate import Evaluator
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
    expected = plain(kernels.evaluate)(c.layout.trees, c.layout.balances, evaluator.values, x)
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
    expected = plain(derivatives.jacobian)(*c.layout, evaluator.values, state)
    np.testing.assert_allclose(evaluator.jacobian_data(state), expected, rtol=1e-12, atol=1e-13)


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
