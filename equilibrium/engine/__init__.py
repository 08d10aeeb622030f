"""A general-equilibrium engine in the manner of MPSGE, in NumPy and SciPy.

A model is data: activities with nested CES inputs and CET outputs, commodities, consumers with nested demand
and endowments, and auxiliary conditions.  Zero profit, market clearing and income balance follow from it.
"""

from tanshi.equilibrium.engine.compile import compile_model
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.homotopy import solve_by_steps
from tanshi.equilibrium.engine.model import (
    Activity,
    Auxiliary,
    Commodity,
    Consumer,
    Endowment,
    Model,
    ModelError,
    Term,
)
from tanshi.equilibrium.engine.nest import Leaf, Nest, Tax, unit_value
from tanshi.equilibrium.engine.solution import EquilibriumError, Solution
from tanshi.equilibrium.engine.solve import UndeterminedWarning, solve
from tanshi.equilibrium.engine.structure import Parameters

__all__ = [
    "Activity",
    "Auxiliary",
    "Commodity",
    "Compiled",
    "Consumer",
    "Endowment",
    "EquilibriumError",
    "Leaf",
    "Model",
    "ModelError",
    "Nest",
    "Parameters",
    "Solution",
    "Tax",
    "Term",
    "UndeterminedWarning",
    "compile_model",
    "solve",
    "solve_by_steps",
    "unit_value",
]
