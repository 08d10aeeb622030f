"""A model's trees laid side by side: leaves, nests, which of them move which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tanshi.equilibrium.engine.model import Model, ModelError
from tanshi.equilibrium.engine.names import Addresses
from tanshi.equilibrium.engine.nest import Leaf, Nest, Tree
from tanshi.equilibrium.engine.structure import (
    COBB_DOUGLAS,
    GENERAL,
    LEONTIEF,
    Array,
    Forest,
    Index,
    Nests,
    Paths,
    Variables,
)

WRITTEN = "(owner, 'inputs', 'output' or 'demand', {})"


@dataclass
class _Planting:
    """Trees as far as they have been walked through."""

    leaf_at: dict[tuple[str, str, str], int] = field(default_factory=lambda: Addresses("leaf", WRITTEN.format("leaf")))
    node_at: dict[tuple[str, str, str], int] = field(default_factory=lambda: Addresses("nest", WRITTEN.format("nest")))
    leaves: list[Leaf] = field(default_factory=list)
    leaf_parent: list[int] = field(default_factory=list)
    leaf_tree: list[int] = field(default_factory=list)
    node_parent: list[int] = field(default_factory=list)
    node_tree: list[int] = field(default_factory=list)
    node_depth: list[int] = field(default_factory=list)
    sigma: list[float] = field(default_factory=list)
    augment: list[float] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)

    def add(self, tree: Tree, parent: int, place: _Place, depth: int) -> None:
        """Walk through a tree, nests before their children."""
        owner, side = place.owner, place.side
        if isinstance(tree, Leaf):
            key = (owner, side, tree.name or tree.commodity)
            if key in self.leaf_at:
                raise ModelError(
                    "{side} of '{owner}': leaf '{address}' appears twice; give one a name",
                    side=side,
                    owner=owner,
                    address=tree.address,
                )
            self.leaf_at[key] = len(self.leaves)
            self.leaves.append(tree)
            self.leaf_parent.append(parent)
            self.leaf_tree.append(place.number)
            return
        here = len(self.sigma)
        if tree.name:
            if (owner, side, tree.name) in self.node_at:
                raise ModelError(
                    "{side} of '{owner}': nest '{name}' appears twice; give each its own name",
                    side=side,
                    owner=owner,
                    name=tree.name,
                )
            self.node_at[(owner, side, tree.name)] = here
        self.node_parent.append(parent)
        self.node_tree.append(place.number)
        self.node_depth.append(depth)
        self.sigma.append(place.sign * tree.sigma)
        self.augment.append(tree.augment)
        if parent < 0:
            self.roots.append(here)
        for child in tree.children:
            self.add(child, here, place, depth + 1)


class _Place(NamedTuple):
    """Whose tree it is: owner's name and number, side, sign, and the tree's own number."""

    owner: str
    at: int
    side: str
    sign: int
    number: int


def plant(model: Model, v: Variables) -> Forest:
    """Lay all trees side by side."""
    found, places = _Planting(), []
    for tree, place in _trees(model):
        places.append(place)
        found.add(tree if isinstance(tree, Nest) else Nest(0.0, (tree,)), -1, place, 0)
    leaves, leaf_tree = found.leaves, np.array(found.leaf_tree)
    sign = np.array([place.sign for place in places])
    side = tuple(place.side for place in places)
    taxes = [(i, tax) for i, leaf in enumerate(leaves) for tax in leaf.taxes]
    return Forest(
        leaf_at=found.leaf_at,
        node_at=found.node_at,
        leaves=tuple(leaves),
        n_leaves=len(leaves),
        n_nodes=len(found.sigma),
        leaf_parent=np.array(found.leaf_parent),
        leaf_tree=leaf_tree,
        leaf_sign=sign[leaf_tree].astype(float),
        leaf_is_demand=np.array([side[t] == "demand" for t in found.leaf_tree]),
        leaf_price_var=np.array([v.price_index[leaf.commodity] for leaf in leaves]),
        leaf_terms_var=np.array([-1 if x.terms is None else v.aux_index[x.terms] for x in leaves]),
        node_parent=np.array(found.node_parent),
        node_depth=np.array(found.node_depth),
        node_sign=sign[np.array(found.node_tree)].astype(float),
        signed_sigma=floats(found.sigma),
        augment=floats(found.augment),
        tree_root=np.array(found.roots),
        tree_sign=sign,
        tree_side=side,
        tree_owner=np.array([place.at for place in places]),
        tree_scale_var=whole(v.income_slice.start + p.at if p.side == "demand" else p.at for p in places),
        demand_tree=whole(p.number for p in places if p.side == "demand"),
        tax_leaf=whole(i for i, _ in taxes),
        tax_receiver=whole(v.income_index[tax.receiver] for _, tax in taxes),
        tax_aux_var=whole(-1 if tax.multiplier is None else v.aux_index[tax.multiplier] for _, tax in taxes),
    )


def _trees(model: Model) -> Iterator[tuple[Tree, _Place]]:
    """All trees in the order of their numbers: each activity's output and inputs, then consumers' demands."""
    number = 0
    for i, activity in enumerate(model.activities):
        yield activity.output, _Place(activity.name, i, "output", -1, number)
        yield activity.inputs, _Place(activity.name, i, "inputs", 1, number + 1)
        number += 2
    for h, consumer in enumerate(model.consumers):
        yield consumer.demand, _Place(consumer.name, h, "demand", 1, number + h)


def children(f: Forest) -> Nests:
    """Children of every node, and which formula the node follows."""
    sigma = f.signed_sigma
    branch = np.where(sigma == 0, LEONTIEF, np.where(sigma == 1, COBB_DOUGLAS, GENERAL))
    parent = np.concatenate([f.leaf_parent, f.node_parent])
    items = np.argsort(parent, kind="stable")
    child = items[np.count_nonzero(parent < 0) :]  # roots have none above them
    priced = (f.node_parent >= 0) & (branch[f.node_parent] == LEONTIEF)
    priced[f.tree_root[f.demand_tree]] = True
    return Nests(branch, child, np.searchsorted(parent[child], np.arange(f.n_nodes + 1)), priced)


def paths(f: Forest) -> Paths:
    """Each leaf's ancestors by depth, and the pairs of leaves that respond to each other's price."""
    depth_max = int(f.node_depth.max()) + 1
    of_node = np.full((f.n_nodes, depth_max), -1, dtype=np.int64)
    for node in np.argsort(f.node_depth, kind="stable").tolist():  # parents before their children
        if f.node_parent[node] >= 0:
            of_node[node] = of_node[f.node_parent[node]]
        of_node[node, f.node_depth[node]] = node
    path = of_node[f.leaf_parent]
    leaf_depth = (path >= 0).sum(axis=1)
    responsive = f.signed_sigma != 0
    above = np.zeros(f.n_nodes, dtype=bool)  # some elasticity at the node or above it
    unitary = f.signed_sigma == 1  # at the node and everywhere above it: budget shares are given
    for node in np.argsort(f.node_depth, kind="stable"):
        parent = f.node_parent[node]
        above[node] = responsive[node] or (parent >= 0 and above[parent])
        unitary[node] &= parent < 0 or unitary[parent]
    left: list[Index] = []
    right: list[Index] = []
    where: list[Index] = []
    order = np.argsort(f.leaf_tree, kind="stable")
    bounds = np.searchsorted(f.leaf_tree[order], np.arange(len(f.tree_root) + 1))
    for tree in range(len(f.tree_root)):
        members = order[bounds[tree] : bounds[tree + 1]]
        if f.tree_side[tree] != "demand":  # in fixed proportions all the way up nothing responds
            members = members[above[f.leaf_parent[members]]]
        rows, cols = np.repeat(members, members.size), np.tile(members, members.size)
        shared = ((path[rows] == path[cols]) & (path[rows] >= 0)).sum(axis=1) - 1
        common = path[rows, shared]
        keep = above[common]
        if f.tree_side[tree] == "demand":  # what is spent is given, so a dearer good takes from all others
            keep = ~unitary[common] | (rows == cols)
        depth = np.where(rows == cols, leaf_depth[rows], shared)
        left.append(rows[keep])
        right.append(cols[keep])
        where.append(depth[keep])
    pair_right = np.concatenate(right)
    active = np.zeros(f.n_leaves, dtype=bool)
    active[pair_right] = True
    active[f.leaf_is_demand] = True
    return Paths(
        path, leaf_depth, depth_max, np.concatenate(left), pair_right, np.concatenate(where), np.flatnonzero(active)
    )


def floats(values: Iterable[float]) -> Array:
    """Numbers as an array."""
    return np.fromiter(values, dtype=np.float64)


def whole(values: Iterable[int]) -> Index:
    """Whole numbers as an array."""
    return np.fromiter(values, dtype=np.int64)
