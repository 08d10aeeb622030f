"""Addresses of a compiled model: what the kernels read besides numbers.

The exact Jacobian is the sum over *uses* of a leaf of (coefficient x flow x derivative of the flow's logarithm), plus
what prices, levels and incomes do directly; where each of these lands is known here and never changes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tanshi.equilibrium.engine.structure import Array, Index, Structure
from tanshi.numerics.views import narrowed

Short = NDArray[np.int32]  # half the memory to stream through
Place = NDArray[np.uint32]  # the same for addresses that always hold: no sign to look at, a quarter less time


class Trees(NamedTuple):
    """Nests, and what their leaves are; items are leaves first, then nodes, and nodes stand before their children."""

    child: Place  # children of all nodes
    first: Place  # (nodes + 1,) first child of each node
    branch: Short  # nodes: which formula
    priced: Short  # nodes: 1 where the price index itself is needed, not only its logarithm
    leaf_price: Place  # leaves: variable of the commodity's price
    leaf_terms: Short  # leaves: variable of the terms of trade
    leaf_scale: Place  # leaves: variable that scales the flow, where no consumer's demand does
    leaf_consumer: Short  # leaves: consumer whose demand it is
    leaf_sign: Array  # leaves: 1 for inputs and demand, -1 for outputs
    node_sign: Array  # nodes: -1 in outputs, where transformation is substitution with the sign turned
    root: Place  # consumers: root of the demand tree
    tax_leaf: Place
    tax_aux: Short


class Balances(NamedTuple):
    """Where flows and incomes enter equations."""

    tax_receiver: Place
    income: int  # variable of the first consumer's income
    endow_price: Place
    endow_owner: Place
    endow_aux: Short
    payer: Place
    receiver: Place
    term_row: Place
    term_atom: Place  # (terms x width): variables, price indices, leaves' unit quantities and flows, real demands, 1
    term_power: Array  # (terms x width): exponent of each atom
    width: int  # atoms of a term
    numeraire_row: int
    numeraire_price: float
    numeraire_size: float  # benchmark size of the numeraire's market
    scale: Array  # equations: benchmark size


class Responses(NamedTuple):
    """Which leaf's price moves which leaf's flow."""

    active_leaf: Place  # leaves whose price moves some quantity
    active_path: Place  # (active x depths): the node at each depth above them; deeper than a leaf nothing is read
    depths: int
    active_depth: Short
    entry_place: Place  # entries: place in (active x (depths + 1)) of the derivative of the flow's logarithm
    entry_driver: Place
    entry_leaf: Place  # entries: the leaf that responds
    driver_leaf: Place  # drivers: leaves' prices, then those of ``driver_terms`` and ``driver_tax``
    driver_var: Place
    driver_terms: Place
    driver_tax: Place


class Places(NamedTuple):
    """The Jacobian's contributions, and their places among its non-zeros."""

    use_leaf: Place
    wedge_leaf: Place
    unit_term: Place  # units, then flows: factor of an auxiliary term, counted term after term
    units: int  # how many of them are quantities per unit; the others are flows
    sum_first: Place  # (non-zeros + 1,) first of the products that add up to each
    sum_use: Place
    sum_entry: Place
    profit_driver: Place
    flow_use: Place
    tax_terms: Place
    rationed: Place  # endowments with a multiplier
    index_term: Place  # entries: factor of an auxiliary term
    index_consumer: Place
    index_driver: Place
    index_rank: Place
    indices: int  # how many of the entries are of price indices; the others are of real demands
    real_term: Place  # real demands: factor of an auxiliary term
    real_consumer: Place
    atom_term: Place  # variables: factor of an auxiliary term
    at: Place  # where each direct contribution stands, kind after kind as ``DIRECT`` lists them
    numeraire_entries: Place
    numeraire_entry: int
    entry_scale: Array  # non-zeros: size of their row


class Pairs(NamedTuple):
    """What is complementary to what, and which non-zeros of the Jacobian that changes."""

    row: Place
    variable: Place
    entry: Place  # non-zeros of these rows
    entry_pair: Place  # which pair each of them belongs to
    own_entry: Place  # where a row meets its variable


