"""Forty-five odd models: each is solved and found right by a count of its own, or refused; none is silently wrong.

Right means: every account receives what it pays, nobody consumes less than nothing, what stands still would lose, what
is free is left over.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tanshi.equilibrium import (
    Activity,
    Auxiliary,
    Commodity,
    Consumer,
    Counterfactual,
    Endowment,
    EquilibriumError,
    Leaf,
    Model,
    ModelError,
    Nest,
    Solution,
    Tax,
    UndeterminedWarning,
    condition,
    every_payment_is_received,
    index,
    price,
    real,
    solve,
    with_capacity,
)
from tests.equilibrium.engine.two_by_two import BASKET, K, L, X, Y, economy, owned


def right(s: Solution) -> None:
    """Count the whole solution again."""
    assert every_payment_is_received(s, 1e-7).passed
    assert min(s.income.values()) >= -1e-7 * max(s.income.values())
    assert min(s.level.values()) >= 0
    assert min(s.price.values()) >= 0
    c = s.compiled
    for row in range(c.price_slice.stop):
        slack = float(s.state.residual[row])
        if row != c.numeraire_row:
            assert slack >= -1e-8, c.equation_name(row)
            assert slack * float(s.x[row]) <= 1e-7 * max(1.0, float(s.x[row])), c.equation_name(row)


def chain(links: int, cost: float = 0.5) -> Model:
    """Good X can be made through a chain of idle activities, whose goods nobody else makes, for part of the cost."""
    made = [Activity("link 1", Leaf("M1", 1), Nest(1, (Leaf("L", cost / 2), Leaf("K", cost / 2))), level=0.0)]
    made += [Activity(f"link {i}", Leaf(f"M{i}", 1), Leaf(f"M{i - 1}", 1), level=0.0) for i in range(2, links + 1)]
    return economy(X, Y, *made, Activity("end", Leaf("PX", 1), Leaf(f"M{links}", 1), level=0.0))


def sharp(sigma: float, labour: float = 84) -> Model:
    inputs = Nest(sigma, (L, K))
    return economy(replace(X, inputs=inputs), Y, basket=replace(BASKET, sigma=sigma), own=owned(labour))


def sized(unit: float, rate: float = 1.0) -> Model:
    """The economy in other units: quantities times ``unit``, prices of goods times ``rate``."""

    def good(name: str, value: float) -> Leaf:
        return Leaf(name, value * unit / rate, price=rate)

    inputs = [Nest(0.7, (Leaf("L", a * unit), Leaf("K", b * unit))) for a, b in ((50, 50), (20, 30))]
    activities = (Activity("X", good("PX", 100), inputs[0]), Activity("Y", good("PY", 50), inputs[1]))
    return economy(*activities, basket=Nest(0.5, (good("PX", 100), good("PY", 50))), own=owned(77 * unit, 80 * unit))


def leontief(capital: float) -> Model:
    fixed = (replace(X, inputs=Nest(0, (L, K))), replace(Y, inputs=Nest(0, (Leaf("L", 20), Leaf("K", 30)))))
    return economy(*fixed, own=owned(capital=capital))


def taxed(rate: float, side: str = "output") -> Model:
    tax = (Tax(rate, "RA"),)
    if side == "output":
        model = economy(replace(X, output=Leaf("PX", 100 / (1 - rate) if rate < 1 else 100, taxes=tax)), Y)
        return model
    return economy(replace(X, inputs=Nest(1, (replace(L, taxes=tax), K))), Y)


def ruled(*rules: Auxiliary, base: float = 1.0) -> Model:
    """Taxes on X and on labour, paid to RA, at rates that conditions set."""
    rates = [x.name for x in rules]
    sold = Leaf("PX", 100, taxes=(Tax(base, "RA", rates[0]),))
    work = replace(L, taxes=(Tax(1.0, "RA", rates[1]),)) if len(rates) > 1 else L
    return economy(Activity("X", sold, Nest(1, (work, K))), Y, rules=rules)


def permits(cap: float) -> Model:
    dirty = replace(X, inputs=Nest(0, (Nest(1, (L, K)), Leaf("CO2", 10, price=0.0))))
    return economy(dirty, Y, own=(*owned(), Endowment("CO2", cap)), goods=(Commodity("CO2", 0.0, free=True),))


def with_other(*endowments: Endowment, **more: float) -> Model:
    other = Consumer("OTHER", Leaf("PX", 5), endowments, subsistence=more)
    return economy(others=(other,))


TWIN = replace(X, name="X2")
BY_PRODUCT = replace(X, output=Nest(0, (Leaf("PX", 100), Leaf("SLAG", 30, price=0.0))))
USES_SLAG = replace(Y, inputs=Nest(0, (Nest(1, (Leaf("L", 20), Leaf("K", 30))), Leaf("SLAG", 5, price=0.0))))
LAND, ACRES = Leaf("LAND", 5), (*owned(), Endowment("LAND", 50))
SOLVED, REFUSED, MANY = "solved", "refused", "one of many"
MODELS: dict[str, tuple[Callable[[], Model], str]] = {
    **{f"latent chain of {n}": ((lambda n=n: chain(n)), SOLVED) for n in (1, 2, 3, 5, 8)},
    "latent chain too dear": (lambda: chain(3, 1.5), SOLVED),
    "latent chain that just pays": (lambda: chain(3, 1.0), MANY),
    **{f"capital {k} where 80 are needed": ((lambda k=k: leontief(k)), SOLVED) for k in (81, 160, 8e4)},
    "a by-product too much": (lambda: economy(BY_PRODUCT, USES_SLAG), SOLVED),
    "labour and land free": (
        lambda: economy(X, replace(Y, inputs=Nest(0, (Leaf("L", 50), LAND))), own=ACRES),
        SOLVED,
    ),
    "a consumer with a free good alone": (
        lambda: replace(leontief(160), consumers=(
            Consumer("RA", BASKET, (Endowment("L", 70), Endowment("K", 80))),
            Consumer("OTHER", Leaf("PX", 5), (Endowment("K", 80),)),
        )),
        SOLVED,
    ),
    "a consumer with nothing": (lambda: with_other(), SOLVED),
    "a debtor": (lambda: with_other(Endowment("L", 1), Endowment("PX", -5)), REFUSED),
    "subsistence beyond income": (lambda: with_other(Endowment("L", 1), PX=5), REFUSED),
    "subsistence just met": (lambda: with_other(Endowment("L", 10), PX=5), SOLVED),
    "subsistence beyond the economy": (lambda: with_other(Endowment("L", 1), PX=500), REFUSED),
    "incomes in a circle": (
        lambda: Model((X, Y), (
            Consumer("A", BASKET, owned(), {"B": 0.5}), Consumer("B", Leaf("PX", 5), (), {"A": 0.9}),
        ), "L"),
        SOLVED,
    ),
    "twins": (lambda: economy(X, TWIN, Y), MANY),
    "triplets": (lambda: economy(X, TWIN, replace(X, name="X3"), Y), MANY),
    "a twin that stands still": (lambda: economy(X, replace(TWIN, level=0.0, complementary=True), Y), MANY),
    "a dearer twin": (
        lambda: economy(X, Activity("X2", Leaf("PX", 100), Nest(1, (Leaf("L", 51), Leaf("K", 51)))), Y), SOLVED
    ),
    **{f"elasticity {s:g}": ((lambda s=s: sharp(s)), SOLVED) for s in (1e-6, 1e-3, 0.999999, 1.000001, 20, 100, 500)},
    **{f"units of {u:g}": ((lambda u=u: sized(u)), SOLVED) for u in (1e-8, 1e8)},
    **{f"prices of {r:g}": ((lambda r=r: sized(1.0, r)), SOLVED) for r in (1e-6, 1e6)},
    "a tax of all revenue": (lambda: taxed(1.0), REFUSED),
    "a tax of nearly all revenue": (lambda: taxed(0.99), SOLVED),
    "a subsidy of most of the wage": (lambda: taxed(-0.9, "inputs"), SOLVED),
    "a tax of a thousand per cent": (lambda: taxed(10.0, "inputs"), SOLVED),
    "no permits": (lambda: permits(0.0), REFUSED),
    "permits just enough": (lambda: permits(10.0), SOLVED),
    "hardly any permits": (lambda: permits(0.01), SOLVED),
    "no capacity for what is needed": (lambda: with_capacity(economy(), "X", 0.0, "RA"), REFUSED),
    "no capacity for one of two": (lambda: with_capacity(economy(X, TWIN, Y), "X2", 0.0, "RA"), SOLVED),
    "a target out of reach": (lambda: ruled(condition("t", real("RA"), 5.0, value=0.0)), REFUSED),
    "a target that always holds": (lambda: ruled(condition("t", index("RA") - index("RA"), value=0.0)), REFUSED),
    "two taxes for one target": (
        lambda: ruled(condition("t", price("PX"), 1.1, value=0.0), condition("u", price("PX"), 1.1, value=0.0)), REFUSED
    ),
    "two targets that exclude each other": (
        lambda: ruled(condition("t", price("PX"), 1.1, value=0.0), condition("u", price("PX"), 1.2, value=0.0)), REFUSED
    ),
}  # fmt: skip


def test_there_are_forty_five() -> None:
    assert len(MODELS) >= 45


@pytest.mark.parametrize("name", MODELS)
def test_an_odd_model_is_solved_and_right_or_refused_by_name(name: str) -> None:
    build, expected = MODELS[name]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if expected == REFUSED:
            with pytest.raises((EquilibriumError, ModelError), match="'"):  # somebody or something is named
                Counterfactual(build()).solve()
            return
        s = Counterfactual(build()).solve()
    right(s)
    many = any(issubclass(w.category, UndeterminedWarning) for w in said)
    assert expected == (MANY if many else SOLVED)


def test_a_latent_chain_sets_the_price_of_what_it_makes() -> None:
    s = solve(chain(3))
    assert s.price["PX"] == pytest.approx(0.5 * s.price["K"] ** 0.5, rel=1e-8)
    assert s.level["X"] == pytest.approx(0.0, abs=1e-9)


def test_units_of_measurement_change_nothing() -> None:
    one = Counterfactual(sized(1.0)).solve()
    for other in (sized(1e-8), sized(1e8), sized(1.0, 1e-6), sized(1.0, 1e6)):
        assert Counterfactual(other).solve().level == pytest.approx(one.level, rel=1e-7)
    assert np.isfinite(one.walras)
