"""Bands over seeds with shocks, moments of the price beside the real market's, and the variance by driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.studies.compare import DAILY
from tanshi.simulator.studies.fans import Fans
from tanshi.simulator.studies.strays import EMERGED, FITTED, STILL
from tanshi.simulator.views.charts import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SOURCE = "Source: Tanshi. Simulated, not observed; drivers estimated from monthly series, beliefs from real markets."
_SHOWN = ("Price|Carbon", "Covered emissions", "Value of covered emissions")
_WORDS = {"Price|Carbon": "Price, yuan/t CO₂", "Covered emissions": "Covered emissions, Mt/yr",
          "Value of covered emissions": "Their value, yi yuan/yr", "GDP": "GDP, yi yuan/yr"}  # fmt: skip
_SHARES = ("volatility",)
ASKED: Mapping[str, tuple[float, float]] = {
    "volatility": (0.18, 0.32), "excess kurtosis": (1.0, np.inf), "autocorrelation of the size of moves": (0.1, np.inf),
}  # fmt: skip
"""Where the mean over seeds of a moment should lie, as real carbon prices have it."""


def write_fans(result: Fans, folder: Path, docs: Path | None = None) -> list[Path]:
    """Write tables, figures and ``fans.md`` into a folder, or where a page is asked for into ``docs``, as a page of it.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    written, pictures = [], ""
    if docs is not None:
        folder, pictures = docs / "fans", "fans/"
    for name in ("bands", "moments", "centre", "variance"):
        table: pd.DataFrame = getattr(result, name)
        if len(table):
            text = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
            written.append(write_file(folder / f"{name}.csv", text.encode()))
    written += style.save(fan_figure(result), folder, "fans")
    if len(result.variance):
        written += style.save(variance_figure(result), folder, "variance")
    written.append(write_file((docs or folder) / "fans.md", words(result, pictures).encode()))
    return written


def words(result: Fans, pictures: str = "") -> str:
    """The study as Markdown; ``pictures`` is where its figures lie, seen from it."""
    seeds = int(result.moments["seeds"].max())
    names = " ".join(str(name) for name in result.bands["scenario"].unique())
    parts = [
        "# Runs with shocks",
        f"Written by `tanshi fans {names} --seeds {seeds}`; edit nothing here.",
        f"{seeds} runs of each with shocks, two and two of one seed and its mirror image; the same run meets the same"
        f" weather in every scenario. {100 * result.halved:.2f} % of periods were redone with a part of their shock"
        " because no equilibrium survived it"
        + (": **more than 1 %, the runs are marked**." if result.halved > 0.01 else "."),
        "## Bands of the last year",
        "Prices are means over the months of the last year; the yearly table of a run weighs its months by volume.",
        _bands_table(result),
        f"![Bands over seeds]({pictures}fans.png)",
        "## Moments of the price",
        "Changes of the log price under the policy, its first year left out; mean over seeds, 5 to 95 % in brackets.",
        _moments_table(result),
        "### Asked and reached",
        "Mean over seeds; **bold** where it falls outside of what real carbon prices ask for.",
        _asked_table(result),
        "Without g drivers stray with a spread that does not change, so that large moves hardly come in groups: what"
        " is missing there is a spread that remembers. With g belief brings what the drivers have not brought of the"
        " spread of real prices, so that the two do not add up; its level is that of the national market, its memory"
        " learnt from all markets together. Wildest are years in which the bank has run out: then the price is what"
        " clears one year alone, and no belief calms it.",
        "## Mean over seeds against the path without shocks",
        "Every second run meets the mirror image of the weather of the one before; ± is the standard error of the mean"
        " over such pairs. Drivers stray about their middle in logarithms, beliefs about a mean of 1, so that what is"
        " left is curvature, above all the economy's own: nobody can bank less than nothing, so that where the bank has"
        " run out a dry or cold year adds more to the price than a mild one takes away (Deaton and Laroque 1992, Review"
        " of Economic Studies 59, 1-23). `middle`: the median, and what the mean of a spread of logarithms of s.d. s"
        " lies above it anyway, exp(s²/2) - 1.",
        _centre_table(result),
    ]
    if len(result.variance):
        parts += [
            "## Who brings the variance",
            "Sobol's indices over the drivers' own draws: the share that a factor brings alone, and with all it acts"
            f" together with; {int(result.variance['runs'].max())} runs. `firms`: their own shocks and bids.",
            _variance_table(result),
            f"![Variance by driver]({pictures}variance.png)",
        ]
    return "\n\n".join(parts) + "\n"


def fan_figure(result: Fans) -> Figure:
    """Price, covered emissions and their value: median and 5-95 % band of each scenario, with g."""
    scenarios = list(result.bands["scenario"].unique())
    figure, axes = style.panels(3, "Bands over seeds with shocks", "median, and 5 to 95 %; dashed: without shocks",
        _SOURCE)  # fmt: skip
    looks = style.looks(scenarios)
    for axis, variable in zip(axes, _SHOWN, strict=True):
        for scenario in scenarios:
            own = result.bands[(result.bands["scenario"] == scenario) & (result.bands["variable"] == variable)]
            colour = looks[scenario].colour
            part, still = own[own["part"] == FITTED], own[own["part"] == STILL]
            axis.fill_between(part["t"], part["low"], part["high"], color=colour, alpha=0.18, linewidth=0)
            axis.plot(part["t"], part["middle"], color=colour, linewidth=1.8, label=scenario)
            axis.plot(still["t"], still["mean"], color=colour, linewidth=1.0, linestyle="--")
        axis.set_title(_WORDS[variable], fontsize=10.5, loc="left")
        axis.set_ylim(bottom=0)
    style.legend_of(figure, axes[0])
    return figure


