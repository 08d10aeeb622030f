"""Markets whose outcome is known: from the literature, or small enough to be solved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from tanshi.agents.abatement import Demand
from tanshi.agents.bank import Temper, Wish, wanted_bank
from tanshi.agents.planning import Prospect, plan
from tanshi.agents.strategies import Situation, next_step, price_levels
from tanshi.agents.strategies.truthful import truthful
from tanshi.agents.strategies.zic import zic_limits
from tanshi.agents.streams import Draws
from tanshi.market.call_auction import CallAuction, Ties
from tanshi.market.orders import Floats, Ints, Orders, from_yuan
from tanshi.market.registry import Registry
from tanshi.market.venue import Clearing


def book(bids: list[tuple[float, int, int]], asks: list[tuple[float, int, int]], tick: float) -> Orders:
    """Orders from (price, quantity, time), each from an account of its own."""
    rows = np.array([*bids, *asks], np.float64)
    side = np.repeat([1, -1], [len(bids), len(asks)])
    screened = from_yuan(
        np.arange(len(rows)),
        side,
        rows[:, 0],
        rows[:, 1],
        rows[:, 2].astype(np.int64),
        accounts=99,
        tick=tick,
    )
    assert not screened.refused
    return screened.orders


# Call auction: maximal volume, then least imbalance, then the k-rule on the interval tightened by the best
# rejected orders; price-time or pro rata at the margin. Small books, solved by hand.


@pytest.mark.parametrize(("ties", "filled"), [("price_time", [5, 1, 6]), ("pro_rata", [3, 3, 6])])
def test_call_auction_serves_the_earlier_bid_or_both_in_proportion(ties: Ties, filled: list[int]) -> None:
    cleared = CallAuction(ties=ties).clear(book([(10, 5, 1), (10, 5, 2)], [(10, 6, 3)], 1.0))
    assert (cleared.price, cleared.volume) == (10, 6)
    assert cleared.filled.tolist() == filled


@pytest.mark.parametrize(("k", "price"), [(0.0, 8), (0.5, 10), (1.0, 12)])
def test_call_auction_divides_the_gain_of_a_lone_pair_by_k(k: float, price: int) -> None:
    cleared = CallAuction(k=k).clear(book([(12, 10, 1)], [(8, 10, 2)], 1.0))
    assert cleared.interval == (8, 12)
    assert (cleared.price, cleared.volume) == (price, 10)


@pytest.mark.parametrize(("k", "price"), [(0.0, 10.0), (0.5, 10.5), (1.0, 11.0)])
def test_call_auction_lets_rejected_orders_tighten_the_price(k: float, price: float) -> None:
    cleared = CallAuction(k=k).clear(book([(12, 10, 1), (10, 5, 2)], [(8, 10, 3), (11, 5, 4)], 0.5))
    assert cleared.interval == (20, 22)
    assert cleared.price is not None
    assert (cleared.price * 0.5, cleared.volume) == (price, 10)


def test_call_auction_without_crossing_orders_trades_nothing() -> None:
    cleared = CallAuction().clear(book([(9, 5, 1)], [(10, 5, 2)], 1.0))
    assert (cleared.price, cleared.volume) == (None, 0)


# Two firms with marginal abatement costs 240 - 2e and 120 - e, 120 t each without policy, 60 t each free:
# a textbook exercise on cap and trade (marginal abatement cost curves), solved here in closed form.


def test_two_firms_under_a_cap_trade_to_equal_marginal_cost() -> None:
    intercept, slope = np.array([240.0, 120.0]), np.array([2.0, 1.0])
    tick, lot = 1e-10, 1e-11
    free = np.array([60.0, 60.0])
    held = np.rint(free / lot).astype(np.int64)
    draws = Draws(1, ("one",), np.array([2]), 0)
    price, step = 50.0, 40.0
    while step > tick / 2:
        none = np.zeros(2)
        need = Demand(price, -free, none, (intercept - price) / slope, -1.0 / slope, none, none)
        levels = price_levels(price / tick, step / tick, 0, round(300 / tick))
        situation = Situation(np.arange(2), need, held, levels, np.zeros(2, np.int64), tick, lot)
        cleared = CallAuction().clear(truthful(situation, np.arange(2), draws))
        assert cleared.indicative is not None
        found = cleared.indicative * tick
        price, step = found, next_step(step, found - price)
    assert price == pytest.approx(80.0, abs=1e-9)
    assert set(cleared.fills.buyer.tolist()) == {0}
    traded = cleared.volume * lot
    assert traded == pytest.approx(20.0, abs=1e-7)
    emitted = free + np.array([traded, -traded])
    assert emitted == pytest.approx(np.array([80.0, 40.0]), abs=1e-7)

    def abatement_cost(e: Floats) -> Floats:
        return slope * (120.0 - e) ** 2 / 2

    with_trade = abatement_cost(emitted) + price * np.array([traded, -traded])
    assert abatement_cost(free).tolist() == [3600.0, 1800.0]
    assert with_trade == pytest.approx(np.array([3200.0, 1600.0]), abs=1e-5)


# Montgomery (1972), Markets in licenses and efficient pollution control programs, Journal of Economic Theory
# 5:395-418: the market's price is the shadow price of the least-cost programme, whatever the allocation.
# Twenty firms with five-step abatement curves drawn at random; price and cost by linear programming (HiGHS).

BASELINE = [112.5, 139.7, 127.6, 72.5, 80.0, 137.4, 50.5, 132.1, 129.7, 96.8]
BASELINE += [80.3, 77.8, 75.5, 94.5, 100.5, 105.3, 149.6, 129.3, 112.2, 148.9]
WIDTH = [
    [8.53, 15.03, 38.12, 3.24, 2.59],
    [19.77, 12.49, 35.47, 7.68, 8.42],
    [29.77, 13.27, 0.56, 7.39, 25.57],
    [8.65, 19.02, 0.11, 12.31, 3.41],
    [1.64, 14.22, 6.5, 17.55, 8.08],
    [45.35, 2.93, 6.12, 4.83, 23.22],
    [12.91, 1.34, 4.05, 11.27, 0.73],
    [1.25, 11.06, 23.78, 34.22, 8.96],
    [18.0, 10.52, 12.91, 2.0, 34.39],
    [13.06, 12.93, 0.39, 16.02, 15.68],
    [9.82, 5.25, 12.59, 14.52, 6.0],
    [4.57, 22.13, 8.76, 9.77, 1.45],
    [2.54, 21.22, 7.54, 0.26, 13.75],
    [4.89, 29.38, 8.39, 9.72, 4.32],
    [0.14, 40.13, 3.5, 15.43, 1.1],
    [44.5, 0.23, 13.93, 1.49, 3.02],
    [19.16, 31.89, 8.17, 17.51, 13.03],
    [6.59, 30.84, 25.41, 4.72, 10.02],
    [10.08, 10.07, 0.72, 46.41, 0.04],
    [31.19, 28.5, 6.32, 15.07, 8.27],
]
COST = [
    [7.07, 79.39, 96.13, 110.25, 119.99],
    [31.01, 33.79, 37.83, 55.18, 57.65],
    [44.37, 54.31, 88.13, 142.48, 143.05],
    [69.45, 79.75, 80.57, 135.0, 147.16],
    [64.69, 66.86, 89.19, 112.7, 132.34],
    [14.96, 67.35, 80.33, 138.8, 142.89],
    [41.39, 96.3, 103.09, 108.98, 121.88],
    [12.35, 34.42, 53.24, 62.75, 145.88],
    [21.3, 35.87, 92.55, 126.82, 137.74],
    [49.47, 74.48, 91.23, 100.59, 144.4],
    [13.97, 31.66, 72.55, 96.07, 97.11],
    [21.41, 64.67, 110.85, 115.78, 123.21],
    [80.88, 121.3, 132.27, 137.44, 137.77],
    [7.93, 9.39, 11.76, 41.04, 41.65],
    [10.65, 29.07, 32.19, 87.22, 90.61],
    [8.06, 50.03, 83.07, 103.29, 141.06],
    [32.73, 88.29, 93.56, 100.41, 122.68],
    [10.75, 12.35, 121.24, 128.83, 144.21],
    [21.34, 51.11, 54.11, 95.86, 120.63],
    [23.73, 50.49, 116.19, 120.58, 130.11],
]
REQUIRED_ABATEMENT = 430.54


def offers_of_step_curves(held: Ints, lot: float, tick: float) -> Orders:
    """Each firm bids for what it lacks and offers what a step sets free, at the step's cost of abatement."""
    rows: list[tuple[int, int, int, int]] = []
    for firm, (baseline, widths, costs) in enumerate(zip(BASELINE, WIDTH, COST, strict=True)):
        lacking = round(baseline / lot) - int(held[firm])
        if lacking < 0:
            rows.append((firm, -1, 0, -lacking))
            lacking = 0
        for width, cost in zip(widths, costs, strict=True):
            step, ticks = round(width / lot), round(cost / tick)
            bought = min(step, lacking)
            if bought:
                # A step both bid for and offered is bid a tick lower, lest the firm trade with itself.
                rows.append((firm, 1, ticks - (1 if bought < step else 0), bought))
            if step > bought:
                rows.append((firm, -1, ticks, step - bought))
            lacking -= bought
        if lacking:
            rows.append((firm, 1, round(1000 / tick), lacking))
    table = np.array(rows, np.int64)
    return Orders(table[:, 0], table[:, 1].astype(np.int8), table[:, 2], table[:, 3], np.arange(len(table)))


