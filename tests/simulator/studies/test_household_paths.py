"""Town and country bear a scenario: nothing before its policy, and together what the one household bears."""

from __future__ import annotations

import pytest

from tanshi.equilibrium.province.tables import total
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.welfare.household_paths import household_paths


def test_groups_bear_nothing_before_the_policy_and_are_hurt_by_it_after() -> None:
    table = household_paths(load_scenario("S5", {"years.end": 2024}))
    change = table[table["variable"].str.endswith("|Change")].pivot(index="year", columns="variable", values="value")
    assert list(change.columns) == ["Welfare|Rural Households|Change", "Welfare|Urban Households|Change"]
    assert change.loc[2022].abs().max() < 1e-9
    assert (change.loc[2024] < 0.0).all()
    income = table[table["variable"].str.startswith("Income")].set_index(["variable", "year"])["value"]
    assert income["Income|Urban Households|Per Capita", 2022] > income["Income|Rural Households|Per Capita", 2022]


def test_what_groups_have_is_the_provinces_in_billions_and_yuan_a_head() -> None:
    """In the benchmark year: all that 34.8 million people buy and save, and what they earn."""
    table, shanxi = (
        household_paths(load_scenario("S1", {"years.end": 2023})).query("year == 2022"),
        economy("shanxi_2022"),
    )
    groups = shanxi.groups
    assert groups is not None
    spent = table[table["variable"].str.endswith("|Money Metric")]["value"].sum()
    assert spent == pytest.approx((groups.bought.sum() + groups.saving.sum()) / 10.0, rel=1e-9)
    rural, urban = sorted(table[table["variable"].str.startswith("Income")]["value"])
    mean = total(shanxi.accounts.sam.loc["HH"]) * 1e8 / 34.8e6
    assert rural < mean < urban < 3.0 * rural


def test_a_tax_is_borne_too() -> None:
    """100 yuan on a tonne, paid back by head: the poorer country has more of the money."""
    table = household_paths(load_scenario("tax-100", {"years.end": 2023}))
    change = table[table["variable"].str.endswith("|Change")].set_index(["variable", "year"])["value"]
    assert change["Welfare|Rural Households|Change", 2023] > change["Welfare|Urban Households|Change", 2023] + 1.0


def test_a_region_without_groups_is_named() -> None:
    with pytest.raises(UserError, match=r"households\.csv"):
        household_paths(load_scenario("S1", {"economy": "shandong_2017", "years.end": 2018}))
