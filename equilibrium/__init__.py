"""General equilibrium as a library: a model as data, its equilibrium, and what follows from it.

    from tanshi.equilibrium import Activity, Consumer, Endowment, Leaf, Model, Nest, solve

A model is a list of activities (nested inputs and outputs, taxes), consumers (nested demand, endowments) and
conditions; zero profit, market clearing and income balance follow. The guide's pages "Equilibrium" tell it by examples.
``engine`` is what the library is made of, ``province`` the economy of the carbon market that stands on it.

What is listed here is public: it keeps its name and meaning within a minor version, and is announced in the change log
one minor version before it goes. What is not listed may change at any time.
"""

from tanshi.equilibrium.engine.capacity import capacity_of, with_capacity
from tanshi.equilibrium.engine.checks import Check, benchmark, every_payment_is_received, exact_jacobian, square, walras
from tanshi.equilibrium.engine.compile import compile_model
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.counterfactual import Counterfactual
from tanshi.equilibrium.engine.expressions import (
    Expression,
    auxiliary,
    condition,
    demand,
    income,
    index,
    level,
    output,
    price,
    real,
    unit,
    used,
)
from tanshi.equilibrium.engine.homotopy import solve_by_steps
from tanshi.equilibrium.engine.listing import listing, report
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
from tanshi.equilibrium.engine.names import UnknownNameError
from tanshi.equilibrium.engine.nest import Leaf, Nest, Tax, unit_value
from tanshi.equilibrium.engine.sensitivity import Parameter, derivative, forward, gradient
from tanshi.equilibrium.engine.solution import EquilibriumError, Solution
from tanshi.equilibrium.engine.solve import UndeterminedWarning, solve
from tanshi.equilibrium.engine.structure import Parameters

__all__ = [
    "Activity",
    "Auxiliary",
    "Check",
    "Commodity",
    "Compiled",
    "Consumer",
    "Counterfactual",
    "Endowment",
    "EquilibriumError",
    "Expression",
    "Leaf",
    "Model",
    "ModelError",
    "Nest",
    "Parameter",
    "Parameters",
    "Solution",
    "Tax",
    "Term",
    "UndeterminedWarning",
    "UnknownNameError",
    "auxiliary",
    "benchmark",
    "capacity_of",
    "compile_model",
    "condition",
    "demand",
    "derivative",
    "every_payment_is_received",
    "exact_jacobian",
    "forward",
    "gradient",
    "income",
    "index",
    "level",
    "listing",
    "output",
    "price",
    "real",
    "report",
    "solve",
    "solve_by_steps",
    "square",
    "unit",
    "unit_value",
    "used",
    "walras",
    "with_capacity",
]
