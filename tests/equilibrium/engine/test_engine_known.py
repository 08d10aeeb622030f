"""Hard models whose answer is known: by a formula on paper, or by one scalar equation that SciPy solves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import inf, sqrt
from typing import NamedTuple

import numpy as np
import pytest
from scipy import optimize

from tanshi.equilibrium import (
    Activity,
    Auxiliary,
    Commodity,
    Consumer,
    Counterfactual,
    Endowment,
    Leaf,
    Model,
    Nest,
    Solution,
    Tax,
    Term,
    auxiliary,
    capacity_of,
    condition,
    income,
    level,
    price,
    real,
    solve,
    with_capacity,
)
from tests.equilibrium.engine.recount import faults, with_numbers
from tests.equilibrium.engine.two_by_two import BASKET, economy, owned

LABOUR, CAPITAL = 70.0, 80.0
OF_X, OF_LABOUR, OF_LABOUR_IN_Y = 2 / 3, 0.5, 0.4  # shares: of X in spending; of labour in X, and in Y


class Known(NamedTuple):
    """A model's equilibrium, by what is known of it."""

    solve: Callable[[], Solution]
    values: dict[str, float]


def x_of(*taxes: Tax, sigma: float = 1.0, on_labour: tuple[Tax, ...] = ()) -> Activity:
    return Activity("X", Leaf("PX", 100, taxes=taxes), Nest(sigma, (Leaf("L", 50, taxes=on_labour), Leaf("K", 50))))


def y_of(sigma: float = 1.0) -> Activity:
    return Activity("Y", Leaf("PY", 50), Nest(sigma, (Leaf("L", 20), Leaf("K", 30))))


def taxed(of_labour: float, of_capital: float, labour: float = LABOUR, capital: float = CAPITAL) -> dict[str, float]:
    """Cobb-Douglas throughout: each factor's part of income is given, the rest is tax revenue."""
    earned = labour / of_labour
    return {"income RA": earned, "price K": of_capital * earned / capital}


def output_tax(rate: float) -> Known:
    kept = OF_X * (1 - rate)
    values = taxed(kept * OF_LABOUR + (1 - OF_X) * OF_LABOUR_IN_Y, kept * 0.5 + (1 - OF_X) * 0.6)
    values["price PX"] = sqrt(values["price K"]) / (1 - rate)
    return Known(lambda: Counterfactual(economy(x_of(Tax(0.0, "RA")), y_of())).tax("X", "PX", rate).solve(), values)


def labour_tax(rate: float) -> Known:
    earned = OF_X * OF_LABOUR / (1 + rate) + (1 - OF_X) * OF_LABOUR_IN_Y
    model = economy(x_of(on_labour=(Tax(0.0, "RA"),)), y_of())
    return Known(
        lambda: Counterfactual(model).tax("X", "L", rate, side="inputs").solve(), taxed(earned, OF_X * 0.5 + 0.2)
    )


def consumption_tax(rate: float) -> Known:
    """A dearer X at a given share of spending: what producers keep is the share over 1 + rate."""
    kept = OF_X / (1 + rate)
    demand = Nest(1, (Leaf("PX", 100, taxes=(Tax(0.0, "RA"),)), Leaf("PY", 50)))
    return Known(
        lambda: Counterfactual(economy(basket=demand)).tax("RA", "PX", rate).solve(),
        taxed(kept * 0.5 + OF_LABOUR_IN_Y / 3, kept * 0.5 + 0.2),
    )


def ces(theta: float, sigma: float, first: float, second: float) -> float:
    """Price index of two prices, 1 in the benchmark."""
    if sigma == 1:
        return float(first**theta * second ** (1 - theta))
    powers = np.log(np.array([first, second])) * (1 - sigma)
    top = powers.max()
    return float(np.exp((top + np.log(np.array([theta, 1 - theta]) @ np.exp(powers - top))) / (1 - sigma)))


