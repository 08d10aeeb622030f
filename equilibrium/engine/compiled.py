"""A model compiled: its structure, the addresses that kernels read, and the pattern of its Jacobian."""

from __future__ import annotations

from dataclasses import dataclass, field

from tanshi.equilibrium.engine.eliminate import Elimination
from tanshi.equilibrium.engine.layout import Layout
from tanshi.equilibrium.engine.packed import Packed
from tanshi.equilibrium.engine.structure import Index, Structure


@dataclass
class Kept:
    """What was worked out for a compiled model once and serves again; it changes no result.

    Attributes
    ----------
    elimination : Elimination or None
        How its linear systems are eliminated.
    variants : dict[tuple[int, ...], Compiled]
        The model with more of it complementary, by those variables; by (-1,) with another unit of account.
    """

    elimination: Elimination | None = None
    variants: dict[tuple[int, ...], Compiled] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Compiled(Structure):
    """A compiled model; many solves share it.

    Attributes
    ----------
    layout : Layout
        Addresses for the kernels, by name.
    packed : Packed
        The same, as kernels are given them.
    state_parts : tuple[slice, ...]
        Where the fields of a state lie.
    values_parts : tuple[slice, ...]
        Where the parameters lie, as kernels use them.
    structure : Index
        Places (row x n + column) of the Jacobian's non-zeros, ascending.
    structure_row, structure_col : Index
        Rows and columns of these.
    diagonal : Index
        Places of the diagonal.
    """

    layout: Layout
    packed: Packed
    state_parts: tuple[slice, ...]
    values_parts: tuple[slice, ...]
    structure: Index
    structure_row: Index
    structure_col: Index
    diagonal: Index
    kept: Kept = field(default_factory=Kept)
