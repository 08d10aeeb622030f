"""The arithmetic of a compiled model, compiled: plain loops over nests, flows and equations.

Every kernel is written once, for real and for complex numbers (complex-step differentiation).  They live in one file
because Numba's memory on disk does not see a changed callee in another one.

Signs: an activity's row is cost minus revenue, a market's row supply minus demand, an income row income minus
its sources.  All rows are divided by their benchmark size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.equilibrium.engine.layout import Balances, Places, Responses, Trees
from tanshi.equilibrium.engine.state import Numbers, State, Values
from tanshi.equilibrium.engine.structure import COBB_DOUGLAS, GENERAL, LEONTIEF, Array
from tanshi.numerics.compiled import compiled, part

TINY, HUGE = 1e-4, 1e12  # a sum of powers beyond them is taken relative to its largest part


@compiled
def shares(trees: Trees, quantity: Numbers, reference: Numbers, augment: Numbers) -> tuple[Numbers, ...]:
    """Benchmark value of every node, share of every item in it, logarithms of reference prices and of augmentation."""
    leaves, nodes = quantity.size, augment.size
    value = np.zeros(leaves + nodes, quantity.dtype)
    share = np.zeros(leaves + nodes, quantity.dtype)
    log_reference = np.zeros(leaves, quantity.dtype)
    for leaf in range(leaves):
        value[leaf] = quantity[leaf] * reference[leaf]
    for node in range(nodes - 1, -1, -1):
        total = value[leaves + node]
        for k in range(trees.first[node], trees.first[node + 1]):
            total += value[trees.child[k]]
        value[leaves + node] = total
        for k in range(trees.first[node], trees.first[node + 1]):
            item = trees.child[k]
            if item < leaves and trees.branch[node] == LEONTIEF:
                share[item] = quantity[item] / total
            else:
                share[item] = value[item] / total
                if item < leaves:
                    log_reference[item] = np.log(reference[item])
    return value[leaves:], share, log_reference, np.log(augment)


@compiled
def _atoms(x: Numbers, price_index: Numbers, quantity: Numbers, flow: Numbers, real: Numbers) -> Numbers:
    """What auxiliary terms are made of: variables, price indices, unit quantities, flows, real demands, and 1."""
    return np.concatenate((x, price_index, quantity, flow, real, np.ones(1, x.dtype)))


@compiled
def _power(atom: Any, power: float) -> Any:
    """``atom ** power``; by multiplication where the power is whole, so that a negative atom stays real."""
    if power == 1.0:
        return atom
    whole = int(power)
    if whole != power or abs(power) > 16.0:
        return np.exp(power * np.log(atom))
    product = atom * 0.0 + 1.0
    for _ in range(abs(whole)):
        product *= atom
    return product if whole >= 0 else 1.0 / product


@part
def _paid(trees: Trees, values: Values, x: Numbers) -> tuple[Numbers, ...]:
    """What is paid by leaf, and what is chosen by: factors of the price, taxes, their sums, and both prices."""
    leaves = values.quantity.size
    terms, tax_sum = np.ones(leaves, x.dtype), np.zeros(leaves, x.dtype)
    gross, paid, decision = np.empty(leaves, x.dtype), np.empty(leaves, x.dtype), np.empty(leaves, x.dtype)
    tax = np.empty(values.tax_rate.size, x.dtype)
    for t in range(tax.size):
        tax[t] = values.tax_rate[t]
        if trees.tax_aux[t] >= 0:
            tax[t] *= x[trees.tax_aux[t]]
        tax_sum[trees.tax_leaf[t]] += tax[t]
    for i in range(leaves):
        price = x[trees.leaf_price[i]]
        if trees.leaf_terms[i] >= 0:
            terms[i] = x[trees.leaf_terms[i]]
        gross[i] = terms[i] * (1.0 + trees.leaf_sign[i] * tax_sum[i])
        paid[i] = price * gross[i]
        decision[i] = (values.alpha[i] * price + values.beta[i]) * gross[i]
    return terms, tax, tax_sum, gross, paid, decision


@part
def _price_indices(trees: Trees, values: Values, decision: Numbers) -> tuple[Numbers, ...]:
    """From the leaves to the roots: logarithms by item, what an item passes on, ratios, logarithms by nest."""
    leaves, nodes = values.quantity.size, values.sigma.size
    zero, one = decision.dtype.type(0.0), decision.dtype.type(1.0)
    log_item, passed = np.zeros(leaves + nodes, decision.dtype), np.zeros(leaves + nodes, decision.dtype)
    ratio = np.empty(leaves + nodes, decision.dtype)  # as Leontief nests see prices
    ratio[:leaves] = decision
    log_nest = np.empty(nodes, decision.dtype)  # before augmentation
    for node in range(nodes - 1, -1, -1):
        first, end = trees.first[node], trees.first[node + 1]
        total = zero
        if trees.branch[node] == LEONTIEF:
            for k in range(first, end):
                item = trees.child[k]
                total += values.share[item] * ratio[item]
            inverse = one / total
            for k in range(first, end):
                item = trees.child[k]
                passed[item] = values.share[item] * inverse
                if item >= leaves:
                    passed[item] *= ratio[item]
            value = np.log(total)
        else:
            power = 1.0 - values.sigma[node]
            for k in range(first, end):
                item = trees.child[k]
                if item < leaves:
                    log_item[item] = np.log(decision[item]) - values.log_reference[item]
                if trees.branch[node] == COBB_DOUGLAS:
                    passed[item] = values.share[item]
                    total += values.share[item] * log_item[item]
                else:
                    grown = np.expm1(power * log_item[item])
                    passed[item] = values.share[item] * (1.0 + grown)
                    total += values.share[item] * grown
            value = total
            if trees.branch[node] == GENERAL and TINY < 1.0 + total.real < HUGE:
                value = np.log1p(total) / power
                inverse = one / (one + total)
                for k in range(first, end):
                    passed[trees.child[k]] *= inverse
            elif trees.branch[node] == GENERAL:  # digits would be lost: relative to the item that counts most
                most = power * log_item[trees.child[first]]
                for k in range(first + 1, end):
                    if (power * log_item[trees.child[k]]).real > most.real:
                        most = power * log_item[trees.child[k]]
                total = zero
                for k in range(first, end):
                    item = trees.child[k]
                    passed[item] = values.share[item] * np.exp(power * log_item[item] - most)
                    total += passed[item]
                value = (most + np.log(total)) / power
                for k in range(first, end):
                    passed[trees.child[k]] /= total
        log_nest[node] = value
        log_item[leaves + node] = value - values.log_augment[node]
        if trees.priced[node]:
            ratio[leaves + node] = np.exp(log_item[leaves + node])
    return log_item, passed, ratio, log_nest


@part
def _quantities(trees: Trees, values: Values, log_item: Numbers, log_nest: Numbers) -> Numbers:
    """From the roots to the leaves: quantities by leaf, per unit of activity."""
    leaves, nodes = values.quantity.size, values.sigma.size
    quantity, log_quantity = np.empty(leaves, log_item.dtype), np.zeros(nodes, log_item.dtype)
    for node in range(nodes):
        above = log_quantity[node] - values.log_augment[node]
        fixed = trees.branch[node] == LEONTIEF
        rate = np.exp(above) if fixed else above
        for k in range(trees.first[node], trees.first[node + 1]):
            item = trees.child[k]
            moved = above
            if not fixed:
                moved += values.sigma[node] * (log_nest[node] - log_item[item])
            if item >= leaves:
                log_quantity[item - leaves] = moved
            else:
                quantity[item] = values.quantity[item] * (rate if fixed else np.exp(moved))
    return quantity


@part
def _flows(
    trees: Trees, balances: Balances, values: Values, x: Numbers, ratio: Numbers, quantity: Numbers
) -> tuple[Numbers, ...]:
    """Price indices and real demands by consumer, scales and flows by leaf."""
    leaves = values.quantity.size
    consumers = trees.root.size
    price_index, real = np.empty(consumers, x.dtype), np.empty(consumers, x.dtype)
    for h in range(consumers):
        price_index[h] = ratio[leaves + trees.root[h]]
        real[h] = x[balances.income + h] * values.real_per_income[h] / price_index[h]
    scale, flow = np.empty(leaves, x.dtype), np.empty(leaves, x.dtype)
    for i in range(leaves):
        h = trees.leaf_consumer[i]
        scale[i] = real[h] if h >= 0 else x[trees.leaf_scale[i]]
        flow[i] = quantity[i] * scale[i]
    return price_index, real, scale, flow


@part
def _residuals(
    trees: Trees,
    balances: Balances,
    values: Values,
    x: Numbers,
    terms: Numbers,
    tax: Numbers,
    paid: Numbers,
    price_index: Numbers,
    quantity: Numbers,
    real: Numbers,
    flow: Numbers,
) -> tuple[Numbers, Any]:
    """By equation, and the imbalance of the numeraire's market, which stands in for none."""
    leaves, consumers, zero = values.quantity.size, trees.root.size, x.dtype.type(0.0)
    f = np.zeros(x.size, x.dtype)
    for i in range(leaves):
        f[trees.leaf_price[i]] -= trees.leaf_sign[i] * terms[i] * flow[i]
        if trees.leaf_consumer[i] < 0:
            f[trees.leaf_scale[i]] += trees.leaf_sign[i] * quantity[i] * paid[i]
    for t in range(tax.size):
        i = trees.tax_leaf[t]
        f[balances.tax_receiver[t]] -= x[trees.leaf_price[i]] * terms[i] * tax[t] * flow[i]
    for e in range(values.endowment.size):
        owned = values.endowment[e] * (x[balances.endow_aux[e]] if balances.endow_aux[e] >= 0 else 1.0)
        f[balances.endow_price[e]] += owned
        f[balances.endow_owner[e]] -= owned * x[balances.endow_price[e]]
    for h in range(consumers):
        f[balances.income + h] += x[balances.income + h]
    for k in range(balances.payer.size):
        f[balances.receiver[k]] -= values.income_share[k] * x[balances.payer[k]]
    atoms = _atoms(x, price_index, quantity, flow, real)
    for k in range(balances.term_row.size):
        product = values.coefficient[k] + zero
        for w in range(balances.term_atom.shape[1]):
            product *= _power(atoms[balances.term_atom[k, w]], balances.term_power[k, w])
        f[balances.term_row[k]] += product
    imbalance = f[balances.numeraire_row] / balances.numeraire_size
    f[balances.numeraire_row] = x[balances.numeraire_row] - balances.numeraire_price
    for row in range(x.size):
        f[row] /= balances.scale[row]
    return f, imbalance


