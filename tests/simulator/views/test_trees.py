"""Nest trees are drawn from the model that is solved."""

from __future__ import annotations

from pathlib import Path

from tanshi.equilibrium.engine import Leaf, Nest
from tanshi.simulator.views.charts.trees import draw_tree, write_trees


def test_every_leaf_and_elasticity_stands_in_the_figure() -> None:
    burnt = Nest(0.0, (Leaf("coal", 2.0), Leaf("permit", 1.0, price=0.0)), name="burnt")
    tree = Nest(0.5, (burnt, Leaf("power", 1.0)), name="energy")
    texts = [t.get_text() for axes in draw_tree(tree, "Energy").axes for t in axes.texts]
    assert "power  33.3%" in texts
    assert "coal  66.7%" in texts
    assert "permit  free" in texts
    assert "energy\nσ 0.5" in texts


def test_trees_of_the_province_are_written(tmp_path: Path) -> None:
    files = write_trees(tmp_path, ("GENC1",))
    assert [f.name for f in files] == ["GENC1.png", "STEEL_output.png", "HH.png"]
    assert all(f.stat().st_size > 10_000 for f in files)
