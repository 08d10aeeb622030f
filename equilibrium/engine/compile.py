"""From a model's data to arrays: the structure that every solve of the same model shares.

All trees lie in one forest.  A leaf's price drives its branch, its quantity enters equations through *uses*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine.eliminate import Elimination
from tanshi.equilibrium.engine.layout import COBB_DOUGLAS, GENERAL, LEONTIEF, lay_out
from tanshi.equilibrium.engine.matching import refuse_unmatched
from tanshi.equilibrium.engine.model import Model, ModelError
from tanshi.equilibrium.engine.names import Addresses
from tanshi.equilibrium.engine.nest import Leaf, Nest, Tree, benchmark_value, user_price
from tanshi.equilibrium.engine.terms import collect
from tanshi.equilibrium.engine.validate import validate

Array = NDArray[np.float64]
Index = NDArray[np.int64]


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


class Compiled:
    """The structure of a model, and the names of all its parts."""

    def __init__(self, model: Model) -> None:
        validate(model)
        self.model = model
        self.activities = tuple(a.name for a in model.activities)
        commodities = model.all_commodities()
        self.commodities = tuple(c.name for c in commodities)
        self.consumers = tuple(c.name for c in model.consumers)
        self.auxiliaries = tuple(x.name for x in model.auxiliaries)
        sizes = [len(self.activities), len(self.commodities), len(self.consumers), len(self.auxiliaries)]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        self.n = int(offsets[-1])
        self.level_slice, self.price_slice, self.income_slice, self.aux_slice = (
            slice(int(offsets[i]), int(offsets[i + 1])) for i in range(4)
        )
        self.activity_index = _numbered("activity", self.activities, 0)
        self.price_index = _numbered("commodity", self.commodities, int(offsets[1]))
        self.income_index = _numbered("consumer", self.consumers, int(offsets[2]))
        self.aux_index = _numbered("auxiliary", self.auxiliaries, int(offsets[3]))
        prices = {c.name: c.price for c in commodities}
        if model.numeraire in prices:
            self.numeraire_row, self.numeraire_price = self.price_index[model.numeraire], prices[model.numeraire]
        else:  # the income of a consumer is the unit of account
            self.numeraire_row = self.income_index[model.numeraire]
            self.numeraire_price = _benchmark_income(model, model.numeraire)
        self._flatten(model)
        self._start_and_bounds(model)
        self._children()
        self._paths()
        self._uses(model)
        self._pairings(model)
        self._scales(model)
        self._structure()

    # -- trees ---------------------------------------------------------------------------------------------

    def _flatten(self, model: Model) -> None:
        leaves: list[Leaf] = []
        leaf_parent: list[int] = []
        leaf_tree: list[int] = []
        node_parent: list[int] = []
        node_tree: list[int] = []
        node_depth: list[int] = []
        sigma: list[float] = []
        augment: list[float] = []
        roots: list[int] = []
        signs: list[int] = []
        owners: list[tuple[str, int]] = []
        self.leaf_at: dict[tuple[str, str, str], int] = Addresses(
            "leaf", "(owner, 'inputs', 'output' or 'demand', leaf)"
        )
        self.node_at: dict[tuple[str, str, str], int] = Addresses(
            "nest", "(owner, 'inputs', 'output' or 'demand', nest)"
        )

        def add(tree: Tree, parent: int, number: int, side: str, owner: str, depth: int) -> None:
            sign = signs[number]
            if isinstance(tree, Leaf):
                key = (owner, side, tree.address)
                if key in self.leaf_at:
                    raise ModelError(f"{side} of '{owner}': leaf '{tree.address}' appears twice; give one a name")
                self.leaf_at[key] = len(leaves)
                leaves.append(tree)
                leaf_parent.append(parent)
                leaf_tree.append(number)
                return
            here = len(sigma)
            if tree.name:
                if (owner, side, tree.name) in self.node_at:
                    raise ModelError(f"{side} of '{owner}': nest '{tree.name}' appears twice; give each its own name")
                self.node_at[(owner, side, tree.name)] = here
            node_parent.append(parent)
            node_tree.append(number)
            node_depth.append(depth)
            sigma.append(sign * tree.sigma)
            augment.append(tree.augment)
            if parent < 0:
                roots.append(here)
            for child in tree.children:
                add(child, here, number, side, owner, depth + 1)

        specs: list[tuple[Tree, int, str, str, int]] = []
        for i, activity in enumerate(model.activities):
            specs.append((activity.output, -1, "output", activity.name, i))
            specs.append((activity.inputs, 1, "inputs", activity.name, i))
        for h, consumer in enumerate(model.consumers):
            specs.append((consumer.demand, 1, "demand", consumer.name, h))
        for number, (tree, sign, side, owner, index) in enumerate(specs):
            signs.append(sign)
            owners.append((side, index))
            root = tree if isinstance(tree, Nest) else Nest(0.0, (tree,))
            add(root, -1, number, side, owner, 0)

        self.leaves = tuple(leaves)
        self.n_leaves, self.n_nodes = len(leaves), len(sigma)
        self.leaf_parent = np.array(leaf_parent)
        self.leaf_tree = np.array(leaf_tree)
        self.node_parent = np.array(node_parent)
        self.node_depth = np.array(node_depth)
        self.tree_root = np.array(roots)
        self.tree_sign = np.array(signs)
        self.tree_side = [side for side, _ in owners]
        self.tree_owner = np.array([index for _, index in owners])
        self.leaf_sign = self.tree_sign[self.leaf_tree].astype(float)
        self.demand_tree = np.array([t for t, side in enumerate(self.tree_side) if side == "demand"], dtype=np.int64)
        self.leaf_price_var = np.array([self.price_index[leaf.commodity] for leaf in leaves])
        self.leaf_terms_var = np.array([-1 if x.terms is None else self.aux_index[x.terms] for x in leaves])
        # the variable that scales a tree's flows: activity level, or the consumer's income
        self.tree_scale_var = np.array(
            [self.income_slice.start + i if side == "demand" else i for side, i in owners], dtype=np.int64
        )
        self.leaf_is_demand = np.array([self.tree_side[t] == "demand" for t in leaf_tree])
        taxes = [(i, tax) for i, leaf in enumerate(leaves) for tax in leaf.taxes]
        self.tax_leaf = np.array([i for i, _ in taxes], dtype=np.int64)
        self.tax_receiver = np.array([self.income_index[t.receiver] for _, t in taxes], dtype=np.int64)
        self.tax_aux_var = np.array(
            [-1 if t.multiplier is None else self.aux_index[t.multiplier] for _, t in taxes], dtype=np.int64
        )
        self._sigma, self._augment = _floats(sigma), _floats(augment)  # transformation counts as less than nothing
        self.node_sign = self.tree_sign[np.array(node_tree)].astype(float)

    def _start_and_bounds(self, model: Model) -> None:
        owned = [(c, e) for c in model.consumers for e in c.claims()]
        self.endow_owner = np.array([self.income_index[c.name] for c, _ in owned], dtype=np.int64)
        self.endow_price_var = np.array([self.price_index[e.commodity] for _, e in owned], dtype=np.int64)
        self.endow_aux_var = np.array(
            [-1 if e.multiplier is None else self.aux_index[e.multiplier] for _, e in owned], dtype=np.int64
        )
        self.endow_at = self._endowment_addresses(model)
        shares = [(c.name, r, s) for c in model.consumers for r, s in c.income_shares.items()]
        self.share_payer = np.array([self.income_index[c] for c, _, _ in shares], dtype=np.int64)
        self.share_receiver = np.array([self.income_index[r] for _, r, _ in shares], dtype=np.int64)
        lower, upper = np.full(self.n, -inf), np.full(self.n, inf)
        self.start = np.ones(self.n)
        for c in model.all_commodities():
            i = self.price_index[c.name]
            lower[i], upper[i], self.start[i] = c.lower, c.upper, c.price
        for i, activity in enumerate(model.activities):
            lower[i], self.start[i] = 0.0, activity.level
        for x in model.auxiliaries:
            i = self.aux_index[x.name]
            self.start[i] = x.value
            if x.pairs_price is None:
                lower[i], upper[i] = x.lower, x.upper
            else:
                j = self.price_index[x.pairs_price]
                lower[j], upper[j] = max(lower[j], x.lower), min(upper[j], x.upper)
        multipliers = model.multipliers()
        reference = _floats(
            user_price(leaf, leaf.price, int(s), multipliers)
            for leaf, s in zip(self.leaves, self.leaf_sign, strict=True)
        )
        coefficients = [t.coefficient for x in model.auxiliaries for t in x.terms]
        self.default = Parameters(
            quantity=_floats(leaf.quantity for leaf in self.leaves),
            reference=reference,
            alpha=_floats((leaf.decision or (1.0, 0.0))[0] for leaf in self.leaves),
            beta=_floats((leaf.decision or (1.0, 0.0))[1] for leaf in self.leaves),
            sigma=np.abs(self._sigma),
            augment=self._augment,
            tax_rate=_floats(t.rate for leaf in self.leaves for t in leaf.taxes),
            endowment=_floats(e.quantity for _, e in owned),
            income_share=_floats(s for _, _, s in shares),
            coefficient=_floats(coefficients),
            lower=lower,
            upper=upper,
        )

    def _endowment_addresses(self, model: Model) -> dict[tuple[str, str, str], int]:
        """Endowments by (consumer, commodity, multiplier or ""); what subsistence claims has no address."""
        found: dict[tuple[str, str, str], int] = Addresses("endowment", "(consumer, commodity, multiplier or '')")
        number = 0
        for consumer in model.consumers:
            for k, claim in enumerate(consumer.claims()):
                key = (consumer.name, claim.commodity, claim.multiplier or "")
                if k < len(consumer.endowments):
                    if key in found:
                        raise ModelError(f"consumer '{consumer.name}' owns '{claim.commodity}' twice; add the two up")
                    found[key] = number
                number += 1
        return found

    def _paths(self) -> None:
        """Each leaf's ancestors by depth, and the pairs of leaves that respond to each other's price."""
        depth_max = int(self.node_depth.max()) + 1
        path = np.full((self.n_leaves, depth_max), -1, dtype=np.int64)
        for leaf in range(self.n_leaves):
            node = int(self.leaf_parent[leaf])
            while node >= 0:
                path[leaf, self.node_depth[node]] = node
                node = int(self.node_parent[node])
        self.path = path
        self.leaf_depth = (path >= 0).sum(axis=1)  # depth of the leaf itself
        self.depth_max = depth_max
        responsive = self._sigma != 0
        above = np.zeros(self.n_nodes, dtype=bool)  # some elasticity at the node or above it
        unitary = self._sigma == 1  # at the node and everywhere above it: budget shares are given
        for node in np.argsort(self.node_depth, kind="stable"):
            parent = self.node_parent[node]
            above[node] = responsive[node] or (parent >= 0 and above[parent])
            unitary[node] &= parent < 0 or unitary[parent]
        left: list[Index] = []
        right: list[Index] = []
        where: list[Index] = []
        order = np.argsort(self.leaf_tree, kind="stable")
        bounds = np.searchsorted(self.leaf_tree[order], np.arange(len(self.tree_root) + 1))
        for tree in range(len(self.tree_root)):
            members = order[bounds[tree] : bounds[tree + 1]]
            rows, cols = np.repeat(members, members.size), np.tile(members, members.size)
            shared = ((path[rows] == path[cols]) & (path[rows] >= 0)).sum(axis=1) - 1
            common = path[rows, shared]
            keep = above[common]
            if self.tree_side[tree] == "demand":  # what is spent is given, so a dearer good takes from all others
                keep = ~unitary[common] | (rows == cols)
            depth = np.where(rows == cols, self.leaf_depth[rows], shared)
            left.append(rows[keep])
            right.append(cols[keep])
            where.append(depth[keep])
        self.pair_left = np.concatenate(left)
        self.pair_right = np.concatenate(right)
        self.pair_depth = np.concatenate(where)
        active = np.zeros(self.n_leaves, dtype=bool)  # leaves whose price moves some quantity of their tree
        active[self.pair_right] = True
        active[self.leaf_is_demand] = True
        self.active_leaf = np.flatnonzero(active)

    def _children(self) -> None:
        """Children of every node, and which formula the node follows."""
        sigma = self._sigma
        self.branch = np.where(sigma == 0, LEONTIEF, np.where(sigma == 1, COBB_DOUGLAS, GENERAL))
        parent = np.concatenate([self.leaf_parent, self.node_parent])
        items = np.argsort(parent, kind="stable")
        self.child = items[np.count_nonzero(parent < 0) :]  # roots have none above them
        self.first = np.searchsorted(parent[self.child], np.arange(self.n_nodes + 1))
        self.priced = (self.node_parent >= 0) & (self.branch[self.node_parent] == LEONTIEF)
        self.priced[self.tree_root[self.demand_tree]] = True

    # -- equations -----------------------------------------------------------------------------------------

    def _uses(self, model: Model) -> None:
        """Where each leaf's flow enters an equation: markets, tax revenue, wedges, auxiliary equations."""
        n_leaves = self.n_leaves
        wedge = np.flatnonzero([leaf.decision is not None for leaf in self.leaves])
        demand_wedge = [self.leaves[i].address for i in wedge if self.leaf_is_demand[i]]
        if demand_wedge:
            raise ModelError(f"a sluggish decision price is not defined for a consumer's demand: {demand_wedge}")
        self.wedge_leaf = wedge
        table = collect(self, model)
        self.one, self.units = table.one, table.units
        self.term_row, self.term_atom, self.term_power = table.row, table.atom, table.power
        self.unit_term, self.index_term, self.real_term = table.unit, table.indices, table.real
        self.use_leaf = np.concatenate([np.arange(n_leaves), self.tax_leaf, wedge, self.unit_term[:, 2]])
        self.use_row = np.concatenate(
            [
                self.leaf_price_var,
                self.tax_receiver,
                self.tree_scale_var[self.leaf_tree[wedge]],
                self.term_row[self.unit_term[:, 0]],
            ]
        )

    def _pairings(self, model: Model) -> None:
        """Row -> variable that is complementary to it; -1 where the row is an equality."""
        pair = np.full(self.n, -1, dtype=np.int64)
        for i, activity in enumerate(model.activities):
            if activity.complementary:
                pair[i] = i
        paired_elsewhere = {x.pairs_price for x in model.auxiliaries if x.pairs_price is not None}
        lower, upper = self.default.lower, self.default.upper
        for c in model.all_commodities():
            i = self.price_index[c.name]
            if c.name not in paired_elsewhere and (c.free or c.lower > 0 or upper[i] < inf):
                pair[i] = i
        for x in model.auxiliaries:
            i = self.aux_index[x.name]
            if x.pairs_price is not None:
                pair[i] = self.price_index[x.pairs_price]
            elif lower[i] > -inf or upper[i] < inf:
                pair[i] = i
        if pair[self.numeraire_row] >= 0:
            raise ModelError(f"the numeraire '{model.numeraire}' has a bounded price")
        self.pair = pair
        bounded = np.zeros(self.n, dtype=bool)
        bounded[pair[pair >= 0]] = True
        positive = np.zeros(self.n, dtype=bool)
        positive[self.level_slice] = True
        positive[self.price_slice] = True
        positive &= ~bounded | ((lower > 0) & (upper == inf))
        self.positive = positive  # strictly positive variables move in logarithms
        self.logarithmic = np.flatnonzero(positive)
        self.bounded = bounded

    def _scales(self, model: Model) -> None:
        """Benchmark size of every equation, so that all residuals are relative."""
        scale = np.ones(self.n)
        gross = np.zeros(self.n)
        for i, activity in enumerate(model.activities):
            scale[i] = benchmark_value(activity.output, -1, model.multipliers()) or 1.0
        level = np.array([a.level for a in model.activities])
        for number, tree in enumerate(self.tree_owner):
            size = level[tree] if self.tree_side[number] != "demand" else 1.0
            mine = self.leaf_tree == number
            np.add.at(gross, self.leaf_price_var[mine], size * self.default.quantity[mine])
        np.add.at(gross, self.endow_price_var, np.abs(self.default.endowment))
        prices = self.price_slice
        scale[prices] = np.where(gross[prices] > 0, gross[prices] / 2, 1.0)
        scale[self.numeraire_row] = self.numeraire_price
        for consumer in model.consumers:
            i = self.income_index[consumer.name]
            income = _benchmark_income(model, consumer.name)
            scale[i] = abs(income) or 1.0
            self.start[i] = income
            if i == self.numeraire_row:
                scale[i] = self.numeraire_price
        for x in model.auxiliaries:
            scale[self.aux_index[x.name]] = x.scale
        self.scale = scale
        left_out = self.numeraire_row in range(self.n)[prices]
        self.numeraire_size = float(gross[self.numeraire_row] / 2 or 1.0) if left_out else self.numeraire_price

    def _structure(self) -> None:
        """Non-zeros of the Jacobian, and which of them complementarity changes."""
        n = self.n
        self.paired_row = np.flatnonzero(self.pair >= 0)
        self.paired_var = self.pair[self.paired_row]
        self.layout, self.structure = lay_out(self)
        self.structure_row, self.structure_col = self.structure // n, self.structure % n
        self.paired_entry = np.flatnonzero(self.pair[self.structure_row] >= 0)  # entries of complementary rows
        self.paired_entry_row = np.searchsorted(self.paired_row, self.structure_row[self.paired_entry])
        self.pair_entry = np.searchsorted(self.structure, self.paired_row * n + self.paired_var)
        self.elimination: Elimination | None = None
        self.variants: dict[tuple[int, ...], Compiled] = {}  # with more of it complementary, by those variables
        self.diagonal = np.arange(n) * (n + 1)

    def leaf(self, owner: str, leaf: str, side: str | None = None) -> int:
        """Number of a leaf; without a side, among inputs and demand first, then among outputs."""
        for where in ("inputs", "demand", "output") if side is None else ():
            if (owner, where, leaf) in self.leaf_at:
                return self.leaf_at[(owner, where, leaf)]
        return self.leaf_at[(owner, side or "inputs", leaf)]

    def equation_name(self, row: int) -> str:
        """The economic name of a row of the system."""
        if row < self.level_slice.stop:
            return f"zero profit of activity '{self.activities[row]}'"
        if row < self.price_slice.stop:
            name = self.commodities[row - self.price_slice.start]
            return f"numeraire price of '{name}'" if row == self.numeraire_row else f"market of '{name}'"
        if row < self.income_slice.stop:
            name = self.consumers[row - self.income_slice.start]
            return f"numeraire income of '{name}'" if row == self.numeraire_row else f"income of consumer '{name}'"
        return f"auxiliary equation of '{self.auxiliaries[row - self.aux_slice.start]}'"

    def variable_name(self, column: int) -> str:
        """The economic name of a variable."""
        if column < self.level_slice.stop:
            return f"level of '{self.activities[column]}'"
        if column < self.price_slice.stop:
            return f"price of '{self.commodities[column - self.price_slice.start]}'"
        if column < self.income_slice.stop:
            return f"income of '{self.consumers[column - self.income_slice.start]}'"
        return f"auxiliary '{self.auxiliaries[column - self.aux_slice.start]}'"


def _numbered(what: str, names: tuple[str, ...], first: int) -> dict[str, int]:
    """Places of names in the vector of variables."""
    found: dict[str, int] = Addresses(what)
    found.update({name: first + i for i, name in enumerate(names)})
    return found


def _benchmark_income(model: Model, name: str) -> float:
    """What a consumer has in the benchmark: what is said, or what its demand costs over the share that it keeps."""
    consumer = next(c for c in model.consumers if c.name == name)
    if consumer.income is not None:
        return consumer.income
    return benchmark_value(consumer.demand, 1, model.multipliers()) / (1.0 - sum(consumer.income_shares.values()))


def _floats(values: Iterable[float]) -> Array:
    return np.fromiter(values, dtype=np.float64)


def compile_model(model: Model) -> Compiled:
    """Validate a model and lay it out in arrays.

    Raises
    ------
    ModelError
        if the model's data contradict themselves.
    """
    compiled = Compiled(model)
    refuse_unmatched(compiled)
    return compiled
