"""The first part of the page of the drift's skill: forecasts of real carbon prices, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.language import mark, say, translate
from tanshi.simulator.studies.learning.market_scores import Skill, by_horizon, skill
from tanshi.simulator.studies.learning.real_prices import METHODS, MIXTURE, PLAIN, RealJudgement
from tanshi.simulator.studies.learning.rolling import HORIZONS
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.words import markdown_table, weeks_ahead

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tanshi.simulator.drift.state import Array

TARGETS: Mapping[str, tuple[tuple[float, float] | float | None, ...]] = {
    "held": ((76, 84), (76, 84), (74, 85), (68, 91)),
    "persistence": (6.0, 5.0, 3.5, 3.0),
    "garch": (1.0, 1.0, 1.0, -2.0),
    "logs": (0.05, 0.08, 0.08, None),
    "unseen": (2.5, 1.5, 0.0, 0.0),
    "unseen held": ((72, 84), (72, 84), (70, 86), (65, 91)),
}
"""What the shipped forecast was asked to reach, set before it was made, at 1, 4, 13 and 52 weeks."""

LOWER_BOUNDS = (4.0, 3.0, 1.0, 0.0)
"""And the lower ends of the 90 % intervals of its skill against persistence, %."""

_SOURCE = mark("Source: Tanshi. Nine weekly carbon markets, closes 2005 to 2026; last 30 % of each.")


METHOD_NAMES = {
    "persistence": mark("persistence"), "network": mark("network"), "recursion": mark("recursion"),
    "OU + season": mark("OU + season"), "interpolation": mark("interpolation"), PLAIN: mark("mixture without network"),
    MIXTURE: mark("mixture (shipped)"),
}  # fmt: skip
"""Methods whose names are words."""


def method_name(method: str) -> str:
    """What a method of forecasting is called."""
    return translate(METHOD_NAMES[method]) if method in METHOD_NAMES else method


def of(rows: pd.DataFrame, method: str) -> pd.DataFrame:
    """One method's forecasts."""
    return rows[rows["method"] == method]


def summary(judged: RealJudgement) -> list[str]:
    """What the network is worth, in sentences that follow from the numbers."""
    against = skill(of(judged.late, MIXTURE), of(judged.late, "persistence"))
    alone = skill(of(judged.late, "network"), of(judged.late, "persistence"))
    added = skill(of(judged.late, MIXTURE), of(judged.late, PLAIN))
    added_log = skill(of(judged.late, MIXTURE), of(judged.late, PLAIN), "logs")
    new = skill(of(judged.unseen, MIXTURE), of(judged.unseen, "persistence"))
    new_added = skill(of(judged.unseen, MIXTURE), of(judged.unseen, PLAIN))
    directed = skill(of(judged.late, "OU"), of(judged.late, "persistence"))
    held = _held(judged.late, "in80")
    sure = [h for h, s in added.items() if s.low > 0]
    verdict = say("at no horizon more than chance could explain")
    if sure:
        verdict = say("surely more than nothing at {weeks}", weeks=weeks_ahead(sure))
    return [
        say(
            "Nobody forecasts where a carbon price goes. What can be forecast is how far it may stray: spread and"
            " tails."
        ),
        say(
            "The shipped forecast is an equal mixture of persistence, GARCH-t, a pooled recursion and the network g."
            " Against persistence it gains {gains} % of CRPS at 1, 4, 13, 52 weeks.",
            gains=_list(100 * against[h].gain for h in HORIZONS),
        ),
        say(
            "Its 80 % bands held {held} % of what came (a perfect model: {ranges}).",
            held=_list(100 * held[h] for h in HORIZONS),
            ranges=_ranges(judged.perfect),
        ),
        say(
            "What the network adds to the mixture of the other three: {gains} % of CRPS, {verdict}; {nats} nats of log"
            " score.",
            gains=_list((100 * added[h].gain for h in HORIZONS), 1),
            verdict=verdict,
            nats=_list((added_log[h].gain for h in HORIZONS), 3),
        ),
        say(
            "Alone the network gains {gains} % over persistence.",
            gains=_list(100 * alone[h].gain for h in HORIZONS),
        ),
        say(
            "On markets that nothing was fitted on, the mixture gains {gains} % over the market's own persistence; the"
            " network's part of that is {part} %.",
            gains=_list(100 * new[h].gain for h in HORIZONS),
            part=_list((100 * new_added[h].gain for h in HORIZONS), 1),
        ),
        say(
            "A forecast that claims a direction loses: mean reversion to the past's mean costs {costs} % of CRPS.",
            costs=_list(-100 * directed[h].gain for h in HORIZONS),
        ),
        say(
            "Learnt from real prices: g (spread, tails, still weeks) and nothing else. Learnt from the simulator: f,"
            " below; it emulates and is no evidence."
        ),
        say("More than about 8 % over persistence would mean that a forecast has seen its future."),
        say(
            "A year ahead nearly every band is right for the wrong reason: few independent years exist, and the range"
            " of what a perfect model would show is wide."
        ),
    ]


