"""Auxiliary equations as addresses: which atoms each term multiplies, with which exponents.

Atoms lie one behind the other: variables, consumers' price indices, leaves' quantities per unit, leaves' flows,
consumers' real demands, and a one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tanshi.equilibrium.engine.model import Model, ModelError
from tanshi.equilibrium.engine.structure import Array, Index, Planted

ATOMS = ("price", "level", "income", "aux", "index", "unit", "flow", "real")


class TermTable(NamedTuple):
    """Terms of all auxiliary equations.

    Attributes
    ----------
    row
        Equation of each term.
    atom, power
        ``(terms, width)``, filled up with ones.
    one
        The atom that is always 1.
    unit
        (term, position, leaf) of quantities per unit, then of flows.
    units
        How many of these are per unit.
    indices, real
        (term, position, consumer) of price indices and of real demands.
    """

    row: Index
    atom: Index
    power: Array
    one: int
    unit: Index
    units: int
    indices: Index
    real: Index


class Atoms:
    """Places of atoms by kind and name."""

    def __init__(self, c: Planted) -> None:
        self.c = c
        consumers, leaves = len(c.consumers), c.n_leaves
        self.index = c.n
        self.unit = self.index + consumers
        self.flow = self.unit + leaves
        self.real = self.flow + leaves
        self.one = self.real + consumers
        self.finders: dict[str, Callable[[object], int]] = {
            "price": lambda name: c.price_index[str(name)],
            "level": lambda name: c.activity_index[str(name)],
            "income": lambda name: c.income_index[str(name)],
            "aux": lambda name: c.aux_index[str(name)],
            "index": lambda name: self.index + c.income_index[str(name)] - c.income_slice.start,
            "real": lambda name: self.real + c.income_index[str(name)] - c.income_slice.start,
            "unit": lambda name: self.unit + self._leaf(name, unit=True),
            "flow": lambda name: self.flow + self._leaf(name, unit=False),
        }

    def _leaf(self, name: object, unit: bool) -> int:
        if not isinstance(name, tuple) or not 2 <= len(name) <= 3:
            raise KeyError(f"(owner, leaf) or (owner, leaf, side) expected, found {name!r}")
        at = self.c.leaf(*(str(part) for part in name))
        if unit and self.c.leaf_is_demand[at]:
            raise KeyError("a consumer's demand has no unit; take its flow")
        return at

    def find(self, kind: str, name: object, where: str) -> int:
        """Place of an atom.

        Raises
        ------
        ModelError
            naming the auxiliary whose equation uses an atom that the model does not have.
        """
        if kind not in self.finders:
            raise ModelError(
                "auxiliary '{where}' uses the unknown atom ({kind}, {name}); kinds are {atoms}",
                where=where,
                kind=kind,
                name=name,
                atoms=", ".join(ATOMS),
            )
        try:
            return self.finders[kind](name)
        except KeyError as error:
            raise ModelError(
                "auxiliary '{where}' uses the unknown atom ({kind}, {name}): {error}",
                where=where,
                kind=kind,
                name=name,
                error=error,
            ) from None


def collect(c: Planted, model: Model) -> TermTable:
    """Addresses of all terms of a model's auxiliary equations."""
    atoms = Atoms(c)
    rows: list[int] = []
    places: list[list[int]] = []
    powers: list[list[float]] = []
    unit: list[tuple[int, int, int]] = []
    flow: list[tuple[int, int, int]] = []
    index: list[tuple[int, int, int]] = []
    real: list[tuple[int, int, int]] = []
    kinds = ((atoms.real, real), (atoms.flow, flow), (atoms.unit, unit), (atoms.index, index))
    for x in model.auxiliaries:
        for term in x.terms:
            here = [atoms.find(kind, name, x.name) for kind, name in term.atoms]
            if term.powers and len(term.powers) != len(here):
                raise ModelError(
                    "auxiliary '{name}' has a term of {number_of_here} atoms with {number_of_powers} "
                    "powers; one for each",
                    name=x.name,
                    number_of_here=len(here),
                    number_of_powers=len(term.powers),
                )
            for position, atom in enumerate(here):
                for first, found in kinds:
                    if atom >= first:
                        found.append((len(rows), position, atom - first))
                        break
            rows.append(c.aux_index[x.name])
            places.append(here)
            powers.append([float(power) for power in term.powers] or [1.0] * len(here))
    width = max((len(a) for a in places), default=1) or 1
    return TermTable(
        row=np.array(rows, dtype=np.int64),
        atom=np.array([a + [atoms.one] * (width - len(a)) for a in places], dtype=np.int64).reshape(-1, width),
        power=np.array([a + [1.0] * (width - len(a)) for a in powers], dtype=np.float64).reshape(-1, width),
        one=atoms.one,
        unit=np.array(unit + flow, dtype=np.int64).reshape(-1, 3),
        units=len(unit),
        indices=np.array(index, dtype=np.int64).reshape(-1, 3),
        real=np.array(real, dtype=np.int64).reshape(-1, 3),
    )
