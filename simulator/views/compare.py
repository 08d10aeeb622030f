"""The traditional model beside the hybrid: a figure of paths, one of the answer to shocks, a table in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.errors import said
from tanshi.language import in_a_row, mark, say, translate
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.studies.compare import BASE, LATE, STRAYING, VARIANTS, YEARLY, Comparison
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.words import markdown_table
from tanshi.simulator.views.vocabulary import unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CALLED = {
    "Price|Carbon": mark("Carbon price"),
    "Emissions|CO2": mark("CO₂ emissions"),
    "GDP|MER": mark("Gross domestic product"),
    "Carbon Market|Trading Volume": mark("Trading volume"),
}
"""Variables of the table of paths, in words."""
_PLACE = {"right": 0.975, "bottom": 0.2, "height": 0.6, "gap": 0.06}


def write_comparison(result: Comparison, folder: Path) -> list[Path]:
    """Write the tables, the figures and ``comparison.md``.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    written = []
    for name in ("paths", "annual", "response", "moments"):
        text = getattr(result, name).to_csv(index=False, float_format="%.8g", lineterminator="\n")
        written.append(write_file(folder / f"{name}.csv", text.encode()))
    for scenario in result.paths["scenario"].unique():
        written += style.save(paths_figure(result, scenario), folder, f"{scenario}_paths")
        written += style.save(response_figure(result, scenario), folder, f"{scenario}_response")
    written.append(write_file(folder / "comparison.md", words(result).encode()))
    return written


def words(result: Comparison) -> str:
    """The comparison as Markdown."""
    parts = [
        "# " + say("Traditional equilibrium model and hybrid"),
        say(
            "Shocks are announced at {when:.2f}; before it nobody in the hybrid knows of them. The traditional model"
            " has one equilibrium a year: it spreads a cut over its whole year, so it moves from January on, "
            "and sectors"
            " enter with the next year.",
            when=result.when,
        ),
        *(
            [say("Means over {seeds} seeds; a shock is laid against the run of the same seed.", seeds=result.seeds)]
            * (result.seeds > 1)
        ),
        "## " + say("Paths"),
        _paths_table(result),
        "## " + say("Answer of the price to a mid-year shock"),
        say(
            "Difference from the same run without the shock, yuan/t; settled: it stays within 10 % of where it is two"
            " years on."
        ),
        _response_table(result),
        "## " + say("Moments"),
        _moments_table(result),
    ]
    return "\n\n".join(parts) + "\n"


