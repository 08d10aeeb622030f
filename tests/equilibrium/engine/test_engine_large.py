"""Large sparse models: closed forms that hold at any size, and the factorisation against a plain dense one."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Compiled, Solution, compile_model, solve
from tanshi.equilibrium.engine.schur import Dense, Sparse, arrange
from tests.equilibrium.engine.large_models import CAPITAL_SHARE, cut_co2, less_capital, ramsey, regions


@pytest.fixture(scope="module")
def path() -> Solution:
    c = compile_model(ramsey(120, depreciation=1.0, sigma=1.0))
    return solve(c, less_capital(c), tolerance=1e-11)


def test_with_full_depreciation_and_log_utility_the_share_saved_never_changes(path: Solution) -> None:
    """Brock and Mirman (1972): investment is a fixed part of output, so output returns as y' = y ** alpha."""
    level = path.level
    output = np.array([level[f"Y{t}"] for t in range(120)])
    assert [level[f"I{t}"] for t in range(120)] == pytest.approx(output, rel=1e-8)
    assert output == pytest.approx(0.95 ** (CAPITAL_SHARE ** np.arange(1, 121)), rel=1e-8)


def test_a_path_of_three_hundred_periods_starts_and_ends_as_a_shorter_one() -> None:
    """What the end of time is does not matter to the first decades (turnpike)."""

    def consumption(periods: int) -> list[float]:
        c = compile_model(ramsey(periods))
        s = solve(c, less_capital(c))
        return [s.flow("RA", f"P{t}") for t in range(40)]

    assert consumption(300) == pytest.approx(consumption(160), rel=1e-6)


def factors(c: Compiled, s: Solution) -> None:
    matrix = s.system_jacobian()
    right = np.random.default_rng(1).standard_normal(c.n)
    assert c.kept.elimination is not None
    assert isinstance(c.kept.elimination.rest, Sparse)
    size = np.abs(s.x) + 1e-12
    assert s.solver(right) / size == pytest.approx(np.linalg.solve(matrix * size, right), rel=1e-7, abs=1e-9)


def test_sparse_pivots_solve_the_same_system_as_dense_ones(path: Solution) -> None:
    factors(path.compiled, path)


def test_regions_under_one_cap_share_one_price_and_emit_what_is_allowed() -> None:
    c = compile_model(regions(8))
    s = solve(c, cut_co2(c))
    allowed = 0.8 * sum(float(c.default.endowment[c.endow_at[h, "CO2", ""]]) for h in c.consumers)
    emitted = sum(s.flow(a, "CO2") for a in c.activities if a.startswith("Y"))
    assert s.price["CO2"] > 0
    assert emitted == pytest.approx(allowed, rel=1e-9)
    factors(c, s)


@pytest.mark.parametrize("seed", range(5))
def test_a_sparse_matrix_is_solved_in_whatever_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = 300
    matrix = np.diag(rng.uniform(1, 2, m))
    matrix[rng.integers(0, m, 500), rng.integers(0, m, 500)] += rng.standard_normal(500)
    matrix[rng.permutation(m)] = matrix.copy()
    row, col = np.nonzero(matrix)
    rest = arrange(row, col, matrix[row, col], m, rng.random(m) < 0.9)
    assert isinstance(rest, Sparse)
    values = np.zeros(rest.slots)
    moved = matrix[row, col] * rng.uniform(0.9, 1.1, row.size)  # another matrix of the same pattern
    values[: row.size] = moved
    again = np.zeros((m, m))
    again[row, col] = moved
    right = rng.standard_normal(m)
    solver, pivots = rest.factorise(values)
    assert solver(right) == pytest.approx(np.linalg.solve(again, right), rel=1e-6, abs=1e-8)
    assert np.abs(np.prod(np.sign(pivots()))) == 1.0


def test_a_pivot_of_nothing_is_noticed() -> None:
    row, col = np.nonzero(np.eye(200))
    rest = arrange(row, col, np.ones(200), 200, np.ones(200, dtype=bool))
    assert isinstance(rest, Sparse)
    values = np.zeros(rest.slots)
    values[1:200] = 1.0
    with pytest.raises(ZeroDivisionError):
        rest.factorise(values)


def test_a_full_matrix_stays_dense() -> None:
    rng = np.random.default_rng(0)
    row, col = np.nonzero(np.ones((150, 150)))
    assert isinstance(arrange(row, col, rng.standard_normal(row.size), 150, np.ones(150, dtype=bool)), Dense)