@compiled
def evaluate(trees: Trees, balances: Balances, values: Values, x: Numbers) -> State:
    """Prices, nests, flows and residuals at ``x``, shape ``(n,)``."""
    terms, tax, tax_sum, gross, paid, decision = _paid(trees, values, x)
    log_item, passed, ratio, log_nest = _price_indices(trees, values, decision)
    quantity = _quantities(trees, values, log_item, log_nest)
    price_index, real, scale, flow = _flows(trees, balances, values, x, ratio, quantity)
    f, imbalance = _residuals(trees, balances, values, x, terms, tax, paid, price_index, quantity, real, flow)
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
def _slopes(trees: Trees, responses: Responses, values: Values, state: State) -> tuple[Array, Array, Array]:
    """What the decision price of a leaf moves, and what moves it.

    Returns
    -------
    moved : derivative with respect to each active leaf's price of the log quantity of leaves that branch off its path
        at each depth, and of its own, flattened from ``(active, depths + 1)``.
    driver : derivative of each driver's leaf decision price.
    root : derivative of the tree's log price index with respect to each active leaf's price.
    """
    leaves, active, depths = values.quantity.size, responses.active_leaf.size, responses.active_path.shape[1]
    moved = np.zeros((active, depths + 1))
    root = np.empty(active)
    slope = np.empty(depths + 1)  # of the log price at each depth above the leaf, and of its own
    for a in range(active):
        leaf, depth = responses.active_leaf[a], responses.active_depth[a]
        slope[depth], slope[depth - 1] = 0.0, state.passed[leaf]
        if trees.branch[responses.active_path[a, depth - 1]] != LEONTIEF:
            slope[depth] = 1.0 / state.decision[leaf]
            slope[depth - 1] *= slope[depth]
        for k in range(depth - 2, -1, -1):
            slope[k] = slope[k + 1] * state.passed[leaves + responses.active_path[a, k + 1]]
        root[a] = slope[0]
        spent = slope[0] if trees.leaf_consumer[leaf] >= 0 else 0.0  # what is spent is given: dearer is smaller
        below = 0.0
        for k in range(depth):
            sigma = values.sigma[responses.active_path[a, k]]
            moved[a, k] = below + sigma * slope[k] - spent
            below += sigma * (slope[k] - slope[k + 1])
        moved[a, depth] = below - spent
    driver = np.empty(responses.driver_leaf.size)
    for i in range(leaves):
        driver[i] = values.alpha[i] * state.gross[i]
    for k in range(responses.driver_terms.size):
        i = responses.driver_terms[k]
        base = values.alpha[i] * state.x[trees.leaf_price[i]] + values.beta[i]
        driver[leaves + k] = base * (1.0 + trees.leaf_sign[i] * state.tax_sum[i])
    for k in range(responses.driver_tax.size):
        t = responses.driver_tax[k]
        i = trees.tax_leaf[t]
        base = values.alpha[i] * state.x[trees.leaf_price[i]] + values.beta[i]
        driver[leaves + responses.driver_terms.size + k] = (
            base * state.terms[i] * trees.leaf_sign[i] * values.tax_rate[t]
        )
    return moved.ravel(), driver, root


