"""Formulas over an equilibrium's quantities: conditions for auxiliaries, and columns of a report.

    from tanshi.equilibrium import condition, income, output, price, real

    rule = condition("tax", price("PX") / price("PL"), 1.2)              # a ratio held at a target
    share = output("X") * price("PX") / income("RA")                     # a column: solution.value(share)

A formula is a sum of products of powers.  Sums, products, and quotients and powers of single products are written with
``+ - * / **``; to divide by a sum, multiply the condition out, or give the sum an auxiliary of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from tanshi.equilibrium.engine.found import Found
from tanshi.equilibrium.engine.model import Auxiliary, ModelError, Term
from tanshi.equilibrium.engine.terms import Atoms

Atom = tuple[str, object]
Product = tuple[tuple[Atom, float], ...]


@dataclass(frozen=True)
class Expression:
    """A sum of products of powers of atoms.

    Attributes
    ----------
    products
        Coefficient of each product of (atom, power) pairs.
    """

    products: Mapping[Product, float]

    @staticmethod
    def of(value: object) -> Expression:
        """A number as a formula; a formula as it is.

        Raises
        ------
        ModelError
            for what is neither.
        """
        if isinstance(value, Expression):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not isfinite(value):
            raise ModelError("a formula is made of atoms and finite numbers; found {value!r}", value=value)
        return Expression({(): float(value)})

    @property
    def terms(self) -> tuple[Term, ...]:
        """The formula as terms of an auxiliary equation."""
        return tuple(
            Term(coefficient, tuple(atom for atom, _ in product), tuple(power for _, power in product))
            for product, coefficient in self.products.items()
        )

    def __add__(self, other: Expression | float) -> Expression:
        """Sum."""
        total = dict(self.products)
        for product, coefficient in Expression.of(other).products.items():
            total[product] = total.get(product, 0.0) + coefficient
        return Expression(total)

    def __mul__(self, other: Expression | float) -> Expression:
        """Product."""
        total: dict[Product, float] = {}
        for left, a in self.products.items():
            for right, b in Expression.of(other).products.items():
                both = _joined(left, right)
                total[both] = total.get(both, 0.0) + a * b
        return Expression(total)

    def __pow__(self, power: float) -> Expression:
        """Power: of a single product any, of a sum a whole positive one."""
        if len(self.products) == 1:
            ((product, coefficient),) = self.products.items()
            if coefficient <= 0 and power != int(power):
                raise ModelError("{self} to the power {power:g}: the base is negative", self=self, power=power)
            return Expression({tuple((a, p * power) for a, p in product): coefficient**power})
        if power == int(power) and power >= 1:
            total = self
            for _ in range(int(power) - 1):
                total = total * self
            return total
        raise ModelError(
            "({self}) to the power {power:g}: the base is a sum; give it an auxiliary of its own and use that",
            self=self,
            power=power,
        )

    def __truediv__(self, other: Expression | float) -> Expression:
        """Quotient by a single product."""
        return self * Expression.of(other) ** -1

    def __neg__(self) -> Expression:
        """Sign turned."""
        return self * -1.0

    def __sub__(self, other: Expression | float) -> Expression:
        """Difference."""
        return self + -Expression.of(other)

    def __radd__(self, other: float) -> Expression:
        """Sum."""
        return self + other

    def __rmul__(self, other: float) -> Expression:
        """Product."""
        return self * other

    def __rsub__(self, other: float) -> Expression:
        """Difference."""
        return -self + other

    def __rtruediv__(self, other: float) -> Expression:
        """Quotient."""
        return Expression.of(other) / self

    def __str__(self) -> str:
        """The formula as it would be written."""
        return written(self.terms)


def _joined(left: Product, right: Product) -> Product:
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0.0) + power
    return tuple((atom, power) for atom, power in powers.items() if power != 0.0)


def written(terms: tuple[Term, ...]) -> str:
    """Terms of an equation as a formula."""
    parts = []
    for term in terms:
        powers = term.powers or (1.0,) * len(term.atoms)
        factors = [
            _named(kind, name) + ("" if power == 1 else f"**{power:g}")
            for (kind, name), power in zip(term.atoms, powers, strict=True)
        ]
        size = abs(term.coefficient)
        if size != 1.0 or not factors:
            factors.insert(0, f"{size:.6g}")
        parts.append(("-" if term.coefficient < 0 else "+", " * ".join(factors)))
    if not parts:
        return "0"
    first = ("-" if parts[0][0] == "-" else "") + parts[0][1]
    return " ".join([first, *(f"{sign} {text}" for sign, text in parts[1:])])


def _named(kind: str, name: object) -> str:
    inside = ", ".join(str(part) for part in name) if isinstance(name, tuple) else str(name)
    return f"{kind}({inside})"


def _atom(kind: str, name: object) -> Expression:
    return Expression({(((kind, name), 1.0),): 1.0})


def price(commodity: str) -> Expression:
    """Price of a commodity, before taxes."""
    return _atom("price", commodity)


def level(activity: str) -> Expression:
    """Level of an activity."""
    return _atom("level", activity)


def income(consumer: str) -> Expression:
    """Income of a consumer, what subsistence costs taken off."""
    return _atom("income", consumer)


def auxiliary(name: str) -> Expression:
    """An auxiliary variable."""
    return _atom("aux", name)


def index(consumer: str) -> Expression:
    """What a unit of a consumer's demand costs, 1 in the benchmark."""
    return _atom("index", consumer)


def real(consumer: str) -> Expression:
    """A consumer's real demand, 1 in the benchmark."""
    return _atom("real", consumer)


def unit(activity: str, leaf: str, side: str = "inputs") -> Expression:
    """Quantity of an input or output per unit of an activity."""
    return _atom("unit", (activity, leaf, side))


def used(activity: str, leaf: str) -> Expression:
    """Quantity of an input that an activity uses."""
    return _atom("flow", (activity, leaf, "inputs"))


def output(activity: str, leaf: str) -> Expression:
    """Quantity of an output that an activity makes."""
    return _atom("flow", (activity, leaf, "output"))


def demand(consumer: str, leaf: str) -> Expression:
    """Quantity that a consumer demands beyond subsistence."""
    return _atom("flow", (consumer, leaf, "demand"))


def condition(
    name: str,
    left: Expression | float,
    right: Expression | float = 0.0,
    *,
    value: float = 1.0,
    lower: float = -inf,
    upper: float = inf,
    pairs_price: str | None = None,
    scale: float = 1.0,
) -> Auxiliary:
    """An auxiliary variable with the equation ``left = right``.

    Between ``lower`` and ``upper`` the equation holds; at the lower bound ``left >= right``, at the upper one
    ``left <= right``. The other parameters are those of ``Auxiliary``.

    Examples
    --------
    >>> condition("t", price("PX") / price("PL"), 1.2).terms[0].powers
    (1.0, -1.0)
    """
    difference = Expression.of(left) - right
    return Auxiliary(name, difference.terms, value, lower, upper, pairs_price, scale)


def evaluate(solution: Found, formula: Expression | float) -> float:
    """The number that a formula has at a solution.

    Raises
    ------
    ModelError
        for an atom that the model does not have.
    """
    c, s = solution.compiled, solution.state
    places = Atoms(c)
    values = np.concatenate([s.x, s.price_index, s.quantity, s.flow, s.real, [1.0]])
    total = 0.0
    for product, coefficient in Expression.of(formula).products.items():
        for (kind, name), power in product:
            coefficient *= float(values[places.find(kind, name, str(formula))]) ** power
        total += coefficient
    return total
