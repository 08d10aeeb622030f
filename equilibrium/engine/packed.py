"""A compiled model's addresses in three long arrays, in which kernels find what they read.

Four arrays cross from Python in the time that four take, not the seventy that they hold.  The parameters of a solve,
and the branches at a point, lie one behind the other in an array of their own, by the same table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine.layout import Balances, Layout, Pairs, Places, Responses, Trees
from tanshi.equilibrium.engine.state import State, Values
from tanshi.numerics.views import Table, packed, unpacked

TREES = 0
BALANCES = TREES + len(Trees._fields)
RESPONSES = BALANCES + len(Balances._fields)
PLACES = RESPONSES + len(Responses._fields)
PAIRS = PLACES + len(Places._fields)
VALUES = PAIRS + len(Pairs._fields)
STATE = VALUES + len(Values._fields)
END = STATE + len(State._fields)
"""Rows of the table at which the fields of each part begin."""


class Packed(NamedTuple):
    """Addresses of a compiled model.

    Attributes
    ----------
    wholes
        Addresses that always hold; those of which some are -1, for nothing; signs, powers and sizes.
    table
        Where each field lies, those of parameters and of states too.
    """

    wholes: tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.float64]]
    table: Table


def pack(layout: Layout, n: int) -> Packed:
    """The addresses of a model with ``n`` variables in long arrays."""
    (places, marks, numbers), rows = packed(layout, ("uint32", "int32", "float64"))
    for lengths in _lengths(layout, n):
        ends = np.cumsum(lengths)
        rows += np.column_stack([ends - lengths, lengths]).ravel().tolist()
    return Packed((places, marks, numbers), np.array(rows, dtype=np.int64))


def _lengths(layout: Layout, n: int) -> tuple[list[int], list[int]]:
    """How long the fields of `Values` and of `State` are."""
    trees, balances = layout.trees, layout.balances
    leaves, nodes, consumers, taxes = trees.leaf_price.size, trees.branch.size, trees.root.size, trees.tax_leaf.size
    endowments, shares, terms = balances.endow_price.size, balances.payer.size, balances.term_row.size
    items, pairs = leaves + nodes, layout.pairs.row.size
    values = [leaves, leaves, leaves, nodes, taxes, endowments, shares, terms]
    values += [n, n, items, leaves, nodes, consumers, consumers]
    state = [n, consumers, leaves, leaves, consumers, 1, n, 1, n, pairs, pairs, 1]
    state += [leaves, leaves, leaves, taxes, leaves, leaves, items, items]
    return values, state


def read(at: Packed) -> Layout:
    """The addresses by name: views of the long arrays."""
    return Layout(
        unpacked(Trees, at.wholes, at.table, TREES),
        unpacked(Balances, at.wholes, at.table, BALANCES),
        unpacked(Responses, at.wholes, at.table, RESPONSES),
        unpacked(Places, at.wholes, at.table, PLACES),
        unpacked(Pairs, at.wholes, at.table, PAIRS),
    )


def rows_of(at: Packed, first: int, end: int) -> tuple[slice, ...]:
    """Where the fields of rows ``first`` to ``end`` of the table lie in their long array."""
    rows = at.table.reshape(-1, 2)[first:end].tolist()
    return tuple(slice(start, start + size) for start, size in rows)