def real_part(judged: RealJudgement) -> list[str]:
    """Paragraphs, tables and pictures of the page."""
    return [
        "## " + say("Real carbon markets"),
        say(
            "Nine weekly markets (EU, New Zealand, China and six of its pilots). Origins every four weeks over the"
            " last 30 % of each, forecasts 1, 4, 13 and 52 weeks ahead, made from that market's past and from pooled"
            " weights that saw no later week of any market. The target is the last close of a window of 1, 2, 4, 8"
            " weeks. Nothing is filtered but the EU's first phase. Scores are of log prices; every market counts the"
            " same; brackets hold 90 % intervals of a paired bootstrap over blocks of calendar time (a quarter, or the"
            " horizon if longer). `OU`, `AR(1)`, `EWMA` and `GARCH-t` (library arch) are fitted on each market's own"
            " past, anew at every origin."
        ),
        "### " + say("Asked and reached"),
        _target_table(judged),
        say(
            "What limits it: a year ahead the pooled spread is wider than what these markets did in their last years,"
            " while GARCH fitted on each market's own calm years was narrower, and right this once: on the markets"
            " never fitted it is the other way round. Chance alone moves the comparison at one week by two points"
            " either way."
        ),
        "### " + say("All methods, last 30 %"),
        _score_table(judged.late),
        f"![{say('Skill on real prices')}](drift_skill/real_skill.png)",
        "### " + say("What a perfect model would show"),
        say(
            "Random walks on the same weeks, forecast by the truth: share of outcomes that its bands hold, 5th to 95th"
            " percentile over 400 histories. Outside this range a method is wrong, inside it cannot be told from right."
        ),
        _perfect_table(judged),
        f"![{say('Where outcomes fell')}](drift_skill/real_pit.png)",
        "### " + say("Markets that nothing was fitted on"),
        say(
            "Each market in turn is left out; recursion and network are fitted on the other eight, three years apart,"
            " before the week of the forecast; origins from the market's second year and 2016 on. Persistence and"
            " GARCH-t know the market's own past."
        ),
        _score_table(judged.unseen),
        "### " + say("Market by market"),
        say("CRPS of the shipped mixture over that of persistence: below 1 is better."),
        _market_table(judged.late),
        say(
            "How it was made: the half-lives of the memory, the largest weekly surprise, the length of training and"
            " the weight decay were chosen on origins between 40 and 70 % of each market; the part of a surprise that"
            " thin markets take back, and weeks without trade, came in after a first look at the last 30 %. The"
            " markets left out are the check."
        ),
    ]


def real_figures(judged: RealJudgement) -> dict[str, Figure]:
    """Figures by name."""
    return {"real_skill": skill_figure(judged), "real_pit": pit_figure(judged)}


def skill_figure(judged: RealJudgement) -> Figure:
    """CRPS skill against persistence by horizon: late years, and markets never fitted."""
    figure, axes = style.panels(2, say("Skill of forecasts of real carbon prices"),
        say("gain of CRPS over persistence, %, with 90 % intervals"), translate(_SOURCE))  # fmt: skip
    shown = ["GARCH-t", "recursion", "network", PLAIN, MIXTURE]
    looks = style.looks(shown)
    titles = (say("last 30 % of each market"), say("markets never fitted, from their second year"))
    for axis, rows, title in zip(axes, (judged.late, judged.unseen), titles, strict=True):
        for number, method in enumerate(shown):
            found = skill(of(rows, method), of(rows, "persistence"))
            y, low, high = (100 * np.array([getattr(found[h], f) for h in HORIZONS]) for f in ("gain", "low", "high"))
            x = np.arange(len(HORIZONS)) + 0.14 * (number - 2)
            axis.errorbar(x, y, yerr=np.abs(np.stack([y - low, high - y])), fmt=looks[method].marker,
                color=looks[method].colour, markersize=5, capsize=2.5, linewidth=1.2,
                label=method_name(method))  # fmt: skip
        axis.axhline(0.0, color=style.GREY, linewidth=0.9)
        axis.set_xticks(range(len(HORIZONS)), [str(h) for h in HORIZONS])
        axis.set_xlabel(say("weeks ahead"), fontsize=9)
        axis.set_title(title, fontsize=10.5, loc="left")
    style.legend_of(figure, axes[0])
    return figure


