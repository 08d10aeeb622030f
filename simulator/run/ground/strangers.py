"""Sectors and classes of plant that a scenario names and its economy does not have."""

from __future__ import annotations

from tanshi.equilibrium.province.classes import CLASSES, HEAT
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import CLASSES_OF_PLANT, Scenario
from tanshi.simulator.run.ground.annual import Baseline

CLASS_OF = {**dict(zip(CLASSES, CLASSES_OF_PLANT[:3], strict=True)), "GENG": "gas", HEAT: "heat"}
"""Class of plant, as scenarios name it, of an activity."""


def refuse_strangers(scenario: Scenario, baseline: Baseline) -> None:
    """Refuse sectors and classes of plant that the economy does not have.

    Raises
    ------
    UserError
        Naming the sector or the class.
    """
    covered = [f"coverage.{s}" for s in scenario.coverage.sectors("trading", "allocated")]
    further = [f"{field}.{s}" for field, names in scenario.further_sectors().items() for s in names]
    asked = dict.fromkeys([*covered, *(f"shock.sectors.{s}" for s in scenario.shock.sectors), *further])
    strangers = [name for name in asked if name.rpartition(".")[2] not in baseline.sectors]
    if strangers:
        among = Message("one of the sectors whose firms the economy has figures for: {sectors}",
                        sectors=", ".join(baseline.sectors))  # fmt: skip
        raise UserError(
            "The economy '{name}' has no firms of a sector that the scenario covers.",
            [Problem(among, name.rpartition(".")[2], field=name.rpartition(".")[0]) for name in strangers],
            name=scenario.economy,
        )
    there = {CLASS_OF[a] for a in baseline.activities if a in CLASS_OF}
    given, rates = scenario.allocation.benchmarks, scenario.sectors.ELEC.classes
    said = {
        "allocation.benchmarks": [name for name in CLASSES_OF_PLANT if given.at(name, 0) is not None],
        "sectors.ELEC.classes": [name for name in CLASSES_OF_PLANT if getattr(rates, name) is not None],
    }
    among = Message("a class of plant of the economy: {there}", there=", ".join(sorted(there)))
    problems = [
        Problem(among, name, field=field) for field, names in said.items() for name in names if name not in there
    ]
    if problems:
        raise UserError("The economy has no such class of plant; the table coal_classes gives it some.", problems)
