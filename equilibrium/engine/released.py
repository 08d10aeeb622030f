"""Bounds and corners that a compiled model did not foresee: the same economy with more of it complementary.

A compiled model pairs an equation with a variable only where the model says so, since smooth equations solve faster.
Where bounds are put on another variable, or where no interior equilibrium exists, the model is compiled once more with
those pairs; parameters keep their addresses.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.equilibrium.engine.compile import compile_model
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.model import Model, ModelError
from tanshi.equilibrium.engine.structure import Index, Parameters


def bounds_moved(c: Compiled, p: Parameters) -> Index:
    """Variables without an equation paired to them whose bounds are not the model's own."""
    moved = (p.lower != c.default.lower) | (p.upper != c.default.upper)
    return np.flatnonzero(moved & ~c.bounded)


def honouring(c: Compiled, p: Parameters) -> Compiled:
    """The compiled model in which the bounds of ``p`` hold.

    Raises
    ------
    ModelError
        for a bound that no equation can give way to.
    """
    moved = bounds_moved(c, p)
    return released(c, moved, p) if moved.size else c


def with_corners(c: Compiled, prices: bool) -> Compiled:
    """The compiled model in which every activity may shut down and, with ``prices``, every good may be free."""
    free = ~c.bounded
    free[c.income_slice.start :] = False
    if not prices:
        free[c.price_slice] = False
    free[c.numeraire_row] = False
    for x in c.model.auxiliaries:
        if x.pairs_price is not None:
            free[c.price_index[x.pairs_price]] = False
    chosen = np.flatnonzero(free)
    return released(c, chosen, c.default) if chosen.size else c


def counted_in_incomes(c: Compiled) -> Compiled:
    """The compiled model with the income of the richest consumer as unit of account; itself where it has such a one."""
    if c.numeraire_row >= c.price_slice.stop:
        return c
    if (-1,) not in c.kept.variants:
        richest = c.consumers[int(np.argmax(c.start[c.income_slice]))]
        c.kept.variants[(-1,)] = compile_model(replace(c.model, numeraire=richest))
    return c.kept.variants[(-1,)]


def released(c: Compiled, variables: Index, p: Parameters) -> Compiled:
    """The model compiled with these variables complementary to their own equations; kept for the next time."""
    key = tuple(variables.tolist())
    if key not in c.kept.variants:
        c.kept.variants[key] = compile_model(_rewritten(c, set(key), p))
    return c.kept.variants[key]


def _rewritten(c: Compiled, variables: set[int], p: Parameters) -> Model:
    incomes = [i for i in variables if i in range(c.income_slice.start, c.income_slice.stop)]
    if incomes:
        raise ModelError(
            "the {variable_name} was given bounds; an income follows from what is owned: change the "
            "endowments, or name the consumer as numeraire",
            variable_name=c.variable_name(min(incomes)),
        )
    if c.numeraire_row in variables:
        raise ModelError(
            "the {variable_name} was given bounds; it is the numeraire, and stays at {numeraire_price:g}",
            variable_name=c.variable_name(c.numeraire_row),
            numeraire_price=c.numeraire_price,
        )
    auxiliaries = []
    for x in c.model.auxiliaries:
        i = c.aux_index[x.name]
        if i in variables:
            if x.pairs_price is not None:
                raise ModelError(
                    "auxiliary '{name}' was given bounds; the market of '{pairs_price}' sets it: bound that price",
                    name=x.name,
                    pairs_price=x.pairs_price,
                )
            x = replace(x, lower=float(p.lower[i]), upper=float(p.upper[i]))
        auxiliaries.append(x)
    activities = (
        replace(a, complementary=True) if c.activity_index[a.name] in variables else a for a in c.model.activities
    )
    commodities = (
        replace(g, free=True) if c.price_index[g.name] in variables else g for g in c.model.all_commodities()
    )
    return replace(
        c.model, activities=tuple(activities), commodities=tuple(commodities), auxiliaries=tuple(auxiliaries)
    )
