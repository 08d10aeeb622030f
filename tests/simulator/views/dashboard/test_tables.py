"""Sums over fills agree with the fills; ten million of them stay on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.results.store import read_run
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch


def fills(batch: Batch, name: str) -> pd.DataFrame:
    return read_run(batch.run(name).folder).trades


def test_bands_of_two_seeds_go_from_one_to_the_other(desk: Desk, batch: Batch) -> None:
    rows = desk.tables.bands(batch)
    one = rows[(rows["scenario"] == "S5") & (rows["variable"] == "Price|Carbon") & (rows["year"] == 2024)].iloc[0]
    values = [read_run(batch.run(f"S5-seed{seed}").folder).series("Price|Carbon")[2024] for seed in (1, 2)]
    assert one["runs"] == 2
    assert one[["low", "middle", "high"]].to_list() == pytest.approx(np.quantile(values, [0.0, 0.5, 1.0]))


def test_sectors_sell_what_the_fills_say(desk: Desk, batch: Batch) -> None:
    trades = fills(batch, "S5-seed1")
    mine = trades[trades["year"] == 2024]
    flows = desk.tables.sector_flows(batch.run("S5-seed1"), 2024, None)
    assert flows["tonnes"].sum() == mine["quantity_t"].sum()
    assert flows["yuan"].sum() == pytest.approx((mine["price"] * mine["quantity_t"]).sum())
    period = desk.tables.sector_flows(batch.run("S5-seed1"), 2024, 1)
    assert period["tonnes"].sum() == mine.loc[mine["period"] == 1, "quantity_t"].sum()


def test_what_firms_buy_they_sell_and_pay_one_another(desk: Desk, batch: Batch) -> None:
    firms = desk.tables.firms(batch.run("S5-seed1"), None)
    trades = fills(batch, "S5-seed1")
    assert firms["net_t"].sum() == 0
    assert firms["paid_yuan"].sum() == pytest.approx(0.0, abs=1e-3)
    assert firms["bought_t"].sum() == trades["quantity_t"].sum()
    buyer = trades.groupby("buyer")["quantity_t"].sum()
    assert firms.set_index("firm")["bought_t"].loc[buyer.index].to_list() == buyer.to_list()


def test_the_largest_pairs_come_first(desk: Desk, batch: Batch) -> None:
    pairs = desk.tables.firm_pairs(batch.run("S5-seed1"), None, None, 5)
    expected = fills(batch, "S5-seed1").groupby(["seller", "buyer"])["quantity_t"].sum().nlargest(5)
    assert pairs["tonnes"].to_list() == expected.to_list()


def test_answers_are_kept_until_the_run_changes(desk: Desk, batch: Batch) -> None:
    run = batch.run("S5-seed1")
    assert desk.tables.firms(run, 2024) is desk.tables.firms(run, 2024)


@pytest.mark.study
def test_ten_million_fills_are_summed_where_they_lie(
    batch_folder: Path, tmp_path: Path, record_property: pytest.FixtureRequest
) -> None:
    import resource
    import shutil
    import time

    from tanshi.simulator.machine.disk import write_table
    from tanshi.simulator.results.tables import TRADE_COLUMNS

    folder = tmp_path / "huge"
    shutil.copytree(batch_folder, folder)
    write_table(folder / "S5-seed1" / "trades.parquet", made_up_fills(10_000_000), TRADE_COLUMNS)
    desk = Desk(folder, tmp_path)
    run = desk.batch(None).run("S5-seed1")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    assert desk.tables.sector_flows(run, None, None)["tonnes"].sum() > 0
    assert len(desk.tables.firm_pairs(run, 2024, None, 150)) == 150
    assert len(desk.tables.firms(run, 2024)) == 600
    assert time.perf_counter() - begun < 20.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_500_000  # kB


def made_up_fills(count: int) -> pd.DataFrame:
    """Fills of 600 firms that nobody made, as many as asked for."""
    rng = np.random.default_rng(1)
    codes = np.array(["ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR"])
    buyer, seller = rng.integers(0, 600, (2, count))
    return pd.DataFrame(
        {
            "scenario": "S5", "seed": 1, "year": rng.integers(2022, 2025, count), "period": rng.integers(1, 13, count),
            "buyer": buyer, "seller": seller, "buyer_sector": codes[buyer // 75], "seller_sector": codes[seller // 75],
            "price": rng.integers(8000, 15000, count) / 100.0, "quantity_t": rng.integers(1, 5000, count),
        }
    )  # fmt: skip
