"""Nest trees: the technology of an activity, or the taste of a consumer, as plain data.

The theory fits on one page.  A node aggregates its children with a constant elasticity ``sigma``; with
benchmark value shares ``theta`` and price ratios ``x`` (current over benchmark user price) its price index is

    sigma = 0      P = sum theta x
    sigma = 1      P = prod x ** theta
    otherwise      P = (sum theta x ** (1 - sigma)) ** (1 / (1 - sigma))

divided by the node's augmentation ``a`` (1 in the benchmark).  Shephard's lemma gives the quantities.  An
output tree is the same object with the elasticity of transformation entered as ``-sigma``.

References
----------
Rutherford, T. F. (1999), Applied general equilibrium modeling with MPSGE as a GAMS subsystem, Computational
Economics 14, 1-46.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import exp, log
from types import MappingProxyType

NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Tax:
    """An ad-valorem tax on one leaf.

    Parameters
    ----------
    rate
        Share of the commodity's price; on inputs the user pays ``p (1 + rate)``, on outputs the producer
        keeps ``p (1 - rate)``.
    receiver
        Name of the consumer who is paid.
    multiplier
        Name of an auxiliary variable that scales the rate (an endogenous tax), or None.
    """

    rate: float
    receiver: str
    multiplier: str | None = None


@dataclass(frozen=True)
class Leaf:
    """A commodity used (or made) at the end of a branch.

    Parameters
    ----------
    commodity
        Name of the commodity.
    quantity
        Benchmark quantity per unit of the activity.
    price
        Benchmark price of the commodity, before taxes.
    taxes
        Ad-valorem taxes on this flow.
    name
        Address of the leaf within its tree; the commodity's name when empty.
    terms
        Auxiliary variable that multiplies both the price paid and the quantity of the commodity delivered
        (terms of trade: one unit shipped brings ``terms`` units of foreign exchange).
    decision
        ``(alpha, beta)``: choices follow the price ``alpha p + beta`` while ``p`` is paid (a sluggish
        response); None is the textbook case, in which what is paid is what is chosen by.
    """

    commodity: str
    quantity: float
    price: float = 1.0
    taxes: tuple[Tax, ...] = ()
    name: str = ""
    terms: str | None = None
    decision: tuple[float, float] | None = None

    @property
    def address(self) -> str:
        """The leaf's name within its tree."""
        return self.name or self.commodity


@dataclass(frozen=True)
class Nest:
    """A node with constant elasticity of substitution between its children.

    Parameters
    ----------
    sigma
        Elasticity of substitution (inputs, demand) or of transformation (outputs), >= 0.
    children
        Leaves and nests.
    name
        Address of the node within its tree.
    augment
        Efficiency of the composite relative to the benchmark (energy efficiency, productivity).
    """

    sigma: float
    children: tuple[Tree, ...]
    name: str = ""
    augment: float = 1.0


Tree = Leaf | Nest


def leaves(tree: Tree) -> Iterator[Leaf]:
    """All leaves of a tree, from left to right."""
    rest = [tree]
    while rest:
        item = rest.pop()
        if isinstance(item, Leaf):
            yield item
        else:
            rest.extend(reversed(item.children))


def benchmark_value(tree: Tree, sign: int = 1, multipliers: Mapping[str, float] = NONE) -> float:
    """Benchmark value of a tree at user prices (``sign`` = 1 for inputs, -1 for outputs)."""
    return sum(leaf.quantity * user_price(leaf, leaf.price, sign, multipliers) for leaf in leaves(tree))


def user_price(leaf: Leaf, price: float, sign: int, multipliers: Mapping[str, float] = NONE) -> float:
    """Price that the chooser sees for a commodity price ``price``, taxes included.

    ``multipliers`` : benchmark values of the auxiliaries that scale rates; 1 where not given.
    """
    if not leaf.taxes and leaf.decision is None:
        return price
    alpha, beta = leaf.decision or (1.0, 0.0)
    rates = sum(t.rate * (multipliers.get(t.multiplier, 1.0) if t.multiplier else 1.0) for t in leaf.taxes)
    return (alpha * price + beta) * (1.0 + sign * rates)


def unit_value(tree: Tree, price: Callable[[str], float], sign: int = 1) -> float:
    """Unit cost (``sign`` = 1) or unit revenue (-1) of a tree relative to its benchmark, by recursion.

    This is the readable statement of the theory; the compiled arrays are tested equal to it.

    Parameters
    ----------
    tree
        The nest.
    price
        Function from a commodity's name to its current price.
    sign
        1 for inputs and demand, -1 for outputs (sigma then is the elasticity of transformation).

    Examples
    --------
    >>> tree = Nest(1.0, (Leaf("labour", 50), Leaf("capital", 50)))
    >>> round(unit_value(tree, {"labour": 4.0, "capital": 1.0}.__getitem__), 12)
    2.0
    """
    if isinstance(tree, Leaf):
        reference = user_price(tree, tree.price, sign)
        return user_price(tree, price(tree.commodity), sign) / reference if reference else 1.0
    total = benchmark_value(tree, sign)
    sigma = sign * tree.sigma
    if tree.sigma == 0.0:
        value = 0.0
        for child in tree.children:
            if isinstance(child, Leaf):  # a leaf that is free in the benchmark still has its price later
                value += child.quantity * user_price(child, price(child.commodity), sign) / total
            else:
                value += benchmark_value(child, sign) / total * unit_value(child, price, sign)
        return value / tree.augment
    terms = [(benchmark_value(c, sign) / total, unit_value(c, price, sign)) for c in tree.children]
    if sigma == 1.0:
        return exp(sum(theta * log(x) for theta, x in terms)) / tree.augment
    return float(sum(theta * x ** (1 - sigma) for theta, x in terms) ** (1 / (1 - sigma)) / tree.augment)


def render(tree: Tree, indent: str = "", sign: int = 1) -> str:
    """The tree as readable text, one line a node, with benchmark values.

    Examples
    --------
    >>> print(render(Nest(0.5, (Leaf("coal", 2), Leaf("gas", 1)), name="fuels")))
    fuels  sigma 0.5  value 3
      coal  2
      gas  1
    """
    symbol = "sigma" if sign > 0 else "eta"
    if isinstance(tree, Leaf):
        return f"{indent}{tree.address}  {tree.quantity * user_price(tree, tree.price, sign):.6g}"
    head = f"{indent}{tree.name or '(nest)'}  {symbol} {tree.sigma:g}  value {benchmark_value(tree, sign):.6g}"
    return "\n".join([head, *(render(child, indent + "  ", sign) for child in tree.children)])
