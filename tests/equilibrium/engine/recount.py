"""An equilibrium counted again from the model's data alone: unit costs by recursion, quantities by the complex step.

It shares no code with the engine but the reading of trees and the prices that users see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from tanshi.equilibrium import Auxiliary, Commodity, Leaf, Model, Nest, Parameters, Solution
from tanshi.equilibrium.engine.nest import Tree, leaves, user_price

STEP = 1e-30
TINY = 1e-300


@dataclass
class Prices:
    """Prices and auxiliaries of a solution, the model's benchmark auxiliaries, and one leaf moved a little."""

    price: Mapping[str, float]
    now: Mapping[str, float]
    before: Mapping[str, float]
    moved: int = -1
    seen: int = field(default=-1, init=False)

    def of(self, leaf: Leaf, sign: int) -> complex:
        """Price by which a leaf is chosen."""
        self.seen += 1
        chosen = self.times(leaf) * user_price(leaf, self.price[leaf.commodity], sign, self.now)
        return complex(chosen, STEP if self.seen == self.moved else 0.0)

    def paid(self, leaf: Leaf, sign: int) -> float:
        """Price that is paid for a leaf, which choices may follow late."""
        return self.times(leaf) * user_price(replace(leaf, decision=None), self.price[leaf.commodity], sign, self.now)

    def times(self, leaf: Leaf) -> float:
        """What an auxiliary multiplies a leaf by."""
        return self.now[leaf.terms] if leaf.terms else 1.0


def worth(tree: Tree, then: Tree, prices: Prices, sign: int) -> float:
    """What the quantities of a tree cost in the benchmark."""
    pairs = zip(leaves(tree), leaves(then), strict=True)
    return sum(leaf.quantity * user_price(old, old.price, sign, prices.before) for leaf, old in pairs)


def unit_cost(tree: Tree, then: Tree, prices: Prices, sign: int) -> complex:
    """What the benchmark quantities of a tree would cost at the prices it is chosen by, substitution within it allowed.

    ``then`` is the tree as it was calibrated, with its own taxes.
    """
    if isinstance(tree, Leaf):
        return tree.quantity * prices.of(tree, sign)
    if isinstance(then, Leaf):  # alone, with an efficiency since
        return unit_cost(tree.children[0], then, prices, sign) / tree.augment
    whole = worth(tree, then, prices, sign)
    children = list(zip(tree.children, then.children, strict=True))
    parts = [worth(child, old, prices, sign) for child, old in children]
    costs = [unit_cost(child, old, prices, sign) for child, old in children]
    if tree.sigma == 0:
        return sum(costs) / tree.augment
    logs = [np.log(cost / part if cost else TINY) for cost, part in zip(costs, parts, strict=True)]
    sigma = sign * tree.sigma
    if sigma == 1:
        return whole * complex(np.exp(sum(p / whole * x for p, x in zip(parts, logs, strict=True)))) / tree.augment
    powers = [(1 - sigma) * x for x in logs]
    top = max(powers, key=lambda power: power.real)
    total = sum(p / whole * np.exp(power - top) for p, power in zip(parts, powers, strict=True))
    return whole * complex(np.exp((top + np.log(total)) / (1 - sigma))) / tree.augment


