"""The judgement of real prices: textbook scores, tasks that cannot see ahead, a perfect model, the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.cli.app import main
from tanshi.simulator.drift.markets.closes import closes_of, real_markets
from tanshi.simulator.drift.markets.forecast import FOLDER, MarketWeights, load_markets, save_markets, shipped
from tanshi.simulator.drift.weights import WeightsError
from tanshi.simulator.studies.learning.market_scores import by_horizon, score, skill
from tanshi.simulator.studies.learning.own_prices import OwnMarket, lines
from tanshi.simulator.studies.learning.real_prices import (
    METHODS,
    MIXTURE,
    PLAIN,
    RealJudgement,
    perfect_coverage,
    rolled,
)
from tanshi.simulator.studies.learning.rolling import HORIZONS, WINDOW, tasks
from tanshi.simulator.views.charts.drift import page, write_page


def test_scores_of_a_normal_sample_are_the_textbook_values() -> None:
    rng = np.random.default_rng(0)
    sample = 0.1 * rng.standard_normal(100_000)
    at_the_mean = score(sample, 0.0, rng)
    assert at_the_mean["crps"] == pytest.approx(0.1 * (np.sqrt(2.0) - 1.0) / np.sqrt(np.pi), rel=0.01)
    assert at_the_mean["logs"] == pytest.approx(np.log(0.1 * np.sqrt(2 * np.pi)), abs=0.03)
    assert (at_the_mean["in50"], at_the_mean["in80"]) == (1.0, 1.0)
    assert score(sample, 0.1, rng)["in50"] == 0.0
    assert score(sample, 0.2, rng)["in80"] == 0.0
    assert np.isfinite(score(np.zeros(10), 3.0, rng)["logs"])  # no model scores infinity
    assert score(np.zeros(1000), 0.25, rng)["crps"] == pytest.approx(0.25)


def test_a_forecast_that_is_right_beats_one_that_is_twice_too_wide_and_nothing_beats_itself() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for method, width in (("right", 1.0), ("wide", 2.0)):
        for k in range(300):
            found = score(width * rng.standard_normal(500), float(np.random.default_rng(k).standard_normal()), rng)
            origin = pd.Timestamp("2020-01-03") + pd.Timedelta(weeks=k // 2)
            rows.append({"method": method, "market": "AB"[k % 2], "origin": origin, "weeks": 4, **found})
    table = pd.DataFrame(rows)
    right, wide = (table[table["method"] == m] for m in ("right", "wide"))
    gain = skill(right, wide, draws=300)[4]
    assert gain.low > 0.05
    assert gain.low < gain.gain < gain.high
    assert skill(right, wide, "logs", draws=300)[4].low > 0
    assert skill(right, right, draws=50)[4].gain == 0.0
    assert by_horizon(table).set_index("method").loc["right", "in80"] == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("market", ["EU", "Tianjin"])
def test_origins_and_targets_follow_the_rules(market: str) -> None:
    closes = real_markets()[market]
    found = list(tasks(closes))
    assert found
    for task in found:
        assert task.origin >= int(0.7 * len(closes))
        assert closes.traded[task.origin]
        assert closes.traded[task.target]
        assert task.origin < task.target <= task.origin + task.weeks
        assert task.target > task.origin + task.weeks - WINDOW[task.weeks] or task.weeks == 1
    origins = sorted({t.origin for t in found})
    assert min(np.diff(origins)) >= 1
    assert all(t.target < 500 for t in tasks(closes, 400, 500))


def test_a_perfect_model_holds_what_its_bands_say_within_a_range_that_widens_with_the_horizon() -> None:
    table = perfect_coverage(real_markets(), draws=100).set_index("weeks")
    assert (table["low80"] < 0.8).all()
    assert (table["high80"] > 0.8).all()
    width = table["high80"] - table["low80"]
    assert width[52] > 1.5 * width[1]


@pytest.fixture(scope="module")
def short() -> RealJudgement:
    """A few forecasts of two markets."""
    parts = []
    for name in ("EU", "CHN"):
        closes = real_markets()[name]
        planned = list(tasks(closes))
        last = sorted({t.origin for t in planned if t.weeks == 52})[-2:]
        some = [t for t in planned if t.origin in last]
        parts.append(rolled(shipped(), closes, some))
    rows = pd.concat(parts)
    return RealJudgement(rows, rows, perfect_coverage(real_markets(), draws=40))


def test_every_method_makes_every_forecast(short: RealJudgement) -> None:
    assert set(short.late["method"]) == set(METHODS)
    assert short.late.groupby("method").size().nunique() == 1
    assert set(short.late["weeks"]) == set(HORIZONS)


def test_the_page_has_two_parts_that_are_made_anew_one_without_the_other(short: RealJudgement, tmp_path: Path) -> None:
    written = write_page(tmp_path, None, short)
    text = written[-1].read_text(encoding="utf-8")
    assert text.index("In ten lines") < text.index("Asked and reached")
    assert len(text.split("## In ten lines")[1].split("## Real")[0].strip().splitlines()) == 10
    assert all((tmp_path / f"drift_skill/{name}.png").exists() for name in ("real_skill", "real_pit"))
    later = page(None, None, None, text.rstrip() + "\n\nold emulation\n")
    assert "Asked and reached" in later
    assert later.rstrip().endswith("old emulation")


@pytest.mark.study
def test_the_shipped_forecast_holds_what_was_asked_of_it() -> None:
    rows = pd.concat([rolled(shipped(), closes, tasks(closes)) for closes in real_markets().values()])
    mixture = rows[rows["method"] == MIXTURE]
    against = skill(mixture, rows[rows["method"] == "persistence"])
    for weeks, (least, lowest) in zip(HORIZONS, ((0.055, 0.04), (0.05, 0.03), (0.035, 0.01), (0.03, 0.0)), strict=True):
        assert least <= against[weeks].gain <= 0.08  # more would be leakage
        assert against[weeks].low >= lowest
    held = by_horizon(mixture).set_index("weeks")["in80"]
    for weeks, (low, high) in zip(HORIZONS, ((0.76, 0.84), (0.76, 0.84), (0.74, 0.85), (0.68, 0.91)), strict=True):
        assert low <= held[weeks] <= high
    assert skill(mixture, rows[rows["method"] == "GARCH-t"], "logs")[13].low > 0
    assert set(rows["method"]) >= {PLAIN}


def test_weights_of_another_state_or_none_are_a_message(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="train --only markets"):
        load_markets(tmp_path)
    save_markets(load_markets(FOLDER), tmp_path)
    assert (tmp_path / "markets.npz").read_bytes() == (FOLDER / "markets.npz").read_bytes()
    card = json.loads((tmp_path / "markets.json").read_text())
    (tmp_path / "markets.json").write_text(json.dumps({**card, "sha256": "0"}))
    with pytest.raises(WeightsError, match="checksum"):
        load_markets(tmp_path)
    (tmp_path / "markets.json").write_text(json.dumps({**card, "version": 9}))
    with pytest.raises(WeightsError, match="version 1"):
        load_markets(tmp_path)


def test_a_price_file_of_ones_own_is_learnt_from_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torchdiffeq")
    rng = np.random.default_rng(5)
    days = pd.bdate_range("2019-01-01", periods=900)
    close = 40 * np.exp(np.cumsum(0.02 * rng.standard_t(4, days.size) / np.sqrt(2)))
    pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "close": close}).to_csv(tmp_path / "mine.csv", index=False)
    out = tmp_path / "w"
    assert main(["train", "--only", "markets", "--prices", str(tmp_path / "mine.csv"), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "Last 30 % of the file" in told
    assert "13 weeks: 5%" in told
    weights = load_markets(out)
    assert weights.card["adapted"]["market"] == "mine"


def test_a_price_file_too_short_to_hold_anything_out_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchdiffeq")
    days = pd.date_range("2021-09-03", periods=50, freq="W-FRI")
    pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "close": 50.0}).to_csv(tmp_path / "mine.csv", index=False)
    arguments = ["train", "--only", "markets", "--prices", str(tmp_path / "mine.csv"), "--out", str(tmp_path / "w")]
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert "at least 60 weeks" in told
    assert "Traceback" not in told


def weekly_file(path: Path, closes: np.ndarray) -> None:
    days = pd.date_range("2021-01-01", periods=closes.size, freq="W-FRI")
    pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "close": closes.round(2)}).to_csv(path, index=False)


def test_a_price_that_stands_still_where_it_would_be_judged_is_no_markets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    walk = 50.0 + np.cumsum(np.random.default_rng(2).standard_normal(20))
    weekly_file(tmp_path / "mine.csv", np.append(walk, np.full(130, walk[-1])))
    arguments = ["train", "--only", "markets", "--prices", str(tmp_path / "mine.csv"), "--out", str(tmp_path / "w")]
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert "moved in 0 of the last 45 weeks" in told
    assert "2021-05-14" in told  # the twentieth week
    assert not (tmp_path / "w").exists()


def test_a_price_that_has_fallen_asleep_is_told() -> None:
    walk = 50.0 + np.cumsum(np.random.default_rng(2).standard_normal(130))
    days = pd.date_range("2021-01-01", periods=150, freq="W-FRI")
    closes = closes_of("mine", pd.DataFrame({"date": days, "close": np.append(walk, np.full(20, walk[-1]))}))
    card = {"market": "mine", "from": "2021-01-01", "to": "2023-11-10", "scale": 0.03}
    none = pd.DataFrame(columns=["method", "weeks", "crps", "in80", "forecasts"])
    told = lines(OwnMarket(closes, MarketWeights((), {"adapted": card}), none, pd.DataFrame()))
    assert any("not moved for 20 weeks" in line and str(closes.week[129]) in line for line in told)
    awake = lines(OwnMarket(closes.upto(135), MarketWeights((), {"adapted": card}), none, pd.DataFrame()))
    assert not any("not moved" in line for line in awake)
