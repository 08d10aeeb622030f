"""Accounts carried from an official table: the carry keeps what it must, and lands where an official table stands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import Figures, load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.carried import TABLES, broad_of, moved_by, rebuilt, reconciliation, shipped
from tanshi.simulator.own_region.carry import BLOCKS, carry, drivers, errors
from tanshi.simulator.own_region.official import AVIATION, METALS, NATION_SECTORS, divide

FINAL = ["household", "government", "fixed_investment", "stocks"]


@pytest.fixture(scope="module")
def figures() -> Figures:
    return load_economy("shanxi_2022")


@pytest.fixture(scope="module")
def sectors(figures: Figures) -> list[str]:
    return [str(s) for s in figures.sectors["sector"]]


def imbalance(table: NationalTable) -> float:
    """Largest difference of a row or column from gross output, yi yuan."""
    f = table.final
    rows = table.use.sum(axis=1) + f[FINAL].sum(axis=1) + f["export"] + f["outflow"] - f["import"] - f["inflow"]
    columns = table.use.sum(axis=0) + table.value_added.sum(axis=0)
    return float(max((rows - table.output).abs().max(), (columns - table.output).abs().max()))


@pytest.mark.parametrize(("year", "gdp"), [(2012, 12112.83), (2017, 15528.42)])
def test_official_tables_are_balanced_and_add_up_to_the_published_product(
    year: int, gdp: float, sectors: list[str]
) -> None:
    table = shipped("shanxi", year, sectors)
    assert table.gdp() == pytest.approx(gdp, abs=0.01)
    assert imbalance(table) < 1e-4


@pytest.mark.parametrize("bound", ["value", "low", "high"])
def test_what_is_measured_of_the_last_year_is_kept(bound: str, figures: Figures, sectors: list[str]) -> None:
    """Broad sectors' value added is the control, every row and column balances, at both ends of the drivers."""
    rows = pd.read_csv(TABLES / "shanxi_drivers.csv")
    moved = drivers(rows, 2012, 2017, sectors, bound)
    table = carry(shipped("shanxi", 2012, sectors), moved, broad_of(figures))
    assert imbalance(table) < 1e-6
    for name, value in moved.added.items():
        members = [s for s in sectors if broad_of(figures)[s] == name]
        assert float(table.value_added[members].to_numpy().sum()) == pytest.approx(value, rel=1e-9)


def test_nothing_moves_where_no_driver_moves(figures: Figures, sectors: list[str]) -> None:
    """With ratios of one and its own totals as controls, a table is carried to itself, but for stocks drawn down."""
    base = shipped("shanxi", 2017, sectors)
    base = NationalTable(base.file, base.labels, base.use, base.final.assign(stocks=0.0), base.value_added, base.output)
    rows = pd.read_csv(TABLES / "shanxi_drivers.csv")
    moved = drivers(rows, 2012, 2017, sectors)
    still = type(moved)(
        2017, 2017, moved.quantity * 0 + 1, moved.price * 0 + 1, {}, {}, 1.0, {},
        {b: float(base.value_added[[s for s in sectors if broad_of(figures)[s] == b]].to_numpy().sum())
         for b in moved.added},
        {f: max(float(base.final[f].sum()), 1e-12) / base.gdp() for f in FINAL},
    )  # fmt: skip
    base.final["stocks"] = 1e-9
    found = errors(carry(base, still, broad_of(figures)), base)
    assert found["error"][["intermediate use", "value added", "gross output", "household"]].max() < 0.02


def test_the_method_carries_2012_to_2017_better_than_scaling_the_old_table(
    figures: Figures, sectors: list[str]
) -> None:
    """Against the official table of 2017, block by block, and by the errors that the page of accounts states."""
    official = shipped("shanxi", 2017, sectors)
    base = shipped("shanxi", 2012, sectors)
    found = errors(carry(base, moved_by("shanxi", figures, 2012, 2017), broad_of(figures)), official)
    naive = errors(base.scaled(official.gdp() / base.gdp()), official)
    assert list(found.index) == list(BLOCKS)
    better = [b for b in BLOCKS if b not in ("outflow", "government")]
    assert (found["error"][better] < naive["error"][better]).all()
    assert found["error"]["intermediate use"] < 0.45
    assert found["error"]["value added"] < 0.30
    assert found["error"]["gross output"] < 0.20


