"""A scenario with forest offsets beside the same scenario without: price, volume, and cost by sector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import CATALOGUE, COST, OFFSETS

SHOWN = ("Price|Carbon", "Price|Carbon|Year-End", "Emissions|CO2", "Carbon Market|Trading Volume", "GDP|MER")
#: Fields that a scenario and its twin without offsets may differ in.
OWN = ("name", "title", "offsets")


@dataclass(frozen=True)
class OffsetEffect:
    """What offsets change.

    Attributes
    ----------
    scenario, twin
        Names of the scenario with offsets and of the one without.
    seeds
        How many pairs of runs the means are taken over.
    table
        Variable, unit, year, ``without``, ``with``, ``change``; what only offsets have is 0 without them.
    first
        First year of the policy.
    """

    scenario: str
    twin: str
    seeds: int
    table: pd.DataFrame
    first: int

    def series(self, variable: str, column: str = "with") -> pd.Series[float]:
        """One variable by year."""
        rows = self.table[self.table["variable"] == variable]
        return pd.Series(rows[column].to_numpy(float), index=rows["year"].to_numpy(int)).sort_index()

    def mean(self, variable: str, column: str = "with") -> float:
        """Mean of a variable over the years of the policy."""
        own = self.series(variable, column)
        return float(own[own.index >= self.first].mean())


def offset_effects(results: Sequence[RunResult]) -> list[OffsetEffect]:
    """One effect for each scenario with offsets whose twin without them is among the results."""
    pairs: dict[tuple[str, str], list[tuple[RunResult, RunResult]]] = {}
    for result in results:
        if not _has_offsets(result):
            continue
        for other in results:
            if not _has_offsets(other) and other.seed == result.seed and _rest(other) == _rest(result):
                pairs.setdefault((result.scenario, other.scenario), []).append((other, result))
                break
    return [_effect(names, found) for names, found in pairs.items()]


def _has_offsets(result: RunResult) -> bool:
    return float((result.parameters.get("offsets") or {}).get("share", 0.0)) > 0


def _rest(result: RunResult) -> dict[str, Any]:
    return {key: value for key, value in result.parameters.items() if key not in OWN}


def _effect(names: tuple[str, str], pairs: Sequence[tuple[RunResult, RunResult]]) -> OffsetEffect:
    tables = [_table(without, including) for without, including in pairs]
    mean = pd.concat(tables).groupby(["variable", "unit", "year"], sort=False).mean().reset_index()
    mean["change"] = mean["with"] - mean["without"]
    return OffsetEffect(*names, len(pairs), mean, int(pairs[0][1].parameters.get("policy_start", 0)))


def _table(without: RunResult, including: RunResult) -> pd.DataFrame:
    rows = []
    for name in (*SHOWN, *(v for v in CATALOGUE if v in OFFSETS or v.startswith(COST))):
        before = _by_year(without, name)
        for year, value in _by_year(including, name).items():
            rows.append((name, CATALOGUE[name].unit, year, before.get(year, 0.0), value))
    return pd.DataFrame(rows, columns=["variable", "unit", "year", "without", "with"])


def _by_year(result: RunResult, variable: str) -> dict[int, float]:
    own = result.series(variable)
    return dict(zip(own.index.tolist(), own.tolist(), strict=True))