DIRECT = (
    "profit", "flow", "terms", "tax_price", "tax_aux", "tax_terms", "wedge", "endowment", "rationed", "rationed_income",
    "income", "share", "index", "real", "atom",
)  # fmt: skip
"""Kinds of contributions to the Jacobian beside the products, in the order in which the kernels add them."""


class Layout(NamedTuple):
    """Where everything stands in a compiled model, in the parts that kernels ask for; -1 means nothing there."""

    trees: Trees
    balances: Balances
    responses: Responses
    places: Places
    pairs: Pairs


def _trees(c: Structure) -> Trees:
    """The nests, and where their leaves get prices, taxes and scales."""
    consumer = np.where(c.leaf_is_demand, c.tree_owner[c.leaf_tree], -1)
    return Trees(
        child=_places(c.child),
        first=_places(c.first),
        branch=_short(c.branch),
        priced=_short(c.priced),
        leaf_price=_places(c.leaf_price_var),
        leaf_terms=_short(c.leaf_terms_var),
        leaf_scale=_places(c.tree_scale_var[c.leaf_tree]),
        leaf_consumer=_short(consumer),
        leaf_sign=c.leaf_sign,
        node_sign=c.node_sign,
        root=_places(c.tree_root[c.demand_tree]),
        tax_leaf=_places(c.tax_leaf),
        tax_aux=_short(c.tax_aux_var),
    )


def _balances(c: Structure) -> Balances:
    """The equations' other contributions: taxes, endowments, incomes, auxiliary terms, the numeraire."""
    return Balances(
        tax_receiver=_places(c.tax_receiver),
        income=c.income_slice.start,
        endow_price=_places(c.endow_price_var),
        endow_owner=_places(c.endow_owner),
        endow_aux=_short(c.endow_aux_var),
        payer=_places(c.share_payer),
        receiver=_places(c.share_receiver),
        term_row=_places(c.term_row),
        term_atom=_places(c.term_atom.ravel()),
        term_power=c.term_power.ravel(),
        width=c.term_atom.shape[1],
        numeraire_row=c.numeraire_row,
        numeraire_price=float(c.numeraire_price),
        numeraire_size=float(c.numeraire_size),
        scale=c.scale,
    )


class _Joined(NamedTuple):
    """What moves what."""

    with_terms: Index
    with_tax_aux: Index
    driver_leaf: Index  # drivers: the variables that a leaf's price depends on
    driver_var: Index
    pair: Index
    entry_driver: Index  # entries: a driver of a leaf that moves a leaf
    entry_leaf: Index
    use: Index  # products: a use of a leaf
    entry: Index  # products: an entry that moves it


def _joined(c: Structure) -> _Joined:
    """Drivers, entries and products of a structure."""
    with_terms, with_tax_aux = np.flatnonzero(c.leaf_terms_var >= 0), np.flatnonzero(c.tax_aux_var >= 0)
    driver_leaf = np.concatenate([np.arange(c.n_leaves), with_terms, c.tax_leaf[with_tax_aux]])
    driver_var = np.concatenate([c.leaf_price_var, c.leaf_terms_var[with_terms], c.tax_aux_var[with_tax_aux]])
    by_leaf = np.argsort(driver_leaf, kind="stable")
    pair, entry_driver = _join(c.pair_right, by_leaf, driver_leaf[by_leaf], c.n_leaves)
    entry_leaf = c.pair_left[pair]
    by_leaf = np.argsort(entry_leaf, kind="stable")
    use, entry = _join(c.use_leaf, by_leaf, entry_leaf[by_leaf], c.n_leaves)
    return _Joined(with_terms, with_tax_aux, driver_leaf, driver_var, pair, entry_driver, entry_leaf, use, entry)


class _Chosen(NamedTuple):
    """Which leaves, drivers, endowments and terms contribute directly, by kind."""

    profit: Index
    flow_use: Index
    tax_terms: Index
    rationed: Index
    index_term: Index
    index_driver: Index
    indices: int
    term: Index
    position: Index


