"""Residuals and the exact Jacobian of a compiled model.

Signs: an activity's row is cost minus revenue, a market's row supply minus demand, an income row income minus
its sources.  All rows are divided by their benchmark size.  Everything is written so that complex numbers
pass through the residual (complex-step differentiation checks the Jacobian).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equilibrium.engine.compile import Array, Compiled, Parameters

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Calibration:
    """What follows from parameters alone: benchmark values and share coefficients."""

    leaf_value: Array
    node_value: Array
    coefficient: Array  # items: share, or quantity per unit of the parent's value in Leontief nests
    log_reference: Array
    log_augment: Array
    sigma_path: Array  # leaves x depth
    sigma_parent: Array  # items
    log_leaf: NDArray[np.bool_]  # leaves whose price enters in logarithms
    kept: Array  # consumers: share of income left to spend


def calibrate(c: Compiled, p: Parameters) -> Calibration:
    """Shares of every nest from benchmark quantities and user prices."""
    leaf_value = p.quantity * p.reference
    item_value = np.concatenate([leaf_value, np.zeros(c.n_nodes)])
    node_value = item_value[c.n_leaves :]
    for groups in reversed(c.levels):
        for g in groups:
            node_value[g.node] = np.add.reduceat(item_value[g.item], g.start)
    parent = c.item_parent
    parent_value = np.where(parent >= 0, node_value[parent], 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        coefficient = item_value / parent_value
    leontief = np.flatnonzero(c.branch[c.leaf_parent] == 0)
    coefficient[leontief] = p.quantity[leontief] / node_value[c.leaf_parent[leontief]]
    sigma_parent = np.where(parent >= 0, p.sigma[parent], 0.0)
    sigma_path = np.where(c.path >= 0, p.sigma[c.path], 0.0)
    log_leaf = sigma_parent[: c.n_leaves] != 0
    log_reference = np.log(np.where(log_leaf, p.reference, 1.0))
    kept = np.ones(len(c.consumers), dtype=p.income_share.dtype)
    np.subtract.at(kept, c.share_payer - c.income_slice.start, p.income_share)
    return Calibration(
        leaf_value,
        node_value,
        coefficient,
        log_reference,
        np.log(p.augment),
        sigma_path,
        sigma_parent,
        log_leaf,
        kept,
    )


@dataclass
class State:
    """Prices and quantities of all branches at one point."""

    x: Numbers
    decision: Numbers  # leaves: price that choices follow
    paid: Numbers  # leaves: price that is paid
    terms: Numbers  # leaves
    tax: Numbers  # taxes: current rates
    tax_sum: Numbers  # leaves
    log_aggregate: Numbers  # nodes, before augmentation
    log_item: Numbers  # items
    quantity: Numbers  # leaves, per unit of activity (demand: per unit of real demand)
    scale: Numbers  # leaves: activity level, or real demand of the consumer
    real: Numbers  # consumers: real demand, 1 in the benchmark
    flow: Numbers  # leaves
    residual: Numbers


class Evaluator:
    """Residual and Jacobian of one compiled model at one set of parameters."""

    def __init__(self, compiled: Compiled, parameters: Parameters) -> None:
        self.c, self.p = compiled, parameters
        self.k = calibrate(compiled, parameters)
        demand = [t for t, side in enumerate(compiled.tree_side) if side == "demand"]
        self.demand_root = compiled.tree_root[demand]  # in the order of consumers
        self.tax_active = parameters.tax_rate.size > 0

    def state(self, x: Numbers) -> State:
        """Evaluate all nests, flows and residuals at ``x`` (shape ``(n,)``, real or complex)."""
        c, p, k = self.c, self.p, self.k
        price = x[c.leaf_price_var]
        terms = np.where(c.leaf_terms_var >= 0, x[c.leaf_terms_var], 1.0)
        if self.tax_active:
            tax = p.tax_rate * np.where(c.tax_aux_var >= 0, x[c.tax_aux_var], 1.0)
            tax_sum = np.asarray(c.tax_matrix @ tax)
        else:
            tax, tax_sum = p.tax_rate, np.zeros(c.n_leaves)
        gross = terms * (1.0 + c.leaf_sign * tax_sum)
        decision = (p.alpha * price + p.beta) * gross
        paid = price * gross
        log_item = np.zeros(c.n_leaves + c.n_nodes, dtype=x.dtype)
        log_item[: c.n_leaves][k.log_leaf] = np.log(decision[k.log_leaf]) - k.log_reference[k.log_leaf]
        log_aggregate = np.zeros(c.n_nodes, dtype=x.dtype)
        ratio = np.concatenate([decision, np.ones(c.n_nodes, dtype=x.dtype)])  # as Leontief nests see prices
        for groups in reversed(c.levels):
            for g in groups:
                if g.branch == 0:
                    value = np.log(np.add.reduceat(k.coefficient[g.item] * ratio[g.item], g.start))
                elif g.branch == 1:
                    value = np.add.reduceat(k.coefficient[g.item] * log_item[g.item], g.start)
                else:
                    power = 1.0 - p.sigma[g.node]
                    grown = np.expm1((1.0 - p.sigma[g.parent]) * log_item[g.item])
                    value = np.log1p(np.add.reduceat(k.coefficient[g.item] * grown, g.start)) / power
                log_aggregate[g.node] = value
                log_item[c.n_leaves + g.node] = value - k.log_augment[g.node]
                ratio[c.n_leaves + g.node] = np.exp(log_item[c.n_leaves + g.node])
        log_quantity = np.zeros(c.n_leaves + c.n_nodes, dtype=x.dtype)
        for groups in c.levels:
            for g in groups:
                above = log_quantity[c.n_leaves + g.parent] - k.log_augment[g.parent]
                if g.branch == 0:
                    log_quantity[g.item] = above
                else:
                    log_quantity[g.item] = above + p.sigma[g.parent] * (log_aggregate[g.parent] - log_item[g.item])
        quantity = p.quantity * np.exp(log_quantity[: c.n_leaves])
        income = x[c.income_slice]
        index = np.exp(log_item[c.n_leaves + self.demand_root])
        real = income * k.kept / (k.node_value[self.demand_root] * index)
        tree_scale = np.where(
            c.leaf_is_demand,
            real[np.minimum(c.tree_owner[c.leaf_tree], len(real) - 1)],
            x[c.tree_scale_var[c.leaf_tree]],
        )
        flow = quantity * tree_scale
        s = State(
            x,
            decision,
            paid,
            terms,
            tax,
            tax_sum,
            log_aggregate,
            log_item,
            quantity,
            tree_scale,
            real,
            flow,
            x,
        )
        s.residual = self._residual(s, index)
        return s

    def _use_coefficients(self, s: State) -> list[Numbers]:
        c = self.c
        market = -c.leaf_sign * s.terms
        tax = -s.x[c.leaf_price_var[c.tax_leaf]] * s.terms[c.tax_leaf] * s.tax
        return [market, tax]

    def _extended(self, s: State, index: Numbers) -> Numbers:
        return np.concatenate([s.x, index, s.quantity, np.ones(1)])

    def _residual(self, s: State, index: Numbers) -> Numbers:
        c, p = self.c, self.p
        x = s.x
        values = np.zeros(c.use_leaf.size, dtype=x.dtype)
        second = c.use_split[1]
        values[:second] = np.concatenate(self._use_coefficients(s)) * s.flow[c.use_leaf[:second]]
        f = c.use_matrix @ values + c.profit_matrix @ (s.quantity * s.paid)
        owned = p.endowment * np.where(c.endow_aux_var >= 0, x[c.endow_aux_var], 1.0)
        np.add.at(f, c.endow_price_var, owned)
        np.subtract.at(f, c.endow_owner, owned * x[c.endow_price_var])
        f[c.income_slice] += x[c.income_slice]
        np.subtract.at(f, c.share_receiver, p.income_share * x[c.share_payer])
        if c.term_row.size:
            terms = p.coefficient * self._extended(s, index)[c.term_atom].prod(axis=1)
            np.add.at(f, c.term_row, terms)
        self.imbalance = f[c.numeraire_row] / c.market_scale[c.numeraire_row]
        f[c.numeraire_row] = x[c.numeraire_row] - c.numeraire_price
        return np.asarray(f / c.scale)

    def flow_derivatives(self, s: State) -> tuple[Array, Array, Array]:
        """Derivative of every leaf's log quantity with respect to each driver of a responding leaf.

        Returns
        -------
        entries : values aligned with ``compiled.entry_pair`` / ``entry_driver``.
        driver : derivative of each driver's leaf decision price.
        root : derivative of the tree's log price index with respect to each leaf's decision price.
        """
        c, p, k = self.c, self.p, self.k
        decision = s.decision
        share = np.empty(c.n_leaves + c.n_nodes)
        leaf_slope = np.empty(c.n_leaves)  # d log(parent's price) / d price
        for groups in c.levels:
            for g in groups:
                is_leaf = g.item < c.n_leaves
                mine = g.item[is_leaf]
                above = s.log_aggregate[g.parent]
                if g.branch == 0:
                    share[g.item] = k.coefficient[g.item] * np.exp(np.where(is_leaf, 0.0, s.log_item[g.item]) - above)
                    leaf_slope[mine] = share[mine]
                else:
                    power = 1.0 - p.sigma[g.parent]
                    share[g.item] = k.coefficient[g.item] * np.exp(power * (s.log_item[g.item] - above))
                    leaf_slope[mine] = share[mine] / decision[mine]
        width = c.depth_max + 1
        node_share = share[c.n_leaves :]
        d = np.zeros((c.n_leaves, width + 1))
        last = c.leaf_depth - 1
        rows = np.arange(c.n_leaves)
        d[rows, last] = leaf_slope
        for depth in range(c.depth_max - 2, -1, -1):
            inner = depth < last
            d[inner, depth] = d[inner, depth + 1] * node_share[c.path[inner, depth + 1]]
        d[rows[k.log_leaf], c.leaf_depth[k.log_leaf]] = 1.0 / decision[k.log_leaf]
        step = k.sigma_path * (d[:, : c.depth_max] - d[:, 1 : c.depth_max + 1])
        u = np.zeros((c.n_leaves, width))
        u[:, 1:] = np.cumsum(step, axis=1)
        u[:, : c.depth_max] += k.sigma_path * d[:, : c.depth_max]
        root = d[:, 0]
        gross = 1.0 + c.leaf_sign * s.tax_sum
        plain = p.alpha * s.terms * gross
        price = s.x[c.leaf_price_var]
        base = p.alpha * price + p.beta
        with_terms = base[c.driver_terms] * gross[c.driver_terms]
        t = c.driver_tax
        leaf = c.tax_leaf[t]
        with_tax = base[leaf] * s.terms[leaf] * c.leaf_sign[leaf] * p.tax_rate[t]
        driver = np.concatenate([plain, with_terms, with_tax])
        slopes = driver.take(c.entry_driver)
        entries = u.ravel().take(c.entry_place) * slopes
        spent = c.entry_demand  # what a consumer spends is given: a dearer basket is a smaller one
        entries[spent] -= root.take(c.entry_right[spent]) * slopes[spent]
        return entries, driver, root

    def jacobian_data(self, s: State) -> Array:
        """Values of the Jacobian at ``compiled.structure`` (rows divided by their scale)."""
        c, p, k = self.c, self.p, self.k
        entries, driver, root = self.flow_derivatives(s)
        market, tax = self._use_coefficients(s)
        wedge = s.paid[c.wedge_leaf] - s.decision[c.wedge_leaf]
        gross = 1.0 + c.leaf_sign * s.tax_sum
        index = np.exp(s.log_item[c.n_leaves + self.demand_root])
        extended = self._extended(s, index)
        atoms = extended[c.term_atom]
        others = _products_without(atoms) * p.coefficient[:, None] if c.term_row.size else np.empty((0, 1))
        unit = others[c.unit_term[:, 0], c.unit_term[:, 1]] if c.unit_term.size else np.empty(0)
        coefficient = np.concatenate([market, tax, wedge, unit])
        amount = np.where(c.use_is_unit, s.quantity[c.use_leaf], s.flow[c.use_leaf])
        weight = coefficient * amount
        pd = c.profit_driver
        leaf = c.driver_leaf[pd]
        demand_leaf = c.leaf_is_demand[c.use_leaf[c.flow_use]]
        use_leaf = c.use_leaf[c.flow_use]
        owner = c.tree_owner[c.leaf_tree[use_leaf]]
        safe = np.where(demand_leaf, owner, 0)
        scale_slope = np.where(demand_leaf, k.kept[safe] / (k.node_value[self.demand_root[safe]] * index[safe]), 1.0)
        tl, price_of_taxed = c.tax_leaf, s.x[c.leaf_price_var[c.tax_leaf]]
        ta, tt = c.driver_tax, c.tax_terms
        mt = c.driver_terms
        owned = p.endowment * np.where(c.endow_aux_var >= 0, s.x[c.endow_aux_var], 1.0)
        ea = c.endow_aux
        ii = c.index_leafs
        index_part = np.empty(0)
        if c.index_term.size:
            term, position, consumer = (c.index_term[ii, j] for j in range(3))
            slope = root[c.driver_leaf[c.index_drivers]] * driver[c.index_drivers]
            index_part = others[term, position] * index[consumer] * slope
        values = np.concatenate(
            [
                weight.take(c.triple_use) * entries.take(c.triple_entry),
                c.leaf_sign[leaf] * s.quantity[leaf] * driver[pd],
                coefficient[c.flow_use] * s.quantity[use_leaf] * scale_slope,
                -c.leaf_sign[mt] * s.flow[mt],
                -s.flow[tl] * s.terms[tl] * s.tax,
                -s.flow[tl[ta]] * price_of_taxed[ta] * s.terms[tl[ta]] * p.tax_rate[ta],
                -s.flow[tl[tt]] * price_of_taxed[tt] * s.tax[tt],
                ((1.0 - p.alpha) * s.terms * gross * s.quantity)[c.wedge_leaf],
                p.endowment[ea],
                np.ones(len(c.consumers)),
                -owned,
                -p.endowment[ea] * s.x[c.endow_price_var[ea]],
                -p.income_share,
                index_part,
                *[others[v, w] for w, v in enumerate(c.variable_atoms)],
                np.zeros(1 + c.pair_entry.size),
            ]
        )
        data = np.bincount(c.position, weights=values, minlength=c.structure.size)
        data[c.numeraire_drop] = 0.0
        data[c.numeraire_entry] = 1.0
        return np.asarray(data / c.scale[c.structure_row])


def _products_without(atoms: Array) -> Array:
    """For each row and column the product of the row's other entries."""
    out = np.ones_like(atoms)
    for column in range(atoms.shape[1]):
        for other in range(atoms.shape[1]):
            if other != column:
                out[:, column] *= atoms[:, other]
    return out
