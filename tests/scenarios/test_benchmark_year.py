"""Accounts of any year: money in prices of 2022, tonnes from the region's own totals, scenario years that follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.tables import cell
from tanshi.scenarios.calibrated import calibrated
from tanshi.scenarios.economy import OPTIONAL, Figures, load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.facts.money import deflator
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.cli.app import main
from tanshi.simulator.model import simulate
from tanshi.simulator.own_region.benchmark import Totals
from tanshi.simulator.own_region.folder import Given, Made, make_economy
from tanshi.simulator.own_region.layout import statistics_table, write_table
from tanshi.simulator.own_region.tables import new_region
from tanshi.simulator.own_region.tokens import with_tokens


@pytest.fixture(scope="module")
def printed() -> NationalTable:
    return statistics_table(build_accounts(load_economy("shanxi_2022").tables()), "a region")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(table: NationalTable, name: str, given: Given | None = None) -> Made:
    path = Path(f"{name}.csv")
    if not path.exists():
        write_table(table, path)
    return make_economy(name, path, given)


def physical(made_: Made) -> tuple[float, float, float, float]:
    """Mt CO2, Mtce, TWh, and GDP in yi yuan of 2022."""
    figures = load_economy(made_.folder)
    accounts = build_accounts(figures.tables())
    co2 = float(accounts.fuel["co2_mt"].sum() + accounts.process_co2.sum())
    p = accounts.physical
    return co2, p["energy_consumption_mtce"], p["generation_twh"], figures.value("controls", "gdp")


def physical_co2(figures: Figures) -> float:
    """Mt CO2 of an economy's accounts."""
    accounts = build_accounts(figures.tables())
    return float(accounts.fuel["co2_mt"].sum() + accounts.process_co2.sum())


def test_inflation_alone_moves_no_tonne(printed: NationalTable) -> None:
    """The same real economy in the money of two years has the same energy."""
    old = printed.scaled(deflator(2012))
    then, now = made(old, "then_2012"), made(printed, "now_2022")
    np.testing.assert_allclose(physical(then), physical(now), rtol=1e-6)
    assert "(unit" in then.lines[0]
    assert "prices of 2022" in then.lines[1]


def test_the_region_s_own_totals_are_met_and_money_stays(printed: NationalTable) -> None:
    plain = made(printed, "plain_2022")
    told = made(printed, "told_2022", Given(totals=Totals(energy=300.0, co2=640.0, generation=500.0)))
    co2, energy, power, gdp = physical(told)
    assert (co2, energy, power) == pytest.approx((640.0, 300.0, 500.0), rel=1e-9)
    assert gdp == pytest.approx(physical(plain)[3])
    whole = [{k: t for k, t in load_economy(m.folder).tables().items() if k not in OPTIONAL} for m in (plain, told)]
    sams = [build_accounts(tables).sam for tables in whole]  # one coal plant: what a class earns hangs on its carbon
    money = [sam.drop(index="PERMIT", columns="PERMIT").to_numpy() for sam in sams]
    goods = [i for i, name in enumerate(sams[0].drop(index="PERMIT").index) if str(name).startswith("C_")]
    np.testing.assert_allclose(money[1][goods], money[0][goods], rtol=1e-6, atol=1e-6)


def test_a_total_in_another_unit_is_told(printed: NationalTable) -> None:
    with pytest.raises(UserError, match="emissions in Mt"):
        made(printed, "kilo_2022", Given(totals=Totals(co2=56000.0)))
    told = made(printed, "carbon_2022", Given(totals=Totals(co2=556.0 * 12 / 44)))
    assert any("CHECK THE UNITS" in line for line in told.lines)


def test_a_gdp_no_province_had_is_told(printed: NationalTable) -> None:
    assert any("CHECK THE UNIT" in line for line in made(printed.scaled(1000.0), "huge_2022").lines)
    assert not any("CHECK THE UNIT" in line for line in made(printed, "right_2022").lines)


def test_the_year_is_asked_for_where_nothing_says_it(printed: NationalTable) -> None:
    with pytest.raises(UserError, match="--year 2017"):
        made(printed, "somewhere")
    assert made(printed, "somewhere", Given(year=2017)).year == 2017


def test_years_that_a_scenario_does_not_say_follow_the_economy(printed: NationalTable) -> None:
    made(printed, "old_2015")
    own = {"economy": "old_2015"}
    scenario = load_scenario("S5", own)
    assert (scenario.years.start, scenario.years.end, scenario.policy_start) == (2015, 2023, 2016)
    assert load_scenario("S5", {**own, "years.end": 2016}).years.end == 2016
    assert load_scenario("S5", {**own, "policy_start": 2021}).policy_start == 2021
    Path("mine.yaml").write_text("extends: S5\npolicy_start: 2019\n", encoding="utf-8")
    assert load_scenario("mine.yaml", own).policy_start == 2019
    assert load_scenario("S5").policy_start == 2023


def test_years_before_the_policy_are_those_without_it(printed: NationalTable) -> None:
    """Until the policy begins, power trades at the benchmark's price whatever the later cap."""
    made(printed, "old_2015")
    own = {"economy": "old_2015", "years.end": 2017, "policy_start": 2017, "firms.number": 40,
           "market.periods_per_year": 2, "banking.horizon": 0}  # fmt: skip
    runs = [simulate(load_scenario("S5", {**own, "cap.tightness": cut})).annual for cut in (0.0, 0.1)]
    early = [run[run["year"] < 2017].reset_index(drop=True) for run in runs]
    pd.testing.assert_frame_equal(early[0], early[1])
    assert not runs[0][runs[0]["year"] == 2017].equals(runs[1][runs[1]["year"] == 2017])


