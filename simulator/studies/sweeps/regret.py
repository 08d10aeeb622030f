"""Regret between scenarios: how much worse each does, point by point, than the best of them would have done there.

References
----------
Savage, L. J. (1951): The theory of statistical decision. Journal of the American Statistical Association 46.
Lempert, R. J., Popper, S. W. and Bankes, S. C. (2003): Shaping the Next One Hundred Years. RAND.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, did_you_mean

GOALS = ("max", "min")


@dataclass(frozen=True)
class Regret:
    """What one output says of the scenarios.

    Parameters
    ----------
    output, goal
        The output and whether more (``max``) or less (``min``) of it is better.
    by_point
        (points) x (scenarios): how much worse than the best at that point, 0 for the best itself; means over seeds.
    summary
        A row a scenario: mean, 95th percentile and largest regret, and the share of points at which it is best.
    between
        Row less column: mean over the points of how much better the row's scenario does.
    """

    output: str
    goal: str
    by_point: pd.DataFrame
    summary: pd.DataFrame
    between: pd.DataFrame

    @property
    def least(self) -> str:
        """The scenario whose largest regret is least."""
        return str(self.summary["largest"].idxmin())


def read_goals(texts: Sequence[str], outputs: Sequence[str]) -> dict[str, str]:
    """Goals given as ``gdp=max``, by output.

    Raises
    ------
    UserError
        Where one cannot be read or its output is not one of the sweep's.
    """
    goals: dict[str, str] = {}
    for text in texts:
        name, _, goal = (part.strip() for part in text.partition("="))
        if name not in outputs:
            expected = Message("one of the outputs {outputs}", outputs=", ".join(outputs))
            problem = Problem(expected, repr(name), "--regret", hint=did_you_mean(name, list(outputs)))
            raise UserError("There is no such output.", [problem])
        if goal not in GOALS:
            problem = Problem("an output and its goal, such as gdp=max or price=min", repr(text), "--regret")
            raise UserError("The goal cannot be read.", [problem])
        goals[name] = goal
    return goals


def regrets(outcomes: pd.DataFrame, goals: Mapping[str, str]) -> list[Regret]:
    """The regret of every scenario, for each output with a goal.

    Parameters
    ----------
    outcomes
        One row a run with ``scenario``, ``point``, ``seed`` and the outputs.

    Raises
    ------
    UserError
        Where there is one scenario only, or a scenario does not make an output.
    """
    names = list(dict.fromkeys(outcomes["scenario"]))
    if len(names) < 2:
        problem = Problem("two scenarios or more", ", ".join(names), "--regret")
        raise UserError("There is nothing to regret.", [problem])
    found = []
    for output, goal in goals.items():
        table = outcomes.pivot_table(output, "point", "scenario", aggfunc="mean", observed=True)
        lacking = [name for name in names if name not in table or table[name].isna().any()]
        if lacking:
            got = Message("none of {lacking}", lacking=", ".join(lacking))
            problem = Problem(Message("{output} of every scenario", output=output), got)
            raise UserError("Scenarios cannot be compared.", [problem])
        found.append(_regret(output, goal, table[names].rename_axis(columns=None)))
    return found


def _regret(output: str, goal: str, table: pd.DataFrame) -> Regret:
    better = table if goal == "max" else -table
    by_point = -better.sub(better.max(axis=1), axis=0) + 0.0
    summary = pd.DataFrame(
        {
            "mean": by_point.mean(),
            "p95": by_point.quantile(0.95),
            "largest": by_point.max(),
            "best_share": (by_point <= 0.0).mean(),
        }
    ).rename_axis("scenario")
    values = better.to_numpy(dtype=np.float64)
    between = pd.DataFrame(
        values.mean(axis=0)[:, None] - values.mean(axis=0)[None, :], index=table.columns, columns=table.columns
    )
    return Regret(output, goal, by_point, summary, between)


def regret_table(found: Sequence[Regret]) -> pd.DataFrame:
    """All summaries in one table."""
    parts = [one.summary.reset_index().assign(output=one.output, goal=one.goal) for one in found]
    table = pd.concat(parts, ignore_index=True)
    return table[["output", "goal", "scenario", "mean", "p95", "largest", "best_share"]]