def _chosen(c: Structure, driver_leaf: Index) -> _Chosen:
    """What contributes directly in a structure."""
    leaves, taxes, wedges = c.n_leaves, c.tax_leaf.size, c.wedge_leaf.size
    flows = leaves + taxes + wedges + np.arange(c.units, c.unit_term.shape[0])
    index_term, index_driver = _in_indices(c, c.index_term, driver_leaf)
    real_term, real_driver = _in_indices(c, c.real_term, driver_leaf)
    term, position = np.nonzero(c.term_atom < c.n)
    return _Chosen(
        profit=np.flatnonzero(~c.leaf_is_demand[driver_leaf]),
        flow_use=np.concatenate([np.arange(leaves + taxes), flows]),  # the others count per unit of activity
        tax_terms=np.flatnonzero(c.leaf_terms_var[c.tax_leaf] >= 0),
        rationed=np.flatnonzero(c.endow_aux_var >= 0),
        index_term=np.concatenate([index_term, real_term]),
        index_driver=np.concatenate([index_driver, real_driver]),
        indices=index_driver.size,
        term=term,
        position=position,
    )


def _blocks(c: Structure, j: _Joined, chosen: _Chosen) -> dict[str, tuple[Index, Index]]:
    """Rows and variables of all contributions to the Jacobian, by kind."""
    taxes = c.tax_leaf.size
    tax_use = c.n_leaves + np.arange(taxes)
    wedge_use = c.n_leaves + taxes + np.arange(c.wedge_leaf.size)
    scale, incomes = c.tree_scale_var[c.leaf_tree], np.arange(c.income_slice.start, c.income_slice.stop)
    profit, flow_use, tax_terms, rationed, index_term, index_driver, _, term, position = chosen
    return {
        "sum": (c.use_row[j.use], j.driver_var[j.entry_driver[j.entry]]),
        "profit": (scale[j.driver_leaf[profit]], j.driver_var[profit]),
        "flow": (c.use_row[flow_use], scale[c.use_leaf[flow_use]]),
        "terms": (c.use_row[j.with_terms], c.leaf_terms_var[j.with_terms]),  # a leaf's market use has its number
        "tax_price": (c.use_row[tax_use], c.leaf_price_var[c.tax_leaf]),
        "tax_aux": (c.use_row[tax_use[j.with_tax_aux]], c.tax_aux_var[j.with_tax_aux]),
        "tax_terms": (c.use_row[tax_use[tax_terms]], c.leaf_terms_var[c.tax_leaf[tax_terms]]),
        "wedge": (c.use_row[wedge_use], c.leaf_price_var[c.wedge_leaf]),
        "rationed": (c.endow_price_var[rationed], c.endow_aux_var[rationed]),
        "rationed_income": (c.endow_owner[rationed], c.endow_aux_var[rationed]),
        "endowment": (c.endow_owner, c.endow_price_var),
        "income": (incomes, incomes),
        "share": (c.share_receiver, c.share_payer),
        "index": (c.term_row[index_term[:, 0]], j.driver_var[index_driver]),
        "atom": (c.term_row[term], c.term_atom[term, position]),
        "real": (c.term_row[c.real_term[:, 0]], c.income_slice.start + c.real_term[:, 2]),
        "numeraire": (np.array([c.numeraire_row]), np.array([c.numeraire_row])),
        "bound": (c.paired_row, c.paired_var),
    }


