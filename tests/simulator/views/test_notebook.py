"""Runs in a notebook: labelled tables, overrides in every spelling, the same objects for what is stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tanshi import simulator
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator import Results, open_results, simulate
from tanshi.simulator.model import simulate as run_of
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.views.charts.plots import FIGURES
from tanshi.simulator.views.notebook import load

SMALL = {"years": {"end": 2023}, "firms": {"number": 24}, "market": {"periods_per_year": 2}, "banking": {"horizon": 0}}


@pytest.fixture(scope="module")
def result() -> Results:
    return simulate("S5", seed=3, **SMALL)


def test_importing_the_package_loads_nothing_heavy_and_changes_no_environment() -> None:
    code = (
        "import os; os.environ.pop('OMP_NUM_THREADS', None); import sys, simulator;"
        "print([m for m in ('numpy', 'pandas', 'torch', 'mesa') if m in sys.modules],"
        "os.environ.get('OMP_NUM_THREADS'))"
    )
    root = Path(simulator.__file__).parents[1]
    printed = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["[]", "None"]


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="simulatte"):
        _ = simulator.simulatte  # type: ignore[attr-defined]


def test_a_run_in_a_notebook_is_the_run_of_the_command_line(result: Results) -> None:
    fields = {"seed": 3, "years.end": 2023, "firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0}
    expected = run_of(load_scenario("S5", fields))
    assert result.runs[0].annual.equals(expected.annual)
    assert result.trades["quantity_t"].sum() == expected.trades["quantity_t"].sum()


def test_tables_carry_years_variables_and_units(result: Results) -> None:
    assert result.annual.index.tolist() == [2022, 2023]
    assert result.annual.index.name == "year"
    assert result.annual.attrs["units"]["Price|Carbon"] == "CNY_2022/t CO2"
    assert result.units["Emissions|CO2"] == "Mt CO2/yr"
    assert "traded" in result.meaning["Price|Carbon"] or "trades" in result.meaning["Price|Carbon"]
    assert result.periods.index.names == ["year", "period"]
    traded = result.trades.groupby("year")["quantity_t"].sum()[2023] / 1e6
    assert traded == pytest.approx(result.annual.loc[2023, "Carbon Market|Trading Volume"])


def test_several_runs_are_told_apart_by_scenario_and_seed(result: Results) -> None:
    both = result + simulate("S1", seed=3, **SMALL)
    assert both.annual.index.names == ["scenario", "seed", "year"]
    assert both.annual.loc[("S5", 3, 2023), "Price|Carbon"] == result.annual.loc[2023, "Price|Carbon"]
    assert both.scenarios == ["S5", "S1"]
    assert both["S1"].annual.index.tolist() == [2022, 2023]
    with pytest.raises(UserError, match="one of S5, S1"):
        both["S9"]


def test_seeds_are_counted_from_the_first() -> None:
    assert simulate("S1", seed=5, seeds=2, **{**SMALL, "years": {"end": 2022}}).seeds == [5, 6]
    with pytest.raises(UserError, match="seeds"):
        simulate("S1", seeds=0)


@pytest.mark.parametrize(
    "scenario", [{"extends": "S5", "cap": {"tightness": 0.2}}, {"extends": "S5", "cap.tightness": 0.2}]
)
def test_a_dictionary_says_what_a_file_would(scenario: dict[str, object]) -> None:
    found = load(scenario, {"firms": {"number": 24}})
    assert found.name == "S5-changed"
    base = load_scenario("S5")
    assert (found.cap.tightness, found.firms.number) == (0.2, 24)
    assert (found.cap.decline, found.coverage) == (base.cap.decline, base.coverage)
    assert load({**scenario, "name": "mine"}, {}).name == "mine"


def test_figures_of_the_economy_keep_their_paths() -> None:
    found = load("S5", {"figures": {"economy.elasticities.ELEC.armington": 2.5}})
    assert found.figures == {"economy.elasticities.ELEC.armington": 2.5}


@pytest.mark.parametrize(
    ("scenario", "said"),
    [({"cap": {"tightness": 0.2}}, "extends"), ("S55", "S5"), ({"extends": "S5", "cap": {"tight": 1}}, "tight")],
)
def test_a_wrong_scenario_is_refused_in_one_message(scenario: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        simulate(scenario)  # type: ignore[arg-type]


def test_results_look_like_what_they_are(result: Results) -> None:
    text, html = repr(result), result._repr_html_()
    for shown in (text, html):
        assert "S5" in shown
        assert "price, yuan/t" in shown
        assert f"{result.annual.loc[2023, 'Price|Carbon']:.2f}" in shown
    assert "<table" in html
    assert all(name in repr(result.plot) for name in FIGURES)


def test_titles_cannot_put_code_into_a_notebook() -> None:
    evil = simulate({"extends": "S1", "name": "x", "title": "<script>"}, **{**SMALL, "years": {"end": 2022}})
    assert "<script>" not in evil._repr_html_()


def test_a_figure_shows_itself_in_a_notebook(result: Results) -> None:
    figure = result.plot.price()
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_stored_results_read_as_the_same_kind_of_object(tmp_path: Path) -> None:
    fields = {"years.end": 2022, "firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0}
    scenarios = [load_scenario(name, fields) for name in ("S1", "S5")]
    run_batch(scenarios, tmp_path / "batch", workers=1)
    batch, one = open_results(tmp_path / "batch"), open_results(tmp_path / "batch" / "S5")
    assert batch.scenarios == ["S1", "S5"]
    assert one.annual.equals(batch["S5"].annual)
    assert len(one.trades) > 0
    again = simulate("S5", **{**SMALL, "years": {"end": 2022}})
    assert again.annual["Price|Carbon"].equals(one.annual["Price|Carbon"])


UNGUARDED = """
from pandas.testing import assert_frame_equal

from tanshi import simulate

small = dict(years={"end": 2022}, firms={"number": 16}, market={"periods_per_year": 1})
here = simulate(["S1", "S3"], seeds=[4, 2], **small)
there = simulate(["S1", "S3"], seeds=[4, 2], workers=2, **small)
for one, other in ((here.annual, there.annual), (here.trades, there.trades), (here.periods, there.periods)):
    assert_frame_equal(one, other, check_exact=True, check_dtype=False, check_index_type=False, check_like=True)
print(len(there), there.scenarios, there.seeds)
"""


@pytest.mark.parametrize("how", ["a file", "standard input"])
def test_a_script_without_a_guard_uses_several_processes(how: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(UNGUARDED)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    words, given = ([str(tmp_path / "mine.py")], "") if how == "a file" else (["-"], UNGUARDED)
    ran = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=environment, input=given, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "4 ['S1', 'S3'] [2, 4]"
    assert "Traceback" not in ran.stderr


def test_lists_that_hold_nothing_are_refused() -> None:
    for wrong in ({"scenario": []}, {"scenario": "S1", "seeds": []}):
        with pytest.raises(UserError, match="nothing to run"):
            simulate(**wrong)
