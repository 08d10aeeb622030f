"""Two firms, two sectors and numbers worked out by hand: what tables say of a run."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.results import store
from tanshi.simulator.results.accounting import economy_variables
from tanshi.simulator.results.alarms import alarms
from tanshi.simulator.results.collect import diagnostics, trade_table
from tanshi.simulator.results.columns import about
from tanshi.simulator.results.iamc import iamc_table
from tanshi.simulator.results.replay import _same_price
from tanshi.simulator.results.rules import gains_variables, rule_variables
from tanshi.simulator.results.tables import (
    PERIOD_COLUMNS,
    TRADE_COLUMNS,
    ResultError,
    RunResult,
    annual_table,
    identity_gaps,
    market_variables,
)
from tanshi.simulator.results.variables import (
    ENERGY_PARTS,
    FIRM_SECTORS,
    MONEY_METRIC,
    SECTORS,
    TRADERS,
    emissions_of,
    net_sales_of,
    value_added_of,
)
from tests.simulator.made_up import run


def stub(**parts: Any) -> Any:
    return cast(Any, SimpleNamespace(**parts))


def market() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two periods: 2 Mt at 50 yuan/t from steel's firm to power's, then 1 Mt at 80 back."""
    periods = [("S", 1, 2023, 1, 50.0, 2_000_000, 100e6), ("S", 1, 2023, 2, 80.0, 1_000_000, 80e6)]
    trades = [
        ("S", 1, 2023, 1, 0, 1, "ELEC", "STEEL", 50.0, 2_000_000),
        ("S", 1, 2023, 2, 1, 0, "STEEL", "ELEC", 80.0, 1_000_000),
    ]
    return pd.DataFrame(periods, columns=list(PERIOD_COLUMNS)), pd.DataFrame(trades, columns=list(TRADE_COLUMNS))


def test_what_a_year_of_two_trades_comes_to() -> None:
    found = {k: v[2023] for k, v in market_variables(*market(), years=[2023], opening_price=55.0).items()}
    assert found["Carbon Market|Trading Volume"] == 3.0  # Mt
    assert found["Carbon Market|Net Transfers"] == 1.0  # one Mt is with another firm in the end
    assert found["Carbon Market|Turnover"] == 180.0  # million yuan
    assert found["Price|Carbon"] == 60.0  # 180 for 3
    assert found["Price|Carbon|Year-End"] == 80.0
    assert found["Price|Carbon|Time Mean"] == 65.0
    assert (found[net_sales_of("STEEL")], found[net_sales_of("ELEC")]) == (1.0, -1.0)


def economy() -> dict[str, float]:
    accounts = stub(
        province=stub(sectors=FIRM_SECTORS),
        emissions=lambda flows: {"ELEC": 100.0, "STEEL": 30.0, "HH": 5.0},
        energy=lambda flows: defaultdict(lambda: 1.0),
        real_gdp=lambda flows: {"gdp": 25_000.0, "households": 6_000.0, "government": 3_000.0, "investment": 1.0},
        power=lambda flows: defaultdict(lambda: 1.0),
        power_price=lambda flows: 480.0,
        leisure=lambda flows: 0.0,
        real_value_added=lambda flows: {"ELEC": 400.0},
        household_spending=8_000.0,
    )  # fmt: skip
    covered = np.array([sector == "ELEC" for sector in FIRM_SECTORS])
    return economy_variables(accounts, stub(), 1.25, np.full(len(FIRM_SECTORS), 96.0), covered)


def test_money_is_in_billions_and_welfare_at_benchmark_spending() -> None:
    # 25,000 yi yuan are 2,500 billion; households' real demand a quarter above 800 billion is 1,000.
    found = economy()
    assert found["GDP|MER"] == pytest.approx(2500.0)
    assert found[MONEY_METRIC] == pytest.approx(1000.0)
    assert found[value_added_of("ELEC")] == 40.0


def test_what_the_market_verifies_replaces_the_economy_s_own_figure() -> None:
    found = economy()
    assert [found[emissions_of(s)] for s in ("ELEC", "STEEL", "HH")] == [96.0, 30.0, 5.0]
    assert found["Emissions|CO2"] == 131.0


