"""What the drift is worth: the page of its skill, with tables and figures, and the series it draws on its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.language import mark, say, translate
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.studies.learning.generate import Generated
from tanshi.simulator.studies.learning.judgement import METHODS, Judgement
from tanshi.simulator.studies.learning.market_scores import by_horizon
from tanshi.simulator.studies.learning.readings import Readings
from tanshi.simulator.studies.learning.real_prices import RealJudgement
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.readings import readings_figure, readings_part
from tanshi.simulator.views.charts.real_prices import method_name, real_figures, real_part, summary
from tanshi.simulator.views.charts.words import markdown_table, weeks_ahead

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("price", "emissions", "output")
_WHAT = {"price": mark("Price"), "emissions": mark("Emissions"), "output": mark("Output")}
_KINDS = {"price": mark("price"), "emissions": mark("emissions"), "output": mark("output")}
_SETS = {"held-out scenarios": mark("held-out scenarios"), "held-out years": mark("held-out years")}
_ALL = {"all": mark("all"), "all, within the year": mark("all, within the year")}
_SOURCE = mark("Source: Tanshi. Simulated weekly markets; the network emulates the simulator, it is no evidence.")
_MONTHLY = mark("Source: Tanshi. Simulated monthly markets; the network emulates the simulator, it is no evidence.")


REAL, EMULATION = "<!-- real carbon markets -->", "<!-- emulation of the simulator -->"
READINGS = "<!-- series as the economy's input -->"
"""Marks in the page: each of its parts can be made anew without the others."""

_TITLE = mark("What the drift is worth")
_HEAD = mark(
    "Written by `tanshi train --evaluate`; edit nothing here. The tables lie in `drift_skill/` as CSV. Errors and"
    " scores are in logarithms: 0.01 is about 1 %."
)


def write_page(
    docs: Path, judged: Judgement | None = None, real: RealJudgement | None = None, read: Readings | None = None
) -> list[Path]:
    """Write ``drift_skill.md`` and, in a folder beside it, its tables and figures.

    A part that is not given stays as it stands in the page.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    folder, page_file = docs / "drift_skill", docs / "drift_skill.md"
    written = []
    tables: dict[str, pd.DataFrame] = {}
    figures: dict[str, Figure] = {}
    if judged is not None:
        tables = {"skill": judged.skill, "bands": judged.bands, "gaps": judged.gaps, "market": judged.market,
                  "loop": judged.loop, "recovery": pd.DataFrame([vars(r) for r in judged.recovery])}  # fmt: skip
        figures = {"skill": skill_figure(judged.skill), "gaps": gap_figure(judged.gaps)}
    if real is not None:
        tables |= {"real_late": by_horizon(real.late), "real_unseen": by_horizon(real.unseen), "perfect": real.perfect}
        figures |= real_figures(real)
    if read is not None:
        tables |= {"readings": read.values, "series": read.series}
        figures["readings"] = readings_figure(read)
    for name, table in tables.items():
        text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        written.append(write_file(folder / f"{name}.csv", text.encode()))
    for name, figure in figures.items():
        written += style.save(figure, folder, name)
    before = page_file.read_text(encoding="utf-8") if page_file.exists() else ""
    written.append(write_file(page_file, page(judged, real, read, before).encode()))
    return written


def page(
    judged: Judgement | None, real: RealJudgement | None = None, read: Readings | None = None, before: str = ""
) -> str:
    """The page as Markdown; every number comes from a judgement, a part without one from the page ``before``."""
    _, _, rest = before.partition(REAL)
    old_real, _, rest = rest.partition(EMULATION)
    old_emulation, _, old_readings = rest.partition(READINGS)
    first = old_real.strip() if real is None else "\n\n".join(
        ["## " + say("In ten lines"), "\n".join(f"- {line}" for line in summary(real)), *real_part(real)])  # fmt: skip
    second = old_emulation.strip() if judged is None else _emulation(judged)
    third = old_readings.strip() if read is None else "\n\n".join(readings_part(read))
    last = f"\n{READINGS}\n\n{third}\n" if third else ""
    return f"# {translate(_TITLE)}\n\n{translate(_HEAD)}\n\n{REAL}\n\n{first}\n\n{EMULATION}\n\n{second}\n{last}"


