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

from equilibrium.engine.compile import Array, Compiled, Level, Parameters

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Calibration:
    """What follows from parameters alone: benchmark values and share coefficients."""

    leaf_value: Array
    node_value: Array
    coefficient: Array  # items: share, or quantity per unit of the parent's value in Leontief nests
    log_reference: Array  # leaves whose price enters in logarithms
    log_augment: Array
    sigma_path: Array  # active leaves x depth
    kept: Array  # consumers: share of income left to spend
    basis: tuple[Array, ...]  # copies of the parameters that all this follows from

    def holds_for(self, p: Parameters) -> bool:
        """Whether ``p`` has the numbers that this was made from."""
        return all(a is b or np.array_equal(a, b) for a, b in zip(self.basis, _basis(p), strict=True))


def _basis(p: Parameters) -> tuple[Array, ...]:
    return p.quantity, p.reference, p.sigma, p.augment, p.income_share


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
    sigma_path = np.where(c.active_path >= 0, p.sigma[c.active_path], 0.0)
    log_reference = np.log(p.reference[c.log_leaf])
    kept = np.ones(len(c.consumers), dtype=p.income_share.dtype)
    np.subtract.at(kept, c.share_payer - c.income_slice.start, p.income_share)
    return Calibration(
        leaf_value,
        node_value,
        coefficient,
        log_reference,
        np.log(p.augment),
        sigma_path,
        kept,
        tuple(values.copy() for values in _basis(p)),
    )


@dataclass(frozen=True)
class Branches:
    """The numbers of one ``Level``, gathered once for all evaluations."""

    level: Level
    coefficient: Numbers  # children
    sigma: Numbers  # nodes
    log_augment: Numbers  # nodes
    power: Numbers  # nodes: 1 - sigma
    child_sigma: Numbers
    child_power: Numbers


@dataclass
class State:
    """Prices and quantities of all branches at one point."""

    x: Numbers
    decision: Numbers  # leaves: price that choices follow
    paid: Numbers  # leaves: price that is paid
    terms: Numbers  # leaves
    tax: Numbers  # taxes: current rates
    tax_sum: Numbers  # leaves
    gross: Numbers  # leaves: terms x (1 + tax)
    log_aggregate: Numbers  # nodes, before augmentation
    log_item: Numbers  # items; zero for leaves of Leontief nests
    ratio: Numbers  # items: leaves' decision price; price index of nodes in Leontief nests and of demand
    quantity: Numbers  # leaves, per unit of activity (demand: per unit of real demand)
    scale: Numbers  # leaves: activity level, or real demand of the consumer
    real: Numbers  # consumers: real demand, 1 in the benchmark
    flow: Numbers  # leaves
    atoms: Numbers  # what auxiliary terms are made of
    residual: Numbers
    imbalance: Any  # of the numeraire's market, relative
    derivatives: tuple[Array, Array, Array] | None = None  # of flows, once somebody asked for them


