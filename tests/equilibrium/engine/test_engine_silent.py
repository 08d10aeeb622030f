"""Mistakes that once gave a number without a word: each is now right, or refused by the name of what is wrong."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from tanshi.equilibrium.engine import (
    Activity,
    Auxiliary,
    Commodity,
    Consumer,
    Endowment,
    EquilibriumError,
    Leaf,
    Model,
    ModelError,
    Nest,
    Solution,
    Tax,
    Term,
    UndeterminedWarning,
    compile_model,
    solve,
)

X = Activity("X", Leaf("PX", 100), Nest(1, (Leaf("PL", 50), Leaf("PK", 50)), name="value added"))
Y = Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("PL", 20), Leaf("PK", 30))))
BASKET = Nest(1, (Leaf("PX", 100), Leaf("PY", 50)))
OWNED = (Endowment("PL", 70), Endowment("PK", 80))
RA = Consumer("RA", BASKET, OWNED)


def economy(*activities: Activity, consumers: tuple[Consumer, ...] = (RA,), **more: tuple[object, ...]) -> Model:
    return Model(activities or (X, Y), consumers, "PL", **more)  # type: ignore[arg-type]


# -- bounds set after compilation ---------------------------------------------------------------------------


def bounded(model: Model, variable: str, lower: float, upper: float, labour: float = 77) -> Solution:
    c = compile_model(model)
    p = c.default.copy()
    at = {**c.activity_index, **c.price_index, **c.income_index, **c.aux_index}[variable]
    p.lower[at], p.upper[at] = lower, upper
    p.endowment[0] = labour
    return solve(c, p)


def test_a_price_floor_that_does_not_bind_changes_nothing() -> None:
    assert bounded(economy(), "PX", 0.5, inf).price == pytest.approx(solve_with(77).price, rel=1e-9)


def solve_with(labour: float) -> Solution:
    c = compile_model(economy())
    p = c.default.copy()
    p.endowment[0] = labour
    return solve(c, p)


def test_a_price_floor_that_binds_without_rationing_is_refused_by_name() -> None:
    with pytest.raises(EquilibriumError, match=r"price of 'PX' is held at its bound 1.5.*paid for what nobody buys"):
        bounded(economy(), "PX", 1.5, inf)
    floor = economy(commodities=(Commodity("PX", lower=1.5),))
    with pytest.raises(EquilibriumError, match=r"pairs_price='PX'"):
        solve(floor)


def test_a_wage_floor_with_rationing_is_an_equilibrium() -> None:
    """35 of labour to 80 of capital: in full use capital would earn less than a wage, so part of it lies idle."""
    jobs = Auxiliary("jobs", (Term(1.0), Term(-1.0, (("aux", "jobs"),))), pairs_price="PK")
    owned = (Endowment("PL", 70), Endowment("PK", 80, "jobs"))
    rationed = economy(
        consumers=(replace(RA, endowments=owned),), commodities=(Commodity("PK", lower=1.0),), auxiliaries=(jobs,)
    )
    s = bounded(rationed, "PK", 1.0, inf, labour=35)
    assert s.price["PK"] == pytest.approx(1.0, rel=1e-9)
    assert 80 * s.auxiliary["jobs"] == pytest.approx(s.flow("X", "PK") + s.flow("Y", "PK"), rel=1e-8)
    assert s.auxiliary["jobs"] < 0.6


def test_a_level_held_where_profit_is_left_over_is_refused_by_name() -> None:
    with pytest.raises(EquilibriumError, match=r"level of 'X' is held at its bound 0.5.*profit of .* that nobody owns"):
        bounded(economy(), "X", 0.5, 0.5)


def test_incomes_and_the_numeraire_take_no_bounds() -> None:
    with pytest.raises(ModelError, match=r"income of 'RA' was given bounds.*endowments"):
        bounded(economy(), "RA", 0.0, 10.0)
    with pytest.raises(ModelError, match=r"price of 'PL' was given bounds.*numeraire"):
        bounded(economy(), "PL", 0.5, 0.5)


TAXED = replace(X, output=Leaf("PX", 100, taxes=(Tax(1.0, "RA", "t"),)))


def target(price: float) -> Model:
    """A tax on good X, whose rate makes its price what is asked for."""
    rate = Auxiliary("t", (Term(1.0, (("price", "PX"),)), Term(-price)), value=0.0)
    return economy(TAXED, Y, auxiliaries=(rate,))


def test_an_auxiliary_fixed_later_stays_where_it_is_put() -> None:
    s = bounded(target(1.1), "t", 0.2, 0.2, labour=70)
    assert s.auxiliary["t"] == 0.2
    assert s.price["PX"] == pytest.approx(np.sqrt(s.price["PK"]) / 0.8, rel=1e-9)


def test_a_tax_between_bounds_meets_its_target_or_stops_at_the_bound() -> None:
    free = solve(target(1.1))
    assert free.price["PX"] == pytest.approx(1.1, rel=1e-9)
    assert bounded(target(1.1), "t", 0.0, 0.5, labour=70).auxiliary == pytest.approx(free.auxiliary, rel=1e-7)
    assert bounded(target(1.1), "t", -inf, 0.05, labour=70).auxiliary["t"] == pytest.approx(0.05, abs=1e-9)


# -- less than nothing to spend -----------------------------------------------------------------------------


def test_subsistence_beyond_income_is_refused_and_names_the_consumer() -> None:
    poor = Consumer("POOR", Leaf("PX", 5), (Endowment("PL", 20), Endowment("PK", 30)), subsistence={"PX": 80})
    rich = Consumer("RICH", BASKET, (Endowment("PL", 50), Endowment("PK", 50)))
    with pytest.raises(EquilibriumError, match=r"'POOR' has -.* to spend after its subsistence: less than nothing"):
        solve(economy(consumers=(rich, poor)))


def test_a_debtor_is_refused_and_named() -> None:
    debtor = Consumer("DEBTOR", Leaf("PX", 5), (Endowment("PL", 5), Endowment("PX", -20)))
    with pytest.raises(EquilibriumError, match=r"'DEBTOR' has -"):
        solve(economy(consumers=(RA, debtor)))


# -- elasticities -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eta", [0.5, 1.0, 4.0])
def test_an_elasticity_of_transformation_changed_later_is_the_one_written_in_the_model(eta: float) -> None:
    def joint(value: float) -> Model:
        both = Activity("X", Nest(value, (Leaf("PX", 60), Leaf("PY", 40))), X.inputs)
        basket = Nest(1, (Leaf("PX", 60), Leaf("PY", 90)))
        return economy(both, Y, consumers=(Consumer("RA", basket, (Endowment("PL", 50), Endowment("PK", 80))),))

    c = compile_model(joint(2.0))
    p = c.default.copy()
    p.sigma[c.tree_root[0]] = eta
    assert solve(c, p).level == pytest.approx(solve(joint(eta)).level, rel=1e-9)
    p.sigma[c.tree_root[0]] = -eta
    with pytest.raises(ModelError, match=r"sigma of nest .* in the output of 'X' is -.*>= 0"):
        solve(c, p)


# -- what nothing determines --------------------------------------------------------------------------------

WITHOUT_A_TARGET = Auxiliary("t", ())
OF_THE_NUMERAIRE = Auxiliary("t", (Term(1.0, (("price", "PL"),)), Term(-1.0)))
CANCELS = Auxiliary("t", (Term(1.0, (("index", "RA"),)), Term(-1.0, (("index", "RA"),))), value=0.0)
TAX_TAKEN = Term(-100.0, (("aux", "t"), ("price", "PX"), ("level", "X")))
OWN_INCOME = (Term(1.0, (("income", "RA"),)), Term(-70.0, (("price", "PL"),)), Term(-80.0, (("price", "PK"),)))


@pytest.mark.parametrize("rate", [WITHOUT_A_TARGET, OF_THE_NUMERAIRE], ids=["no target", "target of the numeraire"])
def test_a_tax_that_nothing_determines_is_refused_before_it_is_solved(rate: Auxiliary) -> None:
    with pytest.raises(ModelError, match=r"nothing determines the auxiliary 't'"):
        compile_model(economy(TAXED, Y, auxiliaries=(rate,)))


@pytest.mark.parametrize(
    "rate",
    [CANCELS, Auxiliary("t", (*OWN_INCOME, TAX_TAKEN), value=0.0, scale=150)],
    ids=["cancels", "identity"],
)
def test_a_target_that_always_holds_is_refused_and_names_the_tax(rate: Auxiliary) -> None:
    with pytest.raises(EquilibriumError, match=r"nothing determines the auxiliary 't'"):
        solve(economy(TAXED, Y, auxiliaries=(rate,)))


def test_two_identical_activities_are_reported_as_one_equilibrium_of_many() -> None:
    with pytest.warns(UndeterminedWarning, match=r"level of 'X', level of 'X2' can move together"):
        s = solve(economy(X, Y, replace(X, name="X2")))
    assert s.undetermined == ("level of 'X'", "level of 'X2'")
    assert s.level["X"] + s.level["X2"] == pytest.approx(1.0, rel=1e-9)


# -- refusals that say what is wrong ------------------------------------------------------------------------


def test_an_incumbent_gives_way_to_a_cheaper_rival() -> None:
    """The rival needs .6 of inputs worth 1 a unit, so the incumbent closes and the price is .6."""
    rival = Activity("rival", Leaf("PX", 1), Nest(1, (Leaf("PL", 0.3), Leaf("PK", 0.3))), level=0.0)
    s = solve(economy(X, Y, rival))
    assert s.level["X"] == pytest.approx(0.0, abs=1e-9)
    assert s.price["PX"] == pytest.approx(0.6, rel=1e-9)
    declared = solve(economy(replace(X, complementary=True), Y, replace(rival, complementary=True)))
    assert s.level == pytest.approx(declared.level, abs=1e-7)


def test_an_endowment_that_nobody_needs_any_more_is_free() -> None:
    fixed = replace(X, inputs=Nest(0, (Leaf("PL", 50), Leaf("PK", 50))))
    also = replace(Y, inputs=Nest(0, (Leaf("PL", 20), Leaf("PK", 30))))
    c = compile_model(economy(fixed, also))
    p = c.default.copy()
    p.endowment[1] = 200
    s = solve(c, p)
    assert s.price["PK"] == pytest.approx(0.0, abs=1e-9)
    assert s.flow("X", "PK") + s.flow("Y", "PK") < 200


def test_no_number_is_not_a_residual_of_zero() -> None:
    c = compile_model(economy())
    with pytest.raises(EquilibriumError, match=r"level of 'X' is nan.*no finite value") as caught:
        solve(c, start=np.full(c.n, nan))
    assert caught.value.residual == inf


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: economy(replace(X, output=Leaf("PX", "100"))), r"quantity of 'PX' is '100' \(str\); a number"),  # type: ignore[arg-type]
        (lambda: Model(X, (RA,), "PL"), r"activities of the model: a tuple of Activity is expected, found Activity"),  # type: ignore[arg-type]
        (lambda: economy(replace(X, inputs=("PL", 50)), Y), r"a Leaf or a Nest is expected, found \('PL', 50\)"),  # type: ignore[arg-type]
        (lambda: economy(X, Y, consumers=("RA",)), r"consumers of the model\[0\]: Consumer is expected"),  # type: ignore[arg-type]
        (lambda: "PX", r"a Model is expected, found 'PX' \(str\)"),
        (lambda: Model((), (RA,), "PL"), "the model has no activity"),
        (lambda: economy(replace(X, level=-1.0), Y), "activity 'X' has level -1"),
        (lambda: economy(replace(X, output=Leaf("PX", 100, decision=1.0))), r"'PX': decision is 1\.0 \(float\); two"),  # type: ignore[arg-type]
        (lambda: economy(replace(X, output=Leaf("PX", 100, decision=(1, "a")))), r"decision is 'a'.*a number is"),  # type: ignore[arg-type]
        (lambda: economy(replace(X, output=Leaf("PX", 100, name=3))), r"'PX': name is 3 \(int\); a name is"),  # type: ignore[arg-type]
        (lambda: economy(replace(X, output=Leaf("PX", 100, terms=True))), r"'PX': terms is True"),  # type: ignore[arg-type]
        (lambda: economy(replace(X, output=Leaf("PX", 100, taxes=(Tax(0.1, None),)))), r"receiver is None"),  # type: ignore[arg-type]
        (
            lambda: economy(X, Y, consumers=(replace(RA, endowments=(Endowment(inf, 3),)),)),
            r"commodity is inf \(float\)",
        ),  # type: ignore[arg-type]
        (lambda: economy(X, Y, consumers=(replace(RA, income_shares={None: 0.1}),)), r"'RA' is None"),  # type: ignore[dict-item]
    ],
)
def test_what_is_no_model_is_refused_with_its_place(model: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        solve(model())  # type: ignore[operator]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    s = solve(economy())
    with pytest.raises(KeyError, match=r"no leaf .*did you mean .*'PL'"):
        s.flow("X", "PLL")
    with pytest.raises(KeyError, match=r"did you mean 'PY', 'PX'"):
        s.price["PZ"]
    with pytest.raises(ModelError, match=r"parameters are dict; a changed copy of compiled\.default"):
        solve(economy(), {"tax": 1})  # type: ignore[arg-type]


def test_what_is_named_twice_has_no_address_and_is_refused() -> None:
    twice = Nest(0, (Nest(1, (Leaf("PL", 25), Leaf("PK", 25)), name="n"), Nest(1, (Leaf("PY", 25),), name="n")))
    with pytest.raises(ModelError, match=r"nest 'n' appears twice"):
        compile_model(economy(replace(X, inputs=twice), Y))
    with pytest.raises(ModelError, match=r"'RA' owns 'PL' twice"):
        compile_model(economy(consumers=(replace(RA, endowments=(*OWNED, Endowment("PL", 5))),)))


def test_an_endowment_keeps_its_address_beside_subsistence_of_the_same_good() -> None:
    food = Consumer("RA", BASKET, (*OWNED, Endowment("PX", 5)), subsistence={"PX": 5})
    c = compile_model(economy(consumers=(food,)))
    p = c.default.copy()
    assert p.endowment[c.endow_at["RA", "PX", ""]] == 5


def test_the_income_of_a_consumer_may_be_the_unit_of_account() -> None:
    """Rutherford's case RA=157: levels as with any numeraire, prices in a 157th of income."""
    labour = (Endowment("PL", 77), Endowment("PK", 80))
    by_income = solve(replace(economy(consumers=(replace(RA, endowments=labour, income=157.0),)), numeraire="RA"))
    by_wage = solve(economy(consumers=(replace(RA, endowments=labour),)))
    assert by_income.income["RA"] == pytest.approx(157, rel=1e-12)
    assert by_income.level == pytest.approx(by_wage.level, rel=1e-9)
    assert by_income.price["PX"] == pytest.approx(0.99795751, rel=1e-8)
