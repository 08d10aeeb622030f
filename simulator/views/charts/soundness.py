"""How sound a run is: its identities and residuals beside their limits, and what a reader must be warned of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tanshi.simulator.results.tables import RunResult, identity_gaps

IDENTITY = 1e-6
"""Largest gap of an accounting identity, Mt or Mtce."""
SOLVED = 1e-8
"""Largest relative residual of an equilibrium."""
OFTEN = 0.05
"""Share of the drift's steps outside its trained range from which the reader is told."""


@dataclass(frozen=True)
class Check:
    """One figure of a run's soundness beside its limit."""

    name: str
    value: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the figure stays within its limit."""
        return self.value <= self.limit


def checks_of(result: RunResult) -> list[Check]:
    """Identities of the annual table, and the worst residuals of all equilibria."""
    found = [Check(f"gap: {name}", gap, IDENTITY) for name, gap in identity_gaps(result).items()]
    residuals = (("worst_residual", "worst equation of any equilibrium"), ("worst_walras", "worst Walras residual"))
    found += [
        Check(f"{words}, relative", float(result.meta[key]), SOLVED) for key, words in residuals if key in result.meta
    ]
    return found


def warnings_of(results: Sequence[RunResult]) -> list[str]:
    """What one must know before using the numbers, a sentence a scenario and kind, the gravest kind first."""
    groups: dict[str, list[RunResult]] = {}
    for run in results:
        groups.setdefault(run.scenario, []).append(run)
    out: list[str] = []
    for kind in (_misses, _unsettled, _short, _drift):
        for scenario, group in groups.items():
            said = [words for run in group if (words := kind(run))]
            if said:
                where = "" if len(group) == 1 else f", in {len(said)} of {len(group)} runs, of which the first"
                out += [f"{scenario}{where}: {words}" for words in said[0]]
    return out


def _misses(run: RunResult) -> list[str]:
    return [
        f"{check.name} is {check.value:.2g}, more than its limit of {check.limit:.0e}."
        for check in checks_of(run)
        if not check.passed
    ]


def _unsettled(run: RunResult) -> list[str]:
    count = int(run.meta.get("unsettled_periods", 0))
    if not count or "gap" not in run.periods:
        return []
    worst = run.periods.iloc[int(run.periods["gap"].to_numpy().argmax())]
    return [
        f"{count} of {len(run.periods)} auctions ended before price and economy had settled to the tolerance;"
        f" the largest gap is {worst['gap']:.2f} yuan/t ({worst['year']:.0f}, period {worst['period']:.0f})."
    ]


def _short(run: RunResult) -> list[str]:
    short = {int(row["year"]): int(row.get("shortfall_t", 0)) for row in run.meta.get("settlements", [])}
    short = {year: tonnes for year, tonnes in short.items() if tonnes > 0}
    if not short:
        return []
    years = ", ".join(f"{year} ({tonnes:,} t)" for year, tonnes in short.items())
    return [f"firms were short of allowances and paid the penalty in {years}."]


def _drift(run: RunResult) -> list[str]:
    counts = run.meta.get("drift") or {}
    asked, off, blown = (int(counts.get(key, 0)) for key in ("evaluated", "switched_off", "blown_up"))
    out = []
    if asked and off / asked > OFTEN and counts.get("mode") == "neural":
        out.append(f"the drift's network was outside its trained range, and silent, in {off / asked:.0%} of its steps.")
    if blown:
        out.append(f"the drift's network blew up in {blown} periods, which went on with mean reversion alone.")
    return out