def two_by_two(in_x: float, in_y: float, taste: float, labour: float, capital: float) -> Known:
    """Elasticities of any size; the price of capital clears its market."""

    def left(log_rent: float) -> float:
        rent = float(np.exp(log_rent))
        cost = ces(0.5, in_x, 1, rent), ces(0.4, in_y, 1, rent)
        whole = ces(OF_X, taste, *cost)
        real_income = (labour + rent * capital) / 150 / whole
        made = [real_income * (whole / each) ** taste for each in cost]
        used = 50 * made[0] * (cost[0] / rent) ** in_x + 30 * made[1] * (cost[1] / rent) ** in_y
        return used / capital - 1

    far = next(reach for reach in (12, 30) if left(-reach) * left(reach) < 0)
    rent = float(np.exp(optimize.brentq(left, -far, far, xtol=1e-14)))
    values = {"price K": rent, "price PX": ces(0.5, in_x, 1, rent), "income RA": labour + rent * capital}
    model = economy(x_of(sigma=in_x), y_of(in_y), basket=replace(BASKET, sigma=taste), own=owned(labour, capital))
    return Known(partial(solve, model), values)


def fixed_proportions(labour: float, capital: float) -> Known:
    """Leontief production: both factors in full use, shares of spending give the rent; else capital is free."""
    x, y = np.linalg.solve([[50, 20], [50, 30]], [labour, capital])
    model = economy(x_of(sigma=0), y_of(0), own=owned(labour, capital))
    # 50 (1 + r) X = 2 (20 + 30 r) Y
    rent = (40 * y - 50 * x) / (50 * x - 60 * y) if abs(50 * x - 60 * y) > 1e-12 else inf
    if y > 0 and x > 0 and 0 <= rent < inf:
        return Known(partial(solve, model), {"level X": x, "level Y": y, "price K": rent})
    free = {"price K": 0.0, "level X": OF_X * labour / 50, "level Y": (1 - OF_X) * labour / 20}
    return Known(partial(solve, model), free)


def two_routes(dear: float, cheap: float) -> Known:
    """A latent net: X from labour by either of two chains that share their last step; the shorter one sets its price.

    Where X is made by capital too, capital earns what that price leaves.
    """
    steps = (
        Activity("a1", Leaf("A", 1), Leaf("L", dear / 2), level=0.0),
        Activity("a2", Leaf("END", 1), Nest(0, (Leaf("A", 1), Leaf("L", dear / 2))), level=0.0),
        Activity("b1", Leaf("B", 2), Leaf("L", cheap), level=0.0),
        Activity("b2", Leaf("END", 1), Nest(0, (Leaf("B", 1), Leaf("L", cheap / 2))), level=0.0),
        Activity("last", Leaf("PX", 1), Leaf("END", 1), level=0.0),
    )
    cost = min(dear, cheap, 1.0)
    rent = max(cost**2, 0.25 * LABOUR / CAPITAL)  # without X of its own capital has .2 of income, labour .8
    made = (rent * CAPITAL - 0.2 * (LABOUR + rent * CAPITAL)) / 0.5
    return Known(
        partial(solve, economy(x_of(), y_of(), *steps)),
        {"price PX": cost, "price K": rent, "level X": made / (100 * cost), "level a1": 0.0},
    )


def price_taker(labour: float, world: float) -> Known:
    """Goods at world prices: factor prices by zero profit (Stolper and Samuelson), levels by full use (Rybczynski).

    Outside the cone of its two industries the country makes one good alone.
    """
    trade = (
        Activity("sell X", Leaf("FX", world), Leaf("PX", 1), level=0.0, complementary=True),
        Activity("buy X", Leaf("PX", 1), Leaf("FX", world), level=0.0, complementary=True),
        Activity("sell Y", Leaf("FX", 1), Leaf("PY", 1), level=0.0, complementary=True),
        Activity("buy Y", Leaf("PY", 1), Leaf("FX", 1), level=0.0, complementary=True),
    )
    made = tuple(replace(a, complementary=True) for a in (x_of(sigma=0.0), y_of(0.0)))
    x, y = np.linalg.solve([[50, 20], [50, 30]], [labour, CAPITAL])
    wage, rent = np.linalg.solve([[50, 50], [20, 30]], [100 * world, 50])
    values = {"level X": x, "level Y": y, "price K": rent / wage}
    if x <= 0:  # too little labour for any X: capital is left over
        values = {"level X": 0.0, "level Y": labour / 20, "price K": 0.0}
    return Known(partial(solve, economy(*made, *trade, own=owned(labour))), values)


