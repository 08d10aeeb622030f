"""Sixty more odd models, each recounted from its data: right, or refused by the name of what is wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from tanshi.equilibrium import (
    Activity,
    Commodity,
    Consumer,
    Counterfactual,
    Endowment,
    EquilibriumError,
    Leaf,
    Model,
    ModelError,
    Nest,
    Tax,
    UndeterminedWarning,
    auxiliary,
    condition,
    output,
    solve,
    with_capacity,
)
from tests.equilibrium.engine.recount import faults
from tests.equilibrium.engine.two_by_two import BASKET, K, L, X, Y, economy, owned

FIXED = (replace(X, inputs=Nest(0, (L, K))), replace(Y, inputs=Nest(0, (Leaf("L", 20), Leaf("K", 30)))))
TAXED = replace(X, output=Leaf("PX", 100, taxes=(Tax(1.0, "RA", "t"),)))


def idle(name: str, makes: Leaf, *needs: Leaf, sigma: float = 0.0) -> Activity:
    return Activity(name, makes, Nest(sigma, needs), level=0.0)


def islands(link: bool) -> Model:
    """Two economies without trade; ``link``: with a trade that does not pay."""
    made = [Activity(i, Leaf(f"P{i}", 10), Nest(1, (Leaf(f"L{i}", 5), Leaf(f"K{i}", 5)))) for i in "AB"]
    if link:
        made.append(idle("ship", Leaf("PA", 1), Leaf("PB", 3)))
    own = {i: (Endowment(f"L{i}", a), Endowment(f"K{i}", b)) for i, a, b in (("A", 6, 5), ("B", 5, 6))}
    return Model(tuple(made), tuple(Consumer(i.lower(), Leaf(f"P{i}", 10), own[i]) for i in "AB"), "LA")


def abating() -> Model:
    """A cap that abatement at three costs relieves."""
    dirty = replace(X, inputs=Nest(0, (Nest(1, (L, K)), Leaf("C", 10, price=0.0))))
    ways = [idle(f"abate at {cost}", Leaf("C", 1), Leaf("L", cost)) for cost in (1.0, 2.0, 3.0)]
    return economy(dirty, Y, *ways, own=(*owned(70), Endowment("C", 5)), goods=(Commodity("C", 0.0, free=True),))


def sluice(water: float) -> Model:
    """Water is free in the benchmark; ``water`` of it is owned."""
    mill = replace(X, inputs=Nest(0, (Nest(1, (L, K)), Leaf("W", 100, price=0.0))))
    return economy(mill, Y, own=(*owned(90), Endowment("W", water)), goods=(Commodity("W", 0.0, free=True),))


def rubbish() -> Model:
    """Production makes waste; carrying it away costs labour, and somebody wants it gone."""
    made = replace(X, output=Nest(0, (Leaf("PX", 100), Leaf("WASTE", 30, price=0.0))))
    dump = Activity("dump", Leaf("CLEAN", 1), Nest(0, (Leaf("WASTE", 1, price=0.0), Leaf("L", 1))))
    basket = Nest(0, (BASKET, Leaf("CLEAN", 5)))
    return economy(made, Y, dump, basket=basket, own=owned(75), goods=(Commodity("WASTE", 0.0, free=True),))


def abroad(*ways: Activity, currency: float = 1.0) -> Model:
    world = Consumer("W", Leaf("FX", currency), (Endowment("FX", currency),))
    return economy(X, Y, *ways, others=(world,))


def taste(sigma: float) -> Model:
    return economy(basket=Nest(sigma, (Leaf("PX", 100), Leaf("PY", 50))), own=owned(100))


def technique(sigma: float) -> Model:
    return economy(replace(X, inputs=Nest(sigma, (L, K))), Y, own=owned(100))


def joint(eta: float) -> Model:
    both = Activity("J", Nest(eta, (Leaf("PX", 100), Leaf("PY", 50))), Nest(1, (Leaf("L", 70), Leaf("K", 80))))
    return economy(both, basket=Nest(1, (Leaf("PX", 60), Leaf("PY", 90))))


def shares(a: float, b: float) -> Model:
    first = Consumer("A", Leaf("PX", 100), (Endowment("L", 70),), {"B": a})
    return Model((X, Y), (first, Consumer("B", Leaf("PY", 50), (Endowment("K", 80),), {"A": b})), "L")


def other(*endowments: Endowment, needs: float = 0.0) -> Model:
    subsistence = {"PX": needs} if needs else {}
    return economy(others=(Consumer("P", Leaf("PX", 5), endowments, subsistence=subsistence),))


def kehoe() -> Model:
    """Four consumers and two activities of fixed proportions, with more equilibria than one (Kehoe 1985)."""
    spends = (
        (0.52, 0.86, 0.5, 0.06),
        (0.4, 0.1, 0.2, 0.25),
        (0.04, 0.02, 0.2975, 0.0025),
        (0.04, 0.02, 0.0025, 0.6875),
    )
    own = (5, 5, 40, 40)
    people = tuple(
        Consumer(
            f"H{j}", Nest(1, tuple(Leaf(f"G{i}", 10 * spends[i][j]) for i in range(4))), (Endowment(f"G{j}", own[j]),)
        )
        for j in range(4)
    )
    ways = (
        Activity("A", Leaf("G0", 6), Nest(0, (Leaf("G1", 1), Leaf("G2", 4), Leaf("G3", 1)))),
        Activity("B", Leaf("G1", 3), Nest(0, (Leaf("G0", 1), Leaf("G2", 1), Leaf("G3", 1)))),
    )
    return Model(ways, people, "G0")


ROUND = (idle("there", Leaf("PY", 1), Leaf("PX", 1)), idle("back", Leaf("PX", 1), Leaf("PY", 1)))
IMPORT = idle("import", Leaf("PX", 1), Leaf("FX", 0.9))
EXPORT = idle("export", Leaf("FX", 1), Leaf("PY", 1))
LOOP = (
    idle("a", Leaf("M", 1), Leaf("N", 0.5), Leaf("L", 0.1)),
    idle("b", Leaf("N", 1), Leaf("M", 0.5), Leaf("K", 0.1)),
    idle("c", Leaf("PX", 1), Leaf("M", 1)),
)
SOLVED, REFUSED, MANY = "solved", "refused", "one of many"
MODELS: dict[str, tuple[Callable[[], Model], str]] = {
    "goods from nothing": (
        lambda: economy(X, Y, idle("a", Leaf("PY", 1.2), Leaf("PX", 1)), idle("b", Leaf("PX", 1), Leaf("PY", 1))),
        REFUSED,
    ),
    "there and back at no loss": (lambda: economy(X, Y, *ROUND), MANY),
    "a conversion that pays": (lambda: economy(X, Y, idle("a", Leaf("PY", 1.5), Leaf("PX", 1))), SOLVED),
    "more of its own good than it makes": (
        lambda: economy(Activity("X", Leaf("PX", 100), Nest(0, (Leaf("PX", 120), L, K))), Y),
        REFUSED,
    ),
    "part of its own good": (
        lambda: economy(Activity("X", Leaf("PX", 150), Nest(0, (Leaf("PX", 50), L, K))), Y),
        SOLVED,
    ),
    "two islands": (lambda: islands(False), MANY),
    "two islands and a ship that stays in port": (lambda: islands(True), MANY),
    "fixed proportions, just enough": (lambda: economy(*FIXED), SOLVED),
    "fixed proportions, half of one factor": (lambda: economy(*FIXED, own=owned(35)), SOLVED),
    "the numeraire in excess": (lambda: economy(*FIXED, own=owned(140)), REFUSED),
    "nothing substitutes, capital in excess": (
        lambda: economy(*FIXED, basket=Nest(0, (Leaf("PX", 100), Leaf("PY", 50))), own=owned(70, 120)),
        SOLVED,
    ),
    "nothing substitutes, the numeraire in excess": (
        lambda: economy(*FIXED, basket=Nest(0, (Leaf("PX", 100), Leaf("PY", 50))), own=owned(120)),
        REFUSED,
    ),
    **{f"taste of {s:g}": (partial(taste, s), SOLVED) for s in (1e-12, 1e-9, 50, 200, 1e3, 1e4, 1e6)},
    **{f"technique of {s:g}": (partial(technique, s), SOLVED) for s in (1e-12, 1 + 1e-9, 1e3, 1e6)},
    **{f"transformation {s:g}": (partial(joint, s), SOLVED) for s in (1e-12, 50, 1e4, 1e6)},
    "a subsidy above the wage": (
        lambda: economy(replace(X, inputs=Nest(1, (replace(L, taxes=(Tax(-1.5, "RA"),)), K))), Y),
        REFUSED,
    ),
    "a tax of more than all": (
        lambda: economy(replace(X, output=Leaf("PX", 100, taxes=(Tax(1.2, "RA"),))), Y),
        REFUSED,
    ),
    "a subsidy of five prices": (
        lambda: economy(replace(X, output=Leaf("PX", 100, taxes=(Tax(-5.0, "RA"),))), Y),
        SOLVED,
    ),
    "somebody who owns nothing": (other, SOLVED),
    "debt beyond income": (lambda: other(Endowment("L", 10), Endowment("K", -30)), REFUSED),
    "subsistence of all income": (lambda: other(Endowment("L", 10), Endowment("K", 10), needs=20.0), SOLVED),
    "income handed on in a circle": (lambda: shares(0.5, 0.5), SOLVED),
    "nearly all income handed on in a circle": (lambda: shares(0.999999, 0.999999), SOLVED),
    "income taken from another": (lambda: shares(-0.5, 0.0), SOLVED),
    "three of a kind": (lambda: economy(X, replace(X, name="X2"), replace(X, name="X3"), Y), MANY),
    "a twin that stands still": (lambda: economy(X, replace(X, name="X2", level=0.0), Y), MANY),
    "a twin in millionths": (
        lambda: economy(X, Activity("X2", Leaf("PX", 1e-6), Nest(1, (Leaf("L", 5e-7), Leaf("K", 5e-7)))), Y),
        MANY,
    ),
    "water that becomes scarce": (lambda: sluice(102), SOLVED),
    "water in plenty": (lambda: sluice(1000), SOLVED),
    "rubbish that somebody wants gone": (rubbish, SOLVED),
    "a ceiling on a price": (lambda: economy(goods=(Commodity("PX", upper=0.8),)), REFUSED),
    "a price held": (lambda: economy(goods=(Commodity("PX", lower=1.0, upper=1.0),), own=owned(100)), REFUSED),
    "a floor under the rent of capital": (lambda: economy(goods=(Commodity("K", lower=2.0),)), REFUSED),
    "a latent loop": (lambda: economy(X, Y, *LOOP), SOLVED),
    "latent things that nobody wants": (
        lambda: economy(
            X,
            Y,
            idle("a", Leaf("M", 1), Leaf("L", 1)),
            idle("b", Leaf("N", 1), Leaf("M", 1)),
            idle("c", Leaf("M", 1), Leaf("N", 2)),
        ),
        SOLVED,
    ),
    "more equilibria than one": (kehoe, SOLVED),
    "a benchmark that is none": (
        lambda: economy(
            Activity("X", Leaf("PX", 100), Nest(1, (Leaf("L", 10), Leaf("K", 7)))),
            Activity("Y", Leaf("PY", 3), Nest(0.3, (Leaf("L", 20), Leaf("K", 80)))),
        ),
        SOLVED,
    ),
    "a factor that is consumed": (lambda: economy(basket=Nest(0.5, (BASKET, Leaf("L", 60))), own=owned(130)), SOLVED),
    "one good twice in a nest": (
        lambda: economy(replace(X, inputs=Nest(2, (Leaf("L", 25, name="day"), Leaf("L", 25, name="night"), K))), Y),
        SOLVED,
    ),
    "one good made and used": (
        lambda: economy(Activity("X", Nest(0, (Leaf("PX", 100), Leaf("L", 10))), Nest(1, (Leaf("L", 60), K))), Y),
        SOLVED,
    ),
    "abatement in three steps": (abating, SOLVED),
    "a tax with two rates that fit": (
        lambda: economy(TAXED, Y, rules=(condition("t", auxiliary("t") ** 2, 0.01, value=0.0),)),
        SOLVED,
    ),
    "a tax with no rate that fits": (
        lambda: economy(TAXED, Y, rules=(condition("t", auxiliary("t") ** 2, -0.01, value=0.0),)),
        REFUSED,
    ),
    "a tax that stops at its bound": (
        lambda: economy(
            TAXED, Y, rules=(condition("t", output("X", "PX"), 80, value=0.0, lower=0.0, upper=0.1, scale=100),)
        ),
        SOLVED,
    ),
    "a worthless numeraire": (lambda: economy(goods=(Commodity("L", 0.0),)), REFUSED),
    "no capital": (lambda: economy(own=owned(70, 0.0)), REFUSED),
    "hardly any capital": (lambda: economy(own=owned(70, 1e-3)), SOLVED),
    "two capacities": (
        lambda: with_capacity(
            with_capacity(
                economy(X, Activity("X2", Leaf("PX", 100), Nest(1, (Leaf("L", 60), Leaf("K", 60))), level=0.0), Y),
                "X",
                0.6,
                "RA",
            ),
            "X2",
            0.2,
            "RA",
        ),
        SOLVED,
    ),
    "money from trade": (lambda: abroad(IMPORT, idle("export", Leaf("FX", 1), Leaf("PX", 1))), REFUSED),
    "trade that nobody had before": (lambda: abroad(IMPORT, EXPORT, currency=1e-6), SOLVED),
    "trade in a currency that nobody has": (
        lambda: economy(X, Y, IMPORT, EXPORT, own=(*owned(70), Endowment("FX", 0.0))),
        SOLVED,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_an_odd_model_is_right_when_recounted_or_refused_by_name(name: str) -> None:
    build, expected = MODELS[name]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if expected == REFUSED:
            with pytest.raises((EquilibriumError, ModelError), match="'"):  # somebody or something is named
                solve(build())
            return
        model = build()
        s = Counterfactual(model).solve()
    assert faults(model, s) == []
    many = [w for w in said if issubclass(w.category, UndeterminedWarning)]
    assert (expected == MANY) == bool(many)
    assert len(many) <= 1


def test_a_numeraire_in_excess_is_told_and_another_one_serves() -> None:
    model = economy(*FIXED, own=owned(140))
    with pytest.raises(EquilibriumError, match=r"units of 'L'.*worth nothing\. Name another commodity, or a consumer"):
        solve(model)
    s = solve(replace(model, numeraire="K"))
    assert s.price["L"] == pytest.approx(0.0, abs=1e-9)
    assert faults(replace(model, numeraire="K"), s) == []


def test_near_perfect_substitutes_end_where_perfect_ones_do() -> None:
    """Labour at 100 to 80 of capital is more than the second good can use: only the first is made."""
    s = solve(taste(1e6))
    assert s.level["Y"] == pytest.approx(0.0, abs=1e-9)
    assert s.price["K"] == pytest.approx(100 / 80, rel=1e-8)
    assert s.level["X"] == pytest.approx((100 * 80) ** 0.5 / 50, rel=1e-8)
