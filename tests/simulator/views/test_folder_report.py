"""A report from any folder of results: one page that asks for nothing and hides nothing; anything else one message."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tanshi.scenarios.calibrated import STATUS, fitted_values
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.parameters import describe_parameters
from tanshi.simulator.cli.app import main
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.views.charts.plots import FIGURES
from tanshi.simulator.views.charts.soundness import checks_of, warnings_of
from tanshi.simulator.views.reports.folder import open_folder
from tanshi.simulator.views.reports.folder_report import folder_report, shown_run
from tanshi.simulator.views.reports.report import report_html
from tests.simulator.made_up import run as made_up

FIELDS = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0}


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "batch"
    run_batch([load_scenario(name, FIELDS) for name in ("S1", "S4")], folder, workers=1)
    return folder


@pytest.fixture
def copy(batch: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(batch, tmp_path / "copy"))


def change(run: Path, **values: object) -> None:
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(record | values), encoding="utf-8")


def refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["report", str(folder)]) == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


def test_the_report_of_a_batch_holds_every_figure_and_asks_for_nothing(batch: Path) -> None:
    text = folder_report(batch)
    assert text.count("data:image/png;base64,iVBOR") == len(FIGURES) - 1  # a fan needs several seeds
    assert "http://" not in text
    assert "https://" not in text
    assert "<script" not in text
    for expected in ("What each scenario did", "All within their limits", "cap.tightness", "Iron and Steel",
                     "Where the figures come from", "To run it again"):  # fmt: skip
        assert expected in text


def test_the_report_says_what_each_parameter_means_and_how_well_it_is_known(batch: Path) -> None:
    text = report_html(open_folder(batch / "S1").runs, pictures={})
    row = re.search(r"<tr[^>]*><td>cap\.tightness.*?</tr>", text)
    assert row is not None
    field = next(field for field in describe_parameters() if field.name == "cap.tightness")
    value = load_scenario("S1", FIELDS).cap.tightness
    assert "frozen baseline" in row[0]
    status = STATUS if "cap.tightness" in fitted_values("shanxi_2022") else field.status
    assert f"<td>{field.unit}</td><td>{status}</td><td>{value}</td>" in row[0]


def test_one_runs_own_folder_has_a_report_beside_it(
    batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(batch / "S4"), "--figures", str(tmp_path)]) == 0
    of_one = set(FIGURES) - {"price_fan", "incidence"}
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{kind}" for name in of_one for kind in ("png", "svg", "pdf", "csv")
    }
    place = batch / "S4.html"
    assert str(place) in capsys.readouterr().out
    assert "S4" in place.read_text(encoding="utf-8")
    assert open_folder(batch / "S4").runs[0].scenario == "S4"  # and the run's folder is still a run's folder
    place.unlink()


def test_a_page_that_is_replaced_is_said_to_be(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(copy)]) == 0
    assert "in place of" not in capsys.readouterr().out
    assert main(["report", str(copy)]) == 0
    assert f"{copy / 'report.html'}, in place of the page that was there: open it" in capsys.readouterr().out


def test_a_report_says_none_yes_and_no(batch: Path) -> None:
    page = report_html(open_folder(batch).runs, pictures={})
    row = re.search(r"<tr[^>]*><td>price\.ceiling.*?</tr>", page)
    assert row is not None
    assert "<td>none</td>" in row[0]
    assert "<td>yes</td>" in page
    for word in ("None", "True", "False"):
        assert f"<td>{word}</td>" not in page


def test_a_sweeps_report_says_what_was_varied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text(
        "scenarios: [S1]\nparameters:\n  cap.tightness: {title: Tightness, values: [0.05, 0.15]}\n"
        "design: {method: grid}\n",
        encoding="utf-8",
    )
    settings = [word for field, value in FIELDS.items() for word in ("--set", f"{field}={value}")]
    assert main(["sweep", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out"), "--workers", "1", *settings]) == 0
    assert main(["report", str(tmp_path / "out"), "--out", str(tmp_path / "sweep.html")]) == 0
    text = (tmp_path / "sweep.html").read_text(encoding="utf-8")
    for expected in (
        "What was varied",
        "Tightness",
        "2 points of a grid design",
        "0.15",
        "over the 2 runs of the sweep",
    ):
        assert expected in text


def test_empty_foreign_and_missing_folders_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert "an empty folder" in refused(tmp_path / "empty", capsys)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "notes.txt").write_text("x")
    assert "a folder with other files" in refused(tmp_path / "foreign", capsys)
    assert "nothing there" in refused(tmp_path / "nowhere", capsys)
    assert "a file" in refused(tmp_path / "foreign" / "notes.txt", capsys)


def test_results_of_another_format_are_refused(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(copy / "S1", format=99)
    message = refused(copy, capsys)
    assert "another version" in message
    assert "format 99" in message


def test_a_run_that_failed_is_told_and_the_others_are_shown(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "S4").rename(copy / "S4.failed")
    change(copy / "S4.failed", status="failed", error="no equilibrium in 2023")
    found = open_folder(copy)
    assert [run.scenario for run in found.runs] == ["S1"]
    assert "S4 failed and has no results: no equilibrium in 2023" in report_html(
        found.runs, failed=found.failed, pictures={}
    )
    shutil.rmtree(copy / "S1")
    assert "no equilibrium in 2023" in refused(copy, capsys)


def test_a_half_finished_batch_says_so(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy / "S4")
    (said,) = open_folder(copy).warnings
    assert said == "Half-finished: 1 of 2 runs are not there yet (S4)."
    shutil.rmtree(copy / "S1")
    assert "half-finished" in refused(copy, capsys)


def test_a_broken_table_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = copy / "S1" / "annual.parquet"
    table.write_bytes(table.read_bytes()[:-20])
    assert "annual.parquet" in refused(copy, capsys)


def test_numbers_of_another_version_are_shown_and_what_needs_a_replay_is_left_out(copy: Path) -> None:
    change(copy / "S4", code="0123456789abcdef")
    (said,) = open_folder(copy).warnings
    assert said.startswith("Made by another version of the program (0123456789abcdef")
    change(copy / "S4", parameters={"name": "S4", "economy": "shanxi_2022", "coverage": {"ELEC": "trading"}, "moon": 1})
    text = folder_report(copy)
    assert "Made by another version" in text
    assert "No figure &#x27;clearing&#x27;" in text


def test_the_report_is_not_written_over_a_folder(
    batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(batch), "--out", str(tmp_path)]) == 2
    assert "expected a file" in capsys.readouterr().err


def test_the_scenario_with_the_widest_trade_is_shown_from_the_inside(batch: Path) -> None:
    assert shown_run(open_folder(batch).runs).scenario == "S4"


def test_what_a_reader_must_know_is_said() -> None:
    run = made_up("S4")
    row = {"year": 2030, "owed_t": 4_000_000, "shortfall_t": 1234, "penalty_yuan": 250_000.0}
    meta = {"unsettled_periods": 2, "settlements": [row], "worst_residual": 1e-3,
            "drift": {"mode": "neural", "evaluated": 100, "switched_off": 40, "blown_up": 1}}  # fmt: skip
    said = report_html([replace(run, meta=meta)], pictures={})
    assert "left 1,234 t of 4.00 Mt unsurrendered in 2030–2030, and paid 0.25 million yuan of penalties" in said
    for expected in ("2 of 96 auctions", "40% of its steps", "blew up in 1 periods", "more than its limit"):
        assert expected in said
    assert warnings_of([run]) == []
    assert all(check.passed for check in checks_of(run))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Debian's chromium")
def test_the_report_prints_to_pdf(batch: Path, tmp_path: Path) -> None:
    page, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    page.write_text(folder_report(batch / "S1"), encoding="utf-8")
    subprocess.run(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         f"--print-to-pdf={pdf}", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 5


def test_a_warning_that_many_runs_share_is_said_once() -> None:
    meta = {"unsettled_periods": 2}
    runs = [replace(made_up("S4", seed), meta=meta if seed != 2 else {}) for seed in (1, 2, 3)]
    (said,) = warnings_of(runs)
    assert said.startswith("S4, in 2 of 3 runs, of which the first: 2 of 96 auctions ended before")
