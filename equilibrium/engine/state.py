"""What the kernels read and what they find: parameters with their shares, and all branches at one point."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

Numbers = NDArray[Any]


class Values(NamedTuple):
    """Parameters as the kernels use them, with the shares that follow from them."""

    quantity: Numbers
    alpha: Numbers
    beta: Numbers
    sigma: Numbers
    tax_rate: Numbers
    endowment: Numbers
    income_share: Numbers
    coefficient: Numbers
    lower: Numbers  # variables: bounds
    upper: Numbers
    share: Numbers  # items: benchmark share, or quantity per unit of the parent's value in Leontief nests
    log_reference: Numbers  # leaves
    log_augment: Numbers  # nodes
    kept: Numbers  # consumers: share of income left to spend
    real_per_income: Numbers  # consumers


class State(NamedTuple):
    """Prices and quantities of all branches at one point.

    Attributes
    ----------
    x
        variables.
    price_index
        Price index of each consumer's demand.
    quantity
        By leaf, per unit of activity (demand: per unit of real demand).
    flow
        Quantity x activity level, or x real demand of the consumer, by leaf.
    real
        Real demand by consumer, 1 in the benchmark.
    one
        1. The fields so far, one behind the other, are the atoms of auxiliary terms.
    residual
        By equation.
    gap
        Imbalance of the numeraire's market, relative.
    phi
        The complementarity system, by equation: Fischer and Burmeister's function of real parts in paired rows.
    of_variable, of_equation
        Slopes of the paired rows in their variable and in their equation.
    size
        Of the largest element of ``phi``.
    decision, paid
        Price that choices follow, and price that is paid, by leaf.
    terms, tax_sum, gross
        Terms of trade, sum of tax rates, and terms x (1 + tax), by leaf.
    tax
        Current rates, by tax.
    log_item
        Logarithm of the price by item, relative to the benchmark; zero for leaves of Leontief nests.
    passed
        Share of each item in its parent's value; for leaves of Leontief nests, whose price may be zero, per unit
        of the price.
    """

    x: Numbers
    price_index: Numbers
    quantity: Numbers
    flow: Numbers
    real: Numbers
    one: Numbers
    residual: Numbers
    gap: Numbers
    phi: Numbers
    of_variable: Numbers
    of_equation: Numbers
    size: Numbers
    decision: Numbers
    paid: Numbers
    terms: Numbers
    tax: Numbers
    tax_sum: Numbers
    gross: Numbers
    log_item: Numbers
    passed: Numbers

    @property
    def imbalance(self) -> Any:
        """Of the numeraire's market, relative."""
        return self.gap[0]