class Evaluator:
    """Residual and Jacobian of one compiled model at one set of parameters.

    Parameters
    ----------
    like : an evaluator of the same model; what follows from parameters that are the same is taken from it.
    """

    def __init__(self, compiled: Compiled, parameters: Parameters, like: Evaluator | None = None) -> None:
        c, p = compiled, parameters
        self.c, self.p = c, p
        self.demand_root = c.tree_root[c.demand_tree]  # in the order of consumers
        self.k: Calibration
        self.levels: list[list[Branches]]
        if like is not None and like.k.holds_for(p):
            self.k, self.levels = like.k, like.levels
        else:
            self.k = calibrate(c, p)
            self.levels = [[_branches(g, p, self.k) for g in groups] for groups in c.levels]
        self.real_per_income = self.k.kept / self.k.node_value[self.demand_root]
        self.tax_active = p.tax_rate.size > 0
        self.terms_active = c.driver_terms.size > 0
        self.sluggish = bool((p.alpha != 1).any() or (p.beta != 0).any())
        self.augmented = bool((p.augment != 1).any())
        self.one = np.ones(c.n_leaves)

    def state(self, x: Numbers) -> State:
        """Evaluate all nests, flows and residuals at ``x`` (shape ``(n,)``, real or complex)."""
        c, p, k, leaves = self.c, self.p, self.k, self.c.n_leaves
        price = x.take(c.leaf_price_var)
        terms = np.where(c.leaf_terms_var >= 0, x[c.leaf_terms_var], 1.0) if self.terms_active else self.one
        if self.tax_active:
            tax = p.tax_rate * np.where(c.tax_aux_var >= 0, x[c.tax_aux_var], 1.0)
            tax_sum = np.asarray(c.tax_matrix @ tax)
            gross = terms * (1.0 + c.leaf_sign * tax_sum)
        else:
            tax, tax_sum, gross = p.tax_rate, np.zeros(leaves), terms
        paid = price * gross
        decision = (p.alpha * price + p.beta) * gross if self.sluggish else paid
        kind = np.result_type(decision, k.coefficient, p.sigma, k.log_augment)
        log_item = np.zeros(leaves + c.n_nodes, dtype=kind)
        log_item[c.log_leaf] = np.log(decision.take(c.log_leaf)) - k.log_reference
        log_aggregate = np.zeros(c.n_nodes, dtype=kind)
        ratio = np.empty(leaves + c.n_nodes, dtype=kind)  # as Leontief nests see prices
        ratio[:leaves] = decision
        for groups in reversed(self.levels):
            for b in groups:
                g = b.level
                if g.branch == 0:
                    value = np.log(np.add.reduceat(b.coefficient * ratio.take(g.item), g.start))
                elif g.branch == 1:
                    value = np.add.reduceat(b.coefficient * log_item.take(g.item), g.start)
                else:
                    grown = np.expm1(b.child_power * log_item.take(g.item))
                    value = np.log1p(np.add.reduceat(b.coefficient * grown, g.start)) / b.power
                log_aggregate[g.node] = value
                log_price = value - b.log_augment if self.augmented else value
                log_item[g.node_item] = log_price
                if g.priced:
                    ratio[g.node_item] = np.exp(log_price)
        log_quantity = np.zeros(c.n_nodes, dtype=kind)
        rate = np.ones(leaves, dtype=kind)
        for depth, groups in enumerate(self.levels):
            for b in groups:
                g = b.level
                if g.branch == 0:
                    if depth == 0 and not self.augmented:
                        continue  # fixed proportions of one unit
                    above = log_quantity.take(g.node)
                    if self.augmented:
                        above -= b.log_augment
                    rate[g.leaf] = np.exp(above).take(g.leaf_place)
                    if g.inner.size:
                        log_quantity[g.inner] = above.take(g.inner_place)
                else:
                    child = b.child_sigma * (log_aggregate.take(g.parent) - log_item.take(g.item))
                    if depth > 0:
                        child += log_quantity.take(g.parent)
                    if self.augmented:
                        child -= b.log_augment.take(g.place)
                    rate[g.leaf] = np.exp(child.take(g.leaf_child))
                    if g.inner.size:
                        log_quantity[g.inner] = child.take(g.inner_child)
        quantity = p.quantity * rate
        index = ratio.take(leaves + self.demand_root)
        real = x[c.income_slice] * self.real_per_income / index
        tree_scale = x.take(c.tree_scale_var).astype(real.dtype, copy=False)
        tree_scale[c.demand_tree] = real
        scale = tree_scale.take(c.leaf_tree)
        s = State(
            x=x,
            decision=decision,
            paid=paid,
            terms=terms,
            tax=tax,
            tax_sum=tax_sum,
            gross=gross,
            log_aggregate=log_aggregate,
            log_item=log_item,
            ratio=ratio,
            quantity=quantity,
            scale=scale,
            real=real,
            flow=quantity * scale,
            atoms=np.concatenate([x, index, quantity, self.one[:1]]),
            residual=x,
            imbalance=0.0,
        )
        self._residual(s)
        return s

    def _market_coefficient(self, s: State) -> Numbers:
        return np.asarray(self.c.leaf_minus * s.terms) if self.terms_active else self.c.leaf_minus

    def _tax_coefficient(self, s: State) -> Numbers:
        c = self.c
        return np.asarray(-s.x[c.leaf_price_var[c.tax_leaf]] * s.terms[c.tax_leaf] * s.tax)

    def _owned(self, x: Numbers) -> Numbers:
        c, p = self.c, self.p
        owned = p.endowment
        if c.endow_aux.size:
            owned = owned.astype(np.result_type(owned, x))
            owned[c.endow_aux] *= x[c.endow_aux_var[c.endow_aux]]
        return owned

    def _residual(self, s: State) -> None:
        c, p = self.c, self.p
        x = s.x
        parts = [self._market_coefficient(s) * s.flow]
        if self.tax_active:
            parts.append(self._tax_coefficient(s) * s.flow[c.tax_leaf])
        parts.append(s.quantity * s.paid)
        f = np.asarray(c.sum_matrix @ np.concatenate(parts))
        owned = self._owned(x)
        kind = np.result_type(f, owned, p.income_share, p.coefficient)
        if f.dtype != kind:
            f = f.astype(kind)
        np.add.at(f, c.endow_price_var, owned)
        np.subtract.at(f, c.endow_owner, owned * x[c.endow_price_var])
        f[c.income_slice] += x[c.income_slice]
        if c.share_payer.size:
            np.subtract.at(f, c.share_receiver, p.income_share * x[c.share_payer])
        if c.term_row.size:
            np.add.at(f, c.term_row, p.coefficient * s.atoms.take(c.term_atom).prod(axis=1))
        s.imbalance = f[c.numeraire_row] / c.market_scale[c.numeraire_row]
        f[c.numeraire_row] = x[c.numeraire_row] - c.numeraire_price
        s.residual = f / c.scale

    def flow_derivatives(self, s: State) -> tuple[Array, Array, Array]:
        """Derivative of every leaf's log quantity with respect to each driver of a responding leaf.

        Returns
        -------
        entries : values aligned with ``compiled.entry_pair`` / ``entry_driver``.
        driver : derivative of each driver's leaf decision price.
        root : derivative of the tree's log price index with respect to each active leaf's decision price.
        """
        if s.derivatives is None:
            s.derivatives = self._flow_derivatives(s)
        return s.derivatives

    def _flow_derivatives(self, s: State) -> tuple[Array, Array, Array]:
        c, p, k = self.c, self.p, self.k
        active = c.active_leaf.size
        node_share = np.empty(c.n_nodes)
        leaf_slope = np.empty(active)  # d log(parent's price) / d price
        price = s.decision.take(c.active_leaf)
        for groups in self.levels:
            for b in groups:
                g = b.level
                if g.branch == 0:
                    unit = np.exp(-s.log_aggregate.take(g.node))
                    leaf_slope[g.active_rank] = b.coefficient.take(g.active_child) * unit.take(g.active_place)
                    if g.inner.size:
                        inner = b.coefficient.take(g.inner_child) * unit.take(g.inner_place)
                        node_share[g.inner] = inner * s.ratio.take(c.n_leaves + g.inner)
                else:
                    if not (g.active_rank.size or g.inner.size):
                        continue
                    share = b.coefficient * np.exp(
                        b.child_power * (s.log_item.take(g.item) - s.log_aggregate.take(g.parent))
                    )
                    leaf_slope[g.active_rank] = share.take(g.active_child) / price.take(g.active_rank)
                    node_share[g.inner] = share.take(g.inner_child)
        width = c.depth_max + 1
        d = np.zeros((active, width + 1))
        rows = np.arange(active)
        d[rows, c.active_depth - 1] = leaf_slope
        for depth in range(c.depth_max - 2, -1, -1):
            inner, child = c.active_inner[depth]
            d[inner, depth] = d[inner, depth + 1] * node_share.take(child)
        d[c.active_log, c.active_depth[c.active_log]] = 1.0 / price.take(c.active_log)
        step = k.sigma_path * (d[:, : c.depth_max] - d[:, 1 : c.depth_max + 1])
        u = np.zeros((active, width))
        np.cumsum(step, axis=1, out=u[:, 1:])
        u[:, : c.depth_max] += k.sigma_path * d[:, : c.depth_max]
        root = d[:, 0]
        driver = p.alpha * s.gross if self.sluggish else s.gross
        if c.driver_terms.size or c.driver_tax.size:
            base = p.alpha * s.x[c.leaf_price_var] + p.beta
            with_terms = base[c.driver_terms] * (1.0 + c.leaf_sign * s.tax_sum)[c.driver_terms]
            t = c.driver_tax
            leaf = c.tax_leaf[t]
            with_tax = base[leaf] * s.terms[leaf] * c.leaf_sign[leaf] * p.tax_rate[t]
            driver = np.concatenate([driver, with_terms, with_tax])
        slopes = driver.take(c.entry_driver)
        entries = u.ravel().take(c.entry_place) * slopes
        spent = c.entry_demand  # what a consumer spends is given: a dearer basket is a smaller one
        entries[spent] -= root.take(c.entry_rank[spent]) * slopes[spent]
        return entries, driver, root

    def jacobian_data(self, s: State) -> Array:
        """Values of the Jacobian at ``compiled.structure`` (rows divided by their scale)."""
        c, p = self.c, self.p
        entries, driver, root = self.flow_derivatives(s)
        index = s.ratio.take(c.n_leaves + self.demand_root)
        if c.term_row.size:
            others = _products_without(s.atoms.take(c.term_atom)) * p.coefficient[:, None]
        coefficient, amount = self._market_coefficient(s), s.flow
        if c.use_leaf.size > c.n_leaves:
            wedge = s.paid[c.wedge_leaf] - s.decision[c.wedge_leaf]
            unit = others[c.unit_term[:, 0], c.unit_term[:, 1]] if c.unit_term.size else np.empty(0)
            coefficient = np.concatenate([coefficient, self._tax_coefficient(s), wedge, unit])
            amount = np.where(c.use_is_unit, s.quantity[c.use_leaf], s.flow[c.use_leaf])
        values = np.zeros(c.position.size)  # block by block, in the order of ``compiled.blocks``
        part = c.blocks
        values[part[0]] = (coefficient * amount).take(c.triple_use) * entries.take(c.triple_entry)
        values[part[1]] = (c.leaf_sign * s.quantity).take(c.profit_leaf) * driver.take(c.profit_driver)
        slope = coefficient.take(c.flow_use) * s.quantity.take(c.flow_leaf)
        slope[c.flow_demand] *= (self.real_per_income / index).take(c.flow_demand_owner)
        values[part[2]] = slope
        if self.terms_active:
            mt = c.driver_terms
            values[part[3]] = -c.leaf_sign[mt] * s.flow[mt]
        if self.tax_active:
            tl, ta, tt = c.tax_leaf, c.driver_tax, c.tax_terms
            price_of_taxed = s.x[c.leaf_price_var[tl]]
            values[part[4]] = -s.flow[tl] * s.terms[tl] * s.tax
            values[part[5]] = -s.flow[tl[ta]] * price_of_taxed[ta] * s.terms[tl[ta]] * p.tax_rate[ta]
            values[part[6]] = -s.flow[tl[tt]] * price_of_taxed[tt] * s.tax[tt]
        if c.wedge_leaf.size:
            values[part[7]] = ((1.0 - p.alpha) * s.gross * s.quantity)[c.wedge_leaf]
        ea = c.endow_aux
        values[part[8]] = p.endowment[ea]
        values[part[9]] = 1.0
        values[part[10]] = -self._owned(s.x)
        values[part[11]] = -p.endowment[ea] * s.x[c.endow_price_var[ea]]
        values[part[12]] = -p.income_share
        if c.index_term.size:
            term, position, consumer = (c.index_term[c.index_leafs, j] for j in range(3))
            through = root[c.active_rank[c.driver_leaf[c.index_drivers]]] * driver[c.index_drivers]
            values[part[13]] = others[term, position] * index[consumer] * through
        for w, v in enumerate(c.variable_atoms):
            values[part[14 + w]] = others[v, w]
        data = np.bincount(c.position, weights=values, minlength=c.structure.size)
        data[c.numeraire_drop] = 0.0
        data[c.numeraire_entry] = 1.0
        return np.asarray(data / c.structure_scale)


def _branches(g: Level, p: Parameters, k: Calibration) -> Branches:
    sigma = p.sigma.take(g.node)
    power = 1.0 - sigma
    return Branches(
        g,
        k.coefficient.take(g.item),
        sigma,
        k.log_augment.take(g.node),
        power,
        sigma.take(g.place),
        power.take(g.place),
    )


def _products_without(atoms: Array) -> Array:
    """For each row and column the product of the row's other entries."""
    out = np.ones_like(atoms)
    for column in range(atoms.shape[1]):
        for other in range(atoms.shape[1]):
            if other != column:
                out[:, column] *= atoms[:, other]
    return out
