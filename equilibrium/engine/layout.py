"""Addresses of a compiled model: what the kernels read besides numbers.

The exact Jacobian is the sum over *uses* of a leaf of (coefficient x flow x derivative of the flow's logarithm), plus
what prices, levels and incomes do directly; where each of these lands is known here and never changes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tanshi.equilibrium.engine.structure import Array, Index, Structure

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
    root: Short  # consumers: root of the demand tree
    tax_leaf: Short
    tax_aux: Short


class Balances(NamedTuple):
    """Where flows and incomes enter equations."""

    tax_receiver: Short
    income: int  # variable of the first consumer's income
    endow_price: Short
    endow_owner: Short
    endow_aux: Short
    payer: Short
    receiver: Short
    term_row: Short
    term_atom: Short  # (terms, width): variables, price indices, leaves' unit quantities and flows, real demands, 1
    term_power: Array  # (terms, width): exponent of each atom
    numeraire_row: int
    numeraire_price: float
    numeraire_size: float  # benchmark size of the numeraire's market
    scale: Array  # equations: benchmark size


class Responses(NamedTuple):
    """Which leaf's price moves which leaf's flow."""

    active_leaf: Place  # leaves whose price moves some quantity
    active_path: Place  # (active, depths): the node at each depth above them
    active_depth: Short
    entry_place: Place  # entries: place in (active, depths + 1) of the derivative of the flow's logarithm
    entry_driver: Place
    entry_leaf: Place  # entries: the leaf that responds
    driver_leaf: Short  # drivers: leaves' prices, then those of ``driver_terms`` and ``driver_tax``
    driver_var: Place
    driver_terms: Short
    driver_tax: Short


class Places(NamedTuple):
    """The Jacobian's contributions, and their places among its non-zeros."""

    use_leaf: Short
    wedge_leaf: Short
    unit_term: Short  # (units, then flows; 2): auxiliary term and position in it
    units: int  # how many of them are quantities per unit; the others are flows
    sum_first: Place  # (non-zeros + 1,) first of the products that add up to each
    sum_use: Place
    sum_entry: Place
    profit_driver: Short
    at_profit: Short
    flow_use: Short
    at_flow: Short
    at_terms: Short
    at_tax_price: Short
    at_tax_aux: Short
    tax_terms: Short
    at_tax_terms: Short
    at_wedge: Short
    rationed: Short  # endowments with a multiplier
    at_rationed: Short
    at_income: Short
    at_endowment: Short
    at_rationed_income: Short
    at_share: Short
    index_term: Short  # (entries, 3): auxiliary term, position in it, consumer
    index_driver: Short
    index_rank: Short
    at_index: Short
    indices: int  # how many of the entries are of price indices; the others are of real demands
    real_term: Short  # (terms, 3): auxiliary term, position in it, consumer whose real demand it is
    at_real: Short  # by that consumer's income
    at_atom: Short  # (terms, width)
    numeraire_entries: Short
    numeraire_entry: int
    entry_scale: Array  # non-zeros: size of their row


class Layout(NamedTuple):
    """Where everything stands in a compiled model, in the parts that kernels ask for; -1 means nothing there."""

    trees: Trees
    balances: Balances
    responses: Responses
    places: Places


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
        root=_short(c.tree_root[c.demand_tree]),
        tax_leaf=_short(c.tax_leaf),
        tax_aux=_short(c.tax_aux_var),
    )


def _balances(c: Structure) -> Balances:
    """The equations' other contributions: taxes, endowments, incomes, auxiliary terms, the numeraire."""
    return Balances(
        tax_receiver=_short(c.tax_receiver),
        income=c.income_slice.start,
        endow_price=_short(c.endow_price_var),
        endow_owner=_short(c.endow_owner),
        endow_aux=_short(c.endow_aux_var),
        payer=_short(c.share_payer),
        receiver=_short(c.share_receiver),
        term_row=_short(c.term_row),
        term_atom=_short(c.term_atom),
        term_power=c.term_power,
        numeraire_row=c.numeraire_row,
        numeraire_price=float(c.numeraire_price),
        numeraire_size=c.numeraire_size,
        scale=c.scale,
    )


