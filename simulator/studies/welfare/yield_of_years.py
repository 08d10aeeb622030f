"""What a path is worth: ``python -m tanshi.simulator.studies.welfare.yield_of_years S1 S5``.

Consumption discounted, and the capital that is left at the end, of one equilibrium a year without firms. Yearly sums of
consumption, investment and government count saving twice, when it is made and when it is consumed. Here saving counts
once, as what it leaves behind: the services of the last year's capital and what is built in it, for as long as they
last, discounted like consumption.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.dynamics import advance
from tanshi.equilibrium.province.national import Welfare, lent_outside, surplus_outside, welfare
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.studies.yearly import Yearly

RATES = (0.03, 0.05, 0.08)
"""Yearly rates of discount: low, middle, and that of the state's project appraisal (NDRC, Economic evaluation of
construction projects, 2006: 8 %)."""


@dataclass(frozen=True)
class PathWorth:
    """An equilibrium-only path of a scenario.

    Attributes
    ----------
    years
        What each year yields.
    capital
        Services of all capital at the start of the year after the last, yi yuan of the benchmark a year.
    depreciation
        Part of capital that wears out in a year.
    lent
        What is lent outside by year, where external saving is flexible, yi yuan; else it is the same on every path, and
        nothing here.
    outside
        What buyers in the rest of the country have beyond what they pay, by year, yi yuan.
    """

    years: tuple[Welfare, ...]
    capital: float
    depreciation: float
    lent: tuple[float, ...]
    outside: tuple[float, ...]

    def worth(self, rate: float) -> float:
        """Discounted consumption, government and lending, and end capital, yi yuan of the first year.

        Parameters
        ----------
        rate
            Of discount, 1/year.
        """
        had = [y.consumption + y.government + lent for y, lent in zip(self.years, self.lent, strict=True)]
        left = self.capital * (1 + rate) / (rate + self.depreciation)  # services of a stock that wears out
        return discounted(had, rate) + left / (1 + rate) ** len(self.years)


def discounted(flows: Sequence[float], rate: float) -> float:
    """Worth in the first year of a flow of years."""
    return sum(flow / (1 + rate) ** t for t, flow in enumerate(flows))


def path_worth(scenario: Scenario) -> PathWorth:
    """Solve a scenario's path, one equilibrium a year, and value it.

    Raises
    ------
    EquilibriumError
        With the year and the worst equation.
    """
    yearly = Yearly.of(scenario)
    model, path = yearly.model, yearly.path()
    last, growth = path[-1], replace(yearly.growth, nonfossil={})
    after = advance(model, last.solution.parameters, last.flows, last.solution, growth, last.year)
    return PathWorth(
        tuple(welfare(y.solution) for y in path),
        _services(model, after.endowment),
        scenario.dynamics.depreciation,
        tuple(lent_outside(y.solution) if model.closure.external_saving == "flexible" else 0.0 for y in path),
        tuple(surplus_outside(y.solution) for y in path),
    )


def _services(model: Province, endowment: np.ndarray) -> float:
    owned = model.compiled.endow_at.items()
    return float(sum(endowment[i] for (_, name, times), i in owned if name.startswith("CAP") and not times))


def worth_table(scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """What the paths of some scenarios are worth at every rate, and how much more or less than the first one's.

    Parameters
    ----------
    scenarios
        Of the same economy and years.

    Returns
    -------
    DataFrame
        Columns ``scenario``, ``rate`` (1/year), ``worth`` (yi yuan of the first year), ``change`` (%) and ``outside``
        (yi yuan): what buyers in the rest of the country have more over the years.
    """
    rows: list[tuple[str, float, float, float, float]] = []
    paths = [path_worth(scenario) for scenario in scenarios]
    for scenario, path in zip(scenarios, paths, strict=True):
        for rate in RATES:
            worth = path.worth(rate)
            outside = discounted(path.outside, rate) - discounted(paths[0].outside, rate)
            rows.append((scenario.name, rate, worth, 100.0 * (worth / paths[0].worth(rate) - 1.0), outside))
    return pd.DataFrame(rows, columns=["scenario", "rate", "worth", "change", "outside"])


def main(words: Sequence[str] | None = None) -> int:
    """Write the table of some scenarios as CSV."""
    parser = argparse.ArgumentParser(
        prog="python -m tanshi.simulator.studies.welfare.yield_of_years", description=__doc__
    )
    parser.add_argument("scenarios", nargs="*", default=["S1", "S2", "S3", "S4", "S5"])
    parser.add_argument("--out", type=Path, default=Path("results/worth.csv"))
    given = parser.parse_args(words)
    table = worth_table([load_scenario(name) for name in given.scenarios])
    write_file(given.out, table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
    print(f"{given.out} is written.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
