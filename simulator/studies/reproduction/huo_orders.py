"""Rules for the first paper's orders and shapes: who is above whom, and how a curve runs.

Huo et al. (2026), section 3, Figures 3 to 6. An order must hold for the last year and for the mean since the policy's
start; where it holds for one of the two, it is reproduced in shape.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.huo_numbers import capital, naming, why
from tanshi.simulator.studies.reproduction.runs import UNITS, Array, Runs
from tanshi.simulator.studies.reproduction.verdicts import (
    IN_SHAPE,
    NOT,
    REPRODUCED,
    UNTESTABLE,
    Finding,
    listed,
    measured,
    rule,
)

SAME = 1e-9
"""Relative difference below which two paths are one."""
BOUND = ("S2", "S3")
"""Scenarios with quotas and without trade."""


def _end(w: Runs, scenario: str, variable: str) -> Array:
    """A path's last value, by seed."""
    return np.asarray(w.path(scenario, variable)[:, -1])


def _mean(w: Runs, scenario: str, variable: str) -> Array:
    """Mean of a path over the years after the first, by seed: the years in which scenarios can differ."""
    return np.asarray(w.path(scenario, variable)[:, 1:].mean(axis=1))


def _on_the_mean(span: Array, sign: float) -> str:
    """Words on a path that does not run one way on the median over seeds: whether it does on their mean.

    A step that the median takes the other way may be the draw of a few firms; the verdict stays with the median.
    """
    if len(span) < 2 or not bool((sign * np.diff(span.mean(axis=0)) > 0).all()):
        return ""
    return f" on the median of {len(span)} seeds; in every year on their mean"


def _monotone(claim: Claim, e: Evidence, up: bool) -> Finding:
    variable, what = naming(claim)
    first, last = claim.year("from"), claim.year("to")
    sign, word = (1.0, "rises") if up else (-1.0, "falls")
    whole, ends, told = [], [], []
    worst: Array | None = None
    for scenario in (s for s in claim.words("scenarios") if s in e.hybrid):
        span = e.hybrid.span(scenario, variable, first, last)
        steps = 100.0 * (span[:, 1:] / span[:, :-1] - 1.0)
        least = sign * (sign * steps).min(axis=1)
        middle = np.median(span, axis=0)
        whole.append(bool((sign * np.diff(middle) > 0).all()))
        ends.append(bool(sign * (middle[-1] - middle[0]) > 0))
        wrong = [str(first + 1 + n) for n in np.flatnonzero(sign * np.diff(middle) <= 0)]
        except_in = f" (not in {', '.join(wrong)}{_on_the_mean(span, sign)})" if wrong else ""
        told.append(f"{scenario} {100 * (middle[-1] / middle[0] - 1):+.1f} %{except_in}")
        if worst is None or sign * np.median(least) < sign * np.median(worst):
            worst = least
    assert worst is not None
    said = f"Change of {what} from {first} to {last}: {'; '.join(told)}; the worst year's step is shown."
    if all(whole):
        return measured(REPRODUCED, f"It {word} in every year. {said}", worst, "%/yr")
    if all(ends):
        return measured(IN_SHAPE, f"It {word} over the span, not in every year. {said}", worst, "%/yr")
    if any(ends):
        return measured(IN_SHAPE, f"It {word} in some of the scenarios only. {said}", worst, "%/yr")
    told_why = "".join(why(e, s) for s in claim.words("scenarios")) if variable == "emissions" else ""
    return measured(NOT, f"It does not {word[:-1]}. {said}{told_why}", worst, "%/yr")


@rule("rises")
def rises(claim: Claim, e: Evidence) -> Finding:
    """A path that goes up in every year."""
    return _monotone(claim, e, True)


@rule("falls")
def falls(claim: Claim, e: Evidence) -> Finding:
    """A path that goes down in every year."""
    return _monotone(claim, e, False)


@rule("no_peak")
def no_peak(claim: Claim, e: Evidence) -> Finding:
    """Paths that are highest in their last year."""
    variable, what = naming(claim)
    years = np.array(e.hybrid.years)
    there = [s for s in claim.words("scenarios") if s in e.hybrid]
    peaks = {s: years[e.hybrid.path(s, variable).argmax(axis=1)] for s in there}
    early = {s: int(np.median(p)) for s, p in peaks.items() if float((p == years[-1]).mean()) < 0.95}
    pooled = np.concatenate(list(peaks.values()))
    if not early:
        said = f"{capital(what)} is highest in {years[-1]}, the last year, in {listed(there)}."
        return measured(REPRODUCED, said, pooled, "year")
    told = ", ".join(f"{s} in {year}" for s, year in early.items())
    return measured(NOT, f"{capital(what)} is highest before the last year: {told}.", pooled, "year")


