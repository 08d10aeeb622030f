"""The two families of scenarios in which every claim is judged, and the assumptions in which they differ.

The family ``paper`` stands on the first paper's own assumptions, ``data`` on an economy fitted to what was observed and
on policies that are stated. In both, the claims speak of S1 to S5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tanshi.language import mark
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario

FIVE = ("S1", "S2", "S3", "S4", "S5")
PAPER, DATA = "paper", "data"
WORDS: Mapping[str, str] = {PAPER: mark("on the paper's assumptions"), DATA: mark("on data")}
ENTRY: Mapping[str, str] = {"S4": "S4-entry", "S5": "S5-entry"}
"""Scenarios with power under S1's cap: what entry does alone."""

CLEAN = "economy.nonfossil_path."


def name_in(family: str, scenario: str) -> str:
    """Built-in name of a scenario in a family.

    Examples
    --------
    >>> name_in("paper", "S4"), name_in("data", "S4")
    ('paper-S4', 'S4')
    """
    return f"paper-{scenario}" if family == PAPER else scenario


def family_of(
    family: str, names: Iterable[str] = FIVE, fields: Mapping[str, object] | None = None
) -> dict[str, Scenario]:
    """Scenarios of a family by the names that the claims use."""
    return {name: load_scenario(name_in(family, name), fields) for name in names}


def _clean(scenario: Scenario, base: Mapping[str, float]) -> dict[str, Any]:
    own = {path: value for path, value in scenario.figures.items() if path.startswith(CLEAN)}
    rest = {path: value for path, value in base.items() if path.startswith(CLEAN)}
    return rest | own


def _others(scenario: Scenario, base: Mapping[str, float]) -> dict[str, Any]:
    own = {path: value for path, value in scenario.figures.items() if not path.startswith(CLEAN)}
    return {path: value for path, value in base.items() if not path.startswith(CLEAN)} | own


def _group(*names: str) -> Callable[[Scenario, Mapping[str, float]], dict[str, Any]]:
    def parts(scenario: Scenario, base: Mapping[str, float]) -> dict[str, Any]:
        return {name: getattr(scenario, name) for name in names}

    return parts


ASSUMPTIONS: Mapping[str, tuple[str, Callable[[Scenario, Mapping[str, float]], dict[str, Any]]]] = {
    "clean": (mark("path of clean power"), _clean),
    "closure": (mark("capital and trade"), _group("closure")),
    "growth": (mark("growth and energy efficiency"), _group("dynamics")),
    "policy": (mark("the scenarios' caps"), _group("cap", "allocation")),
}
"""What the families differ in where every year clears by itself: short name -> title, and what a scenario has of it."""


def mixed(data: Scenario, paper: Scenario, taken: Iterable[str], known: Mapping[str, float]) -> Scenario:
    """The scenario on data with some of the paper's assumptions in place of its own.

    Parameters
    ----------
    taken
        Names in ``ASSUMPTIONS``.
    known
        Figures of the economy by path, for what only one of the two changes.
    """
    chosen = set(taken)
    touched = {path: known[path] for path in (*data.figures, *paper.figures)}
    update: dict[str, Any] = {}
    figures: dict[str, float] = {}
    for name, (_, parts) in ASSUMPTIONS.items():
        source = paper if name in chosen else data
        if name == "clean":
            figures |= _clean(source, touched)
        else:
            update |= parts(source, touched)
        if name == "growth":
            figures |= _others(source, touched)
    return data.model_copy(update=update | {"figures": figures})