def test_the_economy_is_the_official_table_carried(figures: Figures, sectors: list[str]) -> None:
    """The folder's money tables are what the door makes of the table of 2017: no figure is changed by hand."""
    made = rebuilt(figures, shipped("shanxi", 2017, sectors), moved_by("shanxi", figures, 2017, 2022), "official")
    for name in ("sectors", "use_prior", "factor_shares", "trade"):
        numbers = made.tables[name].select_dtypes("number")
        kept = figures.tables()[name][list(numbers.columns)]
        np.testing.assert_allclose(kept.to_numpy(), numbers.to_numpy(), atol=2e-4, err_msg=name)


def test_the_corrections_of_the_official_table_are_in_the_accounts(figures: Figures) -> None:
    """Two-way trade of metals, coke, chemicals; labour in chemicals and steel; coal's value added; government."""
    two_way = figures.trade.set_index("commodity")["two_way_share"]
    assert two_way["COKE"] == pytest.approx(0.314, abs=0.002)
    assert two_way["CHEM"] == pytest.approx(0.130, abs=0.002)
    assert two_way[["STEEL", "NFM"]].min() > 0.15
    own = figures.factor_shares[figures.factor_shares["origin"] == "province"].set_index("sector")["labour"]
    assert own["CHEM"] == pytest.approx(0.431, abs=0.002)
    assert own["STEEL"] > 0.3
    coal = figures.sectors.set_index("sector").loc["COAL"]
    assert 5500 < coal["value_added"] < 7500
    assert 0.50 <= coal["value_added"] / coal["gross_output"] <= 0.58
    assert figures.value("controls", "output_government") == pytest.approx(0.133)


def test_the_reconciliation_knows_every_sector_before_and_after(figures: Figures) -> None:
    table = reconciliation("shanxi", build_accounts(figures.tables()))
    assert set(table["sector"]) == {*figures.sectors["sector"], "all"}
    assert table[["before", "after"]].notna().all().all()
    gdp = table[table["item"] == "GDP"].iloc[0]
    assert gdp["before"] == pytest.approx(gdp["after"], rel=1e-6)  # the control stays


def test_a_split_row_adds_up_to_the_published_one(sectors: list[str]) -> None:
    """Both parts together are the official cells; each part's row and column balances."""
    table = shipped("shanxi", 2017, sectors)
    codes = [f"{i:03d}" for i in range(1, 140)]
    rng = np.random.default_rng(1)
    nation = pd.DataFrame(rng.uniform(1.0, 2.0, (139, 139)), index=codes, columns=codes)
    for row in ("VA001", "VA002", "VA003", "VA004"):
        nation.loc[row] = rng.uniform(20.0, 30.0, 139)
    nation.loc["TI"] = nation.sum(axis=0)
    nation["GO"] = 500.0
    for pair, share in ((METALS, 0.4), (AVIATION, 0.1)):
        parted = divide(table, pair, share, nation)
        assert imbalance(parted) < 1e-5
        assert float(parted.output[pair[1]] / parted.output[list(pair)].sum()) == pytest.approx(share)
        both = list(pair)
        columns = [t.use[both].drop(index=both).sum(axis=1) for t in (parted, table)]
        np.testing.assert_allclose(columns[0], columns[1], atol=1e-6)
        rows = [t.use.loc[both].drop(columns=both).sum() for t in (parted, table)]
        np.testing.assert_allclose(rows[0], rows[1], atol=1e-6)
    with pytest.raises(ValueError, match=r"share of NFM in STEEL with NFM: expected between 0 and 1, found 1\.2"):
        divide(table, METALS, 1.2, nation)


def test_the_nation_s_sectors_are_each_used_once() -> None:
    codes = [c for group in NATION_SECTORS.values() for c in group]
    assert len(codes) == len(set(codes))


def test_a_missing_driver_is_named(sectors: list[str]) -> None:
    rows = pd.read_csv(TABLES / "shanxi_drivers.csv")
    rows = rows[~((rows["item"] == "COAL") & (rows["kind"] == "price"))]
    with pytest.raises(UserError) as told:
        drivers(rows, 2017, 2022, sectors)
    assert "drivers 2017-2022, price COAL" in str(told.value)
