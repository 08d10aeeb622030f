"""The checks have teeth: what is broken on purpose fails, and is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.engine import Activity, Auxiliary, Leaf, Tax, Term
from tanshi.equilibrium.engine.checks import Check, accounts, every_payment_is_received
from tanshi.equilibrium.engine.nest import Tree
from tanshi.equilibrium.province import model as province_model
from tanshi.equilibrium.province import production
from tanshi.equilibrium.province.accounts import Accounts, UnbalancedAccount
from tanshi.equilibrium.province.checks import check_province, tonnes
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.institutions import CURRENT_ACCOUNT, current_account
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tests.equilibrium.province.conftest import Build, shanxi


def failures(accounts: Accounts, closure: Closure | None = None) -> dict[str, Check]:
    return {c.name: c for c in check_province(accounts, closure or Closure()) if not c.passed}


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
@pytest.mark.parametrize("saving", ["fixed", "flexible"])
def test_the_built_in_economy_passes_every_check(capital: str, saving: str) -> None:
    closure = Closure(capital=capital, external_saving=saving)  # type: ignore[arg-type]
    checks = list(check_province(shanxi(), closure))
    assert len(checks) >= 15
    assert [c for c in checks if not c.passed] == []


def test_every_check_passes_where_miners_have_no_other_work() -> None:
    checks = check_province(shanxi(), Closure(capital="vintage", miners_wage=0.98))
    assert [c for c in checks if not c.passed] == []


REGIMES_OF_CLOSURE = {
    "quotas of one's own": Closure(own_quotas=("STEEL",), external_saving="flexible"),
    "taxes on wages, borders adjusted": Closure(
        recycling="labour", labour_supply=0.2, taxed=True, border_adjusted=True, border_pass_through=0.5
    ),
    "clean power beyond the plan, full plant": Closure(
        capital="vintage", clean_cost=0.4, capacity=(("COAL", 1.0), ("STEEL", 1.05)), border_cost="marginal",
        border_pass_through=1.0, recycling="output", outside="flat",
    ),
}  # fmt: skip


@pytest.mark.parametrize("closure", REGIMES_OF_CLOSURE.values(), ids=REGIMES_OF_CLOSURE)
def test_every_check_passes_whatever_adjusts(closure: Closure) -> None:
    assert [c for c in check_province(shanxi(), closure) if not c.passed] == []


def test_a_tonne_that_is_counted_but_needs_no_permit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    read = PhysicalAccounts.emissions

    def more(self: PhysicalAccounts, f: Flows) -> dict[str, float]:
        found = read(self, f)
        return found | {"STEEL": found["STEEL"] + 0.1}

    monkeypatch.setattr(PhysicalAccounts, "emissions", more)
    assert not tonnes(Province(shanxi(), Closure())).passed


def _ungated(sam: pd.DataFrame) -> Accounts:
    """Accounts that went past the gate, as a careless caller might make them."""
    broken = object.__new__(Accounts)
    for name in Accounts.__dataclass_fields__:
        object.__setattr__(broken, name, sam if name == "sam" else getattr(shanxi(), name))
    return broken


def test_one_wrong_cell_of_the_sam_is_refused_and_fails_by_name() -> None:
    sam = shanxi().sam.copy()
    sam.loc["LAB", "A_STEEL"] *= 1.001
    with pytest.raises(UnbalancedAccount, match="A_STEEL: receives"):
        replace(shanxi(), sam=sam)
    failed = failures(_ungated(sam))
    assert failed["every account of the SAM balances"].detail == "accounts A_STEEL, LAB"
    replicated = failed["benchmark replicates at zero iterations"]
    assert replicated.figure > 1e-6
    assert "STEEL" in replicated.detail or "LAB" in replicated.detail


def test_one_tax_paid_to_another_fails_and_names_who_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def divert(tree: Tree) -> Tree:
        if isinstance(tree, Leaf):
            return replace(tree, taxes=tuple(Tax(t.rate, "ENT", t.multiplier) for t in tree.taxes))
        return replace(tree, children=tuple(divert(child) for child in tree.children))

    plain: Callable[..., Activity] = production.activity

    def diverted(*args: object) -> Activity:
        made = plain(*args)
        return replace(made, output=divert(made.output)) if made.name == "COAL" else made

    monkeypatch.setattr(province_model, "activity", diverted)
    failed = failures(shanxi())
    detail = failed["benchmark replicates at zero iterations"].detail
    assert "GOV" in detail or "ENT" in detail


def test_a_closure_that_fixes_nothing_fails_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def loose(closure: Closure) -> Auxiliary:
        one = current_account(closure)
        return Auxiliary(one.name, (Term(-1.0), Term(1.0)), value=1.0)

    monkeypatch.setattr(province_model, "current_account", loose)
    failed = failures(shanxi())
    assert CURRENT_ACCOUNT in failed["the model is well formed"].detail


def test_a_closure_that_fixes_a_price_in_money_breaks_homogeneity(monkeypatch: pytest.MonkeyPatch) -> None:
    def nominal(closure: Closure) -> Auxiliary:
        terms = (Term(-1.0), Term(1.0, (("price", "LAB"),)))
        return Auxiliary(CURRENT_ACCOUNT, terms, value=1.0)

    monkeypatch.setattr(province_model, "current_account", nominal)
    assert "homogeneity: LAB instead of FX as numeraire" in failures(shanxi())


def test_a_border_that_pays_nobody_is_found_in_the_accounts(province: Build) -> None:
    model: Province = province()
    s = model.solve(model.parameters())
    assert every_payment_is_received(s).passed
    s.state.flow[model.compiled.leaf_at[("STEEL", "output", "ROC")]] *= 1.01
    check = every_payment_is_received(s)
    assert not check.passed
    assert "STEEL" in check.detail or "FX" in check.detail


def test_the_accounts_of_the_benchmark_are_the_sam(province: Build) -> None:
    """Counted from the solved model, every activity pays what its column of the SAM pays."""
    books = accounts(province().solve(province().parameters()))
    sam = shanxi().sam
    for code in shanxi().activities:
        net = float(sam[f"A_{code}"].sum() - sam.loc["PTAX", f"A_{code}"])
        assert books[f"activity '{code}'"][1] == pytest.approx(net, rel=1e-9), code


def test_dear_carbon_idles_plant_and_the_equilibrium_is_still_found(model: Province) -> None:
    falls = []
    for price in (500.0, 1000.0, 2000.0):
        p = model.parameters()
        model.cover(p, ("ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR"))
        model.hold_price(p, price)
        s = model.solve(p)
        assert s.walras <= 1e-8
        falls.append(sum(model.emissions(s).values()))
    assert np.all(np.diff(falls) < 0)
