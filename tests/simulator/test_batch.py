"""A batch as the user gets it: five scenarios, all variables, the same bytes whatever the number of workers."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.cli.app import main
from tanshi.simulator.results.variables import CATALOGUE, KNOWN, OPTIONAL
from tanshi.simulator.studies.batches.batch import run_batch

FIVE = ("S1", "S2", "S3", "S4", "S5")


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("five")
    run_batch([load_scenario(name, {"firms.number": 80}) for name in FIVE], out)
    return out


def tables(folder: Path) -> dict[str, bytes]:
    return {f"{p.parent.name}/{p.name}": p.read_bytes() for p in sorted(folder.glob("*/*.parquet"))}


def test_iamc_holds_every_variable_of_every_scenario_and_year(five: Path) -> None:
    table = pd.read_csv(five / "iamc.csv")
    assert list(table.columns[:5]) == ["Model", "Scenario", "Region", "Variable", "Unit"]
    assert list(table.columns[5:]) == [str(year) for year in range(2022, 2031)]
    assert set(table["Region"]) == {"China|Shanxi"}
    for name in FIVE:
        rows = table[table["Scenario"] == name].set_index("Variable")
        groups = {v for v in rows.index if "|Urban Households|" in v or "|Rural Households|" in v}
        assert len(groups) == 6
        gains = {v for v in rows.index if v.startswith("Carbon Market|Gains from Trade")}
        assert set(rows.index) - groups - gains == set(CATALOGUE) - OPTIONAL
        assert rows[[str(y) for y in range(2022, 2031)]].notna().all(axis=None)
        units = {k: v.unit for k, v in KNOWN.items()}
        assert (rows["Unit"] == pd.Series(units)[rows.index]).all()


def test_net_sales_of_all_sellers_add_up_to_zero(five: Path) -> None:
    table = pd.read_csv(five / "iamc.csv")
    sales = table[table["Variable"].str.startswith("Trade|Emissions Allowances|")]
    years = [str(y) for y in range(2022, 2031)]
    assert sales.groupby("Scenario")[years].sum().abs().max(axis=None) < 1e-9


def test_order_of_the_five_scenarios(five: Path) -> None:
    table = pd.read_csv(five / "iamc.csv").set_index(["Scenario", "Variable"])
    volume, emissions = (
        table.xs(v, level="Variable")["2030"] for v in ("Carbon Market|Trading Volume", "Emissions|CO2")
    )
    assert volume["S1"] == volume["S2"] == volume["S3"] < volume["S4"]
    assert emissions["S1"] == emissions["S2"] == emissions["S3"] > emissions["S4"] > emissions["S5"]


def test_one_worker_gives_the_same_bytes_as_two(tmp_path: Path) -> None:
    short = [load_scenario(n, {"firms.number": 40, "years.end": 2023, "seed": 7}) for n in ("S1", "S5")]
    run_batch(short, tmp_path / "one", workers=1)
    run_batch(short, tmp_path / "two", workers=2)
    one, two = tables(tmp_path / "one"), tables(tmp_path / "two")
    assert len(one) == 6
    assert one == two


def test_a_finished_run_is_kept_and_anything_else_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "S1", "--years", "2022-2022", "--firms", "20", "--out", str(tmp_path / "o")]
    assert main(words) == 0
    before = (tmp_path / "o" / "S1" / "run.json").stat().st_mtime_ns
    assert main(words) == 0
    assert (tmp_path / "o" / "S1" / "run.json").stat().st_mtime_ns == before
    capsys.readouterr()
    assert main([*words, "--seed", "3"]) == 2
    said = capsys.readouterr().err
    assert "--overwrite" in said
    assert "Traceback" not in said
    assert (tmp_path / "o" / "S1" / "run.json").stat().st_mtime_ns == before
    assert main([*words, "--seed", "3", "--overwrite"]) == 0
    assert json.loads((tmp_path / "o" / "S1" / "run.json").read_text())["seed"] == 3


def test_an_economy_without_equilibrium_fails_by_name_and_leaves_earlier_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    impossible = tmp_path / "impossible.yaml"
    rigid = "closure: {installed_elasticity: 0.0}\n"
    impossible.write_text("extends: S5\ncap: {tightness: 0.9999}\npenalty: {price: 1.0e+6}\n" + rigid)
    out = tmp_path / "o"
    base = ["--years", "2022-2023", "--firms", "20", "--market", "equilibrium", "--drift", "none", "--out", str(out)]
    assert main(["run", "S1", *base]) == 0
    earlier = tables(out)
    assert main(["run", "S1", str(impossible), *base, "--overwrite"]) == 1
    said = capsys.readouterr()
    text = " ".join((said.out + said.err).split())
    assert "no equilibrium found" in text
    assert "2023" in text
    assert "worst is the" in text
    assert "Traceback" not in text
    assert tables(out) == earlier
    record = json.loads((out / "impossible.failed" / "run.json").read_text())
    assert record["status"] == "failed"
