"""Whether every unknown of a pattern can be given an equation of its own (structural rank)."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.model import ModelError
from tanshi.errors import row_of


def unmatched(c: Compiled) -> tuple[list[int], list[int]]:
    """Equations and unknowns that are left over when as many as possible are paired.

    The numeraire's equation knows its own variable alone, whatever stands in the place of its market; a level or a
    price may be nothing whatever its equation depends on.
    """
    row, col = c.structure_row, c.structure_col
    kept = (row != c.numeraire_row) | (col == c.numeraire_row)
    own = np.setdiff1d(np.arange(c.price_slice.stop), [c.numeraire_row])  # may turn into level = 0, price = 0
    row, col = np.concatenate([row[kept], own]), np.concatenate([col[kept], own])
    pattern = sparse.csr_matrix((np.ones(row.size), (row, col)), shape=(c.n, c.n))
    matched = csgraph.maximum_bipartite_matching(pattern, perm_type="column")
    return np.flatnonzero(matched < 0).tolist(), np.setdiff1d(np.arange(c.n), matched).tolist()


def refuse_unmatched(c: Compiled) -> None:
    """Refuse a model in which some unknown is left without an equation, whatever the numbers.

    Raises
    ------
    ModelError
        naming the unknowns, and the equations that nothing is left to move.
    """
    rows, unknowns = unmatched(c)
    if rows:
        raise ModelError(
            "nothing determines the {unknowns}: no equation is left. Nothing is left to move the {rows}",
            unknowns=row_of([c.variable_name(i) for i in unknowns[:4]]),
            rows=row_of([c.equation_name(i) for i in rows[:4]]),
        )
