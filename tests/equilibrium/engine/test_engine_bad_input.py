"""What makes no sense is refused by name, and no number is returned as if it were an equilibrium."""

from __future__ import annotations

from collections.abc import Callable
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
    Parameters,
    Tax,
    Term,
    compile_model,
    solve,
    solve_by_steps,
)
from tanshi.equilibrium.engine.nest import Tree


def model(
    inputs: Tree | None = None,
    output: Tree | None = None,
    numeraire: str = "L",
    consumer: Consumer | None = None,
    **more: tuple[object, ...],
) -> Model:
    """A good economy; each test spoils one part of it."""
    inputs = inputs or Nest(1.0, (Leaf("L", 50), Leaf("K", 50)), name="value added")
    consumer = consumer or Consumer("HH", Leaf("G", 100), (Endowment("L", 50), Endowment("K", 50)))
    activity = Activity("mill", output or Leaf("G", 100), inputs)
    return Model((activity,), (consumer,), numeraire, **more)  # type: ignore[arg-type]


def nest(*children: Tree, sigma: float = 1.0, augment: float = 1.0) -> Nest:
    return Nest(sigma, children, name="value added", augment=augment)


def household(*endowments: Endowment, **shares: float) -> Consumer:
    return Consumer("HH", Leaf("G", 100), endowments or (Endowment("L", 50), Endowment("K", 50)), shares)


