"""A model as data: activities, commodities, consumers, auxiliary conditions, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from tanshi.equilibrium.engine.nest import Tree, leaves
from tanshi.errors import TanshiError


class ModelError(TanshiError, ValueError):
    """The model's data contradict themselves; the message names the account, tree or equation."""


@dataclass(frozen=True)
class Commodity:
    """A commodity with its price's benchmark and bounds.

    A commodity with bounds, or with ``free = True``, has a complementary market: excess supply is allowed where the
    price stands at its lower bound. What is left over at a positive price is paid by nobody: a price floor that binds
    needs an auxiliary that rations what is owned (``Auxiliary.pairs_price``, ``Endowment.multiplier``), and is refused
    without one.
    """

    name: str
    price: float = 1.0
    lower: float = 0.0
    upper: float = inf
    free: bool = False


@dataclass(frozen=True)
class Activity:
    """A constant-returns activity: an input tree, an output tree, a benchmark level.

    With ``complementary = True`` the activity may shut down (cost >= revenue, orthogonal to level >= 0). Otherwise its
    level is looked for among the positive ones first; only where none is found may it shut down too.
    """

    name: str
    output: Tree
    inputs: Tree
    level: float = 1.0
    complementary: bool = False


@dataclass(frozen=True)
class Endowment:
    """``quantity`` of ``commodity`` owned, times the auxiliary variable ``multiplier`` where one is named."""

    commodity: str
    quantity: float
    multiplier: str | None = None


@dataclass(frozen=True)
class Consumer:
    """A consumer: demand tree, endowments, and fixed shares of income paid to other consumers.

    ``subsistence`` quantities are bought first, whatever they cost; the demand tree is what the rest of income buys
    (with a Cobb-Douglas tree this is the linear expenditure system; Stone 1954).
    """

    name: str
    demand: Tree
    endowments: tuple[Endowment, ...] = ()
    income_shares: Mapping[str, float] = field(default_factory=dict)
    income: float | None = None
    subsistence: Mapping[str, float] = field(default_factory=dict)

    def claims(self) -> tuple[Endowment, ...]:
        """Endowments, and subsistence as what is owed before anything is chosen."""
        return (*self.endowments, *(Endowment(name, -quantity) for name, quantity in self.subsistence.items()))


@dataclass(frozen=True)
class Term:
    """``coefficient`` times a product of atoms, each to its power, in an auxiliary equation.

    Atoms are written as pairs: ``("price", commodity)``, ``("level", activity)``, ``("income", consumer)``,
    ``("aux", auxiliary)``, ``("index", consumer)`` (unit expenditure of the consumer, 1 in the benchmark), ``("real",
    consumer)`` (its real demand, 1 in the benchmark), ``("unit", (activity, leaf))`` (quantity of a leaf per unit of
    the activity) and ``("flow", (owner, leaf))`` (its quantity); a leaf may be written with its side, ``(owner, leaf,
    "output")``. ``expressions`` writes terms from formulas.

    Parameters
    ----------
    coefficient
        Of the term.
    atoms
        What it multiplies.
    powers
        Exponent of each atom; 1 for all when empty.
    """

    coefficient: float
    atoms: tuple[tuple[str, object], ...] = ()
    powers: tuple[float, ...] = ()


@dataclass(frozen=True)
class Auxiliary:
    """A variable of its own with an equation ``sum of terms``.

    Parameters
    ----------
    name
        The variable.
    terms
        The equation's terms.
    value
        Benchmark value.
    lower, upper
        Bounds of the paired variable; the equation is >= 0 at the lower and <= 0 at the upper
        bound.
    pairs_price
        Commodity whose *price* is complementary to this equation; the market of that commodity then
        determines this auxiliary variable (a quantity rationed by a bounded price).
    scale
        Size of the equation's terms, for relative residuals.
    """

    name: str
    terms: tuple[Term, ...]
    value: float = 1.0
    lower: float = -inf
    upper: float = inf
    pairs_price: str | None = None
    scale: float = 1.0


@dataclass(frozen=True)
class Model:
    """A whole economy.

    Commodities that need no bounds and have benchmark price 1 may be left out of ``commodities``.

    Examples
    --------
    A two-by-two economy in ten lines:

    >>> from tanshi.equilibrium.engine import Activity, Consumer, Endowment, Leaf, Model, Nest, solve
    >>> model = Model(
    ...     activities=(
    ...         Activity("X", Leaf("PX", 100), Nest(1, (Leaf("PL", 50), Leaf("PK", 50)))),
    ...         Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("PL", 20), Leaf("PK", 30)))),
    ...     ),
    ...     consumers=(
    ...         Consumer(
    ...             "RA",
    ...             Nest(1, (Leaf("PX", 100), Leaf("PY", 50))),
    ...             (Endowment("PL", 77), Endowment("PK", 80)),
    ...         ),
    ...     ),
    ...     numeraire="PL",
    ... )
    >>> round(solve(model).level["X"], 6)
    1.048809
    """

    activities: tuple[Activity, ...]
    consumers: tuple[Consumer, ...]
    numeraire: str
    commodities: tuple[Commodity, ...] = ()
    auxiliaries: tuple[Auxiliary, ...] = ()

    def all_commodities(self) -> tuple[Commodity, ...]:
        """Declared commodities first, then those that only appear in trees and endowments, in order."""
        return self._commodities

    @cached_property
    def _commodities(self) -> tuple[Commodity, ...]:
        found = {c.name: c for c in self.commodities}
        for tree in self._trees():
            for leaf in leaves(tree):
                found.setdefault(leaf.commodity, Commodity(leaf.commodity, price=leaf.price))
        for consumer in self.consumers:
            for endowment in consumer.claims():
                found.setdefault(endowment.commodity, Commodity(endowment.commodity))
        return tuple(found.values())

    def multipliers(self) -> dict[str, float]:
        """Benchmark values of the auxiliaries by name."""
        return {x.name: x.value for x in self.auxiliaries}

    def _trees(self) -> list[Tree]:
        trees: list[Tree] = []
        for activity in self.activities:
            trees += [activity.output, activity.inputs]
        return trees + [consumer.demand for consumer in self.consumers]
