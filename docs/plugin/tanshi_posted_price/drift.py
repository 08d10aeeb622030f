"""A drift: every gap to the reference path halves in a quarter of a year."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.flow import Context, Flow

HALF_LIFE = 0.25


class HalfLife(Flow):
    """Gaps that halve, whatever the market does."""

    def path(
        self, r0: NDArray[np.float64], t0: float, t1: float, context: Context, substeps: int = 1
    ) -> NDArray[np.float64]:
        """The gap (m, 17) at evenly spaced times from ``t0`` to ``t1`` (years)."""
        times = np.linspace(0.0, t1 - t0, substeps + 1)
        return np.asarray(r0 * 0.5 ** (times[:, None, None] / HALF_LIFE))


def half_life(scenario: Scenario) -> Flow:
    """The drift of a scenario that names it."""
    return HalfLife(mode="ou", on_blow_up=scenario.drift.on_blow_up)
