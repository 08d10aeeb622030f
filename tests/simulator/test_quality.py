"""What a run's market is measured by, on a table of trades whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.results.quality import MEASURES, yearly_quality
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.notebook import Results


def run_of(prices: list[float], trades: list[tuple[int, int, int, float, int]], seed: int = 1) -> RunResult:
    """Two years of as many periods each; trades are year, seller, buyer, price, tonnes."""
    n = len(prices) // 2
    periods = pd.DataFrame(
        {
            "scenario": "S5", "seed": seed, "year": np.repeat([2022, 2023], n), "period": np.arange(2 * n),
            "price": prices, "volume_t": 100, "turnover_yuan": [100.0 * p for p in prices],
        }
    )  # fmt: skip
    fills = pd.DataFrame(trades, columns=["year", "seller", "buyer", "price", "quantity_t"]).assign(
        scenario="S5", seed=seed, period=0, seller_sector="ELEC", buyer_sector="ELEC"
    )
    return RunResult("S5", seed, pd.DataFrame(), periods, fills, {}, {})


CHAIN = [(2022, 0, 1, 50.0, 30), (2022, 1, 2, 50.0, 10), (2023, 0, 1, 50.0, 5)]


def test_the_year_s_network_names_the_one_through_whom_trades_lead() -> None:
    found = yearly_quality(run_of([50.0] * 6, CHAIN))
    assert found.columns.tolist() == list(MEASURES)
    first, second = found.loc[2022], found.loc[2023]
    assert (first["traders"], first["pairs"], first["hub"]) == (3, 2, 1)
    assert first["betweenness"] == pytest.approx(1 / 2)  # 0 - 1 - 2, of the 2 x 1 paths between the other two
    assert first["hhi_pairs"] == pytest.approx((30**2 + 10**2) / 40**2)
    assert first["hhi_sellers"] == pytest.approx((30**2 + 10**2) / 40**2)
    assert (second["traders"], second["hhi_pairs"]) == (2, 1.0)
    assert pd.isna(second["hub"])


def test_a_year_s_volatility_begins_with_the_last_price_before_it() -> None:
    found = yearly_quality(run_of([50.0, 50.0, 50.0, 100.0, 100.0, 100.0], CHAIN))
    assert found.loc[2022, "volatility"] == 0.0
    # One doubling and two years of rest: returns ln 2, 0, 0; three periods a year.
    returns = np.array([math.log(2), 0.0, 0.0])
    assert found.loc[2023, "volatility"] == pytest.approx(returns.std(ddof=1) * math.sqrt(3))
    # |return| over turnover of 10,000 yuan in each period, per billion yuan.
    assert found.loc[2023, "amihud"] == pytest.approx(1e9 * math.log(2) / 10_000 / 3)


def test_a_price_of_nothing_and_a_year_without_trade_leave_their_measures_empty() -> None:
    found = yearly_quality(run_of([0.0, 50.0, 50.0, 50.0, 50.0, 50.0], CHAIN[:2]))
    assert math.isnan(found.loc[2022, "volatility"])
    assert found.loc[2023, "traders"] == 0
    assert math.isnan(found.loc[2023, "hhi_buyers"])


def test_a_notebook_shows_them_of_one_run_and_of_several() -> None:
    one, other = run_of([50.0] * 6, CHAIN), run_of([50.0] * 6, CHAIN, seed=2)
    assert Results((one,)).quality.index.tolist() == [2022, 2023]
    assert Results((one, other)).quality.index.tolist() == [
        ("S5", seed, year) for seed in (1, 2) for year in (2022, 2023)
    ]
