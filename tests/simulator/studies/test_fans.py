"""Many seeds with shocks: Sobol's indices where they are known, bands, moments, and the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.simulator.studies.fans import Fans, curvature, fans, sobol
from tanshi.simulator.studies.strays import EMERGED, FITTED, PARTS, STILL
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
    assert set(small.variance["factor"]) >= {"availability", "belief", "firms"}
    assert np.isfinite(small.variance[["first", "total"]].to_numpy()).all()


def test_the_page_tells_the_bands_the_moments_and_the_curvature(small: Fans, tmp_path: Path) -> None:
    written = write_fans(small, tmp_path)
    assert {p.name for p in written} >= {"bands.csv", "moments.csv", "fans.png", "variance.png", "fans.md"}
    text = words(small)
    for head in ("Bands of the last year", "fitted or emerged", "against the path without shocks", "in all, %"):
        assert head in text
    assert short(small).count("volatility") == len(PARTS)
    page = write_fans(small, tmp_path, tmp_path / "docs")[-1]
    assert page == tmp_path / "docs" / "fans.md"
    assert (page.parent / "fans" / "fans.png").exists()
    assert "](fans/fans.png)" in page.read_text(encoding="utf-8")


def test_the_mean_of_a_spread_of_logarithms_lies_above_its_middle_by_the_curvature() -> None:
    drawn = 90.0 * np.exp(0.3 * np.random.default_rng(1).standard_normal(200_000))
    assert drawn.mean() / np.median(drawn) - 1.0 == pytest.approx(curvature(drawn), abs=0.003)
    assert curvature(np.full(5, 90.0)) == 0.0


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
