"""What a year's rules have given: free allowances by sector, and by class of plant beside what the class emitted."""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.equilibrium.province.physical import Flows
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ground.plant_classes import PLANT, class_amounts, has_classes
from tanshi.simulator.run.ground.strangers import CLASS_OF
from tanshi.simulator.run.world import State, World


def tells(w: World) -> bool:
    """Whether a run says what its rules give by sector: where a timetable tells methods, limits or benchmarks."""
    return w.scenario.sectors.methods_said


def allotted(w: World, s: State, flows: Flows) -> dict[str, Any]:
    """What goes into the year's row of compliance; nothing where no timetable says how allowances are counted.

    Parameters
    ----------
    flows
        The year's mean flows.
    """
    if not tells(w):
        return {}
    mask = s.policy.mask(s.year)
    if w.agents_trade:
        given = np.bincount(s.firms.sector, s.market.granted.astype(np.float64), len(w.sectors)).astype(np.float64)
    else:
        free = 1.0 - np.where(s.policy.by_rate(s.year), 0.0, s.policy.auctioned(s.year))
        given = (s.policy.fixed(s.year) * free + s.economy.earned) * TONNES
    by_sector = {name: float(given[i]) for i, name in enumerate(w.sectors) if mask[i]}
    return {"allotted_t": by_sector, "classes_t": _by_class(w, s, flows)}


def _by_class(w: World, s: State, flows: Flows) -> dict[str, list[float]]:
    """Class of plant to t given free and t emitted, where power has benchmarks by class in the year."""
    policy = s.policy
    here = policy.started(s.year) and policy.method("ELEC", s.year) == "benchmark" and policy.mask(s.year)[_power(w)]
    if not here or not has_classes(w.scenario, w.economy.economy, policy):
        return {}
    names = [CLASS_OF[name] for name in PLANT]
    if w.agents_trade:
        power = s.firms.sector == _power(w)
        kind = s.firms.kind[power]
        if kind.max(initial=0) != len(PLANT) - 1:  # fewer firms than classes
            return {}
        given, emitted = (
            np.bincount(kind, values[power].astype(np.float64), len(PLANT)).astype(np.float64)
            for values in (s.market.granted, s.market.verified)
        )
    else:
        earned = w.province.earned_on(flows.leaf, flows.x)
        found = class_amounts(w.economy.economy, policy.baseline, earned, policy.rates(s.year))
        returned = policy.tilts(s.year)[_power(w)].returned
        emitted = found.emissions * TONNES
        given = found.allowances * TONNES + returned * emitted
    return {name: [float(g), float(e)] for name, g, e in zip(names, given, emitted, strict=True)}


def _power(w: World) -> int:
    return w.sectors.index("ELEC")
