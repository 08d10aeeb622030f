"""How sound a run is: its identities and residuals beside their limits, and what a reader must be warned of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tanshi.language import say, translate
from tanshi.simulator.results.tables import RunResult, identity_gaps

IDENTITY = 1e-6
"""Largest gap of an accounting identity, Mt or Mtce."""
SOLVED = 1e-8
"""Largest relative residual of an equilibrium."""
OFTEN = 0.05
"""Share of the drift's steps outside its trained range from which the reader is told."""
TAUGHT = "China|Shanxi"
"""The region whose simulated paths the network is trained on (`tanshi train`)."""


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
    gaps = identity_gaps(result)
    found = [Check(say("gap: {identity}", identity=translate(name)), gap, IDENTITY) for name, gap in gaps.items()]
    residuals = (
        ("worst_residual", say("worst equation of any equilibrium, relative")),
        ("worst_walras", say("worst Walras residual, relative")),
    )
    found += [Check(words, float(result.meta[key]), SOLVED) for key, words in residuals if key in result.meta]
    return found


def warnings_of(results: Sequence[RunResult]) -> list[str]:
    """What one must know before using the numbers, a sentence a scenario and kind, the gravest kind first."""
    groups: dict[str, list[RunResult]] = {}
    for run in results:
        groups.setdefault(run.scenario, []).append(run)
    out: list[str] = []
    for kind in (_misses, _unsettled, _drift, _series):
        for scenario, group in groups.items():
            said = [words for run in group if (words := kind(run))]
            if said and len(group) == 1:
                out += [say("{scenario}: {words}", scenario=scenario, words=words) for words in said[0]]
            elif said:
                out += [
                    say(
                        "{scenario}, in {count} of {whole} runs, of which the first: {words}",
                        scenario=scenario, count=len(said), whole=len(group), words=words,
                    )
                    for words in said[0]
                ]  # fmt: skip
    return out


def _misses(run: RunResult) -> list[str]:
    return [
        say(
            "{check} is {value:.2g}, more than its limit of {limit:.0e}.",
            check=check.name,
            value=check.value,
            limit=check.limit,
        )
        for check in checks_of(run)
        if not check.passed
    ]


def _unsettled(run: RunResult) -> list[str]:
    count = int(run.meta.get("unsettled_periods", 0))
    if not count or "gap" not in run.periods:
        return []
    worst = run.periods.iloc[int(run.periods["gap"].to_numpy().argmax())]
    return [
        say(
            "{count} of {whole} auctions ended before price and economy had settled to the tolerance; the largest gap"
            " is {gap:.2f} yuan/t ({year:.0f}, period {period:.0f}).",
            count=count,
            whole=len(run.periods),
            gap=worst["gap"],
            year=worst["year"],
            period=worst["period"],
        )
    ]


def _drift(run: RunResult) -> list[str]:
    counts = run.meta.get("drift") or {}
    asked, off, blown = (int(counts.get(key, 0)) for key in ("evaluated", "switched_off", "blown_up"))
    out = []
    if asked and off / asked > OFTEN and counts.get("mode") == "neural":
        out.append(
            say(
                "the network that moves price and emissions between two auctions was outside its trained range in"
                " {share:.0%} of its steps; there a return to the expected path moved them alone.",
                share=off / asked,
            )
        )
    if blown:
        out.append(
            say(
                "the network that moves price and emissions between two auctions blew up in {count} periods, which went"
                " on with a return to the expected path alone.",
                count=blown,
            )
        )
    return out


def _series(run: RunResult) -> list[str]:
    """Of whose economy the network knows, where it has generated series for another one."""
    told, parameters = run.meta.get("trajectories"), dict(run.parameters.get("drift") or {})
    if told is None or parameters.get("mode") != "neural" or run.regions == (TAUGHT,):
        return []
    return [
        say(
            "the series that this economy follows without new policy are its own path, moved as a network that was"
            " trained on Shanxi alone moves Shanxi's; {share:.0%} of its steps lay outside what it was trained on.",
            share=float(told["silent"]),
        )
    ]
