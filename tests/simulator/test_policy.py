"""A policy's yearly figures are worked out once, and anew once a shock is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.run.ground.annual import Baseline
from tanshi.simulator.run.ground.policy import Policy
from tests.sectors import SECTORS


@pytest.fixture
def policy() -> Policy:
    shock = {"shock.year": 2024, "shock.period": 7, "shock.cap_cut": 0.2}
    scenario = load_scenarios(["S4"], {"years.end": 2025, **shock})[0]
    years, n = range(2022, 2026), len(SECTORS)
    emissions, outputs = np.full((4, n), 100.0), np.ones((4, n))
    earning = (np.arange(n), np.zeros(n), emissions, outputs)
    return Policy(scenario, Baseline(years, emissions, outputs, SECTORS, SECTORS, *earning, np.full(4, 55.3)))


def test_what_is_kept_cannot_be_changed_by_who_asked(policy: Policy) -> None:
    for figures in (policy.caps(2024), policy.caps(2024, whole=True), policy.mask(2024)):
        with pytest.raises(ValueError, match="read-only"):
            figures[0] = 0


def test_a_shock_is_unknown_until_it_is_announced(policy: Policy) -> None:
    before = policy.caps(2024).copy()
    known = replace(policy, shocked=True)
    assert np.array_equal(policy.caps(2024), before)
    assert known.caps(2024) == pytest.approx(before * 0.9)  # half a year of a cut by a fifth
    assert known.caps(2024, whole=True) == pytest.approx(before * 0.8)