def shadow_price(cap: float) -> float:
    """The dual of the emission constraint in the least-cost abatement programme, by linear programming."""
    widths, costs = np.array(WIDTH).ravel(), np.array(COST).ravel()
    needed = sum(BASELINE) - cap
    solved = linprog(costs, A_ub=-np.ones((1, len(widths))), b_ub=[-needed], bounds=[(0, w) for w in widths])
    return float(-solved.ineqlin.marginals[0])


@pytest.mark.parametrize("allocation", ["proportional", "equal", "one firm", "random"])
def test_price_is_the_shadow_price_of_least_cost_abatement_whatever_the_allocation(allocation: str) -> None:
    tick, lot = 1e-11, 0.01
    cap = round((sum(BASELINE) - REQUIRED_ABATEMENT) / lot)
    weights = {
        "proportional": np.array(BASELINE),
        "equal": np.ones(20),
        "one firm": np.eye(20)[4],
        "random": np.random.default_rng(11).pareto(1.0, 20),
    }[allocation]
    held = np.diff(np.rint(np.cumsum(weights) / weights.sum() * cap).astype(np.int64), prepend=0)
    registry = Registry(20, 2023, 1)
    registry.issue(np.arange(20), held, 2023)
    cleared = CallAuction().clear(offers_of_step_curves(held, lot, tick))
    assert cleared.price is not None
    assert not cleared.refused
    assert cleared.price * tick == pytest.approx(shadow_price(cap * lot), abs=1e-9)
    assert cleared.price * tick == pytest.approx(41.39, abs=1e-9)
    registry.settle(cleared.fills)
    registry.check()
    abated = np.array(BASELINE) - registry.held * lot
    cost = 0.0
    for amount, widths, costs in zip(abated, WIDTH, COST, strict=True):
        taken = np.diff(np.minimum(np.cumsum(widths), max(amount, 0.0)), prepend=0.0)
        cost += float(taken @ np.array(costs))
    # Lots nobody needs may stay with whoever holds them; what is abated costs the least.
    assert abated.sum() == pytest.approx(REQUIRED_ABATEMENT, abs=1e-6)
    assert cost == pytest.approx(9571.3331, abs=0.01)


