"""The library's door: numbers changed by name, capacities with an owner, tables and listings, public names."""

from __future__ import annotations

import inspect

import pytest

import tanshi.equilibrium as door
from tanshi.equilibrium import (
    Activity,
    Consumer,
    Counterfactual,
    Endowment,
    Leaf,
    Model,
    ModelError,
    Nest,
    Tax,
    UnknownNameError,
    auxiliary,
    capacity_of,
    compile_model,
    condition,
    listing,
    output,
    price,
    report,
    solve,
    with_capacity,
)

LABOUR = Leaf("PL", 50, taxes=(Tax(0.0, "RA"),))
MODEL = Model(
    (
        Activity("X", Leaf("PX", 100, taxes=(Tax(0.0, "RA"),)), Nest(1, (LABOUR, Leaf("PK", 50)), name="va")),
        Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("PL", 20), Leaf("PK", 30)))),
    ),
    (Consumer("RA", Nest(1, (Leaf("PX", 100), Leaf("PY", 50))), (Endowment("PL", 70), Endowment("PK", 80))),),
    "PL",
)


@pytest.mark.parametrize(("rate", "expected"), [(0.1, 1.170932370), (0.5, 2.169229254), (0.9, 11.608186766)])
def test_rutherfords_output_taxes_by_name(rate: float, expected: float) -> None:
    s = Counterfactual(MODEL).endow("RA", "PL", 77).tax("X", "PX", rate, side="output").solve()
    assert s.price["PX"] == pytest.approx(expected, rel=1e-8)


def test_the_models_own_numbers_stay_and_counterfactuals_build_on_each_other() -> None:
    c = compile_model(MODEL)
    first = Counterfactual(c).endow("RA", "PL", 77)
    second = Counterfactual(c, like=first).tax("X", "PL", 0.1)
    assert c.default.endowment[0] == 70
    assert second.solve().price["PX"] == pytest.approx(1.1375534151, rel=1e-8)
    assert first.solve().price["PX"] == pytest.approx(1.0488088481, rel=1e-8)


def test_an_elasticity_and_an_efficiency_by_name_are_those_of_the_model() -> None:
    def model(sigma: float, augment: float) -> Model:
        inputs = Nest(sigma, (LABOUR, Leaf("PK", 50)), name="va", augment=augment)
        return Model((Activity("X", Leaf("PX", 100), inputs), MODEL.activities[1]), MODEL.consumers, "PL")

    changed = Counterfactual(model(0.5, 1.0)).sigma("X", "va", 2.5).efficiency("X", "va", 1.2).endow("RA", "PL", 90)
    written = Counterfactual(model(2.5, 1.2)).endow("RA", "PL", 90)
    assert changed.solve().level == pytest.approx(written.solve().level, rel=1e-9)


def test_what_is_fixed_stays_and_what_is_unfixed_moves_again() -> None:
    rule = condition("t", price("PX"), 1.1, value=0.0)
    taxed = Activity("X", Leaf("PX", 100, taxes=(Tax(1.0, "RA", "t"),)), MODEL.activities[0].inputs)
    model = Model((taxed, MODEL.activities[1]), MODEL.consumers, "PL", auxiliaries=(rule,))
    case = Counterfactual(model).fix("t", 0.2)
    assert case.solve().auxiliary["t"] == 0.2
    free = case.unfix("t").solve()
    assert free.price["PX"] == pytest.approx(1.1, rel=1e-9)
    assert case.bound("t", upper=0.05).solve().auxiliary["t"] == pytest.approx(0.05, abs=1e-9)
    assert evaluate_tax(free.value(auxiliary("t")), free.price["PX"], free.price["PK"]) < 1e-8


def evaluate_tax(rate: float, price_x: float, rental: float) -> float:
    """How far X is from zero profit: unit cost is the root of the rental, revenue the price less the tax."""
    return abs(price_x * (1 - rate) - rental**0.5)


@pytest.mark.parametrize("limit", [0.3, 0.8, 0.95])
def test_a_scarce_capacity_earns_its_owner_the_rent(limit: float) -> None:
    s = solve(with_capacity(MODEL, "X", limit, "RA"))
    rent = s.price[capacity_of("X")]
    assert s.level["X"] == pytest.approx(limit, rel=1e-9)
    assert rent > 0
    cost = 100 * s.price["PK"] ** 0.5
    assert 100 * s.price["PX"] == pytest.approx(cost + rent, rel=1e-8)
    assert s.income["RA"] == pytest.approx(70 + 80 * s.price["PK"] + rent * limit, rel=1e-8)


