"""Several seeds are shown as their median and the range of nine tenths of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from tanshi.simulator.results.bands import HIGH, LOW, MIDDLE, annual_band
from tanshi.simulator.views.charts.figures import draw_figures
from tanshi.simulator.views.reports.report import report_html
from tanshi.simulator.views.table import terminal_table
from tests.simulator.made_up import run

SEEDS = range(1, 21)


def test_a_band_is_the_quantile_of_every_variable_and_year() -> None:
    results = [run("S1", seed) for seed in SEEDS]
    values = np.array([result.series("Price|Carbon")[2030] for result in results])
    for at in (LOW, MIDDLE, HIGH):
        band = annual_band(results, at).set_index(["variable", "year"])["value"]
        assert band["Price|Carbon", 2030] == pytest.approx(np.quantile(values, at))


def test_the_table_has_a_row_for_the_median_and_two_for_the_band_and_fits_eighty_columns() -> None:
    results = [run(name, seed) for name in ("S1", "S4") for seed in SEEDS]
    stream = io.StringIO()
    Console(file=stream, width=80).print(terminal_table(results))
    lines = stream.getvalue().splitlines()
    heads = [line.split()[0] for line in lines if line.strip()]
    assert [head for head in heads if head in ("S1", "S4", "5", "95")] == ["S1", "5", "95", "S4", "5", "95"]
    assert max(map(len, lines)) <= 80
    prices = np.array([r.series("Price|Carbon")[2030] for r in results if r.scenario == "S4"])
    block = lines[next(n for n, line in enumerate(lines) if line.split()[:1] == ["S4"]) :]
    assert f"{np.median(prices):.1f}" in block[0]
    assert f"{np.quantile(prices, LOW):.1f}" in block[1]
    assert f"{np.quantile(prices, HIGH):.1f}" in block[2]


def test_figures_and_report_name_the_median_and_the_band() -> None:
    results = [run("S1", seed) for seed in SEEDS]
    (axes,) = draw_figures(results)["price"].axes
    assert len(axes.collections) >= 1
    page = report_html(results, pictures={})
    assert "median over the seeds, band: 5 to 95 %" in page
    assert "median of 20 seeds" in page
    assert "seed 1 to 20 (20 seeds)" in page
