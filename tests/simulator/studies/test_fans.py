"""Many seeds with shocks: Sobol's indices where they are known, bands, moments, and the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import KNOWN
from tanshi.simulator.studies.fans import Fans, curvature, fans, sobol
from tanshi.simulator.studies.straying.answers import BANK, NO_BANK
from tanshi.simulator.studies.straying.answers import LASTING as ANSWERS_LASTING
from tanshi.simulator.studies.straying.parts import EMERGED, FITTED, PARTS, STILL
from tanshi.simulator.studies.straying.reasons import (
    ALL,
    HALF,
    LASTING,
    QUARTER,
    SEASON,
    STILL_LASTING,
    bend_and_curvature,
    counterfactuals,
    plans,
    reasons,
)
from tanshi.simulator.studies.straying.reasons import STILL as STILL_WORLD
from tanshi.simulator.views.fans import short, words, write_fans


def test_indices_of_a_sum_and_of_a_product_are_the_textbook_ones() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 40_000, 3))

    def take(column: int) -> np.ndarray:
        mixed = a.copy()
        mixed[:, column] = b[:, column]
        return mixed

    def total(x: np.ndarray) -> np.ndarray:
        return 2.0 * x[:, 0] + x[:, 1]

    def product(x: np.ndarray) -> np.ndarray:
        return x[:, 0] * x[:, 1]

    for column, share in ((0, 0.8), (1, 0.2), (2, 0.0)):
        first, whole = sobol(total(a), total(b), total(take(column)))
        assert first == pytest.approx(share, abs=0.03)
        assert whole == pytest.approx(share, abs=0.03)
    first, whole = sobol(product(a), product(b), product(take(0)))
    assert first == pytest.approx(0.0, abs=0.04)  # alone it moves nothing, together everything
    assert whole == pytest.approx(1.0, abs=0.04)
    assert sobol(np.ones(5), np.ones(5), np.ones(5)) == (0.0, 0.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Fans:
    own = {"years.end": 2025, "firms.number": 24, "market.periods_per_year": 4, "banking.horizon": 0}
    return fans(["S5"], tmp_path_factory.mktemp("fans"), seeds=2, variance=2, workers=1, overrides=own)


def test_bands_widen_with_what_strays_and_moments_say_where_they_come_from(small: Fans) -> None:
    price = small.bands[small.bands["variable"] == "Price|Carbon"]
    width = {part: float((own["high"] - own["low"]).mean()) for part, own in price.groupby("part")}
    assert width[STILL] < width[EMERGED]
    assert set(small.moments["part"]) == set(PARTS)
    origin = small.moments.groupby("part")["origin"].first()
    assert "fitted" in origin[FITTED]
    assert "emerges" in origin[EMERGED]
    assert (small.bands["low"] <= small.bands["high"]).all()
    gdp = small.bands[small.bands["variable"] == "GDP"]
    assert {unit.split()[0] for unit in gdp["unit"]} == {KNOWN["GDP|MER"].unit.split()[0]} == {"billion"}
    assert "GDP, billion yuan/yr" in words(small)
    assert set(small.variance["factor"]) >= {"availability", "belief", "firms"}
    assert np.isfinite(small.variance[["first", "total"]].to_numpy()).all()
    assert "cap_news" not in set(small.variance["factor"])  # it says nothing where g does
    for index in ("first", "total"):
        assert (small.variance[f"{index}_low"] <= small.variance[f"{index}_high"]).all()


def test_the_page_tells_the_bands_the_moments_and_the_curvature(small: Fans, tmp_path: Path) -> None:
    written = write_fans(small, tmp_path)
    indices = pd.read_csv(next(p for p in written if p.name == "indices.csv"))
    assert {"factor", "first", "total", "total_low", "total_high"} <= set(indices)  # no picture's numbers in its place
    assert {p.name for p in written} >= {"bands.csv", "moments.csv", "fans.png", "variance.png", "fans.md"}
    text = words(small)
    for head in ("Bands of the last year", "fitted or emerged", "against the path without shocks", "in all, %"):
        assert head in text
    assert "nan" not in text  # of one pair of seeds no standard error can be told
    assert short(small).count("volatility") == len(PARTS)
    page = write_fans(small, tmp_path, tmp_path / "docs")[-1]
    assert page == tmp_path / "docs" / "fans.md"
    assert (page.parent / "fans" / "fans.png").exists()
    assert "](fans/fans.png)" in page.read_text(encoding="utf-8")


def test_the_mean_of_a_spread_of_logarithms_lies_above_its_middle_by_the_curvature() -> None:
    drawn = 90.0 * np.exp(0.3 * np.random.default_rng(1).standard_normal(200_000))
    assert drawn.mean() / np.median(drawn) - 1.0 == pytest.approx(curvature(drawn), abs=0.003)
    assert curvature(np.full(5, 90.0)) == 0.0


def test_curvature_is_told_from_a_bend_by_how_it_goes_with_the_size_of_shocks() -> None:
    """A price that answers what is missing by more than what is over: exp of a normal, and the positive part of one."""
    rng, size = np.random.default_rng(2), np.array([1.0, 0.5, 0.25])
    drawn = rng.standard_normal(200_000)
    drawn = np.concatenate([drawn, -drawn])
    names = [SEASON, ALL, HALF, QUARTER]

    def table(answer: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
        shift = [0.01, *(0.01 + float(answer(s * drawn).mean()) for s in size)]
        return pd.DataFrame({"what": names, "size": [0.0, *size], "shift": shift})

    bend, curved = bend_and_curvature(table(lambda x: 0.1 * np.maximum(x, 0.0)))
    assert bend == pytest.approx(0.1 / np.sqrt(2 * np.pi), rel=0.01)
    assert curved == pytest.approx(0.0, abs=2e-4)
    bend, curved = bend_and_curvature(table(lambda x: np.expm1(0.2 * x)))
    assert bend == pytest.approx(0.0, abs=5e-4)
    assert curved == pytest.approx(0.02, rel=0.05)


def test_the_means_shift_is_taken_apart_by_worlds_that_differ_in_one_thing(small: Fans) -> None:
    planned = plans("S5", {"years.end": 2024}, 2)
    worlds = counterfactuals()
    assert [what for _, what in planned].count(ALL) == 4
    assert {what for _, what in planned} == set(worlds)
    pair = [run for run, what in planned if what == ALL][:2]
    assert pair[0].seed == pair[1].seed
    assert [run.shocks.mirrored for run in pair] == [False, True]
    level = {STILL_WORLD: 100.0, STILL_LASTING: 90.0, LASTING: 90.9}

    def run(what: str, k: int) -> RunResult:
        price = level.get(what, 100.0 if what == SEASON else 104.0 + 3.0 * (-1) ** k)
        bank = 0.0 if what == ALL and k % 2 else 5.0
        months = pd.DataFrame({"regime": [1, 2, 2], "price": [55.0, price - 1.0, price + 1.0], "plan_bank": bank})
        return SimpleNamespace(periods=months)  # type: ignore[return-value]

    table = reasons("S5", [(what, run(what, k)) for k, (_, what) in enumerate(planned)])
    own = table.set_index("what")
    assert set(own.index) == set(worlds) - {STILL_WORLD, STILL_LASTING}
    assert own.loc[ALL, "shift"] == pytest.approx(0.04)  # a run and its mirror image count together
    assert own.loc[ALL, "error"] == pytest.approx(0.0, abs=1e-12)
    assert own.loc[ALL, "run_out"] == 0.5
    assert own.loc[LASTING, "shift"] == pytest.approx(0.01)  # over its own world without shocks
    text = words(replace(small, reasons=table))
    assert "goes with the size of shocks" in text
    assert "Why it lies there" not in words(small)
    shape = {"world": [NO_BANK, BANK, ANSWERS_LASTING], "shape": [-0.018, 0.018, 0.029]}
    answered = pd.DataFrame({"scenario": "S5", "driver": "fuel_price", "down": 0.3, "up": -0.2, "both": 0.05, **shape})
    text = words(replace(small, reasons=table, answers=answered))
    assert "S5: -1.8 % where every year clears by itself, +1.8 % with its bank, +2.9 % with a bank that lasts." in text
    assert "| coal 18 % cheaper | 22 % dearer |" in text
    assert "Why the price of coal lifts it" not in words(small)


def test_a_scenario_that_strays_already_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="strays already"):
        fans(["S5"], tmp_path, seeds=2, overrides={"shocks.drivers": "estimated"})


def test_a_redrawn_driver_is_the_only_thing_that_changes() -> None:
    from tanshi.scenarios.load import load_scenario
    from tanshi.simulator.model import simulate

    own = {
        "years.end": 2023,
        "firms.number": 24,
        "market.periods_per_year": 4,
        "banking.horizon": 0,
        "shocks.drivers": "estimated",
    }
    a = simulate(load_scenario("S5", own)).periods
    b = simulate(load_scenario("S5", {**own, "shocks.redrawn": ["cap_news"], "shocks.redraw_seed": 9})).periods
    drivers = [c for c in a.columns if c.startswith("driver_")]
    pd.testing.assert_frame_equal(a[drivers], b[drivers], check_exact=True)
    assert not np.array_equal(a["belief"], b["belief"])