def pit_figure(judged: RealJudgement) -> Figure:
    """Histograms of the probability integral transform, a panel a horizon."""
    figure, axes = style.panels(4, say("Where outcomes fell in the shipped forecast"),
        say("share of outcomes by tenth of the forecast's distribution, %; a perfect model is level"),
        translate(_SOURCE))  # fmt: skip
    rows = of(judged.late, MIXTURE)
    plain = of(judged.late, "GARCH-t")
    edges = np.linspace(0, 1, 11)
    for axis, weeks in zip(axes, HORIZONS, strict=True):
        share = _pit(rows, weeks)
        axis.bar(edges[:-1] + 0.05, 100 * share, width=0.085, color=style.PALETTE[1], label=say("mixture (shipped)"))
        axis.step(edges, 100 * np.r_[_pit(plain, weeks), _pit(plain, weeks)[-1]], where="post", color=style.PALETTE[4],
            linewidth=1.2, label=say("GARCH-t alone"))  # fmt: skip
        axis.axhline(10.0, color=style.GREY, linewidth=0.9)
        axis.set_title(say("{weeks} ahead", weeks=weeks_ahead([weeks])), fontsize=10.5, loc="left")
        axis.set_ylim(0, 30)
    style.legend_of(figure, axes[0])
    return figure


def _pit(rows: pd.DataFrame, weeks: int) -> Array:
    own = rows.loc[rows["weeks"] == weeks, "pit"]
    return np.asarray(np.histogram(own, 10, (0.0, 1.0))[0] / max(len(own), 1))


# -- tables --------------------------------------------------------------------------------------------------


def _target_table(judged: RealJudgement) -> str:
    mixture = of(judged.late, MIXTURE)
    held, new_held = _held(judged.late, "in80"), _held(judged.unseen, "in80")
    against, garch = skill(mixture, of(judged.late, "persistence")), skill(mixture, of(judged.late, "GARCH-t"))
    logs = skill(mixture, of(judged.late, "GARCH-t"), "logs")
    new = skill(of(judged.unseen, MIXTURE), of(judged.unseen, "persistence"))
    lines = [
        [say("80 % bands hold, %"), *_within("held", [100 * held[h] for h in HORIZONS])],
        [say("CRPS skill against persistence, % (lower bound)"), *[
            _asked(f"{t:g} ({low:g})", f"{100 * s.gain:.1f} ({100 * s.low:.1f})",
                   _reached(100 * s.gain, _number(t)) and _reached(100 * s.low, low))
            for t, low, s in zip(TARGETS["persistence"], LOWER_BOUNDS, _ordered(against), strict=True)]],
        [say("CRPS against GARCH-t, %"), *_above("garch", [100 * s.gain for s in _ordered(garch)], 1)],
        [say("log score against GARCH-t, nats"), *_above("logs", [s.gain for s in _ordered(logs)], 3)],
        [say("markets never fitted: skill against persistence, %"),
         *_above("unseen", [100 * s.gain for s in _ordered(new)], 1)],
        [say("markets never fitted: 80 % bands hold, %"),
         *_within("unseen held", [100 * new_held[h] for h in HORIZONS])],
    ]  # fmt: skip
    told = say("Asked → reached; **bold** where the figure falls short.")
    return f"{told}\n\n{markdown_table(['', *(weeks_ahead([h]) for h in HORIZONS)], lines)}"


def _within(name: str, values: Sequence[float]) -> list[str]:
    out = []
    for target, value in zip(TARGETS[name], values, strict=True):
        assert isinstance(target, tuple)
        out.append(_asked(f"{target[0]}-{target[1]}", f"{value:.1f}", target[0] <= value <= target[1]))
    return out