@compiled
def flow_change(trees: Trees, responses: Responses, values: Values, state: State, dx: Array) -> Array:
    """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``."""
    moved, driver, _ = _slopes(trees, responses, values, state)
    driven = driver * dx[responses.driver_var]
    change = np.zeros(state.flow.size)
    for e in range(responses.entry_leaf.size):
        change[responses.entry_leaf[e]] += moved[responses.entry_place[e]] * driven[responses.entry_driver[e]]
    for i in range(change.size):
        at = state.x[trees.leaf_scale[i]]
        change[i] = state.flow[i] * (change[i] + dx[trees.leaf_scale[i]] / (at if at != 0.0 else 1.0))
    return change


@compiled
def _without(balances: Balances, values: Values, state: State) -> Array:
    """Derivative of every auxiliary term in each of its factors, shape ``(terms, width)``."""
    terms, width = balances.term_atom.shape
    products = np.empty((terms, width))
    atoms = _atoms(state.x, state.price_index, state.quantity, state.flow, state.real)
    for k in range(terms):
        for w in range(width):
            power = balances.term_power[k, w]
            products[k, w] = values.coefficient[k]
            if power != 1.0:
                products[k, w] *= power * _power(atoms[balances.term_atom[k, w]], power - 1.0)
            for other in range(width):
                if other != w:
                    products[k, w] *= _power(atoms[balances.term_atom[k, other]], balances.term_power[k, other])
    return products