def _paths_table(result: Comparison) -> str:
    annual = result.annual[result.annual["shock"] == BASE]
    years = sorted(annual["year"].unique())
    shown = [years[0], years[len(years) // 2], years[-1]]
    rows = []
    for (scenario, variable, unit), part in annual.groupby(["scenario", "variable", "unit"], sort=False):
        for variant in VARIANTS:
            own = part[part["variant"] == variant].set_index("year")["value"]
            rows.append(
                [
                    str(scenario),
                    f"{_called(str(variable))} ({unit_name(str(unit))})",
                    translate(variant),
                    *(f"{own.loc[y]:,.2f}" for y in shown),
                ]
            )
    return markdown_table([say("scenario"), say("variable"), say("model"), *map(str, shown)], rows)


def _called(variable: str) -> str:
    return translate(_CALLED[variable]) if variable in _CALLED else variable


def _response_table(result: Comparison) -> str:
    rows = [
        [r["scenario"], said(result.shocks[r["shock"]]), translate(r["variant"]),
         *(_number(r[k]) for k in ("before", "impact", "after_1_year", "after_2_years", "years_to_settle"))]
        for r in result.response.to_dict("records")
    ]  # fmt: skip
    heads = [say("scenario"), say("shock"), say("model"), say("before it is known"), say("at once"),
             say("after 1 year"), say("after 2 years"), say("years to settle")]  # fmt: skip
    return markdown_table(heads, rows)


def _moments_table(result: Comparison) -> str:
    rows = []
    for source, part in result.moments.groupby("source", sort=False):
        for r in part.to_dict("records"):
            share = r["measure"] in ("volatility", LATE)
            value = "–" if np.isnan(r["value"]) else f"{r['value']:.0%}" if share else f"{r['value']:.2f}"
            rows.append([_source(result, str(source)), translate(r["measure"]), value, translate(r["origin"])])
    return markdown_table([say("source"), say("measure"), say("value"), say("imposed or emerging")], rows)


def _source(result: Comparison, source: str) -> str:
    """Where moments come from: a real market, or a scenario under one of the models."""
    for scenario in map(str, result.paths["scenario"].unique()):
        if source.startswith(f"{scenario} "):
            variant = source.removeprefix(f"{scenario} ").removesuffix(YEARLY)
            told = translate(variant)
            if variant in STRAYING:
                told = say("hybrid, {part}", part=translate(STRAYING[variant]))
            return f"{scenario} {told}" + (say(", yearly") if source.endswith(YEARLY) else "")
    return translate(source)


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:+.2f}" if value < 0 else f"{value:.2f}"


def _caption(result: Comparison) -> str:
    """Who computed a figure, of which economies."""
    told = mark("Source: Tanshi, economy {economies}. Simulated, not observed. Traditional: one equilibrium a year.")
    return say(told, economies=in_a_row(result.economies))


def paths_figure(result: Comparison, scenario: str) -> Figure:
    """Price and covered emissions of one scenario under every model, without a shock."""
    figure, axes = style.panels(
        2,
        say("{scenario}: traditional model and hybrid", scenario=scenario),
        say("without a shock"),
        _caption(result),
        **_PLACE,
    )
    looks = style.looks(list(VARIANTS))
    own = result.paths[(result.paths["scenario"] == scenario) & (result.paths["shock"] == BASE)]
    for axis, (column, label) in zip(
        axes,
        (("price", say("Price, yuan/t CO₂")), ("covered_emissions", say("Covered emissions, Mt/yr"))),
        strict=True,
    ):
        for variant in VARIANTS:
            _draw(axis, own[own["variant"] == variant], column, looks[variant].colour, variant)
        axis.set_title(label, fontsize=10.5, loc="left")
        axis.locator_params(axis="x", integer=True, nbins=6)
    style.legend_of(figure, axes[0])
    return figure


def response_figure(result: Comparison, scenario: str) -> Figure:
    """Difference of the price from the run without the shock, a panel a shock."""
    shocks = [s for s in result.shocks if s != BASE and ((result.paths["shock"] == s) & (
        result.paths["scenario"] == scenario)).any()]  # fmt: skip
    title = say("{scenario}: the price's answer to a mid-year shock", scenario=scenario)
    unit = say("yuan/t CO₂, difference from the run without the shock")
    figure, axes = style.panels(len(shocks), title, unit, _caption(result), **_PLACE)
    looks = style.looks(list(VARIANTS))
    own = result.paths[result.paths["scenario"] == scenario]
    for axis, shock in zip(axes, shocks, strict=True):
        for variant in VARIANTS:
            part = own[own["variant"] == variant].set_index("t")
            change = part[part["shock"] == shock]["price"] - part[part["shock"] == BASE]["price"]
            frame = pd.DataFrame({"t": change.index, "price": change.to_numpy()})
            frame = frame[(frame["t"] > result.when - 2) & (frame["t"] < result.when + 3)]
            _draw(axis, frame, "price", looks[variant].colour, variant)
        axis.locator_params(axis="x", integer=True, nbins=6)
        axis.axvline(result.when, color=style.GREY, linewidth=1.0, linestyle=":")
        axis.text(result.when, 1.0, say(" announced"), transform=axis.get_xaxis_transform(), va="top", fontsize=8,
                  color=style.GREY)  # fmt: skip
        axis.set_title(said(result.shocks[shock]), fontsize=10.5, loc="left")
    style.legend_of(figure, axes[0])
    return figure


def _draw(axis: Axes, part: pd.DataFrame, column: str, colour: str, label: str) -> None:
    t, y = part["t"].to_numpy(float), part[column].to_numpy(float)
    if label == "traditional":  # one value a year, held; the line between mid-years is what it is usually read as
        axis.step(np.append(t, t[-1] + 1), np.append(y, y[-1]), where="post", color=colour, linewidth=1.0)
        axis.plot(
            t + 0.5, y, color=colour, linewidth=1.0, linestyle="--", marker="o", markersize=3.5, label=translate(label)
        )
    else:
        axis.plot(t, y, color=colour, linewidth=1.8, label=translate(label))
