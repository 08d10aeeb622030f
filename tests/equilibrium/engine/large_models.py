"""Large sparse economies with a known steady state: a Ramsey economy of many periods, many regions under one cap."""

from __future__ import annotations

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
    Term,
)
from tanshi.equilibrium.engine.nest import Tree

GROWTH, INTEREST, CAPITAL_SHARE = 0.02, 0.05, 0.4


def ramsey(periods: int, depreciation: float = 0.07, sigma: float = 0.5) -> Model:
    """A Ramsey economy on its steady path; the last period's capital makes investment grow with output."""
    good, capital, rent, wage = ([f"{kind}{t}" for t in range(periods + 1)] for kind in ("P", "PK", "R", "W"))
    stock = 1.0
    output = (INTEREST + depreciation) * stock / CAPITAL_SHARE
    invested = (GROWTH + depreciation) * stock
    activities: list[Activity] = []
    eaten: list[Tree] = []
    owned = [Endowment("PK0", stock)]
    for t in range(periods):
        size, price = (1 + GROWTH) ** t, (1 + INTEREST) ** -t
        rental = Leaf(rent[t], stock * size, price=(INTEREST + depreciation) * price)
        work = Leaf(wage[t], (1 - CAPITAL_SHARE) * output * size, price=price)
        activities += [
            Activity(f"Y{t}", Leaf(good[t], output * size, price=price), Nest(1.0, (rental, work))),
            Activity(
                f"K{t}",
                Nest(
                    0.0,
                    (
                        Leaf(rent[t], stock * size, price=(INTEREST + depreciation) * price),
                        Leaf(capital[t + 1], (1 - depreciation) * stock * size, price=price),
                    ),
                ),
                Leaf(capital[t], stock * size, price=(1 + INTEREST) * price),
            ),
            Activity(
                f"I{t}",
                Leaf(capital[t + 1], invested * size, price=price),
                Leaf(good[t], invested * size, price=price),
            ),
        ]
        eaten.append(Leaf(good[t], (output - invested) * size, price=price))
        owned.append(Endowment(wage[t], (1 - CAPITAL_SHARE) * output * size))
    last = periods - 1
    owned.append(Endowment(capital[periods], -stock * (1 + GROWTH) ** periods, "terminal"))
    terms = (
        Term(1.0, (("level", f"I{last}"), ("level", f"Y{last - 1}"))),
        Term(-1.0, (("level", f"I{last - 1}"), ("level", f"Y{last}"))),
    )
    return Model(
        tuple(activities),
        (Consumer("RA", Nest(sigma, tuple(eaten)), tuple(owned)),),
        "P0",
        tuple(Commodity(name, price=(1 + INTEREST) ** (1 - t)) for t, name in enumerate(capital)),
        (Auxiliary("terminal", terms),),
    )


def less_capital(c: Compiled) -> Parameters:
    """A twentieth of the first period's capital is lost."""
    p = c.default.copy()
    p.endowment[c.endow_at["RA", "PK0", ""]] *= 0.95
    return p


def regions(number: int, sectors: int = 17, seed: int = 0) -> Model:
    """Regions that trade through a common pool and share one cap on CO2."""
    rng = np.random.default_rng(seed)
    activities: list[Activity] = []
    consumers: list[Consumer] = []
    for r in range(number):
        z = rng.uniform(0, 2, (sectors, sectors)) * (rng.random((sectors, sectors)) < 0.6)
        labour, capital, co2 = rng.uniform(10, 40, sectors), rng.uniform(10, 40, sectors), rng.uniform(1, 9, sectors)
        output = z.sum(axis=0) + labour + capital
        sold = rng.uniform(0.1, 0.4, sectors) * output
        home = output - sold
        bought = sold * rng.dirichlet(np.full(sectors, 5.0)) / sold * sold.sum()
        supply = home + bought
        final = supply - z.sum(axis=1)
        if final.min() <= 0:
            scale = 0.9 * float((supply / z.sum(axis=1)).min())
            z *= scale
            labour += z.sum(axis=0) * (1 / scale - 1)
            final = supply - z.sum(axis=1)
        for i in range(sectors):
            materials = tuple(Leaf(f"A{r}.{j}", z[j, i]) for j in range(sectors) if z[j, i] > 0)
            body = Nest(0.8, (Leaf(f"L{r}", labour[i]), Leaf(f"K{r}", capital[i])))
            inputs = Nest(0.0, (*materials, body, Leaf("CO2", co2[i], price=0.0)))
            out = Nest(2.0, (Leaf(f"D{r}.{i}", home[i]), Leaf("FX", sold[i])))
            activities.append(Activity(f"Y{r}.{i}", out, inputs))
            mixed = Nest(3.0, (Leaf(f"D{r}.{i}", home[i]), Leaf("FX", bought[i])))
            activities.append(Activity(f"Q{r}.{i}", Leaf(f"A{r}.{i}", supply[i]), mixed))
        demand = Nest(1.0, tuple(Leaf(f"A{r}.{i}", final[i]) for i in range(sectors)))
        owned = (Endowment(f"L{r}", labour.sum()), Endowment(f"K{r}", capital.sum()), Endowment("CO2", co2.sum()))
        consumers.append(Consumer(f"H{r}", demand, owned))
    return Model(tuple(activities), tuple(consumers), "FX", (Commodity("CO2", price=0.0, free=True),))


def cut_co2(c: Compiled) -> Parameters:
    """Every region owns a fifth less of the right to emit."""
    p = c.default.copy()
    for h in c.consumers:
        p.endowment[c.endow_at[h, "CO2", ""]] *= 0.8
    return p
