"""The Jacobian is exact: every column against the complex step, on models with every feature."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Compiled, Parameters, compile_model
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.engine.solution import jacobian
from tanshi.equilibrium.engine.structure import Array
from tests.equilibrium.engine.made_up import Features, random_economy, random_shock

STEP = 1e-30


def complex_step(c: Compiled, p: Parameters, x: Array) -> Array:
    """All derivatives of the residual without a rounding error of differences."""
    evaluator, out = Evaluator(c, p), np.empty((c.n, c.n))
    for column in range(c.n):
        moved = x.astype(complex)
        moved[column] += 1j * STEP
        out[:, column] = evaluator.state(moved).residual.imag / STEP
    return out


def random_point(rng: np.random.Generator, c: Compiled) -> Array:
    """A point away from the benchmark with every price and level positive."""
    x = c.start * np.exp(0.3 * rng.standard_normal(c.n))
    zero = c.start == 0
    x[zero] = rng.uniform(0.05, 0.5, zero.sum())
    return np.asarray(x)


CASES = {
    "plain": Features(),
    "endogenous tax": Features(budget=True),
    "rigid wage": Features(rigid_wage=True),
    "idle technology": Features(latent=True),
    "free permits, sluggish": Features("free", sluggish=True),
    "rationed permits, terms of trade": Features("rationed", terms=True),
    "everything": Features("rationed", True, True, True, True, True),
}


@pytest.mark.parametrize("features", CASES.values(), ids=CASES)
@pytest.mark.parametrize("seed", range(4))
def test_jacobian_equals_the_complex_step(features: Features, seed: int) -> None:
    rng = np.random.default_rng(seed)
    c = compile_model(random_economy(rng, features))
    p, x = random_shock(rng, c), random_point(rng, c)
    evaluator = Evaluator(c, p)
    found, expected = jacobian(evaluator, evaluator.state(x)), complex_step(c, p, x)
    error = np.abs(found - expected) / np.maximum(np.abs(expected).max(axis=1, keepdims=True), 1.0)
    row, column = np.unravel_index(error.argmax(), error.shape)
    assert error.max() <= 1e-10, f"{c.equation_name(int(row))} by {c.variable_name(int(column))}"


def test_a_wrong_derivative_would_be_seen() -> None:
    rng = np.random.default_rng(0)
    c = compile_model(random_economy(rng, CASES["everything"]))
    p = c.default
    evaluator = Evaluator(c, p)
    x = random_point(rng, c)
    state = evaluator.state(x)
    nonzero = np.abs(complex_step(c, p, x)) > 1e-12
    holes = nonzero & (jacobian(evaluator, state) == 0)
    assert nonzero.sum() > 3 * c.n
    assert not holes.any()
