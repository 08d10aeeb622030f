"""Python may look for cycles seldom, since a run leaves hardly one behind."""

from __future__ import annotations

import gc

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.machine.memory import SELDOM
from tanshi.simulator.stepping import simulate

SMALL = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0}


def test_a_run_leaves_hardly_a_cycle_behind() -> None:
    scenario = load_scenario("S5", SMALL)
    simulate(scenario)  # what the first run loads stays for good
    gc.collect()
    gc.disable()
    try:
        simulate(scenario)
        left = gc.collect()
    finally:
        gc.enable()
    assert left < SELDOM / 10