@compiled
def jacobian(
    trees: Trees, balances: Balances, responses: Responses, places: Places, values: Values, state: State
) -> Array:
    """Derivatives of the residuals, at the non-zeros of the compiled model's structure."""
    leaves, taxes, wedges = values.quantity.size, values.tax_rate.size, places.wedge_leaf.size
    x, quantity, flow = state.x, state.quantity, state.flow
    moved, driver, root = _slopes(trees, responses, values, state)
    entries = np.empty(responses.entry_place.size)
    for e in range(entries.size):
        entries[e] = moved[responses.entry_place[e]] * driver[responses.entry_driver[e]]
    without = _without(balances, values, state)
    # what an equation gains per unit of a leaf's flow or quantity, and what it gains in all
    coefficient, weight = np.empty(places.use_leaf.size), np.empty(places.use_leaf.size)
    for u in range(coefficient.size):
        i = places.use_leaf[u]
        amount = flow[i]
        if u < leaves:
            coefficient[u] = -trees.leaf_sign[i] * state.terms[i]
        elif u < leaves + taxes:
            coefficient[u] = -x[trees.leaf_price[i]] * state.terms[i] * state.tax[u - leaves]
        else:
            k = u - leaves - taxes - wedges
            if k < 0:
                amount = quantity[i]
                coefficient[u] = state.paid[i] - state.decision[i]
            else:
                amount = quantity[i] if k < places.units else flow[i]
                coefficient[u] = without[places.unit_term[k, 0], places.unit_term[k, 1]]
        weight[u] = coefficient[u] * amount
    data = np.empty(places.sum_first.size - 1)
    for place in range(data.size):
        total = 0.0
        for k in range(places.sum_first[place], places.sum_first[place + 1]):
            total += weight[places.sum_use[k]] * entries[places.sum_entry[k]]
        data[place] = total
    for k in range(places.profit_driver.size):
        d = places.profit_driver[k]
        i = responses.driver_leaf[d]
        data[places.at_profit[k]] += trees.leaf_sign[i] * quantity[i] * driver[d]
    for k in range(places.flow_use.size):
        u = places.flow_use[k]
        i = places.use_leaf[u]
        h = trees.leaf_consumer[i]
        per = values.real_per_income[h] / state.price_index[h] if h >= 0 else 1.0
        data[places.at_flow[k]] += coefficient[u] * quantity[i] * per
    for k in range(responses.driver_terms.size):
        i = responses.driver_terms[k]
        data[places.at_terms[k]] -= trees.leaf_sign[i] * flow[i]
    for t in range(taxes):
        i = trees.tax_leaf[t]
        data[places.at_tax_price[t]] -= flow[i] * state.terms[i] * state.tax[t]
    for k in range(responses.driver_tax.size):
        t = responses.driver_tax[k]
        i = trees.tax_leaf[t]
        data[places.at_tax_aux[k]] -= flow[i] * x[trees.leaf_price[i]] * state.terms[i] * values.tax_rate[t]
    for k in range(places.tax_terms.size):
        t = places.tax_terms[k]
        i = trees.tax_leaf[t]
        data[places.at_tax_terms[k]] -= flow[i] * x[trees.leaf_price[i]] * state.tax[t]
    for k in range(wedges):
        i = places.wedge_leaf[k]
        data[places.at_wedge[k]] += (1.0 - values.alpha[i]) * state.gross[i] * quantity[i]
    for e in range(values.endowment.size):
        owned = values.endowment[e] * (x[balances.endow_aux[e]] if balances.endow_aux[e] >= 0 else 1.0)
        data[places.at_endowment[e]] -= owned
    for k in range(places.rationed.size):
        e = places.rationed[k]
        data[places.at_rationed[k]] += values.endowment[e]
        data[places.at_rationed_income[k]] -= values.endowment[e] * x[balances.endow_price[e]]
    for h in range(places.at_income.size):
        data[places.at_income[h]] += 1.0
    for k in range(balances.payer.size):
        data[places.at_share[k]] -= values.income_share[k]
    for k in range(places.index_driver.size):
        term, position, h = places.index_term[k, 0], places.index_term[k, 1], places.index_term[k, 2]
        through = root[places.index_rank[k]] * driver[places.index_driver[k]]
        amount = state.price_index[h] if k < places.indices else -state.real[h]
        data[places.at_index[k]] += without[term, position] * amount * through
    for k in range(places.real_term.shape[0]):
        h = places.real_term[k, 2]
        per = values.real_per_income[h] / state.price_index[h]
        data[places.at_real[k]] += without[places.real_term[k, 0], places.real_term[k, 1]] * per
    for k in range(places.at_atom.shape[0]):
        for w in range(places.at_atom.shape[1]):
            if places.at_atom[k, w] >= 0:
                data[places.at_atom[k, w]] += without[k, w]
    for k in range(places.numeraire_entries.size):
        data[places.numeraire_entries[k]] = 0.0
    data[places.numeraire_entry] = 1.0
    for place in range(data.size):
        data[place] /= places.entry_scale[place]
    return data
