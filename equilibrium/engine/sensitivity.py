"""Derivatives of an equilibrium by the implicit function theorem."""

from __future__ import annotations

import numpy as np

from equilibrium.engine.compile import Array
from equilibrium.engine.solve import Solution


def response_to_price_bound(solution: Solution, commodity: str) -> Array:
    """Derivative of all variables with respect to the price at which ``commodity`` is held.

    The price must be held by its bounds (lower = upper), as in an equilibrium at a given carbon price.

    Returns
    -------
    dx : shape ``(n,)``, change of every variable per unit of the price.

    Raises
    ------
    ValueError
        if the price is not held.
    """
    c, p = solution.compiled, solution.parameters
    variable = c.price_index[commodity]
    rows = np.flatnonzero(c.pair == variable)
    if rows.size != 1 or p.lower[variable] != p.upper[variable]:
        raise ValueError(f"the price of '{commodity}' is not held at one value")
    right = np.zeros(c.n)
    right[rows[0]] = 1.0
    return solution.factorised()(right)


def flow_response(solution: Solution, dx: Array) -> Array:
    """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``."""
    c, s = solution.compiled, solution.state
    entries, _, _ = solution.evaluator.flow_derivatives(s)
    leaf = c.pair_left[c.entry_pair]
    change = np.bincount(leaf, weights=entries * dx[c.driver_var[c.entry_driver]], minlength=c.n_leaves)
    scale = c.tree_scale_var[c.leaf_tree]
    return np.asarray(s.flow * (change + dx[scale] / np.where(s.x[scale] != 0, s.x[scale], 1.0)))
