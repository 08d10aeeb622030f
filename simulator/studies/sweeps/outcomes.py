"""The outputs of a sweep's runs: their numbers, from the runs' tables and records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.language import mark, say
from tanshi.scenarios.sweep import Output
from tanshi.scenarios.sweep_load import Plan
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.reading import or_broken, read_frame, read_record
from tanshi.simulator.results.store import names_in
from tanshi.simulator.results.variables import INTERMEDIARIES, SETTLED, net_sales_of
from tanshi.simulator.studies.batches.compact import standing
from tanshi.simulator.studies.query import QueryError, ask, check_tables, connect
from tanshi.simulator.studies.sweeps.sweep import DESIGN, read_plan

NAMED = 8
"""Runs named one by one in a refusal."""
TRADE_OF_INTERMEDIARIES = net_sales_of(INTERMEDIARIES)


class IncompleteStudy(StoreError):
    """Runs are missing or failed: what is there is no sample of the design."""

    exit_code = 1


def read_outcomes(folder: Path) -> tuple[Plan, pd.DataFrame]:
    """The design of a sweep with the outputs of every run, one column each; NaN where a run does not make one.

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
    drawn = [name for factor in plan.factors for name in (factor.name, f"u:{factor.name}")]
    design = read_frame(folder / DESIGN, ("run", "scenario", "point", "seed", *drawn))
    places = design[["point", "seed", *(name for name in drawn if name.startswith("u:"))]]
    if places.isna().any(axis=None) or not all(pd.api.types.is_numeric_dtype(kind) for kind in places.dtypes):
        raise StoreError(
            "{path} is broken: a point, a seed or a value that was drawn is missing, or no number", path=folder / DESIGN
        )
    if set(design["run"]) != set(names_in(folder)):
        raise StoreError("{path} is broken: it does not list the runs of this sweep", path=folder / DESIGN)
    with or_broken(lambda: check_tables(folder)):
        return plan, _outcomes(plan, folder, design)


def _outcomes(plan: Plan, folder: Path, design: pd.DataFrame) -> pd.DataFrame:
    annual = _annual(folder, {output.variable for output in plan.spec.outputs.values()}, list(design["run"]))
    starts = {scenario.name: scenario.policy_start for scenario in plan.scenarios}
    start = annual["run"].map(dict(zip(design["run"], design["scenario"].map(starts), strict=True)))
    outcomes = design
    for name, output in plan.spec.outputs.items():
        values = _one(annual, start, output)
        if output.variable == TRADE_OF_INTERMEDIARIES:  # who never traded has no row
            values = values.reindex(design["run"]).fillna(0.0)
        outcomes = outcomes.merge(values.rename(name), left_on="run", right_index=True, how="left")
        if output.against:
            outcomes[name] = _against(outcomes, name, output.against)
    return outcomes


def _annual(folder: Path, variables: set[str], runs: Sequence[str]) -> pd.DataFrame:
    """Run, variable, year and value of what the outputs need."""
    wanted = sorted(variables - set(SETTLED))
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in wanted) or "''"
    database = connect(folder)
    try:
        annual = ask(database, f"select run, variable, year, value from annual where variable in ({names})")
    except QueryError:
        check_tables(folder)
        raise
    finally:
        database.close()
    annual = annual[annual["run"].isin(set(runs))]
    settled = [row for run in runs for row in _settled(folder, run)] if variables & set(SETTLED) else []
    more = pd.DataFrame(settled, columns=["run", "variable", "year", "value"])
    return pd.concat([annual, more], ignore_index=True) if len(more) else annual


def _settled(folder: Path, run: str) -> list[tuple[str, str, int, float]]:
    """What the record says of each year's obligations."""
    rows = []
    for row in read_record(folder / run).get("meta", {}).get("settlements", []):
        if "owed_t" not in row:
            continue
        owed, year = float(row["owed_t"]), int(row["year"])
        rows.append((run, "Compliance|Shortfall", year, 100.0 * float(row["shortfall_t"]) / owed if owed else 0.0))
        rows.append((run, "Compliance|Penalty", year, float(row["penalty_yuan"]) / 1e6))
    return rows


def _one(annual: pd.DataFrame, start: pd.Series[int], output: Output) -> pd.Series[float]:
    rows = annual[annual["variable"] == output.variable]
    last = rows.groupby("run")["year"].transform("max") if output.year is None else output.year
    if output.over == "year":
        return rows[rows["year"] == last].set_index("run")["value"]
    within = rows[(rows["year"] <= last) & (rows["year"] >= start.loc[rows.index])]
    grouped = within.groupby("run")["value"]
    return grouped.sum() if output.over == "sum" else grouped.max() if output.over == "max" else grouped.mean()


def _against(outcomes: pd.DataFrame, name: str, reference: str) -> pd.Series[float]:
    """Change against the reference at the same point with the same seed, in per cent."""
    base = outcomes[outcomes["scenario"] == reference].set_index(["point", "seed"])[name]
    own = pd.MultiIndex.from_frame(outcomes[["point", "seed"]])
    against = base.reindex(own).to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100.0 * (outcomes[name].to_numpy(dtype=np.float64) / against - 1.0)
    return pd.Series(np.where(outcomes["scenario"] == reference, np.nan, change), outcomes.index)


def _incomplete(folder: Path, failed: Mapping[str, str], missing: Sequence[str]) -> str:
    told = mark("{folder} cannot be analysed: {failed} runs failed and {missing} are missing.")
    lines = [say(told, folder=folder, failed=len(failed), missing=len(missing))]
    for name, reason in list(failed.items())[:NAMED]:
        lines.append(say("  {name} failed: {reason}", name=name, reason=reason.splitlines()[0] if reason else ""))
    if len(failed) > NAMED:
        lines.append(say("  and {count} more failed", count=len(failed) - NAMED))
    if missing:
        more = say(" and {count} more", count=len(missing) - NAMED) if len(missing) > NAMED else ""
        lines.append(say("  missing: {names}", names=", ".join(missing[:NAMED]) + more))
    lines.append(say("To run them: {command}", command=f"tanshi sweep {folder}"))
    if failed:
        told = mark(
            "A run that fails again has its parameters and traceback in {folder}/<run>.failed; change the sweep's"
            " ranges so that it is left out, and start the sweep in another folder."
        )
        lines.append(say(told, folder=folder))
    return "\n".join(lines)