def with_numbers(model: Model, p: Parameters) -> Model:
    """The model with these numbers in the place of its own, one after the other as they stand in it."""
    at = {name: iter(getattr(p, name).tolist()) for name in ("quantity", "alpha", "beta", "tax_rate", "augment")}
    sigma, owned, share = iter(p.sigma.tolist()), iter(p.endowment.tolist()), iter(p.income_share.tolist())
    coefficient = iter(p.coefficient.tolist())

    def tree(old: Tree, root: bool = True) -> Tree:
        if isinstance(old, Leaf) and root:  # a leaf alone stands in a nest of its own
            return Nest(next(sigma), (tree(old, root=False),), augment=next(at["augment"]))
        if isinstance(old, Leaf):
            decision = (next(at["alpha"]), next(at["beta"]))
            taxes = tuple(replace(tax, rate=next(at["tax_rate"])) for tax in old.taxes)
            return replace(old, quantity=next(at["quantity"]), taxes=taxes, decision=decision if old.decision else None)
        new = replace(old, sigma=next(sigma), augment=next(at["augment"]))
        return replace(new, children=tuple(tree(child, root=False) for child in old.children))

    activities = []
    for a in model.activities:
        output = tree(a.output)
        activities.append(replace(a, output=output, inputs=tree(a.inputs)))
    consumers = []
    for c in model.consumers:
        demand = tree(c.demand)
        endowments = tuple(replace(e, quantity=next(owned)) for e in c.endowments)
        subsistence = {name: -next(owned) for name in c.subsistence}
        shares = {name: next(share) for name in c.income_shares}
        consumers.append(
            replace(c, demand=demand, endowments=endowments, income_shares=shares, subsistence=subsistence)
        )
    auxiliaries = tuple(
        replace(x, terms=tuple(replace(term, coefficient=next(coefficient)) for term in x.terms))
        for x in model.auxiliaries
    )
    assert all(next(rest, None) is None for rest in (*at.values(), sigma, owned, share, coefficient))
    return replace(model, activities=tuple(activities), consumers=tuple(consumers), auxiliaries=auxiliaries)


def faults(model: Model, s: Solution, tolerance: float = 1e-6, calibrated: Model | None = None) -> list[str]:
    """What is wrong with an equilibrium, in words; nothing where it is one.

    ``calibrated`` is the model whose benchmark gave the shares, where ``model`` has other numbers.
    """
    before, then = model.multipliers(), calibrated or model
    size = max(abs(value) for value in s.income.values())
    bounds = {x.pairs_price or x.name: (x.lower, x.upper) for x in model.auxiliaries}
    wrong = [f"{name} is {value}" for name, value in (s.level | s.price).items() if not value >= -1e-9]
    market: dict[str, list[float]] = {name: [] for name in s.price}
    received: dict[str, list[float]] = {name: [] for name in s.income}
    seen = dict(_unmoved(s))

    def prices(number: int = -1) -> Prices:
        return Prices(s.price, s.auxiliary, before, number)

    def trade(owner: str, side: str, tree: Tree, old: Tree, sign: int, scale: float) -> float:
        """Markets and taxes; what is paid per unit of the owner."""
        paid = 0.0
        for number, leaf in enumerate(leaves(tree)):
            unit = unit_cost(tree, old, prices(number), sign).imag / STEP
            paid += unit * prices().paid(leaf, sign)
            quantity = unit * scale * prices().times(leaf)
            if quantity < -1e-9 * max(1.0, leaf.quantity):
                wrong.append(f"{leaf.address}: {quantity}")
            market[leaf.commodity].append(-sign * quantity)
            for name in ((owner, leaf.address), (owner, leaf.address, side)):  # without a side, what is used
                seen["unit", name], seen["flow", name] = unit, unit * scale
            for tax in leaf.taxes:
                rate = tax.rate * (s.auxiliary[tax.multiplier] if tax.multiplier else 1.0)
                received[tax.receiver].append(rate * quantity * s.price[leaf.commodity])
        return paid

    for activity, old in zip(model.activities, then.activities, strict=True):
        level = s.level[activity.name]
        revenue = trade(activity.name, "output", activity.output, old.output, -1, level)
        cost = trade(activity.name, "inputs", activity.inputs, old.inputs, 1, level)
        if cost - revenue < -tolerance * max(cost, revenue) or (cost - revenue) * level > tolerance * size:
            wrong.append(f"{activity.name} costs {cost:.8g} and brings {revenue:.8g} at level {level:.6g}")
    for consumer, before_it in zip(model.consumers, then.consumers, strict=True):
        name, income = consumer.name, s.income[consumer.name]
        if income < -1e-7 * size:
            wrong.append(f"{name} has {income}")
        for claim in consumer.claims():
            owned = claim.quantity * (s.auxiliary[claim.multiplier] if claim.multiplier else 1.0)
            market[claim.commodity].append(owned)
            received[name].append(owned * s.price[claim.commodity])
        for receiver, share in consumer.income_shares.items():
            received[receiver].append(share * income)
        spent = income * (1 - sum(consumer.income_shares.values()))
        cost = unit_cost(consumer.demand, before_it.demand, prices(), 1).real
        base = worth(consumer.demand, before_it.demand, prices(), 1)
        trade(name, "demand", consumer.demand, before_it.demand, 1, spent / cost if cost > 0 else 0.0)
        seen["index", name], seen["real", name] = cost / base, spent / cost if cost > 0 else 0.0
    for name, parts in received.items():
        if abs(sum(parts) - s.income[name]) > tolerance * max(sum(map(abs, parts)), 1e-4 * size):
            wrong.append(f"{name} is paid {sum(parts):.8g} and has {s.income[name]:.8g}")
    for good in model.all_commodities():
        name, parts = good.name, market[good.name]
        traded, left, price = max(sum(map(abs, parts)) / 2, 1e-3), sum(parts), s.price[good.name]
        if left < -tolerance * traded or left * price > tolerance * max(1e-3 * size, traded * price):
            wrong.append(f"{left:.6g} of {name} left over at price {price:.6g}")
        wrong += _beyond(name, price, good, tolerance)
    for rule in model.auxiliaries:
        wrong += _unruled(rule, s, seen, bounds, tolerance)
    return wrong