def _emulation(judged: Judgement) -> str:
    parts = [
        "## " + say("Emulation of the simulator"),
        say(
            "f is trained on the simulator's own paths: it emulates the simulator and is no evidence about a real"
            " market."
        ),
        "\n".join(f"- {line}" for line in findings(judged)),
        say("The evidence supports the drift mode **{mode}** as default.", mode=judged.supported),
        "### " + say("Forecasts of simulated weekly markets"),
        say(
            "Every method starts from the same states, sees nothing of the future but announced policy, and is given"
            " the spread of errors that it made on training runs. Skill is one minus the ratio of mean CRPS"
            " (continuous ranked probability score); brackets hold 90 % block-bootstrap intervals (half-years of"
            " runs). `interpolation` is the traditional model: straight lines between yearly equilibria."
        ),
        *[_skill_part(judged.skill, label) for label in judged.skill["set"].unique()],
        f"![{say('Skill against persistence')}](drift_skill/skill.png)",
        "### " + say("Bands of the ensemble"),
        say(
            "Share of outcomes inside the band. `raw` is from the lowest to the highest of the networks: it shows how"
            " far training leaves them undecided, not how far the market strays. `dressed` adds the errors on training"
            " runs and should hold 80 %."
        ),
        _bands_part(judged.bands),
        "### " + say("Gap before each jump"),
        say(
            "Held-out scenarios run as a whole under each mode (the drift also moves what firms expect). The gap is the"
            " distance, in logarithms, between where the flow ends and what the market and the economy come to;"
            " announcements are left out. Change against no drift, with its 90 % block-bootstrap interval."
        ),
        _gap_part(judged.gaps),
        f"![{say('Gap before each jump')}](drift_skill/gaps.png)",
        "### " + say("In the loop"),
        _loop_part(judged.loop),
        "### " + say("Known dynamics"),
        say(
            "The same kind of network, trained the same way on sampled paths of an equation that is known, judged on"
            " whole paths from initial states it never saw; errors relative to the size of what is learnt."
        ),
        _recovery_part(judged),
        "### " + say("K of the price"),
        _market_part(judged),
    ]
    return "\n\n".join(parts)


def findings(judged: Judgement) -> list[str]:
    """The results in sentences, also those against the network."""
    lines = []
    for label, part in judged.skill.groupby("set", sort=False):
        network = part[part["method"] == "network"]
        for kind in KINDS:
            own = network[network["kind"] == kind]
            better = [int(w) for w, low in zip(own["weeks"], own["against_ou_low"], strict=True) if low > 0]
            worse = [int(w) for w, high in zip(own["weeks"], own["against_ou_high"], strict=True) if high < 0]
            level = [int(w) for w in own["weeks"] if int(w) not in better + worse]
            told = []
            if better:
                told.append(say("beats OU + season at {weeks}", weeks=weeks_ahead(better)))
            if level:
                told.append(say("cannot be told from it at {weeks}", weeks=weeks_ahead(level)))
            if worse:
                told.append(say("**does not beat it, and is worse, at {weeks}**", weeks=weeks_ahead(worse)))
            line = mark("{what}, {where}: the network {told}.")
            lines.append(say(line, what=translate(_WHAT[kind]), where=_set(str(label)), told=say(", ").join(told)))
    for kind in KINDS:
        row = _gap(judged.gaps, "all", kind, "neural")
        verdict = say("not surely different")
        if row["change_high"] < 0 or row["change_low"] > 0:
            verdict = say("smaller") if row["change_high"] < 0 else say("larger")
        line = mark(
            "Gap before a jump, {kind}: {verdict} with the network ({change} [{low}, {high}]); with OU alone {alone}."
        )
        lines.append(
            say(
                line,
                kind=translate(_KINDS[kind]),
                verdict=verdict,
                change=_percent(row["change"]),
                low=_percent(row["change_low"]),
                high=_percent(row["change_high"]),
                alone=_percent(_gap(judged.gaps, "all", kind, "ou")["change"]),
            )
        )
    lost = int(judged.loop["blown_up"].sum())
    lines.append(say("Blow-ups in {runs} closed-loop runs: {lost}.", runs=len(judged.loop), lost=lost))
    return lines


