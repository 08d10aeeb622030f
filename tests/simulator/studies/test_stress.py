"""A policy under stress: how often and where it misses, the nearest one that holds, and who regrets what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.draws import Factor
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.sweep import DesignSpec, Draw
from tanshi.simulator.cli.app import main
from tanshi.simulator.studies.sweeps.analyse import analyse
from tanshi.simulator.studies.sweeps.conditions import parse_condition
from tanshi.simulator.studies.sweeps.control import _controlled
from tanshi.simulator.studies.sweeps.design import sample
from tanshi.simulator.studies.sweeps.regret import read_goals, regrets
from tanshi.simulator.studies.sweeps.stress import Miss, Stress, nearest_setting, read_levers
from tanshi.simulator.studies.sweeps.surface import fit
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep
from tanshi.simulator.views.charts.stress import stress_words
from tests.simulator.studies.test_growth import TINY, write


def outcomes(rows: dict[str, list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"scenario": name, "point": point + 1, "seed": 1, "gdp": value}
            for name, values in rows.items()
            for point, value in enumerate(values)
        ]
    )


def test_regret_is_the_distance_from_the_best_at_each_point() -> None:
    """Savage's table by hand: the cautious policy is never best and regrets least."""
    table = outcomes({"bold": [10.0, 0.0], "timid": [2.0, 8.0], "cautious": [7.0, 6.0]})
    (found,) = regrets(table, {"gdp": "max"})
    assert found.by_point.to_dict("list") == {"bold": [0.0, 8.0], "timid": [8.0, 0.0], "cautious": [3.0, 2.0]}
    assert found.summary["largest"].to_dict() == {"bold": 8.0, "timid": 8.0, "cautious": 3.0}
    assert found.summary["best_share"].to_dict() == {"bold": 0.5, "timid": 0.5, "cautious": 0.0}
    assert found.least == "cautious"
    assert found.between.loc["cautious", "bold"] == 1.5
    (less,) = regrets(table, {"gdp": "min"})
    assert less.by_point["timid"].tolist() == [0.0, 8.0]


@pytest.mark.parametrize(("missed", "asked"), [(0, False), (3, True), (16, False)])
def test_where_a_target_is_missed_is_a_question_only_where_it_is_missed_at_some_points(
    missed: int, asked: bool
) -> None:
    miss = Miss("S5", "price <= 50", points=16, missed=missed, low=0.0, high=1.0, boxes=[])
    told = stress_words(Stress(None, (), 0.9, [miss], [], {}))  # type: ignore[arg-type]
    assert ("No simple rule says where" in told) == asked


def test_goals_that_say_nothing_are_refused() -> None:
    for wrong, said in (("gpd=max", "Did you mean gdp"), ("gdp", "gdp=max"), ("gdp=more", "gdp=max")):
        with pytest.raises(UserError, match=said):
            read_goals([wrong], ["gdp"])
    with pytest.raises(UserError, match="two scenarios"):
        regrets(outcomes({"S1": [1.0]}), {"gdp": "max"})


def test_the_nearest_setting_is_where_the_promise_is_just_kept() -> None:
    """y = lever - u with u even in [0, 1] is positive at 90 % of the points from lever = 0.9 on."""
    factors = [Factor(n, n, (n,), Draw(uniform=[0.0, 1.0])) for n in ("lever", "idle", "u")]
    unit = sample(DesignSpec(samples=64), ["lever", "idle", "u"])
    surface = fit(unit, unit[:, 0] - unit[:, 2])
    assert surface is not None
    target = [parse_condition("y >= 0", ["y"])]
    place, share = nearest_setting(factors, factors[:2], {"y": surface}, target, np.array([0.2, 0.5]), 0.9)
    assert place is not None
    assert place[0] == pytest.approx(0.9, abs=0.01)
    assert place[1] == pytest.approx(0.5, abs=0.06)  # what does nothing stays where it was
    assert share >= 0.9
    place, best = nearest_setting(factors, factors[:2], {"y": surface}, target, np.array([0.2, 0.5]), 1.01)
    assert place is None
    assert best > 0.95


STRESS = TINY.replace("samples: 4", "samples: 12") + "levers: [cap.tightness]\ntargets: [price <= 150]\n"


