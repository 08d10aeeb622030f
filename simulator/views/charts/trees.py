"""Nest trees as figures, drawn from the model that is solved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tanshi.equilibrium.engine.nest import Leaf, Tree, benchmark_value
from tanshi.simulator.views.charts.style import GREY, RC, WIDTH, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.26  # inches a leaf


def draw_tree(tree: Tree, title: str, sign: int = 1) -> Figure:
    """A tree from left to right: nests with their elasticity, leaves with their share of the whole.

    Parameters
    ----------
    tree
        As an activity or consumer of the model holds it.
    sign
        1 for inputs and demand, -1 for outputs.
    """
    leaves, depth = _size(tree)
    import matplotlib as mpl
    from matplotlib.figure import Figure

    height = ROW * leaves + 0.9
    with mpl.rc_context(cast(Any, RC)):
        figure = Figure(figsize=(WIDTH, height))
        figure.text(0.02, 1 - 0.25 / height, title, fontsize=13, fontweight="bold", va="center")
        note = "share of the whole in the benchmark; σ (η): elasticity of substitution (transformation)"
        figure.text(0.02, 1 - 0.5 / height, note, color=GREY, va="center")
        axes = figure.add_axes((0.02, 0.01, 0.96, 1 - 0.75 / height))
    axes.set_axis_off()
    axes.set_xlim(-0.05, depth + 1.3)
    axes.set_ylim(-0.6, leaves - 0.4)
    _draw(axes, tree, sign, benchmark_value(tree, sign), 0.0, leaves - 1.0)
    return figure


def _size(tree: Tree) -> tuple[int, int]:
    """Number of leaves, and depth."""
    if isinstance(tree, Leaf):
        return 1, 0
    sizes = [_size(child) for child in tree.children]
    return sum(n for n, _ in sizes), 1 + max(d for _, d in sizes)


def _draw(axes: Axes, tree: Tree, sign: int, whole: float, x: float, top: float) -> tuple[float, float]:
    """Draw a branch whose first leaf stands at height ``top``; returns the height of its root and of the next leaf."""
    if isinstance(tree, Leaf):
        share = benchmark_value(tree, sign) / whole
        label = f"{tree.address}  {share:.1%}" if share > 0 else f"{tree.address}  free"
        axes.text(x + 0.03, top, label, va="center", fontsize=8)
        return top, top - 1.0
    heights: list[float] = []
    cursor = top
    for child in tree.children:
        height, cursor = _draw(axes, child, sign, whole, x + 1.0, cursor)
        heights.append(height)
    middle = (heights[0] + heights[-1]) / 2
    spine = x + 0.72
    axes.plot([spine, spine], [heights[0], heights[-1]], color="0.55", linewidth=0.9)
    for height in heights:
        axes.plot([spine, x + 1.0], [height, height], color="0.55", linewidth=0.9)
    axes.plot([x, spine], [middle, middle], color="0.55", linewidth=0.9)
    symbol = "σ" if sign > 0 else "η"
    name = tree.name.replace("+co2", "\n+ permit")
    axes.text(x + 0.34, middle, f"{name}\n{symbol} {tree.sigma:g}", ha="center", va="center", fontsize=8,
              bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "0.4"})  # fmt: skip
    return middle, cursor


def write_trees(folder: Path, names: tuple[str, ...] = ("STEEL", "GENC1", "ARM_STEEL")) -> list[Path]:
    """Draw the input trees of some activities, an output tree and the households' demand of the built-in economy."""
    from tanshi.scenarios.schema import Closure
    from tanshi.simulator.run.ground.economy import province

    model = province("shanxi_2022", Closure(capital="mobile"))[0].compiled.model
    activities = {a.name: a for a in model.activities}
    figures = {name: draw_tree(activities[name].inputs, f"Inputs of {name}") for name in names}
    figures["STEEL_output"] = draw_tree(activities["STEEL"].output, "Output of STEEL", -1)
    households = next(c for c in model.consumers if c.name == "HH")
    figures["HH"] = draw_tree(households.demand, "Demand of households")
    return [save(figure, folder, name)[0] for name, figure in figures.items()]