def _above(name: str, values: Sequence[float], digits: int) -> list[str]:
    out = []
    for target, value in zip(TARGETS[name], values, strict=True):
        shown = f"{value:.{digits}f}"
        out.append(_asked(say("report"), shown, True) if target is None
                   else _asked(f"{_number(target):g}", shown, _reached(value, _number(target))))  # fmt: skip
    return out


def _reached(value: float, target: float) -> bool:
    return value >= target


def _number(target: tuple[float, float] | float | None) -> float:
    assert isinstance(target, float)
    return target


def _asked(target: str, value: str, reached: bool) -> str:
    return f"{target} → {value}" if reached else f"{target} → **{value}**"


def _score_table(rows: pd.DataFrame) -> str:
    table = by_horizon(rows)
    against = {method: skill(of(rows, method), of(rows, "persistence")) for method in METHODS}
    out = []
    for weeks in HORIZONS:
        own = table[table["weeks"] == weeks].set_index("method")
        best = str(own["crps"].idxmin())
        for method in METHODS:
            crps, logs, in50, in80, width, count = (
                float(own[c].to_dict()[method]) for c in ("crps", "logs", "in50", "in80", "width80", "forecasts")
            )
            name = f"**{method_name(method)}**" if method == best else method_name(method)
            gain = "–" if method == "persistence" else _percent(against[method][weeks])
            out.append([str(weeks), name, f"{crps:.4f}", gain, f"{logs:.3f}", f"{100 * in50:.0f}",
                        f"{100 * in80:.0f}", f"{width:.2f}", f"{count:.0f}"])  # fmt: skip
    heads = [say("weeks"), say("method"), "CRPS", say("skill against persistence, %"),
             say("log score (lower is better)"), say("50 % band holds"), say("80 % band holds"),
             say("width of the 80 % band"), say("forecasts")]  # fmt: skip
    return markdown_table(heads, out)


def _held(rows: pd.DataFrame, column: str) -> dict[int, float]:
    """Share that the shipped mixture's bands hold, by weeks."""
    own = of(by_horizon(rows), MIXTURE)
    return {int(w): float(v) for w, v in zip(own["weeks"], own[column], strict=True)}


def _perfect_table(judged: RealJudgement) -> str:
    held = {c: _held(judged.late, c) for c in ("in50", "in80")}
    out = [
        [str(int(r["weeks"])), f"{100 * r['low50']:.0f}-{100 * r['high50']:.0f}",
         f"{100 * held['in50'][int(r['weeks'])]:.0f}", f"{100 * r['low80']:.0f}-{100 * r['high80']:.0f}",
         f"{100 * held['in80'][int(r['weeks'])]:.0f}"]
        for r in judged.perfect.to_dict("records")
    ]  # fmt: skip
    return markdown_table(
        [say("weeks"), say("perfect, 50 %"), say("mixture, 50 %"), say("perfect, 80 %"), say("mixture, 80 %")], out
    )


def _market_table(rows: pd.DataFrame) -> str:
    each = rows.groupby(["market", "weeks", "method"])["crps"].mean().to_dict()
    names = sorted({str(m) for m in rows["market"]})
    lines = []
    for name in names:
        ratios = [each.get((name, h, MIXTURE), np.nan) / each.get((name, h, "persistence"), np.nan) for h in HORIZONS]
        lines.append([name, *("–" if np.isnan(r) else f"{r:.2f}" for r in ratios)])
    return markdown_table([say("market"), *(weeks_ahead([h]) for h in HORIZONS)], lines)


def _ordered(found: Mapping[int, Skill]) -> list[Skill]:
    return [found[h] for h in HORIZONS]


def _percent(s: Skill) -> str:
    return f"{100 * s.gain:+.1f} [{100 * s.low:+.1f}, {100 * s.high:+.1f}]"


def _list(values: object, digits: int = 1) -> str:
    return ", ".join(f"{v:.{digits}f}" for v in values)  # type: ignore[attr-defined]


def _ranges(perfect: pd.DataFrame) -> str:
    return ", ".join(f"{100 * r['low80']:.0f}-{100 * r['high80']:.0f}" for r in perfect.to_dict("records"))