def variance_figure(result: Fans) -> Figure:
    """Total indices by driver, a panel an output, bars by scenario."""
    outputs = list(result.variance["output"].unique())
    scenarios = list(result.variance["scenario"].unique())
    figure, axes = style.panels(len(outputs), "Who brings the variance", "Sobol's total index, %", _SOURCE,
        left=0.16)  # fmt: skip
    looks = style.looks(scenarios)
    factors = list(result.variance["factor"].unique())
    for column, (axis, output) in enumerate(zip(axes, outputs, strict=True)):
        for number, scenario in enumerate(scenarios):
            own = result.variance[(result.variance["output"] == output) & (result.variance["scenario"] == scenario)]
            height = 0.8 / len(scenarios)
            y = np.arange(len(factors)) + height * (number - (len(scenarios) - 1) / 2)
            axis.barh(
                y, 100 * own["total"].to_numpy(float), height=height, color=looks[scenario].colour, label=scenario
            )
        axis.set_yticks(
            range(len(factors)), [f.replace("_", " ") for f in factors] if column == 0 else [""] * len(factors)
        )
        axis.invert_yaxis()
        axis.set_title(output, fontsize=10, loc="left")
    style.legend_of(figure, axes[0])
    return figure


def _bands_table(result: Fans) -> str:
    rows = []
    for (scenario, part, variable), own in result.bands.groupby(["scenario", "part", "variable"], sort=False):
        last = own[own["t"] >= np.floor(own["t"].max())]
        low, middle, high = (float(last[c].mean()) for c in ("low", "middle", "high"))
        rows.append([str(scenario), str(part), _WORDS[str(variable)], f"{low:,.1f}", f"{middle:,.1f}", f"{high:,.1f}"])
    return _lines(["scenario", "what strays", "", "5 %", "median", "95 %"], rows)


def _moments_table(result: Fans) -> str:
    rows = [["national market, daily closes", "", m, f"{v:.0%}" if m in _SHARES else f"{v:.2f}", "observed"]
            for m, v in DAILY.items()]  # fmt: skip
    for r in result.moments.to_dict("records"):
        share = r["measure"] in _SHARES
        mean, low, high = (f"{r[c]:.0%}" if share else f"{r[c]:.2f}" for c in ("mean", "low", "high"))
        rows.append([r["scenario"], r["part"], r["measure"], f"{mean} [{low}, {high}]", r["origin"]])
    return _lines(["", "what strays", "measure", "value", "fitted or emerged"], rows)


def _asked_table(result: Fans) -> str:
    rows = []
    for r in result.moments.to_dict("records"):
        bounds = ASKED.get(str(r["measure"]))
        if bounds is None or r["part"] == STILL:
            continue
        low, high = bounds
        form = "{:.0%}" if r["measure"] in _SHARES else "{:.2f}"
        asked = f"above {low:g}" if np.isinf(high) else f"{form.format(low)} to {form.format(high)}"
        got = form.format(r["mean"])
        rows.append([r["scenario"], r["part"], r["measure"], asked, got if low <= r["mean"] <= high else f"**{got}**"])
    return _lines(["scenario", "what strays", "measure", "asked", "reached"], rows)


def _centre_table(result: Fans) -> str:
    rows = [[r["scenario"], r["part"], _WORDS[r["variable"]],
             f"{100 * r['shift_all']:+.1f} ± {100 * r['error_all']:.1f} %",
             f"{100 * r['shift']:+.1f} ± {100 * r['error']:.1f} %",
             *(f"{100 * r[c]:+.1f} %" for c in ("median_shift", "curvature"))]
            for r in result.centre.to_dict("records")]  # fmt: skip
    heads = ["scenario", "what strays", "", "mean, all years of the policy", "mean, last year", "middle", "curvature"]
    return _lines(heads, rows)


def _variance_table(result: Fans) -> str:
    rows = [[r["scenario"], r["output"], r["factor"].replace("_", " "), f"{100 * r['first']:.0f}",
             f"{100 * r['total']:.0f}"]
            for r in result.variance.to_dict("records")]  # fmt: skip
    return _lines(["scenario", "output", "factor", "alone, %", "in all, %"], rows)


def short(result: Fans) -> str:
    """What the command prints: the moments, emerged and fitted."""
    told = []
    for scenario, own in result.moments.groupby("scenario", sort=False):
        for part in (STILL, EMERGED, FITTED):
            values = own[own["part"] == part].set_index("measure")["mean"].to_dict()
            told.append(
                f"{scenario}, {part}: volatility {values['volatility']:.1%} a year, excess kurtosis"
                f" {values['excess kurtosis']:.2f}, autocorrelation of the size of moves"
                f" {values['autocorrelation of the size of moves']:.2f}"
            )
    return "\n".join(told)


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "| " + " | ".join(heads) + " |\n|" + "---|" * len(heads)
    return top + "\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows)
