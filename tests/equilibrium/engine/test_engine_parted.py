"""A dense matrix in two parts solves what one solves, and gives way where a part is singular and the whole is not."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine.eliminate import Elimination
from tanshi.equilibrium.engine.parted import Parted, parted

M, OWN, BORDER = 150, 70, 3


def prices_and_markets(rng: np.random.Generator) -> np.ndarray:
    """Rows that see 70 prices and 3 more unknowns, and rows that see everything, in no order."""
    matrix = rng.standard_normal((M, M))
    matrix[:OWN, OWN + BORDER :] = 0.0
    return matrix[rng.permutation(M)][:, rng.permutation(M)]


def found_in(matrix: np.ndarray) -> tuple[Parted, np.ndarray]:
    row, col = np.nonzero(matrix)
    found = parted(row, col, matrix[row, col], M)
    assert found is not None
    values = np.zeros(M * M)
    values[found.places(col * M + row)] = matrix[row, col]
    return found, values


def test_two_parts_are_found_in_any_order_and_solve_as_one_does() -> None:
    rng = np.random.default_rng(1)
    matrix, b = prices_and_markets(rng), rng.standard_normal(M)
    found, values = found_in(matrix)
    assert (found.own, found.border) == (OWN, BORDER)
    solver, pivots = found.factorise(values)
    np.testing.assert_allclose(solver(b), np.linalg.solve(matrix, b), rtol=1e-9)
    # the pivots of both parts are those of the whole: their product is its determinant
    assert np.log(np.abs(pivots())).sum() == pytest.approx(np.linalg.slogdet(matrix)[1], rel=1e-12)


def test_a_matrix_in_which_every_row_sees_everything_stays_whole() -> None:
    matrix = np.random.default_rng(2).standard_normal((M, M))
    row, col = np.nonzero(matrix)
    assert parted(row, col, matrix[row, col], M) is None


def test_where_the_first_part_is_singular_and_the_whole_is_not_the_whole_is_factorised() -> None:
    """A price that the first rows no longer see: their own block cannot be solved, the border's unknown stands in."""
    rng = np.random.default_rng(3)
    matrix = prices_and_markets(rng)
    found, _ = found_in(matrix)
    row, col = np.nonzero(matrix)
    everywhere = np.zeros(M, dtype=bool)  # no pivots before: the parts have all to do
    elimination = Elimination(row, col, M, matrix[row, col], np.ones(M), everywhere)
    assert isinstance(elimination.rest, Parted)
    later = matrix.copy()
    later[np.ix_(found.rows[:OWN], found.columns[:1])] = 0.0
    values = np.zeros(M * M)
    values[found.places(col * M + row)] = later[row, col]
    with pytest.raises(ZeroDivisionError):
        found.factorise(values)
    b = rng.standard_normal(M)
    np.testing.assert_allclose(elimination.factorise(later[row, col])(b), np.linalg.solve(later, b), rtol=1e-8)
