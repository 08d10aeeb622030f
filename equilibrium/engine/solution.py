"""An equilibrium by name, with the evidence that it is one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.complementarity import Conditions, Rule, fischer_burmeister
from tanshi.equilibrium.engine.eliminate import Elimination, Factor
from tanshi.equilibrium.engine.evaluate import Evaluator, State
from tanshi.equilibrium.engine.expressions import Expression, evaluate
from tanshi.equilibrium.engine.found import Found
from tanshi.equilibrium.engine.listing import flows as flows_of
from tanshi.equilibrium.engine.listing import shown, table
from tanshi.equilibrium.engine.names import Named
from tanshi.equilibrium.engine.structure import Array, Index
from tanshi.errors import TanshiError

if TYPE_CHECKING:
    import pandas as pd


class EquilibriumError(TanshiError, ValueError):
    """No equilibrium was found; the message names the worst equation.

    Attributes
    ----------
    equation
        Name of the equation with the largest residual.
    residual
        Its relative residual.
    final
        Whether the cause lies in what was asked for (a bound that leaves value unpaid), so that no other path to it
        can help.
    worthless
        Whether there is an equilibrium, but none in which the numeraire is worth anything.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        equation: str = "",
        residual: float = inf,
        *,
        final: bool = False,
        worthless: bool = False,
    ) -> None:
        super().__init__(message)
        self.equation, self.residual, self.final, self.worthless = equation, residual, final, worthless


@dataclass(frozen=True, repr=False)
class Solution(Found):
    """An equilibrium, its readings by name, and what follows from it."""

    def __repr__(self) -> str:
        """The solution as a table."""
        return shown(self)

    def to_pandas(self) -> pd.DataFrame:
        """All unknowns by kind and name: value, benchmark, change in per cent."""
        return table(self)

    def flows(self) -> pd.DataFrame:
        """All flows by owner, side and leaf: commodity, quantity, price, tax, value at user prices."""
        return flows_of(self)

    def value(self, formula: Expression | float) -> float:
        """The number that a formula has here.

        Raises
        ------
        ModelError
            for an atom that the model does not have.
        """
        return evaluate(self, formula)

    @property
    def level(self) -> dict[str, float]:
        """Activity levels by name."""
        return Named(zip(self.compiled.activities, self.x[self.compiled.level_slice].tolist(), strict=True))

    @property
    def price(self) -> dict[str, float]:
        """Commodity prices by name."""
        return Named(zip(self.compiled.commodities, self.x[self.compiled.price_slice].tolist(), strict=True))

    @property
    def income(self) -> dict[str, float]:
        """Consumers' incomes by name."""
        return Named(zip(self.compiled.consumers, self.x[self.compiled.income_slice].tolist(), strict=True))

    @property
    def auxiliary(self) -> dict[str, float]:
        """Auxiliary variables by name."""
        return Named(zip(self.compiled.auxiliaries, self.x[self.compiled.aux_slice].tolist(), strict=True))

    @property
    def real(self) -> dict[str, float]:
        """Consumers' real demand (welfare), 1 in the benchmark."""
        return Named(zip(self.compiled.consumers, self.state.real.tolist(), strict=True))

    def unit(self, owner: str, leaf: str, side: str | None = None) -> float:
        """Quantity of a leaf per unit of its activity or of real demand; ``side`` as in ``flow``."""
        return float(self.state.quantity[self.compiled.leaf(owner, leaf, side)])

    def flow(self, owner: str, leaf: str, side: str | None = None) -> float:
        """Quantity of a leaf at the solution.

        ``side`` is ``inputs``, ``output`` or ``demand``; when None, what is used comes before what is made.
        """
        return float(self.state.flow[self.compiled.leaf(owner, leaf, side)])

    def index(self, owner: str, node: str, side: str = "inputs") -> float:
        """Price index of a named nest, 1 in the benchmark."""
        c = self.compiled
        return float(np.exp(self.state.log_item[c.n_leaves + c.node_at[(owner, side, node)]]))

    def system_jacobian(self) -> Array:
        """Jacobian of the complementarity system at the solution, dense."""
        c = self.compiled
        at = conditions(self.evaluator, self.state, fischer_burmeister)
        matrix = np.zeros((c.n, c.n))
        matrix.flat[c.structure] = system(self.evaluator, self.state, at)
        return matrix

    @cached_property
    def solver(self) -> Factor:
        """Solver with the complementarity system's Jacobian at the solution (implicit function theorem)."""
        return solver_at(self)


def complementarity_slopes(solution: Solution) -> tuple[Index, Array, Array]:
    """Rows that are complementary to a variable, and the slopes of their conditions in variable and equation."""
    at = conditions(solution.evaluator, solution.state, fischer_burmeister)
    return solution.compiled.paired_row, at.of_variable, at.of_equation


def conditions(evaluator: Evaluator, state: State, rule: Rule) -> Conditions:
    """The complementarity system at a state, under one rule."""
    if rule is fischer_burmeister:
        return Conditions(state.phi, state.of_variable, state.of_equation, state.size.item())
    c, p = evaluator.c, evaluator.p
    return rule(c.paired_row, c.paired_var, p.lower, p.upper, state.x, state.residual)


def system(evaluator: Evaluator, state: State, at: Conditions) -> Array:
    """Values of the complementarity system's Jacobian at ``compiled.structure``."""
    return evaluator.system(state, at.of_variable, at.of_equation)[0]


def elimination(c: Compiled) -> Elimination:
    """The model's elimination, chosen once from its benchmark: what was solved before has no say in it."""
    if c.kept.elimination is None:
        with np.errstate(all="ignore"):
            at_start = Evaluator(c, c.default)
            data = at_start.jacobian_data(at_start.state(c.start))
        unit = np.where(c.start != 0, np.abs(c.start), 1.0)
        pivoting = c.pair < 0  # a complementarity row may turn into a bound
        c.kept.elimination = Elimination(c.structure_row, c.structure_col, c.n, data, unit, pivoting)
    return c.kept.elimination


def jacobian(evaluator: Evaluator, state: State) -> Array:
    """The Jacobian of the raw equations as a dense array, for checks."""
    c = evaluator.c
    matrix = np.zeros((c.n, c.n))
    matrix.flat[c.structure] = evaluator.jacobian_data(state)
    return matrix


def solver_at(solution: Solution) -> Factor:
    """The factorised Jacobian of the complementarity system at a solution.

    Raises
    ------
    numpy.linalg.LinAlgError
        where it is singular.
    """
    at = conditions(solution.evaluator, solution.state, fischer_burmeister)
    return elimination(solution.compiled).factorise(system(solution.evaluator, solution.state, at))
