"""Several provinces in one market, worked by hand on stand-ins of a few firms: who gets which part of what."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tanshi.market.between import Numbering
from tanshi.market.containment import Step
from tanshi.market.orders import Orders
from tanshi.market.sales import Sales
from tanshi.market.venue import Clearing, Fills
from tanshi.market.vintages import OpenYear
from tanshi.scenarios.containment import StabilityReserve
from tanshi.scenarios.new_entrants import NewEntrants
from tanshi.simulator.run.ahead.joint import MetTogether
from tanshi.simulator.run.together import deadlines, opening, period, price
from tanshi.simulator.run.together.auction import _parts, crossing_rows
from tanshi.simulator.run.together.steps import Ladder

NUMBERING = Numbering(np.array([0, 3, 7]), np.array([2, 3]))
"""Accounts 0 to 2 are the first province's, its mirror 2; 3 to 6 the second's, its mirror its own 3."""
# Bought by the first province's account 1 from the second's 2; by the second's 1 from the first's 0; at home.
FILLS = Fills(np.array([1, 4, 0]), np.array([5, 0, 1]), np.array([4, 3, 2]), np.array([5000, 5100, 5200]))


def clearing(blocks: int = 0) -> Clearing:
    return Clearing(5100, 9, FILLS, (5100, 5100), 5100, np.array([4, 3, 2, 9]), blocks=blocks)


def member(**parts: Any) -> Any:
    return SimpleNamespace(**parts)


# -- fills and books ---------------------------------------------------------------------------------------


def test_what_crosses_a_border_is_told_with_each_ends_own_account() -> None:
    rows = crossing_rows(member(year=2024, period=1), clearing(), NUMBERING, 100, 0.01)  # type: ignore[arg-type]
    assert (rows["buyer_place"].tolist(), rows["buyer"].tolist()) == ([0, 1], [1, 1])
    assert (rows["seller_place"].tolist(), rows["seller"].tolist()) == ([1, 0], [2, 0])
    assert (rows["quantity_t"].tolist(), rows["price"].tolist()) == ([400, 300], [50.0, 51.0])
    assert rows["period"].tolist() == [2, 2]


def test_each_province_is_given_its_orders_its_fills_and_the_blocks_among_them() -> None:
    book = [Orders.empty(), Orders(*(np.zeros(4, np.int64) for _ in range(5)))]
    placed = [member(orders=book[0], credits=None), member(orders=book[1], credits=None)]
    whole = member(orders=book[1], each=placed, due=lambda paying: (1.0, 2.0, 3.0, 4.0))
    nobody = member(each=[None, None])
    found = member(placed=whole, clearing=clearing(blocks=1), paying=(), price=51.0, response=nobody, answer=nobody,
                   rounds=3, gap=0.0)  # fmt: skip
    first, second = _parts(found, NUMBERING, [0.5, 0.7])
    assert (first.clearing.volume, second.clearing.volume) == (9, 7)
    assert (first.clearing.blocks, second.clearing.blocks) == (1, 1)  # the one block crossed the border
    assert (first.clearing.filled.tolist(), second.clearing.filled.tolist()) == ([], [4, 3, 2, 9])
    assert (first.forest_income, first.across, second.forest_income, second.across) == (1.0, 2.0, 3.0, 4.0)
    assert (first.credits, second.credits) == (0.5, 0.7)


# -- what governments sell ---------------------------------------------------------------------------------

LADDER = Ladder(
    (Step("base", 10.0, 4.0), Step("first", 30.0, 6.0)), np.array([[3.0, 1.0], [2.0, 4.0]]), np.array([3.0, 1.0])
)


def test_governments_sell_the_cheapest_step_first_and_of_each_their_part() -> None:
    assert LADDER.taken(2.0).tolist() == [1.5, 0.5]
    assert LADDER.taken(7.0).tolist() == pytest.approx([3.0 + 1.0, 1.0 + 2.0])
    assert LADDER.taken(99.0).tolist() == [5.0, 5.0]


def test_at_a_steps_price_any_part_of_it_may_be_sold_and_beside_it_all_or_nothing() -> None:
    assert [LADDER.between(price) for price in (5.0, 10.0, 20.0, 30.0, 40.0)] == [
        (0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (4.0, 10.0), (10.0, 10.0),
    ]  # fmt: skip


# -- one reserve -------------------------------------------------------------------------------------------


def reserve(
    held: tuple[int, int], circulating: int, sold: tuple[int, int] = (0, 0), **said: Any
) -> list[tuple[int, int]]:
    """Two provinces that supply 3 and 1 Mt; thresholds are million allowances."""
    rule = StabilityReserve.model_validate({"on": True, "scale": 1.0, "validity": "all", **said})
    members = [
        member(
            market=member(reserve=own, sales=member(sold=auctioned), open=()),
            policy=member(
                caps=lambda year, mt=mt: np.array([mt]),
                mask=lambda year: np.array([True]),
                started=lambda year: True,
                scenario=member(new_entrants=NewEntrants()),
            ),
            registry=member(held=np.array([circulating // 2])),
            firms=member(sector=np.array([0])),
            year=2025,
        )
        for own, auctioned, mt in zip(held, sold, (3.0, 1.0), strict=True)
    ]
    state = member(members=members, year=2025)
    one = member(government=1, outside=2)
    world = member(scenario=member(stability_reserve=rule), members=[one, one])
    return opening.reserve_of_all(state, world)  # type: ignore[arg-type]


TAKES = {"release_below": 0.1, "lower": 1.0, "upper": 100.0, "release": 0.2}


def test_a_common_reserve_takes_from_each_in_proportion_to_its_supply_and_no_more_than_all_supply() -> None:
    assert reserve((0, 0), 3_000_000, **TAKES) == [(1_500_000, 1_500_000), (500_000, 500_000)]  # 2 Mt above 1 Mt
    assert reserve((0, 0), 9_000_000, **TAKES) == [(3_000_000, 3_000_000), (1_000_000, 1_000_000)]  # 4 of 8 Mt


def test_what_a_common_reserve_gives_back_each_gives_by_what_its_part_holds() -> None:
    assert reserve((100_000, 300_000), 0, **TAKES) == [(-50_000, 50_000), (-150_000, 150_000)]


def test_what_stays_valid_goes_by_what_all_governments_auctioned_the_year_before() -> None:
    said = {**TAKES, "validity": "auctioned"}
    assert reserve((600_000, 200_000), 500_000, sold=(100_000, 300_000), **said) == [(0, 300_000), (0, 100_000)]


# -- one price, one belief, one waiting line ---------------------------------------------------------------


def of_sizes(*sizes: float, **market: Any) -> Any:
    """A state of provinces that emit so much under the rules."""
    return member(
        members=[
            member(
                year=2025,
                policy=member(
                    baseline=member(at=lambda year, mt=mt: np.array([mt])), mask=lambda year: np.array([True])
                ),
                market=member(**{name: values[place] for name, values in market.items()}),
            )
            for place, mt in enumerate(sizes)
        ]
    )


def test_the_market_expects_the_mean_of_what_flows_say_by_what_each_province_emits() -> None:
    state = of_sizes(300.0, 100.0, expected=(np.expm1(4.0), np.expm1(5.0)))
    period._expect_one_price(None, state)  # type: ignore[arg-type]
    assert [m.market.expected for m in state.members] == pytest.approx([np.expm1(4.25)] * 2)


def test_provinces_begin_a_common_market_with_one_belief_by_what_each_emits() -> None:
    state = of_sizes(300.0, 100.0, belief=(0.2, -0.2), belief_trail=(np.ones(3), np.ones(3)))
    period._one_belief(member(members=[member(surroundings=object())]), state)  # type: ignore[arg-type]
    assert [m.market.belief for m in state.members] == pytest.approx([0.1, 0.1])
    assert not any(m.market.belief_trail.size for m in state.members)


def later_world(**compliance: Any) -> Any:
    rule = member(later=True, **compliance)
    members = [member(firms=2), member(firms=2)]
    return member(together=True, agents_trade=True, scenario=member(compliance=rule), members=members)


def open_year(waiting: list[int], owed: list[int], credits: list[int]) -> OpenYear:
    return OpenYear(2024, 5, np.array(owed), np.array(credits), np.array(waiting))


def test_what_waits_in_one_province_is_served_by_what_waits_in_another() -> None:
    # Here 60 t are to be bought and nothing sold, there 30 t are to be sold: half of what is wanted can wait.
    state = member(
        members=[member(market=member(open=(open_year(waits, [0, 0], [0, 0]),))) for waits in ([40, 20], [-30, 0])]
    )
    deadlines.match_waiting(later_world(), state)  # type: ignore[arg-type]
    assert [m.market.open[0].waiting.tolist() for m in state.members] == [[20, 10], [-30, 0]]


def test_only_what_credits_do_not_cover_is_exchanged_for_at_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(deadlines, "exchange_between", lambda books, year, firms, due: asked.extend(due) or [0, 0])
    state = member(
        number=5,
        year=2025,
        members=[
            member(
                market=member(open=(open_year([0, 0], [50, 8], [10, 8]),)),
                policy=member(mask=lambda year: np.array([True])),
                firms=member(sector=np.zeros(2, np.int64)),
                registry=None,
                log=member(settlements=[{"year": 2024}]),
            )
            for _ in range(2)
        ],
    )
    deadlines.exchange_due(later_world(lends=lambda year: False), state)  # type: ignore[arg-type]
    assert [due.tolist() for due in asked] == [[40, 0], [40, 0]]


def test_a_years_verified_emissions_are_news_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "estimates", lambda world, year: True)
    monkeypatch.setattr(deadlines, "known_from", lambda world, year: 5)
    state = member(members=[member(market=member(open=(open_year([0], [0], [0]),)))])
    told = [deadlines.verified_now(later_world(), member(number=n, **vars(state))) for n in (4, 5, 6)]
    assert told == [False, True, False]


# -- without firms -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Across:
    imported: float = 0.0
    paid: float = 0.0
    due: float = 0.0
    rate: float = 0.0


def test_what_is_left_of_a_year_is_what_came_in_less_what_was_emitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price, "granted", lambda world, state: np.array([10.0, 99.0]))
    monkeypatch.setattr(price, "used_credits", lambda state: 1.0)
    sales = Sales(beyond=3_000_000, withheld=500_000)
    state = member(
        year=2025,
        economy=member(accrued=np.array([8.0, 99.0])),
        policy=member(mask=lambda year: np.array([True, False])),
        market=member(across=Across(imported=0.5), banked=2.0, sales=sales),
    )
    # 2 Mt of the year's own, 1 of credits, 0.5 bought of the others, 2 banked, 2.5 sold beyond what was meant.
    assert price.left_over(None, state) == pytest.approx(8.0)  # type: ignore[arg-type]


def test_at_the_years_end_who_lacks_buys_of_who_has_left_and_owes_it_with_the_coming_year(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(price, "_close_steps", lambda world, state: None)
    monkeypatch.setattr(price, "left_over", lambda world, state: state.left)
    members = tuple(member(left=left, market=member(across=Across(), price=50.0)) for left in (-6.0, -2.0, 4.0))
    price.level(member(members=(None,) * 3), member(members=members))  # type: ignore[arg-type]
    found = [m.market.across for m in members]
    assert [one.imported for one in found] == pytest.approx([3.0, 1.0, -4.0])
    # 50 yuan/t on 1 Mt are half a yi yuan.
    assert [one.paid for one in found] == [one.due for one in found] == pytest.approx([1.5, 0.5, -2.0])


def test_what_all_lack_at_a_steps_price_is_what_governments_sold_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price, "in_steps", lambda scenario: True)
    monkeypatch.setattr(Ladder, "of", classmethod(lambda cls, policies, year: LADDER))
    monkeypatch.setattr(price, "left_over", lambda world, state: state.left)
    log = member(periods=[{"price": 30.0}] * 2)
    members = tuple(member(left=left, log=log, policy=None, market=member(sales=None)) for left in (-1.0, -3.0))
    world = member(members=(None, None), scenario=None, periods_per_year=2)
    price._close_steps(world, member(members=members, year=2025))  # type: ignore[arg-type]
    # 4 Mt were to be auctioned and 4 Mt are lacking beside them: a third of these from one, two thirds from the other.
    assert [m.market.sales.beyond for m in members] == [1_333_333, 2_666_667]
    assert [m.market.sales.withheld for m in members] == [0, 0]


def test_the_price_of_now_is_below_the_mean_of_a_rest_of_the_year_in_which_it_rises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met = MetTogether(105.0, np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1), ("answer",))
    monkeypatch.setattr(price, "rise", lambda world, state: 1.05)
    monkeypatch.setattr(price, "asking", lambda *words: None)
    monkeypatch.setattr(price, "left_of", lambda world, state: 1.0)
    monkeypatch.setattr(Ladder, "of", classmethod(lambda cls, policies, year: LADDER))
    monkeypatch.setattr(price, "met_in_steps", lambda *words: met)
    monkeypatch.setattr(price, "without_book", lambda *found: found[0])
    policy = member(collar=lambda year: (0.0, 200.0))
    state = member(
        members=(member(market=member(across=Across(), expected=100.0), policy=policy),), period=0, year=2025
    )
    world = member(members=(member(adjustment=lambda remaining: (1.0, 0.5)),), periods_per_year=2)
    assert price.equilibrium_prices(world, state) == pytest.approx([100.0])  # type: ignore[arg-type, comparison-overlap]
