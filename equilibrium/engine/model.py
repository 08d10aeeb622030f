"""A model as data: activities, commodities, consumers, auxiliary conditions, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

from tanshi.equilibrium.engine.nest import Leaf, Nest, Tree, benchmark_value, leaves


class ModelError(ValueError):
    """The model's data contradict themselves; the message names the account, tree or equation."""


@dataclass(frozen=True)
class Commodity:
    """A commodity with its price's benchmark and bounds.

    A commodity with finite bounds, or with ``free = True``, has a complementary market: excess supply is
    allowed where the price stands at its lower bound.
    """

    name: str
    price: float = 1.0
    lower: float = 0.0
    upper: float = inf
    free: bool = False


@dataclass(frozen=True)
class Activity:
    """A constant-returns activity: an input tree, an output tree, a benchmark level.

    With ``complementary = True`` the activity may shut down (cost >= revenue, orthogonal to level >= 0);
    otherwise its level is strictly positive.
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
    """``coefficient`` times a product of atoms in an auxiliary equation.

    Atoms are written as pairs: ``("price", commodity)``, ``("level", activity)``, ``("income", consumer)``,
    ``("aux", auxiliary)``, ``("index", consumer)`` (unit expenditure of the consumer, 1 in the benchmark) and
    ``("unit", (activity, leaf))`` (demand of an input leaf per unit of the activity).
    """

    coefficient: float
    atoms: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Auxiliary:
    """A variable of its own with an equation ``sum of terms``.

    Parameters
    ----------
    name : the variable.
    terms : the equation's terms.
    value : benchmark value.
    lower, upper : bounds of the paired variable; the equation is >= 0 at the lower and <= 0 at the upper
        bound.
    pairs_price : commodity whose *price* is complementary to this equation; the market of that commodity then
        determines this auxiliary variable (a quantity rationed by a bounded price).
    scale : size of the equation's terms, for relative residuals.
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
        found = {c.name: c for c in self.commodities}
        for tree in self._trees():
            for leaf in leaves(tree):
                found.setdefault(leaf.commodity, Commodity(leaf.commodity, price=leaf.price))
        for consumer in self.consumers:
            for endowment in consumer.claims():
                found.setdefault(endowment.commodity, Commodity(endowment.commodity))
        return tuple(found.values())

    def _trees(self) -> list[Tree]:
        trees: list[Tree] = []
        for activity in self.activities:
            trees += [activity.output, activity.inputs]
        return trees + [consumer.demand for consumer in self.consumers]

    def validate(self) -> None:
        """Refuse a model whose parts do not fit together.

        Raises
        ------
        ModelError
            naming the activity, consumer, leaf or auxiliary and what is wrong with it.
        """
        names = [a.name for a in self.activities] + [c.name for c in self.consumers]
        names += [x.name for x in self.auxiliaries]
        for kind, given in (("names", names), ("commodities", [c.name for c in self.commodities])):
            twice = sorted({n for n in given if given.count(n) > 1})
            if twice:
                raise ModelError(f"{kind} used twice: {', '.join(twice)}")
        for commodity in self.commodities:
            if not (isfinite(commodity.price) and commodity.price >= 0 and commodity.lower <= commodity.upper):
                raise ModelError(
                    f"commodity '{commodity.name}' has price {commodity.price} in [{commodity.lower}, "
                    f"{commodity.upper}]; a price is finite and >= 0, bounds are in order"
                )
        consumers = {c.name for c in self.consumers}
        auxiliaries = {x.name for x in self.auxiliaries}
        commodities = {c.name for c in self.all_commodities()}
        if self.numeraire not in commodities:
            raise ModelError(f"numeraire '{self.numeraire}' is not a commodity of the model; a numeraire is needed")
        for activity in self.activities:
            _check_tree(f"output of activity '{activity.name}'", activity.output, -1, consumers, auxiliaries)
            _check_tree(f"inputs of activity '{activity.name}'", activity.inputs, 1, consumers, auxiliaries)
        for consumer in self.consumers:
            _check_tree(f"demand of consumer '{consumer.name}'", consumer.demand, 1, consumers, auxiliaries)
            for name, quantity in consumer.subsistence.items():
                if not isfinite(quantity) or quantity < 0:
                    raise ModelError(f"subsistence of '{name}' of '{consumer.name}' is {quantity:g}; it must be >= 0")
            for endowment in consumer.claims():
                if not isfinite(endowment.quantity):
                    raise ModelError(f"endowment of '{endowment.commodity}' of '{consumer.name}' is not finite")
                if endowment.multiplier is not None and endowment.multiplier not in auxiliaries:
                    raise ModelError(f"consumer '{consumer.name}' names the unknown auxiliary '{endowment.multiplier}'")
            for receiver, share in consumer.income_shares.items():
                if receiver not in consumers:
                    raise ModelError(f"consumer '{consumer.name}' pays income to the unknown consumer '{receiver}'")
                if not isfinite(share):
                    raise ModelError(f"income share of '{consumer.name}' to '{receiver}' is not finite")
            if sum(consumer.income_shares.values()) >= 1:
                raise ModelError(f"consumer '{consumer.name}' pays away all of its income and keeps none to spend")
        for auxiliary in self.auxiliaries:
            if auxiliary.pairs_price is not None and auxiliary.pairs_price not in commodities:
                raise ModelError(f"auxiliary '{auxiliary.name}' pairs the unknown price '{auxiliary.pairs_price}'")
            for term in auxiliary.terms:
                if not isfinite(term.coefficient):
                    raise ModelError(f"auxiliary '{auxiliary.name}' has the coefficient {term.coefficient}")
            if auxiliary.lower > auxiliary.upper:
                raise ModelError(f"auxiliary '{auxiliary.name}' has lower bound above its upper bound")
        paired = [x.pairs_price for x in self.auxiliaries if x.pairs_price is not None]
        for price in sorted({p for p in paired if paired.count(p) > 1}):
            raise ModelError(f"two auxiliaries pair the price of '{price}'; one equation sets one price")
        _check_supply(self, commodities)


