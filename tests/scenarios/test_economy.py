"""An economy folder is read whole, every figure with its status, and every fault is named at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.economy import ECONOMIES, OPTIONAL, REQUIRED, STATUSES, load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.figures import with_changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the built-in economy that a test may spoil."""
    return Path(shutil.copytree(ECONOMIES / "shanxi_2022", tmp_path / "mine"))


def spoil(folder: Path, table: str, row: int, column: str, value: str) -> None:
    frame = pd.read_csv(folder / f"{table}.csv", dtype=object)
    frame.loc[row, column] = value
    frame.to_csv(folder / f"{table}.csv", index=False)


def test_every_figure_carries_a_status_and_a_source() -> None:
    for table in load_economy("shanxi_2022").tables().values():
        assert set(table["status"]) <= set(STATUSES)
        assert table["source"].astype(str).str.len().gt(3).all()


def test_what_is_computed_from_recalled_figures_is_not_called_derived() -> None:
    """Derived is no firmer than what it comes from; a range or a remark beside the figure may be recalled."""
    tables = ECONOMIES.parent / "tables"
    for file in (*ECONOMIES.glob("*/*.csv"), *(tables / f"shanxi_{name}.csv" for name in ("drivers", "observed"))):
        table = pd.read_csv(file, dtype=str)
        if "status" not in table:  # a map of sectors
            continue
        firm = table.loc[table["status"].isin(["derived", "verified"]), "source"].fillna("")
        told = firm.str.split(r"; remark:|; range:", regex=True).str[0]
        assert not told[told.str.contains("recalled")].tolist(), file


def test_published_totals_are_those_of_the_communique() -> None:
    figures = load_economy("shanxi_2022")
    assert figures.value("controls", "gdp") == 25642.59
    parts = sum(figures.value("controls", broad) for broad in ("primary", "secondary", "tertiary"))
    assert parts == pytest.approx(25642.59)


def test_a_parameter_lies_in_its_own_range() -> None:
    figures = load_economy("shanxi_2022")
    for name in ("parameters", "elasticities", "institutions", "resource_shares", "population"):
        table = figures.tables()[name]
        value = table["share" if name == "resource_shares" else "value"]
        assert (table["low"] <= value).all(), name
        assert (value <= table["high"]).all(), name


def test_clean_capacity_grows_from_the_benchmark_to_the_plan() -> None:
    path = load_economy("shanxi_2022").nonfossil_path.set_index("year")
    assert list(path.index) == list(range(2022, 2061))  # to the nation's pledge
    assert path["twh"].is_monotonic_increasing
    assert path["twh"][2022] == pytest.approx(0.181 * 418.0, rel=1e-3)
    assert path["clean_gw"][2024] == pytest.approx(72.2, abs=0.05)
    assert path["clean_gw"][2025] == 90.48
    assert path["clean_gw"][2030] == pytest.approx(190.48)
    assert set(path["status"][path.index > 2030]) == {"estimate"}
    nonfossil = path["clean_gw"] - path["gas_gw"]
    np.testing.assert_allclose(path["twh"], nonfossil * path["hours"] / 1000, rtol=1e-3)


def test_eight_sectors_have_firms() -> None:
    population = load_economy("shanxi_2022").population
    weight = population[population["parameter"] == "number_weight"].set_index("sector")["value"]
    assert set(weight.index) == {"ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR"}
    assert float(weight.sum()) == pytest.approx(1.0)


def test_a_folder_elsewhere_is_an_economy_too(folder: Path) -> None:
    figures = load_economy(folder)
    assert figures.name == str(folder)  # by this name its figures are found again
    path = "economy.process_co2.NMM"
    changed = with_changes(figures, {path: 11.0})
    assert changed.process_co2.set_index("activity")["mt"]["NMM"] == 11.0


def test_an_unknown_economy_is_told_the_known_ones() -> None:
    with pytest.raises(UserError, match="no economy 'atlantis'") as refusal:
        load_economy("atlantis")
    assert "shanxi_2022" in str(refusal.value.problems[0])


def test_a_missing_column_is_named_with_its_file(folder: Path) -> None:
    path = folder / "trade.csv"
    pd.read_csv(path).drop(columns="export_share").to_csv(path, index=False)
    with pytest.raises(UserError) as refusal:
        load_economy(folder)
    (problem,) = refusal.value.problems
    assert problem.field == "export_share"
    assert problem.file.endswith("trade.csv")


def test_all_faults_are_told_at_once(folder: Path) -> None:
    (folder / "fuels.csv").unlink()
    (folder / "sectors.csv").write_text("")
    spoil(folder, "controls", 0, "value", "much")
    spoil(folder, "fuel_2019", 4, "mtce", "-1")
    spoil(folder, "power", 1, "status", "guessed")
    spoil(folder, "process_co2", 0, "source", "")
    with pytest.raises(UserError) as refusal:
        load_economy(folder)
    told = {(Path(p.file).name, p.field, p.line) for p in refusal.value.problems}
    assert told == {
        ("fuels.csv", "", None),
        ("sectors.csv", "", None),
        ("controls.csv", "value", 2),
        ("fuel_2019.csv", "mtce", 6),
        ("power.csv", "status", 3),
        ("process_co2.csv", "source", 2),
    }


def test_a_binary_file_is_refused_without_a_traceback(folder: Path) -> None:
    (folder / "fuels.csv").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(UserError, match="cannot be used"):
        load_economy(folder)


def test_a_gap_where_a_number_is_due_is_told(folder: Path) -> None:
    spoil(folder, "use_prior", 2, "STEEL", "")
    with pytest.raises(UserError) as refusal:
        load_economy(folder)
    assert refusal.value.problems[0].field == "STEEL"


def test_every_listed_table_is_on_disk_and_nothing_else() -> None:
    on_disk = {path.stem for path in (ECONOMIES / "shanxi_2022").glob("*.csv")}
    assert on_disk == {*REQUIRED, *OPTIONAL, "calibrated"}  # fitted values may be there or not
