"""Scores, gaps and verdicts on made-up results: the page says what the numbers say, also against the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from tanshi.simulator.drift.history import Preparation, PriceHistory
from tanshi.simulator.drift.mean_reversion import simulate
from tanshi.simulator.drift.recovery import Recovery
from tanshi.simulator.studies.calibration.scores import block_interval, crps, dress, scored
from tanshi.simulator.studies.learning.closed_loop import gap_table
from tanshi.simulator.studies.learning.held_out import MODES
from tanshi.simulator.studies.learning.judgement import METHODS, WEEKS, Judgement, real_price_skill
from tanshi.simulator.views.charts.drift import findings, page, write_page


def test_crps_of_a_normal_forecast_is_the_textbook_value() -> None:
    draws = np.random.default_rng(0).standard_normal(200_000)
    expected = (np.sqrt(2.0) - 1.0) / np.sqrt(np.pi)  # outcome at the mean, unit variance
    assert float(crps(np.zeros(1), dress(draws[:, None]))[0]) == pytest.approx(expected, rel=0.03)
    assert float(crps(np.array([5.0]), np.zeros(1))[0]) == 5.0


def test_the_interval_of_a_skill_holds_it_and_is_nothing_against_itself() -> None:
    rng = np.random.default_rng(1)
    good, bad = (scored(s * rng.standard_normal((400, 2)), np.zeros(1)) for s in (1.0, 2.0))
    block = np.repeat(np.arange(40), 10)
    low, high = block_interval(good, bad, block, rng)
    assert low < 1.0 - good.mean_crps / bad.mean_crps < high
    assert low > 0.3
    assert block_interval(good, good, block, rng) == (0.0, 0.0)


def gaps(neural: float) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    size = {"none": 1.0, "ou": 0.99, "neural": neural}
    rows = []
    for scenario in ("A", "B"):
        for k in range(96):
            noise = rng.random()
            for mode in MODES:
                value = 0.01 * size[mode] * (0.9 + 0.2 * noise)
                rows.append(
                    {
                        "scenario": scenario, "seed": 1, "mode": mode, "t": 2023 + k / 12, "block": k // 6,
                        "price": value, "emissions": value, "output": value, "january": k % 12 == 0,
                    }
                )  # fmt: skip
    return gap_table(pd.DataFrame(rows))


def judgement(network: float = 0.2, neural: float = 0.7) -> Judgement:
    rows = []
    for label in ("held-out scenarios", "held-out years"):
        for kind in ("price", "emissions", "output"):
            for weeks in WEEKS:
                for method in METHODS:
                    skill = network if method == "network" else 0.0
                    row = {"set": label, "kind": kind, "weeks": weeks, "method": method, "forecasts": 50}
                    row |= {"rmse": 0.01, "crps": 0.01 - 0.001 * skill}
                    for rival in ("persistence", "ou"):
                        row |= {f"against_{rival}": skill, f"rmse_against_{rival}": skill}
                        row |= {f"against_{rival}_low": skill - 0.1, f"against_{rival}_high": skill + 0.1}
                    rows.append(row)
    loop = pd.DataFrame(
        [{"scenario": "A", "seed": 1, "mode": "neural", "evaluated": 200, "switched_off": 5, "blown_up": 0,
          "collar_hits": 1}]
    )  # fmt: skip
    history = price_history()
    from tanshi.simulator.drift.mean_reversion import fit_price

    return Judgement(
        skill=pd.DataFrame(rows),
        bands=pd.DataFrame([{"kind": "price", "weeks": 1, "raw": 0.3, "dressed": 0.8}]),
        gaps=gaps(neural),
        market=real_price_skill(history),
        loop=loop,
        recovery=[Recovery("Lotka-Volterra", 0.03, 0.04, float("nan"), float("nan"))],
        fit=fit_price(history, draws=200),
        card={},
    )


def price_history() -> PriceHistory:
    t = 2016 + np.arange(1, 61) / 12
    noise = 0.08 * np.random.default_rng(3).standard_normal((1, 60))
    price = np.expm1(4 + simulate(0.0, 1 / 12, noise)[0])
    year = np.ceil(t - 1e-9).astype(np.int64) - 1
    return PriceHistory(t, year, price, 1 / 12, "close", Preparation(60, 0, 0, 0, 0, 0))


def test_the_gap_table_finds_the_change_and_sets_new_year_apart() -> None:
    table = gaps(0.7).set_index(["scenario", "kind", "mode"])
    row = table.loc[("all", "price", "neural")]
    assert row["change"] == pytest.approx(-0.3, abs=1e-9)
    assert row["change_low"] <= row["change"] <= row["change_high"] < -0.25
    assert row["jumps"] == 192
    assert table.loc[("all, within the year", "price", "neural"), "jumps"] == 176
    assert table.loc[("A", "price", "none"), "change"] == 0.0


def test_the_default_follows_the_evidence() -> None:
    assert judgement(network=0.2, neural=0.7).supported == "neural"
    assert judgement(network=-0.2, neural=0.7).supported == "ou"
    assert judgement(network=0.2, neural=1.1).supported == "ou"
    worse = judgement(network=-0.2, neural=1.1)
    assert replace(worse, gaps=worse.gaps.assign(change_high=0.1)).supported == "none"


def test_the_page_says_where_the_network_does_not_beat_mean_reversion(tmp_path: Path) -> None:
    bad, good = page(judgement(network=-0.3, neural=1.2)), page(judgement(network=0.3))
    assert "does not beat it, and is worse, at 1, 4, 13, 52 weeks" in bad
    assert "does not beat it" not in good
    assert "drift mode **ou** as default" in bad
    assert "Gap before a jump, price: larger with the network (+20.0 %" in "\n".join(
        findings(judgement(network=-0.3, neural=1.2))
    )
    written = write_page(tmp_path, judgement())
    assert written[-1] == tmp_path / "drift_skill.md"
    assert {p.suffix for p in written} == {".csv", ".png", ".svg", ".md"}
    text = written[-1].read_text()
    assert all((tmp_path / name).exists() for name in ("drift_skill/skill.png", "drift_skill/gaps.png"))
    assert "cannot tell mean reversion from a random walk" in text


def test_on_a_random_walk_mean_reversion_does_not_beat_persistence() -> None:
    table = real_price_skill(price_history()).set_index(["method", "months"])
    assert table.loc[("OU", 1), "against_persistence"] < 0.1
    assert set(table.loc["persistence", "against_persistence"]) == {0.0}
