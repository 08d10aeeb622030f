"""Runs of scenarios as arrays over seeds and years, by the claims' short names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.errors import TanshiError
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import emissions_of

Array = NDArray[np.float64]

VARIABLES: Mapping[str, str] = {
    "price": "Price|Carbon",
    "volume": "Carbon Market|Trading Volume|Secondary Market",
    "emissions": "Emissions|CO2",
    "energy": "Energy Consumption",
    "coal": "Energy Consumption|Coal",
    "non-fossil": "Energy Consumption|Non-Fossil Power",
    "gdp": "GDP|MER",
    "power emissions": emissions_of("ELEC"),
    "sold": "Carbon Market|Trading Volume|Primary Auction",
    "bank": "Carbon Market|Bank",
}
"""Short names of the claims' file; ``a/b`` is the ratio of two. Volume is what firms trade among themselves."""
UNITS: Mapping[str, str] = {
    "price": "yuan/t", "volume": "Mt", "emissions": "Mt", "energy": "Mtce", "coal": "Mtce", "non-fossil": "Mtce",
    "gdp": "billion yuan", "power emissions": "Mt", "sold": "Mt", "bank": "Mt",
}  # fmt: skip
WORDS: Mapping[str, str] = {
    "price": "the carbon price", "volume": "the trading volume", "emissions": "CO2 emissions",
    "energy": "energy consumption", "coal": "coal use", "non-fossil": "non-fossil power", "gdp": "GDP",
    "power emissions": "the power sector's emissions", "sold": "what government sells",
    "bank": "what is banked",
    "coal/energy": "coal's share of energy",
    "energy/gdp": "energy per GDP", "emissions/gdp": "CO2 per GDP", "emissions/energy": "CO2 per energy",
    "non-fossil/energy": "the share of non-fossil power in energy",
}  # fmt: skip


@dataclass(frozen=True)
class Runs:
    """Runs of scenarios under the same rules.

    Attributes
    ----------
    years
        Of all runs.
    values
        Scenario -> short name of a variable -> (seeds, years).
    monthly
        Scenario -> (seeds, years, periods) price, yuan/t, of the years that have all periods.
    parameters
        Scenario -> its fields as plain data.
    """

    years: tuple[int, ...]
    values: Mapping[str, Mapping[str, Array]]
    monthly: Mapping[str, Array] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def path(self, scenario: str, variable: str) -> Array:
        """A variable by seed and year, shape ``(seeds, years)``; ``a/b`` gives a ratio.

        Raises
        ------
        OutOfReach
            Where the scenario was not run.
        """
        if scenario not in self.values:
            raise OutOfReach("{scenario} was not run here", scenario=scenario)
        over, _, under = variable.partition("/")
        values = self.values[scenario]
        return values[over] / values[under] if under else values[over]

    def at(self, scenario: str, variable: str, year: int) -> Array:
        """A variable in one year, shape ``(seeds,)``.

        Raises
        ------
        OutOfReach
            Where the runs do not reach that year.
        """
        self._reach(year)
        return np.asarray(self.path(scenario, variable)[:, self.years.index(year)])

    def span(self, scenario: str, variable: str, first: int, last: int) -> Array:
        """A variable from one year to another, shape ``(seeds, years)``.

        Raises
        ------
        OutOfReach
            Where the runs do not reach one of them.
        """
        self._reach(first)
        self._reach(last)
        return self.path(scenario, variable)[:, self.years.index(first) : self.years.index(last) + 1]

    def _reach(self, year: int) -> None:
        if year not in self.years:
            raise OutOfReach(
                "the runs cover {years} to {last}, and the claim is about {year}",
                years=self.years[0],
                last=self.years[-1],
                year=year,
            )

    def __contains__(self, scenario: object) -> bool:
        return scenario in self.values


class OutOfReach(TanshiError, ValueError):
    """A claim about a year or a scenario that was not run."""


def runs_of(results: Iterable[RunResult], names: Mapping[str, str] | None = None) -> Runs:
    """Runs as arrays.

    Parameters
    ----------
    names
        Name of a run's scenario -> the scenario it stands for, where the two differ.
    """
    groups: dict[str, list[RunResult]] = {}
    for result in results:
        groups.setdefault((names or {}).get(result.scenario, result.scenario), []).append(result)
    first = next(iter(groups.values()))[0]
    years = tuple(sorted(int(y) for y in first.annual["year"].unique()))
    values, monthly, parameters = {}, {}, {}
    for scenario, runs in groups.items():
        runs = sorted(runs, key=lambda run: run.seed)
        wide = [run.annual.pivot(index="variable", columns="year", values="value") for run in runs]
        values[scenario] = {
            short: np.array([table.loc[name, list(years)].to_numpy(np.float64) for table in wide])
            for short, name in VARIABLES.items()
        }
        monthly[scenario] = np.array([_by_month(run.periods, years) for run in runs])
        parameters[scenario] = runs[0].parameters
    return Runs(years, values, monthly, parameters)


def _by_month(periods: pd.DataFrame, years: Sequence[int]) -> Array:
    ordered = periods.sort_values(["year", "period"], kind="stable")
    price = ordered["price"].to_numpy(np.float64)
    return price.reshape(len(years), -1)
