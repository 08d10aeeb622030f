"""Regions that come with the program besides Shanxi: the code is no one province's alone."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.variables import region_of

READY = {
    "inner_mongolia_2017": 14825.08, "shandong_2017": 72290.84, "china_2017": 823215.71,
    "belgium_2020": 500025.0 * 6.8976 / 100.0,
}  # fmt: skip
"""GDP of the published tables, yi yuan of their year; Belgium's in million dollars at the year's mean rate."""
PRICES = {2017: 0.8913, 2020: 0.9394}
"""Deflator of China's gross domestic product, 1 in 2022."""


@pytest.mark.parametrize("name", READY)
def test_accounts_are_the_published_table_and_the_stated_totals(name: str) -> None:
    figures = load_economy(name)
    accounts = build_accounts(figures.tables())
    rows, columns = accounts.sam.sum(axis=1).to_numpy(), accounts.sam.sum(axis=0).to_numpy()
    np.testing.assert_allclose(rows, columns, rtol=1e-9, atol=1e-6)
    assert figures.base_year == int(name[-4:])
    assert figures.value("controls", "gdp") * PRICES[figures.base_year] == pytest.approx(READY[name], rel=1e-3)
    co2 = float(accounts.fuel["co2_mt"].sum() + accounts.process_co2.sum())
    assert co2 == pytest.approx(figures.value("controls", "co2_given"), rel=0.02)
    for table in figures.tables().values():
        assert table["source"].str.len().min() > 5


@pytest.mark.parametrize("name", READY)
def test_two_years_of_s1_and_s5_run_and_more_coverage_never_emits_more(name: str) -> None:
    first = int(name[-4:])
    own = {
        "economy": name,
        "years.end": first + 1,
        "firms.number": 40,
        "market.periods_per_year": 4,
        "banking.horizon": 0,
    }
    runs = {s: simulate(load_scenario(s, own)).annual for s in ("S1", "S5")}
    emitted = {s: run[run["variable"] == "Emissions|CO2"].set_index("year")["value"] for s, run in runs.items()}
    assert list(emitted["S1"].index) == [first, first + 1]
    assert emitted["S1"][first] == emitted["S5"][first]
    assert emitted["S1"][first] == pytest.approx(load_economy(name).value("controls", "co2_given"), rel=0.02)
    assert emitted["S5"][first + 1] <= emitted["S1"][first + 1] * 1.0005
    price = runs["S5"].query("variable == 'Price|Carbon' and year == @first + 1")["value"].item()
    assert 1.0 < price < 1000.0
    assert set(runs["S5"]["region"]) == {region_of(name)}
