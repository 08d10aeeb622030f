"""The derivatives of a compiled model's equations, compiled: the exact Jacobian, and how flows change with it.

Signs as in ``kernels``: an activity's row is cost minus revenue, a market's row supply minus demand.
"""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine.kernels import power_of
from tanshi.equilibrium.engine.layout import Balances, Pairs, Places, Responses, Trees
from tanshi.equilibrium.engine.packed import BALANCES, PAIRS, PLACES, RESPONSES, STATE, TREES, VALUES, Packed
from tanshi.equilibrium.engine.state import State, Values
from tanshi.equilibrium.engine.structure import LEONTIEF, Array
from tanshi.numerics.compiled import compiled, part
from tanshi.numerics.views import unpacked


@compiled
def _slopes(at: Packed, given: Array, found: Array) -> tuple[Array, Array, Array]:
    """What the decision price of a leaf moves, and what moves it.

    Returns
    -------
    moved : derivative with respect to each active leaf's price of the log quantity of leaves that branch off its path
        at each depth, and of its own, flattened from ``(active, depths + 1)``.
    driver : derivative of each driver's leaf decision price.
    root : derivative of the tree's log price index with respect to each active leaf's price.
    """
    trees = unpacked(Trees, at.wholes, at.table, TREES)
    responses = unpacked(Responses, at.wholes, at.table, RESPONSES)
    values = unpacked(Values, (given,), at.table, VALUES)
    state = unpacked(State, (found,), at.table, STATE)
    leaves, active, depths = values.quantity.size, responses.active_leaf.size, responses.depths
    moved = np.zeros(active * (depths + 1))
    root = np.empty(active)
    slope = np.empty(depths + 1)  # of the log price at each depth above the leaf, and of its own
    for a in range(active):
        leaf, depth, path = responses.active_leaf[a], responses.active_depth[a], a * depths
        slope[depth], slope[depth - 1] = 0.0, state.passed[leaf]
        if trees.branch[responses.active_path[path + depth - 1]] != LEONTIEF:
            slope[depth] = 1.0 / state.decision[leaf]
            slope[depth - 1] *= slope[depth]
        for k in range(depth - 2, -1, -1):
            slope[k] = slope[k + 1] * state.passed[leaves + responses.active_path[path + k + 1]]
        root[a] = slope[0]
        spent = slope[0] if trees.leaf_consumer[leaf] >= 0 else 0.0  # what is spent is given: dearer is smaller
        below = 0.0
        for k in range(depth):
            sigma = values.sigma[responses.active_path[path + k]]
            moved[a * (depths + 1) + k] = below + sigma * slope[k] - spent
            below += sigma * (slope[k] - slope[k + 1])
        moved[a * (depths + 1) + depth] = below - spent
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
    return moved, driver, root


@compiled
def flow_change(at: Packed, given: Array, found: Array, dx: Array) -> Array:
    """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``.

    One pass up the trees and one down: how prices of items move, then how quantities follow.
    """
    trees = unpacked(Trees, at.wholes, at.table, TREES)
    values = unpacked(Values, (given,), at.table, VALUES)
    state = unpacked(State, (found,), at.table, STATE)
    leaves, nodes = values.quantity.size, values.sigma.size
    price = np.empty(leaves + nodes)  # of items: of leaves in fixed proportions itself, else its logarithm
    _decisions_change(trees, values, state, dx, price)
    for node in range(nodes - 1, -1, -1):
        total = 0.0
        for k in range(trees.first[node], trees.first[node + 1]):
            item = trees.child[k]
            if item < leaves and trees.branch[node] != LEONTIEF:
                price[item] /= state.decision[item]
            total += state.passed[item] * price[item]
        price[leaves + node] = total
    change, below = np.empty(leaves), np.zeros(nodes)  # of logarithms of quantities
    for node in range(nodes):
        for k in range(trees.first[node], trees.first[node + 1]):
            item, moved = trees.child[k], below[node]
            if trees.branch[node] != LEONTIEF:
                moved += values.sigma[node] * (price[leaves + node] - price[item])
            if item >= leaves:
                below[item - leaves] = moved
            else:
                change[item] = moved
    for i in range(leaves):
        h, scale = trees.leaf_consumer[i], state.x[trees.leaf_scale[i]]
        spent = price[leaves + trees.root[h]] if h >= 0 else 0.0  # what is spent is given: dearer is smaller
        change[i] = state.flow[i] * (change[i] - spent + dx[trees.leaf_scale[i]] / (scale if scale != 0.0 else 1.0))
    return change


