"""Traditional model against hybrid: what is read off a response and off prices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tanshi.scenarios.errors import UserError
from tanshi.simulator.studies.compare import BASE, VARIANTS, answer, compare, moments
from tanshi.simulator.views.compare import paths_figure, response_figure, words, write_comparison

T = pd.Index(2024 + np.arange(48) / 12)


def test_a_response_is_read_off_from_its_announcement_on() -> None:
    passed = np.maximum(T.to_numpy() - 2025.5 + 1e-9, 0.0)
    change = pd.Series(np.where(T > 2025.5 - 1e-6, 10.0 * (1.0 - 0.8 * np.exp(-3.0 * passed)), 0.0), T)
    found = answer(change, 2025.5, annual=False)
    assert found["before"] == 0.0
    assert found["impact"] == pytest.approx(2.0)
    assert found["after_2_years"] == pytest.approx(10.0, rel=0.01)
    # 0.8 exp(-3 t) falls to a tenth at t = ln(8) / 3
    assert found["years_to_settle"] == pytest.approx(np.log(8) / 3, abs=1 / 12 + 1e-6)


def test_a_yearly_model_moves_before_anyone_knew() -> None:
    change = pd.Series([0.0, 4.0, 9.0, 9.0], pd.Index([2024.0, 2025.0, 2026.0, 2027.0]))
    found = answer(change, 2025.5, annual=True)
    assert found["before"] == 4.0
    assert found["impact"] == 9.0
    assert found["years_to_settle"] == pytest.approx(0.5)


def test_moments_of_a_random_walk_are_those_it_was_made_with_and_announcements_are_left_out() -> None:
    steps = 0.27 / np.sqrt(12) * np.random.default_rng(0).standard_normal(6000)
    steps[3000] = 3.0
    regime = pd.Series(np.where(np.arange(6000) < 3000, 2, 3))
    found = moments(pd.Series(np.arange(6000.0)), pd.Series(np.exp(np.cumsum(steps) / 100)), regime, 12)
    assert found["volatility"] == pytest.approx(0.0027, rel=0.05)
    assert abs(found["excess kurtosis"]) < 0.3
    assert abs(found["lag-1 autocorrelation"]) < 0.05


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    few = {
        "years.end": 2025,
        "firms.number": 24,
        "market.periods_per_year": 4,
        "banking.horizon": 0,
        "drift.mode": "none",
    }
    out = tmp_path_factory.mktemp("compare")
    return compare(["S1"], out / "runs", year=2024, cut=0.1, overrides=few, seeds=2, workers=1), out


def test_every_model_answers_every_shock_and_the_hybrid_only_after_it_is_known(result) -> None:  # type: ignore[no-untyped-def]
    found, _ = result
    table = found.response.set_index(["shock", "variant"])
    assert len(table) == 2 * len(VARIANTS)
    assert (table.xs("hybrid", level="variant")["before"] == 0).all()
    assert table.loc[("cap cut by 10 %", "traditional"), "before"] > 1.0
    assert table.loc[("cap cut by 10 %", "hybrid"), "impact"] > 1.0
    assert set(found.paths["shock"]) == {BASE, "cap cut by 10 %", "STEEL enter"}


def test_the_tables_and_figures_are_written_and_say_what_emerges(result) -> None:  # type: ignore[no-untyped-def]
    found, out = result
    names = {p.name for p in write_comparison(found, out)}
    assert {"comparison.md", "paths.csv", "moments.csv", "S1_paths.png", "S1_response.svg"} <= names
    text = words(found)
    assert "emerges" in text
    assert "imposed by the path of the cap" in text
    assert "real market, daily closes" in text


def test_figures_name_the_economy_that_was_run(result) -> None:  # type: ignore[no-untyped-def]
    found, _ = result
    assert "economy shanxi_2022." in written_on(paths_figure(found, "S1"))
    elsewhere = replace(found, economies=("hebei_2020",))
    for drawn in (paths_figure(elsewhere, "S1"), response_figure(elsewhere, "S1")):
        assert "economy hebei_2020." in written_on(drawn)


def written_on(figure: Figure) -> str:
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def test_a_scenario_with_a_shock_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="without a shock of its own"):
        compare(["S1"], tmp_path, overrides={"shock.year": 2025, "shock.cap_cut": 0.1})


def test_numbers_are_means_over_seeds_with_their_spread(result) -> None:  # type: ignore[no-untyped-def]
    found, out = result
    assert found.seeds == 2
    path = found.paths.set_index(["variant", "shock", "t"]).xs(("hybrid", BASE), level=("variant", "shock"))
    runs = [
        pd.read_parquet(out / "runs" / f"S1-hybrid-0-seed{seed}" / "periods.parquet").set_index("t")["price"]
        for seed in (1, 2)
    ]
    assert path["price"].to_numpy() == pytest.approx(((runs[0] + runs[1]) / 2).to_numpy())
    assert path["price_sd"].to_numpy() == pytest.approx(((runs[0] - runs[1]).abs() / 2**0.5).to_numpy())
    assert path["price_sd"].max() > 0
    hybrid = found.moments.set_index(["source", "measure"]).loc[("S1 hybrid", "volatility")]
    assert hybrid["sd"] > 0
    assert "Means over 2 seeds" in words(found)
