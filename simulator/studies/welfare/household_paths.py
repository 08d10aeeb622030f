"""Who among households bears a scenario, by year: ``python -m tanshi.simulator.studies.welfare.household_paths S1 S5``.

One equilibrium a year, without firms, under the scenario's own rules, against the frozen baseline of the same year, in
which power pays the benchmark's price for ever. Groups meet the equilibria's prices with their own shares of income and
of goods (`tanshi.equilibrium.province.incidence`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.province.incidence import Baskets
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.accounting import BILLION_PER_YI
from tanshi.simulator.results.collect import YUAN_PER_HEAD
from tanshi.simulator.results.variables import HEADS, MONEY_METRIC, group_of, region_of
from tanshi.simulator.run.ground.annual import frozen_regime
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.yearly import Yearly

CHANGE = "Welfare|Change"
UNITS = {MONEY_METRIC: "billion CNY_2022/yr", CHANGE: "%", HEADS: "CNY_2022/yr"}
COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "value")


def household_paths(scenario: Scenario) -> pd.DataFrame:
    """Money metric, its change against the frozen baseline, and income per head of every group of households.

    Returns
    -------
    DataFrame
        Long, in the columns of an IAMC table; variables are ``Welfare|Urban Households|Money Metric`` and the like.

    Raises
    ------
    UserError
        Where the economy has no groups of households.
    EquilibriumError
        With the year.
    """
    based = economy(scenario.economy, scenario.figures)
    groups = based.groups
    if groups is None:
        expected = "the table households.csv: persons, incomes and consumption per head, goods bought, by group"
        problem = Problem(expected, "none", f"{scenario.economy}/households.csv")
        raise UserError("Nothing says who the households are.", [problem])
    yearly = Yearly.of(scenario)
    baskets = Baskets.of(yearly.model.compiled, groups)
    frozen, path = yearly.path(frozen_regime(yearly.model)), yearly.path()
    rows: list[tuple[object, ...]] = []
    name, region = scenario.name or scenario.economy, region_of(scenario.economy)
    for before, after in zip(frozen, path, strict=True):
        old, new = (baskets.felt(one.solution) for one in (before, after))
        for i, group in enumerate(groups.names):
            income = sum(float(values[i]) for values in new.income.values())
            found = {
                MONEY_METRIC: float(new.metric[i]) * BILLION_PER_YI,
                CHANGE: 100.0 * (float(new.metric[i] / old.metric[i]) - 1.0),
                HEADS: YUAN_PER_HEAD * income / float(groups.persons[i]),
            }
            rows += [
                ("Tanshi", name, region, group_of(v, group), UNITS[v], after.year, value) for v, value in found.items()
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def main(words: Sequence[str] | None = None) -> int:
    """Write the table of some scenarios as CSV."""
    parser = argparse.ArgumentParser(
        prog="python -m tanshi.simulator.studies.welfare.household_paths", description=__doc__
    )
    parser.add_argument("scenarios", nargs="*", default=["S1", "S2", "S3", "S4", "S5"])
    parser.add_argument("--out", type=Path, default=Path("results/households.csv"))
    given = parser.parse_args(words)
    tables = [household_paths(load_scenario(name)).assign(scenario=name) for name in given.scenarios]
    write_file(given.out, pd.concat(tables).to_csv(index=False, lineterminator="\n").encode("utf-8"))
    print(f"{given.out} is written.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
