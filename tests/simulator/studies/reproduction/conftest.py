"""Constructed runs: paths of the five scenarios as plain numbers, and claims made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.runs import VARIABLES, Runs

YEARS = tuple(range(2022, 2031))
Paths = Mapping[str, Mapping[str, Sequence[float]]]


def line(first: float, last: float) -> list[float]:
    return np.linspace(first, last, len(YEARS)).tolist()


def bent(first: float, peak: float, at: int, last: float) -> list[float]:
    """A path that climbs to a peak in a year and falls after it."""
    up = np.interp(YEARS, [2022, at, 2030], [first, peak, last])
    return up.tolist()


@pytest.fixture
def evidence() -> Callable[..., Evidence]:
    """Evidence from paths; what is not given is 1 in every scenario, and every scenario has two equal seeds."""

    def make(paths: Paths, scenarios: Sequence[str] = ("S1", "S2", "S3", "S4", "S5"), **more: object) -> Evidence:
        values = {
            s: {v: np.tile(np.array(paths.get(s, {}).get(v, line(1.0, 1.0))), (2, 1)) for v in VARIABLES}
            for s in scenarios
        }
        monthly = {s: np.tile(values[s]["price"][:, :, None], (1, 1, 12)) for s in scenarios}
        parameters = {
            s: {"coverage": {}, "allocation": {"auctioned_share": 0.0}, "drift": {"mode": "neural"},
                "dynamics": {"aeei": 0.01}}
            for s in scenarios
        }  # fmt: skip
        return Evidence(Runs(YEARS, values, monthly, parameters), **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def claim() -> Callable[..., Claim]:
    """A claim for a rule: ``claim("level", 272, "Mtce", variable="energy", ...)``; ``from_`` stands for ``from``."""

    def make(
        rule: str, published: float | None = None, unit: str = "", use: str = "held-out", depends: str = "",
        note: str = "", **arguments: object,
    ) -> Claim:  # fmt: skip
        given = tuple((name.rstrip("_"), str(value)) for name, value in arguments.items())
        return Claim("huo-00", "huo", "3", 238, "Figure 3", "number", use, "A claim.", published, unit, rule, given,
                     depends, note)  # fmt: skip

    return make