@part
def _decisions_change(trees: Trees, values: Values, state: State, dx: Array, price: Array) -> None:
    """How the price that each leaf is chosen by moves with the variables: its own, terms of trade, taxes."""
    for i in range(values.quantity.size):
        price[i] = values.alpha[i] * state.gross[i] * dx[trees.leaf_price[i]]
        if trees.leaf_terms[i] >= 0:
            base = values.alpha[i] * state.x[trees.leaf_price[i]] + values.beta[i]
            price[i] += base * (1.0 + trees.leaf_sign[i] * state.tax_sum[i]) * dx[trees.leaf_terms[i]]
    for t in range(values.tax_rate.size):
        if trees.tax_aux[t] >= 0:
            i = trees.tax_leaf[t]
            base = values.alpha[i] * state.x[trees.leaf_price[i]] + values.beta[i]
            price[i] += base * state.terms[i] * trees.leaf_sign[i] * values.tax_rate[t] * dx[trees.tax_aux[t]]


@part
def _without(balances: Balances, values: Values, atoms: Array) -> Array:
    """Derivative of every auxiliary term in each of its factors, term after term."""
    width = balances.width
    products = np.empty(balances.term_atom.size)
    for k in range(balances.term_row.size):
        for w in range(k * width, (k + 1) * width):
            power = balances.term_power[w]
            products[w] = values.coefficient[k]
            if power != 1.0:
                products[w] *= power * power_of(atoms[balances.term_atom[w]], power - 1.0)
            for other in range(k * width, (k + 1) * width):
                if other != w:
                    products[w] *= power_of(atoms[balances.term_atom[other]], balances.term_power[other])
    return products


@part
def _uses(trees: Trees, places: Places, values: Values, state: State, without: Array) -> tuple[Array, Array]:
    """What an equation gains per unit of a leaf's flow or quantity, and what it gains in all."""
    leaves, taxes = values.quantity.size, values.tax_rate.size
    coefficient, weight = np.empty(places.use_leaf.size), np.empty(places.use_leaf.size)
    for i in range(leaves):  # a leaf's market use has its number
        coefficient[i] = -trees.leaf_sign[i] * state.terms[i]
        weight[i] = coefficient[i] * state.flow[i]
    for t in range(taxes):
        i = places.use_leaf[leaves + t]
        coefficient[leaves + t] = -state.x[trees.leaf_price[i]] * state.terms[i] * state.tax[t]
        weight[leaves + t] = coefficient[leaves + t] * state.flow[i]
    for u in range(leaves + taxes, coefficient.size):
        i, k = places.use_leaf[u], u - leaves - taxes - places.wedge_leaf.size
        amount = state.quantity[i] if k < places.units else state.flow[i]
        coefficient[u] = state.paid[i] - state.decision[i] if k < 0 else without[places.unit_term[k]]
        weight[u] = coefficient[u] * amount
    return coefficient, weight


@part
def _responded(responses: Responses, places: Places, moved: Array, driver: Array, weight: Array) -> Array:
    """What equations gain as leaves' quantities respond to prices: a sum of products at each non-zero."""
    entries = np.empty(responses.entry_place.size)
    for e in range(entries.size):
        entries[e] = moved[responses.entry_place[e]] * driver[responses.entry_driver[e]]
    data = np.empty(places.sum_first.size - 1)
    for place in range(data.size):
        total = 0.0
        for k in range(places.sum_first[place], places.sum_first[place + 1]):
            total += weight[places.sum_use[k]] * entries[places.sum_entry[k]]
        data[place] = total
    return data


