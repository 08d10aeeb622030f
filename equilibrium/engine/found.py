"""An equilibrium as it was found."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.evaluate import Evaluator, State
from tanshi.equilibrium.engine.structure import Array, Parameters


@dataclass(frozen=True, repr=False)
class Found:
    """An equilibrium as it was found: its numbers, and the evidence that it is one.

    Attributes
    ----------
    x
        All variables, in the compiled model's order.
    residual
        Largest relative residual of the complementarity system.
    row
        Number of the equation that has it.
    iterations
        Newton iterations used.
    walras
        Relative imbalance of the numeraire's market, the one equation left out.
    weakest
        Smallest pivot of the last factorisation over its largest; NaN where none was made.
    apart
        Residual of the point at which that factorisation was made.
    undetermined
        Unknowns that can move together without any equation noticing; empty where the equilibrium is locally
        unique.
    """

    compiled: Compiled
    parameters: Parameters
    x: Array
    residual: float
    row: int
    iterations: int
    walras: float
    evaluator: Evaluator
    state: State
    weakest: float = nan
    apart: float = 0.0
    undetermined: tuple[str, ...] = ()

    @property
    def worst(self) -> str:
        """Name of the equation with the largest residual."""
        return self.compiled.equation_name(self.row)
