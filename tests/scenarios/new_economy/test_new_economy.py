"""An economy of one's own from an input-output table: the built-in one comes back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import ECONOMIES, OPTIONAL, REQUIRED, load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.editions import MAPPINGS
from tanshi.scenarios.national.mapping import to_sectors
from tanshi.scenarios.national.mapping_file import read_mapping
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.cli.app import main
from tanshi.simulator.own_region.folder import Given, make_economy
from tanshi.simulator.own_region.layout import write_table
from tanshi.simulator.own_region.tables import new_region
from tanshi.simulator.results.store import read_run
from tests.scenarios.new_economy.grids import (
    FIRST_COLUMN,
    FIRST_ROW,
    column,
    grid_of,
    traded,
    write_grid,
)


def assert_same_accounts(got: Accounts, expected: Accounts) -> None:
    np.testing.assert_allclose(got.sam, expected.sam, rtol=1e-8, atol=1e-6)
    keys = ["commodity", "activity", "use"]
    assert got.fuel[keys].equals(expected.fuel[keys])
    np.testing.assert_allclose(got.fuel[["mtce", "co2_mt"]], expected.fuel[["mtce", "co2_mt"]], rtol=1e-9)
    np.testing.assert_allclose(got.power, expected.power, rtol=1e-9)
    pd.testing.assert_series_equal(got.process_co2, expected.process_co2)
    pd.testing.assert_frame_equal(got.elasticities, expected.elasticities)
    assert got.physical == pytest.approx(dict(expected.physical), rel=1e-9)
    assert got.carbon_price == expected.carbon_price


# -- the same door ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "unit"), [("shanxi.csv", "yi"), ("shanxi.xlsx", "wanyuan")])
def test_shanxi_printed_as_a_table_comes_back_as_the_same_accounts(shanxi: Accounts, file: str, unit: str) -> None:
    if file.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    assert main(["new", "table", file, "--unit", unit]) == 0
    assert main(["new", "economy", "again_2022", "--table", file]) == 0
    assert_same_accounts(build_accounts(load_economy("again_2022").tables()), shanxi)


def test_the_new_economy_runs_and_gives_the_results_of_the_built_in_one() -> None:
    assert main(["new", "table", "shanxi.csv"]) == 0
    assert main(["new", "economy", "again_2022", "--table", "shanxi.csv", "--out", "mine"]) == 0
    shutil.copy(ECONOMIES / "shanxi_2022" / "calibrated.csv", "mine/again_2022")  # a new region has no fit of its own
    wanted = ["--years", "2022-2023", "--market", "equilibrium", "--drift", "none"]
    tables = []
    for name in ("shanxi_2022", "mine/again_2022"):
        out = Path(f"results_{Path(name).name}")
        assert main(["run", "S1", *wanted, "--set", f"economy={name}", "--out", str(out)]) == 0
        tables.append(read_run(out / "S1").annual)
    built_in, own = tables
    of_groups = built_in["variable"].str.contains(r"\|(?:Urban|Rural) Households\|")
    built_in = built_in[~of_groups]  # a table does not say what town and country have
    np.testing.assert_allclose(own["value"], built_in["value"], rtol=1e-6, atol=1e-6)
    assert set(own["region"]) == {"China|Again"}


def test_what_a_table_does_not_say_is_an_estimate_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "table", "shanxi.csv"]) == 0
    assert main(["new", "economy", "again_2022", "--table", "shanxi.csv"]) == 0
    said = capsys.readouterr().out
    figures = load_economy("again_2022")
    for name in ("fuel_2019", "elasticities", "nonfossil_path", "population", "power", "institutions", "process_co2"):
        assert set(figures.tables()[name]["status"]) == {"estimate"}, name
        assert name in said
    assert set(figures.sectors["status"]) == {"derived"}
    readme = Path("economies/again_2022/README.md").read_text(encoding="utf-8")
    assert readme.count("- [ ] **") == said.count("[ ] ") > 10
    assert {path.stem for path in Path("economies/again_2022").glob("*.csv")} == {
        *REQUIRED,
        *OPTIONAL,
        "sector_map",
    } - {"households"}  # surveys of another region say nothing of this one
    assert "households.csv" in readme


def test_facts_of_the_template_region_are_not_passed_off_as_the_new_region_s(printed: NationalTable) -> None:
    write_table(printed.scaled(0.5), Path("half.csv"))
    make_economy("half_2022", Path("half.csv"))
    figures = load_economy("half_2022")
    facts = figures.macro_facts.set_index("variable")["value"]
    assert facts["GDP"] == pytest.approx(0.5 * 25642.59)
    assert len(facts) == 4
    assert figures.value("controls", "gdp") == pytest.approx(0.5 * 25642.59)


def test_a_region_twice_as_large_has_twice_the_energy_and_carbon(shanxi: Accounts, printed: NationalTable) -> None:
    twice = new_region(load_economy("shanxi_2022"), printed.scaled(2.0)).accounts
    np.testing.assert_allclose(twice.sam, 2.0 * shanxi.sam, rtol=1e-8, atol=1e-6)
    assert twice.fuel["co2_mt"].sum() == pytest.approx(2.0 * shanxi.fuel["co2_mt"].sum())
    assert twice.physical["energy_consumption_mtce"] == pytest.approx(438.0)
    assert twice.physical["generation_twh"] == pytest.approx(2.0 * 418.4)


def test_gdp_of_2022_scales_a_table_of_an_earlier_year(printed: NationalTable) -> None:
    write_table(printed.scaled(0.4), Path("old.csv"))
    made = make_economy("new_2022", Path("old.csv"), Given(gdp=25642.59))
    assert load_economy("new_2022").value("controls", "gdp") == pytest.approx(25642.59)
    assert any("multiplied by 2.5" in line for line in made.lines)


def test_a_region_may_buy_its_power_from_others(printed: NationalTable) -> None:
    use, added = printed.use.copy(), printed.value_added.copy()
    use["ELEC"] *= 0.4
    added["ELEC"] *= 0.4
    region = new_region(load_economy("shanxi_2022"), traded(printed, use, added))
    sam = region.accounts.sam
    assert region.accounts.physical["power_export_net_twh"] < 0.0
    assert sam.loc["ROC", "C_ELEC"] > sam.loc["A_ELEC", "ROC"] > 0.0
    power = region.accounts.power["twh"].sum()
    assert power == pytest.approx(region.accounts.physical["generation_twh"], rel=1e-3)
    write_table(traded(printed, use, added), Path("buyer.csv"))
    make_economy("buyer_2022", Path("buyer.csv"))
    assert load_economy("buyer_2022").value("controls", "power_export_net") < 0.0


def test_power_that_power_buys_is_no_output(shanxi: Accounts, printed: NationalTable) -> None:
    use, output = printed.use.copy(), printed.output.copy()
    use.loc["ELEC", "ELEC"] += 500.0
    output["ELEC"] += 500.0
    region = new_region(load_economy("shanxi_2022"), replace(printed, use=use, output=output))
    assert_same_accounts(region.accounts, shanxi)
    assert any("500" in note for note in region.notes)


# -- layouts and mappings --------------------------------------------------------------------------------------


def test_chinese_headings_alone_are_enough(printed: NationalTable) -> None:
    grid = grid_of(printed)
    del grid[FIRST_ROW - 1]  # the row of codes
    bare = [cells[1:] for cells in grid]  # and their column
    bare[0][0], bare[1][0] = "表", "单位：亿元"
    for i, cells in enumerate(bare[2:], start=2):
        cells[0] = cells[0].split(" ")[0] if i > 2 else ""
    bare[2][1:] = [word.split(" ")[0] for word in bare[2][1:]]
    path = Path("codes.csv")
    sectors = [str(s) for s in printed.output.index]
    lines = [f",{bare[3 + i][0]},{s}" for i, s in enumerate(sectors)]
    path.write_text("\n".join(["code,name,sector", *lines]), encoding="utf-8")
    table = to_sectors(read_table(write_grid(bare)), tuple(sectors), path)
    np.testing.assert_allclose(table.use, printed.use)
    np.testing.assert_allclose(table.final[list(printed.final)], printed.final)


def test_rural_and_urban_households_add_up_and_imports_may_be_printed_negative(printed: NationalTable) -> None:
    grid = grid_of(printed)
    at, bought = column(grid, "THC"), column(grid, "IM")
    for i, cells in enumerate(grid):
        half = {2: ["农村居民消费", "城镇居民消费"], 3: ["FU101", "FU102"]}.get(i, ["", ""])
        if FIRST_ROW <= i < FIRST_ROW + 17:
            half = [repr(0.25 * float(cells[at])), repr(0.75 * float(cells[at]))]
            cells[bought] = repr(-float(cells[bought]))
        cells[at : at + 1] = half
    table = read_table(write_grid(grid))
    np.testing.assert_allclose(table.final["household"], printed.final["household"])
    np.testing.assert_allclose(table.final["import"], printed.final["import"])


def test_the_classification_of_42_sectors_reaches_every_sector_of_the_model(shanxi: Accounts) -> None:
    rows = read_mapping(MAPPINGS / "china_42.csv", shanxi.sectors)
    assert {row.sector for row in rows} == set(shanxi.sectors)
    assert sorted({row.code for row in rows if row.code}) == [f"{n:02d}" for n in range(1, 43)]


def test_a_table_of_42_sectors_makes_an_economy(shanxi: Accounts, printed: NationalTable) -> None:
    rows = [r for r in read_mapping(MAPPINGS / "china_42.csv", shanxi.sectors) if r.code]
    names = list(dict.fromkeys((r.code, r.names[0]) for r in rows))
    share = pd.DataFrame(0.0, index=pd.MultiIndex.from_tuples(names), columns=list(shanxi.sectors))
    for r in rows:
        share.loc[(r.code, r.names[0]), r.sector] = r.share
    share = share / share.sum(axis=0)  # each sector's parts are alike
    keys = [" ".join(name) for name in names]
    fine = NationalTable(
        "made up",
        tuple(names),
        pd.DataFrame(share.to_numpy() @ printed.use.to_numpy() @ share.to_numpy().T, index=keys, columns=keys),
        pd.DataFrame(share.to_numpy() @ printed.final.to_numpy(), index=keys, columns=list(printed.final)),
        pd.DataFrame(
            printed.value_added.to_numpy() @ share.to_numpy().T, index=list(printed.value_added.index), columns=keys
        ),
        pd.Series(share.to_numpy() @ printed.output.to_numpy(), index=keys),
    )
    grid = grid_of(fine)
    for cells, (code, name) in zip(grid[FIRST_ROW:], names, strict=False):
        cells[0], cells[1] = code, name
    for j, (code, name) in enumerate(names):
        grid[2][FIRST_COLUMN + j], grid[3][FIRST_COLUMN + j] = name, code
    made = make_economy("fine_2022", write_grid(grid))
    figures = load_economy(made.folder)
    accounts = build_accounts(figures.tables())
    assert figures.value("controls", "gdp") == pytest.approx(25642.59)
    output = figures.sectors.set_index("sector")["gross_output"]
    assert output["AGR"] == pytest.approx(printed.output["AGR"])
    assert output["STEEL"] + output["NFM"] == pytest.approx(printed.output["STEEL"] + printed.output["NFM"])
    assert 300.0 < accounts.fuel["co2_mt"].sum() < 900.0


def test_an_economy_is_found_by_name_here_by_path_and_built_in(printed: NationalTable) -> None:
    write_table(printed, Path("t.csv"))
    make_economy("here_2022", Path("t.csv"))
    shutil.copytree("economies/here_2022", "elsewhere/there")
    assert load_economy("here_2022").name == "here_2022"
    assert load_economy("elsewhere/there").value("controls", "gdp") == pytest.approx(25642.59)
    assert load_economy("shanxi_2022").name == "shanxi_2022"
    with pytest.raises(UserError, match=r"here_2022.*shanxi_2022"):
        load_economy("nowhere")


def test_the_scenario_template_is_a_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    from tanshi.scenarios.load import load_scenario

    assert main(["new", "scenario", "mine"]) == 0
    scenario = load_scenario("mine.yaml")
    assert scenario.name == "mine"
    assert scenario.coverage.STEEL == "trading"
    assert main(["new", "scenario", "mine"]) == 2
    assert "there already" in capsys.readouterr().err