@part
def _add_leaves(
    trees: Trees,
    responses: Responses,
    places: Places,
    values: Values,
    state: State,
    driver: Array,
    coefficient: Array,
    data: Array,
) -> int:
    """What prices, levels and terms of trade do directly through leaves and their taxes; how far ``at`` is used up."""
    x, quantity, flow, at = state.x, state.quantity, state.flow, places.at
    end = 0
    for d in places.profit_driver:
        i = responses.driver_leaf[d]
        data[at[end]] += trees.leaf_sign[i] * quantity[i] * driver[d]
        end += 1
    for u in places.flow_use:
        i = places.use_leaf[u]
        h = trees.leaf_consumer[i]
        per = values.real_per_income[h] / state.price_index[h] if h >= 0 else 1.0
        data[at[end]] += coefficient[u] * quantity[i] * per
        end += 1
    for i in responses.driver_terms:
        data[at[end]] -= trees.leaf_sign[i] * flow[i]
        end += 1
    for t in range(values.tax_rate.size):
        i = trees.tax_leaf[t]
        data[at[end]] -= flow[i] * state.terms[i] * state.tax[t]
        end += 1
    for t in responses.driver_tax:
        i = trees.tax_leaf[t]
        data[at[end]] -= flow[i] * x[trees.leaf_price[i]] * state.terms[i] * values.tax_rate[t]
        end += 1
    for t in places.tax_terms:
        i = trees.tax_leaf[t]
        data[at[end]] -= flow[i] * x[trees.leaf_price[i]] * state.tax[t]
        end += 1
    for i in places.wedge_leaf:
        data[at[end]] += (1.0 - values.alpha[i]) * state.gross[i] * quantity[i]
        end += 1
    return end


@part
def _add_incomes(balances: Balances, places: Places, values: Values, x: Array, data: Array, end: int) -> int:
    """What prices, rationing and incomes do to incomes and, through endowments, to markets."""
    at = places.at
    for e in range(values.endowment.size):
        owned = values.endowment[e] * (x[balances.endow_aux[e]] if balances.endow_aux[e] >= 0 else 1.0)
        data[at[end]] -= owned
        end += 1
    for e in places.rationed:
        data[at[end]] += values.endowment[e]
        end += 1
    for e in places.rationed:
        data[at[end]] -= values.endowment[e] * x[balances.endow_price[e]]
        end += 1
    for _ in range(values.kept.size):
        data[at[end]] += 1.0
        end += 1
    for k in range(balances.payer.size):
        data[at[end]] -= values.income_share[k]
        end += 1
    return end


@part
def _add_terms(
    places: Places,
    values: Values,
    state: State,
    driver: Array,
    root: Array,
    without: Array,
    data: Array,
    end: int,
) -> None:
    """What price indices, real demands and variables do in auxiliary terms."""
    at = places.at
    for k in range(places.index_driver.size):
        h = places.index_consumer[k]
        through = root[places.index_rank[k]] * driver[places.index_driver[k]]
        amount = state.price_index[h] if k < places.indices else -state.real[h]
        data[at[end]] += without[places.index_term[k]] * amount * through
        end += 1
    for k in range(places.real_term.size):
        h = places.real_consumer[k]
        per = values.real_per_income[h] / state.price_index[h]
        data[at[end]] += without[places.real_term[k]] * per
        end += 1
    for k in range(places.atom_term.size):
        data[at[end]] += without[places.atom_term[k]]
        end += 1


@compiled
def jacobian(at: Packed, given: Array, found: Array, of_variable: Array, of_equation: Array) -> tuple[Array, bool]:
    """Derivatives of the residuals, at the non-zeros of the compiled model's structure; and whether all are finite.

    Those of paired rows are turned into derivatives of their conditions where the slopes of these are given.
    """
    moved, driver, root = _slopes(at, given, found)
    trees = unpacked(Trees, at.wholes, at.table, TREES)
    balances = unpacked(Balances, at.wholes, at.table, BALANCES)
    responses = unpacked(Responses, at.wholes, at.table, RESPONSES)
    places = unpacked(Places, at.wholes, at.table, PLACES)
    values = unpacked(Values, (given,), at.table, VALUES)
    state = unpacked(State, (found,), at.table, STATE)
    without = _without(balances, values, found)
    coefficient, weight = _uses(trees, places, values, state, without)
    data = _responded(responses, places, moved, driver, weight)
    end = _add_leaves(trees, responses, places, values, state, driver, coefficient, data)
    end = _add_incomes(balances, places, values, state.x, data, end)
    _add_terms(places, values, state, driver, root, without, data, end)
    for place in places.numeraire_entries:
        data[place] = 0.0
    data[places.numeraire_entry] = 1.0
    for place in range(data.size):
        data[place] /= places.entry_scale[place]
    if of_variable.size:
        pairs = unpacked(Pairs, at.wholes, at.table, PAIRS)
        for k in range(pairs.entry.size):
            data[pairs.entry[k]] *= of_equation[pairs.entry_pair[k]]
        for k in range(pairs.own_entry.size):
            data[pairs.own_entry[k]] += of_variable[k]
    finite = True
    for value in data:
        finite &= abs(value) < np.inf
    return data, finite
