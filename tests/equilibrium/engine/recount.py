"""An equilibrium counted again from the model's data alone: unit costs by recursion, quantities by the complex step.

It shares no code with the engine but the reading of trees and the prices that users see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tanshi.equilibrium import Leaf, Model, Solution
from tanshi.equilibrium.engine.nest import Tree, benchmark_value, leaves, user_price

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
        """User price of a leaf."""
        self.seen += 1
        terms = self.now[leaf.terms] if leaf.terms else 1.0
        paid = user_price(leaf, self.price[leaf.commodity] * terms, sign, self.now)
        return complex(paid, STEP if self.seen == self.moved else 0.0)


def unit_cost(tree: Tree, prices: Prices, sign: int) -> complex:
    """What the benchmark quantities of a tree would cost, substitution within it allowed."""
    if isinstance(tree, Leaf):
        return tree.quantity * prices.of(tree, sign)
    whole = benchmark_value(tree, sign, prices.before)
    parts = [benchmark_value(child, sign, prices.before) for child in tree.children]
    costs = [unit_cost(child, prices, sign) for child in tree.children]
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


def faults(model: Model, s: Solution, tolerance: float = 1e-6) -> list[str]:
    """What is wrong with an equilibrium, in words; nothing where it is one."""
    before = model.multipliers()
    size = max(abs(value) for value in s.income.values())
    wrong = [f"{name} is {value}" for name, value in (s.level | s.price).items() if not value >= -1e-9]
    market: dict[str, list[float]] = {name: [] for name in s.price}
    received: dict[str, list[float]] = {name: [] for name in s.income}

    def trade(tree: Tree, sign: int, scale: float) -> None:
        for number, leaf in enumerate(leaves(tree)):
            unit = unit_cost(tree, Prices(s.price, s.auxiliary, before, number), sign).imag / STEP
            quantity = unit * scale * (s.auxiliary[leaf.terms] if leaf.terms else 1.0)
            if quantity < -1e-9 * max(1.0, leaf.quantity):
                wrong.append(f"{leaf.address}: {quantity}")
            market[leaf.commodity].append(-sign * quantity)
            for tax in leaf.taxes:
                rate = tax.rate * (s.auxiliary[tax.multiplier] if tax.multiplier else 1.0)
                received[tax.receiver].append(rate * quantity * s.price[leaf.commodity])

    for activity in model.activities:
        level = s.level[activity.name]
        revenue = unit_cost(activity.output, Prices(s.price, s.auxiliary, before), -1).real
        cost = unit_cost(activity.inputs, Prices(s.price, s.auxiliary, before), 1).real
        if cost - revenue < -tolerance * max(cost, revenue) or (cost - revenue) * level > tolerance * size:
            wrong.append(f"{activity.name} costs {cost:.8g} and brings {revenue:.8g} at level {level:.6g}")
        trade(activity.output, -1, level)
        trade(activity.inputs, 1, level)
    for consumer in model.consumers:
        income = s.income[consumer.name]
        if income < -1e-7 * size:
            wrong.append(f"{consumer.name} has {income}")
        for claim in consumer.claims():
            owned = claim.quantity * (s.auxiliary[claim.multiplier] if claim.multiplier else 1.0)
            market[claim.commodity].append(owned)
            received[consumer.name].append(owned * s.price[claim.commodity])
        for receiver, share in consumer.income_shares.items():
            received[receiver].append(share * income)
        spent = income * (1 - sum(consumer.income_shares.values()))
        cost = unit_cost(consumer.demand, Prices(s.price, s.auxiliary, before), 1).real
        trade(consumer.demand, 1, spent / cost if cost > 0 else 0.0)
    for name, parts in received.items():
        if abs(sum(parts) - s.income[name]) > tolerance * max(sum(map(abs, parts)), 1e-4 * size):
            wrong.append(f"{name} is paid {sum(parts):.8g} and has {s.income[name]:.8g}")
    for name, parts in market.items():
        traded, left = max(sum(map(abs, parts)) / 2, 1e-3), sum(parts)
        if left < -tolerance * traded or left * s.price[name] > tolerance * max(1e-3 * size, traded * s.price[name]):
            wrong.append(f"{left:.6g} of {name} left over at price {s.price[name]:.6g}")
    return wrong