def test_a_variable_that_is_missing_is_named_and_so_is_one_that_nobody_knows() -> None:
    result = run("S1")
    values = {name: dict(found) for name, found in _by_variable(result.annual).items()}
    assert len(annual_table("S1", 1, values)) == len(result.annual)
    with pytest.raises(ResultError, match="missing variables: GDP"):
        annual_table("S1", 1, {k: v for k, v in values.items() if k != "GDP|MER"})
    with pytest.raises(ResultError, match="unknown variables: Weather"):
        annual_table("S1", 1, values | {"Weather": {2022: 1.0}})


def _by_variable(annual: pd.DataFrame) -> dict[str, dict[int, float]]:
    return {
        str(name): dict(zip(rows["year"].tolist(), rows["value"].tolist(), strict=True))
        for name, rows in annual.groupby("variable")
    }


def test_the_worst_year_shows_where_transfers_exceed_the_volume() -> None:
    # 3 Mt moved of 2 Mt traded in the first year, 1 Mt of 2 Mt in the second.
    rows = {"Carbon Market|Net Transfers": (3.0, 1.0), "Carbon Market|Trading Volume": (2.0, 2.0)}
    rows |= dict.fromkeys((emissions_of(s) for s in (*SECTORS, "HH")), (0.0, 0.0))
    rows |= dict.fromkeys(("Emissions|CO2", "Energy Consumption"), (0.0, 0.0))
    rows |= dict.fromkeys((f"Energy Consumption|{part}" for part in ENERGY_PARTS), (0.0, 0.0))
    rows |= dict.fromkeys((net_sales_of(s) for s in TRADERS), (0.0, 0.0))
    annual = pd.DataFrame(
        [{"year": 2022 + n, "variable": name, "value": v} for name, pair in rows.items() for n, v in enumerate(pair)]
    )
    found = identity_gaps(RunResult("S", 1, annual, *market()))
    assert found["net transfers above volume, Mt"] == 1.0


def test_fills_are_told_in_the_order_of_the_columns() -> None:
    codes = {"buyer_sector": np.array([0, 2]), "seller_sector": np.array([1, 0])}
    numbers = {name: np.array([7, 8]) for name in ("year", "period", "buyer", "seller", "quantity_t")}
    state = stub(log=stub(trades=[numbers | codes | {"price": np.array([1.0, 2.0])}]), firms=stub(sectors=("A", "B")))
    found = trade_table(stub(scenario=stub(name="S", seed=3), shared=False), state)
    assert tuple(found.columns) == TRADE_COLUMNS
    assert found["buyer_sector"].tolist() == ["A", "GOV"]
    assert found[["scenario", "seed"]].to_numpy().tolist() == [["S", 3], ["S", 3]]


def test_a_gap_of_just_the_tolerance_is_settled() -> None:
    rows = [
        {"gap": gap, "residual": 0.0, "walras": 0.0, "iterations": 2, "year": 2022, "period": 2, "plan_gap": 0.0}
        for gap in (0.01, 0.02)
    ]
    scenario = load_scenario("S1", {"coupling.tolerance": 0.01, "market.tick": 0.01, "banking.beyond": "end"})
    world = stub(
        scenario=scenario, flow=stub(mode="ou"), surroundings=None, economy=stub(), province=stub(), followed=None
    )
    state = stub(
        log=stub(periods=rows, settlements=[], drift={}, halved=0), firms=stub(sectors=("A",), counts=np.array([2])),
        number=2,
    )  # fmt: skip
    assert diagnostics(world, state)["unsettled_periods"] == 1


def test_a_replay_is_held_to_the_stored_price_from_its_first_period_on() -> None:
    result = RunResult("S", 1, pd.DataFrame(), *market())
    _same_price(result, 0, 0.0)  # nothing has been run, nothing is stored
    _same_price(result, 1, 50.0)
    with pytest.raises(UserError, match="comes out differently"):
        _same_price(result, 1, 50.01)


