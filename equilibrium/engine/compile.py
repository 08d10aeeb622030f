"""From a model's data to the arrays that every solve of it shares: one function for each part of the structure."""

from __future__ import annotations

from math import inf

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.forest import children, floats, paths, plant, whole
from tanshi.equilibrium.engine.layout import lay_out
from tanshi.equilibrium.engine.matching import refuse_unmatched
from tanshi.equilibrium.engine.model import Model, ModelError
from tanshi.equilibrium.engine.names import Addresses
from tanshi.equilibrium.engine.nest import benchmark_value, user_price
from tanshi.equilibrium.engine.packed import END, STATE, VALUES, pack, read, rows_of
from tanshi.equilibrium.engine.structure import (
    Array,
    Forest,
    Ownership,
    Pairing,
    Parameters,
    Planted,
    Sizes,
    Structure,
    Uses,
    Variables,
)
from tanshi.equilibrium.engine.terms import collect
from tanshi.equilibrium.engine.validate import validate

UNUSED = 1e-6  # of what an idle activity may trade in a market: less than that is no measure of its size


def compile_model(model: Model) -> Compiled:
    """Validate a model and lay it out in arrays.

    Raises
    ------
    ModelError
        if the model's data contradict themselves.
    """
    compiled = _with_pattern(structure_of(model))
    refuse_unmatched(compiled)
    return compiled


def structure_of(model: Model) -> Structure:
    """The structure of a model, part by part.

    Raises
    ------
    ModelError
        if the model's data contradict themselves.
    """
    validate(model)
    variables = number(model)
    forest = plant(model, variables)
    ownership = claim(model, variables)
    default = benchmark(model, variables, forest)
    parts = (
        variables,
        forest,
        ownership,
        children(forest),
        paths(forest),
        uses(model, variables, forest),
        pairings(model, variables, default),
        sizes(model, variables, forest, ownership, default),
    )
    found = {name: value for part in parts for name, value in vars(part).items()}
    return Structure(**found, model=model, default=default)


def _with_pattern(structure: Structure) -> Compiled:
    """The structure with its layout and the non-zeros of the Jacobian."""
    n, s = structure.n, structure
    layout, pattern = lay_out(s)
    packed = pack(layout, n)
    row = pattern // n
    return Compiled(
        **vars(s),
        layout=read(packed),
        packed=packed,
        state_parts=rows_of(packed, STATE, END),
        values_parts=rows_of(packed, VALUES, STATE),
        structure=pattern,
        structure_row=row,
        structure_col=pattern % n,
        diagonal=np.arange(n) * (n + 1),
    )


# -- names ----------------------------------------------------------------------------------------------------


def number(model: Model) -> Variables:
    """Number the unknowns."""
    commodities = model.all_commodities()
    names = (
        tuple(a.name for a in model.activities),
        tuple(c.name for c in commodities),
        tuple(c.name for c in model.consumers),
        tuple(x.name for x in model.auxiliaries),
    )
    ends = np.concatenate([[0], np.cumsum([len(part) for part in names])]).tolist()
    slices = [slice(ends[i], ends[i + 1]) for i in range(4)]
    kinds = ("activity", "commodity", "consumer", "auxiliary")
    at = [_numbered(kind, part, first) for kind, part, first in zip(kinds, names, ends[:-1], strict=True)]
    prices = {c.name: c.price for c in commodities}
    if model.numeraire in prices:
        row, price = at[1][model.numeraire], prices[model.numeraire]
    else:  # the income of a consumer is the unit of account
        row, price = at[2][model.numeraire], _benchmark_income(model, model.numeraire)
    return Variables(
        activities=names[0],
        commodities=names[1],
        consumers=names[2],
        auxiliaries=names[3],
        n=ends[-1],
        level_slice=slices[0],
        price_slice=slices[1],
        income_slice=slices[2],
        aux_slice=slices[3],
        activity_index=at[0],
        price_index=at[1],
        income_index=at[2],
        aux_index=at[3],
        numeraire_row=row,
        numeraire_price=price,
    )


# -- owners and the benchmark ------------------------------------------------------------------------------