def closed_borders(tariff: float) -> Known:
    """Two countries whose tariffs are too high for trade are as they would be alone."""
    made, people, trade = [], [], []
    for here, there, labour in (("A", "B", 70.0), ("B", "A", 140.0)):
        f = (Leaf(f"L{here}", 50), Leaf(f"K{here}", 50))
        made.append(Activity(f"X{here}", Leaf(f"PX{here}", 100), Nest(1, f), complementary=True))
        f = (Leaf(f"L{here}", 20), Leaf(f"K{here}", 30))
        made.append(Activity(f"Y{here}", Leaf(f"PY{here}", 50), Nest(1, f), complementary=True))
        own = (Endowment(f"L{here}", labour), Endowment(f"K{here}", CAPITAL))
        people.append(Consumer(here, Nest(1, (Leaf(f"PX{here}", 100), Leaf(f"PY{here}", 50))), own))
        for good in ("PX", "PY"):
            paid = Leaf(f"{good}{there}", 1, taxes=(Tax(tariff, here),))
            trade.append(Activity(f"{good} to {here}", Leaf(f"{good}{here}", 1), paid, level=0.0, complementary=True))
    alone = {here: taxed(1.4 / 3, 1.6 / 3, labour) for here, labour in (("A", 70.0), ("B", 140.0))}
    values = {f"{good} to {here}": 0.0 for good in ("PX", "PY") for here in "AB"}
    known = {f"level {name}": value for name, value in values.items()}
    known |= {"price KA": alone["A"]["price K"]}

    def solved() -> Solution:
        s = solve(Model((*made, *trade), tuple(people), "LA"))
        assert s.price["KB"] / s.price["LB"] == pytest.approx(alone["B"]["price K"], rel=1e-8)
        return s

    return Known(solved, known)


def ricardo() -> Known:
    """One factor, each country better at one good and half of spending on each: they specialise, wages are equal."""
    made = []
    for here, hours in (("A", (1.0, 3.0)), ("B", (3.0, 1.0))):
        for good, need in zip("XY", hours, strict=True):
            made.append(
                Activity(f"{good} in {here}", Leaf(good, 1), Leaf(f"L{here}", need), level=0.5, complementary=True)
            )
    people = tuple(Consumer(h, Nest(1, (Leaf("X", 1), Leaf("Y", 1))), (Endowment(f"L{h}", 10.0),)) for h in "AB")
    return Known(
        partial(solve, Model(tuple(made), people, "LA")),
        {"price LB": 1, "price X": 1, "level X in A": 10, "level Y in A": 0, "level X in B": 0, "level Y in B": 10},
    )


def many_people(seed: int) -> Known:
    """Cobb-Douglas everywhere: what factors earn is linear in what people have, whose tastes differ."""
    rng = np.random.default_rng(seed)
    goods, factors, people = 4, 3, 3
    cost = rng.dirichlet(np.ones(factors), goods)
    taste = rng.dirichlet(np.ones(goods), people)
    own = rng.uniform(1, 50, (people, factors))
    own[0, 1:] = 0.0  # one owns a single factor
    earned = (taste @ cost).T  # by factor, of each person's income
    share = own / own.sum(axis=0)  # of each factor, by person
    values, vectors = np.linalg.eig(earned @ share)
    factor_income = np.abs(np.real(vectors[:, np.argmin(np.abs(values - 1))]))
    wage = factor_income / own.sum(axis=0)
    wage /= wage[0]
    made = tuple(
        Activity(f"G{g}", Leaf(f"P{g}", 1), Nest(1, tuple(Leaf(f"F{f}", cost[g, f]) for f in range(factors))))
        for g in range(goods)
    )
    consumers = tuple(
        Consumer(
            f"H{h}",
            Nest(1, tuple(Leaf(f"P{g}", taste[h, g]) for g in range(goods))),
            tuple(Endowment(f"F{f}", own[h, f]) for f in range(factors)),
        )
        for h in range(people)
    )
    known = {f"price F{f}": wage[f] for f in range(factors)}
    known |= {f"income H{h}": float(own[h] @ wage) for h in range(people)}
    return Known(partial(solve, Model(made, consumers, "F0")), known)


