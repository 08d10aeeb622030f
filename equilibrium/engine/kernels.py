"""The arithmetic of a compiled model, compiled: plain loops over nests, flows and equations.

Every kernel is written once, for real and for complex numbers (complex-step differentiation).  They live in one file
because Numba's memory on disk does not see a changed callee in another one.

Signs: an activity's row is cost minus revenue, a market's row supply minus demand, an income row income minus
its sources.  All rows are divided by their benchmark size.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from equilibrium.engine.compiled import compiled
from equilibrium.engine.layout import COBB_DOUGLAS, GENERAL, LEONTIEF, Layout

Numbers = NDArray[Any]
Array = NDArray[np.float64]


class Values(NamedTuple):
    """Parameters as the kernels use them, with the shares that follow from them."""

    quantity: Numbers
    alpha: Numbers
    beta: Numbers
    sigma: Numbers
    tax_rate: Numbers
    endowment: Numbers
    income_share: Numbers
    coefficient: Numbers
    share: Numbers  # items: benchmark share, or quantity per unit of the parent's value in Leontief nests
    log_reference: Numbers  # leaves
    log_augment: Numbers  # nodes
    kept: Numbers  # consumers: share of income left to spend
    real_per_income: Numbers  # consumers


class State(NamedTuple):
    """Prices and quantities of all branches at one point.

    Attributes
    ----------
    x : variables.
    decision, paid : price that choices follow, and price that is paid, by leaf.
    terms, tax_sum, gross : terms of trade, sum of tax rates, and terms x (1 + tax), by leaf.
    tax : current rates, by tax.
    log_item : logarithm of the price by item, relative to the benchmark; zero for leaves of Leontief nests.
    passed : share of each item in its parent's value; for leaves of Leontief nests, whose price may be zero, per unit
        of the price.
    price_index : price index of each consumer's demand.
    quantity : by leaf, per unit of activity (demand: per unit of real demand).
    scale : activity level, or real demand of the consumer, by leaf.
    real : real demand by consumer, 1 in the benchmark.
    flow : quantity x scale, by leaf.
    residual : by equation.
    imbalance : of the numeraire's market, relative.
    """

    x: Numbers
    decision: Numbers
    paid: Numbers
    terms: Numbers
    tax: Numbers
    tax_sum: Numbers
    gross: Numbers
    log_item: Numbers
    passed: Numbers
    price_index: Numbers
    quantity: Numbers
    scale: Numbers
    real: Numbers
    flow: Numbers
    residual: Numbers
    imbalance: Any


@compiled
def shares(layout: Layout, quantity: Numbers, reference: Numbers, augment: Numbers) -> tuple[Numbers, ...]:
    """Benchmark value of every node, share of every item in it, logarithms of reference prices and of augmentation."""
    leaves, nodes = quantity.size, augment.size
    value = np.zeros(leaves + nodes, quantity.dtype)
    share = np.zeros(leaves + nodes, quantity.dtype)
    log_reference = np.zeros(leaves, quantity.dtype)
    for leaf in range(leaves):
        value[leaf] = quantity[leaf] * reference[leaf]
    for node in range(nodes - 1, -1, -1):
        total = value[leaves + node]
        for k in range(layout.first[node], layout.first[node + 1]):
            total += value[layout.child[k]]
        value[leaves + node] = total
        for k in range(layout.first[node], layout.first[node + 1]):
            item = layout.child[k]
            if item < leaves and layout.branch[node] == LEONTIEF:
                share[item] = quantity[item] / total
            else:
                share[item] = value[item] / total
                if item < leaves:
                    log_reference[item] = np.log(reference[item])
    return value[leaves:], share, log_reference, np.log(augment)


@compiled
def _atoms(x: Numbers, price_index: Numbers, quantity: Numbers) -> Numbers:
    """What auxiliary terms are made of: variables, consumers' price indices, leaves' quantities, and 1."""
    return np.concatenate((x, price_index, quantity, np.ones(1, x.dtype)))


@compiled
def evaluate(layout: Layout, values: Values, x: Numbers) -> State:
    """Prices, nests, flows and residuals at ``x``, shape ``(n,)``."""
    leaves, nodes = values.quantity.size, values.sigma.size
    zero, one = x.dtype.type(0.0), x.dtype.type(1.0)
    # what is paid, and what is chosen by
    terms, tax_sum = np.ones(leaves, x.dtype), np.zeros(leaves, x.dtype)
    gross, paid, decision = np.empty(leaves, x.dtype), np.empty(leaves, x.dtype), np.empty(leaves, x.dtype)
    tax = np.empty(values.tax_rate.size, x.dtype)
    for t in range(tax.size):
        tax[t] = values.tax_rate[t]
        if layout.tax_aux[t] >= 0:
            tax[t] *= x[layout.tax_aux[t]]
        tax_sum[layout.tax_leaf[t]] += tax[t]
    for i in range(leaves):
        price = x[layout.leaf_price[i]]
        if layout.leaf_terms[i] >= 0:
            terms[i] = x[layout.leaf_terms[i]]
        gross[i] = terms[i] * (1.0 + layout.leaf_sign[i] * tax_sum[i])
        paid[i] = price * gross[i]
        decision[i] = (values.alpha[i] * price + values.beta[i]) * gross[i]
    # price indices, from the leaves to the roots
    log_item, passed = np.zeros(leaves + nodes, x.dtype), np.empty(leaves + nodes, x.dtype)
    ratio = np.empty(leaves + nodes, x.dtype)  # as Leontief nests see prices
    ratio[:leaves] = decision
    log_nest = np.empty(nodes, x.dtype)  # before augmentation
    for node in range(nodes - 1, -1, -1):
        first, end = layout.first[node], layout.first[node + 1]
        total = zero
        if layout.branch[node] == LEONTIEF:
            for k in range(first, end):
                item = layout.child[k]
                total += values.share[item] * ratio[item]
            inverse = one / total
            for k in range(first, end):
                item = layout.child[k]
                passed[item] = values.share[item] * inverse
                if item >= leaves:
                    passed[item] *= ratio[item]
            value = np.log(total)
        else:
            power = 1.0 - values.sigma[node]
            for k in range(first, end):
                item = layout.child[k]
                if item < leaves:
                    log_item[item] = np.log(decision[item]) - values.log_reference[item]
                if layout.branch[node] == COBB_DOUGLAS:
                    passed[item] = values.share[item]
                    total += values.share[item] * log_item[item]
                else:
                    grown = np.expm1(power * log_item[item])
                    passed[item] = values.share[item] * (1.0 + grown)
                    total += values.share[item] * grown
            value = total
            if layout.branch[node] == GENERAL:
                value = np.log1p(total) / power
                inverse = one / (one + total)
                for k in range(first, end):
                    passed[layout.child[k]] *= inverse
        log_nest[node] = value
        log_item[leaves + node] = value - values.log_augment[node]
        if layout.priced[node]:
            ratio[leaves + node] = np.exp(log_item[leaves + node])
    # quantities, from the roots to the leaves
    quantity, log_quantity = np.empty(leaves, x.dtype), np.zeros(nodes, x.dtype)
    for node in range(nodes):
        above = log_quantity[node] - values.log_augment[node]
        fixed = layout.branch[node] == LEONTIEF
        rate = np.exp(above) if fixed else above
        for k in range(layout.first[node], layout.first[node + 1]):
            item = layout.child[k]
            moved = above
            if not fixed:
                moved += values.sigma[node] * (log_nest[node] - log_item[item])
            if item >= leaves:
                log_quantity[item - leaves] = moved
            else:
                quantity[item] = values.quantity[item] * (rate if fixed else np.exp(moved))
    # flows
    consumers = layout.root.size
    price_index, real = np.empty(consumers, x.dtype), np.empty(consumers, x.dtype)
    for h in range(consumers):
        price_index[h] = ratio[leaves + layout.root[h]]
        real[h] = x[layout.income + h] * values.real_per_income[h] / price_index[h]
    scale, flow = np.empty(leaves, x.dtype), np.empty(leaves, x.dtype)
    for i in range(leaves):
        h = layout.leaf_consumer[i]
        scale[i] = real[h] if h >= 0 else x[layout.leaf_scale[i]]
        flow[i] = quantity[i] * scale[i]
    # equations
    f = np.zeros(x.size, x.dtype)
    for i in range(leaves):
        f[layout.leaf_price[i]] -= layout.leaf_sign[i] * terms[i] * flow[i]
        if layout.leaf_consumer[i] < 0:
            f[layout.leaf_scale[i]] += layout.leaf_sign[i] * quantity[i] * paid[i]
    for t in range(tax.size):
        i = layout.tax_leaf[t]
        f[layout.tax_receiver[t]] -= x[layout.leaf_price[i]] * terms[i] * tax[t] * flow[i]
    for e in range(values.endowment.size):
        owned = values.endowment[e] * (x[layout.endow_aux[e]] if layout.endow_aux[e] >= 0 else 1.0)
        f[layout.endow_price[e]] += owned
        f[layout.endow_owner[e]] -= owned * x[layout.endow_price[e]]
    for h in range(consumers):
        f[layout.income + h] += x[layout.income + h]
    for k in range(layout.payer.size):
        f[layout.receiver[k]] -= values.income_share[k] * x[layout.payer[k]]
    atoms = _atoms(x, price_index, quantity)
    for k in range(layout.term_row.size):
        product = values.coefficient[k] + zero
        for w in range(layout.term_atom.shape[1]):
            product *= atoms[layout.term_atom[k, w]]
        f[layout.term_row[k]] += product
    imbalance = f[layout.numeraire_row] / layout.numeraire_size
    f[layout.numeraire_row] = x[layout.numeraire_row] - layout.numeraire_price
    for row in range(x.size):
        f[row] /= layout.scale[row]
    return State(
        x,
        decision,
        paid,
        terms,
        tax,
        tax_sum,
        gross,
        log_item,
        passed,
        price_index,
        quantity,
        scale,
        real,
        flow,
        f,
        imbalance,
    )


@compiled
def _slopes(layout: Layout, values: Values, state: State) -> tuple[Array, Array, Array]:
    """What the decision price of a leaf moves, and what moves it.

    Returns
    -------
    moved : derivative with respect to each active leaf's price of the log quantity of leaves that branch off its path
        at each depth, and of its own, flattened from ``(active, depths + 1)``.
    driver : derivative of each driver's leaf decision price.
    root : derivative of the tree's log price index with respect to each active leaf's price.
    """
    leaves, active, depths = values.quantity.size, layout.active_leaf.size, layout.active_path.shape[1]
    moved = np.zeros((active, depths + 1))
    root = np.empty(active)
    slope = np.empty(depths + 1)  # of the log price at each depth above the leaf, and of its own
    for a in range(active):
        leaf, depth = layout.active_leaf[a], layout.active_depth[a]
        slope[depth], slope[depth - 1] = 0.0, state.passed[leaf]
        if layout.branch[layout.active_path[a, depth - 1]] != LEONTIEF:
            slope[depth] = 1.0 / state.decision[leaf]
            slope[depth - 1] *= slope[depth]
        for k in range(depth - 2, -1, -1):
            slope[k] = slope[k + 1] * state.passed[leaves + layout.active_path[a, k + 1]]
        root[a] = slope[0]
        spent = slope[0] if layout.leaf_consumer[leaf] >= 0 else 0.0  # what is spent is given: dearer is smaller
        below = 0.0
        for k in range(depth):
            sigma = values.sigma[layout.active_path[a, k]]
            moved[a, k] = below + sigma * slope[k] - spent
            below += sigma * (slope[k] - slope[k + 1])
        moved[a, depth] = below - spent
    driver = np.empty(layout.driver_leaf.size)
    for i in range(leaves):
        driver[i] = values.alpha[i] * state.gross[i]
    for k in range(layout.driver_terms.size):
        i = layout.driver_terms[k]
        base = values.alpha[i] * state.x[layout.leaf_price[i]] + values.beta[i]
        driver[leaves + k] = base * (1.0 + layout.leaf_sign[i] * state.tax_sum[i])
    for k in range(layout.driver_tax.size):
        t = layout.driver_tax[k]
        i = layout.tax_leaf[t]
        base = values.alpha[i] * state.x[layout.leaf_price[i]] + values.beta[i]
        driver[leaves + layout.driver_terms.size + k] = base * state.terms[i] * layout.leaf_sign[i] * values.tax_rate[t]
    return moved.ravel(), driver, root


@compiled
def flow_change(layout: Layout, values: Values, state: State, dx: Array) -> Array:
    """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``."""
    moved, driver, _ = _slopes(layout, values, state)
    driven = driver * dx[layout.driver_var]
    change = np.zeros(state.flow.size)
    for e in range(layout.entry_leaf.size):
        change[layout.entry_leaf[e]] += moved[layout.entry_place[e]] * driven[layout.entry_driver[e]]
    for i in range(change.size):
        at = state.x[layout.leaf_scale[i]]
        change[i] = state.flow[i] * (change[i] + dx[layout.leaf_scale[i]] / (at if at != 0.0 else 1.0))
    return change


@compiled
def _without(layout: Layout, values: Values, state: State) -> Array:
    """Every auxiliary term without each of its factors, shape ``(terms, width)``."""
    terms, width = layout.term_atom.shape
    products = np.empty((terms, width))
    atoms = _atoms(state.x, state.price_index, state.quantity)
    for k in range(terms):
        for w in range(width):
            products[k, w] = values.coefficient[k]
            for other in range(width):
                if other != w:
                    products[k, w] *= atoms[layout.term_atom[k, other]]
    return products


@compiled
def jacobian(layout: Layout, values: Values, state: State) -> Array:
    """Derivatives of the residuals, at the non-zeros of the compiled model's structure."""
    leaves, taxes, wedges = values.quantity.size, values.tax_rate.size, layout.wedge_leaf.size
    x, quantity, flow = state.x, state.quantity, state.flow
    moved, driver, root = _slopes(layout, values, state)
    entries = np.empty(layout.entry_place.size)
    for e in range(entries.size):
        entries[e] = moved[layout.entry_place[e]] * driver[layout.entry_driver[e]]
    without = _without(layout, values, state)
    # what an equation gains per unit of a leaf's flow or quantity, and what it gains in all
    coefficient, weight = np.empty(layout.use_leaf.size), np.empty(layout.use_leaf.size)
    for u in range(coefficient.size):
        i = layout.use_leaf[u]
        amount = flow[i]
        if u < leaves:
            coefficient[u] = -layout.leaf_sign[i] * state.terms[i]
        elif u < leaves + taxes:
            coefficient[u] = -x[layout.leaf_price[i]] * state.terms[i] * state.tax[u - leaves]
        else:
            amount = quantity[i]
            if u < leaves + taxes + wedges:
                coefficient[u] = state.paid[i] - state.decision[i]
            else:
                k = u - leaves - taxes - wedges
                coefficient[u] = without[layout.unit_term[k, 0], layout.unit_term[k, 1]]
        weight[u] = coefficient[u] * amount
    data = np.empty(layout.sum_first.size - 1)
    for place in range(data.size):
        total = 0.0
        for k in range(layout.sum_first[place], layout.sum_first[place + 1]):
            total += weight[layout.sum_use[k]] * entries[layout.sum_entry[k]]
        data[place] = total
    for k in range(layout.profit_driver.size):
        d = layout.profit_driver[k]
        i = layout.driver_leaf[d]
        data[layout.at_profit[k]] += layout.leaf_sign[i] * quantity[i] * driver[d]
    for k in range(layout.flow_use.size):
        u = layout.flow_use[k]
        i = layout.use_leaf[u]
        h = layout.leaf_consumer[i]
        per = values.real_per_income[h] / state.price_index[h] if h >= 0 else 1.0
        data[layout.at_flow[k]] += coefficient[u] * quantity[i] * per
    for k in range(layout.driver_terms.size):
        i = layout.driver_terms[k]
        data[layout.at_terms[k]] -= layout.leaf_sign[i] * flow[i]
    for t in range(taxes):
        i = layout.tax_leaf[t]
        data[layout.at_tax_price[t]] -= flow[i] * state.terms[i] * state.tax[t]
    for k in range(layout.driver_tax.size):
        t = layout.driver_tax[k]
        i = layout.tax_leaf[t]
        data[layout.at_tax_aux[k]] -= flow[i] * x[layout.leaf_price[i]] * state.terms[i] * values.tax_rate[t]
    for k in range(layout.tax_terms.size):
        t = layout.tax_terms[k]
        i = layout.tax_leaf[t]
        data[layout.at_tax_terms[k]] -= flow[i] * x[layout.leaf_price[i]] * state.tax[t]
    for k in range(wedges):
        i = layout.wedge_leaf[k]
        data[layout.at_wedge[k]] += (1.0 - values.alpha[i]) * state.gross[i] * quantity[i]
    for e in range(values.endowment.size):
        owned = values.endowment[e] * (x[layout.endow_aux[e]] if layout.endow_aux[e] >= 0 else 1.0)
        data[layout.at_endowment[e]] -= owned
    for k in range(layout.rationed.size):
        e = layout.rationed[k]
        data[layout.at_rationed[k]] += values.endowment[e]
        data[layout.at_rationed_income[k]] -= values.endowment[e] * x[layout.endow_price[e]]
    for h in range(layout.at_income.size):
        data[layout.at_income[h]] += 1.0
    for k in range(layout.payer.size):
        data[layout.at_share[k]] -= values.income_share[k]
    for k in range(layout.index_driver.size):
        term, position, h = layout.index_term[k, 0], layout.index_term[k, 1], layout.index_term[k, 2]
        through = root[layout.index_rank[k]] * driver[layout.index_driver[k]]
        data[layout.at_index[k]] += without[term, position] * state.price_index[h] * through
    for k in range(layout.at_atom.shape[0]):
        for w in range(layout.at_atom.shape[1]):
            if layout.at_atom[k, w] >= 0:
                data[layout.at_atom[k, w]] += without[k, w]
    for k in range(layout.numeraire_entries.size):
        data[layout.numeraire_entries[k]] = 0.0
    data[layout.numeraire_entry] = 1.0
    for place in range(data.size):
        data[place] /= layout.entry_scale[place]
    return data
