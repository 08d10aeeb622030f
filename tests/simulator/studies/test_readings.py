"""Both readings of the network's series as the economy's input, and their part of the page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tanshi.simulator.studies.learning.readings import READINGS, Readings, readings
from tanshi.simulator.views.charts.drift import READINGS as MARK
from tanshi.simulator.views.charts.drift import page, write_page
from tanshi.simulator.views.charts.readings import findings

SMALL = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 1}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Readings:
    return readings(tmp_path_factory.mktemp("readings"), ["S1"], overrides=SMALL, workers=1)


def test_every_reading_is_there_and_the_benchmark_year_is_one(found: Readings) -> None:
    value = {(r["variable"], r["year"], r["reading"]): float(r["value"]) for r in found.values.to_dict("records")}
    assert {reading for _, _, reading in value} == set(READINGS)
    assert found.missed < 1e-8
    emissions = [value["Emissions|CO2", 2022, reading] for reading in READINGS]
    assert max(emissions) == pytest.approx(min(emissions), rel=1e-3)
    low, high = (value["Price|Carbon", 2023, f"trajectories, price x {start}"] for start in ("0.8", "1.25"))
    assert low < high


def test_the_page_keeps_its_other_parts_and_says_what_each_reading_comes_to(found: Readings, tmp_path: Path) -> None:
    before = page(None, None, None, "")
    written = write_page(tmp_path, read=found)
    text = written[-1].read_text(encoding="utf-8")
    assert text.startswith(before.rstrip())
    assert MARK in text
    assert "S1, Price: the network moves it by at most" in "\n".join(findings(found))
    again = page(None, None, None, text)
    assert again == text
    table = pd.read_csv(tmp_path / "drift_skill" / "series.csv")
    assert {"price", "emissions", "productivity", "efficiency", "outside_demand"} <= set(table.columns)