def wage_floor(real_wage: float) -> Known:
    """A wage that buys at least so much of X: sqrt(w / r) = floor, and as many jobs as that leaves."""
    rule = condition("jobs", real_wage * price("PX"), price("L"), lower=0.0, upper=1.0)
    own = (Endowment("L", LABOUR, "jobs"), Endowment("K", CAPITAL))
    model = Model((x_of(), y_of()), (Consumer("RA", BASKET, own),), "L", (), (rule,))
    free = taxed(1.4 / 3, 1.6 / 3)["price K"]
    rent = min(free, real_wage**-2)
    return Known(partial(solve, model), {"price K": rent, "auxiliary jobs": 1.4 / 1.6 * rent * CAPITAL / LABOUR})


def permits(cap: float, ceiling: float = inf) -> Known:
    """Each unit of X needs a permit of ten; their price takes what the cap leaves; at a ceiling more are issued."""
    dirty = Activity("X", Leaf("PX", 100), Nest(0, (Leaf("L", 100), Leaf("C", 10, price=0.0))))
    clean = Activity("Y", Leaf("PY", 50), Leaf("L", 50))
    issued = Auxiliary("issued", (Term(cap), Term(-1.0, (("aux", "issued"),))), value=10.0, pairs_price="C", scale=10.0)
    own = (Endowment("L", 150), Endowment("C", 1.0, "issued"))
    goods = (Commodity("C", 0.0, lower=0.0, upper=ceiling),)
    model = Model((dirty, clean), (Consumer("RA", BASKET, own),), "L", goods, (issued,))
    # (100 + 10 c) x = 2 / 3 (150 + 10 c x): c = (100 - 100 x) / (10 / 3 x) at x = cap / 10
    x = cap / 10
    paid = max(0.0, (100 - 100 * x) / (10 / 3 * x))
    if paid > ceiling:
        paid, x = ceiling, 100 / (100 + 10 / 3 * ceiling)
    return Known(partial(solve, model), {"price C": paid, "level X": min(x, 1.0) if paid else 1.0})


def replacement(spent: float) -> Known:
    """A tax on X that pays for so much of Y: with fixed costs of labour alone the rate is on paper."""
    x = Activity("X", Leaf("PX", 100, taxes=(Tax(1.0, "GOV", "t"),)), Leaf("L", 100))
    y = Activity("Y", Leaf("PY", 50), Leaf("L", 50))
    people = (Consumer("RA", BASKET, (Endowment("L", 150),)), Consumer("GOV", Leaf("PY", 10)))
    rule = condition("t", real("GOV"), spent / 10, value=0.0)
    # t (2 / 3) 150 = spent
    return Known(
        partial(solve, Model((x, y), people, "L", (), (rule,))),
        {"auxiliary t": spent / 100, "level X": 1 - spent / 100},
    )


def two_rules() -> Known:
    """Two taxes for two targets: the price of X is 1.25, and government gets a tenth of income."""
    x = Activity("X", Leaf("PX", 100, taxes=(Tax(1.0, "GOV", "t"),)), Leaf("L", 100))
    y = Activity("Y", Leaf("PY", 50, taxes=(Tax(1.0, "GOV", "u"),)), Leaf("L", 50))
    people = (Consumer("RA", BASKET, (Endowment("L", 150),)), Consumer("GOV", BASKET, ()))
    rules = (
        condition("t", price("PX"), 1.25, value=0.0),
        condition("u", income("GOV"), 0.25 * income("RA"), value=0.0),
    )
    # all spend alike: 2 / 3 of 187.5 on X at t = .2 brings 25, the rest of 37.5 is u of 62.5
    return Known(
        partial(solve, Model((x, y), people, "L", (), rules)),
        {"auxiliary t": 0.2, "auxiliary u": 0.2, "price PY": 1.25},
    )


