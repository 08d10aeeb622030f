"""The loops over firms and price levels, against the same sentences written over whole arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tanshi.agents.abatement import Demand
from tanshi.agents.population import build
from tanshi.agents.strategies.schedule import Situation, price_levels, step_orders, steps, wanted_lots
from tanshi.agents.strategies.zic import shaded, zic_limits
from tanshi.agents.streams import Draws, stream
from tanshi.market.orders import BUY, SELL, Floats, Ints, Orders


def a_demand(rng: np.random.Generator, firms: int) -> Demand:
    level = rng.uniform(0.0, 1e6, firms)
    return Demand(
        float(rng.uniform(20, 200)), -level * rng.uniform(0.5, 1.5, firms), rng.normal(0, 10, firms), level,
        -level / rng.uniform(50, 500, firms), level * rng.uniform(0, 0.2, firms), -rng.uniform(0, 1e3, firms),
    )  # fmt: skip


def a_situation(seed: int, firms: int, lot: float = 1.0) -> Situation:
    rng = np.random.default_rng(seed)
    return Situation(
        np.arange(firms), a_demand(rng, firms), rng.integers(0, 10**6, firms),
        price_levels(6000, 20, 0, 100_000, 8), rng.integers(0, 2**31, firms), 0.01, lot,
    )  # fmt: skip


def by_arrays(situation: Situation, rows: Ints) -> Ints:
    tonnes = situation.demand.take(rows).at(situation.levels * situation.tick)
    lots = np.rint(tonnes / situation.lot).astype(np.int64)
    return np.maximum(np.minimum.accumulate(lots, axis=0), -situation.holdings[rows])


def steps_by_arrays(account: Ints, wanted: Ints, bid: Ints, ask: Ints, arrival: Ints) -> Orders:
    long, short = np.maximum(wanted, 0), np.minimum(wanted, 0)
    bids, asks = long.copy(), -short
    bids[:-1] -= long[1:]
    asks[1:] += short[:-1]
    books = []
    for side, lots, price in ((BUY, bids, bid), (SELL, asks, ask)):
        level, firm = np.nonzero(lots)
        limit = np.broadcast_to(price, wanted.shape)[level, firm]
        side_column = np.full(len(level), side, np.int8)
        books.append(Orders(account[firm], side_column, limit, lots[level, firm], arrival[firm]))
    return Orders.join(books)


def columns(orders: Orders) -> list[list[int]]:
    return [c.tolist() for c in (orders.account, orders.side, orders.price, orders.quantity, orders.time)]


@pytest.mark.parametrize("lot", [1.0, 100.0])
@pytest.mark.parametrize("seed", range(20))
def test_wanted_lots_are_the_demand_rounded_never_rising_and_never_short(seed: int, lot: float) -> None:
    situation = a_situation(seed, 30, lot)
    situation = replace(situation, holdings=situation.holdings // int(lot))
    for rows in (np.arange(30), np.array([3, 17, 4]), np.zeros(0, np.int64)):
        assert (situation.wanted(situation.levels, rows) == by_arrays(situation, rows)).all()


@pytest.mark.parametrize("seed", range(20))
def test_orders_are_the_steps_of_the_schedules_level_by_level(seed: int) -> None:
    situation, rng = a_situation(seed, 25), np.random.default_rng(seed)
    rows = np.flatnonzero(rng.random(25) < 0.7)
    wanted, common = by_arrays(situation, rows), situation.levels[:, None]
    own = rng.integers(1, 9999, (2, *wanted.shape))
    for bid, ask in ((common, common), (own[0], own[1])):
        made = step_orders(rows, wanted, bid, ask, situation.arrival[rows])
        assert columns(made) == columns(steps_by_arrays(rows, wanted, bid, ask, situation.arrival[rows]))


@pytest.mark.parametrize("seed", range(5))
def test_compiled_and_plain_loops_over_firms_give_the_same(seed: int) -> None:
    situation, rng = a_situation(seed, 12), np.random.default_rng(seed)
    need, rows = situation.demand, np.flatnonzero(rng.random(12) < 0.7)
    terms = need.fixed, need.tilt, need.level, need.slope, need.reserve, need.reserve_slope, need.least, need.most
    given = (situation.levels * 0.01 - need.anchor, rows, *terms, 1.0, situation.holdings)
    wanted = wanted_lots(*given)
    assert (wanted == wanted_lots.py_func(*given)).all()  # type: ignore[attr-defined]
    level = situation.levels[:, None]
    book = rows, wanted, level, level, situation.arrival[rows]
    for compiled, plain in zip(steps(*book), steps.py_func(*book), strict=True):  # type: ignore[attr-defined]
        assert (compiled == plain).all()
    draws: Floats = rng.random((2, len(level), len(rows)))
    for patience in (0.0, 0.3, 1.0):
        asked = level, 4000, 8000, patience, draws[0], draws[1]
        for compiled, plain in zip(shaded(*asked), shaded.py_func(*asked), strict=True):  # type: ignore[attr-defined]
            assert (compiled == plain).all()


def test_impatient_bidders_shade_fully_and_the_last_chance_not_at_all() -> None:
    worth, luck = np.array([[4500], [6000]]), np.random.default_rng(1).random((2, 2, 50))
    free = zic_limits(worth, 4000, 8000, luck[0], luck[1])
    for made, expected in zip(shaded(worth, 4000, 8000, 1.0, luck[0], luck[1]), free, strict=True):
        assert (made == expected).all()
    for made in shaded(worth, 4000, 8000, 0.0, luck[0], luck[1]):
        assert (made == worth).all()


def test_a_population_draws_each_sector_s_stream_from_its_beginning() -> None:
    draws = build({"ELEC": 4, "STEEL": 3, "AIR": 1}, 5).draws(5, 17)
    sectors = (("ELEC", 4), ("STEEL", 3), ("AIR", 1))
    uniform = np.concatenate([stream(5, sector, "zic", 17).random((n, 6)) for sector, n in sectors])
    normal = np.concatenate([stream(5, sector, "shock", 17).standard_normal((n, 2)) for sector, n in sectors])
    assert (draws.uniform("zic", 6) == uniform).all()
    assert (draws.normal("shock", 2) == normal).all()
    assert Draws(5, (), np.zeros(0, np.int64), 17).uniform("zic", 6).shape == (0, 6)


def test_what_is_made_of_a_period_s_draws_is_made_once() -> None:
    draws, made = Draws(1, ("ELEC",), np.array([2]), 0), []
    for _ in range(3):
        assert draws.once("key", lambda: made.append(1) or len(made)) == 1
    assert draws.once("another", lambda: 7) == 7
