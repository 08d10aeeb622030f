"""A calibration told: met or not, by how much, what moved where, and what the targets cannot say. Text and HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from tanshi.simulator.studies.calibration.calibrate import Calibrated
from tanshi.simulator.views.reports.page import box, heading, note, page, table

TARGETS = ("Target", "Asked", "Found", "Off by", "Allowed", "Equilibrium path alone", "Met")
PARAMETERS = ("Parameter", "Range", "Start", "Found", "Targets allow", "Determined")
SLOPES = ("Parameter", "Derivative found by")


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
        found.task.spec.title or found.task.name,
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
    lines = [*sentences(found), "", *_markdown(TARGETS, target_rows(found)), ""]
    lines += [*_markdown(PARAMETERS, parameter_rows(found)), ""]
    return "\n".join([*lines, *_markdown(("Singular value", "Direction"), direction_rows(found))])


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    # A bar inside a cell, as in Price|Carbon, would end it.
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *cells)]


def calibration_html(found: Calibrated, record: dict[str, Any]) -> str:
    """The report as one page that needs nothing beside it."""
    spec = found.task.spec
    under = f"{spec.title or found.task.name}. By the {record['model']}, {record['date']}, code {record['code']}."
    missed = [abs(d) > 1.0 for d in found.distances]
    body = [
        "<h1>Calibration</h1>",
f'<p class="sub">{escape(under)}</p>',
        *(box(line, "scenario" if found.met else "warning") for line in sentences(found)[:1]),
        *(note(line) for line in sentences(found)[1:]),
        heading("Targets"),
        table(TARGETS, target_rows(found), marked=missed, below=[t.source for t in found.targets]),
        heading("Parameters"),
        note(
            "Targets allow: values at which all targets stay within tolerance while the other parameters adjust inside"
            " their ranges, by the derivatives at the point found. Determined: part of the parameter's move that the"
            " targets see at all, 0 to 1."
        ),
        table(
            PARAMETERS, parameter_rows(found), marked=[f.name in found.at_bounds for f in found.task.factors],
            below=[" ".join(free.source.split()) for free in spec.parameters.values()],
        ),
        heading("What the targets can tell apart"),
        note(
            "Singular values of the derivatives, in tolerances per half a range. Above 1 the targets determine the"
            " direction; below, they are silent about it."
        ),
        table(("Singular value", "Direction"), direction_rows(found), text=True),
        heading("Derivatives"),
        note(
            "Change of a target, in tolerances, per half a range of a parameter: by full runs (differences) / by the"
            " equilibrium-only path."
            if found.whole
            else "Change of a target, in tolerances, per half a range of a parameter, on the equilibrium-only path."
        ),
        table((*SLOPES, *spec.targets), slope_rows(found)),
    ]  # fmt: skip
    return page("Tanshi: calibration", body)


def sentences(found: Calibrated) -> list[str]:
    """What came of it: the verdict first."""
    worst = int(abs(found.distances).argmax())
    name, target = list(found.task.spec.targets.items())[worst]
    off = _off(found.values[worst], target.value)
    inside = "all parameters inside their ranges"
    if found.met:
        said = [
            f"All {len(found.targets)} targets are met within their tolerances, with {inside}; worst is {name}, {off}."
        ]
    else:
        missed = sum(abs(d) > 1.0 for d in found.distances)
        said = [
            f"{missed} of {len(found.targets)} targets cannot be met with {inside}. This is the nearest point reached;"
            f" worst is {name}: {found.values[worst]:.5g} instead of {target.value:g} ({off})."
        ]
    edges = found.at_bounds
    if edges:
        ends = ", ".join(f"{name} ({end})" for name, end in edges.items())
        said.append(f"At an end of their range: {ends}.")
    rank, count = found.identified.rank, len(found.free)
    if rank < count:
        said.append(
            f"The targets determine {rank} of {count} directions; among the rest the values stay nearest to where they"
            f" started. Free combinations: {'; '.join(found.identified.weak(found.names))}."
        )
    still = [f.name for j, f in enumerate(found.task.factors) if j not in found.free]
    if still:
        said.append(f"Not needed, and left where they were: {', '.join(still)}.")
    differences = [n for n, kind in zip(found.names, found.kinds, strict=True) if kind != "exact"]
    by = "all exact" if not differences else f"exact but for {', '.join(differences)} (differences)"
    said.append(f"Derivatives of the equilibrium path: {by}; of full runs: differences." if found.whole else
                f"Derivatives: {by}.")  # fmt: skip
    if not found.whole:
        said.append("The equilibrium-only path alone was asked: no firms, no drift.")
    return said


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
                "yes" if abs(found.distances[i]) <= 1.0 else "no",
            ]
        )  # fmt: skip
    return rows


def parameter_rows(found: Calibrated) -> list[list[str]]:
    """One row a parameter, free or not."""
    rows, intervals, determined = [], found.intervals, found.identified.determined
    for j, (name, free) in enumerate(found.task.spec.parameters.items()):
        allowed, share = "not moved", ""
        if j in found.free:
            k = found.free.index(j)
            ends = intervals[k]
            allowed = f"{ends[0]:.3g} to {ends[1]:.3g}" if all(map(math.isfinite, ends)) else "–"
            share = f"{determined[k]:.2f}"
        edge = found.at_bounds.get(name)
        value = f"{found.theta[j]:.5g}" + (f" ({edge} end)" if edge else "")
        span = f"{free.lower:g} to {free.upper:g}"
        rows.append([free.title or name, span, f"{found.task.starts[j]:g}", value, allowed, share])
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
        [name, found.kinds[k], *(cell(i, k) for i in range(len(found.targets)))] for k, name in enumerate(found.names)
    ]


def _off(value: float, target: float) -> str:
    return f"{100 * (value / target - 1):+.2f} %" if target else f"{value:+.4g}"


def _plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[k]) for row in (heads, *rows)) for k in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in lines)