def learning(power: float) -> Known:
    """Output grows with the level as level ** power: a price that falls with what is made."""
    x = Activity("X", Leaf("PX", 100, terms="a"), Leaf("L", 100))
    y = Activity("Y", Leaf("PY", 50), Leaf("L", 50))
    rule = condition("a", auxiliary("a"), level("X") ** power)
    model = Model((x, y), (Consumer("RA", BASKET, (Endowment("L", 300),)),), "L", (), (rule,))
    return Known(partial(solve, model), {"level X": 2.0, "auxiliary a": 2.0**power, "price PX": 2.0**-power})


def sheep(wool: float) -> Known:
    """Mutton and wool in fixed proportions: spending gives their prices; what is more than needed is free."""
    flock = Activity("sheep", Nest(0, (Leaf("M", 50), Leaf("W", 50))), Leaf("L", 100))
    demand = Nest(1.0 if wool == 0.5 else 0.0, (Leaf("M", 100 * (1 - wool)), Leaf("W", 100 * wool)))
    model = Model((flock,), (Consumer("RA", demand, (Endowment("L", 200),)),), "L")
    worth = 1.0 if wool == 0.5 else 2.0 * (wool > 0.5)
    return Known(partial(solve, model), {"level sheep": 2.0, "price W": worth, "price M": 2.0 - worth})


def transformed(eta: float) -> Known:
    """One industry makes two goods half and half, of which one is four times as much in demand: ratio ** (1 + eta)."""
    joint = Activity("J", Nest(eta, (Leaf("A", 50), Leaf("B", 50))), Leaf("L", 100))
    model = Model((joint,), (Consumer("RA", Nest(1, (Leaf("A", 20), Leaf("B", 80))), (Endowment("L", 100),)),), "L")
    ratio = 4 ** (1 / (1 + eta))
    first = 1 / ces(0.5, -eta, 1, ratio)
    return Known(partial(solve, model), {"level J": 1.0, "price A": first, "price B": ratio * first})


def needs(first: float, second: float) -> Known:
    """Stone and Geary's two households, at prices that labour alone gives."""
    made = (Activity("X", Leaf("PX", 1), Leaf("L", 1)), Activity("Y", Leaf("PY", 1), Leaf("L", 2)))
    people = tuple(
        Consumer(name, Nest(1, (Leaf("PX", 1), Leaf("PY", 1))), (Endowment("L", own),), subsistence={"PX": least})
        for name, own, least in (("A", 100.0, first), ("B", 20.0, second))
    )
    above = 100 - first + 20 - second
    return Known(
        partial(solve, Model(made, people, "L")),
        {"level X": first + second + above / 2, "level Y": above / 4, "income A": 100 - first, "income B": 20 - second},
    )


def handed_on(first: float, second: float) -> Known:
    """Incomes that go round: a = 70 + second b, b = 80 r + first a."""
    made = (Activity("X", Leaf("PX", 1), Leaf("L", 1)),)
    people = (
        Consumer("A", Leaf("PX", 1), (Endowment("L", 70),), {"B": first}),
        Consumer("B", Leaf("PX", 1), (Endowment("L", 80),), {"A": second}),
    )
    a, b = np.linalg.solve([[1, -second], [-first, 1]], [70, 80])
    return Known(partial(solve, Model(made, people, "L")), {"income A": a, "income B": b, "level X": 150})


def capacity(limit: float) -> Known:
    """X up to a limit: its rent is what a given part of spending leaves; exactly enough, the rent is nothing."""
    made = (Activity("X", Leaf("PX", 100), Leaf("L", 100)), Activity("Y", Leaf("PY", 50), Leaf("L", 50)))
    model = Model(made, (Consumer("RA", BASKET, (Endowment("L", 150),)),), "L")
    rent = max(0.0, (100 - 100 * limit) / (limit / 3))
    name = f"price {capacity_of('X')}"
    return Known(partial(solve, with_capacity(model, "X", limit, "RA")), {name: rent, "level X": min(limit, 1.0)})


def backstop(cost: float, subsidy: float) -> Known:
    """A way to make X that loses money, until a subsidy on what it sells covers the loss."""
    made = (
        Activity("X", Leaf("PX", 100), Leaf("L", 100), complementary=True),
        Activity("Y", Leaf("PY", 50), Leaf("L", 50)),
        Activity("B", Leaf("PX", 1, taxes=(Tax(-subsidy, "RA"),)), Leaf("L", cost), level=0.0, complementary=True),
    )
    model = Model(made, (Consumer("RA", BASKET, (Endowment("L", 150),)),), "L")
    least = min(1.0, cost / (1 + subsidy))
    return Known(partial(solve, model), {"price PX": least, "level X": 1.0 if least == 1.0 else 0.0})