def _set(label: str) -> str:
    """Which scenarios forecasts are about."""
    return translate(_SETS[label]) if label in _SETS else label


def _scenarios(name: str) -> str:
    """A scenario, or words for all of them."""
    return translate(_ALL[name]) if name in _ALL else name


def skill_figure(skill: pd.DataFrame) -> Figure:
    """CRPS skill against persistence by horizon, a panel a kind, for held-out scenarios."""
    own = skill[skill["set"] == skill["set"].iloc[0]]
    figure, axes = style.panels(
        3,
        say("Skill of weekly forecasts on scenarios the network never saw"),
        say("CRPS skill against persistence: above 0 is better, 1 is perfect"),
        translate(_SOURCE),
    )
    shown = [m for m in METHODS if m not in ("persistence", "interpolation")]
    looks = style.looks(shown)
    for axis, kind in zip(axes, KINDS, strict=True):
        for number, method in enumerate(shown):
            part = own[(own["kind"] == kind) & (own["method"] == method)]
            x = np.arange(len(part)) + 0.18 * (number - 1)
            y = part["against_persistence"].to_numpy(float)
            errors = np.abs(np.stack([y - part["against_persistence_low"], part["against_persistence_high"] - y]))
            axis.errorbar(x, y, yerr=errors, fmt=looks[method].marker, color=looks[method].colour, markersize=5,
                          capsize=2.5, linewidth=1.2, label=method_name(method))  # fmt: skip
        axis.axhline(0.0, color=style.GREY, linewidth=0.9)
        axis.set_xticks(range(own["weeks"].nunique()), [str(w) for w in own["weeks"].unique()])
        axis.set_xlabel(say("weeks ahead"), fontsize=9)
        axis.set_title(_WHAT[kind], fontsize=10.5, loc="left")
    style.legend_of(figure, axes[0])
    return figure


def gap_figure(gaps: pd.DataFrame) -> Figure:
    """Change of the gap against no drift, by scenario, a panel a kind."""
    figure, axes = style.panels(
        3,
        say("Gap before each jump, against no drift"),
        say("% change of the mean gap, 90 % interval"),
        translate(_MONTHLY),
        left=0.29,
    )
    names = [n for n in gaps["scenario"].unique() if not n.startswith("all")] + ["all, within the year", "all"]
    looks = style.looks(["none", "ou", "neural"])
    for column, (axis, kind) in enumerate(zip(axes, KINDS, strict=True)):
        for number, mode in enumerate(("ou", "neural")):
            rows = [_gap(gaps, n, kind, mode) for n in names]
            y = np.arange(len(names)) + 0.2 * (number - 0.5)
            middle = np.array([100 * r["change"] for r in rows])
            errors = np.abs(np.array([[100 * r["change_low"], 100 * r["change_high"]] for r in rows]).T - middle)
            label = say("mean reversion (ou)") if mode == "ou" else say("with the network (neural)")
            axis.errorbar(middle, y, xerr=errors, fmt=looks[mode].marker, color=looks[mode].colour, markersize=5,
                          capsize=2.5, linewidth=1.2, label=label)  # fmt: skip
        axis.axvline(0.0, color=style.GREY, linewidth=0.9)
        axis.set_yticks(range(len(names)), [_scenarios(n) if column == 0 else "" for n in names], fontsize=8.5)
        axis.invert_yaxis()
        axis.set_title(_WHAT[kind], fontsize=10.5, loc="left")
    style.legend_of(figure, axes[0])
    return figure


