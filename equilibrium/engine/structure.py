"""The structure of a model in arrays: what its parts are called, and where everything stands.

All trees lie in one forest.  A leaf's price drives its branch, its quantity enters equations through *uses*.  Each
class below is one part of the structure, filled by one function of `tanshi.equilibrium.engine.compile`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine.model import Model
from tanshi.equilibrium.engine.nest import Leaf
from tanshi.errors import Message

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEONTIEF, COBB_DOUGLAS, GENERAL = 0, 1, 2
"""Which formula a nest follows."""


@dataclass(frozen=True)
class Parameters:
    """Everything numeric that may change between solves of one compiled model.

    All arrays are indexed by the compiled model's addresses; ``reference`` holds benchmark user prices as the
    chooser saw them, so that changing a tax later does not move the calibration.
    """

    quantity: Array  # leaves: benchmark quantity per unit of activity
    reference: Array  # leaves: benchmark user price
    alpha: Array  # leaves: weight of the current price in the decision price
    beta: Array  # leaves: constant in the decision price
    sigma: Array  # nodes: elasticity of substitution or, in outputs, of transformation, >= 0
    augment: Array  # nodes: efficiency
    tax_rate: Array  # taxes
    endowment: Array  # endowments
    income_share: Array  # income shares
    coefficient: Array  # terms of auxiliary equations
    lower: Array  # variables
    upper: Array  # variables

    def copy(self) -> Parameters:
        """An independent copy whose arrays may be written."""
        return replace(self, **{f.name: getattr(self, f.name).copy() for f in fields(self)})

    def between(self, other: Parameters, share: float) -> Parameters:
        """The point ``share`` of the way to ``other`` (infinite bounds jump at once)."""

        def mix(a: Array, b: Array) -> Array:
            with np.errstate(invalid="ignore"):
                return np.where(np.isfinite(a) & np.isfinite(b), a + share * (b - a), b)

        return Parameters(**{f.name: mix(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)})


@dataclass(frozen=True, eq=False)
class Variables:
    """The unknowns: levels, prices, incomes and auxiliaries, in this order; each has an equation of the same number."""

    activities: tuple[str, ...]
    commodities: tuple[str, ...]
    consumers: tuple[str, ...]
    auxiliaries: tuple[str, ...]
    n: int
    level_slice: slice
    price_slice: slice
    income_slice: slice
    aux_slice: slice
    activity_index: dict[str, int]
    price_index: dict[str, int]
    income_index: dict[str, int]
    aux_index: dict[str, int]
    numeraire_row: int
    numeraire_price: float


@dataclass(frozen=True, eq=False)
class Forest:
    """All trees: their leaves, their nests, and the taxes on leaves."""

    leaf_at: dict[tuple[str, str, str], int]
    node_at: dict[tuple[str, str, str], int]
    leaves: tuple[Leaf, ...]
    n_leaves: int
    n_nodes: int
    leaf_parent: Index
    leaf_tree: Index
    leaf_sign: Array  # 1 for inputs and demand, -1 for outputs
    leaf_is_demand: Mask
    leaf_price_var: Index
    leaf_terms_var: Index
    node_parent: Index
    node_depth: Index
    node_sign: Array
    signed_sigma: Array  # nodes: transformation counts as less than nothing
    augment: Array  # nodes
    tree_root: Index
    tree_sign: Index
    tree_side: tuple[str, ...]
    tree_owner: Index
    tree_scale_var: Index  # the variable that scales a tree's flows: activity level, or the consumer's income
    demand_tree: Index
    tax_leaf: Index
    tax_receiver: Index
    tax_aux_var: Index


@dataclass(frozen=True, eq=False)
class Ownership:
    """Who owns what, and who passes on which part of its income."""

    endow_owner: Index
    endow_price_var: Index
    endow_aux_var: Index
    endow_at: dict[tuple[str, str, str], int]
    share_payer: Index
    share_receiver: Index


@dataclass(frozen=True, eq=False)
class Nests:
    """Children of every node, and which formula the node follows."""

    branch: Index
    child: Index
    first: Index
    priced: Mask


@dataclass(frozen=True, eq=False)
class Paths:
    """Each leaf's ancestors by depth, and the pairs of leaves that respond to each other's price."""

    path: Index
    leaf_depth: Index  # depth of the leaf itself
    depth_max: int
    pair_left: Index
    pair_right: Index
    pair_depth: Index
    active_leaf: Index  # leaves whose price moves some quantity of their tree


@dataclass(frozen=True, eq=False)
class Uses:
    """Where each leaf's flow enters an equation: markets, tax revenue, wedges, auxiliary equations."""

    wedge_leaf: Index
    one: int  # the atom that is always 1
    term_row: Index
    term_atom: Index
    term_power: Array  # exponent of each atom
    unit_term: Index  # (term, position, leaf) of quantities per unit, then of flows
    units: int  # how many of these are per unit
    index_term: Index  # (term, position, consumer) of price indices
    real_term: Index  # the same of real demands
    use_leaf: Index
    use_row: Index


@dataclass(frozen=True, eq=False)
class Pairing:
    """Which variable is complementary to a row, -1 where the row is an equality; and how variables move."""

    pair: Index
    bounded: Mask
    positive: Mask  # strictly positive variables move in logarithms
    logarithmic: Index
    paired_row: Index
    paired_var: Index


@dataclass(frozen=True, eq=False)
class Sizes:
    """The benchmark: values of all variables, and sizes of all equations, so that all residuals are relative."""

    start: Array
    scale: Array
    numeraire_size: float


@dataclass(frozen=True, eq=False)
class Planted(Variables, Forest):
    """Unknowns and trees: enough to say what a name in an equation means."""

    def leaf(self, owner: str, leaf: str, side: str | None = None) -> int:
        """Number of a leaf; without a side, among inputs and demand first, then among outputs."""
        for where in ("inputs", "demand", "output") if side is None else ():
            if (owner, where, leaf) in self.leaf_at:
                return self.leaf_at[(owner, where, leaf)]
        return self.leaf_at[(owner, side or "inputs", leaf)]


@dataclass(frozen=True, eq=False)
class Structure(Planted, Ownership, Nests, Paths, Uses, Pairing, Sizes):
    """All parts of a model's structure, and the numbers of its benchmark."""

    model: Model
    default: Parameters

    def equation_name(self, row: int) -> str:
        """The economic name of a row of the system."""
        if row < self.level_slice.stop:
            return Message("zero profit of activity '{name}'", name=self.activities[row])
        if row < self.price_slice.stop:
            name = self.commodities[row - self.price_slice.start]
            told = "numeraire price of '{name}'" if row == self.numeraire_row else "market of '{name}'"
            return Message(told, name=name)
        if row < self.income_slice.stop:
            name = self.consumers[row - self.income_slice.start]
            told = "numeraire income of '{name}'" if row == self.numeraire_row else "income of consumer '{name}'"
            return Message(told, name=name)
        return Message("auxiliary equation of '{name}'", name=self.auxiliaries[row - self.aux_slice.start])

    def variable_name(self, column: int) -> str:
        """The economic name of a variable."""
        if column < self.level_slice.stop:
            return Message("level of '{name}'", name=self.activities[column])
        if column < self.price_slice.stop:
            return Message("price of '{name}'", name=self.commodities[column - self.price_slice.start])
        if column < self.income_slice.stop:
            return Message("income of '{name}'", name=self.consumers[column - self.income_slice.start])
        return Message("auxiliary '{name}'", name=self.auxiliaries[column - self.aux_slice.start])
