"""The annual table adds up, and says so by name where it cannot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshi.simulator.results.tables import (
    PERIOD_COLUMNS,
    TRADE_COLUMNS,
    ResultError,
    annual_table,
    identity_gaps,
    market_variables,
    net_positions,
    with_equivalent_variation,
)
from tanshi.simulator.results.variables import CATALOGUE, COMPARISONS, EV, FIRM_SECTORS, SECTORS, net_sales_of
from tests.simulator.made_up import batch, run


def market(
    fills: list[tuple[int, int, int, str, str, float, int]], periods: list[tuple[int, int, float]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables from fills (year, period, buyer, both sectors, price, t) and closes (year, period, price)."""
    trades = pd.DataFrame(
        [("S1", 1, y, p, buyer, 99, bs, ss, price, t) for y, p, buyer, bs, ss, price, t in fills],
        columns=list(TRADE_COLUMNS),
    )
    rows = []
    for year, period, price in periods:
        now = [f for f in fills if f[0] == year and f[1] == period]
        rows.append(("S1", 1, year, period, price, sum(f[6] for f in now), sum(f[5] * f[6] for f in now)))
    return pd.DataFrame(rows, columns=list(PERIOD_COLUMNS)), trades


def test_the_years_price_weighs_each_period_by_its_volume() -> None:
    fills = [(2023, 0, 1, "ELEC", "ELEC", 50.0, 1_000_000), (2023, 1, 1, "ELEC", "ELEC", 80.0, 3_000_000)]
    out = market_variables(*market(fills, [(2023, 0, 50.0), (2023, 1, 80.0)]), years=[2023], opening_price=55.0)
    assert out["Price|Carbon"][2023] == pytest.approx((50 + 3 * 80) / 4)
    assert out["Price|Carbon|Year-End"][2023] == 80.0
    assert out["Carbon Market|Trading Volume"][2023] == 4.0
    assert out["Carbon Market|Turnover"][2023] == pytest.approx(290.0)


def test_without_a_trade_the_price_is_the_close_and_without_a_market_the_close_before() -> None:
    out = market_variables(
        *market([], [(2023, 0, 61.0), (2023, 1, 62.0)]), years=[2022, 2023, 2024], opening_price=55.0
    )
    assert out["Price|Carbon"] == {2022: 55.0, 2023: 62.0, 2024: 62.0}
    assert set(out["Carbon Market|Trading Volume"].values()) == {0.0}


def test_prices_and_turnover_are_deflated_and_tonnes_are_not() -> None:
    tables = market([(2023, 0, 1, "ELEC", "ELEC", 66.0, 1_000_000)], [(2023, 0, 66.0)])
    out = market_variables(*tables, years=[2023], opening_price=55.0, deflator={2023: 1.1})
    assert out["Price|Carbon"][2023] == pytest.approx(60.0)
    assert out["Carbon Market|Turnover"][2023] == pytest.approx(60.0)
    assert out["Carbon Market|Trading Volume"][2023] == 1.0


def test_tonnes_that_come_back_count_in_the_volume_and_not_in_net_transfers() -> None:
    there_and_back = pd.DataFrame(
        [
            ("S1", 1, 2023, 0, 1, 2, "STEEL", "ELEC", 60.0, 500_000),
            ("S1", 1, 2023, 1, 2, 1, "ELEC", "STEEL", 60.0, 400_000),
        ],
        columns=list(TRADE_COLUMNS),
    )
    periods = pd.DataFrame(
        [("S1", 1, 2023, 0, 60.0, 500_000, 3e7), ("S1", 1, 2023, 1, 60.0, 400_000, 2.4e7)],
        columns=list(PERIOD_COLUMNS),
    )
    out = market_variables(periods, there_and_back, years=[2023], opening_price=55.0)
    assert out["Carbon Market|Trading Volume"][2023] == 0.9
    assert out["Carbon Market|Net Transfers"][2023] == 0.1
    assert out[net_sales_of("ELEC")][2023] == 0.1
    assert out[net_sales_of("STEEL")][2023] == -0.1


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 10**9), st.integers(0, 11)),
        min_size=1,
        max_size=40,
    )
)
def test_net_sales_add_up_to_zero_and_net_transfers_never_exceed_the_volume(
    fills: list[tuple[int, int, int, int]],
) -> None:
    sector = dict(enumerate([*FIRM_SECTORS, "ELEC"]))
    trades = pd.DataFrame(
        [("S1", 1, 2023, p, b, s, sector[b], sector[s], 60.0, t) for b, s, t, p in fills],
        columns=list(TRADE_COLUMNS),
    )
    volume = trades.groupby("period")["quantity_t"].sum()
    periods = pd.DataFrame(
        [("S1", 1, 2023, p, 60.0, v, 60.0 * v) for p, v in volume.items()], columns=list(PERIOD_COLUMNS)
    )
    out = market_variables(periods, trades, years=[2023], opening_price=55.0)
    assert int(net_positions(trades["buyer"], trades["seller"], trades["quantity_t"]).sum()) == 0
    assert sum(round(out[net_sales_of(s)][2023] * 1e6) for s in FIRM_SECTORS) == 0
    assert out["Carbon Market|Net Transfers"][2023] <= out["Carbon Market|Trading Volume"][2023]


