"""What firms see of the years ahead, worked by hand on stand-ins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tanshi.agents.planning import Prospect, Reserve
from tanshi.equilibrium.province.physical import Flows
from tanshi.scenarios.containment import StabilityReserve
from tanshi.simulator.run.ahead import joint, lives, reserve, surprises
from tanshi.simulator.run.ahead.estimates import estimates
from tanshi.simulator.run.ahead.foresight import Foreseen, YearsAhead
from tanshi.simulator.run.ahead.known import lowest_banks
from tanshi.simulator.run.ahead.outlook import plain_values

RULE = {"on": True, "foreseen": True, "scale": 1.0, "release_below": 0.1, "lower": 1.0, "upper": 100.0, "release": 1.0}
"""Takes what is in circulation beyond 1 Mt; gives back 1 Mt below 0.1 Mt. Thresholds are million allowances."""


def member(**parts: Any) -> Any:
    return SimpleNamespace(**parts)


def foreseen(monkeypatch: pytest.MonkeyPatch, held: int = 0, **said: Any) -> Reserve:
    """Two provinces of 3 and 1 Mt a year, which auction 0.5 Mt in 2025 and 0.9 Mt after it."""
    monkeypatch.setattr(reserve, "auctioned", lambda policy, year, whole: 0.25 if year == 2025 else 0.45)
    rule = StabilityReserve.model_validate({**RULE, **said})
    world = member(scenario=member(stability_reserve=rule), agents_trade=True)
    members = [(world, member(market=member(reserve=held))), (world, member(market=member(reserve=0)))]
    policies = [
        member(caps=lambda year, whole, mt=mt: np.array([mt]), mask=lambda year: np.array([True])) for mt in (3.0, 1.0)
    ]
    found = reserve.foreseen_reserve(members, policies, range(2025, 2028))
    assert found is not None
    return found


def test_what_the_reserve_takes_in_one_year_is_what_it_has_to_give_in_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved, slope = foreseen(monkeypatch, validity="all")(np.array([1.6, 0.0, 0.0]))
    assert moved.tolist() == pytest.approx([0.0, 0.6, -0.6])
    assert slope.tolist() == [0.0, 1.0, 0.0]


def test_what_lost_its_validity_is_not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # 2 Mt are taken in 2026; what was auctioned in 2025, 0.5 Mt, stays valid.
    moved, _ = foreseen(monkeypatch, validity="auctioned")(np.array([3.0, 0.0, 0.0]))
    assert moved.tolist() == pytest.approx([0.0, 2.0, -0.5])


def test_a_reserve_takes_no_more_than_all_that_is_supplied_whatever_more_is_banked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved, slope = foreseen(monkeypatch, validity="all")(np.array([9.0, 3.0, 0.0]))
    assert moved.tolist() == pytest.approx([0.0, 4.0, 2.0])
    assert slope.tolist() == [0.0, 0.0, 1.0]


def test_beyond_what_was_foreseen_years_go_on_as_they_ended() -> None:
    # Emissions fall by a tenth and prices rise by a fifth a year; the slope with the ratio of the two.
    before = Foreseen(2025, np.array([100.0, 120.0]), np.array([50.0, 45.0]), np.array([-0.2, -0.15]))
    later = before.window(2026, 3)
    assert later.year == 2026
    assert later.at.tolist() == pytest.approx([120.0, 120.0, 120.0])  # of one year alone nobody knows how it goes on
    whole = before.window(2025, 3)
    assert whole.at.tolist() == pytest.approx([100.0, 120.0, 144.0])
    assert whole.emissions.tolist() == pytest.approx([50.0, 45.0, 40.5])
    assert whole.slope.tolist() == pytest.approx([-0.2, -0.15, -0.15 * 0.9 / 1.2])


def test_later_years_are_taken_as_foreseen_as_far_off_as_the_nearest_ones_are() -> None:
    before = Foreseen(2025, np.full(4, 100.0), np.array([50.0, 45.0, 40.0, 36.0]), np.full(4, -0.2))
    ahead = member(before=before, years=4)
    # The third year emits half of what was foreseen of it at 100 yuan/t; the fourth is asked at 110.
    found = YearsAhead._along(ahead, 2, np.array([100.0, 100.0, 100.0, 110.0]), np.array([50.0, 45.0, 20.0, 0.0]),
                              np.full(4, -0.3))  # fmt: skip
    assert found[0].tolist() == pytest.approx([50.0, 45.0, 20.0, 17.0])
    assert found[1].tolist() == pytest.approx([-0.3, -0.3, -0.3, -0.1])


def test_of_the_current_year_what_has_passed_counts_as_it_was_and_the_rest_as_it_is_foreseen() -> None:
    passed = member(flows=Flows(np.array([1.0]), np.array([2.0])), decision=np.array([0.3]), remaining=0.25)
    rest = member(state=member(flow=np.array([8.0]), decision=np.array([0.4])), x=np.array([4.0]))
    flows, decision = YearsAhead._flows(member(standing=passed), rest, 0)
    assert (flows.leaf.tolist(), flows.x.tolist()) == ([3.0], [3.0])
    assert decision.tolist() == pytest.approx([0.4])
    later, _ = YearsAhead._flows(member(standing=passed), rest, 1)
    assert later.leaf.tolist() == [8.0]


def test_a_surprise_adds_to_what_is_left_of_this_year_and_to_the_next_as_it_fades(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[list[float]] = []
    monkeypatch.setattr(surprises, "cleared", lambda plan, emissions, collar: told.append(emissions.tolist()))
    drivers = member(fading=lambda after: 0.25 ** np.asarray(after)[:, None] * np.ones(2))
    plan = member(price=np.zeros(2), emissions=np.array([10.0, 10.0]), felt=np.array([4.0, 0.0]))
    world = member(periods_per_year=2, surroundings=member(drivers=drivers))
    state = member(market=member(outlook=plan), period=1, year=2025, policy=member(collar=lambda year: (0.0, 1.0)))
    surprises.take_in(world, state, np.array([1.0, 7.0]))
    # 4 Mt a year, half as much after every half-year: 2 Mt in this one, 1 and 0.5 Mt in the two of the next year.
    assert told == [pytest.approx([12.0, 11.5])]


def test_estimates_matter_where_somebody_can_still_make_up_for_them() -> None:
    def rule(months: int) -> Any:
        compliance = member(misjudged=True, months=lambda year: months, verification=9)
        return member(agents_trade=True, scenario=member(compliance=compliance))

    assert [estimates(rule(months), 2025) for months in (8, 9, 10)] == [False, False, True]


def test_an_allowance_of_next_year_is_worth_its_price_in_the_middle_of_that_year_discounted() -> None:
    firms = member(horizon=np.array([5, 5]), belief=np.array([1.0, 1.1]), discount_rate=np.array([0.1, 0.21]))
    plan = member(horizons=np.array([5]), following=np.array([100.0]))
    state = member(market=member(outlook=plan), firms=firms, period=0)
    # One period a year: from the middle of this year to that of the next. Two: from its first quarter, a year and more.
    assert plain_values(member(periods_per_year=1), state).tolist() == pytest.approx([100 / 1.1, 110 / 1.21])
    assert plain_values(member(periods_per_year=2), state).tolist() == pytest.approx(
        [100 / 1.1**1.25, 110 / 1.21**1.25]
    )


def test_what_next_year_lends_is_next_years_to_lend() -> None:
    policy = member(
        by_rate=lambda year: np.array([False, True]),
        caps=lambda year, whole: np.array([7.0, 9.0]) if year == 2026 else np.array([8.0, 9.0]),
        auctioned=lambda year: np.array([0.5, 0.0]),
        mask=lambda year: np.array([True, True]),
    )
    world = member(scenario=member(compliance=member(lends=lambda year: year == 2025)))
    assert lowest_banks(world, None, policy, range(2025, 2028)).tolist() == [-3.5, 0.0, 0.0]  # type: ignore[arg-type]


def test_what_can_be_alive_is_divided_among_firms_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "most_alive", lambda *words: np.array([6.0]))
    firms = member(shares=lambda: (np.array([0.25, 0.75, 1.0]),), sector=np.array([0, 0, 1]))
    policy = member(
        started=lambda year: True,
        mask=lambda year: np.array([True, False]),
        baseline=member(at=lambda year: np.array([80.0, 40.0])),
    )
    world = member(scenario=member(banking=member(life=2)), firms=3)
    found = lives.most_of_firms(world, member(policy=policy, year=2025, firms=firms))
    assert found.tolist() == pytest.approx([1.5e6, 4.5e6, 0.0])


# -- beside the rest of the nation -------------------------------------------------------------------------


def test_a_limit_of_the_provinces_own_is_its_part_of_the_whole_markets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "rest_of_nation", lambda link, year: member(cap=300.0))
    monkeypatch.setattr(joint, "at_hand_outside", lambda world, state: 40.0)
    own = Prospect(np.array([0.0, 100.0]), 10.0, np.zeros(2), np.full(2, 20.0), np.full(2, 0.05),
                   reserve=lambda bank: (0.5 * bank, np.full(2, 0.5)))  # fmt: skip
    world = member(scenario=member(market=member(link=None)))
    whole = joint.with_supply_outside(world, None, range(2025, 2027), own, 0.25)  # type: ignore[arg-type]
    assert (whole.supply.tolist(), whole.opening) == ([0.0, 400.0], 50.0)
    assert whole.high.tolist() == [80.0, 80.0]
    assert whole.reserve is not None
    taken, slope = whole.reserve(np.array([80.0, 40.0]))  # of which 20 and 10 are the province's
    assert (taken.tolist(), slope.tolist()) == ([10.0, 5.0], [0.125, 0.125])


def test_the_rest_of_the_nation_sells_what_it_neither_emits_nor_banks(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = member(emissions=lambda price: 60.0 - 0.2 * price, slope=lambda price: -0.2)
    monkeypatch.setattr(joint, "rest_of_nation", lambda link, year: rest)
    monkeypatch.setattr(joint, "at_hand_outside", lambda world, state: 50.0)
    state = member(year=2025, market=member(outlook=member(outside=15.0)))
    world = member(scenario=member(market=member(link=None)))
    # Half a year at 100 yuan/t: 20 of 40 Mt are emitted, 15 Mt are kept.
    assert joint.supply_outside(world, state, 100.0, 0.5) == pytest.approx((15.0, 0.1))
