"""Where else to begin, when the search from the given start ends nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.structure import Array

RESTARTS = 12
SEED = 20  # of the restarts, which are the same every time
SPREAD = (0.1, 0.3, 0.6)  # of the logarithms of levels and prices at a restart
TURNED_ON = 0.5  # of the level that replaces the incumbents' output


def rivals_turned(c: Compiled, x: Array) -> Iterator[Array]:
    """Idle activities put in the place of those that make the same goods; then both at half.

    Newton creeps along a corner where a backstop just pays; from the other side of it the way is short.
    """
    idle = [i for i in range(c.level_slice.stop) if c.start[i] == 0.0]
    if not idle:
        return
    makers: dict[int, dict[str, float]] = {}
    for (owner, side, _), leaf in c.leaf_at.items():
        if side == "output":
            goods = makers.setdefault(c.activity_index[owner], {})
            goods[c.leaves[leaf].commodity] = float(c.default.quantity[leaf])
    for part in (1.0, TURNED_ON):
        there = x.copy()
        for i in idle:
            for other, goods in makers.items():
                common = set(goods) & set(makers[i])
                if other not in idle and common:
                    good = max(common, key=lambda name: goods[name])
                    there[i] = max(there[i], part * x[other] * goods[good] / makers[i][good])
                    there[other] = (1.0 - part) * x[other] if c.bounded[other] else max(1e-3, 1.0 - part) * x[other]
        yield there


def scattered(c: Compiled, x: Array) -> Iterator[Array]:
    """The start with levels and prices moved at random, less and then more; the same points every time."""
    rng = np.random.Generator(np.random.Philox(SEED))
    base = np.where(x > 0, x, np.where(c.start > 0, c.start, 0.0))
    for k in range(RESTARTS):
        moved = base * np.exp(SPREAD[k % len(SPREAD)] * rng.standard_normal(c.n))
        nothing = base == 0.0
        moved[nothing] = 0.1 * rng.random(int(nothing.sum())) * c.bounded[nothing]
        moved[c.income_slice] = x[c.income_slice]
        moved[c.aux_slice] = x[c.aux_slice]
        moved[c.numeraire_row] = c.numeraire_price
        yield moved
