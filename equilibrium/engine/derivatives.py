"""The derivatives of a compiled model's equations, compiled: the exact Jacobian, and how flows change with it.

Signs as in ``kernels``: an activity's row is cost minus revenue, a market's row supply minus demand.
"""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine.kernels import atoms_of, power_of
from tanshi.equilibrium.engine.layout import Balances, Places, Responses, Trees
from tanshi.equilibrium.engine.state import State, Values
from tanshi.equilibrium.engine.structure import LEONTIEF, Array
from tanshi.numerics.compiled import compiled, part


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
    moved = np.zeros(active * (depths + 1))
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
def flow_change(trees: Trees, responses: Responses, values: Values, state: State, dx: Array) -> Array:
    """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``."""
    moved, driver, _ = _slopes(trees, responses, values, state)
    change = np.zeros(state.flow.size)
    for k in range(driver.size):
        driver[k] *= dx[responses.driver_var[k]]
    for e in range(responses.entry_leaf.size):
        change[responses.entry_leaf[e]] += moved[responses.entry_place[e]] * driver[responses.entry_driver[e]]
    for i in range(change.size):
        at = state.x[trees.leaf_scale[i]]
        change[i] = state.flow[i] * (change[i] + dx[trees.leaf_scale[i]] / (at if at != 0.0 else 1.0))
    return change


@compiled
def _without(balances: Balances, values: Values, state: State) -> Array:
    """Derivative of every auxiliary term in each of its factors, shape ``(terms, width)``."""
    terms, width = balances.term_atom.shape
    products = np.empty((terms, width))
    atoms = atoms_of(state.x, state.price_index, state.quantity, state.flow, state.real)
    for k in range(terms):
        for w in range(width):
            power = balances.term_power[k, w]
            products[k, w] = values.coefficient[k]
            if power != 1.0:
                products[k, w] *= power * power_of(atoms[balances.term_atom[k, w]], power - 1.0)
            for other in range(width):
                if other != w:
                    products[k, w] *= power_of(atoms[balances.term_atom[k, other]], balances.term_power[k, other])
    return products


@part
def _uses(trees: Trees, places: Places, values: Values, state: State, without: Array) -> tuple[Array, Array]:
    """What an equation gains per unit of a leaf's flow or quantity, and what it gains in all."""
    leaves, taxes, wedges = values.quantity.size, values.tax_rate.size, places.wedge_leaf.size
    coefficient, weight = np.empty(places.use_leaf.size), np.empty(places.use_leaf.size)
    for u in range(coefficient.size):
        i = places.use_leaf[u]
        amount = state.flow[i]
        if u < leaves:
            coefficient[u] = -trees.leaf_sign[i] * state.terms[i]
        elif u < leaves + taxes:
            coefficient[u] = -state.x[trees.leaf_price[i]] * state.terms[i] * state.tax[u - leaves]
        else:
            k = u - leaves - taxes - wedges
            if k < 0:
                amount = state.quantity[i]
                coefficient[u] = state.paid[i] - state.decision[i]
            else:
                amount = state.quantity[i] if k < places.units else state.flow[i]
                coefficient[u] = without[places.unit_term[k, 0], places.unit_term[k, 1]]
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
        h = places.index_term[k, 2]
        through = root[places.index_rank[k]] * driver[places.index_driver[k]]
        amount = state.price_index[h] if k < places.indices else -state.real[h]
        data[at[end]] += without[places.index_term[k, 0], places.index_term[k, 1]] * amount * through
        end += 1
    for k in range(places.real_term.shape[0]):
        h = places.real_term[k, 2]
        per = values.real_per_income[h] / state.price_index[h]
        data[at[end]] += without[places.real_term[k, 0], places.real_term[k, 1]] * per
        end += 1
    for k in range(places.atom_term.shape[0]):
        data[at[end]] += without[places.atom_term[k, 0], places.atom_term[k, 1]]
        end += 1


@compiled
def jacobian(
    trees: Trees, balances: Balances, responses: Responses, places: Places, values: Values, state: State
) -> Array:
    """Derivatives of the residuals, at the non-zeros of the compiled model's structure."""
    moved, driver, root = _slopes(trees, responses, values, state)
    without = _without(balances, values, state)
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
    return data