def generated_figure(drawn: Generated) -> Figure:
    """Price and covered emissions of every scenario and start, with bands."""
    scenarios = list(drawn.table["scenario"].unique())
    title = say("Series drawn from the network alone")
    unit = say(
        "band: 5 to 95 % of {members} networks with {draws} noisy paths each; line: median",
        members=drawn.members,
        draws=drawn.draws,
    )
    source = say("Source: Tanshi, the network about each scenario's reference path. Nothing is cleared, nobody trades.")
    figure, axes = style.panels(2, title, unit, source)
    looks = style.looks(scenarios)
    starts = list(drawn.table["start"].unique())
    named = (
        ("Price|Carbon", "", say("Price, yuan/t CO₂")),
        ("Emissions|CO2", "all covered", say("Covered emissions, Mt/yr")),
    )
    for axis, (variable, sector, label) in zip(axes, named, strict=True):
        for depth, scenario in enumerate(scenarios):  # thinner on top, so that equal lines both show
            for start in starts:
                t = drawn.table
                part = t[(t["scenario"] == scenario) & (t["start"] == start) & (t["variable"] == variable)]
                part = part[part["sector"] == sector]
                colour = looks[scenario].colour
                main = start == starts[len(starts) // 2]
                if main:
                    axis.fill_between(part["t"], part["low"], part["high"], color=colour, alpha=0.18, linewidth=0)
                width = max(4.2 - 1.2 * depth, 1.4) if main else 0.9
                axis.plot(part["t"], part["middle"], color=colour, linewidth=width,
                          linestyle="-" if main else "--", label=scenario if main else None)  # fmt: skip
        axis.set_title(label, fontsize=10.5, loc="left")
        axis.set_ylim(bottom=0)
    handles, labels = axes[0].get_legend_handles_labels()
    told = [
        say("{name} (dashed: other initial prices)", name=name) if n == 0 else name for n, name in enumerate(labels)
    ]
    figure.legend(handles, told, loc="lower left", bbox_to_anchor=(0.06, 0.05), ncols=len(told), frameon=False,
                  fontsize=9)  # fmt: skip
    return figure


def write_generated(drawn: Generated, folder: Path) -> list[Path]:
    """Write ``trajectories.csv`` and its figure."""
    text = drawn.table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return [write_file(folder / "trajectories.csv", text.encode()),
            *style.save(generated_figure(drawn), folder, "trajectories")]  # fmt: skip


# -- parts ---------------------------------------------------------------------------------------------------


def _skill_part(skill: pd.DataFrame, label: str) -> str:
    own = skill[skill["set"] == label]
    rows = []
    for (kind, weeks), part in own.groupby(["kind", "weeks"], sort=False):
        best = part["method"].iloc[int(part["crps"].argmin())]
        for row in part.to_dict("records"):
            against = "–" if row["method"] == "persistence" else _interval(row, "against_persistence")
            ou = "–" if row["method"] == "OU + season" else _interval(row, "against_ou")
            name = method_name(str(row["method"]))
            name = f"**{name}**" if row["method"] == best else name
            rows.append(
                [
                    translate(_KINDS[str(kind)]),
                    str(weeks),
                    name,
                    f"{row['rmse']:.4f}",
                    f"{row['crps']:.4f}",
                    against,
                    ou,
                ]
            )
    heads = ["", say("weeks"), say("method"), "RMSE", "CRPS", say("skill against persistence"),
             say("skill against OU + season")]  # fmt: skip
    told = say("Up to {count} forecasts each. Bold: the lowest CRPS.", count=int(own["forecasts"].max()))
    return f"#### {_set(label).capitalize()}\n\n{told}\n\n{markdown_table(heads, rows)}"


def _gap_part(gaps: pd.DataFrame) -> str:
    rows = []
    for row in gaps.to_dict("records"):
        change = "–" if row["mode"] == "none" else _interval(row, "change")
        rows.append(
            [
                _scenarios(row["scenario"]),
                translate(_KINDS[row["kind"]]),
                row["mode"],
                str(row["jumps"]),
                f"{row['gap']:.4f}",
                change,
            ]
        )
    return markdown_table([say("scenario"), "", say("mode"), say("jumps"), say("mean gap"), say("change")], rows)


def _loop_part(loop: pd.DataFrame) -> str:
    neural = loop[loop["mode"] == "neural"]
    share = neural["switched_off"].sum() / max(int(neural["evaluated"].sum()), 1)
    return say(
        "Of {answers} answers asked of the networks in {runs} runs, {share:.1%} lay outside the trained range and were"
        " left to mean reversion. Blow-ups: {lost}; meetings with a price bound: {hits}.",
        answers=int(neural["evaluated"].sum()),
        runs=len(neural),
        share=share,
        lost=int(neural["blown_up"].sum()),
        hits=int(neural["collar_hits"].sum()),
    )


def _recovery_part(judged: Judgement) -> str:
    rows = []
    for r in judged.recovery:
        told = "–"
        if not np.isnan(r.parameter):
            told = say("K = {found:.2f} (true {true:g})", found=r.estimate, true=r.parameter)
        rows.append([translate(r.system), f"{r.slope_error:.1%}", f"{r.path_error:.1%}", told])
    return markdown_table(
        [say("system"), say("error of the slope"), say("error of whole paths"), say("read off")], rows
    )


def _market_part(judged: Judgement) -> str:
    fit = judged.fit
    rows = [
        [method_name(r["method"]), str(r["months"]), str(r["forecasts"]), f"{r['rmse']:.4f}", f"{r['crps']:.4f}",
         "–" if r["method"] == "persistence" else f"{r['against_persistence']:+.2f}"]
        for r in judged.market.to_dict("records")
    ]  # fmt: skip
    better = judged.market[(judged.market["method"] != "persistence") & (judged.market["against_persistence"] > 0)]
    verdict = say("None of them beats persistence at any horizon.")
    if not better.empty:
        pairs = zip(better["method"], better["months"], strict=True)
        found = say(", ").join(say("{method} at {months} months", method=method_name(m), months=h) for m, h in pairs)
        verdict = say("Better than persistence: {found}; with so few forecasts that is no proof.", found=found)
    told = mark(
        "{count} monthly closes cannot tell mean reversion from a random walk: K = {rate:.2f} a year, 90 % interval"
        " {low:.2f} to {high:.2f} (half-life {half:.1f} years). Rolling forecasts, each fitted on the past alone:"
    )
    if fit.no_reversion_rejected:
        told = mark(
            "{count} monthly closes can tell mean reversion from a random walk: K = {rate:.2f} a year, 90 % interval"
            " {low:.2f} to {high:.2f} (half-life {half:.1f} years). Rolling forecasts, each fitted on the past alone:"
        )
    low, high = fit.rate_interval
    words = say(told, count=fit.observations, rate=fit.rate, low=low, high=high, half=np.log(2) / fit.rate)
    heads = [say("method"), say("months"), say("forecasts"), "RMSE", "CRPS", say("skill (RMSE) against persistence")]
    return f"{words}\n\n{markdown_table(heads, rows)}\n\n{verdict}"


def _bands_part(bands: pd.DataFrame) -> str:
    rows = [[translate(_KINDS[r["kind"]]), f"{r['weeks']:d}", f"{r['raw']:.0%}", f"{r['dressed']:.0%}"]
            for r in bands.to_dict("records")]  # fmt: skip
    return markdown_table([say("kind"), say("weeks"), say("raw"), say("dressed")], rows)


def _interval(row: Mapping[object, object] | Mapping[str, object], name: str) -> str:
    values: Mapping[str, float] = {str(k): v for k, v in row.items() if isinstance(v, float)}
    return f"{values[name]:+.2f} [{values[f'{name}_low']:+.2f}, {values[f'{name}_high']:+.2f}]"


def _gap(gaps: pd.DataFrame, scenario: str, kind: str, mode: str) -> pd.Series[float]:
    row = gaps[(gaps["scenario"] == scenario) & (gaps["kind"] == kind) & (gaps["mode"] == mode)]
    return row.iloc[0]


def _percent(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−") + " %"
