"""Plant that stands still or runs again: rents and levels of activities whose plant is nobody else's, put right.

Where an activity uses a factor that no other one can use, its zero-profit condition alone gives the factor's price, and
the factor's market then its level.  While the plant runs, Newton finds both.  When it is idle the price is nothing
and the level too, and both come back over many powers of ten at once: K = level x k(price), k unbounded as the price
vanishes.  Steps on the product creep.  Solved as what they are, one equation after the other, they are there in a few
steps: unit cost is nearly a straight line in ``price ** (1 - sigma)``, sigma the elasticity of the nest that holds the
factor.

Where the plant has next to no rent and yet runs, at the level that the market of its product asks for, it is the
other way round: its own market tells the rent, k(rent) = K / level, and the product's the level.  A rent within the
tolerance looks like no rent there: the complementarity of rent and idle plant has a kink of the rent's own width, at
which steps that look at the rent alone come to rest on the wrong side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.complementarity import Conditions
from tanshi.equilibrium.engine.evaluate import Evaluator, State
from tanshi.equilibrium.engine.structure import COBB_DOUGLAS, Array, Index

WORTHLESS, IDLE = 1e-6, 0.05
"""Price of a factor and level of its activity, of the benchmark's, below which plant stands still or nearly so."""
APART = 1e-6
"""Relative residual of its two equations above which they are put right first."""
STEPS = 12
CLOSE = 1e-12
LOG_STEP = 5.0
"""Largest step of the logarithm of a rent."""


@dataclass(frozen=True)
class Specific:
    """Activities with a factor of their own.

    Attributes
    ----------
    activity, factor : Index
        Variables: levels, and prices of the factors.
    leaf, node : Index
        The factor's leaf, and the nest that holds it.
    """

    activity: Index
    factor: Index
    leaf: Index
    node: Index


@lru_cache(maxsize=8)
def specific(c: Compiled) -> Specific:
    """The activities that may stand still and own a factor whose price may come to nothing."""
    uses = np.bincount(c.leaf_price_var, minlength=c.n)
    alone = (uses[c.leaf_price_var] == 1) & (c.leaf_sign > 0) & ~c.leaf_is_demand
    owned = np.isin(c.leaf_price_var, c.endow_price_var)
    scale = np.asarray(c.layout.trees.leaf_scale, np.int64)
    kept = alone & owned & c.bounded[c.leaf_price_var] & c.bounded[scale] & (scale < c.level_slice.stop)
    kept &= c.branch[c.leaf_parent] != COBB_DOUGLAS
    kept &= np.abs(c.default.sigma[c.leaf_parent]) < 1.0
    leaf = np.flatnonzero(kept)
    return Specific(scale[leaf], c.leaf_price_var[leaf], leaf, c.leaf_parent[leaf])


def apart(c: Compiled, x: Array, at: Conditions) -> Index:
    """Which of these activities stand still, or nearly, and have a price or level that is not where it belongs.

    Returns
    -------
    Places in ``specific(c)``.
    """
    own = specific(c)
    if not own.leaf.size:
        return own.leaf
    miss = np.maximum(np.abs(at.phi[own.activity]), np.abs(at.phi[own.factor]))
    still = (x[own.factor] < WORTHLESS * c.start[own.factor]) | (x[own.activity] < IDLE * c.start[own.activity])
    return np.flatnonzero((miss > APART) & still)


def put_right(evaluator: Evaluator, state: State, chosen: Index) -> State:
    """The state with the prices and levels of these activities where everything else would have them."""
    c, p, own = evaluator.c, evaluator.p, specific(evaluator.c)
    level, factor, leaf = own.activity[chosen], own.factor[chosen], own.leaf[chosen]
    x, lowest, size = state.x.copy(), p.lower[factor], c.scale[level]
    power = 1.0 - np.abs(evaluator.values.sigma[own.node[chosen]])
    for _ in range(STEPS):
        price = x[factor]
        steep = state.quantity[leaf] * price ** (1.0 - power) / power
        straight = price**power - np.where(steep > 0, state.residual[level] * size / steep, 0.0)
        x[factor] = np.clip(np.maximum(straight, lowest**power) ** (1.0 / power), lowest, p.upper[factor])
        state = evaluator.state(x)
        if (np.abs(x[factor] - price) <= CLOSE * np.maximum(price, WORTHLESS)).all():
            break
    unit = state.quantity[leaf]
    full = x[level] + np.where(unit > 0, state.residual[factor] * c.scale[factor] / unit, 0.0)
    pays = (x[factor] > lowest * (1.0 + CLOSE)) | (state.residual[level] <= CLOSE)
    x[level] = np.clip(np.where(pays, full, 0.0), p.lower[level], p.upper[level])
    return evaluator.state(x)


def rents_of_markets(evaluator: Evaluator, state: State) -> State:
    """The state with the rents at which plant that runs for next to nothing is all in use, at its levels as they are.

    A rent whose market has some plant to spare even at the lowest rent is that lowest one.
    """
    c, p, own = evaluator.c, evaluator.p, specific(evaluator.c)
    x = state.x
    some = (x[own.factor] < WORTHLESS * c.start[own.factor]) & (x[own.activity] > 0.0)
    chosen = np.flatnonzero(some & (np.abs(evaluator.values.sigma[own.node]) > 0.0))
    if not chosen.size:
        return state
    level, factor, leaf = own.activity[chosen], own.factor[chosen], own.leaf[chosen]
    sigma = np.abs(evaluator.values.sigma[own.node[chosen]])
    lowest, highest = np.maximum(p.lower[factor], 0.0), WORTHLESS * c.start[factor]
    for _ in range(STEPS):
        x = state.x.copy()
        used = x[level] * state.quantity[leaf]
        there = used + state.residual[factor] * c.scale[factor]
        short = np.log(np.where((used > 0.0) & (there > 0.0), used / there, 1.0)) / sigma
        x[factor] = np.clip(x[factor] * np.exp(np.clip(short, -LOG_STEP, LOG_STEP)), lowest, highest)
        moved = np.abs(x[factor] - state.x[factor]) > CLOSE * x[factor]
        state = evaluator.state(x)
        if not moved.any():
            break
    return state
