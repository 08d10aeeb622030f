"""Measures of a market's quality and of its network, on markets whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tanshi.market.call_auction import CallAuction
from tanshi.market.continuous import ContinuousAuction
from tanshi.market.mcafee import TradeReduction
from tanshi.market.network import centralities, concentrations, trade_graph
from tanshi.market.orders import Orders
from tanshi.market.quality import (
    amihud,
    competitive_surplus,
    concentration,
    of_period,
    roll,
    spread,
    surplus,
    volatility,
)
from tanshi.market.venue import Fills

SMITH = np.array([325, 300, 275, 250, 225, 200, 175, 150, 125, 100, 75])


def smith(sequence: np.ndarray | None = None) -> Orders:
    side = np.repeat(np.array([1, -1], np.int8), 11)
    time = np.arange(22) if sequence is None else sequence
    return Orders(np.arange(22), side, np.concatenate((SMITH, SMITH[::-1])), np.ones(22, np.int64), time)


def fills(*rows: tuple[int, int, int, int]) -> Fills:
    return Fills(*np.array(rows, np.int64).reshape(-1, 4).T)


def test_call_auction_realises_all_of_smith_s_surplus_and_halves_it() -> None:
    # Smith (1962), first test: 7.50 dollars of surplus at a price of 2.00, alike on both sides.
    orders = smith()
    gains = surplus(orders, CallAuction().clear(orders))
    assert (gains.buyers, gains.sellers, gains.house) == (375.0, 375.0, 0.0)
    assert gains.competitive == 750.0
    assert gains.efficiency == 1.0


def test_trade_reduction_costs_one_trade_and_leaves_the_house_its_margin() -> None:
    rows = Orders(np.arange(4), np.array([1, 1, -1, -1]), np.array([9, 8, 4, 3]), np.ones(4, int), np.arange(4))
    gains = surplus(rows, TradeReduction().clear(rows))
    assert (gains.buyers, gains.sellers, gains.house, gains.competitive) == (1.0, 1.0, 4.0, 10.0)
    assert gains.efficiency == 0.6


def test_continuous_auction_wastes_surplus_where_the_wrong_ones_come_first() -> None:
    # The dearest sellers and the neediest buyers first: everyone trades, eleven times, for nothing in sum.
    order = np.concatenate((np.arange(11) * 2 + 1, np.arange(11)[::-1] * 2))
    gains = surplus(smith(order), ContinuousAuction().clear(smith(order)))
    assert gains.efficiency < 0.5


def test_surplus_is_counted_at_what_lots_are_worth_where_bids_hide_it() -> None:
    orders = Orders(np.arange(2), np.array([1, -1]), np.array([60, 50]), np.array([10, 10]), np.arange(2))
    gains = surplus(orders, CallAuction().clear(orders), worth=np.array([80.5, 20.0]))
    assert (gains.buyers, gains.sellers, gains.competitive) == (255.0, 350.0, 605.0)
    assert competitive_surplus(Orders.empty()) == 0.0
    assert math.isnan(surplus(Orders.empty(), CallAuction().clear(Orders.empty())).efficiency)


def test_spread_is_the_distance_of_what_still_stands() -> None:
    orders = Orders(np.arange(3), np.array([1, -1, 1]), np.array([98, 102, 102]), np.array([5, 5, 3]), np.arange(3))
    cleared = ContinuousAuction().clear(orders)
    assert spread(cleared) == pytest.approx(0.04)


def test_roll_finds_the_bounce_and_is_silent_about_a_trend() -> None:
    rng = np.random.default_rng(3)
    efficient = 100 + np.cumsum(rng.normal(0, 0.05, 50_000))
    assert roll(efficient + rng.choice([-0.5, 0.5], 50_000)) == pytest.approx(1.0, rel=0.02)
    assert math.isnan(roll(np.exp(np.arange(20.0))))
    assert math.isnan(roll([1.0, 2.0]))


def test_amihud_and_volatility_by_hand() -> None:
    prices = [100.0, 110.0, 99.0, 99.0]
    returns = np.log([1.1, 0.9, 1.0])
    assert amihud(prices, [1.0, 200.0, 100.0, 0.0]) == pytest.approx((returns[0] / 200 - returns[1] / 100) / 2)
    assert volatility(prices, 12) == pytest.approx(returns.std(ddof=1) * np.sqrt(12))
    with pytest.raises(ValueError, match="need positive prices"):
        volatility([1.0, 0.0])


def test_period_s_measures_have_their_names() -> None:
    measured = of_period(smith(), CallAuction().clear(smith()), money=0.01)
    assert measured["efficiency"] == 1.0
    assert measured["surplus_buyers_yuan"] == pytest.approx(3.75)
    assert measured["hhi_buyers"] == pytest.approx(1 / 6)


# Network


STAR = fills((1, 0, 10, 50), (2, 0, 30, 50), (3, 0, 20, 50), (4, 1, 5, 60), (1, 0, 5, 52))


def test_centralities_of_a_star_whose_first_customer_resells() -> None:
    graph = trade_graph(STAR)
    found = centralities(graph)
    assert found["sold_to"] == {0: 3, 1: 1, 2: 0, 3: 0, 4: 0}
    assert found["bought_from"][4] == 1
    assert found["sold"][0] == 65
    assert found["bought"][1] == 15
    # One path of the possible 4 x 3 leads through another: 0 - 1 - 4.
    assert found["betweenness"] == {0: 0, 1: pytest.approx(1 / 12), 2: 0, 3: 0, 4: 0}
    assert graph[0][1] == {"lots": 15, "turnover": 760, "fills": 2}
    assert centralities(trade_graph(Fills.none()))["betweenness"] == {}


def test_concentration_of_buyers_sellers_and_pairs() -> None:
    assert concentrations(STAR)["sellers"] == pytest.approx((65**2 + 5**2) / 70**2)
    assert concentrations(STAR)["pairs"] == pytest.approx((15**2 + 30**2 + 20**2 + 5**2) / 70**2)
    assert math.isnan(concentrations(Fills.none())["buyers"])
    assert concentration(np.array([3]), np.array([7])) == 1.0
