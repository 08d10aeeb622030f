"""What came of the year's obligations: what firms surrendered, what they did not, and what that cost them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tanshi.language import listed, say
from tanshi.numerics.units import TONNES
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.words import percent

FEW = 0.01
"""Mt below which a shortfall is told in tonnes: a few firms that missed by the last of their fills."""
UNSEEN = 0.0005
"""Part of what is owed below which it is told in tonnes too: in per cent it would read as nothing."""


@dataclass(frozen=True)
class Compliance:
    """A run's settlements taken together; with several seeds the mean of their runs.

    Parameters
    ----------
    owed, short, borrowed
        What firms had to surrender, what they did not, and what they took from next year's allowances: Mt.
    penalty
        What they paid for it, billion yuan of 2022.
    worst, share
        The year in which the greatest part stayed unsurrendered, and that part of the year's obligation.
    first, last
        Years that were settled.
    """

    owed: float
    short: float
    borrowed: float
    penalty: float
    worst: int
    share: float
    first: int
    last: int


def compliance_of(group: Sequence[RunResult]) -> Compliance | None:
    """What came of the obligations of one scenario's runs; None where nobody owed anything."""
    found = [run.meta.get("settlements") or [] for run in group]
    years: dict[int, Mapping[str, float]] = {}
    for year in sorted({int(row["year"]) for rows in found for row in rows if row.get("owed_t")}):
        own = [row for rows in found for row in rows if int(row["year"]) == year]
        names = ("owed_t", "shortfall_t", "borrowed_t", "penalty_yuan")
        years[year] = {name: sum(float(row.get(name, 0.0)) for row in own) / len(group) for name in names}
    if not years:
        return None

    def part(year: int) -> float:
        return years[year]["shortfall_t"] / years[year]["owed_t"]

    worst = max(years, key=part)
    return Compliance(
        owed=sum(row["owed_t"] for row in years.values()) / TONNES,
        short=sum(row["shortfall_t"] for row in years.values()) / TONNES,
        borrowed=sum(row["borrowed_t"] for row in years.values()) / TONNES,
        penalty=sum(row["penalty_yuan"] for row in years.values()) / 1e9,
        worst=worst,
        share=part(worst),
        first=min(years),
        last=max(years),
    )


def compliance_words(results: Sequence[RunResult]) -> list[str]:
    """A sentence on every scenario in which tonnes stayed unsurrendered, and one on those in which none did."""
    groups: dict[str, list[RunResult]] = {}
    for run in results:
        groups.setdefault(run.scenario, []).append(run)
    found = {name: compliance_of(group) for name, group in groups.items()}
    out = [_missed(name, c, len(groups[name])) for name, c in found.items() if c is not None and c.short > 0]
    met = [name for name, c in found.items() if c is not None and not c.short > 0]
    if met:
        out.append(say("Compliance: every tonne owed was surrendered in {scenarios}.", scenarios=listed(met)))
    out += [
        say(
            "Compliance: firms of {scenario} took {borrowed:,.2f} Mt in advance from later years' allowances.",
            scenario=name,
            borrowed=c.borrowed,
        )
        for name, c in found.items()
        if c is not None and c.borrowed > 0
    ]
    return out


def _missed(name: str, c: Compliance, seeds: int) -> str:
    over = say(", mean of {count} seeds", count=seeds) if seeds > 1 else ""
    if c.short < max(FEW, UNSEEN * c.owed):
        return say(
            "Compliance: firms of {scenario} left {short:,.0f} t of {owed:,.2f} Mt unsurrendered in {first}–{last}"
            "{seeds}, and paid {penalty:,.2f} million yuan of penalties.",
            scenario=name,
            short=TONNES * c.short,
            owed=c.owed,
            first=c.first,
            last=c.last,
            seeds=over,
            penalty=1e3 * c.penalty,
        )
    return say(
        "Compliance: firms of {scenario} left {short:,.2f} of {owed:,.2f} Mt ({part}) unsurrendered in"
        " {first}–{last}{seeds}, the greatest part in {worst} ({share}), and paid {penalty:,.2f} billion yuan of"
        " penalties.",
        scenario=name,
        short=c.short,
        owed=c.owed,
        part=percent(c.short / c.owed),
        first=c.first,
        last=c.last,
        seeds=over,
        worst=c.worst,
        share=percent(c.share),
        penalty=c.penalty,
    )
