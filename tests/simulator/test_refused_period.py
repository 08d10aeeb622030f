"""A period that fails leaves nothing behind: the run stands where it stood and goes on as if nothing had been tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run import period

EVERYTHING: dict[str, Any] = {
    "years.end": 2024,
    "firms.number": 40,
    "market.periods_per_year": 4,
    "seed": 11,
    "firms.shock_sigma": 0.1,
    "firms.strategies.truthful": 0.3,
    "firms.strategies.zip": 0.5,
    "firms.strategies.zic": 0.2,
    "firms.strategies.scheduled": 0.0,
    "firms.intermediaries": 2,
    "allocation.auctioned_share": 0.2,
    "banking.borrow_share": 0.3,
    "banking.carry_base": 10_000,
    "stability_reserve.on": True,
    "shock.year": 2023,
    "shock.period": 2,
    "shock.cap_cut": 0.1,
}
PHASES = ("open_period", "expect", "trade_and_equilibrate", "settle", "respond", "jump", "drift", "close_year")


def model(name: str = "S5-sinks", **changes: Any) -> CarbonMarket:
    return CarbonMarket(load_scenario(name, EVERYTHING | changes))


def same(one: Any, other: Any) -> bool:
    """Whether two saved states are the same, bit by bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return bool(one == other) or (one != one and other != other)  # what a table leaves out is NaN


def fail_after(phase: str, patch: pytest.MonkeyPatch) -> None:
    """Let a phase do all its work and then find that there is no equilibrium."""
    whole = getattr(period, phase)

    def broken(*given: Any, **named: Any) -> Any:
        whole(*given, **named)
        raise EquilibriumError("no equilibrium")

    patch.setattr(period, phase, broken)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("before", [3, 5])  # the last period of a year and the one of the shock
def test_a_refused_period_leaves_nothing_behind_and_the_repeated_step_gives_the_same_run(
    phase: str, before: int
) -> None:
    if phase == "close_year" and before != 3:
        pytest.skip("no year ends there")
    undisturbed, tried = model().run(), model().run(until=before)
    firms, saved = tried.population, tried.save()
    with pytest.MonkeyPatch.context() as patch:
        fail_after(phase, patch)
        for _ in range(2):
            with pytest.raises(EquilibriumError):
                tried.step()
    assert same(tried.save(), saved)
    assert tried.population is firms  # who looks at the firms goes on looking at the same ones
    tried.registry.check()
    assert same(tried.run().save(), undisturbed.save())


@pytest.mark.parametrize("drift", ["none", "ou"])
def test_without_firms_a_refused_period_leaves_nothing_behind(drift: str) -> None:
    change = {"market.mode": "equilibrium", "drift.mode": drift}
    undisturbed, tried = model(**change).run(), model(**change).run(until=2)
    with pytest.MonkeyPatch.context() as patch:
        fail_after("drift", patch)
        with pytest.raises(EquilibriumError):
            tried.step()
    assert same(tried.run().save(), undisturbed.save())


def test_an_interrupted_period_leaves_nothing_behind() -> None:
    """Somebody at a keyboard stops a long step and takes it up again."""
    undisturbed, tried = model().run(until=6), model().run(until=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(period, "jump", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tried.step()
    tried.step()
    assert same(tried.save(), undisturbed.save())
    assert [firm.holdings for firm in tried.firms] == [firm.holdings for firm in undisturbed.firms]


def test_asking_the_economy_changes_nothing() -> None:
    """A trial of the fixed point is a question: it may not write what is expected into the state."""
    asked = model().run(until=5)
    period.open_period(asked.world, asked.state)
    period.expect(asked.world, asked.state)
    saved = asked.save()
    first = period.trade_and_equilibrate(asked.world, asked.state)
    assert same(asked.save(), saved)
    again = period.trade_and_equilibrate(asked.world, asked.state)
    assert first.price == again.price
    assert first.credits == again.credits > 0
