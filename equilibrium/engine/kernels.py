"""The arithmetic of a compiled model, compiled: plain loops over nests, flows and equations.

Every kernel is written once, for real and for complex numbers (complex-step differentiation).  Derivatives stand in
``derivatives``.

Signs: an activity's row is cost minus revenue, a market's row supply minus demand, an income row income minus
its sources.  All rows are divided by their benchmark size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.equilibrium.engine.layout import Balances, Trees
from tanshi.equilibrium.engine.state import Numbers, State, Values
from tanshi.equilibrium.engine.structure import COBB_DOUGLAS, GENERAL, LEONTIEF
from tanshi.numerics.compiled import compiled, part

TINY, HUGE = 1e-4, 1e12  # a sum of powers beyond them is taken relative to its largest part


@compiled
def shares(trees: Trees, quantity: Numbers, reference: Numbers, augment: Numbers) -> tuple[Numbers, ...]:
    """Benchmark value of every node, share of every item in it, logarithms of reference prices and of augmentation."""
    leaves, nodes = quantity.size, augment.size
    value = np.zeros(leaves + nodes, quantity.dtype)
    share = np.zeros(leaves + nodes, quantity.dtype)
    log_reference, log_augment = np.zeros(leaves, quantity.dtype), np.empty(nodes, quantity.dtype)
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
        log_augment[node] = np.log(augment[node])
    return value[leaves:], share, log_reference, log_augment


@compiled
def atoms_of(x: Numbers, price_index: Numbers, quantity: Numbers, flow: Numbers, real: Numbers) -> Numbers:
    """What auxiliary terms are made of: variables, price indices, unit quantities, flows, real demands, and 1."""
    atoms = np.empty(x.size + 2 * (quantity.size + real.size) + 1, x.dtype)
    at = 0
    for part_of_all in (x, price_index, quantity, flow, real):
        for k in range(part_of_all.size):
            atoms[at + k] = part_of_all[k]
        at += part_of_all.size
    atoms[at] = 1.0
    return atoms


@compiled
def power_of(atom: Any, power: float) -> Any:
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
    terms, tax_sum = np.empty(leaves, x.dtype), np.zeros(leaves, x.dtype)
    gross, paid, decision = np.empty(leaves, x.dtype), np.empty(leaves, x.dtype), np.empty(leaves, x.dtype)
    tax = np.empty(values.tax_rate.size, x.dtype)
    for t in range(tax.size):
        tax[t] = values.tax_rate[t]
        if trees.tax_aux[t] >= 0:
            tax[t] *= x[trees.tax_aux[t]]
        tax_sum[trees.tax_leaf[t]] += tax[t]
    for i in range(leaves):
        price = x[trees.leaf_price[i]]
        terms[i] = x[trees.leaf_terms[i]] if trees.leaf_terms[i] >= 0 else 1.0
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
    for i in range(leaves):
        ratio[i] = decision[i]
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
    atoms = atoms_of(x, price_index, quantity, flow, real)
    for k in range(balances.term_row.size):
        product = values.coefficient[k] + zero
        for w in range(balances.term_atom.shape[1]):
            product *= power_of(atoms[balances.term_atom[k, w]], balances.term_power[k, w])
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
