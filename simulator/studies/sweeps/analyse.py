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

from tanshi.language import mark, say, translate
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.sweep import DesignSpec
from tanshi.scenarios.sweep_load import Plan
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.reading import or_broken
from tanshi.simulator.studies.query import check_tables
from tanshi.simulator.studies.sweeps.conditions import Condition
from tanshi.simulator.studies.sweeps.indices import AnalysisError, Measure, Swing, indices, leading, tornado
from tanshi.simulator.studies.sweeps.outcomes import read_outcomes
from tanshi.simulator.studies.sweeps.outputs import absent_outputs, label_of
from tanshi.simulator.studies.sweeps.rules import Box, find_boxes
from tanshi.simulator.studies.sweeps.rules import say as say_box
from tanshi.simulator.studies.sweeps.surface import Surface, fit

Array = NDArray[np.float64]
ANALYSIS = "analysis"


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

    @property
    def titles(self) -> dict[str, str]:
        """What parameters, and groups of them, are called in tables and figures."""
        groups = {factor.group: translate(factor.group) for factor in self.plan.factors if factor.draw.group}
        return {factor.name: translate(factor.title) for factor in self.plan.factors} | groups

    def number_of(self, parameter: str) -> int:
        """Column of a parameter in `unit`; of a group that of its first."""
        return next(n for n, f in enumerate(self.plan.factors) if parameter in (f.name, f.group))


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
    with or_broken(lambda: check_tables(folder)):
        return study(plan, outcomes, conditions)


def study(plan: Plan, outcomes: pd.DataFrame, conditions: Sequence[Condition] = ()) -> Study:
    """Indices, tornado, surface and rules from a table of outcomes.

    Parameters
    ----------
    outcomes
        One row a run with ``scenario``, ``point``, ``seed``, the design's ``u:`` columns and the outputs.
    """
    unit: Array = np.zeros((0, len(plan.factors)))
    findings: list[Finding] = []
    rules: list[Rule] = []
    left_out = [told_absent(*where, why) for where, why in absent_outputs(plan).items()]
    unexplained: list[str] = []
    for scenario in dict.fromkeys(outcomes["scenario"]):
        rows = outcomes[outcomes["scenario"] == scenario]
        by_point = rows.groupby("point", sort=True)
        unit = by_point[[f"u:{f.name}" for f in plan.factors]].first().to_numpy(dtype=np.float64)
        values: dict[str, Array] = {}
        for name, output in plan.spec.outputs.items():
            here = rows[name].notna()
            if not here.all():
                if here.any():
                    left_out.append(
                        say(
                            "{scenario}, {output}: left out, since only {count} of {runs} runs make it",
                            scenario=scenario,
                            output=name,
                            count=int(here.sum()),
                            runs=len(rows),
                        )
                    )
                continue
            values[name] = by_point[name].mean().to_numpy(dtype=np.float64)
            spread = float(by_point[name].std(ddof=1).mean()) if len(plan.spec.seeds) > 1 else 0.0
            findings.append(
                finding(
                    plan.spec.design,
                    plan.factors,
                    unit,
                    values[name],
                    str(scenario),
                    name,
                    label_of(output),
                    spread,
                    independent=not plan.constraints,
                )
            )
        for condition in conditions:
            if not all(name in values for name in condition.outputs):
                continue
            found = _rules(str(scenario), condition, plan.factors, unit, values)
            rules += found
            if not found:
                unexplained.append(_unexplained(str(scenario), condition, condition(values)))
    if not findings:
        raise AnalysisError("nothing can be analysed: {why}", why="; ".join(left_out))
    return Study(plan, unit, outcomes, findings, rules, [*unexplained, *left_out])


def _unexplained(scenario: str, condition: Condition, hits: NDArray[np.bool_]) -> str:
    if hits.all() or not hits.any():
        told = (
            mark("{scenario}, {condition}: at every point")
            if hits.all()
            else mark("{scenario}, {condition}: at no point")
        )
        return say(told, scenario=scenario, condition=condition)
    told = mark("{scenario}, {condition}: {part:.0f} % of all points, no simple rule says which")
    return say(told, scenario=scenario, condition=condition, part=100 * float(hits.mean()))


def told_absent(scenario: str, output: str, why: str) -> str:
    """What is left out, and why."""
    return say("{scenario}, {output}: left out, since {why}", scenario=scenario, output=output, why=why)


def finding(
    design: DesignSpec,
    factors: Sequence[Factor],
    unit: Array,
    values: Array,
    scenario: str,
    output: str,
    label: str = "",
    spread: float = 0.0,
    *,
    independent: bool = True,
) -> Finding:
    """Everything about one output; the analysis of a function given as numbers goes the same way.

    Parameters
    ----------
    independent
        Whether the parameters vary independently: no constraints.

    Raises
    ------
    AnalysisError
        As `indices`.
    """
    names = [factor.name for factor in factors]
    choices = [len(factor.choices) for factor in factors]
    words = [bool(f.choices) and not all(isinstance(c, int | float) for c in f.choices) for f in factors]
    sound = len(values) == len(unit) and bool(np.isfinite(values).all())
    fitted = fit(unit, values, choices) if sound else None
    try:
        measures = indices(
            design,
            names,
            unit,
            values,
            groups=[factor.group for factor in factors],
            choices=choices,
            surface=fitted,
            independent=independent,
        )
    except AnalysisError as error:
        raise AnalysisError("{scenario}, {output}: {error}", scenario=scenario, output=output, error=error) from error
    swings = tornado(names, unit, values, fitted, words)
    return Finding(scenario, output, label, values, spread, measures, swings, fitted)


def _rules(
    scenario: str, condition: Condition, factors: Sequence[Factor], unit: Array, values: Mapping[str, Array]
) -> list[Rule]:
    hits = condition(values)
    boxes = find_boxes(unit, hits, [len(f.choices) for f in factors])
    return [Rule(scenario, str(condition), say_box(box, factors), box, float(hits.mean())) for box in boxes]


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
    spread = pd.DataFrame(
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
                "chance": max(r.box.chances.values(), default=float("nan")),
            }
            for r in result.rules
        ],
        columns=["scenario", "outcome", "rule", "points", "density", "coverage", "rate_overall", "chance"],
    )
    return {
        "indices": index,
        "tornado": swing,
        "outputs": spread,
        "rules": rules,
        "peeling": _peeling(result),
        "points": result.outcomes,
    }


def _peeling(result: Study) -> pd.DataFrame:
    """The boxes on the way to each rule: what a wider or a narrower one would hold."""
    rows = [
        {
            "scenario": rule.scenario,
            "outcome": rule.condition,
            "rule": rule.text,
            "step": number,
            "points": step.points,
            "density": step.density,
            "coverage": step.coverage,
            "parameters": len(step.bounds),
            "box": say_box(step, result.plan.factors),
            "chosen": step is rule.box.path[rule.box.at] if rule.box.path else False,
        }
        for rule in result.rules
        for number, step in enumerate(rule.box.path)
    ]
    columns = ["scenario", "outcome", "rule", "step", "points", "density", "coverage", "parameters", "box", "chosen"]
    return pd.DataFrame(rows, columns=columns)


def write_tables(folder: Path, result: Study) -> list[Path]:
    """Write the tables as CSV into ``analysis/``."""
    return [
        write_file(
            folder / ANALYSIS / f"{name}.csv",
            table.to_csv(index=False, float_format="%.10g", lineterminator="\n").encode("utf-8"),
        )
        for name, table in tables(result).items()
    ]
