"""Calibration finds what made the numbers, says what it cannot know, and changes nothing where it fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tanshi.scenarios.calibrated import FILE
from tanshi.scenarios.economy import ECONOMIES
from tanshi.scenarios.load import load_scenario, load_scenarios
from tanshi.simulator.cli.app import main
from tanshi.simulator.studies.calibration.calibrate import Calibrated, calibrate, open_calibration
from tanshi.simulator.studies.calibration.files import RECORD
from tanshi.simulator.studies.calibration.identifiability import identifiability, profile
from tanshi.simulator.studies.calibration.models import Order, PathModel, fill_order
from tanshi.simulator.studies.tangent import path_of

SET = "set: {years.end: 2024, firms.number: 16, market.periods_per_year: 1, drift.mode: none, banking.horizon: 0}\n"
TRUTH = {"cap.decline": 0.041, "dynamics.productivity_growth": 0.027}


def target(name: str, scenario: str, variable: str, year: int, value: float, tolerance: float = 0.01) -> str:
    fields = f"scenario: {scenario}, variable: {variable}, year: {year}, value: {value!r}, tolerance: {tolerance}"
    return f"  {name}: {{{fields}, source: made}}\n"


def parameter(name: str, lower: float, upper: float, **more: object) -> str:
    rest = "".join(f", {key}: {value}" for key, value in more.items())
    return f"  {name}: {{lower: {lower}, upper: {upper}, source: made{rest}}}\n"


TWO = (
    parameter("cap.decline", 0.0, 0.09, start=0.02) + parameter("dynamics.productivity_growth", 0.01, 0.045, start=0.02)
)  # fmt: skip


def made() -> str:
    """Targets that the model itself gives at the truth."""
    s5, s1 = load_scenarios(["S5", "S1"], {"years.end": 2024, **TRUTH}, fitted=False)
    price = path_of(s5).values["Price|Carbon"][2024]
    energy = path_of(s1).values["Energy Consumption"][2024]
    return (
        SET + "pull: 0.0\ntargets:\n" + target("price", "S5", "Price|Carbon", 2024, price)
        + target("energy", "S1", "Energy Consumption", 2024, energy)
    )  # fmt: skip


def solve(path: Path, text: str, **how: object) -> Calibrated:
    path.write_text(text)
    return calibrate(open_calibration(str(path)), **{"whole": False, "workers": 1, **how})  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def test_parameters_that_made_the_targets_are_found_again_and_always_the_same(file: Path) -> None:
    text = made() + "parameters:\n" + TWO
    found = solve(file, text)
    assert found.theta == pytest.approx(list(TRUTH.values()), abs=1e-4)
    assert found.met
    assert set(found.kinds) == {"exact"}
    assert not found.at_bounds
    low, high = found.intervals.T
    assert (low < found.theta).all()
    assert (found.theta < high).all()
    assert np.array_equal(solve(file, text).theta, found.theta)


def test_a_parameter_that_does_what_another_does_is_told(file: Path) -> None:
    """One factor on the price's cap from two sides: only their sum is determined."""
    redundant = parameter("cap.tightness", 0.0, 0.1, start=0.05) + parameter("cap.decline", 0.0, 0.09, start=0.02)
    only = made().split("  energy:")[0]
    found = solve(file, only.replace("pull: 0.0", "pull: 0.05") + "parameters:\n" + redundant)
    assert found.met
    assert found.identified.rank == 1
    [weak] = found.identified.weak(found.names)
    assert "cap.tightness" in weak
    assert "cap.decline" in weak


def test_targets_out_of_reach_give_the_nearest_point_at_the_range_end(file: Path) -> None:
    text = SET + "targets:\n" + target("price", "S5", "Price|Carbon", 2024, 500.0) + "parameters:\n"
    found = solve(file, text + parameter("cap.decline", 0.0, 0.05, start=0.02))
    assert not found.met
    assert found.at_bounds == {"cap.decline": "upper"}


def test_a_parameter_kept_back_moves_only_where_the_others_do_not_do(file: Path) -> None:
    kept = parameter("dynamics.aeei", 0.003, 0.028, start=0.01, only_if_needed="true")
    found = solve(file, made() + "parameters:\n" + TWO + kept)
    assert found.names == tuple(TRUTH)
    assert found.theta[2] == 0.01
    narrow = TWO.replace("upper: 0.045", "upper: 0.026")
    found = solve(file, made().replace("0.01", "0.0005") + "parameters:\n" + narrow + kept)
    assert found.names == (*TRUTH, "dynamics.aeei")
    assert found.theta[2] != 0.01


def test_full_runs_correct_the_answer_of_the_path(file: Path) -> None:
    text = SET.replace("periods_per_year: 1", "periods_per_year: 2") + "targets:\n"
    text += target("price", "S5", "Price|Carbon", 2024, 160.0, 0.0005) + "parameters:\n"
    found = solve(file, text + parameter("cap.decline", 0.0, 0.09, start=0.02), whole=True)
    assert found.met
    assert found.whole
    [value] = found.values
    assert value == pytest.approx(160.0, rel=0.02)
    assert abs(found.path_values[0] - 160.0) > abs(value - 160.0)  # what the path alone would have left