KNOWN: dict[str, Callable[[], Known]] = {
    **{f"output tax {t:g}": partial(output_tax, t) for t in (-5.0, -0.5, 0.5, 0.99, 0.999999)},
    **{f"labour tax {t:g}": partial(labour_tax, t) for t in (-0.999, 1.5, 10.0, 1000.0)},
    **{f"consumption tax {t:g}": partial(consumption_tax, t) for t in (-0.9, 3.0)},
    **{
        f"elasticities {a:g} {b:g} {c:g}, labour {own:g}": partial(two_by_two, a, b, c, own, CAPITAL)
        for a, b, c, own in (
            (1, 1, 0, 84), (1, 1, 100, 84), (0, 1, 1, 84), (1, 0, 0, 77), (100, 1, 1, 77), (100, 100, 100, 77),
            (0.01, 100, 0.01, 72), (1, 1, 5, 7e4), (0.5, 0.5, 0.5, 1e-3), (0.2, 0.9, 0, 200),
        )
    },
    **{f"fixed proportions, capital {k:g}": partial(fixed_proportions, LABOUR, k) for k in (80, 81, 81.6, 82, 1e5)},
    **{f"two routes {a:g} {b:g}": partial(two_routes, a, b) for a, b in ((0.9, 0.8), (0.9, 0.5), (2.0, 0.3), (2, 1.5))},
    **{f"a price taker, labour {own:g}": partial(price_taker, own, 1.1) for own in (50, 60, 70, 79)},
    **{f"a tariff of {t:g}": partial(closed_borders, t) for t in (0.5, 4.0)},
    "two countries that specialise": ricardo,
    **{f"three people, draw {n}": partial(many_people, n) for n in range(3)},
    **{f"a wage that buys {w:g}": partial(wage_floor, w) for w in (0.9, 1.0, 1.3, 4.0)},
    **{f"permits {cap:g}": partial(permits, cap) for cap in (0.1, 5.0, 10.0, 12.0)},
    **{f"permits {cap:g} up to {most:g}": partial(permits, cap, most) for cap, most in ((5.0, 3.0), (9.9, 3.0))},
    **{f"government spends {g:g}": partial(replacement, g) for g in (0.0, 20.0, 90.0)},
    "two taxes and two targets": two_rules,
    **{f"learning {e:g}": partial(learning, e) for e in (-0.5, 0.3, 0.9)},
    **{f"wool {w:g}": partial(sheep, w) for w in (0.3, 0.5, 0.7)},
    **{f"transformation {e:g}": partial(transformed, e) for e in (0, 1, 3, 100)},
    **{f"needs {a:g} {b:g}": partial(needs, a, b) for a, b in ((0, 20), (99, 1), (30, 19.9))},
    **{f"income handed on {a:g} {b:g}": partial(handed_on, a, b) for a, b in ((0.5, 0.5), (0.9, 0.99), (-0.5, 0.2))},
    **{f"capacity {k:g}": partial(capacity, k) for k in (0.01, 0.6, 1.0, 1.4)},
    **{
        f"a backstop at {cost:g} less {less:g}": partial(backstop, cost, less)
        for cost, less in ((1.2, 0.0), (1.2, 0.2), (1.2, 0.5), (0.4, 4))
    },
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.filterwarnings("ignore::tanshi.equilibrium.UndeterminedWarning")
def test_a_hard_model_ends_where_it_must(name: str) -> None:
    known = KNOWN[name]()
    s = known.solve()
    found = {
        f"{kind} {key}": value
        for kind in ("level", "price", "income", "auxiliary")
        for key, value in getattr(s, kind).items()
    }
    for what, value in known.values.items():
        assert found[what] == pytest.approx(value, rel=1e-6, abs=1e-7), what
    model = s.compiled.model
    assert not faults(with_numbers(model, s.parameters), s, calibrated=model)
