"""Series drawn from the network alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshi.simulator.drift.weights import load_default, save
from tanshi.simulator.studies.learning.generate import generate
from tanshi.simulator.views.charts.drift import write_generated


def test_bands_hold_their_middle_start_where_asked_and_repeat(tmp_path: Path) -> None:
    save(load_default(), tmp_path / "weights")
    drawn = generate(["S4"], tmp_path / "weights", starts=(0.5, 1.0), draws=5)
    t = drawn.table
    assert ((t["low"] <= t["middle"]) & (t["middle"] <= t["high"])).all()
    price = t[t["variable"] == "Price|Carbon"].set_index(["start", "t"])["middle"]
    assert price[(0.5, 2023.0)] == pytest.approx(0.5 * price[(1.0, 2023.0)])
    assert {"", "all covered", "ELEC", "STEEL"} <= set(t["sector"])
    assert set(t["variable"]) == {"Price|Carbon", "Emissions|CO2", "Output"}
    again = generate(["S4"], tmp_path / "weights", starts=(0.5, 1.0), draws=5)
    assert again.table.equals(t)
    names = [p.name for p in write_generated(drawn, tmp_path)]
    assert names == ["trajectories.csv", "trajectories.png", "trajectories.svg"]


@pytest.mark.parametrize(("starts", "draws"), [((0.0,), 5), ((), 5), ((1.0,), 0)])
def test_starts_that_make_no_sense_are_refused(starts: tuple[float, ...], draws: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="above zero"):
        generate(["S1"], tmp_path, starts=starts, draws=draws)
