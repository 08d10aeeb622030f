"""A policy under stress, told and drawn: how often targets are missed, where, and the nearest policy that holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tanshi.language import in_a_row, mark, say, translate
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.studies.sweeps.regret import Regret, regret_table
from tanshi.simulator.studies.sweeps.rules import say as say_box
from tanshi.simulator.studies.sweeps.stress import Nearest, Stress, tables
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.printing import printing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SOURCE = mark("Bars: share of the points at which a target is missed, with 95 % intervals. Simulated, not observed.")


def write_stress(folder: Path, result: Stress, compared: Sequence[Regret]) -> list[Path]:
    """Write the tables, the figure and ``stress.md``.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    made = tables(result) | ({"regret": regret_table(compared)} if compared else {})
    written = [
        write_file(
            folder / f"{name}.csv", table.to_csv(index=False, float_format="%.8g", lineterminator="\n").encode("utf-8")
        )
        for name, table in made.items()
    ]
    words = stress_words(result) + (f"\n\n{regret_words(compared)}" if compared else "")
    written.append(write_file(folder / "stress.md", f"{words}\n".encode()))
    return [*written, *style.save(stress_figure(result), folder, "stress")]


def stress_words(result: Stress) -> str:
    """What became of the policies, in sentences."""
    lines = []
    for m in result.misses:
        lines.append(
            say(
                "{scenario} misses {target} at {share:.0f} % of {points} points (95 % interval {low:.0f} to "
                "{high:.0f} %).",
                scenario=m.scenario,
                target=m.target,
                share=100 * m.share,
                points=m.points,
                low=100 * m.low,
                high=100 * m.high,
            )
        )
        for box in m.boxes:
            lines.append(
                "  "
                + say(
                    "where {rule}: there at {density:.0f} % of {points} points, {coverage:.0f} % of all misses.",
                    rule=say_box(box, result.uncertain),
                    density=100 * box.density,
                    points=box.points,
                    coverage=100 * box.coverage,
                )
            )
        if 0 < m.missed < m.points and not m.boxes:
            lines.append("  " + say("No simple rule says where."))
    lines += [_told(one, result.hold) for one in result.nearest]
    told = mark("{scenario}: no nearer policy was found: {why}.")
    lines += [say(told, scenario=scenario, why=why) for scenario, why in result.impossible.items()]
    return "\n".join(lines)


def _told(one: Nearest, hold: float) -> str:
    form = mark("{name} {value:.4g} (its own {own:.4g})")
    setting = in_a_row(say(form, name=name, value=value, own=one.own[name]) for name, value in one.setting.items())
    poor = [f"{name} {100 * share:.0f} %" for name, share in one.explained.items() if share < 0.8]
    doubt = " " + say("The surfaces that led there explain little: {shares}.", shares=in_a_row(poor)) if poor else ""
    if one.holds:
        told = mark(
            "{scenario}: the nearest setting found that holds at {hold:.0f} % of the points is {setting}; run "
            "there, all"
            " targets are met at {shown:.0f} %."
        )
        return say(told, scenario=one.scenario, hold=100 * hold, setting=setting, shown=100 * one.shown) + doubt
    told = mark(
        "{scenario}: no setting was found that holds at {hold:.0f} % of the points. The best that was run, {setting},"
        " meets all targets at {shown:.0f} % ({promised:.0f} % were expected)."
    )
    return (
        say(
            told,
            scenario=one.scenario,
            hold=100 * hold,
            setting=setting,
            shown=100 * one.shown,
            promised=100 * one.promised,
        )
        + doubt
    )


def regret_words(compared: Sequence[Regret]) -> str:
    """Who would be sorry, in sentences and a table."""
    lines = []
    for one in compared:
        told = mark("Regret of {output} (least is best): the largest is least for {scenario}.")
        if one.goal == "max":
            told = mark("Regret of {output} (most is best): the largest is least for {scenario}.")
        lines.append(say(told, output=one.output, scenario=one.least))
        for name, row in one.summary.iterrows():
            lines.append(
                "  "
                + say(
                    "{name}: mean {mean:,.4g}, 95th percentile {p95:,.4g}, largest {largest:,.4g}; best at "
                    "{best:.0f} % of"
                    " the points.",
                    name=name,
                    mean=row["mean"],
                    p95=row["p95"],
                    largest=row["largest"],
                    best=100 * row["best_share"],
                )
            )
    return "\n".join(lines)


def stress_figure(result: Stress) -> Figure:
    """A bar a scenario and target."""
    import matplotlib
    from matplotlib.figure import Figure

    shown = list(result.misses)[::-1]
    with matplotlib.rc_context(style.RC):  # type: ignore[arg-type, unused-ignore]
        high = 1.7 + 0.34 * max(len(shown), 2)
        figure = Figure(figsize=(8.0, high), dpi=printing().dpi, facecolor="white")
        axes = figure.add_axes((0.34, 0.85 / high, 0.62, 1 - 1.45 / high))
        place = np.arange(len(shown))
        shares = np.array([100 * m.share for m in shown])
        ends = 100 * np.array([[m.share - m.low, m.high - m.share] for m in shown]).T
        axes.barh(place, shares, 0.6, color="#0072B2", xerr=np.maximum(ends, 0.0), ecolor=style.INK, capsize=2)
        axes.axvline(100 * (1 - result.hold), color="#D55E00", linewidth=1.2)
        axes.set_yticks(place, [f"{m.scenario}: {m.target}" for m in shown])
        axes.set_xlim(0, 100)
        axes.set_xlabel(say("points at which it is missed, %"), fontsize=8.5)
        axes.tick_params(labelsize=8, length=3, color=style.GREY)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        figure.text(0.02, 1 - 0.35 / high, say("Targets missed under stress"), fontsize=12, fontweight="bold")
        note = f"{translate(SOURCE)} " + say("Line: {part:.0f} % may miss.", part=100 * (1 - result.hold))
        figure.text(0.02, 0.1 / high, note, fontsize=7, color=style.GREY)
    return figure
