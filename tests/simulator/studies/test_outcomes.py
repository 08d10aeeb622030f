"""Outputs that a scenario cannot make are named before anything runs; the others are analysed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tanshi import open_results
from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli.app import main
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.reading import read_about
from tanshi.simulator.results.store import read_record
from tanshi.simulator.studies.sweeps.analyse import analyse
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep
from tests.simulator.studies.test_growth import TINY, write

OUTPUTS = """
  credits: {variable: Price|Carbon|Offsets}
  short: {variable: Compliance|Shortfall}
  traders: {variable: "Trade|Emissions Allowances|Intermediaries [Volume]"}
  loss: {variable: GDP|MER, against: S1}
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scenarios, of which one has no offsets, at eight points with two seeds: more runs than are read at once."""
    folder = tmp_path_factory.mktemp("outcomes")
    write(folder / "with.yaml", "extends: S3\nname: with\noffsets: {share: 0.05}\n")
    text = TINY.replace("[S1]", "[S1, with.yaml]") + OUTPUTS.lstrip("\n") + "seeds: [1, 4]\n"
    run_sweep(open_sweep(write(folder / "tiny.yaml", text)), folder / "out", workers=1)
    return folder / "out"


def test_what_a_scenario_cannot_make_is_left_out_by_name(swept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = analyse(swept)
    found = {(f.scenario, f.output) for f in result.findings}
    assert ("with", "credits") in found
    assert ("S1", "credits") not in found
    assert {("S1", "price"), ("S1", "short"), ("S1", "traders"), ("with", "loss")} <= found
    said = " ".join(result.unexplained)
    assert "S1, credits: left out, since it has no offsets" in said
    assert "S1, loss: left out, since the others are laid against it" in said
    assert main(["sweep", str(swept), "--workers", "1"]) == 0
    assert "S1, credits: left out, since it has no offsets" in capsys.readouterr().out


def test_a_shortfall_and_a_loss_are_those_of_the_runs(swept: Path) -> None:
    rows = analyse(swept).outcomes.set_index("run")
    settled = read_record(swept / "with-p3")["meta"]["settlements"][-1]
    assert rows.loc["with-p3", "short"] == pytest.approx(100.0 * settled["shortfall_t"] / settled["owed_t"])
    gdp = {
        name: pd.read_parquet(swept / name / "annual.parquet").set_index(["variable", "year"])["value"]["GDP|MER", 2023]
        for name in ("S1-p3-seed4", "with-p3-seed4")
    }
    assert rows.loc["with-p3-seed4", "loss"] == pytest.approx(100 * (gdp["with-p3-seed4"] / gdp["S1-p3-seed4"] - 1))


def test_an_output_that_no_scenario_makes_is_refused_before_anything_runs(tmp_path: Path) -> None:
    text = TINY + "  credits: {variable: Price|Carbon|Offsets}\n"
    with pytest.raises(UserError, match=r"outputs\.credits: .*no offsets"):
        open_sweep(write(tmp_path / "a.yaml", text))
    with pytest.raises(UserError, match="a scenario of the sweep"):
        open_sweep(write(tmp_path / "a.yaml", TINY + "  loss: {variable: GDP|MER, against: S9}\n"))


def test_a_sweep_is_one_table_with_its_points(swept: Path) -> None:
    results = open_results(swept)
    assert len(results) == 16
    table = results.annual
    assert table.index.names == ["scenario", "point", "seed", "cap.tightness", "firms.cost_sigma", "year"]
    assert table.index.is_unique
    wide = table["Price|Carbon"].unstack("year")
    assert wide.shape == (16, 2)
    own = pd.read_parquet(swept / "with-p2-seed4" / "annual.parquet").set_index(["variable", "year"])["value"]
    design = results.design
    assert design.loc["with-p2-seed4", ["scenario", "point", "seed"]].tolist() == ["with", 2, 4]
    assert wide.xs(("with", 2, 4), level=("scenario", "point", "seed"))[2023].item() == own["Price|Carbon", 2023]
    parameters = results.parameters
    assert parameters.loc["cap.tightness", "with-p2-seed4"] == design.loc["with-p2-seed4", "cap.tightness"]
    assert results["with"].annual.index.get_level_values("scenario").unique().tolist() == ["with"]
    assert len(results.periods) == 32
    assert results.trades.index.names[:3] == ["scenario", "point", "seed"]
    volume = results.trades["quantity_t"].groupby(["scenario", "point", "seed"]).sum()
    assert volume["with", 2, 4] == pd.read_parquet(swept / "with-p2-seed4" / "trades.parquet")["quantity_t"].sum()
    assert "16 runs" in repr(results)


def test_units_and_meanings_go_with_every_table(swept: Path, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    price = read_about(swept / "S1-p1" / "periods.parquet")["price"]
    assert (price["unit"], price["meaning"]) == ("yuan/t", "price of an allowance, yuan of 2022")
    # Power made goods of 2,000 yi yuan in 2022: a column near 1 is no money.
    periods = read_about(swept / "S1-p1" / "periods.parquet")
    made = pd.read_parquet(swept / "S1-p1" / "periods.parquet")["output_ELEC"]
    assert made.iloc[0] == pytest.approx(1.0, abs=0.01)
    assert periods["output_ELEC"]["unit"] == ""
    assert "over that of the benchmark year" in periods["output_ELEC"]["meaning"]
    assert read_about(swept / "S1-p1" / "trades.parquet")["quantity_t"]["unit"] == "t"
    assert "Tightness" not in read_about(swept / "design.parquet")["cap.tightness"]["meaning"]
    assert main(["compact", str(swept), "--netcdf", str(tmp_path / "a.nc"), "--excel", str(tmp_path / "a.xlsx")]) == 0
    assert read_about(swept / "dataset" / "annual.parquet")["value"]["meaning"]
    data = xarray.open_dataset(tmp_path / "a.nc", engine="scipy")
    assert dict(data.sizes) == {"scenario": 2, "point": 4, "seed": 2, "year": 2}
    assert data["Price|Carbon"].attrs["units"] == "CNY_2022/t CO2"
    assert data["Price|Carbon"].attrs["description"]
    results = open_results(swept)
    value = results.annual["GDP|MER"].xs(("S1", 3, 4, 2023), level=("scenario", "point", "seed", "year")).item()
    assert data["GDP|MER"].sel(scenario="S1", point=3, seed=4, year=2023).item() == value
    assert data["cap.tightness"].sel(point=3).item() == results.design.loc["S1-p3", "cap.tightness"]
    assert np.isnan(data["Price|Carbon|Offsets"].sel(scenario="S1")).all()
    book = pd.read_excel(tmp_path / "a.xlsx", sheet_name=None)
    assert len(book["annual"]) == 32
    assert set(book["variables"]["variable"]) == set(results.annual)


def test_a_file_that_is_there_is_kept(swept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("xarray")
    (tmp_path / "a.nc").write_text("mine")
    assert main(["compact", str(swept), "--netcdf", str(tmp_path / "a.nc")]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "a.nc").read_text() == "mine"
    with pytest.raises(UserError, match="a file that is there already"):
        open_results(swept).to_netcdf(tmp_path / "a.nc")
    assert open_results(swept).to_netcdf(tmp_path / "a.nc", overwrite=True).stat().st_size > 1000


def test_a_design_that_lost_a_value_is_named(swept: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(swept, tmp_path / "copy"))
    design = pq.read_table(copy / "design.parquet")
    lost = next(name for name in design.column_names if name.startswith("u:"))
    gone = pa.array([np.nan] * design.num_rows)
    pq.write_table(design.set_column(design.column_names.index(lost), lost, gone), copy / "design.parquet")
    with pytest.raises(StoreError, match=r"design\.parquet is broken: a point, a seed or a value that"):
        analyse(copy)
