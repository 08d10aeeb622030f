"""The assumptions that a search may move on data, each with its sourced range and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tanshi.scenarios.by_year import ByYear
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.studies.reproduction.families import CLEAN
from tanshi.simulator.studies.tangent import Direction

LATE = "late"
"""The further yearly cut of S4's and S5's cap after 2028, as a change of the scenario: no field of its own."""
LATE_FROM = 2028


@dataclass(frozen=True)
class Knob:
    """One assumption that may move.

    Attributes
    ----------
    title
        For the page.
    low, high, start
        Its range and where it stands on data.
    moves
        From a value and a scenario's name to what it sets there.
    direction
        Change of the fields per unit where an exact derivative may exist; empty where differences are taken.
    source
        Of the range.
    """

    title: str
    low: float
    high: float
    start: float
    moves: Callable[[float, str], dict[str, float]]
    direction: Callable[[str], Direction]
    source: str

    @property
    def half(self) -> float:
        """Half the range: the unit of distance."""
        return (self.high - self.low) / 2.0


def knobs_of(scenarios: Mapping[str, Scenario]) -> tuple[Knob, ...]:
    """What may move on data, with ranges from the economy's tables and the calibrations' files."""
    s1, s5 = scenarios["S1"], scenarios["S5"]
    known = catalogue(s1.economy)
    plan = {path: s1.figures.get(path, f.value) for path, f in known.items() if path.startswith(CLEAN)}
    last = next(value for path, value in plan.items() if path.endswith("2025"))
    later = {path: value for path, value in plan.items() if int(path.rsplit(".", 1)[1]) > 2025}

    def clean(part: float, name: str) -> dict[str, float]:
        return {path: last + part * (value - last) for path, value in later.items()}

    def field(title: str, path: str, low: float, high: float, source: str, only: Sequence[str] = ()) -> Knob:
        group, _, name = path.partition(".")
        own = s5 if "S5" in only else s1
        start = float(getattr(getattr(own, group), name))
        return Knob(
            title, low, high, start,
            lambda value, scenario: {path: value} if not only or scenario in only else {},
            lambda scenario: {path: 1.0} if not only or scenario in only else {},
            source,
        )  # fmt: skip

    tables, caps = "parameters.csv of the economy", "benchmarks of power 2021 to 2024; Directive (EU) 2023/959"
    return (
        field("productivity", "dynamics.productivity_growth", 0.01, 0.045, tables),
        field("energy efficiency", "dynamics.aeei", 0.003, 0.028, tables),
        field("efficiency of power", "dynamics.aeei_power", 0.0, 0.01, tables),
        Knob(
            "clean power of the plan after 2025", 0.0, 1.0, 1.0, clean, lambda scenario: {}, "none to all of the plan"
        ),
        field("first cut of S1's cap", "cap.tightness", 0.0, 0.01, caps, ("S1",)),
        field("yearly cut of S1's cap", "cap.decline", 0.0, 0.01, caps, ("S1",)),
        field("first cut of S4's and S5's cap", "cap.tightness", 0.0, 0.09, caps, ("S4", "S5")),
        field("yearly cut of S4's and S5's cap", "cap.decline", 0.005, 0.09, caps, ("S4", "S5")),
        Knob(
            "further yearly cut of S4's and S5's cap after 2028", 0.0, 0.05, 0.0,
            lambda value, name: {LATE: value} if name in ("S4", "S5") else {}, lambda name: {}, caps,
        ),
    )  # fmt: skip


def cut_late(scenario: Scenario, further: float) -> Scenario:
    """The scenario with a cap that falls by so much more a year from ``LATE_FROM`` on, all of it written by year."""
    years = range(scenario.policy_start, scenario.years.end + 1)
    shares = tuple((y, scenario.cap_share(y) * (1.0 - further) ** max(0, y - LATE_FROM)) for y in years)
    empty = {"tonnes": None, "growth": None, "cut": None}
    return scenario.model_copy(update={"cap": scenario.cap.model_copy(update={"share": ByYear(shares), **empty})})