def test_an_idle_capacity_is_free() -> None:
    s = Counterfactual(with_capacity(MODEL, "X", 2.0, "RA")).endow("RA", "PL", 77).solve()
    assert s.price[capacity_of("X")] == pytest.approx(0.0, abs=1e-9)
    assert s.level["X"] == pytest.approx(1.0488088482, rel=1e-8)


def test_a_solution_is_a_table() -> None:
    s = Counterfactual(MODEL).endow("RA", "PL", 77).solve()
    rows = s.to_pandas()
    assert rows.loc[("level", "X"), "value"] == s.level["X"]
    assert rows.loc[("level", "X"), "change, %"] == pytest.approx(4.88088, rel=1e-5)
    assert list(rows.index.get_level_values("kind").unique()) == ["level", "price", "income"]
    text = repr(s)
    assert text.startswith("equilibrium: 7 unknowns, residual ")
    assert "PX" in text
    assert "1.04881" in text
    flows = s.flows()
    paid = flows.loc[("X", "inputs"), "value"].sum()
    assert paid == pytest.approx(flows.loc[("X", "output", "PX"), "value"], rel=1e-9)
    columns = report(s, {"turnover": output("X", "PX") * price("PX"), "one": 1.0})
    assert columns == {"turnover": pytest.approx(paid, rel=1e-9), "one": 1.0}


def test_a_listing_tells_the_whole_model() -> None:
    text = listing(with_capacity(MODEL, "X", 2.0, "RA"))
    assert "activity X: cost >= revenue" in text
    assert "owns capacity of X  2" in text
    assert "market PX, PL (numeraire), PK, PY: supply = demand" in text
    assert "supply >= demand where the price is 0" in text
    assert "auxiliary t: price(PX) - 1.1 = 0" in listing(
        Model(MODEL.activities, MODEL.consumers, "PL", auxiliaries=(condition("t", price("PX"), 1.1),))
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.endow("RA", "PX", 5), "no endowment"),
        (lambda c: c.tax("Y", "PL", 0.1), "has no tax; write one of rate 0"),
        (lambda c: c.tax("Z", "PL", 0.1), "no leaf"),
        (lambda c: c.sigma("X", "energy", 0.5), "no nest.*did you mean"),
        (lambda c: c.fix("PZ", 1.0), "no level, price or auxiliary 'PZ'.*did you mean 'PY', 'PX'"),
        (lambda c: c.endow("RA", "PL", float("nan")), "an endowment of nan: a finite number"),
        (lambda c: c.endow("RA", "PL", "many"), "an endowment of 'many'"),
        (lambda c: c.fix("RA", 1.0).solve(), "income of 'RA' was given bounds"),
        (lambda c: c.coefficient("t", 0, 1.0), "no auxiliary 't'"),
    ],
)
def test_an_unknown_name_or_number_is_refused_in_words(change: object, message: str) -> None:
    with pytest.raises((ModelError, UnknownNameError), match=message):
        change(Counterfactual(MODEL))  # type: ignore[operator]


def test_capacities_of_nothing_are_refused() -> None:
    for arguments, message in (
        (("Z", 1.0, "RA"), "no activity 'Z'"),
        (("X", 1.0, "GOV"), "no consumer 'GOV'"),
        (("X", -1.0, "RA"), "must be a finite number >= 0"),
        (("X", float("inf"), "RA"), "must be a finite number >= 0"),
        (("X", "half", "RA"), "capacity of 'X' is 'half'"),
    ):
        with pytest.raises(ModelError, match=message):
            with_capacity(MODEL, *arguments)


PUBLIC = """
Activity Auxiliary Check Commodity Compiled Consumer Counterfactual Endowment EquilibriumError Expression Leaf Model
ModelError Nest Parameter Parameters Solution Tax Term UndeterminedWarning UnknownNameError auxiliary benchmark
capacity_of compile_model condition demand derivative every_payment_is_received exact_jacobian forward gradient income
index level listing output price real report solve solve_by_steps square unit unit_value used walras with_capacity
"""


def test_public_names_are_kept_described_and_typed() -> None:
    assert set(door.__all__) >= set(PUBLIC.split()), "a public name went without a word in the change log"
    for name in door.__all__:
        thing = getattr(door, name)
        assert thing.__doc__, name
        if inspect.isfunction(thing):
            assert "return" in thing.__annotations__, name
