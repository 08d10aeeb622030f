"""Random economies with every feature of the engine, balanced by construction, and random shocks to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.equilibrium.engine import (
    Activity,
    Auxiliary,
    Commodity,
    Compiled,
    Consumer,
    Endowment,
    Leaf,
    Model,
    Nest,
    Parameters,
    Tax,
    Term,
)
from tanshi.equilibrium.engine.nest import Tree

FX, PERMIT, USED = "FX", "PERMIT", "permits used"
RIGID_WAGE, BUDGET, TERMS = "employment", "tax scale", "terms of trade"


@dataclass(frozen=True)
class Features:
    """What a random economy has besides nested production and demand with taxes and trade.

    Attributes
    ----------
    permits : permits of a cap: ``none``; ``free``, a stock that costs nothing while it is slack;
        ``rationed``, as many as a bounded price asks for.
    sluggish : choices follow a permit price other than the one that is paid.
    budget : taxes on consumption scale so that government's real spending stays.
    rigid_wage : employment falls where the real wage meets its floor.
    latent : a technology that is idle in the benchmark.
    terms : the export price of one good bears part of its permit cost.
    """

    permits: str = "none"
    sluggish: bool = False
    budget: bool = False
    rigid_wage: bool = False
    latent: bool = False
    terms: bool = False

    @staticmethod
    def random(rng: np.random.Generator) -> Features:
        """Permits, sluggishness and an idle technology at random, and at most one feedback.

        Two feedbacks at once (a wage floor in consumer prices and a budget closed by a tax on consumption, say) can
        drive each other until nothing is left: then there is no equilibrium to be found.
        """
        permits = str(rng.choice(["none", "free", "rationed"]))
        priced = permits != "none"
        feedback = str(rng.choice(["none", "budget", "wage", "terms"]))
        sluggish, latent = (bool(x) for x in rng.random(2) < 0.5)
        return Features(
            permits,
            sluggish and priced,
            feedback == "budget",
            feedback == "wage",
            latent,
            feedback == "terms" and priced,
        )


def _tree(rng: np.random.Generator, children: list[Tree], name: str, smallest: float) -> Nest:
    """Children in random nests; elasticities 0, 1 or anything up to 4, at least ``smallest``."""

    def elasticity() -> float:
        drawn = float(rng.choice([0.0, 1.0, rng.uniform(0.1, 4.0)]))
        return max(drawn, smallest)

    rest = [children[i] for i in rng.permutation(len(children))]
    number = 0
    while len(rest) > 2 and rng.random() < 0.7:
        size = int(rng.integers(2, len(rest)))
        rest = [*rest[size:], Nest(elasticity(), tuple(rest[:size]), name=f"{name} {number}")]
        number += 1
    return Nest(elasticity(), tuple(rest), name=name)


def random_economy(rng: np.random.Generator, features: Features) -> Model:
    """An economy whose benchmark is an equilibrium: 2 to 5 goods, 2 or 3 factors, two households, government."""
    while True:
        model = _draw(rng, features)
        if model is not None:
            return model


def _draw(rng: np.random.Generator, features: Features) -> Model | None:
    n, k = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    goods, factors = [f"G{i}" for i in range(n)], [f"F{i}" for i in range(k)]
    price = {name: float(rng.uniform(0.5, 2.0)) for name in (*goods, *factors, FX)}
    price[PERMIT] = 0.0 if features.permits == "free" else float(rng.uniform(0.05, 0.2))
    final = dict.fromkeys(goods, 0.0)
    used = dict.fromkeys(factors, 0.0)
    foreign = taxes_paid = permits = permit_value = 0.0
    activities: list[Activity] = []
    joint = rng.random(n) < 0.3  # makes some of the next good too, whose own maker may then have to close down
    for j, good in enumerate(goods):
        makes = {good: float(rng.uniform(60, 140)), FX: float(rng.uniform(5, 40))}
        if joint[j]:
            makes[goods[(j + 1) % n]] = float(rng.uniform(2, 10))
        out_tax = {name: float(rng.uniform(-0.05, 0.2)) if rng.random() < 0.5 else 0.0 for name in makes}
        revenue = sum(v * (1 - out_tax[name]) for name, v in makes.items())
        needs = {name: float(rng.uniform(2, 30)) for name in goods if rng.random() < 0.6 and name != good}
        needs |= {name: float(rng.uniform(15, 60)) for name in factors}
        needs[FX] = float(rng.uniform(5, 30))
        in_tax = {name: float(rng.uniform(-0.1, 0.3)) if rng.random() < 0.5 else 0.0 for name in needs}
        tonnes = float(rng.uniform(5, 50)) if features.permits != "none" else 0.0
        paid = tonnes * price[PERMIT]
        shrink = (revenue - paid) / sum(v * (1 + in_tax[name]) for name, v in needs.items())
        needs = {name: v * shrink for name, v in needs.items()}
        taxes_paid += sum(v * out_tax[name] for name, v in makes.items())
        taxes_paid += sum(v * in_tax[name] for name, v in needs.items())
        permits, permit_value = permits + tonnes, permit_value + paid
        for name, v in makes.items():
            if name != FX:
                final[name] += v
        for name, v in needs.items():
            if name in used:
                used[name] += v
            elif name != FX:
                final[name] -= v
        foreign += makes[FX] - needs[FX]

        def leaf(name: str, value: float, rate: float, terms: str | None = None) -> Leaf:
            taxes = (Tax(rate, "GOV"),) if rate else ()
            return Leaf(name, value / price[name], price=price[name], taxes=taxes, terms=terms)

        out: list[Tree] = [
            leaf(name, v, out_tax[name], TERMS if features.terms and j == 0 and name == FX else None)
            for name, v in makes.items()
        ]
        burnt: list[Tree] = [leaf(name, v, in_tax[name]) for name, v in needs.items()]
        body: Tree = _tree(rng, burnt, "inputs", 0.2)
        if tonnes:
            decision = (0.6, 0.4 * price[PERMIT]) if features.sluggish else None
            body = Nest(0.0, (body, Leaf(PERMIT, tonnes, price=price[PERMIT], decision=decision)))
        rival = bool(joint[j - 1]) or (features.latent and j == 0)
        activities.append(Activity(f"A{j}", _tree(rng, out, "outputs", 0.3), body, complementary=rival))
    if min(final.values()) < 5:
        return None
    if features.latent:
        cost, good = 1 + float(rng.uniform(0.05, 0.3)), goods[0]
        inputs = Nest(1.0, tuple(Leaf(f, cost / k / price[f], price=price[f]) for f in factors))
        output = Leaf(good, 1 / price[good], price=price[good])
        activities.append(Activity("latent", output, inputs, level=0.0, complementary=True))
    return _close(rng, features, price, activities, final, used, foreign, taxes_paid, permits, permit_value)


def _close(
    rng: np.random.Generator,
    features: Features,
    price: dict[str, float],
    activities: list[Activity],
    final: dict[str, float],
    used: dict[str, float],
    foreign: float,
    taxes_paid: float,
    permits: float,
    permit_value: float,
) -> Model | None:
    """Give the income to two households and government so that they buy what is left."""
    rate = {good: float(rng.uniform(0.05, 0.2)) if rng.random() < 0.5 or features.budget else 0.0 for good in final}
    first = float(rng.uniform(0.3, 0.7))
    factor_income = sum(used.values())
    gross = {"H1": first * factor_income - foreign + permit_value, "H2": (1 - first) * factor_income}
    taxed = float(rng.uniform(0, 0.2))
    kept = {"H1": gross["H1"] * (1 - taxed), "H2": gross["H2"]}
    kept["GOV"] = taxes_paid + sum(v * rate[g] for g, v in final.items()) + gross["H1"] * taxed
    if min(kept.values()) <= 0.1 * factor_income:
        return None
    all_kept = sum(kept.values())
    scale = BUDGET if features.budget else None
    jobs = RIGID_WAGE if features.rigid_wage else None
    consumers = []
    for name, income in kept.items():
        bought: list[Tree] = [
            Leaf(
                good,
                v / price[good] * income / all_kept,
                price=price[good],
                taxes=(Tax(rate[good], "GOV", scale),) if rate[good] else (),
            )
            for good, v in final.items()
        ]
        share = {"H1": first, "H2": 1 - first}.get(name, 0.0)
        owned = [Endowment(f, share * v / price[f], jobs if f == "F0" else None) for f, v in used.items() if share]
        if name == "H1":
            owned.append(Endowment(FX, -foreign / price[FX]))
            if features.permits == "free":
                owned.append(Endowment(PERMIT, permits * 1.2))
            elif features.permits == "rationed":
                owned.append(Endowment(PERMIT, 1.0, USED))
        consumers.append(
            Consumer(name, _tree(rng, bought, "demand", 0.2), tuple(owned), {"GOV": taxed} if name == "H1" else {})
        )
    auxiliaries = []
    if features.permits == "rationed":
        terms = (Term(permits), Term(-1.0, (("aux", USED),)))
        auxiliaries.append(Auxiliary(USED, terms, value=permits, pairs_price=PERMIT, scale=permits))
    if features.budget:
        spent = kept["GOV"]
        terms = (Term(1.0, (("income", "GOV"),)), Term(-spent, (("index", "GOV"),)))
        auxiliaries.append(Auxiliary(BUDGET, terms, scale=spent))
    if features.rigid_wage:
        floor = 0.9 * price["F0"]
        terms = (Term(floor, (("index", "H2"),)), Term(-1.0, (("price", "F0"),)))
        auxiliaries.append(Auxiliary(RIGID_WAGE, terms, lower=0.0, upper=1.0, scale=floor))
    if features.terms:  # terms - 1 = a tenth of the permit cost per unit, over its benchmark
        unit = (("price", PERMIT), ("unit", ("A0", PERMIT)))
        tonnes = next(leaf.quantity for leaf in _permit_leaves(activities[0]))
        terms = (Term(1.0, (("aux", TERMS),)), Term(-1.0 + 1e-3 * tonnes * price[PERMIT]), Term(-1e-3, unit))
        auxiliaries.append(Auxiliary(TERMS, terms))
    commodities = [Commodity(name, price=p) for name, p in price.items() if name != PERMIT]
    if features.permits == "free":
        commodities.append(Commodity(PERMIT, price=0.0, free=True))
    elif features.permits == "rationed":
        commodities.append(Commodity(PERMIT, price=price[PERMIT], lower=price[PERMIT] / 2, upper=price[PERMIT] * 10))
    return Model(tuple(activities), tuple(consumers), FX, tuple(commodities), tuple(auxiliaries))


def _permit_leaves(activity: Activity) -> list[Leaf]:
    assert isinstance(activity.inputs, Nest)
    return [x for x in activity.inputs.children if isinstance(x, Leaf)]


def random_shock(rng: np.random.Generator, c: Compiled, size: float = 0.3) -> Parameters:
    """Endowments times ``exp(size N(0, 1))``, efficiencies by half of that, taxes moved, a cap of 0.7 to 1.2."""
    p = c.default.copy()
    names = [c.commodities[i - c.price_slice.start] for i in c.endow_price_var]
    factors = np.array([name.startswith("F") and name != FX for name in names])
    p.endowment[factors] *= np.exp(size * rng.standard_normal(factors.sum()))
    p.augment[:] = np.exp(size / 2 * rng.standard_normal(p.augment.size))
    given = c.tax_aux_var < 0
    p.tax_rate[given] = np.clip(p.tax_rate[given] + size * rng.uniform(-0.3, 0.5, given.sum()), -0.4, 0.6)
    if USED in c.aux_index:
        p.coefficient[np.flatnonzero(c.term_row == c.aux_index[USED])[0]] *= rng.uniform(0.7, 1.2)
    if ("H1", PERMIT, "") in c.endow_at:
        p.endowment[c.endow_at[("H1", PERMIT, "")]] *= rng.uniform(0.7, 1.2)
    return p