def test_what_the_path_does_not_know_is_read_from_runs(file: Path) -> None:
    text = SET + "targets:\n" + target("volume", "S5", "Carbon Market|Trading Volume", 2024, 10.0) + "parameters:\n"
    file.write_text(text + TWO)
    task = open_calibration(str(file))
    assert np.isnan(PathModel(task).opening()).all()
    order = Order((0, 0), task.scenarios["S5"], ((0, 1, "Carbon Market|Trading Volume", 2024),))
    assert fill_order(order).values[0] > 0


# -- the command -------------------------------------------------------------------------------------------


@pytest.fixture
def region(tmp_path: Path) -> Path:
    """An economy and a scenario of one's own, with targets that runs of theirs can meet."""
    place = tmp_path / "region"
    shutil.copytree(ECONOMIES / "shanxi_2022", place)
    for name in (FILE, RECORD):
        (place / name).unlink(missing_ok=True)
    # S5 states its cap, so that what is fitted for the economy would not hold in it: growth, which it leaves open.
    (tmp_path / "own.yaml").write_text(f"extends: S5\neconomy: {place}\n")
    text = SET + "targets:\n" + target("product", "own.yaml", "GDP|MER", 2024, 2800.0, 0.005) + "parameters:\n"
    (tmp_path / "mine.yaml").write_text(text + parameter("dynamics.productivity_growth", 0.0, 0.09, start=0.02))
    return place


def test_adopted_values_hold_for_the_economy_and_the_record_stands_beside(
    region: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["calibrate", str(tmp_path / "mine.yaml"), "--out", str(out), "--workers", "1", "--adopt"]) == 0
    record = json.loads((region / RECORD).read_text())
    assert record["met"]
    assert record["targets"]["product"]["met"]
    fitted = load_scenario(tmp_path / "own.yaml").dynamics.productivity_growth
    assert fitted == record["parameters"]["dynamics.productivity_growth"]["found"] != 0.02
    assert {"report.html", "words.txt", "targets.csv", "derivatives.csv", FILE} <= {p.name for p in out.iterdir()}
    assert main(["params", "dynamics.productivity_growth", "--economy", str(region)]) == 0
    assert "calibrated" in capsys.readouterr().out


def test_nothing_is_adopted_or_overwritten_where_targets_are_missed(region: Path, tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.yaml", tmp_path / "out"
    mine.write_text(mine.read_text().replace("2800.0", "9000.0"))
    before = {p.name: p.read_bytes() for p in region.iterdir()}
    assert main(["calibrate", str(mine), "--out", str(out), "--workers", "1", "--adopt"]) == 1
    assert {p.name: p.read_bytes() for p in region.iterdir()} == before
    assert "nearest point" in (out / "words.txt").read_text()
    kept = (out / "words.txt").read_bytes()
    assert main(["calibrate", str(mine), "--out", str(out), "--workers", "1"]) == 2  # the folder is taken
    assert (out / "words.txt").read_bytes() == kept


def test_a_fit_of_the_path_alone_is_not_adopted(region: Path, tmp_path: Path) -> None:
    arguments = [
        "calibrate",
        str(tmp_path / "mine.yaml"),
        "--out",
        str(tmp_path / "out"),
        "--equilibrium-only",
        "--adopt",
    ]
    assert main(arguments) == 2
    assert not (region / FILE).exists()
    assert not (tmp_path / "out").exists()


# -- what targets say --------------------------------------------------------------------------------------


def test_a_parameter_that_no_target_sees_is_not_determined() -> None:
    found = identifiability(np.array([[4.0, 0.0, 0.0], [0.0, 3.0, 0.0]]))
    assert found.rank == 2
    assert found.determined == pytest.approx([1.0, 1.0, 0.0])


def test_the_profile_of_one_parameter_is_the_tolerance_over_its_slope() -> None:
    ends = profile(np.array([[4.0, 0.0]]), np.array([0.5]), np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
    assert ends[0] == pytest.approx([-1.5 / 4, 0.5 / 4])
    assert ends[1] == pytest.approx([-1.0, 1.0])  # nothing holds it but its range


def test_a_target_that_the_path_lacks_is_refused_before_anything_is_fitted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.yaml").write_text(
        SET
        + "targets:\n"
        + target("volume", "S5", "Carbon Market|Trading Volume", 2024, 5.0, 1.0)
        + target("price", "S5", "Price|Carbon", 2024, 250.0, 1.0)
        + "parameters:\n"
        + TWO
    )
    assert main(["calibrate", str(tmp_path / "t.yaml"), "--equilibrium-only", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "targets.volume" in said
    assert "targets.price" not in said
    assert "--equilibrium-only" in said
    assert not (tmp_path / "out").exists()
