"""The arithmetic of a compiled model, compiled: plain loops over nests, flows and equations.

Every kernel is written once, for real and for complex numbers (complex-step differentiation).  Derivatives stand in
``derivatives``.

Signs: an activity's row is cost minus revenue, a market's row supply minus demand, an income row income minus
its sources.  All rows are divided by their benchmark size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.equilibrium.engine.complementarity import size_of, smooth
from tanshi.equilibrium.engine.layout import Balances, Pairs, Trees
from tanshi.equilibrium.engine.packed import BALANCES, PAIRS, STATE, TREES, VALUES, Packed
from tanshi.equilibrium.engine.state import Numbers, State, Values
from tanshi.equilibrium.engine.structure import COBB_DOUGLAS, GENERAL, LEONTIEF
from tanshi.numerics.compiled import compiled, part
from tanshi.numerics.views import unpacked

TINY, HUGE = 1e-4, 1e12  # a sum of powers beyond them is taken relative to its largest part


@compiled
def shares(at: Packed, reference: Numbers, augment: Numbers, found: Numbers) -> None:
    """What follows from parameters alone, next to them in ``found``: shares, logarithms, what is kept of incomes.

    Benchmark value of every node, share of every item in it, logarithms of reference prices and of augmentation;
    elasticities in outputs turn their sign.
    """
    trees = unpacked(Trees, at.wholes, at.table, TREES)
    balances = unpacked(Balances, at.wholes, at.table, BALANCES)
    values = unpacked(Values, (found,), at.table, VALUES)
    quantity, share, log_reference = values.quantity, values.share, values.log_reference
    leaves, nodes = quantity.size, augment.size
    value = np.zeros(leaves + nodes, quantity.dtype)
    for leaf in range(leaves):
        value[leaf] = quantity[leaf] * reference[leaf]
        log_reference[leaf] = 0.0
        share[leaf] = 0.0
    for node in range(nodes - 1, -1, -1):
        total = value[leaves + node]
        for k in range(trees.first[node], trees.first[node + 1]):
            total += value[trees.child[k]]
        value[leaves + node] = total
        share[leaves + node] = 0.0
        for k in range(trees.first[node], trees.first[node + 1]):
            item = trees.child[k]
            if item < leaves and trees.branch[node] == LEONTIEF:
                share[item] = quantity[item] / total
            else:
                share[item] = value[item] / total
                if item < leaves:
                    log_reference[item] = np.log(reference[item])
        values.log_augment[node] = np.log(augment[node])
        values.sigma[node] *= trees.node_sign[node]
    for h in range(trees.root.size):
        values.kept[h] = 1.0
    for k in range(balances.payer.size):
        values.kept[balances.payer[k] - balances.income] -= values.income_share[k]
    for h in range(trees.root.size):
        values.real_per_income[h] = values.kept[h] / value[leaves + trees.root[h]]


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
def _pay(trees: Trees, values: Values, s: State) -> None:
    """What is paid by leaf, and what is chosen by: factors of the price, taxes, their sums, and both prices."""
    for i in range(s.tax_sum.size):
        s.tax_sum[i] = 0.0
    for t in range(s.tax.size):
        s.tax[t] = values.tax_rate[t]
        if trees.tax_aux[t] >= 0:
            s.tax[t] *= s.x[trees.tax_aux[t]]
        s.tax_sum[trees.tax_leaf[t]] += s.tax[t]
    for i in range(s.terms.size):
        price = s.x[trees.leaf_price[i]]
        s.terms[i] = s.x[trees.leaf_terms[i]] if trees.leaf_terms[i] >= 0 else 1.0
        s.gross[i] = s.terms[i] * (1.0 + trees.leaf_sign[i] * s.tax_sum[i])
        s.paid[i] = price * s.gross[i]
        s.decision[i] = (values.alpha[i] * price + values.beta[i]) * s.gross[i]


@part
def _price(trees: Trees, values: Values, s: State, ratio: Numbers, log_nest: Numbers) -> None:
    """From the leaves to the roots: logarithms by item, what an item passes on, ratios, logarithms by nest."""
    leaves, decision, log_item, passed = s.decision.size, s.decision, s.log_item, s.passed
    zero, one = decision.dtype.type(0.0), decision.dtype.type(1.0)
    for item in range(log_item.size):
        log_item[item] = 0.0
        passed[item] = 0.0
    for node in range(log_nest.size - 1, -1, -1):
        first, end = trees.first[node], trees.first[node + 1]
        total = zero
        if trees.branch[node] == LEONTIEF:
            for k in range(first, end):
                item = trees.child[k]
                total += values.share[item] * (decision[item] if item < leaves else ratio[item - leaves])
            inverse = one / total
            for k in range(first, end):
                item = trees.child[k]
                passed[item] = values.share[item] * inverse
                if item >= leaves:
                    passed[item] *= ratio[item - leaves]
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
            ratio[node] = np.exp(log_item[leaves + node])


@part
def _choose(trees: Trees, values: Values, s: State, log_nest: Numbers) -> None:
    """From the roots to the leaves: quantities by leaf, per unit of activity."""
    leaves = s.quantity.size
    log_quantity = np.zeros(log_nest.size, log_nest.dtype)
    for node in range(log_nest.size):
        above = log_quantity[node] - values.log_augment[node]
        fixed = trees.branch[node] == LEONTIEF
        rate = np.exp(above) if fixed else above
        for k in range(trees.first[node], trees.first[node + 1]):
            item = trees.child[k]
            moved = above
            if not fixed:
                moved += values.sigma[node] * (log_nest[node] - s.log_item[item])
            if item >= leaves:
                log_quantity[item - leaves] = moved
            else:
                s.quantity[item] = values.quantity[item] * (rate if fixed else np.exp(moved))


@part
def _trade(trees: Trees, balances: Balances, values: Values, s: State, ratio: Numbers) -> None:
    """Price indices and real demands by consumer; flows by leaf, and what markets and activities see of them."""
    x, f = s.x, s.residual
    for h in range(s.real.size):
        s.price_index[h] = ratio[trees.root[h]]
        s.real[h] = x[balances.income + h] * values.real_per_income[h] / s.price_index[h]
    for row in range(f.size):
        f[row] = 0.0
    row, account = x.size, x.dtype.type(0.0)  # of the activity whose leaves are at hand
    for i in range(s.flow.size):
        h, sign = trees.leaf_consumer[i], trees.leaf_sign[i]
        if h < 0 and trees.leaf_scale[i] != row:
            if row < x.size:
                f[row] = account
            row = int(trees.leaf_scale[i])
            account = f[row]
        s.flow[i] = s.quantity[i] * (s.real[h] if h >= 0 else x[row])
        f[trees.leaf_price[i]] -= sign * s.terms[i] * s.flow[i]
        if h < 0:
            account += sign * s.quantity[i] * s.paid[i]
    if row < x.size:
        f[row] = account


@part
def _settle(trees: Trees, balances: Balances, values: Values, s: State, atoms: Numbers) -> None:
    """What taxes, endowments and incomes bring to equations, and the equations of auxiliaries; all to size.

    The market of the numeraire stands in for no equation: its imbalance is kept apart.
    """
    x, f, zero = s.x, s.residual, atoms.dtype.type(0.0)
    for t in range(s.tax.size):
        i = trees.tax_leaf[t]
        f[balances.tax_receiver[t]] -= x[trees.leaf_price[i]] * s.terms[i] * s.tax[t] * s.flow[i]
    for e in range(values.endowment.size):
        owned = values.endowment[e] * (x[balances.endow_aux[e]] if balances.endow_aux[e] >= 0 else 1.0)
        f[balances.endow_price[e]] += owned
        f[balances.endow_owner[e]] -= owned * x[balances.endow_price[e]]
    for h in range(s.real.size):
        f[balances.income + h] += x[balances.income + h]
    for k in range(balances.payer.size):
        f[balances.receiver[k]] -= values.income_share[k] * x[balances.payer[k]]
    s.one[0] = 1.0
    for k in range(balances.term_row.size):
        product = values.coefficient[k] + zero
        for w in range(k * balances.width, (k + 1) * balances.width):
            product *= power_of(atoms[balances.term_atom[w]], balances.term_power[w])
        f[balances.term_row[k]] += product
    s.gap[0] = f[balances.numeraire_row] / balances.numeraire_size
    f[balances.numeraire_row] = x[balances.numeraire_row] - balances.numeraire_price
    for row in range(f.size):
        f[row] /= balances.scale[row]


@compiled
def evaluate(at: Packed, values: Numbers, x: Numbers, found: Numbers) -> None:
    """Prices, nests, flows and equations at ``x``, shape ``(n,)``, in ``found``, as ``State`` lies in it."""
    pairs = unpacked(Pairs, at.wholes, at.table, PAIRS)
    trees = unpacked(Trees, at.wholes, at.table, TREES)
    balances = unpacked(Balances, at.wholes, at.table, BALANCES)
    given = unpacked(Values, (values,), at.table, VALUES)
    s = unpacked(State, (found,), at.table, STATE)
    for k in range(x.size):
        s.x[k] = x[k]
    ratio, log_nest = np.empty(given.sigma.size, found.dtype), np.empty(given.sigma.size, found.dtype)
    _pay(trees, given, s)
    _price(trees, given, s, ratio, log_nest)
    _choose(trees, given, s, log_nest)
    _trade(trees, balances, given, s, ratio)
    _settle(trees, balances, given, s, found)
    smooth(pairs.row, pairs.variable, given.lower, given.upper, s.x, s.residual, s.phi, s.of_variable, s.of_equation)
    s.size[0] = size_of(s.phi)
