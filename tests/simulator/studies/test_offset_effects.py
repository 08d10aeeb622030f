"""A scenario with offsets finds its twin, and their costs are counted alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import FIRM_SECTORS, cost_of, offsets_of
from tanshi.simulator.studies.offsets import offset_effects
from tanshi.simulator.views.charts.style import png
from tanshi.simulator.views.offsets import offset_figure, offset_table, offset_words, write_offsets

QUICK: dict[str, Any] = {
    "banking.horizon": 0,  # every year by itself: firms that look ahead keep what credits set free for later years
    "years.end": 2024, "firms.number": 60, "market.periods_per_year": 4, "drift.mode": "none",
}  # fmt: skip


@cache
def run(name: str, mode: str = "agents", share: float | None = None) -> RunResult:
    changes = QUICK | {"market.mode": mode} | ({} if share is None else {"offsets.share": share})
    return simulate(load_scenario(name, changes))


def test_a_scenario_is_compared_with_the_one_that_differs_in_offsets_alone() -> None:
    found = offset_effects([run("S4"), run("S5"), run("S5-sinks")])
    assert [(e.scenario, e.twin, e.seeds) for e in found] == [("S5-sinks", "S5", 1)]
    assert not offset_effects([run("S4"), run("S5")])
    assert not offset_effects([run("S4"), run("S5-sinks")])


def test_offsets_take_the_place_of_abatement_and_the_table_says_so() -> None:
    (effect,) = offset_effects([run("S5"), run("S5-sinks")])
    assert effect.mean("Price|Carbon", "with") < effect.mean("Price|Carbon", "without") - 1
    assert effect.mean(cost_of(None, "Abatement"), "change") < 0 < effect.mean(cost_of(None, "Offsets"), "change")
    # Forestry is paid the price of an allowance: what firms save is little beside what they no longer do.
    assert abs(effect.mean(cost_of(), "change")) < 0.2 * effect.mean(cost_of(None, "Offsets"), "change")
    assert effect.series(offsets_of(), "without").sum() == 0
    change = sum(effect.mean(cost_of(s), "change") for s in FIRM_SECTORS)
    assert change == pytest.approx(effect.mean(cost_of(), "change"), abs=1e-6)


def test_figure_table_and_sentences_are_written(tmp_path: Path) -> None:
    runs = [run("S5"), run("S5-sinks")]
    written = write_offsets(runs, tmp_path)
    assert {p.name for p in tmp_path.rglob("*.*")} == {
        "offsets_S5-sinks.csv", "offsets_S5-sinks.png", "offsets_S5-sinks.svg"}  # fmt: skip
    (effect,) = offset_effects(runs)
    figure = offset_figure(effect, "Source: a test")
    assert png(figure)[:4] == b"\x89PNG"
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "Price, yuan/t CO₂",
        "Volume, Mt CO₂",
        "Change of cost, %",
    ]
    assert len(written) == 1
    assert offset_table(effect).row_count == len(FIRM_SECTORS) + 1
    assert "S5-sinks against S5" in offset_words(effect)
    assert not write_offsets(runs[:1], tmp_path / "none")
