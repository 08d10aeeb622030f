"""Bands over seeds with shocks, moments of the price beside the real market's, and the variance by driver."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tanshi.language import mark, say, translate
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.studies.compare import DAILY
from tanshi.simulator.studies.fans import Fans
from tanshi.simulator.studies.straying.answers import BANK, LASTING, NO_BANK, SHOWN
from tanshi.simulator.studies.straying.parts import EMERGED, FITTED, STILL
from tanshi.simulator.studies.straying.reasons import ALL, SEASON, bend_and_curvature
from tanshi.simulator.studies.straying.reasons import LASTING as ALL_LASTING
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.words import markdown_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SOURCE = mark(
    "Source: Tanshi. Simulated, not observed; drivers estimated from monthly series, beliefs from real markets."
)
_SHOWN = ("Price|Carbon", "Covered emissions", "Value of covered emissions")
_WORDS = {
    "Price|Carbon": mark("Price, yuan/t CO₂"),
    "Covered emissions": mark("Covered emissions, Mt/yr"),
    "Value of covered emissions": mark("Their value, yi yuan/yr"),
    "GDP": mark("GDP, billion yuan/yr"),
}
_FACTORS = {
    "fuel_price": mark("fuel price"),
    "power_demand": mark("power demand"),
    "steel_demand": mark("steel demand"),
    "cement_demand": mark("cement demand"),
    "productivity": mark("productivity"),
    "availability": mark("availability"),
    "cap_news": mark("cap news"),
    "belief": mark("belief"),
    "firms": mark("firms"),
}
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
    tables = {name: getattr(result, name) for name in ("bands", "moments", "centre", "reasons", "answers")}
    for name, table in {**tables, "indices": result.variance}.items():  # each picture has a table of its own name
        if len(table):
            text = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
            written.append(write_file(folder / f"{name}.csv", text.encode()))
    written += style.save(fan_figure(result), folder, "fans")
    if len(result.variance):
        written += style.save(variance_figure(result), folder, "variance")
    written.append(write_file((docs or folder) / "fans.md", words(result, pictures).encode()))
    return written


def _command(result: Fans, seeds: int) -> str:
    """What was asked for."""
    words = ["tanshi fans", *map(str, result.bands["scenario"].unique()), f"--seeds {seeds}"]
    if len(result.reasons):
        words.append(f"--reason {int(result.reasons['runs'].max()) // 2}")
    if len(result.variance):
        words.append(f"--variance {int(result.variance['runs'].max()) // (result.variance['factor'].nunique() + 2)}")
    return " ".join(words)


def words(result: Fans, pictures: str = "") -> str:
    """The study as Markdown; ``pictures`` is where its figures lie, seen from it."""
    seeds = int(result.moments["seeds"].max())
    told = mark(
        "{seeds} runs of each with shocks, two and two of one seed and its mirror image; the same run meets the same"
        " weather in every scenario. {halved:.2f} % of periods were redone with a part of their shock because no"
        " equilibrium survived it."
    )
    if result.halved > 0.01:
        told = mark(
            "{seeds} runs of each with shocks, two and two of one seed and its mirror image; the same run meets the"
            " same weather in every scenario. {halved:.2f} % of periods were redone with a part of their shock because"
            " no equilibrium survived it: **more than 1 %, the runs are marked**."
        )
    parts = [
        "# " + say("Runs with shocks"),
        say("Written by `{command}`; edit nothing here.", command=_command(result, seeds)),
        say(told, seeds=seeds, halved=100 * result.halved),
        "## " + say("Bands of the last year"),
        say(
            "Prices are means over the months of the last year; the yearly table of a run weighs its months by volume."
        ),
        _bands_table(result),
        f"![{say('Bands over seeds')}]({pictures}fans.png)",
        "## " + say("Moments of the price"),
        say(
            "Changes of the log price under the policy, its first year left out; mean over seeds, 5 to 95 % in"
            " brackets."
        ),
        _moments_table(result),
        "### " + say("Asked and reached"),
        say("Mean over seeds; **bold** where it falls outside of what real carbon prices ask for."),
        _asked_table(result),
        say(
            "Without g drivers stray with a spread that does not change, so that large moves hardly come in groups:"
            " what is missing there is a spread that remembers, in all drivers and not in the price of coal alone,"
            " whose series has one (see What strays, on the guide's page of the model). With g belief brings what the"
            " drivers have not brought of the spread of real prices, week by week; its level is that of the national"
            " market, its memory learnt from all markets together. Wildest are years in which the bank has run out:"
            " then the price is what clears one year alone, and no belief calms it."
        ),
        "## " + say("Mean over seeds against the path without shocks"),
        say(
            "Every second run meets the mirror image of the weather of the one before; ± is the standard error of the"
            " mean over such pairs. Drivers stray about their middle in logarithms, beliefs about a mean of 1, so that"
            " what is left answers to both sides unalike: logarithms that stray about a middle, and a bank that nobody"
            " can hold less than nothing of (Deaton and Laroque 1992, Review of Economic Studies 59, 1-23). `middle`:"
            " the median, and what the mean of a spread of logarithms of s.d. s lies above it anyway, exp(s²/2) - 1."
        ),
        _centre_table(result),
    ]
    if len(result.reasons):
        parts += ["### " + say("Why it lies there"), *_why(result)]
    if len(result.answers):
        parts += ["### " + say("Why the price of coal lifts it"), *_shape(result)]
    if len(result.variance):
        parts += [
            "## " + say("Who brings the variance"),
            say(
                "Sobol's indices over the drivers' own draws: the share that a factor brings alone, and with all it"
                " acts together with; {runs} runs a scenario, in brackets 90 % intervals over samples drawn from"
                " them. `firms`: their own shocks and bids; `belief`: what g moves.",
                runs=int(result.variance["runs"].max()),
            ),
            _variance_table(result),
            f"![{say('Variance by driver')}]({pictures}variance.png)",
        ]
    return "\n\n".join(parts) + "\n"


def fan_figure(result: Fans) -> Figure:
    """Price, covered emissions and their value: median and 5-95 % band of each scenario, with g."""
    scenarios = list(result.bands["scenario"].unique())
    unit = say("median, and 5 to 95 %; dashed: without shocks")
    figure, axes = style.panels(3, say("Bands over seeds with shocks"), unit, translate(_SOURCE))
    looks = style.looks(scenarios)
    for axis, variable in zip(axes, _SHOWN, strict=True):
        for scenario in scenarios:
            own = result.bands[(result.bands["scenario"] == scenario) & (result.bands["variable"] == variable)]
            colour = looks[scenario].colour
            part, still = own[own["part"] == FITTED], own[own["part"] == STILL]
            axis.fill_between(part["t"], part["low"], part["high"], color=colour, alpha=0.18, linewidth=0)
            axis.plot(part["t"], part["middle"], color=colour, linewidth=1.8, label=scenario)
            axis.plot(still["t"], still["mean"], color=colour, linewidth=1.0, linestyle="--")
        axis.set_title(translate(_WORDS[variable]), fontsize=10.5, loc="left")
        axis.set_ylim(bottom=0)
    style.legend_of(figure, axes[0])
    return figure


def variance_figure(result: Fans) -> Figure:
    """Total indices by driver, a panel an output, bars by scenario."""
    outputs = list(result.variance["output"].unique())
    scenarios = list(result.variance["scenario"].unique())
    title, unit = say("Who brings the variance"), say("Sobol's total index, %, and its 90 % interval")
    figure, axes = style.panels(len(outputs), title, unit, translate(_SOURCE), left=0.16)
    looks = style.looks(scenarios)
    factors = list(result.variance["factor"].unique())
    for column, (axis, output) in enumerate(zip(axes, outputs, strict=True)):
        for number, scenario in enumerate(scenarios):
            own = result.variance[(result.variance["output"] == output) & (result.variance["scenario"] == scenario)]
            height = 0.8 / len(scenarios)
            y = np.arange(len(factors)) + height * (number - (len(scenarios) - 1) / 2)
            total, low, high = (100 * own[name].to_numpy(float) for name in ("total", "total_low", "total_high"))
            axis.barh(y, total, height=height, color=looks[scenario].colour, label=scenario)
            axis.hlines(y, low, high, color=style.GREY, linewidth=1.2)
        axis.set_yticks(range(len(factors)), [_factor(f) if column == 0 else "" for f in factors])
        axis.invert_yaxis()
        axis.set_title(translate(output), fontsize=10, loc="left")
    style.legend_of(figure, axes[0])
    return figure


def _factor(name: str) -> str:
    """What brings variance, in words."""
    return translate(_FACTORS[name])


def _bands_table(result: Fans) -> str:
    rows = []
    for (scenario, part, variable), own in result.bands.groupby(["scenario", "part", "variable"], sort=False):
        last = own[own["t"] >= np.floor(own["t"].max())]
        low, middle, high = (float(last[c].mean()) for c in ("low", "middle", "high"))
        numbers = (f"{value:,.1f}" for value in (low, middle, high))
        rows.append([str(scenario), translate(str(part)), translate(_WORDS[str(variable)]), *numbers])
    return markdown_table([say("scenario"), say("what strays"), "", "5 %", say("median"), "95 %"], rows)


def _moments_table(result: Fans) -> str:
    market, seen = say("national market, daily closes"), say("observed")
    rows = [[market, "", translate(m), f"{v:.0%}" if m in _SHARES else f"{v:.2f}", seen] for m, v in DAILY.items()]
    for r in result.moments.to_dict("records"):
        share = r["measure"] in _SHARES
        mean, low, high = (f"{r[c]:.0%}" if share else f"{r[c]:.2f}" for c in ("mean", "low", "high"))
        words = [translate(r[c]) for c in ("part", "measure")]
        rows.append([r["scenario"], *words, f"{mean} [{low}, {high}]", translate(r["origin"])])
    return markdown_table(["", say("what strays"), say("measure"), say("value"), say("fitted or emerged")], rows)


def _asked_table(result: Fans) -> str:
    rows = []
    for r in result.moments.to_dict("records"):
        bounds = ASKED.get(str(r["measure"]))
        if bounds is None or r["part"] == STILL:
            continue
        low, high = bounds
        form = "{:.0%}" if r["measure"] in _SHARES else "{:.2f}"
        asked = say("{low} to {high}", low=form.format(low), high=form.format(high))
        if np.isinf(high):
            asked = say("above {low:g}", low=low)
        got = form.format(r["mean"])
        words = [translate(r[c]) for c in ("part", "measure")]
        rows.append([r["scenario"], *words, asked, got if low <= r["mean"] <= high else f"**{got}**"])
    return markdown_table([say("scenario"), say("what strays"), say("measure"), say("asked"), say("reached")], rows)


def _centre_table(result: Fans) -> str:
    rows = [[r["scenario"], translate(r["part"]), translate(_WORDS[r["variable"]]),
             _with_error(r["shift_all"], r["error_all"]), _with_error(r["shift"], r["error"]),
             *(f"{100 * r[c]:+.1f} %" for c in ("median_shift", "curvature"))]
            for r in result.centre.to_dict("records")]  # fmt: skip
    heads = [say("scenario"), say("what strays"), "", say("mean, all years of the policy"), say("mean, last year"),
             say("middle"), say("curvature")]  # fmt: skip
    return markdown_table(heads, rows)


def _with_error(share: float, error: float) -> str:
    """A share and its standard error, %; of a single pair of runs no error can be told."""
    return f"{100 * share:+.1f} ± {100 * error:.1f} %" if np.isfinite(error) else f"{100 * share:+.1f} %"


def _why(result: Fans) -> list[str]:
    """The counterfactual runs of each scenario, and what they say."""
    table = result.reasons
    rows = [[r["scenario"], translate(_FACTORS.get(r["what"], r["what"])),
             _with_error(r["shift"], r["error"]), f"{100 * r['run_out']:.0f} %", f"{r['runs']:.0f}"]
            for r in table.to_dict("records")]  # fmt: skip
    told = []
    for scenario, own in table.groupby("scenario", sort=False):
        bend, curved = (100 * part for part in bend_and_curvature(own))
        shift = dict(zip(own["what"].astype(str), 100 * own["shift"].to_numpy(float), strict=True))
        told.append(
            say(
                "{scenario}: of {whole:+.1f} % the season alone brings {season:+.1f}; of the rest {bend:+.1f} goes with"
                " the size of shocks, as a bend does, and {curved:+.1f} with its square, as curvature does. Where firms"
                " bring along a bank that lasts {lasting:+.1f} % is left.",
                scenario=scenario,
                whole=shift[ALL],
                season=shift[SEASON],
                bend=bend,
                curved=curved,
                lasting=shift[ALL_LASTING],
            )
        )
    heads = [say("scenario"), say("what strays"), say("price, all years"), say("bank run out"), say("runs")]
    return [
        say(
            "The same weather in worlds that differ in one thing, without g: the mean of the price under the policy"
            " over that of the same world without shocks, and how often the plan leaves nothing in the bank at the"
            " year's end."
        ),
        " ".join(told),
        markdown_table(heads, rows),
    ]


def _shape(result: Fans) -> list[str]:
    """How the price answers coal, and what the shape of its answer adds to the mean."""
    told = []
    for scenario, own in result.answers.groupby("scenario", sort=False):
        shape = dict(zip(own["world"].astype(str), 100 * own["shape"].to_numpy(float), strict=True))
        told.append(
            say(
                "{scenario}: {alone:+.1f} % where every year clears by itself, {bank:+.1f} % with its bank,"
                " {lasting:+.1f} % with a bank that lasts.",
                scenario=scenario,
                alone=shape[NO_BANK],
                bank=shape[BANK],
                lasting=shape[LASTING],
            )
        )
    rows = [[r["scenario"], translate(r["world"]), *(f"{100 * r[c]:+.1f} %" for c in ("down", "up", "both", "shape"))]
            for r in result.answers.to_dict("records")]  # fmt: skip
    cheap, dear = (f"{100 * abs(np.expm1(level)):.0f}" for level in (-SHOWN, SHOWN))
    heads = [say("scenario"), say("allowances"), say("coal {cheap} % cheaper", cheap=cheap),
             say("{dear} % dearer", dear=dear), say("mean of both"),
             say("mean over the law of coal's price")]  # fmt: skip
    return [
        say(
            "The price of coal strays for years, and dear coal makes a cap cheap, since coal and allowance are paid"
            " together for every tonne burnt. Here it is held at one level from the policy's"
            " first year on, in the economy alone, without firms: what the price under the policy does then, and its"
            " mean over the law by which the price of coal strays, over its price at the middle. No draw is in it: it"
            " is the shape of the answer alone."
        ),
        " ".join(told),
        say(
            "A bank bends the answer. Allowances that dear coal leaves over are kept, and what they are worth later"
            " holds their price up now; those that cheap coal leaves short nobody can borrow from later years. Where"
            " the bank lasts on both sides one price is spread over all years, and it falls by shares where it rises"
            " by shares: that is curvature."
        ),
        markdown_table(heads, rows),
    ]


def _variance_table(result: Fans) -> str:
    def told(r: Mapping[Hashable, float], name: str) -> str:
        return f"{100 * r[name]:.0f} [{100 * r[name + '_low']:.0f}, {100 * r[name + '_high']:.0f}]"

    rows = [[r["scenario"], translate(r["output"]), _factor(r["factor"]), told(r, "first"), told(r, "total")]
            for r in result.variance.to_dict("records")]  # fmt: skip
    return markdown_table([say("scenario"), say("output"), say("factor"), say("alone, %"), say("in all, %")], rows)


def short(result: Fans) -> str:
    """What the command prints: the moments, emerged and fitted."""
    told = []
    for scenario, own in result.moments.groupby("scenario", sort=False):
        for part in (STILL, EMERGED, FITTED):
            values = own[own["part"] == part].set_index("measure")["mean"].to_dict()
            told.append(
                say(
                    "{scenario}, {part}: volatility {volatility:.1%} a year, excess kurtosis {kurtosis:.2f},"
                    " autocorrelation of the size of moves {clustering:.2f}",
                    scenario=scenario,
                    part=translate(part),
                    volatility=values["volatility"],
                    kurtosis=values["excess kurtosis"],
                    clustering=values["autocorrelation of the size of moves"],
                )
            )
    return "\n".join(told)
