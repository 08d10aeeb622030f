"""Analysis of a finished sweep: outcomes of its points, indices, tornado, response surface and rules.

Refuses a sweep that is not whole: an index from a sample with holes is wrong without showing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.scenarios.draws import Factor
from tanshi.scenarios.sweep import DesignSpec, Output
from tanshi.scenarios.sweep_load import Plan
from tanshi.simulator.machine.disk import StoreError, write_file
from tanshi.simulator.results.reading import read_frame
from tanshi.simulator.studies.batches.compact import standing
from tanshi.simulator.studies.query import QueryError, ask, check_tables, connect
from tanshi.simulator.studies.sweeps.indices import (
    AnalysisError,
    Measure,
    Surface,
    Swing,
    indices,
    leading,
    surface,
    tornado,
)
from tanshi.simulator.studies.sweeps.rules import Box, Condition, find_boxes, say
from tanshi.simulator.studies.sweeps.sweep import DESIGN, read_plan

Array = NDArray[np.float64]
ANALYSIS = "analysis"
NAMED = 8
"""Runs named one by one in a refusal."""


class IncompleteStudy(StoreError):
    """Runs are missing or failed: what is there is no sample of the design."""

    exit_code = 1


@dataclass(frozen=True)
class Finding:
    """What one output of one scenario shows.

    Parameters
    ----------
    values
        (points,), mean over the seeds; ``spread`` is the mean standard deviation over them, 0 for one seed.
    """

    scenario: str
    output: str
    unit: str
    values: Array
    spread: float
    measures: Sequence[Measure]
    swings: Sequence[Swing]
    surface: Surface | None

    def ranked(self, measure: str) -> list[Measure]:
        """The parameters by one measure, the strongest first."""
        return sorted((m for m in self.measures if m.measure == measure), key=lambda m: -abs(m.value))


@dataclass(frozen=True)
class Rule:
    """A box for an outcome in one scenario; ``rate`` is the part of all points that are hits."""

    scenario: str
    condition: str
    text: str
    box: Box
    rate: float


@dataclass(frozen=True)
class Study:
    """A sweep and what it shows."""

    plan: Plan
    unit: Array
    outcomes: pd.DataFrame
    findings: Sequence[Finding]
    rules: Sequence[Rule] = field(default_factory=tuple)
    unexplained: Sequence[str] = field(default_factory=tuple)

    @property
    def measure(self) -> str:
        """The measure by which this design ranks parameters."""
        return leading(self.plan.spec.design.method)


def read_outcomes(folder: Path) -> tuple[Plan, pd.DataFrame]:
    """The design of a sweep with the outputs of every run, one column each.

    Raises
    ------
    IncompleteStudy
        Where runs are missing or failed; they are named, and how to rerun them is said.
    StoreError
        Where the folder holds no sweep.
    """
    plan = read_plan(folder)
    now = standing(folder)
    if now.failed or now.missing:
        raise IncompleteStudy(_incomplete(folder, now.failed, now.missing))
    design = read_frame(folder / DESIGN, ("run", "scenario", "point", "seed", *_drawn(plan)))
    wanted = sorted({output.variable for output in plan.spec.outputs.values()})
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in wanted)
    database = connect(folder)
    try:
        annual = ask(database, f"select run, variable, year, value from annual where variable in ({names})")
    except QueryError:
        check_tables(folder)
        raise
    finally:
        database.close()
    starts = {scenario.name: scenario.policy_start for scenario in plan.scenarios}
    start = annual["run"].map(dict(zip(design["run"], design["scenario"].map(starts), strict=True)))
    outcomes = design
    for name, output in plan.spec.outputs.items():
        outcomes = outcomes.merge(_one(annual, start, output).rename(name), left_on="run", right_index=True, how="left")
    return plan, outcomes


def _drawn(plan: Plan) -> list[str]:
    return [name for factor in plan.factors for name in (factor.name, f"u:{factor.name}")]


def _one(annual: pd.DataFrame, start: pd.Series[int], output: Output) -> pd.Series[float]:
    rows = annual[annual["variable"] == output.variable]
    last = output.year if output.year is not None else int(rows["year"].max())
    if output.over == "year":
        return rows[rows["year"] == last].set_index("run")["value"]
    within = rows[(rows["year"] <= last) & (rows["year"] >= start.loc[rows.index])]
    grouped = within.groupby("run")["value"]
    return grouped.sum() if output.over == "sum" else grouped.max() if output.over == "max" else grouped.mean()


def _incomplete(folder: Path, failed: Mapping[str, str], missing: Sequence[str]) -> str:
    lines = [f"{folder} cannot be analysed: {len(failed)} runs failed and {len(missing)} are missing."]
    for name, reason in list(failed.items())[:NAMED]:
        lines.append(f"  {name} failed: {reason.splitlines()[0] if reason else ''}")
    if len(failed) > NAMED:
        lines.append(f"  and {len(failed) - NAMED} more failed")
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        lines.append(f"  missing: {', '.join(missing[:NAMED])}{more}")
    lines.append(f"To run them: tanshi sweep {folder}")
    if failed:
        lines.append(
            f"A run that fails again has its parameters and traceback in {folder}/<run>.failed; change the sweep's"
            " ranges so that it is left out, and start the sweep in another folder."
        )
    return "\n".join(lines)


def analyse(folder: Path, conditions: Sequence[Condition] = ()) -> Study:
    """Analyse a finished sweep.

    Raises
    ------
    IncompleteStudy, StoreError
        As `read_outcomes`.
    AnalysisError
        Where an outcome is not finite.
    """
    plan, outcomes = read_outcomes(folder)
    return study(plan, outcomes, conditions)


def study(plan: Plan, outcomes: pd.DataFrame, conditions: Sequence[Condition] = ()) -> Study:
    """Indices, tornado, surface and rules from a table of outcomes.

    Parameters
    ----------
    outcomes
        One row a run with ``scenario``, ``point``, ``seed``, the design's ``u:`` columns and the outputs.
    """
    from tanshi.simulator.results.variables import CATALOGUE

    unit: Array = np.zeros((0, len(plan.factors)))
    findings: list[Finding] = []
    rules: list[Rule] = []
    unexplained: list[str] = []
    for scenario in dict.fromkeys(outcomes["scenario"]):
        rows = outcomes[outcomes["scenario"] == scenario]
        by_point = rows.groupby("point", sort=True)
        unit = by_point[[f"u:{f.name}" for f in plan.factors]].first().to_numpy(dtype=np.float64)
        values: dict[str, Array] = {}
        for name, output in plan.spec.outputs.items():
            values[name] = by_point[name].mean().to_numpy(dtype=np.float64)
            spread = float(by_point[name].std(ddof=1).mean()) if len(plan.spec.seeds) > 1 else 0.0
            known = CATALOGUE.get(output.variable)
            # A sum over years has no "per year" any more.
            label = known.unit if known else ""
            label = label.removesuffix("/yr") if output.over == "sum" else label
            findings.append(
                finding(plan.spec.design, plan.factors, unit, values[name], str(scenario), name, label, spread)
            )
        for condition in conditions:
            found = _rules(str(scenario), condition, plan.factors, unit, values[condition.output])
            rules += found
            if not found:
                share = 100 * float(condition(values[condition.output]).mean())
                unexplained.append(f"{scenario}, {condition}: {share:.0f} % of all points, no simple rule says which")
    return Study(plan, unit, outcomes, findings, rules, unexplained)


def finding(
    design: DesignSpec,
    factors: Sequence[Factor],
    unit: Array,
    values: Array,
    scenario: str,
    output: str,
    label: str = "",
    spread: float = 0.0,
) -> Finding:
    """Everything about one output; the analysis of a function given as numbers goes the same way.

    Raises
    ------
    AnalysisError
        As `indices`.
    """
    names = [factor.name for factor in factors]
    try:
        measures = indices(design, names, unit, values)
    except AnalysisError as error:
        raise AnalysisError("{scenario}, {output}: {error}", scenario=scenario, output=output, error=error) from error
    swings = tornado(names, unit, values)
    return Finding(scenario, output, label, values, spread, measures, swings, surface(unit, values))


def _rules(scenario: str, condition: Condition, factors: Sequence[Factor], unit: Array, values: Array) -> list[Rule]:
    hits = condition(values)
    boxes = find_boxes(unit, hits, [len(f.choices) for f in factors])
    return [Rule(scenario, str(condition), say(box, factors), box, float(hits.mean())) for box in boxes]


def tables(result: Study) -> dict[str, pd.DataFrame]:
    """Indices, swings and rules as tables."""
    index = pd.DataFrame(
        [
            {"scenario": f.scenario, "output": f.output, "unit": f.unit, **m.__dict__}
            for f in result.findings
            for m in f.measures
        ]
    )
    swing = pd.DataFrame(
        [
            {"scenario": f.scenario, "output": f.output, "unit": f.unit, **s.__dict__, "swing": s.high - s.low}
            for f in result.findings
            for s in f.swings
        ]
    )
    fit = pd.DataFrame(
        [
            {
                "scenario": f.scenario,
                "output": f.output,
                "unit": f.unit,
                "mean": float(f.values.mean()),
                "p05": float(np.quantile(f.values, 0.05)),
                "median": float(np.median(f.values)),
                "p95": float(np.quantile(f.values, 0.95)),
                "standard_deviation": float(f.values.std(ddof=1)) if len(f.values) > 1 else 0.0,
                "between_seeds": f.spread,
                "surface_explains": f.surface.explained if f.surface else float("nan"),
            }
            for f in result.findings
        ]
    )
    rules = pd.DataFrame(
        [
            {
                "scenario": r.scenario,
                "outcome": r.condition,
                "rule": r.text,
                "points": r.box.points,
                "density": r.box.density,
                "coverage": r.box.coverage,
                "rate_overall": r.rate,
            }
            for r in result.rules
        ],
        columns=["scenario", "outcome", "rule", "points", "density", "coverage", "rate_overall"],
    )
    return {"indices": index, "tornado": swing, "outputs": fit, "rules": rules, "points": result.outcomes}


def write_tables(folder: Path, result: Study) -> list[Path]:
    """Write the tables as CSV into ``analysis/``."""
    return [
        write_file(folder / ANALYSIS / f"{name}.csv", table.to_csv(index=False, float_format="%.10g").encode("utf-8"))
        for name, table in tables(result).items()
    ]
