"""The gate: only balanced accounts pass, and those that do not are named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.province.accounts import UnbalancedAccount, check_balance
from tanshi.equilibrium.province.balance_ras import NoBalance, ras
from tanshi.equilibrium.province.tables import total
from tests.equilibrium.province.conftest import shanxi


@pytest.fixture
def circular_flow() -> pd.DataFrame:
    names = ["A_AGR", "C_AGR", "LAB", "HH"]
    sam = pd.DataFrame(0.0, index=names, columns=names)
    sam.loc["LAB", "A_AGR"] = sam.loc["HH", "LAB"] = sam.loc["C_AGR", "HH"] = sam.loc["A_AGR", "C_AGR"] = 70.0
    return sam


def test_a_circular_flow_passes(circular_flow: pd.DataFrame) -> None:
    check_balance(circular_flow)


def test_an_account_that_is_off_is_refused_by_name_and_left_as_it_was(circular_flow: pd.DataFrame) -> None:
    circular_flow.loc["C_AGR", "HH"] = 71.0
    before = circular_flow.copy()
    with pytest.raises(UnbalancedAccount) as refusal:
        check_balance(circular_flow)
    text = str(refusal.value)
    assert "HH: receives 70, pays 71" in text
    assert "C_AGR: receives 71, pays 70" in text
    assert "LAB" not in text
    pd.testing.assert_frame_equal(circular_flow, before)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_the_gate_is_relative_so_no_unit_of_money_passes_a_lame_account(
    circular_flow: pd.DataFrame, scale: float
) -> None:
    check_balance(circular_flow * scale)
    circular_flow.loc["LAB", "A_AGR"] = 70.0 * (1 + 1e-8)
    with pytest.raises(UnbalancedAccount, match="A_AGR"):
        check_balance(circular_flow * scale)


def test_a_small_account_is_judged_by_its_own_size(circular_flow: pd.DataFrame) -> None:
    small = circular_flow.rename(index=str.lower, columns=str.lower) * 1e-6
    small.loc["hh", "lab"] = 70.07e-6
    both = pd.concat([circular_flow, small]).fillna(0.0)[[*circular_flow.index, *small.index]]
    with pytest.raises(UnbalancedAccount, match="hh: receives"):
        check_balance(both)


def test_only_farm_subsidies_may_be_negative(circular_flow: pd.DataFrame) -> None:
    circular_flow.loc["LAB", "A_AGR"] = -70.0
    with pytest.raises(UnbalancedAccount, match="A_AGR pays LAB -70"):
        check_balance(circular_flow)


def test_a_missing_number_is_named(circular_flow: pd.DataFrame) -> None:
    circular_flow.loc["HH", "LAB"] = np.nan
    with pytest.raises(UnbalancedAccount, match="LAB pays HH nan"):
        check_balance(circular_flow)


def test_accounts_in_rows_only_are_named(circular_flow: pd.DataFrame) -> None:
    with pytest.raises(UnbalancedAccount, match="LAB"):
        check_balance(circular_flow.drop(columns="LAB"))


def test_an_account_nobody_uses_is_named(circular_flow: pd.DataFrame) -> None:
    circular_flow["RES"] = 0.0
    circular_flow.loc["RES"] = 0.0
    with pytest.raises(UnbalancedAccount, match="RES"):
        check_balance(circular_flow)


def test_ras_reaches_both_totals_and_keeps_the_cross_ratios_of_the_prior() -> None:
    rng = np.random.default_rng(3)
    prior = pd.DataFrame(rng.uniform(1, 5, (4, 3)), index=list("abcd"), columns=list("xyz"))
    wanted = pd.DataFrame(rng.uniform(1, 5, (4, 3)), index=prior.index, columns=prior.columns)
    out = ras(prior, wanted.sum(axis=1), wanted.sum())
    np.testing.assert_allclose(out.sum(axis=1), wanted.sum(axis=1), rtol=1e-11)
    np.testing.assert_allclose(out.sum(), wanted.sum(), rtol=1e-11)

    def cross_ratio(table: pd.DataFrame) -> np.ndarray:
        values = table.to_numpy()
        return np.asarray(values[:-1, :-1] * values[1:, 1:] / (values[:-1, 1:] * values[1:, :-1]))

    np.testing.assert_allclose(cross_ratio(out), cross_ratio(prior), rtol=1e-9)


def test_ras_names_a_good_that_nobody_can_use() -> None:
    prior = pd.DataFrame([[1.0, 1.0], [0.0, 0.0]], index=["steel", "air"], columns=["x", "y"])
    with pytest.raises(NoBalance, match="row air"):
        ras(prior, pd.Series({"steel": 1.0, "air": 1.0}), pd.Series({"x": 1.0, "y": 1.0}))


def test_ras_names_a_user_that_spends_less_than_nothing() -> None:
    prior = pd.DataFrame([[1.0, 1.0]], index=["steel"], columns=["x", "y"])
    with pytest.raises(NoBalance, match=r"column total is missing or negative: y \(-1\)"):
        ras(prior, pd.Series({"steel": 1.0}), pd.Series({"x": 2.0, "y": -1.0}))


def test_ras_refuses_totals_that_cannot_agree() -> None:
    prior = pd.DataFrame([[1.0]], index=["steel"], columns=["x"])
    with pytest.raises(NoBalance, match="rows sum to 2, columns to 1"):
        ras(prior, pd.Series({"steel": 2.0}), pd.Series({"x": 1.0}))


def test_a_fuel_in_several_rows_is_paid_for_in_all_of_them() -> None:
    accounts = shanxi()
    twice = replace(accounts, fuel=pd.concat([accounts.fuel, accounts.fuel]))
    assert sum(accounts.fuel_value.values()) == pytest.approx(total(accounts.fuel["value"]))
    assert twice.fuel_value == {cell: 2.0 * paid for cell, paid in accounts.fuel_value.items()}