# Smith (1962), An experimental study of competitive market behavior, Journal of Political Economy 70:111-137,
# first test: eleven buyers and eleven sellers of one unit each, dollars.

BUYERS = np.array([325, 300, 275, 250, 225, 200, 175, 150, 125, 100, 75])  # cents
SELLERS = BUYERS[::-1].copy()
LARGEST_SURPLUS = 750


def surplus_of(cleared: Clearing) -> int:
    return int((BUYERS[cleared.fills.buyer] - SELLERS[cleared.fills.seller - 11]).sum())


def smith_book(bids: Ints, asks: Ints) -> Orders:
    ones = np.ones(22, np.int64)
    side = np.repeat(np.array([1, -1], np.int8), 11)
    return Orders(np.arange(22), side, np.concatenate((bids, asks)), ones, np.arange(22))


def test_smith_s_first_market_clears_at_two_dollars_with_the_largest_surplus() -> None:
    cleared = CallAuction().clear(smith_book(BUYERS, SELLERS))
    assert (cleared.price, cleared.interval) == (200, (200, 200))
    assert cleared.volume == 6
    assert surplus_of(cleared) == LARGEST_SURPLUS


def zi_c_call_sessions(sessions: int, calls: int) -> Floats:
    """Efficiency of ZI-C traders in a session of repeated calls: who has not traded draws again."""
    surplus = np.zeros(sessions, np.int64)
    for session in range(sessions):
        draws = Draws(session, ("one",), np.array([22]), 0).uniform("zic", calls)
        waiting = np.ones(22, np.bool_)
        for call in range(calls):
            bids, _ = zic_limits(BUYERS, 1, 400, draws[:11, call], draws[:11, call])
            _, asks = zic_limits(SELLERS, 1, 400, draws[11:, call], draws[11:, call])
            cleared = CallAuction().clear(smith_book(bids, asks).take(waiting))
            waiting[cleared.fills.buyer] = waiting[cleared.fills.seller] = False
            surplus[session] += surplus_of(cleared)
    return surplus / LARGEST_SURPLUS


