"""The export holds every variable of every scenario and year, in an order that does not depend on chance."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tanshi.simulator.results.iamc import LABELS, iamc_table, variable_definitions, write_iamc
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import CATALOGUE, EV, OPTIONAL, REGION
from tanshi.version import __version__
from tests.simulator.made_up import TITLES, batch, run

YEARS = [str(year) for year in range(2022, 2031)]


def test_every_variable_is_there_for_five_scenarios_and_nine_years(tmp_path: Path) -> None:
    (path,) = write_iamc(tmp_path, batch())
    table = pd.read_csv(path)
    assert list(table.columns) == [*LABELS, *YEARS]
    assert list(table["Scenario"].drop_duplicates()) == list(TITLES)
    for _, rows in table.groupby("Scenario"):
        always = [variable for name, variable in CATALOGUE.items() if name not in OPTIONAL]
        assert list(rows["Variable"]) == [variable.name for variable in always]
        assert list(rows["Unit"]) == [variable.unit for variable in always]
    assert set(table["Model"]) == {f"Tanshi {__version__}"}
    assert set(table["Region"]) == {"China|Shanxi"}
    assert table[YEARS].notna().all(axis=None)


def test_values_survive_the_export(tmp_path: Path) -> None:
    result = run("S5")
    table = pd.read_csv(write_iamc(tmp_path, [result])[0]).set_index("Variable")
    for variable in ("Price|Carbon", "Emissions|CO2|Aviation", "Energy Consumption|Net Power Import"):
        for year in YEARS:
            assert table.loc[variable, year] == pytest.approx(result.series(variable)[int(year)], rel=1e-9)


def test_two_exports_are_the_same_bytes_even_from_shuffled_tables(tmp_path: Path) -> None:
    results = batch()
    write_iamc(tmp_path / "a", results)
    shuffled = [
        RunResult(r.scenario, r.seed, r.annual.sample(frac=1, random_state=3), r.periods, r.trades) for r in results
    ]
    write_iamc(tmp_path / "b", shuffled)
    assert (tmp_path / "a" / "iamc.csv").read_bytes() == (tmp_path / "b" / "iamc.csv").read_bytes()


def test_without_s1_nothing_is_compared_with_it() -> None:
    assert EV not in set(iamc_table([run("S5")])["Variable"])


def test_several_seeds_of_a_scenario_stay_apart() -> None:
    table = iamc_table([run("S1", 1), run("S1", 2), run("S2", 1)])
    assert list(table["Scenario"].drop_duplicates()) == [
        "S1 (median)", "S1 (lowest)", "S1 (highest)", "S1 (seed 1)", "S1 (seed 2)", "S2",
    ]  # fmt: skip


def test_percentiles_are_told_from_twenty_seeds_on() -> None:
    named = [set(iamc_table([run("S1", seed) for seed in range(1, n + 1)])["Scenario"]) for n in (19, 20)]
    few, many = ({name for name in names if "seed" not in name} for names in named)
    assert few == {"S1 (median)", "S1 (lowest)", "S1 (highest)"}
    assert many == {"S1 (median)", "S1 (5th percentile)", "S1 (95th percentile)"}
    table = iamc_table([run("S1", seed) for seed in range(1, 21)]).set_index(["Scenario", "Variable"])["2030"]
    low, middle, high = (
        table[f"S1 ({name})", "Price|Carbon"] for name in ("5th percentile", "median", "95th percentile")
    )
    assert low < middle < high


def test_the_workbook_holds_the_same_table(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    csv, xlsx = write_iamc(tmp_path, [run()], xlsx=True)
    workbook = pd.read_excel(xlsx, engine="openpyxl")
    pd.testing.assert_frame_equal(workbook, pd.read_csv(csv), check_dtype=False, rtol=1e-9)


def test_the_definitions_are_those_of_the_catalogue() -> None:
    """To write them anew: Path("definitions/variable/variables.yaml").write_text(variable_definitions())."""
    folder = Path(__file__).parents[2] / "definitions"
    assert (folder / "variable" / "variables.yaml").read_text(encoding="utf-8") == variable_definitions()
    assert f"- {REGION}:" in (folder / "region" / "regions.yaml").read_text(encoding="utf-8")