def claim(model: Model, v: Variables) -> Ownership:
    """Who owns what; what subsistence claims has no address."""
    owned = [(c, e) for c in model.consumers for e in c.claims()]
    at: dict[tuple[str, str, str], int] = Addresses("endowment", "(consumer, commodity, multiplier or '')")
    number = 0
    for consumer in model.consumers:
        for k, claimed in enumerate(consumer.claims()):
            key = (consumer.name, claimed.commodity, claimed.multiplier or "")
            if k < len(consumer.endowments):
                if key in at:
                    raise ModelError(
                        "consumer '{name}' owns '{commodity}' twice; add the two up",
                        name=consumer.name,
                        commodity=claimed.commodity,
                    )
                at[key] = number
            number += 1
    shares = _income_shares(model)
    return Ownership(
        endow_owner=whole(v.income_index[c.name] for c, _ in owned),
        endow_price_var=whole(v.price_index[e.commodity] for _, e in owned),
        endow_aux_var=whole(-1 if e.multiplier is None else v.aux_index[e.multiplier] for _, e in owned),
        endow_at=at,
        share_payer=whole(v.income_index[payer] for payer, _, _ in shares),
        share_receiver=whole(v.income_index[receiver] for _, receiver, _ in shares),
    )


def benchmark(model: Model, v: Variables, f: Forest) -> Parameters:
    """The benchmark's numbers."""
    lower, upper = np.full(v.n, -inf), np.full(v.n, inf)
    for c in model.all_commodities():
        i = v.price_index[c.name]
        lower[i], upper[i] = c.lower, c.upper
    lower[v.level_slice] = 0.0
    for x in model.auxiliaries:
        if x.pairs_price is None:
            i = v.aux_index[x.name]
            lower[i], upper[i] = x.lower, x.upper
        else:
            i = v.price_index[x.pairs_price]
            lower[i], upper[i] = max(lower[i], x.lower), min(upper[i], x.upper)
    multipliers = model.multipliers()
    return Parameters(
        quantity=floats(leaf.quantity for leaf in f.leaves),
        reference=floats(
            user_price(leaf, leaf.price, int(s), multipliers) for leaf, s in zip(f.leaves, f.leaf_sign, strict=True)
        ),
        alpha=floats(1.0 if leaf.decision is None else leaf.decision[0] for leaf in f.leaves),
        beta=floats(0.0 if leaf.decision is None else leaf.decision[1] for leaf in f.leaves),
        sigma=np.abs(f.signed_sigma),
        augment=f.augment,
        tax_rate=floats(t.rate for leaf in f.leaves for t in leaf.taxes),
        endowment=floats(e.quantity for c in model.consumers for e in c.claims()),
        income_share=floats(share for _, _, share in _income_shares(model)),
        coefficient=floats(t.coefficient for x in model.auxiliaries for t in x.terms),
        lower=lower,
        upper=upper,
    )


def _income_shares(model: Model) -> list[tuple[str, str, float]]:
    """Payer, receiver and share of income."""
    return [(c.name, receiver, share) for c in model.consumers for receiver, share in c.income_shares.items()]


def sizes(model: Model, v: Variables, f: Forest, o: Ownership, default: Parameters) -> Sizes:
    """Benchmark values of all variables, and sizes of all equations."""
    start, scale, gross = np.ones(v.n), np.ones(v.n), np.zeros(v.n)
    level = np.array([a.level for a in model.activities])
    start[v.level_slice] = level
    start[v.price_slice] = [c.price for c in model.all_commodities()]
    start[v.aux_slice] = [x.value for x in model.auxiliaries]
    for i, activity in enumerate(model.activities):
        scale[i] = benchmark_value(activity.output, -1, model.multipliers()) or 1.0
    demand = np.array([side == "demand" for side in f.tree_side])
    size = np.where(demand, 1.0, level[np.where(demand, 0, f.tree_owner)])
    np.add.at(gross, f.leaf_price_var, size[f.leaf_tree] * default.quantity)
    np.add.at(gross, o.endow_price_var, np.abs(default.endowment))
    prices, row = v.price_slice, v.numeraire_row
    _lend_size(gross, level, f, default)
    scale[prices] = np.where(gross[prices] > 0, gross[prices] / 2, 1.0)
    scale[row] = v.numeraire_price
    for consumer in model.consumers:
        i = v.income_index[consumer.name]
        start[i] = _benchmark_income(model, consumer.name)
        scale[i] = v.numeraire_price if i == row else abs(start[i]) or 1.0
    for x in model.auxiliaries:
        scale[v.aux_index[x.name]] = x.scale
    left_out = prices.start <= row < prices.stop
    return Sizes(start, scale, float(gross[row] / 2 or 1.0) if left_out else v.numeraire_price)


