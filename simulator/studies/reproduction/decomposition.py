"""Why emissions change along a scenario and between scenarios, on the path of one equilibrium a year.

The effects are those of `tanshi.equilibrium.province.decompose`, the additive logarithmic mean Divisia index.
Coal-fired, gas-fired and non-fossil generation are activities of their own there, so that clean power shows under
composition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from tanshi.equilibrium.province.decompose import EFFECTS, decompose
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.ground.annual import Year
from tanshi.simulator.studies.yearly import Yearly

COLUMNS = ("comparison", "start", "end", "effect", "mt")
HOUSEHOLDS = "households"


def policy_path(scenario: Scenario) -> tuple[PhysicalAccounts, list[Year]]:
    """One equilibrium a year under the scenario's cap, and the accounts that read it.

    Raises
    ------
    EquilibriumError
        Where a year has no equilibrium.
    """
    yearly = Yearly.of(scenario)
    return yearly.accounts, yearly.path()


def effects_of(scenarios: Mapping[str, Scenario], spans: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """The effects over spans of years in each scenario, and between S1 and each other scenario in the last year.

    Returns
    -------
    DataFrame
        comparison (``S1`` or ``S5 against S1``), start, end, effect (``change`` is their sum), mt.
    """
    paths = {name: policy_path(scenario) for name, scenario in scenarios.items()}
    rows: list[tuple[str, int, int, str, float]] = []

    def taken_apart(name: str, accounts: PhysicalAccounts, start: Year, end: Year) -> None:
        found = decompose(accounts, start.flows, end.flows)
        parts = {"change": found.change, **{e: found.effects[e] for e in EFFECTS}, HOUSEHOLDS: found.households}
        rows.extend((name, start.year, end.year, effect, value) for effect, value in parts.items())

    for name, (accounts, path) in paths.items():
        at = {year.year: year for year in path}
        for first, last in spans:
            if first in at and last in at:
                taken_apart(name, accounts, at[first], at[last])
    if "S1" in paths:
        accounts, base = paths["S1"]
        for name, (_, path) in paths.items():
            if name != "S1":
                taken_apart(f"{name} against S1", accounts, base[-1], path[-1])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def effect_words(effects: pd.DataFrame, comparison: str, start: int, end: int) -> str:
    """One line of effects: ``change -31.7 Mt: scale +148.0, ...``; empty where they were not computed."""
    here = effects[
        (effects["comparison"] == comparison) & (effects["start"] == start) & (effects["end"] == end)
    ].set_index("effect")["mt"]
    if here.empty:
        return ""
    parts = ", ".join(f"{name} {value:+.1f}" for name, value in here.items() if name != "change")
    return f"{here['change']:+.1f} Mt: {parts}"
