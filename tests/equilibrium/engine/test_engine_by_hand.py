"""Economies of one or two sectors and numbers worked out by hand: what each part of the engine comes to."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tanshi.equilibrium.engine import (
    Activity,
    Consumer,
    Endowment,
    Leaf,
    Model,
    Nest,
    Tax,
    checks,
    compile_model,
    homotopy,
    solve,
    unit_value,
)
from tanshi.equilibrium.engine.eliminate import Elimination, _choose
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.engine.listing import table
from tanshi.equilibrium.engine.schur import Sparse, arrange
from tanshi.equilibrium.engine.validate import validate
from tests.equilibrium.engine.two_by_two import economy, owned


def bread() -> Model:
    """Bread of 66 labour with its tax and 44 capital; households eat 77 of it, the church, which they support, 33."""
    bread = Activity("BREAD", Leaf("B", 110), Nest(0.5, (Leaf("L", 60, taxes=(Tax(0.1, "HH"),)), Leaf("K", 44))))
    home = Consumer("HH", Leaf("B", 77), (Endowment("L", 60), Endowment("K", 44)), {"CHURCH": 0.3})
    church = Consumer("CHURCH", Leaf("B", 33))
    return Model((bread,), (home, church), numeraire="L")


def test_a_chooser_sees_the_price_with_its_tax() -> None:
    c = compile_model(bread())
    x = c.start.copy()
    x[c.price_index["L"]] = 2.0
    state = Evaluator(c, c.default).state(x)
    leaf = c.leaf_at[("BREAD", "inputs", "L")]
    assert state.decision[leaf] == pytest.approx(2.2, rel=1e-14)
    assert state.paid[leaf] == pytest.approx(2.2, rel=1e-14)


def test_what_is_balanced_in_the_benchmark_is_an_equilibrium() -> None:
    # Households earn 104 and 6 of the tax; 30 % of it is the church's, which spends 33.
    c = compile_model(bread())
    state = Evaluator(c, c.default).state(c.start)
    np.testing.assert_allclose(state.residual, 0.0, atol=1e-12)
    assert abs(state.imbalance) < 1e-12
    assert c.start[c.income_slice].tolist() == pytest.approx([110.0, 33.0])


def test_fixed_proportions_cost_the_mean_of_prices_and_cobb_douglas_the_root_of_their_product() -> None:
    price = {"L": 4.0, "K": 1.0}.__getitem__
    half = (Leaf("L", 50), Leaf("K", 50))
    assert unit_value(Nest(0.0, half), price) == pytest.approx(2.5)
    assert unit_value(Nest(1.0, half), price) == pytest.approx(2.0)
    assert unit_value(Nest(0.5, half), price) == pytest.approx(1.5**2)


def test_changes_are_in_per_cent_of_the_benchmark() -> None:
    parts = {"level_slice": slice(0, 1), "price_slice": slice(1, 2), "income_slice": slice(2, 3)}
    names = {"activities": ("A",), "commodities": ("P",), "consumers": ("H",), "auxiliaries": ("X",)}
    compiled = SimpleNamespace(**parts, aux_slice=slice(3, 4), **names, start=np.array([1.0, 2.0, 50.0, 0.0]))
    found = table(cast(Any, SimpleNamespace(compiled=compiled, x=np.array([1.5, 1.0, 60.0, 3.0]))))
    assert found["change, %"].tolist()[:3] == pytest.approx([50.0, -50.0, 20.0])
    assert np.isnan(found["change, %"].iloc[3])


def test_a_matrix_of_which_half_is_a_diagonal_is_not_factorised_as_full() -> None:
    # 130 pivots cost nothing; what is left, 110 by 110, is a tenth of the work of 240 by 240.
    m, half = 240, 130
    i, j = np.meshgrid(np.arange(half, m), np.arange(half, m), indexing="ij")
    row, col = np.concatenate([np.arange(half), i.ravel()]), np.concatenate([np.arange(half), j.ravel()])
    assert isinstance(arrange(row, col, np.ones(row.size), m, np.arange(m) < half), Sparse)


def test_a_subsidy_of_three_fifths_is_no_contradiction() -> None:
    subsidised = Nest(1.0, (Leaf("G", 60, taxes=(Tax(-0.6, "HH"),)), Leaf("E", 40)))
    make = Activity("A", Nest(0.5, (Leaf("G", 60), Leaf("E", 40))), Leaf("L", 100))
    validate(Model((make,), (Consumer("HH", subsidised, (Endowment("L", 100),)),), numeraire="L"))


@dataclass(frozen=True)
class Shock:
    """A shock by the part of it that is there."""

    part: float

    def between(self, other: Shock, part: float) -> Shock:
        return Shock(self.part + part * (other.part - self.part))


def test_a_walk_to_a_shock_does_not_go_beyond_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def solve(compiled: Any, parameters: Shock, start: Any, *_: Any) -> Any:
        asked.append(parameters.part)
        return SimpleNamespace(x=start)

    monkeypatch.setattr(homotopy, "solve_quietly", solve)
    walk: Any = homotopy._walked
    walk(SimpleNamespace(start=0.0), Shock(1.0), Shock(0.0), None, 1e-10, 1e-3)
    assert asked == [0.0, 0.25, 0.625, 1.0, 1.0]  # steps of 1/4, half as long again each time


def test_a_walk_begins_where_people_own_what_the_benchmark_uses() -> None:
    """A model whose people own 84 hours and 60 of capital, of which 70 and 80 are used."""
    c = compile_model(economy(own=owned(84, 60)))
    begun = homotopy._owning_what_is_used(c, c.default, c.start)
    assert begun.endowment == pytest.approx([70.0, 80.0], rel=1e-12)


def test_what_is_eliminated_gives_the_same_answer() -> None:
    # Two unknowns that stand alone but for a third, which every row holds: 2x + z = 5, 4y + z = 11, x + y + 3z = 13.
    rows, cols = np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 2, 1, 2, 0, 1, 2])
    values = np.array([2.0, 1.0, 4.0, 1.0, 1.0, 1.0, 3.0])
    gone = Elimination(rows, cols, 3, values, np.ones(3), np.ones(3, dtype=bool))
    assert gone.m == 1  # one is left of three
    whole = np.zeros((3, 3))
    whole[rows, cols] = values
    right = np.array([5.0, 11.0, 13.0])
    np.testing.assert_allclose(gone.factorise(values)(right), np.linalg.solve(whole, right), rtol=1e-14)


def test_who_stands_alone_in_a_row_is_taken_out_first_since_it_fills_nothing() -> None:
    # The first row holds the first unknown alone, which all rows hold: to take it out costs no product.
    n = 2100
    rows = np.concatenate([np.arange(n), np.arange(1, n)])
    cols = np.concatenate([np.zeros(n, dtype=np.int64), np.arange(1, n)])
    assert (0, 0) in _choose(rows, cols, n, np.ones(rows.size, dtype=bool))


def test_a_gap_is_measured_by_the_largest_account(monkeypatch: pytest.MonkeyPatch) -> None:
    # A thousandth astray on 0.002 where another account holds a million: a ten-thousandth of that is the measure.
    monkeypatch.setattr(checks, "accounts", lambda s: {"large": (1e6, 1e6), "small": (1e-3, 2e-3)})
    found = checks.every_payment_is_received(cast(Any, None))
    assert found.figure == pytest.approx(1e-5)
    assert found.detail == "small"


def test_a_tax_on_what_is_sold_is_paid_out_of_what_it_brings() -> None:
    # Bread worth 110 bears 10 %: the baker keeps 99 for labour, the household has 99 and the tax of 11.
    baker = Activity("BREAD", Leaf("B", 110, taxes=(Tax(0.1, "HH"),)), Leaf("L", 99))
    home = Consumer("HH", Leaf("B", 110), (Endowment("L", 99),))
    books = checks.accounts(solve(compile_model(Model((baker,), (home,), numeraire="L"))))
    assert books["activity 'BREAD'"] == pytest.approx((99.0, 99.0))
    assert books["consumer 'HH'"] == pytest.approx((110.0, 110.0))