def test_a_market_without_firms_reports_the_sectors_positions() -> None:
    periods = pd.DataFrame([("S4", 1, 2023, 0, 70.0, 5_000_000, 3.5e8)], columns=list(PERIOD_COLUMNS))
    none = pd.DataFrame(columns=list(TRADE_COLUMNS))
    sales = {2023: {"ELEC": -5e6, "STEEL": 3e6, "COKE": 2e6}}
    out = market_variables(periods, none, years=[2023], opening_price=55.0, net_sales_t=sales)
    assert out["Carbon Market|Net Transfers"][2023] == pytest.approx(5.0)
    assert out[net_sales_of("ELEC")][2023] == pytest.approx(-5.0)


def test_fills_that_miss_part_of_the_periods_volume_are_refused() -> None:
    periods, trades = market([(2023, 0, 1, "ELEC", "ELEC", 66.0, 1_000)], [(2023, 0, 66.0)])
    with pytest.raises(ResultError, match=r"2023: fills add up to 0 t, the periods' volume to 1000 t"):
        market_variables(periods, trades.iloc[:0], years=[2023], opening_price=55.0)


def test_a_sector_without_firms_cannot_trade() -> None:
    tables = market([(2023, 0, 1, "AGR", "ELEC", 66.0, 1_000)], [(2023, 0, 66.0)])
    with pytest.raises(ResultError, match="AGR"):
        market_variables(*tables, years=[2023], opening_price=55.0)


def test_sectors_fuels_and_net_sales_add_up_in_every_scenario() -> None:
    for result in batch():
        assert max(identity_gaps(result).values()) < 1e-9


def test_a_lost_tonne_shows_in_the_identities() -> None:
    result = run("S4")
    annual = result.annual
    annual.loc[(annual["variable"] == "Emissions|CO2|Paper") & (annual["year"] == 2027), "value"] += 1e-6
    assert identity_gaps(result)["emissions by sector, Mt"] == pytest.approx(1e-6, rel=1e-3)


def _values() -> dict[str, dict[int, float]]:
    return {name: {2022: 1.0, 2023: 2.0} for name in CATALOGUE if name not in COMPARISONS}


def test_the_annual_table_holds_every_variable_with_its_unit_in_the_catalogues_order() -> None:
    table = annual_table("S1", 7, _values())
    assert list(dict.fromkeys(table["variable"])) == [name for name in CATALOGUE if name not in COMPARISONS]
    assert set(table["region"]) == {"China|Shanxi"}
    assert dict(zip(table["variable"], table["unit"], strict=True))["Price|Carbon"] == "CNY_2022/t CO2"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Price|Karbon": {2022: 1.0}}, r"unknown variables: Price\|Karbon"),
        ({"GDP|MER": {2022: 1.0}}, r"GDP\|MER has no finite value in 2023"),
        ({"GDP|MER": {2022: 1.0, 2023: float("nan")}}, r"GDP\|MER has no finite value in 2023"),
    ],
)
def test_an_annual_table_with_a_hole_is_refused_by_name(change: Mapping[str, Mapping[int, float]], said: str) -> None:
    with pytest.raises(ResultError, match=said):
        annual_table("S1", 7, _values() | dict(change))
    values = _values()
    del values["Fuel Combustion"]
    with pytest.raises(ResultError, match="missing variables: Fuel Combustion"):
        annual_table("S1", 7, values)


def test_equivalent_variation_is_measured_against_s1_of_the_same_year() -> None:
    annual = with_equivalent_variation(batch())
    ev = annual[annual["variable"] == EV].pivot(index="year", columns="scenario", values="value")
    metric = {r.scenario: r.series("Welfare|Money Metric") for r in batch()}
    assert (ev[["S1", "S2", "S3"]] == 0).all(axis=None)
    assert ev.loc[2030, "S5"] == pytest.approx(metric["S5"][2030] - metric["S1"][2030])
    assert EV not in set(with_equivalent_variation([run("S5")])["variable"])


def test_all_seventeen_sectors_have_an_english_and_a_chinese_name() -> None:
    assert len(SECTORS) == len({s.name for s in SECTORS.values()}) == len({s.chinese for s in SECTORS.values()}) == 17
    assert set(FIRM_SECTORS) < set(SECTORS)
    assert all(np.all([ord(c) > 0x4E00 for c in s.chinese]) for s in SECTORS.values())