def _check_tree(where: str, tree: Tree, sign: int, consumers: set[str], auxiliaries: set[str]) -> None:
    if isinstance(tree, Nest):
        if not tree.children:
            raise ModelError(f"{where}: nest '{tree.name}' has no children")
        if not (isfinite(tree.sigma) and tree.sigma >= 0):
            raise ModelError(f"{where}: nest '{tree.name}' has elasticity {tree.sigma}; it must be finite and >= 0")
        if not (isfinite(tree.augment) and tree.augment > 0):
            raise ModelError(f"{where}: nest '{tree.name}' has augmentation {tree.augment}; it must be positive")
        for child in tree.children:
            if tree.sigma > 0 and benchmark_value(child, sign) <= 0:
                label = child.address if isinstance(child, Leaf) else child.name
                raise ModelError(
                    f"{where}: '{label}' has no value in the benchmark, so it cannot stand in nest "
                    f"'{tree.name}' with elasticity {tree.sigma:g}; put it in a nest with elasticity 0"
                )
            _check_tree(where, child, sign, consumers, auxiliaries)
        if benchmark_value(tree, sign) <= 0:
            raise ModelError(f"{where}: nest '{tree.name}' has benchmark value {benchmark_value(tree, sign):g}")
        return
    if not isfinite(tree.quantity) or tree.quantity < 0:
        raise ModelError(f"{where}: '{tree.address}' has quantity {tree.quantity}; it must be finite and >= 0")
    if not isfinite(tree.price) or tree.price < 0:
        raise ModelError(f"{where}: '{tree.address}' has benchmark price {tree.price}; it must be finite and >= 0")
    for tax in tree.taxes:
        if tax.receiver not in consumers:
            raise ModelError(
                f"{where}: the tax on '{tree.address}' is paid to nobody: unknown consumer '{tax.receiver}'"
            )
        if not isfinite(tax.rate):
            raise ModelError(f"{where}: the tax rate on '{tree.address}' is {tax.rate}")
        if tax.multiplier is not None and tax.multiplier not in auxiliaries:
            raise ModelError(f"{where}: the tax on '{tree.address}' names the unknown auxiliary '{tax.multiplier}'")
    if tree.terms is not None and tree.terms not in auxiliaries:
        raise ModelError(f"{where}: '{tree.address}' names the unknown auxiliary '{tree.terms}'")


def _check_supply(model: Model, commodities: set[str]) -> None:
    made = {leaf.commodity for a in model.activities for leaf in leaves(a.output)}
    made |= {e.commodity for c in model.consumers for e in c.claims()}
    used = {leaf.commodity for a in model.activities for leaf in leaves(a.inputs)}
    used |= {leaf.commodity for c in model.consumers for leaf in leaves(c.demand)}
    used |= {e.commodity for c in model.consumers for e in c.claims() if e.quantity < 0 or e.multiplier}
    for name in sorted(commodities):
        if name not in made:
            raise ModelError(f"commodity '{name}' is used but nobody makes or owns it")
        if name not in used:
            raise ModelError(f"commodity '{name}' is made or owned but nobody uses it")