def _unmoved(s: Solution) -> Iterator[tuple[tuple[str, object], float]]:
    """Unknowns as terms of auxiliaries name them."""
    for kind, values in (("level", s.level), ("price", s.price), ("income", s.income), ("aux", s.auxiliary)):
        yield from (((kind, name), value) for name, value in values.items())


def _beyond(name: str, value: float, held: Commodity | Auxiliary, tolerance: float) -> list[str]:
    lower, upper = held.lower, held.upper
    inside = value >= lower - tolerance * max(1.0, abs(lower)) if isfinite(lower) else True
    inside &= value <= upper + tolerance * max(1.0, abs(upper)) if isfinite(upper) else True
    return [] if inside else [f"{name} is {value:.8g}, beyond its bounds {lower:g} and {upper:g}"]


def _unruled(
    rule: Auxiliary,
    s: Solution,
    seen: Mapping[tuple[str, object], float],
    bounds: Mapping[str, tuple[float, float]],
    tolerance: float,
) -> list[str]:
    """Whether an auxiliary's equation holds, or stops at the bound that it may stop at."""
    total, largest = 0.0, 0.0
    for term in rule.terms:
        product = term.coefficient
        for atom, power in zip(term.atoms, term.powers or (1.0,) * len(term.atoms), strict=True):
            product *= seen[atom] ** power
        total, largest = total + product, max(largest, abs(product))
    near = tolerance * max(largest, rule.scale)
    goods = {good.name: (good.lower, good.upper) for good in s.compiled.model.all_commodities()}
    value, (lower, upper) = s.auxiliary[rule.name], bounds[rule.pairs_price or rule.name]
    if rule.pairs_price is not None:
        value, own = s.price[rule.pairs_price], goods[rule.pairs_price]
        lower, upper = max(lower, own[0]), min(upper, own[1])
    at_lower = value <= lower + tolerance * max(1.0, abs(lower))
    at_upper = value >= upper - tolerance * max(1.0, abs(upper))
    if (total < -near and not at_upper) or (total > near and not at_lower):
        return [f"{rule.name}: its equation is {total:.6g} at {value:.8g} between {lower:g} and {upper:g}"]
    return _beyond(rule.name, s.auxiliary[rule.name], rule, tolerance) if rule.pairs_price is None else []