def lay_out(c: Structure) -> tuple[Layout, Index]:
    """Addresses of all contributions to the residuals and the Jacobian, and the Jacobian's non-zeros.

    Returns
    -------
    layout : for the kernels.
    structure : ascending places (row x n + column) of all entries that may be non-zero, bounds of variables included.
    """
    joined = _joined(c)
    chosen = _chosen(c, joined.driver_leaf)
    blocks = _blocks(c, joined, chosen)
    structure, place = np.unique(np.concatenate([r * c.n + v for r, v in blocks.values()]), return_inverse=True)
    ends = np.cumsum([r.size for r, _ in blocks.values()])
    at = dict(zip(blocks, np.split(place, ends[:-1]), strict=True))
    rank = np.full(c.n_leaves, -1)
    rank[c.active_leaf] = np.arange(c.active_leaf.size)
    responses = _responses(c, joined, rank)
    places = _contributions(c, joined, chosen, rank, at, structure // c.n)
    return Layout(_trees(c), _balances(c), responses, places, _pairs(c, structure)), structure


def _pairs(c: Structure, structure: Index) -> Pairs:
    """What is complementary to what, among these non-zeros."""
    row = structure // c.n
    entry = np.flatnonzero(c.pair[row] >= 0)
    return Pairs(
        row=_places(c.paired_row),
        variable=_places(c.paired_var),
        entry=_places(entry),
        entry_pair=_places(np.searchsorted(c.paired_row, row[entry])),
        own_entry=_places(np.searchsorted(structure, c.paired_row * c.n + c.paired_var)),
    )


def _responses(c: Structure, j: _Joined, rank: Index) -> Responses:
    """Which leaf's price moves which leaf's flow."""
    return Responses(
        active_leaf=_places(c.active_leaf),
        active_path=_places(np.maximum(c.path[c.active_leaf], 0).ravel()),
        depths=c.path.shape[1],
        active_depth=_short(c.leaf_depth[c.active_leaf]),
        entry_place=_places(rank[c.pair_right[j.pair]] * (c.depth_max + 1) + c.pair_depth[j.pair]),
        entry_driver=_places(j.entry_driver),
        entry_leaf=_places(j.entry_leaf),
        driver_leaf=_places(j.driver_leaf),
        driver_var=_places(j.driver_var),
        driver_terms=_places(j.with_terms),
        driver_tax=_places(j.with_tax_aux),
    )


def _contributions(c: Structure, j: _Joined, chosen: _Chosen, rank: Index, at: dict[str, Index], row: Index) -> Places:
    """The Jacobian's contributions, and their places among the non-zeros, whose rows are ``row``."""
    by_place = np.argsort(at["sum"], kind="stable")
    width = c.term_atom.shape[1]

    def factor(terms: Index) -> Index:
        """Where (term, position, ...) stand when all factors of all terms stand one behind the other."""
        return np.asarray(terms[:, 0] * width + terms[:, 1])

    return Places(
        use_leaf=_places(c.use_leaf),
        wedge_leaf=_places(c.wedge_leaf),
        unit_term=_places(factor(c.unit_term)),
        units=c.units,
        sum_first=_places(np.searchsorted(at["sum"][by_place], np.arange(row.size + 1))),
        sum_use=_places(j.use[by_place]),
        sum_entry=_places(j.entry[by_place]),
        profit_driver=_places(chosen.profit),
        flow_use=_places(chosen.flow_use),
        tax_terms=_places(chosen.tax_terms),
        rationed=_places(chosen.rationed),
        index_term=_places(factor(chosen.index_term)),
        index_consumer=_places(chosen.index_term[:, 2]),
        index_driver=_places(chosen.index_driver),
        index_rank=_places(rank[j.driver_leaf[chosen.index_driver]]),
        indices=chosen.indices,
        real_term=_places(factor(c.real_term)),
        real_consumer=_places(c.real_term[:, 2]),
        atom_term=_places(chosen.term * width + chosen.position),
        at=_places(np.concatenate([at[kind] for kind in DIRECT])),
        numeraire_entries=_places(np.flatnonzero(row == c.numeraire_row)),
        numeraire_entry=int(at["numeraire"][0]),
        entry_scale=c.scale[row],
    )


def _short(values: ArrayLike) -> Short:
    return narrowed(values, "int32")


def _places(values: ArrayLike) -> Place:
    return narrowed(values, "uint32")


def _in_indices(c: Structure, terms: Index, driver_leaf: Index) -> tuple[Index, Index]:
    """Auxiliary terms in a consumer's price index, (term, position, consumer), each with every driver of that index."""
    found: list[tuple[tuple[int, int, int], int]] = []
    for term, position, consumer in terms.tolist():
        tree = c.demand_tree[consumer]
        found += [((term, position, consumer), int(d)) for d in np.flatnonzero(c.leaf_tree[driver_leaf] == tree)]
    return (
        np.array([term for term, _ in found], dtype=np.int64).reshape(-1, 3),
        np.array([driver for _, driver in found], dtype=np.int64),
    )


def _join(left: Index, right: Index, key: Index, size: int) -> tuple[Index, Index]:
    """All (number in ``left``, member of ``right``) whose key, ascending along ``right``, equals ``left``."""
    first = np.searchsorted(key, np.arange(size + 1))
    counts = first[left + 1] - first[left]
    number = np.repeat(np.arange(left.size), counts)
    within = np.arange(number.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return number, right[first[left[number]] + within]
