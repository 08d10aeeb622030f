"""What a surprise from outside changes of a plan: as if it had been planned with it, and as long as it lasts."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tanshi.agents.outlook import Outlook
from tanshi.agents.planning import Prospect, plan
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.drift.drivers.process import DRIVERS
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run import period
from tanshi.simulator.run.ahead.surprises import cleared, felt, take_in
from tanshi.simulator.run.economics import Answer, at_price
from tanshi.simulator.run.straying import multipliers

RATE, NO_COLLAR = 0.05, (0.0, np.inf)


def planned(emissions: np.ndarray, caps: np.ndarray) -> Outlook:
    """Rubin's firms, who emit so much less a tonne a yuan."""
    n = len(caps)
    known = Prospect(caps, 0.0, np.zeros(n), np.full(n, np.inf), np.full(n, RATE))
    made = plan(known, lambda p: (emissions - p, np.full(n, -1.0)), np.full(n, 20.0), tolerance=1e-12)
    return Outlook(
        2023, made.price, made.bank, made.carry, np.array([1, n]), made.price[[1, 1]], made.gap, made.iterations,
        made.at, made.emissions, made.slope, low=known.low, high=known.high,
    )  # fmt: skip


@pytest.mark.parametrize("more", [(0.0, 0.0, 0.0), (3.0, 3.0, 3.0), (40.0, 0.0, 0.0), (-20.0, -5.0, 1.0)])
def test_a_plan_after_a_surprise_is_the_plan_that_knew_of_it(more: tuple[float, ...]) -> None:
    """Lasting or for one year, more or less, up to a bank that runs out: Rubin's conditions solved from nothing."""
    emissions, caps = np.full(3, 100.0), np.array([90.0, 70.0, 50.0])
    before, knew = planned(emissions, caps), planned(emissions + more, caps)
    after = cleared(before, before.emissions + more, NO_COLLAR)
    assert after.price == pytest.approx(knew.price, abs=1e-8)
    assert after.bank == pytest.approx(knew.bank, abs=1e-8)
    assert after.following[-1] == pytest.approx(knew.price[1], abs=1e-8)
    if more[0] == 40.0:
        assert after.bank[0] == pytest.approx(0.0, abs=1e-9)


def straying(**more: object) -> CarbonMarket:
    own = {"years.end": 2024, "firms.number": 24, "market.periods_per_year": 4, "banking.horizon": 4}
    return CarbonMarket(load_scenario("S5", {**own, "shocks.drivers": "estimated", **more})).run(5)


@pytest.fixture(scope="module")
def market() -> CarbonMarket:
    """After the first quarter of the policy, in which January's plan was made."""
    return straying()


@pytest.mark.parametrize("kind", ["absolute", "intensity"])
def test_what_emissions_answer_to_is_the_economys_own_answer(kind: str, market: CarbonMarket) -> None:
    """Each driver a thousandth up and down, the whole equilibrium solved anew at the same price.

    Under a standard more output brings allowances with it: what firms lack is what counts.
    """
    market = market if kind == "absolute" else straying(**{"cap.kind": kind})
    world, state = market.world, market.state
    base, covered = state.economy.drivers.copy(), state.policy.mask(state.year)
    follows = state.policy.follows(state.year)
    assert follows.any() == (kind == "intensity")

    def answer(moved: np.ndarray) -> tuple[Answer, dict[str, float]]:
        state.economy.drivers = base + moved
        found = at_price(world, state, state.market.price, 1.0), multipliers(world, state, now=False)
        state.economy.drivers = base
        return found

    nearest = SimpleNamespace(nearest=answer(np.zeros(len(DRIVERS)))[0].solution)
    told, unknowns = felt(world, state, nearest)  # type: ignore[arg-type]
    for at, name in enumerate(DRIVERS[:-1]):
        ends = [answer(step * (np.arange(len(DRIVERS)) == at)) for step in (1e-3, -1e-3)]
        emitted = [
            float((found.response.emissions - np.where(follows, found.response.allocation, 0.0))[covered].sum())
            for found, _ in ends
        ]
        moved = np.log(ends[0][1][name] / ends[1][1][name])
        assert (emitted[0] - emitted[1]) / moved == pytest.approx(told[at], rel=0.02, abs=0.05), name
        apart = (ends[0][0].solution.x - ends[1][0].solution.x) / moved
        assert unknowns[at] == pytest.approx(apart, rel=0.02, abs=1e-3 * np.abs(apart).max()), name
    assert told[-1] == 0.0  # news moves no economy


def test_a_shock_that_lasts_moves_what_next_year_is_worth_and_a_calm_month_does_not(market: CarbonMarket) -> None:
    world, state = market.world, market.state
    before = state.market.outlook
    assert before is not None
    moved = {}
    for name in ("fuel_price", "availability"):
        at = DRIVERS.index(name)
        surprise = np.zeros(len(DRIVERS))
        surprise[at] = 4.0 / before.felt[at]  # 4 Mt a year more, at first
        take_in(world, state, surprise)
        after = state.market.outlook
        assert after is not None
        moved[name] = after.following[-1] / before.following[-1] - 1.0
        added = after.emissions - before.emissions
        assert added[0] > 0
        assert (np.diff(added[1:]) <= 0).all()  # it dies out
        state.market.outlook = before
    assert moved["fuel_price"] > 5 * moved["availability"] > 0
    take_in(world, state, np.zeros(len(DRIVERS)))
    assert state.market.outlook is before


def test_an_auction_begins_where_news_will_take_the_price_and_ends_where_it_would_anyway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """News of fuel and of beliefs are in the first price that is tried; to a tick the price is the one without it."""
    monthly = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 12, "banking.horizon": 2}
    strays = {"shocks.drivers": "estimated", "shocks.belief": "network"}

    def prices() -> tuple[np.ndarray, np.ndarray]:
        """Where each auction began, and where it ended."""
        market, began = CarbonMarket(load_scenario("S5", {**monthly, **strays})).run(13), []
        while not market.state.calendar.finished:
            before = market.state.market.expected
            market.run(market.state.number + 1)
            began.append(before * np.exp(market.state.market.news))
        return np.array(began), market.result().periods["price"].to_numpy(float)[13:]

    began, ended = prices()
    monkeypatch.setattr(period, "tells", lambda *_: 0.0)
    plain, same = prices()
    assert np.abs(ended - same).max() <= 0.02
    assert np.abs(np.log(began / ended)).mean() < 0.6 * np.abs(np.log(plain / same)).mean()


def test_years_ahead_are_expected_with_what_is_left_of_a_shock(market: CarbonMarket) -> None:
    world, state = market.world, market.state
    assert world.surroundings is not None
    kept, at = state.economy.drivers, DRIVERS.index("fuel_price")
    state.economy.drivers = 0.2 * (np.arange(len(DRIVERS)) == at)
    rate = world.surroundings.drivers.each[at].reversion
    logs = [np.log(multipliers(world, state, now=False, later=k)["fuel_price"]) for k in (1, 2, 3)]
    state.economy.drivers = kept
    assert logs[1] / logs[0] == pytest.approx(np.exp(-rate), rel=0.02)
    assert logs[2] / logs[1] == pytest.approx(np.exp(-rate), rel=0.02)