def zi_c_continuous_sessions(sessions: int, offers: int) -> Floats:
    """Efficiency of ZI-C traders in Gode and Sunder's continuous double auction, all sessions at once.

    At each turn a random trader that has not traded makes a random offer; it stands if it improves on the
    standing one of its side, and trades at the standing price if it meets the other side's; then both fall.
    """
    rng = np.random.default_rng(1993)
    every = np.arange(sessions)
    waiting = np.ones((sessions, 22), np.bool_)
    bid, ask = np.zeros(sessions, np.int64), np.full(sessions, 401)
    bidder, asker = np.zeros(sessions, np.int64), np.zeros(sessions, np.int64)
    surplus = np.zeros(sessions, np.int64)
    for _ in range(offers):
        who, luck = rng.integers(0, 22, sessions), rng.random(sessions)
        active = waiting[every, who]
        buying = who < 11
        offer_bid, _ = zic_limits(BUYERS[who % 11], 1, 400, luck, luck)
        _, offer_ask = zic_limits(SELLERS[who % 11], 1, 400, luck, luck)
        better_bid = active & buying & (offer_bid > bid)
        better_ask = active & ~buying & (offer_ask < ask)
        bid, bidder = np.where(better_bid, offer_bid, bid), np.where(better_bid, who, bidder)
        ask, asker = np.where(better_ask, offer_ask, ask), np.where(better_ask, who - 11, asker)
        trade = (bid >= ask) & (bid > 0) & (ask < 401)
        surplus += np.where(trade, BUYERS[bidder] - SELLERS[asker], 0)
        waiting[every[trade], bidder[trade]] = waiting[every[trade], asker[trade] + 11] = False
        bid, ask = np.where(trade, 0, bid), np.where(trade, 401, ask)
    return surplus / LARGEST_SURPLUS


def test_zi_c_traders_in_repeated_calls_realise_95_percent_of_the_surplus() -> None:
    efficiency = zi_c_call_sessions(sessions=1000, calls=30)
    assert efficiency.max() <= 1.0
    assert efficiency.mean() >= 0.95


def test_zi_c_traders_in_a_continuous_auction_realise_95_percent_of_the_surplus() -> None:
    efficiency = zi_c_continuous_sessions(sessions=1000, offers=2000)
    assert efficiency.max() <= 1.0
    assert efficiency.mean() >= 0.95


def zero_intelligence(buyers: Ints, sellers: Ints, sessions: int, calls: int, *, constrained: bool) -> float:
    """Mean efficiency of sessions of repeated calls with random limits; the ban on losses is what differs."""
    rng = np.random.default_rng(7)
    n, top = len(buyers), 400
    best = CallAuction().clear(unit_book(buyers, sellers)).fills
    largest = int((buyers[best.buyer] - sellers[best.seller - n]).sum())
    total = 0
    for _ in range(sessions):
        waiting = np.ones(n + len(sellers), np.bool_)
        for _ in range(calls):
            u, v = rng.random(n), rng.random(len(sellers))
            if constrained:
                bids, asks = zic_limits(buyers, 1, top, u, u)[0], zic_limits(sellers, 1, top, v, v)[1]
            else:
                bids, asks = (1 + np.floor(draw * top).astype(np.int64) for draw in (u, v))
            fills = CallAuction().clear(unit_book(bids, asks).take(waiting)).fills
            waiting[fills.buyer] = waiting[fills.seller] = False
            total += int((buyers[fills.buyer] - sellers[fills.seller - n]).sum())
    return total / sessions / largest


def unit_book(bids: Ints, asks: Ints) -> Orders:
    n, m = len(bids), len(asks)
    side = np.repeat(np.array([1, -1], np.int8), [n, m])
    return Orders(np.arange(n + m), side, np.concatenate((bids, asks)), np.ones(n + m, np.int64), np.arange(n + m))