def lay_out(c: Structure) -> tuple[Layout, Index]:
    """Addresses of all contributions to the residuals and the Jacobian, and the Jacobian's non-zeros.

    Returns
    -------
    layout : for the kernels.
    structure : ascending places (row x n + column) of all entries that may be non-zero, bounds of variables included.
    """
    n, leaves = c.n, c.n_leaves
    with_terms = np.flatnonzero(c.leaf_terms_var >= 0)
    with_tax_aux = np.flatnonzero(c.tax_aux_var >= 0)
    # drivers: the variables a leaf's price depends on
    driver_leaf = np.concatenate([np.arange(leaves), with_terms, c.tax_leaf[with_tax_aux]])
    driver_var = np.concatenate([c.leaf_price_var, c.leaf_terms_var[with_terms], c.tax_aux_var[with_tax_aux]])
    # entries: (leaf, driver of a leaf that moves it)
    by_leaf = np.argsort(driver_leaf, kind="stable")
    pair, entry_driver = _join(c.pair_right, by_leaf, driver_leaf[by_leaf], leaves)
    rank = np.full(leaves, -1)
    rank[c.active_leaf] = np.arange(c.active_leaf.size)
    entry_leaf = c.pair_left[pair]
    # products: (use of a leaf, entry that moves it)
    by_leaf = np.argsort(entry_leaf, kind="stable")
    use, entry = _join(c.use_leaf, by_leaf, entry_leaf[by_leaf], leaves)
    taxes, wedges = c.tax_leaf.size, c.wedge_leaf.size
    tax_use = leaves + np.arange(taxes)
    flows = leaves + taxes + wedges + np.arange(c.units, c.unit_term.shape[0])
    flow_use = np.concatenate([np.arange(leaves + taxes), flows])  # the others count per unit of activity
    scale = c.tree_scale_var[c.leaf_tree]
    profit = np.flatnonzero(~c.leaf_is_demand[driver_leaf])
    tax_terms = np.flatnonzero(c.leaf_terms_var[c.tax_leaf] >= 0)
    rationed = np.flatnonzero(c.endow_aux_var >= 0)
    incomes = np.arange(c.income_slice.start, c.income_slice.stop)
    index_term, index_driver = _in_indices(c, c.index_term, driver_leaf)
    indices = index_driver.size
    real_term, real_driver = _in_indices(c, c.real_term, driver_leaf)
    index_term, index_driver = np.concatenate([index_term, real_term]), np.concatenate([index_driver, real_driver])
    term, position = np.nonzero(c.term_atom < n)
    blocks: dict[str, tuple[Index, Index]] = {
        "sum": (c.use_row[use], driver_var[entry_driver[entry]]),
        "profit": (scale[driver_leaf[profit]], driver_var[profit]),
        "flow": (c.use_row[flow_use], scale[c.use_leaf[flow_use]]),
        "terms": (c.use_row[with_terms], c.leaf_terms_var[with_terms]),  # a leaf's market use has the leaf's number
        "tax_price": (c.use_row[tax_use], c.leaf_price_var[c.tax_leaf]),
        "tax_aux": (c.use_row[tax_use[with_tax_aux]], c.tax_aux_var[with_tax_aux]),
        "tax_terms": (c.use_row[tax_use[tax_terms]], c.leaf_terms_var[c.tax_leaf[tax_terms]]),
        "wedge": (c.use_row[leaves + taxes + np.arange(wedges)], c.leaf_price_var[c.wedge_leaf]),
        "rationed": (c.endow_price_var[rationed], c.endow_aux_var[rationed]),
        "rationed_income": (c.endow_owner[rationed], c.endow_aux_var[rationed]),
        "endowment": (c.endow_owner, c.endow_price_var),
        "income": (incomes, incomes),
        "share": (c.share_receiver, c.share_payer),
        "index": (c.term_row[index_term[:, 0]], driver_var[index_driver]),
        "atom": (c.term_row[term], c.term_atom[term, position]),
        "real": (c.term_row[c.real_term[:, 0]], c.income_slice.start + c.real_term[:, 2]),
        "numeraire": (np.array([c.numeraire_row]), np.array([c.numeraire_row])),
        "bound": (c.paired_row, c.paired_var),
    }
    structure, place = np.unique(np.concatenate([r * n + v for r, v in blocks.values()]), return_inverse=True)
    ends = np.cumsum([r.size for r, _ in blocks.values()])
    at = dict(zip(blocks, np.split(place, ends[:-1]), strict=True))
    by_place = np.argsort(at["sum"], kind="stable")
    at_atom = np.full(c.term_atom.shape, -1)
    at_atom[term, position] = at["atom"]
    row = structure // n
    trees, balances = _trees(c), _balances(c)
    responses = Responses(
        active_leaf=_places(c.active_leaf),
        active_path=_places(c.path[c.active_leaf]),
        active_depth=_short(c.leaf_depth[c.active_leaf]),
        entry_place=_places(rank[c.pair_right[pair]] * (c.depth_max + 1) + c.pair_depth[pair]),
        entry_driver=_places(entry_driver),
        entry_leaf=_places(entry_leaf),
        driver_leaf=_short(driver_leaf),
        driver_var=_places(driver_var),
        driver_terms=_short(with_terms),
        driver_tax=_short(with_tax_aux),
    )
    places = Places(
        use_leaf=_short(c.use_leaf),
        wedge_leaf=_short(c.wedge_leaf),
        unit_term=_short(c.unit_term[:, :2]),
        units=c.units,
        sum_first=_places(np.searchsorted(at["sum"][by_place], np.arange(structure.size + 1))),
        sum_use=_places(use[by_place]),
        sum_entry=_places(entry[by_place]),
        profit_driver=_short(profit),
        at_profit=_short(at["profit"]),
        flow_use=_short(flow_use),
        at_flow=_short(at["flow"]),
        at_terms=_short(at["terms"]),
        at_tax_price=_short(at["tax_price"]),
        at_tax_aux=_short(at["tax_aux"]),
        tax_terms=_short(tax_terms),
        at_tax_terms=_short(at["tax_terms"]),
        at_wedge=_short(at["wedge"]),
        rationed=_short(rationed),
        at_rationed=_short(at["rationed"]),
        at_income=_short(at["income"]),
        at_endowment=_short(at["endowment"]),
        at_rationed_income=_short(at["rationed_income"]),
        at_share=_short(at["share"]),
        index_term=_short(index_term),
        index_driver=_short(index_driver),
        index_rank=_short(rank[driver_leaf[index_driver]]),
        at_index=_short(at["index"]),
        indices=indices,
        real_term=_short(c.real_term),
        at_real=_short(at["real"]),
        at_atom=_short(at_atom),
        numeraire_entries=_short(np.flatnonzero(row == c.numeraire_row)),
        numeraire_entry=int(at["numeraire"][0]),
        entry_scale=c.scale[row],
    )
    return Layout(trees, balances, responses, places), structure


def _short(values: ArrayLike) -> Short:
    return np.ascontiguousarray(values, dtype=np.int32)


def _places(values: ArrayLike) -> Place:
    return np.ascontiguousarray(values, dtype=np.uint32)


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
