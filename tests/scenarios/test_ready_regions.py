"""Regions that come with the program besides Shanxi: the code is no one province's alone."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.variables import region_of

READY = {"inner_mongolia_2017": 14825.08, "shandong_2017": 72290.84, "china_2017": 823215.71}
"""GDP of the published tables, yi yuan of 2017."""
PRICES_OF_2017 = 0.8913


@pytest.mark.parametrize("name", READY)
def test_accounts_are_the_published_table_and_the_stated_totals(name: str) -> None:
    figures = load_economy(name)
    accounts = build_accounts(figures.tables())
    rows, columns = accounts.sam.sum(axis=1).to_numpy(), accounts.sam.sum(axis=0).to_numpy()
    np.testing.assert_allclose(rows, columns, rtol=1e-9, atol=1e-6)
    assert figures.base_year == 2017
    assert figures.value("controls", "gdp") * PRICES_OF_2017 == pytest.approx(READY[name], rel=1e-3)
    co2 = float(accounts.fuel["co2_mt"].sum() + accounts.process_co2.sum())
    assert co2 == pytest.approx(figures.value("controls", "co2_given"), rel=0.02)
    for table in figures.tables().values():
        assert table["source"].str.len().min() > 5


@pytest.mark.parametrize("name", READY)
def test_two_years_of_s1_and_s5_run_and_more_coverage_never_emits_more(name: str) -> None:
    own = {"economy": name, "years.end": 2018, "firms.number": 40, "market.periods_per_year": 4, "banking.horizon": 0}
    runs = {s: simulate(load_scenario(s, own)).annual for s in ("S1", "S5")}
    emitted = {s: run[run["variable"] == "Emissions|CO2"].set_index("year")["value"] for s, run in runs.items()}
    assert list(emitted["S1"].index) == [2017, 2018]
    assert emitted["S1"][2017] == emitted["S5"][2017]
    assert emitted["S1"][2017] == pytest.approx(load_economy(name).value("controls", "co2_given"), rel=0.02)
    assert emitted["S5"][2018] <= emitted["S1"][2018] * 1.0005
    price = runs["S5"].query("variable == 'Price|Carbon' and year == 2018")["value"].item()
    assert 1.0 < price < 1000.0
    assert set(runs["S5"]["region"]) == {region_of(name)}