def test_without_a_ban_on_losses_zero_intelligence_wastes_surplus_where_schedules_are_asymmetric() -> None:
    # Gode and Sunder (1993): the ban, not intelligence, makes the market efficient. Many costly sellers and few buyers:
    # without the ban those trade who should not.
    buyers = np.array([390, 380, 370, 360, 40, 30])
    sellers = np.concatenate((np.array([20, 30, 40, 50]), np.full(12, 395)))
    constrained = zero_intelligence(buyers, sellers, 300, 30, constrained=True)
    unconstrained = zero_intelligence(buyers, sellers, 300, 30, constrained=False)
    assert constrained > 0.95
    assert unconstrained < 0.5


# Rubin (1996), A model of intertemporal emission trading, banking, and borrowing, Journal of Environmental Economics
# and Management 31:269-286: while a bank is held the price grows at the discount rate. Two periods in closed form,
# marginal abatement cost 100 - e, caps 90 and 50, 5 %.


def bank_and_trade(
    caps: list[float], banking: bool, rate: float = 0.05
) -> tuple[list[float], list[float], list[float]]:
    """Prices, emissions and banks of two unlike firms that trade in calls and plan to the last year."""
    tick, lot, years = 1e-8, 1e-7, len(caps)
    intercept, slope = np.array([50.0, 50.0]), np.array([-0.3, -0.7])  # together 100 - p
    registry = Registry(2, 2023, years)
    draws = Draws(1, ("one",), np.array([2]), 0)
    prices, emissions, banks = [], [], []
    for year in range(years):
        registry.issue(np.arange(2), np.rint(np.array([0.8, 0.2]) * caps[year] / lot).astype(np.int64), 2023 + year)
        held, none = registry.held, np.zeros(2)
        ahead = years - year if banking else 1
        supply = np.append(0.0, caps[year + 1 : year + ahead])
        open_ended = np.zeros(ahead), np.full(ahead, np.inf)
        prospect = Prospect(supply, float(held.sum() * lot), *open_ended, np.full(ahead, rate))
        planned = plan(prospect, lambda p: (100.0 - p, np.full(len(p), -1.0)), np.full(ahead, 40.0), tolerance=1e-13)
        value = np.full(2, planned.price[1] / (1.0 + rate) if ahead > 1 else 0.0)
        size = np.full(2, 50.0)
        price, step, cleared = 40.0, 10.0, None
        while step > tick / 2:
            wish = wanted_bank(0.5 * planned.bank[0] * np.ones(2), size, value, price, Temper(2.0, 0.25, 1.0))
            assert isinstance(wish, Wish)
            need = Demand(
                price, -held * lot, none, intercept + slope * price, slope,
                wish.level, wish.slope, wish.least, wish.most,
            )  # fmt: skip
            levels = price_levels(price / tick, step / tick, 0, round(300 / tick))
            situation = Situation(np.arange(2), need, held, levels, np.zeros(2, np.int64), tick, lot)
            cleared = CallAuction().clear(truthful(situation, np.arange(2), draws))
            assert cleared.indicative is not None
            found = cleared.indicative * tick
            price, step = found, next_step(step, found - price)
        assert cleared is not None
        registry.settle(cleared.fills)
        emitted = np.rint((intercept + slope * price) / lot).astype(np.int64)
        registry.oblige(np.arange(2), emitted)
        registry.surrender(np.arange(2), np.minimum(emitted, registry.held))
        registry.extinguish(np.arange(2), registry.obligations)  # half a lot of rounding
        registry.check()
        prices.append(price)
        emissions.append(float(emitted.sum() * lot))
        banks.append(float(registry.held.sum() * lot))
    return prices, emissions, banks


def test_rubin_s_two_periods() -> None:
    prices, emissions, banks = bank_and_trade([90.0, 50.0], banking=True)
    assert prices == pytest.approx([29.26829268292683, 30.731707317073173], abs=1e-6)
    assert emissions == pytest.approx([70.73170731707317, 69.26829268292683], abs=1e-6)
    assert banks == pytest.approx([19.268292682926827, 0.0], abs=1e-6)
    assert bank_and_trade([90.0, 50.0], banking=False)[0] == pytest.approx([10.0, 50.0], abs=1e-6)


def test_under_certainty_the_price_rises_at_the_discount_rate_while_the_bank_is_positive() -> None:
    prices, _, banks = bank_and_trade([80.0, 60.0, 92.0, 88.0, 70.0], banking=True)
    for before, after, bank in zip(prices, prices[1:], banks, strict=False):
        growth = after / before - 1.0
        assert growth == pytest.approx(0.05, abs=1e-6) if bank > 1e-6 else growth < 0.05 + 1e-6
    assert [bank > 1e-6 for bank in banks] == [True, False, True, True, False]
