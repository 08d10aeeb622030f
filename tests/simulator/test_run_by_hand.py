"""Two firms, two sectors and numbers worked out by hand: what each rule comes to in a run.

Firm 0 makes power and trades; firm 1 makes steel and trades where a test says so. The worlds are as small as the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tanshi.equilibrium.province.dynamics import Growth
from tanshi.market.new_entrants import EntrantsReserve
from tanshi.market.sales import Sales
from tanshi.scenarios.auctions import Auctions
from tanshi.scenarios.by_year import ByYear
from tanshi.scenarios.containment import StabilityReserve
from tanshi.scenarios.new_entrants import NewEntrants
from tanshi.scenarios.price_limits import PriceLimits
from tanshi.scenarios.schema import Banking, Compliance, Offsets, Penalty
from tanshi.simulator.drift.state import PRICE
from tanshi.simulator.run import book as booking
from tanshi.simulator.run import credits as crediting
from tanshi.simulator.run import period as periods
from tanshi.simulator.run import shock as shocking
from tanshi.simulator.run import year as years
from tanshi.simulator.run.ahead import reference_path
from tanshi.simulator.run.compliance.events import advance_limit
from tanshi.simulator.run.ground.annual import growing_on
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.ground.starts import Starts
from tanshi.simulator.run.record import context_of
from tanshi.simulator.run.rules import after_reserve, fine, less_advances
from tanshi.simulator.run.straying import settle_shock
from tanshi.simulator.run.world import World
from tests.sectors import EMISSIONS, SECTORS, STATE_SIZE
from tests.simulator.by_hand import BOTH, CLOSED, MT, PLAIN_SALES, POWER, accounts, by_sector, rules, stub, two_firms

# -- what the drift is told --------------------------------------------------------------------------------


def test_what_the_drift_knows_of_a_market_in_july() -> None:
    # Power's cap is 10 Mt of 12.5 Mt. It holds 3 and 1 Mt of earlier years and 5 Mt of this one, government 1 Mt, and
    # 2 Mt of credits are expected. 3 Mt are emitted; half a year at 10 Mt is to come. Technique stands at 49 yuan/t,
    # firms expect 24, the market paid 99; the announced path rises by 0.6 a year.
    registry = accounts((0, 3 * MT, 2021), (0, 1 * MT, 2022), (0, 5 * MT, 2023), (1, 7 * MT, 2022), (2, 1 * MT, 2023))
    firms = two_firms()
    firms.expected_price = np.array([24.0, 500.0])
    state = stub(
        year=2023, period=6, firms=firms, registry=registry, market=stub(credits=2.0, open=()),
        policy=rules(baseline=stub(at=lambda year: by_sector(12.5))),
        economy=stub(effective=by_sector(49.0), accrued=by_sector(3.0, 50.0)),
        announced=stub(star=lambda t: 0.6 * (t - 2023.0)[:, None] * np.ones(STATE_SIZE)),
    )  # fmt: skip
    z = np.zeros(STATE_SIZE)
    z[PRICE], z[EMISSIONS] = np.log(100.0), np.log(10.0)
    found = context_of(stub(periods_per_year=12, agents_trade=True, government=2), state, POWER, z)
    assert found.bank_ratio == pytest.approx(0.4)
    assert found.cap_tightness == pytest.approx(0.2)
    assert found.time_to_compliance == pytest.approx(0.5)
    assert found.reference_slope == pytest.approx(0.6)
    assert found.technique_gap == pytest.approx(0.5)
    assert found.expectation_gap == pytest.approx(np.log(4.0))
    assert found.balance == pytest.approx((12.0 - 8.0) / 10.0)
    assert found.period_length == pytest.approx(1 / 12)


def test_a_shock_that_was_halved_twice_goes_on_as_a_quarter() -> None:
    economy = stub(drivers=np.array([0.8, -0.4]), halvings=2)
    state = stub(economy=economy, log=stub(halved=3))
    settle_shock(stub(surroundings=stub()), state)
    assert economy.drivers.tolist() == [0.2, -0.1]
    assert (economy.halvings, state.log.halved) == (0, 4)


def test_the_path_of_clean_power_goes_on_at_its_last_rate() -> None:
    path = growing_on(Growth(nonfossil={2022: 1.0, 2023: 1.1}), 2025).nonfossil
    assert [path[year] for year in range(2022, 2026)] == pytest.approx([1.0, 1.1, 1.21, 1.331])


# -- orders ------------------------------------------------------------------------------------------------


def opened(remaining: float) -> booking.Book:
    """The book of October at a last price of 100, ticks of a yuan."""
    market = stub(
        tick=1.0,
        lot=1,
        venue="call_auction",
        k=0.5,
        ties="pro_rata",
        blocks=0.0,
        block_size=100_000,
        link=CLOSED,
        limits=PriceLimits(),
    )
    world = stub(
        agents_trade=True,
        scenario=stub(market=market, seed=1, firms=stub(urgency=1.0), compliance=Compliance(), **PLAIN_SALES),
        government=2,
        periods_per_year=12,
    )
    state = stub(
        year=2023, period=9, number=9, firms=two_firms(), registry=accounts((0, 5, 2023)),
        policy=rules(collar=lambda year: (0.0, 1000.0)),
        market=stub(price=100.0, by_hand={}, open=(), sales=Sales(np.zeros(12, np.int64))),
    )  # fmt: skip
    return booking.Book(world, state, remaining)


def test_patience_is_what_is_left_after_the_period() -> None:
    # A quarter of the year is left before October's auction, a sixth after it; before December's a twelfth and nothing.
    assert opened(0.25).situation.keywords["patience"] == pytest.approx(1 / 6)
    assert opened(1 / 12).situation.keywords["patience"] == pytest.approx(0.0, abs=1e-12)


def test_random_bidders_stay_within_thirty_per_cent_of_the_last_price() -> None:
    assert opened(0.25).band == (70, 130)


def test_who_does_not_trade_has_abated_nothing() -> None:
    state = stub(year=2023, policy=rules(baseline=stub(at=lambda year: by_sector(100.0, 50.0))))
    assert booking.abated(state, by_sector(80.0, 40.0)).tolist() == [0.8, *[1.0] * 7]


def test_a_plan_is_for_the_firm_s_share_of_what_its_sector_emits(monkeypatch: pytest.MonkeyPatch) -> None:
    # Power emits 100 Mt, of which its firm three quarters by this response; steel does not trade.
    sizes: list[list[float]] = []

    def wish(w: Any, s: Any, size: np.ndarray, price: float, leaning: Any) -> Any:
        sizes.append(size.tolist())
        nothing = np.zeros(2)
        return stub(level=nothing, slope=nothing, least=nothing, most=np.full(2, 5.0))

    monkeypatch.setattr(booking, "planned_wish", wish)
    book = stub(
        w=stub(), s=stub(year=2023, firms=two_firms(), policy=rules(), market=stub(outlook=stub())),
        _shares=lambda response: (np.array([0.75, 1.0]), np.ones(2)), _leaning=None, _most=np.array([3.0, np.inf]),
    )  # fmt: skip
    found = booking.Book._wish(book, stub(price=50.0, emissions=by_sector(100.0, 20.0)))
    assert sizes == [[75 * MT, 0.0]]
    assert cast(Any, found).most.tolist() == [3.0, 5.0]


# -- what firms are given ----------------------------------------------------------------------------------


def test_the_reserve_takes_from_auctions_first_and_then_from_all_alike() -> None:
    # 1,000 t in circulation where 833 are enough: 167 t go. The auctions hold 60 and 40 t; the other 67 t come from
    # 100 and 300 t of free allowances.
    state = stub(
        year=2023, policy=rules(BOTH), firms=two_firms(), registry=accounts((0, 600, 2022), (1, 400, 2022)),
        market=stub(reserve=0, open=(), sales=stub(sold=0)),
    )  # fmt: skip
    world = stub(scenario=stub(stability_reserve=StabilityReserve(on=True, scale=1e-6)), government=2, outside=3)
    free, auctioned = np.array([100, 300, *[0] * 6]), np.array([60, 40, *[0] * 6])
    free, auctioned = after_reserve(world, state, free, auctioned)
    assert free[:2].tolist() == [83, 250]
    assert auctioned[:2].tolist() == [0, 0]
    assert state.market.reserve == 167


def test_what_was_borrowed_is_kept_back_until_it_is_paid() -> None:
    # 30 t borrowed and only 20 t given now: 10 t are kept back from what comes later.
    state = stub(market=stub(advances=np.array([30, 0])))
    assert less_advances(state, np.array([20, 50])).tolist() == [0, 50]
    assert state.market.advances.tolist() == [10, 0]
    assert less_advances(state, np.array([25, 5])).tolist() == [15, 5]
    assert state.market.advances.tolist() == [0, 0]


def borrows(share: float, year: int = 2023) -> list[int] | None:
    world = stub(
        scenario=stub(
            banking=stub(
                share_lent=lambda year: share, borrow_of="gap", borrow_threshold=0.1, lends_in=lambda year: True
            ),
            years=stub(end=2025), compliance=Compliance()
        )
    )  # fmt: skip
    registry = accounts((0, 30, 2022), (0, 10, 2023), (0, 50, 2024), (1, 95, 2023))
    found = advance_limit(
        world, stub(year=year, policy=rules(), registry=registry), np.array([0, 1]), np.full(2, 100), year
    )  # fmt: skip
    return None if found is None else found.tolist()


def test_half_of_what_lacks_this_year_may_be_drawn_from_the_next() -> None:
    # Of 100 t owed a firm holds 40 t that count this year; 50 t of next year's do not. The other's gap is 5 %.
    assert borrows(0.5) == [30, 0]
    assert borrows(1.0) == [60, 0]
    assert borrows(0.0) is None
    assert borrows(0.5, year=2025) is None


def test_sectors_that_enter_by_a_shock_bring_a_reserve(monkeypatch: pytest.MonkeyPatch) -> None:
    # Steel's frozen baseline is 40 Mt; from the shock on it gets 20 Mt, and brings a tenth of 40 Mt of an old vintage.
    @dataclass(frozen=True)
    class Rules:
        shocked: bool = False
        baseline: Any = None

        def mask(self, year: int) -> np.ndarray:
            return BOTH if self.shocked else POWER

        def caps(self, year: int) -> np.ndarray:
            return by_sector(90.0, 20.0) if self.shocked else by_sector(90.0)

        def standard(self, year: int) -> bool:
            return False

        def auctioned(self, year: int) -> np.ndarray:
            return np.zeros(8)

        def divided_by_output(self, year: int) -> np.ndarray:
            return np.zeros(8, bool)

        def prepare(self, *_: Any) -> None:
            pass

    monkeypatch.setattr(shocking, "announce", lambda scenario, economy, policy, *_: stub(policy=policy, star=None))
    monkeypatch.setattr(shocking, "look_ahead", lambda w, s: None)
    frozen = stub(at=lambda year: by_sector(100.0, 40.0))

    class Going(SimpleNamespace):
        @property
        def policy(self) -> Any:
            return self.announced.policy

    for allowed, reserve in ((True, 4 * MT), (False, 0)):
        banking = Banking(allowed=allowed, opening=0.1)
        world = stub(
            scenario=stub(banking=banking, policy_start=2023, auctions=Auctions()), province=None, economy=None,
            agents_trade=True, periods_per_year=12, government=2,
        )  # fmt: skip
        state = cast(
            Any,
            Going(
                year=2024, period=6, announced=stub(policy=Rules(baseline=frozen), star=None),
                registry=accounts((0, 90 * MT, 2024)), firms=two_firms(),
                market=stub(sales=Sales(offers=np.zeros(12, np.int64))),
                economy=stub(parameters=stub(copy=lambda: stub())),
            ),
        )  # fmt: skip
        shocking.announce_shock(world, state)
        held = state.registry.holdings[:, 1]
        assert held[0] == reserve  # vintage 2021
        assert held[3] == 20 * MT
        assert state.registry.held[0] == 90 * MT


def test_a_shock_in_july_halves_its_cut_and_its_entrants_year() -> None:
    # A cap of 90 Mt each, cut by a fifth from July on: power has 81 Mt, steel, which enters then, half of 72 Mt.
    scenario = stub(
        shock=stub(year=2024, period=7, cap_cut=0.2, sectors=["STEEL"]), market=stub(periods_per_year=12),
    )  # fmt: skip
    part = cast(Any, Policy.part_after_shock).fget(stub(scenario=scenario))
    assert part == pytest.approx(0.5)
    policy = stub(
        scenario=scenario, baseline=stub(sectors=SECTORS), part_after_shock=part,
        _absolute=lambda year, covered: np.full(8, 90.0),
        kinds=lambda year: dict.fromkeys(SECTORS, "trading"), by_rate=lambda year: np.zeros(8, bool),
        after_shock=lambda year: True,
    )  # fmt: skip
    assert Policy._caps_of(policy, 2024, False)[:2].tolist() == pytest.approx([81.0, 36.0])
    assert Policy._caps_of(policy, 2024, True)[:2].tolist() == pytest.approx([72.0, 72.0])
    assert Policy._caps_of(policy, 2025, False)[:2].tolist() == pytest.approx([72.0, 72.0])


# -- credits -----------------------------------------------------------------------------------------------


def test_credits_held_count_against_what_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # 5 % of 1,000 t owed are 50 t, of which 30 are there: the firm bids for 20 more and uses 50.
    asked: list[list[int]] = []

    def clear(w: Any, s: Any, supply: Any, bid: np.ndarray, room: np.ndarray, buyers: np.ndarray) -> Any:
        asked.append(room.tolist())
        return stub(fills=stub(buyer=buyers, quantity=room), price=40)

    monkeypatch.setattr(crediting, "_clear", clear)
    world = stub(
        scenario=stub(market=stub(tick=1.0), offsets=Offsets(share=0.05)), bargaining=np.array([50.0, 50.0])
    )  # fmt: skip
    policy = rules()
    policy.scenario = stub(offsets=Offsets(share=0.05))
    policy.offset_share = lambda year: 0.05
    policy.once = lambda name, year, found: found()
    registry = stub(offsets=np.array([30, 0, 0, 0]), accounts=4)
    state = stub(year=2023, policy=policy, firms=two_firms(), registry=registry, market=stub(open=()))
    plan = crediting.plan_credits(world, state, 60.0, np.array([1000.0, 1000.0]), np.zeros(2))
    assert asked == [[20]]
    assert plan.used.tolist() == [50.0, 0.0]
    assert plan.payment == pytest.approx(20 / MT * 40 * 0.01)


def test_all_of_a_small_forest_s_credits_are_bought_at_any_price() -> None:
    # Forestry has 4 Mt; at a million yuan/t all but nothing of it is offered, and 50 Mt would be used.
    rule = Offsets(share=0.05, potential=4.0)
    found, at = crediting.with_credits(rule, lambda credits: stub(credits=credits), lambda s: 1e6, lambda s: 1000.0)
    assert found == pytest.approx(4.0, rel=1e-6)
    assert cast(Any, at).credits == found


# -- settlement --------------------------------------------------------------------------------------------


def test_without_firms_a_surplus_adds_to_the_bank_and_is_everybody_s_by_its_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Caps of 60 and 40 Mt, emissions of 50 and 45: 5 Mt are left, of which 3 are power's. It sold 7 Mt, steel bought 7.
    # Two Mt were in the bank.
    monkeypatch.setattr(years, "note_credits", lambda w, s: np.zeros(8))
    scenario = stub(
        banking=stub(allowed=True, life=None), sectors=stub(methods_said=False), compliance=Compliance(),
        market=stub(link=CLOSED), **PLAIN_SALES,
    )  # fmt: skip
    world = stub(sectors=SECTORS, scenario=scenario, firms=2)
    state = stub(
        year=2023, policy=rules(BOTH, by_sector(60.0, 40.0)), economy=stub(accrued=by_sector(50.0, 45.0)),
        market=stub(banked=2.0, price=80.0, entrants=EntrantsReserve()), log=stub(settlements=[], periods=[{}]),
    )  # fmt: skip
    years._settle_sectors(world, state)
    assert state.market.banked == pytest.approx(7.0)
    sold = state.log.settlements[0]["net_sales_t"]
    assert sold == pytest.approx({"ELEC": 7 * MT, "STEEL": -7 * MT})
    assert state.log.periods[-1] == {"volume_t": 7 * MT, "turnover_yuan": 560 * MT}
    state.economy.accrued = by_sector(60.0, 49.0)  # 9 Mt more than the caps: the bank is used up and never negative
    years._settle_sectors(world, state)
    assert state.market.banked == 0.0


def test_the_fine_is_a_multiple_of_the_last_month_s_mean_price() -> None:
    # Twice a month: 10 t for 500 yuan in the month before, then 10 t for 800 and 30 t for 3,000: 95 yuan/t, twice that.
    rows = [{"volume_t": 10, "turnover_yuan": 500.0}, {"volume_t": 10, "turnover_yuan": 800.0}]
    rows.append({"volume_t": 30, "turnover_yuan": 3000.0})
    scenario = stub(penalty=Penalty(price=1000.0, multiple=ByYear(((None, 2.0),))), market=stub(tick=0.01))
    state = stub(year=2023, policy=rules(), log=stub(periods=rows, closing=[]), market=stub(price=1.0))
    assert fine(stub(scenario=scenario, periods_per_year=24), state, 2024) == 19_000


def test_who_sold_has_sold_and_who_bought_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "fill_rows", lambda w, s, fills: {})

    class Fills(SimpleNamespace):
        def __len__(self) -> int:
            return 1

    fills = Fills(buyer=np.array([1]), seller=np.array([0]), quantity=np.array([5]))
    state = stub(
        year=2023, period=3, policy=rules(), registry=stub(settle=lambda fills, house: None), log=stub(trades=[]),
        market=stub(net_sold=np.zeros(3, np.int64)), economy=stub(starts=Starts()), number=15,
    )  # fmt: skip
    answer = stub(near=stub(solution=stub(x=np.ones(3)), price=60.0, change=np.zeros(3)))
    agreement = stub(price=60.0, credits=0.0, forest_income=0.0, plan=None, answer=answer, clearing=stub(fills=fills))
    every = stub(counts_sales=lambda year: True)
    world = stub(
        scenario=stub(market=stub(lot=10, link=CLOSED), banking=every, compliance=Compliance()),
        periods_per_year=12,
        government=2,
        agents_trade=False,
        surroundings=None,
    )
    periods.settle(world, state, agreement)
    assert state.market.net_sold.tolist() == [50, -50, 0]
    assert state.market.price == 60.0


# -- technique ---------------------------------------------------------------------------------------------


def test_technique_ends_the_period_by_the_weight_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    # The weight grows to 1/2 over the period and is 0.3 on average: choices follow the mean, technique goes on from
    # the end. From 40 yuan/t toward the 100 that are paid: 70. Steel, which does not trade, stays at 10.
    weights: list[float] = []

    def lived_at(w: Any, s: Any, price: float, weight: float, answer: Any) -> Any:
        weights.append(weight)
        return stub(parameters=stub(), solution=stub(), allocation=np.zeros(8))

    monkeypatch.setattr(periods, "lived_at", lived_at)
    state = stub(year=2023, policy=rules(), economy=stub(
        effective=by_sector(40.0, 10.0), parameters=None, earned=np.zeros(8)
    ))  # fmt: skip
    world = stub(
        periods_per_year=12, adjustment=lambda years: (0.5, 0.3), agents_trade=False,
        province=stub(own_prices=lambda solution: {}, closure=stub(taxed=False)),
        scenario=stub(market=stub(link=CLOSED)),
    )  # fmt: skip
    periods.respond(world, state, stub(answer=stub(parameters=stub(), near=stub()), price=100.0))
    assert weights == [0.3]
    assert state.economy.effective[:2].tolist() == pytest.approx([70.0, 10.0])


def test_weights_of_a_rate_that_halves_the_distance_in_a_year() -> None:
    # k = ln 2: half of the way at the year's end, 1 - 0.5 / ln 2 on average.
    world = World(stub(), (), stub(), 12, float(np.log(2.0)), 2)
    assert world.adjustment(1.0) == pytest.approx((0.5, 1.0 - 0.5 / np.log(2.0)))


def test_plant_is_valued_at_what_choices_followed_and_not_at_what_was_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "context_of", lambda *_: None)
    monkeypatch.setattr(periods, "period_row", lambda *_: {})
    carried = stub(
        accrued=lambda: by_sector(4.0, 3.0)[None], end=np.zeros((1, STATE_SIZE)), price=np.full((2, 1), 77.0)
    )  # fmt: skip
    flow = stub(
        carry=lambda *_, **more: carried, **dict.fromkeys(periods.COUNTERS, 0)
    )  # fmt: skip
    economy = stub(
        accrued=by_sector(1.0), flow_sum=np.zeros(1), decision_sum=np.array([1.0]), x_sum=np.zeros(1), welfare_sum=0.0,
        drivers=np.zeros(1), halvings=0,
    )  # fmt: skip
    state = stub(
        year=2023, period=0, firms=two_firms(), registry=accounts(), economy=economy, announced=stub(star=None),
        policy=rules(collar=lambda year: (0.0, 1000.0)), calendar=stub(period=0, opened=True),
        market=stub(to_date=np.zeros(2), carried=None, expected=0.0, by_hand={}),
        log=stub(drift=dict.fromkeys(periods.COUNTERS, 0), periods=[]),
    )  # fmt: skip
    solution = stub(
        state=stub(flow=np.array([9.0]), decision=np.array([2.0]), paid=np.array([5.0])), x=np.array([1.0]),
        real={"HH": 1.0},
    )  # fmt: skip
    world = stub(periods_per_year=12, flow=flow, substeps=2, surroundings=None, province=stub(border=None),
                 economy=stub(baskets=None))  # fmt: skip
    periods.drift(world, state, stub(), solution, np.zeros(STATE_SIZE))
    assert economy.decision_sum.tolist() == [3.0]
    assert economy.accrued[:2].tolist() == [5.0, 0.0]  # steel does not trade: nothing of it is verified
    assert state.market.to_date.tolist() == [4 * MT, 0.0]
    assert state.market.expected == 77.0


def test_a_policy_is_announced_to_the_last_year(monkeypatch: pytest.MonkeyPatch) -> None:
    class Seen(Exception):
        pass

    def years_of(*given: Any) -> Any:
        raise Seen([*given[3]])

    monkeypatch.setattr(reference_path, "annual_path", years_of)
    region = stub(province=stub(accounts=stub(carbon_price=55.0)), accounts=None, growth=None)
    scenario = stub(years=stub(start=2022, end=2025), market=stub(link=CLOSED), new_entrants=NewEntrants())
    with pytest.raises(Seen) as seen:
        reference_path.announce(scenario, region, rules(), stub(), 2023.0)
    assert seen.value.args[0] == [2022, 2023, 2024, 2025]
