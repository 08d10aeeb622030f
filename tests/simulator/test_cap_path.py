"""A cap by year in the run: met in every year, foreseen once announced, shared out by sector, and changed in kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import run_until
from tanshi.simulator.run.world import State, World
from tests.sectors import SECTORS

SMALL: dict[str, Any] = {
    "years.end": 2024,
    "firms.number": 24,
    "market.periods_per_year": 1,
    "drift.mode": "none",
    "banking.horizon": 0,
}
ALONE = {"market.mode": "equilibrium", "coupling.adjustment_rate": None}


def run(name: str = "S4", **given: Any) -> tuple[World, State]:
    world, state = begin(load_scenario(name, {**SMALL, **{k.replace("__", "."): v for k, v in given.items()}}))
    run_until(world, state)
    return world, state


def test_a_first_cut_and_an_even_decline_are_a_path_and_give_the_same_numbers() -> None:
    short = simulate(load_scenario("S4", {**SMALL, "cap.tightness": 0.05, "cap.decline": 0.03}))
    path = {"cap.share": {"from": 2023, "value": 0.95, "growth": -0.03}}
    whole = simulate(load_scenario("S4", {**SMALL, **path}))
    assert short.periods.equals(whole.periods)
    assert short.annual.equals(whole.annual)


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_emissions_of_every_year_are_its_cap_in_tonnes(mode: str) -> None:
    _, state = run(cap__tonnes={"2023": 550.0, "2024": 535.0}, banking__allowed=False, market__mode=mode)
    for closed in state.log.years[1:]:
        assert state.policy.caps(closed.year).sum() == pytest.approx({2023: 550.0, 2024: 535.0}[closed.year])
        emitted = float(closed.accrued[closed.covered].sum())
        assert emitted == pytest.approx({2023: 550.0, 2024: 535.0}[closed.year], abs=0.02)


def test_sectors_caps_are_their_own_and_the_others_share_the_rest() -> None:
    _, state = run(cap__tonnes=550.0, **{"cap__by_sector.STEEL": {"2023": 80.0, "2024": 70.0}})
    caps, base = state.policy.caps(2024), state.policy.baseline.at(2024)
    steel, others = SECTORS.index("STEEL"), [SECTORS.index(s) for s in ("ELEC", "NMM", "COKE")]
    assert caps[steel] == pytest.approx(70.0)
    assert caps.sum() == pytest.approx(550.0)
    assert np.ptp(caps[others] / base[others]) == pytest.approx(0.0, abs=1e-12)


def test_a_cap_of_a_years_emissions_does_not_follow_the_baselines_growth() -> None:
    _, state = run(cap__share=0.9, cap__of_year=2022)
    mask = state.policy.mask(2024)
    for year in (2023, 2024):
        assert state.policy.caps(year)[mask] == pytest.approx(0.9 * state.policy.baseline.at(2022)[mask])


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_firms_that_plan_foresee_a_cut_announced_for_a_later_year(mode: str) -> None:
    plan = {"banking__horizon": 4, "years__end": 2023, "market__mode": mode, "firms__discount_sigma": 0.0}
    _, known = run(cap__share=0.95, cap__cut={"2026": 0.3}, **plan)
    _, none = run(cap__share=0.95, **plan)
    assert known.log.periods[-1]["price"] > 1.2 * none.log.periods[-1]["price"]


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_a_standard_becomes_a_cap_in_the_year_named(mode: str) -> None:
    kinds = {"2023": "intensity", "2024": "absolute"}
    _, state = run(
        cap__kind=kinds,
        cap__share={"2023": 0.97},
        cap__tonnes={"2024": 540.0},
        market__mode=mode,
        banking__allowed=False,
    )
    assert [state.policy.standard(year) for year in (2022, 2023, 2024)] == [False, True, False]
    closed = state.log.years[-1]
    assert float(closed.accrued[closed.covered].sum()) == pytest.approx(540.0, abs=0.02)
    if mode == "agents":
        state.registry.check()
