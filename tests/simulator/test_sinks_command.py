"""``tanshi sinks``: what it writes, and that a mistake leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.agents.sinks.survey import draw_survey
from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli import app as cli
from tanshi.simulator.studies.sinks.settings import Settings, read_settings
from tanshi.simulator.studies.sinks.study import run_sinks
from tanshi.simulator.studies.sinks.units import read_file
from tanshi.simulator.views.sinks.page import draw_figures

Edit = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def units() -> pd.DataFrame:
    survey = draw_survey()
    some = survey[survey["year"] == 2012].groupby(["sector", "province"]).head(25)
    return some.drop(columns=["true_inefficiency", "true_price"]).round(3).reset_index(drop=True)


@pytest.fixture
def file(units: pd.DataFrame, tmp_path: Path) -> Path:
    units.to_csv(tmp_path / "units.csv", index=False)
    return tmp_path / "units.csv"


@pytest.fixture
def blank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out where a test is about tables and messages: they take most of the time."""
    monkeypatch.setattr("tanshi.simulator.views.sinks.page.draw_figures", lambda result: {})


def sinks(*words: object) -> int:
    return cli.main(["sinks", *map(str, words), "--set", "replications=0"])


def test_without_units_the_published_tables_stand_beside_the_print(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert sinks("--out", out) == 0
    printed = capsys.readouterr().out
    assert "22 of 36 cells agree to 0.01 yuan/t, 10 within the rounding of Table 2, 4 that no rounding" in printed
    for name in ("Thermal power, year 2, Shanghai", "Thermal power, year 3, Hubei", "Steel, year 2, Guangdong"):
        assert name in printed
    assert "7 of 7 expectations" in printed
    tables = {path.stem: pd.read_csv(path) for path in out.glob("*.csv")}
    assert len(tables["table3_recomputed"]) == 36
    assert len(tables["survey"]) == len(tables["shadow_prices"]) == 3 * 2759
    assert tables["shadow_prices"]["relative_error"].abs().max() < 1e-9
    pictures = {path.stem for path in out.glob("*.png")}
    assert {"clouds_sectors", "clouds_provinces", "policies_sectors", "policies_provinces"} <= pictures
    assert json.loads((out / "sinks.json").read_text())["settings"]["omega_s"] == 0.05
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.usefixtures("blank")
def test_a_weight_set_at_the_command_line_moves_all_36_cells(tmp_path: Path) -> None:
    assert sinks("--out", tmp_path / "a", "--set", "omega_s=0.08") == 0
    table = pd.read_csv(tmp_path / "a" / "table3_recomputed.csv")
    base = table["lowest_yuan_per_t"] + 0.0005200100050025 * (table["highest_yuan_per_t"] - table["lowest_yuan_per_t"])
    assert (table["recomputed_yuan_per_t"] > base).all()


@pytest.mark.parametrize("method", ["parametric", "crs", "vrs"])
def test_own_units_go_through_the_whole_chain(file: Path, tmp_path: Path, method: str) -> None:
    out = tmp_path / "out"
    assert sinks("--units", file, "--out", out, "--set", f"method={method}") == 0
    prices = pd.read_csv(out / "shadow_prices.csv")
    assert len(prices) == 300
    cells = pd.read_csv(out / "demand_prices.csv")
    assert (cells["demand_price_yuan_per_t"] >= cells["lowest_yuan_per_t"]).all()
    assert (cells["demand_price_yuan_per_t"] <= cells["highest_yuan_per_t"]).all()
    assert (cells["bid_yuan_per_t"] <= 70).all()
    assert not (out / "table3_recomputed.csv").exists()


def test_units_without_any_group_column_are_one_group(file: Path, tmp_path: Path) -> None:
    pd.read_csv(file)[["capital", "labour", "intermediate", "output", "co2"]].to_csv(file, index=False)
    assert sinks("--units", file, "--out", tmp_path / "out") == 0
    assert len(pd.read_csv(tmp_path / "out" / "demand_prices.csv")) == 1


@pytest.mark.usefixtures("blank")
def test_the_same_command_gives_the_same_tables(file: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert sinks("--units", file, "--out", tmp_path / name) == 0
    for path in (tmp_path / "a").glob("*.csv"):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_file_from_a_chinese_spreadsheet_is_read(file: Path) -> None:
    table = pd.read_csv(file).assign(province="上海")
    file.write_bytes(table.to_csv(index=False).encode("gb18030"))
    assert set(read_file(file).groups["province"]) == {"上海"}
    file.write_bytes(b"\xef\xbb\xbf" + table.to_csv(index=False).encode())
    assert len(read_file(file)) == 300


@pytest.mark.parametrize("mark", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_file_in_another_form_holds_the_same_units(file: Path, mark: str, encoding: str) -> None:
    want, table = read_file(file), pd.read_csv(file)
    named = table.rename(columns={"co2": "CO2 (t)", "labour": "劳动力", "capital": "CAPITAL", "year": "年份"})
    text = named.to_csv(index=False, sep=mark, decimal="," if mark == ";" else ".")
    file.write_bytes(("各企业" + mark * 8 + "\n" + text).encode(encoding))
    got = read_file(file)
    np.testing.assert_allclose(got.inputs, want.inputs)
    np.testing.assert_allclose(got.co2, want.co2)
    assert list(got.groups["year"]) == list(want.groups["year"])


def test_a_workbook_of_units_is_read_and_sums_in_it_are_refused(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    table = pd.read_csv(file)
    table.to_excel(tmp_path / "units.xlsx", index=False)
    np.testing.assert_allclose(read_file(tmp_path / "units.xlsx").output, read_file(file).output)
    table.assign(unit=["合计" if k == 7 else f"u{k}" for k in range(len(table))]).to_excel(
        tmp_path / "units.xlsx", index=False
    )
    with pytest.raises(UserError, match="sum of others"):
        read_file(tmp_path / "units.xlsx")


def cell(row: int, column: str, value: object) -> Edit:
    def edit(table: pd.DataFrame) -> pd.DataFrame:
        changed = table.astype(object)
        changed.loc[row, column] = value
        return changed

    return edit


@pytest.mark.usefixtures("blank")
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda table: table.drop(columns=["co2", "labour"]), ["labour", "co2", "CO2 emitted, t"]),
        (cell(3, "capital", 0), ["units.csv:5: capital: expected a number > 0", "got 0"]),
        (cell(7, "labour", -2), ["units.csv:9: labour", "got -2"]),
        (cell(0, "output", ""), ["units.csv:2: output", "an empty cell"]),
        (cell(0, "co2", "1.500,5"), ["units.csv", "numbers of one notation", "1.500,5"]),
        (cell(11, "sector", "cement"), ["units.csv:13: sector, year", "cement 2012 alone"]),
        (lambda table: table.head(0), ["no rows"]),
        (lambda table: table.head(4), ["Group thermal_power 2012, 4 units", "All units are on the frontier"]),
    ],
    ids=["columns", "zero", "negative", "empty", "separator", "alone", "no rows", "all efficient"],
)
def test_a_mistake_in_the_units_is_named_and_leaves_nothing(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: Edit, words: list[str]
) -> None:
    edit(pd.read_csv(file)).to_csv(file, index=False)
    assert sinks("--units", file, "--out", tmp_path / "out") == 2
    message = capsys.readouterr().err
    for word in words:
        assert word in message
    assert "Traceback" not in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["units.csv"]


@pytest.mark.usefixtures("blank")
@pytest.mark.parametrize("content", ["", "\n\n", "capital,labour\n1,2,3\n"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "units.csv").write_text(content)
    assert sinks("--units", tmp_path / "units.csv", "--out", tmp_path / "out") == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("blank")
def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sinks("--units", tmp_path / "nothing.csv", "--out", tmp_path / "out") == 2
    assert "nothing.csv" in capsys.readouterr().err


@pytest.mark.usefixtures("blank")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("omega_s=1.5", "omega_s: expected a share from 0 to 1"),
        ("omega_d=0", "omega_d: expected a rate greater than 0"),
        ("omega_d=0.000001", "omega_d: expected a tax rate of"),
        ("subsidy=-1", "subsidy"),
        ("omega_x=0.1", "Did you mean omega_"),
        ("omega_s=much", "omega_s: expected a number"),
        ("direction=-1,1", "direction: expected two weights, neither negative"),
        ("direction=1", "direction: expected two numbers"),
        ("method=dea", "method: expected one of parametric, crs, vrs"),
        ("replications=1", "replications"),
        ("null_joint=perhaps", "true or false"),
        ("frontier=region", "region"),
        ("noise=nan", "noise"),
        ("seed=-1", "seed"),
    ],
)
def test_a_parameter_outside_its_range_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    assert cli.main(["sinks", "--out", str(tmp_path / "out"), "--set", text]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("blank")
def test_other_files_in_the_way_are_kept(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    assert sinks("--units", file, "--out", out) == 2
    assert sinks("--units", file, "--out", out, "--overwrite") == 2
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


@pytest.mark.usefixtures("blank")
def test_earlier_results_are_replaced_only_when_asked(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert sinks("--units", file, "--out", out) == 0
    assert sinks("--units", file, "--out", out) == 2
    assert sinks("--units", file, "--out", out, "--overwrite", "--set", "omega_s=0.1") == 0
    assert json.loads((out / "sinks.json").read_text())["settings"]["omega_s"] == 0.1


@pytest.mark.usefixtures("blank")
def test_a_disk_that_refuses_leaves_the_earlier_results(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert sinks("--units", file, "--out", out) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(path: Path, content: bytes) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tanshi.simulator.studies.batches.folders.write_file", full)
    assert sinks("--units", file, "--out", out, "--overwrite") == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "units.csv"]


def test_figures_show_the_published_clouds_and_every_group(units: pd.DataFrame) -> None:
    figures = draw_figures(run_sinks(settings=Settings(replications=0)))
    assert [axes.get_title("left") for axes in figures["clouds_sectors"].axes] == [
        "A  Thermal power", "B  Steel", "C  Chemicals",
    ]  # fmt: skip
    assert [axes.get_title("left")[3:] for axes in figures["clouds_provinces"].axes] == [
        "Shanghai", "Beijing", "Guangdong", "Hubei",
    ]  # fmt: skip
    lines = figures["policies_sectors"].axes[3].get_lines()
    rises = [line.get_ydata()[-1] for line in lines[:3]]
    assert int(np.argmax(rises)) == 2, "chemicals rise most with the offset share"


def test_settings_keep_their_defaults_when_nothing_is_set() -> None:
    assert read_settings([]) == Settings()
    with pytest.raises(UserError):
        read_settings(["nonsense"])