def test_a_policy_that_misses_is_moved_no_further_than_it_must(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.yaml", TINY.replace("samples: 4", "samples: 12"))
    words = ["stress", str(tmp_path / "a.yaml"), "--lever", "cap.tightness", "--workers", "1", "--out"]
    price = _prices(tmp_path)
    limit = f"price >= {price['own'] + 0.3 * (price['tight'] - price['own']):.2f}"
    assert main([*words, str(tmp_path / "out"), "--target", limit, "--hold", "75"]) == 0
    said = capsys.readouterr().out
    misses = pd.read_csv(tmp_path / "out" / "misses.csv")
    assert misses["missed"][0] > 3  # more than a quarter of 12
    assert misses["low"][0] < misses["share"][0] <= misses["high"][0]
    nearest = pd.read_csv(tmp_path / "out" / "nearest.csv")
    (row,) = nearest.to_dict("records")
    assert load_scenario("S1").cap.tightness == row["own"] < row["nearest"] < 0.12
    assert row["holds"]
    assert row["shown"] >= 0.75
    assert "the nearest setting found that holds at 75 % of the points is cap.tightness" in said
    assert {"misses.csv", "where.csv", "nearest.csv", "stress.md", "stress.png"} <= {
        p.name for p in (tmp_path / "out").iterdir()
    }


def _prices(folder: Path) -> dict[str, float]:
    """Price of S1 as it is and with the tightest cap of the sweep, the firms' costs in the middle of their range."""
    from tanshi import simulate

    tiny = dict(open_sweep(folder / "a.yaml").spec.set) | {"firms.cost_sigma": 0.5}
    return {
        name: float(simulate("S1", **(tiny | more)).annual["Price|Carbon"].iloc[-1])
        for name, more in (("own", {}), ("tight", {"cap.tightness": 0.12}))
    }


def test_levers_and_targets_that_make_no_sense_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write(tmp_path / "a.yaml", STRESS))
    plan = open_sweep(file)
    with pytest.raises(UserError, match=r"Did you mean cap\.tightness"):
        read_levers(plan, ["cap.tigthness"])
    with pytest.raises(UserError, match="levers only"):
        read_levers(plan, ["cap.tightness", "firms.cost_sigma"])
    out = ["--out", str(tmp_path / "out")]
    for words, part in (
        (["--target", "prise <= 1"], "Did you mean price"), (["--regret", "price=best"], "price=min"),
        (["--lever", "x"], "one of the parameters"),
    ):  # fmt: skip
        assert main(["stress", file, *words, *out]) == 2
        assert part in capsys.readouterr().err
    assert main(["stress", str(write(tmp_path / "b.yaml", TINY)), *out]) == 2
    assert "at least one target" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_control_variate_brings_the_mean_nearer_to_the_truth() -> None:
    """y = x + noise at n of m points: over many samples its error is what the formula says, far below the mean's."""
    random = np.random.default_rng(3)
    plain, sharp, told = [], [], []
    for _ in range(400):
        x = random.normal(size=16 * 20)
        y = 3.0 + x[:20] + 0.1 * random.normal(size=20)
        found = _controlled("S", "y", y, x)
        plain.append(found.mean - 3.0)
        sharp.append(found.controlled - 3.0)
        told.append(found.controlled_error)
    assert np.std(plain) == pytest.approx(1 / 20**0.5, rel=0.15)
    assert np.std(sharp) == pytest.approx((1.0 / 320 + 0.01 / 20) ** 0.5, rel=0.2)
    assert np.mean(told) == pytest.approx(np.std(sharp), rel=0.2)
    assert abs(np.mean(sharp)) < 0.01


def test_a_sweeps_means_are_sharpened_by_the_equilibrium_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_sweep(
        open_sweep(write(tmp_path / "a.yaml", TINY.replace("samples: 4", "samples: 8"))), tmp_path / "o", workers=1
    )
    assert main(["analyse", str(tmp_path / "o"), "--control", "4", "--no-figures", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "The equilibrium model costs" in said
    assert "Tables in " in said
    table = pd.read_csv(tmp_path / "o" / "analysis" / "control.csv").set_index("output")
    assert table.loc["price", ["points", "more"]].tolist() == [8, 32]
    assert table.loc["price", "explained"] > 0.8
    assert table.loc["price", "controlled_error"] < table.loc["price", "error"]
    cheap = analyse(tmp_path / "o" / "control").outcomes
    whole = analyse(tmp_path / "o").outcomes
    assert cheap["cap.tightness"][:8].tolist() == whole["cap.tightness"].tolist()  # the very same points