def _lend_size(gross: Array, level: Array, f: Forest, default: Parameters) -> None:
    """Give a market that the benchmark hardly uses the size of what idle activities may come to trade in it, in place.

    An idle activity is as large as the smallest of its other markets; a chain of them passes the size on.
    """
    idle = np.flatnonzero(level == 0.0)
    if not idle.size:
        return
    leaves_of = [np.flatnonzero((f.tree_owner[f.leaf_tree] == i) & ~f.leaf_is_demand) for i in idle]
    for _ in range(idle.size):
        before = gross.copy()
        for mine in leaves_of:
            per_unit, market = default.quantity[mine], f.leaf_price_var[mine]
            used = (per_unit > 0) & (gross[market] > 0)
            if not used.any():
                continue
            runs = gross[market] / np.where(used, per_unit, 1.0)
            size = float(runs[used & (runs >= UNUSED * runs[used].max())].min())
            bare = (per_unit > 0) & (gross[market] < UNUSED * size * per_unit)
            gross[market[bare]] = size * per_unit[bare]
        if np.array_equal(before, gross):
            return


# -- equations ---------------------------------------------------------------------------------------------


def uses(model: Model, v: Variables, f: Forest) -> Uses:
    """Where each leaf's flow enters an equation: markets, tax revenue, wedges, auxiliary equations."""
    wedge = np.flatnonzero([leaf.decision is not None for leaf in f.leaves])
    demand_wedge = [f.leaves[i].address for i in wedge if f.leaf_is_demand[i]]
    if demand_wedge:
        raise ModelError(
            "a sluggish decision price is not defined for a consumer's demand: {demand_wedge}",
            demand_wedge=demand_wedge,
        )
    table = collect(Planted(**vars(v), **vars(f)), model)
    return Uses(
        wedge_leaf=wedge,
        one=table.one,
        term_row=table.row,
        term_atom=table.atom,
        term_power=table.power,
        unit_term=table.unit,
        units=table.units,
        index_term=table.indices,
        real_term=table.real,
        use_leaf=np.concatenate([np.arange(f.n_leaves), f.tax_leaf, wedge, table.unit[:, 2]]),
        use_row=np.concatenate(
            [
                f.leaf_price_var,
                f.tax_receiver,
                f.tree_scale_var[f.leaf_tree[wedge]],
                table.row[table.unit[:, 0]],
            ]
        ),
    )


def pairings(model: Model, v: Variables, default: Parameters) -> Pairing:
    """Row -> variable that is complementary to it; -1 where the row is an equality."""
    pair = np.full(v.n, -1, dtype=np.int64)
    for i, activity in enumerate(model.activities):
        if activity.complementary:
            pair[i] = i
    paired_elsewhere = {x.pairs_price for x in model.auxiliaries if x.pairs_price is not None}
    lower, upper = default.lower, default.upper
    for c in model.all_commodities():
        i = v.price_index[c.name]
        if c.name not in paired_elsewhere and (c.free or c.lower > 0 or upper[i] < inf):
            pair[i] = i
    for x in model.auxiliaries:
        i = v.aux_index[x.name]
        if x.pairs_price is not None:
            pair[i] = v.price_index[x.pairs_price]
        elif lower[i] > -inf or upper[i] < inf:
            pair[i] = i
    if pair[v.numeraire_row] >= 0:
        raise ModelError("the numeraire '{numeraire}' has a bounded price", numeraire=model.numeraire)
    bounded = np.zeros(v.n, dtype=bool)
    bounded[pair[pair >= 0]] = True
    positive = np.zeros(v.n, dtype=bool)
    positive[v.level_slice] = True
    positive[v.price_slice] = True
    positive &= ~bounded | ((lower > 0) & (upper == inf))
    paired_row = np.flatnonzero(pair >= 0)
    return Pairing(pair, bounded, positive, np.flatnonzero(positive), paired_row, pair[paired_row])


# -- small things ------------------------------------------------------------------------------------------


def _numbered(what: str, names: tuple[str, ...], first: int) -> dict[str, int]:
    """Places of names in the vector of variables."""
    found: dict[str, int] = Addresses(what)
    found.update({name: first + i for i, name in enumerate(names)})
    return found


def _benchmark_income(model: Model, name: str) -> float:
    """What a consumer has in the benchmark: what is said, or what its demand costs over the share that it keeps."""
    consumer = next(c for c in model.consumers if c.name == name)
    if consumer.income is not None:
        return consumer.income
    return benchmark_value(consumer.demand, 1, model.multipliers()) / (1.0 - sum(consumer.income_shares.values()))
