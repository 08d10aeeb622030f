"""Scenarios on which the drift is judged: coverages and caps that no training run had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario

HELD_OUT: Mapping[str, tuple[str, dict[str, object]]] = {
    "power and steel": ("S1", {"coverage.STEEL": "trading", "cap.tightness": 0.035}),
    "power, coking, chemicals, cement": (
        "S1",
        {"coverage.COKE": "trading", "coverage.CHEM": "trading", "coverage.NMM": "trading", "cap.tightness": 0.065},
    ),
    "S5, cap falling faster": ("S5", {"cap.decline": 0.045}),
    "S1, cap falling slowly": ("S1", {"cap.decline": 0.02}),
}
"""Coverages and caps that no training run had."""

WEEKLY = ("power and steel", "S5, cap falling faster", "S1, cap falling slowly")
MODES = ("none", "ou", "neural")


def held_out(periods: int, seed: int, mode: str = "none", names: Sequence[str] = tuple(HELD_OUT)) -> list[Scenario]:
    """The held-out scenarios under one drift mode."""
    out = []
    for name in names:
        base, own = HELD_OUT[name]
        number = list(HELD_OUT).index(name) + 1
        label = f"H{number}-{periods}-{mode}-{seed}"
        fields = {"name": label, "title": name, "seed": seed, "market.periods_per_year": periods, "drift.mode": mode}
        out.append(load_scenario(base, {**own, **fields}))
    return out
