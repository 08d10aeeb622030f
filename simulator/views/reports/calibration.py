"""A calibration told: met or not, by how much, what moved where, and what the targets cannot say. Text and HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from tanshi.language import clauses, in_a_row, mark, say, translate
from tanshi.simulator.machine.terminal import columns_of, flush_left
from tanshi.simulator.studies.calibration.calibrate import Calibrated
from tanshi.simulator.views.charts.words import markdown_table
from tanshi.simulator.views.reports.page import box, heading, note, page, table

TARGETS = (
    mark("Target"), mark("Asked"), mark("Found"), mark("Off by"), mark("Allowed"), mark("Equilibrium path alone"),
    mark("Met"),
)  # fmt: skip
PARAMETERS = (
    mark("Parameter"), mark("Range"), mark("Start"), mark("Found"), mark("Targets allow"), mark("Determined"),
)  # fmt: skip
SLOPES = (mark("Parameter"), mark("Derivative found by"))
DIRECTIONS = (mark("Singular value"), mark("Direction"))
MODELS = {"runs with firms": mark("runs with firms"), "equilibrium-only path": mark("equilibrium-only path")}
KINDS = {"exact": mark("exact"), "differences": mark("differences")}
ENDS = {"lower": mark("lower"), "upper": mark("upper")}


def files(found: Calibrated, record: dict[str, Any]) -> dict[str, bytes]:
    """``report.html``, ``words.txt`` and, for the documentation, ``found.md``."""
    return {
        "found.md": (calibration_markdown(found) + "\n").encode(),
        "report.html": calibration_html(found, record).encode(),
        "words.txt": (calibration_text(found) + "\n").encode(),
    }


def calibration_text(found: Calibrated) -> str:
    """The report as plain text."""
    parts = [
        _title(found),
        "",
        *sentences(found),
        "",
        _plain(TARGETS, target_rows(found)),
        "",
    ]
    parts += [_plain(PARAMETERS, parameter_rows(found))]
    return "\n".join(parts)


def calibration_markdown(found: Calibrated) -> str:
    """The sentences and both tables in Markdown."""
    tables = (TARGETS, target_rows(found)), (PARAMETERS, parameter_rows(found)), (DIRECTIONS, direction_rows(found))
    parts = ["\n".join(sentences(found)), *(markdown_table(_said(heads), rows) for heads, rows in tables)]
    return "\n\n".join(parts)


def calibration_html(found: Calibrated, record: dict[str, Any]) -> str:
    """The report as one page that needs nothing beside it."""
    spec = found.task.spec
    under = say(
        "{title}. By the {model}, {date}, code {code}.",
        title=_title(found),
        model=translate(MODELS[record["model"]]),
        date=record["date"],
        code=record["code"],
    )
    missed = [abs(d) > 1.0 for d in found.distances]
    body = [
        f"<h1>{escape(say('Calibration'))}</h1>",
f'<p class="sub">{escape(under)}</p>',
        *(box(line, "scenario" if found.met else "warning") for line in sentences(found)[:1]),
        *(note(line) for line in sentences(found)[1:]),
        heading(say("Targets")),
        table(_said(TARGETS), target_rows(found), marked=missed, below=[t.source for t in found.targets]),
        heading(say("Parameters")),
        note(say(
            "Targets allow: values at which all targets stay within tolerance while the other parameters adjust inside"
            " their ranges, by the derivatives at the point found. Determined: part of the parameter's move that the"
            " targets see at all, 0 to 1."
        )),
        table(
            _said(PARAMETERS), parameter_rows(found), marked=[f.name in found.at_bounds for f in found.task.factors],
            below=[" ".join(free.source.split()) for free in spec.parameters.values()],
        ),
        heading(say("What the targets can tell apart")),
        note(say(
            "Singular values of the derivatives, in tolerances per half a range. Above 1 the targets determine the"
            " direction; below, they are silent about it."
        )),
        table(_said(DIRECTIONS), direction_rows(found), text=True),
        heading(say("Derivatives")),
        note(
            say(
                "Change of a target, in tolerances, per half a range of a parameter: by full runs (differences) / by"
                " the equilibrium-only path."
            )
            if found.whole
            else say(
                "Change of a target, in tolerances, per half a range of a parameter, on the equilibrium-only path."
            )
        ),
        table((*_said(SLOPES), *spec.targets), slope_rows(found)),
    ]  # fmt: skip
    return page(say("Tanshi: calibration"), body)


def sentences(found: Calibrated) -> list[str]:
    """What came of it: the verdict first."""
    worst = int(abs(found.distances).argmax())
    name, target = list(found.task.spec.targets.items())[worst]
    off = _off(found.values[worst], target.value)
    if found.met:
        told = mark(
            "All {count} targets are met within their tolerances, with all parameters inside their ranges; worst is"
            " {name}, {off}."
        )
        lines = [say(told, count=len(found.targets), name=name, off=off)]
    else:
        told = mark(
            "{missed} of {count} targets cannot be met with all parameters inside their ranges. This is the nearest"
            " point reached; worst is {name}: {value:.5g} instead of {asked:g} ({off})."
        )
        missed = int(sum(abs(d) > 1.0 for d in found.distances))
        value, asked = found.values[worst], target.value
        lines = [say(told, missed=missed, count=len(found.targets), name=name, value=value, asked=asked, off=off)]
    edges = found.at_bounds
    if edges:
        ends = in_a_row(f"{name} ({translate(ENDS[end])})" for name, end in edges.items())
        lines.append(say("At an end of their range: {ends}.", ends=ends))
    rank, count = found.identified.rank, len(found.free)
    if rank < count:
        told = mark(
            "The targets determine {rank} of {count} directions; among the rest the values stay nearest to where they"
            " started. Free combinations: {weak}."
        )
        lines.append(say(told, rank=rank, count=count, weak=clauses(found.identified.weak(found.names))))
    still = [f.name for j, f in enumerate(found.task.factors) if j not in found.free]
    if still:
        lines.append(say("Not needed, and left where they were: {names}.", names=in_a_row(still)))
    lines.append(_derivatives(found))
    if not found.whole:
        lines.append(say("The equilibrium-only path alone was asked: no firms, no drift."))
    return lines


def _derivatives(found: Calibrated) -> str:
    """How the derivatives were found."""
    differences = [n for n, kind in zip(found.names, found.kinds, strict=True) if kind != "exact"]
    by = say("all exact")
    if differences:
        by = say("exact but for {names} (differences)", names=in_a_row(differences))
    if found.whole:
        return say("Derivatives of the equilibrium path: {by}; of full runs: differences.", by=by)
    return say("Derivatives: {by}.", by=by)


def _title(found: Calibrated) -> str:
    return translate(found.task.spec.title) or found.task.name


def _said(heads: Sequence[str]) -> list[str]:
    """Heads in the language that is spoken."""
    return [translate(head) for head in heads]


def _span(low: str, high: str) -> str:
    return say("{low} to {high}", low=low, high=high)


def target_rows(found: Calibrated) -> list[list[str]]:
    """One row a target."""
    rows = []
    for i, (name, t) in enumerate(found.task.spec.targets.items()):
        allowed = f"{100 * t.tolerance:.3g} %" if t.value else f"{t.tolerance:g}"
        path = found.path_values[i]
        rows.append(
            [
                f"{name}: {t.scenario} {t.variable} {t.year}", f"{t.value:g}", f"{found.values[i]:.5g}",
                _off(found.values[i], t.value), allowed, f"{path:.5g}" if math.isfinite(path) else "–",
                say("yes") if abs(found.distances[i]) <= 1.0 else say("no"),
            ]
        )  # fmt: skip
    return rows


def parameter_rows(found: Calibrated) -> list[list[str]]:
    """One row a parameter, free or not."""
    rows, intervals, determined = [], found.intervals, found.identified.determined
    for j, (name, free) in enumerate(found.task.spec.parameters.items()):
        allowed, share = say("not moved"), ""
        if j in found.free:
            k = found.free.index(j)
            ends = intervals[k]
            allowed = _span(f"{ends[0]:.3g}", f"{ends[1]:.3g}") if all(map(math.isfinite, ends)) else "–"
            share = f"{determined[k]:.2f}"
        edge = found.at_bounds.get(name)
        value = f"{found.theta[j]:.5g}"
        if edge:
            value = say("{value} ({edge} end)", value=value, edge=translate(ENDS[edge]))
        span = _span(f"{free.lower:g}", f"{free.upper:g}")
        rows.append([translate(free.title) or name, span, f"{found.task.starts[j]:g}", value, allowed, share])
    return rows


def direction_rows(found: Calibrated) -> list[list[str]]:
    """One row a direction, best determined first."""
    from tanshi.simulator.studies.calibration.identifiability import describe

    identified = found.identified
    return [
        [f"{value:.2f}" if value >= 0.005 else "0", describe(identified.directions[k], found.names)]
        for k, value in enumerate(identified.values)
    ]


def slope_rows(found: Calibrated) -> list[list[str]]:
    """One row a parameter: derivatives to every target."""
    s = found.scaling
    whole, path = s.scaled(found.slopes, found.free), s.scaled(found.path_slopes, found.free)

    def cell(i: int, k: int) -> str:
        here = f"{path[i, k]:+.2f}" if math.isfinite(path[i, k]) else "–"
        return f"{whole[i, k]:+.2f} / {here}" if found.whole else here

    return [
        [name, translate(KINDS[found.kinds[k]]), *(cell(i, k) for i in range(len(found.targets)))]
        for k, name in enumerate(found.names)
    ]


def _off(value: float, target: float) -> str:
    return f"{100 * (value / target - 1):+.2f} %" if target else f"{value:+.4g}"


def _plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = _said(heads)
    widths = [max(columns_of(row[k]) for row in (heads, *rows)) for k in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(flush_left(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in lines
    )