def test_a_year_before_the_market_carries_a_token_price_and_says_so(printed: NationalTable) -> None:
    then = made(printed, "old_2015")
    assert build_accounts(load_economy(then.folder).tables()).carbon_price == 1.0
    assert any("no national market" in line for line in then.lines)
    later = made(printed, "new_2024")
    assert 85.0 < build_accounts(load_economy(later.folder).tables()).carbon_price < 105.0


def test_fitted_values_are_taken_over_only_where_asked(
    printed: NationalTable, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(printed, Path("t.csv"))
    assert main(["new", "economy", "bare_2022", "--table", "t.csv"]) == 0
    assert "not calibrated" in capsys.readouterr().out
    assert not calibrated("bare_2022")
    assert main(["new", "economy", "like_2022", "--table", "t.csv", "--calibrated-from", "shanxi_2022"]) == 0
    assert "fitted to shanxi_2022, not to this region" in capsys.readouterr().out
    there, here_ = calibrated("shanxi_2022"), calibrated("like_2022")
    assert [(r.field, r.value) for r in there] == [(r.field, r.value) for r in here_]
    assert all("not fitted to this region" in r.source for r in here_)


def test_a_region_without_coal_mines_is_a_region(printed: NationalTable) -> None:
    """Shanghai mines no coal: all of it flows in."""
    use, added, final, output = (x.copy() for x in (printed.use, printed.value_added, printed.final, printed.output))
    freed = use["COAL"].copy()
    use["COAL"], added["COAL"] = 0.0, 0.0
    final["outflow"] += freed  # goods that mines bought are sold outside
    burnt = use.loc["COAL"].sum() + final.loc["COAL", ["household", "government", "fixed_investment", "stocks"]].sum()
    final.loc["COAL", ["export", "outflow", "import"]] = 0.0
    final.loc["COAL", "inflow"] = burnt
    output["COAL"] = 0.0
    bare = replace(printed, use=use, value_added=added, final=final, output=output)
    whole, notes = with_tokens(bare, load_economy("shanxi_2022"))
    assert "COAL" in notes[0]
    assert whole.gdp() == pytest.approx(bare.gdp(), rel=1e-4)
    bought = ["household", "government", "fixed_investment", "stocks", "export", "outflow"]
    sold = whole.use.sum(axis=1) + whole.final[bought].sum(axis=1) - whole.final[["import", "inflow"]].sum(axis=1)
    np.testing.assert_allclose(sold, whole.output, rtol=1e-9, atol=1e-6)
    accounts = new_region(load_economy("shanxi_2022"), whole).accounts
    assert accounts.fuel["co2_mt"].sum() > 100.0


@pytest.mark.parametrize(
    ("option", "word"),
    [
        (["--co2", "-3"], "--co2"),
        (["--energy", "0"], "--energy"),
        (["--year", "1990"], "--year"),
        (["--nonfossil", "12"], "--nonfossil"),
        (["--calibrated-from", "nowhere"], "nowhere"),
        (["--gdp", "nan"], "--gdp"),
    ],
)
def test_numbers_that_cannot_be_are_refused_in_one_line(
    printed: NationalTable, option: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(printed, Path("t.csv"))
    assert main(["new", "economy", "x_2022", "--table", "t.csv", *option]) == 2
    assert word in capsys.readouterr().err


def test_carbon_of_processes_goes_with_the_fuel_of_kilns_and_furnaces(printed: NationalTable) -> None:
    """Half of a region's carbon is half of its fuel, and half of what its kilns drive out of limestone."""
    plain = load_economy(made(printed, "whole_2022").folder)
    half = load_economy(made(printed, "half_2022", Given(totals=Totals(co2=0.5 * physical_co2(plain)))).folder)
    before, after = (f.process_co2.set_index("activity")["mt"] for f in (plain, half))
    np.testing.assert_allclose(after, 0.5 * before, rtol=1e-9)


def test_coal_plants_burn_per_kwh_what_plants_can_where_power_is_given(printed: NationalTable) -> None:
    for co2 in (300.0, 750.0):
        region = made(
            printed, f"rate{co2:.0f}_2022", Given(totals=Totals(energy=0.36 * co2, co2=co2, generation=418.4))
        )
        tables = {k: t for k, t in load_economy(region.folder).tables().items() if k not in OPTIONAL}
        accounts = build_accounts(tables)
        coal = accounts.fuel[(accounts.fuel["activity"] == "GENC") & (accounts.fuel["commodity"] == "COAL")]
        rate = 1000.0 * float(coal["mtce"].sum()) / cell(accounts.power, "GENC", "twh")
        assert 275.0 < rate < 475.0
        assert physical(region)[0] == pytest.approx(co2, rel=1e-9)


def test_coal_whose_money_and_tonnes_do_not_belong_together_is_told(printed: NationalTable) -> None:
    dear = made(printed, "dear_2022", Given(totals=Totals(co2=150.0)))
    assert any("CHECK THE PRICE OF COAL" in line for line in dear.lines)
    assert any("CHECK THE FUEL OF POWER" in line for line in dear.lines)
    told = made(printed, "plain_2022")
    assert not any("CHECK" in line for line in told.lines)
