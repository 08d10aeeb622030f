"""A scenario with forest offsets beside the same scenario without: price, volume, and cost by sector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.costs import Annual, cost_variables, purchases_of
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import CATALOGUE, COST, FIRM_SECTORS, OFFSETS, cost_of, net_sales_of
from tanshi.simulator.run.ground.annual import frozen_baseline
from tanshi.simulator.run.ground.economy import economy

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
    before = {name: _by_year(without, name) for name in SHOWN} | costs_of(without)
    rows = []
    for name in (*SHOWN, *(v for v in CATALOGUE if v in OFFSETS)):
        for year, value in _by_year(including, name).items():
            rows.append((name, CATALOGUE[name].unit, year, before.get(name, {}).get(year, 0.0), value))
    return pd.DataFrame(rows, columns=["variable", "unit", "year", "without", "with"])


def costs_of(result: RunResult) -> Annual:
    """What carbon policy costs each sector, for a run that does not report it: million yuan by year."""
    names = [cost_of(s, p) for s in (None, *FIRM_SECTORS) for p in ("", "Allowances", "Offsets", "Abatement")]
    if COST in set(result.annual["variable"]):
        return {name: _by_year(result, name) for name in names}
    scenario = Scenario.model_validate(dict(result.parameters))
    years = scenario.years
    frozen = frozen_baseline(
        scenario.economy, scenario.closure, scenario.dynamics, years.start, years.end, scenario.figures
    )
    annual = {str(name): _by_year(result, str(name)) for name in result.annual["variable"].unique()}
    purchases = purchases_of(result.trades) if len(result.trades) else _purchases(annual)
    opening = economy(scenario.economy, scenario.figures).accounts.carbon_price
    return cost_variables(annual, purchases, {y: frozen.at(y).tolist() for y in frozen.years}, opening)


def _by_year(result: RunResult, variable: str) -> dict[int, float]:
    own = result.series(variable)
    return dict(zip(own.index.tolist(), own.tolist(), strict=True))


def _purchases(annual: Annual) -> dict[tuple[int, str], float]:
    """What sectors paid where no firm trades: net purchases at the year's price, yuan."""
    price = annual["Price|Carbon"]
    return {
        (year, sector): -sold * 1e6 * price[year]
        for sector in FIRM_SECTORS
        for year, sold in annual[net_sales_of(sector)].items()
    }
