"""Checks of a model and of its solutions, each with its figure, its limit and the name of what is worst.

They share no code with the solver: money is counted again leaf by leaf, derivatives come from the complex step, the
system's structure from its pattern of non-zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.engine.matching import unmatched
from tanshi.equilibrium.engine.solution import EquilibriumError, Solution, jacobian
from tanshi.equilibrium.engine.solve import solve
from tanshi.equilibrium.engine.structure import Array, Parameters
from tanshi.errors import Message, row_of

COMPLEX_STEP = 1e-30


@dataclass(frozen=True)
class Check:
    """One check: passed where the figure does not exceed the limit.

    Attributes
    ----------
    name
        What should hold.
    figure
        How far it is from holding (relative unless the name says otherwise); NaN where it could not be asked.
    limit
        Largest figure accepted.
    detail
        The account, equation or case that is worst.
    """

    name: str
    figure: float
    limit: float
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the figure is within its limit."""
        return bool(self.figure <= self.limit)


def benchmark(c: Compiled, limit: float = 1e-9) -> Check:
    """The benchmark is an equilibrium as it stands: no iteration is needed."""
    name = "benchmark replicates at zero iterations"
    try:
        s = solve(c, iterations=0, tolerance=limit)
    except EquilibriumError as error:
        return Check(name, error.residual, limit, error.equation)
    return Check(name, s.residual, limit, s.worst)


def square(c: Compiled) -> Check:
    """Every unknown can be matched with an equation of its own (structural rank)."""
    rows, unknowns = unmatched(c)
    alone, loose = [c.equation_name(i) for i in rows], [c.variable_name(i) for i in unknowns]
    detail = Message("{n} equations, {n} unknowns", n=c.n)
    if alone:
        detail = Message("{equations}; undetermined: {unknowns}", equations=row_of(alone), unknowns=row_of(loose))
    return Check("every unknown has an equation of its own", float(len(alone)), 0.0, detail)


def exact_jacobian(c: Compiled, p: Parameters, x: Array, limit: float = 1e-10) -> Check:
    """The Jacobian against the complex step at ``x``, relative to the largest entry of each row."""
    evaluator = Evaluator(c, p)
    with np.errstate(all="ignore"):
        found = jacobian(evaluator, evaluator.state(x))
        expected = np.empty_like(found)
        for column in range(c.n):
            moved = x.astype(complex)
            moved[column] += 1j * COMPLEX_STEP
            expected[:, column] = evaluator.state(moved).residual.imag / COMPLEX_STEP
    error = np.abs(found - expected) / np.maximum(np.abs(expected).max(axis=1, keepdims=True), 1.0)
    row, unknown = divmod(int(error.argmax()), c.n)
    detail = Message("{equation} by {unknown}", equation=c.equation_name(row), unknown=c.variable_name(unknown))
    return Check("Jacobian against the complex step", float(error.max()), limit, detail)


def accounts(s: Solution) -> dict[str, tuple[float, float]]:
    """Receipts and payments of every activity, commodity and consumer, counted leaf by leaf.

    Returns
    -------
    dict from the account's name to (receipts, payments) at current prices.
    """
    c, p = s.compiled, s.parameters
    price, aux, income = s.price, s.auxiliary, s.income
    books: dict[str, list[float]] = {}

    def book(account: str, side: int, value: float) -> None:
        books.setdefault(account, [0.0, 0.0])[side] += value

    rates: dict[int, list[tuple[str, float]]] = {}
    taxes = iter(range(p.tax_rate.size))
    for number, leaf in enumerate(c.leaves):
        for tax in leaf.taxes:
            rate = float(p.tax_rate[next(taxes)]) * (1.0 if tax.multiplier is None else aux[tax.multiplier])
            rates.setdefault(number, []).append((tax.receiver, rate))
    for (owner, side, _), number in c.leaf_at.items():
        leaf = c.leaves[number]
        terms = 1.0 if leaf.terms is None else aux[leaf.terms]
        value = float(s.state.flow[number]) * terms * price[leaf.commodity]
        sold = side == "output"
        book(_commodity(leaf.commodity), 1 if sold else 0, value)  # what is sold to it, what is bought of it
        paid = value
        for receiver, rate in rates.get(number, []):
            book(_consumer(receiver), 0, rate * value)
            paid += -rate * value if sold else rate * value
        book(_consumer(owner) if side == "demand" else _activity(owner), 0 if sold else 1, paid)
    for number, (consumer, endowment) in enumerate((h, e) for h in c.model.consumers for e in h.claims()):
        amount = float(p.endowment[number]) * (1.0 if endowment.multiplier is None else aux[endowment.multiplier])
        value = amount * price[endowment.commodity]
        book(_consumer(consumer.name), 0, value)
        book(_commodity(endowment.commodity), 1, value)
    for number, (giver, taker) in enumerate((h.name, r) for h in c.model.consumers for r in h.income_shares):
        value = float(p.income_share[number]) * income[giver]
        book(_consumer(giver), 1, value)
        book(_consumer(taker), 0, value)
    return {name: (receipts, payments) for name, (receipts, payments) in books.items()}


def _commodity(name: str) -> str:
    return Message("commodity '{name}'", name=name)


def _consumer(name: str) -> str:
    return Message("consumer '{name}'", name=name)


def _activity(name: str) -> str:
    return Message("activity '{name}'", name=name)


def every_payment_is_received(s: Solution, limit: float = 1e-8) -> Check:
    """Every activity, commodity and consumer receives what it pays."""
    books = accounts(s)
    size = max(max(abs(a), abs(b)) for a, b in books.values())
    gaps = {n: abs(a - b) / max(abs(a), abs(b), 1e-4 * size) for n, (a, b) in books.items()}
    worst = max(gaps, key=lambda name: gaps[name])
    return Check("every account receives what it pays", gaps[worst], limit, worst)


def walras(s: Solution, limit: float = 1e-8) -> Check:
    """The numeraire's market, the one equation that was left out, clears."""
    return Check("Walras' law", s.walras, limit, Message("market of '{name}'", name=s.compiled.model.numeraire))