@rule("order")
def order(claim: Claim, e: Evidence) -> Finding:
    """One group of scenarios above or below another, by ``least`` of its value at least where that is given."""
    variable, what = naming(claim)
    up = claim.words("higher")
    group, sign = (up, 1.0) if up else (claim.words("lower"), -1.0)
    others = claim.words("than")
    last, mean = [], []
    for own in group:
        for other in others:
            ends = (e.hybrid.path(s, variable)[:, -1] for s in (own, other))
            last.append(sign * _gap(*ends))
            mean.append(sign * _gap(_mean(e.hybrid, own, variable), _mean(e.hybrid, other, variable)))
    weakest = min(range(len(last)), key=lambda n: float(np.median(last[n])))
    at_end, on_mean = last[weakest], min(mean, key=lambda gap: float(np.median(gap)))
    middle, low = float(np.median(at_end)), float(np.quantile(at_end, 0.05))
    year = e.hybrid.years[-1]
    said = (
        f"{capital(what)}, {listed(group)} against {listed(others)}: {sign * 100 * middle:+.2f} % in {year},"
        f" {sign * 100 * float(np.median(on_mean)):+.2f} % on the mean of {e.hybrid.years[1]} to {year}"
        + (" (the nearest pair)." if len(last) > 1 else ".")
    )
    held = (middle > SAME, float(np.median(on_mean)) > SAME)
    if all(held) and low > 0 and middle >= claim.number("least"):
        return measured(REPRODUCED, said, sign * 100 * at_end, "%")
    if any(held):
        more = ""
        if all(held) and low > 0:
            more = f" Less than the {100 * claim.number('least'):g} % asked of a marked difference."
        elif all(held):
            more = " Not in nine tenths of the seeds."
        return measured(IN_SHAPE, said + more, sign * 100 * at_end, "%")
    return measured(NOT, said, sign * 100 * at_end, "%")


def _gap(own: Array, other: Array) -> Array:
    """Relative distance; the whole of what there is where the other is 0."""
    return np.where(other != 0, own / np.where(other != 0, other, 1.0) - 1.0, np.sign(own))


@rule("ranking")
def ranking(claim: Claim, e: Evidence) -> Finding:
    """Scenarios in a row, each strictly beyond the one before, in the last year and on the mean."""
    variable, what = naming(claim)
    up = claim.words("rising")
    names, sign = (up, 1.0) if up else (claim.words("falling"), -1.0)
    steps = [
        tuple(sign * _gap(path(e.hybrid, after, variable), path(e.hybrid, before, variable)) for path in (_end, _mean))
        for before, after in pairwise(names)
    ]
    steps_last = [step[0] for step in steps]
    ends = {s: float(np.median(e.hybrid.path(s, variable)[:, -1])) for s in names}
    unit = UNITS.get(variable, "")
    said = (
        f"{capital(what)} in {e.hybrid.years[-1]}: " + ", ".join(f"{s} {v:,.2f}" for s, v in ends.items()) + f" {unit}."
    )
    narrow = min(steps_last, key=lambda step: float(np.median(step)))
    right = [float(np.median(step)) > SAME for pair in steps for step in pair]
    sure = all(float(np.quantile(step, 0.05)) > 0 for step in steps_last)
    if all(right) and sure:
        return measured(REPRODUCED, said, 100 * narrow, "%")
    outer = sign * _gap(e.hybrid.path(names[-1], variable)[:, -1], e.hybrid.path(names[0], variable)[:, -1])
    if float(np.median(outer)) > SAME:
        return measured(
            IN_SHAPE, f"{said} The outer ones stand right, not every neighbour in all seeds.", 100 * narrow, "%"
        )
    return measured(NOT, said, 100 * narrow, "%")


@rule("equal")
def equal(claim: Claim, e: Evidence) -> Finding:
    """Paths that are one."""
    variable, what = naming(claim)
    base = claim.get("as")
    there = [s for s in claim.words("scenarios") if s in e.hybrid]
    if not there:
        return Finding(UNTESTABLE, f"{listed(claim.words('scenarios'))} were not run here.")
    against = e.hybrid.path(base, variable)
    apart = np.max([np.abs(_gap(e.hybrid.path(s, variable), against)).max(axis=1) for s in there], axis=0)
    worst = float(apart.max())
    said = f"{capital(what)}, {listed(there)} against {base}: {100 * worst:.2g} % at most over all years and seeds."
    if worst <= SAME:
        return measured(REPRODUCED, f"{said} Free quotas that bind nobody change no decision.", 100 * apart, "%")
    return measured(IN_SHAPE if worst < 0.01 else NOT, said, 100 * apart, "%")


@rule("allocation_only")
def allocation_only(claim: Claim, e: Evidence) -> Finding:
    """A difference that quotas without trade are said to make; quotas that bind beside it."""
    variable, what = naming(claim)
    sign = 1.0 if claim.get("direction") == "higher" else -1.0
    there = [s for s in BOUND if s in e.hybrid]
    if not there:
        return Finding(UNTESTABLE, "S2 and S3 were not run here.")
    base = _end(e.hybrid, "S1", variable)
    gap = np.min([sign * _gap(_end(e.hybrid, s, variable), base) for s in there], axis=0)
    same = float(np.abs(gap).max()) <= SAME
    said = f"{capital(what)}, {listed(there)} against S1: "
    said += (
        "no difference, since quotas that bind nobody change no decision."
        if same
        else f"{sign * 100 * float(np.median(gap)):+.2f} %."
    )
    if e.binding is not None:
        bound = [
            f"{s} {100 * float(np.median(_gap(_end(e.binding, s, variable), base))):+.2f} %"
            for s in BOUND
            if s in e.binding
        ]
        said += f" With quotas that bind their sectors: {listed(bound)} in {e.hybrid.years[-1]}."
    return measured(REPRODUCED if float(np.median(gap)) > SAME else NOT, said, sign * 100 * gap, "%")