def test_of_several_seeds_the_bands_come_before_the_runs() -> None:
    table = iamc_table([run("S1", seed) for seed in (1, 2, 3)])
    names = list(dict.fromkeys(table["Scenario"]))
    assert len(names) == 6
    assert all("seed" not in name for name in names[:3])
    assert names[3:] == [f"S1 (seed {n})" for n in (1, 2, 3)]


def test_a_finished_run_is_kept_and_a_failed_one_is_not(tmp_path: Path) -> None:
    record = {
        "format": store.FORMAT, "id": "abc", "scenario": "S", "seed": 1, "status": "finished", "parameters": {},
        "data": "", "code": "1", "versions": {}, "meta": {}, "tables": {},
    }  # fmt: skip
    place = tmp_path / "S-1"
    place.mkdir()
    (place / store.RECORD).write_text(json.dumps(record), encoding="utf-8")
    assert store.claim(place, "abc") is True
    with pytest.raises(store.RunExists, match="holds another run"):
        store.claim(place, "abd")
    (place / store.RECORD).write_text(json.dumps(record | {"status": "failed"}), encoding="utf-8")
    with pytest.raises(store.RunExists):
        store.claim(place, "abc")
    assert store.claim(place, "abc", overwrite=True) is False


def test_a_missed_price_is_told_as_a_part_of_it() -> None:
    periods = [{"year": 2024, "volume_t": 5, "gap": 4.0, "price": 50.0}]
    (told,) = alarms(periods, [{"year": 2024}], venue="call_auction", bidders="zip")
    assert "by up to 4.00 yuan/t, 8.0% of it" in told


def test_columns_of_the_market_have_their_unit() -> None:
    found = about(["price", "year", "emissions_ELEC", "own"])
    assert {name: said["unit"] for name, said in found.items()} == {
        "price": "yuan/t", "year": "year", "emissions_ELEC": "Mt CO2/yr",
    }  # fmt: skip


def test_what_was_not_surrendered_is_told_in_megatonnes() -> None:
    row = {"year": 2024, "banked_t": 1e6, "owed_t": 9e6, "surrendered_t": 7e6, "shortfall_t": 2e6, "borrowed_t": 5e5,
           "penalty_yuan": 3e6}  # fmt: skip
    closed = stub(year=2024, cap=8.0, accrued=np.array([9.0, 1.0]), covered=np.array([True, False]))
    sold = {"year": [2024], "seller_sector": ["GOV"], "buyer_sector": ["ELEC"], "price": [50.0], "quantity_t": [40_000]}
    world = stub(agents_trade=True, sectors=("ELEC", "STEEL"))
    state = stub(log=stub(settlements=[row], years=[closed]))
    found = {
        name: value[2024] for name, value in rule_variables(world, state, {2024: 50.0}, pd.DataFrame(sold)).items()
    }
    kinds = {"Obligations": 9.0, "Surrendered": 7.0, "Shortfall": 2.0, "Advances": 0.5}
    assert {kind: found[f"Carbon Market|Compliance|{kind}"] for kind in kinds} == kinds
    assert found["Revenue|Government|Carbon"] == 5.0  # million yuan: 2 of auctions, 3 of penalties


def test_a_year_in_which_an_allowance_is_worth_nothing_brings_no_gains_and_one_that_was_not_asked_no_rows() -> None:
    policy = stub(started=lambda year: year > 2022, mask=lambda year: np.array([True, False]))
    periods = [{"year": 2022, "price": 50.0}, {"year": 2023, "price": 0.0}, {"year": 2024, "price": 50.0}]
    asked = [{"year": 2022}, {"year": 2023}, {"year": 2024, "gains_yuan": {"ELEC": 3e6}}]
    world = stub(sectors=("ELEC", "STEEL"))
    out = gains_variables(world, stub(log=stub(periods=periods, settlements=asked), policy=policy))
    by_year = {name.rpartition("|")[2]: list(values.values()) for name, values in out.items()}
    assert by_year == {"Gains from Trade": [0.0, 0.0, 3.0], "Power": [0.0, 0.0, 3.0], "Iron and Steel": [0.0] * 3}
    unasked = [*asked[:2], {"year": 2024}]
    assert gains_variables(world, stub(log=stub(periods=periods, settlements=unasked), policy=policy)) == {}