L, K = Leaf("L", 50), Leaf("K", 50)
UNPAIRED = Auxiliary("cap", (Term(1.0),), pairs_price="CO2")
REFUSED: dict[str, tuple[Callable[[], Model], str]] = {
    "negative flow": (lambda: model(nest(L, Leaf("K", -50))), "mill.*'K' has quantity -50|'K' has no value"),
    "negative flow in fixed proportions": (lambda: model(nest(L, Leaf("K", -5), sigma=0.0)), "mill.*'K'.*-5"),
    "flow that is no number": (lambda: model(nest(L, Leaf("K", nan), sigma=0.0)), "mill.*'K'.*nan"),
    "negative price": (lambda: model(nest(L, Leaf("K", 50, price=-1.0), sigma=0.0)), "mill.*'K'.*price -1"),
    "zero flow in a CES nest": (lambda: model(nest(L, Leaf("K", 0))), "mill.*'K' has no value.*elasticity 0"),
    "zero column": (lambda: model(nest(Leaf("L", 0), Leaf("K", 0), sigma=0.0)), "mill.*'value added'.*value 0"),
    "empty nest": (lambda: model(nest()), "mill.*'value added' has no children"),
    "negative elasticity": (lambda: model(nest(L, K, sigma=-0.5)), "'value added' has elasticity -0.5"),
    "infinite elasticity": (lambda: model(nest(L, K, sigma=inf)), "'value added' has elasticity inf"),
    "efficiency of zero": (lambda: model(nest(L, K, augment=0.0)), "'value added' has augmentation 0"),
    "no numeraire": (lambda: model(numeraire="GOLD"), "numeraire 'GOLD' is not a commodity"),
    "numeraire with a bound": (
        lambda: model(commodities=(Commodity("L", lower=0.5),)),
        "numeraire 'L' has a bounded price",
    ),
    "tax paid to nobody": (
        lambda: model(nest(Leaf("L", 50, taxes=(Tax(0.1, "GOV"),)), K)),
        "tax on 'L' is paid to nobody: unknown consumer 'GOV'",
    ),
    "infinite tax": (lambda: model(nest(Leaf("L", 50, taxes=(Tax(inf, "HH"),)), K)), "tax rate on 'L' is inf"),
    "tax scaled by nothing": (
        lambda: model(nest(Leaf("L", 50, taxes=(Tax(0.1, "HH", "scale"),)), K)),
        "tax on 'L' names the unknown auxiliary 'scale'",
    ),
    "terms of nothing": (lambda: model(nest(Leaf("L", 50, terms="border"), K)), "unknown auxiliary 'border'"),
    "good without a name": (lambda: model(nest(L, Leaf("", 50))), "'mill': a leaf's commodity is ''.*a name"),
    "leaf twice": (lambda: model(nest(L, K, L)), "inputs of 'mill': leaf 'L' appears twice"),
    "good that nobody makes": (lambda: model(nest(L, K, Leaf("ORE", 5))), "'ORE' is used but nobody makes"),
    "good that nobody uses": (
        lambda: model(output=Nest(0.0, (Leaf("G", 100), Leaf("SLAG", 5)))),
        "'SLAG' is made or owned but nobody uses it",
    ),
    "names twice": (lambda: replace(model(), activities=model().activities * 2), "names used twice: mill"),
    "commodity twice": (lambda: model(commodities=(Commodity("K"), Commodity("K"))), "commodities used twice: K"),
    "bounds in disorder": (lambda: model(commodities=(Commodity("K", lower=2.0, upper=1.0),)), "'K'.*bounds"),
    "income paid to nobody": (lambda: model(consumer=household(GOV=0.2)), "pays income to the unknown consumer 'GOV'"),
    "all income paid away": (lambda: model(consumer=household(HH=1.0)), "'HH' pays away all of its income"),
    "endless endowment": (lambda: model(consumer=household(Endowment("L", inf), Endowment("K", 50))), "'L' of 'HH'"),
    "rationed by nothing": (
        lambda: model(consumer=household(Endowment("L", 50, "jobs"), Endowment("K", 50))),
        "'HH' names the unknown auxiliary 'jobs'",
    ),
    "condition on an unknown price": (lambda: model(auxiliaries=(UNPAIRED,)), "'cap' pairs the unknown price 'CO2'"),
    "condition with an unknown atom": (
        lambda: model(auxiliaries=(Auxiliary("cap", (Term(1.0, (("level", "mine"),)),)),)),
        "'cap' uses the unknown atom .level, mine.",
    ),
    "condition that is no number": (lambda: model(auxiliaries=(Auxiliary("cap", (Term(nan),)),)), "'cap'.*nan"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_without_meaning_is_refused_by_name(case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(ModelError, match=message):
        compile_model(build())


def spoil(field: str, index: int, value: float) -> Callable[[Parameters], None]:
    def change(p: Parameters) -> None:
        getattr(p, field)[index] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (spoil("endowment", 0, inf), "endowment of 'L' of consumer 'HH' is inf"),
        (spoil("endowment", 1, nan), "endowment of 'K' of consumer 'HH' is nan"),
        (spoil("quantity", 1, -1.0), "quantity of 'L' in the inputs of 'mill' is -1"),
        (spoil("augment", 1, 0.0), "augment of nest 'value added' in the inputs of 'mill' is 0"),
        (spoil("sigma", 1, 0.5), "elasticity of nest 'value added' in the inputs of 'mill' moved to or from 0 or 1"),
        (spoil("lower", 2, inf), "price of 'L' has lower bound inf above upper bound"),
    ],
)
def test_a_shock_without_meaning_is_refused_by_name(change: Callable[[Parameters], None], message: str) -> None:
    c = compile_model(model())
    p = c.default.copy()
    if "price of 'L'" in message:
        p.lower[c.price_index["L"]], p.upper[c.price_index["L"]] = inf, 1.0
    else:
        change(p)
    with pytest.raises(ModelError, match=message):
        solve(c, p)


def test_accounts_that_do_not_balance_are_no_benchmark() -> None:
    with pytest.raises(EquilibriumError, match=r"zero profit of activity 'mill'|market of") as caught:
        solve(model(nest(Leaf("L", 50), Leaf("K", 60))), iterations=0)
    assert caught.value.residual > 0.05


def test_an_economy_without_a_needed_factor_has_no_equilibrium() -> None:
    c = compile_model(model(nest(L, K, sigma=0.5)))
    p = c.default.copy()
    p.endowment[c.endow_at[("HH", "K", "")]] = 0.0
    with pytest.raises(EquilibriumError, match=r"worst is the .* with relative residual") as caught:
        solve_by_steps(c, p)
    assert caught.value.equation
    assert "was walked to" in str(caught.value)


def test_running_out_of_iterations_is_no_solution() -> None:
    c = compile_model(model(nest(L, K, sigma=0.5)))
    p = c.default.copy()
    p.endowment[:] = (70.0, 30.0)
    with pytest.raises(EquilibriumError, match="after 1 Newton step"):
        solve(c, p, iterations=1)
    assert solve(c, p).residual <= 1e-10


def test_a_start_that_is_no_number_is_no_solution() -> None:
    c = compile_model(model())
    with pytest.raises(EquilibriumError, match="worst is the"):
        solve(c, start=np.full(c.n, nan))
